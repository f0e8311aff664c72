#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What goes wrong at a county's desk, and what must become of it: nothing lost, nothing wrong sent, and a code that says why.

    failing.py PROGRAM [--rows N] [--count LIBRARY] [--only WORDS] [--keep]

Each case has a fresh site; its name is the sentence that it proves. One line a case; exit 1 when one fails. What needs root
(other users, other file systems) is skipped with a line without it. --rows: of the large file (300,000), fewer for a slow
build. --count: tests/crash/count.c as a library, for disks that are full from one write on.
"""
import argparse
import collections
import concurrent.futures
import ctypes
import hashlib
import io
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import zipfile

from small_site import SITE_FILE, UNIT, Batch, Site, fen, large, marks, payroll

SHARED = pathlib.Path(__file__).resolve().parents[2].parent / "shared/data/payments_lambeth"
CASES = []
options = None
can_mount = False


class Skip(Exception):
    pass


def case(sentence):
    def add(function):
        CASES.append((sentence, function))
        return function
    return add


def expect(condition, *words):
    if not condition:
        raise AssertionError(" ".join(str(w) for w in words))


def expect_exit(result, *codes):
    expect(result.code in codes, f"wanted exit {' or '.join(map(str, codes))}, got", result)


def expect_code(result, *codes):
    for code in codes:
        expect(code in result.codes, f"[{code}] is not among {sorted(result.codes)}:", result)


def expect_held(site, *codes):
    """`held list --json` names a batch with each of these codes."""
    rows = site.held()
    for code in codes:
        expect(any(code == reason["code"] for row in rows for reason in row["reasons"]), f"held list lacks {code}:", rows)


# ---- files that are not as they should be ----

def bad_file(site, bad, *codes, form="payroll/pipe", folder="in/payroll", marker=True, held=True):
    """A bad file beside a good one: try names the codes, the good one goes out, nothing of the bad one does."""
    site.drop(bad, marker, folder)
    tried = site.try_(site.root / folder / bad.name, form)
    if codes:
        expect_exit(tried, 1)
        expect_code(tried, *codes)
    good = site.drop(payroll(batch=77))
    r = site.run()
    expect_exit(r, 1)
    site.sent_is(good)
    expect(any(name.endswith(bad.name) for name in site.taken()), "the bad file is not in .taken:", site.taken())
    if held:
        expect_held(site, *codes)
    again = site.run()
    expect_exit(again, 1)
    site.sent_is(good)
    return tried


def bad_bytes(old, new, **more):
    b = payroll(**more)
    expect(old in b.content, "the test's own file lacks", old)
    b.content = b.content.replace(old, new, 1)
    return b


@case("an empty file is kept, shown and passed over")
def empty_file(site):
    bad_file(site, Batch("gz_202612_001.txt", b"", []), held=False)


@case("a file of nothing but line ends is kept, shown and passed over")
def blank_file(site):
    bad_file(site, Batch("gz_202612_001.txt", b"\n\r\n\n", []), held=False)


@case("a payroll head without lines sends nothing")
def head_only(site):
    b = payroll()
    bad_file(site, Batch(b.name, b.content.split(b"\n")[0] + b"\n", []), "batch.sum", held=False)


@case("a header row without records sends nothing")
def header_only(site):
    bad_file(site, Batch("2011-01-payments.csv", b"Supplier Name,Total\r\n", []), form="payment/lambeth",
             folder="in/lambeth", marker=False, held=False)


@case("a file without the header row that its form wants is not read at all")
def no_header(site):
    text = b"".join(b"a,b%d\r\n" % i for i in range(9))
    bad_file(site, Batch("2011-01-payments.csv", text, []), "form.no_header", form="payment/lambeth", folder="in/lambeth",
             marker=False, held=False)


@case("a table with much behind its end is copied whole, not taken for one that grows")
def much_behind_a_table(site):
    name = "gz202612_20261205_103_001.dbf"
    table = pathlib.Path(__file__).resolve().parents[2] / "adapters/payroll/dbf/cases/batch/names_in_gb18030" / name
    site.write(SITE_FILE.replace("payroll/pipe,", "payroll/dbf,"))
    site.drop(Batch(name, table.read_bytes() + b"x" * (600 << 10), []), marker=False)
    r = site.run()
    expect("growing" not in r.err, r)
    expect_exit(r, 0)
    expect(site.sent(), "nothing was sent:", r)
    site.nothing_lost()


@case("a last line without its line end is read")
def no_last_end(site):
    b = site.drop(payroll(last_end=False))
    expect_exit(site.run(), 0)
    site.sent_is(b)


@case("line ends of CR LF and a blank last line change nothing")
def crlf(site):
    b = payroll(end="\r\n")
    b.content += b"\r\n"
    site.drop(b)
    expect_exit(site.run(), 0)
    site.sent_is(b)


@case("a NUL byte in a line holds its batch")
def nul_byte(site):
    bad_file(site, bad_bytes(b"|01|", b"|0\0|"), "batch.sum", "codec.nul")


@case("a file cut off in the middle of a line sends nothing")
def cut_off(site):
    b = payroll(rows=20)
    b.content = b.content[:len(b.content) * 2 // 3]
    bad_file(site, b, "batch.sum")


@case("a line with a column too few holds its batch")
def few_columns(site):
    bad_file(site, bad_bytes(b"|01|", b"|"), "record.few_columns")


@case("a line with a column too many holds its batch")
def more_columns(site):
    bad_file(site, bad_bytes(b"|01|", b"|01||"), "record.more_columns")


@case("a line longer than the limit of a record holds its batch and its neighbours are read")
def long_record(site):
    bad_file(site, bad_bytes(b"|01|", b"|01" + b"0" * (256 << 10) + b"|"), "codec.too_long", "batch.sum")


@case("a large file without any line end does not fill the memory and sends nothing")
def no_line_ends(site):
    bad_file(site, Batch("gz_202612_001.txt", b"7" * (8 << 20), []), "codec.too_long")


@case("a byte that is no character is named with its offset and holds its batch")
def invalid_byte(site):
    b = bad_bytes(b"|01|", b"|0\xff|")
    tried = bad_file(site, b, "text.invalid")
    at = b.content.split(b"\n")[1].index(b"\xff")
    expect(re.search(rf"gz_202612_001\.txt:2: .*\bbyte {at}\b", tried.err), f"line 2, byte {at} is not named:", tried)


@case("half a character at the end of a line is named with its offset and holds its batch")
def half_character(site):
    b = payroll(rows=1)
    b.content = b.content[:-1] + b"\xcd"
    tried = bad_file(site, b, "text.half")
    at = len(b.content.split(b"\n")[1]) - 1
    expect(re.search(rf"gz_202612_001\.txt:2: .*\bbyte {at}\b", tried.err), f"line 2, byte {at} is not named:", tried)


@case("half a character before the separator does not move the cells behind it unseen")
def half_before_separator(site):
    bad_file(site, bad_bytes(b"|01|", b"|0\xcd|"), "record.few_columns")


AMOUNTS = {
    "1234.567": "money.decimals", "1234.5": "money.decimals", "1234": "money.decimals", "1.2e3": "money.syntax",
    "１２.３４": "money.syntax", "1,234.00": "money.syntax", "": "map.missing", "-1.00": "map.check", "0.00": "map.check",
    "+1.00": "money.syntax", "1.00 ": "money.syntax", "0x1.00": "money.syntax", "NaN": "money.syntax",
    "10000000000000.01": "record.amount", "92233720368547758.07": "record.amount", "92233720368547758.08": "money.range",
    "99999999999999999999999.00": "money.range",
}


@case("an amount that is not exactly yuan with two decimals holds its batch and is not rounded")
def bad_amounts(site):
    for i, (text, code) in enumerate(AMOUNTS.items()):
        b = payroll(batch=i + 1, cells={2: {2: text}})
        site.drop(b)
        r = site.try_(site.payroll / b.name)
        expect_exit(r, 1)
        expect_code(r, code)
        expect(re.search(re.escape(b.name) + r":4\b", r.err), "the line is not named:", r)
    good = site.drop(payroll(batch=77))
    expect_exit(site.run(), 1)
    site.sent_is(good)


@case("amounts whose sum leaves the range hold their batch and stop nobody")
def sum_out_of_range(site):
    rows = [{2: "9999999999999.99"}] * 20       # two columns that ran together, all the way down
    bad_file(site, payroll(rows=20, cells=dict(enumerate(rows))), "batch.amount", held=False)


@case("a declared count that differs by one holds the batch")
def wrong_count(site):
    bad_file(site, payroll(rows=5, head={6: "6"}), "batch.count")


@case("a declared sum that differs by one fen holds the batch")
def wrong_sum(site):
    b = payroll(rows=5)
    total = sum(line[2] for line in b.lines)
    bad_file(site, payroll(rows=5, head={7: f"{(total + 1) // 100}.{(total + 1) % 100:02}"}), "batch.sum")


@case("declared figures that cannot be read hold the batch")
def unreadable_head(site):
    bad_file(site, payroll(rows=5, head={6: "five"}), "batch.declared")


@case("a code that no table has holds the batch")
def unknown_code(site):
    bad_file(site, payroll(rows=5, head={3: "999999"}), "map.unknown_code")


@case("a line that no bank takes holds its batch though count and sum agree")
def bad_account(site):
    bad_file(site, payroll(rows=5, cells={1: {3: "622?"}}), "batch.dead_record", "map.check")


@case("a person who stands in a batch twice under one key holds it")
def twice_in_batch(site):
    b = payroll(rows=5)
    rows = b.content.split(b"\n")
    head = rows[0].decode("gb18030").split("|")
    total = sum(line[2] for line in b.lines) + b.lines[0][2]
    head[6:8] = ["6", f"{total // 100}.{total % 100:02}"]
    b.content = "|".join(head).encode("gb18030") + b"\n" + b"\n".join(rows[1:-1] + [rows[1]]) + b"\n"
    site.drop(b)
    good = site.drop(payroll(batch=77))
    expect_exit(site.run(), 1)
    site.sent_is(good)
    expect_held(site, "batch.duplicate_line")


@case("the same file a second time is not sent a second time")
def same_again(site):
    b = site.drop(payroll())
    expect_exit(site.run(), 0)
    site.drop(b)
    expect_exit(site.run(), 1)
    site.sent_is(b)


@case("other content under keys that were sent is not sent")
def conflict(site):
    b = site.drop(payroll())
    expect_exit(site.run(), 0)
    site.drop(payroll(seed="others"))
    expect_exit(site.run(), 1)
    site.sent_is(b)


@case("a corrected file under the keys of a held one goes out")
def corrected(site):
    site.drop(payroll(head={6: "6"}))
    expect_exit(site.run(), 1)
    b = site.drop(payroll())
    expect_exit(site.run(), 0)
    site.sent_is(b)


# ---- the drop folder ----

@case("a link, a pipe and a folder in the drop folder are refused by name and left alone")
def not_regular(site):
    real = site.root / "elsewhere.txt"
    real.write_bytes(payroll(batch=1).content)
    names = [f"gz_202612_00{i}.txt" for i in (1, 2, 3, 4)]
    (site.payroll / names[0]).symlink_to(real)
    os.mkfifo(site.payroll / names[1])
    (site.payroll / names[2]).mkdir()
    (site.payroll / names[3]).symlink_to(site.root / "nothing-there")
    for name in names:
        (site.payroll / (name + ".ok")).write_bytes(b"")
    good = site.drop(payroll(batch=77))
    r = site.run()
    expect_exit(r, 1)
    expect(r.err.count("drop.not_regular") == 4, "each is reported once:", r)
    for name in names:
        expect(name in r.err, f"{name} is not named:", r)
        expect(os.path.lexists(site.payroll / name), f"{name} was moved")
    site.sent_is(good)


@case("a marker without its file is left alone until the file comes")
def marker_alone(site):
    (site.payroll / "gz_202612_005.txt.ok").write_bytes(b"")
    good = site.drop(payroll(batch=77))
    expect_exit(site.run(), 0)
    site.sent_is(good)
    expect((site.payroll / "gz_202612_005.txt.ok").exists(), "a marker without its file was taken")


@case("a file without its marker waits, and goes out when the marker comes")
def waits_for_marker(site):
    b = site.drop(payroll(), marker=False)
    expect_exit(site.run(), 0)
    site.nothing_lost()
    expect((site.payroll / b.name).exists() and not site.sent(), "it was taken before its marker")
    (site.payroll / (b.name + ".ok")).write_bytes(b"")
    expect_exit(site.run(), 0)
    site.sent_is(b)


def lambeth(rows):
    return "Supplier Name,Total\r\n".encode() + b"".join(b"Supplier %d,%d.%02d\r\n" % (i, i, i % 100) for i in range(rows))


def wait_for(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        expect(time.monotonic() < end, "waited in vain for", what)
        time.sleep(0.001)


def spool_bytes(site, name):
    try:
        return sum(p.stat().st_size for p in (site.root / "bus/spool" / name).glob("*"))
    except FileNotFoundError:
        return 0


@case("a file that still grows while it is read is read whole afterwards, once")
def growing(site):
    rows, more = 40_000, 100            # read in many pieces
    path = site.root / "in/lambeth/2011-05-payments.csv"
    whole = lambeth(rows + more)
    path.write_bytes(lambeth(rows))
    with open(path, "ab") as writer:            # holds it open, as a copying vendor does
        p = site.start("run", "--until-idle")
        wait_for(lambda: spool_bytes(site, "lambeth") > 4096, 20, "the copy to begin")
        p.send_signal(signal.SIGSTOP)
        time.sleep(0.05)
        midway = spool_bytes(site, "lambeth") < len(lambeth(rows)) and p.poll() is None
        writer.write(whole[len(lambeth(rows)):])
        writer.flush()
        p.send_signal(signal.SIGCONT)
        r = site.finish(p)
    site.dropped.append(whole)
    if not midway:
        raise Skip("the copy had ended before the file could grow")
    expect_code(r, "drop.growing")
    expect_exit(r, 0, 1)                        # 1: it waits in .taken until it stands still
    if r.code:
        r = site.run()
    expect_exit(r, 0)
    site.nothing_lost()
    got = site.unit_rows()
    expect(sum(got.values()) == rows + more and len(got) == rows + more, f"{sum(got.values())} rows of {rows + more}")


@case("a file that a process took after another one had taken its place goes out without a restart")
def stray(site):
    first, second = payroll(batch=1), payroll(batch=2)
    site.drop(first)
    p = site.start("run")
    try:
        wait_for(lambda: sum(site.sent().values()) == len(first.lines), 20, "the first file")
        (site.root / "hand").mkdir()
        (site.root / "hand/data").write_bytes(second.content)
        site.dropped.append(second.content)
        (site.root / "hand/data").rename(site.payroll / ".taken" / f"0-7-{second.name}")
        wait_for(lambda: sum(site.sent().values()) == len(first.lines) + len(second.lines), 40, "the file in .taken")
    finally:
        p.send_signal(signal.SIGTERM)
        r = site.finish(p)
    expect_exit(r, 0)
    site.run()                                  # what had not come to all by then
    site.sent_is(first, second)
    site.nothing_lost()


# ---- folders that cannot be used ----

def mount(folder, kind="tmpfs", data="size=1m"):
    if not can_mount:
        raise Skip("needs root and a mount namespace")
    libc = ctypes.CDLL(None, use_errno=True)
    expect(libc.mount(b"none", str(folder).encode(), kind.encode(), 0, data.encode()) == 0, "mount failed",
           ctypes.get_errno())


def unmount(folder):
    ctypes.CDLL(None).umount2(str(folder).encode(), 2)


def on_other_device(site, folder, code):
    folder = site.root / folder
    folder.mkdir()
    mount(folder)
    good = site.drop(payroll(bank="103"))
    try:
        r = site.run()
        expect_exit(r, 3)
        expect_code(r, code)
        expect(not site.sent(), "sent all the same")
        site.nothing_lost()
    finally:
        unmount(folder)
    expect_exit(site.run(), 0)
    site.sent_is(good)


@case("a .taken on another file system stops its adapter and touches no file")
def taken_elsewhere(site):
    on_other_device(site, "in/payroll/.taken", "drop.other_device")


@case("a .staging on another file system stops its destination; it goes on when that is put right")
def staging_elsewhere(site):
    on_other_device(site, "out/abc/.staging", "outbox.other_device")


def as_nobody():
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def give_to_nobody(site):
    if os.geteuid() != 0:
        raise Skip("needs root")
    os.chmod(site.root, 0o755)
    for path in [site.root, *site.root.rglob("*")]:
        os.chown(path, 65534, 65534)
    try:
        return site.call("--version", preexec_fn=as_nobody)
    except PermissionError:
        raise Skip("another user cannot run the program from where it lies")


def denied(site, folder):
    give_to_nobody(site)
    os.chown(site.root / folder, 0, 0)
    os.chmod(site.root / folder, 0o755)
    b = site.drop(payroll())
    for verb in (("check",), ("run", "--until-idle")):
        r = site.call(*verb, preexec_fn=as_nobody)
        expect_exit(r, 3)
        expect_code(r, "file.denied")
        expect(folder in r.err, "the folder is not named:", r)
    site.nothing_lost()
    expect(not site.sent(), "sent all the same")
    os.chown(site.root / folder, 65534, 65534)
    expect_exit(site.run(preexec_fn=as_nobody), 0)
    site.sent_is(b)


@case("a drop folder that may not be written is refused by check and by run")
def drop_denied(site):
    denied(site, "in/payroll")


@case("a destination's folder that may not be written is refused by check and by run")
def out_denied(site):
    denied(site, "out/abc")


@case("a file that may not be read is named and left alone while others go on; it goes out when it may be read")
def file_denied(site):
    give_to_nobody(site)
    b, good = site.drop(payroll()), site.drop(payroll(batch=77))
    os.chmod(site.payroll / b.name, 0o000)
    r = site.run(preexec_fn=as_nobody)
    expect_exit(r, 1)
    expect_code(r, "drop.denied")
    expect(b.name in r.err, "the file is not named:", r)
    site.sent_is(good)
    os.chmod(site.payroll / b.name, 0o644)
    expect_exit(site.run(preexec_fn=as_nobody), 0)
    site.sent_is(good, b)


def name_is_taken(site, name):
    theirs = site.root / "out" / name
    theirs.parent.mkdir(exist_ok=True)
    theirs.write_bytes(b"theirs")
    b = site.drop(payroll())
    r = site.run()
    expect_exit(r, 3)
    expect_code(r, "file.exists")
    expect(name in r.err, "the name is not said:", r)
    expect(theirs.read_bytes() == b"theirs", "it was replaced")
    theirs.rename(site.root / "moved-away")
    expect_exit(site.run(), 0)
    site.sent_is(b)


@case("a name that stands in the destination already is never replaced; it goes out when that is moved away")
def body_taken(site):
    name_is_taken(site, "abc/df_20261215_000001.txt")


@case("a marker's name that stands in the destination already stops it; it goes out when that is moved away")
def marker_taken(site):
    name_is_taken(site, "abc/df_20261215_000001.txt.ok")


@case("a name taken in a folder of a unit stops that destination alone")
def unit_name_taken(site):
    name_is_taken(site, f"units/{UNIT}/mx_000001.csv")


@case("readers: group opens what is handed over to the folder's group; without it all is for ourselves alone")
def group_readers(site):
    path = site.root / "jincai.yaml"
    path.write_text(path.read_text().replace("folder: ./out/units}", "folder: ./out/units, readers: group}"))
    site.drop(payroll())
    expect_exit(site.run(), 0)
    for folder, file_mode in (("out/units", 0o640), ("out/abc", 0o600)):
        files = [f for f in (site.root / folder).rglob("*") if f.is_file() and f.name != marks.MARK
                 and ".staging" not in f.parts]
        expect(files and all(f.stat().st_mode & 0o7777 == file_mode for f in files), "modes:", folder, files)
    unit = site.root / "out/units" / UNIT
    expect(unit.stat().st_mode & 0o7777 == 0o2770, "mode of the folder of a unit:", oct(unit.stat().st_mode))


@case("a destination's folder that is gone is refused, and goes on when it is back")
def folder_gone(site):
    b = site.drop(payroll())
    shutil.rmtree(site.root / "out/abc")
    r = site.run()
    expect_exit(r, 3)
    expect_code(r, "file.missing")
    site.nothing_lost()
    marks.folders(site.root, "out/abc")
    expect_exit(site.run(), 0)
    site.sent_is(b)


# ---- a site file with faults ----

FAULTS = [        # old, new, code, words that must be said
    ("site: {", "site: {nmae: x, ", "conf.unknown_key", ["nmae", "name"]),
    ("start: 2026-11-01", "start: 1st of May", "site.start", ["1st of May"]),
    ("form: payment/lambeth", "form: payment/lambert", "form.unknown", ["payment/lambert", "payment/lambeth"]),
    ("mode: live, to: {file: {folder: ./out/abc}}", "mode: alive, to: {file: {folder: ./out/abc}}", "conf.choice", ["live"]),
    ("split: data.unit", "split: [data.unit]", "conf.type", ["split"]),
    ("to: bank-abc}", "to: bank-abd}", "site.nowhere", ["bank-abd", "bank-abc"]),
    ("starts \"103\"", "strats \"103\"", "expr.syntax", ["strats"]),
    ("./in/lambeth", "./in/lambert", "file.missing", ["in/lambert"]),
]


def place_of(text, line):
    return re.search(rf"jincai\.yaml:{line}:\d+", text)


@case("all faults of a site file are named in one run, each with its place, a caret and what may have been meant")
def faulty_site(site):
    text, lines = SITE_FILE, []
    for old, new, _, _ in FAULTS:
        expect(old in text, "the test's own site lacks", old)
        lines.append(text[:text.index(old)].count("\n") + 1)
        text = text.replace(old, new, 1)
    site.write(text)
    b = site.drop(payroll())
    for verb in (("check",), ("run", "--until-idle")):
        r = site.call(*verb)
        expect_exit(r, 3)
        expect_code(r, *[code for _, _, code, _ in FAULTS])
        for (_, _, code, words), line in zip(FAULTS, lines):
            expect(place_of(r.err, line), f"no place in line {line} for {code}:", r)
            for word in words:
                expect(word in r.err, f"{word} is not said:", r)
        carets = len(re.findall(r"^[^\w\n]*\^", r.err, re.M))
        expect(carets >= len(FAULTS), f"{carets} carets:", r)
    expect(not (site.root / "bus").exists() and (site.payroll / b.name).exists(), "something was started")


@case("a key that stands twice is named with both places")
def twice(site):
    site.write(SITE_FILE + "bus: embedded:./other\n")
    r = site.call("check")
    expect_exit(r, 3)
    expect_code(r, "conf.duplicate_key")
    last = SITE_FILE.count("\n") + 1
    expect(place_of(r.err, last) and "line 2" in r.err, r)


@case("a site file with a broken bracket is refused with its place")
def broken_yaml(site):
    site.write(SITE_FILE.replace("keys: ./keys}", "keys: ./keys"))
    r = site.call("check")
    expect_exit(r, 3)
    expect(re.search(r"jincai\.yaml:\d+:\d+", r.err), r)


@case("an adapter of instructions without a start, and a report routed to a bank, are refused by policy")
def policy(site):
    site.write(SITE_FILE.replace("start: 2026-11-01, ", ""))
    r = site.call("check")
    expect_exit(r, 5)
    expect_code(r, "site.no_start")
    site.write(SITE_FILE.replace("types: [payroll.line.v1], when", "types: [payment.published.v1], when")
               .replace("data.payee.bank starts", "data.payee.name starts"))
    r = site.call("check")
    expect(r.code in (3, 5), r)
    expect_code(r, "site.report_to_money")


ALONE = [         # old, new, exit code, code: each in a site file of its own
    ("payroll-a: {form: payroll/pipe,", "Payroll_A: {form: payroll/pipe,", 3, "site.name"),
    ("bank-abc: {form: bank/pipe,", "bank-abc: {form: payroll/pipe/batch,", 3, "site.direction"),
    ("split: data.unit", "split: data.units", 3, "site.split"),
    ("./in/lambeth", "./in/payroll", 3, "site.twice"),
]


@case("a name that is none, a form for the other way, a field that is not there and a folder used twice are refused")
def wrong_alone(site):
    for old, new, exit_code, code in ALONE:
        expect(old in SITE_FILE, "the test's own site lacks", old)
        site.write(SITE_FILE.replace(old, new, 1))
        r = site.call("check")
        expect_exit(r, exit_code)
        expect_code(r, code)


@case("a flow that the site does not have and a key that is too short are refused, and nothing is started")
def wrong_words(site):
    r = site.call("run", "--until-idle", "payrol-a")
    expect_exit(r, 2)
    expect_code(r, "site.no_flow")
    key = site.root / "keys/identity.key"
    good = key.read_bytes()
    key.write_bytes(b"short")
    r = site.call("check")
    expect_exit(r, 3)
    expect_code(r, "site.short_key")
    expect("map.no_key" not in r.err, "a fault is told twice:", r)
    key.write_bytes(good)


@case("a site file that is not there is said so, and nothing is made")
def no_site(site):
    r = site.call("run", "--until-idle", "-c", "nowhere.yaml")
    expect_exit(r, 3)
    expect_code(r, "conf.unreadable")
    expect(not (site.root / "bus").exists(), "a store was made")


# ---- a full disk ----

def fill(site, leave):
    """Ballast in the site's folder until only so many bytes are left."""
    s = os.statvfs(site.root)
    with open(site.root / "ballast", "ab") as f:
        os.posix_fallocate(f.fileno(), 0, max(1, s.f_bavail * s.f_frsize - leave))


