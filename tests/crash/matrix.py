#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ends the program at each of its durable steps, then at random moments, and counts what the receivers have.

    matrix.py --jincai build/debug/bin/jincai --count-lib build/debug/tests/crash/libcount.so --systems five --kills 500

One run without an end tells the number of steps over a few batches. Then for each step, before it and after it: a
fresh site, a receiver, the program ended there by SIGKILL and started again (and maybe ended again, up to three
times) until it ends by itself; then the judge, and of five systems also the program's list of dead letters: it must
name the rows that had to die, and no others. Then rounds of kills at random times while files come in, until
--kills are done; with --fail and --full that many steps answer EIO or ENOSPC, and disks are full for a while. Exit 0
only with nothing lost, nothing doubled, not a fen. A case that went wrong keeps its folder and prints the option that
runs it alone."""
import argparse
import collections
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import county
import judge
import make
import receiver

RUN_SECONDS = 90                        # a run that takes longer hangs
RESTARTS = 4                            # of a program that ends itself after an error: its supervisor's patience
WANTED = ("lost", "doubled", "fen")


@dataclasses.dataclass
class Setting:
    """What all cases of one run share."""
    jincai: list
    count_lib: str
    seed: int
    rows: int
    work: str
    ok_codes: tuple
    skip: str = ""
    check: tuple = ()
    partitions: int = 0                 # 0: 1 for kills at steps, 1 or 3 by chance for the others
    systems: str = "payroll"


@dataclasses.dataclass
class Result:
    name: str
    verdict: judge.Verdict = None
    wrong: str = ""                     # what else went wrong
    kills: int = 0
    calls: list = dataclasses.field(default_factory=list)   # its durable steps: [call, what], when it logged them
    folder: str = ""

    def ok(self):
        return not self.wrong and self.verdict is not None and self.verdict.ok()

    @property
    def steps(self):
        return len(self.calls)


class Wrong(Exception):
    pass


class Office:
    """One fresh site with its batches and its receiver."""
    parted = ()                         # destinations that gather by partition

    def __init__(self, setting, name, drops, partitions=1):
        self.setting = setting
        self.root = pathlib.Path(tempfile.mkdtemp(prefix=f"crash_{name.replace(':', '_')}_", dir=setting.work))
        self.site = self.folder_for_site(self.root)
        self.site_file = county.write(self.site, f"partitions: {setting.partitions or partitions}\n",
                                      make.SYSTEMS[setting.systems], self.where())
        self.drops = drops
        self.waiting = list(drops)
        self.log = open(self.root / "program.log", "ab")
        self.kills = 0
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("COUNT_")}

    def folder_for_site(self, root):
        return root / "site"

    def where(self):
        """Name of the site, and its bus."""
        return county.EMBEDDED

    def start(self, words=("--until-idle",), **count):
        env = {**self.env, **{k: str(v) for k, v in count.items()}}
        if self.setting.skip:
            env["COUNT_SKIP"] = self.setting.skip
        env["LD_PRELOAD"] = self.setting.count_lib
        # A finding of a sanitizer must not look like "something waits for a person".
        env["ASAN_OPTIONS"] = "verify_asan_link_order=0:detect_leaks=0:exitcode=99"
        env["UBSAN_OPTIONS"] = "exitcode=99"
        self.log.write(f"== run {' '.join(words)} {count}\n".encode())
        self.log.flush()
        return subprocess.Popen([*self.setting.jincai, "run", "-c", str(self.site_file), *words],
                                env=env, cwd=self.site, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)

    def wait(self, program):
        try:
            code = program.wait(RUN_SECONDS)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()
            raise Wrong(f"still running after {RUN_SECONDS} s") from None
        if code == -signal.SIGKILL:
            self.kills += 1
        self.log.write(f"== ended {code}\n".encode())
        return code

    def run(self, **count):
        return self.wait(self.start(**count))

    def finish(self):
        """Runs without harm until it ends by itself. A supervisor starts it again after an error."""
        for _ in range(RESTARTS):
            code = self.run()
            if code in self.setting.ok_codes:
                return
        raise Wrong(f"ends with {code} again and again")

    def hand_in(self, phase, most=1000):
        """At most so many files of each kind. What came before must be taken first: the first of two is the one."""
        if any(drop["phase"] < phase and county.lies_there(self.site, drop) for drop in self.drops):
            return
        handed = collections.Counter()
        for drop in [d for d in self.waiting if d["phase"] == phase]:
            if handed[drop["source"]] < most and county.hand_in(self.site, drop):
                self.waiting.remove(drop)
            handed[drop["source"]] += 1

    def phases(self):
        return sorted({d["phase"] for d in self.drops})

    def everything_in(self):
        """Hands in what is left, phase by phase, and lets the program do it."""
        for phase in self.phases():
            for _ in range(20):
                self.hand_in(phase)
                self.finish()
                if not any(d["phase"] == phase for d in self.waiting):
                    break
            else:
                raise Wrong("a file is not taken")

    def receiver(self):
        return receiver.Running(self.site, self.root / "received")

    def ask(self, command):
        """(exit code, output) of a verb that only looks."""
        done = subprocess.run([*self.setting.jincai, *shlex.split(command), "-c", str(self.site_file)], cwd=self.site,
                              capture_output=True, timeout=RUN_SECONDS, check=False)
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")

    def letters(self):
        code, out, said = self.ask("dead list --json")
        if code not in (0, 1):
            raise Wrong(f"dead list ends with {code}: {said[-300:]}")
        return [json.loads(row) for row in out.splitlines()]

    def verdict(self, unknown=()):
        letters = self.letters() if self.setting.systems != "payroll" else None
        return judge.judge(self.drops, self.root / "received", self.site, unknown, letters, self.parted)

    def tail(self):
        self.log.flush()
        text = (self.root / "program.log").read_bytes()[-1500:].decode("utf-8", "replace")
        return "\n    ".join(text.splitlines()[-12:])


def calls_of(path):
    return [line.split("\t")[1:] for line in path.read_text(errors="replace").splitlines()] if path.exists() else []


# ---- kinds of cases: each gets an office with a receiver and does its harm ----

def count_steps(office, rng, n):
    office.hand_in(0)
    code = office.run(COUNT_LOG=office.root / "steps.log")
    if code not in office.setting.ok_codes:
        raise Wrong(f"ends with {code} without any harm")


def no_harm(office, rng, n):
    """All that is handed in, with what is planted in it, and nobody ends the program: for builds that look harder."""


def kill_before(office, rng, n, after=0):
    office.hand_in(0)
    code = office.run(COUNT_KILL=n, COUNT_AFTER=after)
    for _ in range(rng.randint(0, 3)):
        if code == -signal.SIGKILL:
            code = office.run(COUNT_KILL=rng.randint(1, 60), COUNT_AFTER=rng.randint(0, 1))


def kill_after(office, rng, n):
    kill_before(office, rng, n, after=1)


def kill_random(office, rng, n):
    """n kills at random times, up to those that a run takes, while files come in."""
    usual = 0.3
    for _ in range(n):
        phase = min((d["phase"] for d in office.waiting), default=0)
        office.hand_in(phase, rng.randint(0, 3))
        begun = time.monotonic()
        program = office.start()
        try:
            code = program.wait(rng.random() * usual * 1.2)
            usual = time.monotonic() - begun
            if code not in office.setting.ok_codes:
                raise Wrong(f"ends with {code} between kills")
        except subprocess.TimeoutExpired:
            program.kill()
        office.wait(program)
    if usual > 5:
        raise Wrong("a run takes longer and longer")


def fail_step(office, rng, n):
    office.hand_in(0)
    office.run(COUNT_FAIL=f"{n}:{rng.choice(('EIO', 'ENOSPC'))}")


def full_disk(office, rng, n):
    """From the nth write on the disk is full, until somebody makes room."""
    room = office.root / "room"
    office.hand_in(0)
    program = office.start(COUNT_FAIL_WRITE=f"{n}:ENOSPC", COUNT_FAIL_GROW=rng.randint(0, 1), COUNT_FAIL_UNTIL=room)
    time.sleep(0.2 + rng.random())
    room.touch()
    office.wait(program)


KINDS = {"count": count_steps, "calm": no_harm, "before": kill_before, "after": kill_after, "random": kill_random,
         "big": kill_random, "fail": fail_step, "full": full_disk}
BIG_ROWS = 6000                         # more than the program puts into one commit


def run_case(setting, name, keep=False, kinds=None, office_of=Office):
    """name is KIND:NUMBER:SEED and says all of the case."""
    kind, n, seed = name.split(":")
    rng = random.Random(name)
    rich = kind in ("random", "fail", "full", "calm")
    rows = BIG_ROWS if kind == "big" else setting.rows      # of each file
    few = 2 if setting.systems == "payroll" else 1
    drops = make.Maker(int(seed), rows, setting.systems).drops(few + 3 if kind == "random" else few, planted=rich)
    office = office_of(setting, name, drops, partitions=rng.choice((1, 3)) if kind in ("random", "big") else 1)
    result = Result(name, folder=str(office.root))
    try:
        with office.receiver():
            (kinds or KINDS)[kind](office, rng, int(n))
            office.everything_in()
        result.verdict = office.verdict()
        for command in setting.check:
            code, out, said = office.ask(command)
            if code:
                raise Wrong(f"{command} ends with {code}: {(out + said)[-300:]}")
    except Wrong as e:
        result.wrong = f"{e}\n    {office.tail()}"
    except Exception as e:
        result.wrong = f"{type(e).__name__} {e}\n    {office.tail()}"
    office.log.close()
    result.kills, result.calls = office.kills, calls_of(office.root / "steps.log")
    if result.ok() and not keep:
        shutil.rmtree(office.root, ignore_errors=True)
    return result


class Tally:
    def __init__(self, total, systems="payroll"):
        self.systems = systems
        self.total, self.done, self.kills, self.bad = total, 0, 0, []
        self.sum = dict.fromkeys(judge.Verdict.FAULTS, 0)
        self.table = {}
        self.shown = time.monotonic()

    def take(self, r):
        self.done += 1
        self.kills += r.kills
        if r.verdict:
            for k in self.sum:
                self.sum[k] += getattr(r.verdict, k)
            for at, row in r.verdict.table.items():
                self.table[at] = [a + b for a, b in zip(self.table.get(at, (0, 0, 0, 0)), row)]
        if not r.ok():
            self.bad.append(r)
            print(f"WRONG --systems {self.systems} --only {r.name}: {r.verdict or ''} {r.wrong}\n  {r.folder}",
                  flush=True)
            for text in (r.verdict.problems if r.verdict else [])[:8]:
                print("  " + text, flush=True)
        if time.monotonic() - self.shown > 10:
            self.shown = time.monotonic()
            print(f"{self.done} of {self.total} cases, {self.kills} kills: {self}", flush=True)

    def __str__(self):
        others = "".join(f", {n} {k}" for k, n in self.sum.items() if n and k not in WANTED)
        wrong = f", {len(self.bad)} wrong" if self.bad else ""
        return ", ".join(f"{self.sum[k]} {k}" for k in WANTED) + others + wrong


def run_all(setting, names, jobs, stop_at=10, keep=False):
    tally = Tally(len(names), setting.systems)
    with concurrent.futures.ProcessPoolExecutor(jobs) as pool:
        todo = {pool.submit(run_case, setting, name, keep) for name in names}
        for future in concurrent.futures.as_completed(todo):
            tally.take(future.result())
            if len(tally.bad) >= stop_at:
                pool.shutdown(wait=True, cancel_futures=True)
                print(f"stopped: {stop_at} cases went wrong", flush=True)
                break
    return tally


def options(p, counted=True):
    p.add_argument("--jincai", required=True, help="the program, a command")
    p.add_argument("--count-lib", required=counted, default="")
    p.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    p.add_argument("--rows", type=int, default=12, help="lines a batch, at most")
    p.add_argument("--work", default=tempfile.gettempdir(), help="where sites are made")
    p.add_argument("--ok-codes", default="0,1", help="of a run at rest (1: something waits for a person)")
    p.add_argument("--skip", default="", help="CALL:PART: leaves out a call, see count.c")
    p.add_argument("--check", action="append", default=[],
                   help="a verb that must end with 0 after each case, like 'balance'")
    p.add_argument("--partitions", type=int, default=0, help="of the site, in all cases")
    p.add_argument("--systems", choices=make.SYSTEMS, default="payroll", help="what is handed in")
    p.add_argument("--jobs", type=int, default=os.cpu_count())


def setting_of(a):
    words = shlex.split(a.jincai)
    words = [str(pathlib.Path(w).resolve()) if os.path.exists(w) else w for w in words]
    return Setting(words, str(pathlib.Path(a.count_lib).resolve()), a.seed, a.rows, a.work,
                   tuple(map(int, a.ok_codes.split(","))), a.skip, tuple(a.check), a.partitions,
                   a.systems)


def names_of(a, steps):
    at = list(range(1, steps + 1))
    if a.every > 1:
        at = at[a.seed % a.every::a.every]
    names = [f"{kind}:{n}:{a.seed}" for n in at for kind in ("before", "after")]
    rng = random.Random(a.seed)
    names += [f"random:10:{a.seed + 1 + i}" for i in range((a.kills * 2 + 9) // 10)]
    big = (a.kills + 49) // 50 if a.systems == "payroll" else a.kills // 100
    names += [f"big:4:{a.seed + 1 + i}" for i in range(big)]
    names += [f"fail:{rng.randint(1, steps)}:{a.seed + i}" for i in range(a.fail)]
    names += [f"full:{rng.randint(1, steps)}:{a.seed + i}" for i in range(a.full)]
    return names


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options(p)
    p.add_argument("--kills", type=int, default=100, help="at random times, about")
    p.add_argument("--every", type=int, default=1, help="only each Kth step")
    p.add_argument("--fail", type=int, default=0, help="steps that answer EIO or ENOSPC")
    p.add_argument("--full", type=int, default=0, help="times that the disk is full for a while")
    p.add_argument("--stop-at", type=int, default=10, help="cases that went wrong")
    p.add_argument("--only", action="append", help="KIND:NUMBER:SEED, as a case that went wrong is named")
    a = p.parse_args()
    setting = setting_of(a)
    if a.only:
        names, steps = a.only, 0
    else:
        calm = run_case(setting, f"count:0:{a.seed}")
        if not calm.ok():
            Tally(1, a.systems).take(calm)
            return 1
        steps = calm.steps
        names = names_of(a, steps)
        print(f"seed {a.seed}: {steps} steps over one run ({a.systems}), {len(names)} cases", flush=True)
        if steps == 0:
            print("no step was counted: is the library loaded?")
            return 1
    begun = time.monotonic()
    tally = run_all(setting, names, a.jobs, a.stop_at, keep=bool(a.only))
    print(f"seed {a.seed}: {tally.done} cases, {tally.kills} kills in {time.monotonic() - begun:.0f} s: {tally}")
    for text in judge.table_text(tally.table) if a.systems != "payroll" else ():
        print("  " + text)
    return 1 if tally.bad else 0


if __name__ == "__main__":
    sys.exit(main())
