#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`jincai check`: what it refuses, what it only remarks on, and how it says so.

    check_test.py JINCAI
"""
import pathlib
import re
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from small_site import FOLDERS, SITE_FILE as TEST, Site  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path("build/release/bin/jincai")
SITE_FILE = TEST.replace(" kind: test,", "")        # these are the rules of production


def findings(said):
    """(line, severity, code) of each finding, in the order in which they stand."""
    return [(int(line), severity, code) for line, severity, code in
            re.findall(r"^jincai: \S*\.yaml:(\d+):\d+: (\w+): .* \[([a-z_.]+)\]$", said, re.MULTILINE)]


class CheckTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.site = Site(folder.name, PROGRAM, SITE_FILE)

    def check(self, text=None, lang="en"):
        if text:
            self.site.write(text)
        return self.site.call("check", "--lang", lang)

    def mark(self, *folders):
        for folder in folders:
            (self.site.root / folder / ".jincai-test").touch()

    def own_form(self, system, *edits):
        """The payroll form, changed, as SYSTEM/own in a library of the site."""
        text = (ROOT / "adapters/payroll/pipe/batch.yaml").read_text(encoding="utf-8")
        for old, new in edits:
            self.assertIn(old, text)
            text = text.replace(old, new, 1)
        folder = self.site.root / "lib/adapters" / system / "own"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "batch.yaml").write_text(text, encoding="utf-8")
        return SITE_FILE.replace("form: payroll/pipe", f"form: {system}/own").replace("bus: ", "library: [./lib]\nbus: ")

    # ---- test and production ----

    def test_a_production_site_refuses_each_folder_that_is_for_tests(self):
        for folder in FOLDERS:
            self.mark(folder)
            got = self.check()
            with self.subTest(folder):
                self.assertEqual((got.code, [f[1:] for f in findings(got.err)]), (5, [("refused", "site.test_folder")]), got)
                self.assertIn(f"{folder} is for tests", got.err)
            (self.site.root / folder / ".jincai-test").unlink()
        self.assertEqual(self.check().code, 0)

    def test_a_test_site_refuses_each_folder_that_may_be_a_real_one(self):
        got = self.check(TEST)
        self.assertEqual((got.code, [f[2] for f in findings(got.err)]), (5, ["site.real_folder"] * len(FOLDERS)), got)
        self.mark(*FOLDERS)
        got = self.check()
        self.assertEqual(got.code, 0, got)
        self.assertIn("test site yakeshi is fine", got.err)

    def test_folders_among_the_cases_of_forms_are_samples(self):
        self.own_form("payroll")
        samples = self.site.root / "lib/adapters/payroll/own/cases"
        samples.mkdir()
        got = self.check(SITE_FILE.replace("./in/payroll", "./lib/adapters/payroll/own/cases")
                         .replace("bus: ", "library: [./lib]\nbus: "))
        self.assertEqual((got.code, [f[2] for f in findings(got.err)]), (5, ["site.samples"]), got)

    def test_a_key_that_is_not_random_is_for_tests_alone(self):
        (self.site.root / "keys/identity.key").write_bytes(bytes(32))
        got = self.check()
        self.assertEqual((got.code, [f[2] for f in findings(got.err)]), (5, ["site.weak_key"]), got)
        self.mark(*FOLDERS)
        self.assertEqual(self.check(TEST).code, 0)

    def test_a_kind_that_is_none_is_named_with_those_that_are(self):
        got = self.check(SITE_FILE.replace("{name: yakeshi,", "{name: yakeshi, kind: tset,"))
        self.assertEqual((got.code, [f[2] for f in findings(got.err)]), (3, ["conf.choice"]), got)
        self.assertIn("the nearest is: test", got.err)

    # ---- what is refused by a rule ----

    def test_a_destination_without_a_mode_is_refused(self):
        got = self.check(SITE_FILE.replace(" mode: live,", "", 1))
        self.assertEqual((got.code, [f[1:] for f in findings(got.err)]), (5, [("refused", "site.no_mode")]), got)

    def test_an_instruction_without_natural_key_start_or_release_is_refused(self):
        text = self.own_form("payroll", ("release: batch\n", ""), ("identity: {document: [site.division, head.unit, file.month, "
                             "file.batch, {keyed: line.id_no}, line.occurrence]}\ncontent: [line.name, line.account, line.net]\n",
                             "identity: {record: number}\n"))
        got = self.check(text.replace("start: 2026-11-01, ", ""))
        self.assertEqual(got.code, 5, got)
        self.assertEqual(sorted(f[1:] for f in findings(got.err) if f[2] != "site.no_start"),
                         [("refused", "form.no_key"), ("refused", "form.no_release")])
        got = self.check(SITE_FILE.replace("start: 2026-11-01, ", ""))
        self.assertEqual((got.code, [f[1:] for f in findings(got.err)]), (5, [("refused", "site.no_start")]), got)

    def test_what_is_personal_stands_in_no_id_no_key_and_no_name_of_a_folder(self):
        for old, new, want in (
                ("{keyed: line.id_no}", "line.id_no", "form.personal"),
                ("origin.unit: head.unit", "origin.unit: {from: data.payee.name}", None),
                ("key: data.unit", "key: data.payee.account", "form.personal_key"),
                ("key: data.unit", "key: line.account", "form.personal_key")):
            got = self.check(self.own_form("payroll", (old, new)))
            with self.subTest(new):
                self.assertEqual([f[1:] for f in findings(got.err)], [("refused", want)] if want else [], got)
        got = self.check(SITE_FILE.replace("split: data.unit", "split: data.payee.name").replace(", payment.published.v1", ""))
        self.assertIn((11, "refused", "site.split_personal"), findings(got.err), got)

    def test_a_destination_is_not_split_by_what_a_form_never_fills(self):
        got = self.check(SITE_FILE.replace("form: payment/lambeth", "form: nontax/pay")
                         .replace("payment.published.v1", "nontax.payment.confirmed.v1"))
        self.assertEqual([f[1:] for f in findings(got.err)], [("error", "site.split_never")], got)
        self.assertIn("nontax/pay", got.err)

    def test_what_is_personal_is_found_behind_a_rule_that_reads_another(self):
        got = self.check(self.own_form("payroll", ("origin.unit: head.unit", "origin.unit: {from: data.payee.name}"),
                                       ("key: data.unit", "key: data.origin.unit")))
        self.assertEqual([f[2] for f in findings(got.err)], ["form.personal_key"], got)

    def test_a_report_towards_money_is_refused(self):
        got = self.check(SITE_FILE.replace("[payroll.line.v1], when: 'data.payee.bank starts \"103\"'", "[payment.published.v1]"))
        self.assertIn(("refused", "site.report_to_money"), [f[1:] for f in findings(got.err)], got)

    def test_a_second_adapter_that_only_reports_what_another_orders_is_refused_too(self):
        text = self.own_form("payroll", ("nature: instruction", "nature: report"), ("release: batch", "release: record"))
        got = self.check(text.replace("adapters:\n", "adapters:\n  again: {form: payroll/pipe, start: 2026-11-01, "
                                      "from: {file: {folder: ./in/lambeth}}}\n").replace("  lambeth:", "  #"))
        self.assertIn(("refused", "site.report_to_money"), [f[1:] for f in findings(got.err)], got)

    def test_only_what_nobody_has_to_see_whole_is_gathered_by_partition(self):
        units, bank = "split: data.unit, gather: ", "form: bank/pipe, gather: "
        for text, want in (
                (SITE_FILE.replace(units + "batch", units + "partition"), ["site.gather_whole", "site.gather_whole"]),
                (SITE_FILE.replace(bank + "batch", bank + "partition"), ["site.gather_money", "site.gather_whole"]),
                (self.own_form("payroll", ("release: batch", "release: record")).replace(units + "batch", units + "partition").replace(
                    ", payment.published.v1", ""), []),
                (SITE_FILE.replace(units + "batch", units + "partition, shares: 2").replace("payroll.line.v1, payment.published.v1",
                                                                                           "payroll.line.v1"), ["shares.many", "site.gather_whole"]),
                (SITE_FILE.replace(units + "batch", units + "batch, shares: 1"), None)):
            got = self.check(text)
            with self.subTest(text):
                codes = sorted(f[2] for f in findings(got.err) if f[1] != "note")
                self.assertEqual(codes, want if want is not None else codes, got)
                self.assertEqual(got.code == 0, want == [], got)

    def test_a_folder_used_twice_is_named_where_it_stands_the_second_time(self):
        for old, new, line in (("./in/lambeth", "./in/payroll", 5), ("./out/units", "./out/abc", 8),
                               ("./out/units", "./in/payroll", 8)):
            got = self.check(SITE_FILE.replace(old, new))
            with self.subTest(new):
                self.assertEqual((got.code, findings(got.err)), (3, [(line, "error", "site.twice")]), got)

    # ---- what is only remarked on ----

    def test_a_destination_without_a_route_and_a_type_without_one_are_notes(self):
        got = self.check(SITE_FILE[:SITE_FILE.index("routes:")] +
                         "routes:\n  - {types: [payment.published.v1], to: units}\n")
        self.assertEqual((got.code, findings(got.err)), (0, [(4, "note", "site.unrouted"), (7, "note", "site.unreached")]), got)
        self.assertIn("each of these instructions will be a dead letter", got.err)
        self.assertIn("2 notes", got.err)
        self.assertNotIn("note:", self.site.call("held", "list", "--lang", "en").err)

    # ---- how it is said ----

    def test_all_is_said_in_one_run_in_order_with_severity_place_caret_remedy_and_nearest_name(self):
        text = self.own_form("payroll", ("key: data.unit", "key: line.account"), ("from: line.net", "from: line.nett"))
        text = text.replace(" mode: live,", "", 1).replace("to: bank-abc}", "to: bank-abd}").replace("site: {", "site: {kidn: test, ")
        for lang, words in (("en", ("refused: ", "error: ", "did you mean")), ("zh", ("拒绝：", "错误：", "是不是"))):
            got = self.check(text, lang)
            self.assertEqual(got.code, 5, got)       # that of the first
            for code in ("form.personal_key", "map.path", "site.no_mode", "site.nowhere", "conf.unknown_key"):
                self.assertIn(f"[{code}]", got.err)
            for word in words:
                self.assertIn(word, got.err)
            self.assertEqual(len(re.findall(r"^ +\| +\^$", got.err, re.MULTILINE)), 5, got)
            self.assertEqual(len(re.findall("^    → ", got.err, re.MULTILINE)), 5, got)
            places = [(file, int(line)) for file, line in re.findall(r"^jincai: (\S+?):(\d+):\d+: ", got.err, re.MULTILINE)]
            self.assertEqual(places, sorted(places))

    def test_a_form_that_two_adapters_use_says_what_is_wrong_once(self):
        text = self.own_form("payroll", ("key: data.unit", "key: line.account"))
        (self.site.root / "in/second").mkdir()
        text = text.replace("  lambeth: ", "  second: {form: payroll/own, start: 2026-11-01, from: {file: {folder: ./in/second}}}\n"
                                           "  lambeth: ")
        got = self.check(text)
        self.assertEqual([f[2] for f in findings(got.err)], ["form.personal_key"], got)
        self.assertIn("1 findings", got.err)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
