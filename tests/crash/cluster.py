#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same site on a real Kafka cluster, with harm to the program, to the brokers, and to what goes between them.

    cluster.py --jincai build/debug/bin/jincai --count-lib build/debug/tests/crash/libcount.so --kills 300 --sleepers 10
        --bounces 20 --late 100 [--kafka FOLDER]

--kafka: a cluster that broker.py started; else one is started and removed again. What cases do:

    before, after, random, big  as in matrix.py; steps are also requests that change something on the cluster
    apart      each flow a process of its own, N of them killed at random while files come in, and started again
    sleep      the program is stopped in the middle of a transaction (SIGSTOP), for longer than the cluster keeps one open; a
               successor takes over and commits N times; then the sleeper wakes
    nap        as sleep, and nobody takes over; N times
    bounce     the broker, N times: killed while a transaction is open, or stopped and started as an administrator does
    late       a proxy holds back N requests that end a transaction, past the client's patience, and lets each go while the
               next transaction is open (../kafka/proxy.py)
    blind      as late, with a program that cannot count what it sent: what goes wrong then, the counting is for

After each: all is at its receivers within 120 s of the last harm; the judge; and Kafka's own client reads all topics: each
id once, each lane without gap or repeat. Where files come in all the time Kafka's console consumer reads them too, and has
to see the same. Exit 0 only with nothing lost, nothing doubled, not a fen.

Steps are counted over one calm run. Each is a case, and each request once more: right behind it. Behind a step of a file lies
what lies before the next one. Syncs of folders above the site change nothing of ours: none."""
import argparse
import collections
import concurrent.futures
import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import county
import judge
import make
import matrix

KAFKA = pathlib.Path(__file__).resolve().parents[1] / "kafka"
sys.path.append(str(KAFKA))
import desk  # noqa: E402
import proxy  # noqa: E402

matrix.RUN_SECONDS = 300                # calls that wait for a cluster take up to 40 s each, and a machine may have much to do
DRAIN_SECONDS = 120
CONSOLE_SECONDS = 60                    # for a consumer to see the next record
SHARE = 25                              # late requests of one case
HUNDREDS = 3000                         # files of a case that is fed as long as it lasts
PATIENCE = "socket.timeout.ms=1000"     # of the program, in the place of 30 s: one late copy takes a second
SHORT = "socket.timeout.ms=5000,transaction.timeout.ms=6000"    # in the place of 30 and 40 s
OPEN_MS = 400                           # how long transactions stay open, for a broker that is to die in one
SLEEP_SECONDS = 10                      # beyond that
NOT_EVENTS = ("jincai.positions", "jincai.orders")
MONEY = ("bank-abc", "bank-boc", "bank-ccb", "clearing")
FENCED = 7                              # exit code of one whose place was taken


DESKS = {}                              # one for each process of ours


def desk_of(setting):
    pid = os.getpid()                   # not one that a forked process has from its parent
    if pid not in DESKS:
        DESKS[pid] = desk.Desk(setting.kafka)
    return DESKS[pid]



def prefix_of(root):
    """Of all topics and transactional ids of this case."""
    return "c" + re.sub("[^a-z0-9]", "", root.name.lower()[-24:]) + "."


class Setting(matrix.Setting):
    kafka = ""


class Office(matrix.Office):
    given_up = None                     # exit code
    address = None                      # where the program looks for the cluster, when not there

    def where(self):
        self.prefix = prefix_of(self.root)
        self.kafka = desk_of(self.setting)
        address = self.address or self.kafka.address
        return self.prefix[:-1], f"kafka:{address}\nkafka: {{folder: ./bus, prefix: {self.prefix}}}"

    def start(self, words=("--until-idle",), **count):
        return super().start(words, COUNT_KAFKA=1, **count)

    def apart(self):
        """Words of what can run in processes of its own: those that hand over money go with the keeper of the site."""
        sources = make.SYSTEMS[self.setting.systems]
        text = self.site_file.read_text()
        reached = [dest for dest in county.DESTINATIONS if f"  {dest}: " in text]
        money = [dest for dest in reached if dest in MONEY]
        return [*((county.SOURCES[name].adapter,) for name in sources), ("router",), ("site", *money),
                *((dest,) for dest in reached if dest not in MONEY)]

    # ---- feeding ----

    def feed(self, files=1):
        """The next files, when those before have been taken. What is not handed in is nobody's loss."""
        if sum(county.lies_there(self.site, drop) for drop in self.drops) > 4:
            return
        for drop in self.waiting[:files]:
            if county.hand_in(self.site, drop):
                self.waiting.remove(drop)
                self.drops.append(drop)

    def drained(self):
        """Seconds until all that was handed in is where it belongs."""
        begun = time.monotonic()
        while time.monotonic() - begun < DRAIN_SECONDS:
            v = judge.judge(self.drops, self.root / "received")
            if not v.lost and not any(county.lies_there(self.site, drop) for drop in self.drops):
                return time.monotonic() - begun
            if self.given_up:
                raise matrix.Wrong(f"ends with {self.given_up} again and again")
            time.sleep(0.5)
        raise matrix.Wrong(f"not all has arrived {DRAIN_SECONDS} s after the last harm: {v}")

    # ---- what Kafka's own client sees ----

    def look_at_topics(self, v, console=False):
        topics = self.kafka.ask("read", self.prefix)
        for name, rows in topics.items():
            name = name[len(self.prefix):]
            if name not in NOT_EVENTS:
                look_at_topic(v, name, rows)
        if console:
            self.look_by_console(v, topics)

    def look_by_console(self, v, topics):
        """Kafka's console consumer sees what the judge has been told."""
        seen = collections.Counter(line for rows in topics.values() for line in (
            (str(partition), str(offset), value or "null") for partition, offset, _, value in rows))
        said = self.kafka.ask("console", self.prefix, seen.total(), CONSOLE_SECONDS * 1000)
        also = collections.Counter(tuple(row) for row in said)
        for row, n in ((seen - also) + (also - seen)).items():
            v.say("order", f"the console consumer sees it {also[row]} and not {seen[row]} times: {row}")
        self.note(f"{also.total()} records by Kafka's console consumer")


