#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`jincai try --explain N`: what it shows of a record, and what it never shows.

    explain_test.py JINCAI
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path("build/release/bin/jincai")
PAYROLL = "gz_202612_001.txt"
HEAD = "H|GZ0001|20261205|602001|103|01|2|3.00"
GOOD = "0001|王珅琦|1.00|620100|602001|01|110105194912310021|1"
ACCOUNT, ID, NAME = GOOD.split("|")[3], GOOD.split("|")[6], GOOD.split("|")[1]


def jincai(*args):
    return subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, timeout=60)


def explain(file, form, number, *more):
    return jincai("try", file, "--form", form, "--explain", number, "--lang", "en", *more)


def personal(value, key=""):
    """Accounts and numbers of persons in an event, and names of payees."""
    if isinstance(value, dict):
        for name, inside in value.items():
            yield from personal(inside, f"{key}.{name}")
    elif re.search(r"payee\.account$|payer\.account$|\.id_no$|\.phone$|payee\.name$", key) and len(value) > 4:
        yield value


class ExplainTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def payroll(self, second, head=HEAD):
        file = self.folder / PAYROLL
        file.write_bytes("\n".join((head, GOOD, second, "")).encode("gb18030"))
        return file

    def test_a_record_says_its_place_columns_rules_table_and_checks(self):
        got = explain(self.payroll(GOOD.replace("1.00", "2.00").replace("0001", "0002", 1)), "payroll/pipe", 2)
        self.assertEqual((got.returncode, got.stderr), (0, ""))
        rows = got.stdout.splitlines()
        self.assertEqual(rows[0], f"record 2: line 3, byte offset {len(HEAD) + 1 + len(GOOD.encode('gb18030')) + 1}")
        for want in ('  3 net = "2.00"', '  5 unit = "602001" (no rule uses it)', '  2 name = "王**"', '  4 account = "**0100"',
                     '  net (Net pay) = "2.00"', "    table units, row 2, gave 602001"):
            self.assertIn(want, rows)
        self.assertRegex(got.stdout, r'rule \(line \d+\): from: line.net, as: yuan, check: positive; it reads "2.00"')
        self.assertRegex(got.stdout, r"schema: required, 1\.\.120 characters, in gbk at most 60 bytes")

    def test_what_is_personal_is_neither_in_text_nor_in_hex_nor_in_words(self):
        for lang in ("en", "zh"):
            for second in (GOOD, GOOD.replace("1.00", "one"), GOOD.replace("|602001", "", 1), GOOD + "|more"):
                for number in (1, 2):
                    with self.subTest(second, lang=lang, number=number):
                        got = explain(self.payroll(second), "payroll/pipe", number, "--lang", lang)
                        shown = re.sub(r"\s+", " ", got.stdout + got.stderr)
                        self.assertIn(ID[-4:], shown)
                        self.assertNotIn(ID, shown)
                        self.assertNotIn(ID[:14].encode().hex(" "), shown)
                        self.assertNotIn(ACCOUNT, shown)
                        self.assertNotIn(ACCOUNT.encode().hex(" "), shown)
                        self.assertNotIn(NAME, shown)
                        self.assertNotIn(NAME.encode("gb18030").hex(" "), shown)

    def test_a_dead_record_says_why_at_its_field_and_what_the_others_are(self):
        got = explain(self.payroll("0002||two|620100|602001|01|" + ID + "|1"), "payroll/pipe", 2)
        self.assertEqual(got.returncode, 1)
        self.assertRegex(got.stdout, rf"dead: .*{PAYROLL}:3: .*\[map.missing\]")
        self.assertRegex(got.stdout, r"payee.name \(.*\) = .*\[map.missing\]")
        self.assertRegex(got.stdout, r"net \(Net pay\) = .*\[money\.\w+\]")
        self.assertRegex(got.stdout, r'currency \(.*\) = "CNY"')

    def test_a_row_that_cannot_be_cut_has_no_rules(self):
        got = explain(self.payroll(GOOD + "|more"), "payroll/pipe", 2)
        self.assertIn("no rule ran on this row", got.stdout)
        self.assertIn("[record.more_columns]", got.stdout)
        self.assertNotIn("rule (line", got.stdout)

    def test_a_number_that_is_none_is_refused(self):
        file = self.payroll(GOOD)
        for number in ("0", "-1", "x", "1x", "3"):
            with self.subTest(number):
                got = explain(file, "payroll/pipe", number)
                self.assertEqual((got.returncode, got.stdout), (2, ""))
                self.assertIn("[usage]", got.stderr)
        self.assertEqual(explain(file, "payroll/pipe", 1, "--summary").returncode, 2)

    def test_one_line_names_the_columns_that_nothing_uses(self):
        file = self.payroll(GOOD.replace("1.00", "2.00").replace("0001", "0002", 1))
        for more in ([], ["--summary"]):
            got = jincai("try", file, "--form", "payroll/pipe", "--lang", "en", *more)
            self.assertEqual(got.stderr, "columns that no rule uses: head.kind, head.no, head.type, line.unit\n")

    def test_it_names_what_the_header_row_has_and_the_form_does_not_know(self):
        case = ROOT / "adapters/asset/csv/cases/cards/no_titles_above_the_header"
        source = next(p for p in case.iterdir() if "expected" not in p.name)
        lines = source.read_bytes().decode("gb18030").splitlines()
        file = self.folder / source.name
        file.write_bytes("".join(f"{line},{'更多' if i == 0 else ''}\r\n" for i, line in enumerate(lines)).encode("gb18030"))
        got = jincai("try", file, "--form", "asset/csv", "--summary", "--lang", "en")
        self.assertRegex(got.stderr, r"columns of the header row that the form does not know: .*更多")
        got = explain(file, "asset/csv", 1)
        self.assertRegex(got.stdout, r'\d+ 更多 = "" \(no rule uses it\)')

    def test_no_case_of_any_form_shows_what_is_personal(self):
        seen = 0
        for form in sorted((ROOT / "adapters").glob("*/*/*.yaml")):
            if "\nform: in" not in form.read_text(encoding="utf-8"):
                continue
            for case in sorted((form.parent / "cases" / form.stem).iterdir())[::3]:
                file = next(p for p in case.iterdir() if "expected" not in p.name)
                events = [json.loads(line) for line in
                          jincai("try", file, "--form", form).stdout.splitlines() if line.startswith("{")]
                secrets = {text for event in events for text in personal(event["data"])}
                for number in (1, 2):
                    got = explain(file, form, number)
                    self.assertIn(got.returncode, (0, 1, 2), f"{case}\n{got.stderr}")
                    # A row that could not even be cut is masked by looks, and looks tell nothing of nine digits.
                    by_looks = "no rule ran on this row" in got.stdout
                    for secret in (s for s in secrets if not by_looks or len(s) >= 12):
                        seen += 1
                        self.assertNotIn(secret, got.stdout, f"{case}: record {number}")
        self.assertGreater(seen, 100)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
