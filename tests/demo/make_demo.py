#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the files of the demo site: bus/jincai/demo/steps/ and bus/jincai/demo/planted.json.

make_demo.py FOLDER writes them; make_demo.py --check FOLDER writes nothing and says what differs. What is planted and
how it must end stands here; how the vendors write, in vendors.py. What comes out is the same bytes each time.
"""
import hashlib
import json
import pathlib
import shutil
import sys

from vendors import (ABC, ICBC, TOKEN, Row, cards, cards_xlsx, frames, nontax, order_front, order_yth, payroll_dbf,
    payroll_pipe, person, roster, roster_xlsx, vouchers, yuan)

# 珅 is AB 7C: its second byte is '|'. 䶮 is FE 9F, which GBK does not have. 㛃 and 𬱖 have four bytes, two of them digits. The
# middle dot is A1 A4.
OFFICE = [
    person("王珅", "19010307", 1, 623450),
    person("李䶮", "19020415", 2, 587700),
    person("张㛃", "19030526", 3, 712305),
    person("赵𬱖", "19040611", 4, 498820),
    person("乌云·其其格", "19050702", 6, 655001),
    person("敖特根", "19060818", 7, 530099),
]
SCHOOL = [
    person("陈珅珅", "19070119", 1, 548015),
    person("刘𬱖䶮", "19080228", 2, 601300),
    person("苏日娜", "19090331", 4, 577777),
    person("哈斯·巴特尔", "19010430", 5, 620010),
    person("孙㛃", "19020511", 8, 534005),
]
HOSPITAL = [
    person("周珅", "19030612", 1, 733010, ICBC),
    person("吴珅", "19040713", 2, 689902, ICBC),
    person("萨仁·高娃", "19050814", 4, 710000, ICBC),
    person("郑伟", "19060915", 5, 645638, ICBC),
]
CLINIC = [
    person("何䶮", "19070318", 1, 512000, ICBC, dead_for={"bank-icbc": "text.no_such_character"}),
    person("吕娜", "19080419", 2, 498800, ICBC),
]
TOWNSHIP = [
    person("冯㛃", "19071016", 1, 455500),
    person("其木格", "19081117", 2, 467012),
    person("蒋珅", "19091218", 5, 471100, account="622848 0600190912185"),
    person("娜仁·图雅", "19010119", 6, 440308),
    person("沈䶮", "19020220", 8, 462207),
]
BUREAU = [
    person("韩𬱖", "19030321", 1, 601155),
    person("宝音", "19040422", 4, 598866),
    person("杨珅", "19050523", 7, 612030),
]
DRIVERS = [
    person("朱珅", "19060624", 1, 402000, ICBC),
    person("斯琴·图雅", "19070725", 2, 411050, ICBC),
    person("秦军", "19080826", 3, 398725, ICBC),
]
COOKS = [
    person("尤珅", "19090927", 1, 366000, ICBC),
    person("阿拉坦其木格.巴图孟克", "19011028", 2, 371500, ICBC),
]
SCHOOL_AGAIN = [person("陈珅珅", "19070119", 1, 548015 + 100000)] + SCHOOL[1:]
TOWNSHIP_RIGHT = TOWNSHIP[:2] + [person("蒋珅", "19091218", 5, 471100)] + TOWNSHIP[3:]

FRONT = [
    person("某商贸有限公司", "19010101", 1, 1250000, voucher="00000017"),
    person("许㛃", "19020202", 2, 86450, voucher="00000018", postscript="差旅费"),
    person("斯琴·图雅", "19030303", 3, 300000, voucher="00000019", unit="603002", func="2050202", eco="50209"),
    person("曹𬱖", "19040404", 4, 42005, voucher="00000020", postscript="购买《䶮》字典"),
]
FRONT_FAULTS = [
    person("严珅", "19050505", 5, 128800, voucher="00000021"),
    person("华某", "19060606", 6, 7700, dead="record.few_columns", voucher="00000022"),
    person("金某", "19070707", 7, 55000, dead="map.unknown_code", voucher="00000023", func="2139999"),
    person("魏𬱖", "19080808", 8, 91020, voucher="00000024"),
]
YTH = [
    person("陶䶮", "19090909", 1, 480000, voucher="2026120500001"),
    person("姜某某农机合作社", "19011010", 2, 2650000, voucher="2026120500002", agency_code="605001"),
    person("戚㛃", "19021111", 3, 33390, voucher="2026120500003"),
]
YTH_FAULTS = [
    person("谢珅", "19031212", 4, 75000, voucher="2026120500004"),
    person("姜某某农机合作社", "19011010", 2, 2650000, void=True, voucher="2026120500002", agency_code="605001",
        is_deleted=1),
    person("邹某", "19040101", 5, 18000, dead="map.check", voucher="2026120500005", payee_acct_no="6.22848E+18"),
]
YTH_REPEATS = [
    person("陶䶮", "19090909", 1, 480000, twice=True, voucher="2026120500001"),
    person("戚㛃", "19021111", 3, 93390, dead="record.conflict", voucher="2026120500003"),
    person("喻珅", "19050202", 6, 66600, voucher="2026120500006"),
]
VOUCHERS = [
    person("施珅", "19010404", 1, 123450, voucher="20261205000101"),
    person("张䶮", "19020505", 2, 99001, dead="map.same", voucher="20261205000102", header="20261205000109"),
    person("孔𬱖", "19030606", 3, 45600, dead="map.sum", voucher="20261205000103", short=1),
    person("某印务有限公司", "19040707", 4, 800000, voucher="20261205000104", unit="603001"),
]
PAID_IN = [
    Row("某商贸有限公司", 2000000, serial="202612050001"),
    Row("柏䶮", 20000, serial="202612050002"),
    Row("水㛃", 15050, serial="202612050003"),
]
PAID_IN_FAULTS = [
    Row("窦珅", 60000, serial="202612050011"),
    Row("章某", 0, dead="money.decimals", serial="202612050012", amount="20000"),
    Row("云某", 30000, dead="map.check", serial="202612050013", bank="314653617115"),
    Row("苏𬱖", 120000, serial="202612050014"),
]
PAID_IN_AGAIN = [
    Row("柏䶮", 21000, dead="record.conflict", serial="202612050002"),
    Row("水㛃", 15050, void=True, serial="202612050005", hold1="R", hold2="202612050003"),
    Row("潘珅", 8000, serial="202612050004"),
]
FRAMED = [
    Row("戴珅", 33000, serial="202612050101"),
    Row("某酒店", 44050, serial="202612050102"),
]
CARDS = [
    Row("台式计算机", 459900, no="602001-2019-000003", day="2019-06-30", user="乌云·其其格"),
    Row("机架式服务器", 4860000, no="602001-2026-000017"),
    Row("办公用房", 125000000, no="605001-2026-000001", **{"class": "A01010100"}, unit="605001", user="葛䶮"),
]
CARDS_FAULTS = [
    Row("打印机", 120000, no="603001-2026-000004", **{"class": "A02021000"}, unit="603001", user="奚㛃"),
    Row("平板电脑", 280000, dead="map.unknown_code", no="603001-2026-000005", **{"class": "A02010107"}, unit="603001"),
]
CARDS_BOOK = [
    Row("打印机", 120050, no="603001-2026-000011", **{"class": "A02021000"}, unit="603001"),
    Row("台式计算机", 438000, no="602001-2018-000013", day="2018-11-30", user="谢㛃"),
]
FARMERS = [
    person("乌云其其格", "19010606", 1, 129475),
    person("王珅", "19020707", 2, 30000, ICBC),
    person("范䶮", "19030808", 3, 45000),
    person("彭𬱖", "19040909", 4, 62500),
    person("斯琴·高娃", "19051010", 5, 30000, ICBC),
]
HERDERS = [
    person("郎珅", "19061111", 6, 88000),
    person("鲁某", "19071212", 7, 91000, id_no="150782190712120070"),
]
FISHERS = [
    person("凤珅", "19020304", 1, 43000),
    person("花䶮", "19030405", 2, 44000, account=6.228480619030405e+18),
]
GROWERS = [
    person("韦㛃", "19080101", 8, 51000),
    person("昌珅", "19090202", 9, 47000),
    person("马䶮", "19010303", 1, 39900, remark="补发上年度"),
]


# Amounts of such records are in no sum.
UNREADABLE = ("record.few_columns", "money.decimals", "text.half")

PAID = ("payroll", "payroll-dbf", "subsidy", "subsidy-xlsx", "front", "yth", "mof")
PAID_IN_BY = ("nontax", "cnnontax")
ROUTES = {
    "bank-abc": lambda system, row: system in PAID and row.bank.startswith("103"),
    "bank-icbc": lambda system, row: system in PAID and row.bank.startswith("102"),
    "region": lambda system, row: not system.startswith("assets"),
    "cards": lambda system, row: system.startswith("assets"),
    "collectors": lambda system, row: system in PAID_IN_BY,
    "units": lambda system, row: system in PAID,
}
# What a file out looks like, for who reads it back.
OUT = {
    "bank-abc": {"folder": "out/abc", "marker": ".ok", "first": 1, "amount": {"by": "|"}},
    "bank-icbc": {"folder": "out/icbc", "marker": ".ok", "first": 0, "amount": {"at": 90, "width": 18}},
    "region": {"folder": "out/region", "marker": ".ok", "first": 0, "amount": {"after": '"amt":"'}},
    "cards": {"folder": "out/cards", "marker": ".ok", "first": 0, "amount": {"after": '"original_amt":"'}},
    "units": {"folder": "out/units", "marker": "", "first": 1, "amount": {"by": ",", "behind": 2}},
    "collectors": {"folder": "out/collectors", "marker": "", "first": 1, "amount": {"by": ","}},
}
# Whose receivers get what pays; notices go to a topic for consumers outside.
PAYMENTS = {*OUT, "notices"} - {"cards", "collectors"}


def to_try(site="-c {dir}/jincai.yaml"):
    """The batch whose total is wrong is given back; its name ends in the digest of its bytes."""
    wrong = next(f for f in FILES if f.code == "batch.sum")
    batch = f"payroll:2026-12:005:{hashlib.sha256(wrong.content).hexdigest()[:12]}"
    return [
        f"balance {site}",
        f"balance --deep {site}",
        f"held list {site}",
        f"dead list {site}",
        f"dead show {{letter}} {site}",
        "try {dir}/steps/1/front/2026120501170.txt --form payment/front/orders --explain 2",
        f"held return {batch} --reason 'total wrong by one fen' {site}",
        f"run --until-idle {site}",
        f"audit list {site}",
    ]


class File:
    """folder: below in/. state: of its claim, code: of the first reason. out: does any of it go out?"""

    def __init__(self, step, folder, name, content, rows, state, code, en, zh, marker=False):
        self.step, self.folder, self.name, self.content, self.rows = step, folder, name, content, rows
        self.state, self.code, self.en, self.zh, self.marker = state, code, en, zh, marker
    def planted(self):
        letters = [r.dead for r in self.rows if r.dead] if self.state == "published" else []
        letters += [f"{to}:{code}" for r in self.rows for to, code in r.dead_for.items()]
        if self.state in ("conflict", "unreadable"):
            letters = [self.code]
        code = self.code or " ".join(r.dead for r in self.rows if r.dead and r.dead != "record.conflict").split(" ")[0]
        return {"step": self.step, "from": self.folder, "file": self.name, "state": self.state, "code": code,
            "records": len(self.rows), "sum": yuan(sum(r.fen for r in self.rows if r.dead not in UNREADABLE)),
            "letters": " ".join(letters), "held": " ".join(sorted(PAYMENTS)) if self.stays() else "",
            "en": self.en, "zh": self.zh}

    def stays(self):
        """A batch that goes whole stays whole, at every destination."""
        return any(r.dead_for for r in self.rows)

    def handed(self, to):
        """The rows that a destination is handed."""
        if self.state != "published" or self.stays():
            return []
        return [r for r in self.rows if not (r.dead or r.twice) and ROUTES[to](self.folder, r)
            and (to in ("region", "collectors") or not r.void)]


def pay(step, no, unit, bank, rows, state="published", code="", en="a good batch", zh="正常批次", month="202612", **how):
    return File(step, "payroll", f"gz_{month}_{no}.txt", payroll_pipe(no, unit, bank, rows, **how), rows, state, code,
        en, zh, marker=True)


FILES = [
    File(1, "front", "2026120501170.txt", order_front(FRONT_FAULTS), FRONT_FAULTS, "published", "",
        "a lost comma, an unknown code: the others go on", "丢了一个逗号、一个代码不认识：其余照常"),

    pay(2, "001", "602001", "103", OFFICE),
    pay(2, "002", "603001", ABC, SCHOOL, end="\r\n"),
    pay(2, "003", "604001", ICBC, HOSPITAL, en="a good batch, for another bank", zh="正常批次，走另一家银行"),
    File(2, "payroll-dbf", "gz202612_20261205_102_011.dbf", payroll_dbf("606001", DRIVERS), DRIVERS, "published", "",
        "a good table of FoxPro", "正常的 FoxPro 表"),
    File(2, "front", "2026120502170.txt", order_front(FRONT), FRONT, "published", "", "good orders", "正常支付凭证"),
    File(2, "yth", "yth_20261205_001.jsonl", order_yth(YTH), YTH, "published", "", "good orders", "正常支付凭证"),
    File(2, "nontax", "fs_102_20261205_001.txt", nontax(PAID_IN), PAID_IN, "published", "", "good confirmations",
        "正常缴款确认"),
    File(2, "cnnontax", "cn_103_20261205_001.msg", frames(FRAMED), FRAMED, "published", "",
        "good confirmations in frames with a check value", "正常缴款确认，带校验的报文帧"),
    File(2, "assets", "zckp_20261205.csv", cards(CARDS), CARDS, "published", "",
        "one class code, two editions: booked 2019 a desktop, 2026 a server", "同一分类代码两个版本：2019 年是台式机，2026 年是服务器"),
    File(2, "assets-xlsx", "zckp_20261207.xlsx", cards_xlsx(CARDS_BOOK), CARDS_BOOK, "published", "",
        "a workbook: dates are numbers of a spreadsheet", "工作簿：日期是表格软件的序号"),
    File(2, "subsidy", "bt_BT001_20261205_001.csv", roster(FARMERS), FARMERS, "published", "",
        "a good roster, for two banks", "正常花名册，分走两家银行", marker=True),

    pay(3, "004", "605001", "103", TOWNSHIP, "returned", "batch.superseded", "one account has a blank in it",
        "有一个账号中间夹了空格"),
    pay(3, "005", "606001", "103", BUREAU, "held", "batch.sum", "the declared total is wrong by one fen", "声明的合计差一分",
        declared=sum(p.fen for p in BUREAU) + 1),
    pay(3, "006", "604002", ICBC, CLINIC, en="a name that the bank's GBK does not have", zh="银行的 GBK 里没有的姓名用字"),
    File(3, "payroll-dbf", "gz202612_20261205_102_012.dbf", payroll_dbf("606001", COOKS), COOKS, "held",
        "batch.dead_record", "FoxPro cut a name in the middle of a character", "FoxPro 把姓名截在半个汉字上"),
    File(3, "yth", "yth_20261205_002.jsonl", order_yth(YTH_FAULTS), YTH_FAULTS, "published", "",
        "an order taken back, an account rounded by a spreadsheet", "一张作废凭证，一个账号被表格软件变成科学记数"),
    File(3, "mof", "zf_20261205_001.xml", vouchers(VOUCHERS), VOUCHERS, "published", "",
        "the header of another voucher, details that lack a fen", "报文头的编号是另一张凭证的，一张明细少一分"),
    File(3, "nontax", "fs_103_20261205_001.txt", nontax(PAID_IN_FAULTS), PAID_IN_FAULTS, "published", "",
        "fen where yuan should be, a bank number that is none", "把分当成元，一个行号校验不过"),
    File(3, "cnnontax", "cn_103_20261205_002.msg", frames(FRAMED, b"930.00"), [], "unreadable", "wrap.frame_mac",
        "somebody changed an amount on the way", "传输途中有人改了金额"),
    File(3, "assets", "zckp_20261206.csv", cards(CARDS_FAULTS), CARDS_FAULTS, "published", "",
        "a class code of the edition before", "用了旧版才有的分类代码"),
    File(3, "subsidy", "bt_BT001_20261205_002.csv", roster(HERDERS), HERDERS, "held", "batch.dead_record",
        "an identity number that is none", "一个身份证号校验不过", marker=True),
    File(3, "subsidy", "bt_BT001_20261205_003.csv", roster(GROWERS, total=False), GROWERS, "held", "batch.no_trailer",
        "cut off on the way: the total line is missing", "传输中断，缺合计行", marker=True),

    File(3, "subsidy-xlsx", "bt_BT001_20261205_011.xlsx", roster_xlsx(FISHERS), FISHERS, "held", "batch.dead_record",
        "a spreadsheet has rounded an account", "一个账号被表格软件舍入", marker=True),

    pay(4, "001", "602001", "103", OFFICE, "duplicate", "batch.duplicate", "the same file again", "同一文件又报了一次"),
    pay(4, "001", "602001", "103", OFFICE, en="the same bytes for the next month: a batch of its own",
        zh="内容相同、月份不同：另是一批", month="202701"),
    File(4, "front", "2026120502170.txt", order_front(FRONT), FRONT, "duplicate", "batch.duplicate",
        "the same file again", "同一文件又报了一次"),
    File(4, "yth", "yth_20261205_003.jsonl", order_yth(YTH_REPEATS), YTH_REPEATS, "published", "",
        "an order that came before, one with another amount, a new one", "一张先前来过，一张金额变了，一张是新的"),
    File(4, "nontax", "fs_102_20261205_002.txt", nontax(PAID_IN_AGAIN), PAID_IN_AGAIN, "published", "",
        "one serial number with another amount; a payment reversed", "同一流水号，金额却不同；一笔当日冲正"),

    pay(5, "002", "603001", ABC, SCHOOL_AGAIN, "conflict", "batch.conflict",
        "the same month and batch with another amount", "同月同批号，金额却不同", end="\r\n"),
    pay(5, "004", "605001", "103", TOWNSHIP_RIGHT, en="the right file takes the place of the held one",
        zh="改正后的文件取代挂起的那批"),
]


def out(to):
    """What a destination must have been handed: a parcel a batch, for the units one for each of them."""
    # What takes back is money of another kind, which no file adds to the other.
    parcels = [rows for f in FILES for void in (False, True) if (rows := [r for r in f.handed(to) if bool(r.void) == void])]
    units = sum(len({r.cells.get("unit", r.cells.get("agency_code", "")) for r in rows}) for rows in parcels)
    rows = [r for rows in parcels for r in rows]
    return {**OUT[to], "files": units if to == "units" else len(parcels), "lines": len(rows),
        "sum": yuan(sum(r.fen for r in rows))}


def planted():
    """An entry a line."""
    systems = list(dict.fromkeys(f.folder for f in FILES))
    folders = [f"in/{s}" for s in systems] + [o["folder"] for o in OUT.values()] + ["keys"]
    parts = {"folders": folders, "files": [f.planted() for f in FILES], "out": [out(to) for to in OUT], "next": to_try()}
    text = '{"synthetic": "all of it, 全部为合成数据"'
    for name, entries in parts.items():
        rows = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
        text += f',\n"{name}": [\n{rows}]'
    return text + "}\n"


def everything():
    """Path below the folder -> bytes."""
    made = {"planted.json": planted().encode("utf-8"), "keys/nontax.token": TOKEN}
    for f in FILES:
        path = f"steps/{f.step}/{f.folder}/{f.name}"
        made[path] = f.content
        if f.marker:
            made[path + ".ok"] = b""
    return made


def check(folder, made):
    there = {p.relative_to(folder).as_posix() for p in (folder / "steps").rglob("*") if p.is_file()}
    there.add("planted.json")
    wrong = [f"{name} is not made by the generator" for name in sorted(there - made.keys())]
    for name, content in made.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != content:
            wrong.append(f"{name} differs from what the generator makes")
    for line in wrong:
        print(line)
    return 1 if wrong else 0


def main():
    folder = pathlib.Path(sys.argv[-1])
    made = everything()
    if sys.argv[1] == "--check":
        return check(folder, made)
    shutil.rmtree(folder / "steps", ignore_errors=True)
    for name, content in made.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