def look_at_topic(v, name, rows):
    """Each id once; in each partition each lane counts from 1 without gap or repeat."""
    ids, lanes = collections.Counter(), {}
    for partition, offset, _, value in rows:
        event = json.loads(value)
        at = partition, event.get("lane")
        number = int(event.get("laneseq", 0))
        if number != lanes.get(at, 0) + 1:
            v.say("order", f"{name}/{partition}@{offset}: lane {at[1]} goes from {lanes.get(at, 0)} to {number}")
        lanes[at] = number
        if not event["type"].startswith("jincai."):         # of our own house
            ids[event["id"]] += 1
    for event_id, n in ids.items():
        if n > 1:
            v.say("doubled", f"{name}: {n} x {event_id}")


class Service:
    """Flows that run until they are stopped; started again whenever they end, as a supervisor does."""

    def __init__(self, office, words=(), again=True, **count):
        self.office, self.words, self.count, self.again = office, words, count, again
        self.codes, self.stopping = [], False
        self.program = None
        self.thread = threading.Thread(target=self.work)

    def __enter__(self):
        self.thread.start()
        while not self.program:
            time.sleep(0.01)
        return self

    def work(self):
        while not self.stopping:
            self.program = self.office.start(self.words, **self.count)
            self.codes.append(self.program.wait())
            if self.codes[-3:] in ([2] * 3, [3] * 3, [5] * 3):
                self.office.given_up = self.codes[-1]       # a supervisor gives up, too
            if not self.again or self.office.given_up:
                break
            time.sleep(0.2)

    def __exit__(self, *_):
        self.stopping = True
        for _ in range(3):
            self.program.send_signal(signal.SIGCONT)
            self.program.terminate()
            self.thread.join(matrix.RUN_SECONDS / 3)
            if not self.thread.is_alive():
                break
            self.program.kill()
        self.thread.join()

    def ended(self, seconds):
        """The code, of one that is not started again; None when it still runs."""
        self.thread.join(seconds)
        return None if self.thread.is_alive() else self.codes[-1]

    def kill(self):
        self.program.kill()
        self.office.kills += 1


