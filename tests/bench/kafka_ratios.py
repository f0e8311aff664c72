#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the bus costs on a real broker, beside the library alone with the same bytes: ratios of one run.

    kafka_ratios.py --build BUILD --address HOST:PORT [--events N] [--rows N] [--rounds N]

Ways to write take turns; of each the best round counts, since a busy machine only ever adds. Then one payroll file goes through the
adapter, router and a destination, each as a process of its own; the events it made are written again by the library alone.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "e2e")]
WAYS = ("bare", "header", "batch", "batch_header", "bus_plain", "bus")


def bench(options, work, mode, events, prefix, *topic):
    shutil.rmtree(work / "index", ignore_errors=True)
    line = subprocess.run([options.build / "tests/bench_kafka", options.address, work / "index", prefix, mode, str(events), *topic],
                          check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return int(line[1]), int(line[2]), float(line[3]), float(line[4])


def timed(command, folder):
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        sys.exit(errors.decode())
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime


def ways(options, work):
    best = {}
    for _ in range(options.rounds):
        for way in WAYS:
            prefix = f"r{uuid.uuid4().hex[:10]}."
            _, _, wall, cpu = bench(options, work, way, options.events, prefix)
            if way == "bare":
                _, _, rwall, rcpu = bench(options, work, "read", options.events, prefix)
                best["read"] = tuple(map(min, zip(best.get("read", (rwall, rcpu)), (rwall, rcpu))))
            best[way] = tuple(map(min, zip(best.get(way, (wall, cpu)), (wall, cpu))))
    print(f"{options.events} events of about 440 bytes, best of {options.rounds}; ns an event, ratio to bare")
    for way in (*WAYS, "read"):
        wall, cpu = best[way]
        print(f"{way:14} wall {wall:6.0f} {wall / best['bare'][0]:5.2f}   processor {cpu:6.0f} {cpu / best['bare'][1]:5.2f}")


def path(options, work):
    os.environ["JINCAI_TEST_BUS"] = "kafka:" + options.address
    import small_site
    best = {}
    for _ in range(options.rounds):
        shutil.rmtree(work / "site", ignore_errors=True)
        site = small_site.Site(work / "site", str(options.build / "bin/jincai"))
        timed([site.program, "run", "--until-idle"], site.root)
        site.drop(small_site.large(options.rows))
        for flow in ("payroll-a", "router", "bank-abc"):
            wall, cpu = timed([site.program, "run", "site", flow, "--until-idle"], site.root)
            best[flow] = tuple(map(min, zip(best.get(flow, (wall, cpu)), (wall, cpu))))
        events, size, wall, cpu = bench(options, work, "bare", 0, site.prefix + "x.", site.prefix + "jincai.payroll")
        wall, cpu = wall * events / 1e9, cpu * events / 1e9
        best["bare"] = tuple(map(min, zip(best.get("bare", (wall, cpu)), (wall, cpu))))
    print(f"a payroll file of {options.rows} rows, {events} events of {size / events:.0f} bytes; seconds of the whole process, "
          "ratio to bare produce of those events")
    for name, (wall, cpu) in best.items():
        print(f"{name:14} wall {wall:6.2f} {wall / best['bare'][0]:5.2f}   processor {cpu:6.2f} {cpu / best['bare'][1]:5.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--address", required=True)
    parser.add_argument("--events", type=int, default=500000)
    parser.add_argument("--rows", type=int, default=200000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    options.build = options.build.resolve()
    with tempfile.TemporaryDirectory() as folder:
        ways(options, pathlib.Path(folder))
        path(options, pathlib.Path(folder))


if __name__ == "__main__":
    main()
