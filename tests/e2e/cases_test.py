#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`jincai test`: what it shows of a difference, what --update writes, and what no case touches.

    cases_test.py JINCAI
"""
import json
import os
import pathlib
import pty
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path("build/release/bin/jincai")
ENV = {**os.environ, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "JINCAI_SITE": ""}


def read_all(terminal):
    """What was said there, in however many pieces it comes."""
    said = b""
    try:
        while piece := os.read(terminal, 65536):
            said += piece
    except OSError:
        pass                        # nobody holds the other end any more
    return said.decode()


class CasesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.forms = self.folder / "lib/adapters"
        for name in ("payroll/pipe", "bank/pipe"):
            shutil.copytree(ROOT / "adapters" / name, self.forms / name)
        self.case = self.forms / "payroll/pipe/cases/batch/names_in_gb18030"
        self.expected = self.case / "expected.jsonl"
        self.right = self.expected.read_text(encoding="utf-8")

    def run_(self, *words, form="payroll/pipe"):
        return subprocess.run([PROGRAM, "test", form, "--library", "lib", "--lang", "en", *words], cwd=self.folder, env=ENV,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    def spoil(self):
        """The first line says another amount, the second one is gone."""
        lines = self.right.splitlines(keepends=True)
        lines[0] = lines[0].replace('"net":"', '"net":"9')
        del lines[1]
        self.expected.write_text("".join(lines), encoding="utf-8")

    def files(self):
        return {p: p.read_bytes() for p in self.forms.rglob("*") if p.is_file()}

    def test_lines_are_held_against_those_that_tell_of_the_same(self):
        self.spoil()
        got = self.run_()
        self.assertEqual(got.returncode, 1)
        self.assertEqual(got.stdout.count(" differs\n"), 2, got.stdout)
        self.assertIn("names_in_gb18030: line 2 differs\n  want (nothing)\n  got  {", got.stdout)

    def test_only_the_members_that_differ_are_named_one_below_the_other(self):
        self.spoil()
        got = self.run_()
        net = json.loads(self.right.splitlines()[0])["data"]["net"]
        self.assertIn(f'    data.net  want "9{net}"\n              got  "{net}"\n', got.stdout)
        self.assertNotIn("    data.unit", got.stdout)

    def test_of_a_text_the_first_character_that_differs_is_named(self):
        file = self.forms / "bank/pipe/cases/batch"
        file = next(f for f in sorted(file.glob("*/expected.file")))
        file.write_bytes(file.read_bytes().replace(b"\n", b"X\n", 1))
        line = file.read_bytes().split(b"X\n")[0].decode("gb18030")
        got = self.run_(form="bank/pipe")
        self.assertEqual(got.stdout.count(" differs\n"), 1, got.stdout)
        self.assertIn(f"    from character {len(line) + 1} on\n", got.stdout)

    def test_without_a_terminal_update_shows_what_differs_and_writes_nothing(self):
        self.spoil()
        before = self.files()
        got = self.run_("--update")
        self.assertEqual(got.returncode, 2)
        self.assertIn("case.update", got.stderr)
        self.assertIn("line 1 differs", got.stdout)
        self.assertEqual(self.files(), before)

    def test_with_yes_it_writes_what_was_found_and_keeps_lines_that_say_the_same(self):
        self.spoil()
        lines = self.expected.read_text(encoding="utf-8").splitlines()
        lines[-1] = json.dumps(json.loads(lines[-1]), indent=None, separators=(", ", ":  "))
        self.expected.write_text("\n".join(lines) + "\n", encoding="utf-8")
        mode, inputs = self.expected.stat().st_mode, {p: c for p, c in self.files().items() if p != self.expected}
        got = self.run_("--update", "--yes")
        self.assertEqual(got.returncode, 0, got)
        self.assertIn("1 expected files were written; no input file was touched", got.stderr)
        self.assertEqual(self.expected.read_text(encoding="utf-8").splitlines(), self.right.splitlines()[:-1] + [lines[-1]])
        self.assertEqual(self.expected.stat().st_mode, mode)
        self.assertEqual({p: c for p, c in self.files().items() if p != self.expected}, inputs)
        self.assertEqual(self.run_().returncode, 0)

    def test_a_case_without_expectation_gets_one(self):
        self.expected.unlink()
        self.assertIn("case.expected", self.run_().stderr)
        self.assertEqual(self.run_("--update", "--yes").returncode, 0)
        self.assertEqual([json.loads(x) for x in self.expected.read_text(encoding="utf-8").splitlines()],
                         [json.loads(x) for x in self.right.splitlines()])

    def test_outward_a_file_takes_the_place_of_an_error_and_the_other_way(self):
        case = next(self.forms.glob("bank/pipe/cases/batch/*/expected.error")).parent
        error, file = case / "expected.error", case / "expected.file"
        right = error.read_bytes()
        error.unlink()
        file.write_bytes(b"nothing\n")
        got = self.run_("--update", "--yes", form="bank/pipe")
        self.assertEqual((got.returncode, error.read_bytes(), file.exists()), (0, right, False), got)
        self.assertEqual(self.run_(form="bank/pipe").returncode, 0)

    def test_when_all_is_as_expected_nothing_is_written(self):
        before = self.files()
        got = self.run_("--update")
        self.assertEqual((got.returncode, self.files()), (0, before), got)
        self.assertIn("0 expected files were written", got.stderr)

    def test_a_case_that_cannot_be_run_stays_a_failure(self):
        next(self.case.glob("*.txt")).unlink()
        got = self.run_("--update", "--yes")
        self.assertEqual(got.returncode, 1)
        self.assertIn("case.input", got.stderr)

    def test_on_a_terminal_a_person_is_asked(self):
        for answer, written in (("n", False), ("", False), ("y", True)):
            self.spoil()
            before = self.files()
            ours, theirs = pty.openpty()
            os.write(ours, (answer + "\n").encode())
            got = subprocess.run([PROGRAM, "test", "payroll/pipe", "--library", "lib", "--lang", "en", "--update"], cwd=self.folder,
                                 env=ENV, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, timeout=60)
            os.close(theirs)
            said = read_all(ours)
            os.close(ours)
            with self.subTest(answer):
                self.assertIn("Write 1 expected files? [y/N]", said)
                self.assertEqual((got.returncode, self.files() != before), (0 if written else 1, written))

    def test_columns_and_rules_that_no_case_fills_are_named(self):
        form = self.forms / "payroll/pipe/batch.yaml"
        text = form.read_text(encoding="utf-8")
        self.assertIn("columns 12 of 12; rules 14 of 14\n", self.run_().stdout)
        form.write_text(text.replace("id_no: line.id_no", "id_no: {from: line.id_no, when: 'line.name = \"nobody\"'}"), encoding="utf-8")
        for case in (self.case.parent).iterdir():
            if case.name != "names_in_gb18030":
                shutil.rmtree(case)
        self.assertRegex(self.run_().stdout, r"columns 12 of 12; rules 13 of 14 \(no case makes id_no\)\n")
        file = next(self.case.glob("*.txt"))
        rows = [row.split("|") for row in file.read_bytes().decode("gb18030").splitlines()]
        rows = "".join("|".join(r if n == 0 else r[:6] + [""] + r[7:]) + "\n" for n, r in enumerate(rows))
        file.write_bytes(rows.encode("gb18030"))
        self.assertRegex(self.run_().stdout, r"columns 11 of 12 \(no case fills line.id_no\); ")


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