def count_of(path, what):
    return path.read_bytes().count(what) if path.exists() else 0


# ---- kinds of cases ----

def in_transaction(office, rng):
    """(words, settings of a program that is stopped there): before or behind a request of one flow's transactions, of the first
    dozen."""
    call = rng.choice(("AddPartitionsToTxn", "Produce", "EndTxn"))
    flow = rng.choice([name for words in office.apart() for name in words])
    number, after = rng.randint(2, 12), rng.randint(0, 1)
    return f"{'behind' if after else 'before'} {call} {number} of {flow}", {
        "COUNT_STOP": number, "COUNT_AT": f"kafka:{call}:.{flow}$", "COUNT_AFTER": after, "COUNT_KAFKA_CONF": SHORT}


def nap(office, rng, n):
    """Stopped N times for longer than the cluster keeps a transaction open, and nobody takes over."""
    for _ in range(n):
        where, count = in_transaction(office, rng)
        with Service(office, **count) as service:
            asleep = wait_until(lambda: office.feed() or state_of(service.program.pid) == "T", 60)
            time.sleep(SLEEP_SECONDS)
            service.program.send_signal(signal.SIGCONT)
            office.note(f"{'asleep' if asleep else 'NOT asleep'} {where}, drained in {office.drained():.1f} s, ended with {service.codes}")
        if not asleep:
            raise matrix.Wrong("it never slept")


def apart(office, rng, n):
    with contextlib.ExitStack() as stack:
        services = [stack.enter_context(Service(office, words)) for words in office.apart()]
        for _ in range(n):
            office.feed(rng.randint(0, 2))
            time.sleep(rng.random() * 1.5)
            rng.choice(services).kill()
        office.note(f"drained in {office.drained():.1f} s")


def sleep(office, rng, n):
    """The one that sleeps has a transaction open, or has just ended one: at a step that is a request."""
    where, count = in_transaction(office, rng)
    log = office.root / "successor.log"
    sleeper = Service(office, again=False, COUNT_LOG=office.root / "sleeper.log", **count)
    with sleeper:
        asleep = wait_until(lambda: office.feed() or state_of(sleeper.program.pid) == "T", 60)
        with Service(office, ("--take-over",), COUNT_LOG=log, COUNT_KAFKA_CONF=SHORT):
            begun = time.monotonic()
            while time.monotonic() - begun < SLEEP_SECONDS or (
                    count_of(log, b"kafka:committed") < n and time.monotonic() - begun < SLEEP_SECONDS + n):
                office.feed(3)
                time.sleep(0.1)
            commits = count_of(log, b"kafka:committed")
            sleeper.program.send_signal(signal.SIGCONT)
            # One that had opened nothing yet comes as the younger of the two, and waits for as long as the other lives.
            wait_until(lambda: count_of(office.root / "program.log", b"err=bus.owned") or not sleeper.thread.is_alive(), 60)
            waits = count_of(office.root / "program.log", b"err=bus.owned") > 0
            code = sleeper.ended(1 if waits else 60)
            office.note(f"asleep {where}, the successor committed {commits} times, then the sleeper ended with {code}, "
                        f"drained in {office.drained():.1f} s")
    if not asleep:
        raise matrix.Wrong("the sleeper never slept")
    if commits < n:
        raise matrix.Wrong(f"the successor committed {commits} times and not {n}")
    if code != FENCED and not (waits and code is None):
        raise matrix.Wrong(f"the sleeper ended with {code} and not {FENCED}")


def state_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def wait_until(condition, seconds):
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            return False
        time.sleep(0.02)
    return True


