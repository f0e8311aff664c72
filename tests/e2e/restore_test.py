#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A store that was restored, copied, moved or replaced pays nothing twice: restore_test.py PROGRAM PUT_POSITION --count LIB [CASE...]

What was paid is counted from the bank's folder alone.
"""
import hashlib
import json
import os
import shutil
import subprocess
import sys

import acts_help
from acts_help import is_, killed_everywhere, outcomes, terms
from small_site import SITE_FILE, Site, payroll

CASES = []
ORDERS = {}                             # of the site in a folder: the act that waits for two people
PEOPLE = """people:
  approval: local
  members:
    li: {role: handler, user: li}
    zhang: {role: checker, user: zhang}
"""


def case(f):
    CASES.append(f)
    return f


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def backup(site):
    shutil.copytree(site.root / "bus", site.root / "backup")


def restore(site):
    shutil.rmtree(site.root / "bus")
    shutil.copytree(site.root / "backup", site.root / "bus")


def ledger(site, folder="out/abc"):
    """The lines of a ledger; each has its check value."""
    ret = []
    for line in (site.root / folder / ".staging/ledger").read_bytes().splitlines():
        text, _, crc = line.rpartition(b" ")
        is_(int(crc, 16), crc32c(text))
        ret.append(json.loads(text))
    return ret


def run_twice(root, text=SITE_FILE):
    """A site that was backed up between two batches and restored after them."""
    site = Site(root, acts_help.options.program, text)
    if text != SITE_FILE:
        go_live(site)
    first = site.drop(payroll(batch=1, rows=3))
    is_(site.run().code, 0)
    backup(site)
    second = site.drop(payroll(batch=2, rows=4))
    is_(site.run().code, 0)
    return site, first, second


@case
def a_restored_store_sends_nothing_twice(root):
    site, first, second = run_twice(root)
    before = {p.name: p.read_bytes() for p in (site.root / "out/abc").glob("df_*")}
    restore(site)
    result = site.run()
    is_(result.code, 0)
    is_({p.name: p.read_bytes() for p in (site.root / "out/abc").glob("df_*")}, before)
    site.sent_is(first, second)
    got = terms(site)
    is_((got["bank-abc", "handed_over"], got["bank-abc", "already"], got["units", "already"]), (3, 4, 4))
    third = site.drop(payroll(batch=3, rows=5))
    is_(site.run().code, 0)
    site.sent_is(first, second, third)
    is_([x["no"] for x in ledger(site)], [1, 2, 3])
    is_(site.run().code, 0)
    site.sent_is(first, second, third)


@case
def a_new_store_beside_the_old_folders_does_not_go_on_by_itself(root):
    """Not even on a test site without people; the ledger alone says it, too."""
    site, first, second = run_twice(root)
    os.rename(site.root / "bus", site.root / "old")
    for witness in (None, ".jincai-witness", "out/abc/.staging/witness", "out/units/.staging/witness"):
        if witness:
            (site.root / witness).unlink(missing_ok=True)
        result = site.run()
        assert result.code == 1 and "guard.replaced" in result.codes, result
        site.sent_is(first, second)
    os.rename(site.root / "bus", site.root / "new")
    os.rename(site.root / "old", site.root / "bus")
    third = site.drop(payroll(batch=3, rows=5))
    is_(site.run().code, 0)
    site.sent_is(first, second, third)
    is_([x["no"] for x in ledger(site)], [1, 2, 3])


@case
def a_new_store_begins_anew_when_a_person_has_moved_the_ledgers_away(root):
    """To it all that the drop folder still has is new."""
    site, first, second = run_twice(root)
    shutil.rmtree(site.root / "bus")
    is_(site.run().code, 1)
    shutil.rmtree(site.root / "in/payroll/.taken")
    for path in ("out/abc/.staging/ledger", "out/abc/.staging/witness", ".jincai-witness"):
        os.rename(site.root / path, site.root / f"{path}.old")
    for path in (site.root / "out/abc").glob("df_*"):
        path.unlink()                   # the bank has taken them
    third = site.drop(payroll(batch=3, rows=5))
    is_(site.run().code, 0)
    is_((site.sent().total(), len(ledger(site))), (sum(len(b.lines) for b in (first, second, third)), 3))


@case
def a_ledger_that_was_deleted_or_shortened_stops_all_money(root):
    for how in ("deleted", "shortened"):
        site, first, second = guarded_site(root / how)
        path = site.root / "out/abc/.staging/ledger"
        whole = path.read_bytes()
        path.unlink()
        if how == "shortened":
            path.write_bytes(whole.splitlines(keepends=True)[0])
        third = is_stopped(site, "guard.ledger", first, second)
        resume(site, "li", "zhang")
        for _ in range(2):
            is_(site.run().code, 0)
        site.sent_is(first, second, third)
        path.write_bytes(b"")
        is_stopped(site, "guard.ledger", first, second, third, fresh=11)


def with_crc(text):
    return text + b" %08x\n" % crc32c(text)


@case
def a_line_that_is_missing_in_a_ledger_or_was_changed_with_its_check_value_stops_all_money(root):
    for how in ("first", "middle", "changed", "chain taken out"):
        site, first, second = guarded_site(root / how.replace(" ", "-"))
        third = site.drop(payroll(batch=3, rows=5))
        is_(site.run().code, 0)
        path = site.root / "out/abc/.staging/ledger"
        whole = path.read_bytes()
        lines = whole.splitlines(keepends=True)
        text = lines[1].rpartition(b" ")[0]
        wrong = {"first": lines[1:], "middle": [lines[0], lines[2]],
                 "changed": [lines[0], with_crc(text.replace(b'"count":4', b'"count":3')), lines[2]],
                 "chain taken out": [lines[0], with_crc(text.partition(b',"before"')[0] + b"}"), lines[2]]}[how]
        path.write_bytes(b"".join(wrong))
        fourth = is_stopped(site, "guard.gap", first, second, third)
        resume(site, "li", "zhang")
        for _ in range(2):
            is_(site.run().code, 0)
        site.sent_is(first, second, third, fourth)
        is_([x["no"] for x in ledger(site)][-1], 4)
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(lines[:-2] + lines[-1:]))
        is_stopped(site, "guard.gap", first, second, third, fourth, fresh=11)


@case
def lines_of_before_there_was_a_chain_are_followed_by_those_that_have_one(root):
    site, first, second = guarded_site(root)
    path = site.root / "out/abc/.staging/ledger"
    path.write_bytes(b"".join(with_crc(x.rpartition(b" ")[0].partition(b',"before"')[0] + b"}") for x in path.read_bytes().splitlines()))
    third = site.drop(payroll(batch=3, rows=5))
    for _ in range(2):
        is_(site.run().code, 0)
    site.sent_is(first, second, third)
    is_([("before" in x) for x in ledger(site)], [False, False, True])


def anchored_site(root):
    (root / "anchor").mkdir(parents=True)
    site = Site(root, acts_help.options.program, SITE_FILE + PEOPLE + "audit: {anchor: ./anchor/a}\n")
    go_live(site)
    first = site.drop(payroll(batch=1, rows=3))
    is_(site.run().code, 0)
    return site, first


def snapshot(site):
    return {p: p.read_bytes() for p in site.root.rglob("*") if p.is_file() and "anchor" not in p.parts}


def put_back(site, files):
    """The content alone: device and inode stay what they are."""
    for path in list(site.root.rglob("*")):
        if path.is_file() and "anchor" not in path.parts and path not in files:
            path.unlink()
    for path, content in files.items():
        path.write_bytes(content)


@case
def a_snapshot_of_all_together_is_known_by_the_anchor(root):
    site, first = anchored_site(root)
    second = site.drop(payroll(batch=2, rows=4))
    files = snapshot(site)
    is_(site.run().code, 0)
    site.sent_is(first, second)
    put_back(site, files)
    for _ in range(2):
        result = site.run()
        assert result.code == 1 and "guard.restored" in result.codes, result
    is_(site.sent().total(), len(first.lines))
    resume(site, "li", "zhang")
    for _ in range(2):
        is_(site.run().code, 0)
    site.sent_is(first, second)


@case
def an_anchor_that_knows_one_thing_more_stops_all_money(root):
    zeros = "0" * 64
    made, first = anchored_site(root / "made")
    lines = [x.split() for x in (made.root / "anchor/a").read_text().splitlines()]
    last = {writer: (int(n), chain) for _, writer, n, _, chain in lines}
    assert {"site", "site/life", "bank-abc/handed"} <= set(last), last
    store = last["site/life"][1]
    for name, code, line in (
            ("opening", "guard.restored", ("site/life", last["site/life"][0] + 1, store)),
            ("parcel", "guard.restored", ("bank-abc/handed", last["bank-abc/handed"][0] + 1, zeros)),
            ("record", "guard.restored", ("site", last["site"][0] + 1, zeros)),
            ("no records", "guard.restored", ("bank-abc", 1, zeros)),
            ("another chain", "guard.anchor", ("site", last["site"][0], zeros)),
            ("another store", "guard.replaced", ("site/life", 1, zeros))):
        site, first = anchored_site(root / name.replace(" ", "-"))
        if line[0] == "site/life" and line[2] == store:
            line = (*line[:2], next(x.split()[4] for x in (site.root / "anchor/a").read_text().splitlines() if "/life" in x))
        with open(site.root / "anchor/a", "a", encoding="utf-8") as f:
            f.write("2026-12-01T08:00:00.123Z {} {} sha256 {}\n".format(*line))
        second = is_stopped(site, code, first)
        resume(site, "li", "zhang")
        for _ in range(2):
            is_(site.run().code, 0)
        site.sent_is(first, second)


@case
def a_new_store_is_known_by_the_anchor_alone(root):
    site, first = anchored_site(root)
    shutil.rmtree(site.root / "bus")
    for path in (".jincai-witness", "out/abc/.staging/witness", "out/abc/.staging/ledger"):
        (site.root / path).unlink()
    result = site.run()
    assert result.code == 1 and "guard.replaced" in result.codes, result
    is_(site.sent().total(), len(first.lines))


@case
def the_ledger_says_what_was_handed_over(root):
    site, first, second = run_twice(root)
    lines = ledger(site)
    is_([(x["site"], x["no"], x["count"], x["currency"], x["split"]) for x in lines],
        [("yakeshi", 1, 3, "CNY", ""), ("yakeshi", 2, 4, "CNY", "")])
    is_([x["plus"].replace(".", "") for x in lines], [str(sum(line[2] for line in b.lines)) for b in (first, second)])
    is_([x["split"] for x in ledger(site, "out/units")], ["602001", "602001"])
    is_({(site.root / "out/abc/.staging/ledger").stat().st_mode & 0o777}, {0o600})


@case
def a_torn_end_is_taken_off_and_a_wrong_line_stops(root):
    site, first, second = run_twice(root)
    path = site.root / "out/abc/.staging/ledger"
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:50])
    is_(site.run().code, 0)
    is_(path.read_bytes(), whole)
    path.write_bytes(whole.replace(b'"count":3', b'"count":2'))
    result = site.run()
    assert result.code == 5 and "ledger.damaged" in result.codes, result
    path.write_bytes(whole)
    is_(site.run().code, 0)
    site.sent_is(first, second)


@case
def a_batch_that_is_there_with_other_lines_is_held(root):
    site, first, second = run_twice(root)
    path = site.root / "out/abc/.staging/ledger"
    one, two = path.read_bytes().splitlines()
    text = two.rpartition(b" ")[0].replace(b'"count":4', b'"count":3')
    path.write_bytes(one + b"\n" + with_crc(text))
    restore(site)
    is_(site.run().code, 1)
    waiting = site.held()
    is_([w["destination"] for w in waiting if w.get("destination")], ["bank-abc"])
    assert "gather.ledger" in json.dumps(waiting), waiting
    site.sent_is(first, second)


def go_live(site):
    """Two people let the bank's destination pay for real."""
    site.run()
    if site.call("live", "bank-abc", "--reason", "the bank has agreed").code == 2:
        return                          # it is live at once
    act, order = proposed(site, "live")
    site.run()
    for name in ("li", "zhang"):
        approve(site, act, order, name)
        site.run()


