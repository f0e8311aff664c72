#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`jincai trace`: each hop of an event with its place, what is missing, what belongs to it.

    trace_test.py JINCAI
"""
import collections
import json
import pathlib
import shutil
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import small_site  # noqa: E402
from people import PRODUCTION, PeopleSite  # noqa: E402

PROGRAM = pathlib.Path("build/release/bin/jincai")
DAY = "2026-12-15"


def yuan(fen):
    return f"{fen // 100}.{fen % 100:02}"


class TraceTest(unittest.TestCase):
    def setUp(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="trace_"))
        self.addCleanup(shutil.rmtree, folder)
        self.site = small_site.Site(folder, str(PROGRAM))

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
        site = self.site = PeopleSite(self.site.root / "people", str(PROGRAM), PRODUCTION.replace("name: yakeshi,", "name: yakeshi, kind: test,"))
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
        self.assertTrue(any(w.startswith("stop, by ") for w in words), words)
        self.assertTrue(any("asks for: resume; takes two people: it is right" in w for w in words), words)
        self.assertLessEqual({"approved by li", "approved by zhang"}, set(words))
        self.assertTrue(any(w.startswith("resume, by ") for w in words), words)
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

    def test_one_amount_of_many_is_a_list(self):
        batch = self.site.drop(small_site.payroll(rows=8, cells={i: {2: "10.00"} for i in range(8)}, head={7: "80.00"}))
        self.site.run()
        got = self.site.call("trace", "--unit", small_site.UNIT, "--amount", "10", "--day", "2026-12")
        self.assertEqual((got.code, len(got.out.splitlines())), (0, 8), got)
        self.assertEqual(len(self.trace(got.out.splitlines()[3])), 1)
        self.assertEqual(len(batch.lines), 8)

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
