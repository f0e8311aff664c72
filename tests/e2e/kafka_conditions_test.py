#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What can be wrong between a site and its Kafka cluster, and what must become of it: a code that says what to do, nothing lost,
nothing twice.

    kafka_conditions_test.py PROGRAM [--only WORDS] [--long] [--keep]

Each case has a fresh site with names of its own; its name is the sentence that it proves. $JINCAI_KAFKA_FOLDER is a plain
broker that others use too, else one is started. Guarded ones, and those that are ended, are started here.
"""
import argparse
import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "kafka"))
import desk  # noqa: E402
import proxy  # noqa: E402
from small_site import SITE_FILE, Site, payroll  # noqa: E402

CASES = []
options = None
plain = None                    # a broker for all
MANY = 3                        # cases at once
OVERHEAD = 512                  # what the program leaves for the frame of a record


def case(sentence, long=False):
    """long: with --long alone."""
    def add(function):
        CASES.append((sentence, function, long))
        return function
    return add


def expect(condition, *words):
    if not condition:
        raise AssertionError(" ".join(str(w) for w in words))


def refused(result, exit_code, code, *words):
    """Ended with this code, said so, and each word (of the network's own) stands in the message."""
    expect(result.code == exit_code, f"wanted exit {exit_code}, got", result)
    expect(code in result.codes, f"[{code}] is not among {sorted(result.codes)}:", result)
    for word in words:
        expect(word in result.err, f"{word!r} is not said:", result)


def site_text(name, address, more="", **kafka):
    kafka = {"folder": "./bus", "prefix": f"{name}.", **kafka}
    text = SITE_FILE.replace("name: yakeshi", f"name: {name}").replace(
        "bus: embedded:./bus", f"bus: kafka:{address}\nkafka: {{{', '.join(f'{k}: {v}' for k, v in kafka.items())}}}")
    return text + more


class KafkaSite(Site):
    def __init__(self, folder, address, more="", **kafka):
        self.name = "k" + re.sub("[^a-z0-9]", "", folder.name.lower())
        self.kafka, self.more = kafka, more
        super().__init__(folder, options.program, site_text(self.name, address, more, **kafka))

    def at(self, address, more=None, **kafka):
        self.write(site_text(self.name, address, self.more if more is None else more, **{**self.kafka, **kafka}))

    @contextlib.contextmanager
    def running(self, *words):
        """As a service. What it says lies in run.log."""
        with open(self.root / "run.log", "ab") as log:
            process = subprocess.Popen([self.program, "run", *words], cwd=self.root, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       env={**os.environ, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"})
            try:
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                    raise AssertionError("does not end on SIGTERM:\n" + self.said()[-2000:]) from None

    def said(self):
        return (self.root / "run.log").read_text(errors="replace")

    def says(self, *words, seconds=60):
        soon(lambda: all(word in self.said() for word in words), seconds, f"{words} not said:", self.said)

    def sends(self, *batches, seconds=90):
        def all_there():
            try:
                self.sent_is(*batches)
            except (AssertionError, OSError):
                return False
            return True
        soon(all_there, seconds, "not all was sent:", lambda: self.said()[-3000:])
        self.sent_is(*batches)


def soon(condition, seconds, words, more):
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            raise AssertionError(f"{words} {more()}")
        time.sleep(0.2)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# ---- the cluster is away ----

@case("a cluster that is away when the program starts is named, and nothing is touched")
def away_at_start(folder):
    site = KafkaSite(folder, f"127.0.0.1:{free_port()}")
    batch = site.drop(payroll())
    refused(site.run(timeout=90), 4, "bus.away", "127.0.0.1")
    expect((site.payroll / batch.name).exists(), "the file was taken")


@case("a name that does not resolve is said as such")
def unknown_name(folder):
    site = KafkaSite(folder, "kafka.invalid:9092")
    site.drop(payroll())
    refused(site.run(timeout=90), 4, "bus.away", "kafka.invalid", "resolve")


@case("a cluster that goes away is waited for, and work goes on where it was")
def away_later(folder):
    with desk.started(folder / "broker") as kafka:
        site = KafkaSite(folder / "site", kafka.address)
        with site.running() as process:
            first = site.drop(payroll(batch=1))
            site.sends(first)
            kafka.ask("kill")
            second = site.drop(payroll(batch=2))
            site.says("bus.away")
            time.sleep(2)
            expect(process.poll() is None, "the program has ended:", site.said())
            kafka.ask("restart")
            site.sends(first, second)


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


# ---- who we are, and who they are ----

def guarded(folder, kafka, user="jincai", password=None, ca="ca", **more):
    """A site on a cluster with TLS and passwords."""
    secret = folder / "password"
    folder.mkdir(exist_ok=True)
    secret.write_text(password or (kafka.folder / "sasl" / user).read_text())
    secret.chmod(0o600)
    return KafkaSite(folder, kafka.address, ca=kafka.folder / "tls" / f"{ca}.pem", mechanism="PLAIN", user=user, password=secret,
                     **more)


@case("password, authority and rights: each that is wrong is said at once, with what is wrong")
def who_we_are(folder):
    with desk.started(folder / "broker", "--tls", "--sasl", "plain", "--acl") as kafka:
        began = time.monotonic()
        site = guarded(folder / "one", kafka, password="a wrong one")
        refused(site.run(), 5, "bus.denied", "uthentication")
        expect(time.monotonic() - began < 20, "took", time.monotonic() - began)
        site = guarded(folder / "two", kafka, ca="other-ca")
        refused(site.run(), 5, "bus.denied", "certificate")
        site = guarded(folder / "three", kafka)
        batch = site.drop(payroll())
        refused(site.run(), 3, "bus.topic_make", "uthoriz")
        expect((site.payroll / batch.name).exists(), "the file was taken")
        for names, words in (({"topic": "*"}, ("--transactional-id",)), ({"transactional-id": "*"}, ())):
            allow(kafka, names)
            r = site.run()
            if words:
                refused(r, 5, "bus.denied")
                expect("ransactional" in r.err, "it is not said which right is missing:", r)
        expect(r.code == 0, r)
        site.sent_is(batch)


def allow(kafka, names):
    """All rights on these, for User:jincai, by Kafka's own program."""
    sys.path.append(str(desk.KAFKA))
    import libs
    words = [part for name, value in names.items() for part in (f"--{name}", value)]
    inside = (kafka.folder / "inside").read_text().strip()
    done = subprocess.run([*libs.JAVA, "-cp", libs.class_path(), "-Dorg.slf4j.simpleLogger.defaultLogLevel=off",
                           "org.apache.kafka.tools.AclCommand", "--bootstrap-server", inside, "--add", "--allow-principal",
                           "User:jincai", "--operation", "All", *words], capture_output=True, text=True, check=False)
    expect(done.returncode == 0, done.stdout, done.stderr)


def bad_certificate(folder, cert, *words):
    with desk.started(folder / "broker", "--tls", "--cert", cert) as kafka:
        site = KafkaSite(folder / "site", kafka.address, ca=kafka.folder / "tls/ca.pem")
        refused(site.run(timeout=60), 5, "bus.denied", *words)


@case("a broker whose certificate has expired is refused, and why")
def expired(folder):
    bad_certificate(folder, "server-expired", "certificate")


@case("a broker whose certificate is for another host is refused, and why")
def other_host(folder):
    bad_certificate(folder, "server-host", "certificate")


@case("who comes without a certificate where one is asked for is told so")
def no_certificate(folder):
    with desk.started(folder / "broker", "--mutual") as kafka:
        tls = kafka.folder / "tls"
        site = KafkaSite(folder / "site", kafka.address, ca=tls / "ca.pem")
        refused(site.run(timeout=60), 5, "bus.denied", "certificate")
        site.at(kafka.address, certificate=tls / "client-other.pem", key=tls / "client-other.key")
        refused(site.run(timeout=60), 5, "bus.denied", "certificate")
        site.at(kafka.address, certificate=tls / "client-expired.pem", key=tls / "client-expired.key")
        r = site.run(timeout=60)
        expect(r.code in (3, 5), r)
        batch = site.drop(payroll())
        site.at(kafka.address, certificate=tls / "client.pem", key=tls / "client.key")
        expect(site.run().code == 0, "the right one is refused")
        site.sent_is(batch)


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


# ---- transactional ids ----

@case("a transactional id that the cluster has forgotten is taken anew, and nothing is lost")
def expired_id(folder):
    with desk.started(folder / "broker", "--set", "transactional.id.expiration.ms=3000",
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
            with site.running():                # as a supervisor does
                site.says("bus.owned")
                time.sleep(5)
                expect(second.poll() is None, "they take it from each other:", site.said())
                more = site.drop(payroll(batch=2))
                site.sends(batch, more)


def write_to(topic, *values):
    """As somebody who may write there, by Kafka's own program."""
    sys.path.append(str(desk.KAFKA))
    import libs
    done = subprocess.run([*libs.JAVA, "-cp", libs.class_path(), "-Dorg.slf4j.simpleLogger.defaultLogLevel=off",
                           "org.apache.kafka.tools.ConsoleProducer", "--bootstrap-server", plain.address, "--topic", topic],
                          input="\n".join(values) + "\n", capture_output=True, text=True, check=False)
    expect(done.returncode == 0, done.stdout, done.stderr)


@case("what others write to our topics is passed over, stops nobody, and waits for a person until one has seen it")
def foreign(folder):
    site = KafkaSite(folder, plain.address)
    first = site.drop(payroll(batch=1))
    with site.running() as process:
        site.sends(first)
        for topic in ("payroll", "to.bank-abc", "claims", "parcels", "dead", "acts"):
            write_to(f"{site.name}.jincai.{topic}", "a note",
                     '{"specversion":"1.0","id":"x","source":"/x","type":"payroll.line.v1","fingerprint":"none","data":{}}')
        second = site.drop(payroll(batch=2))
        site.sends(first, second)
        expect(process.poll() is None, "the program has ended:", site.said())
        r = site.call("balance", "--deep", "--lang", "en")
        expect(r.code == 0 and "difference 0.00" in r.out, r)
        items = [i for i in map(json.loads, site.call("todo", "--json").out.splitlines()) if i["kind"] == "foreign"]
        expect(len(items) == 6, items)
        for item in items:
            r = site.call("held", "seen", item["number"], "--reason", "a test", "--lang", "en")
            expect(r.code == 0 and "were seen" in r.out, r)
        expect('"foreign"' not in site.call("todo", "--json").out, "they are still listed")
        write_to(f"{site.name}.jincai.payroll", "another one")
        soon(lambda: site.call("todo", "--json").out.count('"foreign"') == 1, 30, "not told:", site.said)


@case("a flow for which the brokers are slow keeps no other from giving signs of life", long=True)
def one_is_slow(folder):
    sys.path.append(str(desk.KAFKA))
    from proxy import Proxy
    with Proxy([plain.address]) as proxy:
        site = KafkaSite(folder, proxy.address)
        batch = site.drop(payroll(batch=1))
        with site.running():
            site.sends(batch)
            proxy.hold_back(every=1, most=1)            # the first sign of life: some 20 seconds
            soon(lambda: proxy.held, 20, "no sign of life is given:", site.said)
            slow = proxy.held[0].transactional
            others = {f"{site.name}.{site.name}.{flow}" for flow in ("site", "router", "payroll-a", "lambeth", "bank-abc", "units")}
            expect(slow in others, slow)
            before = {one: len(plain.ask("history", one)) for one in others}
            time.sleep(8)
            quiet = [one for one in others - {slow} if len(plain.ask("history", one)) <= before[one]]
            expect(len(quiet) <= 2, "nothing is heard of", quiet, "while", slow, "is slow")


# ---- running ----

def one(entry):
    sentence, function, _ = entry
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kc" + re.sub("[^a-z]", "", function.__name__)[:12], dir=options.work))
    began, wrong = time.monotonic(), ""
    try:
        function(folder)
    except (Exception, SystemExit) as e:
        wrong = str(e) if isinstance(e, AssertionError) else traceback.format_exc()
    if not wrong and not options.keep:
        shutil.rmtree(folder, ignore_errors=True)
    where = f"\n    {folder}" if wrong else ""
    print(f"{'FAILED' if wrong else 'ok'}  {sentence}, {time.monotonic() - began:.0f} s"
          + "".join("\n    " + line for line in wrong.splitlines()[-60:]) + where, flush=True)
    return bool(wrong)


def main():
    global options, plain
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("program")
    p.add_argument("--only", default="")
    p.add_argument("--long", action="store_true", help="those that take long, too")
    p.add_argument("--keep", action="store_true")
    options = p.parse_args()
    options.program = str(pathlib.Path(options.program).resolve())
    wanted = [entry for entry in CASES if options.only in entry[0] and options.long >= entry[2]]
    with tempfile.TemporaryDirectory(prefix="kafka_conditions_", ignore_cleanup_errors=True) as work, \
            contextlib.ExitStack() as stack:
        options.work = tempfile.gettempdir() if options.keep else work
        folder = os.environ.get("JINCAI_KAFKA_FOLDER")
        plain = desk.Desk(folder) if folder else stack.enter_context(desk.started(pathlib.Path(work) / "plain"))
        if folder:
            stack.callback(plain.close)
        with concurrent.futures.ThreadPoolExecutor(MANY) as pool:
            bad = sum(pool.map(one, wanted))
    print(f"{len(wanted) - bad} of {len(wanted)} cases are right")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
