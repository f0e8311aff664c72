# SPDX-License-Identifier: Apache-2.0
"""How long `jincai balance` takes for a day of 1,000,000 events in batches of 50, beside so many such days: the whole command, from its
start to its end. Wall and processor time, least and median; exit code 1 when the median processor time of one is above --most. What a
day came to is held against what it must be.

balance_time.py --jincai BIN --fill BIN --count LIB --folder DIR [--days N] [--batches N] [--most MS]"""
import argparse
import datetime
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "e2e")]
from small_site import SITE_FILE, Site  # noqa: E402

ASKED = 5


def spent():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def days_later(lib, n):
    return {**os.environ, "LD_PRELOAD": lib, "COUNT_CLOCK": str(n * 86400), "LC_ALL": "C.UTF-8"}


def timed(site, env, *words):
    """Prints it; what the program said, and its median processor time in ms."""
    wall, processor, out = [], [], ""
    for _ in range(ASKED):
        began, before = time.monotonic(), spent()
        got = subprocess.run([site.program, "balance", *words], cwd=site.root, env=env, capture_output=True, text=True)
        wall.append((time.monotonic() - began) * 1000)
        processor.append((spent() - before) * 1000)
        assert got.returncode == 0, got
        out = got.stdout
    print(f"balance {' '.join(words)}: wall {min(wall):.0f} / {statistics.median(wall):.0f} ms, processor {min(processor):.0f} / "
          f"{statistics.median(processor):.0f} ms", flush=True)
    return out, statistics.median(processor)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--jincai", required=True, type=os.path.abspath)
    p.add_argument("--fill", required=True, type=os.path.abspath)
    p.add_argument("--count", required=True, type=os.path.abspath)
    p.add_argument("--folder", required=True, type=os.path.abspath)
    p.add_argument("--days", type=int, default=20)
    p.add_argument("--batches", type=int, default=20000)
    p.add_argument("--most", type=float, default=1000)
    a = p.parse_args()
    os.makedirs(a.folder)
    site = Site(a.folder, a.jincai, SITE_FILE)
    began, worst = time.monotonic(), 0.0
    today = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=8)).date()
    for day in range(a.days):
        subprocess.run([a.fill, site.root / "bus", str(day * a.batches), str(a.batches)], env=days_later(a.count, day), check=True)
        if day not in (0, a.days - 1):
            continue
        env = days_later(a.count, day)
        print(f"{day + 1} days of {a.batches} batches, made in {time.monotonic() - began:.0f} s, a store of "
              f"{(site.root / 'bus/data.mdb').stat().st_size >> 20} MiB", flush=True)
        asked = [["--day", (today + datetime.timedelta(days=n)).isoformat(), "--json"] for n in sorted({0, day // 2, day})]
        asked += [[*asked[-1], "--flow", "router"], [*asked[-1], "--destination", "units"], ["--batch", "payroll-a:2026-12:0000007:387563423575"],
                  ["--flow", "router"], ["--destination", "units"], ["--close", today.isoformat()]]
        for words in asked:
            out, ms = timed(site, env, *words)
            worst = max(worst, ms)
            if words[-1] == "--json":
                rows = {(r["destination"], r["term"]): r["count"] for r in json.loads(out)["terms"]}
                assert rows["", "read"] == rows["units", "handed_over"] == rows["bank-abc", "routed"] == 50 * a.batches, rows
    shutil.rmtree(a.folder)
    return 1 if worst > a.most else 0


if __name__ == "__main__":
    sys.exit(main())
