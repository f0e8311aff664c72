# SPDX-License-Identifier: Apache-2.0
"""Allocations a row in steady state: a file of N rows and one of 2 N, both onto the bus, counted by who calls
(allocations.c); the difference belongs to N rows, whatever start and end cost.

allocations.py --jincai BIN --lib LIB --folder DIR [--rows N]

LMDB allocates the pages that a commit changes; they are its own and counted apart. What is left is ours, that of the C
library for us (sorting), and of other libraries. It is by commit, of 5,000 rows: fails above one in 50 rows."""
import argparse
import collections
import os
import shutil
import subprocess
import sys

import bench_site


def run(a, job, rows):
    site, made, log = a.folder + "/site", a.folder + "/input", a.folder + "/log"
    bench_site.make_input(made, job, rows)
    bench_site.make_site(site, job, made)
    p = subprocess.run([a.jincai, "run", job, "--until-idle"], cwd=site, stdout=subprocess.DEVNULL,
                       stderr=subprocess.PIPE, env=dict(os.environ, LD_PRELOAD=a.lib, ALLOCATIONS_LOG=log))
    if p.returncode:
        sys.exit("the product ended with %d:\n%s" % (p.returncode, p.stderr.decode()))
    calls = collections.Counter()
    with open(log) as f:
        for line in f:
            n, _, name, _ = line.split()
            calls["lmdb" if "lmdb" in name else "ours"] += int(n)
    shutil.rmtree(a.folder)
    os.makedirs(a.folder)
    return calls


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--jincai", required=True, type=os.path.abspath)
    p.add_argument("--lib", required=True, type=os.path.abspath)
    p.add_argument("--folder", required=True, type=os.path.abspath)
    p.add_argument("--rows", type=int, default=20000)
    a = p.parse_args()
    os.makedirs(a.folder, exist_ok=True)
    failed = False
    for job in bench_site.JOBS:
        few, many = run(a, job, a.rows), run(a, job, 2 * a.rows)
        ours, lmdb = many["ours"] - few["ours"], many["lmdb"] - few["lmdb"]
        print("%-8s %d rows more: ours %d (%.4f a row), lmdb %d (%.4f a row)" %
              (job, a.rows, ours, ours / a.rows, lmdb, lmdb / a.rows))
        failed |= ours * 50 > a.rows
    os.rmdir(a.folder)
    sys.exit(failed)


if __name__ == "__main__":
    main()
