#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What can be wrong between a site and its Kafka cluster, and what must become of it: a code that says what to do, nothing lost,
nothing twice.

    kafka_conditions_test.py PROGRAM [--line 4.1|3.9] [--only WORDS] [--long] [--keep]

$JINCAI_KAFKA_FOLDER is a plain broker that others use too, else one is started. Those that are ended are started here. Who is let
in, and who may what: kafka_security_test.py.
"""
import contextlib
import json
import os
import pathlib
import resource
import socket
import sys
import time

import kafka_cases
from kafka_cases import KafkaSite, case, expect, refused, soon
from small_site import large, payroll

import desk  # kafka_cases knows where it lies
import proxy

plain = None                    # a broker for all
OVERHEAD = 512                  # what the program leaves for the frame of a record


def started(folder, *words):
    return desk.started(folder, "--line", kafka_cases.options.line, *words)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# ---- the cluster is away ----

LOOKS = (("todo",), ("balance",), ("held", "list"), ("dead", "list"), ("audit", "list"), ("tail",), ("topics",), ("topics", "--create"), ("check", "--live"),
         ("trace", "--unit", "602001", "--amount", "1", "--day", "2026-12-15"), ("stop", "units", "--reason", "a test"))


@case("a cluster that is away, or whose name is unknown, is named at the start: a verb ends, a service waits, and nothing is touched")
def away_at_start(folder):
    """All at once: each waits for some ten seconds, three times when it is to end by itself."""
    away = KafkaSite(folder / "away", f"127.0.0.1:{free_port()}")
    unknown = KafkaSite(folder / "unknown", "kafka.invalid:9092")
    verbs = [away.start(*words) for words in LOOKS]
    runs = [(site, site.drop(payroll()), site.start("run", "--until-idle")) for site in (away, unknown)]
    with away.running() as service:
        for words, verb in zip(LOOKS, verbs):
            result = away.finish(verb, 60)
            refused(result, 4, "bus.away", "127.0.0.1")
            expect(not result.out, words, "shows something all the same:", result)
        for (site, batch, run), word in zip(runs, ("127.0.0.1", "kafka.invalid")):
            result = site.finish(run, 90)
            refused(result, 4, "bus.away", word, *(["resolve"] if site is unknown else []))
            expect((site.payroll / batch.name).exists(), "the file was taken")
        expect(service.poll() is None and "what=bus.wait" in away.said(), "the service has ended:", away.said())
    expect(service.returncode == 0, "it ended with", service.returncode, away.said())


def fill_disk(kafka):
    """As the broker sees it: not one of its files takes another byte. It then ends by itself, and can be started again."""
    pid, = kafka.ask("pids")
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


@case("a cluster whose disk is full goes away, is waited for, and work goes on where it was; asked to end meanwhile it ends soon")
def away_later(folder):
    with started(folder / "broker") as kafka:
        site = KafkaSite(folder / "site", kafka.address)
        with site.running() as process:
            first = site.drop(payroll(batch=1))
            site.sends(first)
            fill_disk(kafka)
            second = site.drop(payroll(batch=2))
            soon(lambda: kafka.ask("pids") == [None], 30, "the broker writes on", site.said)
            site.says("bus.away")
            time.sleep(2)
            expect(process.poll() is None, "the program has ended:", site.said())
            kafka.ask("restart")
            site.sends(first, second)
            # And asked to end while nobody answers: calls that would wait for long keep it no longer.
            kafka.ask("pause")
            third = site.drop(payroll(batch=3))
            time.sleep(0.5)
            process.terminate()
            expect(process.wait(10) == 4, "it ended with", process.returncode, site.said())
            expect("run.left" in site.said(), site.said())
        kafka.ask("resume")
        with site.running():
            site.sends(first, second, third)


@case("a cluster that goes away while the program begins, before any flow runs, is waited for")
def away_while_beginning(folder):
    with proxy.Proxy(plain.address.split(",")) as between:
        between.pause_at(proxy.INIT)
        site = KafkaSite(folder, between.address)
        batch = site.drop(payroll())
        with site.running() as process:
            site.says("what=run.later", "bus.away")
            expect(process.poll() is None, "the program has ended:", site.said())
            between.resume()
            site.sends(batch)


# ---- clocks ----

@case("a clock an hour off, or set back by two, delays nothing and loses nothing; it is said, on the host and to people")
def clock_off(folder):
    def is_off(seconds):
        with open(folder / "off", "r+b") as off:        # in place: the program looks into it
            off.write(b"%+06d\n" % seconds)
    (folder / "off").write_bytes(bytes(32))
    is_off(3600)
    clock = {"LD_PRELOAD": str(pathlib.Path(kafka_cases.options.program).parents[1] / "tests/libclock_off.so"), "CLOCK_FILE": str(folder / "off")}
    site = KafkaSite(folder, plain.address)
    with site.running(**clock) as process:
        first = site.drop(payroll(batch=1))
        site.sends(first)
        site.says("what=bus.clock", "60 minutes fast", seconds=15)
        items = [i for i in map(json.loads, site.call("todo", "--json", "--lang", "en").out.splitlines()) if i["kind"] == "clock"]
        expect(len(items) == 1 and "60 minutes ahead" in items[0]["happened"], items)
        is_off(-3600)
        second = site.drop(payroll(batch=2))
        site.sends(first, second)
        process.terminate()
        expect(process.wait(20) == 0, "it ended with", process.returncode, site.said())
    with site.running(**clock):
        third = site.drop(payroll(batch=3))
        site.sends(first, second, third)
        site.says("err=guard.clock", "60 minutes slow", seconds=15)


# ---- topics ----

@case("a topic that is no longer there stops what would read it; nothing is sent twice")
def topic_missing(folder):
    site = KafkaSite(folder, plain.address)
    batch = site.drop(payroll(batch=1))
    expect(site.run().code == 0, "the first run")
    plain.ask("delete", f"{site.name}.jincai.payroll")
    second = site.drop(payroll(batch=2))
    r = site.run()
    expect(r.code in (3, 5, 6), "wanted a refusal, got", r)
    expect(r.codes & {"bus.no_topic", "bus.gone", "bus.behind", "bus.shorter"}, r)
    site.sent_is(batch) if (site.payroll / second.name).exists() else site.nothing_lost()
    expect(sum(site.sent().values()) <= len(batch.lines) + len(second.lines), "lines went out twice")


@case("a topic that is made anew under a running service ends it with the code that says so")
def made_anew(folder):
    site = KafkaSite(folder, plain.address)
    batch = site.drop(payroll(batch=1))
    with site.running() as process:
        site.sends(batch)
        plain.ask("delete", f"{site.name}.jincai.payroll")
        plain.ask("create", f"{site.name}.jincai.payroll", 1)
        soon(lambda: process.poll() is not None, 60, "it runs on, and does nothing:", site.said)
        expect(process.returncode == 5, "it ended with", process.returncode, site.said())
        expect("bus.shorter" in site.said(), site.said())


@case("another number of partitions is refused and explained, in the site file and on the cluster")
def partitions(folder):
    site = KafkaSite(folder, plain.address, more="partitions: 1\n")
    batch = site.drop(payroll())
    expect(site.run().code == 0, "the first run")
    site.at(plain.address, more="partitions: 3\n")
    refused(site.run(), 3, "bus.partitions", "1", "3")
    site.at(plain.address)
    plain.ask("grow", f"{site.name}.jincai.payroll", 2)
    refused(site.run(), 3, "bus.partitions")
    site.sent_is(batch)


@case("what is too large for its topic dies with a letter, and the flow goes on")
def too_large(folder):
    usual = KafkaSite(folder / "a", plain.address, prefix=f"{folder.name.lower()}a.")
    usual.drop(payroll(batch=1))
    expect(usual.run().code == 0, "the usual size")
    rows = plain.ask("read", f"{folder.name.lower()}a.jincai.payroll").popitem()[1]
    size = max(len(value.encode()) + len(key or "") for _, _, key, value in rows)
    site = KafkaSite(folder / "b", plain.address, prefix=f"{folder.name.lower()}b.")
    plain.ask("create", f"{folder.name.lower()}b.jincai.payroll", 1, f"max.message.bytes={size + OVERHEAD + 30}")
    site.drop(payroll(batch=1, cells={2: {1: "王" * 30}}))
    site.run()
    good = site.drop(payroll(batch=2))
    r = site.run()
    expect(r.code == 1, r)
    site.sent_is(good)
    held = site.call("held", "list")
    expect("bus.too_large" in held.out + r.err + site.call("dead", "list").out, "nothing names it:", held, r)


@case("what the cluster no longer keeps is counted and stops the flow that needs it")
def gone(folder):
    site = KafkaSite(folder, plain.address)
    batch = site.drop(payroll())
    r = site.call("run", "site", "payroll-a", "--until-idle")
    expect(r.code in (0, 1), r)
    plain.ask("truncate", f"{site.name}.jincai.payroll", 0)
    r = site.run()
    refused(r, 5, "bus.gone", "jincai.payroll")
    expect(not site.sent(), "something was sent")
    site.nothing_lost()
    expect(site.taken(), batch.name)


@case("brokers that are too old are refused at once, and by check --live too; nothing is touched")
def too_old(folder):
    with proxy.Proxy([plain.address]) as between:
        between.forget_requests(proxy.INIT, proxy.ADD_PARTITIONS, proxy.END_TXN)
        site = KafkaSite(folder, between.address)
        batch = site.drop(payroll())
        refused(site.run(), 3, "kafka.old", "0.11")
        expect((site.payroll / batch.name).exists(), "the file was taken")
        between.forget_requests(proxy.DESCRIBE_CONFIGS)
        refused(site.call("check", "--live"), 3, "kafka.old")


# ---- transactional ids ----

@case("a transactional id that the cluster has forgotten is taken anew, and nothing is lost")
def expired_id(folder):
    with started(folder / "broker", "--set", "transactional.id.expiration.ms=3000",
                 "--set", "transaction.remove.expired.transaction.cleanup.interval.ms=500") as kafka:
        site = KafkaSite(folder / "site", kafka.address)
        with site.running() as process:
            first = site.drop(payroll(batch=1))
            site.sends(first)
            time.sleep(6)
            second = site.drop(payroll(batch=2))
            site.sends(first, second)
            expect(process.poll() is None, "the program has ended:", site.said())


@case("of two processes on one host the younger waits for the older and takes its place when that has ended")
def second_waits(folder):
    site = KafkaSite(folder, plain.address)
    batch = site.drop(payroll(batch=1))
    with site.running() as first:
        site.sends(batch)
        with site.running():
            site.says("bus.owned")
            time.sleep(3)
            expect(first.poll() is None, "the older was ended:", site.said())
            second = site.drop(payroll(batch=2))
            site.sends(batch, second)
            first.terminate()
            first.wait(30)
            third = site.drop(payroll(batch=3))
            site.sends(batch, second, third)


@case("one that is told to take over ends the other once, and that one does not come back on top of it")
def taken_over(folder):
    site = KafkaSite(folder, plain.address)
    batch = site.drop(payroll(batch=1))
    with site.running() as first:
        site.sends(batch)
        with site.running("--take-over") as second:
            soon(lambda: first.poll() is not None, 60, "both run:", site.said)
            expect(first.returncode == 7, "it ended with", first.returncode, site.said())
            more = site.drop(payroll(batch=2))
            site.sends(batch, more)             # by now the other owns them all
            with site.running():                # as a supervisor does
                site.says("bus.owned")
                time.sleep(5)
                expect(second.poll() is None, "they take it from each other:", site.said())
                third = site.drop(payroll(batch=3))
                site.sends(batch, more, third)


@case("what others write to our topics is passed over, stops nobody, and waits for a person until one has seen it")
def foreign(folder):
    site = KafkaSite(folder, plain.address)
    first = site.drop(payroll(batch=1))
    with site.running() as process:
        site.sends(first)
        for topic in ("payroll", "to.bank-abc", "claims", "parcels", "dead", "acts"):
            plain.ask("write", f"{site.name}.jincai.{topic}", "a note")
            plain.ask("write", f"{site.name}.jincai.{topic}", '{"specversion":"1.0","id":"x","source":"/x",'
                      '"type":"payroll.line.v1","fingerprint":"none","data":{}}')
        second = site.drop(payroll(batch=2))
        site.sends(first, second)
        expect(process.poll() is None, "the program has ended:", site.said())
        r = site.call("balance", "--deep", "--lang", "en")
        expect(r.code == 0 and "difference 0.00" in r.out, r)
        r = site.call("dead", "list", "--lang", "en")
        expect(r.code == 0 and "passed over: 2 records" in r.err and "there is no dead letter" in r.err, r)
        items = [i for i in map(json.loads, site.call("todo", "--json").out.splitlines()) if i["kind"] == "foreign"]
        expect(len(items) == 6, items)
        for item in items:
            r = site.call("held", "seen", item["number"], "--reason", "a test", "--lang", "en")
            expect(r.code == 0 and "were seen" in r.out, r)
        expect('"foreign"' not in site.call("todo", "--json").out, "they are still listed")
        plain.ask("write", f"{site.name}.jincai.payroll", "another one")
        soon(lambda: site.call("todo", "--json").out.count('"foreign"') == 1, 30, "not told:", site.said)


@case("a flow for which the brokers are slow keeps no other from giving signs of life", long=True)
def one_is_slow(folder):
    with proxy.Proxy([plain.address]) as between:
        site = KafkaSite(folder, between.address)
        batch = site.drop(payroll(batch=1))
        with site.running():
            site.sends(batch)
            between.hold_back(every=1, most=1)            # the first sign of life: some 20 seconds
            soon(lambda: between.held, 20, "no sign of life is given:", site.said)
            slow = between.held[0].transactional
            others = {f"{site.name}.{site.name}.{flow}" for flow in ("site", "replay", "router", "payroll-a", "lambeth", "bank-abc", "units")}
            expect(slow in others, slow)
            before = {one: len(plain.ask("history", one)) for one in others}
            time.sleep(8)
            quiet = [one for one in others - {slow} if len(plain.ask("history", one)) <= before[one]]
            expect(len(quiet) <= 2, "nothing is heard of", quiet, "while", slow, "is slow")


# ---- what lies on the host ----

@case("a position that does not fit its spool stops the adapter; from the original of what was claimed another host goes on, each line once")
def spool(folder):
    site = KafkaSite(folder, plain.address)
    batch = site.drop(large(12000))
    with site.running() as process:
        site.says("state=publishing")
        process.kill()
        process.wait()
    copy, = (site.root / "bus/spool/payroll-a").iterdir()
    original, = (site.payroll / ".taken").glob("*.txt")
    os.truncate(copy, 1000)
    refused(site.run(), 6, "drop.spool_damaged", copy.name)
    (site.root / "bus").rename(site.root / "host-a")
    original.write_bytes(batch.content.replace(b"0.01", b"0.02", 1))
    refused(site.run(), 6, "drop.spool_missing", copy.name)
    original.write_bytes(batch.content)
    r = site.run()
    expect(r.code == 0 and "intake.copied_again" in r.err, r)
    site.sent_is(batch)


# ---- running ----

@contextlib.contextmanager
def broker(work):
    global plain
    folder = os.environ.get("JINCAI_KAFKA_FOLDER")
    if folder and kafka_cases.options.line == "4.1":
        with contextlib.closing(desk.Desk(folder)) as plain:
            yield
    else:
        with started(work / "plain") as plain:
            yield


if __name__ == "__main__":
    sys.exit(kafka_cases.main(__doc__, broker, [("--line", {"default": "4.1", "choices": ("4.1", "3.9")})]))
