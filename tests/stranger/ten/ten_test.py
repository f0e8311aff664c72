#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ten files of vendors that do not exist, on the bus by what docs/language.md says: each alone, broken, and all in one site.

    ten_test.py JINCAI

The forms and files are cases below library/ (make_ten.py made the files). What must come out is written down here, with the files
and not by the program. docs/tutorial-ten.md says how long each took and what was not clear.
"""
import decimal
import gzip
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
import marks  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
LIBRARY = HERE / "library"
PROGRAM = pathlib.Path("build/release/bin/jincai")
CODE = re.compile(r"\[([a-z_]+(?:\.[a-z_0-9]+)+)\]")
PAY, PUBLISHED, PAID, BACK = ("payroll.line.v1", "payment.published.v1", "nontax.payment.confirmed.v1",
                              "nontax.payment.reversed.v1")
MONTH, DAY, ABC = "2026-12", "2026-12-05", "103196000015"
PEOPLE = {"王珅": ("6222020600000000015", "150702198001010017"), "乌云其其格": ("6228480600000000023", "150702198502020029"),
          "李瑞峰": ("6222020600000000031", "150702199003030032")}


def pay(name, net, shown=None, **more):
    account, number = PEOPLE[name]
    return PAY, {"month": MONTH, "businessdate": DAY, "unit": "602001", "payee.name": shown or name, "payee.account": account,
                 "payee.bank": ABC, "id_no": number, "net": net, "currency": "CNY", **more}


def published(unit, name, amount, what=None):
    return PUBLISHED, {"month": MONTH, "unit": unit, "payee.name": name, "amount": amount, "currency": "CNY",
                       **({"description": what} if what else {})}


def paid(no, code, time, item, payer, amount):
    return PAID, {"pay_code": code, "businessdate": DAY, "cfm_time": time, "tra_no": no, "item_code": item[:9],
                  "item_name": item[10:], "payer.name": payer, "amount": amount, "currency": "CNY", "origin.bank": "103"}


def counter(no, unit, name, payer, amount, kind=PAID, **more):
    return kind, {"businessdate": DAY, "tra_no": no, "unit": unit, "unit_name": name, "payer.name": payer, "amount": amount,
                  "currency": "CNY", **more}


def subsidy(no, name, account, number, amount):
    return "subsidy.line.v1", {
        "project": "LB0312", "fiscal_year": "2026", "batch_no": DAY, "line_no": no, "businessdate": DAY, "unit": "602003",
        "village": "某嘎查", "payee.name": name, "payee.account": account, "id_no": number, "amount": amount, "currency": "CNY"}


def card(no, day, unit, code, name, value):
    return "asset.card.created.v1", {
        "asset_no": no, "businessdate": day, "unit": unit, "class_code": code, "class_edition": "2022", "name": name,
        "original_value": value, "currency": "CNY"}


def unit(code, name, state, **more):
    return "master.unit.changed.v1", {"unit": code, "unit_name": name, "division": "000000", "businessdate": DAY,
                                      "scope": "change", "state": state, **more}


TWICE = counter("A-1002", "603001", "某学校", "某公司", "80.00")
THREE = [pay("王珅", "6234.50"), pay("乌云其其格", "5877.00"), pay("李瑞峰", "7123.05")]
EXPECTED = {
    "tabs": [published("602001", "某书店", "1234.50", "图书"), published("602002", "某加油站", "-200.10", "退款"),
             published("602001", "某电力公司", "30000.00", "电费")],
    "carets": [paid("LS0000001", "15078226120500000017", "093015", "103043305 行政事业性收费", "某单位", "200.00"),
               paid("LS0000002", "15078226120500000025", "101500", "103043305 行政事业性收费", "李瑞峰", "150.00"),
               paid("LS0000003", "15078226120500000033", "235959", "103043306 工本费", "某|公司", "300.00")],
    "ats": [subsidy("1", "张㛃", "6222020600000000015", "150702800101001", "1200.50"),
            subsidy("2", "李䶮", "6228480600000000023", "150702850202002", "980.00"),
            subsidy("3", "其其格", "6222020600000000031", "150702900303003", "0.01")],
    "fixed": [THREE[0], pay("乌云其其格", "5877.00", "乌云其其"), THREE[2]],
    "lines": [counter("A-1001", "602001", "某单位", "王珅", "1234.50"), TWICE,
              counter("A-1003", "603001", "某学校", "某公司", "80.00", BACK, original_tra_no="A-1002", reason="柜员误操作"), TWICE],
    "document": THREE,
    "table": [card("ZC-0001", "2026-12-05", "602001", "A02010104", "机架式服务器", "48600.00"),
              card("ZC-0003", "2026-12-07", "602002", "A01010100", "办公用房", "1250000.00")],
    "tree": [published("602004", "某物业", "10500.00", "物业费"), published("602004", "某旅行社", "-200.00"),
             published("605001", "某水务&某公司", "0.07")],
    "book": [*(pay(e[1]["payee.name"], e[1]["net"], occurrence="1") for e in THREE), pay("王珅", "100.00", occurrence="2")],
    "packed": [unit("602001", "某单位", "open", account="0506010104001234", bank_name="中国银行, 某支行", bank="104196000018"),
               unit("602002", '某"二"单位', "open", account="0506-0101-0400-1242"), unit("603001", "某学校", "closed")],
}
CHARSET = {"tabs": "gbk", "ats": "gb18030", "fixed": "gbk", "tree": "gb18030", "packed": "gb18030"}
MARKER = {"carets": "qr20261205_7.end"}
MONEY = ("net", "amount", "original_value")


def jincai(*args):
    env = {**os.environ, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    return subprocess.run([PROGRAM, *map(str, args)], env=env, capture_output=True, text=True, timeout=120)


def form(name):
    return LIBRARY / "adapters/vendor" / name / "form.yaml"


def file(name):
    return next(p for p in form(name).parent.glob("cases/form/*/*") if p.name != "expected.jsonl")


def flat(data, under=""):
    out = {}
    for key, value in data.items():
        out.update(flat(value, f"{under}{key}.") if isinstance(value, dict) else {under + key: value})
    return out


def amount(data):
    return sum((decimal.Decimal(data[key]) for key in MONEY if key in data), decimal.Decimal(0))


class FileTest(unittest.TestCase):
    """One file by its form."""

    def test_each_file_makes_the_events_that_were_written_down(self):
        for name, want in EXPECTED.items():
            with self.subTest(name):
                got = jincai("try", file(name), "--form", form(name))
                self.assertEqual((got.returncode, CODE.findall(got.stderr)), (0, []))
                events = [json.loads(line) for line in got.stdout.splitlines()]
                self.assertEqual([(event["type"], flat(event["data"])) for event in events], want)

    def broken(self, name, old, new):
        """Codes and verdict of a file in which one text is another."""
        content, charset = file(name).read_bytes(), CHARSET.get(name, "utf-8")
        packed = name == "packed"
        content = gzip.decompress(content) if packed else content
        self.assertEqual(content.count(old.encode(charset)), 1, (name, old))
        content = content.replace(old.encode(charset), new.encode(charset))
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / file(name).name
            path.write_bytes(gzip.compress(content) if packed else content)
            got = jincai("try", path, "--form", form(name), "--summary")
        return set(CODE.findall(got.stderr)), json.loads(got.stdout)["verdict"]

    def test_what_proves_nothing_or_the_wrong_thing_is_held(self):
        for says, name, old, new, code in (
                ("a total one fen off", "tabs", "31,034.40", "31,034.41", "batch.sum"),
                ("a bracket lost", "tabs", "(200.10)", "200.10", "batch.sum"),
                ("no total", "tabs", "合计", "小记", "batch.no_trailer"),
                ("another count", "carets", "^3^650", "^4^650", "batch.count"),
                ("fen read as yuan", "ats", "$218051", "$2180.51", "batch.declared"),
                ("totals in fen where li are", "fixed", "00000000019234550", "00000000001923455", "batch.declared"),
                ("totals of the fixed one fen off", "fixed", "00000000019234550", "00000000019234560", "batch.sum"),
                ("a sum that was lost", "document", '"19,234.55"', "null", "batch.undeclared"),
                ("a total of the table", "table", "1298600.00", "1298600.01", "batch.sum"),
                ("an attribute that was lost", "tree", ' count="3"', "", "batch.undeclared"),
                ("another count in gzip", "packed", "5日,3", "5日,2", "batch.count")):
            with self.subTest(says):
                codes, verdict = self.broken(name, old, new)
                self.assertIn(code, codes)
                self.assertEqual(verdict, "held")

    def test_one_bad_record_is_dead_by_its_code(self):
        for says, name, old, new, code in (
                ("a day that is none", "tabs", "2026/12/7", "2026/13/7", "map.date"),
                ("an amount that is no whole fen", "fixed", "00000000006234500", "00000000006234501", "map.li"),
                ("half a fen", "lines", '"amt": 1234.5,', '"amt": 1234.505,', "money.decimals"),
                ("a kind that nobody knows", "lines", '"kind": "R"', '"kind": "X"', "record.no_event"),
                ("an old number of 14 digits", "ats", "150702800101001", "15070280010100", "map.check"),
                ("a class that the year does not know", "table", "A01010100", "A09999999", "map.unknown_code"),
                ("a state without a word", "packed", "撤销", "注销", "map.word")):
            with self.subTest(says):
                self.assertIn(code, self.broken(name, old, new)[0])

    def test_what_is_no_row_of_cells_is_named_and_most_rows_tell_the_width(self):
        for name, says in (("lines", "JSON"), ("document", "JSON"), ("tree", "XML"), ("packed", "gzip"), ("table", "dBASE"),
                           ("book", "xlsx"), ("fixed", "most rows have 76 bytes, 3 of 4 rows as many")):
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                got = jincai("new", "vendor/x", "--sample", file(name), "--dir", folder)
                self.assertEqual(got.returncode, 0 if name == "fixed" else 2)
                self.assertIn(says, got.stdout if name == "fixed" else got.stderr.splitlines()[0])

    def test_the_cases_of_all_ten_hold(self):
        got = jincai("test", *(f"vendor/{name}" for name in EXPECTED), "--library", LIBRARY)
        self.assertEqual((got.returncode, "10 cases, 0 differ" in got.stderr), (0, True), got.stdout + got.stderr)


SITE = """library: ['{library}']
site: {{name: ten, kind: test, division: "150782", unit: "602001", keys: ./keys}}
bus: embedded:./bus
double: {{days: {days}}}
adapters:
{adapters}destinations:
  bank: {{form: bank/pipe, gather: batch, mode: live, to: {{file: {{folder: ./out/bank}}}}}}
  units: {{form: unit/csv, split: data.unit, gather: batch, mode: live, to: {{file: {{folder: ./out/units}}}}}}
  region: {{form: region/rows, gather: batch, mode: live, to: {{file: {{folder: ./out/region}}}}}}
  cards: {{form: region/cards, gather: batch, mode: live, to: {{file: {{folder: ./out/cards}}}}}}
