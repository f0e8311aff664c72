#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The broker that the fixture `kafka` has started, for tests in Python (here.h: in C).

    here.py COMMAND...      runs it with JINCAI_TEST_BUS=kafka:ADDRESS: sites of tests/e2e/small_site.py are then on that broker
"""
import os
import pathlib
import sys


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


if __name__ == "__main__":
    os.environ["JINCAI_TEST_BUS"] = f"kafka:{address()}"
    os.execvp(sys.argv[1], sys.argv[1:])
