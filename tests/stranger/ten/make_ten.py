#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the files of the ten cases below library/: ten layouts of vendors that do not exist. All people and accounts are synthetic.

    make_ten.py FOLDER
"""
import gzip
import json
import pathlib
import struct
import sys
import zipfile

OUT = pathlib.Path(sys.argv[1])
PEOPLE = [("王珅", "150702198001010017"), ("乌云其其格", "150702198502020029"), ("李瑞峰", "150702199003030032")]
OLD = ["150702800101001", "150702850202002", "150702900303003"]
ACCOUNTS = ["6222020600000000015", "6228480600000000023", "6222020600000000031"]


def write(name, text, charset):
    (OUT / name).write_bytes(text.encode(charset))


def tabs():
    """GBK, tabs, two titles, dates in two forms, negatives in brackets, code and name in one cell, a total."""
    rows = ["某县支付明细", "制表日期：2026-12-31\t\t\t\t单位：元", "序号\t单位\t收款人\t用途\t支付日期\t金额",
            "1\t602001 呼伦贝尔市某单位一\t某书店\t图书\t2026-12-05\t1,234.50",
            "2\t602002　呼伦贝尔市某单位二\t某加油站\t退款\t2026/12/7\t(200.10)",
            "3\t602001 呼伦贝尔市某单位一\t某电力公司\t电费\t2026/12/18\t30,000.00",
            "合计\t\t\t\t\t31,034.40"]
    write("ZFMX-202612.txt", "\r\n".join(rows) + "\r\n", "gbk")


def carets():
    """UTF-8 with a byte order mark, carets, a head with count and sum, dates in two forms."""
    rows = ["T^20261205^103^3^650.00",
            "D^LS0000001^15078226120500000017^103043305 行政事业性收费^某单位^200.00^20261205^093015",
            "D^LS0000002^15078226120500000025^103043305 行政事业性收费^李瑞峰^150^2026-12-05^101500",
            "D^LS0000003^15078226120500000033^103043306 工本费^某|^^公司^300.0^2026-12-05^235959".replace("|^^", "|")]
    write("qr20261205_7.dat", "\ufeff" + "\n".join(rows) + "\n", "utf-8")


def ats():
    """GB18030 with characters that GBK lacks, @|$, identity numbers of 15 digits, a row of totals in fen at the end."""
    rows = [f"{i}@|${n}@|${no}@|${a}@|${m}@|$某嘎查" for i, (n, no, a, m) in enumerate(zip(
        ["张㛃", "李䶮", "其其格"], OLD, ACCOUNTS, ["120050", "98000", "1"]), 1)]
    write("HM_LB0312_20261205_602003.txt", "\n".join([*rows, "@@END@|$3@|$218051"]) + "\n", "gb18030")


def fixed():
    """GBK, fixed widths in bytes, amounts in li with zeros in front, half a character at the end of a name."""
    def cell(text, n):
        raw = text.encode("gbk")[:n]
        return raw + b" " * (n - len(raw))
    def li(amount, n):
        return b"%0*d" % (n, amount)
    net = [6234500, 5877000, 7123050]
    rows = [cell("00", 2) + cell("20261205", 8) + cell("602001", 6) + cell("103", 3) + b"%06d" % len(net) + li(sum(net), 17)]
    names = ["王珅", "乌云其其格", "李瑞峰"]
    for (_, no), name, account, m in zip(PEOPLE, names, ACCOUNTS, net):
        rows.append(cell("01", 2) + cell(name, 9) + cell(account, 30) + cell(no, 18) + li(m, 17))
    (OUT / "GZPL202612.003").write_bytes(b"\r\n".join(rows) + b"\r\n")


def lines():
    """JSON, an object a line: paid in and taken back in one file, a time behind the date, code and name in one text."""
    rows = [{"kind": "P", "no": "A-1001", "dept": "602001 某单位", "payer": {"name": "王珅", "acct": None}, "amt": 1234.5,
             "at": "2026-12-05T09:30:15"},
            {"kind": "P", "no": "A-1002", "dept": "603001 某学校", "payer": {"name": "某公司"}, "amt": 80,
             "at": "2026-12-05T10:00:00"},
            {"kind": "R", "no": "A-1003", "of": "A-1002", "dept": "603001 某学校", "payer": {"name": "某公司"}, "amt": 80,
             "at": "2026-12-05T11:00:00", "why": "柜员误操作"},
            {"kind": "P", "no": "A-1002", "dept": "603001 某学校", "payer": {"name": "某公司"}, "amt": 80,
             "at": "2026-12-05T10:00:00"}]
    write("fs-2026-12-05.jsonl", "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")


def document():
    """JSON, one document: what the whole batch says stands before its rows."""
    doc = {"version": "2", "batch": {"no": 7, "month": "2026-12", "payday": "20261205", "bank": "103", "count": 3,
           "total": "19,234.55"}, "data": {"rows": [
               {"unit": "602001", "person": {"name": n, "id": no.lower()}, "card": a, "net": m}
               for (n, no), a, m in zip(PEOPLE, ACCOUNTS, ["6,234.50", "5,877.00", "7,123.05"])]}}
    write("payroll-7.json", json.dumps(doc, ensure_ascii=False, indent=1), "utf-8")


def table():
    """A FoxPro table in GBK: cards of assets, a record that was deleted, and a total at the end."""
    fields = [("资产编号", b"C", 20, 0), ("名称", b"C", 24, 0), ("分类", b"C", 12, 0), ("单位", b"C", 10, 0),
              ("入账日期", b"D", 8, 0), ("原值", b"N", 14, 2)]
    rows = [(" ", "ZC-0001", "机架式服务器", "A02010104", "602001", "20261205", "48600.00"),
            ("*", "ZC-0002", "台式机", "A02010104", "602001", "20261205", "4000.00"),
            (" ", "ZC-0003", "办公用房", "A01010100", "602002", "20261207", "1250000.00"),
            (" ", "合计", "", "", "", "", "1298600.00")]
    size = 1 + sum(f[2] for f in fields)
    head = struct.pack("<B3BIHH20x", 0x30, 126, 12, 5, len(rows), 32 + 32 * len(fields) + 1, size)
    for name, kind, n, dec in fields:
        head += struct.pack("<11sc4xBB14x", name.encode("gbk"), kind, n, dec)
    body = b""
    for mark, *cells in rows:
        body += mark.encode()
        for (_, kind, n, _), text in zip(fields, cells):
            raw = text.encode("gbk")
            body += raw.rjust(n) if kind == b"N" else raw.ljust(n)
    (OUT / "ZC202612.DBF").write_bytes(head + b"\r" + body + b"\x1a")


def tree():
    """XML that says GB2312: payments in their units, count and sum as attributes of the root, a negative one."""
    text = ('<?xml version="1.0" encoding="GB2312"?>\n<Report month="202612" count="3" total="10300.07">\n'
            ' <Dept code="602004" name="某单位">\n  <Pay><Payee>某物业</Payee><Amt>10500.00</Amt><Use>物业费</Use></Pay>\n'
            '  <Pay><Payee>某旅行社</Payee><Amt>-200.00</Amt><Use/></Pay>\n </Dept>\n <Dept code="605001" name="某苏木">\n'
            '  <Pay><Payee>某水务&amp;某公司</Payee><Amt>0.07</Amt></Pay>\n </Dept>\n</Report>\n')
    write("gk_202612.xml", text, "gb18030")


def book():
    """A workbook: titles over the header row, amounts as numbers, numbers of people as texts, a person twice, a total."""
    rows = [["某县工资发放表"], ["2026年12月", None, None, None, "开户行：103"],
            ["序号", "单位", "姓名", "身份证号", "卡号", "实发", "次"]]
    pays = [(0, 6234.5, "1"), (1, 5877.0, "1"), (2, 7123.05, "1"), (0, 100.0, "2")]
    for i, (who, net, times) in enumerate(pays, 1):
        rows.append([i, "602001 某单位", PEOPLE[who][0], PEOPLE[who][1], ACCOUNTS[who], net, times])
    rows.append(["合计", None, None, None, None, round(sum(p[1] for p in pays), 2)])
    cells = ""
    for r, row in enumerate(rows, 1):
        cells += f'<row r="{r}">'
        for c, value in zip("ABCDEFG", row):
            if isinstance(value, str):
                cells += f'<c r="{c}{r}" t="inlineStr"><is><t>{value}</t></is></c>'
            elif value is not None:
                cells += f'<c r="{c}{r}"><v>{value!r}</v></c>'
        cells += "</row>"
    main, rel = "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://schemas.openxmlformats.org"
    office = f"{rel}/officeDocument/2006/relationships"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{rel}/package/2006/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.'
        'sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-'
        'officedocument.spreadsheetml.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{rel}/package/2006/relationships"><Relationship Id="rId1" Type="{office}/'
        'officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="工资" sheetId="1" r:id="rId1"/>'
        '</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{rel}/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData><mergeCells count="1">'
        '<mergeCell ref="A1:G1"/></mergeCells></worksheet>'}
    with zipfile.ZipFile(OUT / "工资发放表20261205-01.xlsx", "w", zipfile.ZIP_DEFLATED) as z:
        for name, text in parts.items():
            z.writestr(zipfile.ZipInfo(name, (2026, 12, 5, 0, 0, 0)), '<?xml version="1.0" encoding="UTF-8"?>' + text)


def packed():
    """gzip around a quoted table in GB18030: changes of units, with the count in the head; blanks in the accounts."""
    rows = ['#,单位变更,2026年12月5日,3', '602001 某单位,新设,"0506 0101 0400 1234","中国银行, 某支行",104196000018',
            '602002 某"二"单位,变更,0506-0101-0400-1242,,-'.replace('602002 某"二"单位', '"602002 某""二""单位"'),
            '603001 某学校,撤销,,,-']
    (OUT / "dw20261205.csv.gz").write_bytes(gzip.compress(("\r\n".join(rows) + "\r\n").encode("gb18030"), mtime=0))


for make in (tabs, carets, ats, fixed, lines, document, table, tree, book, packed):
    make()
