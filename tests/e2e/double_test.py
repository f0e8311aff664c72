#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Suspected doubles: the same payee account, amount, unit and purpose under another id within some days.

    double_test.py PROGRAM [--count LIBCOUNT [--kills N]] [CASE ...]

One line a case; exit 1 when one fails.
"""
import json
import shutil
import sys

import acts_help
from acts_help import act, balanced, is_, killed_everywhere
from people import PRODUCTION, PeopleSite
from small_site import SITE_FILE, Batch, Site, payroll

CASES = []

ORDERS = """\
site: {name: yakeshi, kind: test, division: "150782", unit: "602001", keys: ./keys}
bus: embedded:./bus
adapters:
  orders: {form: payment/front/orders, start: 2026-11-01, from: {file: {folder: ./in/payroll}}}
destinations:
  archive: {form: %s, split: data.unit, gather: batch, mode: live, to: {file: {folder: ./out/units}}}
routes:
  - {types: [payment.order.issued.v1], to: archive}
"""


def case(f):
    CASES.append(f)
    return f


def people(batch, day="202612", rows=4, **more):
    """The same people with the same pay, under the number of another batch."""
    return payroll(month=day[:6], batch=batch, rows=rows, seed="the same people", **more)


def reasons(waiting):
    return [r["code"] for r in waiting["reasons"]]


def only_suspected(site, lines):
    waiting = site.held()
    is_([(w["state"], reasons(w)) for w in waiting], [("held", ["batch.suspected"])])
    shown = site.call("held", "show", waiting[0]["batch"]).out
    is_(shown.count("疑似重复") + shown.count("suspected double"), lines)
    return waiting[0]["batch"], shown


@case
def a_batch_whose_payments_were_made_under_another_number_is_held(root):
    site = Site(root, acts_help.options.program)
    first = site.drop(people(1))
    site.run()
    site.sent_is(first)
    site.drop(people(2))
    site.run()
    batch, shown = only_suspected(site, 4)
    assert "payroll.line:150782:602001:2026-12:001:" in shown and "2026-12-15" in shown, shown
    site.sent_is(first)


@case
def days_are_those_of_business_and_the_seventh_is_within(root):
    for day, held in (("20261222", True), ("20261208", True), ("20261223", False), ("20261207", False)):
        site = Site(root / day, acts_help.options.program)
        first = site.drop(people(1))
        site.run()
        second = site.drop(people(2, head={2: day}))
        site.run()
        is_([w["state"] for w in site.held()], ["held"] if held else [])
        site.sent_is(*([first] if held else [first, second]))


@case
def months_that_touch_are_looked_through(root):
    site = Site(root, acts_help.options.program, SITE_FILE.replace("adapters:", "double: {days: 60}\nadapters:"))
    site.drop(people(1, head={2: "20261101"}))
    site.run()
    site.drop(people(2, head={2: "20261231"}))
    site.run()
    only_suspected(site, 4)


@case
def no_days_suspect_nothing(root):
    site = Site(root, acts_help.options.program, SITE_FILE.replace("adapters:", "double: {days: 0}\nadapters:"))
    first, second = site.drop(people(1)), None
    site.run()
    second = site.drop(people(2))
    site.run()
    is_(site.held(), [])
    site.sent_is(first, second)


@case
def other_accounts_amounts_and_units_are_other_payments(root):
    for what, cells in (("account", {3: "6222020600000000023"}), ("amount", {2: "77.77"})):
        site = Site(root / what, acts_help.options.program)
        site.drop(people(1))
        site.run()
        second = people(2)
        lines = second.content.decode("gb18030").splitlines()
        amounts = []
        for i, line in enumerate(lines[1:], 1):
            row = line.split("|")
            for at, text in cells.items():
                row[at] = text if at == 3 else f"{i}.77"
            row[6] = row[6]
            amounts.append(round(float(row[2]) * 100))
            lines[i] = "|".join(row)
        head = lines[0].split("|")
        head[7] = f"{sum(amounts) // 100}.{sum(amounts) % 100:02}"
        # One account for all: amounts differ, so these are no twins of each other.
        lines[0] = "|".join(head)
        site.drop(Batch(second.name, ("\n".join(lines) + "\n").encode("gb18030"), []))
        site.run()
        is_(site.held(), [])


@case
def two_lines_of_one_file_that_are_alike_hold_it(root):
    site = Site(root, acts_help.options.program)
    batch = people(1)
    lines = batch.content.decode("gb18030").splitlines()
    again = lines[1].split("|")
    again[0], again[7] = "0999999999", "2"          # another agent's number, the second time that day
    lines.append("|".join(again))
    head = lines[0].split("|")
    total = sum(line[2] for line in batch.lines) + batch.lines[0][2]
    head[6], head[7] = "5", f"{total // 100}.{total % 100:02}"
    lines[0] = "|".join(head)
    site.drop(Batch(batch.name, ("\n".join(lines) + "\n").encode("gb18030"), []))
    site.run()
    batchid, shown = only_suspected(site, 1)
    assert "本文件第 2 行" in shown or "line 2 of the same file" in shown, shown
    is_(site.sent(), {})


@case
def what_comes_at_the_same_moment_through_two_adapters_is_found(root):
    text = SITE_FILE.replace("  lambeth:", "  payroll-b: {form: payroll/pipe, start: 2026-11-01, from: {file: {folder: ./in/b}}}\n  lambeth:")
    for turn in range(5):
        site = Site(root / str(turn), acts_help.options.program, text)
        (site.root / "in/b").mkdir()
        shutil.copytree(site.payroll, site.root / "in/b", dirs_exist_ok=True)
        site.drop(people(1, rows=300))
        site.drop(people(2, rows=300), folder="in/b")
        site.run()
        waiting = site.held()
        assert len(waiting) in (1, 2) and all(reasons(w) == ["batch.suspected"] for w in waiting), waiting
        is_(sum(site.sent().values()), 300 * (2 - len(waiting)))


@case
def what_was_held_was_never_paid(root):
    """A repaired file takes the place of a held one; a returned one comes again under another number; both go out."""
    site = Site(root, acts_help.options.program)
    good = people(1)
    wrong = f"{sum(line[2] for line in good.lines) + 1:03}"
    site.drop(people(1, head={7: wrong[:-2] + "." + wrong[-2:]}))
    site.run()
    is_([reasons(w) for w in site.held()], [["batch.sum"]])
    site.drop(good)
    site.run()
    is_(site.held(), [])
    site.sent_is(good)


@case
def the_same_file_again_is_a_duplicate(root):
    site = Site(root, acts_help.options.program)
    site.drop(people(1))
    site.run()
    site.drop(people(1))
    site.run()
    is_([(w["state"], reasons(w)) for w in site.held()], [("duplicate", ["batch.duplicate"])])


def order(number, amount="1234.50", account="6222020600000000015"):
    return (f"1507000001,150700101,,602001,呼伦贝尔市某单位,{account},1,2130101,50201,,1,{amount},{number:08},王珅,"
            "103196000015,办公费")


def orders(day, batch, *rows):
    return Batch(f"{day}{batch:02}170.txt", ("\n".join(rows) + "\n").encode("gb18030"), [])


@case
def vouchers_go_out_and_are_listed(root):
    site = Site(root, acts_help.options.program, ORDERS.replace("%s", "unit/csv"))
    site.drop(orders("20261201", 1, order(1), order(2, "7.00")), marker=False)
    site.run()
    is_(site.held(), [])
    site.drop(orders("20261203", 1, order(3), order(4, "8.00"), order(5)), marker=False)
    result = site.run()
    waiting = site.held()
    is_([(w["state"], reasons(w)) for w in waiting], [("published", ["batch.suspected"])])
    is_(result.code, 1)
    is_(site.run().code, 1)                         # it waits on, whoever starts
    batch = waiting[0]["batch"]
    shown = site.call("held", "show", batch).out
    assert shown.count("1234.50") >= 2 and "2026-12-01" in shown, shown
    result = site.call("held", "seen", batch, "--reason", "two invoices")
    site.run()
    is_(site.held(), [])
    is_(site.run().code, 0)


def decide(site, *words):
    act(site, "held", *words)
    site.run()


@case
def a_confirmed_batch_is_judged_again_and_goes_whole(root):
    site = Site(root, acts_help.options.program)
    first = site.drop(people(1))
    site.run()
    second = site.drop(people(2))
    site.run()
    batch, _ = only_suspected(site, 4)
    decide(site, "retry", batch)                       # another reading alone changes nothing
    only_suspected(site, 4)
    decide(site, "confirm", batch)
    is_(site.held(), [])
    site.sent_is(first, second)
    assert site.call("balance", "--deep").out.count("0.00"), "no balance"
    refused = site.call("held", "confirm", batch, "--reason", "once more")
    assert "act.not_suspected" in refused.codes, refused


@case
def it_takes_two_people(root):
    site = PeopleSite(root, acts_help.options.program, PRODUCTION.replace("name: yakeshi,", "name: yakeshi, kind: test,"))
    first = site.drop(people(1))
    site.run()
    second = site.drop(people(2))
    site.run()
    batch, _ = only_suspected(site, 4)
    decide(site, "confirm", batch)
    waiting = site.proposed()
    is_(len(waiting), 1)
    only_suspected(site, 4)
    site.approve(waiting[0]["act"])
    is_(site.held(), [])
    site.sent_is(first, second)


@case
def what_was_confirmed_is_that_set_of_doubles_and_no_other(root):
    """What is published after the file was judged is nearer by day: those who confirmed have not seen it."""
    site = Site(root, acts_help.options.program)
    first = site.drop(people(1))
    site.run()
    second = site.drop(people(2, head={2: "20261220"}))
    site.run()
    batch, _ = only_suspected(site, 4)
    third = site.drop(people(3, head={2: "20261223"}))
    site.run()
    site.sent_is(first, third)
    decide(site, "confirm", batch)
    only_suspected(site, 4)
    site.sent_is(first, third)
    decide(site, "confirm", batch)
    is_(site.held(), [])
    site.sent_is(first, second, third)


@case
def a_confirmation_that_is_killed_at_any_durable_step_is_done_once(root):
    def make(folder):
        site = Site(folder, acts_help.options.program)
        for batch in (1, 2):
            site.drop(people(batch))
            site.run()
        batch, _ = only_suspected(site, 4)
        act(site, "held", "confirm", batch)
        return site

    def check(site):
        is_(site.held(), [])
        site.sent_is(people(1), people(2))
        balanced(site)
    killed_everywhere(root, make, check)


# ---- most of a file, or many in a row ----

@case
def a_file_that_is_mostly_dead_is_held_and_its_adapter_stops(root):
    site = Site(root, acts_help.options.program, ORDERS.replace("%s", "unit/csv"))
    bad = [order(i, amount="x") for i in range(1, 26)]
    site.drop(orders("20261201", 1, *bad, *(order(i, f"{i}.00") for i in range(50, 60))), marker=False)
    site.run()
    is_([(w["state"], reasons(w)[0], len(reasons(w))) for w in site.held()], [("held", "batch.mostly_dead", 2)])
    is_(site.call("dead", "list").code, 0)
    site.drop(orders("20261202", 1, order(70, "70.00")), marker=False)
    site.run()
    is_(sum(site.unit_rows().values()), 0)          # it stands
    site.call("resume", "orders", "--reason", "the form was mended")
    site.run()
    is_(sum(site.unit_rows().values()), 1)
    is_([w["state"] for w in site.held()], ["held"])


@case
def a_few_dead_records_are_dead_letters_as_ever(root):
    site = Site(root, acts_help.options.program, ORDERS.replace("%s", "unit/csv"))
    bad = [order(i, amount="x") for i in range(1, 20)]
    site.drop(orders("20261201", 1, *bad), marker=False)
    site.run()
    is_(site.held(), [])
    is_(len(site.call("dead", "list", "--json").out.splitlines()), 19)


@case
def the_router_stops_itself_in_front_of_what_it_cannot_route(root):
    text = ORDERS.replace("%s", "unit/csv").replace("types: [payment.order.issued.v1], to",
                                                    "types: [payment.order.issued.v1], when: 'data.amount = \"1.00\"', to")
    site = Site(root, acts_help.options.program, text)
    site.drop(orders("20261201", 1, *(order(i, f"{i + 1}.00") for i in range(1, 150))), marker=False)
    site.run()
    stopped = [json.loads(line) for line in site.call("todo", "--json").out.splitlines()]
    assert any(i["kind"] == "stopped" and "route.mass" in json.dumps(i) for i in stopped), stopped
    is_(site.call("dead", "list").code, 0)
    is_(sum(site.unit_rows().values()), 0)
    site.run()
    is_(site.call("dead", "list").code, 0)
    site.write(ORDERS.replace("%s", "unit/csv"))
    site.call("resume", "router", "--reason", "the route was mended")
    site.run()
    is_(sum(site.unit_rows().values()), 149)
    is_(site.call("dead", "list").code, 0)


@case
def a_router_that_a_person_lets_go_on_has_no_limit(root):
    text = ORDERS.replace("%s", "unit/csv").replace("types: [payment.order.issued.v1], to",
                                                    "types: [payment.order.issued.v1], when: 'data.amount = \"1.00\"', to")
    site = Site(root, acts_help.options.program, text)
    site.drop(orders("20261201", 1, *(order(i, f"{i + 1}.00") for i in range(1, 150))), marker=False)
    site.run()
    site.call("resume", "router", "--reason", "let them die")
    site.run()
    is_(len(site.call("dead", "list", "--json").out.splitlines()), 149)


if __name__ == "__main__":
    sys.exit(acts_help.main(CASES))