def bounce(office, rng, n):
    """Until N times a transaction was open as the broker itself wrote it down: the last thing that it says of it before it is
    gone, or before it is asked to stop, is Ongoing."""
    log, hits, tries = office.root / "steps.log", collections.Counter(), 0
    with Service(office, COUNT_LOG=log, COUNT_KAFKA_SLOW=OPEN_MS) as service:
        while hits.total() < n and tries < 3 * n:
            tries += 1
            how = rng.choice(("kill", "kill", "stop"))
            office.feed(2)
            transactional = open_transaction(office, log)
            asked = time.time() * 1000
            office.kafka.ask(how)
            gone = time.time() * 1000
            time.sleep(rng.random())
            start_again(office)
            states = office.kafka.ask("history", transactional)
            last = [row for row in states if row[0] <= (gone if how == "kill" else asked)][-1:]
            after = [row[1] for row in states if last and row[0] > last[0][0]][:3]
            met = bool(last) and last[0][1] == "Ongoing"
            hits[how] += met
            office.say(f"{how} {transactional}: " + (f"{last[0][1]} since {asked - last[0][0]:.0f} ms" if last else "unknown")
                       + f", then {' '.join(after)}" + ("" if met else ": missed"))
        office.note(f"{dict(hits)} in an open transaction, by the broker's own log; {tries} tries, program ended "
                    f"{len(service.codes)} times {service.codes}, drained in {office.drained():.1f} s")
    if hits.total() < n:
        raise matrix.Wrong(f"only {hits.total()} of {n} bounces met an open transaction")


def start_again(office):
    """A broker that was killed, and starts while the machine has much to do, may end by itself: again, as a supervisor does."""
    for left in (2, 1, 0):
        try:
            return office.kafka.ask("restart")
        except desk.Refused:
            if not left:
                raise


def open_transaction(office, log):
    """Waits until a transaction has begun, has records, and its end has not left yet."""
    at, ends = log.stat().st_size if log.exists() else 0, time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < ends:
        office.feed()
        text = log.read_bytes()[at:].decode(errors="replace") if log.exists() else ""
        state = {}                      # by transactional id: the calls since its last end
        for line in text.splitlines():
            _, call, what = (line.split("\t") + ["", ""])[:3]
            if call in ("kafka:EndTxn", "kafka:InitProducerId"):
                state[what] = set()
            elif what in state or call == "kafka:AddPartitionsToTxn":
                state.setdefault(what, set()).add(call)
        found = [what for what, calls in state.items() if {"kafka:AddPartitionsToTxn", "kafka:Produce"} <= calls]
        if found:
            time.sleep(0.02)
            return found[-1]
        time.sleep(0.005)
    raise matrix.Wrong("no transaction is begun any more")


def late(office, rng, n, **count):
    """Until N were late as meant. Of those that never saw a later transaction of their flow nothing is expected."""
    between = office.proxy
    between.hold_back(every=3, within=0.7)
    with Service(office, COUNT_KAFKA_CONF=PATIENCE, COUNT_LOG=office.root / "steps.log", **count) as service:
        wait_until(lambda: office.feed(3) or len(between.really_held()) >= n, 120 + 20 * n)
        between.hold_back(every=0)
        wait_until(lambda: all(held.answer for held in between.held), proxy.LATEST + 5)
        really = between.really_held()
        office.note(f"{len(between.held)} held back, {len(really)} of them while a later transaction was open; "
                    f"the broker: {proxy.summary(really)}")
        for held in between.held:
            office.note(str(held))
    # Its impatience was part of the harm.
    with Service(office, **count) as last:
        codes = service.codes + last.codes
        try:
            office.note(f"{len(really)} late, {proxy.summary(really)}, drained in {office.drained():.1f} s, codes {codes}")
        except matrix.Wrong as e:
            if not count:
                raise
            office.note(str(e))
    if len(really) < n:
        raise matrix.Wrong(f"only {len(really)} of {n} were late as meant")


def blind(office, rng, n):
    late(office, rng, n, COUNT_KAFKA_BLIND=1)


KINDS = {**matrix.KINDS, "apart": apart, "nap": nap, "sleep": sleep, "bounce": bounce, "late": late, "blind": blind}
FED = ("apart", "nap", "sleep", "bounce", "late", "blind")


