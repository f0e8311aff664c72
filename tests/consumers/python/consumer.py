#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a topic for consumers with confluent-kafka: consumer.py BROKERS TOPIC GROUP [SECONDS]

Each event is printed with its partition and key; behind it the group's position is committed: an event that was printed when the
program was killed comes again, under the same id. It ends when nothing came for so many seconds (10)."""
import json
import pathlib
import sys

from confluent_kafka import Consumer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lanes import Lanes  # noqa: E402

brokers, topic, group = sys.argv[1:4]
seconds = float(sys.argv[4]) if len(sys.argv) > 4 else 10
lanes = Lanes()
consumer = Consumer({"bootstrap.servers": brokers, "group.id": group, "auto.offset.reset": "earliest",
                     "enable.auto.commit": False, "isolation.level": "read_committed", "session.timeout.ms": 6000})
# A partition that comes from another member begins where that one had committed: numbers are believed from there on.
consumer.subscribe([topic], on_assign=lambda _, given: [lanes.last.pop(p.partition, None) for p in given])
while message := consumer.poll(seconds):
    if message.error():
        sys.exit(str(message.error()))
    event = json.loads(message.value())
    if lanes.is_new(message.partition(), event) and not event["type"].startswith("jincai."):
        print(message.partition(), message.key().decode(), message.value().decode(), sep="\t", flush=True)
    consumer.commit(message, asynchronous=False)
consumer.close()
