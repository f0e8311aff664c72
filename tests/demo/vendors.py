# SPDX-License-Identifier: Apache-2.0
"""How the vendors of the demo write: a row as a dict of what it says, a file as bytes.

Every person, account and number is synthetic. Identity numbers have valid check digits and years of birth from 1901 to
1909, so that nobody alive has one; cards pass Luhn; bank numbers and units are those of the code tables, which say that
they are synthetic themselves.
"""
import base64
import csv
import datetime
import hashlib
import io
import json
import pathlib
import zipfile
from xml.sax.saxutils import escape

CODES = pathlib.Path(__file__).resolve().parents[2] / "schemas" / "codes"
DAY = "20261205"


def id_number(born, serial):
    """GB 11643: 17 digits and a check character."""
    digits = f"150782{born}{serial:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return digits + "10X98765432"[sum(int(d) * w for d, w in zip(digits, weights)) % 11]


def card_number(prefix, serial):
    """19 digits, the last by Luhn."""
    digits = f"{prefix}{serial:0{18 - len(prefix)}d}"
    total = 0
    for at, d in enumerate(reversed(digits)):
        n = int(d) * (1 if at % 2 else 2)
        total += n - 9 if n > 9 else n
    return digits + str(-total % 10)


def table(name):
    with open(CODES / f"{name}.2026.csv", encoding="utf-8", newline="") as f:
        return {row["code"]: row for row in csv.DictReader(f)}


BANKS, UNITS = table("banks"), table("units")
ABC, ICBC = "103196400010", "102196400016"


def yuan(fen):
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def thousands(fen):
    return f"{fen // 100:,}.{fen % 100:02d}"


class Row:
    """A line of a file. fen: its money; cells: what a vendor writes otherwise than it should, by the name of the column.
    dead: the code of its letter, when it stays behind; dead_for: of the one for a destination alone; twice: it came
    before, word for word; void: it takes an order back."""

    def __init__(self, name, fen, dead="", dead_for=None, twice=False, void=False, **cells):
        self.name, self.fen, self.cells = name, fen, cells
        self.dead, self.dead_for, self.twice, self.void = dead, dead_for or {}, twice, void

    def written(self, usual):
        return {**usual, **self.cells}


def person(name, born, serial, fen, bank=ABC, **how):
    prefix = {"103": "62284806", "102": "62220206"}[bank[:3]]
    row = Row(name, fen, **how)
    row.bank, row.id_no, row.account = bank, id_number(born, serial), card_number(prefix, int(born) * 10 + serial)
    return row


def lines(rows, by, end, charset="gb18030"):
    return "".join(by.join(row) + end for row in rows).encode(charset)


# ---- one function a vendor ----

def payroll_pipe(no, unit, bank, rows, end="\n", declared=None):
    """declared: what the head says, when it is not the truth."""
    total = sum(r.fen for r in rows) if declared is None else declared
    table = [["H", no, DAY, unit, bank, "0", str(len(rows)), yuan(total)]]
    for i, r in enumerate(rows):
        w = r.written({"account": r.account})
        table.append([f"{i + 1:04d}", r.name, yuan(r.fen), w["account"], unit, "01", r.id_no, "1"])
    return lines(table, "|", end)


