# SPDX-License-Identifier: Apache-2.0
"""What came to a receiver, read by the judge's own means: the file of each destination, its name, head and lines."""
import csv
import dataclasses
import io
import json
import re

import county
from originals import Line, fen_of

REGION = ("biz_type", "mof_div_code", "fiscal_year", "agency_code", "bill_no", "biz_date", "exp_func_code",
          "fund_type_code", "payee_acct_name", "payee_acct_no", "amt", "currency", "is_deleted")
TITLES = ["单位", "月份", "收款人", "账号", "金额", "币种", "备注"]   # the last one: a person changed it, and nobody did here


class Bad(Exception):
    pass


@dataclasses.dataclass
class Arrived:
    date: str                           # yyyy-MM-dd; "" when the name has none
    group: str
    lines: tuple
    wrong: str = ""                     # a head that is not its name and lines


def lines_of(rows, columns, amount, currency=None):
    """Rows of text as lines; each must have all its columns, and an amount as one is written."""
    ret = []
    for row in rows:
        if len(row) != columns or fen_of(row[amount]) is None:
            raise Bad(f"a line of {len(row)} fields or without an amount")
        ret.append(Line(fen_of(row[amount]), "CNY" if currency is None else row[currency], tuple(row)))
    return tuple(ret)


def name_of(pattern, name):
    m = re.fullmatch(pattern, name)
    if not m:
        raise Bad("the name is none of ours")
    return m


def dated(text):
    return f"{text[:4]}-{text[4:6]}-{text[6:]}"


def ended(content, end=b"\n"):
    if not content.endswith(end):
        raise Bad("the last line has no end")
    return content


def with_head(stem, charset, columns, amount):
    def read(name, content):
        m = name_of(stem + r"_([0-9]{8})_([0-9]{4,})\.txt", name)
        rows = [row.split("|") for row in ended(content).decode(charset).split("\n")[:-1]]
        head, lines = rows[0], lines_of(rows[1:], columns, amount)
        if len(head) != 6 or head[0] != "F":
            raise Bad("no head")
        want = [int(m[2]), m[1], county.DIVISION, len(lines), sum(line.fen for line in lines)]
        got = [int(head[1]), head[2], head[3], int(head[4]), fen_of(head[5])]
        return Arrived(dated(m[1]), "", lines, "" if want == got else f"head says {got}, name and lines {want}")
    return read


def read_fixed(name, content):
    m = name_of(r"abc_([0-9]{8})_([0-9]{4,})\.txt", name)
    rows = []
    for row in ended(content).split(b"\n")[:-1]:
        if len(row) != 138 or row[90:108].lstrip(b" ").endswith(b" "):
            raise Bad(f"a line of {len(row)} bytes, or an amount that is not to the right")
        rows.append([row[a:b].decode("gbk").strip(" ") for a, b in ((0, 60), (60, 90), (90, 108), (108, 138))])
    return Arrived(dated(m[1]), "", lines_of(rows, 4, 2))


def read_region(name, content):
    m = name_of(r"region_([0-9]{8})_([0-9]{6,})\.jsonl", name)
    rows = []
    for text in ended(content).decode("utf-8").split("\n")[:-1]:
        pairs = json.loads(text, object_pairs_hook=lambda pairs: pairs)
        if pairs[-1:] == [("remark", "")]:
            pairs.pop()
        if tuple(key for key, _ in pairs) != REGION or not all(isinstance(value, str) for _, value in pairs):
            raise Bad("a row with other names, or with a value that is no text")
        row = [value for _, value in pairs]
        if row[0] == "payroll":
            row[4] = row[4].rpartition(":")[2]
        rows.append(row)
    return Arrived(dated(m[1]), "", lines_of(rows, len(REGION), 10, 11))


def read_register(name, content):
    m = name_of(r"kp_([0-9]{8})_([0-9]{6,})\.csv", name)
    rows = list(csv.reader(io.StringIO(ended(content).decode("utf-8"), newline="")))
    return Arrived(dated(m[1]), "", lines_of(rows, 7, 4, 5))


def read_units(name, content):
    m = name_of(r"([0-9A-Z]+)/mx_([0-9]{6,})\.csv", name)
    if not ended(content, b"\r\n").startswith(b"\xef\xbb\xbf"):
        raise Bad("no byte order mark")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    if rows[0] != TITLES:
        raise Bad("no titles")
    if any(row[6:] != [""] for row in rows[1:]):
        raise Bad("a line that a person changed, or too long")
    lines = lines_of([row[:6] for row in rows[1:]], 6, 4, 5)
    if any(line.cells[0] != m[1] for line in lines):
        raise Bad("a line of another unit")
    return Arrived("", m[1], lines)


READERS = {"bank-abc": with_head("df", "gb18030", 4, 2), "bank-boc": with_head("df", "gb18030", 4, 2),
           "bank-ccb": read_fixed, "clearing": with_head("zf", "gbk", 7, 5), "region": read_region,
           "register": read_register, "units": read_units}


def read(dest, name, content):
    """Bad, ValueError (of texts and numbers) or IndexError when the file is none of ours."""
    return READERS[dest](name, content)
