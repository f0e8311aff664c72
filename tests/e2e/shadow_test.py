#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A destination in shadow makes whole parcels and hands nothing over: shadow_test.py PROGRAM --count LIB [CASE...]"""
import argparse
import json
import pathlib
import shutil
import sys
import tempfile
import traceback

import handing_test
from handing_test import killed_before
from small_site import SITE_FILE, Site, payroll

CASES = []
options = None
SHADOW = SITE_FILE.replace("mode: live", "mode: shadow")


def case(f):
    CASES.append(f)
    return f


def is_(got, want):
    assert got == want, f"want {want!r}\ngot  {got!r}"


def files(folder):
    """{path below folder: bytes} of what is not hidden."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*"))
            if p.is_file() and not any(part.startswith(".") for part in p.relative_to(folder).parts)}


def shadowed(site, name="bank-abc"):
    return files(site.root / "bus/shadow" / name)


def terms(site):
    """{(destination, term): count} of the balance, which must come out."""
    for verb in (["balance"], ["balance", "--deep"]):
        result = site.call(*verb)
        assert result.code == 0 and "0.00" in result.out, result
    rows = json.loads(site.call("balance", "--json").out)
    is_((rows["wrong"], rows["difference"]), (0, "0.00"))
    return {(r["destination"], r["term"]): r["count"] for r in rows["terms"] if r["equation"] == "out"}


def mode(site, text):
    site.write(SITE_FILE.replace("mode: live", f"mode: {text}"))


@case
def a_shadow_is_what_live_makes_byte_for_byte(root):
    batches = [payroll(batch=n, rows=n + 2) for n in range(1, 4)]
    live, shadow = Site(root / "live", options.program), Site(root / "shadow", options.program, SHADOW)
    for site in (live, shadow):
        for batch in batches:
            site.drop(batch)
            is_(site.run().code, 0)
    for name, folder in (("bank-abc", "out/abc"), ("units", "out/units")):
        assert files(live.root / folder)
        is_(shadowed(shadow, name), files(live.root / folder))
        is_(files(shadow.root / folder), {})
    is_(terms(shadow), {("bank-abc", "taken"): 12, ("bank-abc", "shadow"): 12, ("units", "taken"): 12, ("units", "shadow"): 12})


@case
def what_was_shadowed_is_not_sent_when_it_goes_live(root):
    site = Site(root, options.program, SHADOW)
    site.drop(payroll(batch=1, rows=3))
    site.run()
    before = shadowed(site)
    mode(site, "live")
    is_(site.run().code, 0)
    is_(sum(site.sent().values()), 0)
    second = site.drop(payroll(batch=2, rows=4))
    is_(site.run().code, 0)
    is_(sum(site.sent().values()), len(second.lines))
    is_(shadowed(site), before)
    site.drop(payroll(batch=1, rows=3))
    site.run()
    site.sent_is(second)
    is_(terms(site)["bank-abc", "shadow"], 3)


@case
def a_shadow_that_was_planned_stays_one(root):
    site, _ = killed_before(root, "bank-abc", ".txt", SHADOW)
    mode(site, "live")
    is_(site.run().code, 0)
    is_(len(shadowed(site)), 2)
    is_(files(site.root / "out/abc"), {})
    is_(terms(site)["bank-abc", "shadow"], 4)


@case
def what_was_planned_live_waits_while_in_shadow(root):
    site, batch = killed_before(root, "bank-abc", ".txt")
    mode(site, "shadow")
    is_(site.run().code, 0)
    is_((files(site.root / "out/abc"), shadowed(site)), ({}, {}))
    is_(terms(site)["bank-abc", "pending"], 4)
    mode(site, "live")
    is_(site.run().code, 0)
    is_(sum(site.sent().values()), len(batch.lines))
    is_(shadowed(site), {})


def main():
    global options
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--count", required=True, help="tests/crash/count.c")
    parser.add_argument("only", nargs="*")
    options = handing_test.options = parser.parse_args()
    options.program, options.count = (str(pathlib.Path(p).resolve()) for p in (options.program, options.count))
    failed = 0
    for f in CASES:
        if options.only and f.__name__ not in options.only:
            continue
        root = pathlib.Path(tempfile.mkdtemp(prefix=f"shadow-{f.__name__[:20]}-"))
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
