# SPDX-License-Identifier: Apache-2.0
"""How long `jincai trace` takes beside so many events: the whole command, from its start to its end, by id, by number and by unit,
amount and day; of a payment that went all the way to a bank, of one among the many, and of what is not there. First beside none, so
that what the program takes to start is known. Wall and processor time, least and median; exit code 1 when the median processor time
of one is above --most.

trace_time.py --jincai BIN --fill BIN --folder DIR [--events N] [--most MS]"""
import argparse
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "e2e")]
from small_site import SITE_FILE, UNIT, Site, payroll  # noqa: E402

ASKED = 25


def spent():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed(site, what, words, code=0):
    """Prints it; what the program said, and its median processor time in ms."""
    wall, processor, out = [], [], ""
    for _ in range(ASKED):
        began, before = time.monotonic(), spent()
        got = subprocess.run([site.program, "trace", *words, "--json"], cwd=site.root, capture_output=True, text=True)
        wall.append((time.monotonic() - began) * 1000)
        processor.append((spent() - before) * 1000)
        assert got.returncode == code, got
        out = got.stdout
    print(f"{what}: wall {min(wall):.1f} / {statistics.median(wall):.1f} ms, processor {min(processor):.1f} / "
          f"{statistics.median(processor):.1f} ms", flush=True)
    return out, statistics.median(processor)


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
    out, _ = timed(site, "beside none, by unit, amount and month", by_amount)
    assert '"kind":"done"' in out, out
    ident = out.split('"id":"', 1)[1].split('"', 1)[0]
    began = time.monotonic()
    subprocess.run([a.fill, site.root / "bus", str(a.events)], check=True)
    print(f"{a.events} events in {time.monotonic() - began:.0f} s, a store of {(site.root / 'bus/data.mdb').stat().st_size >> 20} MiB",
          flush=True)
    worst = max(timed(site, what, words, code)[1] for what, words, code in (
        ("by unit, amount and month, of a payment that went all the way", by_amount, 0), ("by its id", [ident], 0),
        ("by a number among the many", [f"2024{a.events // 2:08}"], 1), ("by a number that is not there", ["777777777777"], 2)))
    shutil.rmtree(a.folder)
    return 1 if worst > a.most else 0


if __name__ == "__main__":
    sys.exit(main())
