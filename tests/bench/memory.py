# SPDX-License-Identifier: Apache-2.0
"""Memory is flat in the size of the input: a file of many rows onto the bus, beside one of few, in RssAnon (the pages
that are a process's own, not those of the mapped store, which the kernel takes back when it wants them).

memory.py --jincai BIN --folder DIR [--rows N] [--few N] [--growth MB] [--job records|payroll|payments | --system SYSTEM/DIALECT|all]
	[--bus kafka:HOST:PORT]

A job is an adapter alone, from its folder to the bus. A system goes all the way: adapter, router, and the file that
the receiver gets, which must have all the rows. /proc/PID/status is read every 20 ms. Fails when the most that was
seen for the many is over 64 MB or, for what is released record by record or carries no ids of its own, more than 8 MB
over that for the few (--growth: more where even the many are too few for commits of their full size). What is
released whole keeps a hash of each id while its batch is judged, and some bits of each payment until it is published,
for at most 1,000,000 records: 10 MB each. More rows than that are several batches, and those few are one."""
import argparse
import os
import shutil
import subprocess
import sys
import time
import uuid

import bench_site
import bench_systems

MOST = 64 << 10


def anon_kib(pid):
    try:
        with open("/proc/%d/status" % pid) as f:
            for line in f:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return 0


def make(a, system, site, rows):
    """Arguments of the run."""
    if system:
        bench_systems.make_site(site, system, rows)
        return []
    made = a.folder + "/input"
    bench_site.make_input(made, a.job, rows)
    bench_site.make_site(site, a.job, made)
    shutil.rmtree(made)
    return [a.job]


def on_kafka(bus, site):
    with open(site + "/jincai.yaml", encoding="utf-8") as f:
        text = f.read()
    prefix = "m%s." % uuid.uuid4().hex[:12]
    with open(site + "/jincai.yaml", "w", encoding="utf-8") as f:
        f.write(text.replace("bus: embedded:./bus", "bus: %s\nkafka: {folder: ./bus, prefix: %s}" % (bus, prefix)))


def run(a, system, rows):
    site = a.folder + "/site"
    flows = make(a, system, site, rows)
    if a.bus:
        on_kafka(a.bus, site)
    before, most, samples = time.monotonic(), 0, 0
    p = subprocess.Popen([a.jincai, "run", *flows, "--until-idle"], cwd=site, stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE)
    while p.poll() is None:
        most = max(most, anon_kib(p.pid))
        samples += 1
        time.sleep(0.02)
    if p.returncode:
        sys.exit("the product ended with %d:\n%s" % (p.returncode, p.stderr.read().decode()))
    if system and bench_systems.received(site) != rows:
        sys.exit("the receiver has %d rows of %d" % (bench_systems.received(site), rows))
    size = os.path.getsize(site + ("/bus/index/data.mdb" if a.bus else "/bus/data.mdb"))
    shutil.rmtree(site)
    print("%s: %d rows, RssAnon at most %.1f MB in %d samples, %.1f s, store of %d MB" %
          (system or a.job, rows, most / 1024, samples, time.monotonic() - before, size >> 20))
    sys.stdout.flush()
    return most


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--jincai", required=True, type=os.path.abspath)
    p.add_argument("--folder", required=True, type=os.path.abspath)
    p.add_argument("--rows", type=int, default=10000000)
    p.add_argument("--few", type=int, default=100000)
    p.add_argument("--growth", type=int, default=8)
    p.add_argument("--job", choices=bench_site.JOBS, default="records")
    p.add_argument("--system", choices=[*bench_systems.SYSTEMS, "all"])
    p.add_argument("--bus", default=os.environ.get("JINCAI_TEST_BUS"), help="kafka:HOST:PORT; without, the store of one host")
    a = p.parse_args()
    os.makedirs(a.folder, exist_ok=True)
    failed = False
    for system in bench_systems.SYSTEMS if a.system == "all" else [a.system]:
        whole = bench_systems.SYSTEMS[system].whole if system else a.job == "payroll"
        large = whole and system and a.rows > bench_systems.BATCH
        few, many = run(a, system, bench_systems.BATCH if large else a.few), run(a, system, a.rows)
        if many > MOST or ((large or not whole) and many > few + (a.growth << 10)):
            print("memory: %.1f MB, %.1f MB more than for the few" % (many / 1024, (many - few) / 1024))
            failed = True
    sys.exit(failed)


if __name__ == "__main__":
    main()
