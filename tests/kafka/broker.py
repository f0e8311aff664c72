#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real Kafka cluster on this machine, of one node or three, in a folder of its own.

    broker.py start FOLDER [--line 4.1|3.9] [--nodes 1|3] [--tls] [--mutual] [--sasl plain|scram] [--acl]
                           [--cert NAME] [--also NAME=GUARD]... [--set KEY=VALUE]... [--with PID|parent]
    broker.py stop|kill|restart|pause|resume FOLDER [N]      (all nodes, or node N of 1..3)
    broker.py transactions FOLDER                            each transactional id: state, producer, epoch, start in ms, partitions
    broker.py history FOLDER ID [N]                          each state of this id as node N (1) wrote it: ms, state, producer, epoch
    broker.py lose FOLDER N                                  this node is killed, and its disk is gone; restart gives it a new one

`start` returns when every node answers, prints the addresses and leaves them in FOLDER/address; FOLDER/inside has those of a
second, plain listener, for who looks on while the first one is guarded. `stop` without N stops all and keeps the folder;
`restart` takes up what was stopped or killed; `start` on a folder of an earlier cluster ends that one and begins anew.
--with PID: the cluster is killed when that process is gone. --cert: the broker's certificate, a name of certificates.py.
--also: one more listener, GUARD of tls, mutual, plain, scram and a certificate joined by "+"; its addresses: FOLDER/at/NAME.
FOLDER/tls has certificates, FOLDER/sasl/USER the passwords of `jincai` and `stranger`. With --mutual and --acl a client is
`User:CN=jincai`, with --sasl and --acl `User:jincai`. JINCAI_KAFKA: see libs.py.
"""
import argparse
import base64
import concurrent.futures
import fcntl
import json
import os
import pathlib
import re
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid

import certificates
import judge
import libs
import process
import properties
import wire

READY_SECONDS = 300             # a broker needs 3 s; a machine that does much else at once, minutes
STOP_SECONDS = 10
TRIES = 5                       # when another process takes a port between our look and the broker's


class Failed(Exception):
    """The cluster did not do what was asked; the words are for a person."""


class Node:
    def __init__(self, cluster, number):
        self.cluster, self.number = cluster, number
        self.folder = cluster.folder / f"node{number}"
        self.log = self.folder / "log"

    @property
    def ports(self):            # client, inside, controller, those of --also
        return self.cluster.state["ports"][self.number - 1]

    def pid(self):
        """The running process, or None."""
        return process.running(self.folder / "pid")

    def java(self, *words):
        state = self.cluster.state
        return libs.java(state["line"], "-Dorg.slf4j.simpleLogger.showDateTime=true",
                         f"-Djava.io.tmpdir={self.folder}/tmp", *words, heap=state["heap"])

    def format(self):
        words = ["format", "-t", self.cluster.state["id"], "-c", str(self.folder / "server.properties")]
        if "scram" in [guarded["sasl"] for guarded in self.cluster.guards]:
            for user in properties.USERS:
                words += ["--add-scram", f"SCRAM-SHA-512=[name={user},password={self.cluster.password(user)}]"]
        got = subprocess.run(self.java("kafka.tools.StorageTool", *words), capture_output=True, text=True)
        if got.returncode:
            raise Failed(f"node {self.number} cannot be formatted: {got.stdout}{got.stderr}")

    def launch(self):
        self.began = self.log.stat().st_size if self.log.exists() else 0
        words = self.java(*self.cluster.state["java"], "kafka.Kafka", str(self.folder / "server.properties"))
        self.cluster.spawn(words, self.folder / "pid", self.log)

    def said(self):
        """What the broker has said since it was launched."""
        with open(self.log, "rb") as log:
            log.seek(self.began)
            return log.read().decode(errors="replace")

    def last_words(self):
        """What it called an error, and how its log ends."""
        lines = self.said().splitlines()
        errors = [line for line in lines[:-10] if re.search(r" ERROR | FATAL |^Caused by|^Exception", line)]
        return f"({self.log})\n" + "\n".join(errors[:10] + ["..."] + lines[-10:])

    def signal(self, number):
        pid = self.pid()
        if pid:
            os.kill(pid, number)

    def gone(self, seconds):
        ends = time.monotonic() + seconds
        while self.pid():
            if time.monotonic() > ends:
                return False
            time.sleep(0.01)
        return True


class Cluster:
    """address and inside are what a client takes as bootstrap servers; every call returns when the cluster is as it says."""

    def __init__(self, folder):
        """A cluster that was started before, by this process or another."""
        self.folder, self.children = pathlib.Path(folder).resolve(), []
        try:
            self.state = json.loads((self.folder / "cluster.json").read_text())
        except OSError:
            raise Failed(f"no cluster was started in {self.folder}") from None

    @classmethod
    def start(cls, folder, line="4.1", nodes=1, tls=False, mutual=False, sasl=None, acl=False, cert="server", also=(),
              settings=(), watch=None, java=()):
        """Raises Absent (libs.py) or Failed. settings: "key=value" lines that come last. watch: a process to end with.

        java: options of the broker's Java."""
        if java == ():
            warm(line)
        folder = pathlib.Path(folder).resolve()
        if (folder / "cluster.json").exists():
            cls(folder).remove()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise Failed(f"{folder} holds something that is no cluster")
        self = cls.__new__(cls)
        self.folder, self.children = folder, []
        self.state = {"line": line, "nodes": nodes, "tls": tls or mutual, "mutual": mutual, "sasl": sasl, "acl": acl,
                      "cert": cert, "also": {name: properties.guard(words) for name, words in (one.split("=") for one in also)},
                      "settings": list(settings), "java": list(java), "heap": "256m" if nodes > 1 else "128m", "ports": [],
                      "id": base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "_")}
        try:
            self.make()
            if watch:
                self.spawn([sys.executable, __file__, "watch", folder, str(watch)], folder / "watch.pid", folder / "watch.log")
            self.first_start()
        except BaseException:
            self.end_all()
            raise
        return self

    def spawn(self, words, pid_file, log):
        """A process that outlives this one, writes into the log and is known by its pid and the time when it began."""
        with open(log, "ab") as out:
            child = subprocess.Popen(words, cwd=log.parent, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                     start_new_session=True)
        self.children.append(child)
        pid_file.with_suffix(".new").write_text(f"{child.pid} {process.started_at(child.pid)}")
        pid_file.with_suffix(".new").rename(pid_file)

    @property
    def nodes(self):
        return [Node(self, number) for number in range(1, self.state["nodes"] + 1)]

    def some(self, number):
        if number is not None and not 1 <= number <= self.state["nodes"]:
            raise Failed(f"there is no node {number}")
        return [node for node in self.nodes if number in (None, node.number)]

    @property
    def address(self):
        return ",".join(f"127.0.0.1:{node.ports[0]}" for node in self.nodes)

    @property
    def inside(self):
        return ",".join(f"127.0.0.1:{node.ports[1]}" for node in self.nodes)

    def at(self, name):
        """The addresses of a listener of --also."""
        number = 3 + list(self.state["also"]).index(name)
        return ",".join(f"127.0.0.1:{node.ports[number]}" for node in self.nodes)

    @property
    def guards(self):
        return [self.state, *self.state["also"].values()]

    def password(self, user):
        return (self.folder / "sasl" / user).read_text()

    def save(self):
        (self.folder / "cluster.json").write_text(json.dumps(self.state, indent=1) + "\n")
        (self.folder / "address").write_text(self.address + "\n")
        (self.folder / "inside").write_text(self.inside + "\n")
        for name in self.state["also"]:
            (self.folder / "at").mkdir(exist_ok=True)
            (self.folder / "at" / name).write_text(self.at(name) + "\n")

    def make(self):
        """All that stays when other ports have to be taken."""
        self.save_empty()
        if any(guarded["tls"] for guarded in self.guards):
            certificates.make(self.folder / "tls")
        if any(guarded["sasl"] for guarded in self.guards):
            (self.folder / "sasl").mkdir(mode=0o700)
            for user in (*properties.USERS, "wrong"):
                process.secret(self.folder / "sasl" / user, secrets.token_urlsafe(18))
        for node in self.nodes:
            (node.folder / "tmp").mkdir(parents=True)

    def save_empty(self):
        (self.folder / "cluster.json").write_text(json.dumps(self.state))

    def configure(self):
        each = 3 + len(self.state["also"])
        ports = process.free_ports(each * self.state["nodes"])
        self.state["ports"] = [ports[at:at + each] for at in range(0, len(ports), each)]
        for node in self.nodes:
            process.secret(node.folder / "server.properties", properties.server(self, node))
        self.save()

    def first_start(self):
        for attempt in range(TRIES):
            self.configure()
            if attempt == 0:
                with concurrent.futures.ThreadPoolExecutor() as pool:
                    list(pool.map(Node.format, self.nodes))
            nodes = self.nodes
            for node in nodes:
                node.launch()
            if self.ready(nodes, last=attempt == TRIES - 1):
                return
            self.signal_all(signal.SIGKILL)

    def ready(self, nodes, last=True):
        """Waits until these nodes are let in, every partition that they see has a leader, and they are in sync with all of
        theirs. False: a port was taken; try others."""
        ends, waiting = time.monotonic() + READY_SECONDS, list(nodes)
        while waiting:
            for node in waiting:
                if not node.pid():
                    if "Address already in use" in node.said() and not last:
                        return False
                    raise Failed(f"node {node.number} ended; its last words {node.last_words()}")
            waiting = [node for node in waiting if not self.serves(node, nodes)]
            if waiting and time.monotonic() > ends:
                raise Failed(f"node {waiting[0].number} does not answer after {READY_SECONDS} s {waiting[0].last_words()}")
            time.sleep(0.05 if waiting else 0)
        return True

    def serves(self, node, nodes):
        try:
            if not all(process.listens(node.pid(), port) for port in node.ports):
                return False
            seen = wire.metadata(node.ports[1])
        except OSError:
            return False
        return {one.number for one in nodes} <= set(seen["brokers"]) and all(
            leader >= 0 and (node.number in in_sync or node.number not in replicas)
            for partitions in seen["topics"].values() for leader, replicas, in_sync in partitions.values())

    def signal_all(self, number, nodes=None):
        for node in nodes or self.nodes:
            node.signal(number)

    def stop(self, number=None, seconds=STOP_SECONDS):
        """As an administrator stops a broker; who does not end in time is killed."""
        nodes = self.some(number)
        self.signal_all(signal.SIGCONT, nodes)
        self.signal_all(signal.SIGTERM, nodes)
        ends = time.monotonic() + seconds
        for node in nodes:
            if not node.gone(max(0, ends - time.monotonic())):
                node.signal(signal.SIGKILL)
                node.gone(STOP_SECONDS)

    def kill(self, number=None):
        nodes = self.some(number)
        self.signal_all(signal.SIGKILL, nodes)
        for node in nodes:
            if not node.gone(STOP_SECONDS):
                raise Failed(f"node {node.number} does not die")

    def lose(self, number):
        self.kill(number)
        shutil.rmtree(self.some(number)[0].folder / "data")

    def restart(self, number=None):
        """Starts what does not run; a node that was killed is let in when its old session has run out."""
        nodes = [node for node in self.some(number) if not node.pid()]
        for node in nodes:
            if not (node.folder / "data/meta.properties").exists():
                node.format()
            node.launch()
        self.ready(nodes)

    def pause(self, number=None):
        """SIGSTOP: the sockets stay open and nobody answers."""
        self.signal_all(signal.SIGSTOP, self.some(number))

    def resume(self, number=None):
        self.signal_all(signal.SIGCONT, self.some(number))

    def end_all(self):
        """Kills the nodes, and the process that would do so when its own was gone."""
        self.kill()
        pid = process.running(self.folder / "watch.pid")
        if pid and pid != os.getpid():
            os.kill(pid, signal.SIGKILL)
        for child in self.children:
            child.wait()

    def remove(self):
        self.end_all()
        shutil.rmtree(self.folder)

    def judge(self, client=None):
        """By the plain listener; or by the guarded one with the Java client's settings (properties.client())."""
        return judge.Judge(self.address if client else self.inside, self.state["line"], client)

    def history(self, transactional_id, number=1):
        """As judge.history, from what this node wrote; it need not run."""
        logs = sorted((self.nodes[number - 1].folder / "data").glob("__transaction_state-*/*.log"))
        return judge.history(self.state["line"], logs, transactional_id)


