# SPDX-License-Identifier: Apache-2.0
"""Cases about a site on a Kafka cluster: each has a fresh site with names of its own, and is named by the sentence it proves."""
import argparse
import concurrent.futures
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "kafka"))
from small_site import SITE_FILE, Site  # noqa: E402

CASES = []
options = None
MANY = 4                        # cases at once


def case(sentence, long=False):
    """long: with --long alone."""
    def add(function):
        CASES.append((sentence, function, long))
        return function
    return add


def expect(condition, *words):
    if not condition:
        raise AssertionError(" ".join(str(w) for w in words))


def refused(result, exit_code, code, *words):
    """Ended with this code, said so, and each word (of the network's own) stands in the message."""
    expect(result.code == exit_code, f"wanted exit {exit_code}, got", result)
    expect(code in result.codes, f"[{code}] is not among {sorted(result.codes)}:", result)
    for word in words:
        expect(word in result.err, f"{word!r} is not said:", result)


def site_text(name, address, more="", **kafka):
    kafka = {"folder": "./bus", "prefix": f"{name}.", **kafka}
    text = SITE_FILE.replace("name: yakeshi", f"name: {name}").replace(
        "bus: embedded:./bus", f"bus: kafka:{address}\nkafka: {{{', '.join(f'{k}: {v}' for k, v in kafka.items())}}}")
    return text + more


class KafkaSite(Site):
    def __init__(self, folder, address, more="", **kafka):
        self.name = "k" + re.sub("[^a-z0-9]", "", folder.name.lower())
        self.kafka, self.more = kafka, more
        super().__init__(folder, options.program, site_text(self.name, address, more, **kafka))

    def at(self, address, more=None, **kafka):
        self.write(site_text(self.name, address, self.more if more is None else more, **{**self.kafka, **kafka}))

    @contextlib.contextmanager
    def running(self, *words, **env):
        """As a service, with these in its environment. What it says lies in run.log."""
        with open(self.root / "run.log", "ab") as log:
            process = subprocess.Popen([self.program, "run", *words], cwd=self.root, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       env={**os.environ, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **env})
            try:
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                    raise AssertionError("does not end on SIGTERM:\n" + self.said()[-2000:]) from None

    def said(self):
        return (self.root / "run.log").read_text(errors="replace")

    def says(self, *words, seconds=60):
        soon(lambda: all(word in self.said() for word in words), seconds, f"{words} not said:", self.said)

    def sends(self, *batches, seconds=90):
        def all_there():
            try:
                self.sent_is(*batches)
            except (AssertionError, OSError):
                return False
            return True
        soon(all_there, seconds, "not all was sent:", lambda: self.said()[-3000:])
        self.sent_is(*batches)


def soon(condition, seconds, words, more):
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            raise AssertionError(f"{words} {more()}")
        time.sleep(0.2)


# ---- running ----

def one(entry):
    sentence, function, _ = entry
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kc" + re.sub("[^a-z]", "", function.__name__)[:12], dir=options.work))
    began, wrong = time.monotonic(), ""
    try:
        function(folder)
    except (Exception, SystemExit) as e:
        wrong = str(e) if isinstance(e, AssertionError) else traceback.format_exc()
    if not wrong and not options.keep:
        shutil.rmtree(folder, ignore_errors=True)
    where = f"\n    {folder}" if wrong else ""
    print(f"{'FAILED' if wrong else 'ok'}  {sentence}, {time.monotonic() - began:.0f} s"
          + "".join("\n    " + line for line in wrong.splitlines()[-60:]) + where, flush=True)
    return bool(wrong)


def main(doc, begin, more=()):
    """begin(folder): a context within which the cases run. more: (option, settings of add_argument)."""
    global options
    p = argparse.ArgumentParser(description=doc.split("\n")[0])
    p.add_argument("program")
    p.add_argument("--only", default="")
    p.add_argument("--long", action="store_true", help="those that take long, too")
    p.add_argument("--keep", action="store_true")
    for name, settings in more:
        p.add_argument(name, **settings)
    options = p.parse_args()
    options.program = str(pathlib.Path(options.program).resolve())
    wanted = [entry for entry in CASES if options.only in entry[0] and options.long >= entry[2]]
    with tempfile.TemporaryDirectory(prefix="kafka_cases_", ignore_cleanup_errors=True) as work:
        options.work = tempfile.gettempdir() if options.keep else work
        with begin(pathlib.Path(work)), concurrent.futures.ThreadPoolExecutor(MANY) as pool:
            bad = sum(pool.map(one, wanted))
    print(f"{len(wanted) - bad} of {len(wanted)} cases are right")
    return 1 if bad else 0
