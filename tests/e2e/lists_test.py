#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The lists of what could not go on and of what waits for a person, and the cases of forms, as a clerk calls them.

    lists_test.py PROGRAM PUT_POSITION

PUT_POSITION is tests/e2e/put_position.c: it leaves states that take a power cut. One line a case; exit 1 when one fails.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import traceback

from small_site import SITE_FILE, Site, payroll

SOURCE = pathlib.Path(__file__).resolve().parents[2]
CASES = []
program = put_position = None

PARCEL = {"no": 7, "generation": 2, "state": "unknown", "batch": "payroll-a:2026-12:001:abc", "split": "",
          "name": "df_20261205_000007.txt", "marker": "df_20261205_000007.txt.ok", "staged": "2-7.body",
          "staged_marker": "2-7.marker", "date": "2026-12-05", "currency": "CNY", "digest": "", "boot": "another",
          "count": 2, "unreadable": 0, "plus": "12.50", "minus": "0.00"}
GATHERING = {"batch": "payroll-a:2026-12:002:def", "whole": True, "held": True, "last": True, "all": 3,
             "already": 0, "sums": [["CNY", 2, "2.00", "-0.50", 0]],
             "date": "2026-12-05", "why": "gather.failed", "args": "failed=1\nall=3", "partitions": [0], "ranges": [],
             "parts": []}


def case(f):
    CASES.append(f)
    return f


def is_(got, want):
    assert got == want, f"want {want!r}\ngot  {got!r}"


def has(text, *words):
    for word in words:
        assert word in text, f"no {word!r} in\n{text}"


def releasing_records(root):
    """A site whose payroll goes out record by record, so that a bad one is a dead letter."""
    folder = root / "lib/adapters/payroll/records"
    folder.mkdir(parents=True)
    form = (SOURCE / "adapters/payroll/pipe/batch.yaml").read_text(encoding="utf-8")
    (folder / "batch.yaml").write_text(form.replace("release: batch", "release: record"), encoding="utf-8")
    return Site(root, program, SITE_FILE.replace("form: payroll/pipe", "form: payroll/records")
                .replace("bus: embedded:./bus", "bus: embedded:./bus\nlibrary: [./lib]"))


@case
def nothing_waits_on_a_new_site(root):
    site = Site(root, program)
    site.run()
    for verb in ("dead", "held"):
        r = site.call(verb, "list")
        is_((r.code, r.out), (0, ""))
        r = site.call(verb, "list", "--json")
        is_((r.code, r.out), (0, ""))


@case
def a_dead_letter_is_listed_with_place_money_and_reason(root):
    site = releasing_records(root)
    site.drop(payroll(rows=3, cells={1: {4: "999999", 7: "one"}}))
    is_(site.run().code, 1)
    r = site.call("dead", "list", "--json")
    is_(r.code, 1)
    letters = [json.loads(line) for line in r.out.splitlines()]
    is_(len(letters), 1)
    letter = letters[0]
    is_((letter["kind"], letter["flow"], letter["place"], letter["currency"]),
        ("dead", "payroll-a", "gz_202612_001.txt:3", "CNY"))
    assert letter["code"].startswith("schema."), letter
    has(r.err, "letters: 1", f"CNY {letter['amount']}", "What has not happened")
    # It never was an event: of what is said of one, nothing but its id, its batch and its time is known.
    for words, want in ((["--from", "today"], 1), (["--to", "1h"], 0), (["--key", letter["batch"]], 1), (["--topic", "payroll"], 0),
                        (["--unit", "602001"], 0), (["--to", "bank-abc"], 0), (["--where", 'event.unit = "999999"'], 0)):
        is_((words, site.call("dead", "list", *words).code), (words, want))
    r = site.call("dead", "list", "--lang", "zh")
    is_((r.code, len(r.out.splitlines())), (1, 1))
    has(r.out, "死信", letter["place"], letter["amount"], f"[{letter['code']}]")
    has(r.err, "没有发生的事")


