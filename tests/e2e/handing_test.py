#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What stands between a plan and the receiver: handing_test.py PROGRAM --count LIB [CASE...]

The program is killed before a rename (tests/crash/count.c), what waits is changed, and the program starts again.
"""
import sys

import acts_help
from acts_help import is_, run_counted
from small_site import SITE_FILE, Site, payroll

CASES = []


def case(f):
    CASES.append(f)
    return f


def routed(root, text=SITE_FILE):
    """A site with a batch that its destinations have not seen yet; the batch."""
    site, batch = Site(root, acts_help.options.program, text), payroll(rows=4)
    site.drop(batch)
    site.call("run", "payroll-a", "router", "--until-idle")
    return site, batch


def killed_before(root, flow, to, text=SITE_FILE):
    """A site whose destination was killed before the rename to a name that ends so; the batch."""
    log = root / "steps"
    first, _ = routed(root / "first", text)
    run_counted(first, {"COUNT_LOG": str(log)}, [flow])
    steps = [row.split("\t") for row in log.read_text().splitlines()]
    number = next(n for n, call, path in steps if "rename" in call and ".staging/" in path and path.endswith(to))
    site, batch = routed(root / "site", text)
    run_counted(site, {"COUNT_KILL": number}, [flow])
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


if __name__ == "__main__":
    sys.exit(acts_help.main(CASES))
