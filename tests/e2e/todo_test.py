#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What waits for a person, as one list: each kind of item, its words in both languages, its number, what it tells to type.

    todo_test.py PROGRAM PUT_POSITION FULL

PUT_POSITION is tests/e2e/put_position.c, FULL tests/e2e/full.c. One line a case; exit 1 when one fails.
"""
import datetime
import json
import os
import pathlib
import pty
import re
import select
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

import double_test
from lists_test import GATHERING, PARCEL
from people import COMPARING, PeopleSite
from small_site import SITE_FILE, Batch, Site, payroll

SOURCE = pathlib.Path(__file__).resolve().parents[2]
KINDS = re.compile(r'^\t\{\.name = "([a-z-]+)"', re.MULTILINE).findall(
    (SOURCE / "bus/jincai/decide/todo_kinds.c").read_text(encoding="utf-8"))
CONTACT = "工资科 李会计 0470-1234567"
ITEMS = {}                              # kind: items seen of it, as JSON in both languages
CASES = []
program = put_position = full = None


def case(f):
    CASES.append(f)
    return f


def is_(got, want):
    assert got == want, f"want {want!r}\ngot  {got!r}"


def has(text, *words):
    for word in words:
        assert word in text, f"no {word!r} in\n{text}"


def items(site, *more, **env):
    """What `todo --json` says; in both languages it is the same but for the words."""
    ret = []
    for lang in ("en", "zh"):
        r = call(site, "todo", "--json", "--lang", lang, *more, **env)
        rows = [json.loads(line) for line in r.out.splitlines()]
        is_((r.code, r.codes), (1 if rows else 0, set()))
        ret.append(rows)
    same = [[(i["number"], i["kind"], i["subject"], i["deadline"], i["sums"]) for i in rows] for rows in ret]
    is_(same[0], same[1])
    for en, zh in zip(*ret):
        ITEMS.setdefault(en["kind"], []).append((site, en, zh))
        look_at(site, en, zh)
    return ret[0]


def call(site, *args, **env):
    before = {name: os.environ.get(name) for name in env}
    os.environ.update(env)
    try:
        return site.call(*args)
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


ON_A_CLUSTER = {"clock", "foreign", "waits"}       # kafka_conditions_test.py, kafka_hosts_test.py
HOLE = re.compile(r"\{(number|flow|batch|act|subject|destinations|reason)\}")
HAN = re.compile("[\u3400-\u9fff]")
PUNCTUATION = re.compile("(?<=[\u3400-\u9fff])[,;:!?](?=[\u3400-\u9fff])")


def look_at(site, en, zh):
    """The four parts of a message, as a stranger in a hurry reads them."""
    for name in ("happened", "not_happened", "advice", "contact"):
        assert en[name] and zh[name], f"{en['kind']} does not say {name}: {en}"
        assert not HOLE.search(en[name] + zh[name]), f"a hole is left in {name}: {zh[name]}"
        assert name in ("happened", "contact") or HAN.search(zh[name]), f"no Chinese in {name}: {zh[name]}"
        assert not PUNCTUATION.search(zh[name]), f"half-width punctuation in {name}: {zh[name]}"
        assert name in ("happened", "contact") or not HAN.search(en[name]), f"Chinese in English words: {en[name]}"
    assert re.search(r"\b(not|none|nothing|no)\b", en["not_happened"]), en["not_happened"]
    assert re.search("没有|未|不", zh["not_happened"]), zh["not_happened"]
    assert en["next"] and len(en["next"]) == len(zh["next"]), en
    for command in en["next"] + zh["next"]:
        accepted(site, command)
    assert re.fullmatch(r"[0-9]{4}-[0-9]{2,}", en["number"]), en["number"]


def accepted(site, command):
    """The parser takes the command: with --help behind it, it says how the verb is used."""
    words = shlex.split(command)
    is_(words[0], "jincai")
    r = site.call(*words[1:], "--help")
    is_((r.code, r.err), (0, ""))
    name = r.out.splitlines()[0].split("[")[0].split()
    is_(words[1], name[1])


def one_fen_off(batch=1, rows=4, **more):
    return payroll(batch=batch, rows=rows, head={7: "1.00"}, **more)


def put(site, key, value):
    subprocess.run([put_position, str(site.root / "bus"), key], input=json.dumps(value).encode(), check=True)


def with_(site_file, adapter="", destination=""):
    """Keys behind those of the adapter payroll-a and of the destination bank-abc."""
    return (site_file.replace("start: 2026-11-01,", f"start: 2026-11-01, {adapter}")
            .replace("gather: batch, mode: live, to: {file: {folder: ./out/abc}}", "gather: batch, mode: live, "
                     f"{destination} to: {{file: {{folder: ./out/abc}}}}"))


def releasing_records(root):
    """A site whose payroll goes out record by record, so that a bad one is a dead letter."""
    folder = root / "lib/adapters/payroll/records"
    folder.mkdir(parents=True)
    form = (SOURCE / "adapters/payroll/pipe/batch.yaml").read_text(encoding="utf-8")
    (folder / "batch.yaml").write_text(form.replace("release: batch", "release: record"), encoding="utf-8")
    return Site(root, program, SITE_FILE.replace("form: payroll/pipe", "form: payroll/records")
                .replace("bus: embedded:./bus", "bus: embedded:./bus\nlibrary: [./lib]"))


# ---- kinds ----

@case
def nothing_waits_on_a_new_site(root):
    site = Site(root, program)
    site.run()
    is_(items(site), [])
    r = site.call("todo")
    is_((r.code, r.out), (0, ""))
    has(r.err, "nothing waits")
    has(site.call("todo", "--lang", "zh").err, "没有待办事项")


@case
def a_held_file_says_that_not_one_was_sent_and_whom_to_call(root):
    site = Site(root, program, with_(SITE_FILE, f"contact: '{CONTACT}', "))
    site.drop(one_fen_off())
    site.run()
    item = items(site)[0]
    is_((item["kind"], item["flow"], item["contact"], item["not_happened"]),
        ("held", "payroll-a", CONTACT, "the whole batch is held, not one was sent"))
    is_(item["next"], [f"jincai held {verb}" for verb in (f"return {item['number']} --reason TEXT",
                                                          f"retry {item['number']} --reason TEXT", f"show {item['number']}")])
    r = site.call("todo", "--lang", "zh")
    has(r.out, "挂起", "发生了什么: ", "没有发生的事: 整批暂停，一笔未发", f"下一步: jincai held return {item['number']} --reason 原因",
        f"找谁: {CONTACT}", "金额: 4 笔，CNY")
    has(r.err, "共 1 项待办")


@case
def payments_that_may_be_made_twice_are_held_or_passed_on_and_wait_to_be_seen(root):
    site = Site(root / "held", program)
    for batch in (1, 2):
        site.drop(double_test.people(batch))
        site.run()
    item, = items(site)
    is_((item["kind"], item["not_happened"]), ("suspected", "the whole batch is held, not one was sent"))
    has(item["happened"], "[batch.suspected]")
    site = Site(root / "passed", program, double_test.ORDERS.replace("%s", "unit/csv"))
    for batch, number in ((1, 1), (3, 2)):
        site.drop(double_test.orders(f"2026120{batch}", 1, double_test.order(number)), marker=False)
        site.run()
    item, = items(site)
    is_((item["kind"], item["next"][0]), ("double", f"jincai held seen {item['number']} --reason TEXT"))
    has(item["not_happened"], "nothing was stopped, nothing taken back")


@case
def a_line_of_a_report_may_be_put_right_and_of_an_instruction_never(root):
    site = Site(root, program)
    report = next((SOURCE / "adapters/payment/lambeth/cases/month/lost_comma").glob("*.csv"))
    site.drop(Batch(report.name, report.read_bytes(), []), marker=False, folder="in/lambeth")
    site.drop(one_fen_off())
    site.run()
    is_({i["flow"]: "held repair" in "".join(i["next"]) for i in items(site)}, {"lambeth": True, "payroll-a": False})


@case
def a_conflict_a_duplicate_and_an_unreadable_file_wait(root):
    site = Site(root, program)
    good = payroll(rows=3, seed="one")
    site.drop(good)
    site.drop(Batch("gz_202612_009.txt", b"", []))
    site.run()
    site.drop(payroll(rows=3, seed="two"))
    site.run()
    site.drop(good)
    site.run()
    got = items(site)
    is_(sorted(i["kind"] for i in got), ["conflict", "duplicate", "unreadable"])
    duplicate = next(i for i in got if i["kind"] == "duplicate")
    has(duplicate["next"][0], "jincai held seen ")


@case
def dead_letters_of_one_batch_and_cause_are_one_item(root):
    site = releasing_records(root)
    site.drop(payroll(rows=6, cells={1: {7: "one"}, 2: {7: "two"}, 4: {3: "abc"}}))
    site.run()
    got = items(site)
    is_([i["kind"] for i in got], ["dead", "dead"])
    two, one = sorted(got, key=lambda i: -len(i["letters"]))
    is_((len(two["letters"]), two["sums"][0]["count"], len(one["letters"])), (2, 2, 1))
    has(two["happened"], "2 records could not go on for the same cause")
    has(two["not_happened"], "none of them was sent anywhere, and nothing is tried again by itself")
    has(one["not_happened"], "it was not sent anywhere")
    is_(two["contact"], "who answers for payroll-a (no contact: in jincai.yaml)")
    letters = [json.loads(line) for line in site.call("dead", "list", "--json").out.splitlines()]
    is_({x["number"]: x["todo"] for x in letters},
        {**{n: two["number"] for n in two["letters"]}, one["letters"][0]: one["number"]})
    listed = site.call("dead", "list", two["number"], "--json").out.splitlines()
    is_([json.loads(line)["number"] for line in listed], two["letters"])
    shown = site.call("dead", "show", two["number"])
    is_(shown.code, 0)
    has(shown.err, f"jincai dead list {two['number']}")
    has(site.call("dead", "list").out, two["number"])


@case
def the_demo_leaves_things_of_many_kinds(root):
    site = Site(root / "none", program)
    subprocess.run([program, "demo", "--dir", str(root / "demo")], capture_output=True, check=False,
                   env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
    site.root = root / "demo"
    got = items(site)
    assert {"held", "conflict", "duplicate", "unreadable", "batch", "dead", "dead-conflict"} <= {i["kind"] for i in got}, got
    is_(len({i["number"] for i in got}), len(got))
    conflict = next(i for i in got if i["kind"] == "dead-conflict")
    has(conflict["not_happened"], "what was published before under the same id stands")
    held = next(i for i in got if i["kind"] == "batch")
    assert held["letters"], held


@case
def a_batch_that_destinations_hold_is_one_item_with_its_dead_letters(root):
    site = Site(root, program)
    site.run()
    out = {"next": 8, "open": [GATHERING], "parcels": [], "totals": []}
    put(site, "bank-abc/out", out)
    put(site, "units/out", out)
    got = items(site)
    is_([(i["kind"], i["batch"]) for i in got], [("batch", GATHERING["batch"])])
    is_(got[0]["not_happened"], "the whole batch is held, not one was sent to bank-abc, units")
    is_(len({row["todo"] for row in site.held()} - {""}), 1)


@case
def a_batch_in_a_former_layout_goes_back_and_its_letters_are_not_asked_for(root):
    site = Site(root, program)
    site.run()
    layout = {**GATHERING, "why": "gather.form", "args": "batch=payroll-a:2026-12:002:def\nhave=0\nwant=1"}
    put(site, "bank-abc/out", {"next": 8, "open": [layout], "parcels": [], "totals": []})
    item = items(site)[0]
    is_((item["kind"], item["batch"]), ("layout", GATHERING["batch"]))
    has(item["not_happened"], "not one was sent to bank-abc")
    is_(item["next"][0], f"jincai held return {item['number']} --reason TEXT")
    has(item["advice"], "have the source hand it in again")


@case
def a_parcel_of_unknown_fate_is_to_be_seen_to_at_once_by_its_receiver(root):
    site = Site(root, program, with_(SITE_FILE, destination="contact: 农行 王 0470-7654321,"))
    site.run()
    put(site, "bank-abc/out", {"next": 8, "open": [], "parcels": [PARCEL], "totals": []})
    item = items(site)[0]
    is_((item["kind"], item["at_once"], item["contact"]), ("parcel", True, "农行 王 0470-7654321"))
    has(item["advice"], "does it have df_20261205_000007.txt")
    is_(item["next"][:2], [f"jincai held {verb} {item['number']} --reason TEXT" for verb in ("came", "never")])
    r = site.call("held", "came", item["number"], "--reason", "they have it")
    is_(r.codes, {"act.waits"})
    has(next(i for i in items(site) if i["kind"] == "act")["happened"], "came (7)")
    has(site.call("todo", "--lang", "zh").out, "期限: 立即", "没有重发")


@case
def an_act_that_nobody_has_executed_waits_until_the_site_runs(root):
    site = Site(root, program)
    site.drop(one_fen_off())
    site.run()
    number = items(site)[0]["number"]
    r = site.call("held", "return", number, "--reason", "wrong sum")
    is_((r.code, "act.waits" in r.codes), (1, True))
    got = {i["kind"]: i for i in items(site)}
    is_(sorted(got), ["act", "held"])
    is_((got["act"]["next"], got["act"]["flow"]), (["jincai run"], "payroll-a"))
    has(got["act"]["happened"], "return", "the site does not run")
    site.run()
    is_(items(site), [])
    r = site.call("held", "return", number, "--reason", "again")
    is_((r.code, r.codes), (2, {"todo.none"}))


ORDER = {"id": "resume-1-a", "site": "yakeshi", "flow": "bank-abc", "act": "resume", "subject": "bank-abc", "digest": "", "by": "wang",
         "at": "2026-11-25T01:02:03.000Z", "reason": "it is clear now, account 6222020200112233445", "until": "2026-11-25",
         "shows": {"count": "2", "sums": [{"currency": "CNY", "amount": "12.50"}]}}


@case
def an_act_that_needs_two_people_waits_with_its_last_day_and_who_is_missing(root):
    site = PeopleSite(root, program, COMPARING)
    site.run()
    site.hand_in("bank-abc", "stop", "bank-abc")
    act = site.hand_in("bank-abc", "resume", "bank-abc", reason="it is clear now, account 6222020200112233445")
    site.run()
    got = {i["kind"]: i for i in items(site)}
    is_(sorted(got), ["approval", "stopped"])
    item = got["approval"]
    is_((item["act"], item["flow"], item["contact"]), (act, "bank-abc", "handler li, checker zhang"))
    assert re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", item["deadline"]), item
    has(item["happened"], "wang asked for the act resume (bank-abc)", "approved so far by: 0")
    assert "6222020200112233445" not in site.call("todo").out, "an account in a reason is shown"
    is_(got["stopped"]["contact"], "who answers for bank-abc (no contact: in jincai.yaml)")
    site.approve(item["number"], "li")
    item = next(i for i in items(site) if i["kind"] == "approval")
    is_(item["contact"], "checker zhang")
    r = site.call("approve", item["number"], "--export", str(root / "act.json"))
    is_(r.code, 0)
    site.approve(item["number"], "zhang")
    is_(items(site), [])
    is_(site.call("approve", item["number"], "--key", "x").codes, {"todo.none"})


@case
def a_flow_that_was_stopped_or_stopped_itself_is_to_be_seen_to_at_once(root):
    site = Site(root, program)
    site.run()
    put(site, "bank-abc/acts", {"stop": {"act": "stop", "by": "wang", "at": "2026-11-25T01:02:03.000Z", "reason": "the bank called"}})
    put(site, "payroll-a/acts", {"stop": {"act": "stop", "by": "jincai", "at": "2026-11-26T01:02:03.000Z", "code": "parcel.altered",
                                          "args": "no=7"}})
    got = {i["flow"]: i for i in items(site)}
    is_([(i["kind"], i["at_once"]) for i in got.values()], [("stopped", True)] * 2)
    has(got["bank-abc"]["happened"], "wang stopped it, because: the bank called")
    has(got["payroll-a"]["happened"], "it stopped itself: ", "[parcel.altered]")
    is_(got["bank-abc"]["next"][0], f"jincai resume {got['bank-abc']['number']} --reason TEXT")


@case
def a_batch_that_was_stopped_waits_where_it_was(root):
    site = Site(root, program)
    site.run()
    stop = {"subject": "payroll-a:1", "batch": "payroll-a:1", "order": {"by": "wang", "at": "2026-11-25T01:02:03.000Z",
                                                                        "reason": "the unit called"}}
    put(site, "bank-abc/stops", [stop])
    put(site, "units/stops", [stop])
    item, = items(site)
    is_((item["kind"], item["batch"], item["next"][0]), ("stop", "payroll-a:1", f"jincai resume {item['number']} --reason TEXT"))
    has(item["not_happened"], "nothing of payroll-a:1 was sent to bank-abc, units")
    has(item["happened"], "wang stopped it, because: the unit called")


@case
def what_the_files_say_otherwise_than_it_is_in_force_waits_to_take_effect(root):
    site = PeopleSite(root, program, COMPARING)
    site.run()
    is_(items(site), [])
    path = root / "jincai.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace('starts "103"', 'starts "102"'), encoding="utf-8")
    item, = items(site)
    is_((item["kind"], item["next"][0]), ("adopt", "jincai adopt site --reason TEXT"))
    has(item["not_happened"], "nothing that carries money is started", "not used for any payment")


@case
def what_is_in_force_and_was_deleted_or_altered_stops_all_money_and_does_not_go_on_as_it_was(root):
    site = PeopleSite(root, program, COMPARING)
    shutil.copytree(SOURCE / "schemas", root / "lib/schemas")
    site.write(COMPARING.replace("bus: ", "library: [./lib]\nbus: "))
    site.run()
    table = root / "lib/schemas/codes/units.2026.csv"
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace("某单位一,602001", "某单位一,602002"), encoding="utf-8")
    item, = items(site)
    is_((item["kind"], item["not_happened"].startswith("table:units goes on as it was")), ("adopt", True))
    for path in (root / "bus/adopted").rglob("units.2026.csv"):
        path.write_text(text.replace("某单位一,602001", "某单位一,602009"), encoding="utf-8")
    kept = {p: p.read_bytes() for p in (root / "bus/adopted").rglob("site.txt")}
    for gone in (False, True):
        for path in kept if gone else ():
            path.unlink()
        waiting = {i["kind"]: i for i in items(site)}
        is_(sorted(waiting), ["adopt", "altered"])
        for item in waiting.values():
            has(item["not_happened"], "nothing that carries money is started")
        assert "adopt.altered" in site.run().codes
    for path in kept:
        path.write_bytes(kept[path])
    table.write_text(text, encoding="utf-8")
    is_(items(site), [])


@case
def money_for_a_bank_that_nobody_let_go_live_or_that_no_longer_may_make_shadows_waits(root):
    site = PeopleSite(root, program)
    batch = site.drop(payroll(rows=3))
    site.run()
    item, = items(site)
    is_((item["kind"], item["at_once"], item["next"][0]), ("not-live", True, "jincai live bank-abc --reason TEXT"))
    is_((item["sums"][0]["currency"], item["sums"][0]["count"]), ("CNY", 3))
    has(item["not_happened"], "not one was sent to bank-abc")
    site.call("live", "bank-abc", "--reason", "compared for a month")
    site.run()
    site.approve(site.proposed()[0]["act"])
    site.run()
    site.sent_is(batch)
    is_(items(site), [])
    site.write(COMPARING)
    item, = items(site)
    is_((item["kind"], item["sums"]), ("not-shadow", []))
    has(item["happened"], "which was live; nothing is sent, nothing is made")


@case
def what_was_begun_by_flows_that_the_site_file_no_longer_has_waits_for_their_names(root):
    site = Site(root, program)
    site.drop(payroll(rows=3))
    site.call("run", "payroll-a", "router", "--until-idle")
    site.write(SITE_FILE.replace("bank-abc", "bank-xyz"))
    item, = items(site)
    is_((item["kind"], item["at_once"], item["sums"][0]["count"]), ("left", True, 3))
    has(item["happened"], "no longer has the destination bank-abc")
    site.write(SITE_FILE)
    site.run()
    is_(items(site), [])
    put(site, "payroll-b/in", {"batch": "payroll-b:9"})
    item, = items(site)
    is_((item["kind"], item["batch"]), ("left", "payroll-b:9"))
    has(item["happened"], "no longer has the adapter payroll-b", "payroll-b:9")


@case
def a_store_that_is_not_what_it_was_stops_all_money(root):
    site = Site(root, program)
    site.run()
    put(site, "site/guard", {"at": "2026-11-24T01:02:03.000Z", "why": "guard.moved", "args": "folder=bus"})
    item = items(site)[0]
    is_((item["kind"], item["at_once"], item["number"][:5]), ("guard", True, "1124-"))
    has(item["happened"], "[guard.moved]")
    has(item["not_happened"], "not one payment goes out")


@case
def a_silent_source_waits_with_the_deadline_that_has_passed(root):
    today = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).date()
    text = with_(SITE_FILE, f"contact: '{CONTACT}', expect: daily, ").replace("2026-11-01", "2020-01-01")
    site = Site(root, program, text)
    site.run()
    yesterday = today - datetime.timedelta(days=1)
    while yesterday.weekday() > 4:
        yesterday -= datetime.timedelta(days=1)
    item = items(site)[0]
    is_((item["kind"], item["deadline"], item["contact"]), ("silent", str(yesterday), CONTACT))
    has(item["happened"], "the site does not run")
    is_(item["next"], ["jincai run"])
    has(site.call("todo").err, "1 wait for a person, 1 of them past their deadline")
    (site.payroll / "other.txt").write_text("what lies there")
    has(items(site)[0]["happened"], "1 file lies in its drop folder untaken")
    process = site.start("run")
    try:
        time.sleep(0.5)
        is_(items(site)[0]["next"], ["jincai held list", "jincai check"])
    finally:
        process.terminate()
        process.communicate()
    site.drop(payroll(rows=3))
    site.run()
    is_(items(site), [])
    # A source that was not ours yet is not missed.
    site = Site(root / "later", program, text.replace("2020-01-01", str(today)))
    site.run()
    is_(items(site), [])


@case
def a_batch_that_is_held_has_the_deadline_of_its_source(root):
    site = Site(root, program, with_(SITE_FILE, "expect: monthly by 31, "))
    site.drop(one_fen_off())
    site.run()
    got = {i["kind"]: i for i in items(site)}
    assert got["held"]["deadline"] >= time.strftime("%Y-%m-28"), got["held"]


@case
def a_disk_and_a_store_that_are_nearly_full_wait(root):
    site = Site(root, program, SITE_FILE.replace("bus: embedded:./bus", "bus: embedded:./bus\nstore: {max: 1}"))
    site.run()
    env = {"LD_PRELOAD": full, "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0"}
    got = items(site, FULL_DISK="1", **env)
    assert {i["kind"] for i in got} == {"disk"} and all(i["at_once"] for i in got), got
    has(got[0]["happened"], "has 0 MiB left")
    is_(items(site, FULL_STORE="700", **env), [])
    store = items(site, FULL_STORE="830", **env)
    is_([i["kind"] for i in store], ["store"])
    has(store[0]["happened"], "MiB; at 921 MiB it takes nothing more in")


# ---- numbers, order, verbs ----

@case
def deadline_comes_first_then_money(root):
    site = Site(root, program, with_(SITE_FILE, "expect: monthly by 31, "))
    site.drop(payroll(batch=1, rows=2, head={7: "1.00"}))
    site.drop(payroll(batch=2, rows=20, head={7: "1.00"}))
    site.drop(payroll(batch=3, rows=8, head={7: "1.00"}))
    site.run()
    put(site, "bank-abc/out", {"next": 8, "open": [], "parcels": [PARCEL], "totals": []})
    got = [i for i in items(site) if i["kind"] != "silent"]
    is_([i["kind"] for i in got], ["parcel", "held", "held", "held"])
    is_([i["sums"][0]["count"] for i in got[1:]], [20, 8, 2])


@case
def every_verb_takes_the_number_and_says_when_it_stands_for_something_else(root):
    site = releasing_records(root)
    site.drop(one_fen_off())
    site.drop(payroll(batch=2, rows=4, cells={1: {7: "one"}}))
    site.run()
    got = {i["kind"]: i for i in items(site)}
    held, dead = got["held"]["number"], got["dead"]["number"]
    shown = site.call("held", "show", held)
    is_(shown.code, 0)
    has(shown.out, got["held"]["batch"])
    has(site.call("held", "list").out, held)
    is_(site.held()[0]["todo"], held)
    r = site.call("todo", held)
    is_(r.code, 1)
    has(r.out, got["held"]["batch"])
    assert dead not in r.out, r
    r = site.call("dead", "show", held)
    is_((r.code, r.codes), (2, {"todo.kind"}))
    has(r.err, "held batch", "a dead letter")
    for args in (("todo", "0101-99"), ("held", "show", "0101-99"), ("dead", "list", "0101-99")):
        r = site.call(*args)
        is_((r.code, r.codes), (2, {"todo.none"}))


@case
def a_number_with_too_few_digits_names_those_that_it_may_be(root):
    site = Site(root, program)
    for n in range(1, 60):
        site.drop(payroll(batch=n, rows=1, head={7: "1.00"}))
    site.run()
    got = items(site)
    numbers = [i["number"] for i in got]
    is_(len(set(numbers)), 59)
    long = next(n for n in numbers if len(n) > 7)
    r = site.call("todo", long[:7])
    is_((r.code, r.codes), (2, {"todo.ambiguous"}))
    has(r.err, long)
    is_(site.call("todo", long).code, 1)
    is_(site.call("held", "return", long[:7], "--reason", "x").codes, {"todo.ambiguous"})


@case
def commands_name_the_site_file_when_it_was_named(root):
    site = Site(root, program)
    site.drop(one_fen_off())
    site.run()
    path = root / "with 'blank.yaml"
    path.write_text((root / "jincai.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    item = items(site, "-c", str(path))[0]
    is_(shlex.split(item["next"][0])[-2:], ["-c", str(path)])
    r = site.call(*shlex.split(item["next"][-1])[1:])
    is_(r.code, 0)


@case
def contact_and_expect_are_checked(root):
    for key, code in (("contact: '', ", "site.contact"), (f"contact: '{'x' * 201}', ", "site.contact"),
                      ('contact: "a\\tb", ', "site.contact"), ("expect: monthly, ", "site.expect"),
                      ("expect: weekly by 5, ", "site.expect"), ("contact: 李 0470-1234567, expect: weekly by friday, ", None)):
        site = Site(root, program, with_(SITE_FILE, key))
        r = site.call("check")
        is_((r.code, r.codes), (3 if code else 0, {code} if code else set()))


# ---- alone ----

def on_a_terminal(site, keys, lang="en_US.UTF-8"):
    """What the program prints alone on a terminal while keys are typed."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(site.root)
        os.environ.update({"LC_ALL": lang, "ASAN_OPTIONS": "detect_leaks=0"})
        os.execv(program, [program])
    out, until = b"", time.monotonic() + 30
    typed = list(keys)
    while time.monotonic() < until:
        if not select.select([fd], [], [], 0.1)[0]:
            continue
        try:
            got = os.read(fd, 65536)
        except OSError:
            break
        out += got
        if typed and out.rstrip().endswith((b"1123-07):", "1123-07）：".encode())):
            os.write(fd, typed.pop(0).encode() + b"\n")
    _, status = os.waitpid(pid, 0)
    is_(os.waitstatus_to_exitcode(status), 0)
    return out.decode("utf-8", "replace").replace("\r\n", "\n")


