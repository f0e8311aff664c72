# SPDX-License-Identifier: Apache-2.0
"""Memory is flat in the size of the input: a file of many rows onto the bus, beside one of few, in RssAnon (the pages that
are a process's own, not those of the mapped store, which the kernel takes back when it wants them).

memory.py --jincai BIN --folder DIR [--rows N] [--few N] [--job records|payroll|payments]

/proc/PID/status is read every 20 ms. Fails when the most that was seen for the many is over 64 MB or, for jobs whose
records are released one by one or carry no ids of their own, more than 8 MB over that for the few. The job payroll
keeps a hash of each id while its batch is judged, for at most 1,000,000 records: 16 MB, and 8 MB more while that
grows."""
import argparse
import os
import shutil
import subprocess
import sys
import time

import bench_site

MOST = 64 << 10
GROWTH = 8 << 10


def anon_kib(pid):
    try:
        with open("/proc/%d/status" % pid) as f:
            for line in f:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return 0


def run(a, rows):
    site, made = a.folder + "/site", a.folder + "/input"
    bench_site.make_input(made, a.job, rows)
    bench_site.make_site(site, a.job, made)
    shutil.rmtree(made)
    before, most, samples = time.monotonic(), 0, 0
    p = subprocess.Popen([a.jincai, "run", a.job, "--until-idle"], cwd=site, stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE)
    while p.poll() is None:
        most = max(most, anon_kib(p.pid))
        samples += 1
        time.sleep(0.02)
    if p.returncode:
        sys.exit("the product ended with %d:\n%s" % (p.returncode, p.stderr.read().decode()))
    size = os.path.getsize(site + "/bus/data.mdb")
    shutil.rmtree(site)
    print("%s: %d rows, RssAnon at most %.1f MB in %d samples, %.1f s, store of %d MB" %
          (a.job, rows, most / 1024, samples, time.monotonic() - before, size >> 20))
    sys.stdout.flush()
    return most


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--jincai", required=True, type=os.path.abspath)
    p.add_argument("--folder", required=True, type=os.path.abspath)
    p.add_argument("--rows", type=int, default=10000000)
    p.add_argument("--few", type=int, default=100000)
    p.add_argument("--job", choices=bench_site.JOBS, default="records")
    a = p.parse_args()
    os.makedirs(a.folder, exist_ok=True)
    few = run(a, a.few)
    many = run(a, a.rows)
    if many > MOST or (a.job != "payroll" and many > few + GROWTH):
        sys.exit("memory: %.1f MB, %.1f MB more than for the few" % (many / 1024, (many - few) / 1024))


if __name__ == "__main__":
    main()
