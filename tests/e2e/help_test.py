#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`jincai help`: verbs and error codes, in both languages.

    help_test.py JINCAI
"""
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
