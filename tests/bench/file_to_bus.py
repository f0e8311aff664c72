# SPDX-License-Identifier: Apache-2.0
"""From a file to events on the bus, beside the least that appending the same bytes can cost on the same disk.

file_to_bus.py --jincai BIN --bare BIN --folder DIR [--count-lib LIB] [--rows N] [--batch N] [--pairs N]

The product is the whole command `jincai run ADAPTER --until-idle` with its start and its end: the file is taken, copied,
digested, judged, mapped, looked up and published. The bare program (bare_append.c) puts the same records into LMDB in
the same commits with the same sync, and only the putting is timed. They run in turn, so a machine that gets slower
slows both; the ratio is taken pair by pair. Processor time counts all threads; on a memory file system it is what to
look at, on a disk the wall clock is. With --count-lib, the durable steps of one more run of each are counted."""
import argparse
import collections
import os
import shutil
import statistics
import subprocess
import sys
import time

import bench_site

JOBS = ["payroll", "payments"]


def run_product(a, site, job, env=None):
    before = time.monotonic_ns()
    p = subprocess.Popen([a.jincai, "run", job, "--until-idle"], cwd=site, env=env, stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE)
    said = p.stderr.read()
    _, status, usage = os.wait4(p.pid, 0)
    if status:
        sys.exit("the product ended with %s:\n%s" % (os.waitstatus_to_exitcode(status), said.decode()))
    return time.monotonic_ns() - before, round((usage.ru_utime + usage.ru_stime) * 1e9)


def run_bare(a, site, job, ids, env=None):
    folder = site + "/bare"
    shutil.rmtree(folder, ignore_errors=True)
    out = subprocess.run([a.bare, site + "/bus", bench_site.JOBS[job][2], folder] + ids, check=True, env=env,
                         stdout=subprocess.PIPE).stdout
    shutil.rmtree(folder, ignore_errors=True)
    return dict(zip(["records", "bytes", "commits", "wall", "cpu"], map(int, out.split())))


def count_steps(log):
    """Syncs of the store's pages, writes of its last page (one for each commit), syncs of anything else."""
    steps = collections.Counter()
    if not os.path.exists(log):
        return None
    with open(log) as f:
        for line in f:
            _, call, path = line.rstrip("\n").split("\t")
            if "sync" in call or "write" in call:
                steps["other" if "data.mdb" not in path else "pages" if "sync" in call else "commits"] += 1
    os.remove(log)
    return steps


def counted(a, site, made, job):
    log = a.folder + "/steps"
    env = dict(os.environ, LD_PRELOAD=os.path.abspath(a.count_lib), COUNT_LOG=log)
    bench_site.make_site(site, job, made)
    run_product(a, site, job, env)
    product = count_steps(log)
    run_bare(a, site, job, [], env)
    bare = count_steps(log)
    for name, s in (("product", product), ("bare", bare)):
        print("  %-8s commits %d, syncs of pages %d, other syncs %d" % (name, s["commits"], s["pages"], s["other"]))


def of(values, unit=1.0):
    return "%.2f / %.2f" % (min(values) / unit, statistics.median(values) / unit)


def measure(a, job):
    site, made = a.folder + "/site", a.folder + "/input"
    product, bare, indexed, idle = [], [], [], []
    bench_site.make_input(made, job, a.rows, a.batch)
    for _ in range(a.pairs):
        bench_site.make_site(site, job)
        idle.append(run_product(a, site, job))
        bench_site.make_site(site, job, made)
        product.append(run_product(a, site, job))
        bare.append(run_bare(a, site, job, []))
        indexed.append(run_bare(a, site, job, ["ids"]))
    b = bare[-1]
    print("%s: %d rows, %d bytes an event, %d commits; minimum / median of %d pairs" %
          (job, a.rows, b["bytes"] // b["records"], b["commits"], a.pairs))
    for i, clock in enumerate(["wall", "cpu"]):
        per_row = [p[i] for p in product]
        print("  %-4s us a row %s, bare %s, with ids %s; ratio %s, with ids %s; start and end %s ms" % (
            clock, of(per_row, a.rows * 1e3), of([x[clock] for x in bare], a.rows * 1e3),
            of([x[clock] for x in indexed], a.rows * 1e3), of([p / x[clock] for p, x in zip(per_row, bare)]),
            of([p / x[clock] for p, x in zip(per_row, indexed)]), of([x[i] for x in idle], 1e6)))
    if a.count_lib:
        counted(a, site, made, job)
    sys.stdout.flush()
    shutil.rmtree(site)
    shutil.rmtree(made)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--jincai", required=True, type=os.path.abspath)
    p.add_argument("--bare", required=True, type=os.path.abspath)
    p.add_argument("--count-lib")
    p.add_argument("--folder", required=True, type=os.path.abspath)
    p.add_argument("--rows", type=int, default=200000)
    p.add_argument("--batch", type=int, default=0, help="rows of a payroll file; 0: all in one")
    p.add_argument("--pairs", type=int, default=7)
    p.add_argument("--job", choices=JOBS, action="append")
    a = p.parse_args()
    os.makedirs(a.folder, exist_ok=True)
    for job in a.job or JOBS:
        measure(a, job)


if __name__ == "__main__":
    main()
