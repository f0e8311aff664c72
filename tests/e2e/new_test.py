#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A form that is begun from a sample is refused as it is, and reads the sample once it is filled in.

    new_test.py JINCAI
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

JINCAI = pathlib.Path(sys.argv.pop()).resolve()
HEAD_AND_LINES = ("H|0001|20261205|602001|103|1|2|4234.50\n"
                  "0001|王珅|1234.50|6222020600000000015|602001|01|150702198001010017|1\n"
                  "0002|乌云其其格|3000.00|6228480600000000023|602001|01|150702198502020021|1\n").encode("gbk")
FILLED = {
    "event: fill_in": "event: payroll.line.v1",
    "nature: fill_in": "nature: instruction",
    "release: fill_in": "release: batch",
    "identity: fill_in": "identity: {document: [head.h4, file.no1, {keyed: line.c7}]}\n"
                         "content: [line.c4, line.c3]\ndeclares: {count: head.h7, sum: head.h8}",
}
MAP = """  month: file.month
  businessdate: {from: head.h3, as: yyyyMMdd}
  agent_no: line.c1
  unit: {from: head.h4, lookup: units}
  payee.name: line.c2
  payee.account: {from: line.c4, check: account}
  payee.bank: {from: head.h5, lookup: banks}
  id_type: line.c6
  id_no: line.c7
  occurrence: line.c8
  net: {from: line.c3, as: yuan, check: positive}
  currency: {value: CNY}
  origin.unit: head.h4
  origin.bank: head.h5
"""


class NewTest(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="new_test_"))
        self.addCleanup(shutil.rmtree, self.work)
        self.sample = self.work / "gz_202612_001.txt"
        self.sample.write_bytes(HEAD_AND_LINES)
        self.folder = self.work / "lib/adapters/payroll/vendor"

    def jincai(self, *words):
        env = dict(os.environ, LC_ALL="C.UTF-8")
        env.pop("JINCAI_SITE", None)
        return subprocess.run([str(JINCAI), *words], cwd=self.work, env=env, capture_output=True, text=True, timeout=60)

    def new(self, *more, name="payroll/vendor"):
        return self.jincai("new", name, "--sample", str(self.sample), "--dir", "lib", *more)

    def refused(self, run, code, exit_code=2):
        self.assertEqual(run.returncode, exit_code, run.stdout + run.stderr)
        self.assertIn(f"[{code}]", run.stderr)

    def test_the_form_is_refused_until_it_is_filled_in_and_reads_the_sample_then(self):
        run = self.new()
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertNotIn("王", run.stdout)
        self.assertNotIn("6222020600000000015", run.stdout)
        form = self.folder / "form.yaml"
        self.refused(self.jincai("try", str(self.sample), "--form", str(form)), "form.no_schema", 3)
        text = form.read_text()
        for line, instead in FILLED.items():
            self.assertEqual(text.count(line + "   # fill in"), 1, line)
            text = text.replace(line, instead)
        text = text.replace("fill in", "done")
        form.write_text(re.sub(r"(?s)\nmap:.*", "\nmap:\n" + MAP, text))
        run = self.jincai("try", str(self.sample), "--form", str(form), "--summary")
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertIn('"verdict":"ok"', run.stdout.replace(" ", ""))

    def test_what_is_there_is_not_written_over(self):
        self.assertEqual(self.new().returncode, 0)
        form = self.folder / "form.yaml"
        form.write_text("mine\n")
        self.refused(self.new(), "new.exists")
        self.assertEqual(form.read_text(), "mine\n")

    def test_a_name_that_is_none_writes_nothing(self):
        for name in ("payroll", "../x", "payroll/", "/x", "Payroll/x", "a/b/c"):
            with self.subTest(name=name):
                self.refused(self.new(name=name), "new.name")
        self.sample.write_bytes(b"")
        self.refused(self.new(), "new.empty")
        self.assertFalse((self.work / "lib").exists())

    def test_the_first_case_holds_twenty_rows(self):
        self.sample.write_bytes(b"".join(b"%d|a|1.00\n" % i for i in range(100, 150)))
        self.assertEqual(self.new().returncode, 0)
        case = self.folder / "cases/form/first" / self.sample.name
        self.assertEqual(case.read_bytes(), b"".join(b"%d|a|1.00\n" % i for i in range(100, 120)))

    def test_header_and_trailer_are_written_as_guesses(self):
        self.sample.write_bytes("工资表\n序号,姓名,金额\n1,王珅,1.00\n2,王五,2.00\n合计：,,3.00\n".encode("gbk"))
        self.assertEqual(self.new("--lang", "zh").returncode, 0)
        text = (self.folder / "form.yaml").read_text()
        self.assertIn("    c2: '姓名'\n", text)
        self.assertIn("""trailer: {when: 'line.c1 contains "合计"', sum: line.c3}   # guessed:""", text)
        self.assertIn("charset: gb18030   # guessed:", text)


if __name__ == "__main__":
    unittest.main()
