#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tries to change whom a payment goes to, or how much, as root, with the program's own means. Each must be refused, or stand
in `todo` or `audit verify`; and the bank must never have been given a line that no source wrote.

    tamper_test.py PROGRAM --count LIBCOUNT [CASE...]

What was given to the bank is read from its files here, and held against the lines of the sources; nothing of that is asked of
the program. One line a case; exit 1 when one fails.
"""
import base64
import collections
import json
import re
import shutil
import subprocess
import sys

import acts_help
from acts_help import is_, run_counted
from adopt_test import BANK, INWARD, UNITS, edit, production
from people import make_pair, openssl
from restore_test import crc32c
from small_site import payroll

CASES = []
ELSEWHERE = "6228480000000000018"    # whom the money would go to


def case(f):
    CASES.append(f)
    return f


class Tried:
    """A site on which somebody tries something."""

    def __init__(self, root):
        self.site = production(root)
        self.sources = []

    def drop(self, **more):
        batch = self.site.drop(payroll(**more))
        self.sources.append(batch)
        return batch

    def bank_has_nothing_wrong(self):
        written = collections.Counter(tuple(line) for b in self.sources for line in b.lines)
        given = self.site.sent()
        wrong = given - written
        assert not wrong, f"the bank was given what no source wrote: {list(wrong)[:3]}"
        for path in (self.site.root / "out/abc").rglob("*.txt"):
            assert ELSEWHERE.encode() not in path.read_bytes(), path
        return given.total()

    def then_is_given(self, lines, runs=1):
        """A file comes; after it so many lines are with the bank, none of them wrong."""
        self.drop(batch=1)
        for _ in range(runs):
            self.site.run()
        is_(self.bank_has_nothing_wrong(), lines)

    def todo(self, *words):
        result = self.site.call("todo", "--lang", "en")
        is_(result.code, 1)
        for word in words:
            assert word in result.out, f"no {word!r} in todo:\n{result.out}"

    def outcome(self, act):
        return self.site.outcomes().get(act)


def held(root):
    """A payroll file that waits since it declares another sum."""
    t = Tried(root)
    t.drop(batch=1, head={7: "1.00"})
    t.site.run()
    is_([w["state"] for w in t.site.held()], ["held"])
    return t, t.site.held()[0]["batch"]


def stop(t):
    t.site.call("stop", "bank-abc", "--reason", "a look at it")
    t.site.run()


def stopped(root):
    t = Tried(root)
    stop(t)
    return t


def proposed(t, word="the comparison was right"):
    """An act that waits for two people: a stopped bank is to go on."""
    stop(t)
    t.site.call("resume", "bank-abc", "--reason", word)
    t.site.run()
    return t.site.proposed()[-1]["act"]


@case
def a_line_of_an_instruction_is_not_repaired(root):
    t, batch = held(root)
    line = root / "line"
    line.write_bytes(f"0000000001|王珅|1.00|{ELSEWHERE}|602001|01|110101199003070134|1\n".encode("gb18030"))
    result = t.site.call("held", "repair", batch, "--line", "2", "--from", str(line), "--reason", "x")
    is_(result.code, 5)
    assert "repair.instruction" in result.codes or result.codes, result
    t.site.hand_in("payroll-a", "repair", batch, line=2, text=None, bytes=line.read_text("gb18030"))
    t.site.run()
    is_([w["state"] for w in t.site.held()], ["held"])
    is_(t.bank_has_nothing_wrong(), 0)
    t.todo(batch)


@case
def no_verb_edits_drops_or_lets_go(root):
    verbs = subprocess.run([acts_help.options.program, "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
    for word in ("edit", "drop", "delete", "force", "skip", "release"):
        assert not re.search(rf"^  jincai (\w+ )?{word}\b", verbs, re.M), word
    t, batch = held(root)
    acts = [t.site.hand_in("payroll-a", what, batch) for what in ("edit", "drop", "release", "publish")]
    t.site.run()
    is_([t.outcome(a)[0] for a in acts], ["refused"] * 4)
    is_(t.bank_has_nothing_wrong(), 0)


@case
def shadow_for_a_moment_loses_nothing(root):
    t = Tried(root)
    first = t.drop(batch=1)
    t.site.run()
    edit(t.site, "jincai.yaml", "bank/pipe, gather: batch, mode: live", "bank/pipe, gather: batch, mode: shadow")
    second = t.drop(batch=2)
    for _ in range(2):                  # it is known for good that it was live
        assert "adopt.no_shadow" in t.site.run().err
    is_(set(t.site.sent()), {tuple(line) for line in first.lines})
    assert not (root / "bus/shadow").exists(), "made in shadow"
    t.todo("mode: shadow of bank-abc, which was live; nothing is sent, nothing is made", "5 ")
    edit(t.site, "jincai.yaml", "bank/pipe, gather: batch, mode: shadow", "bank/pipe, gather: batch, mode: live")
    t.site.run()
    is_(set(t.site.sent()), {tuple(line) for line in first.lines})
    t.todo("jincai live bank-abc")
    t.site.call("live", "bank-abc", "--reason", "it was live")
    t.site.run()
    t.site.approve(t.site.proposed()[-1]["act"])
    t.site.run()
    t.site.sent_is(first, second)
    is_(t.bank_has_nothing_wrong(), 10)
    is_(t.site.call("todo").code, 0)


@case
def orders_that_nobody_can_read_stop_nothing(root):
    t = Tried(root)
    folder = t.site.root / "bus/acts"
    folder.mkdir(exist_ok=True)
    names = [f"big.{flow}" for flow in ("bank-abc", "site", "router", "payroll-a")]
    for name in names:
        (folder / name).write_text(json.dumps({"id": "big", "x": "a" * 70000}))
    t.site.call("todo", "--lang", "en")
    good = t.drop(batch=1)
    result = t.site.run()
    is_((result.code, "file.too_large" in result.err), (0, True))
    is_(sorted(p.name for p in (folder / ".refused").iterdir()), sorted(names))
    is_(t.bank_has_nothing_wrong(), len(good.lines))
    assert "file.too_large" not in t.site.call("todo").codes


@case
def a_changed_row_of_a_table_is_not_used_by_a_retry(root):
    t, batch = held(root)
    edit(t.site, UNITS, "602001", "602999")
    t.site.call("held", "retry", batch, "--reason", "the table was wrong")
    t.site.run()
    t.drop(batch=2)
    t.site.run()
    assert t.bank_has_nothing_wrong() in (0, 5)
    t.todo("table:units")


@case
def an_older_form_put_back_is_not_used(root):
    t = Tried(root)
    path = root / INWARD
    older = path.read_text(encoding="utf-8").replace("line.account", "line.id_no", 1)
    path.write_text(older, encoding="utf-8")
    t.then_is_given(5)
    t.todo("form:")


@case
def a_constant_in_the_form_of_a_bank_is_not_used(root):
    t = Tried(root)
    path = root / BANK
    text = path.read_text(encoding="utf-8")
    assert "data.payee.account" in text
    path.write_text(text.replace("data.payee.account", f"{{value: \"{ELSEWHERE}\"}}"), encoding="utf-8")
    t.then_is_given(5)
    t.todo("form:bank/pipe")


@case
def what_was_adopted_is_changed_where_it_is_kept(root):
    t = Tried(root)
    constant = f"{{value: \"{ELSEWHERE}\"}}"
    for path in [root / BANK, *(root / "bus/adopted").rglob("*.yaml")]:
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("data.payee.account", constant), encoding="utf-8")
    t.drop(batch=1)
    result = t.site.run()
    assert "adopt.altered" in result.codes, result
    is_(t.bank_has_nothing_wrong(), 0)


@case
def a_file_is_edited_in_the_spool_of_a_killed_site(root):
    edited_everywhere(root, "bus/spool", "*")


@case
def a_file_is_edited_in_the_spool_of_a_killed_site_and_keeps_its_crc(root):
    """Behind each step from the form's keeping, which is the last before the claim, until the spool file goes."""
    codes = edited_everywhere(root, "bus/spool", "*", elsewhere_by_the_same_crc,
                              (r"renameat.*/bus/forms/payroll-a/", r"unlinkat.*/bus/spool/payroll-a/"))
    assert "drop.spool_damaged" in codes, codes