@case
def what_waits_is_selected_by_file_time_day_and_destination(root):
    site = Site(root, program, SITE_FILE.replace("[payroll.line.v1, payment.published.v1]", "[payment.published.v1]"))
    unpaid = site.drop(payroll(rows=2, bank="102"))                        # no route takes it: the bank's destination holds its batch
    wrong = site.drop(payroll(batch=2, rows=2, head={7: "1.00"}))          # held as a file
    site.run()
    rows = site.held()
    wrong_id, = [row["batch"] for row in rows if row.get("file") == wrong.name]
    other = {row["what"] for row in rows}
    assert "claim" in other, rows
    for words, want in (([], len(rows)), (["--from", "today"], len(rows)), (["--to", "1h"], 0), (["--from", "1h"], len(rows)),
                        (["--topic", "payroll"], len(rows)), (["--topic", "payment"], 0), (["--key", wrong_id], 1),
                        (["--key", wrong.name], 1), (["--key", "2026-12:002"], 1), (["--key", "2026-12:003"], 0),
                        (["--day", "today"], len(rows)), (["--day", "2026-12-15"], 0)):          # no line of it came there
        r = site.call("held", "list", *words, "--json")
        is_((words, len(r.out.splitlines()), r.code), (words, want, 1 if want else 0))
    r = site.call("held", "list", "--topic", "payment", "--lang", "en")
    has(r.err, f"selected: 0, skipped: {len(rows)} (of another topic or time {len(rows)})")
    r = site.call("held", "list", "--key", wrong_id, "--lang", "zh")
    has(r.err, f"选中 1 项，略过 {len(rows) - 1} 项（号码不符 {len(rows) - 1}）")
    for words in (["--unit", "602001"], ["--where", 'event.unit = "602001"'], ["--from", "@3"], ["--to", "@3"]):
        r = site.call("held", "list", *words)
        is_((words, r.code, r.codes, r.out), (words, 2, {"selection.not_here"}, ""))
    is_(site.call("held", "list", "--topic", "nowhere").codes, {"selection.topic"})
    is_(site.call("held", "list", "--to", "bank-xyz").codes, {"selection.to"})
    assert unpaid.lines


@case
def what_a_destination_holds_is_selected_by_its_name(root):
    site = Site(root, program, SITE_FILE.replace('starts "103"', 'starts "103" and data.net != "1.00"')
                .replace("[payroll.line.v1, payment.published.v1]", "[payment.published.v1]"))
    good = payroll(rows=3)
    fen = sum(line[2] for line in good.lines) - good.lines[1][2] + 100
    site.drop(payroll(rows=3, cells={1: {2: "1.00"}}, head={7: f"{fen // 100}.{fen % 100:02}"}))
    site.run()
    row, = site.held()
    is_((row["what"], row["destination"]), ("batch", "bank-abc"))
    for words, want in ((["--to", "bank-abc"], 1), (["--to", "units"], 0), (["--to", "bank-abc", "--day", "2026-12-15"], 1),
                        (["--day", "2026-12-16"], 0)):
        is_((words, len(site.call("held", "list", *words, "--json").out.splitlines())), (words, want))


@case
def a_dead_letter_is_shown_with_long_numbers_masked_in_text_and_hex(root):
    site = releasing_records(root)
    batch = site.drop(payroll(rows=2, cells={0: {7: "one"}}))
    site.run()
    number = json.loads(site.call("dead", "list", "--json").out)["number"]
    row = batch.content.decode("gb18030").split("\n")[1].split("|")
    r = site.call("dead", "show", str(number))
    is_(r.code, 0)
    has(r.out, f"|{row[1][0]}**", "*" * (len(row[3]) - 4) + row[3][-4:], " ** ** ** ")
    for secret in (row[1], row[3], row[6]):
        assert secret not in r.out and secret[:12] not in r.out, "a number is shown whole"
        assert " ".join(f"{ord(c):02x}" for c in secret[:4]) not in r.out, "a number is shown whole in hex"


@case
def a_number_without_a_letter_says_so(root):
    site = Site(root, program)
    site.run()
    r = site.call("dead", "show", "12")
    is_((r.code, r.codes), (2, {"dead.none"}))
    r = site.call("dead", "show", "twelve")
    is_((r.code, r.codes), (2, {"usage"}))


