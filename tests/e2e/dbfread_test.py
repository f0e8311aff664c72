#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tables made at random read as another reader of such tables reads them.

    dbfread_test.py PROGRAM FOLDER

FOLDER is where the other reader is put, by pip; without it, one line says so. Texts are synthetic.
"""
import importlib
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

ROUNDS = 40
NAMES = ["王珅", "乌云其其格", "斯琴·图雅", "赵某", "A", "李 某", ""]
FORM = """
form: in
event: payment.published.v1
nature: report
charset: gbk
file: {{name: "t{{month:yyyyMM}}.dbf"}}
codec: {{dbf: {{}}}}
kinds:
  line: {{columns: [{columns}]}}
identity: {{record: number}}
map:
  month: file.month
  unit: {{value: "602001"}}
  payee.name: {{from: {source}}}
  amount: {{value: "1.00", as: yuan}}
  currency: {{value: GBP}}
"""


def padded(text, width):
    return text.encode("gbk").ljust(width)


def random_cell(rng, kind, width):
    """Bytes in the file, and the text that is meant."""
    if kind == "C":
        text = rng.choice(NAMES)
        while len(text.encode("gbk")) > width:
            text = text[:-1]
        text = text.rstrip(" ")
        return padded(text, width), text
    if rng.random() < 0.2:
        return b" " * width, ""
    if kind == "D":
        text = f"20{rng.randrange(100):02}{rng.randrange(1, 13):02}{rng.randrange(1, 29):02}"
    elif kind == "L":
        text = rng.choice("TFYN")
    else:
        text = f"{rng.randrange(10 ** min(6, width - 3))}.{rng.randrange(100):02}"
    return text.rjust(width).encode(), text


def random_table(rng):
    fields = [(name, kind, {"D": 8, "L": 1}.get(kind) or rng.randrange(6, 300 if kind == "C" else 20))
              for name, kind in zip(rng.sample(["姓名", "账号", "金额", "NAME", "A_B", "单位代码号"], 4),
                                    rng.choices("CCNFDL", k=4))]
    rows, bodies = [], b""
    for _ in range(rng.randrange(40)):
        cells = [random_cell(rng, kind, width) for _, kind, width in fields]
        deleted = rng.random() < 0.2
        bodies += (b"*" if deleted else b" ") + b"".join(raw for raw, _ in cells)
        rows.append((deleted, [text for _, text in cells]))
    version = rng.choice([0x03, 0x30])
    link = 263 if version == 0x30 else 0
    head = bytes([version, 126, 12, 5]) + struct.pack(
        "<IHH", len(rows), 32 + 32 * len(fields) + 1 + link, 1 + sum(f[2] for f in fields)) + bytes(20)
    for name, kind, width in fields:
        head += (name.encode("gbk").ljust(11, b"\0") + kind.encode() + bytes(4) + bytes([width % 256, width // 256]) + bytes(14))
    return fields, rows, head + b"\r" + bytes(link) + bodies + rng.choice([b"", b"\x1a"])


def ours(program, folder, path, columns, source):
    """The texts of one column, through the program; those that are absent kill their record."""
    form = folder / "adapters" / "test" / "dbf" / "rows.yaml"
    form.parent.mkdir(parents=True, exist_ok=True)
    form.write_text(FORM.format(columns=", ".join(columns), source=f"line.{source}"), encoding="utf-8")
    env = {k: v for k, v in os.environ.items() if k != "JINCAI_SITE"}
    got = subprocess.run([program, "try", path, "--form", "test/dbf", "--library", folder, "--lang", "en"], cwd=folder,
                         env=env, capture_output=True, check=False)
    assert got.returncode in (0, 1), got.stderr.decode()
    return [json.loads(line)["data"]["payee"]["name"] for line in got.stdout.decode().splitlines() if line.startswith("{")]


def theirs(reader, path, column):
    """The texts of that column as the other reader has them, numbers and dates as they are written."""
    class AsText(reader.FieldParser):
        def parse(self, field, data):
            if field.type == "C":
                return super().parse(field, data)
            return data.decode("ascii").strip()
    table = reader.DBF(path, encoding="gbk", parserclass=AsText, ignore_missing_memofile=True)
    return [text for text in (record[column] for record in table) if text]


def put_reader(folder):
    """Makes the other reader importable; None when it cannot be had."""
    try:
        import dbfread
        return dbfread
    except ImportError:
        pass
    try:
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps",
                        "--target", folder, "dbfread"], check=True, capture_output=True, timeout=60)
        importlib.invalidate_caches()
        import dbfread
        return dbfread
    except (subprocess.SubprocessError, ImportError, OSError):
        return None


def main(program, folder):
    program = pathlib.Path(program).resolve()
    sys.path.insert(0, folder)
    reader = put_reader(folder)
    if reader is None:
        print("skipped: no dbfread")
        return 0
    rng = random.Random(7)
    cells = 0
    with tempfile.TemporaryDirectory() as name:
        place = pathlib.Path(name)
        path = place / "t202612.dbf"
        for _ in range(ROUNDS):
            fields, rows, table = random_table(rng)
            path.write_bytes(table)
            names = [f[0] for f in fields]
            for i, column in enumerate(names):
                meant = [texts[i] for deleted, texts in rows if not deleted and texts[i]]
                got = ours(program, place, path, rng.sample(names, len(names)), column)
                want = theirs(reader, path, column)
                assert got == want == meant, f"{fields[i]}:\n  meant {meant}\n  want  {want}\n  got   {got}"
                cells += len(got)
    print(f"dbfread {reader.__version__}: {cells} cells of {ROUNDS} tables are the same")
    return 0 if cells > 1000 else 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
