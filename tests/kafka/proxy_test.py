#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The proxy, between a client and a broker of a few lines each."""
import contextlib
import socket
import struct
import threading
import time
import unittest

import proxy

FETCH = 1


def request(key, number, transactional=None, version=1, commit=True, more=b""):
    """As Kafka's protocol has it: key, version, number, client, then what each kind begins with."""
    frame = struct.pack(">hhih", key, version, number, 4) + b"test"
    if transactional is not None:
        name = transactional.encode()
        if version >= proxy.FLEXIBLE[key]:
            frame += b"\0" + bytes([len(name) + 1]) + name
        else:
            frame += struct.pack(">h", len(name)) + name
    if key == proxy.END_TXN:
        frame += struct.pack(">qhb", 7, 0, commit)
    return proxy.with_length(frame + more)


class Broker:
    """Answers each request with its number and what it is told to; keeps what it got, in order."""

    def __init__(self):
        self.got, self.answers = [], {}
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.serve, args=(self.listener.accept()[0],), daemon=True).start()

    def serve(self, sock):
        frames = proxy.Frames()
        with contextlib.suppress(OSError), sock:
            while more := sock.recv(65536):
                for frame in frames.add(more):
                    self.got.append(proxy.request_of(frame))
                    number = self.got[-1].number
                    sock.sendall(proxy.with_length(struct.pack(">i", number) + self.answers.get(number, bytes(6))))


class Client:
    def __init__(self, address):
        host, port = address.split(":")
        self.sock = socket.create_connection((host, int(port)), 5)
        self.sock.settimeout(0.3)
        self.frames, self.answers = proxy.Frames(), []

    def send(self, *args, **more):
        self.sock.sendall(request(*args, **more))
        return self

    def answer(self):
        """None when there is none."""
        try:
            while not self.answers:
                more = self.sock.recv(65536)
                if not more:
                    return None
                self.answers += self.frames.add(more)
        except TimeoutError:
            return None
        return self.answers.pop(0)

    def close(self):
        self.sock.close()


def soon(condition):
    for _ in range(300):
        if condition():
            return True
        time.sleep(0.01)
    return False


