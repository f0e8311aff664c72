#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A site on Kafka, over several processes that share nothing of the bus but the cluster: each has a folder of its own, as on a
host of its own. And the verbs that look at the cluster.

    kafka_hosts_test.py JINCAI          with $JINCAI_KAFKA_FOLDER/address; 77: skipped, there is no broker
"""
import collections
import contextlib
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[i] / name) for i, name in ((0, ""), (1, "kafka"), (1, ""))]
import broker  # noqa: E402
import marks  # noqa: E402
from people import PRODUCTION, PeopleSite  # noqa: E402
from small_site import SITE_FILE, Site, payroll  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path("build/release/bin/jincai")
FOLDER = pathlib.Path(os.environ.get("JINCAI_KAFKA_FOLDER", "build/release/kafka"))
ADDRESS = ""
SECONDS = 90
LIBRARY = ("adapters/bank/pipe/batch.yaml",)


def on_kafka(text, prefix, host="a", **more):
    options = ", ".join(f"{k}: {v}" for k, v in {"folder": f"./host-{host}", "prefix": prefix, **more}.items())
    return text.replace("embedded:./bus", f"kafka:{ADDRESS}") + f"kafka: {{{options}}}\n"


class Process:
    """`jincai run FLOW...` of one host, and its log."""

    def __init__(self, site, host, *flows):
        self.log = site.root / f"log-{host}-{secrets.token_hex(2)}"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([site.program, "run", *flows, "-c", f"{host}.yaml", "--lang", "en"], cwd=site.root,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def text(self):
        return self.log.read_text(errors="replace")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


class KafkaHostsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.prefix = f"h{secrets.token_hex(4)}."
        self.running = contextlib.ExitStack()
        self.addCleanup(self.running.close)

    def site(self, kind=Site, text=SITE_FILE, **more):
        """Its file for each of three hosts; jincai.yaml is that of host a. Its name is its own, for transactional ids."""
        text = text.replace("name: yakeshi", f"name: {self.prefix[:-1]}")
        site = kind(self.root, PROGRAM, on_kafka(text, self.prefix, **more))
        for host in "abc":
            (self.root / f"{host}.yaml").write_text(on_kafka(text, self.prefix, host, **more), encoding="utf-8")
        return site

    def run_on(self, site, host, *flows):
        p = Process(site, host, *flows)
        self.running.callback(p.stop)
        return p

    def until(self, what, *processes):
        end = time.monotonic() + SECONDS
        while not what():
            for p in processes:
                self.assertIsNone(p.process.poll(), p.text())
            self.assertLess(time.monotonic(), end, "\n".join(p.text()[-3000:] for p in processes))
            time.sleep(0.1)

    def ends_well(self, *processes):
        for p in processes:
            self.assertEqual(p.stop(), 0, p.text()[-3000:])

    def open_transactions(self, seconds):
        """(id, when it began) of those of this site that the broker holds open all the time."""
        with broker.Cluster(FOLDER).judge() as judge:
            looks = []
            for wait in (0, seconds):
                time.sleep(wait)
                looks.append({(row[0], row[4]) for row in judge.transactions()
                              if row[0].startswith(self.prefix) and row[1] not in ("Empty", "CompleteCommit", "CompleteAbort")})
        return looks[0] & looks[1]

    # ---- several processes ----

    def test_three_hosts_share_a_site_and_wait_for_the_one_that_says_what_is_in_force(self):
        site = self.site()
        batch = site.drop(payroll(batch=1, rows=30))
        b, c = self.run_on(site, "b", "router"), self.run_on(site, "c", "payroll-a", "lambeth")
        self.until(lambda: "run.not_in_force" in b.text() and "run.not_in_force" in c.text(), b, c)
        self.assertTrue((site.payroll / batch.name).exists(), "it was taken before anything was in force")
        a = self.run_on(site, "a", "site", "bank-abc", "units")
        self.until(lambda: site.sent().total() == 30 and sum(site.unit_lines().values()) == 30, a, b, c)
        self.assertEqual(site.sent(), collections.Counter(batch.lines))
        # Each ran the flows that it was to run, and no other.
        self.assertIn("intake.batch", c.text())
        self.assertIn("deliver.handed", a.text())
        self.assertNotIn("intake.batch", a.text() + b.text())
        # Nothing is to do: a transaction that is open now and some seconds later is one in which somebody waits.
        self.assertEqual(self.open_transactions(3), set())
        # A verb on a fourth: what it has not seen it reads from the cluster.
        self.ends_well(b)
        shutil.rmtree(self.root / "host-b")
        r = site.call("balance", "-c", "b.yaml", "--lang", "en")
        self.assertEqual((r.code, r.out.strip().splitlines()[-1]), (0, "difference 0.00"), r)
        self.ends_well(a, c)

    def test_what_two_people_let_takes_effect_in_all_processes_when_each_has_ended_what_it_began(self):
        for name in LIBRARY:
            (self.root / "lib" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.root / "lib" / name)
        site = self.site(PeopleSite, PRODUCTION.replace("bus: ", "library: [./lib]\nbus: "))
        a = self.run_on(site, "a", "site", "bank-abc", "units")
        b, c = self.run_on(site, "b", "router"), self.run_on(site, "c", "payroll-a", "lambeth")
        self.until(lambda: (self.root / "host-c/spool").exists(), a, b, c)
        self.two_let(site, "live", "bank-abc")
        self.until(lambda: all("what=run.again" in p.text() for p in (a, b, c)), a, b, c)
        first = site.drop(payroll(batch=1, rows=20))
        self.until(lambda: site.sent().total() == 20, a, b, c)
        form = self.root / "lib" / LIBRARY[0]
        form.write_text(form.read_text(encoding="utf-8") + "# another edition\n", encoding="utf-8")
        edited = re.sub(r"df_", "dg_", form.read_text(encoding="utf-8"))
        form.write_text(edited, encoding="utf-8")
        self.ends_well(c)
        self.two_let(site, "adopt")
        # A flow that does not run holds it up: a person is told which.
        self.until(lambda: {"lambeth", "payroll-a"} <= self.waited_for(site), a, b)
        c = self.run_on(site, "c", "payroll-a", "lambeth")
        self.until(lambda: all("what=adopt.finish" in p.text() for p in (a, b, c)), a, b, c)
        self.until(lambda: "what=adopt.in_force" in a.text(), a, b, c)
        second = site.drop(payroll(batch=2, rows=20))
        self.until(lambda: list((self.root / "out/abc").glob("dg_*.txt.ok")), a, b, c)
        self.assertEqual(site.sent(), collections.Counter(first.lines))      # under the former names: the first alone
        self.assertEqual(len(second.lines), 20)
        for p in (a, b, c):
            self.assertNotIn("bus.fenced", p.text())
        # The keeper changed it when the last of the others had said that it is ready.
        self.ends_well(a, b, c)
        r = site.call("balance", "--lang", "en")
        self.assertEqual((r.code, r.out.strip().splitlines()[-1]), (0, "difference 0.00"), r)

    def waited_for(self, site):
        items = map(json.loads, site.call("todo", "--json").out.splitlines())
        return {i["subject"].partition(":")[2] for i in items if i["kind"] == "waits"}

    def two_let(self, site, *words):
        r = site.call(*words, "--reason", "for a test")
        self.assertIn(r.code, (0, 1), r)
        end = time.monotonic() + SECONDS
        while not site.proposed():
            self.assertLess(time.monotonic(), end, r)
            time.sleep(0.2)
        site.approve(site.proposed()[-1]["act"], run=False)

    # ---- what several hosts count ----

    def two_hosts(self):
        """Host b has the folder of payroll-b and no other; both have the same site file."""
        text = SITE_FILE.replace("name: yakeshi", f"name: {self.prefix[:-1]}").replace(
            "  lambeth:", "  payroll-b: {form: payroll/pipe, start: 2026-11-01, from: {file: {folder: ./in/payroll-b}}}\n  lambeth:")
        a, b = Site(self.root / "a", PROGRAM, text), Site(self.root / "b", PROGRAM, text)
        for site in (a, b):
            site.write(on_kafka(text, self.prefix, "x"))
        shutil.rmtree(b.root / "out")
        shutil.rmtree(b.root / "in")
        marks.folders(b.root, "in/payroll-b", marked=True)
        return a, b

    def merge(self, site, *files, code):
        r = site.call("balance", "--merge", *map(str, files), "--lang", "en")
        self.assertEqual(r.code, code, r)
        return r

    def test_what_two_hosts_count_is_added_up_and_what_does_not_belong_together_is_not(self):
        a, b = self.two_hosts()
        a.drop(payroll(batch=1, rows=9))
        b.drop(payroll(batch=2, rows=7), folder="in/payroll-b")
        first = Process(a, "jincai", "site", "payroll-a", "lambeth", "router", "bank-abc", "units")
        second = Process(b, "jincai", "payroll-b")
        for p in (first, second):
            self.running.callback(p.stop)
        self.until(lambda: a.sent().total() == 16 and a.unit_lines().total() == 16, first, second)
        self.ends_well(first, second)
        one, two = self.root / "one.json", self.root / "two.json"
        for site, file, flow in ((a, one, "payroll-a"), (b, two, "payroll-b")):
            r = site.call("balance", "--deep", "--json", "--lang", "en")
            self.assertEqual(r.code, 0, r)
            file.write_text(r.out)
            deep = json.loads(r.out)["deep"]
            self.assertEqual((deep["site"], bool(deep["cluster"]), len(deep["hosts"])), (self.prefix[:-1], True, 1))
            self.assertEqual({f["flow"] for f in deep["flows"] if f["files"]}, {flow})
            other = {"payroll-a": "payroll-b", "payroll-b": "payroll-a"}[flow]
            self.assertIn(f"{other}: its files are not on this host", r.err)
        r = self.merge(b, one, two, code=0)
        self.assertIn("difference 0.00", r.out)
        self.assertIn("0 terms differ", r.out)
        self.assertRegex(self.merge(a, one, code=1).out, "payroll-b was counted by nobody")
        self.assertIn("balance.same_host", self.merge(a, one, two, one, code=5).codes)
        self.assertIn("balance.report", self.merge(a, one, a.root / "jincai.yaml", code=2).codes)
        self.assertIn("file.missing", self.merge(a, one, a.root / "none", code=3).codes)
        for words in (["--merge"], [str(one)], ["--merge", "--deep", str(one)]):
            self.assertEqual(a.call("balance", *words).code, 2)
        # What was altered on one host alone is found in what both say.
        original = next((b.root / "in/payroll-b/.taken").glob("*.txt"))
        original.chmod(0o600)
        original.write_bytes(original.read_bytes().replace(b"|1\n", b"|2\n", 1))
        r = b.call("balance", "--deep", "--json", "--lang", "en")
        self.assertEqual(r.code, 1, r)
        two.write_text(r.out)
        self.assertIn("is no longer what was claimed", self.merge(a, one, two, code=1).out)
        merged = json.loads(a.call("balance", "--json", "--merge", str(one), str(two)).out)
        self.assertEqual((merged["wrong"], merged["deep"]["merged"], merged["deep"]["wrong"]), (0, True, 1))

    # ---- the cluster ----

    def test_topics_are_made_once_as_they_have_to_be(self):
        site = self.site()
        r = site.call("topics", "--lang", "en")
        self.assertEqual((r.code, r.out.count("missing")), (1, 11), r)
        r = site.call("check", "--live")
        self.assertIn("kafka.no_topic", r.codes)
        made = site.call("topics", "--create", "--lang", "en")
        self.assertEqual((made.code, len(made.out.split())), (0, 11), made)
        self.assertTrue(all(name.startswith(self.prefix + "jincai.") for name in made.out.split()), made)
        again = site.call("topics", "--create", "--lang", "en")
        self.assertEqual((again.code, again.out), (0, ""), again)
        r = site.call("topics", "--lang", "en")
        self.assertEqual((r.code, r.out.count("missing")), (0, 0), r)
        # Only what one broker with the settings of a test cannot have is left.
        r = site.call("check", "--live")
        self.assertLessEqual(r.codes, {"kafka.few", "kafka.expiration", "kafka.state_log"}, r)

    def test_another_number_of_partitions_is_refused_before_anything_is_made(self):
        site = self.site(text=SITE_FILE.replace("bus: ", "partitions: 2\nbus: "))
        self.assertEqual(site.call("topics", "--create").code, 0)
        site = self.site(text=SITE_FILE.replace("bus: ", "partitions: 3\nbus: ").replace("units:", "others:").replace("to: units", "to: others"))
        r = site.call("topics", "--create")
        self.assertEqual((r.code, r.codes), (3, {"kafka.partitions"}), r)
        r = site.call("topics", "--lang", "en")
        self.assertRegex(r.out, r"to\.others +missing")
        r = site.call("check", "--live")
        self.assertIn("kafka.partitions", r.codes)
        self.assertEqual(r.code, 3)
        r = site.run()
        self.assertEqual((r.code, "bus.partitions" in r.codes), (3, True), r)

    def test_a_retention_that_is_too_short_is_told(self):
        site = self.site(keep_days=10)
        self.assertEqual(site.call("topics", "--create").code, 0)
        site = self.site(keep_days=400)
        r = site.call("check", "--live", "--lang", "en")
        self.assertIn("kafka.retention", r.codes)
        self.assertIn("keeps records for 10 days, the site wants 400", r.err)

    def test_rights_are_printed_without_asking_the_cluster_and_say_no_secret(self):
        site = self.site()
        site.write((self.root / "jincai.yaml").read_text().replace(ADDRESS, "127.0.0.1:9"))
        r = site.call("topics", "--acls")
        self.assertEqual(r.code, 0, r)
        for flow in ("site", "replay", "router", "payroll-a", "lambeth", "bank-abc", "units"):
            self.assertIn(f"--transactional-id '{self.prefix}{self.prefix[:-1]}.{flow}'", r.out)
        self.assertEqual(subprocess.run(["sh", "-n"], input=r.out.encode()).returncode, 0)

    def test_a_store_on_this_host_lists_its_topics_and_knows_no_cluster(self):
        site = Site(self.root, PROGRAM)
        self.assertEqual(site.run().code, 0)
        r = site.call("topics")
        self.assertEqual(r.code, 0, r)
        self.assertIn("jincai.payroll", r.out)
        for words in (("topics", "--create"), ("topics", "--acls"), ("check", "--live")):
            r = site.call(*words)
            self.assertEqual((r.code, r.codes), (2, {"kafka.none"}), r)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
    address = FOLDER / "address"
    if not address.exists():
        print(f"skipped: no broker was started ({address})")
        sys.exit(1 if os.environ.get("JINCAI_KAFKA") == "require" else 77)
    ADDRESS = address.read_text().strip()
    unittest.main()
