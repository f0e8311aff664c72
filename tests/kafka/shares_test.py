#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The router of a site on Kafka in shares, and destinations that gather by partition: 3, then 4, then 2, under load, each share on a
host of its own (a folder of its own), while owners of before are stopped by SIGSTOP and woken when those behind them have long been
at work.

    shares_test.py JINCAI [--long | --batches N]          with $JINCAI_KAFKA_FOLDER/address; 77: skipped, there is no broker
"""
import argparse
import collections
import contextlib
import json
import pathlib
import random
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]
import broker  # noqa: E402
import here  # noqa: E402
from reread_test import put_form  # noqa: E402
from small_site import SITE_FILE, Site, marks, payroll  # noqa: E402

OPTIONS = argparse.Namespace(program="build/release/bin/jincai", long=False, batches=18)
FOLDER = pathlib.Path()         # of the broker
PARTITIONS = 6
SECONDS = 120
UNITS = "602001 602002 602003 602004 603001 603002 603003 604001 604002 605001 605002 606001".split()


def until(what, why, *processes, seconds=SECONDS):
    end = time.monotonic() + seconds
    while not what():
        for p in processes:
            assert p.process.poll() is None, f"{why}: {p}"
        assert time.monotonic() < end, f"{why}: " + "\n".join(str(p) for p in processes)
        time.sleep(0.05)


def until_all(count, want, why, *processes):
    """However long all of it takes on a machine that does much else: it fails when nothing more comes for so long."""
    had, end = -1, 0
    while (n := count()) < want:
        if n > had:
            had, end = n, time.monotonic() + SECONDS
        for p in processes:
            assert p.process.poll() is None, f"{why}: {p}"
        assert time.monotonic() < end, f"{why}, {n} of {want}: " + "\n".join(str(p) for p in processes)
        time.sleep(1)


class Process:
    """`jincai run FLOW...` with the site file of one host, and its log."""

    def __init__(self, site, host, *words):
        self.name, self.log = f"{host}: {' '.join(words)}", site.root / f"log-{host}-{secrets.token_hex(2)}"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([site.program, "run", *words, "-c", f"{host}.yaml", "--lang", "en"], cwd=site.root,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def __str__(self):
        return f"{self.name}, code {self.process.poll()}\n{self.text()[-3000:]}"

    def text(self):
        return self.log.read_text(errors="replace")

    def signal(self, number):
        if self.process.poll() is None:
            self.process.send_signal(number)

    def ended(self, seconds=60):
        """Its exit code; None when it runs on."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        return self.process.poll()

    def stop(self):
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        return self.process.wait(60)


def in_long(case):
    """Counted in test.sh --long."""
    return lambda self: case(self) if OPTIONS.long else self.skipTest("--long")


class SharesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.prefix = f"s{secrets.token_hex(4)}."
        self.address = here.address()
        self.text = SITE_FILE.replace("name: yakeshi", f"name: {self.prefix[:-1]}") + f"partitions: {PARTITIONS}\n"
        self.site = Site(self.root, OPTIONS.program, self.text)
        self.running = contextlib.ExitStack()
        self.addCleanup(self.running.close)
        self.hosts = []

    def say(self, shares, *hosts):
        """The site file of these hosts: so many shares; None: it says nothing."""
        for host in hosts:
            text = self.text.replace("embedded:./bus", f"kafka:{self.address}")
            text += f"kafka: {{folder: ./host-{host}, prefix: {self.prefix}}}\n"
            text += f"shares: {shares}\n" if shares else ""
            (self.root / f"{host}.yaml").write_text(text, encoding="utf-8")

    def run_on(self, host, *words):
        p = Process(self.site, host, *words)
        self.running.callback(p.stop)
        return p

    def main(self):
        self.say(None, "main")
        return self.run_on("main", "site", "payroll-a", "bank-abc", "units")

    def shares(self, n):
        """n new hosts, each with a share."""
        hosts = [f"h{len(self.hosts) + i}" for i in range(n)]
        self.hosts += hosts
        self.say(n, *hosts)
        return [self.run_on(host, "router", "--part", f"{i}/{n}") for i, host in enumerate(hosts)]

    def verb(self, *words, host="main"):
        return self.site.call(*words, "-c", f"{host}.yaml", "--lang", "en")

    def ends_well(self, *processes):
        for p in processes:
            self.assertEqual(p.stop(), 0, p)

    def by_key(self, topic):
        """The ids of what lies on a topic, by key, in its order; and how many records say that a lane opens, by flow."""
        ids, opened = collections.defaultdict(list), collections.Counter()
        with broker.Cluster(FOLDER).judge() as judge:
            for _, _, key, value in judge.consume(self.prefix + topic):
                event = json.loads(value)
                if event["type"] == "payroll.line.v1":
                    ids[key].append(event["id"])
                elif event["type"] == "jincai.lane.opened":
                    opened[event["lane"].rpartition(".")[0]] += 1
        return ids, opened

    # ---- 3, 4, 2 ----

    def load(self, batches, stop):
        rng = random.Random(7)
        for n in range(1, OPTIONS.batches + 1):
            unit = UNITS[n % len(UNITS)]
            rows = rng.randint(20, 40)
            batches.append(self.site.drop(payroll(batch=n, rows=rows, seed=f"shares/{n}", head={3: unit},
                                                  cells={i: {4: unit} for i in range(rows)})))
            if stop.wait(OPTIONS.pause):
                return

    def sent(self):
        return self.site.sent().total()

    def await_carried(self, shares, main, new):
        before = self.sent()
        until(lambda: self.sent() > before + 20, f"{shares} shares take over", main, *new)

    def step(self, shares, old, rng, main):
        """Another number of shares: some of the old ones are stopped, the others run on until they notice."""
        asleep = [p for p in old if rng.random() < 0.7] or old[:1]
        for p in asleep:
            p.signal(signal.SIGSTOP)
        new = self.shares(shares)
        self.await_carried(shares, main, new)
        for p in asleep:
            p.signal(signal.SIGCONT)
        for p in old:
            self.assertEqual(p.ended(), 7, p)
            self.assertRegex(p.text(), r"\[(bus\.fenced|shares\.newer)\]")
        return new

    def test_3_4_2_shares_under_load_with_owners_that_sleep(self):
        rng = random.Random(11)
        main = self.main()
        until(lambda: "run.start" in main.text(), "it starts", main)
        batches, stop = [], threading.Event()
        shares = self.shares(3)
        load = threading.Thread(target=self.load, args=(batches, stop), daemon=True)
        load.start()
        self.addCleanup(stop.set)
        until(lambda: self.sent() > 20, "3 shares carry lines", main, *shares)
        for n in (4, 2) * OPTIONS.rounds:
            shares = self.step(n, shares, rng, main)
        load.join()
        want = sum(len(b.lines) for b in batches)
        until_all(self.sent, want, "everything arrives", main, *shares)
        until_all(lambda: sum(self.site.unit_lines().values()), want, "everything arrives at the units", main, *shares)
        time.sleep(1)
        self.site.sent_is(*batches)
        balance = self.verb("balance")
        self.assertEqual(balance.code, 0, balance)
        self.assertIn("difference 0.00", balance.out)
        self.ends_well(*shares, main)
        # In the order of its coming, key by key; every share that ran wrote.
        came, _ = self.by_key("jincai.payroll")
        went, opened = self.by_key("jincai.to.bank-abc")
        self.assertEqual(went, came)
        self.assertGreaterEqual(len(came), 3)
        self.assertTrue({"router.p0", "router.p1"} <= set(opened), opened)
        self.assertNotIn("router", opened)

    # ---- replays ----

    def replays(self, *to):
        """A plan."""
        r = self.verb("replay", "--topic", "payroll", *to, "--reason", "a test")
        self.assertEqual(r.code, 0, r)
        return r.out.split("\n")[0].split()[1]

    def replaying(self, plan, *words):
        p = subprocess.Popen([OPTIONS.program, "replay", "run", plan, *words, "-c", "main.yaml", "--lang", "en"], cwd=self.root,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.running.callback(p.kill)
        return p

    @in_long
    def test_replays_go_on_while_another_number_of_shares_takes_over(self):
        main, shares = self.started(2)
        batches = [self.batch(n, unit, ()) for n, unit in enumerate(UNITS[:6], 1)]
        until(lambda: self.sent() == 30, "history", main, *shares)
        self.ends_well(*shares, main)
        self.text = self.text.replace("routes:\n", """\
  later: {form: unit/csv, split: data.unit, gather: batch, mode: live, to: {file: {folder: ./out/later}}}
routes:
  - {types: [payroll.line.v1], to: later}
""")
        marks.folders(self.root, "out/later")
        self.say(None, "main")
        main, shares = self.run_on("main", "site", "payroll-a", "bank-abc", "units", "later", "replay"), self.shares(2)
        until(lambda: "run.start" in main.text(), "it starts", main, *shares)
        history, _ = self.by_key("jincai.payroll")
        for plan in self.replays("--to-destination", "later"), self.replays("--to-topic", "history"):
            run = self.replaying(plan, "--rate", "2")
            new = self.shares(3 if len(shares) == 2 else 4)
            batches.append(self.batch(len(batches) + 1, UNITS[len(batches)], ()))
            until(lambda: self.sent() == 5 * len(batches), "the new shares", main, *new)
            for p in shares:
                self.assertEqual(p.ended(), 7, p)
            self.assertIsNone(run.poll(), "it ended before the shares were others")
            shares = new
            self.assertEqual(run.wait(120), 0, run.stdout.read())
        came, _ = self.by_key("jincai.payroll")
        until(lambda: sum(map(len, self.by_key("jincai.to.later")[0].values())) >= 5 * len(batches), "all of it", main, *shares)
        given, _ = self.by_key("jincai.to.later")
        self.assertEqual({k: sorted(v) for k, v in given.items()}, {k: sorted(v) for k, v in came.items()})
        again, _ = self.by_key("jincai.replay.history")
        # The plan was made when the first new batch had come.
        self.assertEqual({k: v for k, v in again.items() if k in history}, history)
        self.site.sent_is(*batches)
        balance = self.verb("balance")
        self.assertEqual(balance.code, 0, balance)
        self.ends_well(*shares, main)

    # ---- what is refused ----

    def refused(self, code, name, *words, host="main"):
        r = self.verb("run", *words, host=host)
        self.assertEqual((r.code, r.codes & {name}), (code, {name}), r)

    def test_another_number_of_shares_is_refused_unless_the_site_says_it(self):
        main = self.main()
        self.say(None, "a", "b")
        until(lambda: "run.start" in main.text(), "it starts", main)
        self.refused(5, "shares.other", "router", "--part", "0/2", "--until-idle", host="a")
        two = self.shares(2)
        batch = self.site.drop(payroll(batch=1, rows=9))
        until(lambda: self.sent() == 9, "two shares", main, *two)
        self.refused(5, "shares.other", "router", "--until-idle", host="a")
        self.refused(5, "shares.other", "router", "--part", "2/3", "--until-idle", host="a")
        self.refused(5, "shares.site", "router", "--until-idle", host=self.hosts[0])
        self.refused(3, "shares.many", "router", "--part", "0/7", "--until-idle", host="a")
        for words in (["router", "--part", "3/3"], ["router", "--part", "x"], ["--part", "0/2"],
                      ["router", "units", "--part", "0/2"], ["router", "--part", "0/65"], ["router", "--part", "00/2"]):
            self.refused(2, "run.part", *words, host="a")
        for flow in ("units", "payroll-a"):
            self.refused(2, "run.part_whole", flow, "--part", "0/2", host="a")
        self.assertIn(f"--transactional-id '{self.prefix}{self.prefix[:-1]}.router.' --resource-pattern-type prefixed",
                      self.verb("topics", "--acls").out)
        # What is stopped would run on under another name.
        r = self.verb("stop", "router", "--reason", "a test")
        self.assertEqual(r.code, 0, r)
        items = [json.loads(line) for line in self.verb("todo", "--json").out.splitlines()]
        self.assertEqual([i["flow"] for i in items if i["kind"] == "stopped"], ["router.p0", "router.p1"])
        self.say(3, "b")
        self.refused(5, "shares.waiting", "router", "--part", "0/3", "--until-idle", host="b")
        r = self.verb("resume", "router", "--reason", "a test")
        self.assertEqual(r.code, 0, r)
        # Whole again: those who run in shares end.
        self.say(1, "b")
        whole = self.run_on("b", "router")
        more = self.site.drop(payroll(batch=2, rows=7))
        until(lambda: self.sent() == 16, "the router whole", main, whole)
        for p in two:
            self.assertEqual(p.ended(), 7, p)
        self.site.sent_is(batch, more)
        self.ends_well(whole, main)


    # ---- acts ----

    def batch(self, number, unit, rare):
        """rare: on these rows a name with a letter that the bank's charset of before lacks."""
        rows = 5
        names = {i: {1: "王𠮷敏" if i in rare else "王敏", 4: unit} for i in range(rows)}
        made = payroll(batch=number, rows=rows, seed=f"rare/{number}", head={3: unit}, cells=names)
        made.lines = [(a, names[i][1], f, c) for i, (a, _, f, c) in enumerate(made.lines)]
        return self.site.drop(made)

    def letters(self):
        return [json.loads(line) for line in self.verb("dead", "list", "--json").out.splitlines()]

    def started(self, shares):
        main = self.main()
        until(lambda: "run.start" in main.text(), "it starts", main)
        return main, self.shares(shares)

    def outcome(self, act):
        for line in self.verb("audit", "list", "--json").out.splitlines():
            one = json.loads(line)
            if one["id"] == act and one["outcome"]:
                return one["outcome"], one["words"]
        return None

    def decide(self, *words):
        """What came of it: outcome and words. Who has just started takes it up as soon as it owns."""
        r = self.verb(*words, "--reason", "a test")
        waits = re.findall(r"the act (\S+) was handed in", r.err)
        if not waits:
            self.assertTrue(r.code == 0 or (r.code == 5 and len(r.codes) == 1), r)
            return ("done", "") if r.code == 0 else ("refused", *r.codes)
        until(lambda: all(self.outcome(act) for act in waits), f"{words} is taken up")
        return max(self.outcome(act) for act in waits)

    def test_what_died_is_tried_again_or_given_back_by_the_share_that_has_it(self):
        self.text += "library: [./library]\n"
        put_form(self.site, "bank/pipe/batch.yaml", [("charset: gb18030", "charset: gbk")])
        main, shares = self.started(3)
        batches = [self.batch(n, unit, {1, 3}) for n, unit in enumerate(UNITS[:4], 1)]
        until(lambda: len(self.letters()) == 8, "letters", main, *shares)
        self.assertEqual({x["flow"] for x in self.letters()}, {"router"})
        for p in (*shares, main):
            p.stop()
        self.assertEqual(self.sent(), 0)
        put_form(self.site, "bank/pipe/batch.yaml", [])
        main, shares = self.started(3)
        until(lambda: "run.start" in shares[2].text(), "they start", main, *shares)
        numbers = collections.defaultdict(list)
        for x in self.letters():
            numbers[x["batch"]].append(str(x["number"]))
        first, second, third, last = sorted(numbers)
        for number in numbers[first]:
            self.assertEqual(self.decide("dead", "retry", number), ("done", ""))
        for batch in (second, third):
            self.assertEqual(self.decide("held", "retry", batch), ("done", ""))
        until(lambda: self.sent() == 15, "what was tried again", main, *shares)
        # What lies with several shares is given back by the whole router.
        given = self.decide("held", "return", last)
        if given != ("done", ""):
            self.assertEqual(given, ("refused", "act.share"))
            self.say(1, "whole")
            whole = self.run_on("whole", "router")
            for p in shares:
                self.assertEqual(p.ended(), 7, p)
            shares = [whole]
            self.assertEqual(self.decide("held", "return", last), ("done", ""))
        until(lambda: list((self.root / "in/payroll/.returned").glob("*")), "the slip", main, *shares)
        time.sleep(2)
        self.site.sent_is(*batches[:3])
        self.assertEqual(self.letters(), [])
        balance = self.verb("balance")
        self.assertEqual(balance.code, 0, balance)
        self.ends_well(*shares)
        self.assertIn(main.stop(), (0, 1), main)     # 1: a person had to look


# ---- destinations ----

# What is released record by record, over all partitions; the units get files, consumers outside get notices.
PARTED = SITE_FILE.replace("form: unit/csv, split: data.unit, gather: batch,", "form: unit/csv, split: data.unit, gather: partition,").replace(
    "routes:\n", """\
  notices: {form: notice/paid, gather: partition, mode: live, to: {topic: {}}}
routes:
  - {types: [payroll.line.v1], to: notices}
""").replace("payroll.line.v1, payment.published.v1", "payroll.line.v1") + "library: [./library]\n"
PARTED = "\n".join(line for line in PARTED.split("\n") if "lambeth" not in line)
BY_RECORD = [("release: batch", "release: record"), ("key: data.unit", "key: data.agent_no")]


class DestinationsTest(SharesTest):
    """Those of before run whole; `what` runs in shares here."""
    what = "units"

    def setUp(self):
        super().setUp()
        self.more = []
        self.text = PARTED.replace("name: yakeshi", f"name: {self.prefix[:-1]}") + f"partitions: {PARTITIONS}\n"
        self.site.write(self.text)
        put_form(self.site, edits=BY_RECORD)

    def say(self, shares, *hosts):
        text, self.text = self.text, self.text.replace(f"  {self.what}: {{", f"  {self.what}: {{shares: {shares}, ") if shares else self.text
        super().say(None, *hosts)
        self.text = text

    def main(self):
        self.say(None, "main")
        others = [f for f in ("units", "notices") if f != self.what]
        return self.run_on("main", "site", "payroll-a", "bank-abc", "router", *others)

    def shares(self, n):
        hosts = [f"h{len(self.hosts) + i}" for i in range(n)]
        self.hosts += hosts
        self.say(n, *hosts)
        return [self.run_on(host, self.what, "--part", f"{i}/{n}") for i, host in enumerate(hosts)]

    def parcels(self):
        """{number: [(state, generation of the lane)]} of a destination, in the order in which they were written."""
        ret = collections.defaultdict(list)
        with broker.Cluster(FOLDER).judge() as judge:
            for _, _, _, value in judge.consume(self.prefix + "jincai.parcels"):
                event = json.loads(value)
                if event["type"] == "jincai.parcel" and event["data"]["destination"] == self.what:
                    ret[event["data"]["no"]].append((event["data"]["state"], event["lane"]))
        return ret

    def sent(self):
        return sum(self.site.unit_lines().values()) if self.what == "units" else self.published().total()

    def published(self):
        ids = collections.Counter()
        with broker.Cluster(FOLDER).judge() as judge:
            for _, _, _, value in judge.consume(self.prefix + "jincai.out.notices.v1"):
                event = json.loads(value)
                ids[event["id"]] += event["type"] == "notice.paid.v1"
        return +ids

    def hand_in(self):
        for _ in range(3):
            self.more.append(self.site.drop(payroll(batch=500 + len(self.more), rows=30, seed=f"more/{len(self.more)}")))

    def step(self, shares, old, rng, main):
        """There is something on the way when they change, whatever has been carried before."""
        self.hand_in()
        return super().step(shares, old, rng, main)

    def await_carried(self, shares, main, new):
        self.hand_in()
        until(lambda: all(re.search(r"deliver\.(handed|published)", p.text()) for p in new), f"{shares} shares take over", main, *new)

    def all_is_there_once(self, batches):
        want = sum(len(b.lines) for b in batches)
        for where, count in (("the bank", lambda: self.site.sent().total()), ("the units", lambda: sum(self.site.unit_lines().values())),
                             ("the notices", lambda: self.published().total())):
            until_all(count, want, f"everything arrives at {where}", *self.alive)
        time.sleep(1)
        self.site.sent_is(*batches)
        self.assertEqual(set(self.published().values()), {1})
        self.assertEqual(self.published().total(), want)
        balance = self.verb("balance", "--deep")
        self.assertEqual(balance.code, 0, balance)
        self.assertIn("0 terms differ", balance.out)

    @in_long
    def test_3_4_2_shares_under_load_with_owners_that_sleep(self):
        rng = random.Random(13)
        main = self.main()
        until(lambda: "run.start" in main.text(), "it starts", main)
        batches, stop = [], threading.Event()
        shares = self.shares(3)
        threading.Thread(target=self.load, args=(batches, stop), daemon=True).start()
        self.addCleanup(stop.set)
        until(lambda: self.sent() > 20, "3 shares carry lines", main, *shares)
        for n in (4, 2) * OPTIONS.rounds:
            shares = self.step(n, shares, rng, main)
        until_all(lambda: len(batches), OPTIONS.batches, "all is handed in", main, *shares)
        self.alive = [*shares, main]
        self.all_is_there_once(batches + self.more)
        by = collections.Counter(len({lane for _, lane in records}) > 1 for records in self.parcels().values())
        print(f"{self.what}: {by.total()} parcels, {by[True]} of them ended by another process than planned them", file=sys.stderr)
        self.ends_well(*shares, main)

    def test_what_one_share_planned_is_handed_over_once_by_the_one_that_has_its_partition_later(self):
        if self.what != "units":
            self.skipTest("what goes to a topic is not planned")
        main = self.main()
        until(lambda: "run.start" in main.text(), "it starts", main)
        # Somebody has put files there that have the names of ours: planned, and no further.
        folder = self.root / "out/units/602001"
        folder.mkdir(parents=True)
        there = [folder / f"mx_{n:06}.csv" for n in range(1, PARTITIONS + 1)]
        for path in there:
            path.write_text("not ours")
        first = self.shares(3)
        batch = self.site.drop(payroll(rows=60))
        until(lambda: all("file.exists" in p.text() for p in first), "they plan", main)
        for p in first:
            self.assertEqual(p.ended(), 3, p)
        planned = self.parcels()
        self.assertEqual({tuple(state for state, _ in records) for records in planned.values()}, {("planned", "handing")}, planned)
        self.assertEqual(sorted(planned), list(range(1, PARTITIONS + 1)))
        for path in there:
            path.unlink()
        second = self.shares(4)
        self.alive = [*second, main]
        self.all_is_there_once([batch])
        done = self.parcels()
        for number, records in done.items():
            self.assertEqual([state for state, _ in records][-1], "done", done)
            self.assertEqual(sum(state in ("planned", "done") for state, _ in records), 2, done)
            self.assertNotEqual(records[0][1], records[-1][1])
        self.assertEqual(sorted(done), sorted(planned))
        self.ends_well(*second, main)

    @in_long
    def test_another_number_of_shares_is_refused_unless_the_site_says_it(self):
        main = self.main()
        until(lambda: "run.start" in main.text(), "it starts", main)
        two = self.shares(2)
        batch = self.site.drop(payroll(rows=20))
        until(lambda: self.sent() == 20, "two shares", main, *two)
        self.say(None, "a")
        self.refused(5, "shares.other", self.what, "--until-idle", host="a")
        self.refused(5, "shares.other", self.what, "--part", "2/3", "--until-idle", host="a")
        self.refused(5, "shares.site", self.what, "--until-idle", host=self.hosts[0])
        self.refused(3, "shares.many", self.what, "--part", "0/7", "--until-idle", host="a")
        self.refused(2, "run.part_whole", "bank-abc", "--part", "0/2", host="a")
        self.assertIn(f"--transactional-id '{self.prefix}{self.prefix[:-1]}.{self.what}.' --resource-pattern-type prefixed",
                      self.verb("topics", "--acls").out)
        # It is stopped as one, whoever runs it later: nothing of that is forgotten, and nothing is refused for it.
        r = self.verb("stop", self.what, "--reason", "a test")
        self.assertEqual(r.code, 0, r)
        items = [json.loads(line) for line in self.verb("todo", "--json").out.splitlines()]
        self.assertEqual([i["flow"] for i in items if i["kind"] == "stopped"], [f"{self.what}.p{n}" for n in range(PARTITIONS)])
        three = self.shares(3)
        for p in two:
            self.assertEqual(p.ended(), 7, p)
        more = self.site.drop(payroll(batch=2, rows=10))
        until(lambda: self.site.sent().total() == 30, "the bank has it", main, *three)
        time.sleep(1)
        self.assertEqual(self.sent(), 20)
        r = self.verb("resume", self.what, "--reason", "a test")
        self.assertEqual(r.code, 0, r)
        self.alive = [main, *three]
        self.all_is_there_once([batch, more])
        # The other way to gather would hand all of it over once more.
        self.text = self.text.replace(f"  {self.what}: {{form: unit/csv, split: data.unit, gather: partition", f"  {self.what}: {{form: unit/csv, split: data.unit, gather: batch")
        self.say(None, "b")
        self.refused(3, "gather.other", self.what, "--until-idle", host="b")
        for p in (*three, main):
            self.assertIn(p.stop(), (0, 1), p)      # 1: a person had stopped it

    def test_what_died_is_tried_again_or_given_back_by_the_share_that_has_it(self):
        self.skipTest("of the router")

    test_replays_go_on_while_another_number_of_shares_takes_over = None


class NoticesTest(DestinationsTest):
    what = "notices"

    def test_another_number_of_shares_is_refused_unless_the_site_says_it(self):
        self.skipTest("as of units")


class SeveralSharesTest(SharesTest):
    """A batch that lies with several shares of the router."""
    test_3_4_2_shares_under_load_with_owners_that_sleep = None
    test_another_number_of_shares_is_refused_unless_the_site_says_it = None
    test_what_died_is_tried_again_or_given_back_by_the_share_that_has_it = None
    test_replays_go_on_while_another_number_of_shares_takes_over = None

    def named(self, number, rare):
        names = ["王𠮷敏" if i in rare else "王敏" for i in range(30)]
        batch = payroll(batch=number, rows=30, seed=f"several/{number}", cells={i: {1: name} for i, name in enumerate(names)})
        batch.lines = [(a, name, f, c) for (a, _, f, c), name in zip(batch.lines, names)]
        return self.site.drop(batch)

    @in_long
    def test_it_is_given_back_by_the_router_as_a_whole_which_then_runs_in_shares_again(self):
        self.text += "library: [./library]\n"
        put_form(self.site, "bank/pipe/batch.yaml", [("charset: gb18030", "charset: gbk")])
        put_form(self.site, edits=BY_RECORD[1:])
        main, shares = self.started(3)
        self.named(1, {1, 3})
        until(lambda: len(self.letters()) == 2, "letters", main, *shares)
        batch = self.letters()[0]["batch"]
        self.assertEqual(self.decide("held", "return", batch), ("refused", "act.share"))
        self.say(1, "whole")
        whole = self.run_on("whole", "router")
        for p in shares:
            self.assertEqual(p.ended(), 7, p)
        self.assertEqual(self.decide("held", "return", batch), ("done", ""))
        until(lambda: list((self.root / "in/payroll/.returned").glob("*")), "the slip", main, whole)
        again = self.shares(3)
        self.assertEqual(whole.ended(), 7, whole)
        good = self.named(2, ())
        until(lambda: self.sent() == 30 and sum(self.site.unit_lines().values()) == 30, "what comes behind it", main, *again)
        self.site.sent_is(good)
        balance = self.verb("balance")
        self.assertEqual(balance.code, 0, balance)
        for p in (*again, main):
            self.assertIn(p.stop(), (0, 1), p)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--long", action="store_true", help="all cases, 300 batches, three rounds")
    parser.add_argument("--batches", type=int, help="so many, and one round when they are few")
    OPTIONS, rest = parser.parse_known_args()
    OPTIONS.batches = OPTIONS.batches or (300 if OPTIONS.long else 18)
    OPTIONS.rounds = 3 if OPTIONS.batches >= 100 else 1
    OPTIONS.pause = 0.5
    OPTIONS.program = str(pathlib.Path(OPTIONS.program).resolve())
    FOLDER = here.folder()
    unittest.main(argv=[sys.argv[0], *rest])
