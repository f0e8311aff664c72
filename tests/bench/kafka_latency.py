#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long a row takes from its arrival in the drop folder, when the marker of its file is there, to a consumer of committed
records (watch_kafka.c): while rows come evenly, and while another adapter brings a large file at the same time.

    kafka_latency.py --build BUILD --address HOST:PORT [--seconds N] [--files N] [--rows N] [--large N]

--files a second of --rows rows each. One process runs adapters, router and destinations.
"""
import argparse
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "e2e")]
STREAM, LARGE = 1, 900           # numbers of batches


class Watch:
    """{id: seconds of the wall clock}"""

    def __init__(self, build, address, topic):
        self.process = subprocess.Popen([build / "tests/bench/watch_kafka", address, topic], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            sys.exit("watch_kafka did not start")
        self.came = {}
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        for line in self.process.stdout:
            at, name = line.split(" ", 1)
            self.came.setdefault(name.strip(), int(at) / 1e9)

    def rows(self):
        return sum(batch_of(name) is not None for name in list(self.came))

    def close(self):
        self.process.stdin.close()
        self.thread.join()


def batch_of(name):
    """Of an id payroll.line:DIVISION:UNIT:MONTH:BATCH:...; None: it is not of a row."""
    found = re.match(r"payroll\.line:[^:]*:[^:]*:[^:]*:(\d+):", name)
    return int(found[1]) if found else None


def stream(site, first, options, payroll):
    """{batch: when its marker was there}"""
    files = [payroll(batch=first + i, rows=options.rows) for i in range(options.seconds * options.files)]
    dropped, begin = {}, time.monotonic()
    for i, file in enumerate(files):
        time.sleep(max(0, begin + i / options.files - time.monotonic()))
        dropped[first + i] = time.time()
        site.drop(file)
    return dropped


def told(what, dropped, came, rows):
    waits = sorted(at - dropped[batch_of(name)] for name, at in came.items() if batch_of(name) in dropped)
    if len(waits) != len(dropped) * rows:
        sys.exit(f"{what}: {len(waits)} of {len(dropped) * rows} rows came")
    print(f"{what}: {len(waits)} rows, p50 {waits[len(waits) // 2] * 1000:.0f} ms, p99 {waits[len(waits) * 99 // 100] * 1000:.0f} ms, "
          f"at most {waits[-1] * 1000:.0f} ms", flush=True)


def wait_for(what, seconds):
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        time.sleep(0.5)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--address", required=True)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--files", type=int, default=2)
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--large", type=int, default=200000)
    options = parser.parse_args()
    options.build = options.build.resolve()
    os.environ["JINCAI_TEST_BUS"] = "kafka:" + options.address
    import small_site
    text = small_site.SITE_FILE.replace("adapters:\n", "adapters:\n  payroll-b: {form: payroll/pipe, start: 2026-11-01, "
                                        "from: {file: {folder: ./in/large}}}\n")
    small_site.FOLDERS += ("in/large",)
    with tempfile.TemporaryDirectory() as folder:
        site = small_site.Site(pathlib.Path(folder) / "site", str(options.build / "bin/jincai"), text)
        site.run(timeout=300)
        watch = Watch(options.build, options.address, site.prefix + "jincai.payroll")
        with open(site.root / "log", "wb") as log:
            running = subprocess.Popen([site.program, "run"], cwd=site.root, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            time.sleep(2)
            rows = options.seconds * options.files * options.rows
            dropped = stream(site, STREAM, options, small_site.payroll)
            wait_for(lambda: watch.rows() >= rows, 120)
            told(f"{options.files * options.rows} rows a second", dropped, watch.came, options.rows)
            large = small_site.large(options.large, batch=LARGE)
            began = time.time()
            site.drop(large, folder="in/large")
            dropped = stream(site, STREAM + len(dropped), options, small_site.payroll)
            wait_for(lambda: watch.rows() >= 2 * rows + options.large, 300)
            told(f"the same while a file of {options.large} rows runs", dropped, watch.came, options.rows)
            ats = sorted(at - began for name, at in watch.came.items() if batch_of(name) == LARGE)
            print(f"the file itself: {len(ats)} rows, the first after {ats[0]:.1f} s, the last after {ats[-1]:.1f} s")
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait()
            watch.close()


if __name__ == "__main__":
    main()
