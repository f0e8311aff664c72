#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes batches of all systems from a seed, and says of each what must become of it.

    make.py --seed 7 --rows 40 --batches 4 --systems five --to FOLDER

It writes FOLDER/originals/ and FOLDER/expect.json.

Fates of a file: sent (goes out once: whole, or but for the rows that are named), held and unreadable (never go out),
duplicate, conflict and known (nothing more, nothing at all goes out for them). Rows of a sent file that do not go out
are named by their lines: dead, conflict, duplicate, or dead:DESTINATION. The files themselves: vendors.py."""
import argparse
import hashlib
import json
import pathlib
import random

import county
import invent
import vendors

SYSTEMS = {"payroll": county.PAYROLL, "five": county.FIVE, "all": county.ALL, "records": county.RECORDS}


class Maker:
    def __init__(self, seed, rows=40, systems="payroll"):
        self.rng = random.Random(seed)
        self.rows = rows
        people = invent.People(self.rng, max(rows, 8) * 3)
        self.vendors = {source: vendors.VENDORS[source](self.rng, people, rows) for source in SYSTEMS[systems]}
        self.made = []

    def add(self, phase, source, file, fate, why):
        self.made.append({"phase": phase, "source": source, "name": file.name, "content": file.content, "fate": fate,
                          "why": why, "rows": {} if fate != "sent" else file.rows})
        return file

    def drops(self, batches=4, planted=True):
        """Dicts: phase, source, name, content, fate, why, rows. A phase is handed in when the one before was taken."""
        good = {source: [self.add(0, source, vendor.batch(), "sent", "good") for _ in range(batches)]
                for source, vendor in self.vendors.items()}
        if planted:
            for source, files in good.items():
                self.plant(source, self.vendors[source], files)
        return self.made

    def plant(self, source, vendor, good):
        """What goes wrong with files of any system, then with those of this one."""
        if source in county.PACKED:
            file = vendor.batch()
            self.add(0, source, vendors.File(file.name, file.content[:-9]), "unreadable", "cut off")
        for plant in getattr(vendor, "PLANTS", ()):
            self.add(0, source, vendor.batch(plant), "held", plant)
        self.add(1, source, good[0], "duplicate", "the same file again")
        first = good[1 % len(good)]
        other = vendors.VENDORS[source](random.Random(self.rng.random()), vendor.people, self.rows)
        self.add(1, source, vendors.File(first.name, other.batch().content), "conflict", "the same keys, other content")
        getattr(self, "plant_" + source.replace("/", "_"))(source, vendor, good)

    def plant_payroll_pipe(self, source, vendor, good):
        last = good[-1]
        name = f"gz_{int(last.name[3:9]) + 100}{last.name[9:]}"
        self.add(1, source, vendors.File(name, last.content), "sent", "the same bytes for another month")
        if len(self.vendors) > 1:
            self.add(0, source, vendor.batch("unknown name", bank="105"), "held", "unknown name")

    plant_payroll_pipe_zip = plant_payroll_pipe

    def plant_payroll_dbf(self, source, vendor, good):
        last = good[-1]
        again = vendors.File("gz202701" + last.name[8:], last.content)
        self.add(1, source, again, "sent", "the same bytes for another month")

    def plant_payment_front(self, source, vendor, good):
        for plant in ("bad rows", "bad rows"):
            self.add(0, source, vendor.batch(plant), "sent", plant)
        self.add(0, source, vendor.batch(date="20261130"), "known", "from before the start")
        self.add(1, source, vendor.batch("rows of before"), "sent", "rows of another file again")

    def plant_payment_yth(self, source, vendor, good):
        self.add(0, source, vendor.batch("bad rows"), "sent", "bad rows")
        self.add(1, source, vendor.batch("rows of before"), "sent", "rows of another file again")

    def plant_nontax_pay(self, source, vendor, good):
        self.add(0, source, vendor.batch("bad rows"), "sent", "bad rows")
        self.add(1, source, vendor.batch("rows of before"), "sent", "rows of another file again")
        last = good[-1]
        all_again = {line: "duplicate" for line in range(1, last.content.count(b"\n") + 1)}
        self.add(1, source, vendors.File(last.name[:-7] + "999.txt", last.content, all_again), "sent",
                 "all rows again under another name")
        self.add(1, source, vendors.File(last.name.replace("_102_", "_103_"), last.content), "sent",
                 "the same serials of another bank")

    def plant_nontax_pay_gz(self, source, vendor, good):
        self.add(0, source, vendor.batch("bad rows"), "sent", "bad rows")
        self.add(1, source, vendor.batch("rows of before"), "sent", "rows of another file again")

    plant_nontax_cnnontax = plant_nontax_pay_gz

    def plant_asset_csv(self, source, vendor, good):
        self.add(0, source, vendor.batch("bad rows"), "sent", "bad rows")
        self.add(1, source, vendor.batch("rows of before"), "sent", "rows of another file again")

    plant_asset_xlsx = plant_asset_csv

    def plant_subsidy_csv(self, source, vendor, good):
        held = next(drop for drop in self.made if drop["source"] == source and drop["why"] == "wrong total")
        right = vendor.batch()
        self.add(1, source, vendors.File(held["name"], right.content), "sent", "takes the place of one that was held")
        self.add(0, source, vendor.batch(date="20261130"), "known", "from before the start")

    plant_subsidy_xlsx = plant_subsidy_csv


def save(drops, to):
    """originals/ and expect.json, for a judge that was not there."""
    to = pathlib.Path(to)
    (to / "originals").mkdir(parents=True, exist_ok=True)
    rows = []
    for i, drop in enumerate(drops):
        path = f"originals/{i:03}_{drop['name']}"
        (to / path).write_bytes(drop["content"])
        rows.append({"original": path, "sha256": hashlib.sha256(drop["content"]).hexdigest(),
                     **{k: drop[k] for k in ("phase", "source", "name", "fate", "why")},
                     "rows": sorted(drop["rows"].items())})
    (to / "expect.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")


def load(folder):
    folder = pathlib.Path(folder)
    rows = json.loads((folder / "expect.json").read_text(encoding="utf-8"))
    return [{**row, "rows": dict(row["rows"]), "content": (folder / row["original"]).read_bytes()} for row in rows]


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--rows", type=int, default=40, help="lines a batch, at most (some persons are paid twice)")
    p.add_argument("--batches", type=int, default=4, help="good ones of each kind of file")
    p.add_argument("--systems", choices=SYSTEMS, default="five")
    p.add_argument("--good-only", action="store_true", help="plant nothing")
    p.add_argument("--to", required=True)
    a = p.parse_args()
    drops = Maker(a.seed, a.rows, a.systems).drops(a.batches, not a.good_only)
    save(drops, a.to)
    for drop in drops:
        rows = " ".join(f"{line}:{fate}" for line, fate in sorted(drop["rows"].items()))
        print(f"{drop['phase']}\t{drop['source']}\t{drop['name']}\t{drop['fate']}\t{drop['why']}\t{rows}")


if __name__ == "__main__":
    main()
