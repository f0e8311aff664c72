#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cuts the power under load and counts what was lost. Needs root, loop devices and ext4.

    power.py --jincai build/debug/bin/jincai --count-lib build/debug/tests/crash/libcount.so --cuts 100

The site lies on an ext4 of its own. A cut is EXT4_IOC_SHUTDOWN without a flush of the journal: what was not synced is
gone, as if the plug had been pulled. Half of the cuts come at a random moment, half right at a random durable step.
Then the file system is mounted again, the program reads another boot id, and all runs to its end. The receivers are
elsewhere: they copy, sync and remove, some at once, some a little later, and drop a name that comes again with the
same bytes (their removal was undone). What was handed in was synced by its vendor, so it must arrive; a parcel that
`held list` shows as unknown is counted apart. Nothing is sent again by itself: the rename that a receiver can see is
called in one life of the machine only."""
import argparse
import concurrent.futures
import contextlib
import fcntl
import json
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import uuid

import county
import judge
import make
import matrix
import receiver

EXT4_IOC_SHUTDOWN, NOLOGFLUSH = 0x8004587D, 2
IMAGE_BYTES = 192 << 20
SKIPPED = 77


class Disk:
    """An ext4 in a file, that can lose its power."""

    def __init__(self, folder):
        self.image, self.at = folder / "disk.img", folder / "disk"
        self.at.mkdir()
        with open(self.image, "wb") as f:
            f.truncate(IMAGE_BYTES)
        self.do("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1,lazy_journal_init=1", str(self.image))
        self.plug_in()

    @staticmethod
    def do(*words):
        done = subprocess.run(words, capture_output=True, check=False)
        if done.returncode:
            raise OSError(f"{words[0]}: {done.stderr.decode(errors='replace').strip()}")

    def plug_in(self):
        self.do("mount", "-o", "loop,noatime,commit=60", str(self.image), str(self.at))

    def cut(self):
        # Never the file system that we stand on.
        if os.stat(self.at).st_dev == os.stat(self.at.parent).st_dev:
            raise OSError(f"{self.at} is not mounted")
        fd = os.open(self.at, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, EXT4_IOC_SHUTDOWN, struct.pack("I", NOLOGFLUSH))
        finally:
            os.close(fd)

    def unplug(self):
        for _ in range(100):
            if not os.path.ismount(self.at):
                return
            try:
                return self.do("umount", str(self.at))
            except OSError as e:
                last = e
                time.sleep(0.02)
        raise last


class Office(matrix.Office):
    """An office on a disk of its own; the receivers' folder is beside it."""

    def __init__(self, setting, name, drops, partitions=1):
        self.disk = None
        super().__init__(setting, name, drops, partitions)
        self.disk.do("sync", "-f", str(self.site))          # the site file was saved long ago
        self.boot_id = self.root / "boot_id"
        self.boots = 0
        self.new_boot()

    def folder_for_site(self, root):
        self.disk = Disk(root)
        return self.disk.at / "site"

    def new_boot(self):
        self.boots += 1
        self.boot_id.write_text(f"{uuid.uuid4()}\n")

    def calls(self):
        return self.root / f"calls.{self.boots}.log"

    def start(self, words=("--until-idle",), **count):
        return super().start(words, COUNT_BOOT_ID=self.boot_id, COUNT_LOG=self.calls(), **count)

    def receiver(self, lag=0.0):
        return receiver.Running(self.site, self.root / "received", remote=True, lag=lag, seed=len(self.drops))

    def power_cut(self, program=None):
        self.disk.cut()
        if program:
            program.kill()
            self.wait(program)

    def power_on(self):
        self.disk.unplug()
        self.disk.plug_in()
        self.new_boot()

    def unknown(self):
        """What the program itself says that it does not know: objects, one a line, sums by currency."""
        done = subprocess.run([*self.setting.jincai, "held", "list", "--json", "-c", str(self.site_file)],
                              capture_output=True, cwd=self.site, timeout=matrix.RUN_SECONDS, check=False)
        if done.returncode not in (0, 1):
            raise matrix.Wrong(f"held list ends with {done.returncode}: {done.stderr.decode(errors='replace')}")
        rows = map(json.loads, done.stdout.decode("utf-8").splitlines())
        return [{"dest": row["destination"], "count": total["count"], "sum": judge.fen_of(total["amount"])}
                for row in rows if row["what"] == "parcel" and row["state"] == "unknown" for total in row["sums"]]


