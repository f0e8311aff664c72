# SPDX-License-Identifier: Apache-2.0
"""A cluster, asked and handled from a program that has modules of its own: serve.py does it in another process.

    with desk.started(folder, "--tls") as kafka:            # by broker.py, ended and removed behind it
        kafka.ask("topics", "")                             # the words of serve.py
"""
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading

KAFKA = pathlib.Path(__file__).resolve().parent


class Refused(Exception):
    pass


class Desk:
    def __init__(self, folder):
        """folder: of a cluster that broker.py started."""
        self.folder = pathlib.Path(folder)
        self.process = subprocess.Popen([sys.executable, "-B", str(KAFKA / "serve.py"), str(folder)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.lock = threading.Lock()

    @property
    def address(self):
        return (self.folder / "address").read_text().strip()

    def at(self, name):
        """The address of a listener of broker.py --also."""
        return (self.folder / "at" / name).read_text().strip()

    def ask(self, *words):
        with self.lock:
            print(*words, file=self.process.stdin, flush=True)
            answer = json.loads(self.process.stdout.readline() or '{"failed": "serve.py has ended"}')
        if "failed" in answer:
            raise Refused(f"{words[0]}: {answer['failed']}")
        return answer["is"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def broker(*words):
    """Ends this process with the code of broker.py when that is not 0: 77 where Kafka cannot be had."""
    done = subprocess.run([sys.executable, "-B", str(KAFKA / "broker.py"), *map(str, words)], check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        print(done.stdout, end="", flush=True)
        sys.exit(done.returncode)


@contextlib.contextmanager
def started(folder, *options):
    broker("start", folder, "--with", os.getpid(), *options)
    desk = Desk(folder)
    try:
        yield desk
    finally:
        desk.close()
        broker("stop", folder)
        shutil.rmtree(folder, ignore_errors=True)
