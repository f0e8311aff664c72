#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The judge: what was handed in against what the receivers have, read by its own means.

    judge.py --expect FOLDER --received FOLDER [--site SITE] [--unknown FILE]

--expect: originals and fates as make.py wrote them. --received: a receiver's folder with its ledger. --site: also
looks for every original in the drop folders and their .taken, byte for byte. --unknown: JSON list of {dest, count, sum}
(sum in fen) of parcels that the sender shows as unknown: parts that did not come are matched with them and counted
apart.

Prints one line of counts, a table by destination, currency and system, and the first problems; exit 0 only when
nothing is lost, doubled, altered, torn, out of order, wrong in a head, sent although it had to be held or was dead, and
not a fen is missing or too much. How the files are read: originals.py, arrived.py."""
import argparse
import collections
import dataclasses
import hashlib
import json
import pathlib
import re
import sys

import arrived
import county
import make
import originals
import receiver
from invent import yuan
from originals import fen_of


@dataclasses.dataclass
class Verdict:
    batches: int = 0                    # that had to go out
    files: int = 0                      # that came
    lines: int = 0
    lost: int = 0                       # lines expected and not there
    doubled: int = 0                    # lines there too often
    altered: int = 0                    # lines that nobody handed in so
    fen: int = 0                        # differences of sums by destination, currency and system, without their signs
    heads: int = 0
    torn: int = 0                       # files that are no whole part of a batch
    order: int = 0
    held: int = 0                       # files with lines that must not go out: of a held batch, or of a dead row
    names: int = 0                      # the same name twice; a marker without its file
    originals: int = 0                  # handed in and nowhere now
    letters: int = 0                    # dead letters that are not those of the rows that had to die
    unknown: int = 0                    # parts that the sender does not know about: no fault
    again: int = 0                      # the same file again after a power cut, dropped by its number: no fault
    problems: list = dataclasses.field(default_factory=list)
    # (dest, currency, system) -> lines and fen that had to come, lines and fen that came
    table: dict = dataclasses.field(default_factory=dict)

    FAULTS = ("lost", "doubled", "altered", "fen", "heads", "torn", "order", "held", "names", "originals",
              "letters")

    def ok(self):
        return not any(getattr(self, k) for k in self.FAULTS)

    def say(self, counter, text):
        setattr(self, counter, getattr(self, counter) + 1)
        self.problems.append(f"{counter}: {text}")

    def add(self, dest, system, lines, there):
        for line in lines:
            row = self.table.setdefault((dest, line.currency, system), [0, 0, 0, 0])
            row[2 * there] += 1
            row[2 * there + 1] += line.fen

    def __str__(self):
        apart = "".join(f", {getattr(self, k)} {k}" for k in ("unknown", "again") if getattr(self, k))
        others = "".join(f", {getattr(self, k)} {k}" for k in self.FAULTS[4:] if getattr(self, k))
        return (f"{self.batches} batches, {self.files} files, {self.lines} lines: {self.lost} lost, "
                f"{self.doubled} doubled, {self.altered} altered, {self.fen} fen{others}{apart}")


def table_text(table):
    """A row for each destination, currency and system."""
    return [f"{dest:9} {currency} {system:8} {want:9} lines {yuan(want_fen):>18}, there {there - want:+} lines, "
            f"{there_fen - want_fen:+} fen"
            for (dest, currency, system), (want, want_fen, there, there_fen) in sorted(table.items())]


def key(part):
    """What makes a file that came a whole part: all its lines, in whatever order."""
    return part.dest, part.group, tuple(sorted(part.lines))


def read_received(v, into):
    """(name, destination, what came) of all files, those of the same name twice too; what is dropped by its number is
    not among them."""
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
            came = arrived.read(row["dest"], row["name"], content)
        except (arrived.Bad, ValueError, IndexError) as e:
            v.say("heads", f"{row['dest']} {row['name']}: {e}")
            continue
        if came.wrong:
            v.say("heads", f"{row['dest']} {row['name']}: {came.wrong}")
        number = (row["dest"], re.findall("[0-9]+", row["name"])[-1])
        if row["kind"] == "first" and row["dest"] in county.MARKED and number in numbers:
            v.say("names", f"{row['dest']} {row['name']}: the number was there before")
        numbers.add(number)
        v.lines += len(came.lines)
        got.append((row["name"], row["dest"], came))
    return got


def in_order(part, lines):
    """Do the lines of each key come as in the original?"""
    keys = dict(zip(part.lines, part.keys))
    if len(set(part.keys)) == len(part.keys):
        return True
    want, there = collections.defaultdict(list), collections.defaultdict(list)
    for line in part.lines:
        want[keys[line]].append(line)
    for line in lines:
        there[keys[line]].append(line)
    return want == there


def is_piece(part, dest, came):
    """Some lines of a part, those of each key in the order of the original."""
    if (part.dest, part.group) != (dest, came.group) or (came.date and came.date not in part.dates):
        return False
    left = collections.defaultdict(list)
    for line, of in zip(part.lines, part.keys):
        left[of].append(line)
    keys = dict(zip(part.lines, part.keys))
    for line in came.lines:
        rows = left[keys[line]] if line in keys else []
        if line not in rows:
            return False
        del rows[:rows.index(line) + 1]
    return True


def match(v, want, got, forbidden, parted):
    """Whole parts first. Returns the parts that did not come, and the files that are none: torn, or too many, or a piece of one
    for those that gather by partition."""
    open_parts = collections.defaultdict(list)
    for part in want:
        open_parts[key(part)].append(part)
    known, leftover = set(open_parts), []
    for name, dest, came in got:
        k = (dest, came.group, tuple(sorted(came.lines)))
        fits = [part for part in open_parts[k] if not came.date or came.date in part.dates] if k in known else []
        if fits:
            part = next((part for part in fits if in_order(part, came.lines)), None)
            if not part:
                part = fits[0]
                v.say("order", f"{dest} {name}: the lines of a batch in another order")
            open_parts[k].remove(part)
            v.add(dest, part.system, came.lines, True)
            continue
        leftover.append((dest, came))
        if any((dest, line) in forbidden for line in came.lines):
            v.say("held", f"{dest} {name}: lines that must not go out")
        elif k in known and not open_parts[k]:
            v.problems.append(f"doubled: {dest} {name}: a whole part once more")
        elif dest not in parted or not any(is_piece(part, dest, came) for part in want):
            v.say("torn", f"{dest} {name}: {len(came.lines)} lines that are no whole part of one batch")
    return [part for parts in open_parts.values() for part in parts], leftover


def without_unknown(v, missing, unknown):
    """What did not come and is shown as unknown is not lost."""
    waiting, lost = collections.Counter((u["dest"], u["count"], u["sum"]) for u in unknown), []
    for part in missing:
        size = (part.dest, len(part.lines), part.sum)
        if waiting[size]:
            waiting[size] -= 1
            v.unknown += 1
            v.add(part.dest, part.system, part.lines, True)
        else:
            lost.append(part)
    return lost


def compare_lines(v, want, missing, leftover):
    """What is left over on both sides, line by line. A line that nobody handed in so is of its file's system."""
    systems = {(part.dest, line): part.system for part in want for line in part.lines}
    lack, over, of = collections.Counter(), collections.Counter(), {}
    for part in missing:
        lack.update((part.dest, line) for line in part.lines)
    for dest, came in leftover:
        known = collections.Counter(systems[dest, line] for line in came.lines if (dest, line) in systems)
        guess = known.most_common(1)[0][0] if known else "?"
        over.update((dest, line) for line in came.lines)
        for line in came.lines:
            of.setdefault((dest, line), systems.get((dest, line), guess))
            v.add(dest, of[dest, line], [line], True)
    lost, extra = lack - over, over - lack
    v.lost += lost.total()
    v.doubled += sum(n for at, n in extra.items() if at in systems)
    v.altered += sum(n for at, n in extra.items() if at not in systems)
    for what, lines in (("lost", lost), ("too much", extra)):
        for (dest, line), n in list(lines.items())[:6]:
            v.problems.append(f"{what}: {dest} {n} x {line.cells}")


