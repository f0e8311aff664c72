#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Consumers on the embedded bus: `jincai tail --group`.

    group_test.py JINCAI DUMP_TOPIC [--kills N]
    group_test.py --consume DONE ACKNOWLEDGING      the consumer of the kills: lines from stdin, places to stdout
"""
import argparse
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
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE)]
import small_site  # noqa: E402
from small_site import ON_KAFKA, SITE_FILE, Site, embedded_only, payroll  # noqa: E402

PROGRAM, DUMP, KILLS = None, None, 10
TOPIC = "jincai.out.notices.v1"
UNITS = ("602001", "602002", "602003", "602004")
NOTICES = SITE_FILE.replace("bus: ", "partitions: 3\nbus: ").replace("routes:\n", """\
  notices: {form: notice/paid, gather: batch, mode: live, to: {topic: {}}}
routes:
  - {types: [payroll.line.v1], to: notices}
""")


def of_unit(unit, batch, rows):
    return payroll(batch=batch, rows=rows, head={3: unit}, cells={i: {4: unit} for i in range(rows)})


def consume(done, acknowledging):
    """Writes down what it does before it says so, as one that keeps it in a database of its own."""
    with open(done, "a", buffering=1, encoding="utf-8") as ids, open(acknowledging, "a", buffering=1, encoding="utf-8") as told:
        while (line := sys.stdin.buffer.readline()).endswith(b"\n"):
            event = json.loads(line)
            ids.write(f"{event['place']} {event['event']['id']}\n")
            told.write(event["place"] + "\n")
            try:
                os.write(1, event["place"].encode() + b"\n")
            except BrokenPipeError:
                return
            time.sleep(0.0002)


class GroupTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        if small_site.left_out(getattr(self, self._testMethodName)):
            self.skipTest("on the embedded bus alone")
        self.site = Site(self.folder.name, PROGRAM, NOTICES)

    def fill(self, rows=4, first=1, units=UNITS):
        for n, unit in enumerate(units):
            self.site.drop(of_unit(unit, first + n, rows))
        ran = self.site.run(timeout=120)
        self.assertEqual(ran.code, 0, ran)

    def all(self):
        """What is on the topic: {partition: [(offset, id)]}."""
        command = [DUMP, f"{self.site.root}/bus:3", TOPIC]
        if ON_KAFKA:
            command = [sys.executable, HERE.parent / "kafka/consume.py", os.environ["JINCAI_KAFKA_FOLDER"], self.site.prefix + TOPIC]
        got = subprocess.run(command, capture_output=True, check=True)
        ret = {}
        for line in got.stdout.splitlines():
            partition, offset, _, value = line.split(b"\t", 3 if ON_KAFKA else 4)[0 if ON_KAFKA else 1:]
            event = json.loads(value)
            if not event["type"].startswith("jincai."):
                ret.setdefault(int(partition), []).append((int(offset), event["id"]))
        return ret

    def tail(self, *words, group="warehouse", **more):
        env = {**os.environ, "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}
        env["ASAN_OPTIONS"] = "detect_leaks=0:" + env.get("ASAN_OPTIONS", "")
        process = subprocess.Popen([PROGRAM, "tail", "--group", group, "--json", *words], cwd=self.site.root, env=env,
                                **{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more})
        self.addCleanup(process.kill)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                self.addCleanup(stream.close)
        return process

    def stands(self, group="warehouse"):
        text = (self.site.root / "bus/groups" / group / "position").read_text(encoding="utf-8")
        return {i: row["next"] for i, row in enumerate(json.loads(text)["topics"].get(TOPIC, [])) if row and row["next"]}

    def given(self, *words, **more):
        """The lines of one that acknowledges all of them."""
        process = self.tail(*words, **more)
        rows = []
        while line := process.stdout.readline():
            rows.append(json.loads(line))
            process.stdin.write(rows[-1]["place"].encode() + b"\n")
            process.stdin.flush()
        _, err = process.communicate()
        self.assertEqual(process.returncode, 0, err.decode())
        return rows

    def refused(self, code, *words, exit_code=None):
        got = self.site.call("tail", *words, "--lang", "en")
        self.assertIn(code, got.codes, got)
        self.assertEqual(got.out, "")
        if exit_code:
            self.assertEqual(got.code, exit_code, got)

    # ---- what is given ----

    def test_each_event_is_given_once_as_it_was_published_and_then_none(self):
        self.fill()
        rows, there = self.given(), self.all()
        self.assertGreater(len(there), 1)
        self.assertEqual(sum(len(r) for r in there.values()), 4 * len(UNITS))
        self.assertEqual({p: [(r["offset"], r["event"]["id"]) for r in rows if r["partition"] == p] for p in there}, there)
        for row in rows:
            self.assertEqual(row["place"], f"{TOPIC}/{row['partition']}@{row['offset']}")
            self.assertEqual(row["key"], row["event"]["partitionkey"])
            self.assertIn("laneseq", row["event"])
        self.assertEqual(self.given(), [])
        self.fill(rows=2, first=11)
        self.assertEqual(len(self.given()), 2 * len(UNITS))

    def test_without_acknowledgement_all_comes_again_and_another_group_has_its_own(self):
        self.fill()
        for _ in range(2):
            got = self.tail(stdin=subprocess.DEVNULL).communicate()
            self.assertEqual(got[0].count(b"\n"), 4 * len(UNITS), got[1])
            self.assertIn(b"0 ", got[1])
        self.assertEqual(len(self.given(group="archive")), 4 * len(UNITS))
        self.assertEqual(len(self.given()), 4 * len(UNITS))

    def test_what_was_acknowledged_does_not_come_again_what_was_not_does(self):
        self.fill()
        process = self.tail()
        rows = [json.loads(process.stdout.readline()) for _ in range(4 * len(UNITS))]
        first = [r for r in rows if r["partition"] == rows[0]["partition"]]
        process.stdin.write(b"".join(r["place"].encode() + b"\n" for r in first[:2]))
        process.stdin.close()
        self.assertEqual(process.wait(10), 0)
        self.assertIn(b"2 ", process.stderr.read())
        again = self.given()
        self.assertEqual(sorted(r["place"] for r in again), sorted(r["place"] for r in rows if r not in first[:2]))

    def test_what_comes_while_it_follows_is_given_and_sigterm_ends_it(self):
        self.site.run()
        process = self.tail("--follow")
        time.sleep(0.3)
        self.fill(rows=2)
        for _ in range(2 * len(UNITS)):
            process.stdin.write(json.loads(process.stdout.readline())["place"].encode() + b"\n")
            process.stdin.flush()
        last = self.all()
        deadline = time.monotonic() + 10
        while self.stands() != {p: rows[-1][0] + 1 for p, rows in last.items()} and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(10), 0)
        self.assertEqual(self.given(), [])

    def test_commit_every_counts_what_was_written_out(self):
        self.fill()
        n = 4 * len(UNITS)
        with open(self.site.root / "lines", "wb") as out:
            self.assertEqual(self.tail("--commit-every", "3", stdin=subprocess.DEVNULL, stdout=out).wait(10), 0)
        self.assertEqual((self.site.root / "lines").read_bytes().count(b"\n"), n)
        self.assertEqual(self.given(), [])
        # Not behind what nobody took: a reader that went away.
        process = self.tail("--commit-every", "1000", group="archive", stdout=subprocess.PIPE)
        process.stdout.close()
        self.assertEqual(process.wait(10), 0, process.stderr.read())
        self.assertEqual(len(self.given(group="archive")), n)
        # Also when there is nothing to write.
        process = self.tail("--commit-every", "1", "--follow")
        time.sleep(0.3)
        process.stdout.close()
        self.assertEqual(process.wait(10), 0)

    def test_a_consumer_that_does_not_read_keeps_nobody_from_ending_it(self):
        self.fill(rows=400, units=UNITS[:1])
        process = self.tail("--follow")
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(10), 0)
        # Nor its acknowledgements from being read: it reads all before it says anything, and says all at once.
        process = self.tail()
        rows = [json.loads(process.stdout.readline()) for _ in range(400)]
        process.stdin.write(b"".join(r["place"].encode() + b"\n" for r in rows))
        process.stdin.flush()
        self.assertEqual(process.wait(10), 0)
        self.assertEqual(self.given(), [])

    def test_the_program_of_the_page_keeps_each_event(self):
        self.fill()
        page = (HERE.parents[1] / "docs/consumers.md").read_text(encoding="utf-8")
        text = re.search(r"^```python\n(tail = .*?)^```", page, re.MULTILINE | re.DOTALL)[1]
        head = "import json, subprocess\ndef keep(event): print(event['id'], flush=True)\n"
        env = {**os.environ, "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}", "ASAN_OPTIONS": "detect_leaks=0"}
        with subprocess.Popen([sys.executable, "-c", head + text], cwd=self.site.root, env=env, stdout=subprocess.PIPE) as process:
            got = [process.stdout.readline().decode().strip() for _ in range(4 * len(UNITS))]
            deadline = time.monotonic() + 10
            want = {p: rows[-1][0] + 1 for p, rows in self.all().items()}
            while self.stands() != want and time.monotonic() < deadline:
                time.sleep(0.02)
            process.kill()
        self.assertEqual(sorted(got), sorted(i for rows in self.all().values() for _, i in rows))
        self.assertEqual(self.stands(), want)

    def test_a_new_group_begins_where_it_is_told_and_never_again(self):
        self.fill(rows=2)
        self.assertEqual(self.given("--from", "end", group="late"), [])
        self.fill(rows=1, first=11)
        self.assertEqual(len(self.given("--from", "end", group="late")), len(UNITS))
        self.assertEqual(len(self.given("--from", "yesterday", group="all")), 3 * len(UNITS))
        self.assertEqual(self.given("--from", "now", group="now"), [])

    # ---- what is refused ----

    def test_a_line_that_is_not_the_next_one_stops_it_and_moves_nothing(self):
        self.fill(rows=3, units=UNITS[:1])
        for text in ("nonsense", "{0}", "{1}", "{9}", TOPIC + "/0@1x", ""):
            process = self.tail("--lang", "en", group="g" + str(abs(hash(text)) % 997))
            rows = [json.loads(process.stdout.readline()) for _ in range(3)]
            places = [r["place"] for r in rows]
            if text != "{0}":
                line = {"{1}": places[1], "{9}": places[0].rsplit("@", 1)[0] + "@9"}.get(text, text)
                out, err = process.communicate(line.encode() + b"\n")
                self.assertEqual(process.returncode, 2, err)
                self.assertIn(b"group.ack", err)
                self.assertIn(b"3 lines given, 0 acknowledged", err)
            else:
                process.stdin.write((places[0] + "\n" + places[0] + "\n").encode())
                process.stdin.close()
                self.assertEqual(process.wait(10), 2)
                self.assertIn(b"3 lines given, 1 acknowledged", process.stderr.read())

    def test_two_of_one_group_are_told_apart(self):
        self.fill(rows=1)
        first = self.tail("--follow")
        first.stdout.readline()
        got = self.site.call("tail", "--group", "warehouse", "--lang", "en")
        self.assertEqual((got.code, got.codes), (5, {"group.busy"}), got)
        self.assertIn(f"process {first.pid} ", got.err)
        first.kill()
        first.communicate()
        self.assertEqual(len(self.given()), len(UNITS))

    def test_what_is_not_for_consumers_is_refused(self):
        self.fill(rows=1)
        for topic in ("payroll", "to.bank-abc", "jincai.to.units", "claims", "out.notices.v2"):
            self.refused("group.topic", "--group", "x", "--topic", topic, exit_code=2)
        for words in (["--unit", "602001"], ["--day", "today"], ["--where", "event.unit = \"1\""], ["--all"], ["--to", "units"],
                      ["--commit-every", "0"], ["--commit-every", "1x"], ["--commit-every", "-1"]):
            self.refused("usage", "--group", "x", *words, exit_code=2)
        self.refused("group.name", "--group", "../x", exit_code=2)
        self.refused("usage", "--commit-every", "5", exit_code=2)
        self.assertFalse((self.site.root / "bus/groups").exists())
        self.site.write(SITE_FILE.replace("bus: ", "partitions: 3\nbus: "))
        self.refused("group.topic", "--group", "x", exit_code=2)

    @embedded_only
    def test_a_store_that_was_put_back_stops_it(self):
        self.fill(rows=1)
        store, copy = self.site.root / "bus/data.mdb", self.site.root / "copy.mdb"
        shutil.copy(store, copy)
        self.fill(rows=1, first=11)
        self.assertEqual(len(self.given()), 2 * len(UNITS))
        shutil.copy(copy, store)
        self.refused("group.beyond", "--group", "warehouse", exit_code=5)
        self.assertEqual(len(self.given(group="another")), len(UNITS))

    def test_topics_says_how_far_each_group_is(self):
        self.fill(rows=2)
        self.tail(stdin=subprocess.DEVNULL).communicate()
        self.given(group="archive")
        partly = self.tail(group="partly")
        partly.communicate(json.loads(partly.stdout.readline())["place"].encode() + b"\n")
        rows = [json.loads(line) for line in self.site.call("topics", "--json").out.splitlines()]
        out = next(r for r in rows if r["topic"] == TOPIC)
        self.assertEqual((out["events"], out["partitions"]), (2 * len(UNITS), 3))    # the lane that opened on each partition is none
        groups = out["groups"]
        self.assertEqual([(g["group"], g["events"]) for g in groups], [("archive", 0), ("partly", 2 * len(UNITS) - 1), ("warehouse", 2 * len(UNITS))])
        self.assertEqual([0 <= g["seconds"] < 600 for g in groups], [True] * 3)
        self.assertEqual([r["groups"] for r in rows if r["topic"] != TOPIC], [[]] * (len(rows) - 1))
        people = self.site.call("topics", "--lang", "en").out
        self.assertIn("  group archive: has read all\n", people)
        self.assertIn(f"  group warehouse: {2 * len(UNITS)} events not read", people)

    # ---- killed ----

    def test_killed_at_random_nothing_is_skipped_and_only_what_was_not_acknowledged_comes_again(self):
        seed = os.environ.get("JINCAI_SEED", "1")
        rng = random.Random(seed)
        self.fill(rows=150)
        there = self.all()
        counts = dict.fromkeys(("tail", "consumer", "both"), 0)
        repeated = lines = groups = 0
        kills = 0
        while kills < KILLS:
            group, before = f"g{groups}", {}
            told, ids = self.site.root / f"told{groups}", self.site.root / f"ids{groups}"
            groups += 1
            seen = set()
            while before != {p: rows[-1][0] + 1 for p, rows in there.items()}:
                who = rng.choice(list(counts)) if kills < KILLS else None
                begin = ids.read_bytes().count(b"\n") if ids.exists() else 0
                self.one_run(group, ids, told, who, begin + rng.choice((0, rng.randrange(60))), rng.uniform(0, 0.01))
                rows = [line.split() for line in ids.read_text(encoding="utf-8").splitlines()[begin:]] if ids.exists() else []
                after = self.stands(group) if (self.site.root / "bus/groups" / group / "position").exists() else {}
                said = set(told.read_text(encoding="utf-8").split()) if told.exists() else set()
                for p, events in there.items():
                    got = [(int(at.rsplit("@", 1)[1]), ident) for at, ident in rows if at.startswith(f"{TOPIC}/{p}@")]
                    want = [e for e in events if e[0] >= before.get(p, 0)]
                    self.assertEqual(got, want[:len(got)], f"seed {seed}, kill {kills}, {who}: not from where it stood")
                    self.assertGreaterEqual(after.get(p, 0), before.get(p, 0))
                    if after.get(p, 0) > before.get(p, 0):
                        self.assertIn(f"{TOPIC}/{p}@{after[p] - 1}", said, f"seed {seed}, kill {kills}, {who}: not acknowledged")
                repeated += sum(at in seen for at, _ in rows)
                lines += len(rows)
                seen.update(at for at, _ in rows)
                before = after
                if who:
                    kills += 1
                    counts[who] += 1
            self.assertEqual(sorted(seen), sorted(f"{TOPIC}/{p}@{o}" for p, events in there.items() for o, _ in events))
        print(f"seed {seed}: {kills} kills ({', '.join(f'{k} {n}' for k, n in counts.items())}): {lines} lines of "
              f"{groups * sum(len(e) for e in there.values())} events, 0 skipped, {repeated} again, each not acknowledged",
              file=sys.stderr)

    def one_run(self, group, ids, told, who, lines, after):
        """who: is killed so long after so many lines are done; None: nobody."""
        back, forth = os.pipe(), os.pipe()
        tail = self.tail(group=group, stdin=back[0], stdout=forth[1], stderr=subprocess.PIPE)
        consumer = subprocess.Popen([sys.executable, __file__, "--consume", ids, told], stdin=forth[0], stdout=back[1])
        for fd in (*back, *forth):
            os.close(fd)
        deadline = time.monotonic() + 60
        while tail.poll() is None and (not who or (ids.read_bytes().count(b"\n") if ids.exists() else 0) < lines):
            self.assertLess(time.monotonic(), deadline, "it does not end")
            time.sleep(0.002)
        time.sleep(after)
        for name, process in (("tail", tail), ("consumer", consumer)):
            if who in (name, "both"):
                process.kill()
        _, err = tail.communicate(timeout=20)
        consumer.wait(20)
        if who not in ("tail", "both"):
            self.assertEqual(tail.returncode, 0, err)


if __name__ == "__main__":
    if sys.argv[1] == "--consume":
        consume(*sys.argv[2:])
        sys.exit()
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("dump", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--kills", type=int, default=KILLS)
    options, rest = parser.parse_known_args()
    PROGRAM, DUMP, KILLS = options.program, options.dump, options.kills
    unittest.main(argv=sys.argv[:1] + rest)
