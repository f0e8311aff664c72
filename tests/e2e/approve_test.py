#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may let money go: the people of a site file, and their approvals.

    approve_test.py JINCAI
"""
import base64
import json
import os
import pathlib
import pty
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from check_test import findings  # noqa: E402
from people import COMPARING, PeopleSite, make_pair, openssl  # noqa: E402
from small_site import ON_KAFKA  # noqa: E402

PROGRAM = pathlib.Path("build/release/bin/jincai")
LI, ZHANG = ("key: ./keys/people/li.pub, user: li}", "key: ./keys/people/zhang.pub, user: zhang}")
FIRST = COMPARING.index("people:\n")
LINE = COMPARING[:FIRST].count("\n") + 1           # of "people:"


class Case(unittest.TestCase):
    text, pairs = COMPARING, None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.site = PeopleSite(folder.name, PROGRAM, self.text, self.pairs)


@unittest.skipIf(ON_KAFKA, "it counts the lines of the site file")
class CheckTest(Case):
    """What `check` says of people:."""

    def check(self, *edits, lang="en"):
        text = COMPARING
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


class ActCase(Case):
    """A site in which the money destination was stopped, and somebody asks that it goes on: that takes two people."""

    def setUp(self):
        super().setUp()
        self.site.run()
        self.site.hand_in("bank-abc", "stop", "bank-abc")
        self.act = self.asked()

    def asked(self, **more):
        more = {"reason": "restart after the audit of CNY 12.50", **more}
        act = self.site.hand_in("bank-abc", "resume", "bank-abc", **more)
        self.site.run()
        return act

    def waits(self, act=None):
        return [row["approved"] for row in self.site.proposed() if row["act"] == (act or self.act)]

    def refused(self, result, code):
        """By the flow, when it runs; or at once."""
        if "act.waits" in result.codes:
            self.site.run()
            last = [o for name, o in self.site.outcomes().items() if name.startswith("approve-")][-1]
            self.assertEqual(last, ("refused", code), self.site.outcomes())
        else:
            self.assertEqual(result.codes, {code}, result)
        self.assertNotIn(self.act, self.site.outcomes())


class ApproveTest(ActCase):
    def test_a_handler_and_a_checker_let_it_go_and_one_does_not(self):
        self.assertEqual(self.waits(), [[]])
        self.site.approve(self.act, "li")
        self.assertEqual(self.waits(), [["li"]])
        self.site.approve(self.act, "li")
        self.assertEqual(self.waits(), [["li"]])
        self.assertNotIn(self.act, self.site.outcomes())
        self.site.approve(self.act, "zhang")
        self.assertEqual((self.waits(), self.site.outcomes()[self.act]), ([], ("done", "")))
        got = self.site.sign(self.act, "li")
        self.assertEqual((got.code, got.codes), (2, {"approve.none"}), got)

    @unittest.skipIf(ON_KAFKA, "it has not the time that a cluster takes to begin")
    def test_a_running_site_answers_at_once(self):
        process = self.site.start("run")
        try:
            time.sleep(0.7)
            got = self.site.sign(self.act, "zhang")
            self.assertEqual(got.code, 0, got)
            self.assertIn("one more person is needed", got.out)
            self.assertIn("nothing was changed", got.out)
            got = self.site.sign(self.act, "li", "--lang", "zh")
            self.assertIn("两人已齐", got.out, got)
        finally:
            process.terminate()
            process.communicate()
        self.assertEqual(self.site.outcomes()[self.act], ("done", ""))

    def test_the_page_says_all_that_is_signed(self):
        act = self.asked(until=self.site.proposed()[0]["until"], reason="restart, account 6222020600000000015")
        page = self.site.sign(act, "li").out
        for words in ("yakeshi", "恢复运行", "let it go on", "restart", "bank-abc", "wang", act, "***0015", "没有发生的事",
                      "What has not happened", "一笔未发"):
            self.assertIn(words, page)
        self.assertNotIn("6222020600000000015", page)
        digest = next(row["digest"] for row in self.site.proposed() if row["act"] == act)
        self.assertRegex(page, " ".join(digest[i:i + 4] for i in range(0, 16, 4)))

    def test_a_short_number_of_the_list_of_what_waits_is_enough(self):
        number = next(json.loads(line)["number"] for line in self.site.call("todo", "--json").out.splitlines()
                      if self.act in line)
        got = self.site.sign(number, "li")
        self.assertIn(self.act, got.out)
        self.site.run()
        self.assertEqual(self.waits(), [["li"]])

    def test_nothing_is_signed_unless_somebody_says_yes(self):
        got = self.site.call("approve", self.act, "--key", str(self.site.key("li")))
        self.assertEqual((got.code, got.codes), (2, {"approve.terminal"}), got)
        self.site.run()
        self.assertEqual(self.waits(), [[]])

    def test_the_list_says_what_it_is_about_what_has_not_happened_and_what_to_do(self):
        for lang, words in (("en", ("let it go on: bank-abc", "CNY 12.50", "what has not happened", "approved by: nobody")),
                            ("zh", ("恢复运行：bank-abc", "CNY 12.50", "没有发生的事", "已签批：无"))):
            got = self.site.call("approve", "list", "--lang", lang)
            self.assertEqual(got.code, 1)
            for word in (*words, f"jincai approve {self.act}", "UTC+8"):
                self.assertIn(word, got.out)

    # ---- what is no approval ----

    def test_nobody_checks_what_he_asked_for_himself(self):
        act = self.asked(by="zhang")
        self.refused(self.site.sign(act, "zhang"), "approve.own")
        self.assertEqual(self.waits(act), [[]])

    def test_a_key_of_nobody_is_refused_and_so_is_anothers_name(self):
        make_pair(self.site.key("eve"), self.site.root / "private/eve.pub")
        self.refused(self.site.sign(self.act, "eve"), "approve.key")
        self.refused(self.site.sign(self.act, "eve", "--as", "li"), "sign.wrong")
        self.refused(self.site.sign(self.act, "eve", "--as", "eve"), "approve.nobody")
        self.refused(self.site.sign(self.act, "eve", "--as", "wang"), "approve.role")
        self.refused(self.site.sign(self.act, "li", "--as", "zhang"), "sign.wrong")

    def test_an_approval_that_was_written_by_hand_is_refused(self):
        digest = self.site.proposed()[0]["digest"]
        for more, code in (({"name": "li", "signature": "AAAA"}, "sign.wrong"), ({"name": "li", "signature": "!"}, "sign.form"),
                           ({"name": "li"}, "approve.unsigned"), ({}, "approve.nobody"), ({"name": 5}, "approve.nobody"),
                           ({"name": "li", "signature": "A" * 50000}, "sign.form")):
            act = self.site.hand_in("bank-abc", "approve", self.act, **{"by": "nobody", "digest": digest, **more})
            self.site.run()
            with self.subTest(code):
                self.assertEqual(self.site.outcomes()[act], ("refused", code))
        act = self.site.hand_in("bank-abc", "approve", self.act, by="li", digest="0" * 64, name="li", signature="AAAA")
        self.site.run()
        self.assertEqual(self.site.outcomes()[act], ("refused", "approve.digest"))
        self.assertEqual(self.waits(), [[]])

    def test_an_act_of_another_day_is_not_approved(self):
        for more, code in (({"until": "2999-12-31"}, "approve.until"), ({"at": "2036-01-01T00:00:00.000Z"}, "approve.clock"),
                           ({"at": "now"}, "approve.order"), ({"until": 5}, "approve.order"), ({"flow": "router"}, "approve.elsewhere"),
                           ({"site": "another"}, "approve.elsewhere")):
            with self.subTest(code):
                act = self.asked(**more)
                self.assertEqual(self.site.outcomes()[act], ("refused", code))
        act = self.asked(until="2020-01-01")
        self.site.run()
        self.assertEqual(self.site.outcomes()[act], ("expired", "act.expired"))

    def test_a_key_file_that_was_swapped_opens_nothing_and_who_is_in_force_still_signs(self):
        public = self.site.root / "keys/people/zhang.pub"
        good = public.read_bytes()
        make_pair(self.site.key("eve"), public)
        self.refused(self.site.sign(self.act, "eve"), "approve.key")
        path = self.exported()
        self.assertEqual(self.away("approve", str(path), "--key", str(self.site.key("eve")), "--yes").codes, {"approve.key"})
        self.assertEqual(self.away("approve", str(path), "--key", str(self.site.key("zhang")), "--yes").code, 0)
        self.assertEqual(self.site.sign(self.act, "eve", "--as", "zhang").codes, {"act.waits"})
        got = self.site.run()
        self.assertIn("adopt.site", got.codes, got)     # no money moves, and what was handed in waits
        self.assertEqual(self.waits(), [[]])
        public.write_bytes(good)
        self.site.run()
        self.assertIn(("refused", "sign.wrong"), self.site.outcomes().values())
        self.site.call("approve", "--import", path.name)
        self.site.run()
        self.assertEqual(self.waits(), [["zhang"]])

    # ---- a file that travels ----

    def exported(self, act=None, name="act.json"):
        got = self.site.call("approve", act or self.act, "--export", name)
        self.assertEqual(got.code, 0, got)
        return self.site.root / name

    def away(self, *args):
        """On a machine that has neither bus nor site."""
        with tempfile.TemporaryDirectory() as folder:
            home, self.site.root = self.site.root, pathlib.Path(folder)
            try:
                return self.site.call(*args)
            finally:
                self.site.root = home

    def test_two_people_sign_a_file_elsewhere_and_it_is_brought_back(self):
        path = self.exported()
        page = path.with_name("act.json.txt").read_text(encoding="utf-8")
        for words in ("签批单", "CNY 12.50", "经办", "Digest", self.act):
            self.assertIn(words, page)
        self.assertEqual([p.stat().st_mode & 0o777 for p in (path, path.with_name("act.json.txt"))], [0o600, 0o600])
        got = self.site.call("approve", "--import", "act.json")
        self.assertEqual((got.code, got.codes), (2, {"approve.empty"}), got)
        for name in ("li", "zhang", "li"):
            got = self.away("approve", str(path), "--key", str(self.site.key(name)), "--yes")
            self.assertEqual(got.code, 0, got)
            self.assertIn(f"{name} signed it", got.out)
            self.assertIn("CNY 12.50", got.out)
        self.assertEqual([x["name"] for x in json.loads(path.read_text())["approvals"]], ["zhang", "li"])
        process = self.site.start("run")
        try:
            time.sleep(0.7)
            got = self.site.call("approve", "--import", "act.json")
            if got.codes != {"act.waits"}:              # on a busy machine it has not begun yet
                self.assertEqual(got.code, 0, got)
            for _ in range(300):
                if self.site.outcomes()[self.act][0]:
                    break
                time.sleep(0.1)
        finally:
            process.terminate()
            process.communicate()
        self.assertEqual(self.site.outcomes()[self.act], ("done", ""))

    def test_a_signature_made_by_openssl_is_as_good_and_ours_are_good_to_openssl(self):
        path = self.exported()
        order = self.site.root / "order"
        order.write_bytes(json.loads(path.read_text())["order"].encode())
        sig = self.site.root / "sig"
        for name, kind in (("li", "ED25519"), ("zhang", "SM2")):
            how = [] if name == "li" else ["-digest", "sm3", "-pkeyopt", "distid:1234567812345678"]
            self.away("approve", str(path), "--key", str(self.site.key(name)), "--yes")
            ours = [x["signature"] for x in json.loads(path.read_text())["approvals"] if x["name"] == name]
            sig.write_bytes(base64.b64decode(ours[0]))
            openssl("pkeyutl", "-verify", "-pubin", "-inkey", self.site.root / f"keys/people/{name}.pub", "-rawin", *how, "-in", order,
                    "-sigfile", sig)
            openssl("pkeyutl", "-sign", "-inkey", self.site.key(name), "-rawin", *how, "-in", order, "-out", sig)
            file = json.loads(path.read_text())
            file["approvals"] = [{"name": name, "signature": base64.b64encode(sig.read_bytes()).decode()}]
            path.write_text(json.dumps(file))
            self.site.call("approve", "--import", "act.json")
            self.site.run()
        self.assertEqual(self.site.outcomes()[self.act], ("done", ""))

    def test_a_file_that_was_changed_is_worth_nothing(self):
        path, other = self.exported(), self.exported(self.asked(reason="another"), "other.json")
        good = path.read_text()
        self.away("approve", str(other), "--key", str(self.site.key("li")), "--yes")
        moved = {**json.loads(good), "approvals": json.loads(other.read_text())["approvals"]}
        path.write_text(json.dumps(moved))
        self.refused(self.site.call("approve", "--import", "act.json"), "sign.wrong")
        path.write_text(good.replace("12.50", "99.50"))
        self.away("approve", str(path), "--key", str(self.site.key("li")), "--yes")
        self.refused(self.site.call("approve", "--import", "act.json"), "approve.digest")
        eve = good.replace('"name":"li"', '"name":"zhang"', 1)
        path.write_text(eve)
        self.away("approve", str(path), "--key", str(self.site.key("li")), "--yes")
        self.refused(self.site.call("approve", "--import", "act.json"), "sign.wrong")
        self.assertEqual(self.waits(), [[]])

    def test_what_is_no_such_file_is_refused(self):
        path = self.site.root / "act.json"
        for content in (b"", b"{}", b"[]", b"\xff", b'{"jincai":"approve","order":"{}","approvals":[{"name":"li"}]}',
                        b'{"jincai":"approve","jincai":"approve","order":"{}","approvals":[]}', b"[" * 5000):
            path.write_bytes(content)
            for words in (["--import", "act.json"], ["act.json", "--key", "private/li.key", "--yes"]):
                got = self.site.call("approve", *words)
                self.assertEqual((got.code, got.codes), (2, {"approve.file"}), got)
        path.write_bytes(b" " * (2 << 20))
        self.assertEqual(self.site.call("approve", "--import", "act.json").codes, {"file.too_large"})
        path.write_text('{"jincai":"approve","order":"{}","approvals":[]}')
        self.assertEqual(self.site.call("approve", "act.json", "--key", "private/li.key", "--yes").codes, {"approve.order"})
        path.write_text('{"jincai":"approve","order":"{\\"until\\":\\"2020-01-01\\"}","approvals":[]}')
        self.assertEqual(self.site.call("approve", "act.json", "--key", "private/li.key", "--yes").codes, {"approve.late"})

    def test_a_key_that_cannot_be_used_is_named(self):
        for content, code in ((None, "file.missing"), (b"", "sign.secret"), (b"x" * 9000, "file.too_large"),
                              ((self.site.root / "keys/people/li.pub").read_bytes(), "sign.secret"),
                              (openssl("genpkey", "-algorithm", "RSA"), "sign.secret")):
            path = self.site.root / "private/odd.key"
            path.unlink(missing_ok=True)
            if content is not None:
                path.write_bytes(content)
            got = self.site.sign(self.act, "odd")
            self.assertEqual(got.codes, {code}, got)

    def test_a_locked_key_asks_for_its_passphrase_on_the_terminal_alone(self):
        key = self.site.key("li")
        key.write_bytes(openssl("pkey", "-in", key, "-aes-256-cbc", "-passout", "pass:open sesame"))
        got = subprocess.run([PROGRAM, "approve", self.act, "--key", str(self.site.key("li")), "--yes"], cwd=self.site.root,
                             capture_output=True, text=True, stdin=subprocess.DEVNULL, start_new_session=True, timeout=60)
        self.assertIn("[sign.passphrase]", got.stderr)
        for word, want in (("another word", "[sign.passphrase]"), ("open sesame", "[act.waits]")):
            said = self.on_terminal(["approve", self.act, "--key", str(self.site.key("li"))], "yes", word)
            self.assertIn(want, said)
            self.assertNotIn(word, said)
        said = self.on_terminal(["approve", self.act, "--key", str(self.site.key("li"))], "no")
        self.assertIn("it was not approved", said)
        self.site.run()
        self.assertEqual(self.waits(), [["li"]])

    def on_terminal(self, args, *answers):
        """What a terminal shows; an answer is typed when a question ends in ': '."""
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.site.root)
            os.execve(PROGRAM, [str(PROGRAM), *args], {**os.environ, "LC_ALL": "C.UTF-8"})
        said, answers = b"", list(answers)
        while True:
            try:
                got = os.read(fd, 4096)
            except OSError:
                break
            if not got:
                break
            said += got
            if answers and (said.endswith(b"yes: ") or said.endswith(b".key: ")):
                time.sleep(0.2)
                os.write(fd, answers.pop(0).encode() + b"\n")
        os.waitpid(pid, 0)
        os.close(fd)
        return said.decode("utf-8", "replace")

    def test_words_that_make_no_sense_together_are_refused(self):
        for words in ([], ["a", "b"], [self.act, "--import", "x"], [self.act, "--as", "li"], ["--key", "x"],
                      [self.act, "--key", "x", "--export", "y"], ["--import", "x", "--key", "y"]):
            got = self.site.call("approve", *words)
            self.assertEqual((got.code, got.codes), (2, {"usage"}), got)
        self.assertEqual(self.site.call("approve", "nothing-1-2", "--key", "private/li.key").codes, {"approve.none"})
        self.refused(self.site.call("approve", self.act, "--yes"), "approve.nobody")


@unittest.skipUnless(os.getuid() == 0, "plays two accounts, which root alone can")
class LocalTest(ActCase):
    text = COMPARING.replace("approval: keys", "approval: local").replace(LI, "user: li}").replace(ZHANG, "user: zhang}")
    pairs = {}

    def as_(self, user, *words):
        with unittest.mock.patch.dict(os.environ, SUDO_USER=user):
            return self.site.call("approve", *words, "--yes")

    def test_two_accounts_let_it_go_and_all_is_marked_as_weak(self):
        self.refused(self.as_("eve", self.act), "approve.nobody")
        self.refused(self.as_("wang", self.act), "approve.role")
        for user in ("li", "zhang"):
            self.assertEqual(self.as_(user, self.act).codes, {"act.waits"})
        self.site.run()
        self.assertEqual(self.site.outcomes()[self.act], ("done", ""))
        self.assertIn("weak", self.site.call("audit", "list", "--json").out)

    def test_one_account_is_one_person(self):
        for _ in range(2):
            self.assertEqual(self.as_("li", self.act).codes, {"act.waits"})
        self.site.run()
        self.assertNotIn(self.act, self.site.outcomes())


if __name__ == "__main__":
    PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
