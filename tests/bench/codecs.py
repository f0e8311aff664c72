# SPDX-License-Identifier: Apache-2.0
"""What a record costs in the format of each codec, beside delimited text, on the same rows: processor time, formats in turn.

codecs.py --jincai BIN --codec BIN --folder DIR [--rows N] [--rounds N]
codecs.py --codec BIN --folder DIR --check        fails when a codec allocates by row

  cut    rows to cells, by the codec alone (bench_codec.c), ns
  read   cut, mapped, checked, identified, added up: `jincai try --summary`, us
  bus    from a file to events on the bus: `jincai run --until-idle`, us

Of read and bus the time for 1,000 rows is taken off, so that start and end cancel out. Ratios are taken round by round; a
figure is minimum / median. Where others work on the machine, trust the ratios and of those the minimum."""
import argparse
import os
import shutil
import statistics
import subprocess
import sys

import bench_site
import formats

FEW = 1000


def cpu_seconds(command, cwd):
    p = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = p.stderr.read()
    _, status, used = os.wait4(p.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        sys.exit("%s ended with %d:\n%s" % (" ".join(command), status, said.decode()))
    return used.ru_utime + used.ru_stime


def cut(a, names):
    """name -> ns a row in each round; bytes a row; the most allocations behind the first rows."""
    command = [a.codec, str(a.rounds)]
    for name in names:
        command += [name, *formats.codec_of(name), os.path.join(a.folder, formats.file_name(name))]
    times, size, most = {n: [] for n in names}, {}, dict.fromkeys(names, 0)
    for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
        name, rows, length, ns, allocations = line.split()
        times[name].append(int(ns) / int(rows))
        size[name] = int(length) / int(rows)
        most[name] = max(most[name], int(allocations))
    return times, size, most


def read(a, name, rows):
    path = os.path.join(a.folder, formats.file_name(name) if rows != FEW else "few/" + formats.file_name(name))
    return cpu_seconds([a.jincai, "try", path, "--form", "bench/codec/" + name, "--library", formats.FORMS, "--summary"],
                       a.folder)


def bus(a, name, rows):
    made, site = a.folder + "/made", a.folder + "/site"
    bench_site.make_input(made, name, rows)
    bench_site.make_site(site, name, made)
    used = cpu_seconds([a.jincai, "run", name, "--until-idle"], site)
    shutil.rmtree(site)
    return used


def rounds_of(a, what, names):
    times = {n: [] for n in names}
    for _ in range(a.rounds):
        for name in names:
            times[name].append((what(a, name, a.rows) - what(a, name, FEW)) / (a.rows - FEW) * 1e6)
    return times


def figures(times, name):
    ratios = [t / d for t, d in zip(times[name], times["delimited"])]
    return "%.3g / %.3g" % (min(times[name]), statistics.median(times[name])), \
        "%.2f / %.2f" % (min(ratios), statistics.median(ratios))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--jincai", type=os.path.abspath)
    p.add_argument("--codec", required=True, type=os.path.abspath)
    p.add_argument("--folder", required=True, type=os.path.abspath)
    p.add_argument("--rows", type=int, default=100000)
    p.add_argument("--rounds", type=int, default=7)
    p.add_argument("--check", action="store_true")
    a = p.parse_args()
    names = list(formats.WRITERS)
    os.makedirs(a.folder + "/few", exist_ok=True)
    if a.check:
        a.rows, a.rounds = 5000, 1
    for name in names:
        formats.write(name, os.path.join(a.folder, formats.file_name(name)), a.rows)
        formats.write(name, os.path.join(a.folder, "few", formats.file_name(name)), FEW)
    cuts, size, allocated = cut(a, names)
    if a.check:
        shutil.rmtree(a.folder)
        for name in names:
            print("%-10s %d allocations in %d rows" % (name, allocated[name], a.rows - FEW))
        sys.exit(any(allocated[name] for name in formats.FLAT))
    reads, buses = rounds_of(a, read, names), rounds_of(a, bus, names)
    print("%d rows, %d rounds, load %.1f; minimum / median\n" % (a.rows, a.rounds, os.getloadavg()[0]))
    print("| codec | bytes | cut, ns | times | read, us | times | bus, us | times | allocations |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in names:
        row = [name, "%.0f" % size[name], *figures(cuts, name), *figures(reads, name), *figures(buses, name),
               "%.3g" % (allocated[name] / a.rows)]
        print("| " + " | ".join(row) + " |")
    shutil.rmtree(a.folder)


if __name__ == "__main__":
    main()
