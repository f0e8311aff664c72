#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The pages say what is: examples run, and every file, function and verb that is named exists.

    docs_test.py JINCAI
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path("build/release/bin/jincai")
PAGES = [ROOT / "README.md", ROOT / "README.zh.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "tests/crash/README.md"]
MOST_LINES = {"README.md": 140, "README.zh.md": 140, "architecture.md": 200, "operations.md": 160}
SOURCES = "\n".join(p.read_text(encoding="utf-8") for top in ("bus", "schemas", "transforms", "adapters")
                    for p in sorted((ROOT / top).rglob("*.[ch]")))


def text(page):
    return page.read_text(encoding="utf-8")


def shell_examples(page):
    return re.findall(r"^```sh\n(.*?)^```", text(page), re.MULTILINE | re.DOTALL)


def quoted(page):
    """What stands in `...` outside of examples."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text(page), flags=re.MULTILINE | re.DOTALL))


class DocsTest(unittest.TestCase):
    def check(self, problems):
        self.assertFalse(problems, "\n" + "\n".join(problems))

    def test_the_first_site_runs_and_is_the_same_in_both_languages(self):
        examples = [[e for e in shell_examples(page) if "jincai.yaml" in e] for page in PAGES[:2]]
        self.assertEqual(len(examples[0]), 1)
        self.assertEqual(*examples)
        with tempfile.TemporaryDirectory() as folder:
            path = f"{PROGRAM.parent}:{os.environ['PATH']}"
            got = subprocess.run(["sh", "-eu", "-c", examples[0][0]], cwd=folder, env={**os.environ, "PATH": path},
                                 capture_output=True, text=True, timeout=60)
            self.assertEqual(got.returncode, 0, got.stderr)

    def test_the_two_commands_come_first(self):
        for page in PAGES[:2]:
            first = shell_examples(page)[0].splitlines()
            self.assertEqual([line.split("#")[0].strip() for line in first], ["sh demo.sh", "sh test.sh"])

    def test_every_verb_is_in_both_readmes(self):
        out = subprocess.run([PROGRAM, "help"], capture_output=True, text=True, check=True).stdout
        verbs = re.findall(r"^  ([a-z]+(?: [a-z]+)?)  ", out, re.MULTILINE)
        self.assertGreater(len(verbs), 5)
        self.check([f"{page.name}: jincai {verb} is missing" for page in PAGES[:2] for verb in verbs
                    if not re.search(rf"`jincai {verb}[ `]", text(page))])

    def test_verbs_that_are_named_exist(self):
        out = subprocess.run([PROGRAM, "help"], capture_output=True, text=True, check=True).stdout
        verbs = set(re.findall(r"^  ([a-z]+(?: [a-z]+)?)  ", out, re.MULTILINE))
        problems = []
        for page in PAGES:
            for words in re.findall(r"`jincai ([a-z]+(?: [a-z]+)?)[^`\n]*`", text(page)):
                if words not in verbs and words.split()[0] not in verbs:
                    problems.append(f"{page.name}: jincai {words}")
        self.check(problems)

    def test_functions_that_are_named_exist(self):
        self.check([f"{page.name}: {name}()" for page in PAGES for name in
                    re.findall(r"^([a-z_0-9]+)\(\)$", "\n".join(quoted(page)), re.MULTILINE)
                    if not re.search(rf"\b{name}\(", SOURCES)])

    def test_files_that_are_named_exist(self):
        problems = []
        for page in PAGES:
            for name in quoted(page):
                if re.fullmatch(r"(adapters|bus|cmake|docs|schemas|tests|transforms)(/[\w.-]+)+", name) and \
                        not (ROOT / name).exists():
                    problems.append(f"{page.name}: {name}")
            for link in re.findall(r"\]\(([^)#:]+)\)", text(page)):
                if not (page.parent / link).exists():
                    problems.append(f"{page.name}: link to {link}")
        self.check(problems)

    def test_error_codes_that_are_named_exist(self):
        table = text(ROOT / "bus/base/err_table.h")
        groups = set(re.findall(r'^ROW\(E_\w+, "([a-z]+)\.', table, re.MULTILINE))
        page = ROOT / "docs/operations.md"
        self.check([name for name in quoted(page) if re.fullmatch(r"[a-z]+\.[a-z_]+", name) and
                    name.split(".")[0] in groups and f'"{name}"' not in table])

    def test_pages_are_short_and_narrow(self):
        problems = []
        for page in (page for page in PAGES if page.name in MOST_LINES and page.parent in (ROOT, ROOT / "docs")):
            lines, most = text(page).splitlines(), MOST_LINES[page.name]
            if len(lines) > most:
                problems.append(f"{page.name}: {len(lines)} lines, at most {most}")
            problems += [f"{page.name}:{n}: {len(line)} characters" for n, line in enumerate(lines, 1)
                         if len(line) > 120 and not line.startswith("|")]
        self.check(problems)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
