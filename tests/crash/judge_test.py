#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The judge is judged: right work is green, and each seeded fault is noticed under its own name."""
import csv
import io
import json
import pathlib
import re
import shutil
import tempfile
import unittest

import arrived
import county
import fake_jincai
import judge
import make
import originals
import receiver
from invent import yuan


def work(root, drops):
    """Hands the drops in, lets the fake do right, and takes all away."""
    site_file = county.write(root / "site")
    bank = receiver.Receiver(root / "site", root / "received")
    for phase in sorted({drop["phase"] for drop in drops}):
        for drop in drops:
            if drop["phase"] == phase:
                assert county.hand_in(root / "site", drop)
        fake_jincai.Fake(site_file).run()
        bank.sweep()
    bank.last_sweep()


class JudgeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.base = pathlib.Path(tempfile.mkdtemp(prefix="judge_"))
        cls.drops = make.Maker(11, 12).drops(6)
        work(cls.base / "right", cls.drops)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.base)

    def setUp(self):
        self.root = self.base / self.id().split(".")[-1]
        shutil.copytree(self.base / "right", self.root)
        self.into = self.root / "received"

    def verdict(self, **more):
        return judge.judge(self.drops, self.into, self.root / "site", **more)

    def rows(self):
        return receiver.read_ledger(self.into)

    def write_ledger(self, rows):
        (self.into / "ledger.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")

    def change(self, dest, change, fix_head=True, at=0):
        """Changes the lines of a file that came; the ledger and the head follow, as if it had been sent so."""
        rows = self.rows()
        row = [r for r in rows if r["dest"] == dest][at]
        path = self.into / row["file"]
        if dest == "units":
            lines = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
            lines[1:] = change(lines[1:])
            text = io.StringIO()
            csv.writer(text, lineterminator="\r\n").writerows(lines)
            path.write_bytes(text.getvalue().encode("utf-8-sig"))
        else:
            lines = [r.split("|") for r in path.read_bytes().decode("gb18030").splitlines()]
            lines[1:] = change(lines[1:])
            if fix_head:
                lines[0][4] = str(len(lines) - 1)
                lines[0][5] = yuan(sum(judge.fen_of(r[2]) for r in lines[1:]))
            path.write_bytes("".join("|".join(r) + "\n" for r in lines).encode("gb18030"))
        row["sha256"] = judge.hashlib.sha256(path.read_bytes()).hexdigest()
        self.write_ledger(rows)
        return row

    def test_right_work_is_green(self):
        v = self.verdict()
        self.assertTrue(v.ok(), f"{v} {v.problems}")
        self.assertEqual(v.batches, 7)
        self.assertGreater(v.lines, 100)

    def test_nothing_received_is_all_lost(self):
        self.write_ledger([])
        v = self.verdict()
        self.assertGreater(v.lost, 100)
        self.assertGreater(v.fen, 0)

    def test_a_lost_line_is_one_lost_and_its_fen(self):
        gone = []
        self.change("bank-abc", lambda lines: (gone.append(lines[1]), lines[:1] + lines[2:])[1])
        v = self.verdict()
        self.assertEqual((v.lost, v.doubled, v.altered, v.torn), (1, 0, 0, 1))
        self.assertEqual(v.fen, judge.fen_of(gone[0][2]))

    def test_a_lost_line_of_a_unit_is_noticed(self):
        self.change("units", lambda lines: lines[:-1])
        self.assertEqual(self.verdict().lost, 1)

    def test_a_doubled_line_is_one_doubled(self):
        self.change("bank-boc", lambda lines: lines + lines[:1])
        v = self.verdict()
        self.assertEqual((v.lost, v.doubled, v.altered, v.torn), (0, 1, 0, 1))

    def test_one_fen_more_is_noticed(self):
        def one_more(lines):
            lines[0][2] = yuan(judge.fen_of(lines[0][2]) + 1)
            return lines
        self.change("bank-abc", one_more)
        v = self.verdict()
        self.assertEqual((v.lost, v.altered, v.fen), (1, 1, 1))

    def test_one_fen_moved_between_two_persons_is_noticed(self):
        def moved(lines):
            lines[0][2] = yuan(judge.fen_of(lines[0][2]) + 1)
            big = next(r for r in lines[1:] if judge.fen_of(r[2]) > 1)
            big[2] = yuan(judge.fen_of(big[2]) - 1)
            return lines
        self.change("bank-abc", moved)
        v = self.verdict()
        self.assertEqual((v.lost, v.altered, v.fen), (2, 2, 0))
        self.assertFalse(v.ok())

    def test_another_account_is_noticed(self):
        self.change("bank-abc", lambda lines: [[lines[0][0], lines[0][1], lines[0][2], lines[1][3]]] + lines[1:])
        self.assertEqual((self.verdict().lost, self.verdict().altered), (1, 1))

    def test_a_head_that_is_not_its_lines_is_noticed(self):
        row = self.rows()[0] if self.rows()[0]["dest"] != "units" else self.rows()[1]
        path = self.into / row["file"]
        content = path.read_bytes()
        head, rest = content.split(b"\n", 1)
        for at, other in ((4, b"999"), (5, b"1.00"), (1, b"77"), (3, b"150783"), (0, b"G")):
            cells = head.split(b"|")
            cells[at] = other
            path.write_bytes(b"|".join(cells) + b"\n" + rest)
            rows = self.rows()
            for r in rows:
                if r["file"] == row["file"]:
                    r["sha256"] = judge.hashlib.sha256(path.read_bytes()).hexdigest()
            self.write_ledger(rows)
            self.assertGreaterEqual(self.verdict().heads, 1, f"column {at}")

    def test_another_date_is_no_part_of_a_batch(self):
        rows = self.rows()
        row = next(r for r in rows if r["dest"] == "bank-abc")
        path = self.into / row["file"]
        date = re.search("df_([0-9]{8})_", row["name"])[1]
        path.write_bytes(path.read_bytes().replace(date.encode(), b"20261131", 1))
        row["name"] = row["name"].replace(date, "20261131")
        row["sha256"] = judge.hashlib.sha256(path.read_bytes()).hexdigest()
        self.write_ledger(rows)
        self.assertEqual(self.verdict().torn, 1)

    def test_a_batch_in_two_files_is_torn(self):
        kept = []
        row = self.change("bank-abc", lambda lines: (kept.extend(lines[2:]), lines[:2])[1])
        other = {**row, "name": row["name"][:12] + "8888.txt", "file": "bank-abc/other"}
        head = ["F", "8888", row["name"][3:11], county.DIVISION, str(len(kept)),
                yuan(sum(judge.fen_of(r[2]) for r in kept))]
        content = "".join("|".join(r) + "\n" for r in [head] + kept).encode("gb18030")
        (self.into / other["file"]).write_bytes(content)
        other["sha256"] = judge.hashlib.sha256(content).hexdigest()
        self.write_ledger(self.rows() + [other])
        v = self.verdict()
        self.assertEqual((v.lost, v.doubled, v.altered, v.fen, v.torn), (0, 0, 0, 0, 2))
        self.assertFalse(v.ok())

    def test_another_order_is_noticed(self):
        self.change("bank-boc", lambda lines: lines[::-1])
        v = self.verdict()
        self.assertEqual((v.lost, v.order), (0, 1))
        self.assertFalse(v.ok())

    def test_a_whole_file_again_under_another_number_is_doubled(self):
        rows = self.rows()
        row = next(r for r in rows if r["dest"] == "bank-abc")
        content = (self.into / row["file"]).read_bytes().split(b"|")
        content[1] = b"9999"
        (self.into / "bank-abc/again").write_bytes(b"|".join(content))
        again = {**row, "name": row["name"][:12] + "9999.txt", "file": "bank-abc/again",
                 "sha256": judge.hashlib.sha256(b"|".join(content)).hexdigest()}
        self.write_ledger(rows + [again])
        v = self.verdict()
        self.assertEqual((v.lost, v.doubled), (0, row["lines"] - 1))
        self.assertGreater(v.fen, 0)

    def test_the_same_name_twice_is_noticed(self):
        rows = self.rows()
        self.write_ledger(rows + [{**rows[0], "kind": "double"}])
        v = self.verdict()
        self.assertEqual(v.names, 1)
        self.assertGreater(v.doubled, 0)

    def test_a_held_batch_that_went_out_is_noticed(self):
        for drop in self.drops:
            if drop["why"] == "wrong total":
                drop = {**drop, "fate": "sent"}
                root = self.root / "other"
                work(root, [{**make_right(drop), "phase": 0}])
        rows = self.rows()
        for r in receiver.read_ledger(self.root / "other/received"):
            name = re.sub(r"_000001\.txt", "_007777.txt", r["name"]).replace("mx_000001", "mx_007777")
            content = (self.root / "other/received" / r["file"]).read_bytes().replace(b"F|1|", b"F|7777|", 1)
            (self.into / ("held_" + r["file"].replace("/", "_"))).write_bytes(content)
            rows.append({**r, "name": name, "file": "held_" + r["file"].replace("/", "_"),
                         "sha256": judge.hashlib.sha256(content).hexdigest()})
        self.write_ledger(rows)
        v = self.verdict()
        self.assertGreaterEqual(v.held, 2)
        self.assertGreater(v.altered, 0)

    def test_an_original_that_is_nowhere_is_noticed(self):
        next(p for p in (self.root / "site" / "in/payroll/.taken").iterdir()).unlink()
        self.assertEqual(self.verdict().originals, 1)

    def test_what_the_sender_shows_as_unknown_is_counted_apart(self):
        rows = self.rows()
        gone = next(r for r in rows if r["dest"] == "bank-abc")
        part = arrived.read("bank-abc", gone["name"], (self.into / gone["file"]).read_bytes())
        self.write_ledger([r for r in rows if r is not gone])
        self.assertEqual(self.verdict().lost, len(part.lines))
        fen = sum(line.fen for line in part.lines)
        v = self.verdict(unknown=[{"dest": "bank-abc", "count": len(part.lines), "sum": fen}])
        self.assertTrue(v.ok(), f"{v} {v.problems}")
        self.assertEqual(v.unknown, 1)

    def test_the_receiver_notes_a_name_that_it_had(self):
        folder = self.root / "site" / county.MARKED["bank-abc"]
        name = next(r["name"] for r in self.rows() if r["dest"] == "bank-abc")
        bank = receiver.Receiver(self.root / "site", self.into)
        for content in (b"x\n", b"y\n"):
            (folder / name).write_bytes(content)
            (folder / (name + ".ok")).touch()
            bank.sweep()
        (folder / "lonely.txt.ok").touch()
        (folder / ".staging/df_20261201_000099.txt.ok").touch()
        bank.last_sweep()
        self.assertEqual([r["kind"] for r in self.rows()][-3:], ["double", "double", "torn"])


