#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stands between clients and Kafka brokers, understands where a request begins, and does harm as it is told.

    with Proxy(["127.0.0.1:9092"]) as proxy:        # one listener for each broker; proxy.address is for clients
        proxy.hold_back(every=3)                    # each third EndTxn is late: see below
        ...
        proxy.cut()                                 # all connections end
        proxy.pause(); proxy.resume()               # nothing passes, and nothing is lost
        proxy.held                                  # what was held back, and what became of it

    proxy.py 127.0.0.1:9092                         # prints the address; takes lines: hold N | cut | pause | resume | held

Addresses that brokers give of themselves are changed into the listeners', so that clients never leave the proxy.

A request that is held back does not reach its broker while the client waits for it, nor does anything behind it on that
connection. The client's patience ends (socket.timeout.ms), it closes, connects anew, and sends the request once more.
When the same transactional id has a transaction open again, the held copy is let go on the connection of old: a late
packet, as networks have them; now some time behind its beginning, now right behind its first records, and what comes then
waits until the copy has its answer. That is kept: 0 means that the broker took it for the new one's."""
import argparse
import collections
import contextlib
import dataclasses
import json
import random
import select
import socket
import struct
import sys
import threading
import time

PRODUCE, METADATA, FIND_COORDINATOR, INIT, ADD_PARTITIONS, END_TXN, DESCRIBE_CLUSTER = 0, 3, 10, 22, 24, 26, 60
API_VERSIONS, DESCRIBE_CONFIGS = 18, 32
ADDRESSES = (METADATA, FIND_COORDINATOR, DESCRIBE_CLUSTER)     # keys whose answers name brokers
FLEXIBLE = {PRODUCE: 9, INIT: 2, ADD_PARTITIONS: 3, END_TXN: 3}         # from this version on, texts are of the newer kind
LATEST = 20.0                   # seconds: a held copy goes out at last, whatever its client does
# Of Kafka's protocol, those that a late copy may get.
ANSWERS = {0: "taken", 47: "old epoch", 48: "no such transaction", 49: "other producer", 51: "another one is under way",
           90: "fenced"}


@dataclasses.dataclass
class Request:
    key: int
    version: int
    number: int
    transactional: str          # id, or ""
    commit: bool                # of an EndTxn


@dataclasses.dataclass
class Held:
    """A copy that was held back."""
    key: int
    transactional: str
    commit: bool
    begun: float
    closed: float = 0           # when its client gave up: seconds since begun
    again: bool = False         # its client sent the same once more, on another connection
    anew: bool = False          # the transactional id was begun anew in between: the rule
    open: bool = False          # let go while a later transaction was open
    within: bool = False        # ... behind its first records
    pause: float = None         # ... or so long behind the answer that opened it
    let_go: float = 0
    answer: str = ""            # of the broker


def request_of(frame):
    """A request, from its bytes behind the length."""
    key, version, number, client = struct.unpack_from(">hhih", frame)
    ret = Request(key, version, number, "", False)
    if key in FLEXIBLE:
        at = 10 + max(client, 0) + (version >= FLEXIBLE[key])
        if version >= FLEXIBLE[key]:
            size, at = frame[at] - 1, at + 1
        else:
            size, at = struct.unpack_from(">h", frame, at)[0], at + 2
        ret.transactional = frame[at:at + max(size, 0)].decode(errors="replace")
        if key == END_TXN:      # producer id, epoch, then what is to become of it
            ret.commit = bool(frame[at + size + 10])
    return ret


class Frames:
    """Cuts a stream at its lengths."""

    def __init__(self):
        self.data = bytearray()

    def add(self, more):
        self.data += more
        while len(self.data) >= 4:
            size, = struct.unpack_from(">i", self.data)
            if len(self.data) < 4 + size:
                return
            frame = bytes(self.data[4:4 + size])
            del self.data[:4 + size]
            yield frame


def with_length(frame):
    return struct.pack(">i", len(frame)) + frame


