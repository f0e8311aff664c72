#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nothing personal and no secret stands in what people see: lists, logs, errors, raw dumps, slips, in both languages.

    masking_test.py JINCAI

Planted are all accounts, numbers, names and secrets of the whole demo, and of a site with files that cannot be read, moved
columns and conflicts; then all that the program says about them is searched, as text and as the hex of raw dumps.
"""
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
from small_site import SITE_FILE, Site, payroll  # noqa: E402
import invent  # noqa: E402

PROGRAM = None
LANGUAGES = ("zh", "en")
LOOKS = ("held list", "dead list", "balance", "audit list", "check", "todo", "approve list", "tail --all", "topics", "contract --pages")
NOT_FOR_PEOPLE = {"bus", ".taken", "keys", "steps", "out", ".staging"}


def jincai(*args, cwd=None, code=None):
    env = {**os.environ, "LC_ALL": "C.UTF-8", "ASAN_OPTIONS": "detect_leaks=0"}
    got = subprocess.run([PROGRAM, *map(str, args)], cwd=cwd, env=env, capture_output=True, timeout=120)
    if code is not None:
        assert got.returncode == code, (args, got.returncode, got.stdout.decode(), got.stderr.decode())
    return got


# ---- what is personal, as the schemas say ----

def sensitive(path):
    """Paths below data that a schema marks, "lines[].name" for those of a list."""
    schema = json.loads(path.read_text(encoding="utf-8"))

    def resolve(node, base, whole):
        marks = {}
        while "$ref" in node:
            marks = {**node, **marks}
            file, _, at = node["$ref"].partition("#")
            if file:
                base = (base.parent / file).resolve()
                whole = json.loads(base.read_text(encoding="utf-8"))
            node = whole
            for name in at.strip("/").split("/"):
                node = node[name]
        return {**node, **{k: v for k, v in marks.items() if k != "$ref"}}, base, whole

    def walk(node, base, whole, at):
        node, base, whole = resolve(node, base, whole)
        if node["type"] == "object":
            for name, inside in node.get("properties", {}).items():
                yield from walk(inside, base, whole, at + (name,))
        elif node["type"] == "array":
            yield from walk(node["items"], base, whole, at + ("[]",))
        elif node.get("x-sensitivity", "none") != "none":
            yield at, node["x-sensitivity"]
    return dict(walk(schema, path, schema, ()))


def values(data, path):
    if not path:
        return [data] if isinstance(data, str) else []
    if path[0] == "[]":
        return [v for item in data for v in values(item, path[1:])]
    return values(data[path[0]], path[1:]) if path[0] in data else []


SCHEMAS = {p.stem: p for p in (ROOT / "schemas").glob("*/*.v1.json")}


def personal(events):
    found = set()
    for line in events.splitlines():
        event = json.loads(line)
        for path in sensitive(SCHEMAS[event["type"]]):
            found.update(values(event["data"], path))
    return found


def luhn(digits):
    rest = sum(sum(divmod(2 * int(c), 10)) if i % 2 else int(c) for i, c in enumerate(reversed(digits)))
    return rest % 10 == 0


def numbers(content):
    """Cards and identity numbers by their check digits, also of records that nothing can read."""
    text = content.decode("gb18030", "replace")
    weights = [2 ** (17 - i) % 11 for i in range(17)]
    found = {n for n in re.findall(r"(?<!\d)62\d{14,17}(?!\d)", text) if luhn(n)}
    for n in re.findall(r"(?<!\d)\d{17}[\dXx](?!\d)", text):
        if "10X98765432"[sum(int(c) * w for c, w in zip(n, weights)) % 11] == n[-1].upper():
            found.add(n)
    return found


# ---- what is searched ----

HEX = re.compile(r"^  [0-9a-f]{6}((?: (?:[0-9a-f]{2}|\*\*|  )){16})", re.MULTILINE)


def dumped(text):
    """The bytes that the rows of hex still tell; what is masked is a byte that is nobody's."""
    return b"".join(bytes(int(b, 16) if b != "**" else 0 for b in row.split()) for row in HEX.findall(text))


