# SPDX-License-Identifier: Apache-2.0
"""The county that the crash tests run: its site file, its folders, and the rules by which a line finds its receivers.

Five systems hand in six kinds of files; seven receivers take what comes of them. What is said here is said a second
time in the site file that write() makes; the judge uses this one only.
"""
import hashlib
import os
import pathlib
import typing

LIBRARY = pathlib.Path(__file__).resolve().parent / "library"

SITE_FILE = """site: {{name: yakeshi, division: "150782", unit: "602001", keys: ./keys}}
bus: embedded:./bus
library: [{library}]
adapters:
  payroll-a: {{form: payroll/pipe, start: 2026-12-01, from: {{file: {{folder: ./in/payroll}}}}}}
  payroll-b: {{form: payroll/dbf, start: 2026-12-01, from: {{file: {{folder: ./in/tables}}}}}}
  payments: {{form: payment/front/orders, start: 2026-12-01, from: {{file: {{folder: ./in/payments}}}}}}
  nontax: {{form: nontax/pay, from: {{file: {{folder: ./in/nontax}}}}}}
  assets: {{form: asset/csv, from: {{file: {{folder: ./in/assets}}}}}}
  subsidies: {{form: subsidy/csv, start: 2026-12-01, from: {{file: {{folder: ./in/subsidies}}}}}}
destinations:
  bank-abc: {{form: bank/pipe/batch, gather: batch, mode: live, to: {{file: {{folder: ./out/abc}}}}}}
  bank-boc: {{form: bank/pipe/batch, gather: batch, mode: live, to: {{file: {{folder: ./out/boc}}}}}}
  bank-ccb: {{form: bank/fixed/batch, gather: batch, mode: live, to: {{file: {{folder: ./out/ccb}}}}}}
  clearing: {{form: test/clearing/orders, gather: batch, mode: live, to: {{file: {{folder: ./out/clearing}}}}}}
  region:   {{form: region/rows/day, gather: batch, mode: live, to: {{file: {{folder: ./out/region}}}}}}
  register: {{form: test/register/cards, gather: batch, mode: live, to: {{file: {{folder: ./out/register}}}}}}
  units:    {{form: unit/csv/lines, split: data.unit, gather: batch, mode: live, to: {{file: {{folder: ./out/units}}}}}}
routes:
  - {{types: [payroll.line.v1], when: 'data.payee.bank starts "103" or (data.payee.bank starts "102" and
      data.agent_no starts "1")', to: bank-abc}}
  - {{types: [payroll.line.v1], when: 'data.payee.bank starts "104" or (data.payee.bank starts "102" and
      data.agent_no starts "2")', to: bank-boc}}
  - {{types: [subsidy.line.v1], when: 'data.payee.bank starts "103"', to: bank-abc}}
  - {{types: [subsidy.line.v1], when: 'data.payee.bank starts "104"', to: bank-boc}}
  - {{types: [payroll.line.v1, subsidy.line.v1], when: 'data.payee.bank starts "105"', to: bank-ccb}}
  - {{types: [payment.order.issued.v1], to: clearing}}
  - {{types: [payment.order.issued.v1, payroll.line.v1, nontax.payment.confirmed.v1, subsidy.line.v1], to: region}}
  - {{types: [payment.order.issued.v1, payroll.line.v1, subsidy.line.v1], to: units}}
  - {{types: [asset.card.created.v1], to: register}}
{more}"""

DIVISION, MOF_DIVISION = "150782", "150782000"
BANKS = ("103", "104", "102")           # what a head may name; 102 is paid through two banks, by agent number
MARKED = {"bank-abc": "out/abc", "bank-boc": "out/boc", "bank-ccb": "out/ccb", "clearing": "out/clearing",
          "region": "out/region", "register": "out/register"}
PLAIN = {"units": "out/units"}
DESTINATIONS = (*MARKED, *PLAIN)


class Source(typing.NamedTuple):
    """A kind of file that a system hands in; its name is that of the form, the system is the name's first word."""
    adapter: str
    folder: str
    marked: bool                        # a marker beside the file says that it is complete
    whole: bool                         # released whole, or record by record


SOURCES = {
    "payroll/pipe": Source("payroll-a", "in/payroll", True, True),
    "payroll/dbf": Source("payroll-b", "in/tables", False, True),
    "payment/front": Source("payments", "in/payments", False, False),
    "nontax/pay": Source("nontax", "in/nontax", False, False),
    "asset/csv": Source("assets", "in/assets", False, False),
    "subsidy/csv": Source("subsidies", "in/subsidies", True, True),
}
PAYROLL, FIVE = ("payroll/pipe",), tuple(SOURCES)


def destinations(system, bank="", agent_no=""):
    """Where a line of a system goes."""
    if system == "asset":
        return ("register",)
    if system == "nontax":
        return ("region",)
    if system == "payment":
        return ("clearing", "region", "units")
    if bank.startswith("103") or (bank.startswith("102") and agent_no.startswith("1")):
        return ("bank-abc", "region", "units")
    if bank.startswith("104") or (bank.startswith("102") and agent_no.startswith("2")):
        return ("bank-boc", "region", "units")
    if bank.startswith("105"):
        return ("bank-ccb", "region", "units")
    return ("region", "units")


def write(root, more=""):
    """Makes the site's folder and returns the path of its site file."""
    root = pathlib.Path(root)
    sources = [source.folder for source in SOURCES.values()]
    for folder in (*sources, "in/.hand", *MARKED.values(), *PLAIN.values(), "keys"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    key = root / "keys/identity.key"
    key.write_bytes(hashlib.sha256(b"a key for tests").digest())
    key.chmod(0o600)
    (root / "keys").chmod(0o700)
    path = root / "jincai.yaml"
    path.write_text(SITE_FILE.format(library=LIBRARY, more=more), encoding="utf-8")
    return path


def sync_folder(path):
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def lies_there(root, drop):
    return (pathlib.Path(root) / SOURCES[drop["source"]].folder / drop["name"]).exists()


def hand_in(root, drop):
    """Puts a file into its drop folder as a careful vendor does: whole, synced, the marker last. False when a file of
    that name still lies there. A marker that was left behind is no reason to wait: a vendor writes its own over it."""
    source = SOURCES[drop["source"]]
    folder, hand = pathlib.Path(root) / source.folder, pathlib.Path(root) / "in/.hand"
    if lies_there(root, drop):
        return False
    files = [(drop["name"], drop["content"])] + ([(drop["name"] + ".ok", b"")] if source.marked else [])
    for target, data in files:
        with open(hand / target, "wb") as f:
            f.write(data)
            f.flush()
            os.fsync(f.fileno())
        os.rename(hand / target, folder / target)
        sync_folder(folder)
    return True
