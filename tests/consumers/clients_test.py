#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The clients of docs/consumers.md on the topic of the demo, on a real broker: each sees every event that was committed, once, none
of a transaction that was aborted, and of each key and batch in the order that the embedded bus has.

    clients_test.py JINCAI DUMP_TOPIC [--all] [--minutes N]     with $JINCAI_KAFKA_FOLDER/address; 77: skipped, there is no broker

kcat and Kafka's own console consumer; --all: also Java, Node and Python, and a group of three members of which one is killed every
ten seconds for so many minutes.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import uuid

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "kafka"), str(HERE), str(HERE.parent / "e2e")]
import broker  # noqa: E402
import consume  # noqa: E402
import here  # noqa: E402
import programs  # noqa: E402
from lanes import Lanes  # noqa: E402

ROOT = HERE.parents[1]
TOPIC = "jincai.out.notices.v1"
HASH = re.compile(r"\b[0-9a-f]{32}\b")
options = None


def fact(event):
    """As it is on any bus: who wrote it when is no part of it. The keys of the two sites differ, and with them the hashes in ids."""
    return {name: HASH.sub("*", value) if name == "id" else value for name, value in event.items()
            if name not in ("time", "lane", "laneseq")}


def read(lines):
    """[(partition, key, event)] of rows of text, those that open lanes left out; each lane checked on the way when all are there."""
    rows = [line.split("\t", 2) for line in lines.splitlines()]
    return [(int(partition), key, json.loads(value)) for partition, key, value in rows]


def facts(rows):
    return [(key, fact(event)) for _, key, event in rows if not event["type"].startswith("jincai.")]


def in_order(got):
    ret = collections.defaultdict(list)
    for key, event in got:
        ret[key, event["batchid"]].append(event)
    return ret


class Demo:
    """The demo, and one batch more behind a transaction that was aborted."""

    def __init__(self, folder, *bus):
        self.folder = folder
        run = subprocess.run([options.jincai, "demo", "--dir", folder, *bus], capture_output=True, text=True, timeout=240)
        assert run.returncode == 0, run.stdout[-3000:] + run.stderr
        found = re.search(r"begin with (demo-[0-9a-f]{8}\.)\n", run.stdout)
        self.topic = (found[1] if found else "") + TOPIC

    def one_more(self):
        drop = self.folder / "in/payroll"
        text = (self.folder / "steps/2/payroll/gz_202612_001.txt").read_bytes().decode("gb18030").replace("|20261205|", "|20270205|")
        (drop / "gz_202702_001.txt").write_bytes(text.encode("gb18030"))
        (drop / "gz_202702_001.txt.ok").write_bytes(b"")
        run = subprocess.run([options.jincai, "run", "--until-idle"], cwd=self.folder, capture_output=True, text=True, timeout=120)
        assert run.returncode in (0, 1), run.stderr


class ClientsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        work = pathlib.Path(tempfile.mkdtemp(prefix="clients_"))
        cls.addClassCleanup(shutil.rmtree, work)
        cls.cluster = broker.Cluster(here.folder())
        cls.address = here.address()
        one, two = Demo(work / "one"), Demo(work / "two", "--bus", f"kafka:{cls.address}")
        cls.topic = two.topic
        lost = {"specversion": "1.0", "id": "aborted", "source": "/demo/payroll", "type": "notice.paid.v1", "batchid": "none"}
        with cls.cluster.judge() as judge:
            judge.transact(f"aborted-{uuid.uuid4()}", cls.topic, b"602001", json.dumps(lost).encode(), "abort")
            one.one_more()
            two.one_more()
            cls.all = len(judge.consume(cls.topic, "uncommitted")) - 1
        said = subprocess.run([options.dump, one.folder / "bus", TOPIC], capture_output=True, check=True).stdout
        rows = [line.split("\t", 4) for line in said.decode().splitlines()]
        cls.want = facts([(int(row[1]), row[3], json.loads(row[4])) for row in rows])
        assert len(cls.want) > 30, len(cls.want)

    def agrees(self, text, whole=False):
        """whole: records that open lanes are there, too."""
        rows = read(text)
        got, ids = facts(rows), [event["id"] for _, _, event in rows]
        self.assertEqual(len(set(ids)), len(ids), "an event twice")
        self.assertNotIn("aborted", [event["id"] for _, event in got])
        self.assertEqual(in_order(got), in_order(self.want))
        if whole:
            lanes = Lanes()
            self.assertEqual([lanes.is_new(partition, event) for partition, _, event in rows], [True] * self.all)

    def test_kcat(self):
        if not shutil.which("kcat"):
            self.skipTest("kcat is not installed")
        got = subprocess.run(["kcat", "-C", "-b", self.address, "-t", self.topic, "-o", "beginning", "-e", "-q",
                              "-X", "isolation.level=read_committed", "-f", r"%p\t%k\t%s\n"],
                             capture_output=True, text=True, check=True, timeout=60)
        self.agrees(got.stdout, whole=True)

    def test_the_console_consumer_of_kafka(self):
        rows = consume.console(self.cluster, self.topic)
        self.agrees("\n".join(f"{p}\t{key.decode()}\t{value.decode()}" for p, _, key, value in rows), whole=True)

    def test_what_was_aborted_is_there_for_who_asks_for_it(self):
        """Else the others would prove nothing."""
        rows = consume.console(self.cluster, self.topic, "uncommitted")
        self.assertIn(b'"id": "aborted"', b"".join(value for _, _, _, value in rows))

    def client(self, make):
        try:
            words = make()
        except programs.Absent as why:
            if os.environ.get("JINCAI_KAFKA") == "require":
                raise
            self.skipTest(str(why))
        got = subprocess.run([*words, self.address, self.topic, f"group-{uuid.uuid4()}"], capture_output=True, text=True, timeout=120)
        self.assertEqual(got.returncode, 0, got.stderr)
        self.agrees(got.stdout)

    def test_java(self):
        self.only_with_all()
        self.client(programs.java)

    def test_node(self):
        self.only_with_all()
        self.client(programs.node)

    def test_python(self):
        self.only_with_all()
        self.client(programs.python)

    def only_with_all(self):
        if not options.all:
            self.skipTest("--all was not given")

    # ---- a group of three ----

    def test_a_group_of_which_one_is_killed_again_and_again_loses_nothing(self):
        self.only_with_all()
        try:
            words = programs.python()
        except programs.Absent as why:
            self.skipTest(str(why))
        with tempfile.TemporaryDirectory(prefix="group_") as folder:
            Group(pathlib.Path(folder), words, self.address).run(options.minutes * 60)


