# SPDX-License-Identifier: Apache-2.0
"""Files as vendor systems write them, each from the words of its form in adapters/.

batch(plant) gives a File: name, bytes, and for files that are released record by record what becomes of records that
do not go out, by line: dead, conflict, duplicate, or "dead:DESTINATION" when only that one cannot take it."""
import csv
import dataclasses
import datetime
import gzip
import hashlib
import io
import json
import struct
import zipfile

import county
import invent
import workbook
from invent import thousands, yuan


@dataclasses.dataclass
class File:
    name: str
    content: bytes
    rows: dict = dataclasses.field(default_factory=dict)


class Vendor:
    def __init__(self, rng, people, rows):
        self.rng, self.people, self.rows = rng, people, rows
        self.units = sorted(invent.table("units"))
        self.names = {code: row["name"] for code, row in invent.table("units").items()}
        self.banks = {short: row["number"] for short, row in invent.table("banks").items() if len(short) == 3}
        self.made = 0

    def number(self):
        self.made += 1
        return self.made - 1

    def one_in(self, n):
        return self.rng.randrange(n) == 0

    def unit_cell(self, unit):
        return f"{unit}{self.rng.choice((' ', '　'))}{self.names[unit]}"


class Pipe(Vendor):
    """payroll/pipe: GB18030, a head, a line a person."""
    PLANTS = ("bad line", "wrong total", "wrong count")
    FIRST = 1                               # number of its first batch

    def batch(self, plant=None, bank=None):
        number = self.number()
        month = 12 + number // 300          # of 2026
        name = f"gz_{2026 + (month - 1) // 12:04}{(month - 1) % 12 + 1:02}_{number % 300 + self.FIRST:03}.txt"
        bank = bank or county.BANKS[number % len(county.BANKS)]
        unit = self.rng.choice(self.units)
        lines, total = [], 0
        for i, (who, id_no, card) in enumerate(self.people.some(self.rng, self.rows, gbk=bank == "105")):
            for k in range(2 if self.one_in(20) else 1):        # paid twice on one day
                fen = invent.amount(self.rng)
                total += fen
                agent = f"{self.rng.choice('12') if bank == '102' else '0'}{number:04}{i:05}"
                shown = f" {who} " if self.one_in(20) else who
                lines.append([agent, shown, yuan(fen), card, unit, "01", id_no, str(k + 1)])
        count = len(lines)
        if plant == "bad line":
            line = self.rng.choice(lines)
            at, value = self.rng.choice(((2, line[2][:-1]), (2, "12,345.00"), (2, ""), (2, "0.00"), (3, "622?"),
                                         (2, "１２.00")))
            line[at] = value
        elif plant == "unknown name":
            self.rng.choice(lines)[1] = "李䶮"
        elif plant == "wrong total":
            total += self.rng.choice((-1, 1, 100))
        elif plant == "wrong count":
            count += self.rng.choice((-1, 1))
        date = f"{name[3:9]}{self.rng.randint(1, 28):02}"
        head = ["F", f"{number + 1:06}", date, unit, bank, "61", str(count), yuan(total)]
        text = "".join("|".join(row) + "\n" for row in [head] + lines)
        return File(name, text.encode("gb18030"))


