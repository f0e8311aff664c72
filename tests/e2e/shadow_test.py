#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A destination in shadow makes whole parcels and hands nothing over: shadow_test.py PROGRAM --count LIB [CASE...]"""
import sys

import acts_help
from acts_help import is_, terms
from handing_test import killed_before
from small_site import SITE_FILE, Site, payroll

CASES = []
SHADOW = SITE_FILE.replace("mode: live", "mode: shadow")


def case(f):
    CASES.append(f)
    return f


def files(folder):
    """{path below folder: bytes} of what is not hidden."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*"))
            if p.is_file() and not any(part.startswith(".") for part in p.relative_to(folder).parts)}


def shadowed(site, name="bank-abc"):
    return files(site.root / "bus/shadow" / name)


def mode(site, text):
    site.write(SITE_FILE.replace("mode: live", f"mode: {text}"))


@case
def a_shadow_is_what_live_makes_byte_for_byte(root):
    batches = [payroll(batch=n, rows=n + 2) for n in range(1, 4)]
    live, shadow = Site(root / "live", acts_help.options.program), Site(root / "shadow", acts_help.options.program, SHADOW)
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
    site = Site(root, acts_help.options.program, SHADOW)
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


def compare(site, content, name="hand.txt", more=()):
    path = site.root / name
    path.write_bytes(content)
    return site.call("compare", "bank-abc", str(path), *more)


def shadow_site(root, rows=5):
    site = Site(root, acts_help.options.program, SHADOW)
    batch = site.drop(payroll(batch=1, rows=rows))
    site.run()
    (name, content), = [(n, c) for n, c in shadowed(site).items() if n.endswith(".txt")]
    return site, batch, name, content


def with_cell(content, line, cell, text):
    rows = [row.split("|") for row in content.decode("gb18030").split("\n")]
    rows[line][cell] = text
    return "\n".join("|".join(row) for row in rows).encode("gb18030")


@case
def the_same_file_is_the_same_byte_for_byte(root):
    site, _, name, content = shadow_site(root)
    for result in (compare(site, content, name), compare(site, content), compare(site, content, more=["--parcel", "1"])):
        is_(result.code, 0)
        is_(result.out, "the same, byte for byte\n")
    before = shadowed(site)
    compare(site, b"", more=["--parcel", "1"])
    is_(shadowed(site), before)


@case
def lines_and_fields_that_differ_are_named_and_masked(root):
    site, batch, name, content = shadow_site(root)
    agent, person, fen, account = batch.lines[2]
    result = compare(site, with_cell(content, 3, 2, "99.99"), name)
    is_(result.code, 1)
    lines = result.out.splitlines()
    is_(lines[0], f'line 4 (line 4 of the file): net ours "{fen // 100}.{fen % 100:02}", the file\'s "99.99"')
    assert lines[1].startswith("in all: ours 5 lines") and "difference 0 lines" in lines[1], result
    is_(len(lines), 2)
    other = account[:-4] + "0001"
    result = compare(site, with_cell(content, 3, 3, other), name)
    is_(result.code, 1)
    stars = "*" * (len(account) - 4)
    is_(result.out, f'line 4 (line 4 of the file): account ours "{stars}{account[-4:]}", the file\'s "{stars}0001"\n')
    assert account not in result.out + result.err and person not in result.out, result


@case
def lines_that_only_one_has_and_another_head_are_named(root):
    site, batch, name, content = shadow_site(root)
    rows = content.split(b"\n")
    result = compare(site, b"\n".join(rows[:2] + rows[3:]), name)
    is_(result.code, 1)
    assert result.out.startswith("line 3 stands only in ours:") and "difference -1 lines" in result.out, result
    result = compare(site, content + rows[1].replace(b"|", b"1|", 1) + b"\n", name)
    assert "line 7 stands only in the file:" in result.out and "difference 1 lines" in result.out, result
    result = compare(site, with_cell(content, 0, 1, "17"), name)
    is_((result.code, result.out), (1, 'head, column 2 no: ours "1", the file\'s "17"\n'))
    result = compare(site, content[:-1] + b"|too|many\n", name)
    assert "cannot be read" in result.out and "[codec.cells]" in result.out, result


@case
def order_and_ends_of_line_are_no_difference(root):
    site, _, name, content = shadow_site(root)
    rows = content.split(b"\n")
    result = compare(site, b"\n".join([rows[0]] + rows[5:0:-1] + [b""]), name)
    is_((result.code, result.out), (0, "the same lines in another order\n"))
    result = compare(site, content[:-1], name)
    is_((result.code, "written otherwise" in result.out), (0, True))


@case
def which_parcel_is_meant_is_found_or_asked_for(root):
    site, batch, name, content = shadow_site(root)
    site.drop(payroll(batch=2, rows=3))
    site.run()
    is_(compare(site, content, "of_20261215.txt").out, "the same, byte for byte\n")
    for words, code in ((["none.txt"], "compare.which"), (["hand.txt", "--parcel", "9"], "compare.none")):
        result = compare(site, b"F|1\n", words[0], words[1:])
        is_((result.code, code in result.codes), (2, True))
    result = site.call("compare", "nobody", str(site.root / "hand.txt"))
    is_(result.code, 2)
    live = Site(root / "live", acts_help.options.program)
    live.drop(payroll(batch=1, rows=3))
    live.run()
    path, = (live.root / "out/abc").glob("df_*.txt")
    is_(compare(live, path.read_bytes(), path.name).out, "the same, byte for byte\n")
    path.rename(live.root / "taken.txt")
    result = compare(live, b"F|1\n", path.name)
    is_((result.code, "compare.gone" in result.codes), (1, True))


@case
def tables_for_units_are_compared_by_their_titles(root):
    site, batch, _, _ = shadow_site(root)
    (name, content), = shadowed(site, "units").items()
    path = site.root / "hand.csv"
    path.write_bytes(content.replace(b"2026-12", b"2026-11", 1))
    result = site.call("compare", "units", str(path), "--parcel", "1")
    is_((result.code, result.out), (1, 'line 2 (line 2 of the file): 月份 ours "2026-12", the file\'s "2026-11"\n'))


if __name__ == "__main__":
    sys.exit(acts_help.main(CASES))
