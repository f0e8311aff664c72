#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the bus costs on a real broker, beside the library alone with the same bytes: ratios of one run.

    kafka_ratios.py --build BUILD --address HOST:PORT [--events N] [--rows N] [--rounds N]

Ways to write (bench_kafka.c) take turns, with one processor and with two; of each the best round counts, since a busy machine only
ever adds. Then one payroll file goes through the adapter, router and a destination, each as a process of its own: the library alone
writes and reads the same records again. Last all of that is folded into a new index. Takes some minutes.
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
WAYS = ("bare", "header", "batch", "batch_header", "bus_plain", "bus", "bus_time")


class Best(dict):
    """{name: (wall, processor)}, the least of each."""

    def add(self, name, wall, cpu):
        self[name] = tuple(map(min, zip(self.get(name, (wall, cpu)), (wall, cpu))))

    def show(self, to, unit, names=None):
        for name in names or self:
            wall, cpu = self[name]
            print(f"{name:16} wall {wall:{unit}} {wall / self[to][0]:5.2f}   processor {cpu:{unit}} {cpu / self[to][1]:5.2f}")
        sys.stdout.flush()


def bench(options, work, mode, events, prefix, *topic, cores=None):
    """(events, bytes, wall, processor), the last two in nanoseconds an event."""
    shutil.rmtree(work / "index", ignore_errors=True)
    line = subprocess.run([options.build / "tests/bench_kafka", options.address, work / "index", prefix, mode, str(events), *topic],
                          check=True, stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL,
                          preexec_fn=(lambda: os.sched_setaffinity(0, cores)) if cores else None).stdout.split()
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


def some_prefix():
    return f"r{uuid.uuid4().hex[:10]}."


def ways(options, work, cores):
    best = Best()
    for _ in range(options.rounds):
        for way in WAYS:
            prefix = some_prefix()
            best.add(way, *bench(options, work, way, options.events, prefix, cores=cores)[2:])
            if way == "bare":
                best.add("read", *bench(options, work, "read", options.events, prefix, cores=cores)[2:])
    print(f"{options.events} events of about 440 bytes, {len(cores)} processors, best of {options.rounds}; ns an event, ratio to bare")
    best.show("bare", "6.0f", (*WAYS, "read"))


def again(options, work, topic):
    """The records of a topic by the library alone, seconds: written one by one, and read."""
    prefix = some_prefix()
    events, size, *written = bench(options, work, "bare", 0, prefix, topic)
    read = bench(options, work, "read", events, prefix)[2:]
    return events, size, [x * events / 1e9 for x in written], [x * events / 1e9 for x in read]


def path(options, work):
    os.environ["JINCAI_TEST_BUS"] = "kafka:" + options.address
    import small_site
    best = Best()
    for _ in range(options.rounds):
        shutil.rmtree(work / "site", ignore_errors=True)
        site = small_site.Site(work / "site", str(options.build / "bin/jincai"))
        timed([site.program, "run", "--until-idle"], site.root)
        site.drop(small_site.large(options.rows))
        for flow in ("payroll-a", "router", "bank-abc"):
            best.add(flow, *timed([site.program, "run", "site", flow, "--until-idle"], site.root))
        events, size, written, read = again(options, work, site.prefix + "jincai.payroll")
        lines = [again(options, work, f"{site.prefix}jincai.to.{name}") for name in ("bank-abc", "units")]
        best.add("bare", *written)
        best.add("bare router", *(read[i] + sum(line[2][i] for line in lines) for i in (0, 1)))
        all_events = events + sum(line[0] for line in lines)
        best.add("fold", *(x * all_events / 1e9 for x in bench(options, work, "fold", all_events, site.prefix)[2:]))
    print(f"a payroll file of {options.rows} rows, {events} events of {size / events:.0f} bytes; seconds of the whole process, "
          "ratio to bare produce of those events")
    best.show("bare", "6.2f")
    for i, what in enumerate(("wall", "processor")):
        print(f"router to bare consume and produce, {what}: {best['router'][i] / best['bare router'][i]:.2f}; folded anew, "
              f"{what}: {all_events / best['fold'][i]:.0f} records a second")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--address", required=True)
    parser.add_argument("--events", type=int, default=400000)
    parser.add_argument("--rows", type=int, default=200000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    options.build = options.build.resolve()
    with tempfile.TemporaryDirectory() as folder:
        for cores in ({0}, {0, 1}):
            ways(options, pathlib.Path(folder), cores)
        path(options, pathlib.Path(folder))
    print("load", *os.getloadavg())


if __name__ == "__main__":
    main()