def sent_again(office):
    """Names of files whose last rename was called after a power cut although it had been called before."""
    had, again = set(), set()
    for boot in range(1, office.boots + 1):
        now = set()
        path = office.root / f"calls.{boot}.log"
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            _, call, paths = line.split("\t")
            target = paths.partition(" -> ")[2]
            last = any(f"/{f}/" in target and target.endswith(".ok") for f in county.MARKED.values()) or any(
                f"/{f}/" in target and "/.staging/" not in target for f in county.PLAIN.values())
            if call.startswith("rename") and last:
                now.add(target)
        again |= now & had
        had |= now
    return sorted(again)


def one_cut(office, rng, steps):
    """One life of the program that ends with the power."""
    office.hand_in(0, rng.randint(1, 3))
    with office.receiver(lag=rng.choice((0.0, 0.05, 0.3))):
        if rng.random() < 0.5:
            code = office.run(COUNT_KILL=rng.randint(1, steps), COUNT_AFTER=rng.randint(0, 1))
            if code != -signal.SIGKILL and code not in office.setting.ok_codes:
                raise matrix.Wrong(f"ends with {code}")
            office.power_cut()
        else:
            program = office.start()
            time.sleep(rng.random() * 0.5)
            office.hand_in(0, rng.randint(0, 2))
            time.sleep(rng.random() * 0.1)
            office.power_cut(program)
    office.power_on()


def run_case(setting, name, keep=False):
    """name is cut:NUMBER OF CUTS:SEED"""
    _, cuts, seed = name.split(":")
    rng = random.Random(name)
    office = result = None
    try:
        office = Office(setting, name, make.Maker(int(seed), setting.rows, setting.systems).drops(
            6 if setting.systems == "payroll" else 2, planted=False),
                        partitions=rng.choice((1, 3)))
        result = matrix.Result(name, folder=str(office.root))
        for _ in range(int(cuts)):
            one_cut(office, rng, 260 if setting.systems == "payroll" else 800)
        with office.receiver():
            office.everything_in()
        unknown = office.unknown()
        with office.receiver():             # nobody answered: once more, and still not sent
            office.finish()
        result.verdict = judge.judge(office.drops, office.root / "received", office.site, unknown)
        result.kills = int(cuts)
        if sent_again(office):
            raise matrix.Wrong(f"sent again by itself after a power cut: {sent_again(office)}")
    except Exception as e:
        result = result or matrix.Result(name)
        result.wrong = f"{type(e).__name__} {e}\n    {office.tail() if office else ''}"
    if office:
        office.log.close()
        if not (result.ok() or keep):
            with contextlib.suppress(OSError):      # the power may be off
                shutil.copytree(office.site, office.root / "site", symlinks=True, ignore_dangling_symlinks=True)
        if office.disk:
            office.disk.unplug()
            office.disk.image.unlink()
        if result.ok() and not keep:
            shutil.rmtree(office.root, ignore_errors=True)
    return result


def allowed(work):
    """None, or why this machine does not let us."""
    if os.geteuid() != 0:
        return "not root"
    folder = pathlib.Path(tempfile.mkdtemp(prefix="power_", dir=work))
    try:
        disk = Disk(folder)
        try:
            disk.cut()
        finally:
            disk.unplug()
        return None
    except OSError as e:
        return str(e)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    matrix.options(p)
    p.add_argument("--cuts", type=int, default=20)
    p.add_argument("--each", type=int, default=2, help="cuts of one disk, one after the other")
    p.add_argument("--stop-at", type=int, default=10)
    p.add_argument("--only", action="append", help="cut:NUMBER:SEED")
    a = p.parse_args()
    why = allowed(a.work)
    if why:
        print(f"skipped: this machine cuts no power: {why}")
        return SKIPPED
    setting = matrix.setting_of(a)
    names = a.only or [f"cut:{a.each}:{a.seed + i}" for i in range((a.cuts + a.each - 1) // a.each)]
    tally, unknown, again, begun = matrix.Tally(len(names)), 0, 0, time.monotonic()
    with concurrent.futures.ProcessPoolExecutor(a.jobs) as pool:
        todo = [pool.submit(run_case, setting, name, bool(a.only)) for name in names]
        for future in concurrent.futures.as_completed(todo):
            r = future.result()
            tally.take(r)
            unknown += r.verdict.unknown if r.verdict else 0
            again += r.verdict.again if r.verdict else 0
            if len(tally.bad) >= a.stop_at:
                pool.shutdown(wait=True, cancel_futures=True)
                print(f"stopped: {a.stop_at} cases went wrong", flush=True)
                break
    print(f"seed {a.seed}: {tally.kills} power cuts in {time.monotonic() - begun:.0f} s: {tally}; "
          f"{unknown} parcels unknown, {again} files that the receiver saw again")
    return 1 if tally.bad else 0


if __name__ == "__main__":
    sys.exit(main())
