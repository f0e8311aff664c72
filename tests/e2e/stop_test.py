#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What one person stops at once, and what it takes to let it go on; parcels of which nobody knew whether they arrived.

    stop_test.py PROGRAM PUT_POSITION --count LIBCOUNT

One line a case; exit 1 when one fails.
"""
import argparse
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import traceback

from small_site import Site, payroll

CASES = []
options = None


def case(f):
    CASES.append(f)
    return f


def is_(got, want):
    assert got == want, f"want {want!r}\ngot  {got!r}"


def new(root):
    """A site that has run before, so that there is a bus to hand something in to."""
    site = Site(root, options.program)
    site.run()
    return site


def ask(site, *words, want=1):
    """Hands it in; nobody runs the site, so it waits. The next run executes it."""
    result = site.call(*words, "--reason", "a person said so")
    is_((result.code, "act.waits" in result.codes), (want, True))
    return result


def outcomes(site, what):
    rows = [json.loads(line) for line in site.call("audit", "list", "--json").out.splitlines()]
    return [(r["flow"], r["outcome"], r["words"]) for r in rows if r["act"] == what]


def batch_of(good):
    return f"payroll-a:2026-12:001:{hashlib.sha256(good.content).hexdigest()[:12]}"


def balanced(site):
    for verb in (["balance"], ["balance", "--deep"]):
        result = site.call(*verb)
        assert result.code in (0, 1) and not [c for c in result.codes if c.startswith("balance")], result


@case
def a_stopped_flow_hands_nothing_over_until_it_is_let_go_on(root):
    site = new(root)
    ask(site, "stop", "bank-abc")
    good = site.drop(payroll(rows=3))
    is_(site.run().code, 1)
    is_(outcomes(site, "stop"), [("bank-abc", "done", "")])
    is_(site.sent().total(), 0)
    assert site.unit_lines().total() == 3, "the others go on"
    balanced(site)
    is_(site.run().code, 1)
    is_(site.sent().total(), 0)
    ask(site, "resume", "bank-abc")
    site.run()
    site.sent_is(good)
    balanced(site)


@case
def a_stopped_adapter_takes_nothing(root):
    site = new(root)
    ask(site, "stop", "payroll-a")
    good = site.drop(payroll(rows=3))
    site.run()
    is_(site.taken(), [])
    ask(site, "resume", "payroll-a")
    site.run()
    site.sent_is(good)


@case
def a_stopped_router_routes_nothing(root):
    site = new(root)
    ask(site, "stop", "router")
    good = site.drop(payroll(rows=3))
    site.run()
    is_((site.sent().total(), site.unit_lines().total()), (0, 0))
    balanced(site)
    ask(site, "resume", "router")
    site.run()
    site.sent_is(good)


@case
def a_batch_is_stopped_before_it_comes(root):
    site = new(root)
    good, other = payroll(rows=3), payroll(rows=2, batch=2)
    ask(site, "stop", batch_of(good))
    site.drop(good)
    site.drop(other)
    site.run()
    is_(outcomes(site, "stop"), [("bank-abc", "done", ""), ("units", "done", "")])
    is_((site.sent().total(), site.unit_lines().total()), (2, 2))
    balanced(site)
    ask(site, "resume", batch_of(good))
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
    ask(site, "stop", ids[1])
    site.drop(good)
    site.run()
    is_(site.sent().total(), 0)
    ask(site, "stop", batch_of(good))
    ask(site, "resume", ids[1])
    site.run()
    is_(site.sent().total(), 0)
    ask(site, "resume", batch_of(good))
    site.run()
    site.sent_is(good)


@case
def what_went_out_cannot_be_stopped(root):
    site = Site(root, options.program)
    good = site.drop(payroll(rows=3))
    site.run()
    ask(site, "stop", batch_of(good))
    site.run()
    is_(outcomes(site, "stop"), [("bank-abc", "refused", "act.went_out"), ("units", "refused", "act.went_out")])
    result = site.call("resume", batch_of(good), "--reason", "x")
    is_((result.code, "act.not_stopped" in result.codes), (5, True))


@case
def a_stop_needs_a_reason_and_a_running_site_answers_at_once(root):
    site = Site(root, options.program)
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
    return subprocess.run([options.put_position, str(site.root / "bus"), key, *more], input=value, stdout=subprocess.PIPE,
                          check=True).stdout


def unknown(root, arrived):
    """A site whose machine stopped while a parcel was handed over: its rename may have survived or not."""
    site = Site(root, options.program)
    site.drop(payroll(rows=3))
    log = root / "steps"
    start = root.parent / (root.name + "-start")
    shutil.copytree(root, start)
    run(site, {"COUNT_LOG": str(log)})
    steps = len(log.read_text().splitlines())
    for n in range(steps, 0, -1):
        shutil.rmtree(root)
        shutil.copytree(start, root)
        run(site, {"COUNT_KILL": str(n), "COUNT_AFTER": "0"})
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


def run(site, more):
    env = {**os.environ, "LC_ALL": "C.UTF-8", "LD_PRELOAD": options.count, **more}
    subprocess.run([options.program, "run", "--until-idle"], cwd=site.root, env=env, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)


@case
def a_parcel_that_came_is_done_and_never_sent_again(root):
    site, parcel = unknown(root, arrived=True)
    assert parcel in site.call("held", "list").out
    ask(site, "held", "came", parcel)
    site.run()
    is_(site.held(), [])
    site.sent_is(payroll(rows=3))
    balanced(site)


@case
def a_parcel_that_never_came_is_handed_over_once_more(root):
    site, parcel = unknown(root, arrived=False)
    is_(site.sent().total(), 0)
    ask(site, "held", "never", parcel)
    site.run()
    is_(site.held(), [])
    site.sent_is(payroll(rows=3))
    balanced(site)


@case
def a_parcel_that_somebody_took_is_not_handed_over_again(root):
    site, parcel = unknown(root, arrived=True)
    ask(site, "held", "never", parcel)
    site.run()
    is_(outcomes(site, "never"), [("bank-abc", "refused", "parcel.gone")])
    is_([w["state"] for w in site.held()], ["unknown"])
    result = site.call("held", "came", "bank-abc/99", "--reason", "x")
    is_((result.code, "act.gone" in result.codes), (5, True))


def main():
    global options
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("put_position")
    parser.add_argument("--count", help="tests/crash/count.c; without it nothing is killed")
    parser.add_argument("only", nargs="*")
    options = parser.parse_args()
    options.program = str(pathlib.Path(options.program).resolve())
    options.count = options.count and str(pathlib.Path(options.count).resolve())
    failed = 0
    for f in CASES:
        if options.only and f.__name__ not in options.only:
            continue
        if "parcel" in f.__name__ and not options.count:
            continue
        root = pathlib.Path(tempfile.mkdtemp(prefix=f"stop-{f.__name__[:20]}-"))
        try:
            f(root)
            print(f"ok      {f.__name__}")
            shutil.rmtree(root)
        except Exception:
            failed += 1
            print(f"FAILED  {f.__name__} in {root}")
            traceback.print_exc(file=sys.stdout)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
