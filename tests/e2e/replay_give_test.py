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
import shutil
import sys
import time

import acts_help
from acts_help import has, is_, killed_everywhere, terms
from marks import folders
from reread_test import put_form
from replay_topic_test import SLOW, call, killed, raw, running, state, until_some
from small_site import ON_KAFKA, SITE_FILE, UNIT, Site, payroll

CASES = []
UNITS = ("602001", "602002", "602003", "602004")
LATER = SITE_FILE.replace("routes:\n", """\
  later: {form: unit/csv, split: data.unit, gather: batch, mode: shadow, to: {file: {folder: ./out/later}}}
routes:
  - {types: [payroll.line.v1], to: later}
""")


def case(f):
    CASES.append(f)
    return f


def come_later(root, *batches, partitions=1):
    """A site with history, to which a destination came."""
    more = ("bus: ", f"partitions: {partitions}\nbus: ")
    site = Site(root, acts_help.options.program, SITE_FILE.replace(*more))
    site.text = LATER.replace(*more) + "library: [./library]\n"
    folders(site.root, "library/adapters")
    site.run()
    for b in batches or [payroll(batch=n, rows=5) for n in (1, 2)]:
        site.drop(b)
    site.run()
    folders(site.root, "out/later")
    site.write(site.text)
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
    waiting = [i for i in map(json.loads, site.call("todo", "--json").out.splitlines()) if i["subject"] == f"replay:{id}"]
    is_([i["kind"] for i in waiting], ["replay-void"])
    with running(site):                    # somebody has seen it
        is_(site.call(*waiting[0]["next"][0].split()[1:]).code, 0)
    assert id not in site.call("todo", "--json").out and "replay.ended" in call(site, "cancel", id).codes


@case
def cancelled_half_way_it_ends_what_was_begun(root):
    site = come_later(root, *[payroll(batch=n, rows=30) for n in range(1, 4)])
    id = plan(site)
    with running(site):
        p = site.start("replay", "run", id, "--rate", SLOW)
        until_some(site, id)
        is_(call(site, "cancel", id).code, 0)
        site.finish(p)
        end = time.monotonic() + (120 if ON_KAFKA else 20)
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


def amid(root, rows=30):
    """Of three batches, each on several partitions, a replay stands amid one: it was killed there."""
    mixed = [payroll(batch=n, rows=rows, cells={i: {4: UNITS[i % 4]} for i in range(rows)}) for n in range(1, 4)]
    site = come_later(root, *mixed, partitions=3)
    id = plan(site, "--to", "units")       # of what the one beside it was given
    call(site, "run", id, "--rate", SLOW)
    p = site.start("run")
    end = time.monotonic() + (240 if ON_KAFKA else 40)
    while not (n := until_some(site, id)) % rows or sum(made(site).values()) < n // rows * rows:
        assert n < 3 * rows and time.monotonic() < end, n  # the whole ones are made: under another form they would be held
        time.sleep(0.05)
    p.kill()
    site.finish(p)
    name, n = state(site, id)
    assert name == "running" and 0 < n < 3 * rows and n % rows, (name, n)
    site.rows = rows
    return site, id