routes:
  - {{types: [payroll.line.v1, subsidy.line.v1], to: bank}}
  - {{types: [payment.published.v1], to: units}}
  - {{types: [nontax.payment.confirmed.v1, nontax.payment.reversed.v1], to: region}}
  - {{types: [asset.card.created.v1], to: cards}}
"""


class SiteTest(unittest.TestCase):
    """All ten through one site, as the tutorial does it with one."""

    def make(self, root, days):
        marks.folders(root, "keys", *(f"out/{to}" for to in ("bank", "units", "region", "cards")),
                      *(f"in/{n}" for n in EXPECTED))
        (root / "keys/identity.key").write_bytes(b"thirty-two bytes of a test's key")
        site = root / "jincai.yaml"
        site.write_text(SITE.format(library=LIBRARY, days=days, adapters="".join(
            f"  {n}: {{form: vendor/{n}, start: 2026-12-01, from: {{file: {{folder: ./in/{n}}}}}}}\n" for n in EXPECTED)),
            encoding="utf-8")
        for name in EXPECTED:
            (root / "in" / name / file(name).name).write_bytes(file(name).read_bytes())
            if name in MARKER:
                (root / "in" / name / MARKER[name]).touch()
        return site

    def test_the_same_payroll_by_three_vendors_is_paid_once_and_waits_twice(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            site = self.make(root, 7)
            self.assertEqual(jincai("run", "--until-idle", "-c", site).returncode, 1)
            held = [json.loads(line) for line in jincai("held", "list", "--json", "-c", site).stdout.splitlines()]
            self.assertEqual([[r["code"] for r in h["reasons"]] for h in held], [["batch.suspected"]] * len(held))
            # Of those that are judged at the same moment none may be the first.
            self.assertIn(len(held), (2, 3))

    def test_ten_vendors_add_up_and_one_that_came_twice_goes_once(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            # The same payroll by three vendors is three batches here: each has identities of its own.
            site = self.make(root, 0)
            for words, code in ((["check"], 0), (["run", "--until-idle"], 1), (["balance", "--deep"], 0)):
                got = jincai(*words, "-c", site)
                self.assertEqual(got.returncode, code, got.stdout + got.stderr)
                if words[0] == "run":
                    self.assertEqual(re.findall(r"flow=(\S+) .* not_published=(\d+)", got.stderr), [("lines", "1")])
            self.assertEqual(jincai("dead", "list", "-c", site).returncode, 0)
            self.assertEqual(jincai("held", "list", "-c", site).returncode, 0)
            out = {to: [line for p in sorted(root.glob(f"out/{to}/**/*")) if p.suffix in (".txt", ".csv", ".jsonl")
                        for line in p.read_text(encoding="utf-8-sig" if to != "bank" else "gb18030").splitlines()]
                   for to in ("bank", "units", "region", "cards")}
            bank = [line.split("|") for line in out["bank"]]
            self.assertEqual(sorted((row[1], row[2]) for row in bank if row[0] != "F"),
                             sorted((d["payee.name"], str(amount(d))) for n in ("ats", "fixed", "document", "book")
                                    for _, d in EXPECTED[n]))
            self.assertEqual(sorted(line.split(",")[4] for line in out["units"] if not line.startswith("单位")),
                             sorted(d["amount"] for n in ("tabs", "tree") for _, d in EXPECTED[n]))
            region = [json.loads(line) for line in out["region"]]
            once = {d["tra_no"]: d.get("original_tra_no", d["tra_no"]) for n in ("carets", "lines") for _, d in EXPECTED[n]}
            self.assertEqual(sorted(row["bill_no"] for row in region), sorted(once.values()))
            self.assertEqual(len(out["cards"]), 2)


class PageTest(unittest.TestCase):
    """The tutorial of the reference, followed to its end."""

    def test_the_tutorial_ends_with_all_that_it_says(self):
        page = (HERE.parents[2] / "docs/language.md").read_text(encoding="utf-8")
        page = page[page.index("## From an unseen file to the bus"):page.index("## Cases")]
        rows, layout, site, words = re.findall(r"^```\w*\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name in ("in/tabs", "out/units", "keys"):
                (root / "site" / name).mkdir(parents=True)
            (root / "site/keys/identity.key").write_bytes(b"thirty-two bytes of a test's key")
            (root / "site/jincai.yaml").write_text(site, encoding="utf-8")
            sample = root / re.search(r"`(ZFMX-\d+\.txt)`", page)[1]
            sample.write_text(rows, encoding="gbk")
            got = jincai("new", "vendor/tabs", "--sample", sample, "--dir", root / "LIB")
            self.assertEqual(got.returncode, 0, got.stderr)
            (root / "LIB/adapters/vendor/tabs/form.yaml").write_text(layout, encoding="utf-8")
            for more in (["--update", "--yes"], []):
                got = jincai("test", "vendor/tabs", "--library", root / "LIB", *more)
                self.assertEqual(got.returncode, 0, got.stdout + got.stderr)
            events = root / "events.jsonl"
            events.write_text(jincai("try", sample, "--form", root / "LIB/adapters/vendor/tabs/form.yaml").stdout)
            got = jincai("try", events, "-c", root / "site/jincai.yaml")
            self.assertEqual(got.returncode, 0, got.stdout + got.stderr)
            for line in words.splitlines():
                if line.startswith("cp "):
                    (root / "site/in/tabs" / sample.name).write_bytes(sample.read_bytes())
                    continue
                got = jincai(*line.split()[1:], "-c", root / "site/jincai.yaml")
                self.assertEqual(got.returncode, 0, got.stdout + got.stderr)
            self.assertEqual(got.stdout.splitlines()[-1], "difference 0.00")
            self.assertEqual(len(list(root.glob("site/out/units/*/*.csv"))), 2)

    def test_a_file_that_a_wrong_form_held_goes_after_it_was_returned(self):
        with tempfile.TemporaryDirectory() as folder:
            root, name = pathlib.Path(folder), file("fixed").name
            marks.folders(root, "in", "out/bank", "keys")
            (root / "LIB/adapters/vendor/fixed").mkdir(parents=True)
            (root / "keys/identity.key").write_bytes(b"thirty-two bytes of a test's key")
            layout, right = root / "LIB/adapters/vendor/fixed/form.yaml", form("fixed").read_text(encoding="utf-8")
            site = root / "jincai.yaml"
            site.write_text(
                "library: [./LIB]\n"
                'site: {name: ten, kind: test, division: "150782", unit: "602001", keys: ./keys}\nbus: embedded:./bus\n'
                "adapters: {a: {form: vendor/fixed, start: 2026-12-01, from: {file: {folder: ./in}}}}\n"
                "destinations: {bank: {form: bank/pipe, gather: batch, mode: live, to: {file: {folder: ./out/bank}}}}\n"
                "routes: [{types: [payroll.line.v1], to: bank}]\n", encoding="utf-8")
            for text, code, handed in ((right.replace("as: li}", "as: fen}"), 1, 0), (right, 0, 1)):
                layout.write_text(text, encoding="utf-8")
                if handed:
                    batch = jincai("held", "list", "-c", site).stdout.split()[0]
                    jincai("held", "return", batch, "--reason", "form", "-c", site)
                    self.assertEqual(jincai("run", "--until-idle", "-c", site).returncode, 0)
                (root / "in" / name).write_bytes(file("fixed").read_bytes())
                got = jincai("run", "--until-idle", "-c", site)
                self.assertEqual((got.returncode, len(list(root.glob("out/bank/*.txt")))), (code, handed), got.stderr)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
