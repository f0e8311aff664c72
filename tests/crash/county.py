# SPDX-License-Identifier: Apache-2.0
"""The county that the crash tests run: its site file, its folders, and the rules by which a line finds its receivers.

Five systems hand in twelve kinds of files; seven receivers take what comes of them. What is said here is said a second
time in the site file that write() makes; the judge uses this one only.
"""
import hashlib
import os
import pathlib
import sys
import typing

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import marks  # noqa: E402

LIBRARY = pathlib.Path(__file__).resolve().parent / "library"

SITE_FILE = """site: {{name: {name}, kind: test, division: "150782", unit: "602001", keys: ./keys}}
bus: {bus}
library: [{library}]
adapters:
{adapters}
destinations:
{destinations}
routes:
{routes}
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
    start: bool                         # an instruction: nothing from before 2026-12-01
    types: tuple


SOURCES = {
    "payroll/pipe": Source("payroll-a", "in/payroll", True, True, True, ("payroll.line.v1",)),
    "payroll/dbf": Source("payroll-b", "in/tables", False, True, True, ("payroll.line.v1",)),
    "payment/front": Source("payments", "in/payments", False, False, True, ("payment.order.issued.v1",)),
    "payment/yth": Source("rows", "in/rows", False, False, True,
                          ("payment.order.issued.v1", "payment.order.voided.v1")),
    "nontax/pay": Source("nontax", "in/nontax", False, False, False,
                         ("nontax.payment.confirmed.v1", "nontax.payment.reversed.v1")),
    "asset/csv": Source("assets", "in/assets", False, False, False, ("asset.card.created.v1",)),
    "payroll/pipe_zip": Source("payroll-c", "in/archives", True, True, True, ("payroll.line.v1",)),
    "nontax/pay_gz": Source("nontax-b", "in/packed", False, False, False,
                            ("nontax.payment.confirmed.v1", "nontax.payment.reversed.v1")),
    "nontax/cnnontax": Source("nontax-c", "in/frames", False, False, False, ("nontax.payment.confirmed.v1",)),
    "asset/xlsx": Source("assets-b", "in/asset_books", False, False, False, ("asset.card.created.v1",)),
    "subsidy/xlsx": Source("subsidies-b", "in/rosters", True, True, True, ("subsidy.line.v1",)),
    "subsidy/csv": Source("subsidies", "in/subsidies", True, True, True, ("subsidy.line.v1",)),
}
FORMS = {"payment/front": "payment/front/orders", "nontax/cnnontax": "nontax/cnnontax/bytes"}    # of several
TOKEN = b"a token for tests"            # proves the frames
OUT_FORMS = {"bank-abc": "bank/pipe/batch", "bank-boc": "bank/pipe/batch", "bank-ccb": "bank/fixed/batch",
             "clearing": "test/clearing/orders", "region": "region/rows/day", "register": "test/register/cards",
             "units": "unit/csv/lines"}
PERSONS = ("payroll.line.v1", "subsidy.line.v1")
ROUTES = (
    (("payroll.line.v1",), 'data.payee.bank starts "103"', "bank-abc"),
    (("payroll.line.v1",), 'data.payee.bank starts "104"', "bank-boc"),
    (("payroll.line.v1",), 'data.payee.bank starts "102" and data.agent_no starts "1"', "bank-abc"),
    (("payroll.line.v1",), 'data.payee.bank starts "102" and data.agent_no starts "2"', "bank-boc"),
    (("subsidy.line.v1",), 'data.payee.bank starts "103"', "bank-abc"),
    (("subsidy.line.v1",), 'data.payee.bank starts "104"', "bank-boc"),
    (PERSONS, 'data.payee.bank starts "105"', "bank-ccb"),
    (("payment.order.issued.v1",), "", "clearing"),
    (("payment.order.issued.v1", "payment.order.voided.v1", "nontax.payment.confirmed.v1",
      "nontax.payment.reversed.v1", *PERSONS), "", "region"),
    (("payment.order.issued.v1", *PERSONS), "", "units"),
    (("asset.card.created.v1",), "", "register"),
)
PAYROLL, ALL = ("payroll/pipe",), tuple(SOURCES)
PACKED = ("payroll/pipe_zip", "nontax/pay_gz", "nontax/cnnontax", "asset/xlsx", "subsidy/xlsx")  # as others, but packed
RECORDS = tuple(name for name, source in SOURCES.items() if not source.whole and name not in PACKED)
FIVE = tuple(name for name in SOURCES if name not in PACKED)


def destinations(system, bank="", agent_no="", back=False):
    """Where a line of a system goes. back: it takes another one back."""
    if back:
        return ("region",)
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


EMBEDDED = ("yakeshi", "embedded:./bus")


def site_text(sources, more, where=EMBEDDED):
    """The site file for these kinds of files, with the destinations and routes that they can reach. where: the name of the site
    and its bus."""
    types = {kind for name in sources for kind in SOURCES[name].types}
    adapters = [f"  {SOURCES[name].adapter}: {{form: {FORMS.get(name, name)}, "
                f"{'start: 2026-12-01, ' if SOURCES[name].start else ''}"
                f"from: {{file: {{folder: ./{SOURCES[name].folder}}}}}}}" for name in sources]
    routes, reached = [], []
    for of, when, dest in ROUTES:
        known = [kind for kind in of if kind in types]
        if known:
            condition = f", when: '{when}'" if when else ""
            routes.append(f"  - {{types: [{', '.join(known)}]{condition}, to: {dest}}}")
            reached.append(dest)
    destinations = [f"  {dest}: {{form: {OUT_FORMS[dest]}, gather: batch, mode: live, "
                    f"{'split: data.unit, ' if dest in PLAIN else ''}to: {{file: {{folder: ./{folder}}}}}}}"
                    for dest, folder in {**MARKED, **PLAIN}.items() if dest in reached]
    return SITE_FILE.format(name=where[0], bus=where[1], library=LIBRARY, adapters="\n".join(adapters), destinations="\n".join(destinations),
                            routes="\n".join(routes), more=more)


def write(root, more="", sources=tuple(SOURCES), where=EMBEDDED):
    """Makes the site's folder and returns the path of its site file."""
    root = pathlib.Path(root)
    folders = [source.folder for source in SOURCES.values()]
    marks.folders(root, *folders, *MARKED.values(), *PLAIN.values(), "keys")
    (root / "in/.hand").mkdir(exist_ok=True)
    for name, secret in (("identity.key", hashlib.sha256(b"a key for tests").digest()), ("nontax.token", TOKEN)):
        key = root / "keys" / name
        key.write_bytes(secret)
        key.chmod(0o600)
    (root / "keys").chmod(0o700)
    path = root / "jincai.yaml"
    path.write_text(site_text(sources, more, where), encoding="utf-8")
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
