#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A few lines that behave as the program should, so that the harness is tried before and apart from it.

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

import county
import judge
import make

FAULT = os.environ.get("FAKE_FAULT", "")


def put(path, content):
    with open(f"{path}.tmp", "wb") as f:
        f.write(content)
        f.flush()
        os.fsync(f.fileno())
    os.rename(f"{path}.tmp", path)
    county.sync_folder(os.path.dirname(path))


class Fake:
    def __init__(self, site_file):
        self.root = pathlib.Path(site_file).resolve().parent
        (self.root / "bus").mkdir(exist_ok=True)
        self.state_path = self.root / "bus/state.json"
        self.state = {"claims": {}, "keys": {}, "parcels": [], "numbers": {}, "taken": 0}
        if self.state_path.exists():
            self.state = json.loads(self.state_path.read_bytes())
        self.drop = self.root / county.DROP
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
        fens = [judge.fen_of(r[2]) for r in rows[1:]]
        good = all(f and re.fullmatch("[0-9A-Z-]{5,32}", r[3]) for f, r in zip(fens, rows[1:]))
        proves = good and len(fens) == int(rows[0][6]) and sum(fens) == judge.fen_of(rows[0][7])
        return "sent" if proves or (good and FAULT == "no_proof") else "held"

    def plan(self, name, content):
        rows = [r.split("|") for r in content.decode("gb18030").splitlines()]
        head, lines = rows[0], rows[1:]
        if FAULT == "drop_line" and len(lines) > 3:
            lines.pop(2)
        if FAULT == "double_line":
            lines.append(lines[0])
        if FAULT == "order":
            lines.reverse()
        by = {}
        for row in lines:
            for dest in county.destinations(head[4], row[0]):
                by.setdefault(dest, []).append(row)
        for dest, rows in by.items():
            if FAULT == "torn" and len(rows) > 3:
                self.stage(dest, name, head, rows[:2])
                rows = rows[2:]
            self.stage(dest, name, head, rows)

    def stage(self, dest, name, head, rows):
        no = self.state["numbers"].get(dest, 0) + 1
        self.state["numbers"][dest] = no
        total = sum(judge.fen_of(r[2]) for r in rows) + (1 if FAULT == "head" else 0)
        if FAULT == "fen":
            rows[0][2] = make.yuan(judge.fen_of(rows[0][2]) + 1)
            total += 1
        if dest in county.MARKED:
            folder, target = county.MARKED[dest], f"df_{head[2]}_{no:04}.txt"
            out = [["F", str(no), head[2], county.DIVISION, str(len(rows)), make.yuan(total)]]
            out += [[r[0], r[1].strip(" "), r[2], r[3]] for r in rows]
            content = "".join("|".join(r) + "\n" for r in out).encode("gb18030")
        else:
            folder, target = county.PLAIN[dest], f"{head[3]}/mx_{no:06}.csv"
            text = io.StringIO()
            w = csv.writer(text, lineterminator="\r\n")
            w.writerow(["单位", "月份", "收款人", "账号", "金额", "币种"])
            w.writerows([head[3], f"{name[3:7]}-{name[7:9]}", r[1].strip(" "), r[3], r[2], "CNY"] for r in rows)
            content = text.getvalue().encode("utf-8-sig")
        staged = f"{dest}_{no}"
        put(self.root / folder / ".staging" / staged, content)
        if dest in county.MARKED:
            put(self.root / folder / ".staging" / (staged + ".ok"), b"")
        self.state["parcels"].append({"folder": folder, "staged": staged, "target": target,
                                      "marked": dest in county.MARKED, "state": "planned"})
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
