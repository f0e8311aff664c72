#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A flow in shares on a real Kafka cluster, a process each, of which one is killed at each of its durable steps and requests.

    shares.py --jincai build/debug/bin/jincai --count-lib build/debug/tests/crash/libcount.so --flow region --kills 20
        [--every K] [--kafka FOLDER]

--flow: `region`, `units` or `register`, which gather by partition here, or `router`. All others run in one process. What is handed
in is released record by record. What cases do:

    before, after   the first share of two ends before or behind its Nth step, while the other one works; then up to three times
                    more, in as many shares or in another number of them
    random          N times: files come, the shares start, one of them is killed at a random time; in two or three shares by turns

Then all run until they end by themselves; the judge; Kafka's own client reads all topics: each id once, each lane without gap or
repeat; and `balance --deep` comes out. Exit 0 only with nothing lost, nothing doubled, not a fen."""
import argparse
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

import cluster
import county
import make
import matrix

import desk

PARTITIONS = 4
PARTED = ("region", "units", "register")
SHARES = (2, 3)
LATER = 4                               # exit code of a share that has waited for the first one, which says how many there are
IDLE_SECONDS = 5                        # of a share that has nothing to do, at most: when a random kill may come


class Setting(cluster.Setting):
    flow = "region"


class Office(cluster.PlainOffice):
    parted = PARTED

    def __init__(self, setting, name, drops, partitions=1):
        super().__init__(setting, name, drops, partitions)
        self.text = self.site_file.read_text(encoding="utf-8")
        for dest in PARTED:
            was = f"  {dest}: {{form: {county.OUT_FORMS[dest]}, gather: batch,"
            assert was in self.text, was
            self.text = self.text.replace(was, was.replace("batch,", "partition,"))
        self.say(SHARES[0])

    def say(self, shares):
        """So many shares of the flow from now on."""
        self.n, flow = shares, self.setting.flow
        text = self.text + f"shares: {shares}\n" if flow == "router" else self.text.replace(
            f"  {flow}: {{", f"  {flow}: {{shares: {shares}, ")
        self.site_file.write_text(text, encoding="utf-8")

    def others(self):
        """Of the flows that run in one process those before and those behind the one in shares."""
        adapters = [county.SOURCES[name].adapter for name in make.SYSTEMS[self.setting.systems]]
        dests = [dest for dest in county.DESTINATIONS if f"  {dest}: " in self.text and dest != self.setting.flow]
        if self.setting.flow == "router":
            return ["site", *adapters, "clearing"], ["site", *dests]
        return ["site", *adapters, "router", *dests], []

    def share(self, i, **count):
        return self.start((self.setting.flow, "--part", f"{i}/{self.n}", "--until-idle"), COUNT_KAFKA_CONF=cluster.SHORT, **count)

    def in_shares(self, **count):
        """How the first one ended; the others end by themselves, in good order or because they wait for it."""
        programs = [self.share(0, **count), *(self.share(i) for i in range(1, self.n))]
        codes = [self.wait(program) for program in programs]
        for code in codes[1:]:
            self.well(code, LATER)
        return codes[0] if codes[0] not in self.setting.ok_codes else max(codes)

    def before(self):
        self.well(self.wait(self.start((*self.others()[0], "--until-idle"))))

    def well(self, code, *also):
        if code not in (*self.setting.ok_codes, *also):
            raise matrix.Wrong(f"ends with {code}")

    def finish(self):
        self.before()
        for _ in range(matrix.RESTARTS):
            code = self.in_shares()
            if code in self.setting.ok_codes:
                break
        self.well(code)
        if self.others()[1]:
            self.well(self.wait(self.start((*self.others()[1], "--until-idle"))))


# ---- kinds of cases ----

def count_steps(office, rng, n):
    office.hand_in(0)
    office.before()
    office.well(office.in_shares(COUNT_LOG=office.root / "steps.log"), LATER)


def kill_before(office, rng, n, after=0):
    office.hand_in(0)
    office.before()
    code = office.in_shares(COUNT_KILL=n, COUNT_AFTER=after)
    for _ in range(rng.randint(0, 3)):
        if code == -signal.SIGKILL:
            office.say(rng.choice(SHARES))
            code = office.in_shares(COUNT_KILL=rng.randint(1, 40), COUNT_AFTER=rng.randint(0, 1))
    office.say(rng.choice(SHARES))


def kill_after(office, rng, n):
    kill_before(office, rng, n, after=1)


def kill_random(office, rng, n):
    usual = 1.0
    for _ in range(n):
        office.hand_in(min((d["phase"] for d in office.waiting), default=0), rng.randint(0, 3))
        office.before()
        office.say(rng.choice(SHARES))
        begun = time.monotonic()
        programs = [office.share(i) for i in range(office.n)]
        victim = rng.choice(programs)
        try:
            office.well(victim.wait(rng.random() * usual * 1.2), LATER)
            usual = min(time.monotonic() - begun, IDLE_SECONDS)
        except subprocess.TimeoutExpired:
            victim.kill()
        for program in programs:
            code = office.wait(program)
            if program is not victim:
                office.well(code, LATER)


KINDS = {"count": count_steps, "before": kill_before, "after": kill_after, "random": kill_random}


def run_case(setting, name, keep=False):
    result = matrix.run_case(setting, name, keep, KINDS, Office)
    if result.ok() and not keep:
        cluster.desk_of(setting).ask("delete", cluster.prefix_of(pathlib.Path(result.folder)))
    return result


def names_of(a, steps):
    rng = random.Random(a.seed)
    return [f"{kind}:{n}:{a.seed}" for kind, n in steps[rng.randrange(a.every)::a.every]] + [
        f"random:5:{a.seed + i}" for i in range((a.kills + 4) // 5)]


def run(a, setting):
    names = a.only
    if not names:
        calm = run_case(setting, f"count:0:{a.seed}")
        if not calm.ok():
            matrix.Tally(1, a.systems).take(calm)
            return 1
        steps = cluster.steps_worth(calm.calls, calm.folder)
        names = names_of(a, steps)
        print(f"seed {a.seed}: {a.flow} in shares, {calm.steps} steps of the first one ({a.systems}), {len(steps)} cases of them, "
              f"{len(names)} run", flush=True)
    begun = time.monotonic()
    tally = cluster.run_all(setting, names, a.jobs, a.stop_at, keep=bool(a.only), case=run_case)
    print(f"seed {a.seed}: {a.flow} in shares, {tally.done} cases, {tally.kills} kills in {time.monotonic() - begun:.0f} s: {tally}",
          flush=True)
    return 1 if tally.bad else 0


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    matrix.options(p)
    p.set_defaults(partitions=PARTITIONS, systems="records")
    p.add_argument("--flow", choices=(*PARTED, "router"), default="region")
    p.add_argument("--kafka", help="folder of broker.py start")
    p.add_argument("--kills", type=int, default=0, help="at random times, about")
    p.add_argument("--every", type=int, default=1, help="only each Kth step")
    p.add_argument("--stop-at", type=int, default=10, help="cases that went wrong")
    p.add_argument("--only", action="append", help="KIND:NUMBER:SEED, as a case that went wrong is named")
    a = p.parse_args()
    setting = Setting(**vars(matrix.setting_of(a)))
    setting.flow = a.flow
    setting.check = setting.check or ("balance --deep",)
    if a.kafka:
        setting.kafka = str(pathlib.Path(a.kafka).resolve())
        return run(a, setting)
    with tempfile.TemporaryDirectory(prefix="crash_shares_", dir=a.work) as folder:
        setting.kafka = f"{folder}/broker"
        with desk.started(setting.kafka, "--set", "broker.session.timeout.ms=30000"):       # a busy machine is no dead broker
            return run(a, setting)


if __name__ == "__main__":
    sys.exit(main())
