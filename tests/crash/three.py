#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A site on three brokers (each record has three copies, two have to be written), with harm to one of them at a time.

    three.py --jincai build/debug/bin/jincai --count-lib build/debug/tests/crash/libcount.so --rolls 3 --lost 2 --full 2
        --coordinators 20 [--kafka FOLDER]

--kafka: a cluster that broker.py started with --nodes 3; else one is started and removed again. What cases do, while files come:

    roll         N rounds: each broker in its turn is stopped as an administrator stops it, and comes back into sync
    lost         N times: a broker is killed and its disk is gone. All goes on and drains on the two others; then a new one
                 with an empty disk takes its place
    full         N times: a broker's disk is full; it ends by itself. All goes on and drains on the two others; then there is room,
                 and it is started again. Where one may be mounted the disk is a small one of its own, that somebody else
                 fills; else not one of the broker's files takes another byte
    coordinator  N times: the broker that keeps a flow's transactions is killed while it is told to end one. A proxy
                 (../kafka/proxy.py) stands between: the request is still there, or has just got through

Each fault lies within a transaction: the brokers' own log of its states says `Ongoing` or `PrepareCommit`. After the last one
all drains within 120 s; then as in cluster.py. Exit 0 only with nothing lost, nothing doubled, each key in its order, not a fen."""
import argparse
import collections
import contextlib
import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time

import cluster
import matrix
import originals

import desk
import proxy

NODES = (1, 2, 3)
OPEN_MS = 150                           # how long transactions stay open, so that a fault finds one
ALONE_SECONDS = 15                      # under load on two brokers
DISK_MB = 400                           # of a broker whose disk will be full
ENDS_SECONDS = 60                       # a broker whose disk is full
MOST_BEHIND = 40                        # files that receivers are still to get
WITHIN = ("Ongoing", "PrepareCommit")
DELAYS = (None, 0, 0, 0.001, 0.002, 0.004)      # None: the request does not get there; else seconds behind it
SETTINGS = ("broker.session.timeout.ms=4000",   # a busy machine is no dead broker
            "transactional.id.expiration.ms=1296000000", "offsets.retention.minutes=21600")       # as `check --live` wants them


class Three:
    """What all offices here share: topics made by an administrator, and files that come from a thread."""

    def __init__(self, setting, name, drops, partitions=1):
        self.feeding, self.wanted = threading.Lock(), 0
        super().__init__(setting, name, drops, partitions)

    def begin(self):
        for command in ("topics --create", "check --live"):
            code, out, said = self.ask(command)
            if code:
                raise matrix.Wrong(f"{command} ends with {code}: {(out + said)[-500:]}")
        self.in_sync()

    def in_sync(self):
        copies = self.kafka.ask("replicas", self.prefix)
        few = {name: n for name, n in copies.items() if n != [3, 3]}
        if few or not copies:
            raise matrix.Wrong(f"not three copies in sync: {few}")

    def feed(self, files=1):
        """Not while much is still on its way: what drains after a fault is to be its work, not that of a busy machine."""
        with self.feeding:
            ledger = self.root / "received/ledger.jsonl"
            if self.wanted - cluster.count_of(ledger, b"\n") > MOST_BEHIND:
                return
            before = len(self.drops)
            super().feed(files)
            self.wanted += sum(len(originals.parts_of(drop)) for drop in self.drops[before:])

    def ended_well(self, service):
        """The program is the same from the beginning to its end: a broker that goes away ends nobody, and nobody who is asked to
        end waits for one."""
        if service.codes != [0]:
            raise matrix.Wrong(f"the program ended with {service.codes}")

    @contextlib.contextmanager
    def loaded(self):
        stop = threading.Event()

        def work():
            while not stop.wait(0.2):
                self.feed()
        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


class Office(Three, cluster.FedOffice):
    pass


class Killer(proxy.Proxy):
    """Once armed, kills the broker that the Nth request to commit from then on goes to."""
    left, delay, hit = 0, None, None
    pids = {}                           # by port

    def arm(self, pids, n, delay):
        self.pids = {at[1]: pid for (_, at), pid in zip(self.listeners, pids)}
        self.delay, self.hit, self.left = delay, None, n

    def keeps(self, pair, request, frame):
        ours = request.key == proxy.END_TXN and request.commit
        with self.lock:
            now = ours and self.left == 1
            self.left -= ours and self.left > 0
        if not now:
            return super().keeps(pair, request, frame)
        port = pair.broker.getpeername()[1]
        if self.delay is not None:
            pair.broker.sendall(proxy.with_length(frame))
            time.sleep(self.delay)
        os.kill(self.pids[port], signal.SIGKILL)
        self.hit = request.transactional, list(self.pids).index(port) + 1
        return True                     # the connection ends with its broker


class BetweenOffice(Three, cluster.BetweenOffice):
    proxy_of = Killer


# ---- kinds of cases ----

def harm(office, log, how, node):
    """To one node, while a transaction is open; its state as another node has it. how: a word, or a function."""
    transactional = cluster.open_transaction(office, log)
    at = time.time() * 1000
    how() if callable(how) else office.kafka.ask(how, node)
    rows = [row for row in office.kafka.ask("history", transactional, node % 3 + 1) if row[0] <= at]
    state = rows[-1][1] if rows else "none"
    office.note(f"{how.__name__ if callable(how) else how} {node}, {transactional} {state}")
    return state in WITHIN


def roll(office, rng, n):
    log, within = office.root / "steps.log", 0
    office.begin()
    with cluster.Service(office, COUNT_LOG=log, COUNT_KAFKA_SLOW=OPEN_MS) as service:
        with office.loaded():
            for _ in range(n):
                for node in NODES:
                    within += harm(office, log, "stop", node)
                    office.kafka.ask("restart", node)
        drained = office.drained()
    office.in_sync()
    office.ended_well(service)
    office.note(f"{n} rounds, {within} of {3 * n} stops in an open transaction, {len(office.drops)} files, "
                f"drained in {drained:.1f} s")
    if within < 3 * n:
        raise matrix.Wrong(f"only {within} of {3 * n} stops met an open transaction")


def lost(office, rng, n):
    log, within, slowest = office.root / "steps.log", 0, 0
    office.begin()
    with cluster.Service(office, COUNT_LOG=log, COUNT_KAFKA_SLOW=OPEN_MS) as service:
        for node in rng.sample(NODES * ((n + 2) // 3), n):
            with office.loaded():
                within += harm(office, log, "lose", node)
                time.sleep(ALONE_SECONDS)
            slowest = max(slowest, office.drained())
            with office.loaded():
                office.kafka.ask("restart", node)
                time.sleep(1)
        slowest = max(slowest, office.drained())
    office.in_sync()
    office.ended_well(service)
    office.note(f"{n} brokers lost, {within} of them in an open transaction, {len(office.drops)} files, "
                f"drained in {slowest:.1f} s")
    if within < n:
        raise matrix.Wrong(f"only {within} of {n} losses met an open transaction")


class Disk:
    """Of one node. Once it is full the node ends by itself."""

    def __init__(self, office, node):
        self.kafka, self.node, self.filler = office.kafka, node, None
        self.path = self.kafka.folder / f"node{node}/data"
        self.kafka.ask("lose", node)                            # its disk is replaced
        self.path.mkdir()
        self.mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "jincai", str(self.path)], check=False,
                                      stderr=subprocess.DEVNULL).returncode == 0
        if not self.mounted:
            self.path.rmdir()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.mounted:
            self.kafka.ask("kill", self.node)
            subprocess.run(["umount", "--lazy", str(self.path)], check=True)     # a page of it may still be mapped
            self.path.rmdir()                                   # the next start makes a new one

    def fill(self):
        if not self.mounted:
            pid = self.kafka.ask("pids")[self.node - 1]
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
            return
        self.filler = self.path / "of_somebody_else"
        with open(self.filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
            for size in (1 << 20, 1 << 12):
                with contextlib.suppress(OSError):
                    while file.write(bytes(size)) == size:
                        pass

    def make_room(self):
        if self.filler:
            self.filler.unlink()


def full(office, rng, n):
    log, within, slowest, how = office.root / "steps.log", 0, 0, set()
    office.begin()
    with cluster.Service(office, COUNT_LOG=log, COUNT_KAFKA_SLOW=OPEN_MS) as service:
        for node in rng.sample(NODES * ((n + 2) // 3), n):
            with Disk(office, node) as disk:
                how.add("a disk of its own" if disk.mounted else "files that take no byte")
                office.kafka.ask("restart", node)
                with office.loaded():
                    within += harm(office, log, disk.fill, node)
                    if not cluster.wait_until(lambda: not office.kafka.ask("pids")[node - 1], ENDS_SECONDS):
                        raise matrix.Wrong(f"broker {node} runs on without a disk")
                    time.sleep(ALONE_SECONDS)
                slowest = max(slowest, office.drained())
                disk.make_room()
                with office.loaded():
                    office.kafka.ask("restart", node)
                    time.sleep(1)
                slowest = max(slowest, office.drained())
                office.in_sync()
            office.kafka.ask("restart", node)
        slowest = max(slowest, office.drained())
    office.in_sync()
    office.ended_well(service)
    office.note(f"{n} disks full ({', '.join(how)}), {within} of them in an open transaction, {len(office.drops)} files, "
                f"drained in {slowest:.1f} s")


def progress(office):
    """Waits until a file more was taken: what the last fault stopped goes on."""
    before = len(office.drops)
    if not cluster.wait_until(lambda: len(office.drops) > before + 1, cluster.DRAIN_SECONDS):
        raise matrix.Wrong(f"no file is taken any more, {cluster.DRAIN_SECONDS} s after a fault")


def kill_coordinator(office, rng):
    """The state as the dead broker had it."""
    delay = rng.choice(DELAYS)
    office.proxy.arm(office.kafka.ask("pids"), rng.randint(1, 8), delay)
    if not cluster.wait_until(lambda: office.proxy.hit, cluster.DRAIN_SECONDS):
        raise matrix.Wrong("no transaction is committed any more")
    transactional, node = office.proxy.hit
    office.kafka.ask("kill", node)
    state = office.kafka.ask("history", transactional, node)[-1][1]
    office.note(f"kill {node}, {'before' if delay is None else f'{delay * 1000:.0f} ms after'} the request of {transactional}: {state}")
    return node, state


def coordinator(office, rng, n):
    states = collections.Counter()
    office.begin()
    with cluster.Service(office) as service:
        with office.loaded():
            for _ in range(3 * n):
                progress(office)
                node, state = kill_coordinator(office, rng)
                states[state] += 1
                time.sleep(rng.random() * 3)
                office.kafka.ask("restart", node)
                if sum(states[state] for state in WITHIN) >= n and (n < 5 or states["PrepareCommit"]):
                    break
        drained = office.drained()
    office.in_sync()
    office.ended_well(service)
    within = sum(states[state] for state in WITHIN)
    office.note(f"coordinators killed in {dict(states)}, {len(office.drops)} files, "
                f"drained in {drained:.1f} s")
    if within < n or (n >= 5 and not states["PrepareCommit"]):
        raise matrix.Wrong(f"of {sum(states.values())} kills only {within} lay within a transaction, {states['PrepareCommit']} at its end")


KINDS = {"roll": (roll, Office), "lost": (lost, Office), "full": (full, Office), "coordinator": (coordinator, BetweenOffice)}


def run(a, setting):
    names = a.only or [f"{kind}:{n}:{a.seed}" for kind, n in (
        ("roll", a.rolls), ("lost", a.lost), ("full", a.full), ("coordinator", a.coordinators)) if n]
    tally, begun = matrix.Tally(len(names), setting.systems), time.monotonic()
    for name in names:
        result = cluster.run_fed(setting, name, bool(a.only), *KINDS[name.split(":")[0]])
        if result.ok():
            cluster.desk_of(setting).ask("delete", cluster.prefix_of(pathlib.Path(result.folder)))
        tally.take(result)
    print(f"seed {a.seed}: {tally.done} cases on three brokers in {time.monotonic() - begun:.0f} s: {tally}", flush=True)
    return 1 if tally.bad else 0


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    matrix.options(p)
    p.add_argument("--kafka", help="folder of broker.py start --nodes 3")
    p.add_argument("--rolls", type=int, default=0, help="rounds over three brokers")
    p.add_argument("--lost", type=int, default=0, help="brokers")
    p.add_argument("--full", type=int, default=0, help="disks of brokers")
    p.add_argument("--coordinators", type=int, default=0, help="killed within a transaction")
    p.add_argument("--only", action="append", help="KIND:NUMBER:SEED, as a case that went wrong is named")
    a = p.parse_args()
    setting = cluster.Setting(**vars(matrix.setting_of(a)))
    if a.kafka:
        setting.kafka = str(pathlib.Path(a.kafka).resolve())
        return run(a, setting)
    with tempfile.TemporaryDirectory(prefix="crash_three_", dir=a.work) as folder:
        setting.kafka = f"{folder}/broker"
        with desk.started(setting.kafka, "--nodes", 3, *(word for one in SETTINGS for word in ("--set", one))):
            return run(a, setting)


if __name__ == "__main__":
    sys.exit(main())