class ProxyTest(unittest.TestCase):
    def setUp(self):
        self.broker = Broker()
        self.proxy = proxy.Proxy([self.broker.address], seed=1)
        self.addCleanup(self.broker.listener.close)
        self.addCleanup(self.proxy.__exit__)

    def client(self):
        client = Client(self.proxy.address)
        self.addCleanup(client.close)
        return client

    def numbers(self):
        return [got.number for got in self.broker.got]

    def test_what_is_asked_and_answered_passes_unchanged(self):
        self.broker.answers[5] = b"hello"
        sent = self.client().send(FETCH, 5, more=b"x" * 200000)
        self.assertEqual(sent.answer(), struct.pack(">i", 5) + b"hello")
        self.assertEqual(self.proxy.counts[FETCH], 1)

    def test_brokers_seem_to_live_at_the_proxy(self):
        there = b"127.0.0.1" + struct.pack(">i", self.broker.port)
        self.broker.answers.update({1: b"ab" + there + b"cd", 2: there})
        client = self.client()
        host, port = self.proxy.address.split(":")
        here = host.encode() + struct.pack(">i", int(port))
        self.assertEqual(client.send(proxy.METADATA, 1).answer()[4:], b"ab" + here + b"cd")
        self.assertEqual(client.send(FETCH, 2).answer()[4:], there, "only in answers that give addresses")

    def test_a_transactional_id_is_read_in_old_and_new_requests(self):
        for key in proxy.FLEXIBLE:
            for version in (proxy.FLEXIBLE[key] - 1, proxy.FLEXIBLE[key]):
                frame = request(key, 1, "site.flow", version, commit=False)[4:]
                self.assertEqual(proxy.request_of(frame).transactional, "site.flow", f"{key} {version}")
        for commit in (True, False):
            self.assertEqual(proxy.request_of(request(proxy.END_TXN, 1, "a", commit=commit)[4:]).commit, commit)

    def hold_one(self, within=0.0):
        self.proxy.hold_back(every=1, most=1, within=within)
        old = self.client().send(proxy.END_TXN, 1, "a")
        self.assertIsNone(old.answer())
        self.assertEqual(self.numbers(), [])
        old.close()
        return self.client()

    def test_a_held_copy_reaches_the_broker_in_the_next_transaction(self):
        self.broker.answers[1] = struct.pack(">ih", 0, 0)
        new = self.hold_one()
        new.send(proxy.END_TXN, 2, "a").answer()
        self.assertEqual(self.numbers(), [2])
        new.send(proxy.ADD_PARTITIONS, 3, "a").answer()
        self.assertTrue(soon(lambda: self.numbers() == [2, 3, 1]), self.numbers())
        held, = self.proxy.held
        self.assertTrue(soon(lambda: held.answer == "taken"), held)
        self.assertTrue(held.again and held.open and held.commit and not held.anew)
        self.assertEqual(self.proxy.really_held(), [held])

    def test_a_held_copy_reaches_the_broker_between_the_records_of_the_next_transaction(self):
        self.broker.answers[1] = struct.pack(">ih", 0, 0)
        new = self.hold_one(within=1.0)
        new.send(proxy.END_TXN, 2, "a").answer()
        new.send(proxy.ADD_PARTITIONS, 3, "a").answer()
        new.send(proxy.PRODUCE, 4, "a", 9).send(proxy.PRODUCE, 5, "a", 9)
        self.assertTrue(soon(lambda: self.numbers() == [2, 3, 4, 1, 5]), self.numbers())
        held, = self.proxy.held
        self.assertTrue(soon(lambda: held.answer == "taken"), held)
        self.assertEqual(self.proxy.really_held(), [held])

    def test_a_copy_of_one_that_began_anew_is_told_apart(self):
        self.broker.answers[1] = struct.pack(">ih", 0, 90)
        new = self.hold_one()
        new.send(proxy.INIT, 2, "a").answer()
        new.send(proxy.ADD_PARTITIONS, 3, "a").answer()
        held, = self.proxy.held
        self.assertTrue(soon(lambda: held.answer == "fenced"), held)
        self.assertTrue(held.anew and not held.again)

    def test_others_do_not_free_a_held_copy(self):
        new = self.hold_one()
        new.send(proxy.END_TXN, 2, "b").answer()
        new.send(proxy.ADD_PARTITIONS, 3, "b").answer()
        new.send(proxy.ADD_PARTITIONS, 4, "a").answer()       # of the same transaction: nobody has ended it yet
        time.sleep(0.1)
        self.assertEqual(self.numbers(), [2, 3, 4])
        self.assertEqual(self.proxy.really_held(), [])

    def test_what_comes_behind_a_held_request_waits_with_it(self):
        self.proxy.hold_back(every=1, most=1)
        old = self.client().send(proxy.END_TXN, 1, "a").send(FETCH, 2)
        self.assertIsNone(old.answer())
        new = self.client()
        new.send(proxy.END_TXN, 3, "a").answer()
        new.send(proxy.ADD_PARTITIONS, 4, "a").answer()
        self.assertTrue(soon(lambda: self.numbers() == [3, 4, 1, 2]), self.numbers())
        self.assertEqual(self.proxy.really_held(), [], "its client had not given up")

    def test_no_more_are_held_than_wanted(self):
        self.hold_one()
        new = self.client()
        for number in range(2, 6):
            self.assertIsNotNone(new.send(proxy.END_TXN, number, f"t{number}").answer())
        self.assertEqual(len(self.proxy.held), 1)

    def test_a_pause_loses_nothing(self):
        client = self.client()
        client.send(FETCH, 1).answer()
        self.proxy.pause()
        self.assertIsNone(client.send(FETCH, 2).answer())
        self.proxy.resume()
        self.assertIsNotNone(client.answer())

    def test_a_cut_ends_connections_and_new_ones_are_taken(self):
        client = self.client()
        client.send(FETCH, 1).answer()
        self.proxy.cut()
        with contextlib.suppress(ConnectionError):
            self.assertIsNone(client.answer())
        self.assertIsNotNone(self.client().send(FETCH, 2).answer())

    def test_a_broker_that_is_away_closes_the_connection(self):
        self.broker.listener.shutdown(socket.SHUT_RDWR)
        time.sleep(0.05)
        with contextlib.suppress(ConnectionError):
            self.assertIsNone(self.client().send(FETCH, 1).answer())


if __name__ == "__main__":
    unittest.main()
