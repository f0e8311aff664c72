#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The broker of the tests: that it serves, survives what is done to it, and leaves nothing behind; and that its judge sees.

    broker_test.py [--line 4.1|3.9] [--nodes 1|3]
"""
import argparse
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import broker
import consume
import judge
import libs
import process
import properties

options = None


def processes(folder):
    """Who has this folder in its command line."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in path.read_bytes() and process.started_at(path.parent.name):
                found.append(path.parent.name)
        except OSError:
            pass
    return found


def until(true, seconds=20):
    ends = time.monotonic() + seconds
    while not true():
        if time.monotonic() > ends:
            raise AssertionError(f"not so within {seconds} s")
        time.sleep(0.02)


class BrokerTest(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.TemporaryDirectory(prefix="kafka-")
        self.addCleanup(self.top.cleanup)
        self.folder = pathlib.Path(self.top.name) / "a"

    def start(self, folder=None, **more):
        cluster = broker.Cluster.start(folder or self.folder, line=options.line, **{"watch": os.getpid(), **more})
        self.addCleanup(cluster.end_all)
        return cluster

    def test_it_serves_survives_kills_and_stops_and_leaves_nothing(self):
        cluster = self.start(nodes=options.nodes)
        copies = min(options.nodes, 3)
        self.assertEqual((self.folder / "address").read_text().strip(), cluster.address)
        with cluster.judge() as asked:
            asked.create("t", 3, copies)
            for i in range(12):
                asked.produce("t", b"k%d" % i, "值 %d".encode() % i)
            asked.transact("gone", "t", b"a", b"aborted", "abort")
            asked.transact("done", "t", b"c", b"committed", "commit")
            before = asked.consume("t")
            self.assertEqual(sorted(row[3] for row in before), sorted(["值 %d".encode() % i for i in range(12)] + [b"committed"]))
            asked.transact("left", "t", b"o", b"open", "open")
            self.assertEqual([row[3] for row in asked.consume("t") if row[3] in (b"aborted", b"open")], [])
            self.assertEqual(len(asked.consume("t", "uncommitted")), 15)
            states = {row[0]: row[1] for row in asked.transactions()}
            self.assertEqual(states, {"gone": "CompleteAbort", "done": "CompleteCommit", "left": "Ongoing"})
            if options.nodes == 1:
                self.assertEqual(consume.console(cluster, "t"), before)
                self.assertEqual([row[1] for row in cluster.history("gone")],
                                 ["Empty", "Ongoing", "PrepareAbort", "CompleteAbort"])
                self.assertEqual([row[1] for row in cluster.history("left")], ["Empty", "Ongoing"])
            for number in range(1, options.nodes + 1):
                cluster.kill(number)
                cluster.restart(number)
                self.assertEqual(asked.consume("t"), before)
            cluster.pause(1)
            with self.assertRaises(OSError):
                broker.wire.metadata(cluster.nodes[0].ports[1], 0.3)
            cluster.resume(1)
            cluster.stop()
            self.assertEqual(process.started_at(cluster.nodes[0].pid() or 0), None)
            cluster.restart()
            self.assertEqual(asked.consume("t"), before)
        ports = [port for node in cluster.nodes for port in node.ports]
        cluster.stop()
        self.assertNotIn("Killed", cluster.nodes[0].log.read_text(errors="replace")[-300:])
        cluster.remove()
        self.assertEqual(processes(self.folder), [])
        self.assertFalse(self.folder.exists())
        for port in ports:
            with socket.socket() as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                sock.bind(("127.0.0.1", port))

    def test_two_live_side_by_side_and_each_ends_with_the_process_it_is_with(self):
        other = self.folder.with_name("b")
        parent = subprocess.Popen(["sleep", "600"])
        self.addCleanup(parent.kill)
        got = {}
        threads = [threading.Thread(target=lambda: got.update(a=self.start())),
                   threading.Thread(target=lambda: got.update(b=self.start(other, watch=parent.pid)))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertNotEqual(got["a"].address, got["b"].address)
        parent.kill()
        parent.wait()
        until(lambda: processes(other) == [])
        self.assertTrue(got["a"].nodes[0].pid())

    def test_a_port_that_is_taken_is_changed_for_another(self):
        taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(taken.close)
        free, calls = process.free_ports, []

        def ports(count):
            calls.append(count)
            return [taken.getsockname()[1], *free(count - 1)] if len(calls) == 1 else free(count)
        process.free_ports = ports
        self.addCleanup(setattr, process, "free_ports", free)
        self.start()
        self.assertEqual(len(calls), 2)

    def test_a_broker_that_cannot_start_is_told_at_once_with_its_last_words(self):
        began = time.monotonic()
        with self.assertRaisesRegex(broker.Failed, "no.such.Reporter"):
            self.start(settings=["metric.reporters=no.such.Reporter"])
        self.assertLess(time.monotonic() - began, broker.READY_SECONDS / 2)
        self.assertEqual(processes(self.folder), [])

    def test_the_vectors_of_murmur2_are_those_of_the_java_client(self):
        made = subprocess.run(libs.java(options.line, "Judge", "murmur2"), capture_output=True).stdout
        self.assertEqual(made, (libs.HERE / "murmur2.tsv").read_bytes())

    def test_who_has_no_certificate_password_or_right_is_refused(self):
        cluster = self.start(mutual=True, sasl="plain", acl=True)
        with cluster.judge() as inside:
            inside.create("t", 1)

        def said(command, **client):
            with cluster.judge(properties.client(cluster, **client) + "default.api.timeout.ms=5000\nrequest.timeout.ms=4000\n"
                               "max.block.ms=5000\n") as asked:
                try:
                    return command(asked)
                except judge.Refused as why:
                    return str(why)

        def consumed(asked):
            return asked.consume("t")
        self.assertIn("Authorization", said(consumed))                      # let in, but nobody gave it a right
        self.assertIn("Authentication", said(consumed, password="wrong"))
        self.assertIn("Ssl", said(consumed, ca="other-ca"))
        for cert in ("client-other", "client-expired"):
            self.assertRegex(said(consumed, cert=cert), "Ssl|Timeout")
        for path in (cluster.folder, *cluster.folder.glob("sasl/*"), *cluster.folder.glob("tls/*"),
                     *cluster.folder.glob("node*/server.properties")):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--line", default="4.1")
    parser.add_argument("--nodes", type=int, default=1)
    options, rest = parser.parse_known_args()
    libs.need(options.line)
    broker.warm(options.line)
    unittest.main(argv=sys.argv[:1] + rest, verbosity=2)
