# SPDX-License-Identifier: Apache-2.0
"""Instructions a row, by function: two lengths under valgrind, their difference divided by the rows between, so that start
and end cancel out. A machine that is busy does not change them; but an instruction is no measure of waiting for memory, and
valgrind's processor has no SHA instructions, so libcrypto counts several times what it costs.

instructions.py --jincai BIN --folder DIR [--job payroll] [--rows N] [--top N]"""
import argparse
import collections
import os
import re
import shutil
import subprocess
import sys

import bench_site


def start(a, job, rows, folder):
    made = folder + ".input"
    bench_site.make_input(made, job, rows)
    bench_site.make_site(folder, job, made, max_gib=2)       # valgrind maps no more
    shutil.rmtree(made)
    return subprocess.Popen(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + folder + "/callgrind", a.jincai,
                             "run", job, "--until-idle"], cwd=folder, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def read(path):
    """What each function cost itself, in callgrind's format: names by number, the line behind `calls` is the callee's."""
    names, costs, function, callee = {}, collections.Counter(), None, False
    objects, ob = {}, ""
    with open(path, errors="replace") as f:
        for line in f:
            m = re.match(r"(c?fn|c?ob)=\((\d+)\)(?: (.*))?", line)
            if m:
                kind, number, name = m.groups()
                table = names if "fn" in kind else objects
                if name:
                    table[number] = re.sub(r"'\d+$", "", name)
                if kind == "ob":
                    ob = os.path.basename(table[number])
                elif kind == "fn":
                    name = table[number]
                    function = ob if name.startswith("0x") else name
            elif line.startswith("calls="):
                callee = True
            elif line[0] in "0123456789+-*" and function:
                if not callee:
                    costs[function] += int(line.split()[1])
                callee = False
    return costs


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--jincai", required=True, type=os.path.abspath)
    p.add_argument("--folder", required=True, type=os.path.abspath)
    p.add_argument("--job", choices=bench_site.JOBS, default="payroll")
    p.add_argument("--rows", type=int, default=20000)
    p.add_argument("--top", type=int, default=25)
    a = p.parse_args()
    os.makedirs(a.folder, exist_ok=True)
    folders = [a.folder + "/few", a.folder + "/many"]
    running = [start(a, a.job, a.rows * (i + 1), folder) for i, folder in enumerate(folders)]
    if any([r.wait() for r in running]):
        sys.exit("a run failed")
    few, many = [read(f + "/callgrind") for f in folders]
    rows = {name: (many[name] - few[name]) / a.rows for name in many}
    total = sum(rows.values())
    print("%s: %.0f instructions a row" % (a.job, total))
    for name, n in sorted(rows.items(), key=lambda x: -x[1])[:a.top]:
        print("%8.0f %5.1f%%  %s" % (n, 100 * n / total, name))
    for f in folders:
        shutil.rmtree(f)


if __name__ == "__main__":
    main()
