# SPDX-License-Identifier: Apache-2.0
"""A site for measuring: three adapters, a destination that is not run, and files of as many rows as wanted. All is made up and
the same each time."""
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import formats  # noqa: E402
import marks  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
NAMES = formats.NAMES
SITE = """\
site: {name: bench, kind: test, division: "150782", unit: "602001", keys: ./keys}
bus: embedded:./bus
store: {max: %d}
library: [%s]
adapters:
  payroll: {form: payroll/pipe, start: 2026-11-01, from: {file: {folder: ./in/payroll}}}
  payments: {form: payment/lambeth, from: {file: {folder: ./in/payments}}}
  records: {form: bench/record, from: {file: {folder: ./in/records}}}
""" + "".join("""\
  %s: {form: bench/codec/%s, start: 2026-11-01, from: {file: {folder: ./in/%s}}}
""" % (name, name, name) for name in formats.WRITERS) + """\
destinations:
  units: {form: unit/csv, split: data.unit, gather: batch, mode: live, to: {file: {folder: ./out}}}
routes:
  - {types: [payroll.line.v1, payment.published.v1], to: units}
"""
# adapter: (file, marker, topic); payroll takes up to 999 files
JOBS = {
    "payroll": ("gz_202612_{:03}.txt", True, "jincai.payroll"),
    "payments": ("2026-11-payments.csv", False, "jincai.payment"),
    "records": ("2026-11-records.csv", False, "jincai.payment"),
    **{name: (formats.file_name(name), False, "jincai.payroll") for name in formats.WRITERS},
}


def payroll(f, n, first=0):
    """GB18030, eight columns, a head with count and sum; names of Chinese and Mongolian people."""
    fens = lambda: ((i, 100000 + i * 7919 % 900000) for i in range(first, first + n))
    total = sum(fen for _, fen in fens())
    f.write("F|1|20261203|602001|103|61|%d|%d.%02d\n" % (n, total // 100, total % 100))
    for i, fen in fens():
        f.write("%07d|%s|%d.%02d|6222020600%09d|602001|01|1507021980%08d|1\n"
                % (i, NAMES[i % 6], fen // 100, fen % 100, i, i))


def payments(f, n):
    """UTF-8, two columns as a council published them, blanks around some cells, a total at the end."""
    f.write("Supplier Name,Total\n")
    total = 0
    for i in range(n):
        fen = 50000 + i * 7919 % 9000000
        total += fen
        f.write(("%s Supplies & Services Ltd %d,%d.%02d\n" if i % 8 else ' %s Care Ltd %d , %d.%02d \n')
                % ("Northern Eastern Southern Western".split()[i % 4], i % 5000, fen // 100, fen % 100))
    f.write("Grand Total,%d.%02d\n" % (total // 100, total % 100))


def records(f, n):
    f.write("payee,amount\n")
    for i in range(n):
        f.write("%s%d,%d.%02d\n" % (NAMES[i % 6], i % 5000, i % 90000 + 1, i % 100))


def make_input(folder, job, rows, batch=0):
    """A new folder of input: one file, or in the job payroll as many as there are batches of so many rows."""
    name, marker, _ = JOBS[job]
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for i, first in enumerate(range(0, rows, batch or rows)):
        path = folder + "/" + name.format(i + 1)
        if job in formats.WRITERS:
            formats.write(job, path, rows)
            continue
        with open(path, "w", encoding="gb18030" if job == "payroll" else "utf-8", newline="") as f:
            if job == "payroll":
                payroll(f, min(batch or rows, rows - first), first)
            else:
                {"payments": payments, "records": records}[job](f, rows)
        if marker:
            open(path + ".ok", "w").close()


def make_site(folder, job, made=None, max_gib=64):
    """A fresh site with the files of an input to take (none when made is None)."""
    shutil.rmtree(folder, ignore_errors=True)
    marks.folders(folder, "keys", "out", *("in/" + each for each in JOBS))
    with open(folder + "/keys/identity.key", "wb", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write(bytes(range(32)))
    with open(folder + "/jincai.yaml", "w") as f:
        f.write(SITE % (max_gib, HERE + "/forms"))
    if made:
        shutil.copytree(made, folder + "/in/" + job, dirs_exist_ok=True)