@case("a disk that is full at any moment loses and doubles nothing; with space again all arrives once")
def full_disk(site):
    mount(site.root, data="size=40m")
    site.__init__(site.root, site.program)
    sent, failures = [], 0
    try:
        for i, leave in enumerate((0, 4 << 10, 96 << 10, 400 << 10, 1200 << 10, 3 << 20)):
            sent.append(site.drop(payroll(batch=i + 1, rows=600)))
            fill(site, leave)
            r = site.run()
            expect_exit(r, 0, 4, 6)
            failures += r.code != 0
            if r.code:
                expect(r.codes & {"disk.full", "store.full", "bus.commit_failed", "disk.failed", "store.failed"},
                       "no code says so:", r)
            site.nothing_lost()
            expect(not site.sent() - collections.Counter(tuple(x) for b in sent for x in b.lines), "lines too many")
            (site.root / "ballast").unlink()
            expect_exit(site.run(), 0)
            site.sent_is(*sent)
        expect(failures >= 2, "the disk was never full in the middle of something")
    finally:
        unmount(site.root)


@case("a disk that is full while the program runs is waited for, and it goes on by itself")
def full_and_free(site):
    mount(site.root, data="size=24m")
    site.__init__(site.root, site.program)
    p = None
    try:
        first = site.drop(payroll(batch=1))
        p = site.start("run")
        wait_for(lambda: len(site.bank_files()) == 1, 20, "the first batch")
        second = site.drop(payroll(batch=2, rows=600), marker=False)
        fill(site, 4096)
        (site.payroll / (second.name + ".ok")).touch()
        time.sleep(1)
        (site.root / "ballast").unlink()
        wait_for(lambda: len(site.bank_files()) == 2 or p.poll() is not None, 20, "the second batch")
        if p.poll() is None:
            time.sleep(0.3)
            p.send_signal(signal.SIGTERM)
        r = site.finish(p, 10)
        if r.code:                       # an error of a commit itself ends the process; the next start goes on
            expect_exit(r, 6)
            expect_exit(site.run(), 0)
        site.sent_is(first, second)
    finally:
        if p and p.poll() is None:
            p.kill()
            p.wait()
        unmount(site.root)


