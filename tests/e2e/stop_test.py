#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What one person stops at once, and what it takes to let it go on; parcels of which nobody knew whether they arrived.

    stop_test.py PROGRAM PUT_POSITION --count LIBCOUNT

One line a case; exit 1 when one fails.
"""
import hashlib
import json
import shutil
import subprocess
import sys

import acts_help
from acts_help import act, audit, balanced, is_, killed_everywhere, run_counted
from small_site import Site, payroll

CASES = []


def case(f):
    CASES.append(f)
    return f


def new(root):
    """A site that has run before, so that there is a bus to hand something in to."""
    site = Site(root, acts_help.options.program)
    site.run()
    return site


def outcomes(site, what):
    return [(r["flow"], r["outcome"], r["words"]) for r in audit(site) if r["act"] == what]


def batch_of(good):
    return f"payroll-a:2026-12:001:{hashlib.sha256(good.content).hexdigest()[:12]}"


@case
def a_stopped_flow_hands_nothing_over_until_it_is_let_go_on(root):
    site = new(root)
    act(site, "stop", "bank-abc")
    good = site.drop(payroll(rows=3))
    is_(site.run().code, 1)
    is_(outcomes(site, "stop"), [("bank-abc", "done", "")])
    is_(site.sent().total(), 0)
    assert site.unit_lines().total() == 3, "the others go on"
    balanced(site)
    is_(site.run().code, 1)
    is_(site.sent().total(), 0)
    act(site, "resume", "bank-abc")
    site.run()
    site.sent_is(good)
    balanced(site)


@case
def a_stopped_adapter_takes_nothing(root):
    site = new(root)
    act(site, "stop", "payroll-a")
    good = site.drop(payroll(rows=3))
    site.run()
    is_(site.taken(), [])
    act(site, "resume", "payroll-a")
    site.run()
    site.sent_is(good)


@case
def a_stopped_router_routes_nothing(root):
    site = new(root)
    act(site, "stop", "router")
    good = site.drop(payroll(rows=3))
    site.run()
    is_((site.sent().total(), site.unit_lines().total()), (0, 0))
    balanced(site)
    act(site, "resume", "router")
    site.run()
    site.sent_is(good)


@case
def a_name_that_nothing_has_stops_nothing_and_says_so(root):
    site = new(root)
    good = site.drop(payroll(rows=3))
    site.run()
    for word, want in (("bank-acb", "did you mean bank-abc?"), ("nothing", "all goes on"), ("20261205000017", "all goes on")):
        r = site.call("stop", word, "--reason", "a test", "--lang", "en")
        is_((r.code, r.codes), (2, {"stop.unknown"}))
        assert want in r.err, r
    is_(outcomes(site, "stop"), [])
    act(site, "stop", good.name)                            # a file, as its source called it
    site.run()
    is_({a["subject"] for a in audit(site) if a["act"] == "stop"}, {batch_of(good)})


@case
def a_batch_is_stopped_before_it_comes(root):
    site = new(root)
    good, other = payroll(rows=3), payroll(rows=2, batch=2)
    act(site, "stop", batch_of(good))
    site.drop(good)
    site.drop(other)
    site.run()
    is_(sorted(outcomes(site, "stop")), [("bank-abc", "done", ""), ("units", "done", "")])
    is_((site.sent().total(), site.unit_lines().total()), (2, 2))
    balanced(site)
    act(site, "resume", batch_of(good))
    site.run()
    site.sent_is(good, other)
    balanced(site)


@case
def an_event_is_stopped_and_its_batch_with_it(root):
    site = new(root)
    good = payroll(rows=3)
    path = root / good.name
    path.write_bytes(good.content)
    ids = [json.loads(line)["id"] for line in site.try_(path).out.splitlines()]
    act(site, "stop", ids[1])
    site.drop(good)
    site.run()
    is_(site.sent().total(), 0)
    act(site, "stop", batch_of(good))
    act(site, "resume", ids[1])
    site.run()
    is_(site.sent().total(), 0)
    act(site, "resume", batch_of(good))
    site.run()
    site.sent_is(good)


@case
def what_went_out_cannot_be_stopped(root):
    site = Site(root, acts_help.options.program)
    good = site.drop(payroll(rows=3))
    site.run()
    act(site, "stop", batch_of(good))
    site.run()
    is_(sorted(outcomes(site, "stop")), [("bank-abc", "refused", "act.went_out"), ("units", "refused", "act.went_out")])
    result = site.call("resume", batch_of(good), "--reason", "x")
    is_((result.code, "act.not_stopped" in result.codes), (5, True))


def order(site, flow, number, **more):
    """As somebody else than a verb would hand it in."""
    name = f"stop-{number:04d}"
    text = {"id": name, "flow": flow, "act": "stop", "subject": f"event-{number}", "by": "wang", "at": "2026-11-02T08:00:00.000Z",
            "reason": "for a test", **more}
    (site.root / "bus/acts" / f"{name}.{flow}").write_text(json.dumps(text, ensure_ascii=False), encoding="utf-8")


@case
def of_an_order_to_stop_only_who_when_and_why_is_kept(root):
    site = new(root)
    for i in range(20):
        order(site, "bank-abc", i, junk="a" * 60000, reason="因" * 1000)
    order(site, "bank-abc", 99, subject="b" * 60000)
    order(site, "bank-abc", 100, junk="a" * 60000, subject="bank-abc")
    good = site.drop(payroll(rows=3))
    is_(site.run().code, 1)
    is_({o[1:] for o in outcomes(site, "stop")}, {("done", "")})
    kept = json.loads(position(site, "bank-abc/stops"))
    is_(len(kept), 21)
    is_(sorted(kept[0]["order"]), ["at", "by", "id", "reason"])
    is_(kept[0]["order"]["reason"], "因" * 66)
    is_(sorted(json.loads(position(site, "bank-abc/acts"))["stop"]), ["at", "by", "id", "reason"])
    assert "wang" in site.call("todo").out
    act(site, "resume", "bank-abc")
    site.run()
    site.sent_is(good)


@case
def not_more_is_stopped_at_a_destination_than_its_position_holds(root):
    site = new(root)
    for i in range(201):
        order(site, "bank-abc", i)
    for i in range(8):
        order(site, "units", 300 + i, subject=f"{i}" + "b" * 60000)
    good = site.drop(payroll(rows=3))
    is_(site.run().code, 1)
    told = outcomes(site, "stop")
    is_(told.count(("bank-abc", "done", "")), 200)
    is_(told.count(("bank-abc", "refused", "act.too_many")), 1)
    is_(told.count(("units", "done", "")), 4)
    is_(told.count(("units", "refused", "act.too_many")), 4)
    site.sent_is(good)


@case
def a_stop_needs_a_reason_and_a_running_site_answers_at_once(root):
    site = Site(root, acts_help.options.program)
    site.run()
    is_(site.call("stop", "units").code, 2)
    process = site.start("run")
    try:
        for _ in range(50):
            if (root / "bus/lease").exists() and site.call("stop", "units", "--reason", "at once").code == 0:
                break
        result = site.call("stop", "units", "--reason", "again")
        is_((result.code, "act.stopped_before" in result.codes), (5, True))
        result = site.call("resume", "units", "--reason", "it was a test")
        assert result.code == 0 and "goes on" in result.out, result
    finally:
        process.terminate()
        process.communicate()


# ---- parcels of which nobody knew ----

def position(site, key, value=None):
    more = [] if value is not None else ["show"]
    return subprocess.run([acts_help.options.put_position, str(site.root / "bus"), key, *more], input=value, stdout=subprocess.PIPE,
                          check=True).stdout


@case
def what_a_destination_took_beyond_what_was_routed_is_counted_as_too_many(root):
    site = Site(root, acts_help.options.program)
    site.drop(payroll(rows=3))
    site.run()
    out = json.loads(position(site, "units/out"))
    for row in out["totals"]:
        if row[0] in ("taken", "handed_over"):
            row[3] += 2
    position(site, "units/out", json.dumps(out).encode())
    result = site.call("balance", "--json")
    is_(result.code, 1)
    is_([(r["term"], r["count"]) for r in json.loads(result.out)["terms"] if r["equation"] == "way"], [("too_many", 2)])


def unknown(root, arrived):
    """A site whose machine stopped while a parcel was handed over: its rename may have survived or not."""
    site = Site(root, acts_help.options.program)
    site.drop(payroll(rows=3))
    log = root / "steps"
    start = root.parent / (root.name + "-start")
    shutil.copytree(root, start)
    run_counted(site, {"COUNT_LOG": str(log)})
    steps = len(log.read_text().splitlines())
    # Two threads do not take turns alike each time: what one round misses the next one meets.
    for n in 5 * list(range(steps, 0, -1)):
        shutil.rmtree(root)
        shutil.copytree(start, root)
        run_counted(site, {"COUNT_KILL": str(n), "COUNT_AFTER": "0"})
        out = json.loads(position(site, "bank-abc/out") or b"{}")
        parcels = out.get("parcels", [])
        if [p["state"] for p in parcels] == ["handing"] and bool(site.sent()) == arrived:
            break
    else:
        raise AssertionError("no step between handing and done")
    shutil.rmtree(start)
    parcels[0]["boot"] = "another start of the machine"
    position(site, "bank-abc/out", json.dumps(out).encode())
    is_(site.run().code, 1)
    is_([(w["what"], w["state"]) for w in site.held()], [("parcel", "unknown")])
    return site, f"bank-abc/{parcels[0]['no']}"


def traced(site, code=0):
    """What `trace` says of a line of the parcel: (kinds of its hops at the bank, what is missing)."""
    line = payroll(rows=3).lines[1]
    result = site.call("trace", "--unit", "602001", "--amount", f"{line[2] / 100:.2f}", "--day", "2026-12-15", "--json", "--lang", "en")
    is_(result.code, code)
    t = json.loads(result.out)
    return [h["kind"] for h in t["hops"] if "bank-abc" in (h.get("destination"), h.get("flow"))], t["missing"], \
        [h["words"] for h in t["hops"] if h["kind"] == "act"]


@case
def a_parcel_that_came_is_done_and_never_sent_again(root):
    site, parcel = unknown(root, arrived=True)
    assert parcel in site.call("held", "list").out
    is_(traced(site, 1), (["routed", "planned", "handing", "unknown"], [f"whether {parcel} arrived: jincai held list"], []))
    act(site, "held", "came", parcel)
    site.run()
    is_(site.held(), [])
    site.sent_is(payroll(rows=3))
    balanced(site)
    kinds, missing, (words,) = traced(site)
    is_((kinds, missing), (["routed", "planned", "handing", "unknown", "act", "done"], []))
    assert words.startswith("bank-abc: the receiver has it, by ") and words.endswith(": a person said so"), words


@case
def a_parcel_that_never_came_is_handed_over_once_more(root):
    site, parcel = unknown(root, arrived=False)
    is_(site.sent().total(), 0)
    act(site, "held", "never", parcel)
    site.run()
    is_(site.held(), [])
    site.sent_is(payroll(rows=3))
    balanced(site)
    kinds, missing, (words,) = traced(site)
    is_((kinds, missing), (["routed", "planned", "handing", "unknown", "act", "handing", "done"], []))
    assert words.startswith("bank-abc: the receiver never got it, by "), words


@case
def a_parcel_that_somebody_took_is_not_handed_over_again(root):
    site, parcel = unknown(root, arrived=True)
    act(site, "held", "never", parcel)
    site.run()
    is_(outcomes(site, "never"), [("bank-abc", "refused", "parcel.gone")])
    is_([w["state"] for w in site.held()], ["unknown"])
    result = site.call("held", "came", "bank-abc/99", "--reason", "x")
    is_((result.code, "act.gone" in result.codes), (5, True))


@case
def what_a_destination_held_for_a_reason_of_its_own_is_judged_anew(root):
    site = new(root)
    good = payroll(rows=3)
    act(site, "stop", batch_of(good))
    site.drop(good)
    site.run()
    # As it would be with a form that could not write it: held, and counted so.
    out = json.loads(position(site, "bank-abc/out"))
    held = {**out["open"].pop(), "held": True, "why": "parcel.currencies", "args": "batch=" + batch_of(good)}
    for row in out["totals"]:
        row[0] = "stopped" if row[0] == "pending" else row[0]
    position(site, "bank-abc/held/" + batch_of(good), json.dumps(held).encode())
    position(site, "bank-abc/out", json.dumps(out).encode())
    act(site, "resume", batch_of(good))
    site.run()
    is_([(w["what"], w["destination"]) for w in site.held()], [("batch", "bank-abc")])
    act(site, "held", "retry", batch_of(good))
    site.run()
    is_(outcomes(site, "retry"), [("bank-abc", "done", "")])
    is_(site.held(), [])
    site.sent_is(good)
    balanced(site)
    result = site.call("held", "retry", batch_of(good), "--reason", "x")
    is_((result.code, "act.no_letters" in result.codes), (5, True))


# ---- killed ----

@case
def killed_while_a_batch_is_stopped_it_is_stopped_and_while_it_is_let_go_it_goes_once(root):
    good = payroll(rows=3)

    def stopping(folder):
        site = new(folder)
        act(site, "stop", batch_of(good))
        site.drop(good)
        return site

    def is_stopped(site):
        is_((site.sent().total(), site.unit_lines().total()), (0, 0))
        is_(sorted(outcomes(site, "stop")), [("bank-abc", "done", ""), ("units", "done", "")])
        balanced(site)

    def resuming(folder):
        site = stopping(folder)
        site.run()
        act(site, "resume", batch_of(good))
        return site

    def goes(site):
        is_(sorted(outcomes(site, "resume")), [("bank-abc", "done", ""), ("units", "done", "")])
        site.sent_is(good)
        balanced(site)
    killed_everywhere(root / "stop", stopping, is_stopped)
    killed_everywhere(root / "resume", resuming, goes)


@case
def killed_while_a_flow_is_let_go_on_it_goes_on_once(root):
    good = payroll(rows=3)

    def make(folder):
        site = new(folder)
        act(site, "stop", "bank-abc")
        site.drop(good)
        site.run()
        act(site, "resume", "bank-abc")
        return site

    def check(site):
        is_(outcomes(site, "resume"), [("bank-abc", "done", "")])
        site.sent_is(good)
        balanced(site)
    killed_everywhere(root, make, check)


@case
def killed_while_a_parcel_of_which_nobody_knew_is_handed_over_again_it_goes_once(root):
    def make(folder):
        site, parcel = unknown(folder, arrived=False)
        act(site, "held", "never", parcel)
        return site

    def check(site):
        is_(outcomes(site, "never"), [("bank-abc", "done", "")])
        site.sent_is(payroll(rows=3))
        balanced(site)
    killed_everywhere(root, make, check)


if __name__ == "__main__":
    sys.exit(acts_help.main(CASES, "put_position"))