ROWS = 20
UNITS = ("602001", "602002", "603001", "604001", "605001", "606001")


class Group:
    """Three members; batches come in all the time, for several units, so on several partitions."""

    def __init__(self, folder, words, address):
        import small_site
        self.payroll = small_site.payroll
        self.folder, self.words, self.address, self.group = folder, words, address, f"group-{uuid.uuid4()}"
        small_site.BUS, small_site.ON_KAFKA = f"kafka:{address}", True
        text = small_site.SITE_FILE.replace("routes:\n", "  notices: {form: notice/paid, gather: batch, mode: live, to: {topic: {}}}\n"
                                            "routes:\n  - {types: [payroll.line.v1], to: notices}\n")
        self.site = small_site.Site(folder, options.jincai, text.replace("adapters:\n", "partitions: 6\nadapters:\n", 1))
        self.topic = self.site.prefix + TOPIC
        self.members, self.started = [], 0

    def begin(self):
        self.started += 1
        out = open(self.folder / f"member{self.started}", "w")
        self.members.append(subprocess.Popen([*self.words, self.address, self.topic, self.group, "30"], stdout=out,
                                             stderr=subprocess.STDOUT))
        out.close()

    def one_batch(self, number):
        unit = UNITS[number % len(UNITS)]
        batch = self.payroll(month=f"20{27 + number // 12 % 60}{number % 12 + 1:02}", batch=number % 900 + 1, rows=ROWS, head={3: unit},
                             cells={i: {4: unit} for i in range(ROWS)})
        self.site.drop(batch)

    def run(self, seconds):
        rng = random.Random(os.environ.get("JINCAI_SEED", "1"))
        self.one_batch(0)
        self.site.run(timeout=120)
        service = self.site.start("run")
        for _ in range(3):
            self.begin()
        ends, kill, batches, kills = time.monotonic() + seconds, time.monotonic() + 10, 1, 0
        while time.monotonic() < ends:
            self.one_batch(batches)
            batches += 1
            time.sleep(1)
            if time.monotonic() > kill:
                victim = self.members.pop(rng.randrange(len(self.members)))
                victim.kill()
                victim.wait()
                self.begin()
                kill, kills = kill + 10, kills + 1
        time.sleep(5)
        service.terminate()
        self.site.finish(service)
        ran = self.site.call("run", "--until-idle", "--take-over", timeout=120)
        for member in self.members:
            assert member.wait(180) == 0
        self.judge(batches, kills, ran)

    def judge(self, batches, kills, ran):
        with broker.Cluster(here.folder()).judge() as judge:
            want = {json.loads(value)["id"] for _, _, _, value in judge.consume(self.topic) if b'"jincai.lane' not in value}
        got = collections.Counter()
        for number in range(1, self.started + 1):
            # What was being printed when the member was killed had not been committed.
            text = (self.folder / f"member{number}").read_text()
            for line in text[:text.rfind("\n") + 1].splitlines():
                got[json.loads(line.split("\t", 2)[2])["id"]] += 1
        print(f"{batches} batches, {len(want)} events, {kills} kills, {sum(got.values()) - len(got)} came again", flush=True)
        assert len(want) == batches * ROWS, (len(want), str(ran))
        assert set(got) == want, f"{len(want - set(got))} lost, {len(set(got) - want)} too many"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jincai", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("dump", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--minutes", type=float, default=5)
    options, rest = parser.parse_known_args()
    here.address()
    unittest.main(argv=sys.argv[:1] + rest)
