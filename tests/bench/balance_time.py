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
import shutil
import subprocess
import sys
import time

from asked import asked

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "e2e")]
from small_site import SITE_FILE, Site  # noqa: E402


def days_later(lib, n):
    return {**os.environ, "LD_PRELOAD": lib, "COUNT_CLOCK": str(n * 86400), "LC_ALL": "C.UTF-8"}


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
        questions = [["--day", (today + datetime.timedelta(days=n)).isoformat(), "--json"] for n in sorted({0, day // 2, day})]
        questions += [[*questions[-1], "--flow", "router"], [*questions[-1], "--destination", "units"],
                      ["--batch", "payroll-a:2026-12:0000007:387563423575"], ["--flow", "router"], ["--destination", "units"],
                      ["--close", today.isoformat()]]
        for words in questions:
            out, ms = asked(site, ["balance", *words], 5, f"balance {' '.join(words)}", env)
            worst = max(worst, ms)
            if words[-1] == "--json":
                rows = {(r["destination"], r["term"]): r["count"] for r in json.loads(out)["terms"]}
                assert rows["", "read"] == rows["units", "handed_over"] == rows["bank-abc", "routed"] == 50 * a.batches, rows
    shutil.rmtree(a.folder)
    return 1 if worst > a.most else 0


if __name__ == "__main__":
    sys.exit(main())