class Table(Vendor):
    """payroll/dbf: a FoxPro table, the last row is the total; some rows are deleted or blank."""
    PLANTS = ("bad line", "wrong total", "wrong count", "no total", "cut off")
    FIELDS = (("序号", "N", 6, 0), ("姓名", "C", 20, 0), ("账号", "C", 30, 0), ("金额", "N", 14, 2), ("身份证", "C", 18, 0),
              ("单位", "C", 10, 0))

    def row(self, cells, flag=b" "):
        ret = flag
        for text, (_, kind, width, _) in zip(cells, self.FIELDS):
            data = text.encode("gb18030")
            ret += data.rjust(width) if kind == "N" else data.ljust(width)
        return ret

    def batch(self, plant=None, bank=None):
        number = self.number()
        bank = bank or ("103", "104", "105")[number % 3]
        name = f"gz202612_202612{number % 28 + 1:02}_{bank}_{number % 900 + 1:03}.dbf"
        rows, total = [], 0
        for i, (who, id_no, card) in enumerate(self.people.some(self.rng, self.rows, gbk=bank == "105")):
            fen = invent.amount(self.rng)
            total += fen
            rows.append([str(i + 1), who, card, yuan(fen), id_no, self.rng.choice(self.units)])
        if plant == "bad line":
            at, value = self.rng.choice(((3, ""), (3, "0.00"), (2, "622?"), (5, "609999"), (1, "")))
            self.rng.choice(rows)[at] = value
        elif plant == "wrong total":
            total += self.rng.choice((-1, 1, 100))
        records = [self.row(row) for row in rows]
        if plant != "no total":
            records.append(self.row(["", "合计", "", yuan(total), "", ""]))
        for row, flag in (([str(len(rows)), "已删", rows[0][2], "1.00", rows[0][4], rows[0][5]], b"*"), ([""] * 6, b" ")):
            if self.one_in(2):
                records.insert(self.rng.randrange(len(rows) + 1), self.row(row, flag))
        count = len(records) + (self.rng.choice((-1, 1)) if plant == "wrong count" else 0)
        if plant == "cut off":
            records[-1] = records[-1][:-self.rng.randint(1, 60)]
        width = 1 + sum(field[2] for field in self.FIELDS)
        head = struct.pack("<4BIHH20x", 3, 126, 12, 1, count, 33 + 32 * len(self.FIELDS), width)
        for field, kind, size, decimals in self.FIELDS:
            head += struct.pack("<11sc4xBB14x", field.encode("gb18030"), kind.encode(), size, decimals)
        return File(name, head + b"\r" + b"".join(records) + (b"" if plant == "cut off" else b"\x1a"))