@case("a disk that takes nothing from one write on, then again, loses and doubles nothing")
def full_from_a_write(site):
    if not options.count:
        raise Skip("no library that counts writes")
    sent = []
    for i, n in enumerate((1, 3, 4, 6, 9, 13)):
        sent.append(site.drop(payroll(batch=i + 1, rows=50)))
        env = {**os.environ, "LD_PRELOAD": options.count, "COUNT_FAIL_WRITE": f"{n}:ENOSPC",
               "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0"}
        r = subprocess.run([site.program, "run", "--until-idle"], cwd=site.root, env=env, capture_output=True, timeout=60,
                           check=False)
        expect(r.returncode in (0, 3, 4, 6), r.returncode, r.stderr.decode()[-2000:])
        site.nothing_lost()
        expect_exit(site.run(), 0)
        site.sent_is(*sent)


# ---- processes ----

@case("a second process is refused with the first one's number and changes nothing")
def second_process(site):
    b = site.drop(payroll())
    p = site.start("run")
    try:
        wait_for(lambda: len(site.bank_files()) == 1, 20, "the first process to work")
        r = site.run()
        expect_exit(r, 5)
        expect_code(r, "store.leased")
        expect(str(p.pid) in r.err, f"{p.pid} is not named:", r)
        time.sleep(0.3)
        p.send_signal(signal.SIGTERM)
        began = time.monotonic()
        expect_exit(site.finish(p, 2 * leave_seconds()), 0)
        expect(time.monotonic() - began < leave_seconds(), "it took too long to leave")
    finally:
        if p.poll() is None:
            p.kill()
    expect_exit(site.run(), 0)
    site.sent_is(b)


