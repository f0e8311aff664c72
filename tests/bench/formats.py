# SPDX-License-Identifier: Apache-2.0
"""The same payroll lines in the format of each codec, for measuring: forms/adapters/bench/codec/<name>.yaml reads what
write(name, ...) writes. All is made up and the same each time; names of Chinese and Mongolian people, some of four bytes."""
import json
import os
import re

FORMS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "forms")
COLUMNS = "no name net account unit idtype idno occ day bank".split()
WIDTHS = (7, 40, 14, 30, 8, 2, 18, 2, 8, 12)
NAMES = ["王珅", "李小明", "巴特尔", "包额尔德木图", "陈䶮", "张伟"]
EXTENSIONS = {"delimited": "txt", "fixed": "txt", "lines": "jsonl", "array": "json", "dbf": "dbf"}


def rows(n):
    for i in range(n):
        fen = 100000 + i * 7919 % 900000
        yield ("%07d" % i, NAMES[i % 6], "%d.%02d" % (fen // 100, fen % 100), "6222020600%09d" % i, "602001", "01",
               "1507021980%08d" % i, "1", "20261203", "103")


def padded(row):
    """Bytes of GB18030, amounts to the right."""
    cells = zip((text.encode("gb18030") for text in row), WIDTHS)
    return b"".join(cell.rjust(width) if width == 14 else cell.ljust(width) for cell, width in cells)


def delimited(f, n):
    for row in rows(n):
        f.write(("|".join(row) + "\n").encode("gb18030"))


def fixed(f, n):
    for row in rows(n):
        f.write(padded(row) + b"\n")


def as_json(row):
    return json.dumps(dict(zip(COLUMNS, row)), ensure_ascii=False, separators=(",", ":")).encode()


def lines(f, n):
    for row in rows(n):
        f.write(as_json(row) + b"\n")


def array(f, n):
    f.write(b'{"rows":[')
    for i, row in enumerate(rows(n)):
        f.write((b",\n" if i else b"\n") + as_json(row))
    f.write(b"]}\n")


def dbf(f, n):
    head = 32 + 32 * len(COLUMNS) + 1
    f.write(b"\x03\x7e\x0c\x03" + n.to_bytes(4, "little") + head.to_bytes(2, "little") +
            (1 + sum(WIDTHS)).to_bytes(2, "little") + bytes(20))
    for name, width in zip(COLUMNS, WIDTHS):
        kind, decimals = (b"N", 2) if name == "net" else (b"C", 0)
        f.write(name.encode().ljust(11, b"\0") + kind + bytes(4) + bytes((width, decimals)) + bytes(14))
    f.write(b"\r")
    for row in rows(n):
        f.write(b" " + padded(row))
    f.write(b"\x1a")


WRITERS = {"delimited": delimited, "fixed": fixed, "lines": lines, "array": array, "dbf": dbf}


# Those of which no row may cost an allocation.
FLAT = ("delimited", "fixed", "lines", "array", "dbf")


def file_name(name):
    return "%s_202612_001.%s" % (name, EXTENSIONS[name])


def write(name, path, n):
    with open(path, "wb") as f:
        WRITERS[name](f, n)


def codec_of(name):
    """codec, charset, settings and columns (cut by commas) as the form has them."""
    with open(os.path.join(FORMS, "adapters/bench/codec", name + ".yaml"), encoding="utf-8") as f:
        text = f.read()
    codec, settings = re.search(r"^codec: \{(\w+): (.*)\}$", text, re.M).groups()
    columns = re.search(r"columns: \[(.*)\]", text).group(1).replace(" ", "")
    return codec, re.search(r"^charset: (.*)$", text, re.M).group(1), settings, columns
