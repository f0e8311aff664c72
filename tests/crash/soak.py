#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A site on Kafka for an hour, each flow a process of its own; files come all the time, and every three minutes the broker is
restarted, now as an administrator does it, now by SIGKILL.

    soak.py --jincai build/release/bin/jincai [--minutes 60] [--every 180] [--pause 1.0] [--kafka FOLDER] [--samples FILE]

Every ten seconds it writes down of each process what is its own in memory (RssAnon), all that is resident (RssFile, the mapped
index, grows with what was seen, and the kernel takes it back), descriptors and threads; and the lag: files that the receivers
will have, less those that they have. At the end all is drained within 120 s; the judge, `balance --deep` and Kafka's own client
must find each line once and not a fen of difference; no process has ended by itself; and a straight line laid through the
samples behind the first third (flat()) rises over them by no more than LIMITS. Exit 0 only then."""
import argparse
import contextlib
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import threading
import time

import cluster
import judge
import make
import matrix
import originals

SAMPLE_SECONDS = 10
LIMITS = {"anon_kib": 4096, "descriptors": 2, "threads": 1, "lag": 10}     # growth over all samples that are looked at
MOST_LAG = 60                           # files, when a broker has been back for as long as it is left alone
WARM = 1 / 3                            # of the samples: caches fill, pools reach their size
SESSION = "broker.session.timeout.ms=6000"      # a busy machine is no dead broker


class Sample:
    """Of one process: its numbers now, or None when it has gone."""
    FIELDS = ("pid", "anon_kib", "rss_kib", "descriptors", "threads")

    def __init__(self, pid):
        self.pid = pid
        folder = pathlib.Path(f"/proc/{pid}")
        status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line)
        self.anon_kib, self.rss_kib = (int(status[key].split()[0]) for key in ("RssAnon", "VmRSS"))
        self.threads = int(status["Threads"])
        self.descriptors = len(list((folder / "fd").iterdir()))


def sample(pid):
    with contextlib.suppress(OSError, KeyError):
        return Sample(pid)
    return None


def slope(values):
    """Of the straight line with the least squares: growth from the first value to the last."""
    n = len(values)
    if n < 2:
        return 0.0
    middle, mean = (n - 1) / 2, sum(values) / n
    return (n - 1) * sum((i - middle) * (v - mean) for i, v in enumerate(values)) / sum((i - middle) ** 2 for i in range(n))


def flat(name, what, values):
    """Words about what is not flat; None when it is. values: in the order of their coming, the same time apart."""
    late = values[int(len(values) * WARM):]
    growth = slope(late)
    if growth <= LIMITS[what]:
        return None
    return f"{name}: {what} grows by {growth:.1f} over {len(late)} samples, {late[0]} to {late[-1]}, allowed {LIMITS[what]}"


def look(series):
    """series: {name of a process: [Sample]}. What is wrong with it, in words."""
    wrong = []
    for name, samples in series.items():
        for what in ("anon_kib", "descriptors", "threads"):
            wrong.append(flat(name, what, [getattr(one, what) for one in samples]))
        if len({one.pid for one in samples}) > 1:
            wrong.append(f"{name}: it ended and was started again")
    return [text for text in wrong if text]


class Soak:
    def __init__(self, a, office, running):
        self.a, self.office, self.running = a, office, running
        self.rng = random.Random(a.seed)
        self.series, self.lags, self.before = {}, [], []        # before: the lag before each restart
        self.wanted, self.handed = 0, 0
        self.restarts, self.harm = 0, None
        self.samples = open(a.samples or office.root / "samples.tsv", "w", encoding="utf-8")
        print("seconds", "process", *Sample.FIELDS, "lag", sep="\t", file=self.samples)

    def feed(self):
        """One file a time; those that were not taken yet are no reason to wait, but for a site that stands still."""
        before = len(self.office.drops)
        self.office.feed()
        for drop in self.office.drops[before:]:
            self.wanted += len(originals.parts_of(drop))

    def lag(self):
        return self.wanted - self.running.receiver.taken

    def restart(self):
        """In a thread: files go on coming."""
        how = self.rng.choice(("stop", "kill"))
        begun = time.monotonic()
        self.before.append(self.lag())
        self.office.kafka.ask(how)
        time.sleep(self.rng.random() * 2)
        with contextlib.suppress(cluster.desk.Refused):         # one that takes longer than that is still on its way
            self.office.kafka.ask("restart")
        self.restarts += 1
        self.office.note(f"{how}, back after {time.monotonic() - begun:.1f} s; the lag before it was {self.before[-1]}")

    def take_samples(self, services, seconds):
        for name, service in services.items():
            one = sample(service.program.pid)
            if one:
                self.series.setdefault(name, []).append(one)
                print(seconds, name, *(getattr(one, field) for field in Sample.FIELDS), self.lag(), sep="\t", file=self.samples)
        self.lags.append(self.lag())
        self.samples.flush()

    def run(self, services):
        begun = time.monotonic()
        sampled, fed, harmed, told = begun, begun, begun, begun
        while (now := time.monotonic()) < begun + self.a.minutes * 60:
            if self.office.given_up:
                raise matrix.Wrong(f"ends with {self.office.given_up} again and again")
            if now >= fed:
                self.feed()
                fed += self.a.pause
            if now >= sampled:
                self.take_samples(services, int(now - begun))
                sampled += SAMPLE_SECONDS
            if now >= harmed + self.a.every and not (self.harm and self.harm.is_alive()):
                harmed = now
                self.harm = threading.Thread(target=self.restart)
                self.harm.start()
            if now >= told + 60:
                told = now
                self.tell(services, int(now - begun))
            time.sleep(0.05)
        if self.harm:
            self.harm.join()
        self.drain()

    def tell(self, services, seconds):
        now = {name: samples[-1] for name, samples in self.series.items()}
        print(f"{seconds:5} s: {len(self.office.drops)} files in, lag {self.lag()}, {self.restarts} restarts; " + ", ".join(
            f"{name} {s.anon_kib / 1024:.1f}/{s.rss_kib / 1024:.1f} MB {s.descriptors} fd {s.threads} th"
            for name, s in now.items()), flush=True)

    def drain(self):
        begun = time.monotonic()
        while self.lag() > 0:
            if time.monotonic() - begun > cluster.DRAIN_SECONDS:
                raise matrix.Wrong(f"{self.lag()} files have not arrived {cluster.DRAIN_SECONDS} s after the last one came")
            time.sleep(0.2)
        self.office.note(f"drained in {time.monotonic() - begun:.1f} s")
        print(f"drained in {time.monotonic() - begun:.1f} s", flush=True)

    def wrong(self, services):
        found = look(self.series) + [f"{name}: it ended with {s.codes}" for name, s in services.items() if s.codes]
        found += [text for text in [flat("all", "lag", self.lags)] if text]
        if self.before and max(self.before) > MOST_LAG:
            found.append(f"lag of {max(self.before)} files {self.a.every} s after a restart, allowed {MOST_LAG}")
        return found

    def show(self):
        for name, samples in self.series.items():
            words = []
            for what, label, unit, digits in (("anon_kib", "RssAnon MB", 1024, 1), ("rss_kib", "Rss MB", 1024, 1),
                                              ("descriptors", "fd", 1, 0), ("threads", "threads", 1, 0)):
                values = [getattr(one, what) / unit for one in samples]
                late = values[int(len(values) * WARM):]
                words.append(f"{label} {late[0]:.{digits}f} to {late[-1]:.{digits}f} (most {max(values):.{digits}f}, "
                             f"line {slope(late):+.1f})")
            print(f"{name:12} " + ", ".join(words))
        print(f"lag before restarts: {self.before}; most at any time {max(self.lags)}, line {slope(self.lags):+.1f}")


def soak(a, setting):
    files = int(a.minutes * 60 / a.pause) + 10
    drops = make.Maker(a.seed, a.rows, a.systems).drops(files, planted=False)
    office = cluster.FedOffice(setting, f"soak:{a.minutes:g}:{a.seed}", drops, 3)
    print(f"seed {a.seed}: {a.minutes:g} minutes, {office.root}", flush=True)
    services = {}
    try:
        with office.receiver() as running, contextlib.ExitStack() as stack:
            one = Soak(a, office, running)
            for words in office.apart():
                services[words[0]] = stack.enter_context(cluster.Service(office, words))
            one.run(services)
            wrong = one.wrong(services)
        office.waiting = []
        one.show()
        v = office.verdict()
        office.look_at_topics(v)
        for text in judge.table_text(v.table) + v.problems[:20]:
            print("  " + text)
        code, out, said = office.ask("balance --deep")
        if code:
            wrong.append(f"balance --deep ends with {code}: {(out + said)[-300:]}")
    except matrix.Wrong as e:
        print(f"WRONG: {e}\n    {office.tail()}")
        return 1
    for text in wrong:
        print(f"WRONG: {text}")
    print(f"seed {a.seed}: {a.minutes:g} minutes, {one.restarts} restarts: {v}", flush=True)
    if wrong or not v.ok():
        return 1
    shutil.rmtree(office.root, ignore_errors=True)
    return 0


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    matrix.options(p, counted=False)
    p.set_defaults(rows=40)
    p.add_argument("--kafka", help="folder of broker.py start")
    p.add_argument("--minutes", type=float, default=60)
    p.add_argument("--every", type=float, default=180, help="seconds between two restarts of the broker")
    p.add_argument("--pause", type=float, default=1.0, help="seconds between two files")
    p.add_argument("--samples", help="file for all that was measured")
    a = p.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))       # ends what runs, too
    setting = cluster.Setting(**vars(matrix.setting_of(a)))
    setting.count_lib = ""
    if a.kafka:
        setting.kafka = str(pathlib.Path(a.kafka).resolve())
        return soak(a, setting)
    with tempfile.TemporaryDirectory(prefix="soak_kafka_", dir=a.work) as folder:
        setting.kafka = f"{folder}/broker"
        with cluster.desk.started(setting.kafka, "--set", SESSION):
            return soak(a, setting)


if __name__ == "__main__":
    sys.exit(main())
