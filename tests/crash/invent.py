# SPDX-License-Identifier: Apache-2.0
"""Persons, numbers and code tables for made-up files. Everybody is invented; check digits are right."""
import csv
import functools
import pathlib

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
# 珅 is AB 7C: its second byte is the delimiter. 䶮 is in no GBK. The last ones have four bytes, ASCII digits in them.
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂珅䶮𠮷𬱖㑇䲟"
MONGOLIAN = ("乌云其其格", "巴特尔", "娜仁托娅", "阿拉坦仓", "斯琴高娃", "敖登格日勒", "巴雅尔·孟和")
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


@functools.cache
def table(name):
    """The newest edition of a code table of the project, rows by code."""
    path = sorted((REPOSITORY / "schemas/codes").glob(f"{name}.*.csv"))[-1]
    with open(path, encoding="utf-8", newline="") as f:
        return {row["code"]: row for row in csv.DictReader(f)}


def id_number(rng):
    text = f"150782{rng.randint(1960, 2004)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}{rng.randint(0, 999):03}"
    return text + "10X98765432"[sum(int(c) * w for c, w in zip(text, ID_WEIGHTS)) % 11]


def card_number(rng):
    text = "622848" + "".join(rng.choice("0123456789") for _ in range(12))
    total = 0
    for i, c in enumerate(reversed(text)):
        d = int(c) * (2 if i % 2 == 0 else 1)
        total += d - 9 if d > 9 else d
    return text + str(-total % 10)


def person_name(rng):
    if rng.random() < 0.1:
        return rng.choice(MONGOLIAN)
    return rng.choice(SURNAMES) + "".join(rng.choice(GIVEN) for _ in range(rng.randint(1, 2)))


def in_gbk(text):
    try:
        text.encode("gbk")
    except UnicodeEncodeError:
        return False
    return True


def amount(rng):
    """None comes twice: the same amount to the same account within some days would be a suspected double."""
    used = rng.__dict__.setdefault("used", set())
    while True:
        if rng.random() < 0.02:
            fen = rng.randint(100_000_001, 999_999_999)         # more than a million yuan
        else:
            fen = rng.choice((1, rng.randint(1, 999), rng.randint(100_000, 2_000_000), rng.randint(100_000, 2_000_000),
                              rng.randint(100_000, 2_000_000)))
        if fen not in used:
            used.add(fen)
            return fen


def yuan(fen):
    return f"{fen // 100}.{fen % 100:02}"


def thousands(fen):
    return f"{fen // 100:,}.{fen % 100:02}"


class People:
    """Nobody is there twice: that would be a duplicate line."""

    def __init__(self, rng, count):
        ids = set()
        while len(ids) < count:
            ids.add(id_number(rng))
        self.all = [(person_name(rng), id_no, card_number(rng)) for id_no in sorted(ids)]
        self.gbk = [p for p in self.all if in_gbk(p[0])]

    def some(self, rng, rows, gbk=False):
        known = self.gbk if gbk else self.all
        return rng.sample(known, min(len(known), max(1, rng.randint(rows * 3 // 4, rows))))