class FiveTest(unittest.TestCase):
    """All systems: what must come is laid out from the originals, and then one thing is wrong."""

    @classmethod
    def setUpClass(cls):
        cls.drops = make.Maker(13, 12, "five").drops(2)

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="judge_")
        self.addCleanup(folder.cleanup)
        self.into = pathlib.Path(folder.name)
        self.parts = [part for drop in self.drops if drop["fate"] == "sent" for part in originals.parts_of(drop)]
        self.files = [[part.dest, min(part.dates), part.group, list(part.lines)] for part in self.parts]

    def verdict(self, letters=None, **more):
        rows = []
        for no, (dest, date, group, lines) in enumerate(self.files, 1):
            name, content = fake_jincai.lay(dest, no, date, group, lines)
            (self.into / str(no)).write_bytes(content)
            rows.append({"dest": dest, "name": name, "sha256": judge.hashlib.sha256(content).hexdigest(),
                         "kind": "first", "file": str(no)})
        (self.into / "ledger.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
        return judge.judge(self.drops, self.into, letters=letters, **more)

    def lines(self, dest, system):
        """Of a file with some lines of that system."""
        return next(file[3] for file, part in zip(self.files, self.parts)
                    if part.dest == dest and part.system == system and len(part.lines) > 2)

    def bad(self, dest, system, fate):
        """A line of a row that must not go out to this destination, as it would be."""
        for drop in self.drops:
            if fate in drop["rows"].values() and drop["source"].startswith(system):
                good = {line for part in originals.parts_of(drop) for line in part.lines}
                others = {line: f for line, f in drop["rows"].items() if f != fate}
                return next(line for part in originals.parts_of({**drop, "rows": others}) if part.dest == dest
                            for line in part.lines if line not in good)
        raise AssertionError("no such row")

    def letters(self):
        return [{"kind": kind, "destination": dest, "place": place}
                for (kind, dest, place), n in judge.letters_of(self.drops).items() for _ in range(n)]

    def test_right_work_is_green(self):
        v = self.verdict(self.letters())
        self.assertTrue(v.ok(), f"{v} {v.problems}")
        self.assertEqual({dest for dest, _, _ in v.table}, set(county.DESTINATIONS))
        self.assertEqual({system for _, _, system in v.table}, {"payroll", "payment", "nontax", "asset", "subsidy"})

    def in_pieces(self, dest):
        """The file of this destination with most lines comes as two; those two."""
        file = max((file for file in self.files if file[0] == dest), key=lambda file: len(file[3]))
        lines, more = file[3], [*file]
        file[3], more[3] = lines[::2], lines[1::2]
        self.files.append(more)
        return file, more

    def test_a_batch_may_come_in_pieces_to_who_gathers_by_partition_alone(self):
        for dest in ("register", "units"):
            self.in_pieces(dest)
            self.assertEqual((self.verdict().torn, self.verdict().lost), (2 if dest == "register" else 4, 0))
        v = self.verdict(parted=("register", "units"))
        self.assertTrue(v.ok(), f"{v} {v.problems}")

    def test_what_is_wrong_in_pieces_is_noticed(self):
        first, second = self.in_pieces("units")
        self.files.append([*first])
        self.assertEqual(self.verdict(parted=("units",)).doubled, len(first[3]))
        self.files.remove(second)
        self.assertEqual(self.verdict(parted=("units",)).lost, len(second[3]))

    def test_a_piece_has_lines_of_one_batch_in_their_order(self):
        first, _ = self.in_pieces("units")
        first[3].reverse()
        self.assertEqual(self.verdict(parted=("units",)).torn, 1)
        first[3].reverse()
        cards, rest = self.in_pieces("register")
        other = next(file for file in self.files if file[0] == "register" and file not in (cards, rest))
        cards[3] += other[3]
        self.files.remove(other)
        v = self.verdict(parted=("units", "register"))
        self.assertEqual((v.torn, v.lost, v.doubled), (1, 0, 0))

    def test_all_fates_are_planted(self):
        self.assertEqual({d["fate"] for d in self.drops}, {"sent", "held", "duplicate", "conflict", "known"})
        self.assertEqual({f for d in self.drops for f in d["rows"].values()},
                         {"dead", "duplicate", "conflict", "dead:clearing"})

    def test_a_good_record_that_is_lost_beside_a_bad_one_is_noticed(self):
        for dest, system in (("clearing", "payment"), ("region", "nontax"), ("register", "asset")):
            with self.subTest(system):
                line = self.lines(dest, system).pop()
                v = self.verdict()
                self.assertEqual((v.lost, v.doubled, v.altered, v.torn, v.fen), (1, 0, 0, 1, line.fen))
                self.setUp()

    def test_a_row_that_conflicts_and_goes_out_all_the_same_is_noticed(self):
        for dest, system in (("clearing", "payment"), ("region", "nontax"), ("register", "asset")):
            with self.subTest(system):
                line = self.bad(dest, system, "conflict")
                self.lines(dest, system).append(line)
                v = self.verdict()
                self.assertEqual((v.lost, v.altered, v.held, v.fen), (0, 1, 1, line.fen))
                self.setUp()

    def test_a_row_that_one_receiver_cannot_take_and_gets_is_noticed(self):
        line = self.bad("clearing", "payment", "dead:clearing")
        with self.assertRaises(UnicodeEncodeError):
            "".join(line.cells).encode("gbk")
        self.lines("clearing", "payment").append(line._replace(cells=tuple(c.replace("䶮", "?") for c in line.cells)))
        self.assertEqual(self.verdict().altered, 1)

    def test_a_row_that_is_doubled_for_the_region_is_noticed(self):
        for system in ("payment", "payroll", "nontax", "subsidy"):
            with self.subTest(system):
                line = self.lines("region", system)[0]
                self.lines("region", system).append(line)
                v = self.verdict()
                self.assertEqual((v.lost, v.doubled, v.fen), (0, 1, line.fen))
                self.assertTrue(any(f"region CNY {system}" in text for text in v.problems), v.problems)
                self.setUp()

    def test_a_line_to_another_unit_is_noticed(self):
        units = [i for i, part in enumerate(self.parts) if part.dest == "units"]
        first = units[0]
        other = next(i for i in units if self.parts[i].group != self.parts[first].group)
        self.files[other][3].append(self.files[first][3].pop())
        self.assertEqual(self.verdict().heads, 1)
        self.setUp()
        line = self.files[first][3].pop()
        self.files[other][3].append(line._replace(cells=(self.parts[other].group, *line.cells[1:])))
        self.assertEqual((self.verdict().lost, self.verdict().altered), (1, 1))

    def test_any_other_cell_is_noticed(self):
        for dest, system in (("region", "nontax"), ("region", "payroll"), ("register", "asset"),
                             ("bank-ccb", "subsidy"), ("clearing", "payment"), ("units", "subsidy")):
            line = self.lines(dest, system)[0]
            for at, cell in enumerate(line.cells):
                if originals.fen_of(cell) is not None or (dest == "units" and at == 0):
                    continue
                with self.subTest(dest=dest, at=at):
                    cells = (*line.cells[:at], cell + "1", *line.cells[at + 1:])
                    self.lines(dest, system)[0] = line._replace(cells=cells)
                    self.assertFalse(self.verdict().ok())
                    self.setUp()

    def test_what_is_right_in_the_sum_of_all_systems_is_not_right_in_each(self):
        pay, roll = self.lines("region", "payment"), self.lines("region", "payroll")
        for lines, more in ((pay, 1), (roll, -1)):
            at = next(i for i, line in enumerate(lines) if line.fen > 1)
            lines[at] = fake_jincai.another_amount("region", lines[at], lines[at].fen + more)
        self.assertEqual(self.verdict().fen, 2)

    def test_a_dead_letter_that_is_missing_or_one_too_many_is_noticed(self):
        letters = self.letters()
        self.assertEqual(self.verdict(letters[1:]).letters, 1)
        self.assertEqual(self.verdict(letters + letters[:1]).letters, 1)
        self.assertEqual(self.verdict(letters[1:] + [{**letters[0], "place": "another:1"}]).letters, 2)


def make_right(drop):
    """A batch with a wrong total as it would be with the right one, so that it passes."""
    rows = [r.split("|") for r in drop["content"].decode("gb18030").splitlines()]
    rows[0][7] = yuan(sum(judge.fen_of(r[2]) for r in rows[1:]))
    return {**drop, "content": "".join("|".join(r) + "\n" for r in rows).encode("gb18030")}


if __name__ == "__main__":
    unittest.main()
