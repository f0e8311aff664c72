#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A few lines that behave as the program should, so that the harness is tried before and apart from it. Payroll only.

    fake_jincai.py run -c SITE_FILE --until-idle

Durable steps go through libc as those of the program do. FAKE_FAULT names one thing that it does wrong: drop_line,
double_line, fen, head, torn, no_proof, twice (a parcel is planned anew after an end), no_digest (the same file is
another one), late_plan (sent before it is planned), order, early_marker (the marker before the body)."""
import csv
import hashlib
import io
import json
import os
import pathlib
import re
import sys
import time

import arrived
import county
import originals
from invent import yuan

FAULT = os.environ.get("FAKE_FAULT", "")
SOURCE = "payroll/pipe"
STEMS = {"bank-abc": "df", "bank-boc": "df", "bank-ccb": "abc", "clearing": "zf"}
AMOUNTS = {"bank-abc": 2, "bank-boc": 2, "bank-ccb": 2, "clearing": 5, "region": 10, "register": 4, "units": 4}


def put(path, content):
    with open(f"{path}.tmp", "wb") as f:
        f.write(content)
        f.flush()
        os.fsync(f.fileno())
    os.rename(f"{path}.tmp", path)
    county.sync_folder(os.path.dirname(path))


def table(rows, end, charset):
    text = io.StringIO()
    csv.writer(text, lineterminator=end).writerows(rows)
    return text.getvalue().encode(charset)


def lay(dest, no, date, group, lines, more=0):
    """Name and bytes of a receiver's file, from lines as the judge knows them; more: fen too many in a head."""
    day, rows = date.replace("-", ""), [line.cells for line in lines]
    if dest == "units":
        return f"{group}/mx_{no:06}.csv", table([arrived.TITLES, *((*row, "") for row in rows)], "\r\n", "utf-8-sig")
    if dest == "register":
        return f"kp_{day}_{no:06}.csv", table(rows, "\n", "utf-8")
    if dest == "region":
        text = "".join(json.dumps(dict(zip(arrived.REGION, row)), ensure_ascii=False) + "\n" for row in rows)
        return f"region_{day}_{no:06}.jsonl", text.encode()
    name = f"{STEMS[dest]}_{day}_{no:04}.txt"
    if dest == "bank-ccb":
        def padded(text, width):
            return text.encode("gbk").ljust(width)
        return name, b"".join(padded(who, 60) + padded(account, 30) + amount.rjust(18).encode() + padded(note, 30) +
                              b"\n" for who, account, amount, note in rows)
    head = ["F", str(no), day, county.DIVISION, str(len(rows)), yuan(sum(line.fen for line in lines) + more)]
    return name, "".join("|".join(row) + "\n" for row in [head, *rows]).encode("gb18030")


def another_amount(dest, line, fen):
    cells = list(line.cells)
    cells[AMOUNTS[dest]] = yuan(fen)
    return originals.Line(fen, line.currency, tuple(cells))


