#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A destination whose receivers are consumers outside: `to: {topic: {}}`.

    topic_test.py JINCAI DUMP_TOPIC [--count LIB --kills N]
"""
import argparse
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "consumers")]
import acts_help  # noqa: E402
import small_site  # noqa: E402
from lanes import Lanes  # noqa: E402
from reread_test import put_form  # noqa: E402
from small_site import ON_KAFKA, SITE_FILE, Site, embedded_only, large, payroll  # noqa: E402

PROGRAM, DUMP = None, None
TOPIC = "jincai.out.notices.v1"
NOTICES = SITE_FILE.replace("routes:\n", """\
  notices: {form: notice/paid, gather: batch, mode: live, to: {topic: {}}}
routes:
  - {types: [payroll.line.v1], to: notices}
""")
OFF = NOTICES.replace("notice/paid, gather: batch, mode: live", "notice/paid, gather: batch, mode: off")


def records(site, topic=TOPIC):
    """(partition, offset, key, event) of all that a consumer is given."""
    if ON_KAFKA:
        kafka = HERE.parent / "kafka"
        got = subprocess.run([sys.executable, kafka / "consume.py", os.environ["JINCAI_KAFKA_FOLDER"], site.prefix + topic],
                             capture_output=True, check=True)
        rows = [line.split(b"\t", 3) for line in got.stdout.splitlines()]
    else:
        said = re.search(r"^partitions: (\d+)", (site.root / "jincai.yaml").read_text(), re.MULTILINE)
        got = subprocess.run([DUMP, f"{site.root}/bus{':' + said[1] if said else ''}", topic], capture_output=True, check=True)
        rows = [line.split(b"\t", 4)[1:] for line in got.stdout.splitlines()]
    return [(int(p), int(o), key.decode(), json.loads(value)) for p, o, key, value in rows]


def events(site):
    """Those that are facts, each lane checked on the way: nothing is missing, nothing stands twice."""
    lanes, ret = Lanes(), []
    for partition, _, key, event in records(site):
        assert lanes.is_new(partition, event), event
        if not event["type"].startswith("jincai."):
            ret.append((key, event))
    return ret


def cents(batch):
    return sorted(line[2] for line in batch.lines)


def published(site):
    return sorted(round(float(event["data"]["amount"]) * 100) for _, event in events(site))


class TopicTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        if small_site.left_out(getattr(self, self._testMethodName)):
            self.skipTest("on the embedded bus alone")
        self.site = Site(self.folder.name, PROGRAM, NOTICES)

    # ---- what is published ----

    def test_the_event_is_masked_and_has_the_id_and_the_key_of_the_one_that_it_was_made_of(self):
        batch = self.site.drop(payroll(rows=3))
        ran = self.site.run()
        self.assertEqual(ran.code, 0, ran)
        got = events(self.site)
        self.assertEqual(published(self.site), cents(batch))
        for (key, event), (_, name, _, account) in zip(got, batch.lines):
            self.assertEqual(set(event), {"specversion", "id", "source", "type", "time", "partitionkey", "batchid", "unit",
                                          "businessdate", "data", "lane", "laneseq"})
            self.assertEqual((key, event["partitionkey"], event["type"], event["source"]),
                             ("602001", "602001", "notice.paid.v1", "/yakeshi/payroll-a"))
            self.assertTrue(event["id"].startswith("payroll.line:150782:602001:"), event)
            self.assertEqual(event["data"]["payee"], {"name": name[0] + "*" * (len(name) - 1),
                                                      "account": "*" * (len(account) - 4) + account[-4:]})
        text = json.dumps([event for _, event in got], ensure_ascii=False)
        for _, name, _, account in batch.lines:
            self.assertNotIn(name, text)
            self.assertNotIn(account, text)

    def test_it_adds_up_and_deep_counts_what_is_on_the_topic(self):
        self.site.drop(payroll(rows=4))
        self.site.run()
        balance = self.site.call("balance", "--deep", "--lang", "en")
        self.assertEqual(balance.code, 0, balance)
        self.assertRegex(balance.out, r"out notices +CNY\n +taken +4 .*\n +handed_over +4 ")
        self.assertIn("0 terms differ", balance.out)

    def test_of_a_batch_that_is_held_consumers_see_nothing_until_it_is_whole(self):
        # A character that the bank's charset lacks: dead for the bank, so nobody gets any of it.
        lacks = NOTICES.replace("form: bank/pipe", "form: bank/fixed")
        self.site.write(lacks)
        good, bad = (payroll(batch=n, rows=3, cells={i: {1: name} for i, name in enumerate(names)})
                     for n, names in ((1, ("王伟", "李敏", "张丽")), (2, ("王伟", "䶮䶮", "张丽"))))
        self.site.drop(good)
        self.site.drop(bad)
        self.site.run()
        self.assertIn("notices", [h["destination"] for h in self.site.held()])
        self.assertEqual(published(self.site), cents(good))
        self.site.write(NOTICES)
        letter = re.search(r"^(\S+) ", self.site.call("dead", "list").out, re.MULTILINE)[1]
        self.site.call("dead", "retry", letter, "--reason", "another form")
        self.site.run()
        self.assertEqual(published(self.site), sorted(cents(good) + cents(bad)))

    @embedded_only
    def test_by_partition_each_has_its_numbers_and_all_of_it_arrives_once(self):
        text = NOTICES.replace("gather: batch, mode: live, to: {topic", "gather: partition, mode: live, to: {topic").replace(
            "split: data.unit, gather: batch", "split: data.unit, gather: partition").replace(", payment.published.v1", "")
        text += "partitions: 4\nlibrary: [./library]\n"
        put_form(self.site, edits=[("release: batch", "release: record"), ("key: data.unit", "key: data.agent_no")])
        self.site.write(text)
        batches = [self.site.drop(payroll(batch=n, rows=30)) for n in (1, 2)]
        for _ in (1, 2):
            ran = self.site.run()
            self.assertEqual(ran.code, 0, ran)
            self.site.sent_is(*batches)
            self.assertEqual(published(self.site), sorted(cents(batches[0]) + cents(batches[1])))
        # Partition p of four has the numbers n with (n - 1) % 4 == p, and its ledger.
        self.assertEqual(sorted(p.name for p in (self.site.root / "out/units").glob("*/mx_*.csv")), [f"mx_{n:06}.csv" for n in range(1, 9)])
        for p in range(4):
            lines = (self.site.root / f"out/units/.staging/p{p}/.staging/ledger").read_text().splitlines()
            self.assertEqual([json.loads(line.rpartition(" ")[0])["no"] for line in lines], [p + 1, p + 5])
        balance = self.site.call("balance", "--deep", "--lang", "en")
        self.assertEqual(balance.code, 0, balance)
        self.assertIn("0 terms differ", balance.out)
        self.assertEqual(self.site.call("run", "units", "--part", "0/2").codes, {"bus.no_shares"})
        # The other way to gather would begin anew.
        for old in ("live, to: {topic", "live, to: {file: {folder: ./out/units"):
            self.site.write(text.replace("gather: partition, mode: " + old, "gather: batch, mode: " + old))
            ran = self.site.run()
            self.assertEqual((ran.code, "gather.other" in ran.codes), (3, True), ran)
        self.site.write(text.replace("form: bank/pipe, gather: batch", "form: bank/pipe, gather: partition"))
        self.assertIn("site.gather_money", self.site.call("check").codes)
        self.site.sent_is(*batches)

    @embedded_only
    def test_who_gathered_whole_batches_does_not_begin_anew_by_partition(self):
        put_form(self.site, edits=[("release: batch", "release: record")])
        text = NOTICES.replace(", payment.published.v1", "") + "library: [./library]\n"
        self.site.write(text)
        batch = self.site.drop(payroll(rows=3))
        self.site.run()
        self.site.write(text.replace("split: data.unit, gather: batch", "split: data.unit, gather: partition"))
        ran = self.site.run()
        self.assertEqual((ran.code, "gather.other" in ran.codes), (3, True), ran)
        self.site.sent_is(batch)

    def test_the_same_again_is_published_once(self):
        self.site.drop(payroll(rows=3))
        self.site.run()
        self.site.drop(payroll(rows=3))
        self.site.run()
        self.assertEqual(len(events(self.site)), 3)

    def test_off_nothing_is_published_and_later_all_of_it_is(self):
        self.site.write(OFF)
        batch = self.site.drop(payroll(rows=3))
        self.site.run()
        self.site.write(NOTICES)
        self.site.run()
        self.assertEqual(published(self.site), cents(batch))

    def test_a_batch_that_was_published_is_not_given_back(self):
        self.site.drop(payroll(rows=2))
        self.site.run()
        claim = next(e["batchid"] for _, e in events(self.site))
        got = self.site.call("held", "return", claim, "--reason", "too late")
        self.site.run()
        self.assertNotEqual(got.code, 0, got)
        self.assertEqual(len(events(self.site)), 2)

    def test_a_batch_of_many_commits_goes_on_where_it_was_stopped(self):
        rows = 30000 if ON_KAFKA else 16000
        batch = self.site.drop(large(rows))
        rng = random.Random(os.environ.get("JINCAI_SEED", "1"))
        for kill in range(3):
            process = self.site.start("run", "--until-idle")
            time.sleep(rng.uniform(0.1, 0.6 + 0.4 * kill))
            process.send_signal(signal.SIGKILL)
            process.communicate()
        ran = self.site.call("run", "--until-idle", *(["--take-over"] if ON_KAFKA else []), timeout=120)
        self.assertEqual(ran.code, 0, ran)
        got = events(self.site)
        self.assertEqual(len({e["id"] for _, e in got}), rows)
        self.assertEqual(published(self.site), cents(batch))

    @embedded_only
    def test_killed_behind_any_durable_step_each_line_is_there_once(self):
        if not acts_help.options.count:
            self.skipTest("nothing counts steps")
        batch = payroll(rows=12)

        def make(folder):
            site = Site(folder, PROGRAM, OFF)
            site.drop(batch)
            site.run()
            site.write(NOTICES)
            return site

        acts_help.killed_everywhere(pathlib.Path(self.folder.name) / "kills", make,
                                    lambda site: self.assertEqual(published(site), cents(batch)))

    # ---- what check refuses ----

    def refused(self, code, text):
        got = self.site.write(text) or self.site.call("check", "--lang", "en")
        self.assertNotEqual(got.code, 0, got)
        self.assertIn(f"[{code}]", got.err)

    def own(self, *edits, schema=()):
        """The form of the demo's notices and its schema, changed, in a library of the site."""
        root = HERE.parents[1]
        for path, changes, to in (("adapters/notice/paid/events.yaml", edits, "adapters/own/paid/events.yaml"),
                                  ("schemas/notice/notice.paid.v1.json", schema, "schemas/notice/notice.paid.v1.json")):
            text = (root / path).read_text(encoding="utf-8")
            for old, new in changes:
                self.assertIn(old, text)
                text = text.replace(old, new)
            target = self.site.root / "lib" / to
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        return NOTICES.replace("form: notice/paid", "form: own/paid").replace("bus: ", "library: [./lib]\nbus: ", 1)

    def test_check_refuses_what_cannot_go_to_a_topic(self):
        there = "notices: {form: notice/paid, gather: batch, mode: live, to: {topic: {}}}"
        self.assertIn(there, NOTICES)
        for code, line in (
                ("site.topic_form", "notices: {form: region/rows, gather: batch, mode: live, to: {topic: {}}}"),
                ("site.topic_mode", there.replace("live", "shadow")),
                ("site.topic_split", there.replace("gather", "split: data.unit, gather")),
                ("site.topic_name", there.replace("{topic: {}}", "{topic: {name: No.1}}")),
                ("site.topic_twice", there + "\n  second: " + there[9:].replace("{topic: {}}", "{topic: {name: notices}}")),
                ("conf.unknown_key", there.replace("{topic: {}}", "{topic: {folder: ./out}}"))):
            with self.subTest(code):
                self.refused(code, NOTICES.replace(there, line))

    def test_check_refuses_a_form_that_consumers_could_not_rely_on(self):
        masked = "{from: data.payee.account, name: payee.account}"
        for code, edits, schema in (
                ("form.published", [("absent: omit", "absent: blank")], []),
                ("form.published", [("form: out", "form: out\nmoney: yes")], []),
                ("form.published", [("form: out", "form: out\nhead: [parcel.no]")], []),
                ("form.version", [("notice.paid.v1", "notice.paid.last")], [("notice.paid.v1", "notice.paid.last")]),
                ("form.no_schema", [("notice.paid.v1", "notice.paid.v9")], []),
                ("form.reveal", [(masked, masked[:-1] + ", reveal: yes}")], []),
                ("form.reveal", [], [('0015"],\n\t\t\t\t\t"x-sensitivity": "none"', '0015"],\n\t\t\t\t\t"x-sensitivity": "account"')]),
                ("map.field", [("name: payee.account", "name: payee.acount")], []),
                ("map.required", [("    - data.businessdate\n", "")], []),
                ("map.rule", [("{from: data.net, name: amount}", "{from: data.net, as: fen, name: amount}")], []),
                ("map.rule", [("- data.businessdate", "- {from: data.businessdate, as: yyyyMMdd}")], [])):
            with self.subTest(code=code, edits=edits):
                text = self.own(*edits, schema=schema)
                if code == "form.version":
                    old = self.site.root / "lib/schemas/notice/notice.paid.v1.json"
                    old.rename(old.with_name("notice.paid.last.json"))
                self.refused(code, text)

    def test_what_both_form_and_schema_call_open_goes_out_as_it_is(self):
        text = self.own(("{from: data.payee.account, name: payee.account}", "{from: data.payee.account, reveal: yes, name: payee.account}"),
                        schema=[('0015"],\n\t\t\t\t\t"x-sensitivity": "none"', '0015"],\n\t\t\t\t\t"x-sensitivity": "account"')])
        self.site.write(text)
        batch = self.site.drop(payroll(rows=2))
        ran = self.site.run()
        self.assertEqual(ran.code, 0, ran)
        self.assertEqual([e["data"]["payee"]["account"] for _, e in events(self.site)], [line[3] for line in batch.lines])

    def test_what_was_shaped_for_a_file_is_not_published(self):
        text = self.own(("event: notice.paid.v1\n", ""))
        file = text.replace("mode: live, to: {topic: {}}", "mode: off, to: {file: {folder: ./out/notices}}")
        self.assertNotEqual(file, text)
        (self.site.root / "out/notices").mkdir()
        (self.site.root / "out/notices/.jincai-test").touch()
        self.site.write(file)
        batch = self.site.drop(payroll(rows=3))
        ran = self.site.run()
        self.assertEqual(ran.code, 0, ran)
        self.own()
        self.site.write(text)
        self.site.run()
        self.assertEqual([h["destination"] for h in self.site.held() if "gather.form" in json.dumps(h)], ["notices"], self.site.held())
        self.assertEqual(events(self.site), [])
        later = self.site.drop(payroll(batch=2, rows=2))
        self.site.run()
        self.assertEqual(published(self.site), cents(later))
        for _, name, _, account in batch.lines:
            self.assertNotIn(name, json.dumps([r[3] for r in records(self.site)], ensure_ascii=False))

    def test_reveal_is_for_consumers_alone(self):
        root = self.site.root / "lib/adapters/bank/own"
        root.mkdir(parents=True)
        text = (HERE.parents[1] / "adapters/bank/pipe/batch.yaml").read_text(encoding="utf-8")
        self.assertIn("    - data.payee.account\n", text)
        (root / "batch.yaml").write_text(text.replace("    - data.payee.account\n",
                                                      "    - {from: data.payee.account, reveal: yes}\n"), encoding="utf-8")
        self.refused("map.rule", NOTICES.replace("form: bank/pipe", "form: bank/own").replace("bus: ", "library: [./lib]\nbus: ", 1))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("dump", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--count")
    parser.add_argument("--kills", type=int, default=0)
    acts_help.options, rest = parser.parse_known_args()
    acts_help.options.count = acts_help.options.count and str(pathlib.Path(acts_help.options.count).resolve())
    PROGRAM, DUMP = acts_help.options.program, acts_help.options.dump
    unittest.main(argv=sys.argv[:1] + rest)
