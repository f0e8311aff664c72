#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who is let in by a Kafka cluster, and who may do what there: each that is wrong is said at once, by a code of its own that says
what to do, and nothing is touched.

    kafka_security_test.py PROGRAM [--line 4.1|3.9] [--only WORDS] [--long] [--keep]

One broker, started here, with a listener for each way to come in. SCRAM works with librdkafka below 2.6.1 on 3.9 alone.
"""
import contextlib
import os
import re
import subprocess
import sys
import time

import kafka_cases
from kafka_cases import KafkaSite, case, expect, refused
from small_site import payroll

import desk  # kafka_cases knows where it lies

kafka = None
PATIENCE = 240                  # a machine that does much else at once: 60 s have been seen for what takes 4
SOON = 20                       # seconds: who is refused hears of it, and is not tried again in silence
LISTENERS = {"mutual": "mutual", "plain": "tls+plain", "scram": "tls+scram", "expired": "tls+server-expired",
             "elsewhere": "tls+server-host", "other": "tls+server-other"}


@contextlib.contextmanager
def broker(work):
    global kafka
    words = [word for name, guard in LISTENERS.items() for word in ("--also", f"{name}={guard}")]
    with desk.started(work / "broker", "--acl", "--line", kafka_cases.options.line, *words) as kafka:
        yield


def tls(name):
    return kafka.folder / "tls" / name


def by_certificate(folder, name="client", listener="mutual"):
    return KafkaSite(folder, kafka.at(listener), ca=tls("ca.pem"), certificate=tls(f"{name}.pem"), key=tls(f"{name}.key"))


def by_password(folder, listener="plain", mechanism="PLAIN", secret="jincai"):
    return KafkaSite(folder, kafka.at(listener), ca=tls("ca.pem"), mechanism=mechanism, user="jincai",
                     password=kafka.folder / "sasl" / secret)


def allow_all(site, who):
    for kind in ("topic", "transactional-id"):
        kafka.ask("allow", who, "All", kind, f"{site.name}.", "prefixed")


def refused_at_once(site, code, *words):
    batch = site.drop(payroll())
    began = time.monotonic()
    r = site.run(timeout=60)
    refused(r, 5, code, *words)
    expect(time.monotonic() - began < SOON, "took", time.monotonic() - began)
    expect((site.payroll / batch.name).exists(), "the file was taken")
    for path in (kafka.folder / "sasl").iterdir():
        expect(path.read_text() not in r.out + r.err, "a password is shown:", r)


def works(site, who):
    allow_all(site, who)
    batch = site.drop(payroll())
    r = site.run(timeout=PATIENCE)
    expect(r.code == 0, r)
    site.sent_is(batch)


# ---- who we are ----

@case("who shows the right certificate is let in, and all goes its way")
def certificate(folder):
    works(by_certificate(folder), "User:CN=jincai")


@case("who has the password, in a file of its own, is let in by PLAIN over TLS")
def password(folder):
    works(by_password(folder), "User:jincai")


@case("a wrong password is said: user, file, what the brokers say; the password is not shown")
def wrong_password(folder):
    refused_at_once(by_password(folder, secret="wrong"), "bus.login", "user jincai", "sasl/wrong", "Invalid username or password")


@case("SCRAM-SHA-512 works up to Kafka 3.9; where Kafka 4 refuses it whatever the password, that is said")
def scram(folder):
    version = subprocess.run([kafka_cases.options.program, "--version"], capture_output=True, text=True, check=True).stdout
    library = tuple(map(int, re.search(r"librdkafka (\d+)\.(\d+)\.(\d+)", version).groups()))
    site = by_password(folder / "right", "scram", "SCRAM-SHA-512")
    wrong = by_password(folder / "wrong", "scram", "SCRAM-SHA-512", secret="wrong")
    if kafka_cases.options.line >= "4" and library < (2, 6, 1):
        refused_at_once(site, "bus.scram", "SCRAM-SHA-512", "Kafka 4", ".".join(map(str, library)), "librdkafka 2.6.1")
        refused_at_once(wrong, "bus.scram")
    else:
        works(site, "User:jincai")
        refused_at_once(wrong, "bus.login", "user jincai", "sasl/wrong")


@case("a mechanism that the brokers do not take is said, with those that they take")
def mechanism(folder):
    refused_at_once(by_password(folder, mechanism="SCRAM-SHA-256"), "bus.mechanism", "SCRAM-SHA-256", "but PLAIN")


@case("who comes without a certificate where one is asked for is told to name one")
def no_certificate(folder):
    refused_at_once(KafkaSite(folder, kafka.at("mutual"), ca=tls("ca.pem")), "bus.certificate_none", "certificate:")


@case("a certificate of ours that they do not trust, or that has expired, is named with its days")
def own_certificate(folder):
    refused_at_once(by_certificate(folder / "a", "client-other"), "bus.certificate_own", "client-other.pem", "certificate unknown")
    refused_at_once(by_certificate(folder / "b", "client-expired"), "bus.certificate_own", "client-expired.pem",
                    "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z")


# ---- who they are ----

@case("a broker whose certificate nobody vouches for is not spoken to: who signed it, whom we trust")
def untrusted(folder):
    refused_at_once(KafkaSite(folder, kafka.at("other"), ca=tls("ca.pem")), "bus.certificate_trust", "CN=nobody's", "tls/ca.pem")


@case("a broker whose certificate has expired is not spoken to: its days, and what our clock says")
def expired(folder):
    refused_at_once(KafkaSite(folder, kafka.at("expired"), ca=tls("ca.pem")), "bus.certificate_time", "until 2021-01-01T00:00:00Z",
                    f"it is {time.strftime('%Y-', time.gmtime())}")


@case("a broker whose certificate is for another host is not spoken to: for which one")
def other_host(folder):
    refused_at_once(KafkaSite(folder, kafka.at("elsewhere"), ca=tls("ca.pem")), "bus.certificate_host", "elsewhere.invalid",
                    "broker 127.0.0.1:")


# ---- who may what ----

def missing(result):
    """The words of the line that gives the right: (who, right, kind, name)."""
    refused(result, 5, "bus.right")
    line = re.search(r"kafka-acls\.sh --bootstrap-server 127\.0\.0\.1:\d+ --add --allow-principal '(\S+)' --operation (\w+)"
                     r" --([a-z-]+) ([^\s,;]+)", result.err)
    expect(line, "no line for kafka-acls.sh:", result)
    expect(f"{line[1]} lacks the right {line[2]} on {line[3]} {line[4]}" in result.err, "the message differs from its line:", result)
    return line.groups()


@case("each right that is missing is named, with the line that gives it")
def rights(folder):
    site, given = by_certificate(folder), set()
    batch = site.drop(payroll())
    while (r := site.run(timeout=PATIENCE)).code != 0:
        who, right, kind, name = missing(r)
        expect(who == "User:CN=jincai" and name.startswith(f"{site.name}."), "of somebody else:", r)
        expect((right == "Create") == ("jincai topics --create" in r.err), "who makes topics:", r)
        expect((right, kind) not in given, "given, and missing still:", r)
        expect((site.payroll / batch.name).exists(), "the file was taken")
        given.add((right, kind))
        kafka.ask("allow", who, right, kind, f"{site.name}.", "prefixed")
    expect(given == {("Describe", "topic"), ("Create", "topic"), ("Read", "topic"), ("Write", "topic"),
                     ("Write", "transactional-id")}, given)
    site.sent_is(batch)
    for right, kind in (("Read", "topic"), ("Write", "topic"), ("Write", "transactional-id")):
        kafka.ask("forbid", who, right, kind, f"{site.name}.", "prefixed")
        if kind == "topic" and right == "Write":
            stopped = site.call("stop", "site", "--reason", "try")
            expect(missing(stopped)[1:] == ("Write", "topic", f"{site.name}.jincai.orders"), stopped)
        expect(missing(site.run(timeout=PATIENCE))[1:3] == (right, kind), "taken away:", right, kind)
        kafka.ask("allow", who, right, kind, f"{site.name}.", "prefixed")
    second = site.drop(payroll(batch=2))
    expect(site.run(timeout=PATIENCE).code == 0, "all was given back")
    site.sent_is(batch, second)


@case("what jincai topics --acls prints is enough for all services and the operators")
def printed(folder):
    site = by_password(folder, secret="jincai")
    address = kafka.at("plain")
    site.at((kafka.folder / "inside").read_text().strip())
    site.write(re.sub(r", ca: .*?\}", "}", (site.root / "jincai.yaml").read_text()))
    expect(site.call("topics", "--create").code == 0, "topics are not made")
    site.at(address)
    r = site.call("topics", "--acls")
    shim = folder / "bin"
    shim.mkdir()
    (shim / "kafka-acls.sh").write_text("#!/bin/sh\necho \"$@\"\n")
    (shim / "kafka-acls.sh").chmod(0o755)
    lines = subprocess.run(["sh"], input=r.out, capture_output=True, text=True, check=True,
                           env={**os.environ, "PATH": f"{shim}:{os.environ['PATH']}"}).stdout.splitlines()
    expect(len(lines) > 10, r)
    for line in lines:
        words = line.split()[3:]        # behind the address and --add
        pattern = "prefixed" if "prefixed" in words else "literal"
        pairs = list(zip(words, words[1:]))
        who = next(value for key, value in pairs if key == "--allow-principal")
        for right in (value for key, value in pairs if key == "--operation"):
            for kind, name in ((key[2:], value) for key, value in pairs if key in ("--topic", "--transactional-id")):
                kafka.ask("allow", who, right, kind, name, pattern)
            if "--cluster" in words:
                kafka.ask("allow", who, right, "cluster", "kafka-cluster")
    batch = site.drop(payroll())
    expect((r := site.run(timeout=PATIENCE)).code == 0, r)
    site.sent_is(batch)
    expect((r := site.call("check", "--live")).code in (0, 1) and "kafka.denied" not in r.codes, r)


if __name__ == "__main__":
    sys.exit(kafka_cases.main(__doc__, broker, [("--line", {"default": "4.1", "choices": ("4.1", "3.9")})]))
