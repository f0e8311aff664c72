# SPDX-License-Identifier: Apache-2.0
"""What a replay of very many small batches takes: the plan, the run in the site, what people look at meanwhile, a pause, a stop by
SIGTERM amid it. History is made by the site itself, batch by batch.

replay_size.py --jincai BIN --folder DIR [--batches N] [--rows N] [--to later|topic ...] [--keep]
replay_size.py --jincai BIN --folder DIR --fill FILL_BATCHES [--batches N]

The second is quick: batches of one line that fill_batches has made, planned and run to a bank in shadow. Wall and processor time of
each command, the most RssAnon that was seen of it, and how long the site takes to end. Fails when the balance does not come out, when an event is not there once, or when more than --most were seen."""
import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "e2e")]
import small_site  # noqa: E402
from small_site import ON_KAFKA, SITE_FILE, Batch, Site  # noqa: E402

MONTHS = [f"{2026 + (11 + n) // 12}{(11 + n) % 12 + 1:02}" for n in range(300)]
# Nothing for the bank, whose files have numbers of four digits. `later` came when there was history.
BEFORE = SITE_FILE.replace('starts "103"', 'starts "999"')
CAME = BEFORE.replace("routes:\n", """\
  later: {form: unit/csv, split: data.unit, gather: batch, mode: shadow, to: {file: {folder: ./out/later}}}
routes:
  - {types: [payroll.line.v1], to: later}
""")

BANK = BEFORE.replace("routes:\n", """\
  second: {form: bank/pipe, gather: batch, mode: shadow, to: {file: {folder: ./out/second}}}
routes:
  - {types: [payroll.line.v1], to: second}
""")


