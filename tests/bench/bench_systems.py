# SPDX-License-Identifier: Apache-2.0
"""Files of as many rows as wanted, of six kinds that five systems hand in, and a site that takes one of them from its
folder to a receiver: the region, or for assets a register. All is made up, and the same each time."""
import os
import shutil
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import marks  # noqa: E402

CRASH = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../crash/library"))
NAMES = ["王珅", "李小明", "巴特尔", "包额尔德木图", "陈䶮", "张伟"]
SITE = """\
site: {name: bench, kind: test, division: "150782", unit: "602001", keys: ./keys}
bus: embedded:./bus
store: {max: %d}
library: [%s]
adapters:
  source: {form: %s, start: 2026-11-01, from: {file: {folder: ./in}}}
destinations:
  receiver: {form: %s, gather: batch, mode: live, to: {file: {folder: ./out}}}
routes:
  - {types: [%s], to: receiver}
"""
BATCH = 1000000          # records of a batch that is released whole, at most
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def fen(i):
    return 100000 + i * 7919 % 900000


def yuan(amount):
    return b"%d.%02d" % divmod(amount, 100)


def id_number(i):
    """Of one day a thousand people, of 17 million in all; with its check character."""
    day, serial = divmod(i, 1000)
    month, day = divmod(day, 28)
    year, month = divmod(month, 12)
    text = b"150702%04d%02d%02d%03d" % (1901 + year, month + 1, day + 1, serial)
    return text + b"10X98765432"[sum((c - 48) * w for c, w in zip(text, WEIGHTS)) % 11:][:1]


def name(i):
    return NAMES[i % 6].encode("gb18030")


def payments(f, rows):
    for i in range(rows):
        f.write(b"1507820001,150701,,602001,,6222020600%09d,1,2130101,50201,,1,%b,%010d,%b,103196000015,-\n"
                % (i, yuan(fen(i)), i, name(i)))


def nontax(f, rows):
    for i in range(rows):
        f.write(b"15078226%012d|20261205|093015|%b|196000001|0001|51|%012d|%b|1507020000000000025|-|102196000012|1"
                b"|1507020000000000033||\n" % (i, yuan(fen(i)), i, name(i)))


def pipe(f, rows, first=0):
    f.write(b"F|1|20261203|602001|103|61|%d|%b\n" % (rows, yuan(sum(map(fen, range(first, first + rows))))))
    for i in range(first, first + rows):
        f.write(b"%07d|%b|%b|6222020600%09d|602001|01|%b|1\n" % (i, name(i), yuan(fen(i)), i, id_number(i)))


def table(f, rows, first=0):
    fields = (("序号", b"N", 8), ("姓名", b"C", 20), ("账号", b"C", 30), ("金额", b"N", 18), ("身份证", b"C", 18),
              ("单位", b"C", 10))
    f.write(struct.pack("<4BIHH20x", 3, 126, 12, 1, rows + 1, 33 + 32 * len(fields), 1 + sum(w for _, _, w in fields)))
    for text, kind, width in fields:
        f.write(struct.pack("<11sc4xBB14x", text.encode("gb18030"), kind, width, 2 if text == "金额" else 0))
    f.write(b"\r")
    for i in range(first, first + rows):
        account = b"6222020600%09d" % i
        f.write(b" %8d%b%b%18b%b%b" % (i, name(i).ljust(20), account.ljust(30), yuan(fen(i)), id_number(i),
                                       b"602001".ljust(10)))
    f.write(b" %8b%b%30b%18b%18b%10b\x1a" % (b"", "合计".encode("gb18030").ljust(20), b"",
                                             yuan(sum(map(fen, range(first, first + rows)))), b"", b""))


