# SPDX-License-Identifier: Apache-2.0
"""What `jincai tail --group` costs beside reading the same records from LMDB itself (bare_read.c): a topic of N events, once through,
in turn. Written to nobody with --commit-every 1000; and through pipes to a consumer that acknowledges each line at once (Python:
its own time is in it).
Prints wall and processor nanoseconds an event, minimum and median, and the ratios of each round.

tail_group.py --jincai BIN --bare BIN --folder DIR [--events N] [--rounds N]"""
import argparse
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "e2e")]
from small_site import SITE_FILE, Site, large  # noqa: E402

TOPIC = "jincai.out.notices.v1"
NOTICES = SITE_FILE.replace("routes:\n", """\
  notices: {form: notice/paid, gather: batch, mode: live, to: {topic: {}}}
routes:
  - {types: [payroll.line.v1], to: notices}
""")

CONSUMER = r"""
import os, re, sys
place = re.compile(rb'"place":"([^"]*)"')
for line in sys.stdin.buffer:
    os.write(1, place.search(line)[1] + b"\n")
"""


def timed(run):
    """Wall and processor seconds of all that it starts and waits for."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    run()
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--jincai", required=True, type=os.path.abspath)
    p.add_argument("--bare", required=True, type=os.path.abspath)
    p.add_argument("--folder", required=True, type=os.path.abspath)
    p.add_argument("--events", type=int, default=200000)
    p.add_argument("--rounds", type=int, default=5)
    a = p.parse_args()
    os.makedirs(a.folder)
    site = Site(a.folder, a.jincai, NOTICES)
    site.drop(large(a.events))
    ran = site.run(timeout=600)
    assert ran.code == 0, ran

    def bare():
        subprocess.run([a.bare, site.root / "bus", TOPIC], check=True, stdout=subprocess.DEVNULL)

    def tail(group, *more, **streams):
        return subprocess.Popen([a.jincai, "tail", "--group", group, "--json", *more], cwd=site.root, stderr=subprocess.PIPE, **streams)

    def every(group):
        with tail(group, "--commit-every", "1000", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
            said = process.stderr.read()
        assert process.returncode == 0 and f" {a.events} ".encode() in said, said

    def acknowledged(group):
        back = os.pipe()
        with tail(group, stdin=back[0], stdout=subprocess.PIPE) as process:
            consumer = subprocess.Popen([sys.executable, "-c", CONSUMER], stdin=process.stdout, stdout=back[1])
            for fd in back:
                os.close(fd)
            process.stdout.close()
            said = process.stderr.read()
        consumer.wait()
        assert process.returncode == 0 and said.count(f" {a.events} ".encode()) == 2, said

    ways = {"bare": lambda n: bare(), "commit-every 1000": lambda n: every(f"e{n}"), "acknowledged": lambda n: acknowledged(f"a{n}")}
    rounds = [{name: timed(lambda way=way, n=n: way(n)) for name, way in ways.items()} for n in range(a.rounds)]
    for name in ways:
        for at, clock in enumerate(("wall", "processor")):
            ns = [r[name][at] * 1e9 / a.events for r in rounds]
            times = [r[name][at] / r["bare"][at] for r in rounds]
            print(f"{name:18} {clock:9} {min(ns):7.0f} / {statistics.median(ns):7.0f} ns an event, times bare "
                  f"{min(times):.1f} / {statistics.median(times):.1f}")
    shutil.rmtree(a.folder)


if __name__ == "__main__":
    main()
