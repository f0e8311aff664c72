#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What stands between a plan and the receiver: handing_test.py PROGRAM --count LIB [CASE...]

The program is killed before a rename (tests/crash/count.c), what waits is changed, and the program starts again.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import traceback

from small_site import SITE_FILE, Site, payroll

CASES = []
options = None


def case(f):
    CASES.append(f)
    return f


def is_(got, want):
    assert got == want, f"want {want!r}\ngot  {got!r}"


def run(site, flows, more):
    env = {**os.environ, "LC_ALL": "C.UTF-8", "LD_PRELOAD": options.count,
           "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0", **more}
    subprocess.run([options.program, "run", *flows, "--until-idle"], cwd=site.root, env=env, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)


def routed(root, text=SITE_FILE):
    """A site with a batch that its destinations have not seen yet; the batch."""
    site, batch = Site(root, options.program, text), payroll(rows=4)
    site.drop(batch)
    site.call("run", "payroll-a", "router", "--until-idle")
    return site, batch


def killed_before(root, flow, to, text=SITE_FILE):
    """A site whose destination was killed before the rename to a name that ends so; the batch."""
    log = root / "steps"
    first, _ = routed(root / "first", text)
    run(first, [flow], {"COUNT_LOG": str(log)})
    steps = [row.split("\t") for row in log.read_text().splitlines()]
    number = next(n for n, call, path in steps if "rename" in call and ".staging/" in path and path.endswith(to))
    site, batch = routed(root / "site", text)
    run(site, [flow], {"COUNT_KILL": number})
    return site, batch


def change(path):
    """One byte of the first amount; what it was before."""
    before = path.read_bytes()
    at = before.index(b".") - 1
    path.write_bytes(before[:at] + bytes([before[at] ^ 1]) + before[at + 1:])
    return before


def stops(site, batch, path, before):
    for _ in range(2):                  # and it does so every time
        result = site.run()
        assert result.code == 5 and "parcel.altered" in result.codes, result
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(before)
    result = site.run()
    is_(result.code, 0)
    site.sent_is(batch)


@case
def a_byte_changed_in_staging_is_not_handed_over(root):
    site, batch = killed_before(root, "bank-abc", ".txt")
    path, = (site.root / "out/abc/.staging").glob("*.body")
    before = change(path)
    result = site.run()
    assert "parcel.altered" in result.codes, result
    is_(list((site.root / "out/abc").glob("df_*")), [])
    stops(site, batch, path, before)


@case
def a_file_removed_from_staging_stops_the_flow(root):
    site, batch = killed_before(root, "bank-abc", ".txt")
    path, = (site.root / "out/abc/.staging").glob("*.body")
    before = path.read_bytes()
    path.unlink()
    stops(site, batch, path, before)


@case
def a_byte_changed_before_the_marker_comes_is_seen(root):
    site, batch = killed_before(root, "bank-abc", ".ok")
    path, = (site.root / "out/abc").glob("df_*.txt")
    before = change(path)
    result = site.run()
    assert "parcel.altered" in result.codes, result
    is_(list((site.root / "out/abc").glob("*.ok")), [])
    stops(site, batch, path, before)


@case
def a_file_without_a_marker_is_looked_at_before_its_rename(root):
    site, batch = killed_before(root, "units", ".csv")
    path, = (site.root / "out/units/.staging").glob("*.body")
    before = change(path)
    result = site.run()
    assert "parcel.altered" in result.codes, result
    is_(list((site.root / "out/units").glob("*/*.csv")), [])
    stops(site, batch, path, before)


def main():
    global options
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--count", required=True, help="tests/crash/count.c")
    parser.add_argument("only", nargs="*")
    options = parser.parse_args()
    options.program, options.count = (str(pathlib.Path(p).resolve()) for p in (options.program, options.count))
    failed = 0
    for f in CASES:
        if options.only and f.__name__ not in options.only:
            continue
        root = pathlib.Path(tempfile.mkdtemp(prefix=f"handing-{f.__name__[:20]}-"))
        try:
            f(root)
            print(f"ok      {f.__name__}")
            shutil.rmtree(root)
        except Exception:
            failed += 1
            print(f"FAILED  {f.__name__} in {root}")
            traceback.print_exc(file=sys.stdout)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