def guarded_site(root):
    return run_twice(root, SITE_FILE + PEOPLE)


def is_stopped(site, code, *paid, fresh=10):
    """The run says so, pays nothing of a new batch, and goes on with the rest."""
    new = site.drop(payroll(batch=fresh, rows=2))
    rows = sum(site.unit_rows().values())
    for _ in range(2):                  # and so it stays
        result = site.run()
        assert result.code == 1 and code in result.codes, result
    is_(sum(site.sent().values()), sum(len(b.lines) for b in paid))
    is_(sum(site.unit_rows().values()), rows + len(new.lines))
    is_(terms(site).get(("bank-abc", "taken"), 0), terms(site).get(("bank-abc", "handed_over"), 0))
    return new


def put(site, key, value):
    subprocess.run([acts_help.options.put_position, str(site.root / "bus"), key], input=value.encode(), check=True)


@case
def a_restored_store_stops_all_money(root):
    site, first, second = guarded_site(root)
    restore(site)
    is_stopped(site, "guard.restored", first, second)


@case
def a_snapshot_of_the_same_opening_is_known_by_the_ledger(root):
    site, first, second = guarded_site(root)
    restore(site)
    for path in (site.root / ".jincai-witness", site.root / "out/abc/.staging/witness"):
        witness = json.loads(path.read_text())
        path.write_text(json.dumps({**witness, "openings": witness["openings"] - 1}))
    is_stopped(site, "guard.restored", first, second)


