# SPDX-License-Identifier: Apache-2.0
"""What was handed in, read by the judge's own means: files of all kinds, and the lines that each receiver must get
of them. Nothing of the program is used here, only the words of the vendors' layouts and of the receivers' files."""
import collections
import csv
import dataclasses
import datetime
import gzip
import hashlib
import io
import json
import re
import struct
import typing
import zipfile

import county
import invent
import workbook

MONEY = re.compile(r"(0|[1-9][0-9]*)\.([0-9]{2})")


def fen_of(text):
    m = MONEY.fullmatch(text)
    return int(m[1]) * 100 + int(m[2]) if m else None


def fen_of_table(text):
    """Of a spreadsheet: with thousands commas and a symbol, with none to two decimals."""
    whole, _, cents = text.strip().strip("￥").replace(",", "").partition(".")
    return int(whole) * 100 + int(cents.ljust(2, "0"))


class Line(typing.NamedTuple):
    """A line as a receiver has it: cells as texts, the amount among them."""
    fen: int
    currency: str
    cells: tuple


@dataclasses.dataclass(frozen=True)
class Part:
    """What one receiver gets of one batch, in one file."""
    dest: str
    group: str                          # of a file by unit: the unit; else ""
    lines: tuple
    keys: tuple                         # of each line: those of one key are in the order of the original
    dates: frozenset                    # one of them is the file's
    system: str = ""

    @property
    def sum(self):
        return sum(line.fen for line in self.lines)


@dataclasses.dataclass
class Record:
    """A record of an original: what the receivers' lines are made of."""
    date: str                           # yyyy-MM-dd
    unit: str
    name: str
    account: str
    fen: int
    bank: str = ""
    key: str = ""
    agent: str = ""
    bill: str = ""                      # as the region knows it
    back: bool = False                  # takes another one back
    more: dict = dataclasses.field(default_factory=dict)


def bare(text):
    return text.strip(" \t　")


def day(text):
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}"


# ---- the kinds of files: line number and record ----

def text_rows(drop, by):
    """(line, cells); only a row that must die may be no text."""
    for number, row in enumerate(drop["content"].split(b"\n"), 1):
        if row.strip() and drop["rows"].get(number) != "dead":
            yield number, row.rstrip(b"\r").decode("gb18030").split(by)


def read_pipe(drop):
    units, banks = invent.table("units"), invent.table("banks")
    rows = list(text_rows(drop, "|"))
    head = rows[0][1]
    unit = units[head[3]]["standard"]
    for number, row in rows[1:]:
        yield number, Record(day(head[2]), unit, bare(row[1]), row[3], fen_of(row[2]), banks[head[4]]["number"], unit,
                             row[0], "batch", more={"month": f"{drop['name'][3:7]}-{drop['name'][7:9]}"})


def read_dbf(drop):
    content, at, fields = drop["content"], 32, []
    count, begin, width = struct.unpack("<4xIHH", content[:12])
    offset = 1
    while content[at] != 0x0D:
        fields.append((content[at:at + 11].split(b"\0")[0].decode("gb18030"), offset, content[at + 16]))
        offset += content[at + 16]
        at += 32
    _, date, bank, _ = drop["name"][2:-4].split("_")
    units = invent.table("units")
    for number in range(1, count + 1):
        row = content[begin + (number - 1) * width:begin + number * width]
        cell = {name: row[o:o + n].decode("gb18030").strip(" ") for name, o, n in fields}
        if row[:1] == b"*" or not any(cell.values()) or cell["姓名"] == "合计":
            continue
        unit = units[cell["单位"]]["standard"]
        month = f"{drop['name'][2:6]}-{drop['name'][6:8]}"
        yield number, Record(day(date), unit, cell["姓名"], cell["账号"], fen_of(cell["金额"]),
                             invent.table("banks")[bank]["number"], unit, "", "batch", more={"month": month})


