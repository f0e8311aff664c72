#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes payroll batches from a seed, and says of each what must become of it.

    make.py --seed 7 --rows 40 --batches 4 --to FOLDER     writes FOLDER/originals/ and FOLDER/expect.json

The form is adapters/payroll/pipe/batch.yaml, written here from its words: GB18030, a head, a line a person, cut by
'|'. Everybody is invented; check digits of identity numbers and cards are right. Fates: sent (goes out once, whole),
held (never goes out), duplicate and conflict (nothing more goes out for them)."""
import argparse
import csv
import hashlib
import json
import pathlib
import random

import county

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
# 珅 is AB 7C: its second byte is the delimiter. 䶮 is in no GBK. The last ones have four bytes, ASCII digits in them.
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂珅䶮𠮷𬱖㑇䲟"
MONGOLIAN = ("乌云其其格", "巴特尔", "娜仁托娅", "阿拉坦仓", "斯琴高娃", "敖登格日勒", "巴雅尔·孟和")
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def codes(table):
    """Keys and values of a code table of the project."""
    path = sorted((REPOSITORY / "schemas/codes").glob(f"{table}.*.csv"))[-1]
    with open(path, encoding="utf-8", newline="") as f:
        rows = list(csv.reader(f))
    value = {"units": "standard", "banks": "number"}[table]
    at = rows[0].index(value)
    return {row[0]: row[at] for row in rows[1:]}


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


def yuan(fen):
    return f"{fen // 100}.{fen % 100:02}"


class Maker:
    def __init__(self, seed, rows=40):
        self.rng = random.Random(seed)
        self.rows = rows
        self.units = sorted(codes("units"))
        self.made = 0
        ids = set()                     # nobody twice: that would be a duplicate line
        while len(ids) < max(rows, 8) * 2:
            ids.add(id_number(self.rng))
        self.people = [(self.name(), id_no, card_number(self.rng)) for id_no in sorted(ids)]

    def name(self):
        if self.rng.random() < 0.1:
            return self.rng.choice(MONGOLIAN)
        return self.rng.choice(SURNAMES) + "".join(self.rng.choice(GIVEN) for _ in range(self.rng.randint(1, 2)))

    def amount(self):
        if self.rng.random() < 0.02:
            return self.rng.randint(100_000_001, 999_999_999)       # more than a million yuan
        return self.rng.choice((1, self.rng.randint(1, 999), self.rng.randint(100_000, 2_000_000),
                                self.rng.randint(100_000, 2_000_000), self.rng.randint(100_000, 2_000_000)))

    def batch(self, bank=None, plant=None):
        """(file name, bytes). plant: None, "bad line", "wrong total", "wrong count"."""
        number = self.made
        self.made += 1
        month = 12 + number // 300          # of 2026
        name = f"gz_{2026 + (month - 1) // 12:04}{(month - 1) % 12 + 1:02}_{number % 300 + 1:03}.txt"
        bank = bank or county.BANKS[number % len(county.BANKS)]
        unit = self.rng.choice(self.units)
        people = self.rng.sample(self.people, max(1, self.rng.randint(self.rows * 3 // 4, self.rows)))
        lines, total = [], 0
        for i, (who, id_no, card) in enumerate(people):
            occurrences = 2 if self.rng.random() < 0.05 else 1      # paid twice on one day
            for k in range(occurrences):
                fen = self.amount()
                total += fen
                agent = f"{self.rng.choice('12') if bank == '102' else '0'}{number:04}{i:05}"
                shown = f" {who} " if self.rng.random() < 0.05 else who
                lines.append([agent, shown, yuan(fen), card, unit, "01", id_no, str(k + 1)])
        count = len(lines)
        if plant == "bad line":
            line = self.rng.choice(lines)
            at, value = self.rng.choice(((2, line[2][:-1]), (2, "12,345.00"), (2, ""), (2, "0.00"), (3, "622?"),
                                         (2, "１２.00")))
            line[at] = value
        elif plant == "wrong total":
            total += self.rng.choice((-1, 1, 100))
        elif plant == "wrong count":
            count += self.rng.choice((-1, 1))
        date = f"{name[3:9]}{self.rng.randint(1, 28):02}"
        head = ["F", f"{number + 1:06}", date, unit, bank, "61", str(count), yuan(total)]
        text = "".join("|".join(row) + "\n" for row in [head] + lines)
        return name, text.encode("gb18030")

    def drops(self, batches=4, planted=True):
        """Dicts of phase, name, content, fate, why. A phase is handed in when the one before was taken."""
        ret = []

        def add(phase, named, fate, why):
            ret.append({"phase": phase, "name": named[0], "content": named[1], "fate": fate, "why": why})
            return named

        good = [add(0, self.batch(), "sent", "good") for _ in range(batches)]
        if planted:
            for plant in ("bad line", "wrong total", "wrong count"):
                add(0, self.batch(plant=plant), "held", plant)
            add(1, good[0], "duplicate", "the same file again")
            last = good[-1]
            add(1, (f"gz_{int(last[0][3:9]) + 100}{last[0][9:]}", last[1]), "sent", "the same bytes for another month")
            other = Maker(self.rng.random(), self.rows)
            other.made = self.made
            add(1, (good[1 % batches][0], other.batch(bank=county.BANKS[0])[1]), "conflict",
                "the same keys, other content")
        return ret


def save(drops, to):
    """originals/ and expect.json, for a judge that was not there."""
    to = pathlib.Path(to)
    (to / "originals").mkdir(parents=True, exist_ok=True)
    rows = []
    for i, drop in enumerate(drops):
        path = f"originals/{i:03}_{drop['name']}"
        (to / path).write_bytes(drop["content"])
        rows.append({"original": path, "sha256": hashlib.sha256(drop["content"]).hexdigest(),
                     **{k: drop[k] for k in ("phase", "name", "fate", "why")}})
    (to / "expect.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")


def load(folder):
    folder = pathlib.Path(folder)
    rows = json.loads((folder / "expect.json").read_text(encoding="utf-8"))
    return [{**row, "content": (folder / row["original"]).read_bytes()} for row in rows]


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--rows", type=int, default=40, help="lines a batch, at most (some persons are paid twice)")
    p.add_argument("--batches", type=int, default=4)
    p.add_argument("--good-only", action="store_true", help="plant nothing")
    p.add_argument("--to", required=True)
    a = p.parse_args()
    drops = Maker(a.seed, a.rows).drops(a.batches, not a.good_only)
    save(drops, a.to)
    for drop in drops:
        print(f"{drop['phase']}\t{drop['name']}\t{drop['fate']}\t{drop['why']}")


if __name__ == "__main__":
    main()
