#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""jincai demo on Kafka shows what it shows without; demo.sh --kafka brings a broker and takes it away again.

    demo_kafka_test.py JINCAI [DEMO_SH]     with $JINCAI_KAFKA_FOLDER/address; 77: skipped, there is no broker
"""
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "kafka"))
import here  # noqa: E402

JINCAI = pathlib.Path("build/release/bin/jincai")
DEMO_SH = None
SECONDS = 240


class DemoKafkaTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="demo_kafka_")
        self.addCleanup(folder.cleanup)
        self.work = pathlib.Path(folder.name).resolve()
        self.env = dict(os.environ, TMPDIR=str(self.work), LC_ALL="C.UTF-8")

    def call(self, *words):
        return subprocess.run([str(JINCAI), *words], cwd=self.work, env=self.env, capture_output=True, text=True, timeout=SECONDS)

    def shown(self, folder, *words):
        run = self.call("demo", "--dir", folder, *words)
        self.assertEqual((run.returncode, run.stderr), (0, ""), run.stdout[-3000:])
        return run.stdout

    def test_it_shows_what_it_shows_without_kafka(self):
        bus = f"kafka:{here.address()}"
        one, other = self.shown("one"), self.shown("two", "--bus", bus)
        said = re.search(r"^its topics on (\S+) begin with (demo-[0-9a-f]{8}\.)\n", other, re.MULTILINE)
        self.assertEqual(said[1], bus)
        # But for folders, and for the number of a letter, which is its offset.
        plain = [re.sub(r"dead show [0-9]+", "dead show", text.replace(f"/{name}", "/")) for text, name in
                 ((one, "one"), (other.replace(said[0], ""), "two"))]
        self.assertEqual(*plain)
        for line in other.splitlines():
            if line.startswith("  jincai "):
                tried = self.call(*shlex.split(line)[1:])
                self.assertIn(tried.returncode, (0, 1), line + tried.stdout + tried.stderr)
        self.assertIn("0 terms differ", self.call("balance", "--deep", "-c", "two/jincai.yaml", "--lang", "en").stdout)

    def test_a_bus_that_is_none_is_refused(self):
        for bus in ("kafka:nowhere", "tape:1", "kafka:a:1\nlibrary: [./x]", 'kafka:a:1"}'):
            run = self.call("demo", "--bus", bus)
            self.assertEqual(run.returncode, 3, run.stdout + run.stderr)
            self.assertIn("[bus.url]", run.stderr)

    def script(self, *words):
        """demo.sh --kafka, in a group of its own as a terminal gives it."""
        ret = subprocess.Popen(["sh", DEMO_SH, "--no-install", "--kafka", *words], env=self.env, text=True, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        self.addCleanup(ret.stdout.close)
        self.addCleanup(ret.stdin.close)
        return ret

    def read_to(self, process, pattern):
        seen = ""
        for line in process.stdout:
            seen += line
            if re.search(pattern, line):
                return seen
        self.fail(f"it ended with {process.wait()}:\n{seen[-3000:]}")

    def nothing_left(self):
        ends = time.monotonic() + 20
        while time.monotonic() < ends:
            left = [path.name for path in self.work.glob("jincai-kafka-*")]
            for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    left += [path.parent.name] if str(self.work).encode() in path.read_bytes() else []
                except OSError:
                    pass
            if not left:
                return
            time.sleep(0.1)
        self.fail(f"left behind: {left}")

    @unittest.skipUnless(sys.argv[2:], "no script was given")
    def test_the_script_brings_a_broker_and_what_it_prints_works(self):
        process = self.script()
        seen = self.read_to(process, "press Enter")
        self.assertEqual(len(re.findall(r"balance: difference 0\.00", seen)), 4, seen)
        command = next(line for line in seen.splitlines() if line.startswith("  java "))
        run = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=SECONDS)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn('"type":"payroll.line.v1"', run.stdout)
        process.stdin.write("\n")
        process.stdin.flush()
        self.assertEqual(process.wait(60), 0)
        self.nothing_left()

    @unittest.skipUnless(sys.argv[2:], "no script was given")
    def test_ctrl_c_takes_the_broker_along(self):
        process = self.script()
        self.read_to(process, "its topics on")
        os.killpg(process.pid, signal.SIGINT)
        self.assertEqual(process.wait(60), 130)
        self.nothing_left()


if __name__ == "__main__":
    here.address()
    if sys.argv[2:]:
        DEMO_SH = sys.argv[2]
    JINCAI = pathlib.Path(sys.argv[1]).resolve()
    unittest.main(argv=sys.argv[:1])