@case
def a_copied_store_stops_all_money(root):
    site, first, second = guarded_site(root)
    shutil.rmtree(site.root / "backup")
    backup(site)
    restore(site)
    is_stopped(site, "guard.copied", first, second)


@case
def a_copy_is_known_also_when_it_has_the_inode_of_what_it_replaced(root):
    site, first, second = guarded_site(root)
    path = site.root / "bus/data.mdb"
    inode, content = path.stat().st_ino, path.read_bytes()
    path.unlink()
    path.write_bytes(content)
    if path.stat().st_ino != inode:
        print("        another inode: this file system gives no proof")
    is_stopped(site, "guard.copied", first, second)


@case
def a_store_on_another_machine_stops_all_money(root):
    site, first, second = guarded_site(root)
    st = os.stat(site.root / "bus/data.mdb")
    witness = json.loads((site.root / ".jincai-witness").read_text())
    put(site, "site/life", json.dumps({**witness, "machine": "0" * 32, "device": st.st_dev, "inode": st.st_ino,
                                       "clock": 0, "behind": 0}))
    is_stopped(site, "guard.moved", first, second)


@case
def where_a_newer_program_was_at_work_an_older_one_starts_nothing(root):
    """On a cluster there is no store that could say it: the life of the site does."""
    site, first, second = guarded_site(root)
    life = json.loads((site.root / ".jincai-witness").read_text())
    put(site, "site/life", json.dumps({**life, "format": 99, "program": "jincai 9.9.9"}))
    third = site.drop(payroll(batch=3, rows=2))
    result = site.run()
    assert result.code == 3 and "store.newer" in result.codes and "jincai 9.9.9" in result.err, result
    site.sent_is(first, second)
    assert (site.root / "in/payroll" / third.name).exists()


