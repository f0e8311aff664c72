# SPDX-License-Identifier: Apache-2.0
"""What the programs for consumers need, gotten once into build/consumers: packages as the lock files say, nothing else.

    node() python() java()      how each is called, a list of words; Absent when it cannot be had
"""
import fcntl
import hashlib
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
CACHE = HERE.parents[1] / "build/consumers"
SECONDS = 400
sys.path.insert(0, str(HERE.parent / "kafka"))
import libs  # noqa: E402


class Absent(Exception):
    """The words say why, in one line."""


def once(name, sources, commands):
    """CACHE/name with the sources in it, after these commands; made anew when a source changed."""
    mark = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    target = CACHE / name
    target.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = target / "made"
        if stamp.exists() and stamp.read_text() == mark:
            return target
        shutil.rmtree(target)
        target.mkdir()
        for path in sources:
            shutil.copy(path, target)
        for command in commands:
            try:
                got = subprocess.run(command, cwd=target, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
            except subprocess.TimeoutExpired:
                raise Absent(f"{command[0]} had no answer in {SECONDS} s") from None
            if got.returncode:
                said = (got.stderr + got.stdout).strip().splitlines() or ["it says nothing"]
                raise Absent(f"{' '.join(map(str, command[:3]))}: {said[0][:200]}")
        stamp.write_text(mark)
    return target


def node():
    for program in ("node", "npm"):
        if not shutil.which(program):
            raise Absent(f"{program} is not installed")
    made = once("node", [HERE / "node/package.json", HERE / "node/package-lock.json", *sorted((HERE / "node").glob("*.js"))],
                [["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]])
    return ["node", made / "consumer.js"]


def python():
    made = once("python", [HERE / "python/requirements.txt"],
                [[sys.executable, "-m", "venv", "venv"],
                 ["venv/bin/pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", "requirements.txt"]])
    return [made / "venv/bin/python3", "-B", HERE / "python/consumer.py"]


def java():
    try:
        libs.class_path()
    except libs.Absent as why:
        raise Absent(str(why)) from None
    made = once("java", [HERE / "java/NoticeReader.java"],
                [["javac", "-cp", f"{libs.cache('4.1')}/libs/*", "-d", ".", "NoticeReader.java"]])
    return [*libs.JAVA, "-cp", f"{libs.cache('4.1')}/libs/*:{made}", "NoticeReader"]