def letters_of(drops):
    """Dead letters that there must be: (kind, destination, place), of which the router's are known by destination."""
    ret = collections.Counter()
    for drop in drops:
        for line, fate in drop["rows"].items():
            if fate.startswith("dead:"):
                ret["dead", fate[5:], ""] += 1
            elif fate != "duplicate":
                ret[fate, "", f"{drop['name']}:{line}"] += 1
        if drop["fate"] == "conflict":
            ret["conflict", "", drop["name"]] += 1
        elif drop["fate"] == "unreadable":
            ret["dead", "", drop["name"]] += 1
        elif drop["why"] == "unknown name":
            ret["dead", "bank-ccb", ""] += 1
    return ret


def compare_letters(v, drops, letters):
    """letters: what the program says of its dead letters, objects with kind, destination, place."""
    want = letters_of(drops)
    there = collections.Counter((row["kind"], row["destination"], "" if row["destination"] else row["place"])
                                for row in letters)
    for at, n in ((want - there) + (there - want)).items():
        v.say("letters", f"{' '.join(at)}: {there[at]} and not {want[at]}")


def judge(drops, into, site=None, unknown=(), letters=None, parted=()):
    """parted: destinations to which a batch may come in several files."""
    v = Verdict()
    want, forbidden = [], set()
    for drop in drops:
        if drop["fate"] == "sent":
            want += originals.parts_of(drop)
            v.batches += 1
        if drop["fate"] in ("held", "conflict", "known") or drop["rows"]:
            forbidden |= {(part.dest, line) for part in originals.parts_of(drop, strict=False) for line in part.lines}
    forbidden -= {(part.dest, line) for part in want for line in part.lines}
    for part in want:
        v.add(part.dest, part.system, part.lines, False)
    missing, leftover = match(v, want, read_received(v, into), forbidden, parted)
    compare_lines(v, want, without_unknown(v, missing, unknown), leftover)
    for (dest, currency, system), row in v.table.items():
        if row[1] != row[3]:
            v.fen += abs(row[3] - row[1])
            v.problems.append(f"fen: {dest} {currency} {system} {row[3] - row[1]:+}")
    if site:
        look_for_originals(v, drops, site)
    if letters is not None:
        compare_letters(v, drops, letters)
    return v


def look_for_originals(v, drops, site):
    there = collections.Counter()
    for source in county.SOURCES.values():
        folder = pathlib.Path(site) / source.folder
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
    for text in table_text(v.table) + v.problems[:20]:
        print("  " + text)
    return 0 if v.ok() else 1


if __name__ == "__main__":
    sys.exit(main())
