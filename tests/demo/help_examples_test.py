#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The example of every verb runs in the folder of the demo, and ends with 0 or 1.

    help_examples_test.py JINCAI
"""
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

JINCAI = pathlib.Path(sys.argv.pop()).resolve()


class HelpExamplesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="help_examples_"))
        cls.addClassCleanup(shutil.rmtree, cls.work)
        cls.folder = cls.work / "demo"
        made = cls.jincai("demo", "--dir", str(cls.folder), cwd=cls.work)
        assert made.returncode == 0, made.stdout + made.stderr
        (cls.folder / "line.txt").write_text("what a person wants to stand there\n", encoding="utf-8")

    @classmethod
    def jincai(cls, *words, cwd=None):
        env = dict(os.environ, TMPDIR=str(cls.work), LC_ALL="C.UTF-8")
        env.pop("JINCAI_SITE", None)
        return subprocess.run([str(JINCAI), *words], cwd=cwd or cls.folder, env=env, capture_output=True, text=True,
            timeout=60)

    def verbs(self):
        """Each row of the help: two blanks, the verb of one or two words, two blanks, what it does."""
        rows = [line for line in self.jincai("help").stdout.splitlines() if line.startswith("  ")]
        found = [re.match(r"  ([a-z]+(?: [a-z]+)?) {2,}\S", row) for row in rows]
        self.assertNotIn(None, found, rows)
        self.assertGreater(len(found), 5)
        return [row.group(1) for row in found]

    def test_the_example_of_every_verb_runs(self):
        for verb in self.verbs():
            with self.subTest(verb=verb):
                text = self.jincai(*verb.split(), "--help").stdout.splitlines()
                self.assertIn("Example:", text)
                example = shlex.split(text[text.index("Example:") + 1])
                self.assertEqual(example[:1 + len(verb.split())], ["jincai", *verb.split()])
                run = self.jincai(*example[1:])
                self.assertIn(run.returncode, (0, 1), f"{example}\n{run.stdout}{run.stderr}")
                self.assertNotIn("usage", run.stderr)


if __name__ == "__main__":
    unittest.main()
