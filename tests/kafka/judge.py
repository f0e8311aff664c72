#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a cluster holds, as Kafka's own Java client sees it (Judge.java); shares no code with jincai.

A Judge keeps one Java process and answers many questions; closed, it leaves its open transactions as a crash would."""
import base64
import re
import subprocess
import tempfile

import libs


# How Kafka prints a line of __transaction_state: as JSON, and before 4.0 as words.
WRITTEN = re.compile(r" CreateTime: (\d+) ")
KEY = re.compile(r' key: (?:\{.*"transactionalId":"([^"]*)"\}\}|transaction_metadata::transactionalId=(\S*)) payload: ')
STATE = re.compile(r' payload: (?:.*"producerId":(\d+),"producerEpoch":(-?\d+),.*"transactionStatus":(\d+)'
                   r"|producerId:(\d+),producerEpoch:(-?\d+),state=(\w+),)")
STATES = ("Empty", "Ongoing", "PrepareCommit", "PrepareAbort", "CompleteCommit", "CompleteAbort", "Dead", "PrepareEpochFence")


class Refused(Exception):
    """Kafka's client raised this."""


def word(value):
    return "-" if value is None else base64.b64encode(value).decode()


def value(text):
    return None if text == "-" else base64.b64decode(text)


class Judge:
    def __init__(self, address, line, client=None):
        """client: the text of more settings of the Java client."""
        words = libs.java(line, "-Dorg.slf4j.simpleLogger.defaultLogLevel=off", "Judge", "serve", address)
        self.settings = None
        if client:
            self.settings = tempfile.NamedTemporaryFile("w")        # readable by us alone
            self.settings.write(client)
            self.settings.flush()
            words.append(self.settings.name)
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()
        if self.settings:
            self.settings.close()

    def ask(self, *words):
        """The rows of the answer, each a list of words."""
        print(*words, sep="\t", file=self.process.stdin, flush=True)
        rows = []
        for line in self.process.stdout:
            if not line.startswith(" "):
                if line != "ok\n":
                    raise Refused(line.strip())
                return rows
            rows.append(line[1:].rstrip("\n").split("\t"))
        raise Refused("the judge has ended")

    def create(self, topic, partitions, replication=1, *settings):
        self.ask("create", topic, partitions, replication, *settings)

    def consume(self, topic, isolation="committed"):
        """[(partition, offset, key, value)] up to the end as it is now; bytes, or None."""
        return [(int(p), int(o), value(k), value(v)) for p, o, k, v in self.ask("consume", topic, isolation)]

    def read(self, prefix, isolation="committed"):
        """{topic: as consume} of all topics that begin so and hold something."""
        rows = {}
        for topic, p, o, k, v in self.ask("read", prefix, isolation):
            rows.setdefault(topic, []).append((int(p), int(o), value(k), value(v)))
        return rows

    def produce(self, topic, key, text):
        """(partition, offset) of the record."""
        (partition, offset), = self.ask("produce", topic, word(key), word(text))
        return int(partition), int(offset)

    def transact(self, transactional_id, topic, key, text, end):
        """One record in a transaction that is ended by `commit` or `abort`, or left `open`."""
        self.ask("transact", transactional_id, topic, word(key), word(text), end)

    def transactions(self):
        """[id, state, producer id, epoch, start in ms or -, partitions or -]"""
        return self.ask("transactions")


def history(line, logs, transactional_id):
    """[(ms, state, producer id, epoch)] of this id from files of __transaction_state, oldest first."""
    if not logs:
        return []
    words = libs.java(line, "kafka.tools.DumpLogSegments", "--transaction-log-decoder", "--files", ",".join(map(str, logs)))
    said = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout
    rows = []
    for text in said.splitlines():
        when, key, state = WRITTEN.search(text), KEY.search(text), STATE.search(text)
        if when and key and state and (key[1] or key[2]) == transactional_id:
            name = STATES[int(state[3])] if state[3] else state[6]
            rows.append((int(when[1]), name, int(state[1] or state[4]), int(state[2] or state[5])))
    return sorted(rows, key=lambda row: row[0])
