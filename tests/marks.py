# SPDX-License-Identifier: Apache-2.0
"""Folders of test sites (`kind: test`): each bears the mark without which such a site refuses it, and with which a production
site does.

    sys.path.insert(0, ...)             # the folder tests/
    marks.folders(root, "keys", "in/payroll", "out/abc")
"""
import pathlib

MARK = ".jincai-test"


def folders(root, *names, marked=True):
    """Makes those of a site that are not there yet, with the mark or without it."""
    for name in names:
        folder = pathlib.Path(root) / name
        folder.mkdir(parents=True, exist_ok=True)
        if marked:
            (folder / MARK).touch()
        else:
            (folder / MARK).unlink(missing_ok=True)