class FedOffice(Office):
    """Files come as long as the case lasts; what was handed in is what is judged."""

    def __init__(self, setting, name, drops, partitions=1):
        super().__init__(setting, name, drops, partitions)
        self.waiting, self.drops = drops, []
        self.notes = open(self.root / "notes.log", "a", encoding="utf-8")

    def note(self, text):
        print(f"{time.strftime('%T')} {text}", file=self.notes, flush=True)

    def say(self, text):
        self.note(text)
        print(text, flush=True)


class BetweenOffice(FedOffice):
    """With the proxy between program and brokers."""
    proxy_of = proxy.Proxy

    def where(self):
        self.proxy = self.proxy_of(desk_of(self.setting).address.split(","), seed=len(self.root.name))
        self.address = self.proxy.address
        return super().where()


def run_fed(setting, name, keep=False, harm=None, office_of=None):
    """harm, office_of: of a kind that is not of this file."""
    kind, n, seed = name.split(":")
    rng = random.Random(name)
    drops = make.Maker(int(seed), setting.rows, setting.systems).drops(HUNDREDS // len(make.SYSTEMS[setting.systems]),
                                                                      planted=False)
    rng.shuffle(drops)
    office_of = office_of or (BetweenOffice if kind in ("late", "blind") else FedOffice)
    office = office_of(setting, name, drops, rng.choice((1, 3)))
    result = matrix.Result(name, folder=str(office.root))
    try:
        with office.receiver():
            (harm or KINDS[kind])(office, rng, int(n))
            office.waiting = []
            office.finish()
        finish(office, result, setting)
    except Exception as e:
        result.wrong = f"{'' if isinstance(e, matrix.Wrong) else type(e).__name__} {e}\n    {office.tail()}"
    if hasattr(office, "proxy"):
        office.proxy.__exit__()
    office.log.close()
    office.notes.close()
    result.kills = office.kills
    lines = (office.root / "notes.log").read_text().splitlines()
    print(f"{name}: " + "; ".join(line.split(" ", 1)[1] for line in lines[-2:]), flush=True)
    if kind == "blind":
        result = turned(result)
    if result.ok() and not keep:
        shutil.rmtree(office.root, ignore_errors=True)
    return result


def turned(result):
    """What goes wrong without counting is said, and so is that nothing did: neither is an error of the test."""
    stopped = re.findall(r"what=flow\.stopped .*?err=\S+", (pathlib.Path(result.folder) / "program.log").read_text(errors="replace"))
    why = "; ".join([*([str(result.verdict), *result.verdict.problems[:3]] if result.verdict else []),
                     *result.wrong.splitlines()[:1], *sorted(set(stopped))])
    print(f"{result.name}: without counting: {'nothing was seen' if result.ok() else why}", flush=True)
    return matrix.Result(result.name, judge.Verdict(), kills=result.kills, folder=result.folder)


def finish(office, result, setting):
    result.verdict = office.verdict()
    office.look_at_topics(result.verdict, console=True)
    for command in setting.check:
        code, out, said = office.ask(command)
        if code:
            raise matrix.Wrong(f"{command} ends with {code}: {(out + said)[-300:]}")


class PlainOffice(Office):
    def verdict(self, unknown=()):
        v = super().verdict(unknown)
        self.look_at_topics(v)
        return v


def run_case(setting, name, keep=False):
    if name.split(":")[0] in FED:
        result = run_fed(setting, name, keep)
    else:
        result = matrix.run_case(setting, name, keep, KINDS, PlainOffice)
    if result.ok() and not keep:
        desk_of(setting).ask("delete", prefix_of(pathlib.Path(result.folder)))
    return result


def run_all(setting, names, jobs, stop_at, keep=False, case=run_case):
    tally = matrix.Tally(len(names), setting.systems)
    with concurrent.futures.ProcessPoolExecutor(jobs) as pool:
        todo = {pool.submit(case, setting, name, keep) for name in names}
        for future in concurrent.futures.as_completed(todo):
            tally.take(future.result())
            if len(tally.bad) >= stop_at:
                pool.shutdown(wait=True, cancel_futures=True)
                print(f"stopped: {stop_at} cases went wrong", flush=True)
                break
    return tally


