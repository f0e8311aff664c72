#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Replays onto a topic of its own: what consumers find there, exactly once, whatever was killed meanwhile.

    replay_topic_test.py PROGRAM [--count LIBCOUNT] [--kills N] [CASE...]

One line a case; exit 1 when one fails.
"""
import contextlib
import hashlib
import json
import os
import random
import re
import signal
import sys
import time

import acts_help
from acts_help import has, is_, killed_everywhere
from small_site import ON_KAFKA, SITE_FILE, Site, embedded_only, large, payroll

CASES = []
SLOW = "3" if ON_KAFKA else "20"        # events a second, of a replay that somebody interferes with
NOTICES = SITE_FILE.replace("routes:\n", """\
  notices: {form: notice/paid, gather: batch, mode: live, to: {topic: {}}}
routes:
  - {types: [payroll.line.v1], to: notices}
""")
OUT = "out.notices.v1"


def case(f):
    CASES.append(f)
    return f


def filled(root, *batches):
    site = Site(root, acts_help.options.program, NOTICES)
    site.run()
    for b in batches or [payroll(batch=n, rows=5) for n in (1, 2)]:
        site.drop(b)
    site.run()
    return site


def call(site, *words, **more):
    return site.call("replay", *words, "--lang", "en", **more)


def plan(site, name="history", topic="payroll", *more):
    r = call(site, "--topic", topic, "--to-topic", name, "--reason", "a new consumer", *more)
    found = re.search(r"^plan (\S+)$", r.out, re.MULTILINE)
    assert r.code == 0 and found, r
    site.said = r
    return found.group(1)


def state(site, id):
    r = call(site, "list")
    assert r.code == 0, r                  # a store that is being looked through shows nothing, and says so
    row = next(line for line in r.out.splitlines() if line.startswith(id)).split()
    return row[1], int(row[2].split("/")[0])


@contextlib.contextmanager
def running(site):
    """The site runs meanwhile."""
    p = site.start("run")
    time.sleep(max(8, site.took) if ON_KAFKA else 0.4)
    try:
        yield p
    finally:
        p.send_signal(signal.SIGTERM)
        site.finish(p)


def raw(site, topic):
    """All records of a topic but lanes that open, byte for byte: into a file nothing is masked."""
    out = site.root / f"raw-{time.monotonic_ns()}.jsonl"
    r = call(site, "--topic", topic, "--to-file", str(out), "--reason", "a test looks")
    if "replay.empty" in r.codes:
        return []
    found = re.search(r"^plan (\S+)$", r.out, re.MULTILINE)
    assert r.code == 0 and found, r
    r = call(site, "run", found.group(1))
    assert r.code == 0, r
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def facts(records):
    return [e for e in records if not e["type"].startswith("jincai.")]


def marks(records):
    return [e["data"] for e in records if e["type"] == "jincai.replay.ended"]


def each_once(site, topic="replay.history", of="payroll"):
    want, got = [e["id"] for e in raw(site, of)], [e["id"] for e in facts(raw(site, topic))]
    is_(got, want)
    return got


@case
def consumers_find_each_event_once_and_masked(root):
    site = filled(root)
    sent, units = site.sent(), site.unit_rows()
    id = plan(site)
    has(site.said.out, "10 events, into topic jincai.replay.history", "masked as personal: payroll.line.v1 payee.name payee.account id_no")
    has(site.said.err, "nothing has moved")
    is_(state(site, id), ("planned", 0))
    is_(raw(site, "replay.history") if site.call("tail", "--topic", "replay.history").code == 0 else [], [])
    with running(site):
        r = call(site, "run", id)
        is_(r.code, 0)
        has(r.out, "jincai.replay.history has 10 events", "nobody's position has moved")
    is_(state(site, id), ("done", 10))
    is_(len(each_once(site)), 10)
    records, there = raw(site, "replay.history"), {e["id"]: e for e in raw(site, "payroll")}
    for e in facts(records):
        was = there[e["id"]]
        for name in ("source", "type", "time", "partitionkey", "batchid", "unit", "businessdate"):
            is_(e[name], was[name])
        assert not {"fingerprint", "paykey", "numbers", "amount", "line"} & set(e), e
        payee, open_ = e["data"].pop("payee"), was["data"].pop("payee")
        is_((payee["name"], payee["account"]), (open_["name"][0] + "*" * (len(open_["name"]) - 1), "*" * 15 + open_["account"][-4:]))
        is_(e["data"].pop("id_no"), "*" * 14 + was["data"].pop("id_no")[-4:])
        is_(e["data"], was["data"])
    is_(marks(records), [{"plan": id, "state": "done", "events": 10, "here": 10}])
    # Lane and number are of who wrote it, without a gap: consumers check them.
    is_([int(e["laneseq"]) for e in records], list(range(2, 13)))
    # Without a client of a cluster, too; the last line says that it is whole.
    r = site.call("tail", "--group", "history", "--topic", "replay.history", "--json", "--commit-every", "4")
    is_([json.loads(line)["event"] for line in r.out.splitlines()], raw(site, "replay.history"))
    is_(site.call("tail", "--group", "history", "--topic", "replay.history", "--json", "--commit-every", "4").out, "")
    is_(site.call("tail", "--group", "other", "--topic", "replay.nowhere").codes, {"group.topic"})
    topic, = [t for t in map(json.loads, site.call("topics", "--json").out.splitlines()) if t["topic"] == "jincai.replay.history"]
    is_((topic["events"], topic["groups"][0]["group"], topic["groups"][0]["events"]), (11, "history", 0))
    is_(len({e["lane"] for e in records}), 1)
    site.run()
    is_((site.sent(), site.unit_rows()), (sent, units))
    acts_help.balanced(site)


@case
def lines_for_consumers_are_as_they_lie_there(root):
    site = filled(root)
    id = plan(site, "again", OUT)
    assert "masked" not in site.said.out, site.said
    with running(site):
        is_(call(site, "run", id).code, 0)
    was, got = facts(raw(site, OUT)), facts(raw(site, "replay.again"))
    for e in was + got:
        e.pop("lane"), e.pop("laneseq")
    is_(got, was)


def until_some(site, id):
    """Some of it is written, and not all."""
    end = time.monotonic() + (120 if ON_KAFKA else 20)
    while not (n := state(site, id)[1]):
        assert time.monotonic() < end, state(site, id)
        time.sleep(0.05)
    return n


@case
def it_is_paused_and_goes_on_and_is_cancelled_while_the_site_works(root):
    site = filled(root, payroll(rows=300))
    first, second = plan(site), plan(site, "second")
    with running(site):
        p = site.start("replay", "run", first, "--rate", SLOW, "--lang", "en")
        until_some(site, first)
        assert "replay.busy" in call(site, "run", second).codes
        later = site.drop(payroll(batch=7, rows=4))
        p.send_signal(signal.SIGINT)       # Ctrl-C
        r = site.finish(p)
        is_(r.code, 1)
        has(r.err, "paused after")
        name, held = state(site, first)
        is_((name, 0 < held < 300, len(facts(raw(site, "replay.history")))), ("paused", True, held))

        p = site.start("replay", "run", second, "--rate", SLOW)
        until_some(site, second)
        r = call(site, "cancel", second)
        has(r.out, "is cancelled")
        looked = site.finish(p)
        assert "replay.ended" in looked.codes and "replay.ended" in call(site, "run", second).codes, looked
        records = raw(site, "replay.second")
        is_(marks(records), [{"plan": second, "state": "cancelled", "events": len(facts(records))}])
        assert 0 < len(facts(records)) < 300

        p = site.start("replay", "run", first, "--rate", SLOW)
        time.sleep(0.3)
        p.kill()                           # who looks on is not who does it
        site.finish(p)
        is_(call(site, "run", first).code, 0)
    is_((state(site, first), len(facts(raw(site, "replay.history"))), len(raw(site, "payroll"))), (("done", 300), 300, 304))
    is_([e["id"] for e in facts(raw(site, "replay.history"))], [e["id"] for e in raw(site, "payroll")][:300])
    assert set(later.lines) <= set(site.sent())
    for name in ("history", "second"):
        assert "replay.taken" in call(site, "--topic", "payroll", "--to-topic", name, "--reason", "x").codes


@case
def killed_at_each_step_it_is_as_if_done_once(root):
    def make(folder):
        site = filled(folder, payroll(rows=8))
        call(site, "run", plan(site))      # nobody runs the site: it waits for the next run
        return site

    def check(site):
        is_(len(each_once(site)), 8)
        is_(marks(raw(site, "replay.history")), [{"plan": marks(raw(site, "replay.history"))[0]["plan"], "state": "done", "events": 8, "here": 8}])

    killed_everywhere(root, make, check)


def killed(site, id, kills, rows):
    """The site, so many times while it does the plan, which then comes to its end."""
    rng, longest = random.Random(os.environ.get("JINCAI_SEED", "1")), max(2, 3 * site.took)
    call(site, "run", id, "--rate", "30" if ON_KAFKA else "150")
    for n in range(kills):
        p = site.start("run")
        time.sleep(rng.uniform(0.05, longest))
        p.kill()
        site.finish(p)
    with running(site):
        end = time.monotonic() + 120
        while id not in (r := call(site, "list")).out:
            assert time.monotonic() < end, r
            time.sleep(0.2)                # the store is gone through after the last kill
        row = next(line for line in r.out.splitlines() if line.startswith(id)).split()
        written = row[1], int(row[2].split("/")[0])
        assert written[0] == "running" and 0 < written[1] < rows, written
        is_(call(site, "run", id, timeout=300).code, 0)
    print(f"        {kills} kills, {written[1]} of {rows} events written by then")


@case
@embedded_only
def an_order_whose_plan_is_anything_is_refused_and_stops_nobody(root):
    """Its digest is right: whoever hands in an order can make one of whatever he puts into it."""
    site = filled(root)
    core = {"id": "r-20261226-000000-000000", "selection": {"topics": ["jincai.payroll"]}, "digest": "0" * 64, "events": 1,
            "to": {"topic": "jincai.replay.history"}}
    plans = [{**core, "selection": s} for s in ({"topics": [1]}, {"topics": [None]}, {"topics": [{}]}, {"topics": 1}, 1, None)]
    for n, more in enumerate(plans + [{**p, "to": {"destination": "units"}} for p in plans]):
        digest = hashlib.sha256(json.dumps(more, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
        order = {"id": f"any-{n}", "site": "yakeshi", "flow": "replay", "act": "replay", "subject": more["id"], "digest": digest,
                 "by": "li", "at": "2026-12-26T00:00:00.000Z", "reason": "x", "plan": more}
        (site.root / "bus" / "acts" / f"any-{n}.replay").write_text(json.dumps(order), encoding="utf-8")
    site.drop(payroll(batch=3, rows=5))
    is_(site.run().code in (0, 1), True)
    is_(len(site.sent()), 15)
    is_(list((site.root / "bus" / "acts").glob("any-*")), [])


@case
def killed_at_any_moment_it_is_as_if_done_once(root):
    """100 times, or --kills; not when it has to be quick."""
    kills = acts_help.options.kills or 100
    if kills < 20:
        return
    rows = 100 * kills
    site = filled(root, large(rows))
    id = plan(site)
    killed(site, id, kills, rows)
    is_((state(site, id), len(each_once(site))), (("done", rows), rows))
    is_(len(marks(raw(site, "replay.history"))), 1)


if __name__ == "__main__":
    sys.exit(acts_help.main(CASES))
