#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the files of the demo site: bus/jincai/demo/steps/ and bus/jincai/demo/planted.json.

make_demo.py FOLDER writes them; make_demo.py --check FOLDER writes nothing and says what differs.

Every person, account and number is synthetic. Identity numbers have valid check digits and years of birth from 1901 to
1909, so that nobody alive has one; cards pass Luhn; bank numbers and units are those of the code tables, which say that
they are synthetic themselves. What comes out is the same bytes each time.
"""
import csv
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CODES = ROOT / "schemas" / "codes"


def id_number(division, born, serial):
    """GB 11643: 17 digits and a check character."""
    digits = f"{division}{born}{serial:03d}"
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


def cnaps_ok(number):
    """ISO 7064 MOD 11,10 (GB/T 17710)."""
    p = 10
    for d in number[:11]:
        s = (p + int(d)) % 10 or 10
        p = 2 * s % 11
    return len(number) == 12 and int(number[11]) == (11 - p) % 10


def table(name):
    with open(CODES / f"{name}.2026.csv", encoding="utf-8", newline="") as f:
        return {row["code"]: row for row in csv.DictReader(f)}


BANKS, UNITS = table("banks"), table("units")


def yuan(fen):
    return f"{fen // 100}.{fen % 100:02d}"


class Person:
    def __init__(self, name, born, serial, fen, prefix="62284806"):
        self.name, self.fen = name, fen
        self.id_no = id_number("150782", born, serial)
        self.account = card_number(prefix, int(born) * 10 + serial)


class Batch:
    """A head line and one line a person. declared: what the head says, when it is not the truth."""

    def __init__(self, no, unit, bank, people, end="\n", declared=None):
        assert unit in UNITS and cnaps_ok(BANKS[bank]["number"])
        self.no, self.unit, self.bank, self.people, self.end = no, unit, bank, people, end
        self.sum = sum(p.fen for p in people)
        self.declared = self.sum if declared is None else declared

    def bytes(self):
        rows = [f"H|{self.no}|20261205|{self.unit}|{self.bank}|0|{len(self.people)}|{yuan(self.declared)}"]
        for i, p in enumerate(self.people):
            rows.append(f"{i + 1:04d}|{p.name}|{yuan(p.fen)}|{p.account}|{self.unit}|01|{p.id_no}|1")
        return "".join(row + self.end for row in rows).encode("gb18030")


# 珅 is AB 7C: its second byte is the delimiter. 䶮 is FE 9F, which GBK does not have. 㛃 and 𬱖 have four bytes, two of them
# digits. The middle dot is A1 A4.
OFFICE = [
    Person("王珅", "19010307", 1, 623450),
    Person("李䶮", "19020415", 2, 587700),
    Person("张㛃", "19030526", 3, 712305),
    Person("赵𬱖", "19040611", 4, 498820),
    Person("乌云·其其格", "19050702", 6, 655001),
    Person("敖特根", "19060818", 7, 530099),
]
SCHOOL = [
    Person("陈珅珅", "19070119", 1, 548015),
    Person("刘𬱖䶮", "19080228", 2, 601300),
    Person("苏日娜", "19090331", 4, 577777),
    Person("哈斯·巴特尔", "19010430", 5, 620010),
    Person("孙㛃", "19020511", 8, 534005),
]
HOSPITAL = [
    Person("周䶮", "19030612", 1, 733010, "62220206"),
    Person("吴珅", "19040713", 2, 689902, "62220206"),
    Person("萨仁·高娃", "19050814", 4, 710000, "62220206"),
    Person("郑𬱖", "19060915", 5, 645638, "62220206"),
]
TOWNSHIP = [
    Person("冯㛃", "19071016", 1, 455500),
    Person("其木格", "19081117", 2, 467012),
    Person("蒋珅", "19091218", 5, 471100),
    Person("娜仁·图雅", "19010119", 6, 440308),
    Person("沈䶮", "19020220", 8, 462207),
]
BUREAU = [
    Person("韩𬱖", "19030321", 1, 601155),
    Person("宝音", "19040422", 4, 598866),
    Person("杨珅", "19050523", 7, 612030),
]

office = Batch("001", "602001", "103", OFFICE)
school = Batch("002", "603001", "103196400010", SCHOOL, end="\r\n")
hospital = Batch("003", "604001", "102196400016", HOSPITAL)
township = Batch("004", "605001", "103", TOWNSHIP)
TOWNSHIP[2].account = TOWNSHIP[2].account[:6] + " " + TOWNSHIP[2].account[6:]
bureau = Batch("005", "606001", "103", BUREAU, declared=sum(p.fen for p in BUREAU) + 1)
SCHOOL_AGAIN = [Person("陈珅珅", "19070119", 1, 548015 + 100000)] + SCHOOL[1:]
school_again = Batch("002", "603001", "103196400010", SCHOOL_AGAIN, end="\r\n")

# step, file, batch, how it ends, why, what it is for
FILES = [
    (1, "gz_202612_001.txt", office, "published", "", "a good batch", "正常批次"),
    (1, "gz_202612_002.txt", school, "published", "", "a good batch", "正常批次"),
    (1, "gz_202612_003.txt", hospital, "published", "", "a good batch, for another bank", "正常批次，走另一家银行"),
    (2, "gz_202612_004.txt", township, "held", "batch.dead_record", "one account has a blank in it",
        "有一个账号中间夹了空格"),
    (2, "gz_202612_005.txt", bureau, "held", "batch.sum", "the declared total is wrong by one fen", "声明的合计差一分"),
    (3, "gz_202612_001.txt", office, "duplicate", "batch.duplicate", "the same file again", "同一文件又报了一次"),
    (3, "gz_202701_001.txt", office, "published", "", "the same bytes for the next month: a batch of its own",
        "内容相同、月份不同：另是一批"),
    (4, "gz_202612_002.txt", school_again, "conflict", "batch.conflict",
        "the same month and batch with another amount", "同月同批号，金额却不同"),
]

PAID = [row for row in FILES if row[3] == "published"]


def out(folder, by, marker, batches):
    """What a receiver must have got: one file a batch; the amount is the cell before the last one."""
    return {"folder": folder, "by": by, "marker": marker, "files": len(batches),
        "lines": sum(len(b.people) for b in batches), "sum": yuan(sum(b.sum for b in batches))}


def planted():
    abc = [row[2] for row in PAID if row[2].bank.startswith("103")]
    icbc = [row[2] for row in PAID if row[2].bank.startswith("102")]
    return {
        "synthetic": "all of it, 全部为合成数据",
        "folders": ["in/payroll", "out/abc", "out/icbc", "out/units", "keys"],
        "files": [{"step": step, "file": name, "state": state, "code": code, "records": len(b.people),
            "sum": yuan(b.sum), "en": en, "zh": zh} for step, name, b, state, code, en, zh in FILES],
        "out": [out("out/abc", "|", ".ok", abc), out("out/icbc", "|", ".ok", icbc), out("out/units", ",", "", abc + icbc)],
    }


def everything():
    """Path below the folder -> bytes."""
    made = {}
    for step, name, batch, *_ in FILES:
        made[f"steps/{step}/payroll/{name}"] = batch.bytes()
        made[f"steps/{step}/payroll/{name}.ok"] = b""
    text = json.dumps(planted(), ensure_ascii=False, indent=1)
    made["planted.json"] = text.encode("utf-8") + b"\n"
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
    for name, content in made.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
