#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Replays to banks of a store that was put back: what it does not know any more the ledgers of the banks do, and it stays away. A ledger
that does not tell is no answer: then nothing is planned, and nothing goes.

    replay_ledger_test.py PROGRAM [CASE...]
"""
import re
import shutil
import sys

import acts_help
from acts_help import act, has, is_
from people import PRODUCTION
from replay_money_test import (A, B, FIRST, LATER, TO_A, TO_B, TO_SOME, PeopleSite, ask, become, given, go_live, history, kept, ledgers, left_out,
                               paid_once, plan, run)
from replay_topic_test import call, state
from restore_test import backup, crc32c, ledger, restore
from small_site import Site, payroll

CASES = []
NOBODY = FIRST.replace(TO_SOME, "")                                 # bank A is there, and is brought nothing
NO_BANK = NOBODY.replace(A, "")
ONLY_B = LATER.replace(TO_SOME, "").replace(A, "")
OTHERS = "the ledger of another bank has it"
OWN = "its own ledger has it"


def case(f):
    CASES.append(f)
    return f


def put_back(root, meanwhile=NOBODY):
    """Bank A has paid batches 1 and 2; the store was put back to when it knew of batch 1, and batch 2 came again while the site was
    another one, so that it led to no bank."""
    site = Site(root, acts_help.options.program, FIRST)
    site.run()
    for n in (1, 2):
        site.drop(payroll(batch=n, rows=8))
        is_(site.run().code, 0)
        if n == 1:
            backup(site)
    restore(site)
    become(site, meanwhile)
    is_(site.run().code, 0)
    paid_once(site, all=False)
    return site


def begin(site, text, *names):
    """The site is another one, and has run."""
    become(site, text, *names)
    is_(site.run().code, 0)
    return site


def reasons(site, id):
    """{batch: why it does not go}, of the plan and as a person is shown it."""
    want = {x["batch"]: x["why"] for x in kept(site, id)["not"]}
    is_(dict(re.findall(r"^  not (\S+): (.*)$", call(site, "show", id).out, re.MULTILINE)), want)
    return want


def batches(site):
    """Ids of batches 1 and 2, as the ledger of bank A has them."""
    return [x["batch"] for x in ledger(site)]


def rewrite(site, change, folder="out/abc"):
    """Each line of a ledger as change says, with a check value that is right."""
    path = site.root / folder / ".staging/ledger"
    lines = [change(line.rpartition(b" ")[0]) for line in path.read_bytes().splitlines()]
    path.write_bytes(b"".join(line + b" %08x\n" % crc32c(line) for line in lines))


@case
def what_only_the_ledger_of_another_bank_knows_is_not_paid_again(root):
    site = begin(put_back(root), LATER.replace(TO_SOME, ""), "out/b")
    first, second = batches(site)
    paid = sum(ledgers(site)["abc"].values())
    id = plan(site)
    is_(reasons(site, id), {second: OTHERS})
    is_(set(left_out(site, id)), given(site, "bank-abc"))           # of batch 1, line by line
    assert left_out(site, id)
    is_(run(site, id), "done")
    is_(sum(ledgers(site)["abc"].values()), paid)
    paid_once(site, all=False)
    is_({x["batch"] for x in ledger(site, "out/b")}, {first})
    r = ask(site)
    assert "replay.nothing" in r.codes, r


@case
def nor_when_the_site_no_longer_names_that_bank(root):
    site = begin(put_back(root, NO_BANK), ONLY_B, "out/b")
    id = plan(site)
    is_(reasons(site, id), {batches(site)[1]: OTHERS})
    is_(run(site, id), "done")
    paid_once(site, all=False)


@case
def nor_by_the_same_bank(root):
    site = begin(put_back(root, NO_BANK), FIRST)
    paid = ledgers(site)["abc"]
    r = ask(site, to="bank-abc")
    assert "replay.nothing" in r.codes, r
    site.drop(payroll(batch=3, rows=4))
    become(site, NO_BANK).run()
    begin(site, FIRST)
    id = plan(site, to="bank-abc")
    is_(reasons(site, id), dict(zip(batches(site), ("was offered before", OWN))))
    is_(run(site, id), "done")
    assert ledgers(site)["abc"] >= paid
    paid_once(site, all=False)


@case
def a_plan_is_void_when_the_ledger_says_more_since(root):
    site = begin(put_back(root), LATER.replace(TO_SOME, ""), "out/b")
    path = site.root / "out/abc/.staging/ledger"
    whole = path.read_bytes()
    first, second = batches(site)
    rewrite(site, lambda line: line.replace(second.encode(), b"another"))
    id = plan(site)
    is_(reasons(site, id), {})
    path.write_bytes(whole)
    is_(run(site, id), "void")
    paid_once(site, all=False)


@case
def what_a_store_of_before_had_handed_over_is_known_to_a_new_one(root):
    site = PeopleSite(root, acts_help.options.program, PRODUCTION.replace(TO_A, TO_SOME))
    site.run()
    go_live(site, "bank-abc")
    site.drop(payroll(rows=8))
    site.run()
    paid = ledgers(site)["abc"]
    shutil.rmtree(site.root / "bus")
    site.write(PRODUCTION.replace(TO_A, ""))
    assert "guard.replaced" in site.run().codes
    act(site, "resume")
    site.run()
    site.approve(site.proposed()[-1]["act"])
    become(site, PRODUCTION.replace(A, A + B).replace(TO_A, TO_B), "out/b")
    act(site, "adopt")
    site.run()
    for one in site.proposed():
        site.approve(one["act"])
    go_live(site, "bank-b")
    r = ask(site)
    assert "replay.nothing" in r.codes and OTHERS in r.err, r
    site.run()
    is_(ledgers(site), {"abc": paid, "b": {}})


@case
def a_store_that_was_never_put_back_knows_all_itself(root):
    site = begin(begin(history(root), NO_BANK), ONLY_B, "out/b")
    shutil.rmtree(site.root / "out/abc/.staging")
    is_(run(site, plan(site)), "done")
    paid_once(site)


@case
def a_torn_end_is_no_parcel_and_all_before_it_counts(root):
    site = begin(put_back(root), LATER.replace(TO_SOME, ""), "out/b")
    path, second = site.root / "out/abc/.staging/ledger", batches(site)[1]
    path.write_bytes(path.read_bytes() + path.read_bytes()[:50])
    is_(reasons(site, plan(site)), {second: OTHERS})


@case
def a_ledger_that_is_gone_or_cut_short_or_has_a_gap_or_is_damaged_is_no_answer(root):
    for how in ("gone", "folder gone", "cut short", "a gap", "damaged"):
        site = begin(put_back(root / how.replace(" ", "-")), ONLY_B, "out/b")
        path = site.root / "out/abc/.staging/ledger"
        whole = path.read_bytes()
        id = plan(site)
        lines = whole.splitlines(keepends=True)
        if how == "gone":
            path.unlink()
        elif how == "folder gone":
            (site.root / "out/abc").rename(site.root / "elsewhere")
        else:
            path.write_bytes({"cut short": lines[0], "a gap": lines[1], "damaged": whole.replace(b'"count"', b'"Count"', 1)}[how])
        plans = sorted(p.name for p in (site.root / "bus/replay").iterdir())
        r = ask(site)
        code = "ledger.damaged" if how == "damaged" else "replay.ledger"
        assert r.code == 5 and code in r.codes and "out/abc/.staging/ledger" in r.err, (how, r)
        is_(sorted(p.name for p in (site.root / "bus/replay").iterdir()), plans)
        call(site, "run", id)
        r = site.call("run", "site", "replay", "--until-idle")
        is_((how, state(site, id)[0]), (how, "void"))
        is_(sum(ledgers(site)["b"].values()), 0)


if __name__ == "__main__":
    sys.exit(acts_help.main(CASES))
