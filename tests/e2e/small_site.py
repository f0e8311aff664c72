# SPDX-License-Identifier: Apache-2.0
"""A small site in a folder of its own, for tests that run the program as a person would.

    site = Site(folder, program)
    site.drop(payroll(month="202612", batch=1, rows=5))
    result = site.run()                 # jincai run --until-idle
    site.sent()                         # Counter of all lines that the bank was given

The payroll form is adapters/payroll/pipe/batch.yaml, written here from its words.
"""
import collections
import csv
import dataclasses
import io
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time
import uuid

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ("crash", ".")]
import invent  # noqa: E402  (numbers with right check digits)
import marks  # noqa: E402

CODE = re.compile(r"\[([a-z_]+(?:\.[a-z_]+)*)\]")
UNIT = "602001"
FOLDERS = ("keys", "in/payroll", "in/lambeth", "out/abc", "out/units")

SITE_FILE = """\
site: {name: yakeshi, kind: test, division: "150782", unit: "602001", keys: ./keys}
bus: embedded:./bus
adapters:
  payroll-a: {form: payroll/pipe, start: 2026-11-01, from: {file: {folder: ./in/payroll}}}
  lambeth: {form: payment/lambeth, from: {file: {folder: ./in/lambeth}}}
destinations:
  bank-abc: {form: bank/pipe, gather: batch, mode: live, to: {file: {folder: ./out/abc}}}
  units: {form: unit/csv, split: data.unit, gather: batch, mode: live, to: {file: {folder: ./out/units}}}
routes:
  - {types: [payroll.line.v1], when: 'data.payee.bank starts "103"', to: bank-abc}
  - {types: [payroll.line.v1, payment.published.v1], to: units}
"""


@dataclasses.dataclass
class Batch:
    """A payroll file: its name, its bytes, and what the bank must be given for it: (agent number, name, fen, account)."""
    name: str
    content: bytes
    lines: list


def person(rng, number):
    name = rng.choice("王李张刘陈杨赵黄") + rng.choice("珅䶮伟芳𠮷") + rng.choice("敏静丽强")
    return f"0{number:09}", name, rng.randint(1, 2_000_000), invent.card_number(rng), invent.id_number(rng)


def payroll(month="202612", batch=1, rows=5, bank="103", seed=None, head=None, cells=None, end="\n", last_end=True):
    """head: {position: text} put over the head's cells; cells: {row from 0: {position: text}} over those of a line."""
    rng = random.Random(f"{month}/{batch}/{rows}" if seed is None else seed)
    people, seen = [], set()
    while len(people) < rows:
        p = person(rng, len(people))
        if p[4] not in seen:
            seen.add(p[4])
            people.append(p)
    top = ["F", f"{batch:06}", f"{month}15", UNIT, bank, "61", str(rows), invent.yuan(sum(p[2] for p in people))]
    for at, text in (head or {}).items():
        top[at] = text
    table = [top]
    for i, (agent, name, fen, card, id_no) in enumerate(people):
        row = [agent, name, invent.yuan(fen), card, UNIT, "01", id_no, "1"]
        for at, text in (cells or {}).get(i, {}).items():
            row[at] = text
        table.append(row)
    text = end.join("|".join(row) for row in table) + (end if last_end else "")
    return Batch(f"gz_{month}_{batch:03}.txt", text.encode("gb18030"), [p[:4] for p in people])


def large(rows, month="202612", batch=900):
    """As payroll, quick: numbers that only count."""
    people = [(f"1{i:09}", "王珅" if i % 2 else "巴特尔", i % 9973 + 1, f"622848{i:013}") for i in range(rows)]
    total = sum(p[2] for p in people)
    out = [f"F|{batch:06}|{month}15|{UNIT}|103|61|{rows}|{invent.yuan(total)}\n"]
    out += [f"{p[0]}|{p[1]}|{invent.yuan(p[2])}|{p[3]}|{UNIT}|05|H{i:08}|1\n" for i, p in enumerate(people)]
    return Batch(f"gz_{month}_{batch:03}.txt", "".join(out).encode("gb18030"), people)


BUS = os.environ.get("JINCAI_TEST_BUS", "")
ON_KAFKA = BUS.startswith("kafka:")
LIMIT = 240 if ON_KAFKA else 60         # seconds that a call may take, on a machine that does much else, too


def embedded_only(case):
    """A case that looks into the store itself, or has not the time that a cluster takes: left out on Kafka."""
    case.embedded_only = True
    return case


def left_out(case):
    return ON_KAFKA and getattr(case, "embedded_only", False)


def on_bus(text, prefix):
    """The site file on the bus that JINCAI_TEST_BUS names (kafka:HOST:PORT), under a prefix of its own; as it is without."""
    if not ON_KAFKA:
        return text
    return text.replace("bus: embedded:./bus", f"bus: {BUS}\nkafka: {{folder: ./bus, prefix: {prefix}}}")


@dataclasses.dataclass
class Result:
    code: int
    out: str
    err: str
    seconds: float

    @property
    def codes(self):
        """Names of errors on stderr, in brackets for people or as err= in the log."""
        return set(CODE.findall(self.err)) | set(re.findall(r"\berr=([a-z_.]+)", self.err))

    def __str__(self):
        return f"exit {self.code} after {self.seconds:.1f} s\n{self.out}{self.err}"