def leave_seconds():
    """5 s is what is promised; a program that is watched by a sanitizer (and so given few rows) may take longer."""
    return 5 if options.rows >= 100_000 else 30


def interrupted(site, signal_number, moments, packed=lambda batch: batch):
    """Runs on a large file; at each moment (a condition) the process gets the signal; the last run goes to the end."""
    small, big = site.drop(packed(payroll())), site.drop(packed(large(options.rows)))
    for moment in moments:
        p = site.start("run", "--until-idle")
        try:
            wait_for(lambda: moment(site) or p.poll() is not None, 60, "the moment")
            p.send_signal(signal_number)
            r = site.finish(p, leave_seconds() if signal_number == signal.SIGTERM else 20)
        finally:
            if p.poll() is None:
                p.kill()
        expect_exit(r, 0, -signal_number)
        site.nothing_lost()
        known = collections.Counter(tuple(x) for b in (small, big) for x in b.lines)
        expect(not site.sent() - known, "lines too many")
        expect(moment is not claiming or site.sent() != known, "it did not leave but went on to the end")
    expect_exit(site.run(timeout=120), 0)
    site.sent_is(small, big)


def claiming(site):
    return spool_bytes(site, "payroll-a") > 1 << 19


def size_of(path):
    """0 when it is not there, or not any more."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def store_of(bytes_):
    return lambda site: size_of(site.root / "bus/data.mdb") >= bytes_


def staging(site):
    return any(size_of(p) > 1 << 16 for p in (site.root / "out").glob("*/.staging/*"))


def marker_staged(site):
    return any((site.root / "out/abc/.staging").glob("*.marker"))


def body_alone(site):
    """The body has its name, the marker has not: the parcel is on its way."""
    return any(not p.with_name(p.name + ".ok").exists() for p in (site.root / "out/abc").glob("df_*.txt"))


def moments():
    size = options.rows * 700            # about what the store needs for it
    return [claiming, store_of(size // 4), store_of(size // 2), staging, marker_staged, body_alone]


@case("SIGTERM in a large file: it leaves within 5 s, and a later run finishes, nothing lost or doubled")
def terminated(site):
    interrupted(site, signal.SIGTERM, [claiming, staging])


@case("kill -9 in a large file: a later run finishes, nothing lost or doubled")
def killed(site):
    interrupted(site, signal.SIGKILL, moments())


def zipped(batch):
    """The file in an archive, as payroll/pipe_zip has it; written as a stream, so that no length stands in front."""
    class Stream(io.RawIOBase):
        def __init__(self):
            self.bytes = []

        def writable(self):
            return True

        def write(self, data):
            self.bytes.append(bytes(data))
            return len(data)

    to = Stream()
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("20261215/" + batch.name, batch.content)
        archive.writestr("20261215/list.pdf", b"%PDF")
    return Batch(batch.name.replace(".txt", ".zip"), b"".join(to.bytes), batch.lines)


@case("kill -9 in a large archive: a later run goes on inside it, nothing lost or doubled")
def killed_in_archive(site):
    site.write(SITE_FILE.replace("payroll/pipe,", "payroll/pipe_zip,"))
    size = options.rows * 700
    interrupted(site, signal.SIGKILL, [store_of(size // 4), store_of(size // 2), staging], zipped)


def framed(batch, token, each=1 << 20):
    """The file's bytes in frames of a length in front and a check value behind."""
    out = []
    for at in range(0, len(batch.content), each):
        body = batch.content[at:at + each]
        out.append(b"%-8dCNNONTAX" % (80 + len(body)) + body + hashlib.sha256(token + body).hexdigest().encode())
    return Batch(batch.name, b"".join(out), batch.lines)


