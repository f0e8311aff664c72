#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What reaches money takes effect when two people let it, and not by editing a file.

    adopt_test.py PROGRAM [--count LIBCOUNT] [CASE...]

One line a case; exit 1 when one fails.
"""
import datetime
import json
import pathlib
import re
import shutil
import signal
import sys
import time

import acts_help
from acts_help import act, is_, killed_everywhere, recorded, run_counted
from people import PRODUCTION, PeopleSite, make_pair
from small_site import SITE_FILE, Site, large, payroll

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = []
LIBRARY = ("adapters/payroll/pipe/batch.yaml", "adapters/bank/pipe/batch.yaml", "schemas/codes/units.yaml",
           "schemas/codes/units.2026.csv", "schemas/codes/banks.yaml", "schemas/codes/banks.2026.csv",
           "schemas/payroll/payroll.line.v1.json", "schemas/common/parts.json")
UNITS, BANK, INWARD = "lib/schemas/codes/units.2026.csv", "lib/adapters/bank/pipe/batch.yaml", "lib/adapters/payroll/pipe/batch.yaml"


def case(f):
    CASES.append(f)
    return f


def with_library(root, text):
    for name in LIBRARY:
        (root / "lib" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / "lib" / name)
    return text.replace("bus: ", "library: [./lib]\nbus: ")


def production(root, live=True):
    """A production site with a library of its own. live: two people let its bank go live."""
    site = PeopleSite(root, acts_help.options.program, with_library(root, PRODUCTION))
    is_(site.run().code, 0)
    if live:
        site.call("live", "bank-abc", "--reason", "compared for a month")
        site.run()
        site.approve(site.proposed()[0]["act"])
    return site


def edit(site, name, old, new):
    path = site.root / name
    text = path.read_text(encoding="utf-8")
    assert old in text, (name, old)
    path.write_text(text.replace(old, new), encoding="utf-8")


def waiting(site, code=1):
    """What `adopt` lists."""
    r = site.call("adopt", "--lang", "en")
    is_(r.code, code)
    return re.findall(r"^((?:form|table|schema):\S+|site)  ", r.out, re.MULTILINE), r.out


def adopt(site, *words):
    """Two people let it take effect."""
    act(site, "adopt", *words)
    site.run()
    return site.approve(site.proposed()[-1]["act"])


def unit_folders(site):
    return sorted(p.name for p in (site.root / "out/units").iterdir() if not p.name.startswith("."))


def json_items(site):
    """What waits, as `todo` says it."""
    return [json.loads(line) for line in site.call("todo", "--json", "--lang", "en").out.splitlines()]


def traced(site, batch):
    """What `trace` says is missing of its first line."""
    r = site.call("trace", "--unit", "602001", "--amount", f"{batch.lines[0][2] / 100:.2f}", "--day", "2026-12-15", "--json", "--lang", "en")
    return json.loads(r.out)["missing"]


def refuses_money(site, batch=2):
    """Nothing that carries money is started, nothing of a new file is taken."""
    b = site.drop(payroll(batch=batch))
    before = site.sent()
    r = site.run()
    is_((r.code, "adopt.site" in r.codes), (1, True))
    is_(site.sent(), before)
    assert (site.payroll / b.name).exists(), "the file was taken"
    return b


# ---- live ----

@case
def a_money_destination_of_production_waits_until_two_people_let_it_go_live(root):
    site = production(root, live=False)
    first, second = site.drop(payroll(batch=1)), payroll(batch=2)
    site.run()
    is_((site.sent().total(), sum(site.unit_lines().values())), (0, 5))
    assert not (root / "bus/shadow").exists(), "made in shadow"
    item, = json_items(site)
    is_((item["kind"], item["next"][0], item["sums"][0]["count"]), ("not-live", "jincai live bank-abc --reason TEXT", 5))
    assert "not one was sent to bank-abc" in item["not_happened"], item
    is_(traced(site, first), ["bank-abc goes live when two people let it, nothing goes out before: jincai live bank-abc"])
    site.write((root / "jincai.yaml").read_text(encoding="utf-8").replace("start: 2026-11-01", "start: 2026-10-01"))
    is_(traced(site, first)[1:], ["the site file was changed and two people have not let it, nothing that carries money starts: "
                                  "jincai adopt"])
    site.write((root / "jincai.yaml").read_text(encoding="utf-8").replace("start: 2026-10-01", "start: 2026-11-01"))
    assert "adopt.not_live" in site.run().err
    r = site.call("live", "bank-abc", "--reason", "compared for a month")
    assert "act.waits" in r.codes, r
    site.run()
    asked = site.proposed()[0]
    is_((asked["order"]["act"] if "order" in asked else asked.get("what", "live")), "live")
    site.sign(asked["act"], "li")
    site.drop(second)
    site.run()
    is_(site.sent().total(), 0)
    site.sign(asked["act"], "zhang")
    site.run()
    third = site.drop(payroll(batch=3))
    site.run()
    site.sent_is(first, second, third)
    is_(json_items(site), [])
    r = site.call("live", "bank-abc", "--reason", "again")
    is_((r.code, "live.already" in r.codes), (1, True))
    r = site.call("live", "units", "--reason", "no money")
    is_((r.code, "live.none" in r.codes), (2, True))


@case
def who_takes_live_out_of_the_file_needs_two_people_again(root):
    site = production(root)
    for mode in ("shadow", "live"):
        edit(site, "jincai.yaml", "bank/pipe, gather: batch, mode: " + ("live" if mode == "shadow" else "shadow"),
             "bank/pipe, gather: batch, mode: " + mode)
        site.run()
    batch = site.drop(payroll(batch=1))
    site.run()
    is_(site.sent().total(), 0)
    site.call("live", "bank-abc", "--reason", "it was a slip")
    site.run()
    site.approve(site.proposed()[0]["act"])
    site.run()
    site.sent_is(batch)


# ---- what a file says takes effect by two people alone ----

@case
def a_row_of_a_table_waits_for_two_people_and_is_shown_row_by_row(root):
    site = production(root)
    is_(site.call("adopt").code, 0)
    edit(site, UNITS, "602001,呼伦贝尔市某单位一,602001", "602001,呼伦贝尔市某单位一,602002")
    b = site.drop(payroll(batch=1))
    is_(site.run().code, 0)
    is_(unit_folders(site), ["602001"])
    names, text = waiting(site)
    is_(names, ["table:units"])
    assert "  - 602001,呼伦贝尔市某单位一,602001" in text and "  + 602001,呼伦贝尔市某单位一,602002" in text, text
    assert text.count("\n  ") == 2, text
    adopt(site)
    c = site.drop(payroll(batch=2))
    site.run()
    is_(unit_folders(site), ["602001", "602002"])
    is_(site.call("adopt").code, 0)
    site.sent_is(b, c)
    is_([(a["act"], a["by"] == "jincai") for a in recorded(site)][-1][0] in ("adopt", "approve"), True)


@case
def one_person_is_not_enough_and_a_change_meanwhile_makes_it_void(root):
    site = production(root)
    edit(site, UNITS, "某单位一,602001", "某单位一,602002")
    r = site.call("adopt", "table:units", "--reason", "x")
    assert "act.waits" in r.codes, r
    site.run()
    asked = site.proposed()[0]["act"]
    site.sign(asked, "li")
    site.run()
    is_(waiting(site)[0], ["table:units"])
    site.sign(asked, "li")
    site.run()
    is_(waiting(site)[0], ["table:units"])
    for words, code in ((["table:banks"], "adopt.none"), (["--from", "yesterday"], "adopt.date"), (["--from", "2026-01-01"], "adopt.date")):
        r = site.call("adopt", *words, "--reason", "x")
        is_((r.code, r.codes), (2, {code}))


@case
def a_constant_in_a_form_outward_pays_nobody(root):
    site = production(root)
    edit(site, BANK, "    - data.payee.account\n  subsidy", "    - {value: \"6222020600000000999\"}\n  subsidy")
    b = site.drop(payroll(batch=1))
    is_(site.run().code, 0)
    site.sent_is(b)
    names, text = waiting(site)
    is_(names, ["form:bank/pipe/batch"])
    assert "0999" in text and "6222020600000000999" not in text, text


@case
def an_older_form_put_back_and_another_one_before_it_pay_nobody(root):
    site = production(root)
    older = (site.root / INWARD).read_text()
    edit(site, INWARD, ", check: positive", "")
    is_(site.run().code, 0)
    adopt(site)
    (site.root / INWARD).write_text(older)
    b = site.drop(payroll(batch=1))
    site.run()
    is_(waiting(site)[0], ["form:payroll/pipe/batch"])
    site.sent_is(b)
    # A library that is named before the others is a file, too.
    for name in LIBRARY:
        (site.root / "other" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, site.root / "other" / name)
    edit(site, "other/adapters/bank/pipe/batch.yaml", "as: yuan", "as: fen")
    r = site.call("run", "--until-idle", "--library", str(site.root / "other"))
    c = site.drop(payroll(batch=2))
    r = site.call("run", "--until-idle", "--library", str(site.root / "other"))
    is_(r.code, 0)
    site.sent_is(b, c)


@case
def a_report_that_was_an_instruction_is_one_still(root):
    site = production(root)
    edit(site, INWARD, "nature: instruction", "nature: report")
    r = site.run()
    assert r.code != 0 and site.sent().total() == 0, r


@case
def what_the_site_file_says_of_money_stops_all_money_until_two_people_let_it(root):
    site = production(root)
    good = site.drop(payroll(batch=1))
    site.run()
    text = (site.root / "jincai.yaml").read_text()
    (site.root / "out/second").mkdir()
    make_pair(root / "private/mallory.key", root / "keys/people/mallory.pub", "ED25519")
    second = "  bank-two: {form: bank/pipe, gather: batch, mode: live, to: {file: {folder: ./out/second}}}\n"
    for old, new in (
            ("  units: {form", second + "  units: {form"),                                # a second bank
            ("folder: ./out/abc", "folder: ./out/second"),                               # another folder
            ("starts \"103\"", "starts \"1\""),                                          # a route
            ("unit: \"602001\"", "unit: \"602002\""),
            ("li: {role: handler, key: ./keys/people/li.pub", "li: {role: handler, key: ./keys/people/mallory.pub"),
            ("start: 2026-11-01", "start: 2026-10-01")):
        assert old in text, old
        changed = text.replace(old, new)
        if new.startswith("  bank-two"):
            changed = changed.replace("to: bank-abc}", "to: [bank-abc, bank-two]}")
        site.write(changed)
        r = site.run()
        is_((r.code, "adopt.site" in r.codes), (1, True))
        is_(waiting(site)[0], ["site"])
    b = refuses_money(site, 2)
    site.write(text)
    # A key file that another person's was copied over.
    (site.root / "keys/people/li.pub").rename(site.root / "keys/people/was")
    shutil.copy(site.root / "keys/people/mallory.pub", site.root / "keys/people/li.pub")
    is_(("adopt.site" in site.run().codes), True)
    r = site.call("adopt", "--reason", "x")
    site.run()
    asked = site.proposed()[0]["act"]
    site.call("approve", asked, "--key", str(root / "private/mallory.key"), "--yes", "--as", "li")
    site.sign(asked, "zhang")
    is_(("adopt.site" in site.run().codes), True)
    (site.root / "keys/people/was").rename(site.root / "keys/people/li.pub")
    is_(site.run().code, 0)
    site.sent_is(good, b)


def no_longer_there(site, old, new):
    """A flow has another name, and two people let it; what `todo` says of the one that is gone."""
    edit(site, "jincai.yaml", old, new)
    adopt(site)
    site.run()
    return [i for i in json_items(site) if i["kind"] == "left"]


@case
def lines_of_a_destination_that_the_site_no_longer_has_are_listed_until_it_is_back(root):
    site = production(root)
    b = site.drop(payroll(batch=1))
    site.call("run", "payroll-a", "router", "--until-idle")
    item, = no_longer_there(site, "bank-abc", "bank-xyz")
    is_((item["sums"][0]["count"], item["at_once"], item["next"][0]), (5, True, "jincai balance"))
    assert "the destination bank-abc" in item["happened"] and "not one of the lines that wait was sent" in item["not_happened"], item
    is_(no_longer_there(site, "bank-xyz", "bank-abc"), [])
    site.call("live", "bank-abc", "--reason", "it is back")
    site.run()
    site.approve(site.proposed()[0]["act"])
    site.run()
    site.sent_is(b)
    is_(json_items(site), [])


@case
def a_batch_of_an_adapter_that_the_site_no_longer_has_is_listed_when_it_was_killed_on_the_way(root):
    """Killed in the second commit of what is published."""
    log, site = root / "steps", production(root / "first")
    site.drop(large(12000))
    run_counted(site, {"COUNT_LOG": str(log)}, ["payroll-a"])
    steps = [row.split("\t") for row in log.read_text().splitlines()]
    claimed = [int(n) for n, call, path in steps if call == "renameat" and "/bus/forms/payroll-a/" in path][-1]
    synced = [n for n, call, path in steps if call == "fdatasync" and "data.mdb" in path and int(n) > claimed]
    site = production(root / "site")
    b = site.drop(large(12000))
    run_counted(site, {"COUNT_KILL": synced[2]}, ["payroll-a"])
    item, = no_longer_there(site, "payroll-a:", "payroll-b:")
    assert "the adapter payroll-a" in item["happened"] and item["batch"] in item["not_happened"], item
    is_(item["sums"][0]["count"], 12000)
    is_(no_longer_there(site, "payroll-b:", "payroll-a:"), [])
    site.run()
    site.sent_is(b)


@case
def another_folder_is_used_when_two_people_let_it(root):
    site = production(root)
    (site.root / "out/second").mkdir()
    edit(site, "jincai.yaml", "folder: ./out/abc", "folder: ./out/second")
    b = refuses_money(site, 1)
    adopt(site)
    site.run()
    is_(len(site.bank_files("out/second")), 1)
    is_(site.sent().total(), 0)
    assert b


@case
def what_was_adopted_and_then_altered_stops_all_money(root):
    site = production(root)
    for path in sorted((site.root / "bus/adopted").glob("*/**/*")):
        if path.is_file():
            content = path.read_bytes()
            path.write_bytes(content + b"\n# nothing\n" if path.suffix == ".yaml" else content.replace(b"602001", b"602002"))
    edit(site, UNITS, "某单位一,602001", "某单位一,602003")     # so that it is not the files' own that is read
    site.drop(payroll(batch=1))
    r = site.run()
    assert r.code != 0 and r.codes & {"adopt.altered", "adopt.unreadable"}, r
    is_((site.sent().total(), unit_folders(site)), (0, []))


@case
def a_day_that_has_not_come_changes_nothing(root):
    site = production(root)
    edit(site, UNITS, "某单位一,602001", "某单位一,602002")
    adopt(site, "--from", str(datetime.date.today() + datetime.timedelta(days=3)))
    site.drop(payroll(batch=1))
    site.run()
    is_(unit_folders(site), ["602001"])
    assert "approved, in force from" in waiting(site)[1]


@case
def a_site_that_runs_goes_on_with_what_two_people_let(root):
    site = production(root)
    process = site.start("run")
    try:
        site.drop(payroll(batch=1))
        wait(lambda: unit_folders(site) == ["602001"])
        edit(site, UNITS, "某单位一,602001", "某单位一,602002")
        r = site.call("adopt", "--reason", "the register was amended")
        assert (r.code, "jincai approve" in r.err) == (1, True), r
        site.approve(site.proposed()[0]["act"], run=False)
        wait(lambda: site.call("adopt").code == 0)
        site.drop(payroll(batch=2))
        wait(lambda: unit_folders(site) == ["602001", "602002"])
    finally:
        process.send_signal(signal.SIGTERM)
        result = site.finish(process)
    is_(result.code, 0)
    assert "run.again" in result.err, result


def wait(until, seconds=30):
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.1)


@case
def without_people_nothing_can_be_let(root):
    site = Site(root, acts_help.options.program, with_library(root, SITE_FILE.replace(" kind: test,", "")))
    is_(site.run().code, 0)
    edit(site, UNITS, "某单位一,602001", "某单位一,602002")
    r = site.call("adopt", "--reason", "x")
    assert "act.waits" in r.codes, r
    site.run()
    is_(waiting(site)[0], ["table:units"])
    is_([(a["outcome"], a["words"]) for a in recorded(site)][-1], ("refused", "act.no_people"))


# ---- what those who sign read ----

def page(site, code, *words):
    """The page of what `adopt` asks for; "" when it asks for nothing."""
    r = site.call("adopt", *words, "--reason", "the bank has another layout")
    assert code in r.codes, r
    site.run()
    if code != "act.waits":
        is_(site.proposed(), [])
        return ""
    r = site.call("approve", site.proposed()[-1]["act"], "--export", str(site.root / "act.json"))
    is_(r.code, 0)
    return (site.root / "act.json.txt").read_text(encoding="utf-8")


@case
def a_changed_account_stands_before_many_lines_of_comment(root):
    site = production(root)
    text = "".join(f"# explanation {n:03} of the layout that the bank has sent us\n" for n in range(60)) + (site.root / BANK).read_text()
    (site.root / BANK).write_text(text)
    edit(site, BANK, "    - data.payee.account\n  subsidy", "    - {value: \"6222020600000000999\"}\n  subsidy")
    text = page(site, "act.waits")
    for line in ("-     - data.payee.account", "+     - {value: \"***************0999\"}", "explanation 000", "explanation 059"):
        assert line in text, text
    assert text.index("***0999") < text.index("explanation 000"), text
    assert "form:bank/pipe/batch" in text and "CUT" not in text, text


@case
def what_does_not_fit_on_a_page_is_asked_for_item_by_item_and_says_that_it_is_cut(root):
    site = production(root)
    edit(site, BANK, "    - data.payee.account\n  subsidy", "    - {value: \"6222020600000000999\"}\n  subsidy")
    with (site.root / UNITS).open("a", encoding="utf-8") as f:
        for n in range(1000):
            f.write(f"7{n:05},某单位{n},602001,0\n")
    is_(page(site, "adopt.long"), "")
    text = page(site, "act.waits", "form:bank/pipe/batch")
    assert "***0999" in text and "CUT" not in text, text
    text = page(site, "act.waits", "table:units")
    assert "CUT: only the first of 1000 lines follow" in text and "0 lines gone, 1000 lines new" in text, text
    assert "700000" in text and "700999" not in text and len(text) < 30000, text
    new = re.search(r"new: ([0-9a-f:]+)", text).group(1).replace(":", "")
    assert len(new) == 64 and (site.root / "bus/adopted" / new).is_dir(), new
    site.approve(site.proposed()[-1]["act"])
    is_(waiting(site)[0], ["form:bank/pipe/batch"])


@case
def lines_that_wait_are_not_written_by_a_layout_that_was_adopted_since(root):
    site = production(root)
    site.call("stop", "bank-abc", "--reason", "the bank has another layout from tomorrow on")
    site.run()
    site.drop(payroll(batch=1))
    site.run()
    name, account = "    - {from: data.payee.name, cut: 60 bytes}\n    - {from: data.net", "    - data.payee.account\n  subsidy"
    edit(site, BANK, name, "    - data.payee.account\n    - {from: data.net")
    edit(site, BANK, account, "    - {from: data.payee.name, cut: 60 bytes}\n  subsidy")
    adopt(site)
    is_(site.call("adopt").code, 0)
    site.call("resume", "bank-abc", "--reason", "from today on")
    site.run()
    site.approve(site.proposed()[-1]["act"])
    is_((site.bank_files(), [i["kind"] for i in json_items(site)]), ({}, ["layout"]))


# ---- test sites ----

@case
def the_files_of_a_test_site_decide_and_it_is_recorded(root):
    site = Site(root, acts_help.options.program, with_library(root, SITE_FILE))
    a = site.drop(payroll(batch=1))
    site.run()
    edit(site, UNITS, "某单位一,602001", "某单位一,602002")
    is_(site.call("adopt").code, 0)
    b = site.drop(payroll(batch=2))
    is_(site.run().code, 0)
    is_(unit_folders(site), ["602001", "602002"])
    site.sent_is(a, b)
    is_([(x["act"], x["by"]) for x in recorded(site)], [("adopt", "jincai")] * 2)


@case
def a_batch_ends_with_the_table_that_it_began_with(root):
    site = Site(root, acts_help.options.program, with_library(root, SITE_FILE))
    site.drop(large(60000))
    process = site.start("run")
    wait(lambda: b"publishing" in (site.root / "bus/data.mdb").read_bytes() if (site.root / "bus/data.mdb").exists() else False)
    process.kill()
    site.finish(process)
    edit(site, UNITS, "某单位一,602001", "某单位一,602002")
    is_(site.run(timeout=120).code, 0)
    is_(unit_folders(site), ["602001"])
    is_(sum(site.unit_lines().values()), 60000)


# ---- kills ----

@case
def killed_at_each_durable_step_it_is_in_force_once_or_not_at_all(root):
    def make(folder):
        site = production(folder)
        edit(site, UNITS, "某单位一,602001", "某单位一,602002")
        act(site, "adopt")
        site.run()
        asked = site.proposed()[0]["act"]
        for name in ("li", "zhang"):
            site.sign(asked, name)
        return site

    def check(site):
        is_(len([a for a in recorded(site) if a["by"] == "jincai" and a["reason"] == "in force from here on"]), 1)
        is_(site.call("adopt").code, 0)
        site.drop(payroll(batch=1))
        site.run()
        is_(unit_folders(site), ["602002"])
    killed_everywhere(root, make, check)


@case
def what_was_read_before_a_change_is_counted_again_as_it_was_read(root):
    site = Site(root, acts_help.options.program, with_library(root, SITE_FILE))
    site.drop(payroll(batch=1))
    site.run()
    edit(site, INWARD, "from: line.net, as: yuan", "from: line.net, as: li")
    site.run()
    r = site.call("balance", "--deep")
    assert r.code == 0 and "0 terms differ" in r.out + r.err, r


if __name__ == "__main__":
    sys.exit(acts_help.main(CASES))
