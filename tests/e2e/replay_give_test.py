#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Replays to a destination that came to the site later: it gets the batches that it never was offered, once, and the balance comes out.

    replay_give_test.py PROGRAM [--count LIBCOUNT] [--kills N] [CASE...]

One line a case; exit 1 when one fails.
"""
import collections
import csv
import io
import json
import sys
import time

import acts_help
from acts_help import has, is_, killed_everywhere, terms
from marks import folders
from replay_topic_test import call, raw, running, state, until_some
from small_site import SITE_FILE, Site, payroll

CASES = []
LATER = SITE_FILE.replace("routes:\n", """\
  later: {form: unit/csv, split: data.unit, gather: batch, mode: shadow, to: {file: {folder: ./out/later}}}
routes:
  - {types: [payroll.line.v1], to: later}
""")


def case(f):
    CASES.append(f)
    return f


def come_later(root, *batches):
    """A site with history, to which a destination came."""
    site = Site(root, acts_help.options.program)
    site.run()
    for b in batches or [payroll(batch=n, rows=5) for n in (1, 2)]:
        site.drop(b)
    site.run()
    folders(site.root, "out/later")
    site.write(LATER)
    site.run()
    return site


def plan(site, *more):
    r = call(site, "--topic", "payroll", "--to-destination", "later", "--reason", "rebuilt from history", *more)
    assert r.code == 0, r
    site.said = r
    return r.out.split("\n")[0].split()[1]


def made(site):
    """Lines of the files that it made in shadow."""
    ret = collections.Counter()
    for path in (site.root / "bus/shadow/later").glob("*/mx_*.csv"):
        rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
        ret.update(tuple(r) for r in rows[1:])
    return ret


def of_units(site):
    ret = collections.Counter()
    for path in (site.root / "out/units").glob("*/mx_*.csv"):
        rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
        ret.update(tuple(r) for r in rows[1:])
    return ret


def is_rebuilt(site):
    """It has what the one beside it has, once; nothing is open, all comes out, nobody was paid again."""
    is_(made(site), of_units(site))
    n = sum(of_units(site).values())
    is_({k: v for k, v in terms(site).items() if k[0] == "later"}, {("later", "taken"): n, ("later", "shadow"): n})
    assert all(times == 1 for times in site.sent().values())


@case
def it_gets_what_it_never_was_offered(root):
    site = come_later(root)
    site.drop(payroll(batch=3, rows=5))
    site.run()
    sent = site.sent()
    for words in (), ("--deep",), ("--day", "today"), ("--day", "today", "--destination", "later"), ("--close", "today"):
        is_(site.call("balance", *words).code, 0)  # what was before it was not routed to it
    id = plan(site)
    has(site.said.out, "2 batches go, with 10 lines; 1 do not", "was offered before", "into destination later")
    with running(site):
        r = call(site, "run", id)
        is_(r.code, 0)
        has(r.out, "later was given 2 batches")
    site.run()
    is_((state(site, id)[0], site.sent()), ("done", sent))
    is_rebuilt(site)
    is_(sorted(e["id"] for e in raw(site, "to.later") if not e["type"].startswith("jincai.")), sorted(e["id"] for e in raw(site, "payroll")))
    assert "replay.nothing" in call(site, "--topic", "payroll", "--to-destination", "later", "--reason", "once more").codes
    assert "replay.ended" in call(site, "run", id).codes
    site.drop(payroll(batch=4, rows=2))
    site.run()
    is_rebuilt(site)


@case
def a_batch_that_is_not_whole_stays_away(root):
    site = come_later(root, payroll(batch=1, rows=3), payroll(batch=2, rows=3, head={7: "1.00"}))
    one = raw(site, "payroll")[0]
    r = call(site, "--topic", "payroll", "--key", one["id"], "--to-destination", "later", "--reason", "x")
    assert "replay.nothing" in r.codes and "not all of it is selected" in r.err, r
    call(site, "run", plan(site))
    site.run()
    is_(sum(made(site).values()), 3)


@case
def a_plan_is_void_when_a_route_is_another(root):
    site = come_later(root)
    id = plan(site)
    site.write(LATER.replace("{types: [payroll.line.v1], to: later}", "{types: [payroll.line.v1], when: 'data.net = \"1.00\"', to: later}"))
    call(site, "run", id)
    site.run()
    is_(state(site, id)[0], "void")
    assert "replay.changed" in call(site, "run", id).codes
    is_(made(site), collections.Counter())


@case
def cancelled_half_way_it_ends_what_was_begun(root):
    site = come_later(root, *[payroll(batch=n, rows=30) for n in range(1, 4)])
    id = plan(site)
    with running(site):
        p = site.start("replay", "run", id, "--rate", "20")
        until_some(site, id)
        is_(call(site, "cancel", id).code, 0)
        site.finish(p)
        end = time.monotonic() + 20
        while state(site, id)[0] == "running" and time.monotonic() < end:
            time.sleep(0.1)
    is_(state(site, id)[0], "cancelled")
    site.run()
    n = sum(made(site).values())
    assert n in (30, 60), n
    r = json.loads(site.call("balance", "--json").out)
    is_([t for t in r["terms"] if t["destination"] == "later" and t["term"] == "pending"], [])
    call(site, "run", plan(site))
    site.run()
    is_rebuilt(site)


@case
def killed_at_each_step_it_is_as_if_done_once(root):
    def make(folder):
        site = come_later(folder)
        call(site, "run", plan(site))
        return site

    killed_everywhere(root, make, is_rebuilt)


if __name__ == "__main__":
    sys.exit(acts_help.main(CASES))
