#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Five vendors whose forms were written from docs/language.md alone: each file alone, and all of them through one site.

    stranger_test.py JINCAI

What must come out stands in expected.json, written down with the files and not by the program. All people, accounts and
payments are synthetic. The examples of docs/language.md are read as well: what the page shows must load.
"""
import csv
import decimal
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import marks  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LIBRARY = HERE / "library"
EXPECTED = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
PROGRAM = pathlib.Path("build/release/bin/jincai")
CODE = re.compile(r"\[([a-z_]+(?:\.[a-z_]+)+)\]")
CARET, AT, SEMICOLON = "DF202612-A7.dat", "月度代发_202612_01.txt", "jj_03.rpt"


def jincai(*args, **more):
    env = {**os.environ, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    return subprocess.run([PROGRAM, *map(str, args)], env=env, capture_output=True, text=True, timeout=120, **more)


def codes(result):
    return set(CODE.findall(result.stderr))


def told(result):
    """What was said, but for the columns that nothing uses."""
    return [line for line in result.stderr.splitlines() if not line.startswith(("columns", "没有规则用到的列", "表头"))]


def form_path(name):
    return LIBRARY / "adapters/vendor" / (EXPECTED[name]["form"] + ".yaml")


def charset_of(name):
    return re.search(r"^charset: (\S+)$", form_path(name).read_text(encoding="utf-8"), re.MULTILINE)[1]


def total(rows):
    return sum((decimal.Decimal(row[2]) for row in rows), decimal.Decimal(0))


class Site:
    """A folder with one site: adapters a0, a1, ... of the forms given, a bank and the units behind them."""

    def __init__(self, folder, forms, library=LIBRARY, more=""):
        self.root = pathlib.Path(folder)
        marks.folders(folder, "keys", "out/bank", "out/units", *(f"in/a{i}" for i in range(len(forms))))
        (self.root / "keys/identity.key").write_bytes(b"thirty-two bytes of a test's key")
        self.file = self.root / "jincai.yaml"
        self.file.write_text(
            f"library: ['{library}']\n"
            'site: {name: stranger, kind: test, division: "150782", unit: "602001", keys: ./keys}\n'
            "bus: embedded:./bus\nadapters:\n"
            + "".join(f"  a{i}: {{form: {form}, start: 2026-12-01, from: {{file: {{folder: ./in/a{i}}}}}}}\n"
                      for i, form in enumerate(forms))
            + "destinations:\n"
            "  bank: {form: bank/pipe, gather: batch, mode: live, to: {file: {folder: ./out/bank}}}\n"
            "  units: {form: unit/csv, split: data.unit, gather: batch, mode: live,\n"
            "    to: {file: {folder: ./out/units}}}\n"
            + more +
            "routes:\n"
            "  - {types: [payroll.line.v1], to: bank}\n"
            "  - {types: [payroll.line.v1, payment.published.v1], to: units}\n", encoding="utf-8")

    def hand_in(self, number, name, content, marker):
        folder = self.root / f"in/a{number}"
        (folder / name).write_bytes(content)
        if marker:
            (folder / marker).touch()

    def verb(self, *words):
        return jincai(*words, "-c", self.file)

    def bank(self):
        """The lines that the bank got, and what each head says of its own."""
        got = []
        for path in sorted(self.root.glob("out/bank/*.txt")):
            head, *lines = [line.split("|") for line in path.read_text(encoding="gb18030").splitlines()]
            got.append(([row[1:] for row in lines], int(head[4]), decimal.Decimal(head[5])))
            assert path.with_name(path.name + ".ok").exists(), path
        return got

    def units(self):
        got = []
        for path in self.root.glob("out/units/*/*.csv"):
            with path.open(encoding="utf-8-sig", newline="") as f:
                rows = list(csv.reader(f))[1:]
            assert {row[0] for row in rows} == {path.parent.name}, path
            got += [[row[0], row[2], row[4], row[3]] for row in rows]
        return got


class FileTest(unittest.TestCase):
    """One file by the path of its form."""

    def test_each_file_is_what_was_written_down(self):
        for name, want in EXPECTED.items():
            with self.subTest(name):
                got = jincai("try", HERE / "files" / name, "--form", form_path(name), "--summary")
                self.assertEqual((got.returncode, told(got)), (0, []))
                self.assertEqual(json.loads(got.stdout), want["summary"])
                self.assertEqual(decimal.Decimal(want["summary"]["sum"]), total(want["rows"]))

    def changed(self, name, form=lambda text: text, file=lambda text: text):
        """Codes and verdict of a file that was changed, by a form that was changed."""
        text = form_path(name).read_text(encoding="utf-8")
        charset = charset_of(name)
        content = (HERE / "files" / name).read_bytes().decode(charset)
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "form.yaml").write_text(form(text), encoding="utf-8")
            (folder / name).write_bytes(file(content).encode(charset))
            got = jincai("try", folder / name, "--form", folder / "form.yaml", "--summary")
        return got.returncode, codes(got), json.loads(got.stdout)["verdict"] if got.stdout else None

    def replaced(self, old, new):
        def change(text):
            self.assertEqual(text.count(old), 1, old)
            return text.replace(old, new)
        return change

    def test_what_a_file_declares_must_be_there_and_must_be_one_thing(self):
        def without_last(text):
            return text[:text.rstrip().rindex("\n") + 1]

        def without_head(text):
            return re.sub(r"(?m)^B\^.*\n", "", text)

        free_of_head = [("head.unit, file.month", "file.month"), ("{from: head.date, as: yyyy年MM月dd日}",
                        "{value: 2026-12-05}"), ("{from: head.unit, lookup: units}", "{value: '602001'}"),
                        ("{from: head.bank, lookup: banks}", "{value: '102196000012'}"),
                        ("  origin.unit: head.unit\n  origin.bank: head.bank\n", "")]

        def headless(text):
            for old, new in free_of_head:
                text = self.replaced(old, new)(text)
            return text

        same = str
        for says, name, form, file, want in (
                ("the head lacks its count", CARET, same, self.replaced("^102^5^", "^102^^"), "batch.undeclared"),
                ("the head is not there and no rule misses it", CARET, headless, without_head, "batch.undeclared"),
                ("the totals lack their sum", AT, same, self.replaced("28,918.72", ""), "batch.undeclared"),
                ("optional totals of instructions are not there", AT,
                 self.replaced("sum: line.net,", "optional: true, sum: line.net,"), without_last, "batch.undeclared"),
                ("the totals are not there", AT, same, without_last, "batch.no_trailer"),
                ("the totals count otherwise", AT, same, self.replaced("合计@|$4", "合计@|$5"), "batch.count"),
                ("the totals are one fen off", AT, same, self.replaced("28,918.72", "28,918.73"), "batch.sum"),
                ("head and totals sum up otherwise", SEMICOLON, same,
                 self.replaced("合计;3;3043481", "合计;3;3043482"), "batch.two_totals"),
                ("head, wrong, and totals, right, sum up otherwise", SEMICOLON, same,
                 self.replaced("系统;3;3043481", "系统;3;3043482"), "batch.two_totals"),
                ("head and totals count otherwise", SEMICOLON, same, self.replaced("合计;3;", "合计;4;"),
                 "batch.two_totals")):
            with self.subTest(says):
                self.assertEqual(self.changed(name, form, file), (1, {want}, "held"))

    def test_a_wrong_form_is_told_by_its_code(self):
        for says, name, old, new, want in (
                ("a number of a person", AT, "{keyed: line.id_no}", "line.id_no", {"form.personal"}),
                ("a name of a person, as a result", AT, "{keyed: line.id_no}", "data.payee.name", {"form.personal"}),
                ("totals that declare nothing", AT, ", sum: line.net, count: line.name", "", {"form.no_totals"}),
                ("a condition without quotes", AT, '= "合计"', "= 合计", {"expr.syntax"}),
                ("a name without its kind", AT, "sum: line.net", "sum: net", {"map.path"}),
                ("a marker of a part that is none", SEMICOLON, "{file.no:2}", "{no:2}", {"pattern.name"}),
                ("a charset that is none", AT, "charset: gb18030", "charset: utf8", {"conf.choice"})):
            with self.subTest(says):
                self.assertEqual(self.changed(name, form=self.replaced(old, new)), (3, want, None))

    def test_a_header_row_that_lacks_one_name_says_which(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / AT
            text = (HERE / "files" / AT).read_text(encoding="gb18030")
            file.write_text(self.replaced("卡号", "帐号")(text), encoding="gb18030")
            got = jincai("try", file, "--form", form_path(AT))
        self.assertEqual(codes(got), {"form.no_header"})
        self.assertIn("卡号", got.stderr)
        self.assertNotIn("实发金额", got.stderr)


class SiteTest(unittest.TestCase):
    """All files through one site, read back from what bank and units got."""

    def test_all_of_it_arrives_and_adds_up(self):
        with tempfile.TemporaryDirectory() as folder:
            site = Site(folder, ["vendor/" + want["form"] for want in EXPECTED.values()])
            for i, (name, want) in enumerate(EXPECTED.items()):
                site.hand_in(i, name, (HERE / "files" / name).read_bytes(), want["marker"])
            for words in (["check"], ["run", "--until-idle"], ["balance", "--deep"]):
                got = site.verb(*words)
                self.assertEqual(got.returncode, 0, got.stdout + got.stderr)
            left = [path.name for i in range(len(EXPECTED)) for path in (site.root / f"in/a{i}").iterdir()]
            self.assertEqual(set(left), {".taken", marks.MARK}, "nothing is left behind, no marker either")
            batches = [want["rows"] for want in EXPECTED.values() if want["money"]]
            bank = site.bank()
            self.assertEqual(sorted(sorted(rows) for rows, _, _ in bank),
                             sorted(sorted([row[1], row[2], row[3]] for row in rows) for rows in batches))
            for rows, count, amount in bank:
                self.assertEqual((count, amount), (len(rows), sum(decimal.Decimal(row[1]) for row in rows)))
            everything = [row for want in EXPECTED.values() for row in want["rows"]]
            self.assertEqual(sorted(site.units()), sorted(everything))
            self.assertEqual(total(site.units()), total(everything))

    def test_a_batch_that_proves_nothing_reaches_nobody(self):
        content = (HERE / "files" / CARET).read_bytes()
        self.assertEqual(content.count(b"^102^5^3077276"), 1)
        with tempfile.TemporaryDirectory() as folder:
            site = Site(folder, ["vendor/" + EXPECTED[CARET]["form"]])
            site.hand_in(0, CARET, content.replace(b"^102^5^3077276", b"^102^^"), EXPECTED[CARET]["marker"])
            self.assertEqual(site.verb("run", "--until-idle").returncode, 1)
            self.assertEqual((site.bank(), site.units()), ([], []))
            self.assertIn(CARET, site.verb("held", "list").stdout)


class PageTest(unittest.TestCase):
    """The examples of the reference."""

    page = (ROOT / "docs/language.md").read_text(encoding="utf-8")
    forms = [text for text in re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
             if text.startswith("form:")]

    def test_the_page_has_forms_of_both_directions(self):
        self.assertEqual({text.splitlines()[0] for text in self.forms}, {"form: in", "form: out"})

    def test_each_form_of_the_page_loads(self):
        for i, text in enumerate(self.forms):
            with self.subTest(i), tempfile.TemporaryDirectory() as folder:
                library = pathlib.Path(folder) / "library"
                (library / "adapters/page/form").mkdir(parents=True)
                (library / "adapters/page/form/form.yaml").write_text(text, encoding="utf-8")
                if text.startswith("form: in"):
                    site = Site(pathlib.Path(folder) / "site", ["page/form"], library)
                else:
                    more = "  page: {form: page/form, mode: live, gather: batch, to: {file: {folder: ./out/page}}}\n"
                    shutil.copytree(LIBRARY / "adapters/vendor/caret", library / "adapters/vendor/caret")
                    site = Site(pathlib.Path(folder) / "site", ["vendor/caret"], library, more)
                    marks.folders(site.root, "out/page")
                got = site.verb("check")
                self.assertEqual(got.returncode, 0, got.stderr)

    def test_the_file_of_the_page_is_read_by_its_form(self):
        name = re.search(r"file `(gz_\w+\.txt)`", self.page)[1]
        rows = re.search(r"^```\n(H\|.*?)^```", self.page, re.MULTILINE | re.DOTALL)[1]
        form = next(text for text in self.forms if text.startswith("form: in"))
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / name).write_text(rows, encoding="gb18030")
            (folder / "form.yaml").write_text(form, encoding="utf-8")
            site = Site(folder / "site", ["vendor/caret"])     # its key makes hashes
            got = jincai("try", folder / name, "--form", folder / "form.yaml", "--summary", "-c", site.file)
        self.assertEqual((got.returncode, told(got)), (0, []))
        summary = json.loads(got.stdout)
        self.assertEqual((summary["verdict"], summary["events"], summary["sum"]), ("ok", 2, "4234.50"))


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
