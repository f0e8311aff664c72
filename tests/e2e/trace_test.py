#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`jincai trace`: each hop of an event with its place, what is missing, what belongs to it.

    trace_test.py JINCAI
"""
import collections
import hashlib
import json
import pathlib
import re
import shutil
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import small_site  # noqa: E402
from small_site import marks  # noqa: E402
from people import PRODUCTION, PeopleSite  # noqa: E402

PROGRAM = pathlib.Path("build/release/bin/jincai")
ADAPTERS = pathlib.Path(__file__).resolve().parents[2] / "adapters"
DAY = "2026-12-15"
# Of each form inward a case whose events go on.
DIALECTS = {
    "payroll/pipe/batch": "names_in_gb18030", "payroll/pipe_zip/batch": "stored", "payroll/dbf/batch": "names_in_gb18030",
    "subsidy/csv/roster": "a_roster", "subsidy/xlsx/roster": "a_roster_under_merged_titles",
    "asset/csv/cards": "cards_under_merged_titles", "asset/xlsx/cards": "cards_under_merged_titles",
    "nontax/bill/bills": "items_become_a_list", "nontax/pay/confirm": "a_reversal_names_what_it_reverses",
    "nontax/pay_gz/confirm": "a_packed_file", "nontax/cnnontax/bytes": "frames_one_behind_the_other",
    "nontax/cnnontax/characters": "frames_one_behind_the_other", "payment/yth/orders": "a_void_of_an_order_in_the_same_file",
    "payment/hmt/month": "all_numbered_none_are_three_payments", "payment/lambeth/month": "titles_above_the_header",
    "payment/front/orders": "an_order", "payment/front/orders_15": "an_order", "payment/front_xiamen/orders": "an_order",
    "payment/mof/orders": "several_lines_and_types", "payment/mof/lines": "a_batch"}


def yuan(fen):
    return f"{fen // 100}.{fen % 100:02}"


def adapter_of(form):
    return form.replace("/", "-").replace("_", "-")


def case_of(form):
    """The input of its case."""
    system, dialect, name = form.split("/")
    [path] = [p for p in (ADAPTERS / system / dialect / "cases" / name / DIALECTS[form]).iterdir() if p.name != "expected.jsonl"]
    return small_site.Batch(path.name, path.read_bytes(), [])


def site_of(forms, routes):
    """A site file with an adapter for each of the forms."""
    adapters = "".join(f"  {adapter_of(f)}: {{form: {f}, start: 2026-01-01, from: {{file: {{folder: ./in/{adapter_of(f)}}}}}}}\n"
                       for f in forms)
    head, rest = small_site.SITE_FILE.split("adapters:\n")
    destinations = rest[rest.index("destinations:"):rest.index("routes:")]
    return head + "adapters:\n" + adapters + destinations + "routes:\n" + routes


class TraceTest(unittest.TestCase):
    def setUp(self):
        if small_site.left_out(getattr(self, self._testMethodName)):
            self.skipTest("on the embedded bus alone")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="trace_"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.site = small_site.Site(self.folder / "site", str(PROGRAM))

    def trace(self, *words, code=0):
        got = self.site.call("trace", *words, "--json")
        self.assertEqual(got.code, code, got)
        return [json.loads(line) for line in got.out.splitlines()]

    def by_amount(self, batch, number, **more):
        return self.trace("--unit", small_site.UNIT, "--amount", yuan(batch.lines[number][2]), "--day", DAY, **more)

    def test_a_payment_is_followed_from_its_line_to_the_record_in_the_parcel(self):
        batch = self.site.drop(small_site.payroll(rows=7))
        self.site.run()
        for number in (0, 4, 6):
            [t] = self.by_amount(batch, number)
            kinds = [(h["kind"], h.get("destination")) for h in t["hops"]]
            self.assertEqual(kinds[:2], [("claimed", None), ("published", None)])
            for to in ("bank-abc", "units"):
                self.assertEqual([k for k, d in kinds if d == to], ["routed", "planned", "handing", "done"])
            self.assertEqual(t["missing"], [])
            claimed = t["hops"][0]
            self.assertEqual(claimed["file"], batch.name)
            # The head is line 1.
            self.assertEqual(claimed["line"], number + 2)
            done = next(h for h in t["hops"] if h["kind"] == "done" and h["destination"] == "bank-abc")
            lines = self.site.bank_files()[done["file"]][1]
            self.assertEqual(lines[done["record"] - 1], tuple(batch.lines[number]))
            self.assertTrue(all(h["after_ms"] >= 0 for h in t["hops"]))
            self.assertEqual(self.trace(t["id"]), [t])

    def test_of_a_batch_that_is_split_each_line_is_in_the_parcel_of_its_split(self):
        self.site.write(small_site.SITE_FILE.replace("split: data.unit", "split: data.id_type").replace(", payment.published.v1]", "]"))
        papers = ["01", "02", "01", "02", "02"]
        batch = self.site.drop(small_site.payroll(rows=5, cells={i: {5: paper} for i, paper in enumerate(papers)}))
        self.site.run()
        for number, paper in enumerate(papers):
            [t] = self.by_amount(batch, number)
            [done] = [h for h in t["hops"] if h["kind"] == "done" and h["destination"] == "units"]
            self.assertEqual(done["file"].split("/")[0], paper)
            rows = (self.site.root / "out/units" / done["file"]).read_text(encoding="utf-8-sig").splitlines()[1:]
            self.assertIn(batch.lines[number][3], rows[done["record"] - 1])

    def test_what_has_not_happened_yet_is_named(self):
        batch = self.site.drop(small_site.payroll(rows=2))
        self.site.call("run", "site", "payroll-a", "--until-idle")      # on a cluster all wait for who runs `site`
        [t] = self.by_amount(batch, 0, code=1)
        self.assertEqual([h["kind"] for h in t["hops"]], ["claimed", "published"])
        self.assertEqual(len(t["missing"]), 2)
        self.site.call("run", "router", "--until-idle")
        [t] = self.by_amount(batch, 0, code=1)
        self.assertEqual([h["kind"] for h in t["hops"]][2:], ["routed", "routed"])
        self.assertEqual(len(t["missing"]), 2)
        self.site.call("run", "units", "--until-idle")
        [t] = self.by_amount(batch, 0, code=1)
        self.assertEqual(len(t["missing"]), 1)
        self.assertIn("bank-abc", t["missing"][0])

    def test_a_payment_that_died_shows_its_letter(self):
        self.site.write(small_site.SITE_FILE.replace("[payroll.line.v1, payment.published.v1]", "[payment.published.v1]"))
        batch = self.site.drop(small_site.payroll(rows=3, bank="102"))      # no route takes that bank
        self.site.run()
        [t] = self.by_amount(batch, 1, code=1)
        died = t["hops"][-1]
        self.assertEqual((died["kind"], died["topic"]), ("died", "jincai.dead"))
        self.assertIn("route.none", died["words"])
        self.assertTrue(any(f"dead show {died['offset']}" in m for m in t["missing"]), t["missing"])

    def test_all_of_it_shows_bytes_rules_and_shapes_and_nothing_personal(self):
        batch = self.site.drop(small_site.payroll(rows=3))
        self.site.run()
        [t] = self.by_amount(batch, 1)
        got = self.site.call("trace", t["id"], "--full")
        self.assertEqual(got.code, 0, got)
        self.assertIn("payee.account: from source", got.out)
        self.assertIn("payee.bank: from table banks, row ", got.out)
        self.assertIn("record 2: line 3", got.out)
        self.assertIn("bank-abc: gets a line", got.out)
        self.assertIn("units: gets a line", got.out)
        _, name, _, account = batch.lines[1]
        for secret in (name, account):
            self.assertNotIn(secret, got.out)
        self.assertIn(account[-4:], got.out)

    def test_who_stopped_it_who_asked_to_go_on_and_who_approved_are_hops(self):
        site = self.site = PeopleSite(self.folder / "people", str(PROGRAM), PRODUCTION.replace("name: yakeshi,", "name: yakeshi, kind: test,"))
        site.run()
        batch = site.drop(small_site.payroll(rows=3))
        site.call("run", "payroll-a", "router", "--until-idle")
        [t] = self.by_amount(batch, 1, code=1)
        [other] = self.by_amount(batch, 2, code=1)
        site.call("stop", t["id"], "--reason", "the account is asked about, 6228480000000000015")
        site.run()
        site.call("resume", t["id"], "--reason", "it is right")
        site.run()
        for waits in site.proposed():
            site.approve(waits["act"])
        site.run()
        acts = [h for h in self.trace(t["id"], "--lang", "en")[0]["hops"] if h["kind"] == "act"]
        words = [h["words"] for h in acts]
        self.assertTrue(any(w.startswith("bank-abc: stop, by ") for w in words), words)
        self.assertTrue(any(re.fullmatch("bank-abc: resume, asked for by \\w+; takes two people: it is right", w) for w in words), words)
        self.assertLessEqual({"approved by li", "approved by zhang"}, set(words))
        self.assertTrue(any(w.startswith("bank-abc: resume, by ") for w in words), words)
        self.assertNotIn("6228480000000000015", " ".join(words))
        self.assertEqual({h["topic"] for h in acts}, {"jincai.acts"})
        self.assertEqual(len({h["offset"] for h in acts}), len(acts))
        self.assertEqual([h for h in self.trace(other["id"])[0]["hops"] if h["kind"] == "act"], [])

    @small_site.embedded_only
    def test_beside_a_store_whose_index_is_folded_anew_it_says_the_same_or_that_it_cannot_yet(self):
        batch = self.site.drop(small_site.large(8000))
        self.site.run()
        [t] = self.trace("--unit", small_site.UNIT, "--amount", yuan(batch.lines[77][2]), "--day", DAY)
        killed = self.site.start("run")
        while not (self.site.root / "bus/unclean").exists():
            self.assertIsNone(killed.poll())
            time.sleep(0.01)
        killed.kill()
        killed.communicate()
        self.assertEqual(self.trace(t["id"]), [t])
        running, answers = self.site.start("run"), collections.Counter()
        self.addCleanup(running.kill)
        deadline = time.monotonic() + 30
        while answers["told"] < 3 and time.monotonic() < deadline:
            got = self.site.call("trace", t["id"], "--json")
            if got.code == 0:
                self.assertEqual(json.loads(got.out), t)
                answers["told"] += 1
            else:
                self.assertEqual((got.code, got.codes), (4, {"store.folding"}), got)
                answers["folding"] += 1
        running.terminate()
        running.communicate()
        self.assertEqual(answers["told"], 3, answers)
        self.assertEqual(self.trace(t["id"]), [t])

    def test_one_amount_of_many_is_a_list_with_time_type_and_amount_oldest_first(self):
        batch = self.site.drop(small_site.payroll(rows=8, cells={i: {2: "10.00"} for i in range(8)}, head={7: "80.00"}))
        self.site.run()
        words = ("trace", "--unit", small_site.UNIT, "--amount", "10", "--day", "2026-12")
        got = self.site.call(*words, "--lang", "en")
        self.assertEqual((got.code, len(got.out.splitlines())), (0, 8), got)
        for row in got.out.splitlines():
            self.assertRegex(row, r"^[0-9-]{10} [0-9:]{8}  payroll\.line\.v1  amount 10\.00  payroll\.line:\S+$")
        self.assertEqual(len(self.trace(got.out.splitlines()[3].split()[-1])), 1)
        self.assertEqual(len(batch.lines), 8)
        rows = [json.loads(line) for line in self.site.call(*words, "--json").out.splitlines()]
        self.assertEqual([r["id"] for r in rows], [row.split()[-1] for row in got.out.splitlines()])
        self.assertEqual([r["offset"] for r in rows], sorted(r["offset"] for r in rows))

    def test_a_place_on_a_topic_is_as_good_as_an_id(self):
        self.site.drop(small_site.payroll(rows=3))
        self.site.run()
        rows = [json.loads(line) for line in self.site.call("tail", "--topic", "payroll,to.units", "--json").out.splitlines()]
        self.assertEqual(len(rows), 6)
        ids = collections.Counter()
        for row in rows:
            [t] = self.trace(f"{row['topic']}/{row['partition']}@{row['offset']}")
            ids[t["id"]] += 1
            self.assertEqual(self.trace(f"{row['topic'].removeprefix('jincai.')}/{row['partition']}@{row['offset']}"), [t])
        self.assertEqual(sorted(ids.values()), [2, 2, 2])
        for place in ("payroll/0@99999", "payroll/7@0", "payroll/0@", "acts/0@0", "nowhere/0@0", "payroll/0@0"):
            self.assertEqual((place, self.site.call("trace", place).codes), (place, {"trace.none"}))

    def make(self, forms, routes):
        self.site = small_site.Site(pathlib.Path(tempfile.mkdtemp(dir=self.folder)), str(PROGRAM), site_of(forms, routes))
        (self.site.root / "keys/nontax.token").write_bytes(b"nontax.token")
        for form in forms:
            marks.folders(self.site.root, f"in/{adapter_of(form)}", marked=True)
            self.site.drop(case_of(form), folder=f"in/{adapter_of(form)}")
        self.site.run()

    def test_head_lines_and_void_are_found_from_each_other_and_say_by_which_number(self):
        self.make(["payment/yth/orders", "payment/mof/orders", "payment/mof/lines"],
                  "  - {types: [payment.order.issued.v1, payment.batch.line.v1], to: bank-abc}\n")
        number = "20261205000017"           # of an order, its void, an order of another system, and the lines of that
        rows = [json.loads(line) for line in self.site.call("trace", number, "--json").out.splitlines()]
        self.assertEqual(collections.Counter(r["type"] for r in rows), {
            "payment.order.issued.v1": 2, "payment.order.voided.v1": 1, "payment.batch.line.v1": 3})
        got = self.site.call("stop", number, "--reason", "which one?", "--lang", "en")
        self.assertEqual((got.code, got.codes), (2, {"stop.which"}), got)
        self.assertIn("more than one event", got.err)
        for row in rows:
            [t] = self.trace(row["id"], "--lang", "en")
            self.assertEqual({r["id"] for r in t["related"]}, {r["id"] for r in rows} - {row["id"]})
            self.assertEqual([r["time"] for r in t["related"]], sorted(r["time"] for r in t["related"]))
            for other in t["related"]:
                self.assertEqual((other["number"], other["before"]), (number, False))
                self.assertEqual(other["field"], "Number of the order" if "line" in other["type"] else "Voucher number")
        [t] = self.trace("20261205000019", "--lang", "zh")[:1]      # of the list of lines: each line is one of its head's
        self.assertIn("凭证号", {r["field"] for r in t["related"]})

    @small_site.embedded_only           # twenty adapters: a cluster takes its time with each
    def test_all_of_it_is_shown_of_each_dialect_and_it_is_the_record_that_is_meant(self):
        # What holds the same documents as another one would be taken for repeats.
        apart = (["asset/xlsx/cards", "payment/front_xiamen/orders", "payroll/pipe_zip/batch", "nontax/cnnontax/characters",
                  "nontax/pay_gz/confirm", "subsidy/xlsx/roster"], ["payment/front/orders_15", "payroll/dbf/batch"])
        for forms in ([f for f in DIALECTS if f not in sum(apart, [])], *apart):
            self.make(forms, "  - {types: [payroll.line.v1, subsidy.line.v1, payment.order.issued.v1, payment.batch.line.v1], "
                             "to: bank-abc}\n  - {types: [payment.published.v1], to: units}\n")
            rows = [json.loads(line) for line in self.site.call("tail", "--all", "--json").out.splitlines()]
            last = {row["event"]["source"].split("/")[-1]: row for row in rows}
            self.assertEqual(set(last), {adapter_of(form) for form in forms})
            for form, lang in zip(forms, ("en", "zh") * len(forms)):
                with self.subTest(form):
                    self.all_of_it(last[adapter_of(form)], lang)

    def all_of_it(self, row, lang):
        got = self.site.call("trace", f"{row['topic']}/{row['partition']}@{row['offset']}", "--full", "--lang", lang)
        self.assertIn(got.code, (0, 1), got)
        [shown] = re.findall(r'^  "id": "([^"\n]+)"', got.out, re.MULTILINE)
        event, record, same = {
            "en": (rf'^event {row["event"]["type"]}, id "([^"]+)"', r"^record \d+: line (\d+),", "the same as the site file has now"),
            "zh": (rf'^事件 {row["event"]["type"]}，标识 "([^"]+)"', r"^第 \d+ 笔：第 (\d+) 行", "与站点文件现在所写的相同")}[lang]
        [read] = re.findall(event, got.out, re.MULTILINE)
        self.assertTrue(len(read) == len(shown) and all(a == b or "*" in (a, b) for a, b in zip(read, shown)), (read, shown))
        self.assertEqual(re.findall(record, got.out, re.MULTILINE), [row["event"]["line"]])
        self.assertIn(same, got.out)
        if "jincai.to." in got.out:
            self.assertRegex(got.out, r'\n  data\.(amount|net) +(amount|net) = "[0-9.]+"')

    def test_of_lines_that_begin_in_one_row_of_the_source_each_shows_its_own_payee(self):
        self.make(["payment/mof/lines"], "  - {types: [payment.batch.line.v1], to: bank-abc}\n")
        amounts = {"1234.50": "0015", "3000.00": "", "3110.55": "0023"}
        rows = [json.loads(line) for line in self.site.call("tail", "--topic", "payment", "--json").out.splitlines()]
        self.assertEqual(len({row["event"]["line"] for row in rows}), 1)
        for row, (amount, account) in zip(rows, amounts.items()):
            got = self.site.call("trace", f"{row['topic']}/{row['partition']}@{row['offset']}", "--full", "--lang", "en")
            self.assertIn(f'PayAmt = "{amount}"', got.out)
            self.assertRegex(got.out, rf'PayeeAcctNo = "\*+{account}')

    def test_what_destinations_were_given_stands_side_by_side_also_when_the_form_is_another_now(self):
        batch = self.site.drop(small_site.payroll(rows=2))
        self.site.call("run", "site", "payroll-a", "--until-idle")
        place = [json.loads(line) for line in self.site.call("tail", "--topic", "payroll", "--json").out.splitlines()][0]
        words = ("trace", f"payroll/0@{place['offset']}", "--full", "--lang", "en")
        self.assertEqual(small_site.ON_KAFKA or place["partition"], small_site.ON_KAFKA or 0)
        got = self.site.call("trace", f"{place['topic']}/{place['partition']}@{place['offset']}", *words[2:])
        self.assertRegex(got.out, r"bank-abc \(bank/pipe, not given yet, it would be\) +units \(unit/csv, not given yet, it would be\)")
        self.site.run()
        got = self.site.call("trace", f"{place['topic']}/{place['partition']}@{place['offset']}", *words[2:])
        self.assertRegex(got.out, r"bank-abc \(bank/pipe, as given\) +units \(unit/csv, as given\)")
        amount = yuan(batch.lines[0][2])
        self.assertRegex(got.out, rf'\n  data\.net +net = "{re.escape(amount)}" +net = "{re.escape(amount)}"')
        self.assertRegex(got.out, r'\n  data\.payee\.account +account = "\*+\d{4}" +account = "\*+\d{4}"')
        self.assertRegex(got.out, r"\n  data\.unit +- +unit = ")
        form = self.site.root / "lib/adapters/unit/csv/lines.yaml"
        form.parent.mkdir(parents=True)
        text = (ADAPTERS / "unit/csv/lines.yaml").read_text(encoding="utf-8")
        self.assertIn("- data.month", text)
        form.write_text(text.replace("- data.month", "- data.currency", 1), encoding="utf-8")
        got = self.site.call(*words[:1], f"{place['topic']}/{place['partition']}@{place['offset']}", *words[2:], "--library", "lib")
        self.assertIn("units (unit/csv, as given, the form is another now)", got.out)
        self.assertIn(f'= "{amount}"', got.out)

    def test_full_and_json_at_once_is_refused(self):
        self.site.run()
        self.assertEqual(self.site.call("trace", "x", "--full", "--json").codes, {"usage"})

    def test_why_it_does_not_go_on_is_said_with_what_to_type(self):
        batch = small_site.payroll(rows=3)
        self.site.run()
        self.site.call("stop", "bank-abc", "--reason", "they telephoned, 6228480000000000015")
        self.site.drop(batch)
        self.site.run()
        [t] = self.by_amount(batch, 1, code=1)
        self.assertEqual(len(t["missing"]), 1)
        for words in ("bank-abc", "they telephoned", "jincai resume bank-abc"):
            self.assertIn(words, t["missing"][0])
        self.assertNotIn("6228480000000000015", t["missing"][0])
        self.site.call("stop", "router", "--reason", "both")
        other = self.site.drop(small_site.payroll(batch=2, rows=2))
        self.site.run()
        [t] = self.by_amount(other, 1, code=1)
        self.assertTrue(any("jincai resume router" in m for m in t["missing"]), t["missing"])
        for flow in ("router", "bank-abc"):
            self.site.call("resume", flow, "--reason", "it was right")
        self.site.run()
        self.assertEqual([t["missing"] for t in self.by_amount(batch, 1) + self.by_amount(other, 1)], [[], []])

    def test_a_batch_that_is_stopped_or_held_says_so_at_each_of_its_lines(self):
        self.site.write(small_site.SITE_FILE.replace('starts "103"', 'starts "103" and data.net != "1.00"')
                        .replace("[payroll.line.v1, payment.published.v1]", "[payment.published.v1]"))
        self.site.run()
        good = small_site.payroll(rows=3)
        sound = sum(line[2] for line in good.lines) - good.lines[1][2] + 100
        held = self.site.drop(small_site.payroll(rows=3, cells={1: {2: "1.00"}}, head={7: yuan(sound)}))
        self.site.run()
        [t] = self.by_amount(held, 0, code=1)
        self.assertIn("gather.failed", t["missing"][0])
        self.assertIn(f"jincai held show {t['batch']}", t["missing"][0])
        stopped = small_site.payroll(batch=2, rows=2)
        ident = f"payroll-a:2026-12:002:{hashlib.sha256(stopped.content).hexdigest()[:12]}"
        self.site.call("stop", ident, "--reason", "the list is wrong")
        self.site.drop(stopped)
        self.site.run()
        [t] = self.by_amount(stopped, 0, code=1)
        self.assertEqual(len(t["missing"]), 1)
        self.assertIn(f"jincai resume {ident}", t["missing"][0])
        acts = [h for h in t["hops"] if h["kind"] == "act"]
        self.assertIn("bank-abc", {h["flow"] for h in acts})
        self.site.call("resume", ident, "--reason", "it is right")
        self.site.run()
        [t] = self.by_amount(stopped, 0)
        self.assertEqual(t["hops"][-1]["kind"], "done")
        self.assertEqual(len([h for h in t["hops"] if h["kind"] == "act" and h["flow"] == "bank-abc"]), 2)

    def topics(self):
        got = self.site.call("topics", "--json")
        self.assertEqual(got.code, 0, got)
        return {t["topic"]: t for t in map(json.loads, got.out.splitlines())}

    def test_topics_are_counted_and_flows_lag_by_what_they_have_not_read(self):
        self.site.drop(small_site.payroll(rows=4))
        self.site.run()
        t = self.topics()
        payroll = t["jincai.payroll"]
        self.assertEqual((payroll["events"], payroll["partitions"]), (4, 1))
        self.assertGreater(payroll["others"], 0)        # a lane that opened, a closing
        self.assertGreater(payroll["bytes"], 4 * 200)
        self.assertLessEqual(payroll["first"], payroll["last"])
        self.assertEqual(payroll["flows"], [{"flow": "router", "events": 0, "seconds": 0}])
        self.assertEqual((t["jincai.to.units"]["events"], t["jincai.to.units"]["flows"][0]["flow"]), (4, "units"))
        self.site.drop(small_site.payroll(batch=2, rows=3))
        self.site.call("run", "payroll-a", "--until-idle")
        later = self.topics()["jincai.payroll"]
        self.assertEqual((later["events"], later["flows"][0]["events"]), (7, 3))
        self.assertTrue(0 <= later["flows"][0]["seconds"] < 600, later)
        self.assertEqual(later["first"], payroll["first"])
        self.assertGreater(later["last"], payroll["last"])
        self.site.run()
        self.assertEqual([f["events"] for t in self.topics().values() for f in t["flows"]], [0, 0, 0])

    def test_what_is_not_there_or_half_said_is_refused(self):
        self.site.run()
        for words, code in ((["20261205000017"], "trace.none"), (["--unit", "602001"], "usage"), ([], "usage"),
                            (["--unit", "602001", "--amount", "1", "--day", "14:30"], "selection.when"),
                            (["--unit", "602001", "--amount", "1,2", "--day", DAY], "money.syntax")):
            got = self.site.call("trace", *words)
            self.assertIn(code, got.codes, got)
            self.assertNotEqual(got.code, 0)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
