#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is kept is for the jincai user alone: files 0600, folders 0700, no core dump, secrets in files only.

    modes_test.py JINCAI
"""
import os
import pathlib
import resource
import stat
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from small_site import SITE_FILE, Site, payroll  # noqa: E402

PROGRAM = None
SECRET = "a-secret-that-stands-in-its-file"


class ModesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="modes_test_")
        self.addCleanup(folder.cleanup)
        self.site = Site(pathlib.Path(folder.name) / "site", PROGRAM, SITE_FILE)
        self.given = {p for p in self.site.root.rglob("*")}     # made by others, with whatever modes
        before = os.umask(0)                                    # what the program makes depends on itself alone
        self.addCleanup(os.umask, before)

    def work(self):
        self.site.drop(payroll(batch=1))
        self.site.drop(payroll(batch=2, head={7: "1.00"}))
        self.site.run()
        batch = self.site.held()[0]["batch"]
        self.site.call("held", "return", batch, "--reason", "wrong")
        self.site.run()

    def test_files_are_0600_and_folders_0700(self):
        self.work()
        made, wrong = 0, []
        for path in self.site.root.rglob("*"):
            mode = stat.S_IMODE(path.lstat().st_mode)
            if path in self.given or ".taken" in path.parts and path.is_file():     # a source's file keeps its mode
                continue
            made += 1
            if mode != (0o700 if path.is_dir() else 0o600):
                wrong.append((str(path.relative_to(self.site.root)), oct(mode)))
        self.assertGreater(made, 12)
        self.assertEqual(wrong, [])

    def test_the_demo_makes_files_0600_and_folders_0700(self):
        r = self.site.call("demo", "--dir", "demo")
        self.assertEqual(r.code, 0, r)
        wrong = [(str(p), oct(stat.S_IMODE(p.lstat().st_mode))) for p in (self.site.root / "demo").rglob("*")
                 if stat.S_IMODE(p.lstat().st_mode) != (0o700 if p.is_dir() else 0o600)]
        self.assertEqual(wrong, [])

    def test_there_is_no_core_dump(self):
        """Whatever the shell allows, and whatever the kernel's core_pattern is: a pipe gets dumps also at limit 0."""
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        process = self.site.start("run", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (hard, hard)))
        try:
            for _ in range(200):
                time.sleep(0.05)
                if (self.site.root / "bus/data.mdb").exists():
                    break
            limits = pathlib.Path(f"/proc/{process.pid}/limits").read_text()
            self.assertRegex(limits, r"Max core file size +0 +0 ")
            if os.getuid():
                # Not dumpable: what is in /proc belongs to root then.
                self.assertEqual(os.stat(f"/proc/{process.pid}/environ").st_uid, 0)
        finally:
            process.terminate()
            self.site.finish(process)

    def test_no_option_or_variable_takes_a_secret(self):
        """Arguments and environment are read by others (/proc): no option is named for one, and no key of the site file."""
        self.work()
        helped = "".join(self.site.call("help", *v.split()).out for v in ("run", "approve", "dead show"))
        for word in ("--password", "--passphrase", "--token", "--secret"):
            self.assertNotIn(word, helped)
        for word in ("password", "token", "secret"):
            self.site.write(SITE_FILE.replace("keys: ./keys", f"keys: ./keys, {word}: {SECRET}"))
            r = self.site.call("check")
            self.assertEqual((r.code, r.codes), (3, {"conf.unknown_key"}), r)


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