@case
def alone_on_a_terminal_it_shows_the_state_and_runs_what_is_chosen(root):
    site = Site(root, program)
    site.drop(payroll(batch=2, rows=5))
    site.drop(one_fen_off())
    site.run()
    number = items(site)[0]["number"]
    out = on_a_terminal(site, ["1", "4", "77", number, "0"])
    state = out[:out.index("  1  ")].strip().splitlines()
    assert 6 <= len(state) <= 12, state
    has(out, "site yakeshi (test)", "not running", "today's files: 2; batches published: 1; 5 in number", "parcels handed over today: 2",
        "everything adds up, difference 0.00", "to do: 1", "\n$ jincai todo\n", "\n$ jincai balance\n", f"\n$ jincai todo {number}\n",
        "type one of the numbers")
    has(on_a_terminal(site, ["0"], "zh_CN.UTF-8"), "站点 yakeshi（测试）", "待办 1 项", "全部待办", "jincai held list")


@case
def in_a_pipe_and_without_a_site_it_shows_its_verbs(root):
    site = Site(root, program)
    r = site.call()
    is_(r.code, 0)
    has(r.out, "jincai help VERB", "held list")
    (root / "jincai.yaml").unlink()
    has(on_a_terminal(site, []), "jincai help VERB", "held list")


