#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a person decides about a file that waits: given back with a slip, put aside, refused; once, whatever is killed when.

    acts_test.py PROGRAM --count LIBCOUNT

One line a case; exit 1 when one fails.
"""
import hashlib
import json
import sys
import time

import acts_help
from acts_help import act, audit, balanced, is_, killed_everywhere
from small_site import SITE_FILE, Batch, Site, embedded_only, payroll

CASES = []


def case(f):
    CASES.append(f)
    return f


def one_fen_off(batch=1):
    """A payroll file whose head declares one fen too many."""
    good = payroll(batch=batch, rows=4)
    bad = payroll(batch=batch, rows=4, head={7: plus_a_fen(good)})
    return bad, good


def plus_a_fen(batch):
    total = sum(line[2] for line in batch.lines) + 1
    return f"{total // 100}.{total % 100:02}"


def held_site(root):
    site = Site(root, acts_help.options.program)
    bad, good = one_fen_off()
    site.drop(bad)
    site.run()
    waiting = site.held()
    is_([w["state"] for w in waiting], ["held"])
    return site, waiting[0]["batch"], good


def slips(site):
    folder = site.payroll / ".returned"
    return sorted(p.name for p in folder.iterdir() if not p.name.startswith(".")) if folder.exists() else []


@case
def a_held_file_is_given_back_with_a_slip(root):
    site, batch, _ = held_site(root)
    act(site, "held", "return", batch, reason="line 3 is wrong")
    site.run()
    is_(site.held(), [])
    names = slips(site)
    is_(len(names), 2)
    told = json.loads((site.payroll / ".returned" / names[0]).read_text(encoding="utf-8"))
    is_((told["file"], told["records"], told["done"]), ("gz_202612_001.txt", 4, "nothing"))
    is_([r["code"] for r in told["reasons"]][:2], ["batch.returned", "batch.sum"])
    text = (site.payroll / ".returned" / names[1]).read_text(encoding="utf-8")
    for words in ("退回单", "一笔未付", "Return slip", "not one was paid", "line 3 is wrong", "gz_202612_001.txt"):
        assert words in text, f"no {words!r} in\n{text}"
    is_([(a["act"], a["outcome"], a["reason"]) for a in audit(site)], [("return", "done", "line 3 is wrong")])
    is_(site.sent().total(), 0)
    balanced(site)
    shown = site.call("held", "show", batch)
    assert "returned" in shown.out, shown


@case
def the_right_file_goes_out_once_after_that(root):
    site, batch, good = held_site(root)
    act(site, "held", "return", batch)
    site.run()
    site.drop(good)
    site.run()
    site.sent_is(good)
    balanced(site)


@case
def the_same_wrong_file_again_is_held_again(root):
    site, batch, _ = held_site(root)
    act(site, "held", "return", batch)
    site.run()
    site.drop(one_fen_off()[0])
    site.run()
    is_([w["state"] for w in site.held()], ["held"])
    is_(site.sent().total(), 0)


@case
@embedded_only
def a_running_site_answers_at_once(root):
    site, batch, _ = held_site(root)
    process = site.start("run")
    try:
        time.sleep(0.5)
        result = site.call("held", "return", batch, "--reason", "a person said so")
        assert result.code == 0 and "not one was paid" in result.out, result
    finally:
        process.terminate()
        process.communicate()
    is_(len(slips(site)), 2)


@case
def slips_go_where_the_site_says(root):
    text = SITE_FILE.replace("{folder: ./in/payroll}}", "{folder: ./in/payroll}}, returns: ./back/payroll")
    site = Site(root, acts_help.options.program, text)
    site.drop(one_fen_off()[0])
    site.run()
    act(site, "held", "return", site.held()[0]["batch"])
    site.run()
    is_(len(list((site.root / "back/payroll").iterdir())), 2)
    is_(slips(site), [])


@case
def a_duplicate_is_seen_and_no_longer_listed(root):
    site = Site(root, acts_help.options.program)
    good = payroll(rows=3)
    site.drop(good)
    site.run()
    site.drop(good)
    site.run()
    waiting = site.held()
    is_([w["state"] for w in waiting], ["duplicate"])
    act(site, "held", "seen", waiting[0]["batch"], reason="sent twice by mistake")
    site.run()
    shown = site.call("held", "show", waiting[0]["batch"])
    assert "batch.seen" in shown.out and "sent twice by mistake" in shown.out, shown
    is_(site.held(), [])
    is_(slips(site), [])
    site.sent_is(good)
    balanced(site)


@case
def a_conflict_and_an_unreadable_file_are_given_back(root):
    site = Site(root, acts_help.options.program)
    site.drop(payroll(rows=3, seed="one"))
    site.drop(Batch("gz_202612_009.txt", b"", []))
    site.run()
    site.drop(payroll(rows=3, seed="two"))
    site.run()
    is_(sorted(w["state"] for w in site.held()), ["conflict", "unreadable"])
    for waiting in site.held():
        act(site, "held", "return", waiting["batch"])
    site.run()
    is_(site.held(), [])
    is_(len(slips(site)), 4)
    is_(site.call("dead", "list", "--json").out, "")
    balanced(site)


@case
def what_cannot_be_done_is_refused_and_said(root):
    site, batch, _ = held_site(root)
    for words, code in ((["held", "return", batch], "act.reason"), (["held", "return", batch, "--reason", "a\nb"], "act.reason"),
                        (["held", "return", "nobody:1", "--reason", "x"], "held.none")):
        result = site.call(*words)
        assert result.code == 2 and code in result.codes, result
    act(site, "held", "seen", batch)
    site.run()
    is_([w["state"] for w in site.held()], ["held"])
    is_([(a["outcome"], a["words"]) for a in audit(site)], [("refused", "act.not_seen")])
    act(site, "held", "return", batch)
    act(site, "held", "return", batch, reason="a second person, at the same moment")
    site.run()
    is_([(a["outcome"], a["words"]) for a in audit(site)[1:]], [("done", ""), ("refused", "act.changed")])
    result = site.call("held", "return", batch, "--reason", "again")
    assert result.code == 5 and "act.changed" in result.codes, result
    balanced(site)


@case
def acts_that_nobody_made_with_this_program_are_refused(root):
    site, batch, _ = held_site(root)
    for name, text in (("forged-1.payroll-a", "no json"), ("forged-2.payroll-a", '{"id":"forged-2","act":"pay","subject":"%s"}' % batch),
                       ("forged-3.payroll-a", json.dumps({"id": "forged-3", "act": "return", "subject": "other:1", "digest": "x", "by": "x",
                                                          "reason": "x"})),
                       ("forged-4.payroll-a", json.dumps({"id": "forged-4", "act": "return", "subject": batch, "digest": "0" * 64, "by": "x",
                                                          "reason": "x"}))):
        site.forge(name, text)
    site.run()
    is_(sorted(a["words"] for a in audit(site)), ["act.changed", "act.gone", "act.unknown", "act.unknown"])
    is_([w["state"] for w in site.held()], ["held"])


@case
def a_batch_that_was_sent_cannot_be_given_back(root):
    site = Site(root, acts_help.options.program)
    site.drop(payroll(rows=3))
    site.run()
    batch = f"payroll-a:2026-12:001:{hashlib.sha256(site.dropped[0]).hexdigest()[:12]}"
    act(site, "held", "return", batch, reason="too late")
    site.run()
    is_(sorted((a["act"], a["outcome"], a["words"]) for a in audit(site)),
        [("aside", "refused", "act.may_be_sent")] * 2 + [("return", "refused", "act.may_be_sent")])
    is_(slips(site), [])
    result = site.call("held", "seen", batch, "--reason", "it is no duplicate")
    assert result.code == 5 and "act.not_here" in result.codes, result


@case
def killed_at_each_durable_step_it_is_done_once(root):
    def make(folder):
        site, batch, _ = held_site(folder)
        act(site, "held", "return", batch)
        return site

    def check(site):
        is_(site.held(), [])
        is_(len(slips(site)), 2)
        is_([(a["act"], a["outcome"]) for a in audit(site)], [("return", "done")])
        balanced(site)
    killed_everywhere(root, make, check)


if __name__ == "__main__":
    sys.exit(acts_help.main(CASES))