def payroll_dbf(unit, rows):
    """A FoxPro table: a name is cut at 20 bytes, wherever that is."""
    fields = [("序号", "N", 6, 0), ("姓名", "C", 20, 0), ("账号", "C", 30, 0), ("金额", "N", 14, 2), ("身份证", "C", 18, 0),
        ("单位", "C", 10, 0)]
    people = [[str(i + 1), r.name, r.account, yuan(r.fen), r.id_no, unit] for i, r in enumerate(rows)]
    people.append(["", "合计", "", yuan(sum(r.fen for r in rows)), "", ""])
    size = 1 + sum(f[2] for f in fields)
    head = 32 + 32 * len(fields) + 1 + 263
    made = bytearray(b"\x30" + bytes((126, 12, 5)) + len(people).to_bytes(4, "little") + head.to_bytes(2, "little") +
        size.to_bytes(2, "little") + bytes(17) + b"\x7a\0\0")
    at = 1
    for name, kind, width, decimals in fields:
        made += name.encode("gb18030").ljust(11, b"\0") + kind.encode() + at.to_bytes(4, "little")
        made += bytes((width, decimals)) + bytes(14)
        at += width
    made += b"\r" + bytes(263)
    for row in people:
        made += b" "
        for (_, kind, width, _), text in zip(fields, row):
            cell = text.encode("gb18030")[:width]
            made += cell.rjust(width) if kind == "N" else cell.ljust(width)
    return bytes(made) + b"\x1a"


def order_front(rows):
    table = []
    for r in rows:
        w = r.written({"unit": "602001", "func": "2130101", "eco": "50201", "postscript": "办公费",
            "amount": yuan(r.fen), "bank": ABC})
        row = ["1507820001", "150782010100000017", "", w["unit"], UNITS[w["unit"]]["name"], r.account, "1", w["func"],
            w["eco"], "", "1", w["amount"], w["voucher"], r.name, w["bank"], w["postscript"]]
        if r.dead == "record.few_columns":   # somebody took a comma between two digits for one of thousands
            row[11:13] = [row[11] + row[12]]
        table.append(row)
    return lines(table, ",", "\r\n")


def order_yth(rows):
    made = []
    for r in rows:
        w = r.written({"agency_code": "602001", "payee_acct_no": r.account, "is_deleted": 2})
        made.append(json.dumps({"mof_div_code": "150782000", "fiscal_year": "2026", "pay_cert_no": w["voucher"],
            "vou_date": DAY, "update_time": DAY + "093015123", "pay_type_code": "11", "agency_code": w["agency_code"],
            "agency_name": UNITS[w["agency_code"]]["name"], "pay_acct_no": "1507820000000000019",
            "pay_acct_name": "某单位零余额账户", "payee_acct_no": w["payee_acct_no"], "payee_acct_name": r.name,
            "payee_acct_bank_name": BANKS[r.bank]["name"], "payee_acct_bank_no": r.bank, "exp_func_code": "2130122",
            "gov_bgt_eco_code": "50201", "fund_type_code": "111", "bgt_type_code": "1", "use_des": "购买办公用品",
            "amt": yuan(r.fen), "is_deleted": w["is_deleted"]}, ensure_ascii=False, separators=(",", ":")))
    return "".join(row + "\n" for row in made).encode("utf-8")


def nontax(rows):
    table = []
    for i, r in enumerate(rows):
        w = r.written({"pay_code": f"150782261205{i + 1:08d}", "amount": yuan(r.fen), "bank": ICBC, "hold1": "",
            "hold2": ""})
        table.append([w["pay_code"], DAY, "093015", w["amount"], "196400001", "0001", "51", w["serial"], r.name,
            "1507820000000000025", BANKS[ICBC]["name"], w["bank"], "1", "1507820000000000033", w["hold1"], w["hold2"]])
    return lines(table, "|", "\n")


TOKEN = b"synthetic-token-of-the-demo"      # in keys/nontax.token of the demo's folder


