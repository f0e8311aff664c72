# SPDX-License-Identifier: Apache-2.0
"""How long `jincai trace` takes beside so many events: the whole command, from its start to its end, by id, by number and by unit,
amount and day; of a payment that went all the way to a bank, of one among the many, and of what is not there. First beside none, so
that what the program takes to start is known. Wall and processor time, least and median; exit code 1 when the median processor time
of one is above --most.

trace_time.py --jincai BIN --fill BIN --folder DIR [--events N] [--most MS]"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import time

from asked import asked

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "e2e")]
from small_site import SITE_FILE, UNIT, Site, payroll  # noqa: E402


def trace(site, what, words, code=0):
    return asked(site, ["trace", *words, "--json"], 25, what, code=code)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--jincai", required=True, type=os.path.abspath)
    p.add_argument("--fill", required=True, type=os.path.abspath)
    p.add_argument("--folder", required=True, type=os.path.abspath)
    p.add_argument("--events", type=int, default=10000000)
    p.add_argument("--most", type=float, default=50)
    a = p.parse_args()
    os.makedirs(a.folder)
    site = Site(a.folder, a.jincai, SITE_FILE)
    batch = site.drop(payroll(rows=40))
    ran = site.run()
    assert ran.code == 0, ran
    fen = batch.lines[3][2]
    by_amount = ["--unit", UNIT, "--amount", f"{fen // 100}.{fen % 100:02}", "--day", "2026-12"]
    out, _ = trace(site, "beside none, by unit, amount and month", by_amount)
    assert '"kind":"done"' in out, out
    ident = out.split('"id":"', 1)[1].split('"', 1)[0]
    began = time.monotonic()
    subprocess.run([a.fill, site.root / "bus", str(a.events)], check=True)
    print(f"{a.events} events in {time.monotonic() - began:.0f} s, a store of {(site.root / 'bus/data.mdb').stat().st_size >> 20} MiB",
          flush=True)
    worst = max(trace(site, what, words, code)[1] for what, words, code in (
        ("by unit, amount and month, of a payment that went all the way", by_amount, 0), ("by its id", [ident], 0),
        ("by a number among the many", [f"2024{a.events // 2:08}"], 1), ("by a number that is not there", ["777777777777"], 2)))
    shutil.rmtree(a.folder)
    return 1 if worst > a.most else 0


if __name__ == "__main__":
    sys.exit(main())
