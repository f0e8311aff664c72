#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Judges the judge: breaks a copy of the program in one place at a time, and wants to see red.

    faults.py --count-lib build/debug/tests/crash/libcount.so [--only WORDS] [--by WHO] [--no-power]

A fault is a few words of the source replaced by others, and who must notice: the matrix over payroll files, the
matrix over five systems, power cuts, or a test of the suite. Words that are no longer there, or there twice, are an
error: the fault is to be written anew. Without any fault all must be green. Exit 0 only when each fault was noticed."""
import argparse
import contextlib
import io
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import invent
import matrix
import power

INTAKE, CLAIM, PUBLISH = "adapters/intake/intake.c", "adapters/intake/intake_claim.c", "adapters/intake/intake_publish.c"
DELIVER, LINES, BUILD = "adapters/deliver/deliver.c", "adapters/deliver/deliver_gather.c", "adapters/deliver/deliver_build.c"
TAKEN, HAND, CLOSE = "adapters/intake/intake_taken.c", "adapters/deliver/deliver_hand.c", "transforms/router_close.c"
ROUTER, GATHER, LANE = "transforms/router.c", "adapters/deliver/gather.c", "bus/lane.c"
PROOF, MAP, DBF = "adapters/form/reader_proof.c", "transforms/map.c", "adapters/codecs/dbf.c"
LEDGER = "adapters/deliver/deliver_ledger.c"
# What a life before handed over stands in the ledger, too: it would be noticed there.
BLIND = (LEDGER, "\t(void)e;\n\tl->last = ", "\t(void)e;\n\tif (x->no)\n\t\treturn 0;\n\tl->last = ")
# All that payroll goes to, and that has markers: a sync of one folder makes the renames in the others last, too.
OUT_FOLDERS = ",".join(f"fsync:/out/{f}{part}$" for f in ("abc", "boc", "ccb", "region") for part in ("", "/.staging"))

STEPS = 1000                            # of a run over payroll, about

# name, who notices, what: replacements (file, old, new), or a call left out
FAULTS = [
    ("every seventh record is dropped and counted as published", "matrix", [
        (PUBLISH, "\twrite_event(in, g, x, &v, &in->event);\n",
         "\tif (g->number % 7 == 3)\n\t\treturn count_event(in, x, TOTAL_PUBLISHED, e);\n"
         "\twrite_event(in, g, x, &v, &in->event);\n")]),
    ("each line is written twice", "matrix", [
        (BUILD, "\ts->held += one->bytes.n - before;",
         "\tif (form->codec->write(form->format, l->layout, l->cells, l->ncells, &one->bytes, e) != 0)\n"
         "\t\treturn -1;\n\ts->held += one->bytes.n - before;")]),
    ("some parcels are planned twice", "matrix", [
        (BUILD, "\t\td->next_no += planned * d->step;\n\t\tdeliver_gathering_drop(d, g);",
         "\t\td->next_no += planned * d->step;\n\t\tif (d->next_no % 3)\n\t\t\tdeliver_gathering_drop(d, g);")]),
    ("a parcel is handed over before its plan is committed, and the ledger is not read", "matrix", [BLIND,
        (DELIVER, "\t\t\treturn d->out_name ? deliver_publish_batch(d, g, e) : deliver_plan_batch(d, g, e);",
         "\t\t\treturn d->out_name ? deliver_publish_batch(d, g, e) : deliver_plan_batch(d, g, e) != 0 || deliver_announce(d, e) != 0 ||\n"
         "\t\t\t\tdeliver_hand_over(d, e) != 0 ? -1 : 0;")]),
    ("a destination forgets how far it has read", "matrix", [
        (DELIVER, "\t\tif (!in->moved)\n\t\t\tcontinue;", "\t\tcontinue;")]),
    ("a batch that does not prove is published", "matrix", [
        (CLAIM, "c->state = proof->verdict == PROOF_HELD || g->conflicts", "c->state = g->conflicts")]),
    ("a file is its bytes, whatever its name says", "matrix", [
        (CLAIM, "\tif (!d->keys.n)\n\t\tbuf_printf(&d->keys,", "\tbuf_clear(&d->keys);\n\t\tbuf_printf(&d->keys,")]),
    ("nobody remembers what was there before", "matrix", [
        (CLAIM, "\tret->found = true;", "\tret->found = false;\n\treturn 0;"),
        (INTAKE, "\tif (got <= 0)\n\t\treturn got;\n\t/* One that", "\tif (got <= 1)\n\t\treturn got < 0 ? -1 : 0;\n\t/* One that"),
        (LINES, "*ret = got == 1 && (", "*ret = false && (")]),
    ("the sum in a head is one fen too high", "matrix", [
        (BUILD, "\tbuf_printf(t, \"%\" PRIu64, p->no);", "\tsum++;\n\tbuf_printf(t, \"%\" PRIu64, p->no);")]),
    ("what was planned is discarded from staging at a start", "matrix", [
        (DELIVER, "ret = outbox_discard(o, keep, n,", "ret = outbox_discard(o, keep, 0,")]),
    ("the marker comes before its file", "matrix", [
        (HAND, "\t\t\tn++;\n\t\t\tif (p->marker[0] &&", "\t\t\tn++;\n\t\t\tif (false &&"),
        (HAND, "\t\t\tcontinue;\n\t\tif (p->marker[0] && outbox_hand(o, p->staged, p->name, e) != 0)",
         "\t\t\tcontinue;\n\t\tif (p->marker[0] && (outbox_hand(o, p->staged_marker, p->marker, e) != 0 ||\n"
         "\t\t\tsettle(d, e) != 0 || outbox_hand(o, p->staged, p->name, e) != 0))")]),
    ("parcel numbers begin anew at a start, and the ledger is not read", "matrix", [BLIND,
        (DELIVER, "\tif (!d->next_no)\n\t\td->next_no = deliver_number_after(d, 0);", "\td->next_no = deliver_number_after(d, 0);")]),
    ("the router leaves out a message at a start", "matrix", [
        (ROUTER, "in->offset = (uint64_t)json_integer_value(json_object_get(p, \"offset\"));",
         "in->offset = (uint64_t)json_integer_value(json_object_get(p, \"offset\")) + 1;")]),
    ("a batch goes out before its end has come", "matrix", [
        (GATHER, "\tif (!g->has_last)\n\t\treturn GATHER_OPEN;", "")]),
    ("the spool of a batch under way is swept at a start", "matrix", [
        (TAKEN, "((got == 0 || ended(state)) && drop_spool_delete", "(true && drop_spool_delete")]),
    ("a file that was taken and not claimed is forgotten", "matrix", [
        (TAKEN, "\tif (got == 0)\n\t\tintake_wait_for(in, taken, 0);", "")]),
    ("a row with a wrong bank number goes out all the same", "five", [
        (MAP, "\t\treturn checkchar_cnaps(v->text);", "\t\treturn true;")]),
    ("the good record behind a bad one is lost", "five", [
        (PUBLISH, "\t\tif (g.kind == READ_RECORD && publish_record(in, &g, e) != 0)\n\t\t\treturn -1;",
         "\t\tif (g.kind == READ_RECORD && publish_record(in, &g, e) != 0)\n\t\t\treturn -1;\n"
         "\t\tif (g.kind == READ_RECORD && g.bad.id && reader_next(p->reader, &g, e) != 0)\n\t\t\treturn -1;\n"
         "\t\tif (g.kind == READ_END)\n\t\t\tbreak;")]),
    ("a bad record dies without a letter", "five", [
        (PUBLISH, "if (dead_event(in, g, &g->events[i], why, \"dead\", e) != 0 ||\n\t\t\tcount_event",
         "if (count_event")]),
    ("a record that comes again with another amount goes out", "five", [
        (PUBLISH, "verdict == ID_CONFLICT ? TOTAL_CONFLICT : TOTAL_PUBLISHED", "TOTAL_PUBLISHED"),
        (LINES, "*ret = got == 1 && (", "*ret = false && (")]),
    ("every third row for the region is written twice", "five", [
        (BUILD, "\ts->held += one->bytes.n - before;",
         "\tif (strcmp(s->d->name, \"region\") == 0 && one->sum.count % 3 == 2 &&\n"
         "\t\tform->codec->write(form->format, l->layout, l->cells, l->ncells, &one->bytes, e) != 0)\n\t\treturn -1;\n"
         "\ts->held += one->bytes.n - before;")]),
    ("all lines of a batch go to the unit of the first", "five", [
        (BUILD, "if (!p || (span_is(split, p->split) && span_is(currency, p->currency)))",
         "if (!p || span_is(currency, p->currency))"),
        (BUILD, "uint32_t h = hash_crc32c(hash_crc32c(0, split.p, split.n), currency.p, currency.n);",
         "uint32_t h = hash_crc32c(0, currency.p, currency.n);\n\t(void)split;")]),
    ("a batch of which one bank cannot take a line goes out to the others", "five", [
        (CLOSE, "c.failed = events->failed + here;", "c.failed = events->failed;")]),
    ("rows that were deleted from a table are rows", "five", [
        (DBF, "ret->deleted = p[0] == '*';", "ret->deleted = false;")]),
    ("a table whose last row is missing is taken as it is", "five", [
        (PROOF, "\tif (f->trailer_missing) {", "\tif (false) {")]),
    ("a right file does not take the place of one that is held", "five", [
        (CLAIM, "b->found && (g->again || strcmp(b->state, \"held\") != 0) && strcmp", "b->found && strcmp")]),
    ("what is from before the start goes out", "five", [
        (INTAKE, "return in->setup.start.n && businessdate.n && span_cmp(businessdate, in->setup.start) < 0;",
         "(void)businessdate;\n\treturn in->setup.start.n > 1000;")]),
    ("gaps in a lane are not looked for", "test:lane_test", [
        (LANE, "\t\treturn gap_of(v->lane, head->last + 1, v->laneseq, e);", "\t\t(void)gap_of;")]),
    ("what became of a parcel in a power cut is not asked", "power", [
        (DELIVER, "p->state == PARCEL_HANDING && !p->shadow && strcmp(p->boot, d->boot) != 0", "false")]),
    ("the folders that files go out into are not synced", "power", OUT_FOLDERS),
    ("what goes out is not synced at all", "power", "fsync:/out/"),
    ("the spool is not synced", "power", "fsync:/spool/"),
    ("the log is not synced", "power", "fdatasync:data.mdb"),
]


def broken_texts(root, edits):
    """{path: its text with these}; each fault has its place, and one only."""
    ret = {}
    for name, old, new in edits:
        path = pathlib.Path(root) / name
        text = ret.get(path) or path.read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise RuntimeError(f"{name}: the words of the fault are there {text.count(old)} times: {old!r}")
        ret[path] = text.replace(old, new)
    return ret


class Tree:
    """A copy of the source, built again after each fault."""

    def __init__(self, origin, folder):
        self.source, self.build = folder / "source", folder / "build"
        shutil.copytree(origin, self.source, ignore=shutil.ignore_patterns("build", "build-*", ".git", "*.pyc"))
        self.do("cmake", "-S", str(self.source), "-B", str(self.build), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug")

    @staticmethod
    def do(*words):
        done = subprocess.run(words, capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)}\n{(done.stdout + done.stderr).decode(errors='replace')[-2000:]}")

    def make(self, target):
        self.do("ninja", "-C", str(self.build), target)

    @contextlib.contextmanager
    def broken(self, edits):
        broken = broken_texts(self.source, edits)
        kept = {path: path.read_text(encoding="utf-8") for path in broken}
        try:
            for path, text in broken.items():
                path.write_text(text, encoding="utf-8")
            yield
        finally:
            for path, text in kept.items():
                path.write_text(text, encoding="utf-8")


def matrix_names(setting, steps):
    names = [f"{kind}:{n}:{setting.seed}" for n in range(3, steps, 4) for kind in ("before", "after")]
    names[8:8] = [f"big:3:{setting.seed}"]      # takes long, and is not begun when a short one has noticed
    return [f"random:5:{setting.seed + i}" for i in range(4)] + names


def five_names(setting):
    return [f"calm:0:{setting.seed + i}" for i in range(6)] + [f"random:3:{setting.seed + i}" for i in range(2)]


def seen_by(who, setting, tree):
    """(noticed, what was seen)"""
    if who.startswith("test:"):
        name = who[5:]
        tree.make(name)
        code = subprocess.run([str(tree.build / "tests" / name)], capture_output=True, check=False).returncode
        return code != 0, f"{name} ends with {code}"
    quiet = io.StringIO()
    setting.systems = "five" if who == "five" else "payroll"
    with contextlib.redirect_stdout(quiet):
        if who in ("matrix", "five"):
            names = matrix_names(setting, STEPS) if who == "matrix" else five_names(setting)
            tally = matrix.run_all(setting, names, os.cpu_count(), stop_at=1)
        else:
            tally = matrix.Tally(0)
            for i in range(60):
                tally.take(power.run_case(setting, f"cut:2:{setting.seed + i}"))
                if tally.bad:
                    break
    for r in tally.bad:
        shutil.rmtree(r.folder, ignore_errors=True)
    first = tally.bad[0] if tally.bad else None
    what = f"{first.name}: {first.wrong.splitlines()[0] if first.wrong else first.verdict}" if first else ""
    return bool(tally.bad), f"{tally.done} cases; {what or tally}"


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--count-lib", required=True)
    p.add_argument("--source", default=str(invent.REPOSITORY), help="the tree to break a copy of")
    p.add_argument("--work", default=tempfile.gettempdir())
    p.add_argument("--seed", type=int, default=40)
    p.add_argument("--only", default="", help="faults whose name holds these words")
    p.add_argument("--by", default="", help="faults that this one must notice: matrix, five, power, test:NAME")
    p.add_argument("--only-faults", action="store_true", help="leave out the runs without a fault")
    p.add_argument("--no-power", action="store_true")
    p.add_argument("--ok-codes", default="0,1")
    a = p.parse_args()
    matrix.RUN_SECONDS = 20
    folder = pathlib.Path(tempfile.mkdtemp(prefix="faults_", dir=a.work))
    bad = 0
    try:
        tree = Tree(a.source, folder)
        tree.make("jincai")
        setting = matrix.Setting([str(tree.build / "bin/jincai")], str(pathlib.Path(a.count_lib).resolve()), a.seed, 12,
                                 str(folder), tuple(map(int, a.ok_codes.split(","))))
        ways = ["matrix", "five"]
        why = "as asked" if a.no_power else power.allowed(str(folder))
        if why:
            print(f"power cuts left out: {why}")
        else:
            ways.append("power")
        for way in () if a.only_faults else ways if not a.by else {a.by} & set(ways):
            red, what = seen_by(way, setting, tree)
            print(f"{'RED  ' if red else 'green'} without a fault, {way}: {what}", flush=True)
            bad += red
        for name, who, fault in FAULTS:
            if a.only not in name or (a.by and who != a.by) or (who == "power" and who not in ways):
                continue
            begun = time.monotonic()
            setting.skip = fault if isinstance(fault, str) else ""
            try:
                with tree.broken([] if setting.skip else fault):
                    if not who.startswith("test:"):
                        tree.make("jincai")
                    red, what = seen_by(who, setting, tree)
            except RuntimeError as e:
                red, what = False, str(e)
            print(f"{'red  ' if red else 'GREEN'} {name} ({who}, {time.monotonic() - begun:.0f} s): {what}", flush=True)
            bad += not red
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{bad} wrong" if bad else "each fault was noticed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
