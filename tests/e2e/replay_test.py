#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Replays into a file, and the mistakes that people make with replays and closings: nothing is paid twice, each answer has its code.

    replay_test.py PROGRAM [--count LIBCOUNT] [CASE...]

The table of mistakes in docs/balance-and-replay.md is printed from here: JINCAI_WRITE=1 writes it. One line a case; exit 1 when one
fails.
"""
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import sys
import time

import acts_help
from acts_help import act, has, is_, killed_everywhere, recorded
from closing_test import DAY, TODAY, days_later
from people import PRODUCTION, PeopleSite
from replay_money_test import MISTAKES as TO_BANKS
from small_site import Site, embedded_only, payroll

CASES = []
PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/balance-and-replay.md"


def case(f):
    CASES.append(f)
    return f


class Peopled(PeopleSite):
    """With a destination for consumers, too."""

    def __init__(self, root, program):
        super().__init__(root, program, PRODUCTION.replace("routes:\n", """\
  notices: {form: notice/paid, gather: batch, mode: live, to: {topic: {}}}
routes:
  - {types: [payroll.line.v1], to: notices}
"""))


def filled(root, rows=5, batches=2, make=Site):
    site = make(root, acts_help.options.program)
    site.run()
    if make is not Site:
        site.call("live", "bank-abc", "--reason", "compared for a month")
        site.run()
        site.approve(site.proposed()[0]["act"])
    for n in range(1, batches + 1):
        site.drop(payroll(batch=n, rows=rows))
    site.run()
    return site


def plan(site, file="history.jsonl", *more, selection=("--topic", "payroll")):
    r = site.call("replay", *selection, "--to-file", file, "--reason", "an audit", "--lang", "en", *more)
    found = re.search(r"^plan (\S+)$", r.out, re.MULTILINE)
    assert r.code == 0 and found, r
    return found.group(1)


def state(site, id):
    return next(line.split()[1] for line in site.call("replay", "list", "--lang", "en").out.splitlines() if line.startswith(id))


def ids(path):
    return [json.loads(line)["id"] for line in path.read_text(encoding="utf-8").splitlines()]


@case
def what_no_plan_can_be_run_by_is_said_at_once(root):
    site = filled(root)
    r = site.call("replay", "--topic", "payroll", "--to-file", "nowhere/history.jsonl", "--reason", "an audit", "--lang", "en")
    is_((r.code, r.codes), (3, {"file.missing"}))
    id = plan(site)
    for rate in ("x", "0", "-1", "5/s"):
        r = site.call("replay", "run", id, "--rate", rate, "--lang", "en")
        is_((r.code, r.codes, state(site, id)), (2, {"usage"}, "planned"))
    r = site.call("replay", "pause", id, "--lang", "en")
    is_(r.code, 0)
    has(r.err, "nothing to pause")
    is_(site.call("replay", "run", id, "--rate", "1000").code, 0)
    r = site.call("replay", "pause", id)
    is_((r.code, r.codes), (5, {"replay.ended"}))


@case
def a_plan_says_what_it_would_be_and_moves_nothing(root):
    site = filled(root)
    sent = site.sent()
    r = site.call("replay", "--topic", "payroll", "--to-file", "history.jsonl", "--reason", "an audit", "--lang", "en")
    has(r.out, "10 events", "bank-abc has 10 of them already", "units has 10 of them already", "such as", "digest")
    has(r.err, "nothing has moved")
    assert not (root / "history.jsonl").exists()
    is_(site.sent(), sent)


@case
def it_gives_each_event_once_under_its_id(root):
    site = filled(root)
    sent = site.sent()
    id = plan(site)
    r = site.call("replay", "run", id, "--lang", "en")
    is_(r.code, 0)
    has(r.out, "10 events", "nobody's position has moved")
    got = ids(root / "history.jsonl")
    is_((len(got), len(set(got))), (10, 10))
    is_((site.sent(), state(site, id)), (sent, "done"))
    is_((root / "history.jsonl").stat().st_mode & 0o777, 0o600)
    site.run()
    is_(site.sent(), sent)


@case
def one_that_is_paused_goes_on_where_it_was(root):
    site = filled(root, rows=40)
    id = plan(site)
    p = site.start("replay", "run", id, "--rate", "20")
    part, end = root / "history.jsonl.part", time.monotonic() + 30
    while time.monotonic() < end and not part.exists():     # a cluster takes its time to answer
        time.sleep(0.05)
    time.sleep(1)
    p.send_signal(signal.SIGTERM)
    r = site.finish(p)
    is_(r.code, 1)
    assert not (root / "history.jsonl").exists()
    is_(state(site, id), "running")
    is_(site.call("replay", "run", id).code, 0)
    got = ids(root / "history.jsonl")
    is_((len(got), len(set(got))), (80, 80))


@case
def killed_at_each_step_it_is_as_if_done_once(root):
    def make(folder):
        site = filled(folder, rows=3)
        site.plan = plan(site)
        return site

    site = make(root / "site")
    log = root / "steps"
    env = {"LD_PRELOAD": acts_help.options.count, "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0"}

    def run(**more):
        os.environ.update({**env, **more})
        try:
            return site.call("replay", "run", site.plan)
        finally:
            for name in (*env, *more):
                os.environ.pop(name, None)

    shutil.copytree(root / "site", root / "kept")
    run(COUNT_LOG=str(log))
    want = (root / "site/history.jsonl").read_bytes()
    steps = len(log.read_text().splitlines())
    assert steps > 5, steps
    kills = [(n, after) for n in range(1, steps + 1) for after in ("0", "1")]
    rng, all = random.Random(os.environ.get("JINCAI_SEED", "1")), kills
    if acts_help.options.kills:
        kills = rng.sample(kills, min(acts_help.options.kills, len(kills)))
    # More than there are steps: killed once more when it goes on.
    again = [rng.choice(all) for _ in range(acts_help.options.kills - len(kills))]
    for first, second in [(kill, None) for kill in kills] + [(rng.choice(all), kill) for kill in again]:
        shutil.rmtree(root / "site")
        shutil.copytree(root / "kept", root / "site")
        # The plan names the file by its whole path, which is the same again.
        for n, after in (first, second)[: 2 if second else 1]:
            run(COUNT_KILL=str(n), COUNT_AFTER=after)
        r = site.call("replay", "run", site.plan)
        assert r.code == 0 or "replay.ended" in r.codes, r
        is_((root / "site/history.jsonl").read_bytes(), want)
        is_(state(site, site.plan), "done")
        assert not (root / "site/history.jsonl.part").exists()
    print(f"        {len(kills)} kills at {steps} durable steps, {len(again)} killed twice")


# ---- mistakes ----

MISTAKES = []


def mistake(en, zh, code):
    def add(f):
        MISTAKES.append((en, zh, code, f))
        return f
    return add


def replay(site, *words):
    return site.call("replay", *words, "--lang", "en")


@mistake("a replay without saying where to", "重放没有写明去处", "replay.to")
def _(site):
    return replay(site, "--topic", "payroll", "--reason", "x")


@mistake("a replay without a reason", "重放没有写原因", "replay.to")
def _(site):
    return replay(site, "--topic", "payroll", "--to-file", "a.jsonl")


@mistake("a topic that is none", "主题写错", "selection.topic")
def _(site):
    return replay(site, "--topic", "payrol", "--to-file", "a.jsonl", "--reason", "x")


@mistake("a range that ends before it begins", "时间范围前后颠倒", "selection.range")
def _(site):
    return replay(site, "--from", "2026-12-05", "--to", "2026-12-01", "--to-file", "a.jsonl", "--reason", "x")


@mistake("a range in which nothing lies", "范围内没有事件", "replay.empty")
def _(site):
    return replay(site, "--to", "2020-01-01", "--to-file", "a.jsonl", "--reason", "x")


@mistake("a time that is none", "时间写错", "selection.when")
def _(site):
    return replay(site, "--from", "sometimes", "--to-file", "a.jsonl", "--reason", "x")


@mistake("a destination that is none", "去向写错", "selection.to")
def _(site):
    return replay(site, "--to", "bank-abd", "--to-file", "a.jsonl", "--reason", "x")


@mistake("a condition with a name that is none", "条件中的字段写错", "expr.name")
def _(site):
    return replay(site, "--where", 'data.amuont = "1.00"', "--to-file", "a.jsonl", "--reason", "x")


@mistake("into a file that is there", "写入已有的文件", "replay.taken")
def _(site):
    return replay(site, "--topic", "payroll", "--to-file", "jincai.yaml", "--reason", "x")


@mistake("a file of that name came after the plan", "制定计划后出现同名文件", "replay.taken")
def _(site):
    id = plan(site, "b.jsonl")
    (site.root / "b.jsonl").write_text("mine")
    r = replay(site, "run", id)
    is_((site.root / "b.jsonl").read_text(), "mine")
    return r


@mistake("what was begun there is somebody else's", "未完成的文件是别人的", "replay.taken")
def _(site):
    id = plan(site, "c.jsonl")
    (site.root / "c.jsonl.part").write_text("mine")
    r = replay(site, "run", id)
    is_((site.root / "c.jsonl.part").read_text(), "mine")
    return r


@mistake("a plan that is none", "计划号写错", "replay.none")
def _(site):
    return replay(site, "run", "r-20261201-000000-abcdef")


@mistake("a plan by a path", "用路径当计划号", "replay.none")
def _(site):
    return replay(site, "run", "../replay/x")


@mistake("the same plan twice", "同一计划执行两次", "replay.ended")
def _(site):
    id = plan(site, "d.jsonl")
    is_(replay(site, "run", id).code, 0)
    return replay(site, "run", id)


@mistake("cancelled half way and run again", "中途取消后再执行", "replay.ended")
def _(site):
    id = plan(site, "e.jsonl")
    p = site.start("replay", "run", id, "--rate", "3")
    time.sleep(1)
    p.send_signal(signal.SIGINT)
    is_(site.finish(p).code, 1)
    is_(replay(site, "cancel", id).code, 0)
    assert not list(site.root.glob("e.jsonl*"))
    return replay(site, "run", id)


@mistake("cancelled when it is done", "完成之后取消", "replay.ended")
def _(site):
    id = plan(site, "f.jsonl")
    is_(replay(site, "run", id).code, 0)
    r = replay(site, "cancel", id)
    is_(len(ids(site.root / "f.jsonl")), 10)
    return r


@mistake("one plan run by two at once", "两人同时执行一个计划", "replay.runs")
def _(site):
    id = plan(site, "g.jsonl")
    p = site.start("replay", "run", id, "--rate", "2")
    time.sleep(1)
    r = replay(site, "run", id)
    p.send_signal(signal.SIGTERM)
    site.finish(p)
    return r


@mistake("cancelled while it runs", "执行中由他人取消", "replay.runs")
def _(site):
    id = plan(site, "h.jsonl")
    p = site.start("replay", "run", id, "--rate", "2")
    time.sleep(1)
    r = replay(site, "cancel", id)
    p.send_signal(signal.SIGTERM)
    site.finish(p)
    return r


def edit(site, id, change):
    path, = site.root.glob(f"**/replay/{id}.json")
    o = json.loads(path.read_text())
    change(o)
    path.write_text(json.dumps(o))


@mistake("a plan whose digest somebody changed", "计划的摘要被改动", "replay.changed")
def _(site):
    id = plan(site, "i.jsonl")
    edit(site, id, lambda o: o.update(digest="0" * 64))
    r = replay(site, "run", id)
    assert not (site.root / "i.jsonl").exists()
    return r


@mistake("what was written of it was cut short", "已写部分被截短", "replay.changed")
def _(site):
    id = plan(site, "j.jsonl")
    p = site.start("replay", "run", id, "--rate", "3")
    time.sleep(1)
    p.send_signal(signal.SIGTERM)
    site.finish(p)
    os.truncate(site.root / "j.jsonl.part", 1)
    return replay(site, "run", id)


# Onto a topic: the flow of the site does it, so the site runs after each order.

def topic_plan(site, name, *more):
    r = replay(site, "--topic", "payroll", "--to-topic", name, "--reason", "a new consumer", *more)
    assert r.code == 0, r
    return re.search(r"^plan (\S+)$", r.out, re.MULTILINE).group(1)


def order(site, *words):
    """The order is handed in, the site runs, and what came of it is the answer."""
    r = replay(site, *words)
    if "act.waits" not in r.codes:
        return r
    site.run()
    return answer(site, re.search(r"the act (\S+) was handed in", r.err).group(1))


def on_topic(site, name):
    r = site.call("tail", "--topic", f"replay.{name}", "--all", "--json")
    return [e for e in (json.loads(line)["event"] for line in r.out.splitlines()) if not e["type"].startswith("jincai.")]


@mistake("onto a topic of events", "重放写入事件主题", "replay.topic")
def _(site):
    return replay(site, "--topic", "payroll", "--to-topic", "payroll", "--reason", "x")


@mistake("onto the topic of a bank", "重放写入银行的主题", "replay.topic")
def _(site):
    return replay(site, "--topic", "payroll", "--to-topic", "jincai.to.bank-abc", "--reason", "x")


@mistake("onto a topic that consumers read already", "重放写入对外主题", "replay.topic")
def _(site):
    return replay(site, "--topic", "payroll", "--to-topic", "out.notices.v1", "--reason", "x")


@mistake("into a file and onto a topic at once", "同时写明文件和主题", "replay.to")
def _(site):
    return replay(site, "--topic", "payroll", "--to-topic", "k", "--to-file", "k.jsonl", "--reason", "x")


@mistake("what was shaped for a bank, to consumers", "把发给银行的内容交给外部使用者", "replay.open")
def _(site):
    return replay(site, "--topic", "to.bank-abc", "--to-topic", "k", "--reason", "x")


@mistake("events, and the lines that consumers had of them, on one topic", "事件与其对外内容放在同一主题", "replay.mixed")
def _(site):
    return replay(site, "--topic", "payroll,out.notices.v1", "--to-topic", "k", "--reason", "x")


@mistake("a selection too large for a plan", "选择条件过长", "replay.large")
def _(site):
    return replay(site, "--topic", "payroll", "--where", f'data.net != "{"1" * 62000}"', "--to-topic", "k", "--reason", "x")


@mistake("the same plan twice, onto a topic", "同一计划两次写入主题", "replay.ended")
def _(site):
    site.done = topic_plan(site, "l")
    order(site, "run", site.done)
    r = order(site, "run", site.done)
    is_(len(on_topic(site, "l")), 10)
    return r


@mistake("another plan onto a topic that has something", "另一计划写入已有内容的主题", "replay.taken")
def _(site):
    return replay(site, "--topic", "payroll", "--to-topic", "l", "--reason", "x")


@mistake("two plans for one topic", "两项计划写入同一主题", "replay.taken")
def _(site):
    first, second = topic_plan(site, "m"), topic_plan(site, "m")
    order(site, "run", first)
    r = order(site, "run", second)
    is_(len(on_topic(site, "m")), 10)
    return r


@mistake("a second one while one is under way", "一项进行中又执行另一项", "replay.busy")
def _(site):
    site.slow, other = topic_plan(site, "n"), topic_plan(site, "o")
    order(site, "run", site.slow, "--rate", "1")
    return order(site, "run", other)


@mistake("cancelled half way and run again, onto a topic", "写入主题中途取消后再执行", "replay.ended")
def _(site):
    order(site, "cancel", site.slow)
    return order(site, "run", site.slow)


@mistake("one is paused that does not run", "暂停没有在执行的计划", "act.gone")
def _(site):
    return order(site, "pause", topic_plan(site, "p"))


@mistake("a plan for a topic whose digest somebody changed", "写入主题的计划摘要被改动", "replay.changed")
def _(site):
    id = topic_plan(site, "q")
    edit(site, id, lambda o: o.update(digest="0" * 64))
    order(site, "run", id)
    is_(on_topic(site, "q"), [])
    return void(site, id)


def void(site, id):
    """A plan that is void says why when it is run again."""
    is_(state(site, id), "void")
    return replay(site, "run", id)


@mistake("an order with the digest of another plan", "操作单写的是另一计划的摘要", "act.changed")
def _(site):
    id = topic_plan(site, "r")
    path, = site.root.glob(f"**/replay/{id}.json")
    core = {k: json.loads(path.read_text())[k] for k in ("id", "selection", "digest", "events", "to")}
    handed = site.hand_in("replay", "replay", id, digest="1" * 64, plan=core)
    site.run()
    is_(on_topic(site, "r"), [])
    return answer(site, handed)


def order_to(site, id, to):
    """An order for that plan by hand, towards another place, with the digest of just that."""
    path, = site.root.glob(f"**/replay/{id}.json")
    core = {k: json.loads(path.read_text())[k] for k in ("id", "selection", "digest", "events", "to")}
    core["to"] = to
    text = json.dumps(core, sort_keys=True, separators=(",", ":"))
    handed = site.hand_in("replay", "replay", id, digest=hashlib.sha256(text.encode()).hexdigest(), plan=core)
    site.run()
    return answer(site, handed)


@mistake("an order for a replay onto a topic of the site", "操作单要求写入站点自己的主题", "act.changed")
def _(site):
    return order_to(site, topic_plan(site, "s"), {"topic": "jincai.to.bank-abc"})


# To a destination.

@mistake("a batch to a bank once more", "向银行重放已付的批次", "replay.nothing")
def _(site):
    return replay(site, "--topic", "payroll", "--to-destination", "bank-abc", "--reason", "x")


@mistake("an order that gives a bank a batch once more", "操作单要求向银行重放", "act.changed")
def _(site):
    return order_to(site, topic_plan(site, "t"), {"destination": "bank-abc"})


@mistake("to a destination that had it all", "向已处理过的去向重放", "replay.nothing")
def _(site):
    return replay(site, "--topic", "payroll", "--to-destination", "units", "--reason", "x")


@mistake("to a destination that is none", "重放的去向写错", "selection.to")
def _(site):
    return replay(site, "--topic", "payroll", "--to-destination", "unit", "--reason", "x")


@mistake("lines instead of events to a destination", "向去向重放的不是事件", "replay.topics")
def _(site):
    return replay(site, "--topic", "to.bank-abc", "--to-destination", "units", "--reason", "x")


@mistake("a day that is none is closed", "关账日期写错", "balance.day")
def _(site):
    return site.call("balance", "--close", "some day", "--reason", "x")


@mistake("a month is closed at once", "一次关一个月的账", "balance.day")
def _(site):
    return site.call("balance", "--close", "2026-12", "--reason", "x")


@mistake("a day is closed that has not come", "关未来日期的账", "close.future")
def _(site):
    return site.call("balance", "--close", (TODAY + DAY).isoformat(), "--reason", "x")


@mistake("a day is closed before an earlier one", "越过前一日关账", "close.before")
def _(site):
    with days_later(1) as tomorrow:
        return site.call("balance", "--close", tomorrow, "--reason", "x")


@mistake("a batch that never was", "批次号写错", "balance.batch")
def _(site):
    return site.call("balance", "--batch", "payroll-a:never")


def proposed_close(site):
    act(site, "balance", "--close", "today")
    site.run()
    return site.proposed()[-1]["act"]


def answer(site, id):
    """The outcome as a result with its code."""
    outcome, words = site.outcomes()[id]
    r = site.call("help", words or outcome)
    r.err += f"[{words}]"
    return r


@mistake("a closing is signed by who asked for it", "自己提出、自己复核关账", "approve.own")
def _(site):
    proposed_close(site)
    export = site.root / "export.jsonl"
    site.call("audit", "export", str(export))
    records = [json.loads(line)["record"]["data"] for line in export.read_text(encoding="utf-8").splitlines()]
    export.unlink()
    order = [r["order"] for r in records if r.get("order", {}).get("act") == "close"][-1]
    mine = {**order, "id": "close-of-mine", "by": "zhang"}
    site.forge("close-of-mine.site", json.dumps(mine, ensure_ascii=False))
    site.run()
    r = site.sign("close-of-mine", "zhang")
    site.run()
    is_([p["act"] for p in site.proposed() if p["act"] == "close-of-mine"], ["close-of-mine"])
    return answer(site, re.search(r"approve-[0-9a-f]+-[0-9a-f]+", r.err).group(0))


@mistake("what a closing speaks of has changed before it was signed", "签批前关账内容已变", "act.changed")
def _(site):
    id = next(p["act"] for p in site.proposed() if p["act"] != "close-of-mine")
    site.drop(payroll(batch=7, rows=1))
    site.run()
    site.approve(id)
    return answer(site, id)


@mistake("an order for a closing that shows other figures", "关账操作单所列数字不符", "act.changed")
def _(site):
    id = site.hand_in("site", "close", TODAY.isoformat(), digest="1" * 64, shows={"what": [], "sums": []})
    site.run()
    return answer(site, id)


@mistake("a day is closed twice", "同一天关账两次", "close.again")
def _(site):
    id = proposed_close(site)
    site.approve(id)
    is_(site.outcomes()[id][0], "done")
    return site.call("balance", "--close", "today", "--reason", "x")


@mistake("an earlier day is closed after a later one", "后一日关账后再关前一日", "close.again")
def _(site):
    return site.call("balance", "--close", (TODAY - DAY).isoformat(), "--reason", "x")


def table():
    rows = ["| mistake | 差错 | answer | nothing was paid twice |", "| --- | --- | --- | --- |"]
    return "\n".join(rows + [f"| {en} | {zh} | `{code}` | yes |" for en, zh, code, _ in MISTAKES + TO_BANKS]) + "\n"


@case
@embedded_only
def mistakes_pay_nobody_twice(root):
    if not acts_help.options.count:
        return
    assert len(MISTAKES) >= 30
    site = filled(root, make=Peopled)
    paid = site.sent()
    for en, _, code, f in MISTAKES:
        r = f(site)
        assert code in r.codes, f"{en}: want {code}\n{r}"
        extra = site.sent() - paid
        assert all(n == 1 for n in site.sent().values()) and sum(extra.values()) <= 1, f"{en}: {extra}"
    text = PAGE.read_text(encoding="utf-8")
    begin, end = "<!-- mistakes -->\n", "<!-- end -->"
    head, rest = text.split(begin)
    new = head + begin + table() + end + rest.split(end)[1]
    if os.environ.get("JINCAI_WRITE"):
        PAGE.write_text(new, encoding="utf-8")
    is_(text if not os.environ.get("JINCAI_WRITE") else new, new)


if __name__ == "__main__":
    sys.exit(acts_help.main(CASES))
