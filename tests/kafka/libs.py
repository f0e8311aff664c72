#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kafka's own programs for tests: whether they can be had, and where they are.

    libs.py [LINE]      gets them once (LINE 4.1 or 3.9) and prints the class path

JINCAI_KAFKA decides what follows where Java or Maven cannot answer: `require` fails (exit 1); `auto`, the default, skips
with one line (exit 77, ctest's "skipped"); `skip` skips always. Jars lie in build/kafka/LINE of the source folder, or in
JINCAI_KAFKA_CACHE/LINE; Maven is asked with the machine's own settings, and not again before pom.xml changes.
"""
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
LINES = ("4.1", "3.9")
JAVA_AT_LEAST = 17
MAVEN_SECONDS = 540
REFUSED_SECONDS = 600           # how long Maven's "no" stands before it is asked again
# Compiled once and quickly; nothing in shared memory that outlives a kill.
JAVA = ("java", "-Xss256k", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xlog:disable")


class Absent(Exception):
    """Kafka's programs cannot be had here; the words say why, in one line."""


def wish():
    word = os.environ.get("JINCAI_KAFKA") or "auto"
    if word not in ("require", "skip", "auto"):
        sys.exit(f"JINCAI_KAFKA is {word}: require, skip or auto")
    return word


def need(line="4.1"):
    """The class path; where it cannot be had, the end of the process with exit code 77 or 1 and one line that says why."""
    if wish() == "skip":
        print("skipped: JINCAI_KAFKA=skip", flush=True)
        sys.exit(77)
    try:
        return class_path(line)
    except Absent as why:
        if wish() == "require":
            sys.exit(f"JINCAI_KAFKA=require, but {why}")
        print(f"skipped: {why}", flush=True)
        sys.exit(77)


def cache(line):
    return pathlib.Path(os.environ.get("JINCAI_KAFKA_CACHE") or HERE.parents[1] / "build/kafka").resolve() / line


def archive(line):
    """Where Kafka's classes lie as Java has them in memory, if somebody left them: programs then start in half the time."""
    return cache(line) / "libs/kafka.jsa"


def java(line, *words, heap="256m"):
    """The command that runs a class of Kafka's, or Judge. What does not fit the archive makes Java do without it."""
    shared = [f"-XX:SharedArchiveFile={archive(line)}"] if archive(line).exists() else []
    return [*JAVA, *shared, f"-Xmx{heap}", "-cp", class_path(line), *words]


def class_path(line="4.1"):
    """Raises Absent. One process gets the jars while others wait for it."""
    if line not in LINES:
        raise Absent(f"there is no line {line}: {' or '.join(LINES)}")
    for program in ("java", "javac", "mvn"):
        if not shutil.which(program):
            raise Absent(f"{program} is not installed (Debian: default-jdk-headless, maven)")
    folder = cache(line)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        once(folder, "libs", [HERE / "pom.xml"], lambda new: fetch(folder, line, new))
        once(folder, "classes", [HERE / "pom.xml", HERE / "Judge.java"], lambda new: compile_judge(folder, new))
    return f"{folder}/libs/*:{folder}/classes"


def once(folder, name, sources, make):
    """folder/name as made from these sources; made aside and renamed, so that it is there whole or not at all."""
    mark = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    target, stamp = folder / name, folder / f"{name}.made"
    if target.is_dir() and stamp.exists() and stamp.read_text() == mark:
        return
    stamp.unlink(missing_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder) as new:
        make(pathlib.Path(new) / name)
        os.rename(pathlib.Path(new) / name, target)
    stamp.write_text(mark)


def java_version():
    said = subprocess.run(["java", "-version"], capture_output=True, text=True).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found.group(1)) if found else 0


def fetch(folder, line, libs):
    if java_version() < JAVA_AT_LEAST:
        raise Absent(f"java is of version {java_version()}, Kafka {line} needs {JAVA_AT_LEAST}")
    refused = folder / "refused"
    if wish() != "require" and refused.exists() and time.time() - refused.stat().st_mtime < REFUSED_SECONDS:
        raise Absent(refused.read_text())
    log = folder / "maven.log"
    with open(log, "w") as out:
        try:
            got = subprocess.run(["mvn", "-B", "-ntp", "-Dstyle.color=never", "-f", HERE / "pom.xml", "-P", line,
                                  "dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={libs}"],
                                 stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=MAVEN_SECONDS).returncode
        except subprocess.TimeoutExpired:
            got = -1
    if got == 0 and any(libs.glob("kafka_*.jar")):
        refused.unlink(missing_ok=True)
        return
    said = [text for text in log.read_text(errors="replace").splitlines() if text.startswith("[ERROR]")]
    why = said[0].removeprefix("[ERROR]").strip()[:200] if said else f"no answer in {MAVEN_SECONDS} s"
    refused.write_text(f"Maven cannot get Kafka {line}: {why} (all of it: {log})")
    raise Absent(refused.read_text())


def compile_judge(folder, classes):
    got = subprocess.run(["javac", "-nowarn", "-cp", f"{folder}/libs/*", "-d", classes, HERE / "Judge.java"],
                         capture_output=True, text=True)
    if got.returncode:
        sys.exit(got.stderr)        # our own fault, never a reason to skip


if __name__ == "__main__":
    print(need(*sys.argv[1:2]))