def leaks(said, planted):
    """said: {what: bytes}. Which planted value stands in which."""
    found = []
    for what, content in said.items():
        text = content.decode("utf-8", "replace")
        raw = dumped(text)
        for value in planted:
            if value in text or any(value.encode(c, "replace") in raw for c in ("gb18030", "utf-8", "utf-16-le")):
                found.append((value, what))
    return found


def json_rows(got):
    return [json.loads(row) for row in got.stdout.decode().splitlines()]


def all_that_is_said(site_file, said, folder):
    """Every list of a site in both languages, with --json where there is one, each letter, each batch, and each file for people."""
    def call(*args):
        for lang in LANGUAGES:
            got = jincai(*args, "-c", site_file, "--lang", lang)
            said[" ".join(map(str, args)) + f" {lang}"] = got.stdout + b"\n" + got.stderr
        return got

    for verb in LOOKS:
        call(*verb.split())
    call("balance", "--deep")
    for verb in ("held list", "dead list", "audit list", "todo"):
        got = call(*verb.split(), "--json")
        for row in got.stdout.decode().splitlines():
            row = json.loads(row)
            if verb == "dead list":
                call("dead", "show", row["number"])
            elif verb == "held list":
                call("held", "show", row["batch"])
    seen = {}
    for row in call("tail", "--all", "--json").stdout.decode().splitlines():
        event = json.loads(row)["event"]
        seen.setdefault((event["type"], event["source"]), event["id"])
    for name in seen.values():
        call("trace", name, "--full")
        call("trace", name, "--json")
    for topic in json_rows(call("topics", "--json")):
        call("tail", "--all", "--topic", topic["topic"])
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not NOT_FOR_PEOPLE & set(file.relative_to(folder).parts):
            said[f"file {file.relative_to(folder)}"] = file.read_bytes()