@case
def a_parcel_is_edited_in_staging_of_a_killed_site(root):
    edited_everywhere(root, "out/abc/.staging", "*.body")


def elsewhere(was, account):
    return was.replace(account, ELSEWHERE.encode()[:len(account)])


def elsewhere_by_the_same_crc(was, account):
    """As elsewhere; then last bits of digits of the agents' numbers are turned until the CRC32C is what it was. A CRC is linear:
    which ones is a sum over the two-element field, made by elimination."""
    now = bytearray(elsewhere(was, account))
    nothing = crc32c(bytes(len(now)))
    rows, at, wanted = {}, 0, crc32c(was) ^ crc32c(now)
    for line in now.split(b"\n")[:-1]:
        for place in range(at, at + line.index(b"|")) if at else ():
            turned = frozenset([place])
            value = crc32c(bytes(place) + b"\1" + bytes(len(now) - place - 1)) ^ nothing
            while value and value.bit_length() in rows:
                other, places = rows[value.bit_length()]
                value, turned = value ^ other, turned ^ places
            if value:
                rows[value.bit_length()] = value, turned
        at += len(line) + 1
    turned = frozenset()
    while wanted:
        other, places = rows[wanted.bit_length()]
        wanted, turned = wanted ^ other, turned ^ places
    for place in turned:
        now[place] ^= 1
    assert crc32c(now) == crc32c(was) and now.count(b"\n") == was.count(b"\n") and ELSEWHERE.encode() in now
    return bytes(now)


