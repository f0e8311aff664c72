#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Replays to a destination that moves money: two people let it begin, what another bank was given stays away, and no bank's ledger has a
payment twice.

    replay_money_test.py PROGRAM [--count LIBCOUNT] [--kills N] [CASE...]

One line a case; exit 1 when one fails.
"""
import collections
import hashlib
import json
import re
import signal
import sys
import time

import acts_help
import small_site
from acts_help import act, has, is_, killed_everywhere, terms
from closing_test import days_later
from marks import folders
from people import PRODUCTION, PeopleSite
from replay_topic_test import call, raw, state
from small_site import ON_KAFKA, SITE_FILE, Site, embedded_only, payroll

CASES = []
SOME = ' or '.join(f'data.payee.name starts "{c}"' for c in "王李张刘")
A = "  bank-abc: {form: bank/pipe, gather: batch, mode: live, to: {file: {folder: ./out/abc}}}\n"
B = A.replace("bank-abc", "bank-b").replace("out/abc", "out/b")
C = A.replace("bank-abc", "bank-c").replace("out/abc", "out/c")
TO_A = "  - {types: [payroll.line.v1], when: 'data.payee.bank starts \"103\"', to: bank-abc}\n"
TO_SOME = TO_A.replace("""'data.payee.bank starts "103"'""", f"'{SOME}'")
TO_B = "  - {types: [payroll.line.v1], to: bank-b}\n"
TO_C = TO_B.replace("bank-b", "bank-c")
FIRST = SITE_FILE.replace(TO_A, TO_SOME)                            # bank A pays some of the lines
LATER = FIRST.replace(A, A + B).replace(TO_SOME, TO_SOME + TO_B)    # bank B pays whatever else there was


def case(f):
    CASES.append(f)
    return f


def history(root, text=FIRST, batches=2, rows=8, make=Site):
    site = make(root, acts_help.options.program, text)
    site.run()
    for n in range(1, batches + 1):
        site.drop(payroll(batch=n, rows=rows))
    site.run()
    return site


def become(site, text, *names):
    """The site file is another one: on a test site that is enough."""
    for name in names:
        folders(site.root, name, marked="kind: test" in text)
    site.write(text)
    return site


def later(root, text=LATER, **more):
    site = become(history(root, **more), text, "out/b", "out/c")
    site.run()
    return site


def ask(site, *more, to="bank-b"):
    return call(site, "--topic", "payroll", "--to-destination", to, "--reason", "the bank has changed", *more)


def plan(site, *more, **where):
    r = site.said = ask(site, *more, **where)
    assert r.code == 0, r
    return re.search(r"^plan (\S+)$", r.out, re.MULTILINE).group(1)


def all_of(site):
    """Every line that came: (agent number, name, fen, account)."""
    ret = collections.Counter()
    for content in site.dropped:
        for row in content.decode("gb18030").split("\n")[1:-1]:
            cells = row.split("|")
            ret[cells[0], cells[1], round(float(cells[2]) * 100), cells[3]] += 1
    return ret


def ledgers(site):
    """Lines that each bank has: what stands in complete files of its folder, and nothing else."""
    return {f: collections.Counter(r for _, rows in site.bank_files(f"out/{f}").values() for r in rows) for f in ("abc", "b", "c")
            if (site.root / "out" / f).exists()}


def paid_once(site, all=True):
    """No payment stands in two ledgers, or twice in one; all: none is missing."""
    paid = sum(ledgers(site).values(), collections.Counter())
    assert all_of(site) >= paid, paid - all_of(site)
    assert max(paid.values(), default=0) <= 1, [r for r, n in paid.items() if n > 1]
    if all:
        is_(paid, all_of(site))


def given(site, to):
    return {e["id"] for e in raw(site, f"to.{to}") if not e["type"].startswith("jincai.")}


def left_out(site, id):
    """What `replay show` lists, by id."""
    r = call(site, "show", id)
    is_(r.code, 0)
    return dict(re.findall(r"^    (\S+)  .* (jincai\.to\.\S+/\d+@\d+)$", r.out, re.MULTILINE))


def kept(site, id):
    return json.loads(next(site.root.glob(f"**/replay/{id}.json")).read_text())


def run(site, id):
    call(site, "run", id)
    site.run()
    return state(site, id)[0]


def amid(site, id, events=1):
    """The site goes on with a plan, and is amid its lines when this returns: the process."""
    events += state(site, id)[1]
    call(site, "run", id, "--rate", "2")                       # to go on takes one person
    p, end = site.start("run"), time.monotonic() + 120
    while state(site, id)[1] < events:
        assert time.monotonic() < end and p.poll() is None, "it does not go on"
        time.sleep(0.05)
    return p


@case
def what_a_bank_was_given_no_other_is_given(root):
    site = later(root)
    n = sum(ledgers(site)["abc"].values())
    assert 0 < n < 16, n
    id = plan(site)
    has(site.said.out, f"2 batches go, with {16 - n} lines; 0 do not", f"given them, {n} lines", "the destination is live", "what is to be paid")
    is_(set(left_out(site, id)), given(site, "bank-abc"))
    assert all(at.startswith("jincai.to.bank-abc/") for at in left_out(site, id).values())
    is_(len(re.findall(r"jincai\.to\.bank-abc/", site.said.out)), min(n, 20))
    p = json.loads(call(site, "show", id, "--json").out)
    is_(p["handed"]["lines"], n)
    goes = [row[4] for row in p["goes"]["money"]]
    is_([round(float(goes[0]) * 100)], [sum(f for (_, _, f, _), k in (all_of(site) - ledgers(site)["abc"]).items())])
    is_(run(site, id), "done")
    paid_once(site)
    is_(given(site, "bank-b") & given(site, "bank-abc"), set())
    is_({k: v for k, v in terms(site).items() if k[0] == "bank-b"}, {("bank-b", "taken"): 16 - n, ("bank-b", "handed_over"): 16 - n})
    assert "replay.ended" in call(site, "run", id).codes
    r = ask(site)
    assert "replay.nothing" in r.codes and "was offered before" in r.err, r
    site.run()
    paid_once(site)


@case
def a_bank_that_the_site_no_longer_names_was_given_what_it_was(root):
    site = history(root, text=SITE_FILE)
    become(site, SITE_FILE.replace(A, B).replace(TO_A, TO_B), "out/b")
    site.run()
    r = ask(site)
    assert "replay.nothing" in r.codes and "given to another bank" in r.err, r
    become(site, FIRST.replace(A, C).replace(TO_SOME, TO_C), "out/c")
    site.run()
    r = ask(site, to="bank-c")
    assert "replay.nothing" in r.codes, r
    paid_once(site)


@case
def in_shadow_it_is_the_same(root):
    shadow = FIRST.replace(A, A.replace("live", "shadow"))
    site = later(root / "a", text=LATER.replace(B, B.replace("live", "shadow")))
    id = plan(site)
    has(site.said.out, "in shadow")
    out = set(left_out(site, id))
    is_(out, given(site, "bank-abc"))
    is_(run(site, id), "done")
    is_(ledgers(site)["b"], collections.Counter())
    is_(given(site, "bank-b") & out, set())
    site = become(history(root / "b", text=shadow), LATER, "out/b")     # the other one was in shadow, and is live now
    site.run()
    id = plan(site)
    is_(set(left_out(site, id)), given(site, "bank-abc"))


@case
def one_that_is_paused_keeps_all_others_away(root):
    text = LATER.replace(B, B + C).replace(TO_B, TO_B + TO_C)
    site = later(root, text=text, batches=3)
    first, other = plan(site), plan(site, to="bank-c")
    call(site, "run", first, "--rate", "1")
    site.run()                                                  # it has begun, and waits for its time
    assert state(site, first)[0] == "running", state(site, first)
    call(site, "pause", first)
    site.run()
    is_(state(site, first)[0], "paused")
    call(site, "run", other)
    site.run()
    is_(state(site, other)[0], "planned")
    assert "replay.paused" in {a["words"] for a in acts_help.audit(site)}
    is_(run(site, first), "done")
    call(site, "run", other)
    site.run()
    is_(state(site, other)[0], "void")                          # another one has it meanwhile
    assert "replay.changed" in call(site, "run", other).codes
    paid_once(site)


def hops(site, id):
    """What `trace` says of an event: {(what, destination)}, and what is missing."""
    r = site.call("trace", id, "--json", "--lang", "en")
    t, = (json.loads(line) for line in r.out.splitlines())
    return {(h["kind"], h.get("destination")) for h in t["hops"]}, t["missing"]


@case
def paused_amid_its_lines_it_is_told_where_each_line_is(root):
    site = later(root)
    n, id = sum(ledgers(site)["abc"].values()), plan(site)
    process = amid(site, id, events=4)
    call(site, "pause", id)
    while state(site, id)[0] == "running":
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    site.finish(process)
    how, events = state(site, id)
    is_((how, 4 <= events < 16), ("paused", True))
    item, = [json.loads(line) for line in site.call("todo", "--json", "--lang", "en").out.splitlines()]
    is_((item["kind"], item["subject"], item["next"][0]), ("replay", f"replay:{id}", f"jincai replay run {id}"))
    has(item["happened"], f"{events} of 16 events", "paused")
    for more in ((), ("--deep",)):
        r = site.call("balance", "--lang", "en", *more)
        assert r.code in (0, 1) and "difference 0.00" in r.out and not [c for c in r.codes if c.startswith("balance")], r
    here = given(site, "bank-b")
    assert 0 < len(here) < 16 - n, here
    is_(ledgers(site)["b"], collections.Counter())              # of a batch nothing goes before its end
    paid = given(site, "bank-abc")
    left = {e["id"] for e in raw(site, "payroll") if e["type"] == "payroll.line.v1"} - here - paid
    for ids, to_b, by_a in ((here, True, False), (left, False, False), (paid, False, True)):
        at, missing = hops(site, min(ids))
        is_((("routed", "bank-b") in at, ("done", "bank-b") in at, ("done", "bank-abc") in at), (to_b, False, by_a))
        is_("bank-b waits until the batch is whole, then plans a parcel" in missing, to_b)
    is_(run(site, id), "done")
    paid_once(site)


@case
def what_another_bank_was_given_since_voids_a_plan(root):
    text = LATER.replace(B, B + C).replace(TO_B, TO_B + TO_C)
    site = later(root, text=text)
    first, other = plan(site), plan(site, to="bank-c")
    is_(run(site, other), "done")
    is_(run(site, first), "void")
    paid_once(site)


@case
def a_plan_is_void_when_the_destination_goes_live_since(root):
    shadow = LATER.replace(B, B.replace("live", "shadow"))
    site = later(root, text=shadow)
    id = plan(site)
    become(site, LATER)
    site.run()
    call(site, "run", id)
    site.run()
    is_(state(site, id)[0], "planned")
    is_({a["words"] for a in acts_help.audit(site)}, {"act.changed"})
    paid_once(site, all=False)


@case
def lines_that_somebody_takes_off_the_list_are_missed(root):
    site = later(root)
    id = plan(site)
    path = next(site.root.glob(f"**/replay/{id}.handed.jsonl"))
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))
    r = call(site, "show", id)
    assert r.code and "replay.changed" in r.codes, r
    path = next(site.root.glob(f"**/replay/{id}.json"))
    o = json.loads(path.read_text())
    o["goes"]["money"][0][4] = "0.01"
    path.write_text(json.dumps(o))
    is_(run(site, id), "void")
    is_(sum(ledgers(site)["b"].values()), 0)


# ---- two people ----

def with_people(root):
    """A production site that has paid by bank A; two people let bank B come, live."""
    site = PeopleSite(root, acts_help.options.program, PRODUCTION.replace(TO_A, TO_SOME))
    site.run()
    go_live(site, "bank-abc")
    for n in (1, 2):
        site.drop(payroll(batch=n, rows=8))
    site.run()
    site.text = PRODUCTION.replace(A, A + B).replace(TO_A, TO_SOME + TO_B)
    become(site, site.text, "out/b")
    act(site, "adopt")
    site.run()
    for one in site.proposed():
        site.approve(one["act"])
    go_live(site, "bank-b")
    return site


def go_live(site, name):
    site.call("live", name, "--reason", "compared for a month")
    site.run()
    site.approve(site.proposed()[-1]["act"])
    site.run()


def propose(site, id):
    r = call(site, "run", id)
    site.run()
    return [p["act"] for p in site.proposed() if p["subject"] == id][-1]


@case
def two_people_sign_what_a_plan_says(root):
    site = with_people(root)
    n = sum(ledgers(site)["abc"].values())
    id = plan(site)
    one = propose(site, id)
    is_((state(site, id)[0], sum(ledgers(site)["b"].values())), ("planned", 0))
    has(call(site, "list").out, f"jincai approve {one}")
    r = call(site, "run", id)
    has(r.err, one)
    is_((r.code, len([p for p in site.proposed() if p["subject"] == id])), (1, 1))     # not proposed twice
    page = site.call("approve", one, "--export", str(root / "travels.json"))
    is_(page.code, 0)
    text = (root / "travels.json.txt").read_text(encoding="utf-8")
    has(text, "bank-b", str(16 - n), f"{n} records CNY", "Left out", "live: the bank is told to pay", id)
    site.approve(one, "li")
    site.run()
    is_((state(site, id)[0], sum(ledgers(site)["b"].values())), ("planned", 0))
    site.approve(one, "zhang")
    site.run()
    is_(state(site, id)[0], "done")
    paid_once(site)
    is_(site.outcomes()[one][0], "done")
    site.run()
    paid_once(site)


# ---- mistakes: replay_test.py prints them into the table of docs/balance-and-replay.md ----

MISTAKES = []


def mistake(en, zh, code):
    def add(f):
        MISTAKES.append((en, zh, code, f))
        return f
    return add


def answer(site, act):
    return {site.outcomes()[act][1]}


def core(site, id, **changes):
    whole = kept(site, id)
    return {**{k: whole[k] for k in ("id", "selection", "digest", "events", "to", "goes", "handed")}, **changes}


def hand_in(site, plan, **more):
    """An order by hand, with the digest of just that plan; the act."""
    text = json.dumps(plan, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    act = site.hand_in("replay", "replay", plan["id"], digest=hashlib.sha256(text.encode()).hexdigest(), plan=plan, **more)
    site.run()
    return act


def order_of(site, act):
    """As it was handed in."""
    out = site.root / "export.jsonl"
    site.call("audit", "export", str(out))
    records = [json.loads(line)["record"]["data"] for line in out.read_text(encoding="utf-8").splitlines()]
    out.unlink()
    return next(r["order"] for r in records if r.get("order", {}).get("id") == act)


def shown(site, id):
    """What those who sign are shown of a plan, as the verb says it."""
    return order_of(site, propose(site, id))["shows"]


@mistake("a plan to a bank is signed by who asked for it", "自己提出、自己复核向银行的重放", "approve.own")
def _(site):
    order = order_of(site, propose(site, plan(site)))
    site.forge("replay-of-mine.replay", json.dumps({**order, "id": "replay-of-mine", "by": "zhang"}, ensure_ascii=False))
    site.run()
    r = site.sign("replay-of-mine", "zhang")
    site.run()
    return answer(site, re.search(r"approve-[0-9a-f]+-[0-9a-f]+", r.err).group(0))


@mistake("a signature of another plan to a bank", "用另一计划的签名", "sign.wrong")
def _(site):
    one, other = propose(site, plan(site)), propose(site, plan(site))
    file = site.root / "other.json"
    site.call("approve", one, "--export", str(file))
    site.call("approve", str(file), "--key", str(site.key("li")), "--yes")
    signature = json.loads(file.read_text())["approvals"][0]["signature"]
    digest = next(p["digest"] for p in site.proposed() if p["act"] == other)
    act = site.hand_in("replay", "approve", other, by="li", digest=digest, name="li", signature=signature)
    site.run()
    return answer(site, act)


@mistake("one signs a plan to a bank, it is cancelled, the other signs", "一人签批后计划取消，另一人再签", "replay.ended")
def _(site):
    id = plan(site)
    act = propose(site, id)
    site.approve(act, "li")
    call(site, "cancel", id)
    site.run()
    site.approve(act, "zhang")
    is_(state(site, id)[0], "cancelled")
    return answer(site, act)


@mistake("an order for a bank that shows nothing", "向银行重放的操作单不列内容", "act.shows")
def _(site):
    return answer(site, hand_in(site, core(site, plan(site))))


@mistake("an order for a bank that shows another sum", "向银行重放的操作单所列金额不符", "act.shows")
def _(site):
    id = plan(site)
    shows = shown(site, id)
    return answer(site, hand_in(site, core(site, id), shows={**shows, "sums": ["1 records CNY 0.01"]}))


@mistake("an order for a bank with words of its own", "向银行重放的操作单另加说明", "act.shows")
def _(site):
    id = plan(site)
    return answer(site, hand_in(site, core(site, id), shows=shown(site, id), note="only a test"))


@mistake("an order that calls a bank no bank", "操作单把银行说成不付款", "act.changed")
def _(site):
    plain = core(site, plan(site))
    del plain["handed"]
    return answer(site, hand_in(site, plain))


@mistake("an order for a bank and another place at once", "操作单同时写明银行和另一处", "act.changed")
def _(site):
    return answer(site, hand_in(site, core(site, plan(site), to={"destination": "bank-b", "file": "units"})))


@mistake("figures that nobody finds are signed by two people", "两人签批了与事实不符的数字", "replay.changed")
def _(site):
    id = plan(site)
    path = next(site.root.glob(f"**/replay/{id}.json"))
    o = json.loads(path.read_text())
    o["handed"].update(lines=0, money=[])
    path.write_text(json.dumps(o))
    site.approve(propose(site, id))
    is_(state(site, id)[0], "void")
    return call(site, "run", id).codes


@mistake("to a bank while the money part of the site is another one", "站点付款部分已改而未采用时向银行重放", "replay.stopped")
def _(site):
    id, text = plan(site), site.text
    site.write(text.replace(TO_B, TO_B.replace("bank-b", "bank-abc") + TO_B))
    act = hand_in(site, core(site, id), shows={})
    site.write(text)
    return answer(site, act)


@mistake("a bank is in shadow again when its plan is signed", "签批前银行又改为试运行", "act.changed")
def _(site):
    id = plan(site)
    act = propose(site, id)
    site.approve(act, "li")
    site.write(site.text.replace(B, B.replace("live", "shadow")))
    site.run()
    site.approve(act, "zhang")
    site.write(site.text)
    go_live(site, "bank-b")
    return answer(site, act)


@mistake("a second plan to a bank while one is paused", "一项向银行的重放暂停时执行另一项", "replay.paused")
def _(site):
    site.late = propose(site, plan(site))
    site.first, other = plan(site), plan(site)
    call(site, "run", site.first, "--rate", "1")
    site.run()
    site.approve([p["act"] for p in site.proposed() if p["subject"] == site.first][-1])
    is_(state(site, site.first)[0], "running")
    call(site, "pause", site.first)
    site.run()
    return answer(site, hand_in(site, core(site, other), shows={}))


@mistake("the site is started once more, while the one amid a plan to a bank sleeps", "向银行的重放进行中，站点进程停顿时又启动一个", "store.leased")
@embedded_only
def _(site):
    is_(sum(ledgers(site)["b"].values()), 0)
    site.asleep = amid(site, site.first)
    site.asleep.send_signal(signal.SIGSTOP)
    return site.run().codes


@mistake("a plan to a bank across a generation change: killed half way, gone on with by the next one, run once more",
         "向银行的重放跨代：中途被强行终止，由下一代接着做完后再次执行", "replay.ended")
def _(site):
    process = getattr(site, "asleep", None) or amid(site, site.first)
    process.kill()
    site.finish(process)
    begun = {e["lane"] for e in raw(site, "to.bank-b")}
    assert begun
    is_(state(site, site.first)[0], "running")
    for word in ("pause", "run"):                              # at its rate it would take its time
        call(site, word, site.first)
        site.run()
    is_(state(site, site.first)[0], "done")
    assert {e["lane"] for e in raw(site, "to.bank-b")} - begun, begun
    paid_once(site)
    return call(site, "run", site.first).codes


@mistake("another plan for the same is signed when it is done", "完成后又签批内容相同的另一计划", "replay.changed")
def _(site):
    site.approve(site.late)
    id = order_of(site, site.late)["subject"]
    is_(state(site, id)[0], "void")
    return call(site, "run", id).codes


@mistake("a plan to a bank is signed after its day", "过期后才签批向银行的重放", "act.expired")
@embedded_only
def _(site):
    act = next(p["act"] for p in site.proposed() if p["subject"].startswith("r-"))
    with days_later(5):
        site.run()
        return answer(site, act)


@case
def mistakes_pay_nobody_twice(root):
    if not (acts_help.options.count or ON_KAFKA):
        return
    site = with_people(root)
    for en, _, code, f in MISTAKES:
        if small_site.left_out(f):
            continue
        got = f(site)
        assert code in got, f"{en}: want {code}, got {got}"
        paid_once(site, all=False)


@case
def killed_at_each_step_it_is_as_if_done_once(root):
    def make(folder):
        site = later(folder, batches=2, rows=6)
        call(site, "run", plan(site))
        return site

    killed_everywhere(root, make, paid_once)


if __name__ == "__main__":
    sys.exit(acts_help.main(CASES))