def is_given_up(site, id):
    """Whole batches went, of the one that was begun nothing goes; nothing waits for its end, and all comes out."""
    is_(state(site, id)[0], "void")
    given = len([e for e in raw(site, "to.later") if not e["type"].startswith("jincai.")])
    is_(sum(made(site).values()), given // site.rows * site.rows)
    assert not [x for x in made(site) - of_units(site)]
    there = given_terms(site)
    is_(there, {k: v for k, v in {"taken": given, "shadow": given // site.rows * site.rows, "stopped": given % site.rows}.items() if v})
    for words in ("--deep",), ("--day", "today", "--destination", "later"):
        r = site.call("balance", *words)
        assert r.code == 0 and "0.00" in r.out, r


def given_terms(site):
    rows = json.loads(site.call("balance", "--json").out)
    is_((rows["wrong"], rows["difference"]), (0, "0.00"))
    return {r["term"]: r["count"] for r in rows["terms"] if r["equation"] == "out" and r["destination"] == "later" and r["count"]}


def change_form(site):
    """Another column in the place of one; and as it was."""
    put_form(site, "unit/csv/lines.yaml", [("    - data.payee.account\n", "    - data.payee.name\n")])
    yield
    (site.root / "library/adapters/unit/csv/lines.yaml").unlink()


def change_route(site):
    site.write(site.text.replace("{types: [payroll.line.v1], to: later}",
                                 "{types: [payroll.line.v1], when: 'data.net = \"1.00\"', to: later}"))
    yield
    site.write(site.text)


def without(name):
    def take_away(site):
        rows = site.text.splitlines(True)
        site.write("".join(row for row in rows if not row.startswith(f"  {name}:") and f"to: {name}}}" not in row))
        yield
        site.write(site.text)
    return take_away


@case
def what_it_was_amid_is_given_up_when_it_becomes_void(root):
    waiting = None
    for n, change in enumerate((change_route, change_form, without("later"), without("units"))):
        if ON_KAFKA or not waiting:
            site, id = amid(root / str(n))
        if not ON_KAFKA:                   # one history for all of them
            waiting = waiting or shutil.copytree(site.root, root / "waiting")
            site.root = shutil.copytree(waiting, root / str(n), dirs_exist_ok=True)
        for _ in change(site):
            is_(site.run().code, 0)
            is_(state(site, id)[0], "void")
        site.run()
        is_given_up(site, id)


@case
def a_paused_one_whose_destination_is_gone_is_given_up_when_it_is_cancelled(root):
    site, id = amid(root)
    call(site, "pause", id)
    for _ in without("later")(site):
        site.run()
        is_(state(site, id)[0], "paused")
        assert "act.changed" in call(site, "run", id).codes or site.run() and state(site, id)[0] == "paused"
        call(site, "cancel", id)
        is_(site.run().code, 0)
        is_(state(site, id)[0], "void")
    site.run()
    is_given_up(site, id)


@case
def killed_at_each_step_of_becoming_void_nothing_stays_half(root):
    """The reason is there in the first life, and no more in the second."""
    def make(folder):
        site, site.id = amid(folder, rows=18)
        site.changed = change_form(site)
        next(site.changed)
        return site

    def check(site):
        list(site.changed)
        site.run()
        is_given_up(site, site.id)
        site.changed = change_form(site)

    killed_everywhere(root, make, check)


def comes_out(site):
    for words in (), ("--deep",), ("--day", "today"), ("--close", "today"):
        r = site.call("balance", *words)
        assert r.code == 0, (words, r)


def taken_out(site, *batches):
    """The site runs without it; batches come meanwhile."""
    next(without("later")(site))
    for b in batches:
        site.drop(b)
    site.run()


def put_back(site, *batches, form="unit/csv"):
    site.write(site.text.replace("later: {form: unit/csv", f"later: {{form: {form}"))
    site.run()
    comes_out(site)
    for b in batches:
        site.drop(b)
    site.run()
    comes_out(site)


@case
def what_passed_while_it_was_out_is_given_when_it_is_back(root):
    site = come_later(root)
    site.drop(payroll(batch=3, rows=5))
    site.run()
    call(site, "run", plan(site))
    site.run()
    is_rebuilt(site)
    taken_out(site, payroll(batch=4, rows=7), payroll(batch=5, rows=2))
    is_([site.call("balance", *words).code for words in ((), ("--day", "today"))], [0, 0])
    put_back(site, payroll(batch=6, rows=1))
    id = plan(site)
    has(site.said.out, "2 batches go, with 9 lines; 4 do not", "was offered before")
    call(site, "run", id)
    site.run()
    is_(state(site, id)[0], "done")
    is_rebuilt(site)
    comes_out(site)
    assert "replay.nothing" in call(site, "--topic", "payroll", "--to-destination", "later", "--reason", "once more").codes


@case
def out_and_in_twice_it_gets_what_passed_both_times_once(root):
    site = come_later(root)
    taken_out(site, payroll(batch=3, rows=3))
    put_back(site, payroll(batch=4, rows=4))
    taken_out(site, payroll(batch=5, rows=5))
    put_back(site)
    taken_out(site)                                         # nothing passes
    put_back(site, payroll(batch=6, rows=6))
    id = plan(site)
    has(site.said.out, "4 batches go, with 18 lines; 2 do not")
    call(site, "run", id)
    site.run()
    is_rebuilt(site)
    comes_out(site)


def until_open(site, n):
    """So many lines wait at it."""
    end = time.monotonic() + (120 if ON_KAFKA else 20)
    while time.monotonic() < end:
        rows = json.loads(site.call("balance", "--json").out)["terms"]
        if [t["count"] for t in rows if (t["destination"], t["term"]) == ("later", "pending")] == [n]:
            return
        time.sleep(0.1)
    raise AssertionError(rows)


@case
def taken_out_while_parcels_of_it_are_open_it_goes_on_with_them(root):
    site = come_later(root)
    (site.root / "bus/shadow/later").mkdir(parents=True, exist_ok=True)
    in_its_way = site.root / "bus/shadow/later" / UNIT
    in_its_way.write_bytes(b"a file where it needs a folder")
    site.drop(payroll(batch=3, rows=5))
    with site.start("run") as p:
        until_open(site, 5)
        p.terminate()
    day = json.loads(site.call("balance", "--json").out)
    is_([t["count"] for t in day["terms"] if (t["destination"], t["term"]) == ("later", "pending")], [5])
    in_its_way.unlink()
    taken_out(site, payroll(batch=4, rows=7))
    put_back(site)
    call(site, "run", plan(site))
    site.run()
    is_rebuilt(site)
    comes_out(site)


@case
def put_back_under_another_form_what_waited_is_held_and_the_rest_goes_on(root):
    site = come_later(root)
    site.write(site.text.replace("mode: shadow", "mode: off"))
    site.drop(payroll(batch=3, rows=5))
    site.run()
    taken_out(site, payroll(batch=4, rows=7))
    put_form(site, "unit/csv/lines.yaml", [("    - data.unit\n    - data.month\n", "    - data.month\n    - data.unit\n")])
    (site.root / "library/adapters/unit/csv").rename(site.root / "library/adapters/unit/other")
    put_back(site, payroll(batch=5, rows=2), form="unit/other")
    id = plan(site)
    call(site, "run", id)
    site.run()
    is_(state(site, id)[0], "done")
    comes_out(site)
    rows = {k: v for k, v in terms(site).items() if k[0] == "later"}
    is_(rows, {("later", "taken"): 24, ("later", "shadow"): 19, ("later", "stopped"): 5})


@case
def killed_at_each_step_it_is_as_if_done_once(root):
    def make(folder):
        site = come_later(folder)
        call(site, "run", plan(site))
        return site

    killed_everywhere(root, make, is_rebuilt)


@case
def killed_at_any_moment_it_is_as_if_done_once(root):
    """100 times, or --kills; not when it has to be quick."""
    kills = acts_help.options.kills or 100
    if kills < 20:
        return
    site = come_later(root, *[payroll(batch=n, rows=20 * kills) for n in range(1, 6)])
    id = plan(site)
    killed(site, id, kills, 100 * kills)
    is_(state(site, id), ("done", 100 * kills))
    site.run()
    is_rebuilt(site)


if __name__ == "__main__":
    sys.exit(acts_help.main(CASES))