class Records(Vendor):
    """What vendors share whose files are released record by record: rows of cells, and what becomes of each."""
    COLUMNS, AMOUNT, PAYEE_BANK, BY = 0, 0, 0, ","
    FIRST_LINE = 1

    def __init__(self, rng, people, rows):
        super().__init__(rng, people, rows)
        self.before = []                # rows of the first file

    def fresh(self, number):
        return [self.good(number, i) for i in range(max(1, self.rng.randint(self.rows * 3 // 4, self.rows)))]

    def other_amount(self, cells):
        cells = list(cells)
        cells[self.AMOUNT] = yuan(invent.amount(self.rng) + 10_000_000_00)
        return cells

    def spoil(self, cells):
        """A row that must die, as bytes or cells."""
        cells = list(cells)
        at, value = self.rng.choice(self.BAD)
        if at is None:                  # a delimiter is lost
            return cells[:3] + [cells[3] + cells[4]] + cells[5:]
        cells[at] = value
        return cells

    def taken_back(self, number, rows):
        """Rows that take others back."""
        return []

    def records(self, number, plant):
        """[(cells, fate)] in order."""
        rows = [(cells, "") for cells in self.fresh(number)]
        rows += [(cells, "") for cells in self.taken_back(number, [cells for cells, _ in rows])]
        if not self.before:
            self.before = [cells for cells, _ in rows]
        if plant == "bad rows":
            for _ in range(self.rng.randint(1, 3)):
                bad = self.spoil(self.good(number, 900000 + len(rows)))
                rows.insert(self.rng.randrange(len(rows) + 1), (bad, "dead"))
            twice = self.rng.choice([cells for cells, fate in rows if not fate])
            rows.append((twice, "duplicate"))
            rows.append((self.other_amount(self.rng.choice([c for c, fate in rows if not fate])), "conflict"))
            rows.insert(0, (self.spoil(self.good(number, 910000)), "dead"))
            rows.append((self.spoil(self.good(number, 910001)), "dead"))
        elif plant == "rows of before":
            rows += [(cells, "duplicate") for cells in self.before[1:]]
            rows.insert(1, (self.other_amount(self.before[0]), "conflict"))
        return rows

    @staticmethod
    def fates(rows, first_line):
        return {first_line + i: fate for i, (_, fate) in enumerate(rows) if fate}

    def text(self, rows):
        return b"".join(self.BY.join(cells).encode("gb18030") + b"\n" for cells, _ in rows)


class Payments(Records):
    """payment/front: commas, no head, what a file is stands in its name."""
    BY, AMOUNT = ",", 11
    BAD = ((11, "12.3"), (11, ""), (11, "0.00"), (11, "-1.00"), (11, "12,345.00"), (11, "１２.00"), (3, "609999"),
           (5, "622?"), (7, "9999999"), (13, "N"), (14, "103196000016"), (10, "3"), (12, ""), (None, ""))

    def good(self, number, i):
        who, _, card = self.rng.choice(self.people.gbk)
        unit = self.rng.choice(self.units)
        if self.one_in(10):
            card = f"{card[:4]} {card[4:8]} {card[8:]}"
        bank = self.rng.choice((*self.banks.values(), "N"))
        return ["1507820001", f"15078200{self.rng.randint(1, 99):02}", "", unit, self.names[unit],
                card, "1", self.rng.choice(("2130101", "2050202", "2010601")), "50201", "", self.rng.choice("12"),
                yuan(invent.amount(self.rng)), f"{number:04}{i:06}", f" {who}" if self.one_in(10) else who, bank,
                self.rng.choice(("办公费", "维修费", "N"))]

    def batch(self, plant=None, date=None):
        number = self.number()
        rows = self.records(number, plant)
        if plant == "bad rows":
            cells = self.good(number, 920000)
            cells[13] = "李䶮"
            rows.insert(self.rng.randrange(len(rows) + 1), (cells, "dead:clearing"))
        date = date or f"202612{number % 28 + 1:02}"
        return File(f"{date}{number % 90 + 1:02}170.txt", self.text(rows), self.fates(rows, 1))


class Rows(Records):
    """payment/yth: an object of JSON a line; is_deleted 1 takes an order back."""
    COLUMNS = ("mof_div_code", "fiscal_year", "pay_cert_no", "vou_date", "update_time", "pay_type_code", "agency_code",
               "agency_name", "pay_acct_no", "payee_acct_no", "payee_acct_name", "payee_acct_bank_no", "exp_func_code",
               "gov_bgt_eco_code", "fund_type_code", "amt", "is_deleted")
    AMOUNT = 15
    BAD = ((0, "159999000"), (4, "20261301093015123"), (5, "99"), (6, "609999"), (9, "622?"), (11, "103196000016"),
           (14, "777"), (15, "12.3"), (15, "0.00"), (15, ""), (15, "1.5E+3"), (16, "3"), (2, ""))

    def good(self, number, i):
        who, _, card = self.rng.choice(self.people.gbk)
        unit = self.rng.choice(self.units)
        day = f"202612{number % 28 + 1:02}"
        return ["150782000", "2026", f"{number:04}{i:06}", day, day + "093015123", self.rng.choice(("11", "12")), unit,
                self.names[unit], f"15078200{self.rng.randint(1, 99):02}", card, who,
                self.rng.choice(list(self.banks.values())), "2130101", "50201", self.rng.choice(("1", "111", "12")),
                yuan(invent.amount(self.rng)), self.rng.choice(("2", 2, ""))]

    def taken_back(self, number, rows):
        return [[*cells[:16], self.rng.choice(("1", 1))] for cells in self.rng.sample(rows, min(2, len(rows)))]

    def text(self, rows):
        return b"".join(json.dumps(dict(zip(self.COLUMNS, cells)), ensure_ascii=self.one_in(2)).encode() + b"\n"
                        for cells, _ in rows)

    def batch(self, plant=None):
        number = self.number()
        rows = self.records(number, plant)
        return File(f"yth_202612{number % 28 + 1:02}_{number % 900 + 1:03}.jsonl", self.text(rows), self.fates(rows, 1))


class NonTax(Records):
    """nontax/pay: what a bank confirms as paid in."""
    BY, AMOUNT = "|", 3
    BAD = ((1, "20261301"), (0, "1507822612050000001"), (3, "12.3"), (3, ""), (3, "0.00"), (3, "１２.00"), (7, ""),
           (11, "102196000013"), (13, "622?"), (None, ""))

    def good(self, number, i):
        who, _, card = self.rng.choice(self.people.all)
        day = f"202612{number % 27 + self.rng.choice((1, 2, 2)):02}"
        code = self.rng.choice((f"1507822612{number:04}{i:06}", f"150782261205{number:08}{i:010}", "N"))
        return [code, day, "093015", yuan(invent.amount(self.rng)), "196000001", "0001", "51",
                f"{number:06}{i:06}", who, card, "某银行", self.rng.choice(list(self.banks.values())), "1",
                f"15078200000000{self.rng.randint(1, 9999):04}", "A", ""]

    def taken_back(self, number, rows):
        return [[*cells[:7], f"{number:06}{800000 + i:06}", *cells[8:14], "R", cells[7]]
                for i, cells in enumerate(self.rng.sample(rows, min(2, len(rows))))]

    def batch(self, plant=None, bank="102"):
        number = self.number()
        rows = self.records(number, plant)
        name = f"fs_{bank}_202612{number % 27 + 2:02}_{number % 900 + 1:03}.txt"
        return File(name, self.text(rows), self.fates(rows, 1))


class Frames(NonTax):
    """nontax/cnnontax: documents of XML in frames that prove them, one behind the other."""
    TAGS = ("PayCode", "CfmDate", "CfmTime", "Amt", "BankOutlet", "Operator", "PayMode", "TraNoBus", "PayerName",
            "PayerAcct", "PayerOpBk", "PayerOpBkNo", "RecAcctType", "RecAcct", "Hold1", "Hold2")
    BAD = NonTax.BAD[:-1]

    def good(self, number, i):
        cells = super().good(number, i)
        cells[8] = self.rng.choice(self.people.gbk)[0]
        return cells

    def taken_back(self, number, rows):
        return []

    def batch(self, plant=None, bank="104"):
        number = self.number()
        rows = self.records(number, plant)
        content, fates, line, at = b"", {}, 1, 0
        while at < len(rows):
            some = rows[at:at + self.rng.randint(1, 5)]
            at += len(some)
            text = '<?xml version="1.0" encoding="GBK"?>\n<CNNONTAX>'
            for cells, fate in some:
                text += "\n<Confirm>" + "".join(f"<{t}>{c}</{t}>" for t, c in zip(self.TAGS, cells)) + "</Confirm>"
                if fate:
                    fates[line + text.count("\n")] = fate
            line += text.count("\n")
            body = (text + "</CNNONTAX>").encode("gbk")
            content += f"{8 + 15 + len(body) + 64:<8}CNNONTAX1.05996".encode() + body
            content += hashlib.sha256(county.TOKEN + body).hexdigest().encode()
        return File(f"cn_{bank}_202612{number % 27 + 2:02}_{number % 900 + 1:03}.msg", content, fates)


def table_bytes(rng, titles, header, rows, end="\r\n", sheet="", numbers=()):
    """A table as a spreadsheet saves it, in an order of columns of its own, and the number of its first row: as text,
    or with a sheet's name as a workbook, with the columns of numbers."""
    order = list(range(len(header)))
    rng.shuffle(order)
    lines = [[title] + [""] * (len(header) - 1) for title in titles]
    lines += [[cells[i] for i in order] for cells in [header, *rows]]
    if sheet:
        return workbook.write(sheet, lines, {order.index(i) for i in numbers}), len(titles) + 2
    text = io.StringIO()
    csv.writer(text, lineterminator=end).writerows(lines)
    return text.getvalue().encode("gb18030"), len(titles) + 2


class Assets(Records):
    """asset/csv: titles, a header row, a total of the original values. A file whose total does not agree is held."""
    PLANTS = ("wrong total", "no total", "bad amount")
    HEADER = (("资产编号", "资产编码"), ("资产代码", "卡片编号"), ("类别代码", "资产分类代码"), ("资产名称",), ("取得方式",), ("规格型号",),
              ("计量单位",), ("取得日期",), ("入账日期", "财务入账日期"), ("价值类型",), ("账面数量", "数量"), ("账面原值", "原值"),
              ("账面累计折旧", "累计折旧"), ("账面净值", "净值"), ("使用状况",), ("存放地点",), ("使用部门",), ("使用人",), ("权属性质",),
              ("入账形式",), ("单位", "使用单位"))
    AMOUNT, SHEET, ENDING, STEM = 11, "", "csv", ""
    BAD = ((2, "A99999999"), (8, "2026-13-01"), (20, "609999 无此单位"), (14, "坏了"), (0, ""), (3, ""))

    def good(self, number, i):
        unit = self.rng.choice(self.units)
        year = self.rng.choice((2019, 2022, 2023, 2026))
        day = f"{year}-{self.rng.randint(1, 12):02}-{self.rng.randint(1, 28):02}"
        fen = invent.amount(self.rng)
        shown = self.rng.choice((yuan, thousands))(fen)
        return [f"{self.STEM}{unit}-{number:04}-{i:06}", f"{i:06}", self.rng.choice(("A02010104", "A02010105")), "某，设备",
                "购置", "-", "台", day, day, "原值", "1", f"￥{shown}" if self.one_in(5) else shown, "0.00", shown,
                self.rng.choice(("在用", "1", "闲置")), "三楼", "信息中心", "某人", "国有", "财务账", self.unit_cell(unit)]

    def batch(self, plant=None):
        number = self.number()
        rows = self.records(number, plant)
        total = sum(int(cells[self.AMOUNT].strip("￥").replace(",", "").replace(".", "")) for cells, _ in rows)
        if plant == "wrong total":
            total += self.rng.choice((-1, 1, 100))
        elif plant == "bad amount":
            self.rng.choice(rows)[0][self.AMOUNT] = "1.2E+5"
        lines = [cells for cells, _ in rows]
        if plant != "no total":
            lines.append(["合计"] + [""] * (self.AMOUNT - 1) + [thousands(total)] + [""] * (20 - self.AMOUNT))
        header = [self.rng.choice(names) for names in self.HEADER]
        content, first = table_bytes(self.rng, ("固定资产卡片明细表", "单位：元"), header, lines, sheet=self.SHEET,
                                     numbers=(8, 10, 11, 12, 13))
        month, day = divmod(number, 28)
        return File(f"zckp_2026{12 - month:02}{day + 1:02}.{self.ENDING}", content, self.fates(rows, first))


class AssetBooks(Assets):
    """asset/xlsx: cards from a workbook; some dates of booking are days since 1899-12-30."""
    SHEET, ENDING, STEM = "资产卡片", "xlsx", "W"

    def good(self, number, i):
        cells = super().good(number, i)
        if self.one_in(2):
            cells[8] = str((datetime.date.fromisoformat(cells[8]) - datetime.date(1899, 12, 30)).days)
        return cells


class Subsidies(Vendor):
    """subsidy/csv: a roster by persons, with a total."""
    PLANTS = ("bad line", "wrong total", "no total", "the same person twice", "unknown name")
    SHEET, ENDING, FIRST = "", "csv", 1
    HEADER = (("序号",), ("发放单位", "发放单位编码"), ("区划代码", "行政区划"), ("村组", "嘎查村"), ("组别",), ("户编号",),
              ("户主姓名", "姓名", "购机者姓名"), ("身份证号", "身份证号码"), ("与户主关系",), ("联系电话",), ("补贴数量", "补贴面积", "数量"),
              ("计量单位",), ("补贴标准",), ("补贴金额", "总补贴额"), ("一卡通账号", "银行账号"), ("开户行", "开户行行号"), ("次数",), ("备注",))

    def batch(self, plant=None, date=None):
        number = self.number()
        lines, total = [], 0
        for i, (who, id_no, card) in enumerate(self.people.some(self.rng, self.rows)):
            fen = invent.amount(self.rng)
            total += fen
            bank = self.rng.choice(("103", "104", "105") if invent.in_gbk(who) else ("103", "104"))
            if self.one_in(10):
                id_no = id_no[:6] + id_no[8:17]         # of the times before 1999
            lines.append([str(i + 1), self.unit_cell(self.rng.choice(self.units)), "150782100", "某嘎查", "1组", "-", who,
                          id_no, "户主", "13900000000", "1", "亩", "100", self.rng.choice((yuan, thousands))(fen), card,
                          bank if self.one_in(2) else self.banks[bank], "1", ""])
        if plant == "bad line":
            at, value = self.rng.choice(((13, "12.345"), (13, ""), (13, "0"), (14, "6222020600000000016"), (15, "999"),
                                         (7, "150782198001010010"), (6, ""), (1, "609999 无")))
            self.rng.choice(lines)[at] = value
        elif plant == "the same person twice":
            lines.append(list(lines[0]))
            total += int(lines[0][13].replace(",", "").replace(".", ""))
        elif plant == "unknown name":
            line = self.rng.choice(lines)
            line[6], line[15] = "李䶮", "105"
        elif plant == "wrong total":
            total += self.rng.choice((-1, 1, 100))
        if plant != "no total":
            lines.append(["合计"] + [""] * 12 + [thousands(total)] + [""] * 4)
        header = [self.rng.choice(names) for names in self.HEADER]
        content, _ = table_bytes(self.rng, ("补贴发放花名册",), header, lines, self.rng.choice(("\n", "\r\n")), self.SHEET,
                                 (0, 12, 13))
        date = date or f"202612{number % 28 + 1:02}"
        return File(f"bt_BT{number % 3 + self.FIRST:03}_{date}_{number % 900 + 1:03}.{self.ENDING}", content)


class SubsidyBooks(Subsidies):
    """subsidy/xlsx: rosters from a workbook, of other projects."""
    SHEET, ENDING, FIRST = "花名册", "xlsx", 4


class Archives(Pipe):
    """payroll/pipe_zip: as payroll/pipe, in a folder of an archive, a list for people beside it."""
    FIRST = 501                             # the same persons are in the files that are not packed

    def batch(self, plant=None, bank=None):
        file, archive = super().batch(plant, bank), io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as z:
            for name, content in (("20261205/list.pdf", b"for people"), (f"20261205/{file.name}", file.content)):
                z.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        return File(file.name[:-3] + "zip", archive.getvalue())


class Packed(NonTax):
    """nontax/pay_gz: as nontax/pay, compressed."""

    def batch(self, plant=None, bank="105"):
        file = super().batch(plant, bank)
        return File(file.name + ".gz", gzip.compress(file.content, mtime=0), file.rows)


VENDORS = {
    "payroll/pipe": Pipe, "payroll/dbf": Table, "payroll/pipe_zip": Archives, "payment/front": Payments,
    "payment/yth": Rows, "nontax/pay": NonTax, "nontax/pay_gz": Packed, "nontax/cnnontax": Frames,
    "asset/csv": Assets, "asset/xlsx": AssetBooks,
    "subsidy/csv": Subsidies, "subsidy/xlsx": SubsidyBooks,
}
