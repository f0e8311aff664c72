#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The example of every verb, and every command that the pages for operators and consumers show, runs in the folder of the demo;
what a page names beside its text takes the options that stand there.

    help_examples_test.py JINCAI
"""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

JINCAI = pathlib.Path(sys.argv.pop()).resolve()
ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [ROOT / "docs" / f"{name}.md" for name in ("operators", "balance-and-replay", "consumers", "kafka", "safety", "operations")]
# What a page leaves to who types it. An act that nobody asked for is refused, as it is in the demo.
PLACES = {"BATCH": "payroll:2026-12:005:62a863f40400", "批次": "payroll:2026-12:005:62a863f40400", "ACT": "no-such-act",
          "操作单": "no-such-act", "FILE": "private.key", "文件": "private.key", "PLAN": "{plan}", "计划": "{plan}",
          "NAME": "units", "名称": "units"}
REFUSED = {"approve": {"approve.none"}, "replay run": {"replay.ended"}, "replay cancel": {"replay.ended"}, "replay pause": {"replay.ended"},
           "replay": {"replay.nothing"}}


def text_of(page):
    return page.read_text(encoding="utf-8")


def shown(page):
    """Commands that stand in blocks of their own, without what is said of them."""
    rows = [row for block in re.findall(r"^```(?:sh)?\n(.*?)^```", text_of(page), re.MULTILINE | re.DOTALL)
            for row in block.splitlines() if row.startswith("jincai ")]
    return [re.sub(r" {2,}#.*| \[[^]]*\]", "", row).strip() for row in rows]


def named(page):
    """Commands within the text."""
    text = re.sub(r"^```.*?^```", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    return [" ".join(command.split()) for command in re.findall(r"`(jincai\s[^`]+)`", text)]


class HelpExamplesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="help_examples_"))
        cls.addClassCleanup(shutil.rmtree, cls.work)
        cls.folder = cls.work / "demo"
        made = cls.jincai("demo", "--dir", str(cls.folder), cwd=cls.work)
        assert made.returncode == 0, made.stdout + made.stderr
        (cls.folder / "line.txt").write_text("what a person wants to stand there\n", encoding="utf-8")

    @classmethod
    def jincai(cls, *words, cwd=None):
        env = dict(os.environ, TMPDIR=str(cls.work), LC_ALL="C.UTF-8")
        env.pop("JINCAI_SITE", None)
        return subprocess.run([str(JINCAI), *words], cwd=cwd or cls.folder, env=env, capture_output=True, text=True,
            timeout=60)

    def verbs(self):
        """Each row of the help: two blanks, the verb of one or two words, two blanks, what it does."""
        rows = [line for line in self.jincai("help").stdout.splitlines() if line.startswith("  ")]
        found = [re.match(r"  ([a-z]+(?: [a-z]+)?) {2,}\S", row) for row in rows]
        self.assertNotIn(None, found, rows)
        self.assertGreater(len(found), 5)
        return [row.group(1) for row in found]

    def test_the_example_of_every_verb_runs(self):
        for verb in self.verbs():
            with self.subTest(verb=verb):
                text = self.jincai(*verb.split(), "--help").stdout.splitlines()
                self.assertIn("Example:", text)
                example = shlex.split(text[text.index("Example:") + 1])
                self.assertEqual(example[:1 + len(verb.split())], ["jincai", *verb.split()])
                run = self.jincai(*example[1:])
                self.assertIn(run.returncode, (0, 1), f"{example}\n{run.stdout}{run.stderr}")
                self.assertNotIn("usage", run.stderr)

    def verb_of(self, words, verbs):
        for n in (2, 1):
            if " ".join(words[1:1 + n]) in verbs:
                return " ".join(words[1:1 + n])
        return None

    def test_commands_that_pages_name_take_the_options_that_stand_there(self):
        verbs, known, seen = set(self.verbs()), {}, 0
        for page in PAGES:
            for command in shown(page) + named(page):
                words = re.sub(r"[\[\]|>']", " ", command).split()
                verb = self.verb_of(words, verbs)
                if verb and verb not in known:
                    known[verb] = self.jincai(*verb.split(), "--help").stdout
                for option in re.findall(r"(?<!\S)--[a-z-]+", command):
                    seen += 1
                    with self.subTest(page=page.name, command=command):
                        self.assertIn(option, known.get(verb, "") + " --help --version --lang")
        self.assertGreater(seen, 60)

    def test_commands_that_pages_show_run(self):
        made = self.jincai("replay", "--topic", "payroll", "--to-file", "example.jsonl", "--reason", "an example", "--lang", "en")
        plan = re.search(r"jincai replay run (\S+)", made.stdout + made.stderr)
        self.assertTrue(plan, made.stdout + made.stderr)
        verbs, n = set(self.verbs()), 0
        for page in PAGES:
            for command in shown(page):
                words = [PLACES.get(word, word).format(plan=plan[1]) for word in shlex.split(command)]
                verb = self.verb_of(words, verbs)
                if verb == "run" or "--follow" in words:
                    continue            # a service: tests of the demo run it
                with self.subTest(page=page.name, command=command):
                    run = self.jincai(*words[1:], "--lang", "en")
                    codes = set(re.findall(r"\[([a-z_]+\.[a-z_]+|usage)\]", run.stderr))
                    n += 1
                    self.assertNotIn("usage", codes, run.stderr)
                    if run.returncode not in (0, 1):
                        self.assertTrue(codes and codes <= REFUSED.get(verb, set()), f"{run.returncode} {run.stdout}{run.stderr}")
        self.assertGreater(n, 15)

    def test_the_examples_of_the_page_of_selections_run(self):
        for lang in ("en", "zh"):
            page = self.jincai("help", "selection", "--lang", lang).stdout
            examples = [row.strip() for row in page.splitlines() if row.startswith("  jincai ")]
            self.assertGreater(len(examples), 1)
            for example in examples:
                run = self.jincai(*shlex.split(example)[1:])
                self.assertEqual(run.returncode, 0, f"{example}\n{run.stderr}")

    def test_the_record_that_consumers_are_shown_is_like_those_they_get(self):
        page = text_of(ROOT / "docs/consumers.md")
        example = json.loads(re.search(r'^```json\n(\{"specversion".*?)^```', page, re.MULTILINE | re.DOTALL)[1])
        got = self.jincai("tail", "--topic", "out.notices.v1", "--all", "--json")
        events = [json.loads(line)["event"] for line in got.stdout.splitlines()]
        # Which of the systems came first is by chance.
        facts = [event for event in events if event["source"] == example["source"] and event["data"].get("kind") == "payroll"]
        self.assertTrue(facts)
        # The name of the unit may be left out.
        self.assertEqual([list(facts[0]), list(facts[0]["data"])],
                         [list(example), [k for k in facts[0]["data"] if k in example["data"] or k == "unit_name"]])
        self.assertEqual((facts[0]["type"], facts[0]["source"]), (example["type"], example["source"]))
        table = re.findall(r"^\| (`[a-z]+`(?:[,、] ?`[a-z]+`)*) \|", page, re.MULTILINE)
        names = {name for row in table for name in re.findall(r"`([a-z]+)`", row)}
        self.assertLessEqual(set(example) - {"specversion", "data"}, names)

    def test_the_lane_check_of_the_page_is_the_one_that_is_tested(self):
        page = re.search(r"^```python\n(class Lanes.*?)^```", text_of(ROOT / "docs/consumers.md"), re.MULTILINE | re.DOTALL)[1]
        tested = text_of(ROOT / "tests/consumers/lanes.py")
        self.assertEqual(page.strip(), tested[tested.index("class Lanes"):].strip())

    def test_the_commands_for_consumers_are_those_that_are_tested(self):
        """Options of kcat and of Kafka's console consumer, as the tests of clients give them."""
        page = text_of(ROOT / "docs/consumers.md")
        for tool, name in (("kcat", "consumers/clients_test.py"), ("kafka-console-consumer.sh", "kafka/consume.py")):
            command = re.search(rf"^({tool} .*?)(?=^kafka-|^```)", page, re.MULTILINE | re.DOTALL)[1].replace("\\\n", " ")
            tested = text_of(ROOT / "tests" / name)
            words = [word for word in shlex.split(command) if word.startswith(("-", "%")) or word == "isolation.level=read_committed"]
            self.assertGreater(len(words), 4)
            for word in words:
                with self.subTest(tool=tool):
                    self.assertIn(f'"{word}"', tested)


if __name__ == "__main__":
    unittest.main()