class Pair:
    """A client's connection and ours to the broker, a thread for each direction."""

    def __init__(self, proxy, client, upstream):
        self.proxy, self.client = proxy, client
        self.broker = socket.create_connection(upstream, 10)
        for s in (client, self.broker):
            s.settimeout(None)
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.asked = {}                 # number -> key, of answers that are to be looked at
        self.held = None                # a copy of ours is on its way to the broker, or waits for it
        self.kept = bytearray()         # what came behind it
        self.opening = None             # the number of a request, and the pair whose copy goes behind its answer
        self.client_gone = False
        self.awaited, self.got = None, threading.Event()        # the number of an answer that something waits for

    def start(self):
        for work in (self.forward, self.back):
            threading.Thread(target=self.guarded, args=(work,), daemon=True).start()

    def guarded(self, work):
        with contextlib.suppress(OSError):
            work()
        if work == self.forward and self.held and not self.held.let_go:
            self.client_gone = True
            self.held.closed = time.monotonic() - self.held.begun
            with contextlib.suppress(OSError):
                self.client.close()
            return                      # the broker's side stays until the late copy has had its answer
        self.close()

    def close(self):
        for s in (self.client, self.broker):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)
            with contextlib.suppress(OSError):
                s.close()
        self.proxy.forget(self)

    def forward(self):
        frames = Frames()
        while more := self.client.recv(1 << 16):
            for frame in frames.add(more):
                request = request_of(frame)
                self.proxy.look(request)
                self.proxy.passing.wait()
                if request.key in (*ADDRESSES, API_VERSIONS):
                    self.asked[request.number] = request.key
                if self.held and not self.held.let_go:
                    self.kept += with_length(frame)
                elif not self.proxy.keeps(self, request, frame):
                    self.opening = self.proxy.late_behind(request) or self.opening
                    late = self.proxy.late_within(request)
                    self.got.clear()
                    self.awaited = late and request.number
                    self.broker.sendall(with_length(frame))
                    if late:
                        self.got.wait(2)
                        self.proxy.let_go_and_wait(late, request.transactional)

    def back(self):
        frames = Frames()
        while more := self.broker.recv(1 << 18):
            for frame in frames.add(more):
                self.proxy.passing.wait()
                number, = struct.unpack_from(">i", frame)
                key = self.asked.pop(number, None)
                if key == API_VERSIONS:
                    frame = self.proxy.known(frame)
                elif key is not None:
                    frame = self.proxy.own_addresses(frame)
                if self.held and number == self.number and self.held.let_go:
                    at = 8 + (self.version >= FLEXIBLE.get(self.held.key, 99))
                    code, = struct.unpack_from(">h", frame, at)
                    self.held.answer = ANSWERS.get(code, str(code))
                    if self.client_gone:
                        return
                if self.opening and number == self.opening[0]:
                    self.proxy.let_go_soon(*self.opening[1:])
                    self.opening = None
                self.to_client(frame)
                if number == self.awaited:
                    self.got.set()

    def to_client(self, frame):
        """One that has gone is no reason to end: the late copy still has its way to go."""
        try:
            self.client.sendall(with_length(frame))
        except OSError:
            if not self.held or self.held.let_go:
                raise

    def keep(self, held, request, frame):
        self.held, self.number, self.version, self.frame = held, request.number, request.version, frame

    def let_go(self):
        """The late copy, and what came behind it on this connection."""
        self.held.let_go = time.monotonic() - self.held.begun
        try:
            self.broker.sendall(with_length(self.frame) + bytes(self.kept))
        except OSError:
            self.held.answer = "the broker had closed"