class Fake:
    def __init__(self, site_file):
        self.root = pathlib.Path(site_file).resolve().parent
        (self.root / "bus").mkdir(exist_ok=True)
        self.state_path = self.root / "bus/state.json"
        self.state = {"claims": {}, "keys": {}, "parcels": [], "numbers": {}, "taken": 0}
        if self.state_path.exists():
            self.state = json.loads(self.state_path.read_bytes())
        self.drop = self.root / county.SOURCES[SOURCE].folder
        for folder in (self.drop / ".taken", *(self.root / f / ".staging" for f in
                       (*county.MARKED.values(), *county.PLAIN.values()))):
            folder.mkdir(exist_ok=True)

    def commit(self):
        put(self.state_path, json.dumps(self.state).encode())

    def run(self):
        while self.hand_over() or self.take() or self.claim():
            pass

    def take(self):
        for name in sorted(os.listdir(self.drop)):
            if name.endswith(".ok") and not (self.drop / name[:-3]).exists():
                os.unlink(self.drop / name)     # left by an end between the two
            elif name.endswith(".ok"):
                # The folder is the memory of which names were used.
                n = sum(1 for _ in os.listdir(self.drop / ".taken"))
                os.rename(self.drop / name[:-3], self.drop / f".taken/{n:06}_{name[:-3]}")
                county.sync_folder(self.drop / ".taken")
                county.sync_folder(self.drop)
                os.unlink(self.drop / name)
                return True
        return False

    def claim(self):
        for taken in sorted(os.listdir(self.drop / ".taken")):
            if taken in self.state["claims"]:
                continue
            content = (self.drop / ".taken" / taken).read_bytes()
            name = taken.split("_", 1)[1]
            verdict = self.verdict(name, content)
            if verdict == "sent":
                self.state["keys"][name] = hashlib.sha256(content).hexdigest()
                self.plan(name, content)
            self.state["claims"][taken] = verdict
            self.commit()
            return True
        return False

    def verdict(self, name, content):
        rows = [r.split("|") for r in content.decode("gb18030").splitlines()]
        had = self.state["keys"].get(name)
        if had and FAULT != "no_digest":
            return "duplicate" if had == hashlib.sha256(content).hexdigest() else "conflict"
        fens = [originals.fen_of(r[2]) for r in rows[1:]]
        good = all(f and re.fullmatch("[0-9A-Z-]{5,32}", r[3]) for f, r in zip(fens, rows[1:]))
        proves = good and len(fens) == int(rows[0][6]) and sum(fens) == originals.fen_of(rows[0][7])
        return "sent" if proves or (good and FAULT == "no_proof") else "held"

    def plan(self, name, content):
        for part in originals.parts_of({"source": SOURCE, "name": name, "content": content, "rows": {}}):
            lines = list(part.lines)
            if FAULT == "drop_line" and len(lines) > 3:
                lines.pop(2)
            if FAULT == "double_line":
                lines.append(lines[0])
            if FAULT == "order":
                lines.reverse()
            if FAULT == "fen":
                lines[0] = another_amount(part.dest, lines[0], lines[0].fen + 1)
            if FAULT == "torn" and len(lines) > 3:
                self.stage(part, lines[:2])
                lines = lines[2:]
            self.stage(part, lines)

    def stage(self, part, lines):
        no = self.state["numbers"].get(part.dest, 0) + 1
        self.state["numbers"][part.dest] = no
        marked = part.dest in county.MARKED
        folder = county.MARKED[part.dest] if marked else county.PLAIN[part.dest]
        target, content = lay(part.dest, no, min(part.dates), part.group, lines, FAULT == "head")
        staged = f"{part.dest}_{no}"
        put(self.root / folder / ".staging" / staged, content)
        if marked:
            put(self.root / folder / ".staging" / (staged + ".ok"), b"")
        self.state["parcels"].append({"folder": folder, "staged": staged, "target": target, "marked": marked,
                                      "state": "planned"})
        if FAULT == "late_plan":
            self.hand(self.state["parcels"].pop())

    def hand_over(self):
        for parcel in self.state["parcels"]:
            if parcel["state"] != "done":
                self.hand(parcel)
                parcel["state"] = "done"
                if FAULT != "twice":
                    self.commit()
                return True
        return False

    def hand(self, parcel):
        folder = self.root / parcel["folder"]
        staged, target = folder / ".staging" / parcel["staged"], folder / parcel["target"]
        target.parent.mkdir(exist_ok=True)
        moves = [(staged, target)]
        if parcel["marked"]:
            moves.append((staged.with_name(staged.name + ".ok"), target.with_name(target.name + ".ok")))
        if FAULT == "early_marker":
            moves.reverse()
        for old, new in moves:
            if old.exists():                # its absence proves that it went
                os.rename(old, new)
                county.sync_folder(new.parent)
                time.sleep(0.1 if FAULT == "early_marker" else 0)
            elif FAULT == "twice" and new == target:
                put(new, b"F|1|20261201|150782|0|0.00\n")
                os.close(os.open(f"{new}.ok", os.O_CREAT))


def main():
    if sys.argv[1:3] != ["run", "-c"] or sys.argv[4:] != ["--until-idle"]:
        sys.exit(2)
    fake = Fake(sys.argv[3])
    fake.run()


if __name__ == "__main__":
    main()