class Site:
    def __init__(self, root, program, text=SITE_FILE):
        self.root = pathlib.Path(root)
        self.program = program
        self.dropped = []               # every content that was handed in
        self.prefix = f"t{uuid.uuid4().hex[:12]}."
        marks.folders(self.root, *FOLDERS, marked="kind: test" in text)
        (self.root / "keys/identity.key").write_bytes(b"a key of thirty-two bytes, tests")
        self.write(text)

    def write(self, text):
        (self.root / "jincai.yaml").write_text(on_bus(text, self.prefix), encoding="utf-8")

    @property
    def payroll(self):
        return self.root / "in/payroll"

    def drop(self, batch, marker=True, folder="in/payroll"):
        (self.root / folder / batch.name).write_bytes(batch.content)
        if marker:
            (self.root / folder / (batch.name + ".ok")).write_bytes(b"")
        self.dropped.append(batch.content)
        return batch

    def start(self, *args, **more):
        env = {**os.environ, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
        env["ASAN_OPTIONS"] = "detect_leaks=0:" + env.get("ASAN_OPTIONS", "")
        return subprocess.Popen([self.program, *args], cwd=self.root, env=env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    def finish(self, process, timeout=LIMIT, began=None):
        began = began or time.monotonic()
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            out, err = process.communicate()
            raise AssertionError(f"still running after {timeout} s\n{err.decode('utf-8', 'replace')[-3000:]}")
        return Result(process.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"),
                      time.monotonic() - began)

    def call(self, *args, timeout=LIMIT, **more):
        began = time.monotonic()
        return self.finish(self.start(*args, **more), timeout, began)

    def run(self, timeout=LIMIT, **more):
        r = self.call("run", "--until-idle", timeout=timeout, **more)
        self.took = r.seconds               # so long a site takes to begin and to see that there is nothing to do
        return r

    def try_(self, path, form="payroll/pipe"):
        return self.call("try", str(path), "--form", form)

    def held(self):
        """What waits for a person, as `held list --json` says."""
        r = self.call("held", "list", "--json")
        rows = [json.loads(line) for line in r.out.splitlines()]
        assert r.code == (1 if rows else 0), r
        return rows

    def forge(self, name, text):
        """Puts an order where verbs put them, as somebody could who has the account of the program. name: ID.FLOW"""
        if not ON_KAFKA:
            (self.root / "bus/acts").mkdir(parents=True, exist_ok=True)
            (self.root / "bus/acts" / name).write_text(text, encoding="utf-8")
            return
        sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "kafka"))
        import judge
        ident, flow = name.split(".", 1)
        with judge.Judge(BUS.removeprefix("kafka:"), "4.1") as kafka:
            kafka.produce(f"{self.prefix}jincai.orders", ident.encode(), f"{flow}\n{text}".encode())

    # ---- what went out ----

    def bank_files(self, folder="out/abc"):
        """{name: (head cells, [line])} of complete files, those with a marker."""
        ret = {}
        for path in sorted((self.root / folder).glob("df_*.txt")):
            if not path.with_name(path.name + ".ok").exists():
                continue
            rows = [row.split("|") for row in path.read_bytes().decode("gb18030").split("\n")[:-1]]
            ret[path.name] = rows[0], [(r[0], r[1], fen(r[2]), r[3]) for r in rows[1:]]
        return ret

    def sent(self):
        """Counter of the lines that the bank was given. Fails when a head does not say what its file holds."""
        lines = collections.Counter()
        for name, (head, rows) in self.bank_files().items():
            assert head[0] == "F" and int(head[4]) == len(rows) and fen(head[5]) == sum(r[2] for r in rows), \
                f"{name}: the head says {head}, there are {len(rows)} lines"
            lines.update(rows)
        return lines

    def unit_rows(self):
        """Rows of all files for units: (unit, month, payee, account, fen, currency)."""
        ret = collections.Counter()
        for path in sorted((self.root / "out/units").glob("*/mx_*.csv")):
            rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
            ret.update((r[0], r[1], r[2], r[3], fen(r[4]), r[5]) for r in rows[1:])
        return ret

    def unit_lines(self):
        return collections.Counter({(r[2], r[4], r[3]): n for r, n in self.unit_rows().items()})

    # ---- what must hold, whatever happened ----

    def taken(self):
        return sorted(p.name for folder in ("payroll", "lambeth") for p in (self.root / "in" / folder).glob(".taken/*")
                      if not p.name.endswith(".marker"))

    def nothing_lost(self):
        """Every original is in its drop folder or in .taken, byte for byte."""
        there = collections.Counter(p.read_bytes() for p in (self.root / "in").rglob("*")
                                    if p.is_file() and not p.is_symlink())
        missing = collections.Counter(self.dropped) - there
        assert not missing, f"originals are gone: {[c[:60] for c in missing]}"

    def sent_is(self, *batches):
        """Exactly these went out, once, to the bank and to the units."""
        want = collections.Counter(tuple(line) for b in batches for line in b.lines)
        difference(want, self.sent(), "bank")
        difference(collections.Counter((n, f, a) for (_, n, f, a), c in want.items() for _ in range(c)),
                   self.unit_lines(), "units")
        self.nothing_lost()


def difference(want, got, where):
    lost, more = want - got, got - want
    assert not lost and not more, \
        f"{where}: {sum(lost.values())} lines lost, {sum(more.values())} too many; {list(lost)[:2]} {list(more)[:2]}"


def fen(text):
    m = re.fullmatch(r"(-?)(0|[1-9][0-9]*)\.([0-9]{2})", text)
    assert m, f"no amount: {text}"
    return (-1 if m[1] else 1) * (int(m[2]) * 100 + int(m[3]))
