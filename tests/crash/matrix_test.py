#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The matrix is judged with a stand-in for the program: right, it is green; with each fault of its own, red.

    matrix_test.py LIBCOUNT
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import faults
import invent
import matrix

LIBRARY = sys.argv.pop()
HERE = pathlib.Path(__file__).resolve().parent


def cases(*names, fault="", skip=""):
    os.environ["FAKE_FAULT"] = fault
    with tempfile.TemporaryDirectory(prefix="matrix_", dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as work:
        setting = matrix.Setting([sys.executable, str(HERE / "fake_jincai.py")], LIBRARY, 5, 8, work, (0,), skip)
        return [matrix.run_case(setting, name) for name in names]


class FaultsTest(unittest.TestCase):
    def test_each_fault_can_still_be_made(self):
        for name, _, fault in faults.FAULTS:
            with self.subTest(name):
                if not isinstance(fault, str):
                    faults.broken_texts(invent.REPOSITORY, fault)


class CountTest(unittest.TestCase):
    """The library, with python as the program."""

    def program(self, code, **count):
        with tempfile.TemporaryDirectory() as work:
            env = {**os.environ, "LD_PRELOAD": LIBRARY, **{k: v.replace("WORK", work) for k, v in count.items()}}
            done = subprocess.run([sys.executable, "-c", "import os\n" + code], cwd=work, env=env,
                                  capture_output=True, check=False)
            log = pathlib.Path(work) / "log"
            lines = log.read_text().splitlines() if log.exists() else []
            return done.returncode, done.stdout.decode(), [r.split("\t") for r in lines], sorted(os.listdir(work))

    STEPS = "f = os.open('a', os.O_CREAT | os.O_RDWR); os.fsync(f); os.rename('a', 'b'); os.rename('b', 'c'); " \
            "os.unlink('c')\n"

    def test_each_step_has_a_number_a_call_and_a_path(self):
        _, _, log, _ = self.program(self.STEPS + "d = os.open('d', os.O_CREAT | os.O_RDWR | os.O_DSYNC)\n"
                                    "os.pwrite(d, b'x', 0); os.write(f, b'x')", COUNT_LOG="WORK/log")
        self.assertEqual([line[:2] for line in log], [["1", "fsync"], ["2", "rename"], ["3", "rename"], ["4", "unlink"],
                                                      ["5", "pwrite"]])
        self.assertTrue(log[0][2].endswith("/a") and log[1][2].endswith("/b") and " -> " in log[1][2])

    def test_a_kill_comes_before_or_after_a_step(self):
        self.assertEqual(self.program(self.STEPS, COUNT_KILL="3")[::3], (-9, ["b"]))
        self.assertEqual(self.program(self.STEPS, COUNT_KILL="3", COUNT_AFTER="1")[::3], (-9, ["c"]))

    def test_a_stop_at_a_step_can_be_woken(self):
        stopped = "f = os.fork()\nif f:\n  import signal\n  assert os.WIFSTOPPED(os.waitpid(f, os.WUNTRACED)[1])\n" \
                  "  print(sorted(os.listdir('.'))); os.kill(f, signal.SIGCONT); os.waitpid(f, 0); os._exit(0)\n"
        self.assertEqual(self.program(stopped + self.STEPS, COUNT_STOP="3")[1::2], ("['b']\n", []))
        self.assertEqual(self.program(stopped + self.STEPS, COUNT_STOP="2", COUNT_AFTER="1")[1::2], ("['b']\n", []))

    def test_a_step_fails_with_the_error_asked_for(self):
        code, out, _, names = self.program("try: " + self.STEPS + "except OSError as e: print(e.errno)",
                                           COUNT_FAIL="2:ENOSPC")
        self.assertEqual((code, out, names), (0, "28\n", ["a"]))

    def test_a_disk_is_full_until_there_is_room(self):
        code = "f = os.open('a', os.O_CREAT | os.O_RDWR)\nfor i in range(6):\n" \
               "  try: print(os.write(f, b'x'))\n  except OSError as e: print(e.errno)\n" \
               "  if i == 3: os.close(os.open('room', os.O_CREAT))\n"
        self.assertEqual(self.program(code, COUNT_FAIL_WRITE="3:ENOSPC", COUNT_FAIL_UNTIL="room")[1].split(),
                         ["1", "1", "28", "28", "1", "1"])
        self.assertEqual(self.program(code, COUNT_FAIL_WRITE="2:EDQUOT", COUNT_FAIL_TIMES="1")[1].split(),
                         ["1", "122", "1", "1", "1", "1"])

    def test_a_full_disk_takes_what_makes_no_file_longer(self):
        code = "f = os.open('a', os.O_CREAT | os.O_RDWR); os.write(f, b'xy')\nfor at in (0, 1, 2):\n" \
               "  try: print(os.pwrite(f, b'x', at))\n  except OSError as e: print(e.errno)\n"
        self.assertEqual(self.program(code, COUNT_FAIL_WRITE="2:ENOSPC", COUNT_FAIL_GROW="1")[1].split(),
                         ["1", "1", "28"])

    def test_a_call_is_left_out_and_says_that_all_is_well(self):
        self.assertEqual(self.program(self.STEPS + "print('ran')", COUNT_SKIP="fsync:x,rename:/b$")[0], 1)
        self.assertEqual(self.program(self.STEPS.replace("os.rename('b', 'c'); os.unlink('c')", ""),
                                      COUNT_SKIP="rename:a -> ")[3], ["a"])
        self.assertEqual(self.program("os.close(os.open('a', os.O_CREAT)); os.unlink('a')",
                                      COUNT_SKIP="unlink:/a$")[3], ["a"])

    # As librdkafka does: each request by one sendmsg; the rest of one that did not fit later.
    REQUESTS = "import socket, struct\na, b = socket.socketpair(socket.AF_UNIX)\n" \
               "def request(key, body): return struct.pack('>ihhih', 10 + 4 + len(body), key, 1, 7, 4) + b'test' + body\n" \
               "end = request(26, struct.pack('>h', 3) + b's.f' + bytes(11))\n" \
               "a.sendmsg([request(3, bytes(4))]); a.sendmsg([end[:9], end[9:25]]); a.sendmsg([end[25:]]); a.sendmsg([end])\n" \
               "a.sendmsg([request(1, bytes(99)), b''])\n"

    def test_a_request_that_changes_something_on_kafka_is_a_step(self):
        self.assertEqual(self.program(self.REQUESTS, COUNT_KAFKA="1", COUNT_LOG="WORK/log")[2],
                         [["1", "kafka:EndTxn", "s.f"], ["2", "kafka:EndTxn", "s.f"]])
        self.assertEqual(self.program(self.REQUESTS, COUNT_LOG="WORK/log")[2], [], "only when asked")

    def test_a_kill_leaves_such_a_request_unsent_or_sent(self):
        look = "f = os.fork()\nif f:\n  os.waitpid(f, 0); print(b.recv(999).count(b's.f')); os._exit(0)\n"
        requests = self.REQUESTS.replace("a.sendmsg([request(3", look + "a.sendmsg([request(3", 1)
        for after, sent in (("0", "1\n"), ("1", "2\n")):
            self.assertEqual(self.program(requests, COUNT_KAFKA="1", COUNT_KILL="2", COUNT_AFTER=after)[1], sent)

    def test_only_steps_of_one_kind_count_when_that_is_asked_for(self):
        look = "f = os.fork()\nif f:\n  os.waitpid(f, 0); print(b.recv(999).count(b's.f')); os._exit(0)\n"
        requests = "open('x', 'w').close()\nos.rename('x', 'y')\n" + self.REQUESTS.replace(
            "a.sendmsg([request(3", look + "a.sendmsg([request(3", 1)
        for at, sent in (("kafka:EndTxn:.f$", "1\n"), ("kafka:EndTxn:.g$", "2\n"), ("rename:/y$", "2\n")):
            self.assertEqual(self.program(requests, COUNT_KAFKA="1", COUNT_KILL="2", COUNT_AT=at)[1], sent, at)

    def test_another_boot_id_is_read(self):
        code = "open('id', 'w').write('other')\nprint(open('/proc/sys/kernel/random/boot_id').read())"
        self.assertEqual(self.program(code, COUNT_BOOT_ID="WORK/id")[1], "other\n")
        self.assertNotEqual(self.program(code)[1], "other\n")


class MatrixTest(unittest.TestCase):
    def test_right_work_is_green_at_every_end(self):
        for r in cases("count:0:5", "before:9:5", "after:9:5", "before:31:5", "after:40:5", "random:3:6", "fail:12:5"):
            self.assertTrue(r.ok(), f"{r.name}: {r.verdict} {r.wrong}")

    def test_a_kill_at_a_step_is_one(self):
        self.assertEqual(cases("count:0:5")[0].kills, 0)
        self.assertGreaterEqual(cases("before:9:5")[0].kills, 1)

    def test_faults_that_need_no_end_are_red(self):
        for fault in ("drop_line", "double_line", "fen", "head", "torn", "order", "no_proof", "no_digest",
                      "early_marker"):
            with self.subTest(fault):
                self.assertFalse(cases("random:1:6", fault=fault)[0].ok())

    def test_faults_that_need_an_end_are_red_at_some_step(self):
        for fault in ("twice", "late_plan"):
            with self.subTest(fault):
                self.assertTrue(cases("count:0:5", fault=fault)[0].ok() or fault == "twice")
                self.assertTrue(any(not cases(f"after:{n}:5", fault=fault)[0].ok() for n in range(26, 56, 2)))


if __name__ == "__main__":
    unittest.main()