def assets(f, rows):
    f.write("固定资产卡片明细表\n资产编号,资产代码,类别代码,资产名称,取得方式,规格型号,计量单位,取得日期,入账日期,价值类型,账面数量,账面原值,累计折旧,账面净值,使用状况,存放地点,"
            "使用部门,使用人,权属性质,入账形式,单位\n".encode("gb18030"))
    what = "A02010104,设备,购置,-,台,2026-12-01,2026-12-05,原值,1".encode("gb18030")
    rest = "在用,三楼,信息中心,某人,国有,财务账,602001 某单位".encode("gb18030")
    for i in range(rows):
        f.write(b"602001-%09d,%d,%b,%b,0.00,%b,%b\n" % (i, i, what, yuan(fen(i)), yuan(fen(i)), rest))
    f.write("合计".encode("gb18030") + b"," * 11 + yuan(sum(map(fen, range(rows)))) + b"," * 9 + b"\n")


def subsidies(f, rows, first=0):
    f.write("补贴发放花名册\n序号,发放单位,区划代码,村组,组别,户编号,姓名,身份证号,与户主关系,联系电话,数量,计量单位,补贴标准,补贴金额,银行账号,开户行,次数,备注\n"
            .encode("gb18030"))
    where = "605001 某苏木,150782100,某嘎查,1组,-".encode("gb18030")
    for i in range(first, first + rows):
        f.write(b"%d,%b,%b,%b,-,-,1,-,1,%b,150782%012d,103,1,\n"
                % (i + 1, where, name(i), id_number(i), yuan(fen(i)), i))
    f.write("合计".encode("gb18030") + b"," * 13 + yuan(sum(map(fen, range(first, first + rows)))) + b",,,,\n")


class System:
    def __init__(self, write, file, form, event, marker=False, whole=False, out="region/rows/day"):
        self.write, self.file, self.form, self.event, self.out = write, file, form, event, out
        self.marker, self.whole = marker, whole


SYSTEMS = {
    "payment/front": System(payments, "2026120501170.txt", "payment/front/orders", "payment.order.issued.v1"),
    "nontax/pay": System(nontax, "fs_102_20261205_001.txt", "nontax/pay", "nontax.payment.confirmed.v1"),
    "payroll/pipe": System(pipe, "gz_202612_001.txt", "payroll/pipe", "payroll.line.v1", marker=True, whole=True),
    "payroll/dbf": System(table, "gz202612_20261205_103_001.dbf", "payroll/dbf", "payroll.line.v1", whole=True),
    "asset/csv": System(assets, "zckp_20261231.csv", "asset/csv", "asset.card.created.v1", out="test/register/cards"),
    "subsidy/csv": System(subsidies, "bt_BT001_20261205_001.csv", "subsidy/csv", "subsidy.line.v1", marker=True,
                          whole=True),
}


def write_input(folder, s, rows):
    """One file; what is released whole has at most BATCH rows in each of several."""
    for number, first in enumerate(range(0, rows, BATCH if s.whole else rows), 1):
        file = folder + "/" + s.file.replace("_001.", "_%03d." % number)
        with open(file, "wb") as f:
            if s.whole:
                s.write(f, min(BATCH, rows - first), first)
            else:
                s.write(f, rows)
        if s.marker:
            open(file + ".ok", "w").close()


def make_site(folder, system, rows, max_gib=64):
    """A fresh site with so many rows to take."""
    s = SYSTEMS[system]
    shutil.rmtree(folder, ignore_errors=True)
    marks.folders(folder, "keys", "in", "out")
    with open(folder + "/keys/identity.key", "wb", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write(bytes(range(32)))
    with open(folder + "/jincai.yaml", "w", encoding="utf-8") as f:
        f.write(SITE % (max_gib, CRASH, s.form, s.out, s.event))
    write_input(folder + "/in", s, rows)


def received(folder):
    """Lines that came to the receiver."""
    lines = 0
    for file in os.listdir(folder + "/out"):
        if not file.startswith(".") and not file.endswith(".ok"):
            with open(folder + "/out/" + file, "rb") as f:
                lines += sum(block.count(b"\n") for block in iter(lambda: f.read(1 << 20), b""))
    return lines