def read_payments(drop):
    absent = ("N", "None", "null", "")
    units = invent.table("units")
    for number, row in text_rows(drop, ","):
        row = [bare(cell) for cell in row]
        unit = units[row[3]]["standard"]
        yield number, Record(day(drop["name"]), unit, row[13], row[5].replace(" ", ""), fen_of(row[11]),
                             "" if row[14] in absent else row[14], unit, "", row[12],
                             more={"payer": row[1], "func": row[7]})


def read_rows(drop):
    units, funds = invent.table("units"), invent.table("fund_type")
    for number, text in enumerate(drop["content"].split(b"\n"), 1):
        if not text.strip() or drop["rows"].get(number) == "dead":
            continue
        row = json.loads(text)
        unit = units[row["agency_code"]]["standard"]
        more = {"payer": row["pay_acct_no"], "func": row["exp_func_code"],
                "fund": funds[row["fund_type_code"]]["standard"], "year": str(row["fiscal_year"])}
        yield number, Record(day(row["update_time"]), unit, bare(row["payee_acct_name"]), row["payee_acct_no"],
                             fen_of(row["amt"]), row.get("payee_acct_bank_no") or "", unit, "", row["pay_cert_no"],
                             str(row.get("is_deleted")) == "1", more)


def read_nontax(drop):
    for number, row in text_rows(drop, "|"):
        row = [bare(cell) for cell in row]
        code, back = "" if row[0] == "N" else row[0], row[14] == "R"
        yield number, Record(day(row[1]), "", "", row[13], fen_of(row[3]), "", code, "", row[15 if back else 7], back)


def read_frames(drop):
    """Documents in frames: 8 places of length that count themselves, 15 of head, the document, 64 of its digest."""
    text, at = "", 0
    while at < len(drop["content"]):
        length = int(drop["content"][at:at + 8])
        text += drop["content"][at + 23:at + length - 64].decode("gbk")
        at += length
    for m in re.finditer("<Confirm>.*?</Confirm>", text):
        number = text.count("\n", 0, m.start()) + 1
        if drop["rows"].get(number) != "dead":
            row = dict(re.findall("<([A-Za-z0-9]+)>([^<]*)</", m[0][9:]))
            code = "" if row["PayCode"] == "N" else row["PayCode"]
            yield number, Record(day(row["CfmDate"]), "", "", row["RecAcct"], fen_of(row["Amt"]), "", code, "",
                                 row["TraNoBus"])


def table_rows(drop, mark, names):
    """(line, cells by their names) of what stands below the header row, which has a cell of this name."""
    columns = None
    if drop["name"].endswith(".xlsx"):
        rows = workbook.read(drop["content"])
    else:
        rows = csv.reader(io.StringIO(drop["content"].decode("gb18030"), newline=""))
    for number, row in enumerate(rows, 1):
        if columns is None:
            if any(cell in mark for cell in row):
                columns = {name: i for i, cell in enumerate(row) for name, known in names.items() if cell in known}
        elif any(row) and "合计" not in row and drop["rows"].get(number) != "dead":
            yield number, {name: bare(row[i]) if i < len(row) else "" for name, i in columns.items()}


def read_assets(drop):
    names = {"no": ("资产编号", "资产编码"), "class": ("类别代码", "资产分类代码"), "date": ("入账日期", "财务入账日期"),
             "value": ("账面原值", "原值"), "unit": ("单位", "使用单位")}
    units = invent.table("units")
    for number, row in table_rows(drop, names["no"], names):
        unit = units[re.split("[ 　]", row["unit"])[0]]["standard"]
        if row["date"].isdigit():       # a spreadsheet's days
            row["date"] = str(datetime.date(1899, 12, 30) + datetime.timedelta(int(row["date"])))
        edition = "2010" if row["date"][:4] <= "2022" else "2022"      # the classes changed with 2023
        yield number, Record(row["date"], unit, "", row["no"], fen_of_table(row["value"]), "", unit, "", row["no"],
                             more={"class": row["class"], "edition": edition})


