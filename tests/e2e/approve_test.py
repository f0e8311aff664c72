#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may let money go: the people of a site file, and their approvals.

    approve_test.py JINCAI
"""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from check_test import findings  # noqa: E402
from people import PEOPLE, PRODUCTION, PeopleSite, make_pair, openssl  # noqa: E402

PROGRAM = pathlib.Path("build/release/bin/jincai")
LI, ZHANG = ("key: ./keys/people/li.pub, user: li}", "key: ./keys/people/zhang.pub, user: zhang}")
FIRST = PRODUCTION.index("people:\n")
LINE = PRODUCTION[:FIRST].count("\n") + 1           # of "people:"


class Case(unittest.TestCase):
    text, pairs = PRODUCTION, None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.site = PeopleSite(folder.name, PROGRAM, self.text, self.pairs)


class CheckTest(Case):
    """What `check` says of people:."""

    def check(self, *edits, lang="en"):
        text = PRODUCTION
        for old, new in edits:
            self.assertIn(old, text)
            text = text.replace(old, new, 1)
        self.site.write(text)
        return self.site.call("check", "--lang", lang)

    def refused(self, line, severity, code, *edits, exit_code=3):
        got = self.check(*edits)
        self.assertEqual((got.code, findings(got.err)), (exit_code, [(LINE + line, severity, code)]), got)
        self.assertIn("nothing was started", got.err)

    def test_a_site_with_people_is_right(self):
        got = self.check()
        self.assertEqual((got.code, findings(got.err)), (0, []), got)

    def test_one_person_under_two_names_is_refused_by_key_and_by_user(self):
        shared = (self.site.root / "keys/people/li.pub").read_bytes()
        (self.site.root / "keys/people/zhang.pub").write_bytes(b"another file, another name\n" + shared)
        self.refused(5, "refused", "people.twice", exit_code=5)
        make_pair(self.site.key("zhang"), self.site.root / "keys/people/zhang.pub", "SM2")
        self.refused(5, "refused", "people.twice", (ZHANG, ZHANG.replace("user: zhang", "user: li")), exit_code=5)

    def test_a_key_file_that_is_missing_or_no_public_key_is_named_at_its_place(self):
        pub = self.site.root / "keys/people/li.pub"
        good = pub.read_bytes()
        for content, severity, code, exit_code in (
                (None, "error", "file.missing", 3), (b"", "error", "sign.key", 3), (good + good, "error", "sign.key", 3),
                (b"x" * 100_000, "error", "file.too_large", 3),
                (openssl("pkey", "-in", self.site.key("li")), "refused", "sign.private", 5),
                (openssl("genpkey", "-algorithm", "ED448"), "refused", "sign.private", 5),
                (openssl("pkey", "-pubout", input=openssl("genpkey", "-algorithm", "ED448")), "error", "sign.key", 3),
                (openssl("pkey", "-pubout", input=openssl("genpkey", "-algorithm", "RSA")), "error", "sign.key", 3)):
            pub.unlink(missing_ok=True)
            if content is not None:
                pub.write_bytes(content)
            got = self.check()
            with self.subTest(code):
                self.assertEqual((got.code, findings(got.err)), (exit_code, [(LINE + 4, severity, code)]), got)
                self.assertNotIn("PRIVATE", got.err)

    def test_who_may_approve_has_a_key_or_where_accounts_count_an_account(self):
        self.refused(4, "error", "people.key", (LI, "user: li}"))
        got = self.check((LI, "}"), ("keys\n", "local\n"))
        self.assertEqual((got.code, findings(got.err)[1:]), (3, [(LINE + 4, "error", "people.user")]), got)

    def test_accounts_instead_of_keys_are_remarked_on(self):
        got = self.check(("keys\n", "local\n"), (LI, "user: li}"), (ZHANG, "user: zhang}"))
        self.assertEqual((got.code, findings(got.err)), (0, [(LINE + 1, "note", "site.people_local")]), got)

    def test_without_a_handler_or_a_checker_nothing_could_be_approved(self):
        self.refused(0, "error", "site.people_few", ("role: checker", "role: auditor"))
        self.refused(0, "error", "site.people_few", ("role: handler", "role: checker"))

    def test_names_roles_and_keys_that_are_none_are_findings(self):
        self.refused(4, "error", "people.name", ("    li:", "    Li Hua:"))
        got = self.check(("role: handler", "role: chief"), ("approval: keys", "approval: paper\n  quorum: 3"))
        self.assertEqual([code for _, _, code in findings(got.err)], ["conf.choice", "conf.unknown_key", "conf.choice"], got)
        got = self.check(("role: handler, ", ""))
        self.assertEqual(findings(got.err)[0], (LINE + 4, "error", "conf.missing"), got)

    def test_days_that_are_none_are_findings_with_their_lines(self):
        days = ("approval: keys\n", "approval: keys\n  days: ./days.csv\n")
        self.refused(2, "error", "file.missing", days)
        path = self.site.root / "days.csv"
        path.write_text("date,kind\r\n2026-10-01,rest\r\n\r\n2026-10-10, work\r\n", encoding="utf-8-sig")
        self.assertEqual(self.check(days).code, 0)
        path.write_text("date,kind\n2026-10-01,rest\n2026-02-30,rest\n2026-10-01,work\n2026-10-02\n2026-10-03,feast\n")
        got = self.check(days)
        self.assertEqual(got.code, 3, got)
        for line in (3, 4, 5, 6):
            self.assertRegex(got.err, rf"days\.csv:{line}:1: error: .* \[people\.day\]")
        self.assertEqual(got.err.count("[people.day]"), 4, got)

    def test_it_is_said_in_chinese_too(self):
        got = self.check((LI, LI.replace("user: li", "user: zhang")), lang="zh")
        self.assertIn("一个人就能既经办又复核", got.err)
        self.assertIn("没有启动", got.err)


if __name__ == "__main__":
    PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