def frames(rows, changed=b""):
    """Messages 5996 of non-tax revenue, a frame each: a length that counts bytes, itself too, and a check value over token and
    body. changed: what somebody put in the place of the first amount on the way."""
    made = b""
    for i, r in enumerate(rows):
        w = r.written({"PayCode": f"1507822612060{i + 1:07d}"})
        fields = {"PayCode": w["PayCode"], "CfmDate": DAY, "CfmTime": "093015", "Amt": yuan(r.fen), "BankOutlet": "196400001",
            "Operator": "0001", "PayMode": "51", "TraNoBus": w["serial"], "PayerName": r.name,
            "PayerAcct": "1507820000000000025", "PayerOpBk": BANKS[ABC]["name"], "PayerOpBkNo": ABC, "RecAcctType": "1",
            "RecAcct": "1507820000000000033", "Hold1": "", "Hold2": ""}
        body = '<?xml version="1.0" encoding="GBK"?>\n<CNNONTAX><Confirm>'
        body = (body + "".join(element(*pair) for pair in fields.items()) + "</Confirm></CNNONTAX>").encode("gbk")
        mac = hashlib.sha256(TOKEN + body).hexdigest().encode()
        if changed and i == 0:
            body = body.replace(yuan(r.fen).encode(), changed)
        inner = b"CNNONTAX" + b"1.0" + b"5996" + body + mac
        made += b"%-8d" % (8 + len(inner)) + inner
    return made


def sheet(titles, header, rows, total):
    """As a spreadsheet saves it: titles above, a row of the total below."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n")
    for title in titles:
        write.writerow([title] + [""] * (len(header) - 1))
    write.writerow(header)
    write.writerows(rows)
    if total is not None:
        write.writerow(total)
    return out.getvalue().encode("gb18030")


CARD_TITLES = ["固定资产卡片明细表", "编制单位：某市财政局（合成数据）"]
CARD_HEADER = ("资产编号 资产代码 类别代码 资产名称 取得方式 规格型号 计量单位 取得日期 入账日期 价值类型 账面数量 账面原值 "
    "累计折旧 账面净值 使用状况 存放地点 使用部门 使用人 权属性质 入账形式 单位").split()


def card_table(rows, money, day):
    """money, day: how a fen and a date are written."""
    table = []
    for r in rows:
        w = r.written({"unit": "602001", "class": "A02010104", "day": "2026-12-05", "user": "王珅"})
        table.append([w["no"], w["no"][-6:], w["class"], r.name, "购置", "-", "台", day(w["day"]), day(w["day"]), "原值",
            "1", money(r.fen), money(0), money(r.fen), "在用", "三楼机房", "信息中心", w["user"], "国有", "财务账",
            f"{w['unit']} {UNITS[w['unit']]['name']}"])
    table.append(["合计"] + [""] * 10 + [money(sum(r.fen for r in rows))] + [""] * 9)
    return table


def cards(rows):
    *table, total = card_table(rows, thousands, str)
    return sheet(CARD_TITLES, CARD_HEADER, table, total)


def serial(day):
    """A spreadsheet's number for a date, as a number cell."""
    return (datetime.date.fromisoformat(day) - datetime.date(1899, 12, 30)).days


def cards_xlsx(rows):
    return workbook("资产卡片", CARD_TITLES, CARD_HEADER, card_table(rows, lambda fen: fen / 100, serial))


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def cell(at, value):
    if isinstance(value, str):
        return f'<c r="{at}" t="inlineStr"><is><t>{escape(value)}</t></is></c>' if value else ""
    return f'<c r="{at}"><v>{value!r}</v></c>'