@case("a token that is changed while a batch is published stops the adapter; with the old one it finishes")
def token_changed(site):
    library = pathlib.Path(__file__).resolve().parents[2] / "adapters/payroll/pipe/batch.yaml"
    wrap = "wraps: [{frame: {length: bytes, head: {app: 8}, expect: {app: CNNONTAX}, mac: sha256, token: pay.token}}]\n"
    (site.root / "framed.yaml").write_text(library.read_text(encoding="utf-8").replace("codec:", wrap + "codec:"), "utf-8")
    site.write(SITE_FILE.replace("form: payroll/pipe,", "form: ./framed.yaml,"))
    r = site.run()
    expect_exit(r, 3)
    expect_code(r, "file.missing")
    expect("pay.token" in r.err, r)
    token = site.root / "keys/pay.token"
    token.write_bytes(b"agreed\n")
    site.drop(framed(payroll(batch=7), b"guessed"))
    b = site.drop(framed(large(options.rows), b"agreed"))
    p = site.start("run", "--until-idle")
    try:
        wait_for(lambda: store_of(options.rows * 700 // 4)(site) or p.poll() is not None, 60, "a part of it to be published")
        p.kill()
        site.finish(p)
    finally:
        if p.poll() is None:
            p.kill()
    expect(not site.sent(), "it was already through")
    token.write_bytes(b"another\n")
    r = site.run()
    expect_exit(r, 3)
    expect_code(r, "batch.reread")
    expect(not site.sent(), "something went out")
    token.write_bytes(b"agreed")
    r = site.run(timeout=120)
    expect_exit(r, 1)
    expect_held(site, "wrap.frame_mac")
    site.sent_is(b)


@case("bytes of the store that flipped after a kill -9 never make a line go out twice or wrongly")
def flipped(site):
    batches = [site.drop(payroll(batch=1, rows=30))]
    expect_exit(site.run(), 0)
    # A store that was left in order is not walked at the start: it has to be in the middle of a batch.
    for number, rows in enumerate((6000, 12000, 24000, 48000), 900):
        batches.append(site.drop(large(rows, batch=number)))
        p = site.start("run", "--until-idle")
        wait_for(lambda: staging(site) or p.poll() is not None, 20, "the moment")
        p.kill()
        if site.finish(p).code == -signal.SIGKILL:
            break
    else:
        raise AssertionError("it was always through before it could be killed")
    known = collections.Counter(tuple(x) for b in batches for x in b.lines)
    known_units = collections.Counter((n, f, a) for _, n, f, a in known.elements())
    ends = collections.Counter()
    for seed in range(14):
        with tempfile.TemporaryDirectory(dir=site.root.parent) as folder:
            shutil.copytree(site.root, folder, dirs_exist_ok=True)
            other = Site(folder, site.program)
            other.dropped = list(site.dropped)
            rng = random.Random(seed)
            path = other.root / "bus/data.mdb"
            data = bytearray(path.read_bytes())
            used = len(data.rstrip(b"\0"))
            for _ in range(500 if seed < 10 else 1):
                data[rng.randrange(used)] ^= 1 << rng.randrange(8)
            path.write_bytes(data)
            r = other.run(timeout=30)
            ends[r.code] += 1
            expect(not other.sent() - known, f"seed {seed}: wrong or doubled lines to the bank:", r)
            expect(not other.unit_lines() - known_units, f"seed {seed}: wrong or doubled lines to units:", r)
            other.nothing_lost()
    expect(ends[0] < 10 and ends.total() == 14, "no flip was noticed at all:", ends)
    return f"exits {dict(ends)}"


# ---- real files ----

SUMS = {"2011-01": (1072, 3844761814), "2011-02": (1138, 4035408784), "2011-03": (1134, 4630712633),
        "2011-04": (965, 3736128482), "2011-05": (967, 4288186896), "2011-06": (1040, 4338585797),
        "2011-08": (1010, 4114609089), "2011-12": (687, 2788318883), "2012-03": (1083, 5010701965)}


@case("ten real months: nine go to the units with their exact sums, the one that lost a comma is held")
def real_months(site):
    if not SHARED.is_dir():
        raise Skip("the real files are not here")
    for path in SHARED.glob("*.csv"):
        site.drop(Batch(path.name, path.read_bytes(), []), marker=False, folder="in/lambeth")
    expect(len(site.dropped) == 10, f"{len(site.dropped)} files")
    tried = site.try_(site.root / "in/lambeth/2011-10-payments.csv", "payment/lambeth")
    expect_exit(tried, 1)
    expect_code(tried, "batch.sum", "batch.lost_separator")
    expect_exit(site.run(), 1)
    got = {}
    for (unit, month, _, _, amount, currency), n in site.unit_rows().items():
        expect(unit == UNIT and currency == "GBP", unit, currency)
        count, total = got.get(month, (0, 0))
        got[month] = count + n, total + n * amount
    expect(got == SUMS, "sums differ:", {m: (got.get(m), SUMS.get(m)) for m in {*got, *SUMS} if got.get(m) != SUMS.get(m)})
    site.nothing_lost()
    expect_held(site, "batch.sum")


# ---- the runner ----

def adds_up(site):
    """After every case the counters agree with each other, and with what lies in files and topics."""
    if (site.root / "bus/data.mdb").exists():
        expect_exit(site.call("balance"), 0)
        expect_exit(site.call("balance", "--deep"), 0)


def own_mounts():
    """A mount namespace of our own, so that nothing stays mounted whatever happens."""
    if os.geteuid() != 0:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x00020000) != 0:
        return False
    return libc.mount(b"none", b"/", None, 0x4000 | 0x40000, None) == 0


def run_case(number):
    sentence, function = CASES[number]
    began = time.monotonic()
    folder = tempfile.mkdtemp(prefix=f"failing-{function.__name__}-")
    try:
        site = Site(folder, options.program)
        word, why = "ok", function(site)
        adds_up(site)
        why = f": {why}" if why else ""
    except Skip as e:
        word, why = "skipped", f": {e}"
    except Exception as e:
        at = traceback.extract_tb(e.__traceback__)
        place = next((f.lineno for f in reversed(at) if f.filename == __file__), 0)
        word, why = "FAILED", f" (line {place}): {type(e).__name__} {e}"
    if word != "FAILED" and not options.keep:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        why += f"\n    {folder}"
    print(f"{word} {sentence}{why}  [{time.monotonic() - began:.1f} s]", flush=True)
    return word


def main():
    global options, can_mount
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("program")
    p.add_argument("--rows", type=int, default=300_000)
    p.add_argument("--count")
    p.add_argument("--only", default="")
    p.add_argument("--keep", action="store_true")
    options = p.parse_args()
    options.program = os.path.abspath(options.program)
    if options.count and not os.path.exists(options.count):
        options.count = None
    can_mount = own_mounts()
    chosen = [i for i, (sentence, f) in enumerate(CASES) if options.only in sentence or options.only in f.__name__]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        words = list(pool.map(run_case, sorted(chosen, key=lambda i: CASES[i][1] not in (terminated, killed, flipped))))
    count = collections.Counter(words)
    print(f"{len(words)} cases: {count['ok']} ok, {count['FAILED']} failed, {count['skipped']} skipped")
    return 1 if count["FAILED"] else 0


if __name__ == "__main__":
    sys.exit(main())
