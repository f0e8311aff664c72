#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What consumers outside may rely on: `jincai contract`, and `jincai check --against`, which names what breaks for whom.

    contract_test.py JINCAI [--parser]      --parser: AsyncAPI's own parser reads the document, too (npm; skipped where it is not)
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "consumers")]
import programs  # noqa: E402
from small_site import SITE_FILE, Site  # noqa: E402

ROOT = HERE.parents[1]
PROGRAM, PARSER = None, "--parser" in sys.argv
NOTICES = SITE_FILE.replace("routes:\n", """\
  notices: {form: notice/own, gather: batch, mode: live, to: {topic: {}}, contact: 'Li 0470-1234567'}
routes:
  - {types: [payroll.line.v1], to: notices}
""").replace("bus: ", "library: [./lib]\nbus: ", 1).replace("form: payroll/pipe", "form: payroll/own")
COMMON = '"unit": {"$ref": "../common/parts.json#/$defs/unit"}'


class ContractTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = pathlib.Path(folder.name)
        self.old, self.now = self.make("old"), self.make("now")

    def make(self, name):
        (self.top / name).mkdir()
        site = Site(self.top / name, PROGRAM, NOTICES)
        lib = site.root / "lib"
        for source, target in (("adapters/notice/paid/events.yaml", "adapters/notice/own/events.yaml"),
                               ("adapters/payroll/pipe/batch.yaml", "adapters/payroll/own/batch.yaml"),
                               ("schemas/notice/notice.paid.v1.json", "schemas/notice/notice.paid.v1.json"),
                               ("schemas/payroll/payroll.line.v1.json", "schemas/payroll/payroll.line.v1.json"),
                               ("schemas/common/parts.json", "schemas/common/parts.json")):
            (lib / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, lib / target)
        return site

    def edit(self, path, *edits, site=None):
        path = (site or self.now).root / path
        text = path.read_text(encoding="utf-8")
        for old, new in edits:
            self.assertIn(old, text)
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")

    def document(self):
        got = self.now.call("contract", "--lang", "en")
        self.assertEqual(got.code, 0, got)
        return json.loads(got.out)

    # ---- contract ----

    def test_the_document_has_topic_key_envelope_and_schema(self):
        d = self.document()
        self.assertEqual(d["asyncapi"], "3.0.0")
        channel = d["channels"]["notices.v1"]
        self.assertEqual((channel["address"], channel["bindings"]["kafka"]["partitions"]), ("jincai.out.notices.v1", 1))
        self.assertEqual(d["operations"]["notices.v1"]["action"], "send")
        message = d["components"]["messages"]["notice.paid.v1"]
        self.assertEqual(message["payload"]["properties"]["data"], {"$ref": "#/components/schemas/notice.paid.v1"})
        schema = d["components"]["schemas"]["notice.paid.v1"]
        self.assertEqual(schema["properties"]["kind"]["enum"], ["payroll", "subsidy", "order"])
        for ours in ("$id", "$schema", "$defs", "additionalProperties"):
            self.assertNotIn(f'"{ours}"', json.dumps(d))

    def with_a_definition(self):
        schema = json.loads((self.now.root / "lib/schemas/notice/notice.paid.v1.json").read_text(encoding="utf-8"))
        schema["properties"]["unit"] = {"$ref": "../common/parts.json#/$defs/unit"}
        schema["properties"]["currency"] = {"$ref": "#/$defs/money"}
        schema["$defs"] = {"money": {"type": "string", "x-sensitivity": "none", "maxLength": 3}}
        (self.now.root / "lib/schemas/notice/notice.paid.v1.json").write_text(json.dumps(schema), encoding="utf-8")

    def test_definitions_of_any_file_are_schemas_of_their_own(self):
        self.with_a_definition()
        schemas = self.document()["components"]["schemas"]
        for name, field in (("common.parts.unit", "unit"), ("notice.notice.paid.v1.money", "currency")):
            self.assertIn(name, schemas)
            self.assertEqual(schemas["notice.paid.v1"]["properties"][field]["$ref"], f"#/components/schemas/{name}")

    def test_the_page_says_it_in_both_languages(self):
        for lang, words in (("en", ("## jincai.out.notices.v1", "| `amount` | Amount | yes | 1234.50 |", "contact: Li")),
                            ("zh", ("## jincai.out.notices.v1", "| `amount` | 金额 | 是 | 1234.50 |", "联系人：Li"))):
            got = self.now.call("contract", "--pages", "--lang", lang)
            for word in words:
                self.assertIn(word, got.out)

    def test_the_parser_of_asyncapi_takes_it(self):
        if not PARSER:
            self.skipTest("--parser was not given")
        try:
            made = programs.node()[1].parent
        except programs.Absent as why:
            self.skipTest(str(why))
        self.with_a_definition()
        for lang in ("en", "zh"):
            (self.top / f"{lang}.json").write_text(self.now.call("contract", "--lang", lang).out, encoding="utf-8")
        got = subprocess.run(["node", made / "validate.js", self.top / "en.json", self.top / "zh.json"], capture_output=True,
                             text=True, timeout=120)
        self.assertEqual(got.returncode, 0, got.stdout + got.stderr)
        self.assertEqual(got.stdout.count("AsyncAPI 3.0.0, 1 channels"), 2, got.stdout)

    # ---- check --against ----

    def against(self, lang="en"):
        return self.now.call("check", "--against", str(self.old.root / "jincai.yaml"), "--lang", lang)

    def test_what_is_compatible_breaks_nothing(self):
        self.edit("lib/schemas/notice/notice.paid.v1.json", ('"unit_name": {', '"note": {"title": "n", "type": "string", '
                                                             '"x-sensitivity": "none"},\n\t\t"unit_name": {'))
        got = self.against()
        self.assertEqual((got.code, got.out), (0, ""), got)
        self.assertIn("all is for consumers as it was", got.err)

    def test_each_break_is_named_with_topic_destination_and_contact(self):
        schema, form, payroll = ("lib/schemas/notice/notice.paid.v1.json", "lib/adapters/notice/own/events.yaml",
                                 "lib/adapters/payroll/own/batch.yaml")
        source, drop = "lib/schemas/payroll/payroll.line.v1.json", "    - data.unit_name\n"
        both = "breaks producers and consumers: "
        name = ('"title": "Budget unit, name",\n\t\t\t"x-title-zh": "预算单位名称",\n\t\t\t"type": "string",\n\t\t\t"minLength": 1,\n'
                '\t\t\t"maxLength": 120,')
        for words, edits in (
                ("breaks consumers: the topic is gone", [("jincai.yaml", ("{topic: {}}", "{topic: {name: other}}"))]),
                ("number of partitions is another", [("jincai.yaml", ("adapters:\n", "partitions: 3\nadapters:\n"))]),
                ("a field is gone: unit_name", [(schema, ('"unit_name": {', '"name_of_unit": {')), (form, (drop, ""))]),
                ("may be absent: currency", [(schema, (', "currency"]', "]"))]),
                (both + "a field must be there now: an event without it dies, and what lies on the topic may lack it: unit_name",
                 [(schema, ('"required": ["kind", ', '"required": ["kind", "unit_name", ')),
                  (schema, ('"unit": "602001", "payee"', '"unit": "602001", "unit_name": "x", "payee"'))]),
                ("a value that it never held: kind, it is other", [(schema, ('"order"]', '"order", "other"]'))]),
                (both + "a value is not allowed any more: an event with it dies, and what lies on the topic may hold it: kind, it was subsidy",
                 [(schema, ('"enum": ["payroll", "subsidy", "order"]', '"enum": ["payroll", "order"]')), (form, ("{value: subsidy,", "{value: order,"))]),
                ("a length that it never had: unit, it was 21, it is 30", [(schema, ('"maxLength": 21,\n\t\t\t"pattern"',
                                                                                    '"maxLength": 30,\n\t\t\t"pattern"'))]),
                (both + "the length of a field is narrowed: what was long or short enough dies, and what lies on the topic may not fit: "
                 "unit_name, it was 120, it is 12", [(schema, (name, name.replace("120", "12")))]),
                (both + "a field may take fewer bytes: what fitted dies, and what lies on the topic may not fit: unit_name, it is 60",
                 [(schema, (name, name + '\n\t\t\t"x-max-bytes": {"gb18030": 60},'))]),
                (both + "a field has another pattern", [(schema, ('"pattern": "^[0-9A-Z]+$"', '"pattern": "^[0-9A-Za-z]+$"'))]),
                (both + "a field has another pattern", [(schema, (',\n\t\t\t"pattern": "^[A-Z]{3}$"', ''))]),
                ("goes out open with personal data: payee.name", [
                    (schema, ('"examples": ["王*"],\n\t\t\t\t\t"x-sensitivity": "none"',
                              '"examples": ["王*"],\n\t\t\t\t\t"x-sensitivity": "name"')),
                    (form, ("{from: data.payee.name, name: payee.name}", "{from: data.payee.name, name: payee.name, reveal: yes}"))]),
                ("breaks consumers: a field that went out open is masked, since its source calls it personal now: unit_name", [
                    (source, ('"examples": ["呼伦贝尔市某单位一"],\n\t\t\t"x-sensitivity": "none"',
                              '"examples": ["呼伦贝尔市某单位一"],\n\t\t\t"x-sensitivity": "name"'))]),
                ("another key", [(payroll, ("key: data.unit", "key: data.month"))]),
                ("ids are made otherwise", [(payroll, ("{keyed: line.id_no}, line.occurrence", "{keyed: line.id_no}"))]),
                ("nothing more comes of the type: payroll.line.v1", [
                    ("jincai.yaml", ("[payroll.line.v1], to: notices", "[payment.published.v1], to: notices")),
                    (form, ("events: [", "events: [payment.published.v1, ")),
                    (form, ("line:\n", "line:\n  payment.published.v1:\n    - {value: order, name: kind}\n"
                                       "    - {value: 2026-12-05, name: businessdate}\n    - data.unit\n"
                                       "    - {from: data.payee.name, name: payee.name}\n"
                                       "    - {value: x, name: payee.account}\n    - data.amount\n    - data.currency\n"))])):
            with self.subTest(words):
                shutil.rmtree(self.now.root)
                self.now = self.make("now")
                for path, change in edits:
                    self.edit(path, change)
                got = self.against()
                self.assertEqual(got.code, 1, got)
                self.assertIn(words, got.out)
                for line in got.out.splitlines():
                    self.assertRegex(line, r"^jincai\.out\.notices\.v1: breaks (producers and )?consumers: .* \(destination notices, contact: Li 0470-1234567\)$")
                self.assertIn("nothing was started", got.err)
                self.assertRegex(got.err, r"[1-9]\d* things break for consumers, \d+ for producers")
                again = self.against("zh")
                self.assertIn("没有启动任何东西", again.err)
                self.assertEqual(len(again.out.splitlines()), len(got.out.splitlines()))
                for line in again.out.splitlines():
                    self.assertRegex(line, r"^jincai\.out\.notices\.v1：影响(来源和)?使用者：.*（去向 notices，联系人：Li 0470-1234567）$")

    def test_a_site_that_cannot_be_read_is_no_comparison(self):
        self.edit("jincai.yaml", ("mode: live", "mode: often"), site=self.old)
        self.assertEqual(self.against().code, 3)


if __name__ == "__main__":
    sys.argv = [word for word in sys.argv if word != "--parser"]
    PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
