#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`jincai try EVENTS`: which routes take an event, what each destination would get, and what is never shown.

    try_event_test.py JINCAI
"""
import json
import pathlib
import re
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from small_site import SITE_FILE, Site, payroll  # noqa: E402

CASE = pathlib.Path(__file__).resolve().parents[2] / "adapters/payment/lambeth/cases/month/titles_above_the_header"
PROGRAM = pathlib.Path("build/release/bin/jincai")
ROUTES = """routes:
  - {types: [payroll.line.v1], when: 'data.unit in ["602001", "7"] and not data.payee.account is empty', to: bank-abc}
  - {types: [payment.published.v1], to: units}
"""


class TryEventTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.site = Site(folder.name, PROGRAM)
        self.batch = payroll(rows=2)
        file = self.site.root / self.batch.name
        file.write_bytes(self.batch.content)
        self.events = [json.loads(line) for line in self.site.try_(file).out.splitlines()]
        self.assertEqual(len(self.events), 2)

    def try_(self, *events, text=None, lang="en"):
        file = self.site.root / "events.json"
        file.write_text(text or "".join(json.dumps(e, ensure_ascii=False) + "\n" for e in events), encoding="utf-8")
        return self.site.call("try", "events.json", "--lang", lang)

    def files(self):
        return sorted((str(p), p.stat().st_mtime_ns) for p in self.site.root.rglob("*") if p.name != "events.json")

    def test_each_destination_is_shown_what_it_would_get_and_nothing_is_touched(self):
        before = self.files()
        got = self.try_(*self.events)
        self.assertEqual(got.code, 0, got)
        self.assertEqual(self.files(), before)
        self.assertIn("2 events, 0 of them do not get through; nothing was touched", got.err)
        for agent, _, fen, _ in self.batch.lines:
            self.assertIn(f'    agent_no = "{agent}"\n', got.out)
            self.assertIn(f'    net = "{fen // 100}.{fen % 100:02}"\n', got.out)
        self.assertIn("  bank-abc: gets a line (bank/pipe, mode: live)\n", got.out)
        self.assertIn("    split by data.unit\n", got.out)

    def test_what_it_says_is_what_a_run_does(self):
        got = self.try_(*self.events)
        shown = re.findall(r'agent_no = "(.*)"\n.*\n    net = "(.*)"', got.out)
        self.site.drop(self.batch)
        self.assertEqual(self.site.run().code, 0)
        self.assertEqual(sorted(shown), sorted((a, f"{f // 100}.{f % 100:02}") for a, _, f, _ in self.site.sent()))

    def test_what_is_personal_is_masked_and_a_banks_number_is_not(self):
        for lang in ("en", "zh"):
            got = self.try_(*self.events, lang=lang)
            self.assertIn(f'"{self.events[0]["data"]["payee"]["bank"]}"', got.out)
            for _, name, _, account in self.batch.lines:
                self.assertNotIn(name, got.out)
                self.assertNotIn(account, got.out)
                self.assertIn(account[-4:], got.out)

    def test_a_route_that_does_not_take_it_says_which_part_fails_with_the_value(self):
        self.events[0]["data"]["payee"]["bank"] = "105100000017"
        got = self.try_(self.events[0])
        self.assertEqual(got.code, 0, got)
        self.assertRegex(got.out, r'route in line \d+ → bank-abc: does not take it\n    data.payee.bank starts "103": '
                         r'no, it is "105100000017"\n')
        self.assertIn("  bank-abc: nothing, no route leads there\n", got.out)

    def test_each_part_of_a_longer_condition_is_shown_with_its_value(self):
        self.site.write(SITE_FILE[:SITE_FILE.index("routes:")] + ROUTES)
        self.events[0]["data"]["unit"] = "602002"
        got = self.try_(self.events[0])
        self.assertIn('its condition is data.unit in ["602001", "7"] and not data.payee.account is empty\n', got.out)
        self.assertIn('    data.unit in ["602001", "7"]: no, it is "602002"\n', got.out)
        self.assertRegex(got.out, r'    data.payee.account is empty: no, it is "\*+\d{4}"\n')

    def test_an_instruction_that_no_route_takes_is_dead(self):
        self.site.write(SITE_FILE[:SITE_FILE.index("routes:")] + ROUTES)
        self.events[0]["data"]["unit"] = "602002"
        got = self.try_(self.events[0])
        self.assertEqual(got.code, 1, got)
        self.assertRegex(got.out, r"  dead: no route takes this payroll.line.v1 \[route.none\]")
        self.assertIn("→ units: does not take it, its types do not hold this one\n", got.out)

    def test_a_report_that_no_route_takes_is_no_error(self):
        self.site.write(SITE_FILE.replace(", payment.published.v1", ""))
        with open(CASE / "expected.jsonl", encoding="utf-8") as lines:
            data = next(json.loads(line)["data"] for line in lines if '"data"' in line)
        self.events[0].update(type="payment.published.v1", data=data)
        got = self.try_(self.events[0])
        self.assertEqual(got.code, 0, got)
        self.assertIn("  goes nowhere, which is no error\n", got.out)

    def test_a_destination_for_which_it_cannot_be_shaped_says_why(self):
        del self.events[0]["data"]["unit"]
        got = self.try_(self.events[0])
        self.assertEqual(got.code, 1, got)
        self.assertIn("units: dead here: ", got.out)
        self.assertIn("[route.no_split]", got.out)
        self.assertIn("[schema.missing]", got.out)

    def test_a_type_that_the_site_does_not_know_is_dead_and_the_nearest_is_named(self):
        self.events[0]["type"] = "payrol.line.v1"
        got = self.try_(self.events[0])
        self.assertEqual(got.code, 1, got)
        self.assertIn("the nearest type in routes: payroll.line.v1\n", got.out)
        self.assertIn("[route.none]", got.out)

    def test_one_event_may_stand_over_several_lines(self):
        got = self.try_(text=json.dumps(self.events[0], indent=2))
        self.assertIn("1 events, 0 of them", got.err)

    def test_a_line_that_is_no_event_is_named_and_the_others_are_shown(self):
        got = self.try_(text=json.dumps(self.events[0]) + '\n{"id":1}\n' + json.dumps(self.events[1]) + "\n")
        self.assertEqual(got.code, 1, got)
        self.assertIn("events.json:2: ", got.err)
        self.assertEqual(got.out.count("bank-abc: gets a line"), 2)

    def test_the_buss_own_events_meet_no_route(self):
        self.events[0]["type"] = "jincai.batch.closed"
        got = self.try_(self.events[0])
        self.assertEqual((got.code, got.out), (0, "jincai.batch.closed: the bus's own, no route sees it\n"))

    def test_a_file_of_a_source_without_a_form_is_a_usage_error(self):
        got = self.site.call("try", self.batch.name)
        self.assertEqual((got.code, got.codes), (2, {"usage"}))
        self.assertIn("--form", got.err)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