def read_subsidies(drop):
    names = {"no": ("序号",), "unit": ("发放单位", "发放单位编码"), "name": ("户主姓名", "姓名", "购机者姓名"),
             "amount": ("补贴金额", "总补贴额"), "account": ("一卡通账号", "银行账号"), "bank": ("开户行", "开户行行号")}
    units, banks = invent.table("units"), invent.table("banks")
    _, date, batch = drop["name"].partition(".")[0].split("_")[-3:]
    for number, row in table_rows(drop, names["no"], names):
        unit = units[re.split("[ 　]", row["unit"])[0]]["standard"]
        yield number, Record(day(date), unit, row["name"], row["account"], fen_of_table(row["amount"]),
                             banks[row["bank"]]["number"], unit, row["no"], batch)


def unpacked(drop):
    if drop["content"][:2] == b"\x1f\x8b":
        return {**drop, "content": gzip.decompress(drop["content"])}
    with zipfile.ZipFile(io.BytesIO(drop["content"])) as archive:
        return {**drop, "content": archive.read(next(name for name in archive.namelist() if name.endswith(".txt")))}


READERS = {
    "payroll/pipe": read_pipe, "payroll/dbf": read_dbf, "payment/front": read_payments, "payment/yth": read_rows,
    "nontax/pay": read_nontax, "asset/csv": read_assets, "asset/xlsx": read_assets, "subsidy/csv": read_subsidies,
    "subsidy/xlsx": read_subsidies, "payroll/pipe_zip": lambda drop: read_pipe(unpacked(drop)),
    "nontax/cnnontax": read_frames, "nontax/pay_gz": lambda drop: read_nontax(unpacked(drop)),
}


# ---- the receivers' lines ----

def region_cells(system, r, drop):
    """bill_no of a payroll line is our batch's name, which ends with the beginning of the original's digest."""
    bill = hashlib.sha256(drop["content"]).hexdigest()[:12] if r.bill == "batch" else r.bill
    year = r.more["month"][:4] if "month" in r.more else r.more.get("year", r.date[:4])
    payee = ("", "") if system == "nontax" or r.back else (r.name, r.account)
    fund = (r.more["func"], r.more.get("fund", "")) if system == "payment" and not r.back else ("", "")
    return (system, county.MOF_DIVISION, year, r.unit, bill, r.date.replace("-", ""), *fund, *payee,
            invent.yuan(r.fen), "CNY", "1" if r.back else "2")


def cells_of(dest, system, r, drop):
    money = invent.yuan(r.fen)
    if dest == "region":
        return region_cells(system, r, drop)
    if dest == "units":
        return (r.unit, r.more.get("month", r.date[:7]), r.name, r.account, money, "CNY")
    if dest == "clearing":
        return (r.bill, r.more["payer"], r.name, r.account, r.bank, money, r.unit)
    if dest == "register":
        return (r.bill, r.unit, r.more["class"], r.more["edition"], money, "CNY", r.date)
    if dest == "bank-ccb":
        month = r.more.get("month", "")
        return (r.name, r.account, money, f"{month[:4]}年{month[5:]}月工资" if month else "")
    return (r.agent, r.name, money, r.account)


def parts_of(drop, strict=True):
    """Parts that a file makes; what takes back is money of another kind and comes by itself. strict=False: as if all of
    its rows went out, as far as it can be read."""
    system = drop["source"].split("/")[0]
    of, dates = collections.defaultdict(list), collections.defaultdict(set)
    try:
        for number, r in READERS[drop["source"]](drop):
            fate = drop["rows"].get(number, "") if strict else ""
            for dest in county.destinations(system, r.bank, r.agent, r.back):
                if fate == "dead:" + dest or (fate and not fate.startswith("dead:")) or (r.fen is None and not strict):
                    continue
                line = Line(r.fen, "CNY", cells_of(dest, system, r, drop))
                group = r.unit if dest in county.PLAIN else ""
                of[dest, group, r.back].append((line, r.key))
                dates[dest, group].add(r.date)
    except (ValueError, KeyError, IndexError):
        if strict:
            raise
    return [Part(dest, group, tuple(line for line, _ in rows), tuple(key for _, key in rows),
                 frozenset(dates[dest, group]), system) for (dest, group, _), rows in of.items()]
