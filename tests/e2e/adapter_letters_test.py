#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Dead letters of an adapter: one record of a file that was released record by record is read again with the form in force and
goes out once, or is given back with a slip for its line; whatever is killed when.

    adapter_letters_test.py PROGRAM --count LIBCOUNT
"""
import json
import pathlib
import sys

import acts_help
from acts_help import act, balanced, has, is_, kept, killed_everywhere, outcomes
from small_site import SITE_FILE, Batch, Site
from repair_test import FORM, unit_rows

CASES = []
LINES = "Supplier Name,Total\nAlder Paper Ltd,1.00\nBirch Tools,23.4x\nCedar Inks,2.00\n"
PLAIN = [("Alder Paper Ltd", "1.00", ""), ("Cedar Inks", "2.00", "")]


def case(f):
    CASES.append(f)
    return f


def put_form(site, edits=()):
    text = FORM.read_text(encoding="utf-8").replace("release: batch", "release: record")
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    to = site.root / "library/adapters/payment/lambeth/month.yaml"
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(text, encoding="utf-8")


# With this, 23.4x is an amount: what stands behind it is a symbol.
MENDED = [("as: yuan, decimals: 0..2", "as: yuan, decimals: 0..2, symbol: x")]


def with_a_letter(root, text=LINES):
    site = Site(root, acts_help.options.program, SITE_FILE + "library: [./library]\n")
    put_form(site)
    site.drop(Batch("2026-11-payments.csv", text.encode("utf-8"), []), marker=False, folder="in/lambeth")
    site.run()
    is_(unit_rows(site), PLAIN)
    return site, letters(site)[0]["number"]


def letters(site):
    return [json.loads(line) for line in site.call("dead", "list", "--json").out.splitlines()]


def slips(site):
    folder = site.root / "in/lambeth/.returned"
    return sorted(p for p in folder.iterdir() if not p.name.startswith(".")) if folder.exists() else []


@case
def a_record_that_the_form_could_not_read_goes_out_when_the_form_is_mended(root):
    site, number = with_a_letter(root)
    put_form(site, MENDED)
    act(site, "dead", "retry", str(number))
    site.run()
    is_(outcomes(site), [("retry", "done", "")])
    is_(letters(site), [])
    is_(sorted(unit_rows(site)), sorted(PLAIN + [("Birch Tools", "23.40", "")]))
    balanced(site)
    result = site.call("dead", "retry", str(number), "--reason", "again")
    assert result.code != 0, result
    is_(len(unit_rows(site)), 3)


@case
def what_cannot_be_read_yet_stays(root):
    site, number = with_a_letter(root)
    act(site, "dead", "retry", str(number))
    site.run()
    is_([o for _, o, _ in outcomes(site)], ["refused"])
    is_(len(letters(site)), 1)
    balanced(site)


@case
def an_original_that_was_touched_lets_nothing_out(root):
    site, number = with_a_letter(root)
    put_form(site, MENDED)
    original = kept(site, "lambeth")[0]
    original.write_bytes(original.read_bytes().replace(b"23.4x", b"99.4x"))
    act(site, "dead", "retry", str(number))
    site.run()
    is_(outcomes(site), [("retry", "refused", "batch.altered")])
    is_(unit_rows(site), PLAIN)
    original.unlink()
    act(site, "dead", "retry", str(number))
    site.run()
    is_(outcomes(site)[1:], [("retry", "refused", "batch.no_original")])


@case
def a_line_is_given_back_with_a_slip(root):
    site, number = with_a_letter(root)
    act(site, "dead", "return", str(number), reason="the amount is no number")
    site.run()
    is_(outcomes(site), [("return", "done", "")])
    is_(letters(site), [])
    is_([p.name.split("-", 2)[2] for p in slips(site)], ["2026-11-payments.csv.3.json", "2026-11-payments.csv.3.txt"])
    told = json.loads(slips(site)[0].read_text(encoding="utf-8"))
    is_((told["file"], told["line"], told["done"], told["reason"]), ("2026-11-payments.csv", 3, "nothing", "the amount is no number"))
    has(slips(site)[1].read_text(encoding="utf-8"), "退回单（一笔）", "这一笔未办理", "Return slip (one line)", "the other lines of the file")
    is_(unit_rows(site), PLAIN)
    balanced(site)


@case
def a_letter_about_a_whole_file_is_no_matter_of_one_record(root):
    site = Site(root, acts_help.options.program)
    site.drop(Batch("gz_202612_009.txt", b"", []))
    site.run()
    for verb in ("retry", "return"):
        act(site, "dead", verb, str(letters(site)[0]["number"]))
    site.run()
    is_(outcomes(site), [("retry", "refused", "dead.of_file"), ("return", "refused", "dead.of_file")])
    is_(len(letters(site)), 1)


@case
def what_was_published_before_does_not_go_out_by_a_letter(root):
    keyed = [("identity: {record: number}", "identity: {document: [{keyed: line.payee}]}\ncontent: [line.amount]")]
    site = Site(root, acts_help.options.program, SITE_FILE + "library: [./library]\n")
    put_form(site, keyed)
    site.drop(Batch("2026-11-payments.csv", LINES.encode("utf-8"), []), marker=False, folder="in/lambeth")
    site.run()
    number = letters(site)[0]["number"]
    put_form(site, keyed + MENDED)
    site.drop(Batch("2026-12-payments.csv", b"Supplier Name,Total\nBirch Tools,23.4x\n", []), marker=False, folder="in/lambeth")
    site.run()
    is_(sorted(unit_rows(site)), sorted(PLAIN + [("Birch Tools", "23.40", "")]))
    act(site, "dead", "retry", str(number))
    site.run()
    is_(outcomes(site), [("retry", "refused", "dead.elsewhere")])
    is_(len(unit_rows(site)), 3)
    balanced(site)


@case
def killed_at_each_durable_step_a_record_goes_out_once(root):
    def make(folder):
        site, number = with_a_letter(folder)
        put_form(site, MENDED)
        act(site, "dead", "retry", str(number))
        return site

    def check(site):
        is_(outcomes(site), [("retry", "done", "")])
        is_(letters(site), [])
        is_(sorted(unit_rows(site)), sorted(PLAIN + [("Birch Tools", "23.40", "")]))
        balanced(site)

    killed_everywhere(root, make, check)


@case
def killed_at_each_durable_step_a_line_is_given_back_once(root):
    def make(folder):
        site, number = with_a_letter(folder)
        act(site, "dead", "return", str(number))
        return site

    def check(site):
        is_(outcomes(site), [("return", "done", "")])
        is_(len(slips(site)), 2)
        is_(unit_rows(site), PLAIN)
        balanced(site)

    killed_everywhere(root, make, check)


if __name__ == "__main__":
    sys.exit(acts_help.main(CASES))