class Proxy:
    def __init__(self, brokers, seed=0):
        """brokers: "host:port", as they give their own addresses."""
        self.rng = random.Random(seed)
        self.lock = threading.Lock()
        self.passing = threading.Event()
        self.passing.set()
        self.pairs, self.waiting, self.held = set(), {}, []     # waiting: transactional id -> pair with a held copy
        self.counts = collections.Counter()                     # requests, by key
        self.every, self.most, self.key, self.within = 0, 0, END_TXN, 0.0
        self.pausing = None
        self.unknown = ()               # keys of requests: forget_requests()
        self.listeners, self.own = [], {}
        self.closing = False
        for broker in brokers:
            host, port = broker.rsplit(":", 1)
            listener = socket.create_server((host, 0), backlog=64)
            self.listeners.append((listener, (host, int(port))))
            there = listener.getsockname()[1]
            self.own[host.encode() + struct.pack(">i", int(port))] = host.encode() + struct.pack(">i", there)
        self.address = ",".join(f"{at[0]}:{listener.getsockname()[1]}" for listener, at in self.listeners)
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closing = True
        for listener, _ in self.listeners:
            listener.close()
        self.cut()

    def accept(self):
        while not self.closing:
            try:
                ready = select.select([listener for listener, _ in self.listeners], [], [], 0.2)[0]
                for listener, upstream in self.listeners:
                    if listener in ready:
                        self.take(listener.accept()[0], upstream)
            except (OSError, ValueError):
                if not self.closing:
                    raise

    def take(self, client, upstream):
        try:
            pair = Pair(self, client, upstream)
        except OSError:                 # the broker is away: so are we
            client.close()
            return
        with self.lock:
            self.pairs.add(pair)
        pair.start()

    def forget(self, pair):
        with self.lock:
            self.pairs.discard(pair)
            for transactional in [t for t, p in self.waiting.items() if p is pair]:
                del self.waiting[transactional]

    def own_addresses(self, frame):
        for there, here in self.own.items():
            frame = frame.replace(there, here)
        return frame

    def known(self, frame):
        """What a broker says that it takes, as an older one says it. Of version 3: number, error, rows of key, least, most, 0."""
        frame = bytearray(frame)
        for at in range(7, len(frame) - 6, 7):
            if struct.unpack_from(">h", frame, at)[0] in self.unknown:
                struct.pack_into(">h", frame, at, 999)
        return bytes(frame)

    # ---- harm ----

    def forget_requests(self, *keys):
        """Brokers do as if they had never heard of these."""
        self.unknown = keys

    def cut(self):
        with self.lock:
            pairs = list(self.pairs)
        for pair in pairs:
            pair.close()

    def pause(self):
        self.passing.clear()

    def pause_at(self, key):
        """With the next request of this key: it does not pass either."""
        self.pausing = key

    def look(self, request):
        with self.lock:
            if request.key == self.pausing:
                self.pausing = None
                self.passing.clear()

    def resume(self):
        self.passing.set()

    def hold_back(self, every=3, most=0, key=END_TXN, within=0.0):
        """Each request of this key that is no repeat counts; about one of `every` is held back, `most` of them at most
        (0: without end). every=0: no more. One at a time for a transactional id. within: the share of those that go
        right behind the first records of a transaction."""
        with self.lock:
            self.every, self.most, self.key, self.within = every, most and len(self.held) + most, key, within

    def keeps(self, pair, request, frame):
        """Whether this one stays here. What it says of others may let those go."""
        with self.lock:
            self.counts[request.key] += 1
            late = self.waiting.get(request.transactional) if request.transactional else None
            if late:
                self.next_step(late, request)
                return False
            if not (self.every and request.key == self.key and request.transactional and
                    (not self.most or len(self.held) < self.most) and self.rng.randrange(self.every) == 0):
                return False
            held = Held(request.key, request.transactional, request.commit, time.monotonic())
            pair.keep(held, request, frame)
            self.held.append(held)
            self.waiting[request.transactional] = pair
        threading.Thread(target=self.let_go_at_last, args=(pair, request.transactional), daemon=True).start()
        return True

    def next_step(self, late, request):
        """What the held copy's client does next. With a transaction open again, the copy goes out a little later."""
        if request.key == INIT:
            late.held.anew = True
        elif request.key == late.held.key:
            late.held.again = True
        elif request.key == ADD_PARTITIONS and (late.held.again or late.held.anew) and not late.held.open:
            late.held.open = True
            late.held.within = self.rng.random() < self.within
            if not late.held.within:
                late.held.pause = self.rng.choice((0.0, 0.002, 0.005, 0.01, 0.02))

    def late_behind(self, request):
        """For the request with which a later transaction opens: its number, and the pair whose copy goes behind its answer."""
        with self.lock:
            late = self.waiting.get(request.transactional) if request.key == ADD_PARTITIONS and request.transactional else None
            return (request.number, late, request.transactional) if late and late.held.pause is not None else None

    def let_go_soon(self, late, transactional):
        threading.Timer(late.held.pause, self.let_go, (late, transactional)).start()

    def late_within(self, request):
        """The pair whose copy is to go when the broker has these first records of a later transaction; the others wait."""
        with self.lock:
            late = self.waiting.get(request.transactional) if request.key == PRODUCE and request.transactional else None
            return late if late and late.held.within else None

    def let_go_and_wait(self, late, transactional):
        self.let_go(late, transactional)
        ends = time.monotonic() + 0.5
        while not late.held.answer and time.monotonic() < ends:
            time.sleep(0.001)

    def let_go(self, pair, transactional):
        with self.lock:
            if self.waiting.get(transactional) is not pair:
                return
            del self.waiting[transactional]
        pair.let_go()

    def let_go_at_last(self, pair, transactional):
        time.sleep(LATEST)
        self.let_go(pair, transactional)

    def really_held(self):
        """Those that were late as meant: their client had given up before, and a later transaction was open."""
        return [held for held in self.held if held.answer and held.closed and held.let_go > held.closed and held.open]


def summary(held):
    """What became of copies, in words and counts."""
    return ", ".join(f"{n} {what}" for what, n in sorted(collections.Counter(
        h.answer or "without an answer" for h in held).items()))


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("brokers", nargs="+")
    p.add_argument("--seed", type=int, default=0)
    a = p.parse_args()
    with Proxy(a.brokers, a.seed) as proxy:
        print(proxy.address, flush=True)
        for line in sys.stdin:
            word, _, rest = line.strip().partition(" ")
            if word == "hold":
                proxy.hold_back(int(rest or 3))
            elif word == "held":
                print(json.dumps([dataclasses.asdict(held) for held in proxy.held]), flush=True)
            elif word in ("cut", "pause", "resume"):
                getattr(proxy, word)()
            else:
                print(f"no such word: {word}", flush=True)


if __name__ == "__main__":
    main()
