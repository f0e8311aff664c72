#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kafka's own test of transactions in our terms: flows (copy.c) copy 100,000 messages from one topic to another, 750 a
transaction, on three brokers. When each has copied a fifth of what it had before it, it is ended and started again, while a
broker is killed or stopped and comes back; three times. Then Kafka's own client must find exactly one committed copy of each,
in the order of the original.

    copy_test.py COPY_FLOW [--messages N] [--each N] [--seed N] [--kafka FOLDER]          --kafka: of broker.py start --nodes 3
"""
import argparse
import collections
import json
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

import desk

PARTITIONS = 2                          # and as many copiers
ROUNDS = 3
ENOUGH = 0.2                            # of what was left when it was started: then it is bounced
PAUSE_MS = 2000                         # before each transaction, so that there is something left when a broker is back
SECONDS = 300                           # a machine that is busy
TYPE = "copy.line.v1"
PREFIX = "copy."
FROM, TO = "jincai.payroll", "jincai.to.copy"


class Wrong(Exception):
    pass


class Copier:
    """One flow, started again whenever it ends."""

    def __init__(self, command, part, of):
        self.command, self.part, self.left, self.done = command, part, of, 0
        self.lives, self.codes, self.over = 0, [], False
        self.process = None
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        while not self.over:
            self.lives += 1
            self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
            self.left, self.done = self.left - self.done, 0
            for line in self.process.stdout:
                self.done = int(line)
            self.codes.append(self.process.wait())
            time.sleep(0.1)

    def progress(self):
        if self.left <= 0:
            raise Wrong(f"copier {self.part} was done before the last round: the brokers take too long to come back")
        return self.done / self.left

    def bounce(self, how):
        lives = self.lives
        self.process.send_signal(how)
        until(lambda: self.lives > lives, f"copier {self.part} starts again")

    def close(self):
        self.over = True
        self.process.terminate()
        self.thread.join(30)
        self.process.kill()
        self.thread.join()


def until(what, why, seconds=SECONDS):
    ends = time.monotonic() + seconds
    while not what():
        if time.monotonic() > ends:
            raise Wrong(f"{why}: not within {seconds} s")
        time.sleep(0.02)


def restart(kafka, how, node):
    kafka.ask(how, node)
    kafka.ask("restart", node)


def bounce_all(kafka, copiers, rng):
    for turn in range(ROUNDS):
        until(lambda: all(c.progress() >= ENOUGH for c in copiers), "each copier has done a fifth")
        node, how = turn % 3 + 1, rng.choice(("kill", "stop"))
        said = ", ".join(f"{c.part}: {c.done} of {c.left}" for c in copiers)
        broker = threading.Thread(target=restart, args=(kafka, how, node))
        broker.start()
        for c in copiers:
            time.sleep(rng.random() * 0.5)
            signal_ = rng.choice((signal.SIGKILL, signal.SIGTERM))
            c.bounce(signal_)
            said += f", {signal_.name} to {c.part}"
        broker.join()
        print(f"{said}, {how} of broker {node}", flush=True)


def events(rows):
    """{partition: [(offset, id)]} without what lanes say of themselves."""
    ret = collections.defaultdict(list)
    for partition, offset, _, value in rows:
        event = json.loads(value)
        if event["type"] == TYPE:
            ret[partition].append((offset, event["id"]))
    return ret


def look(read, messages, each):
    """What is wrong, in words; and sizes of the transactions that show in the copy."""
    source, copy = (events(read.get(PREFIX + topic, [])) for topic in (FROM, TO))
    wrong, sizes = [], collections.Counter()
    if sum(len(rows) for rows in source.values()) != messages:
        wrong.append("the original is not what it should be")
    for partition, rows in source.items():
        want, got = [i for _, i in rows], [i for _, i in copy[partition]]
        n = collections.Counter(got)
        lost, doubled = [i for i in want if not n[i]], [i for i in n if n[i] > 1]
        if lost or doubled or want != got:
            wrong.append(f"partition {partition}: {len(lost)} lost {lost[:3]}, {len(doubled)} doubled {doubled[:3]}, "
                         f"{'in' if want == got else 'not in'} the order of the original")
        run, before = 0, None
        for offset, _ in copy[partition]:
            if before is not None and offset != before + 1:
                sizes[run] += 1
                run = 0
            run, before = run + 1, offset
        sizes[run] += 1
    if sizes and max(sizes) > each:
        wrong.append(f"a transaction of {max(sizes)} messages")
    return wrong, sizes


def all_there(kafka, messages):
    """Kafka's client counts; asked only when no copier says that it goes on."""
    return sum(len(rows) for rows in events(kafka.ask("read", PREFIX).get(PREFIX + TO, [])).values()) >= messages


def run(a, kafka, folder):
    rng, begun = random.Random(a.seed), time.monotonic()
    words = [a.copy_flow, kafka.address, folder, PREFIX, str(PARTITIONS)]
    subprocess.run([*words, "fill", str(a.messages)], check=True, timeout=SECONDS)
    copiers = [Copier([*words, "copy", str(i), str(a.each), str(PAUSE_MS)], i, a.messages // PARTITIONS)
               for i in range(PARTITIONS)]
    try:
        bounce_all(kafka, copiers, rng)
        ends = time.monotonic() + SECONDS + a.messages / PARTITIONS / a.each * PAUSE_MS / 1000
        seen = None
        while (now := [(c.lives, c.done) for c in copiers]) != seen or not all_there(kafka, a.messages):
            if time.monotonic() > ends:
                break
            seen = now
            time.sleep(3)
    finally:
        for c in copiers:
            c.close()
    wrong, sizes = look(kafka.ask("read", PREFIX), a.messages, a.each)
    for text in wrong:
        print(f"WRONG: {text}")
    print(f"seed {a.seed}: {a.messages} messages, {sum(sizes.values())} transactions of which {sizes[a.each]} of {a.each}, "
          f"{ROUNDS} bounces of brokers, {ROUNDS * PARTITIONS} of copiers (codes {[c.codes for c in copiers]}), "
          f"{time.monotonic() - begun:.0f} s: {'WRONG' if wrong else 'one committed copy of each, in order'}", flush=True)
    return 1 if wrong else 0


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("copy_flow")
    p.add_argument("--messages", type=int, default=100000)
    p.add_argument("--each", type=int, default=750)
    p.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    p.add_argument("--kafka", help="folder of broker.py start --nodes 3")
    a = p.parse_args()
    a.copy_flow = str(pathlib.Path(a.copy_flow).resolve())
    with tempfile.TemporaryDirectory(prefix="copy_") as folder:
        if a.kafka:
            kafka = desk.Desk(a.kafka)
            kafka.ask("delete", PREFIX)
            return run(a, kafka, folder)
        with desk.started(f"{folder}/broker", "--nodes", 3, "--set", "broker.session.timeout.ms=4000") as kafka:
            return run(a, kafka, f"{folder}/bus")


if __name__ == "__main__":
    sys.exit(main())