@case
def another_store_in_its_place_stops_all_money(root):
    site, first, second = guarded_site(root)
    shutil.rmtree(site.root / "bus")
    is_stopped(site, "guard.replaced", first, second)


@case
def a_clock_set_back_stops_all_money(root):
    site = Site(root, acts_help.options.program, SITE_FILE + PEOPLE)
    go_live(site)
    first = site.drop(payroll(batch=1, rows=3))
    ahead = {"LD_PRELOAD": acts_help.options.count, "COUNT_CLOCK": "3600"}
    os.environ.update(ahead)
    try:
        is_(site.run().code, 0)
    finally:
        for name in ahead:
            del os.environ[name]
    is_stopped(site, "guard.clock", first)


@case
def a_clock_a_minute_behind_stops_nothing(root):
    site = Site(root, acts_help.options.program, SITE_FILE + PEOPLE)
    go_live(site)
    first = site.drop(payroll(batch=1, rows=3))
    os.environ.update({"LD_PRELOAD": acts_help.options.count, "COUNT_CLOCK": "60"})
    try:
        is_(site.run().code, 0)
    finally:
        del os.environ["LD_PRELOAD"], os.environ["COUNT_CLOCK"]
    second = site.drop(payroll(batch=2, rows=3))
    is_(site.run().code, 0)
    site.sent_is(first, second)


