#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`jincai help`: verbs and error codes, in both languages.

    help_test.py JINCAI
"""
import os
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path("build/release/bin/jincai")
ROW = re.compile(r'^ROW\(E_\w+,\s*"([a-z0-9_.]+)",\s*(ERR_[A-Z]+),\s*(\d)', re.MULTILINE)
ROWS = ROW.findall((ROOT / "bus/base/err_table.h").read_text(encoding="utf-8"))


def help_(*words, lang="en"):
    return subprocess.run([PROGRAM, "help", *words, "--lang", lang], capture_output=True, text=True, timeout=60)


class HelpTest(unittest.TestCase):
    def test_every_code_says_what_kind_exit_code_and_what_to_do_in_both_languages(self):
        self.assertGreater(len(ROWS), 100)
        for name, _, exit_code in ROWS:
            for lang, kind, code in (("en", "kind: ", "exit code: "), ("zh", "性质：", "退出码：")):
                got = help_(name, lang=lang)
                rows = got.stdout.splitlines()
                with self.subTest(name, lang=lang):
                    self.assertEqual((got.returncode, got.stderr, rows[0]), (0, "", name))
                    self.assertTrue(any(row.startswith("  " + kind) for row in rows), got.stdout)
                    self.assertTrue(any(row.startswith(f"  {code}{exit_code}") for row in rows), got.stdout)
                    self.assertEqual("{" in "".join(rows[:-1]), "{ }" in rows[-1], got.stdout)

    def test_optional_parts_of_words_are_shown_with_their_placeholders(self):
        self.assertIn("\n  {field}: \"{text}\" is not an amount", help_("money.syntax").stdout)

    def test_a_code_may_be_copied_with_its_brackets(self):
        self.assertEqual(help_("[route.none]").stdout, help_("route.none").stdout)

    def test_a_group_lists_its_codes(self):
        want = sorted(name for name, _, _ in ROWS if name.startswith("route."))
        self.assertEqual(sorted(help_("route").stdout.split()), want)

    def test_a_verb_is_shown_as_its_own_help_shows_it(self):
        for words in (["try"], ["dead", "list"]):
            own = subprocess.run([PROGRAM, *words, "--help"], capture_output=True, text=True, timeout=60)
            self.assertEqual(help_(*words).stdout.replace("\n", ""), own.stdout.replace("\n", ""))

    def test_half_of_a_verb_shows_all_of_them(self):
        self.assertEqual(re.findall(r"^jincai (\w+ \w+)", help_("held").stdout, re.MULTILINE)[:2], ["held list", "held show"])

    def test_columns_of_help_stand_below_each_other(self):
        for words, first in ([], "runs the site"), (["tail"], "the site file"), (["replay"], "the site file"), (["balance"], "the site file"):
            rows = [row for row in help_(*words).stdout.splitlines() if re.match(r"  -|  [a-z]+ +[a-z ]*  ", row)]
            at = rows[0].index(first)
            self.assertGreater(len(rows), 5)
            self.assertEqual([row for row in rows if row[at - 2:at] != "  " or row[at] == " "], [])

    def test_an_option_of_two_meanings_says_the_one_of_its_verb(self):
        for verb, want in (("tail", "WHEN  "), ("adopt", "DATE  "), ("held repair", "FILE  ")):
            row, = re.findall("^  --from .*", help_(*verb.split()).stdout, re.MULTILINE)
            self.assertIn(want, row)
        self.assertNotIn("moves no money", help_("replay").stdout)

    def call(self, *words, **more):
        return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "LC_ALL": "C", **more})

    def test_what_was_typed_wrongly_is_told_with_what_may_be_meant(self):
        for words, wants in ((["dead"], ["there is no verb dead", "see: jincai help dead"]),
                             (["dead", "lsit"], ["did you mean dead list?", "jincai help dead"]),
                             (["balanec"], ["did you mean balance?"]),
                             (["tail", "--topik", "payroll"], ["did you mean --topic?", "jincai help tail"]),
                             (["tail", "--topic"], ["a value is missing for --topic", "jincai help tail"]),
                             (["todo", "--json=yes"], ["takes no value: --json"]),
                             (["--lang", "zh", "todo"], ["options stand behind the verb: --lang"]),
                             (["todo", "--lang", "fr"], ["zh or en, not fr"])):
            got = self.call(*words)
            with self.subTest(words):
                self.assertEqual((got.returncode, got.stdout), (2, ""))
                self.assertIn("[usage]", got.stderr)
                for want in wants:
                    self.assertIn(want, got.stderr)

    def test_words_too_many_are_refused_and_not_passed_over(self):
        for words in (["check", "other.yaml"], ["topics", "x"], ["contract", "x"], ["demo", "x"], ["held", "list", "x"],
                      ["audit", "list", "x"], ["replay", "run", "a", "b"], ["replay", "run"], ["trace", "a", "b"]):
            got = self.call(*words)
            with self.subTest(words):
                self.assertEqual((got.returncode, got.stdout), (2, ""))
                self.assertIn("[usage]" if words[0] != "trace" else "jincai trace KEY", got.stderr)

    def test_an_option_may_have_its_value_behind_an_equals_sign(self):
        self.assertEqual(self.call("help", "tail", "--lang=zh").stdout, help_("tail", lang="zh").stdout)
        self.assertEqual(self.call("tail", "-h").stdout, self.call("tail", "--help").stdout)
        self.assertEqual(self.call("-h").stdout, self.call("--help").stdout)

    def test_what_could_not_be_written_is_no_answer(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            got = subprocess.run([PROGRAM, "help", "--lang", "en"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(got.returncode, 4)
        self.assertIn("output.broken", got.stderr)

    def test_what_there_is_not_is_refused_with_the_nearest_name(self):
        for word, near in (("route.nnoe", "did you mean route.none?"), ("balanec", "did you mean balance?"),
                           ("zzzzzzzzzzzz", "→ jincai help lists")):
            got = help_(word)
            self.assertEqual((got.returncode, got.stdout), (2, ""))
            self.assertIn("help.none", got.stderr)
            self.assertIn(near, got.stderr)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
