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
from acts_help import act, balanced, has, is_, killed_everywhere, outcomes
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


# ---- given back ----

def slips(site):
    folder = site.payroll / ".returned"
    return sorted(p.name for p in folder.iterdir() if not p.name.startswith(".")) if folder.exists() else []


def comes_again(site, good):
    """The source hands the same file in again: it is written by the layout in force, once."""
    site.drop(good)
    site.run()
    is_(sorted(row.split("|") for row in given(site)), sorted([a, card, f"{fen // 100}.{fen % 100:02}", name] for a, name, fen, card in good.lines))
    is_((site.held(), kinds(site)), ([], []))
    balanced(site)
    site.dropped.pop()


def decided(site):
    """What came of returns; in order of their words."""
    return sorted(o for o in outcomes(site) if o[0] in ("aside", "return", "slip"))


BACK = [("return", "done", ""), ("slip", "done", "")]
NOT_BACK = [("aside", "done", ""), ("aside", "refused", "act.may_be_sent"), ("return", "refused", "act.may_be_sent")]


@case
def a_batch_in_the_former_layout_goes_back_and_comes_again_in_the_new_one(root):
    site, good = held(root)
    act(site, "held", "return", batch_of(good), reason="the bank reads the account first now")
    site.run()
    is_(decided(site), [("aside", "done", ""), *BACK])
    is_((given(site), site.held(), kinds(site), len(slips(site))), ([], [], [], 2))
    balanced(site)
    comes_again(site, good)


@case
def what_nobody_has_sent_goes_back_while_it_is_stopped_and_is_no_longer_stopped(root):
    for partitions in (1, 3):
        site, good = waiting(root / str(partitions), text=SITE_FILE.replace("bus: embedded:./bus", f"bus: embedded:./bus\npartitions: {partitions}"))
        act(site, "held", "return", batch_of(good))
        site.run()
        is_(decided(site), [("aside", "done", "")] * 2 + BACK)
        is_((given(site), kinds(site), sum(site.unit_lines().values()), len(slips(site))), ([], [], 0, 2))
        balanced(site)
        comes_again(site, good)
        is_(sum(site.unit_lines().values()), 4)


@case
def what_somebody_has_sent_goes_back_nowhere_and_the_others_go_on(root):
    for partitions in (1, 3):
        text = SITE_FILE.replace("bus: embedded:./bus", f"bus: embedded:./bus\npartitions: {partitions}")
        site, good = ordered_too_late(root / str(partitions), text)
        site.run()
        not_given_back(site, good)


def ordered_too_late(root, text=SITE_FILE):
    """The units have it already, and the bank holds it."""
    site, good = held(root, text=text)
    is_((given(site), sum(site.unit_lines().values())), ([], 4))
    act(site, "held", "return", batch_of(good))
    return site, good


def not_given_back(site, good):
    is_((decided(site), given(site), kinds(site), slips(site)), (NOT_BACK, [], ["layout"], []))
    balanced(site)
    put_form(site, BANK)
    act(site, "held", "retry", batch_of(good))
    site.run()
    is_((len(given(site)), sum(site.unit_lines().values()), site.held()), (4, 4, []))
    balanced(site)


@case
def while_a_return_is_asked_for_nothing_lets_a_destination_go_on(root):
    site, good = waiting(root, text=SITE_FILE)
    put_form(site, BANK)
    act(site, "held", "return", batch_of(good))
    # The bank puts it aside; the units are not there to be asked.
    for flows in (["router"], ["bank-abc"]):
        site.call("run", *flows, "--until-idle")
    is_(decided(site), [("aside", "done", "")])
    act(site, "resume", batch_of(good))
    site.call("run", "bank-abc", "--until-idle")
    is_((given(site), kinds(site)), ([], ["act", "act", "stop"]))
    act(site, "held", "return", batch_of(good), reason="a second time")
    site.call("run", "router", "--until-idle")
    is_(decided(site)[1:], [("return", "refused", "act.under_way")])


@case
def a_batch_that_the_router_gives_back_to_nobody_is_not_put_aside(root):
    site, good = waiting(root, text=SITE_FILE)
    put_form(site, BANK)
    for n, more in enumerate(({}, {"from": "router", "for": "nothing-1"}, {"from": "bank-abc", "for": "forged-0"})):
        order = {"id": f"forged-{n}", "act": "aside", "subject": batch_of(good), "by": "x", "reason": "x", **more}
        (site.root / "bus/acts" / f"forged-{n}.bank-abc").write_text(json.dumps(order), encoding="utf-8")
    act(site, "resume", batch_of(good))
    site.run()
    is_(decided(site), [("aside", "refused", "act.not_proved")] * 3)
    site.sent_is(good)


GOOD = payroll(rows=4)


@case
def killed_at_each_durable_step_a_return_that_asks_is_done_once(root):
    def make(folder):
        site, good = waiting(folder, text=SITE_FILE)
        act(site, "held", "return", batch_of(good))
        return site

    def check(site):
        is_(decided(site), [("aside", "done", "")] * 2 + BACK)
        is_((given(site), kinds(site), len(slips(site))), ([], [], 2))
        balanced(site)
        comes_again(site, GOOD)

    killed_everywhere(root, make, check)


@case
def killed_at_each_durable_step_what_cannot_go_back_goes_on_once(root):
    killed_everywhere(root, lambda folder: ordered_too_late(folder)[0], lambda site: not_given_back(site, GOOD))


if __name__ == "__main__":
    sys.exit(acts_help.main(CASES))