class MaskingTest(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="masking_test_"))
        self.addCleanup(shutil.rmtree, self.work)

    def nothing_leaks(self, said, planted):
        self.assertGreater(len(planted), 20)
        found = leaks(said, planted)
        self.assertEqual(found, [], "\n".join(f"{v!r} in {w}" for v, w in found[:20]))

    def test_the_whole_demo(self):
        site, said, planted = self.work / "here", {}, set()
        for lang in LANGUAGES:
            shutil.rmtree(site, ignore_errors=True)
            got = jincai("demo", "--dir", site, "--lang", lang, code=0)
            said[f"demo {lang}"] = got.stdout + got.stderr
        adapters = re.findall(r"^  ([\w-]+): \{form: ([\w/-]+),.*folder: \./in/([\w-]+)\}", (site / "jincai.yaml").read_text(
            encoding="utf-8"), re.MULTILINE)
        self.assertGreater(len(adapters), 8)
        for _, form, folder in adapters:
            for file in sorted((site / "in" / folder / ".taken").iterdir()):
                if file.suffix in (".ok", ".sum") or file.name.endswith(".done"):
                    continue
                original = self.work / re.sub(r"^\d+-\d+-", "", file.name)
                shutil.copy(file, original)
                planted |= numbers(original.read_bytes())
                got = jincai("try", original, "--form", form, "-c", site / "jincai.yaml")
                planted |= personal(got.stdout)
                said[f"try errors {file.name}"] = got.stderr
                for how in (["--summary"], ["--explain", 1], ["--explain", 2, "--lang", "zh"], ["--explain", 3]):
                    got = jincai("try", original, "--form", form, "-c", site / "jincai.yaml", *how)
                    said[f"try {how} {file.name}"] = got.stdout + got.stderr
                original.unlink()
        self.give_back(site, said)
        all_that_is_said(site / "jincai.yaml", said, site)
        self.compared(site, said)
        planted |= self.secrets(site)
        self.assertGreater(sum(len(v) == 18 or len(v) == 19 for v in planted), 50)
        self.nothing_leaks(said, {v for v in planted if len(v) > (5 if v.isascii() else 1)})

    def give_back(self, site, said):
        """All that waits comes back with slips, and the run that writes them says so in its log."""
        for row in jincai("held", "list", "--json", "-c", site / "jincai.yaml").stdout.decode().splitlines():
            row = json.loads(row)
            if row["what"] == "claim" and row["state"] != "duplicate":
                for lang in LANGUAGES:
                    got = jincai("held", "return", row["batch"], "--reason", "wrong", "-c", site / "jincai.yaml", "--lang", lang)
                    said[f"held return {row['batch']} {lang}"] = got.stdout + got.stderr
        got = jincai("run", "--until-idle", "-c", site / "jincai.yaml")
        said["run"] = got.stdout + got.stderr
        self.assertTrue(list(site.rglob(".returned/*")), "no slip was written")

    def compared(self, site, said):
        """A file made by hand in which each name and account is another one."""
        sent = sorted((site / "out/abc").glob("*.txt"))[0]
        rows = [row.split("|") for row in sent.read_bytes().decode("gb18030").split("\n")]
        mine = [row[:1] + [rows[2][1]] + row[2:3] + [rows[2][3]] if len(row) == 4 else row for row in rows]
        file = self.work / sent.name
        file.write_bytes("\n".join("|".join(row) for row in mine).encode("gb18030"))
        for lang in LANGUAGES:
            got = jincai("compare", "bank-abc", file, "-c", site / "jincai.yaml", "--lang", lang, code=1)
            self.assertGreater(len(got.stdout), 50)
            said[f"compare {lang}"] = got.stdout + got.stderr
        file.unlink()

    def secrets(self, site):
        found = set()
        for key in (site / "keys").glob("[!.]*"):
            content = key.read_bytes()
            if content:
                found |= {content.decode("utf-8", "replace").strip(), content.hex(), content.decode("latin-1")}
        return {s for s in found if len(s) > 5}

    def test_files_that_cannot_be_read_moved_columns_and_conflicts(self):
        for release in ("batch", "record"):
            with self.subTest(release=release):
                self.bad_files(release)

    def bad_files(self, release):
        folder = self.work / release
        site = self.site_of(folder, release)
        (folder / "keys/identity.key").write_bytes(b"THE-KEY-THAT-NOBODY-MAY-EVER-SEE")
        rng = random.Random(release)
        card, id_no, name, phone = invent.card_number(rng), invent.id_number(rng), "欧阳震霆", "13912345678"
        good = payroll(batch=1, rows=3)
        files = [good,
                 payroll(batch=2, rows=3, cells={1: {2: card}}),                # an account for an amount
                 payroll(batch=3, rows=3, cells={1: {2: f"{card}.00"}}),
                 payroll(batch=4, rows=3, cells={1: {5: id_no}}),               # a number for a code
                 payroll(batch=5, rows=3, cells={1: {1: name, 7: id_no}}),
                 payroll(batch=6, rows=3, cells={1: {1: f"{name}|{phone}"}}),   # one column more: all behind it moved
                 payroll(batch=7, rows=3, cells={2: {1: f"{name} {card}", 2: "1.234"}}),
                 payroll(batch=8, rows=3, cells={0: {6: id_no[:-1] + "?"}}),
                 payroll(batch=9, rows=3, head={7: card}),                      # declared is an account
                 payroll(batch=10, rows=3, head={6: id_no}),
                 payroll(batch=11, rows=3, cells={1: {4: card}}),
                 payroll(batch=12, rows=3, cells={1: {3: "6228" + name}})]
        cut = payroll(batch=13, rows=3)
        cut.content = cut.content.replace("\n".encode(), b"\x00\n", 2)          # rows that cannot be cut
        half = payroll(batch=14, rows=3, cells={1: {1: name}})
        half.content = half.content.replace(name.encode("gb18030") + b"|", name.encode("gb18030") + b"\xfe|")
        planted = {card, id_no, id_no[:-1], name, phone, "6228" + name, card[:12], "THE-KEY-THAT-NOBODY-MAY-EVER-SEE"}
        for batch in files + [cut, half]:
            site.drop(batch)
            for row in batch.content.decode("gb18030", "replace").split("\n")[1:]:
                cells = row.split("|")
                if len(cells) == 8:
                    planted.update((cells[1], cells[3]) if len(cells[1]) > 1 else ())
                    planted.add(cells[6])
        said = {}
        got = site.run()
        said["run zh"] = got.err.encode() + got.out.encode()
        changed = payroll(batch=1, rows=3, seed="other")
        site.drop(changed)
        planted |= {line[3] for line in changed.lines}
        got = site.call("run", "--until-idle", "--lang", "en")
        said["run en"] = got.err.encode() + got.out.encode()
        for number, batch in enumerate(files + [cut, half]):
            file = self.work / batch.name
            file.write_bytes(batch.content)
            for how in (["--summary"], ["--explain", 2], ["--explain", 3, "--lang", "zh"]):
                got = jincai("try", file, "--form", "payroll/own", "-c", folder / "jincai.yaml", *how)
                said[f"try {batch.name} {how}"] = got.stdout + got.stderr
            got = jincai("try", file, "--form", "payroll/own", "-c", folder / "jincai.yaml")
            said[f"try {batch.name} errors"] = got.stderr
            file.unlink()
        if release == "batch":
            self.give_back(folder, said)
        all_that_is_said(folder / "jincai.yaml", said, folder)
        self.assertTrue(release == "batch" or any(w.startswith("dead show") for w in said))
        self.nothing_leaks(said, {v.strip() for v in planted if len(v.strip()) > 1} - {"1"})

    def site_of(self, folder, release):
        library = folder / "lib/adapters/payroll/own"
        library.mkdir(parents=True)
        form = (ROOT / "adapters/payroll/pipe/batch.yaml").read_text(encoding="utf-8")
        (library / "batch.yaml").write_text(form.replace("release: batch", f"release: {release}"), encoding="utf-8")
        return Site(folder, PROGRAM, SITE_FILE.replace("form: payroll/pipe", "form: payroll/own")
                    .replace("bus: embedded:./bus", "bus: embedded:./bus\nlibrary: [./lib]"))

    def one_letter(self, folder):
        """A site with one dead letter: its number, the cells of its record."""
        site = self.site_of(folder, "record")
        batch = site.drop(payroll(rows=2, cells={1: {7: "one"}}))
        site.run()
        number = json.loads(site.call("dead", "list", "--json").out)["number"]
        return site, number, batch.content.decode("gb18030").split("\n")[2].split("|")

    def test_a_letter_is_revealed_when_that_is_recorded_and_not_before(self):
        site, number, row = self.one_letter(self.work / "reveal")
        reveal = ("dead", "show", str(number), "--reveal", "--reason", f"asked by the bank for {row[3]}", "--lang", "en")
        r = site.call(*reveal[:4])
        self.assertEqual((r.code, r.codes, r.out), (2, {"act.reason"}, ""), r)
        r = site.call(*reveal)                              # nobody runs who could write it down
        self.assertEqual((r.code, r.codes, r.out), (1, {"act.waits"}, ""), r)
        running = site.start("run")
        try:
            for _ in range(40):                             # until the site has begun to run
                r = site.call(*reveal)
                if "act.waits" not in r.codes:
                    break
                time.sleep(0.25)
        finally:
            running.terminate()
            site.finish(running)
        self.assertEqual(r.code, 0, r)
        for secret in (row[1], row[3], row[6]):
            self.assertIn(f"|{secret}", r.out)
        self.assertIn("not masked; that you look is recorded", r.out)
        said = [json.loads(line) for line in site.call("audit", "list", "--json").out.splitlines()]
        looks = [s for s in said if s["act"] == "reveal"]
        self.assertEqual({(s["outcome"], s["flow"]) for s in looks}, {("done", "payroll-a")})
        self.assertGreaterEqual(len(looks), 2)
        self.assertTrue(all(s["subject"] and s["by"] and "asked by the bank" in s["reason"] for s in looks), looks)
        self.assertNotIn(row[3], site.call("audit", "list").out + site.call("audit", "list", "--json").out)
        self.assertNotIn(row[3], site.call("dead", "show", str(number)).out)
        self.assertEqual(site.call("audit", "verify").code, 0)

    def test_enough_stays_for_a_phone_call(self):
        """Line, last four of the account, amount."""
        site, number, row = self.one_letter(self.work / "call")
        got = site.call("dead", "show", str(number), "--lang", "en").out
        self.assertIn("gz_202612_001.txt:3", got)
        self.assertIn(f"amount: {row[2]}", got)
        self.assertIn("*" * (len(row[3]) - 4) + row[3][-4:], got)
        self.assertIn(f"|{row[1][0]}**", got)


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
