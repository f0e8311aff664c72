#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The chain over what people decided: an untouched store verifies, and each way to change it is found.

    audit_test.py JINCAI TAMPER

TAMPER is tests/e2e/tamper.c: it writes into the store with all of the store's own checks right.
"""
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from people import COMPARING, PeopleSite  # noqa: E402
from small_site import SITE_FILE, Site, payroll  # noqa: E402

PROGRAM = TAMPER = None
AUDIT = "audit: {anchor: ./anchor/jincai}\n"
ROUNDS = 4
ZEROS = "0" * 64


def acts(site, first=1):
    """Files that do not prove, each given back: two flows come to write, the adapter and the keeper."""
    for number in range(first, first + ROUNDS):
        site.drop(payroll(batch=number, rows=2, head={7: "1.00"}))
        site.run()
        for row in site.held():
            site.call("held", "return", row["batch"], "--reason", f"reason {number}")
        r = site.run()
        assert not r.codes & {"audit.not_anchored"}, r


class AuditTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="audit_test_")
        cls.made = pathlib.Path(cls.folder.name) / "made"
        site = Site(cls.made, PROGRAM, SITE_FILE + AUDIT)
        (cls.made / "anchor").mkdir()
        acts(site)
        cls.records = [line.split() for line in cls.tamper(site, "list").splitlines()]

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @staticmethod
    def tamper(site, *args):
        env = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}         # it ends at once, and frees nothing
        return subprocess.run([TAMPER, site.root / "bus", *map(str, args)], check=True, capture_output=True, text=True,
                              env=env).stdout

    def setUp(self):
        root = pathlib.Path(self.folder.name) / self.id().rsplit(".", 1)[1]
        shutil.copytree(self.made, root)
        self.site = Site(root, PROGRAM, SITE_FILE + AUDIT)
        self.addCleanup(shutil.rmtree, root)
        self.mine = [int(at) for at, kind, source in self.records if source == "payroll-a" and kind.startswith("jincai.act")]
        self.assertGreaterEqual(len(self.mine), ROUNDS)

    def verify(self, *want, codes=None):
        """Which findings there are; each of want among them."""
        r = self.site.call("audit", "verify", "--json")
        got = [json.loads(line)["code"] for line in r.out.splitlines()]
        self.assertEqual(r.code, 6 if got else 0, r)
        self.assertTrue(set(want) <= set(got), r)
        if not want:
            self.assertEqual(got, [], r)
        return r

    def test_an_untouched_store_verifies(self):
        r = self.verify()
        self.assertRegex(r.err, r"\d+ records of [2-9] writers, 0 things")
        self.assertRegex(r.err, r"anchor .*/anchor/jincai, \d+ lines")
        acts(self.site, first=20)
        self.verify()
        self.assertIn("audit: {anchor: PATH}", self.without_anchor().err)

    def without_anchor(self):
        self.site.write(SITE_FILE)
        return self.site.call("audit", "verify", "--lang", "en")

    def test_an_edit_is_found(self):
        self.tamper(self.site, "edit", self.mine[1], "reason 2", "reason 9")
        self.verify("audit.edited")

    def test_an_edit_of_the_last_record_is_found(self):
        self.tamper(self.site, "edit", self.mine[-1], "reason 4", "reason 9")
        self.verify("audit.edited")

    def test_an_edit_with_a_chain_value_of_its_own_is_found_behind_it(self):
        """Who computes the value of the edited record anew breaks the next one."""
        self.tamper(self.site, "edit", self.mine[1], "reason 2", "reason 9")
        self.tamper(self.site, "rechain", self.mine[1])
        r = self.without_anchor()
        self.assertIn(f"record 3 of payroll-a (jincai.acts/0@{self.mine[2]})", r.out)
        self.assertEqual(len(r.out.splitlines()), 2, r)

    def test_a_record_that_is_none_is_found(self):
        self.tamper(self.site, "edit", self.mine[0], '"specversion"', '"spec"')
        self.verify("audit.unreadable")

    def test_a_deletion_is_found(self):
        self.tamper(self.site, "delete", self.mine[1])
        self.verify("audit.hole", "audit.missing")

    def test_a_deletion_that_leaves_no_hole_is_found(self):
        self.tamper(self.site, "close", self.mine[1])
        self.verify("audit.missing")

    def test_an_insertion_is_found(self):
        self.tamper(self.site, "insert", self.mine[2], self.mine[0])
        self.verify("audit.order")

    def test_an_insertion_at_the_end_is_found(self):
        self.tamper(self.site, "insert", int(self.records[-1][0]) + 1, self.mine[0])
        self.verify("audit.order")

    def test_a_reorder_is_found(self):
        self.tamper(self.site, "swap", self.mine[1], self.mine[2])
        self.verify("audit.order", "audit.missing")

    def test_a_reorder_of_two_writers_is_found(self):
        other = [int(at) for at, kind, source in self.records if source != "payroll-a" and kind.startswith("jincai.act")]
        self.assertTrue(other)
        self.tamper(self.site, "swap", other[0], self.mine[-1])
        self.verify("audit.missing")

    def test_records_of_two_writers_that_change_places_alone_are_found(self):
        """No chain breaks: what each record says of how many stood before it does."""
        kinds = [(int(at), source) for at, kind, source in self.records if kind.startswith("jincai.act")]
        pairs = [(a, b) for (a, x), (b, y) in zip(kinds, kinds[1:]) if x != y]
        self.assertTrue(pairs, self.records)
        self.tamper(self.site, "swap", *pairs[0])
        self.verify("audit.order")

    def test_a_truncation_is_found(self):
        self.tamper(self.site, "truncate", self.mine[-1])
        self.verify("audit.position", "audit.gone")
        self.assertIn("audit.position", self.without_anchor().err + self.without_anchor().out)

    def test_a_truncation_with_its_position_is_found_by_the_anchor(self):
        self.tamper(self.site, "truncate", self.mine[-1])
        self.tamper(self.site, "rechain")
        r = self.without_anchor()
        self.assertEqual(r.code, 0, r)
        self.site.write(SITE_FILE + AUDIT)
        self.verify("audit.gone")

    def test_a_chain_that_was_computed_anew_is_found_by_the_anchor(self):
        self.tamper(self.site, "edit", self.mine[1], "reason 2", "reason 9")
        self.tamper(self.site, "rechain")
        r = self.without_anchor()
        self.assertEqual((r.code, r.out), (0, ""), r)
        self.site.write(SITE_FILE + AUDIT)
        self.verify("audit.anchor")

    def test_running_on_does_not_cover_a_chain_that_was_computed_anew(self):
        self.tamper(self.site, "edit", self.mine[1], "reason 2", "reason 9")
        self.tamper(self.site, "rechain")
        r = self.site.run()
        self.assertIn("what=audit.differs", r.err)
        acts(self.site, first=30)
        self.verify("audit.anchor")

    def test_another_position_is_found(self):
        self.tamper(self.site, "position", "payroll-a/acts", f'"n":{len(self.mine)}', '"n":1')
        self.verify("audit.position")

    def test_an_anchor_that_was_changed_or_is_gone_is_found(self):
        anchor = self.site.root / "anchor/jincai"
        text = anchor.read_text()
        anchor.write_text(text + "2026-12-01T08:00:00.123Z payroll-a 1\n")
        self.verify("audit.anchor_line")
        anchor.write_text("".join(text.splitlines(keepends=True)[:-1]))
        self.verify("audit.not_anchored")
        anchor.unlink()
        self.verify("audit.no_anchor")
        self.site.run()
        self.verify()                                       # begun anew: nothing is older than it

    def test_half_a_line_of_the_anchor_takes_no_other_line_along(self):
        anchor = self.site.root / "anchor/jincai"
        whole = anchor.read_text().splitlines(True)
        half = whole[-1][:60]
        anchor.write_text("".join(whole[:-1]) + half)
        acts(self.site, first=50)
        line = re.compile(r"\S+ \S+ [0-9]+ sha256 [0-9a-f]{64}")
        self.assertEqual([x for x in anchor.read_text().splitlines() if not line.fullmatch(x)], [half])
        self.verify("audit.anchor_line")

    def test_the_anchor_is_ours_alone_and_cannot_lie_in_the_bus(self):
        self.assertEqual((self.site.root / "anchor/jincai").stat().st_mode & 0o777, 0o600)
        self.site.write(SITE_FILE + "audit: {anchor: ./bus/anchor}\n")
        r = self.site.call("check")
        self.assertEqual((r.code, r.codes), (5, {"site.anchor"}))
        self.site.write(SITE_FILE + "audit: {anchor: ./nowhere/anchor}\n")
        r = self.site.run()
        self.assertEqual((r.code, r.codes), (3, {"file.missing"}), r)

    def test_sm3_by_setting_also_in_the_middle_of_a_chain(self):
        self.site.write(SITE_FILE + AUDIT.replace("{", "{hash: sm3, "))
        acts(self.site, first=40)
        self.verify()
        self.assertIn(" sm3 ", (self.site.root / "anchor/jincai").read_text())
        self.records = [line.split() for line in self.tamper(self.site, "list").splitlines()]
        last = [int(at) for at, kind, source in self.records if source == "payroll-a" and kind.startswith("jincai.act")][-1]
        self.tamper(self.site, "edit", last, "reason 43", "reason 49")
        self.verify("audit.edited")

    def test_an_export_can_be_verified_without_the_program(self):
        """By the words of bus/audit.h alone."""
        file = self.site.root / "export.jsonl"
        r = self.site.call("audit", "export", "export.jsonl")
        self.assertEqual(r.code, 0, r)
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        before, n = {}, 0
        for line in file.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)["record"]
            if record["type"] == "jincai.lane.opened":
                continue
            text = re.search(r'"record":(.*),"chain":"[0-9a-f]{64}"\}', line).group(1)
            chain = hashlib.sha256((before.get(record["source"], ZEROS) + text).encode()).hexdigest()
            self.assertEqual(chain, record["data"]["chain"])
            before[record["source"]] = chain
            n += 1
        self.assertGreater(n, ROUNDS)
        r = self.site.call("audit", "export", "export.jsonl")
        self.assertEqual((r.code, r.codes), (3, {"file.exists"}))


class PeopleAuditTest(unittest.TestCase):
    def test_what_was_proposed_and_signed_stands_in_the_chain_and_cannot_be_forged(self):
        with tempfile.TemporaryDirectory(prefix="audit_test_") as folder:
            site = PeopleSite(pathlib.Path(folder) / "site", PROGRAM, COMPARING)
            site.run()
            site.hand_in("bank-abc", "stop", "bank-abc")
            act = site.hand_in("bank-abc", "resume", "bank-abc")
            site.run()
            site.approve(act)
            self.assertEqual(site.outcomes()[act][0], "done")
            r = site.call("audit", "verify")
            self.assertEqual((r.code, r.out), (0, ""), r)
            records = [line.split() for line in AuditTest.tamper(site, "list").splitlines()]
            signed = [int(at) for at, kind, _ in records if kind == "jincai.act.approved"]
            self.assertEqual(len(signed), 2, records)
            AuditTest.tamper(site, "edit", signed[1], '"name":"zhang"', '"name":"wang"')
            r = site.call("audit", "verify", "--json")
            self.assertEqual((r.code, json.loads(r.out.splitlines()[0])["code"]), (6, "audit.edited"), r)


if __name__ == "__main__":
    TAMPER = str(pathlib.Path(sys.argv.pop(2)).resolve())
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