def edited_everywhere(root, folder, pattern, change=elsewhere, between=None):
    """A site is killed behind a durable step; what lies in that folder then is changed, and the site runs on."""
    kills, log = acts_help.options.kills, root / "steps"
    t = Tried(root / "counted")
    t.drop(batch=1)
    run_counted(t.site, {"COUNT_LOG": str(log)})
    is_(t.bank_has_nothing_wrong(), 5)
    log = log.read_text().splitlines()
    steps = [n for n, step in enumerate(log, 1) if folder in step or not kills]
    few = steps[::max(1, len(steps) // kills)] if kills else steps
    steps = few + [n for n in steps if n not in few]
    if between:
        first, last = ([i for i, step in enumerate(log, 1) if re.search(b, step)][-1] for b in between)
        steps = range(first, last)
    hits, seen = 0, set()
    for tried, n in enumerate(steps):
        if not between and tried >= len(few) and hits:
            break
        t = Tried(root / str(n))
        account = t.drop(batch=1).lines[0][3].encode()
        run_counted(t.site, {"COUNT_KILL": str(n), "COUNT_AFTER": "1"})
        changed = [p for p in (t.site.root / folder).rglob(pattern) if p.is_file() and account in p.read_bytes()]
        for path in changed:
            path.write_bytes(change(path.read_bytes(), account))
        hits += len(changed)
        codes = t.site.run().codes | t.site.run().codes
        seen |= codes
        if t.bank_has_nothing_wrong() != 5:
            assert changed and codes, (n, codes)
        shutil.rmtree(t.site.root)
    assert hits, "no step left anything there"
    return seen


@case
def an_act_is_forged(root):
    t = stopped(root)
    forged = t.site.hand_in("bank-abc", "resume", "bank-abc", by="zhang")
    approvals = [t.site.hand_in("bank-abc", "approve", forged, by=name, name=name, digest="0" * 64,
                                signature=base64.b64encode(b"x" * 64).decode()) for name in ("li", "zhang")]
    t.drop(batch=1)
    t.site.run()
    t.site.run()
    is_([t.outcome(a)[0] for a in approvals], ["refused", "refused"])
    is_(t.bank_has_nothing_wrong(), 0)
    t.todo("resume", "bank-abc")


@case
def one_approves_what_he_asked_for(root):
    t = stopped(root)
    asked = t.site.hand_in("bank-abc", "resume", "bank-abc", by="zhang")
    t.site.run()
    t.site.sign(asked, "li")
    result = t.site.sign(asked, "zhang")
    t.drop(batch=1)
    t.site.run()
    assert "approve.own" in result.codes | {w for _, w in t.site.outcomes().values()}, result
    is_(t.bank_has_nothing_wrong(), 0)
    t.todo("bank-abc")


@case
def one_person_approves_twice(root):
    t = Tried(root)
    act = proposed(t)
    t.site.sign(act, "li")
    t.site.sign(act, "li")
    t.site.call("approve", act, "--key", str(t.site.key("li")), "--as", "zhang", "--yes")
    t.then_is_given(0)
    t.todo("bank-abc")


@case
def the_signature_of_another_act_is_used(root):
    t = Tried(root)
    first = proposed(t, "the first")
    for name in ("li", "zhang"):
        t.site.sign(first, name)
    signed = {json.loads(p.read_text())["name"]: json.loads(p.read_text()) for p in (root / "bus/acts").glob("approve-*")
              if p.is_file()}
    is_(sorted(signed), ["li", "zhang"])
    t.site.run()
    second = proposed(t, "the second")
    moved = [t.site.hand_in("bank-abc", "approve", second, by=o["by"], name=o["name"], digest=o["digest"],
                            signature=o["signature"]) for o in signed.values()]
    t.drop(batch=1)
    t.site.run()
    is_([t.outcome(a) for a in moved], [("refused", "approve.digest")] * 2)
    is_(t.bank_has_nothing_wrong(), 0)
    t.todo("bank-abc")


@case
def an_act_whose_day_is_over_is_approved(root):
    t = stopped(root)
    old = t.site.hand_in("bank-abc", "resume", "bank-abc", until="2026-01-05")
    t.site.run()
    t.site.run()
    is_(t.outcome(old), ("expired", "act.expired"))
    t.then_is_given(0)


@case
def an_act_gives_itself_more_time(root):
    t = stopped(root)
    late = t.site.hand_in("bank-abc", "resume", "bank-abc", until="2099-12-31")
    t.site.run()
    codes = set()
    for name in ("li", "zhang"):
        codes |= t.site.sign(late, name).codes
    t.drop(batch=1)
    t.site.run()
    assert "approve.until" in codes | {w for _, w in t.site.outcomes().values()}, codes
    is_(t.bank_has_nothing_wrong(), 0)


@case
def a_route_to_a_second_bank_is_added(root):
    t = Tried(root)
    (root / "out/second").mkdir()
    text = (root / "jincai.yaml").read_text(encoding="utf-8")
    text = text.replace("  units:", "  second: {form: bank/pipe, gather: batch, mode: live, to: {file: {folder: ./out/second}}}\n"
                        "  units:", 1)
    text = text.replace("routes:\n", "routes:\n  - {types: [payroll.line.v1], to: second}\n")
    (root / "jincai.yaml").write_text(text, encoding="utf-8")
    t.then_is_given(0)
    is_([p.name for p in (root / "out/second").glob("*.txt")], [])
    t.todo("site")


def second_bank(t, folder):
    """A bank that calls itself none and pays one account."""
    form = (t.site.root / BANK).read_text(encoding="utf-8")
    for old, new in (("money: true", "money: false"), ("df_{", "dg_{"),
                     ("    - data.payee.account\n  subsidy", f"    - {{value: \"{ELSEWHERE}\"}}\n  subsidy")):
        assert old in form, old
        form = form.replace(old, new)
    (t.site.root / "lib/adapters/second/pipe").mkdir(parents=True)
    (t.site.root / "lib/adapters/second/pipe/batch.yaml").write_text(form, encoding="utf-8")
    edit(t.site, "jincai.yaml", "  units: {", f"  second: {{form: second/pipe, gather: batch, mode: live, to: {{file: {{folder: {folder}}}}}}}\n"
         "  units: {")
    edit(t.site, "jincai.yaml", "routes:\n", "routes:\n  - {types: [payroll.line.v1], to: second}\n")


@case
def a_second_bank_that_calls_itself_no_bank(root):
    t = Tried(root)
    (root / "out/second").mkdir()
    second_bank(t, "./out/second")
    t.drop(batch=1)
    result = t.site.run()
    is_((result.code, "adopt.site" in result.codes), (1, True))
    is_(list((root / "out/second").rglob("*.txt")), [])
    is_(t.bank_has_nothing_wrong(), 0)
    t.todo("site", "form:second/pipe")


@case
def a_folder_of_a_destination_that_is_no_bank_is_another_one(root):
    t = Tried(root)
    t.drop(batch=1)
    t.site.run()
    (root / "out/mine").mkdir()
    edit(t.site, "jincai.yaml", "./out/units", "./out/mine")
    t.drop(batch=2)
    result = t.site.run()
    is_((result.code, "adopt.site" in result.codes), (1, True))
    is_([p for p in (root / "out/mine").rglob("*") if p.is_file()], [])
    is_(t.bank_has_nothing_wrong(), 5)
    t.todo("site")


@case
def the_folder_of_a_bank_under_another_spelling(root):
    for n, (folder, code) in enumerate((("./out/../out/abc", "site.twice"), ("./out/link", "site.twice"), ("./out/abc/sub", "site.inside"),
                                        ("./out", "site.inside"), ("./in/payroll/sub", "site.inside"))):
        t = Tried(root / str(n))
        (t.site.root / "out/link").symlink_to("abc")
        for sub in ("out/abc/sub", "in/payroll/sub"):
            (t.site.root / sub).mkdir()
        second_bank(t, folder)
        t.drop(batch=1)
        result = t.site.run()
        assert result.code == 3 and code in result.codes, (folder, result)
        is_(t.bank_has_nothing_wrong(), 0)


@case
def keys_are_put_in_the_place_of_those_of_two_people(root):
    t = Tried(root)
    for name, kind in (("li", "ED25519"), ("zhang", "SM2")):
        make_pair(root / f"private/{name}-2.key", root / f"keys/people/{name}.pub", kind)
    result = t.site.call("adopt", "--reason", "new keys")
    t.site.run()
    for one in t.site.proposed():
        for name in ("li", "zhang"):
            t.site.call("approve", one["act"], "--key", str(root / f"private/{name}-2.key"), "--as", name, "--yes")
    t.then_is_given(0, runs=2)
    t.todo("site")
    assert result.code in (1, 5), result


@case
def a_production_site_is_called_a_test(root):
    t = Tried(root)
    text = (root / "jincai.yaml").read_text(encoding="utf-8")
    (root / "jincai.yaml").write_text(text[:text.index("people:")].replace("name: yakeshi,", "name: yakeshi, kind: test,")
                                      .replace("data.payee.bank starts", "data.payee.account is empty or data.payee.bank starts"),
                                      encoding="utf-8")
    for folder in [p for p in root.rglob("*") if p.is_dir() and "bus" not in p.parts]:
        (folder / ".jincai-test").write_bytes(b"")
    t.then_is_given(0, runs=2)
    t.todo("site")


@case
def a_new_store_without_people_is_put_beside_the_folders(root):
    t = Tried(root)
    t.then_is_given(5)
    text = (root / "jincai.yaml").read_text(encoding="utf-8")
    (root / "jincai.yaml").write_text(text[:text.index("people:")].replace("name: yakeshi,", "name: yakeshi, kind: test,")
                                      .replace("embedded:./bus", "embedded:./bus2"), encoding="utf-8")
    for folder in [p for p in root.rglob("*") if p.is_dir() and "bus" not in p.parts]:
        (folder / ".jincai-test").write_bytes(b"")
    t.drop(batch=2)
    for _ in range(2):
        result = t.site.run()
        assert "guard.replaced" in result.codes, result
    for witness in (".jincai-witness", "out/abc/.staging/witness"):
        (root / witness).unlink()
    assert "guard.replaced" in t.site.run().codes
    is_(t.bank_has_nothing_wrong(), 5)
    t.todo("all money is stopped")


@case
def doubles_are_no_longer_looked_for(root):
    t = Tried(root)
    t.drop(batch=1, seed="the same people")
    t.site.run()
    text = (root / "jincai.yaml").read_text(encoding="utf-8")
    (root / "jincai.yaml").write_text(text.replace("adapters:", "double: {days: 0}\nadapters:"), encoding="utf-8")
    t.drop(batch=2, seed="the same people")
    t.site.run()
    is_(t.bank_has_nothing_wrong(), 5)
    t.todo("site")


@case
def who_is_in_force_is_deleted_and_other_keys_put_in(root):
    t = Tried(root)
    for path in (root / "bus/adopted").rglob("site.txt"):
        path.unlink()
    for name, kind in (("li", "ED25519"), ("zhang", "SM2")):
        make_pair(t.site.key(name), root / f"keys/people/{name}.pub", kind)
    t.drop(batch=1)
    t.site.run()
    t.site.call("adopt", "--reason", "new keys")
    t.site.run()
    for one in t.site.proposed():
        for name in ("li", "zhang"):
            t.site.sign(one["act"], name)
    t.site.run()
    t.site.run()
    is_(t.bank_has_nothing_wrong(), 0)
    t.todo("site")


@case
def an_order_of_before_lets_a_later_stop_go(root):
    t = Tried(root)
    first = proposed(t)
    t.site.call("resume", "bank-abc", "--reason", "once more")
    t.site.run()
    second = [p["act"] for p in t.site.proposed() if p["act"] != first][0]
    t.site.approve(first)
    t.site.call("stop", "bank-abc", "--reason", "fraud suspected")
    t.site.run()
    t.site.approve(second)
    t.drop(batch=1)
    t.site.run()
    is_(t.outcome(second), ("refused", "act.changed"))
    is_(t.bank_has_nothing_wrong(), 0)
    t.todo("fraud suspected")


@case
def a_bank_of_another_folder(root):
    t = Tried(root)
    (root / "out/mine").mkdir()
    edit(t.site, "jincai.yaml", "./out/abc", "./out/mine")
    t.drop(batch=1)
    t.site.run()
    is_([p.name for p in (root / "out/mine").glob("*.txt")], [])
    is_(t.bank_has_nothing_wrong(), 0)
    t.todo("site")


@case
def an_original_is_edited_before_it_is_read_again(root):
    t, batch = held(root)
    account = t.sources[0].lines[0][3].encode()
    for path in (root / "in/payroll/.taken").iterdir():
        path.write_bytes(path.read_bytes().replace(account, ELSEWHERE.encode()[:len(account)]).replace(b"1.00", b"1.00"))
    t.site.call("held", "retry", batch, "--reason", "read it again")
    t.site.run()
    t.site.run()
    is_(t.bank_has_nothing_wrong(), 0)
    t.todo("payroll-a")


def order_of(t, *words):
    """What a verb asks for, taken out again before anybody runs the site: somebody writes his own."""
    t.site.call(*words, "--reason", "x")
    path, = (root for root in (t.site.root / "bus/acts").iterdir() if root.is_file())
    order = json.loads(path.read_text(encoding="utf-8"))
    path.unlink()
    return {name: order[name] for name in ("flow", "act", "subject", "digest", "shows", "items", "from") if name in order}


def nobody_is_asked_to_sign(t, good, **changed):
    order = {**good, **changed}
    act = t.site.hand_in(order.pop("flow"), order.pop("act"), order.pop("subject"), **order)
    t.site.run()
    is_([p["act"] for p in t.site.proposed()], [])
    is_(t.outcome(act)[0], "refused")
    return t.outcome(act)[1]


@case
def what_the_two_are_shown_is_made_up(root):
    t = Tried(root)
    edit(t.site, BANK, "data.payee.account", f"{{value: \"{ELSEWHERE}\"}}")
    good = order_of(t, "adopt")
    harmless = {"what": "table:units  1 lines new", "from": good["from"]}
    other = [{"item": "table:units", "was": good["items"][0]["was"], "is": good["items"][0]["is"]}]
    for changed in ({"shows": harmless, "digest": "0" * 64}, {"shows": harmless}, {"shows": {**good["shows"], "note": "no account"}},
                    {"shows": {**good["shows"], "what": good["shows"]["what"][:1]}}, {"subject": "table:units"},
                    {"digest": "0" * 64}, {"what": "table:units  1 lines new"}, {"from": "2099-01-01"},
                    {"items": [{**good["items"][0], "note": "only a comment"}]}, {"items": good["items"] * 2}):
        is_((changed, nobody_is_asked_to_sign(t, good, **changed)), (changed, "act.shows"))
    is_(nobody_is_asked_to_sign(t, good, items=other), "act.changed")
    t.then_is_given(5)
    # What the verb itself asks for is taken.
    t.site.call("adopt", "--reason", "x")
    t.site.run()
    is_(len(t.site.proposed()), 1)


@case
def what_the_two_are_shown_of_a_destination_is_made_up(root):
    t = stopped(root)
    resume = {"flow": "bank-abc", "act": "resume", "subject": "bank-abc"}
    is_(nobody_is_asked_to_sign(t, resume, shows={"what": "a test", "count": "0"}), "act.shows")
    is_(nobody_is_asked_to_sign(t, resume, count="0"), "act.shows")
    site = (root / "jincai.yaml").read_text(encoding="utf-8")
    for mode in ("shadow", "live"):
        (root / "jincai.yaml").write_text(site.replace("mode: live", f"mode: {mode}"), encoding="utf-8")
        t.site.run()
    good = order_of(t, "live", "bank-abc")
    is_(nobody_is_asked_to_sign(t, good, shows={**good["shows"], "what": "shadow stays"}), "act.shows")
    is_(nobody_is_asked_to_sign(t, good, digest="0" * 64), "act.changed")
    is_(nobody_is_asked_to_sign(t, {**good, "shows": None}), "act.shows")


@case
def what_the_two_are_shown_of_doubles_is_made_up(root):
    t = Tried(root)
    t.drop(batch=1, seed="the same people")
    t.site.run()
    is_(t.bank_has_nothing_wrong(), 5)
    t.drop(batch=2, seed="the same people")
    t.site.run()
    held = [w["batch"] for w in t.site.held()]
    is_(len(held), 1)
    good = order_of(t, "held", "confirm", held[0])
    is_(good["shows"]["count"], "5")
    for name, value in (("count", "1"), ("sums", [{"currency": "CNY", "amount": "0.01"}]), ("suspected", "0"), ("file", "other.txt"),
                        ("what", "a look at it")):
        is_(nobody_is_asked_to_sign(t, good, shows={**good["shows"], name: value}), "act.shows")
    is_(nobody_is_asked_to_sign(t, good, items="one line"), "act.shows")
    t.site.hand_in(good.pop("flow"), good.pop("act"), good.pop("subject"), **good)
    t.site.run()
    is_(len(t.site.proposed()), 1)


@case
def what_the_two_have_signed_is_changed_where_it_is_kept(root):
    t = Tried(root)
    edit(t.site, BANK, "# What the agent bank", "# what the agent bank")
    t.site.call("adopt", "--reason", "x")
    t.site.run()
    act = t.site.proposed()[0]["act"]
    t.site.sign(act, "li")
    for path in (root / "bus/adopted").rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("# what the agent bank", "# What the agent bank "), encoding="utf-8")
    t.site.sign(act, "zhang")
    t.site.run()
    is_(t.outcome(act), ("refused", "adopt.altered"))


if __name__ == "__main__":
    sys.exit(acts_help.main(CASES))