@case
def replays_that_do_not_get_on_wait_for_a_person(root):
    site = Site(root, program)
    site.drop(payroll(rows=3))
    site.run()
    r = site.call("replay", "--topic", "payroll", "--to-file", str(root / "audit.jsonl"), "--reason", "an audit", "--lang", "en")
    file = re.search(r"^plan (\S+)$", r.out, re.MULTILINE).group(1)
    (root / f"bus/replay/{file}.at").write_text('{"state":"running","events":1,"bytes":9,"sha256":""}')
    plan = {"id": "r-2", "to": {"topic": "jincai.replay.history"}, "events": 9, "selection": {}, "reason": "x"}
    at = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    put(site, "replay/plan/r-2", {"state": "paused", "events": 4, "rate": 0, "at": at, "plan": plan})
    put(site, "replay/plan/r-4", {"state": "void", "events": 5, "rate": 0, "at": at, "to": "units", "given": True,
                                  "why": {"code": "replay.changed", "args": "plan=r-4"}})
    put(site, "replay/plan/r-5", {"state": "done", "events": 9, "rate": 0, "at": at})
    put(site, "replay/plan/r-6", {"state": "cancelled", "events": 9, "rate": 0, "at": at})
    rows = {i["subject"]: i for i in items(site)}
    is_(sorted(rows), sorted(["replay:r-2", "replay:r-4", f"replay:{file}"]))
    has(rows["replay:r-2"]["happened"], "4 of 9 events", "paused")
    has(rows[f"replay:{file}"]["happened"], "1 of 3 events", "nobody runs it")
    has(rows["replay:r-4"]["happened"], "to units", "is no longer as it was")
    is_([i["next"][0] for i in rows.values() if i["kind"] == "replay-void"], ["jincai replay cancel r-4"])
    is_(sorted(i["next"][0] for i in rows.values() if i["kind"] == "replay"), sorted(["jincai replay run r-2", f"jincai replay run {file}"]))
    put(site, "replay/plan/r-2", {"state": "running", "events": 4, "rate": 0, "at": at, "plan": plan})
    item = next(i for i in items(site) if i["subject"] == "replay:r-2")
    has(item["happened"], "the site does not run")
    is_(item["next"][0], "jincai run")


@case
def each_kind_of_the_table_was_seen_and_its_messages_read(root):
    is_(sorted(set(KINDS) - set(ITEMS) - ON_A_CLUSTER), [])


def main():
    global program, put_position, full
    program, put_position, full = (str(pathlib.Path(p).resolve()) for p in sys.argv[1:4])
    only = sys.argv[4] if len(sys.argv) > 4 else ""
    failed = 0
    for f in CASES:
        if only not in f.__name__:
            continue
        with tempfile.TemporaryDirectory(prefix="jincai-todo-") as root:
            try:
                f(pathlib.Path(root))
                print(f"ok    {f.__name__}", flush=True)
            except Exception:
                failed += 1
                print(f"FAIL  {f.__name__}\n{traceback.format_exc()}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
