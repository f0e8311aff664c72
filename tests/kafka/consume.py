#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a topic from its beginning to its end as it is now: partition, offset, key and value, parted by tabs, values as they are.

    consume.py FOLDER TOPIC [--uncommitted] [--console]

FOLDER is that of broker.py start. Committed records only, unless --uncommitted. --console lets Kafka's own console consumer
read (it waits some seconds for more); without it the same Java client is asked by Judge.java."""
import argparse
import subprocess
import sys

import broker
import libs

IDLE_MS = 5000


def console(cluster, topic=None, isolation="committed", include=None, most=0, wait_ms=IDLE_MS):
    """As Judge.consume, for keys and values without line ends and tabs; what is missing is b"null". include: a pattern, in the place
    of a topic; most: so many, then it waits for no more."""
    words = libs.java(cluster.state["line"], "org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server",
                      cluster.inside, *(("--include", include) if include else ("--topic", topic)), "--from-beginning",
                      "--isolation-level", f"read_{isolation}", "--timeout-ms", str(wait_ms))
    if most:
        words += ["--max-messages", str(most)]
    for name in ("partition", "offset", "key"):
        words += ["--property", f"print.{name}=true"]
    said = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    rows = []
    for line in said.splitlines():
        partition, offset, key, value = line.split(b"\t", 3)
        rows.append((int(partition.removeprefix(b"Partition:")), int(offset.removeprefix(b"Offset:")), key, value))
    return sorted(rows, key=lambda row: row[:2])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("topic")
    parser.add_argument("--uncommitted", action="store_true")
    parser.add_argument("--console", action="store_true")
    options = parser.parse_args()
    isolation = "uncommitted" if options.uncommitted else "committed"
    cluster = broker.Cluster(options.folder)
    if options.console:
        rows = console(cluster, options.topic, isolation)
    else:
        with cluster.judge() as judge:
            rows = judge.consume(options.topic, isolation)
    for partition, offset, key, value in rows:
        key, value = (b"null" if part is None else part for part in (key, value))
        sys.stdout.buffer.write(b"%d\t%d\t%s\t%s\n" % (partition, offset, key, value))


if __name__ == "__main__":
    main()
