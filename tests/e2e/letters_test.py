#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What died at the router is tried again, or its batch goes back to its source and comes again: whole, once; whatever is killed
when.

    letters_test.py PROGRAM --count LIBCOUNT
"""
import hashlib
import json
import sys
import time

import acts_help
from acts_help import act, balanced, has, is_, killed_everywhere, outcomes
from reread_test import put_form
from small_site import SITE_FILE, Batch, Site, payroll

CASES = []
NARROW = ("bank/pipe/batch.yaml", [("charset: gb18030", "charset: gbk")])    # which has no 𠮷
RECORDS = ("payroll/pipe/batch.yaml", [("release: batch", "release: record")])


def case(f):
    CASES.append(f)
    return f


def names(batch, *rows):
    """The batch with a name of four bytes on those rows, a plain one on the others."""
    out, lines = batch.content.decode("gb18030").split("\n"), []
    for i, (agent, _, fen, account) in enumerate(batch.lines):
        name = "王𠮷敏" if i in rows else "王敏"
        cells = out[i + 1].split("|")
        out[i + 1] = "|".join([cells[0], name, *cells[2:]])
        lines.append((agent, name, fen, account))
    return Batch(batch.name, "\n".join(out).encode("gb18030"), lines)


def narrow_site(root, *forms, text=SITE_FILE):
    site = Site(root, acts_help.options.program, text + "library: [./library]\n")
    for path, edits in (NARROW, *forms):
        put_form(site, path, edits)
    return site


def letters(site, *more):
    return [json.loads(line) for line in site.call("dead", "list", "--json", *more).out.splitlines()]


def published(site):
    """The name of the first batch that was dropped."""
    return f"payroll-a:2026-12:001:{hashlib.sha256(site.dropped[0]).hexdigest()[:12]}"


def widen(site):
    put_form(site, NARROW[0])


def dead_site(root, *rows, forms=(), count=4, text=SITE_FILE):
    site = narrow_site(root, *forms, text=text)
    batch = names(payroll(rows=count), *rows)
    site.drop(batch)
    site.run()
    is_([(x["flow"], x["destination"]) for x in letters(site)], [("router", "bank-abc")] * len(rows))
    return site, batch


@case
def letters_are_selected_as_events_are_by_the_event_that_died(root):
    site, batch = dead_site(root, 1)
    letter, fen = letters(site)[0], batch.lines[1][2]
    offset = int(letter["place"].rsplit("@", 1)[1])
    for words, want in ((["--unit", "602001"], 1), (["--unit", "6020*"], 1), (["--unit", "602002"], 0), (["--topic", "payroll"], 1),
                        (["--topic", "payment"], 0), (["--to", "bank-abc"], 1), (["--to", "units"], 0), (["--from", "today"], 1),
                        (["--from", "now"], 0), (["--to", "now"], 1), (["--to", "2h"], 0), (["--key", letter["id"]], 1),
                        (["--key", letter["batch"]], 1), (["--key", letter["letter"]], 1), (["--key", letter["id"][:-1]], 0),
                        (["--day", "2026-12-15"], 1), (["--day", "2026-12-14"], 0),
                        (["--where", f'data.net = "{fen // 100}.{fen % 100:02}"'], 1), (["--where", 'data.net = "0.01"'], 0),
                        (["--topic", "payroll", "--from", f"@{offset}", "--to", f"@{offset}"], 1),
                        (["--topic", "payroll", "--from", f"@{offset + 1}"], 0), (["--topic", "payroll", "--to", f"@{offset - 1}"], 0),
                        (["--unit", "602001", "--to", "units"], 0)):
        got = site.call("dead", "list", "--json", *words, "--lang", "en")
        assert (got.out.count("\n"), got.code) == (want, want), f"{words}: {got}"
        has(got.err, f"letters selected: {want}, skipped: {1 - want}")
    is_(site.call("dead", "list", "--where", "data.nett = \"1\"").codes, {"expr.name"})


@case
def a_letter_that_is_tried_again_lets_the_held_batch_go_whole(root):
    site, batch = dead_site(root, 1)
    is_((site.sent().total(), site.unit_lines().total()), (0, 0))
    is_(sorted((w["what"], w["destination"]) for w in site.held()), [("batch", "bank-abc"), ("batch", "units")])
    widen(site)
    act(site, "dead", "retry", str(letters(site)[0]["number"]))
    site.run()
    is_(outcomes(site), [("retry", "done", "")])
    site.sent_is(batch)
    is_((len(site.bank_files()), letters(site), site.held()), (1, [], []))
    is_([x["state"] for x in letters(site, "--all")], ["retried"])
    balanced(site)
    site.run()
    site.sent_is(batch)


def acts_of(site, ident):
    """(who, what) of the acts among the hops of an event."""
    trace = json.loads(site.call("trace", ident, "--json", "--lang", "en").out)
    times = [h["time"] for h in trace["hops"]]
    is_(times, sorted(times))
    return [(h["by"], h["topic"], h["words"]) for h in trace["hops"] if h["kind"] == "act"]


@case
def trace_says_who_tried_a_letter_again_and_who_gave_a_batch_back(root):
    site, batch = dead_site(root / "a", 1)
    letter = letters(site)[0]
    is_(acts_of(site, letter["id"]), [])
    widen(site)
    act(site, "dead", "retry", str(letter["number"]))
    site.run()
    [(by, topic, words)] = acts_of(site, letter["id"])
    assert by and topic == "jincai.acts", (by, topic)
    has(words, "another try, by " + by)
    site, batch = dead_site(root / "b", 1, 2)
    one, two = letters(site)
    act(site, "held", "return", published(site))
    site.run()
    is_([words.split(",")[0] for _, _, words in acts_of(site, one["id"])],
        ["router: return to its source", "payroll-a: slip to its source"])
    is_(acts_of(site, one["id"]), acts_of(site, two["id"]))


@case
def while_another_line_of_the_batch_is_dead_it_stays_held(root):
    site, batch = dead_site(root, 0, 3)
    widen(site)
    first, second = (str(x["number"]) for x in letters(site))
    act(site, "dead", "retry", second)
    site.run()
    is_((site.sent().total(), len(letters(site)), len(site.held())), (0, 1, 2))
    balanced(site)
    act(site, "dead", "retry", second)
    act(site, "dead", "retry", first)
    site.run()
    is_(outcomes(site), [("retry", "done", ""), ("retry", "refused", "act.gone"), ("retry", "done", "")])
    site.sent_is(batch)
    balanced(site)


@case
def all_letters_of_a_batch_are_tried_at_once(root):
    text = SITE_FILE.replace("bus: embedded:./bus", "bus: embedded:./bus\npartitions: 3")
    site, batch = dead_site(root, 0, 1, 3, text=text)
    widen(site)
    act(site, "held", "retry", site.held()[0]["batch"])
    site.run()
    is_(outcomes(site), [("retry", "done", "")])
    site.sent_is(batch)
    is_(len(site.bank_files()), 1)
    balanced(site)
    result = site.call("held", "retry", acts_help.audit(site)[0]["subject"], "--reason", "once more")
    is_((result.code, "act.no_letters" in result.codes), (5, True))
    site.run()
    site.sent_is(batch)


@case
def what_still_cannot_go_on_stays_as_it_is(root):
    site, _ = dead_site(root, 1)
    act(site, "dead", "retry", str(letters(site)[0]["number"]))
    act(site, "held", "retry", site.held()[0]["batch"])
    site.run()
    is_(outcomes(site), [("retry", "refused", "text.no_such_character")] * 2)
    is_((site.sent().total(), len(letters(site)), len(site.held())), (0, 1, 2))
    balanced(site)


@case
def what_goes_by_record_goes_in_a_parcel_of_its_own(root):
    site, batch = dead_site(root, 1, 2, forms=(RECORDS,))
    is_((site.sent().total(), site.held()), (2, []))
    widen(site)
    for letter in letters(site):
        act(site, "dead", "retry", str(letter["number"]))
    site.run()
    is_(outcomes(site), [("retry", "done", "")] * 2)
    site.sent_is(batch)
    balanced(site)


@case
def an_instruction_that_no_route_took_is_routed_anew(root):
    first = SITE_FILE.replace('starts "103"', 'starts "104"').replace("[payroll.line.v1, payment", "[payment")
    site = Site(root, acts_help.options.program, first)
    batch = site.drop(payroll(rows=3))
    site.run()
    is_([(x["code"], x["destination"]) for x in letters(site)], [("route.none", "")] * 3)
    name = letters(site)[0]["batch"]
    act(site, "dead", "retry", str(letters(site)[0]["number"]))
    site.run()
    is_(outcomes(site), [("retry", "refused", "route.none")])
    site.write(SITE_FILE)
    act(site, "held", "retry", name)
    site.run()
    is_(outcomes(site)[1:], [("retry", "done", "")])
    site.sent_is(batch)
    is_(letters(site), [])
    balanced(site)


@case
def what_a_person_saw_must_still_be_so(root):
    site, _ = dead_site(root, 1)
    widen(site)
    letter = letters(site)[0]
    order = {"act": "retry", "subject": letter["letter"], "by": "x", "reason": "x", "offset": letter["number"]}
    for n, more in enumerate(({"digest": "0" * 64}, {"subject": "router:nothing", "digest": "0" * 64}, {"act": "pay"})):
        site.forge(f"forged-{n}.router", json.dumps({**order, "id": f"forged-{n}", **more}))
    site.run()
    is_(sorted(o[2] for o in outcomes(site)), ["act.changed", "act.no_letters", "act.unknown"])
    is_((site.sent().total(), len(letters(site))), (0, 1))
    for words, code in ((["dead", "retry", "x", "--reason", "y"], "usage"), (["dead", "retry", "1"], "act.reason"),
                        (["dead", "retry", "99", "--reason", "y"], "dead.none")):
        has(str(site.call(*words).codes), code)


@case
def a_letter_for_a_destination_that_is_no_more_stays(root):
    site, _ = dead_site(root, 1)
    number = str(letters(site)[0]["number"])
    text = (site.root / "jincai.yaml").read_text(encoding="utf-8")
    site.write("\n".join(line for line in text.split("\n") if "bank-abc" not in line))
    act(site, "dead", "retry", number)
    site.run()
    is_(outcomes(site), [("retry", "refused", "act.no_destination")])
    is_(len(letters(site)), 1)


# ---- given back ----

def slips(site):
    folder = site.payroll / ".returned"
    return sorted(p.name for p in folder.iterdir() if not p.name.startswith(".")) if folder.exists() else []


def returned_site(root, *rows, **more):
    site, batch = dead_site(root, *rows, **more)
    act(site, "held", "return", site.held()[0]["batch"], reason="the name on line 3 is wrong")
    return site, batch


@case
def a_batch_of_which_a_line_died_goes_back_with_a_slip_and_comes_again_once(root):
    for partitions in (1, 3):
        text = SITE_FILE.replace("bus: embedded:./bus", f"bus: embedded:./bus\npartitions: {partitions}")
        site, _ = returned_site(root / str(partitions), 1, 2, text=text)
        site.run()
        is_(outcomes(site), [("return", "done", ""), ("slip", "done", "")])
        is_((site.held(), letters(site), site.sent().total(), len(slips(site))), ([], [], 0, 2))
        is_([x["state"] for x in letters(site, "--all")], ["returned"] * 2)
        slip = json.loads((site.payroll / ".returned" / slips(site)[0]).read_text(encoding="utf-8"))
        is_((slip["done"], slip["records"], slip["reasons"][0]["code"]), ("nothing", 4, "batch.returned"))
        balanced(site)
        good = names(payroll(rows=4))                    # the same people, with names that the bank can take
        site.drop(good)
        site.run()
        site.sent_is(good)
        is_((len(site.bank_files()), site.held()), (1, []))
        balanced(site)
        site.drop(good)                                  # and not a second time
        site.run()
        site.sent_is(good)
        is_([w["state"] for w in site.held()], ["duplicate"])
        balanced(site)


@case
def the_same_bytes_again_are_a_batch_of_their_own(root):
    site, batch = returned_site(root, 1)
    first = site.held()[0]["batch"]
    site.run()
    site.drop(batch)
    site.run()
    second = {w["batch"] for w in site.held()}
    assert len(second) == 1 and first not in second, second
    balanced(site)
    widen(site)
    act(site, "held", "retry", second.pop())
    site.run()
    site.sent_is(batch)
    is_((len(site.bank_files()), site.held(), letters(site)), (1, [], []))
    balanced(site)


@case
def a_line_of_another_batch_does_not_come_again_with_it(root):
    site, _ = dead_site(root, 1)
    other = site.drop(names(payroll(batch=2, rows=3)))
    site.run()
    site.sent_is(other)
    act(site, "held", "return", site.held()[0]["batch"])
    site.run()
    good = names(payroll(rows=4))
    rows = good.content.decode("gb18030").split("\n")[:-1]
    rows[2] = rows[1]                                    # one line twice
    head = rows[0].split("|")
    total = 2 * good.lines[0][2] + sum(line[2] for line in good.lines[2:])
    rows[0] = "|".join([*head[:7], f"{total // 100}.{total % 100:02}", *head[8:]])
    site.drop(Batch(good.name, ("\n".join(rows) + "\n").encode("gb18030"), []))
    site.run()
    is_([w["state"] for w in site.held()], ["held"])
    site.sent_is(other)
    site.drop(good)
    site.run()
    site.sent_is(other, good)
    balanced(site)


@case
def a_return_ends_the_letters_and_a_retry_comes_too_late(root):
    site, _ = returned_site(root, 1)
    widen(site)
    act(site, "dead", "retry", str(letters(site)[0]["number"]))
    site.run()
    is_(sorted(outcomes(site)), [("retry", "refused", "act.gone"), ("return", "done", ""), ("slip", "done", "")])
    is_((site.sent().total(), site.held()), (0, []))
    balanced(site)


@case
def more_letters_than_one_act_carries_take_several(root):
    count = 10004
    site = narrow_site(root)
    batch = site.drop(names(payroll(rows=count), *range(1, count, 2)))
    site.run()
    name = site.held()[0]["batch"]
    act(site, "held", "return", name)
    site.run()
    is_(outcomes(site), [("return", "refused", "act.letters")])
    widen(site)
    for _ in range(9):
        if not letters(site):
            break
        act(site, "held", "retry", name)
        site.run()
    is_({o[:2] for o in outcomes(site)[1:]}, {("retry", "done")})
    site.sent_is(batch)
    is_((len(site.bank_files()), site.held()), (1, []))
    balanced(site)


@case
def what_is_whole_again_cannot_be_given_back(root):
    site, batch = dead_site(root, 1)
    widen(site)
    name = site.held()[0]["batch"]
    act(site, "held", "retry", name)
    site.run()
    act(site, "held", "return", name)
    site.run()
    is_(outcomes(site)[0], ("retry", "done", ""))
    is_(set(outcomes(site)[1:]), {("aside", "refused", "act.may_be_sent"), ("return", "refused", "act.may_be_sent")})
    site.sent_is(batch)
    balanced(site)


@case
def what_the_router_has_not_read_yet_waits(root):
    site = narrow_site(root)
    site.drop(names(payroll(rows=4), 1))
    site.call("run", "payroll-a", "--until-idle")
    act(site, "held", "return", published(site))
    site.run()
    is_(outcomes(site), [("return", "refused", "act.under_way")])
    is_(len(site.held()), 2)


@case
def of_one_line_alone_it_is_said_that_there_is_no_slip(root):
    site, _ = dead_site(root, 1, forms=(RECORDS,))
    number = str(letters(site)[0]["number"])
    process = site.start("run")
    try:
        time.sleep(0.5)
        result = site.call("dead", "return", number, "--reason", "the name is wrong", "--lang", "en")
    finally:
        process.terminate()
        process.communicate()
    is_(result.code, 0)
    has(result.out, "was given back", "no slip was written", f"jincai dead show {number}")
    is_(slips(site), [])
    has(site.call("dead", "show", number).out, "602001")


@case
def one_line_alone_goes_back_only_where_records_go_alone(root):
    site, _ = dead_site(root / "whole", 1)
    act(site, "dead", "return", str(letters(site)[0]["number"]))
    site.run()
    is_(outcomes(site), [("return", "refused", "act.whole")])
    site, batch = dead_site(root / "record", 1, forms=(RECORDS,))
    act(site, "dead", "return", str(letters(site)[0]["number"]))
    site.run()
    is_((outcomes(site), letters(site), site.sent().total()), ([("return", "done", "")], [], 3))
    balanced(site)


@case
def a_slip_that_nobody_returned_is_not_believed(root):
    site = Site(root, acts_help.options.program)
    batch = site.drop(payroll(rows=3))
    site.run()
    for n, more in enumerate(({}, {"for": "forged-0"}, {"for": "nothing-1"})):
        order = {"id": f"forged-{n}", "act": "slip", "subject": published(site), "by": "x", "reason": "x", **more}
        site.forge(f"forged-{n}.payroll-a", json.dumps(order))
    site.run()
    is_([o[2] for o in outcomes(site)], ["act.not_proved"] * 3)
    is_(slips(site), [])
    site.drop(payroll(rows=3, seed="other"))
    site.run()
    is_([w["state"] for w in site.held()], ["conflict"])
    site.sent_is(batch)


def ordered_return(root):
    return returned_site(root, 0, 3)[0]


def given_back(site):
    is_((site.held(), letters(site), site.sent().total(), len(slips(site))), ([], [], 0, 2))
    is_(outcomes(site), [("return", "done", ""), ("slip", "done", "")])
    balanced(site)
    good = names(payroll(rows=4))
    site.drop(good)
    site.run()
    site.sent_is(good)
    balanced(site)
    site.dropped.pop()


@case
def killed_at_each_durable_step_a_return_is_done_once(root):
    killed_everywhere(root, ordered_return, given_back)


def again_site(root):
    site, _ = returned_site(root, 0, 3)
    site.run()
    site.drop(names(payroll(rows=4)))
    return site


def came_again(site):
    site.sent_is(names(payroll(rows=4)))
    is_((len(site.bank_files()), site.held()), (1, []))
    balanced(site)


@case
def killed_at_each_durable_step_the_file_comes_again_once(root):
    killed_everywhere(root, again_site, came_again)


def ordered_retry(root):
    site, _ = dead_site(root, 0, 3)
    widen(site)
    act(site, "held", "retry", site.held()[0]["batch"])
    return site


def retried(site):
    site.sent_is(names(payroll(rows=4), 0, 3))
    is_((len(site.bank_files()), letters(site), site.held()), (1, [], []))
    is_(outcomes(site), [("retry", "done", "")])


@case
def killed_at_each_durable_step_a_retry_is_done_once(root):
    killed_everywhere(root, ordered_retry, retried)


if __name__ == "__main__":
    sys.exit(acts_help.main(CASES))