@case
def a_held_batch_says_what_has_not_happened_and_whom_to_ask(root):
    site = Site(root, program)
    site.drop(payroll(rows=2, head={7: "1.00"}))
    is_(site.run().code, 1)
    rows = site.held()
    is_(len(rows), 1)
    is_((rows[0]["what"], rows[0]["state"], rows[0]["reasons"][0]["code"]), ("claim", "held", "batch.sum"))
    is_(rows[0]["not_happened"], "the whole batch is held, not one was sent")
    has(site.call("held", "list", "--lang", "zh").out, "整批暂停，一笔未发", "问谁", "batch.sum")
    r = site.call("held", "show", rows[0]["batch"])
    is_(r.code, 0)
    has(r.out, "declared 1.00", "difference -", "reason 1", "gz_202612_001.txt", "SHA-256", "whom to ask")
    r = site.call("held", "show", "no-such-batch")
    is_((r.code, r.codes), (2, {"held.none"}))


@case
def a_batch_held_at_a_destination_and_a_parcel_of_unknown_fate_wait(root):
    site = Site(root, program)
    site.run()
    out = json.dumps({"next": 8, "open": [GATHERING, {**GATHERING, "held": False, "batch": "goes on"}],
                      "parcels": [{**PARCEL, "no": 6, "state": "planned"}, PARCEL], "totals": []})
    subprocess.run([put_position, str(root / "bus"), "bank-abc/out"], input=out.encode(), check=True)
    held, unknown = site.held()
    is_((held["what"], held["batch"], held["destination"]), ("batch", GATHERING["batch"], "bank-abc"))
    is_(held["sums"], [{"currency": "CNY", "count": 2, "amount": "1.50", "unreadable": 0}])
    has(held["not_happened"], "not one was sent to bank-abc")
    is_((unknown["what"], unknown["state"], unknown["parcel"]), ("parcel", "unknown", 7))
    has(unknown["ask"], "does it have df_20261205_000007.txt")
    has(unknown["not_happened"], "not sent again")
    has(unknown["happened"], "[parcel.unknown]")
    r = site.call("held", "list")
    has(r.out, "CNY 12.50", "CNY 1.50", "[gather.failed]")
    has(r.err, "2 wait")


@case
def a_batch_of_which_nothing_came_to_a_destination_is_held_there_without_money(root):
    site = Site(root, program)
    site.run()
    out = json.dumps({"next": 8, "open": [{**GATHERING, "sums": []}], "parcels": [], "totals": []})
    subprocess.run([put_position, str(root / "bus"), "bank-abc/out"], input=out.encode(), check=True)
    is_(site.held()[0]["sums"], [])
    has(site.call("held", "list").out, "money: none")


@case
def a_case_that_differs_shows_want_and_got(root):
    one = library(root) / "payroll/pipe/cases/batch/sum_is_wrong_by_a_fen/expected.jsonl"
    one.write_text(one.read_text(encoding="utf-8").replace('"held"', '"ok"'), encoding="utf-8")
    r = test(root)
    is_(r.returncode, 1)
    has(r.stdout, "payroll/pipe/batch/sum_is_wrong_by_a_fen: line 3 differs\n  want {", "\n  got  {")
    has(r.stderr, "1 differ")


@case
def a_case_without_input_or_expectation_says_so(root):
    cases = library(root) / "payroll/pipe/cases/batch"
    (cases / "sum_is_wrong_by_a_fen/gz_202612_001.txt").unlink()
    r = test(root)
    is_(r.returncode, 1)
    has(r.stderr, f"[{'case.input'}]")
    (cases / "count_is_wrong/expected.jsonl").unlink()
    has(test(root).stderr, f"[{'case.expected'}]")
    shutil.rmtree(cases)
    r = test(root)
    is_(r.returncode, 0)
    has(r.stderr, "there are no cases")
    r = test(root, "payroll/pip")
    is_(r.returncode, 2)
    has(r.stderr, f"[{'case.none'}]")


def library(root):
    shutil.copytree(SOURCE / "adapters", root / "lib/adapters")
    return root / "lib/adapters"


def test(root, *forms):
    return subprocess.run([program, "test", *(forms or ("payroll/pipe",)), "--library", str(root / "lib"), "--lang", "en"],
                          cwd=root, capture_output=True, text=True)


def main():
    global program, put_position
    program, put_position = (str(pathlib.Path(p).resolve()) for p in sys.argv[1:3])
    failed = 0
    for f in CASES:
        with tempfile.TemporaryDirectory(prefix="jincai-lists-") as root:
            try:
                f(pathlib.Path(root))
                print(f"ok    {f.__name__}")
            except Exception:
                failed += 1
                print(f"FAIL  {f.__name__}\n{traceback.format_exc()}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
