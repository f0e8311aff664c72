#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A file that waits is read again with the form in force: it goes out whole, once, or waits as before; whatever is killed when.

    reread_test.py PROGRAM --count LIBCOUNT
"""
import pathlib
import sys
import time

import acts_help
from acts_help import act, balanced, has, is_, kept, killed_everywhere, outcomes
from small_site import SITE_FILE, Batch, Site, payroll

FORMS = pathlib.Path(__file__).resolve().parents[2] / "adapters"
CASES = []


def case(f):
    CASES.append(f)
    return f


def site_with_form(root, path="payroll/pipe/batch.yaml", edits=()):
    """A site whose own library has that form with those edits: [(text, other)]."""
    site = Site(root, acts_help.options.program, SITE_FILE + "library: [./library]\n")
    put_form(site, path, edits)
    return site


def put_form(site, path="payroll/pipe/batch.yaml", edits=()):
    text = (FORMS / path).read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    to = site.root / "library/adapters" / path
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(text, encoding="utf-8")


WRONG = [("sum: head.sum}", "sum: head.no}")]


def held_by_the_form(root):
    site = site_with_form(root, edits=WRONG)
    batch = site.drop(payroll(rows=4))
    site.run()
    is_([w["state"] for w in site.held()], ["held"])
    return site, site.held()[0]["batch"], batch


def ordered(root):
    site, batch, good = held_by_the_form(root)
    put_form(site)
    act(site, "held", "retry", batch)
    return site, batch, good


@case
def a_batch_that_the_form_held_goes_out_when_the_form_is_mended(root):
    site, batch, good = ordered(root)
    site.run()
    is_(site.held(), [])
    is_(outcomes(site), [("retry", "done", "")])
    site.sent_is(good)
    balanced(site)
    has(site.call("held", "show", batch).out, "published")
    is_(len(kept(site)), 1)


@case
def what_still_does_not_prove_waits_as_before(root):
    site, batch, _ = held_by_the_form(root)
    for _ in range(2):
        act(site, "held", "retry", batch)
        site.run()
        is_([(w["state"], w["batch"]) for w in site.held()], [("held", batch)])
        balanced(site)
    is_(site.sent().total(), 0)
    is_(len(kept(site)), 1)


@case
def a_running_site_says_what_became_of_it(root):
    site, batch, good = held_by_the_form(root)
    process = site.start("run")
    try:
        time.sleep(0.5)
        result = site.call("held", "retry", batch, "--reason", "look again")
        assert result.code == 1, result
        has(result.out, "batch.sum", "not one was sent")
    finally:
        process.terminate()
        process.communicate()
    put_form(site)
    process = site.start("run")
    try:
        time.sleep(0.5)
        result = site.call("held", "retry", batch, "--reason", "the form was mended")
        assert result.code == 0, result
        has(result.out, "goes out")
        deadline = time.monotonic() + 20
        while site.sent().total() < 4 and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        process.terminate()
        process.communicate()
    site.sent_is(good)


@case
def a_file_that_could_not_be_read_is_read_again(root):
    site = site_with_form(root, edits=[("charset: gb18030", "charset: utf-8"),
                                       ("codec: {delimited: {by: \"|\", end: any, blank_rows: skip}}",
                                        "wraps: [zip]\ncodec: {delimited: {by: \"|\", end: any, blank_rows: skip}}")])
    good = site.drop(payroll(rows=3))
    site.run()
    is_([w["state"] for w in site.held()], ["unreadable"])
    batch = site.held()[0]["batch"]
    act(site, "held", "retry", batch)
    site.run()
    is_([w["state"] for w in site.held()], ["unreadable"])
    is_(len(site.call("dead", "list", "--json").out.splitlines()), 1)
    put_form(site)
    act(site, "held", "retry", batch)
    site.run()
    is_(site.held(), [])
    is_(site.call("dead", "list", "--json").out, "")
    site.sent_is(good)
    balanced(site)


@case
def a_conflict_and_a_duplicate_stay_what_they_are(root):
    site = Site(root, acts_help.options.program)
    first = site.drop(payroll(rows=3, seed="one"))
    site.run()
    site.drop(payroll(rows=3, seed="two"))
    site.run()
    site.drop(first)
    site.run()
    before = sorted((w["state"], w["batch"]) for w in site.held())
    is_([state for state, _ in before], ["conflict", "duplicate"])
    for _, batch in before:
        act(site, "held", "retry", batch)
    site.run()
    is_(sorted((w["state"], w["batch"]) for w in site.held()), before)
    is_(len(site.call("dead", "list", "--json").out.splitlines()), 1)
    site.sent_is(first)
    balanced(site)


@case
def a_new_file_takes_the_place_of_one_that_is_held_again(root):
    site, batch, old = held_by_the_form(root)
    act(site, "held", "retry", batch)
    site.run()
    put_form(site)
    good = site.drop(Batch(old.name, payroll(rows=5).content, payroll(rows=5).lines))
    site.run()
    is_(site.held(), [])
    site.sent_is(good)
    balanced(site)
    act_again = site.call("held", "retry", batch, "--reason", "too late")
    assert act_again.code == 5 and "act.changed" in act_again.codes, act_again


@case
def an_original_that_was_touched_or_is_gone_is_not_read(root):
    site, batch, _ = ordered(root)
    original = kept(site)[0]
    original.write_bytes(original.read_bytes().replace(b"|1\n", b"|2\n", 1))
    site.run()
    waiting = site.held()
    is_([(w["state"], w["batch"], w["reasons"][0]["code"]) for w in waiting], [("held", batch, "batch.altered")])
    is_(site.sent().total(), 0)
    act(site, "held", "retry", batch)
    original.unlink()
    site.run()
    is_(outcomes(site)[-1], ("retry", "refused", "batch.no_original"))
    is_([(w["state"], w["batch"]) for w in site.held()], [("held", batch)])
    plain = site.call("balance")
    assert "0.00" in plain.out, plain


@case
def killed_at_each_durable_step_it_goes_out_once(root):
    made = {}

    def make(folder):
        site, made["batch"], made["good"] = ordered(folder)
        return site

    def check(site):
        is_(site.held(), [])
        is_(outcomes(site), [("retry", "done", "")])
        site.sent_is(made["good"])
        balanced(site)

    killed_everywhere(root, make, check)


if __name__ == "__main__":
    sys.exit(acts_help.main(CASES))
