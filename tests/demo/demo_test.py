#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""jincai demo ends as planted, and says so when it does not.

    demo_test.py JINCAI SHARE
"""
import collections
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

SHARE = pathlib.Path(sys.argv.pop()).resolve()
JINCAI = pathlib.Path(sys.argv.pop()).resolve()


class DemoTest(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="demo_test_"))
        self.addCleanup(shutil.rmtree, self.work)

    def demo(self, *words, program=JINCAI):
        env = dict(os.environ, TMPDIR=str(self.work), LC_ALL="C.UTF-8")
        return subprocess.run([str(program), "demo", *words], cwd=self.work, env=env, capture_output=True, text=True,
            timeout=60)

    def ended(self, run, code, *words):
        shown = run.stdout + run.stderr
        self.assertEqual(run.returncode, code, shown)
        for word in words:
            self.assertIn(word, shown)

    def own_demo(self, change):
        """A folder for --library whose demo differs from the one that comes along."""
        library = self.work / "library"
        shutil.copytree(SHARE / "demo", library / "demo")
        path = library / "demo" / "planted.json"
        planted = json.loads(path.read_text(encoding="utf-8"))
        change(planted)
        path.write_text(json.dumps(planted, ensure_ascii=False), encoding="utf-8")
        return "--library", str(library)

    def test_it_ends_as_planted(self):
        began = time.monotonic()
        run = self.demo("--dir", "here")
        self.ended(run, 0, "batch.dead_record", "batch.sum", "batch.no_trailer", "batch.duplicate", "batch.conflict",
            "record.few_columns", "record.conflict", "map.unknown_code", "map.check", "money.decimals", "text.half",
            "text.no_such_character", "map.same", "map.sum", "wrap.frame_mac", "codec.xlsx_digits",
            "returned", "not one was paid", "not one was handed over")
        self.assertLess(time.monotonic() - began, 15)
        self.assertEqual(run.stderr, "")
        site = self.work / "here" / "jincai.yaml"
        for verb in ("balance", "balance --deep", "held list", "dead list"):
            self.assertIn(f"jincai {verb} -c {site}", run.stdout)

    def test_what_it_says_to_try_can_be_tried(self):
        run = self.demo("--dir", "here")
        lines = [line for line in run.stdout.splitlines() if line.startswith("  jincai ")]
        self.assertGreater(len(lines), 3)
        for line in lines:
            tried = subprocess.run([str(JINCAI), *shlex.split(line)[1:]], cwd=self.work, capture_output=True, text=True,
                timeout=60)
            self.assertIn(tried.returncode, (0, 1), line + tried.stdout + tried.stderr)

    def test_flows_and_what_receivers_have_add_up(self):
        """The row of all in the table is what the files out hold, and each currency comes out."""
        run = self.demo("--dir", "here")
        planted = json.loads((self.work / "here" / "planted.json").read_text(encoding="utf-8"))
        head = next(line for line in run.stdout.splitlines() if line.startswith("flows")).split()
        table = run.stdout.splitlines()
        counts, sums = collections.Counter(), collections.Counter()
        for at, line in enumerate(table):
            if line.startswith("  all "):            # one for each currency and kind of money
                for name, count, fen in zip(head[1:], line.split()[1:], table[at + 1].split()[-len(head[1:]):]):
                    counts[name] += 0 if count == "." else int(count)
                    sums[name] += 0 if fen == "." else int(fen.replace(".", ""))
        for out, name in zip(planted["out"], ("bank-abc", "bank-icbc", "region", "cards", "units", "collectors")):
            self.assertEqual((counts[name], sums[name]), (out["lines"], int(out["sum"].replace(".", ""))))
        differences = [line for line in table if line.startswith("balance: difference")]
        for money in ("CNY", "CNY of vouchers", "CNY book value", "CNY taken back"):
            self.assertIn("balance: difference 0.00  " + money, differences)
        self.assertEqual([line for line in differences if " 0.00 " not in line], [])

    def test_without_dir_a_fresh_folder_is_kept_and_said(self):
        run = self.demo()
        self.ended(run, 0)
        folders = list(self.work.glob("jincai-demo-*"))
        self.assertEqual(len(folders), 1)
        self.assertIn(str(folders[0].resolve()), run.stdout)

    def test_it_speaks_chinese(self):
        self.ended(self.demo("--lang", "zh"), 0, "平账相差 0.00", "一笔也没有付", "声明的合计差一分", "流向")

    def test_each_demo_has_a_key_of_its_own(self):
        keys = []
        for name in ("one", "two"):
            self.ended(self.demo("--dir", name), 0)
            path = self.work / name / "keys" / "identity.key"
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)
            keys.append(path.read_bytes())
        self.assertEqual(len(keys[0]), 32)
        self.assertNotEqual(keys[0], keys[1])

    def test_names_reach_the_bank_byte_for_byte(self):
        self.ended(self.demo("--dir", "here"), 0)
        sent = b"".join(p.read_bytes() for p in sorted((self.work / "here" / "out" / "abc").glob("*.txt")))
        for name in ("王珅", "李䶮", "张㛃", "赵𬱖", "乌云·其其格", "范䶮", "冯㛃"):
            self.assertIn(f"|{name}|".encode("gb18030"), sent)
        for name in ("韩𬱖", "昌珅"):
            self.assertNotIn(name.encode("gb18030"), sent)
        fixed = b"".join(p.read_bytes() for p in sorted((self.work / "here" / "out" / "icbc").glob("*.txt")))
        for name in ("吴珅", "萨仁·高娃"):
            self.assertIn(name.encode("gbk").ljust(60), fixed)
        rows = [json.loads(line) for p in sorted((self.work / "here" / "out" / "region").glob("*.jsonl"))
            for line in p.read_text(encoding="utf-8").splitlines()]
        self.assertLess({"陶䶮", "曹𬱖", "许㛃"}, {row["payee_acct_name"] for row in rows})

    def test_what_is_taken_back_reaches_the_region_as_a_row_of_the_same_number(self):
        self.ended(self.demo("--dir", "here"), 0)
        rows = [json.loads(line) for p in sorted((self.work / "here" / "out" / "region").glob("*.jsonl"))
            for line in p.read_text(encoding="utf-8").splitlines()]
        back = {row["bill_no"] for row in rows if row["is_deleted"] == "1"}
        self.assertEqual(back, {"2026120500002", "202612050003"})
        self.assertLessEqual(back, {row["bill_no"] for row in rows if row["is_deleted"] == "2"})

    def test_a_folder_that_is_not_empty_is_left_alone(self):
        (self.work / "full").mkdir()
        (self.work / "full" / "mine").write_text("mine")
        self.ended(self.demo("--dir", "full"), 2, "demo.not_empty")
        self.assertEqual(os.listdir(self.work / "full"), ["mine"])

    def test_a_program_without_its_share_folder_says_so(self):
        (self.work / "bin").mkdir()
        shutil.copy2(JINCAI, self.work / "bin" / "jincai")
        self.ended(self.demo("--dir", "here", program=self.work / "bin" / "jincai"), 3, "demo.missing")
        self.assertFalse((self.work / "here").exists())

    def test_a_plan_that_cannot_be_read_runs_nothing(self):
        def change(planted):
            del planted["files"]
        self.ended(self.demo("--dir", "here", *self.own_demo(change)), 3, "demo.planted")
        self.assertFalse((self.work / "here" / "bus").exists())

    def differs(self, change, *words):
        self.ended(self.demo(*self.own_demo(change)), 6, "demo.differs", *words)

    def test_one_fen_more_than_the_bank_got_is_different(self):
        def change(planted):
            out = planted["out"][0]
            out["sum"] = out["sum"][:-1] + str((int(out["sum"][-1]) + 1) % 10)
        self.differs(change, "out/abc should hold")

    def test_one_line_or_file_more_is_different(self):
        def change(planted):
            planted["out"][1]["lines"] += 1
            planted["out"][2]["files"] += 1
        self.differs(change, "out/icbc should hold", "out/region should hold")

    def test_a_file_without_its_marker_is_different(self):
        def change(planted):
            planted["out"][4]["marker"] = ".ok"
        self.differs(change, "out/units should hold", "without a marker: ")

    def test_amounts_that_stand_elsewhere_are_different(self):
        def change(planted):
            planted["out"][1]["amount"]["at"] -= 1
            planted["out"][2]["amount"]["after"] = '"no_such_name":"'
        self.differs(change, "out/icbc should hold", "out/region should hold")

    def file(self, planted, **wanted):
        return next(f for f in planted["files"] if wanted.items() <= f.items())

    def test_another_end_of_a_file_is_different(self):
        def change(planted):
            self.file(planted, code="batch.sum")["code"] = "batch.count"
        self.differs(change, "gz_202612_005.txt should have become", "gz_202612_005.txt became held batch.sum")

    def test_another_letter_is_different(self):
        def change(planted):
            self.file(planted, step=1)["letters"] = "record.few_columns"
        self.differs(change, "2026120501170.txt should have become", "letters [record.few_columns map.unknown_code]")

    def test_another_place_where_a_batch_is_held_is_different(self):
        def change(planted):
            self.file(planted, file="gz_202612_006.txt")["held"] = "bank-icbc"
        self.differs(change, "gz_202612_006.txt should have become", "held at [bank-icbc]")

    def test_a_file_that_was_not_planted_is_different(self):
        def change(planted):
            planted["files"].remove(self.file(planted, state="conflict"))
        self.differs(change, "gz_202612_002.txt became conflict")


if __name__ == "__main__":
    unittest.main()
