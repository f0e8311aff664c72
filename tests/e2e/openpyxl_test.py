#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Workbooks made at random by openpyxl read as openpyxl reads them.

    openpyxl_test.py PROGRAM FOLDER

FOLDER is where openpyxl is put, by pip; without it, one line says so. Texts are synthetic.
"""
import datetime
import decimal
import importlib
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

ROUNDS = 25
COLUMNS = "ABCDE"
TEXTS = ["王珅", "乌云其其格", " 斯琴·图雅 ", "a\nb", "a\tb", "<&>\"'", "6222020600000000015", "010", "=1", "𬱖某", ""]
FORM = """
form: in
event: payment.published.v1
nature: report
charset: utf-8
file: {{name: "t{{month:yyyyMM}}.xlsx"}}
codec: {{xlsx: {{sheet: {sheet}, blank_rows: skip}}}}
kinds:
  line: {{columns: [A, B, C, D, E]}}
identity: {{record: number}}
map:
  month: file.month
  unit: {{value: "602001"}}
  payee.name: {{from: line.{column}}}
  amount: {{value: "1.00", as: yuan}}
  currency: {{value: GBP}}
"""


def random_value(rng):
    return rng.choice([
        lambda: rng.choice(TEXTS),
        lambda: None,
        lambda: rng.random() < 0.5,
        lambda: rng.randrange(10 ** rng.randrange(1, 15)),
        lambda: rng.randrange(10 ** rng.randrange(3, 14)) / 100,
        lambda: rng.uniform(-1000, 1000),
        lambda: rng.uniform(0, 1) * 10 ** rng.randrange(-8, 14),
        lambda: datetime.date(2026, 1, 1) + datetime.timedelta(rng.randrange(400)),
    ])()


def as_text(value, serial):
    """The text of a value that openpyxl read; a number in the 15 digits that a spreadsheet has of it."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime.datetime):
        value = serial(value)
    if isinstance(value, (int, float)):
        text = format(decimal.Context(prec=15, rounding=decimal.ROUND_HALF_UP).create_decimal(repr(value)), "f")
        return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
    return value or ""


def ours(program, folder, path, sheet, column):
    """The texts of one column, through the program; those that are absent kill their record."""
    form = folder / "adapters" / "test" / "xlsx" / "rows.yaml"
    form.parent.mkdir(parents=True, exist_ok=True)
    form.write_text(FORM.format(sheet=sheet, column=column), encoding="utf-8")
    env = {k: v for k, v in os.environ.items() if k != "JINCAI_SITE"}
    got = subprocess.run([program, "try", path, "--form", "test/xlsx", "--library", folder, "--lang", "en"], cwd=folder,
                         env=env, capture_output=True, check=False)
    assert got.returncode in (0, 1), got.stderr.decode()
    return [json.loads(line)["data"]["payee"]["name"] for line in got.stdout.decode().splitlines() if line.startswith("{")]


def put_reader(folder):
    """Makes openpyxl importable; None when it cannot be had."""
    try:
        import openpyxl
        return openpyxl
    except ImportError:
        pass
    try:
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--target", folder, "openpyxl"],
                       check=True, capture_output=True, timeout=60)
        importlib.invalidate_caches()
        import openpyxl
        return openpyxl
    except (subprocess.SubprocessError, ImportError, OSError):
        return None


def random_book(openpyxl, rng, path):
    book = openpyxl.Workbook()
    sheets = [book.active, book.create_sheet("花名册"), book.create_sheet("2026")]
    sheets[0].sheet_state = rng.choice(["visible", "hidden"])
    for sheet in sheets:
        for row in range(1, 30):
            for column in rng.sample(COLUMNS, rng.randrange(len(COLUMNS) + 1)):
                cell = sheet[f"{column}{row}"]
                cell.value = random_value(rng)
                if cell.data_type == "f":       # "=1" is meant as a text here
                    cell.data_type = "s"
        sheet["B40"] = "末"
    book.save(path)


def main(program, folder):
    program = pathlib.Path(program).resolve()
    sys.path.insert(0, folder)
    openpyxl = put_reader(folder)
    if openpyxl is None:
        print("skipped: no openpyxl")
        return 0
    rng = random.Random(11)
    serial = openpyxl.utils.datetime.to_excel
    cells = 0
    with tempfile.TemporaryDirectory() as name:
        place = pathlib.Path(name)
        path = place / "t202612.xlsx"
        for _ in range(ROUNDS):
            random_book(openpyxl, rng, path)
            book = openpyxl.load_workbook(path, data_only=True)
            shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
            sheet, said = rng.choice([(shown[0], "1"), (shown[1], "2"), (book["花名册"], "花名册"), (book["2026"], "{name: '2026'}")])
            for column in COLUMNS:
                want = [text for text in (as_text(cell.value, serial) for cell in sheet[column]) if text]
                got = ours(program, place, path, said, column)
                assert got == want, f"{said} {column}:\n  want  {want}\n  got   {got}"
                cells += len(got)
    print(f"openpyxl {openpyxl.__version__}: {cells} cells of {ROUNDS} workbooks are the same")
    return 0 if cells > 1000 else 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