def made(n, rows):
    """The n-th batch: a thousand a month."""
    month, no = MONTHS[n // 999], n % 999 + 1
    fen = [(n * rows + i) % 99991 + 1 for i in range(rows)]
    out = [f"F|{no:06}|{month}15|{small_site.UNIT}|103|61|{rows}|{yuan(sum(fen))}\n"]
    out += [f"1{i:09}|王珅|{yuan(fen[i])}|622848{n * rows + i:013}|{small_site.UNIT}|05|H{n * rows + i:08}|1\n" for i in range(rows)]
    return Batch(f"gz_{month}_{no:03}.txt", "".join(out).encode("gb18030"), [])


def yuan(fen):
    return f"{fen // 100}.{fen % 100:02}"


def store(site):
    return f"a store of {sum(p.stat().st_size for p in (site.root / 'bus').rglob('data.mdb')) >> 20} MiB"


def status(pid):
    """RssAnon in MB, processor seconds."""
    try:
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        found = re.search(r"RssAnon:\s+(\d+)", text)
        return int(found[1]) / 1024 if found else 0.0, (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
    except (FileNotFoundError, ProcessLookupError):
        return 0.0, 0.0


class Measured:
    """A command of the program and what was seen of it."""
    most = 0.0                                  # of all of them
    all = contextlib.ExitStack()                # none of them outlives the test

    def __init__(self, site, *words):
        self.site, self.words, self.anon, self.processor, self.began = site, words, 0.0, 0.0, time.monotonic()
        self.log = site.root / f"log-{len(list(site.root.glob('log-*')))}"
        with open(self.log, "wb") as log, open(f"{self.log}.err", "wb") as err:
            self.process = subprocess.Popen([site.program, *words, "--lang", "en"], cwd=site.root, stdin=subprocess.DEVNULL, stdout=log, stderr=err)
        Measured.all.callback(self.process.kill)

    def look(self):
        anon, processor = status(self.process.pid)
        self.anon, self.processor = max(self.anon, anon), max(self.processor, processor)
        Measured.most = max(Measured.most, self.anon)
        return self.process.poll() is None

    def wait(self, *codes):
        while self.look():
            time.sleep(0.02)
        wall = time.monotonic() - self.began
        print(f"  {' '.join(self.words)[:90]}: {wall:.2f} s, processor {self.processor:.2f} s, RssAnon {self.anon:.1f} MB, "
              f"{len(self.text())} characters said", flush=True)
        if self.process.returncode not in (codes or (0,)):
            sys.exit(f"{self.words}: exit code {self.process.returncode}\n{self.text()[-3000:]}")
        return self.text()

    def text(self):
        return self.log.read_text(errors="replace") + pathlib.Path(f"{self.log}.err").read_text(errors="replace")


def history(site, batches, rows):
    began = time.monotonic()
    Measured(site, "run", "--until-idle").wait()
    for n in range(0, batches, 5000):
        for i in range(n, min(n + 5000, batches)):
            site.drop(made(i, rows))
        site.dropped.clear()
        Measured(site, "run", "--until-idle").wait()
    print(f"{batches} batches of {rows} lines: made in {time.monotonic() - began:.0f} s, {store(site)}", flush=True)


def state(site, plan):
    for line in Measured(site, "replay", "list").wait().splitlines():
        if line.startswith(plan):
            return line.split()[1], int(line.split()[2].split("/")[0])
    sys.exit(f"replay list does not name {plan}")


def until(site, run, plan, what, seconds=600):
    end = time.monotonic() + seconds
    while True:
        is_, n = json.loads(position(site, plan))
        if what(is_, n):
            return is_, n
        for _ in range(10):
            if not run.look():
                sys.exit(run.text()[-3000:])
            time.sleep(0.01)
        if time.monotonic() > end:
            sys.exit(f"{is_} {n} after {seconds} s")


def position(site, plan):
    """Quietly."""
    out = subprocess.run([site.program, "replay", "list", "--lang", "en"], cwd=site.root, capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        if line.startswith(plan):
            return json.dumps([line.split()[1], int(line.split()[2].split("/")[0])])
    sys.exit(f"replay list does not name {plan}:\n{out}")


def ended(run):
    began = time.monotonic()
    run.process.send_signal(signal.SIGTERM)
    while run.look():
        time.sleep(0.02)
    print(f"  the site ended {time.monotonic() - began:.2f} s after SIGTERM, code {run.process.returncode}, processor {run.processor:.1f} s, "
          f"RssAnon {run.anon:.1f} MB", flush=True)


def signed(site, plan):
    lying = pathlib.Path(site.root / f"bus/replay/{plan}.json").stat().st_size
    handed = site.root / f"bus/replay/{plan}.handed.jsonl"
    print(f"  the plan lies in {lying} bytes" + (f", {handed.stat().st_size} bytes of what others were given" if handed.exists() else ""))


def replayed(site, to, events):
    words = ("--to-topic", "history") if to == "topic" else ("--to-destination", to)
    print(f"to {to}", flush=True)
    plan = Measured(site, "replay", "--topic", "payroll", *words, "--reason", "how long it takes").wait().split("\n")[0].split()[1]
    signed(site, plan)
    shown = Measured(site, "replay", "show", plan).wait()
    print(f"  replay show: {len(shown.splitlines())} lines")
    state(site, plan)
    run = Measured(site, "run")
    time.sleep(8 if ON_KAFKA else 2)
    asked = Measured(site, "replay", "run", plan)
    # While all is held against the plan.
    began = time.monotonic()
    until(site, run, plan, lambda is_, n: is_ != "planned")
    print(f"  begun after {time.monotonic() - began:.1f} s", flush=True)
    time.sleep(1)
    ended(run)
    asked.wait(0, 1)
    run = Measured(site, "run")
    until(site, run, plan, lambda is_, n: n > 0)
    print(f"  first line {time.monotonic() - run.began:.1f} s after the start of the site", flush=True)
    state(site, plan)
    Measured(site, "todo").wait(0, 1)
    Measured(site, "replay", "pause", plan).wait()
    Measured(site, "todo").wait(0, 1)
    _, n = state(site, plan)
    go_on, began = Measured(site, "replay", "run", plan), time.monotonic()
    until(site, run, plan, lambda is_, n_: n_ > max(n, events // 3))
    print(f"  went on {time.monotonic() - began:.1f} s after it was asked", flush=True)
    ended(run)
    go_on.wait(0, 1)
    run = Measured(site, "run")
    until(site, run, plan, lambda is_, n: is_ == "done", 3600)
    print(f"  done {time.monotonic() - run.began:.1f} s after the start of the site", flush=True)
    ended(run)
    Measured(site, "run", "--until-idle").wait()
    Measured(site, "balance").wait()
    print(f"  {store(site)}")
    if to == "topic":
        said = subprocess.run([site.program, "topics"], cwd=site.root, capture_output=True, text=True, check=True).stdout
        print("\n".join(line for line in said.splitlines() if "replay" in line))
        return
    rows = json.loads(subprocess.run([site.program, "balance", "--json"], cwd=site.root, capture_output=True, text=True, check=True).stdout)["terms"]
    got = {r["term"]: r["count"] for r in rows if r["destination"] == to and r["equation"] == "out"}
    if got != {"taken": events, "shadow": events}:
        sys.exit(f"{to} has {got}")


def filled(a):
    site = Site(a.folder, a.jincai, BANK)
    small_site.marks.folders(site.root, "out/second")
    Measured(site, "run", "--until-idle").wait()
    subprocess.run([a.fill, site.root / "bus", str(a.batches)], check=True)
    plan = Measured(site, "replay", "--topic", "payroll", "--to-destination", "second", "--reason", "how long it takes").wait()
    plan = plan.split("\n")[0].split()[1]
    signed(site, plan)
    run = Measured(site, "run", "site", "replay", "second", "bank-abc")         # nobody has read what was filled in
    time.sleep(1)
    asked = Measured(site, "replay", "run", plan)
    while asked.look() and run.look():
        time.sleep(0.02)
    asked.wait()
    ended(run)
    is_, n = state(site, plan)
    if (is_, n) != ("done", a.batches):
        sys.exit(f"{is_}, {n} of {a.batches}")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--jincai", required=True, type=os.path.abspath)
    p.add_argument("--folder", required=True, type=os.path.abspath)
    p.add_argument("--batches", type=int, default=30000)
    p.add_argument("--rows", type=int, default=50)
    p.add_argument("--most", type=float, default=64.0, help="MB")
    p.add_argument("--fill", type=os.path.abspath)
    p.add_argument("--to", action="append", choices=("later", "topic"))
    p.add_argument("--keep", action="store_true", help="the folder; it is taken when it is there")
    a = p.parse_args()
    if a.fill:
        shutil.rmtree(a.folder, ignore_errors=True)
        filled(a)
    else:
        measure(a)
    if not a.keep:
        shutil.rmtree(a.folder)
    print(f"most: {Measured.most:.1f} MB")
    return 1 if Measured.most > a.most else 0


def measure(a):
    before = pathlib.Path(a.folder, "jincai.yaml")
    prefix = re.search(r"prefix: (\S+?)}", before.read_text()) if before.exists() else None
    is_new = not before.exists()
    site = Site(a.folder, a.jincai, BEFORE)
    site.prefix = prefix[1] if prefix else site.prefix
    if is_new:
        history(site, a.batches, a.rows)
    small_site.marks.folders(site.root, "out/later")
    site.write(CAME)
    Measured(site, "run", "--until-idle").wait()
    for to in a.to or ("later", "topic"):
        replayed(site, to, a.batches * a.rows)


if __name__ == "__main__":
    with Measured.all:
        sys.exit(main())
