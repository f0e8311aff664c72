#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""jincai demo ends as planted, and says so when it does not.

    demo_test.py JINCAI SHARE
"""
import json
import os
import pathlib
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
        self.ended(run, 0, "difference 0.00", "batch.dead_record", "batch.sum", "batch.duplicate", "batch.conflict",
            "map.check", "not one was paid")
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual(run.stderr, "")
        for verb in ("balance", "held list", "dead list"):
            self.assertIn(f"jincai {verb} -c {self.work / 'here' / 'jincai.yaml'}", run.stdout)

    def test_without_dir_a_fresh_folder_is_kept_and_said(self):
        run = self.demo()
        self.ended(run, 0)
        folders = list(self.work.glob("jincai-demo-*"))
        self.assertEqual(len(folders), 1)
        self.assertIn(str(folders[0].resolve()), run.stdout)

    def test_it_speaks_chinese(self):
        self.ended(self.demo("--lang", "zh"), 0, "相差 0.00", "一笔也没有付", "声明的合计差一分")

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
        for name in ("王珅", "李䶮", "张㛃", "赵𬱖", "乌云·其其格"):
            self.assertIn(f"|{name}|".encode("gb18030"), sent)
        for name in ("冯㛃", "韩𬱖"):
            self.assertNotIn(name.encode("gb18030"), sent)

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

    def test_one_fen_more_than_the_bank_got_is_different(self):
        def change(planted):
            planted["out"][0]["sum"] = "100958.58"
        self.ended(self.demo(*self.own_demo(change)), 6, "demo.differs", "out/abc should hold")

    def test_one_line_or_file_more_is_different(self):
        def change(planted):
            planted["out"][1]["lines"] += 1
            planted["out"][2]["files"] += 1
        self.ended(self.demo(*self.own_demo(change)), 6, "demo.differs", "out/icbc should hold", "out/units should hold")

    def test_a_file_without_its_marker_is_different(self):
        def change(planted):
            planted["out"][2]["marker"] = ".ok"
        self.ended(self.demo(*self.own_demo(change)), 6, "demo.differs", "out/units should hold",
            "without a marker: 4")

    def test_another_end_of_a_file_is_different(self):
        def change(planted):
            planted["files"][4]["code"] = "batch.count"
        self.ended(self.demo(*self.own_demo(change)), 6, "demo.differs", "gz_202612_005.txt should have become",
            "gz_202612_005.txt became held batch.sum")

    def test_a_file_that_was_not_planted_is_different(self):
        def change(planted):
            del planted["files"][7]
        self.ended(self.demo(*self.own_demo(change)), 6, "demo.differs", "gz_202612_002.txt became conflict")


if __name__ == "__main__":
    unittest.main()
