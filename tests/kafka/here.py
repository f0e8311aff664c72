#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The broker that the fixture `kafka` has started, for tests in Python (here.h: in C).

    here.py [--start|--line LINE] COMMAND...
                                    runs it with JINCAI_TEST_BUS=kafka:ADDRESS: sites of tests/e2e/small_site.py are then on that
                                    broker; with --start (4.1) or --line on one that is started for it, and ends with
                                    it; its folder is in JINCAI_KAFKA_FOLDER
"""
import os
import pathlib
import subprocess
import sys
import tempfile


def folder():
    """Where there is none the program ends: skipped (77), or failed when JINCAI_KAFKA=require."""
    path = pathlib.Path(os.environ.get("JINCAI_KAFKA_FOLDER") or "build/release/kafka")
    if (path / "address").exists():
        return path
    if os.environ.get("JINCAI_KAFKA") == "require":
        sys.exit(f"JINCAI_KAFKA=require, but no broker was started ({path}/address)")
    print(f"skipped: no broker was started ({path}/address)", flush=True)
    sys.exit(77)


def address():
    return (folder() / "address").read_text().strip()


def on_own(command, line="4.1"):
    import broker
    broker.libs.need(line)
    with tempfile.TemporaryDirectory(prefix="kafka_here_") as top:
        cluster = broker.Cluster.start(f"{top}/broker", line, watch=os.getpid())
        try:
            return subprocess.call(command, env={**os.environ, "JINCAI_TEST_BUS": f"kafka:{cluster.address}",
                                                 "JINCAI_KAFKA_FOLDER": f"{top}/broker"})
        finally:
            cluster.end_all()


if __name__ == "__main__":
    if sys.argv[1] == "--start":
        sys.exit(on_own(sys.argv[2:]))
    if sys.argv[1] == "--line":
        sys.exit(on_own(sys.argv[3:], sys.argv[2]))
    os.environ["JINCAI_TEST_BUS"] = f"kafka:{address()}"
    os.execvp(sys.argv[1], sys.argv[1:])
