#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a day and a batch came to, and closing the accounts of a day.

    closing_test.py PROGRAM TAMPER [--count LIBCOUNT] [CASE...]

One line a case; exit 1 when one fails.
"""
import contextlib
import datetime
import json
import os
import subprocess
import sys

import acts_help
from acts_help import act, has, is_, killed_everywhere, recorded
from adapter_letters_test import with_a_letter
from people import PeopleSite
from small_site import Site, embedded_only, payroll

CASES = []
DAY = datetime.timedelta(days=1)


def case(f):
    CASES.append(f)
    return f


def now():
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=8)).date()


TODAY = now()


def small(root):
    return Site(root, acts_help.options.program)


def terms(site, *words):
    r = site.call("balance", *words, "--json")
    rows = json.loads(r.out)
    assert r.code == 0 and rows["wrong"] == 0, r
    return {(x["destination"], x["term"]): x["count"] for x in rows["terms"] if x["equation"] != "way"}


@contextlib.contextmanager
def days_later(n):
    """The clock of all that is started in there is so many days ahead."""
    env = {"LD_PRELOAD": acts_help.options.count, "COUNT_CLOCK": str(n * 86400)}
    os.environ.update(env)
    try:
        yield (TODAY + n * DAY).isoformat()
    finally:
        for name in env:
            del os.environ[name]


def close(site, day=None):
    """Of a test site that names nobody: one person is enough."""
    day = day or TODAY.isoformat()
    act(site, "balance", "--close", day)
    site.run()
    return [a for a in recorded(site) if a["act"] == "close"][-1]


def refused(site, *words, code):
    r = site.call("balance", *words, "--lang", "en")
    assert r.code != 0 and code in r.codes, r
    return r.err


@case
def a_day_and_a_batch_and_a_flow_say_what_they_came_to(root):
    site = small(root)
    site.drop(payroll(batch=1, rows=5))
    site.drop(payroll(batch=2, rows=7))
    site.drop(payroll(batch=3, rows=3, bank="999"))         # held: an unknown bank
    site.run()
    day = terms(site, "--day", "today")
    is_((day["", "read"], day["", "published"], day["bank-abc", "handed_over"]), (12, 12, 12))
    assert ("", "held") not in day, "what has not ended has no day"
    batch = next(a for a in site.call("balance", "--day", "today").out.split() if True)
    held, = site.held()
    is_(terms(site, "--batch", held["batch"]), {("", "read"): 3, ("", "held"): 3})
    flow = terms(site, "--day", "today", "--flow", "bank-abc")
    is_(flow, {("bank-abc", "taken"): 12, ("bank-abc", "handed_over"): 12})
    to = terms(site, "--destination", "units")
    is_({d for d, _ in to}, {"units"})
    has(site.call("balance", "--day", "today", "--lang", "en").out,
        f"open {held['batch']}  since {TODAY.isoformat()}, 0 days  not ended yet  held 3 records CNY", "records", "plus", "minus")
    refused(site, "--flow", "bank-acb", code="balance.name")
    has(refused(site, "--destination", "unit", code="balance.name"), "did you mean units?")
    is_(terms(site, "--flow", "payroll-a")["", "held"], 3)
    name = held["file"]
    is_(terms(site, "--batch", name), {("", "read"): 3, ("", "held"): 3})
    has(site.call("held", "show", name, "--lang", "en").err, held["batch"])
    site.drop(payroll(batch=1, rows=5))                     # the same once more
    site.run()
    has(refused(site, "--batch", next(x for x in site.held() if x["state"] == "duplicate")["file"], code="batch.which"),
        "a duplicate", "published")
    refused(site, "--deep", "--day", "today", code="usage")
    refused(site, "--batch", "payroll-a:none", code="balance.batch")
    refused(site, "--day", "sometimes", code="balance.day")


@case
def a_day_is_closed_once_and_says_what_it_was(root):
    site = small(root)
    site.drop(payroll(batch=1, rows=5))
    site.run()
    r = site.call("balance", "--close", "today", "--lang", "en")
    has(r.err, "nothing was closed")
    is_(close(site)["outcome"], "done")
    closed = site.call("balance", "--day", "today", "--lang", "en")
    has(closed.out, "closed by act", "handed_over")
    has(refused(site, "--close", "today", "--reason", "again", code="close.again"), "nothing was changed")
    refused(site, "--close", (TODAY - DAY).isoformat(), "--reason", "before", code="close.again")
    before = terms(site, "--day", "today")
    site.drop(payroll(batch=2, rows=7))                     # ends on a day that is closed
    site.run()
    is_(terms(site, "--day", "today"), before)
    is_(site.call("balance", "--deep").code, 0)


@case
def what_cannot_be_closed_is_refused_and_said(root):
    site = small(root)
    site.drop(payroll(batch=1, rows=5))
    site.run()
    refused(site, "--close", (TODAY + DAY).isoformat(), "--reason", "soon", code="close.future")
    refused(site, "--close", "soon", "--reason", "soon", code="balance.day")
    refused(site, "--close", "2026-12", "--reason", "a month", code="balance.day")
    assert not [a for a in recorded(site) if a["act"] == "close"]


@case
def what_is_open_is_carried_forward_and_a_late_fact_has_its_own_date_killed(root):
    site = small(root)
    site.drop(payroll(batch=1, rows=5))
    site.drop(payroll(batch=2, rows=3, bank="999"))
    site.run()
    held, = site.held()
    close(site)
    site.drop(payroll(batch=3, rows=7))                     # late: its day is closed
    site.run()
    with days_later(1) as tomorrow:
        site.drop(payroll(batch=4, rows=2))
        site.run()
        act(site, "held", "return", held["batch"])
        site.run()
        refused(site, "--close", (TODAY + 2 * DAY).isoformat(), "--reason", "soon", code="close.future")
    with days_later(2) as later:
        site.drop(payroll(batch=5, rows=1))
        site.run()
        has(refused(site, "--close", later, "--reason", "later", code="close.before"), tomorrow)
        out = site.call("balance", "--close", tomorrow, "--lang", "en").out
        has(out, f"late for {TODAY.isoformat()}: +", "+published 7 records CNY")
        assert held["batch"] not in out, "it is settled"
        is_(close(site, tomorrow)["outcome"], "done")
        day = terms(site, "--day", tomorrow)
        is_((day["", "read"], day["", "published"], day["", "returned"]), (5, 2, 3))
        is_(close(site, later)["outcome"], "done")
        is_(terms(site, "--day", later)["", "read"], 1)
        site.drop(payroll(batch=6, rows=2, bank="999"))
        site.run()
    with days_later(5) as much_later:
        has(site.call("balance", "--close", much_later, "--lang", "en").out, f"since {later}, 3 days  not ended yet  held 2 records")
        is_(site.call("balance", "--deep").code, 0)


@case
def what_comes_after_a_day_is_none_of_its_business(root):
    site = small(root)
    site.drop(payroll(batch=1, rows=5))
    site.run()
    with days_later(1):
        before = site.call("balance", "--close", TODAY.isoformat()).out
        site.drop(payroll(batch=2, rows=3, bank="999"))
        site.run()
        is_(len(site.held()), 1)
        is_(site.call("balance", "--close", TODAY.isoformat()).out, before)


@case
def what_changes_of_a_closed_day_stands_in_the_next_one_with_its_own_date_killed(root):
    site, number = with_a_letter(root)
    has(site.call("balance", "--day", "today", "--lang", "en").out, "dead 1 records")
    close(site)
    closed = terms(site, "--day", "today")
    act(site, "dead", "return", str(number))
    site.run()
    is_(terms(site, "--day", "today"), closed)
    with days_later(1) as tomorrow:
        site.drop(payroll(batch=4, rows=2))
        site.run()
        out = site.call("balance", "--close", tomorrow, "--lang", "en").out
        late, = [line for line in out.splitlines() if line.startswith("late for ")]
        has(late, f"late for {TODAY.isoformat()}: +returned 1 records", "-dead 1 records")
        assert "\nopen " not in out, out
        is_(close(site, tomorrow)["outcome"], "done")
        is_(terms(site, "--day", tomorrow)["", "read"], 2)
        has(site.call("balance", "--day", tomorrow, "--lang", "en").out, late)
        is_(site.call("balance", "--deep").code, 0)


@case
def kinds_of_money_are_never_added_to_each_other(root):
    subprocess.run([acts_help.options.program, "demo", "--dir", str(root / "demo")], stdout=subprocess.DEVNULL, check=True)

    def rows(*words):
        out = subprocess.run([acts_help.options.program, "balance", *words, "--json", "-c", str(root / "demo/jincai.yaml")],
                             stdout=subprocess.PIPE, check=True).stdout
        return {(r["equation"], r["destination"], r["term"], r["currency"], r.get("money", "")): (r["count"], r["plus"], r["minus"])
                for r in json.loads(out)["terms"]}

    day, all = rows("--day", "today"), rows()
    is_({key[4] for key in day if key[2] == "published"}, {"", "back", "book", "order"})
    # All batches ended today; what has not ended belongs to no day, and is in the first equation alone.
    is_({k: v for k, v in day.items() if k[0] != "in"}, {k: v for k, v in all.items() if k[0] != "in"})
    for money in ("back", "book"):
        is_({k: v for k, v in day.items() if k[4] == money}, {k: v for k, v in all.items() if k[4] == money})
    assert day["in", "", "read", "CNY", ""][0] < all["in", "", "read", "CNY", ""][0], "some are held"


@case
def two_people_close_a_day_and_what_changed_since_voids_it(root):
    site = PeopleSite(root, acts_help.options.program)
    site.run()
    site.drop(payroll(batch=1, rows=5))
    site.run()
    act(site, "balance", "--close", "today")
    site.run()
    one, = site.proposed()
    is_(one["what"] if "what" in one else "close", "close")
    site.drop(payroll(batch=2, rows=7))                     # the day is another one now
    site.run()
    site.approve(one["act"])
    last = [a for a in recorded(site) if a["act"] == "close"][-1]
    is_((last["outcome"], last["words"]), ("refused", "act.changed"))
    act(site, "balance", "--close", "today")
    site.run()
    one, = site.proposed()
    site.approve(one["act"])
    last = [a for a in recorded(site) if a["act"] == "close"][-1]
    is_(last["outcome"], "done")
    has(site.call("balance", "--day", "today", "--lang", "en").out, "closed by act")


@case
def an_order_that_says_something_else_is_refused(root):
    site = PeopleSite(root, acts_help.options.program)
    site.run()
    site.drop(payroll(batch=1, rows=5))
    site.run()
    id = site.hand_in("site", "close", TODAY.isoformat(), digest="0" * 64, shows={"what": ["nothing is open"], "sums": []})
    site.run()
    is_(site.outcomes()[id], ("refused", "act.changed"))


@case
@embedded_only
def what_the_index_of_the_journal_lacks_is_found_by_deep(root):
    site = small(root)
    site.drop(payroll(batch=1, rows=5))
    site.drop(payroll(batch=2, rows=3, bank="999"))         # held
    site.run()
    is_(site.call("balance", "--deep").code, 0)
    held, = site.held()
    subprocess.run([acts_help.options.tamper, str(site.root / "bus"), "unindex", held["batch"]], check=True)
    r = site.call("balance", "--deep", "--lang", "en")
    is_(r.code, 1)
    has(r.out, "payroll-a: of 3 postings on the journal the index has 2")


def unmark(site, *keys):
    """As a program writes positions that keeps no journal."""
    for key in keys or ("payroll-a/in", "router/jincai.payroll/0", "bank-abc/out", "units/out"):
        subprocess.run([acts_help.options.tamper, str(site.root / "bus"), "position", key, ',"journal":true', ""], check=True)


def as_before(site):
    """As a program left the store that kept no journal."""
    subprocess.run([acts_help.options.tamper, str(site.root / "bus"), "forget", "jincai.journal"], check=True)
    unmark(site)


@case
@embedded_only
def what_a_program_without_a_journal_left_in_between_stands_on_it_once(root):
    site = small(root)
    site.drop(payroll(batch=1, rows=5))
    site.drop(payroll(batch=2, rows=3, bank="999"))         # held
    site.run()
    unmark(site)
    site.drop(payroll(batch=3, rows=7))
    for _ in range(2):
        site.run()
        is_(site.call("balance", "--deep").code, 0)
    is_(terms(site, "--day", "today")["", "read"], 12)                # the held one has no day yet
    unmark(site, "router/jincai.payroll/0")
    site.drop(payroll(batch=4, rows=2))
    site.run()
    is_(site.call("balance", "--deep").code, 0)


@case
@embedded_only
def what_was_counted_before_opens_the_journal_and_has_no_day_killed(root):
    def make(folder):
        site = small(folder)
        site.drop(payroll(batch=1, rows=5))
        site.drop(payroll(batch=2, rows=3, bank="999"))     # held
        site.run()
        as_before(site)
        is_(site.call("balance", "--deep").code, 0)         # nothing has run since: the positions are believed
        site.waits = site.held()[0]["batch"]
        site.drop(payroll(batch=3, rows=7))
        return site

    def check(site):
        is_(site.call("balance", "--deep").code, 0)
        is_(terms(site, "--day", "today")["", "read"], 7)

    killed_everywhere(root, make, check)
    site = make(root / "goes on")
    site.run()
    act(site, "held", "return", site.waits)
    site.run()
    check(site)
    refused(site, "--batch", site.waits, code="balance.before")
    is_(terms(site, "--flow", "payroll-a")["", "returned"], 3)
    is_(close(site)["outcome"], "done")
    assert site.waits not in site.call("balance", "--day", "today").out
    with days_later(1) as tomorrow:
        site.drop(payroll(batch=4, rows=2))
        site.run()
        is_(close(site, tomorrow)["outcome"], "done")
        is_(site.call("balance", "--deep").code, 0)


@case
def killed_at_each_step_a_day_is_closed_once(root):
    def make(folder):
        site = small(folder)
        site.drop(payroll(batch=1, rows=5))
        site.drop(payroll(batch=2, rows=3, bank="999"))
        site.run()
        act(site, "balance", "--close", "today")
        return site

    def check(site):
        closed = [a for a in recorded(site) if a["act"] == "close"]
        is_([a["outcome"] for a in closed], ["done"])
        has(site.call("balance", "--day", "today", "--lang", "en").out, "closed by act", "difference 0.00", "held 3 records")

    killed_everywhere(root, make, check)


if __name__ == "__main__":
    sys.exit(acts_help.main(CASES, "tamper"))