@case
def a_witness_that_cannot_be_written_starts_nothing(root):
    site = Site(root, acts_help.options.program, SITE_FILE + "witness: ./nowhere/witness\n")
    result = site.run()
    assert result.code == 3 and "guard.witness" in result.codes, result
    (site.root / "nowhere").mkdir()
    is_(site.run().code, 0)
    is_(json.loads((site.root / "nowhere/witness").read_text())["openings"] >= 1, True)
    is_((site.root / ".jincai-witness").exists(), False)


def approve(site, act, order, name):
    """Hands in an approval, as somebody else than who runs this test would."""
    approval = f"approve-{act}-{name}"
    path = site.root / "bus/acts" / f"{approval}.site"
    path.write_text(json.dumps({"id": approval, "flow": "site", "act": "approve", "subject": act,
                                "digest": hashlib.sha256(order).hexdigest(), "name": name, "by": name}), encoding="utf-8")


def proposed(site, what="resume"):
    """The order that waits for two people, as it was handed in."""
    path, = [p for p in (site.root / "bus/acts").iterdir() if p.name.startswith(f"{what}-")]
    return path.name.rpartition(".")[0], path.read_bytes()


def resume(site, *names):
    listed = site.call("resume", "--reason", "we have compared with the bank")
    assert listed.code == 1 and "act.waits" in listed.codes, listed
    act, order = proposed(site)
    ORDERS[site.root] = order
    site.run()
    for name in names:
        approve(site, act, order, name)
        site.run()
    return listed


@case
def resume_lists_what_each_destination_has_and_changes_nothing(root):
    site, first, second = guarded_site(root)
    (site.root / "out/abc/by_hand.txt").write_bytes(b"x")
    restore(site)
    site.run()
    result = site.call("resume")
    assert result.code == 1 and "guard.restored" in result.codes, result
    amount = sum(line[2] for line in second.lines)
    assert f"not known to this store: parcel 2  df_20261215_000002.txt  4 lines  CNY {amount // 100}.{amount % 100:02}" in \
        result.out, result
    assert "a file that is not ours: by_hand.txt" in result.out, result
    assert "2 parcels in its ledger, 1 of them not known to this store" in result.out, result
    is_(site.run().code, 1)
    is_([what for what, _, _ in outcomes(site) if what == "resume"], [])


@case
def one_person_does_not_let_the_money_go(root):
    site, first, second = guarded_site(root)
    restore(site)
    site.run()
    resume(site, "li")
    is_stopped(site, "guard.restored", first, second)