def warm(line):
    """Lets a broker leave its classes for those that start later (libs.archive); done once."""
    libs.class_path(line)
    made = libs.archive(line)
    with open(libs.cache(line) / "warm.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if made.exists():
            return
        with tempfile.TemporaryDirectory(prefix="kafka-warm-") as top:
            new = pathlib.Path(top) / "kafka.jsa"
            cluster = Cluster.start(pathlib.Path(top) / "a", line, watch=os.getpid(), java=[f"-XX:ArchiveClassesAtExit={new}"])
            try:
                cluster.stop(seconds=READY_SECONDS)
            finally:
                cluster.end_all()
            new.chmod(0o644)
            shutil.move(new, made.with_suffix(".new"))
            made.with_suffix(".new").rename(made)


def watch(folder, pid):
    """Kills the cluster when the process is gone."""
    try:
        gone = os.pidfd_open(pid)
        poll = select.poll()
        poll.register(gone, select.POLLIN)
        poll.poll()
    except ProcessLookupError:
        pass
    try:
        Cluster(folder).kill()
    except Failed:
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    start = verbs.add_parser("start")
    start.add_argument("folder")
    start.add_argument("--line", default="4.1", choices=libs.LINES)
    start.add_argument("--nodes", default=1, type=int, choices=(1, 3))
    for flag in ("--tls", "--mutual", "--acl"):
        start.add_argument(flag, action="store_true")
    start.add_argument("--sasl", choices=("plain", "scram"))
    start.add_argument("--cert", default="server", choices=[name for name in certificates.CERTIFICATES if name.startswith("server")])
    start.add_argument("--also", action="append", default=[], metavar="NAME=GUARD")
    start.add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    start.add_argument("--with", dest="watch", metavar="PID")
    for verb in ("stop", "kill", "restart", "pause", "resume", "lose"):
        one = verbs.add_parser(verb)
        one.add_argument("folder")
        one.add_argument("number", nargs=None if verb == "lose" else "?", type=int, metavar="N")
    verbs.add_parser("transactions").add_argument("folder")
    history = verbs.add_parser("history")
    history.add_argument("folder")
    history.add_argument("id")
    history.add_argument("number", nargs="?", type=int, default=1, metavar="N")
    watcher = verbs.add_parser("watch")
    watcher.add_argument("folder")
    watcher.add_argument("pid", type=int)
    options = vars(parser.parse_args())
    verb = options.pop("verb")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        if verb == "start":
            if (pathlib.Path(options["folder"]) / "cluster.json").exists():
                Cluster(options["folder"]).remove()
            libs.need(options["line"])
            if options["watch"] == "parent":
                options["watch"] = os.getppid()
            print(Cluster.start(**options).address)
        elif verb == "watch":
            watch(**options)
        elif verb == "transactions":
            with Cluster(options["folder"]).judge() as asked:
                for row in asked.transactions():
                    print("\t".join(row))
        elif verb == "history":
            for row in Cluster(options["folder"]).history(options["id"], options["number"]):
                print(*row, sep="\t")
        elif verb == "stop" and not (pathlib.Path(options["folder"]) / "cluster.json").exists():
            print("no cluster was started there")
        else:
            cluster = Cluster(options["folder"])
            getattr(cluster, verb)(options["number"])
            if verb == "stop" and options["number"] is None:
                cluster.end_all()
    except Failed as why:
        sys.exit(f"broker.py: {why}")


if __name__ == "__main__":
    main()