def workbook(name, titles, header, table):
    """A workbook of one sheet; texts stand in their cells, numbers as a spreadsheet keeps them. Nothing is packed, so that
    the bytes are the same with every version of zlib."""
    columns = [chr(ord("A") + i) for i in range(len(header))]
    lines = []
    for at, row in enumerate([[title] for title in titles] + [header] + table, 1):
        lines.append(f'<row r="{at}">' + "".join(cell(f"{c}{at}", v) for c, v in zip(columns, row)) + "</row>")
    relation = '<Relationships xmlns="%s/relationships"><Relationship Id="r1" Type="%s/%s" Target="%s"/></Relationships>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" '
            'ContentType="application/xml"/><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>',
        "_rels/.rels": relation % (PACKAGE, OFFICE, "officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="{name}" sheetId="1" '
            'r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relation % (PACKAGE, OFFICE, "worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for part, text in parts.items():
            z.writestr(zipfile.ZipInfo(part, (2026, 12, 5, 0, 0, 0)), '<?xml version="1.0" encoding="UTF-8"?>\n' + text)
    return out.getvalue()


def element(name, value):
    return f"<{name}>{escape(value)}</{name}>" if value else f"<{name}/>"


def vouchers(rows):
    """Electronic vouchers (5201): a body each, which holds the voucher as a document of its own, in Base64. header: the
    number that the body says, when it is not the voucher's; short: fen that the second of two details lacks."""
    bodies = []
    for r in rows:
        w = r.written({"unit": "602001", "header": r.cells["voucher"], "short": 0})
        common = {"SupDepCode": "602", "AgencyCode": w["unit"], "AgencyName": UNITS[w["unit"]]["name"], "FundTypeCode": "111",
            "BgtTypeCode": "1", "ProCatCode": "1", "ExpFuncCode": "2010601", "ExpEcoCode": "30201"}
        details = ""
        for i, fen in enumerate((r.fen // 2, r.fen - r.fen // 2 - w["short"]), 1):
            detail = {"Id": f"{i:04d}", "VoucherBillNo": f"ZF{w['voucher']}{i}", **common, "PayAmt": yuan(fen)}
            details += "<Detail>" + "".join(element(*pair) for pair in detail.items()) + "</Detail>"
        fields = {"AdmDivCode": "150782", "StYear": "2026", "VtCode": "5201", "VouDate": DAY, "VoucherNo": w["voucher"],
            **common, "SetModeCode": "2", "PayeeAcctNo": r.account, "PayeeAcctName": r.name,
            "PayeeAcctBankName": BANKS[r.bank]["name"], "PayeeAcctBankNo": r.bank, "PayAcctNo": "1507820000000000017",
            "PayAcctName": "某单位零余额账户", "PaySummaryName": "办公费", "PayAmt": yuan(r.fen), "BusinessTypeCode": "1"}
        inner = '<?xml version="1.0" encoding="GBK"?>\n<Voucher>' + "".join(element(*pair) for pair in fields.items())
        inner += f"<DetailList>{details}</DetailList></Voucher>\n"
        bodies.append(f'<VoucherBody AdmDivCode="150782" StYear="2026" VtCode="5201" VoucherNo="{w["header"]}">\n'
            "<VoucherFlag>0</VoucherFlag><Return_Reason/><Attach/>\n"
            f"<Voucher>{base64.b64encode(inner.encode('gb18030')).decode()}</Voucher>\n</VoucherBody>\n")
    return (f'<?xml version="1.0" encoding="GBK"?>\n<MOF>\n<VoucherCount>{len(rows)}</VoucherCount>\n{"".join(bodies)}'
        "</MOF>\n").encode("gb18030")


ROSTER_TITLES = ["耕地地力保护补贴发放花名册", "牙克石市某苏木（合成数据）"]
ROSTER_HEADER = ("序号 发放单位 区划代码 村组 组别 户编号 户主姓名 身份证号 与户主关系 联系电话 补贴面积 计量单位 补贴标准 "
    "补贴金额 一卡通账号 开户行 次数 备注").split()


def roster_table(rows, money):
    table = []
    for i, r in enumerate(rows):
        w = r.written({"id_no": r.id_no, "account": r.account, "remark": ""})
        table.append([str(i + 1), "605001 " + UNITS["605001"]["name"], "150782100", "某嘎查", "1组", "-", r.name,
            w["id_no"], "户主", "-", "12.5", "亩", "100", money(r.fen), w["account"], r.bank, "1", w["remark"]])
    table.append(["合计"] + [""] * 12 + [money(sum(r.fen for r in rows))] + [""] * 4)
    return table


def roster(rows, total=True):
    *table, last = roster_table(rows, thousands)
    return sheet(ROSTER_TITLES, ROSTER_HEADER, table, last if total else None)


def roster_xlsx(rows):
    return workbook("花名册", ROSTER_TITLES, ROSTER_HEADER, roster_table(rows, lambda fen: fen / 100))