@case
def two_people_let_it_go_and_nothing_is_sent_twice(root):
    site, first, second = guarded_site(root)
    restore(site)
    third = is_stopped(site, "guard.restored", first, second)
    resume(site, "li", "zhang")
    is_(site.run().code, 0)
    site.sent_is(first, second, third)
    fourth = site.drop(payroll(batch=4, rows=6))
    for _ in range(2):
        is_(site.run().code, 0)
    site.sent_is(first, second, third, fourth)
    is_([x["no"] for x in ledger(site)], [1, 2, 3, 4])
    assert ("resume", "done", "") in outcomes(site), outcomes(site)
    result = site.call("resume", "--reason", "again")
    assert result.code == 2 and "guard.none" in result.codes, result


@case
def a_move_is_let_go_the_same_way_and_stands_from_then_on(root):
    for code, how in (("guard.copied", "copy"), ("guard.replaced", "new")):
        site, first, second = guarded_site(root / how)
        if how == "copy":
            shutil.rmtree(site.root / "backup")
            backup(site)
            restore(site)
        else:
            shutil.rmtree(site.root / "bus")
        third = is_stopped(site, code, first, second)
        if how == "new":                # of a new store nothing is live yet
            go_live(site)
        resume(site, "li", "zhang")
        for _ in range(2):
            is_(site.run().code, 0)
        site.sent_is(first, second, third)


@case
def what_changed_since_it_was_looked_at_is_not_let_go(root):
    site, first, second = guarded_site(root)
    restore(site)
    site.run()
    site.call("resume", "--reason", "we have compared with the bank")
    act, order = proposed(site)
    path = site.root / "out/abc/.staging/ledger"
    text = path.read_bytes().splitlines()[1].rpartition(b" ")[0].replace(b'"no":2', b'"no":3')
    path.write_bytes(path.read_bytes() + with_crc(text))
    site.run()
    for name in ("li", "zhang"):
        approve(site, act, order, name)
        site.run()
    assert ("resume", "refused", "act.changed") in outcomes(site), outcomes(site)
    is_(site.run().code, 1)
    is_(sum(site.sent().values()), len(first.lines) + len(second.lines))


@case
def what_the_two_would_read_of_it_is_made_up(root):
    site, _, _ = guarded_site(root)
    restore(site)
    site.run()
    site.call("resume", "--reason", "we have compared with the bank")
    act, text = proposed(site)
    (site.root / "bus/acts" / f"{act}.site").unlink()
    order = json.loads(text)
    assert any("parcel 2  df_20261215_000002.txt  4 lines" in line for line in order["shows"]["what"]), order
    changes = ({"shows": {**order["shows"], "sums": []}}, {"shows": {**order["shows"], "what": order["shows"]["what"][:1]}},
               {"shows": {**order["shows"], "count": "0"}}, {"note": "nothing was handed over"})
    for n, changed in enumerate(changes):
        (site.root / "bus/acts" / f"resume-{n}.site").write_text(json.dumps({**order, **changed, "id": f"resume-{n}"}))
        site.run()
        is_([o for o in outcomes(site) if o[0] == "resume"], [("resume", "refused", "act.shows")] * (n + 1))
    (site.root / "bus/acts" / f"{act}.site").write_bytes(text)
    site.run()
    is_(len([o for o in outcomes(site) if o[0] == "resume"]), len(changes))


@case
def killed_at_any_step_of_letting_go_it_is_let_go_once(root):
    """The last approval is handed in; the run that takes it is killed."""
    batches = []

    def make(folder):
        site, first, second = guarded_site(folder)
        restore(site)
        third = is_stopped(site, "guard.restored", first, second)
        resume(site, "li")
        approve(site, json.loads(site.call("approve", "list", "--json").out.splitlines()[0])["act"], ORDERS[site.root], "zhang")
        batches[:] = [first, second, third]
        return site

    def check(site):
        site.run()
        is_(site.run().code, 0)
        site.sent_is(*batches)
        is_([o for o in outcomes(site) if o[0] == "resume"], [("resume", "done", "")])
    killed_everywhere(root, make, check)


if __name__ == "__main__":
    sys.exit(acts_help.main(CASES, "put_position"))
