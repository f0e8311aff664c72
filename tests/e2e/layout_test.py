#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lines that wait at a destination while another layout of its form is adopted: nobody is paid by columns that mean something
else. The batch is held, and goes back to its source; whatever is killed when.

    layout_test.py PROGRAM --count LIBCOUNT
"""
import hashlib
import json
import sys

import acts_help
from acts_help import act, balanced, has, is_, outcomes
from reread_test import put_form
from small_site import SITE_FILE, Site, payroll

CASES = []
BANK = "bank/pipe/batch.yaml"
# The account where the name stood, and the name where the account stood.
SWAPPED = [("""    - {from: data.payee.name, cut: 60 bytes}
    - {from: data.net, as: yuan}
    - data.payee.account
""", """    - data.payee.account
    - {from: data.net, as: yuan}
    - {from: data.payee.name, cut: 60 bytes}
""")]
RECORDS = ("payroll/pipe/batch.yaml", [("release: batch", "release: record")])
ALONE = SITE_FILE.replace("payroll.line.v1, payment", "payment")     # the bank is all that a payroll reaches


def case(f):
    CASES.append(f)
    return f


def new(root, *forms, text=ALONE):
    """A site that has run before, with the bank's form in a library of its own."""
    site = Site(root, acts_help.options.program, text + "library: [./library]\n")
    for path, edits in ((BANK, ()), *forms):
        put_form(site, path, edits)
    site.run()
    return site


def batch_of(good):
    return f"payroll-a:2026-12:{good.name[10:13]}:{hashlib.sha256(good.content).hexdigest()[:12]}"


def waiting(root, *forms, **more):
    """A batch waits at the bank because somebody stopped it; then the bank's form has another layout."""
    site, good = new(root, *forms, **more), payroll(rows=4)
    act(site, "stop", batch_of(good))
    site.drop(good)
    site.run()
    is_((site.sent().total(), len(site.taken())), (0, 1))
    put_form(site, BANK, SWAPPED)
    return site, good


def held(root, *forms, **more):
    """As above, and it was let go on."""
    site, good = waiting(root, *forms, **more)
    act(site, "resume", batch_of(good))
    site.run()
    return site, good


def given(site):
    """Lines of all files that the bank was given, as cells."""
    return [row for path in sorted((site.root / "out/abc").glob("df_*.txt"))
            for row in path.read_bytes().decode("gb18030").split("\n")[1:-1]]


def kinds(site):
    """What `todo` lists."""
    return sorted(json.loads(line)["kind"] for line in site.call("todo", "--json").out.splitlines())


@case
def lines_of_the_former_layout_are_not_written_by_the_new_one(root):
    site, _ = held(root)
    is_(given(site), [])
    balanced(site)
    later = site.drop(payroll(batch=2, rows=3))              # what was shaped since goes out by the new layout
    site.run()
    is_([row.split("|") for row in given(site)], [[a, card, f"{fen // 100}.{fen % 100:02}", name] for a, name, fen, card in later.lines])


@case
def what_to_do_with_them_is_said_in_both_languages(root):
    site, good = held(root, text=SITE_FILE)
    is_([(w["what"], w["destination"], w["batch"]) for w in site.held()], [("batch", "bank-abc", batch_of(good))])
    for lang, words in (("en", ("another layout of the form", "not one was sent to bank-abc", "jincai held return", "have the source hand it in again",
                                "whom to call")),
                        ("zh", ("原来的列排法", "一笔未发往 bank-abc", "jincai held return", "由来源系统重报", "找谁"))):
        shown = site.call("todo", "--lang", lang).out
        has(shown, batch_of(good), *words)
    is_(kinds(site), ["layout"])
    has(site.call("held", "list", "--lang", "en").out, "another layout of the form", "jincai held retry " + batch_of(good))


@case
def the_former_form_put_back_lets_them_go(root):
    site, good = held(root, text=SITE_FILE)
    act(site, "held", "retry", batch_of(good))
    site.run()
    is_((kinds(site), given(site)), (["layout"], []))
    balanced(site)
    put_form(site, BANK)
    act(site, "held", "retry", batch_of(good))
    site.run()
    site.sent_is(good)
    is_(site.held(), [])
    balanced(site)


@case
def another_charset_and_file_name_hold_nothing(root):
    site, good = waiting(root, text=SITE_FILE)
    put_form(site, BANK, [("charset: gb18030", "charset: utf-8"), ("df_{parcel.date:yyyyMMdd}_", "df_new_"), ("end: lf", "end: crlf"),
                          ("  - site.division\n", "")])
    act(site, "resume", batch_of(good))
    site.run()
    path, = sorted((site.root / "out/abc").glob("df_new_*.txt"))
    rows = [row.split("|") for row in path.read_bytes().decode("utf-8").split("\r\n")[1:-1]]
    is_([(r[0], r[1], r[3]) for r in rows], [(a, name, card) for a, name, _, card in good.lines])
    is_(site.held(), [])


@case
def a_line_that_is_tried_again_by_the_new_layout_holds_the_whole_batch(root):
    site = new(root, (BANK, [("charset: gb18030", "charset: gbk")]))
    good = site.drop(payroll(rows=6, seed="one of these has a name of four bytes"))
    assert 0 < sum("𠮷" in line[1] for line in good.lines) < 6, good.lines
    site.run()
    is_(kinds(site), ["batch"])
    put_form(site, BANK, SWAPPED)
    act(site, "held", "retry", batch_of(good))
    site.run()
    is_((outcomes(site)[-1], kinds(site), given(site)), (("retry", "done", ""), ["layout"], []))
    balanced(site)


@case
def what_goes_by_record_is_held_as_well(root):
    site, good = held(root, RECORDS, text=SITE_FILE)
    is_((given(site), kinds(site), sum(site.unit_lines().values())), ([], ["layout"], 4))
    balanced(site)
    site.drop(payroll(batch=2, rows=3))
    site.run()
    is_((len(given(site)), kinds(site)), (3, ["layout"]))
    put_form(site, BANK)
    act(site, "held", "retry", batch_of(good))
    site.run()
    is_((len(given(site)), kinds(site)), (7, []))
    balanced(site)


if __name__ == "__main__":
    sys.exit(acts_help.main(CASES))
