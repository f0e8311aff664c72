#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does to a cluster what it is asked, line by line, and answers with a line of JSON; for programs with modules of their own.

    serve.py FOLDER             of broker.py start

    topics PREFIX               {name: partitions}
    read PREFIX                 {topic: [[partition, offset, key, value]]}, committed, by Kafka's own client
    console PREFIX N MS         [[partition, offset, value]] of N records of the topics that begin so, by Kafka's console consumer
    create TOPIC N [K=V]...     grow TOPIC N            truncate TOPIC PARTITION (all records are gone)
    write TOPIC VALUE...        a record without key; VALUE may have spaces
    delete PREFIX               those topics are gone; how many
    allow WHO RIGHT KIND NAME [prefixed]    as kafka-acls.sh: allow User:CN=jincai Write topic a.b
    forbid WHO RIGHT KIND NAME [prefixed]   takes that away again
    kill|stop|restart|pause|resume|lose [N]
    pids                        of the nodes; null: it does not run
    transactions                {id: state}
    history ID [N]              every state that node N (1) wrote down for it, oldest first
    replicas PREFIX             {topic: [how many copies each partition has, of them in sync]}, the fewest
"""
import json
import re
import struct
import sys

import broker
import consume
import wire

# Of Kafka's protocol: key and version.
DELETE_TOPICS, DELETE_RECORDS, CREATE_PARTITIONS = (20, 1), (21, 0), (37, 0)
CREATE_ACLS, DELETE_ACLS = (30, 1), (31, 1)
WAIT_MS = 20000
# Of ACLs: resources, operations, patterns.
KINDS = {"topic": 2, "group": 3, "cluster": 4, "transactional-id": 5}
RIGHTS = {name: number for number, name in enumerate((
    "All", "Read", "Write", "Create", "Delete", "Alter", "Describe", "ClusterAction", "DescribeConfigs", "AlterConfigs",
    "IdempotentWrite"), 2)}
LITERAL, PREFIXED, ALLOW = 3, 4, 3


def text(value):
    return struct.pack(">h", len(value)) + value.encode()


def request(port, kind, body):
    """What comes behind number and throttle time."""
    frame = struct.pack(">hhi", *kind, 1) + text("tests") + body
    with wire.socket.create_connection(("127.0.0.1", port), 5) as sock:
        sock.settimeout(WAIT_MS / 1000 + 5)
        sock.sendall(struct.pack(">i", len(frame)) + frame)
        size, = struct.unpack(">i", wire.exactly(sock, 4))
        r = wire.Reader(wire.exactly(sock, size))
    r.take("i"), r.take("i")
    return r


def word(value):
    return None if value is None else value.decode(errors="replace")


def must(results):
    bad = [one for one in results if one[-1]]
    if bad:
        raise broker.Failed(f"refused: {bad[:3]}")


class Desk:
    def __init__(self, folder):
        self.cluster = broker.Cluster(folder)
        self.asked = None

    @property
    def judge(self):
        if not self.asked:
            self.asked = self.cluster.judge()
        return self.asked

    def parts(self, prefix):
        for port in (node.ports[1] for node in self.cluster.nodes):
            try:
                seen = wire.metadata(port)["topics"]
            except OSError:
                continue
            return {name: parts for name, parts in seen.items() if name.startswith(prefix)}
        raise broker.Failed("no broker answers")

    def topics(self, prefix=""):
        return {name: len(parts) for name, parts in self.parts(prefix).items()}

    def replicas(self, prefix):
        return {name: (min(len(replicas) for _, replicas, _ in parts.values()), min(len(there) for _, _, there in parts.values()))
                for name, parts in self.parts(prefix).items()}

    def read(self, prefix):
        return {name: [(p, o, word(k), word(v)) for p, o, k, v in rows] for name, rows in self.judge.read(prefix).items()}

    def console(self, prefix, most, wait_ms):
        rows = consume.console(self.cluster, most=int(most), wait_ms=int(wait_ms), include=re.escape(prefix) + ".*")
        return [(str(p), str(o), word(v)) for p, o, _, v in rows]

    def delete(self, prefix):
        names = list(self.topics(prefix))
        if prefix and names:
            body = struct.pack(">i", len(names)) + b"".join(map(text, names)) + struct.pack(">i", WAIT_MS)
            r = request(self.port, DELETE_TOPICS, body)
            must(r.array(lambda: (r.text(), r.take("h"))))
        return len(names)

    def create(self, topic, partitions, *settings):
        self.judge.create(topic, int(partitions), min(3, len(self.cluster.nodes)), *settings)

    def grow(self, topic, partitions):
        body = struct.pack(">i", 1) + text(topic) + struct.pack(">iii?", int(partitions), -1, WAIT_MS, False)
        r = request(self.port, CREATE_PARTITIONS, body)
        must(r.array(lambda: (r.text(), r.take("h"), r.text())[:2]))

    def write(self, topic, *words):
        return self.judge.produce(topic, None, " ".join(words).encode())

    def truncate(self, topic, partition):
        body = struct.pack(">i", 1) + text(topic) + struct.pack(">iiqi", 1, int(partition), -1, WAIT_MS)
        r = request(self.port, DELETE_RECORDS, body)
        must(part for parts in r.array(lambda: (r.text(), r.array(lambda: (r.take("i"), r.take("q"), r.take("h")))))
             for part in parts[1])

    @staticmethod
    def acl(who, right, kind, name, pattern="literal"):
        return (struct.pack(">b", KINDS[kind]) + text(name) + struct.pack(">b", PREFIXED if pattern == "prefixed" else LITERAL)
                + text(who) + text("*") + struct.pack(">bb", RIGHTS[right], ALLOW))

    def allow(self, *words):
        r = request(self.port, CREATE_ACLS, struct.pack(">i", 1) + self.acl(*words))
        must(r.array(lambda: (r.take("h"), r.text())[::-1]))

    def forbid(self, *words):
        r = request(self.port, DELETE_ACLS, struct.pack(">i", 1) + self.acl(*words))
        must(r.array(lambda: (r.take("h"), r.text(), r.array(lambda: (r.take("h"), r.text(), r.take("b"), r.text(), r.take("b"), r.text(),
                                                                    r.text(), r.take("b"), r.take("b"))))[:2][::-1]))

    @property
    def port(self):
        return self.cluster.nodes[0].ports[1]

    def pids(self):
        return [node.pid() for node in self.cluster.nodes]

    def transactions(self):
        return {row[0]: row[1] for row in self.judge.transactions()}

    def history(self, transactional_id, number=1):
        return self.cluster.history(transactional_id, int(number))

    def do(self, word, *rest):
        if word in ("kill", "stop", "restart", "pause", "resume", "lose"):
            return getattr(self.cluster, word)(*map(int, rest))
        if word not in ("topics", "read", "console", "create", "grow", "truncate", "delete", "transactions", "history", "allow",
                        "forbid", "replicas", "pids", "write"):
            raise broker.Failed(f"no such word: {word}")
        return getattr(self, word)(*rest)


def main():
    desk = Desk(sys.argv[1])
    for line in sys.stdin:
        try:
            answer = {"is": desk.do(*line.split())}
        except Exception as e:          # the one who asked shows it
            answer = {"failed": f"{type(e).__name__} {e}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
