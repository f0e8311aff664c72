# SPDX-License-Identifier: Apache-2.0
"""The county that the crash tests run: its site file, its folders, and the rules by which a line finds its bank.

What is said here is said a second time in the site file that write() makes; the judge uses this one only.
"""
import hashlib
import os
import pathlib

SITE_FILE = """site: {{name: yakeshi, division: "150782", unit: "602001", keys: ./keys}}
bus: embedded:./bus
adapters:
  payroll-a: {{form: payroll/pipe, start: 2026-12-01, from: {{file: {{folder: ./in/payroll}}}}}}
destinations:
  bank-abc: {{form: bank/pipe/batch, gather: batch, mode: live, to: {{file: {{folder: ./out/abc}}}}}}
  bank-boc: {{form: bank/pipe/batch, gather: batch, mode: live, to: {{file: {{folder: ./out/boc}}}}}}
  units:    {{form: unit/csv/lines, split: data.unit, gather: batch, mode: live, to: {{file: {{folder: ./out/units}}}}}}
routes:
  - {{types: [payroll.line.v1], when: 'data.payee.bank starts "103" or (data.payee.bank starts "102" and
      data.agent_no starts "1")', to: bank-abc}}
  - {{types: [payroll.line.v1], when: 'data.payee.bank starts "104" or (data.payee.bank starts "102" and
      data.agent_no starts "2")', to: bank-boc}}
  - {{types: [payroll.line.v1], to: units}}
{more}"""

DIVISION = "150782"
BANKS = ("103", "104", "102")           # what a head may name; 102 is paid through two banks, by agent number
MARKED = {"bank-abc": "out/abc", "bank-boc": "out/boc"}
PLAIN = {"units": "out/units"}
DROP = "in/payroll"


def destinations(bank, agent_no):
    """Where a line goes, of a batch for this bank."""
    if bank.startswith("103") or (bank.startswith("102") and agent_no.startswith("1")):
        return ("bank-abc", "units")
    if bank.startswith("104") or (bank.startswith("102") and agent_no.startswith("2")):
        return ("bank-boc", "units")
    return ("units",)


def write(root, more=""):
    """Makes the site's folder and returns the path of its site file."""
    root = pathlib.Path(root)
    for folder in (DROP, "in/.hand", *MARKED.values(), *PLAIN.values(), "keys"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    key = root / "keys/identity.key"
    key.write_bytes(hashlib.sha256(b"a key for tests").digest())
    key.chmod(0o600)
    (root / "keys").chmod(0o700)
    path = root / "jincai.yaml"
    path.write_text(SITE_FILE.format(more=more), encoding="utf-8")
    return path


def sync_folder(path):
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def hand_in(root, name, content, marker=True):
    """Puts a file into the drop folder as a careful vendor does: whole, synced, the marker last. False when a file of
    that name still lies there. A marker that was left behind is no reason to wait: a vendor writes its own over it."""
    root = pathlib.Path(root)
    folder, hand = root / DROP, root / "in/.hand"
    if (folder / name).exists():
        return False
    for target, data in [(name, content)] + ([(name + ".ok", b"")] if marker else []):
        with open(hand / target, "wb") as f:
            f.write(data)
            f.flush()
            os.fsync(f.fileno())
        os.rename(hand / target, folder / target)
        sync_folder(folder)
    return True
