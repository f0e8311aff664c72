#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every error code is raised by a test, every file has its licence line, and the project speaks of itself alone.

    errors_test.py              the tests
    errors_test.py --list       prints the codes that no test names; errors_test.py --shrink takes the others off untested.txt

A code counts as raised when its name stands inside of quotes in a test (tests/**/*.c, *.h, *.py), or in a file below a
folder `cases`, where expectations are written. untested.txt has those of before this test: nothing is ever added to it.
"""
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = ROOT / "bus/base/err_table.h"
UNTESTED = pathlib.Path(__file__).with_name("untested.txt")
ROW = re.compile(r'^ROW\((E_[A-Z0-9_]+),\s*"([a-z0-9_.]+)",\s*(ERR_[A-Z]+),\s*([0-9]),\s*(.*?)\)$', re.MULTILINE | re.DOTALL)
TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
QUOTED = re.compile(r"""\"((?:[^"\\\n]|\\.)*)\"|'((?:[^'\\\n]|\\.)*)'""")
WORD = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)*")
# Kinds of files that carry the licence line near their begin.
LICENSED = {".c", ".h", ".in", ".py", ".sh", ".cmake", ".yaml", ".yml"}
LICENSED_NAMES = {"CMakeLists.txt", "run"}
SPOKEN = LICENSED | {".md", ".json", ".csv", ".txt", ".conf", ".service", ".tpl"}
# Words of a workplace. Written so that they are not found here.
FOREIGN = re.compile(r"(?<![a-z0-9_.])/wor[k]/|\bissu[e] #[0-9]|/tm[p]/build-|/roo[t]/", re.IGNORECASE)


def files():
    """Files of the project by path; nothing that a build or a run left."""
    def walk(folder):
        for path in sorted(folder.iterdir()):
            if path.name in (".git", "__pycache__") or path.name.startswith("build") and path.is_dir():
                continue
            if path.is_dir() and not path.is_symlink():
                yield from walk(path)
            elif path.is_file():
                yield path
    yield from walk(ROOT)


def shown(path):
    return path.relative_to(ROOT).as_posix()


def is_case(path):
    return "cases" in path.relative_to(ROOT).parts[:-1]


def rows():
    return [(m[1], m[2], m[3], int(m[4]), m[5]) for m in ROW.finditer(TABLE.read_text(encoding="utf-8"))]


def named():
    """All names in quotes in tests, all words in cases."""
    ret = set()
    for path in files():
        in_tests = shown(path).startswith("tests/") and path.suffix in (".c", ".h", ".py") and path.parent != UNTESTED.parent
        if not in_tests and not is_case(path):
            continue
        text = path.read_bytes().decode("utf-8", errors="replace")
        for part in (a or b for a, b in QUOTED.findall(text)) if in_tests else [text]:
            words = WORD.findall(part)
            ret.update(word for word in words if "." in word or word == part.strip())
    return ret


def untested():
    return [line for line in UNTESTED.read_text().splitlines() if line and not line.startswith("#")]


def not_raised():
    have = named()
    return sorted(name for _, name, *_ in rows() if name not in have)


class ErrorsTest(unittest.TestCase):
    def check(self, problems):
        self.assertFalse(problems, "\n" + "\n".join(problems))

    def test_the_table_is_read_whole(self):
        self.assertEqual(len(rows()), TABLE.read_text(encoding="utf-8").count("\nROW("))

    def test_every_code_is_raised_by_a_test(self):
        missing, known = not_raised(), set(untested())
        if set(missing) & known:
            print(f"not raised by any test yet: {', '.join(sorted(set(missing) & known))}")
        if known - set(missing):
            print(f"may be taken off untested.txt (--shrink): {', '.join(sorted(known - set(missing)))}")
        self.check([f'{name}: no test names it; raise it in one and compare with "{name}"'
                    for name in missing if name not in known])

    def test_no_name_is_used_twice(self):
        names = [name for _, name, *_ in rows()]
        self.check(sorted({name for name in names if names.count(name) > 1}))

    def test_every_row_says_what_happened_and_what_to_do_in_both_languages(self):
        problems = []
        for _, name, _, _, rest in rows():
            # Four texts, each of one or more literals, parted by commas.
            parts, at = [""], 0
            for m in TEXT.finditer(rest):
                if "," in rest[at:m.start()]:
                    parts.append("")
                parts[-1] += m[1]
                at = m.end()
            if len(parts) != 4 or not all(parts):
                problems.append(f"{name}: {len(parts)} texts, {sum(map(bool, parts))} of them filled")
                continue
            en, zh, do_en, do_zh = parts
            holes = [set(re.findall(r"{(\w+)}", text)) for text in parts]
            if holes[0] != holes[1] or holes[2] != holes[3]:
                problems.append(f"{name}: the languages do not have the same places {{...}}")
            if any("\u3400" <= c <= "\u9fff" for c in en + do_en):
                problems.append(f"{name}: Chinese in the English text")
            if name != "usage" and not all(any("\u3400" <= c <= "\u9fff" for c in text) or re.fullmatch(r"{\w+}", text)
                                           for text in (zh, do_zh)):
                problems.append(f"{name}: no Chinese in the Chinese text")
        self.check(problems)

    def test_every_file_has_its_licence_line(self):
        self.check([shown(path) for path in files()
                    if (path.suffix in LICENSED or path.name in LICENSED_NAMES) and not is_case(path)
                    and "SPDX-License-Identifier: Apache-2.0" not in path.read_text(encoding="utf-8", errors="replace")[:300]])

    def test_the_project_speaks_of_itself_alone(self):
        problems = []
        for path in files():
            if path.suffix not in SPOKEN and path.name not in LICENSED_NAMES | {"Dockerfile"} or is_case(path):
                continue
            for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
                if FOREIGN.search(line):
                    problems.append(f"{shown(path)}:{number}: {line.strip()[:100]}")
        self.check(problems)


if __name__ == "__main__":
    if "--list" in sys.argv:
        print("\n".join(not_raised()))
    elif "--shrink" in sys.argv:
        head = [line for line in UNTESTED.read_text().splitlines() if line.startswith("#")]
        missing = set(not_raised())
        UNTESTED.write_text("\n".join(head + [name for name in untested() if name in missing]) + "\n")
    else:
        unittest.main()
