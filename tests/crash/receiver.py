#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The bank: takes each file away the moment it is complete, and keeps a ledger of its own.

    receiver.py --site SITE --into FOLDER [--remote] [--lag SECONDS]

Where there are markers a file is complete with its marker, else at sight. Hidden folders (a sender's staging) are
none of its business. The ledger, FOLDER/ledger.jsonl, is synced line by line: dest, name, sha256, lines, bytes, time,
kind, file. Kind: first; double (a name that it has had: paid twice); again (--remote only, the same name and bytes:
our own removal was undone by a power cut, and a bank drops a number it has had); torn (a marker without its file).
--remote: FOLDER is on another file system; a file is copied, synced, then removed from the sender's."""
import argparse
import ctypes
import hashlib
import json
import os
import pathlib
import random
import select
import shutil
import signal
import threading
import time

import county

IN_MOVED_TO, IN_CREATE, IN_CLOSE_WRITE, IN_CLOEXEC, IN_NONBLOCK = 0x80, 0x100, 0x8, 0o2000000, 0o4000


class Watch:
    """Folders that changed, by inotify."""

    def __init__(self):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.fd = self.libc.inotify_init1(IN_CLOEXEC | IN_NONBLOCK)
        self.known = set()

    def add(self, path):
        if path not in self.known and self.libc.inotify_add_watch(
                self.fd, os.fsencode(path), IN_MOVED_TO | IN_CREATE | IN_CLOSE_WRITE) >= 0:
            self.known.add(path)

    def wait(self, seconds):
        if self.fd < 0:
            time.sleep(min(seconds, 0.001))
            return
        if select.select([self.fd], [], [], seconds)[0]:
            try:
                os.read(self.fd, 65536)
            except OSError:
                pass

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)


class Receiver:
    def __init__(self, site, into, remote=False, lag=0.0, seed=0):
        self.site, self.into = pathlib.Path(site), pathlib.Path(into)
        self.remote, self.lag, self.rng = remote, lag, random.Random(seed)
        self.into.mkdir(parents=True, exist_ok=True)
        self.ledger = open(self.into / "ledger.jsonl", "ab", buffering=0)
        self.had = {}                   # (dest, name) -> sha256
        self.due = {}                   # path -> when it is taken
        for row in read_ledger(self.into):
            self.had.setdefault((row["dest"], row["name"]), row["sha256"])
        self.taken = len(self.had)
        self.watch = None

    def complete(self):
        """(dest, folder, name of the file, marker or None) of all that lie there."""
        for dest, folder in county.MARKED.items():
            folder = self.site / folder
            for name in self.names(folder):
                if name.endswith(".ok"):
                    yield dest, folder, name[:-3], name
        for dest, folder in county.PLAIN.items():
            folder = self.site / folder
            for unit in self.names(folder):
                if os.path.isdir(folder / unit):        # False too when the power is off
                    for name in self.names(folder / unit):
                        yield dest, folder, f"{unit}/{name}", None

    def names(self, folder):
        try:
            if self.watch:
                self.watch.add(str(folder))
            return sorted(n for n in os.listdir(folder) if not n.startswith("."))
        except OSError:
            return []

    def sweep(self, now=None):
        for dest, folder, name, marker in list(self.complete()):
            if self.lag and now is not None:
                if now < self.due.setdefault((dest, name), now + self.rng.random() * self.lag):
                    continue
                del self.due[dest, name]
            try:
                self.take(dest, folder, name, marker)
            except OSError:
                if not self.remote:     # a power cut in the middle: not taken
                    raise

    def take(self, dest, folder, name, marker):
        own = self.into / dest / f"{self.taken:05}_{name.replace('/', '_')}"
        own.parent.mkdir(exist_ok=True)
        try:
            if self.remote:
                with open(folder / name, "rb") as source, open(own, "wb") as copy:
                    shutil.copyfileobj(source, copy)
                    copy.flush()
                    os.fsync(copy.fileno())
            else:
                os.rename(folder / name, own)
        except FileNotFoundError:
            self.note(dest, name, "torn", b"", "")
            os.unlink(folder / marker)
            return
        self.taken += 1
        content = own.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        before = self.had.setdefault((dest, name), None)
        kind = "first" if before is None else "again" if self.remote and before == digest else "double"
        if before is None:
            self.had[dest, name] = digest
        self.note(dest, name, kind, content, str(own.relative_to(self.into)))
        if marker:
            os.unlink(folder / marker)
        if self.remote:
            os.unlink(folder / name)

    def note(self, dest, name, kind, content, file):
        row = {"dest": dest, "name": name, "sha256": hashlib.sha256(content).hexdigest(), "lines": content.count(b"\n"),
               "bytes": len(content), "time": round(time.time(), 6), "kind": kind, "file": file}
        self.ledger.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        os.fsync(self.ledger.fileno())

    def run(self, stop):
        self.watch = Watch()
        while not stop.is_set():
            self.sweep(time.monotonic())
            self.watch.wait(0.005 if self.lag else 0.03)
        self.watch.close()
        self.watch = None

    def last_sweep(self):
        self.sweep()
        self.ledger.close()


class Running:
    """A receiver in a thread: with Running(site, into): ..."""

    def __init__(self, *args, **kinds):
        self.receiver, self.stop = Receiver(*args, **kinds), threading.Event()
        self.error = None
        self.thread = threading.Thread(target=self.work)

    def work(self):
        try:
            self.receiver.run(self.stop)
        except Exception as e:          # shown by the one who waits for us
            self.error = e

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        self.receiver.last_sweep()
        if self.error:
            raise self.error


def read_ledger(into):
    path = pathlib.Path(into) / "ledger.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--site", required=True)
    p.add_argument("--into", required=True)
    p.add_argument("--remote", action="store_true")
    p.add_argument("--lag", type=float, default=0.0)
    a = p.parse_args()
    stop = threading.Event()
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, lambda *_: stop.set())
    receiver = Receiver(a.site, a.into, a.remote, a.lag)
    receiver.run(stop)
    receiver.last_sweep()


if __name__ == "__main__":
    main()
