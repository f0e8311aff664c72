#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The judge: what was handed in against what the receivers have, read by its own means.

    judge.py --expect FOLDER --received FOLDER [--site SITE] [--unknown FILE]

--expect: originals and fates as make.py wrote them. --received: a receiver's folder with its ledger. --site: also
looks for every original in the drop folder and its .taken, byte for byte. --unknown: JSON list of {dest, count, sum}
(sum in fen) of parcels that the sender shows as unknown: parts that did not come are matched with them and counted
apart.

Prints one line of counts and the first problems; exit 0 only when nothing is lost, doubled, altered, torn, out of
order, wrong in a head, sent although it had to be held, and not a fen is missing or too much."""
import argparse
import collections
import csv
import dataclasses
import hashlib
import io
import json
import pathlib
import re
import sys

import county
import make
import receiver

MONEY = re.compile(r"(0|[1-9][0-9]*)\.([0-9]{2})")


def fen_of(text):
    m = MONEY.fullmatch(text)
    return int(m[1]) * 100 + int(m[2]) if m else None


@dataclasses.dataclass(frozen=True)
class Part:
    """What one receiver gets of one batch: lines are (name, fen, account) in order."""
    dest: str
    date: str
    group: str                          # bank: ""; units: unit/month
    lines: tuple

    @property
    def sum(self):
        return sum(line[1] for line in self.lines)


def parts_of(drop):
    """Parts that a drop file makes, by destination."""
    rows = [row.split("|") for row in drop["content"].decode("gb18030").splitlines() if row]
    head, units = rows[0], make.codes("units")
    of = collections.defaultdict(list)
    for row in rows[1:]:
        for dest in county.destinations(head[4], row[0]):
            of[dest].append((row[1].strip(" "), fen_of(row[2]), row[3]))
    month = f"{drop['name'][3:7]}-{drop['name'][7:9]}"
    return [Part(dest, head[2], f"{units[head[3]]}/{month}" if dest in county.PLAIN else "", tuple(lines))
            for dest, lines in of.items()]


class Bad(Exception):
    pass


def read_bank(dest, name, content):
    m = re.fullmatch(r"df_([0-9]{8})_([0-9]{4,})\.txt", name)
    if not m:
        raise Bad("the name is none of ours")
    if not content.endswith(b"\n"):
        raise Bad("the last line has no end")
    rows = [row.split("|") for row in content.decode("gb18030").split("\n")[:-1]]
    head, lines = rows[0], []
    for row in rows[1:]:
        if len(row) != 4 or fen_of(row[2]) is None:
            raise Bad(f"a line of {len(row)} fields or without an amount")
        lines.append((row[1], fen_of(row[2]), row[3]))
    if len(head) != 6 or head[0] != "F":
        raise Bad("no head")
    want = [int(m[2]), m[1], county.DIVISION, len(lines), sum(line[1] for line in lines)]
    got = [int(head[1]), head[2], head[3], int(head[4]), fen_of(head[5])]
    return Part(dest, head[2], "", tuple(lines)), "" if want == got else f"head says {got}, name and lines {want}"


def read_units(dest, name, content):
    m = re.fullmatch(r"([0-9A-Z]+)/mx_([0-9]{6,})\.csv", name)
    if not m:
        raise Bad("the name is none of ours")
    if not content.startswith(b"\xef\xbb\xbf") or not content.endswith(b"\r\n"):
        raise Bad("no byte order mark, or the last line has no end")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    if rows[0] != ["单位", "月份", "收款人", "账号", "金额", "币种"]:
        raise Bad("no titles")
    lines, months = [], set()
    for row in rows[1:]:
        if len(row) != 6 or fen_of(row[4]) is None or row[5] != "CNY":
            raise Bad("a line that is none")
        if row[0] != m[1]:
            raise Bad("a line of another unit")
        months.add(row[1])
        lines.append((row[2], fen_of(row[4]), row[3]))
    return Part(dest, "", f"{m[1]}/{'+'.join(sorted(months))}", tuple(lines)), ""


@dataclasses.dataclass
class Verdict:
    batches: int = 0                    # that had to go out
    files: int = 0                      # that came
    lines: int = 0
    lost: int = 0                       # lines expected and not there
    doubled: int = 0                    # lines there too often
    altered: int = 0                    # lines that nobody handed in so
    fen: int = 0                        # differences of sums, without their signs
    heads: int = 0
    torn: int = 0                       # files that are no whole part of a batch
    order: int = 0
    held: int = 0                       # files with lines of a batch that had to be held
    names: int = 0                      # the same name twice; a marker without its file
    originals: int = 0                  # handed in and nowhere now
    unknown: int = 0                    # parts that the sender does not know about: no fault
    again: int = 0                      # the same file again after a power cut, dropped by its number: no fault
    problems: list = dataclasses.field(default_factory=list)

    FAULTS = ("lost", "doubled", "altered", "fen", "heads", "torn", "order", "held", "names", "originals")

    def ok(self):
        return not any(getattr(self, k) for k in self.FAULTS)

    def say(self, counter, text):
        setattr(self, counter, getattr(self, counter) + 1)
        self.problems.append(f"{counter}: {text}")

    def __str__(self):
        apart = "".join(f", {getattr(self, k)} {k}" for k in ("unknown", "again") if getattr(self, k))
        others = "".join(f", {getattr(self, k)} {k}" for k in self.FAULTS[4:] if getattr(self, k))
        return (f"{self.batches} batches, {self.files} files, {self.lines} lines: {self.lost} lost, "
                f"{self.doubled} doubled, {self.altered} altered, {self.fen} fen{others}{apart}")


def key(part):
    """Dates matter for banks, unit and month for units."""
    return (part.dest, part.date if part.dest in county.MARKED else "", part.group, part.lines)


def read_received(v, into):
    """Parts of all files that came, those of the same name twice too; what is dropped by its number is not."""
    got, numbers = [], set()
    for row in receiver.read_ledger(into):
        if row["kind"] == "again":
            v.again += 1
            continue
        if row["kind"] != "first":
            v.say("names", f"{row['dest']} {row['name']} {row['kind']}")
        if row["kind"] == "torn":
            continue
        content = (pathlib.Path(into) / row["file"]).read_bytes()
        if hashlib.sha256(content).hexdigest() != row["sha256"]:
            v.say("altered", f"{row['name']}: the file is not what the ledger says")
        v.files += 1
        try:
            reader = read_bank if row["dest"] in county.MARKED else read_units
            part, wrong = reader(row["dest"], row["name"], content)
        except (Bad, UnicodeDecodeError, ValueError, IndexError) as e:
            v.say("heads", f"{row['dest']} {row['name']}: {e}")
            continue
        if wrong:
            v.say("heads", f"{row['dest']} {row['name']}: {wrong}")
        number = (row["dest"], re.findall("[0-9]+", row["name"])[-1])
        if row["kind"] == "first" and row["dest"] in county.MARKED and number in numbers:
            v.say("names", f"{row['dest']} {row['name']}: the number was there before")
        numbers.add(number)
        v.lines += len(part.lines)
        got.append((row["name"], part))
    return got


def judge(drops, into, site=None, unknown=()):
    v = Verdict()
    want, held_lines = [], set()
    for drop in drops:
        if drop["fate"] == "sent":
            want += parts_of(drop)
            v.batches += 1
        elif drop["fate"] in ("held", "conflict"):
            held_lines |= {line for part in parts_of(drop) for line in part.lines}
    held_lines -= {line for part in want for line in part.lines}
    got = read_received(v, into)

    # Whole parts first; what is left over is torn, and is compared line by line.
    open_parts = collections.Counter(map(key, want))
    whole = collections.Counter(map(key, want))
    leftover = []
    for name, part in got:
        k = key(part)
        if open_parts[k]:
            open_parts[k] -= 1
            continue
        leftover.append((name, part))
        if any(line in held_lines for line in part.lines):
            v.say("held", f"{part.dest} {name}: lines of a batch that had to be held")
        elif k in whole:
            v.problems.append(f"doubled: {part.dest} {name}: a whole part once more")
        elif any(o[:3] == k[:3] and sorted(o[3]) == sorted(k[3]) for o in open_parts if open_parts[o]):
            v.say("order", f"{part.dest} {name}: the lines of a batch in another order")
        else:
            v.say("torn", f"{part.dest} {name}: {len(part.lines)} lines that are no whole part of one batch")

    # What did not come and is shown as unknown is not lost.
    waiting = collections.Counter((u["dest"], u["count"], u["sum"]) for u in unknown)
    missing = []
    for k in open_parts.elements():
        size = (k[0], len(k[3]), sum(line[1] for line in k[3]))
        if waiting[size]:
            waiting[size] -= 1
            v.unknown += 1
        else:
            missing.append(k)

    ever = collections.defaultdict(set)
    for part in want:
        ever[part.dest].update(part.lines)
    for dest in (*county.MARKED, *county.PLAIN):
        lack = collections.Counter(line for k in missing if k[0] == dest for line in k[3])
        over = collections.Counter(line for _, part in leftover if part.dest == dest for line in part.lines)
        lost, extra = lack - over, over - lack
        v.lost += lost.total()
        v.doubled += sum(n for line, n in extra.items() if line in ever[dest])
        v.altered += sum(n for line, n in extra.items() if line not in ever[dest])
        difference = sum(line[1] * n for line, n in over.items()) - sum(line[1] * n for line, n in lack.items())
        v.fen += abs(difference)
        for what, lines in (("lost", lost), ("too much", extra)):
            for line, n in list(lines.items())[:3]:
                v.problems.append(f"{what}: {dest} {n} x {line}")
        if difference:
            v.problems.append(f"fen: {dest} {difference:+}")
    if site:
        look_for_originals(v, drops, site)
    return v


def look_for_originals(v, drops, site):
    folder = pathlib.Path(site) / county.DROP
    there = collections.Counter()
    for path in [*folder.iterdir(), *(folder / ".taken").rglob("*")]:
        if path.is_file():
            there[hashlib.sha256(path.read_bytes()).hexdigest()] += 1
    for drop in drops:
        digest = hashlib.sha256(drop["content"]).hexdigest()
        there[digest] -= 1
        if there[digest] < 0:
            v.say("originals", f"{drop['name']} ({drop['why']}) is nowhere")


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--expect", required=True)
    p.add_argument("--received", required=True)
    p.add_argument("--site")
    p.add_argument("--unknown")
    a = p.parse_args()
    unknown = json.loads(pathlib.Path(a.unknown).read_text(encoding="utf-8")) if a.unknown else ()
    v = judge(make.load(a.expect), a.received, a.site, unknown)
    print(v)
    for text in v.problems[:20]:
        print("  " + text)
    return 0 if v.ok() else 1


if __name__ == "__main__":
    sys.exit(main())
