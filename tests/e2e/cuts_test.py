#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A text that is shortened for its receiver is never shortened silently.

    cuts_test.py PROGRAM
"""
import json
import pathlib
import sys
import tempfile
import unittest

from small_site import SITE_FILE, Site, payroll

PROGRAM = None
ROOT = pathlib.Path(__file__).resolve().parents[2]

# Of names of three characters two fit, of an account nothing may be taken off.
NARROW = (ROOT / "adapters/bank/pipe/batch.yaml").read_text(encoding="utf-8").replace("cut: 60 bytes", "cut: 4 bytes")


def narrow_site(folder, form=NARROW):
    lib = pathlib.Path(folder) / "lib/adapters/bank/narrow"
    lib.mkdir(parents=True)
    (lib / "batch.yaml").write_text(form, encoding="utf-8")
    text = SITE_FILE.replace("form: bank/pipe", "form: bank/narrow").replace(
        "bus: embedded:./bus\n", "bus: embedded:./bus\nlibrary: [./lib]\n")
    return Site(folder, PROGRAM, text)


class CutsTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def test_the_log_the_plan_and_the_balance_say_how_many_lines(self):
        site = narrow_site(self.folder.name)
        names = ["乌云其", "王伟", "巴特尔", "李敏"]
        site.drop(payroll(rows=4, cells={i: {1: name} for i, name in enumerate(names)}))
        ran = site.run()
        self.assertEqual(ran.code, 0, ran)
        self.assertRegex(ran.err, r"level=warn what=deliver\.cut flow=bank-abc parcel=1 .*lines=2")
        self.assertEqual([line[1] for _, rows in site.bank_files().values() for line in rows], ["乌云", "王伟", "巴特", "李敏"])
        balance = site.call("balance", "--json")
        shortened = [t for t in json.loads(balance.out)["terms"] if t["term"] == "shortened"]
        self.assertEqual([(t["destination"], t["currency"], t["count"]) for t in shortened], [("bank-abc", "CNY", 2)])
        self.assertEqual(balance.code, 0, balance)
        self.assertRegex(site.call("balance", "--lang", "en").out, r"bank-abc .*2 have a text that was shortened")
        self.assertRegex(site.call("balance", "--lang", "zh").out, r"bank-abc .*2 行有文本按接收方的长度截短")
        self.assertEqual(site.call("balance", "--deep").code, 0)

    def test_where_nothing_is_shortened_nothing_is_said(self):
        site = narrow_site(self.folder.name)
        site.drop(payroll(rows=2, cells={0: {1: "王伟"}, 1: {1: "李敏"}}))
        ran = site.run()
        self.assertNotIn("deliver.cut", ran.err)
        self.assertNotIn("shortened", site.call("balance", "--json").out)

    def test_an_event_that_is_tried_shows_it(self):
        site = narrow_site(self.folder.name)
        batch = payroll(rows=1, cells={0: {1: "乌云其"}})
        tried = site.root / batch.name
        tried.write_bytes(batch.content)
        event = site.root / "event.json"
        event.write_text(site.try_(tried).out.splitlines()[0], encoding="utf-8")
        got = site.call("try", str(event), "--lang", "en")
        self.assertRegex(got.out, r"name = .*\(shortened\)", got)

    def test_an_account_on_its_way_to_who_pays_is_never_shortened(self):
        form = NARROW.replace("    - data.payee.account\n", "    - {from: data.payee.account, cut: 30 bytes}\n", 1)
        site = narrow_site(self.folder.name, form)
        got = site.call("check")
        self.assertEqual(got.code, 3, got)
        self.assertIn("form.cut", got.codes | set(got.out.split()), got)


if __name__ == "__main__":
    PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