def steps_worth(calls, root):
    """[(kind, number)], requests first: see above."""
    requests, files = [], []
    for n, (call, what) in enumerate(calls, 1):
        if call.startswith("kafka:"):
            requests += [("before", n), ("after", n)]
        elif call != "fsync" or what.startswith(f"{root}/"):
            files.append(("before", n))
    return requests + files


def names_of(a, steps):
    """Those that may run beside others, and those that the others would not survive."""
    together = [f"random:10:{a.seed + 1 + i}" for i in range((a.kills * 2 + 9) // 10)]
    together += [f"big:4:{a.seed + 1 + i}" for i in range((a.kills + 49) // 50)]
    together += [f"{kind}:{n}:{a.seed + i}" for kind, n, times in (
        ("sleep", a.commits, a.sleepers), ("nap", 3, a.sleepers // 3), ("late", min(a.late, SHARE), share(a.late)),
        ("blind", min(a.blind, SHARE), share(a.blind)), ("apart", 10, (a.apart + 9) // 10)) for i in range(times)]
    together += [f"{kind}:{n}:{a.seed}" for kind, n in (steps[a.seed % a.every::a.every] if a.every else [])]
    return together, [f"bounce:{a.bounces}:{a.seed}"] if a.bounces else []


def share(n):
    return (n + SHARE - 1) // SHARE


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    matrix.options(p)
    p.add_argument("--kafka", help="folder of broker.py start")
    p.add_argument("--kills", type=int, default=0, help="at random times, about; and at each step")
    p.add_argument("--every", type=int, default=1, help="only each Kth step; 0: none")
    p.add_argument("--from", dest="begin", type=int, default=1, metavar="STEP", help="only from this step on")
    p.add_argument("--apart", type=int, default=0, help="kills of single flows in processes of their own")
    p.add_argument("--sleepers", type=int, default=0)
    p.add_argument("--commits", type=int, default=30, help="of the successor of each sleeper")
    p.add_argument("--bounces", type=int, default=0)
    p.add_argument("--late", type=int, default=0)
    p.add_argument("--blind", type=int, default=0)
    p.add_argument("--stop-at", type=int, default=10, help="cases that went wrong")
    p.add_argument("--only", action="append", help="KIND:NUMBER:SEED, as a case that went wrong is named")
    a = p.parse_args()
    a.fail = a.full = 0
    setting = Setting(**vars(matrix.setting_of(a)))
    if a.kafka:
        setting.kafka = str(pathlib.Path(a.kafka).resolve())
        return run(a, setting)
    with tempfile.TemporaryDirectory(prefix="crash_kafka_", dir=a.work) as folder:
        setting.kafka = f"{folder}/broker"
        with desk.started(setting.kafka, "--set", "broker.session.timeout.ms=4000"):        # a busy machine is no dead broker
            return run(a, setting)


def run(a, setting):
    steps = []
    if a.kills and a.every and not a.only:
        calm = run_case(setting, f"count:0:{a.seed}")
        if not calm.ok():
            matrix.Tally(1, a.systems).take(calm)
            return 1
        steps = [step for step in steps_worth(calm.calls, calm.folder) if step[1] >= a.begin]
        print(f"seed {a.seed}: {calm.steps} steps over one run ({a.systems}), {len(steps)} cases of them", flush=True)
    together, alone = (a.only, []) if a.only else names_of(a, steps)
    print(f"seed {a.seed}: {len(together) + len(alone)} cases", flush=True)
    begun = time.monotonic()
    code = 0
    for names, jobs in ((together, a.jobs), (alone, 1)):
        if not names:
            continue
        tally = run_all(setting, names, jobs, a.stop_at, keep=bool(a.only))
        print(f"seed {a.seed}: {tally.done} cases, {tally.kills} kills in {time.monotonic() - begun:.0f} s: {tally}", flush=True)
        code |= bool(tally.bad)
    return code


if __name__ == "__main__":
    sys.exit(main())
