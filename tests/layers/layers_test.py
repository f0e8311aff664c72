#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The layers of the house: who may include whom, and that the build enforces it.

    layers_test.py BUILD_FOLDER

The include paths are those that the build really uses (compile_commands.json).
"""
import collections
import concurrent.futures
import fnmatch
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path("build/release")

# Each layer: its folder, and the layers whose headers it may include. `bus` and `schemas` do not know each other.
FOLDERS = {
    "base": "bus/base",
    "bus": "bus",
    "schemas": "schemas",
    "transforms": "transforms",
    "adapters": "adapters",
    "program": "bus/jincai",
}
BELOW = {
    "base": (),
    "bus": ("base",),
    "schemas": ("base",),
    "transforms": ("bus", "schemas", "base"),
    "adapters": ("transforms", "bus", "schemas", "base"),
    "program": ("adapters", "transforms", "bus", "schemas", "base"),
}
GENERATED = {"charset_table.h": "base", "version.h": "base"}
ROWS = {"err_table.h"}                  # read several times, with ROW defined: no header of its own

# Headers of one module: the stems of the files that may include them, beside that of the header.
PRIVATE = {
    "conf_file.h": ("conf",),
    "embedded.h": ("embedded",),
    "store_shared.h": ("store",),
    "kafka.h": ("kafka",),
    "kafka_index.h": ("kafka",),
    "kafka_index_parts.h": ("kafka",),
    "kafka_fold_parts.h": ("kafka",),
    "kafka_owner.h": ("kafka",),
    "map_rules.h": ("map",),
    "schema_tree.h": ("schema",),
    "codes_csv.h": ("codes",),
}
# Outside libraries that one file or one module knows: the files (by pattern) that may include them.
OUTSIDE = {
    "librdkafka/*": {"bus/kafka/kafka.h", "bus/kafka/kafka.c", "bus/kafka/kafka_*.c"},
    "lmdb.h": {"bus/store/store_parts.h"},
    "expat.h": {"adapters/codecs/xml.h", "adapters/codecs/xlsx.h"},
    "archive.h": {"adapters/codecs/xlsx_zip.c"},
    "libfyaml.h": {"bus/base/conf_read.c", "bus/jincai/main.c"},
}
# Folders of kinds: a kind includes its contract and what lies below, never a sibling.
KINDS = {"adapters/codecs": "codec.h", "adapters/connectors": "connector.h", "adapters/wraps": "wrap.h"}
CONTRACTS = set(KINDS.values()) | {"window.h"}  # what codecs share besides their contract
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def layer_of(path):
    """The layer of a file of the repository, or None."""
    text = path.relative_to(ROOT).as_posix()
    best = max((name for name, folder in FOLDERS.items() if text.startswith(folder + "/")),
               key=lambda name: len(FOLDERS[name]), default=None)
    return best


def sources():
    for top in ("bus", "schemas", "transforms", "adapters"):
        yield from sorted(p for p in (ROOT / top).rglob("*.[ch]"))


def headers_of(layer):
    """Of its folder and its rooms; codecs, connectors and wraps are rooms that one enters by their names alone."""
    return sorted(h for h in (ROOT / FOLDERS[layer]).rglob("*.h")
                  if layer_of(h) == layer and h.relative_to(ROOT).parent.as_posix() not in KINDS)


def kind_of(path):
    """("adapters/codecs", "delimited") of a file of a kind, or None. delimited_read.c is a part of delimited."""
    folder = path.relative_to(ROOT).parent.as_posix()
    return (folder, path.stem.split("_")[0]) if folder in KINDS else None


HEADERS = collections.defaultdict(list)
for source in sources():
    if source.suffix == ".h":
        HEADERS[source.name].append(source)


def includes():
    """(file, "<" or quote, name) of every include of the layers."""
    for path in sources():
        for mark, name in INCLUDE.findall(path.read_text(encoding="utf-8")):
            yield path, mark, name


def flags():
    """For each layer the include paths and definitions that its files are compiled with, and the compiler."""
    ret = {}
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["file"])
        if not path.is_relative_to(ROOT) or path.name == "charset_gen.c":
            continue
        layer = layer_of(path)
        words = shlex.split(entry["command"])
        if layer and layer not in ret:
            keep, take = [words[0]], False
            for word in words[1:]:
                if take or word.startswith(("-I", "-D", "-std")):
                    keep.append(word)
                    take = False
                elif word == "-isystem":
                    keep.append(word)
                    take = True
            ret[layer] = (keep, entry["directory"])
    return ret


FLAGS = {}


def run(layer, text, *more):
    words, folder = FLAGS[layer]
    return subprocess.run([*words, *more, "-x", "c", "-"], input=text, text=True, capture_output=True, cwd=folder,
                          env={**os.environ, "LC_ALL": "C"})


def complaint(layer, text):
    """What the compiler says of the text as a C file of that layer; empty when it compiles."""
    got = run(layer, text, "-Wall", "-Wextra", "-Werror", "-Wno-unused", "-fsyntax-only")
    return got.stderr or "it failed" if got.returncode else ""


def reaches(layer, name, header):
    """Whether a C file of that layer that includes the name gets this header. (A name may also be one of the system's.)"""
    got = run(layer, f'#include "{name}"\n', "-M")
    return got.returncode == 0 and any(pathlib.Path(word).resolve() == header for word in got.stdout.split() if "/" in word)


def all_of(function, jobs):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda job: function(*job), jobs))


class LayersTest(unittest.TestCase):
    def check(self, problems):
        self.assertFalse(problems, "\n" + "\n".join(problems))

    def where(self, path):
        return path.relative_to(ROOT).as_posix()

    def test_a_layer_includes_itself_and_what_lies_below_it(self):
        problems = []
        for path, mark, name in includes():
            if mark == "<":
                continue
            layer, file = layer_of(path), name.split("/")[-1]
            to = GENERATED.get(file) or {layer_of(h) for h in HEADERS[file]}
            to = {to} if isinstance(to, str) else to
            if not to:
                problems.append(f"{self.where(path)}: {name} is no header of ours")
            elif not to <= {layer, *BELOW[layer]}:
                problems.append(f"{self.where(path)} ({layer}) includes {name} ({', '.join(sorted(to))})")
        self.check(problems)

    def test_two_headers_never_have_one_name(self):
        self.check([f"{name}: {', '.join(map(self.where, paths))}" for name, paths in HEADERS.items() if len(paths) > 1])

    def test_includes_are_by_bare_name(self):
        """But for connectors/, codecs/ and wraps/, from the layer that they are part of and from the program."""
        problems = []
        for path, mark, name in includes():
            if mark == "<" or "/" not in name:
                continue
            folder = "adapters/" + name.rsplit("/", 1)[0]
            if folder not in KINDS or layer_of(path) not in ("adapters", "program"):
                problems.append(f"{self.where(path)} includes {name}")
        self.check(problems)

    def test_a_kind_includes_no_sibling(self):
        problems = []
        for path, mark, name in includes():
            mine = kind_of(path)
            if mark == "<" or not mine or name.split("/")[-1] in CONTRACTS:
                continue
            for header in HEADERS[name.split("/")[-1]]:
                to = kind_of(header)
                if to and to != mine and path.stem != "table":
                    problems.append(f"{self.where(path)} includes {name}, a sibling")
                elif mine[0] != "adapters/connectors" and not to and layer_of(header) == "adapters":
                    problems.append(f"{self.where(path)} includes {name}: codecs and wraps know nothing of forms")
        self.check(problems)

    def test_headers_of_one_module_are_included_by_it_alone(self):
        problems = []
        for path, mark, name in includes():
            allowed = PRIVATE.get(name)
            if mark == "<" or allowed is None or path.stem + ".h" == name:
                continue
            if path.stem.split("_")[0] not in allowed:
                problems.append(f"{self.where(path)} includes {name}")
        self.check(problems)

    def test_an_outside_library_is_known_to_its_one_module(self):
        problems = []
        for path, _, name in includes():
            for header, files in OUTSIDE.items():
                if fnmatch.fnmatch(name, header) and not any(fnmatch.fnmatch(self.where(path), file) for file in files):
                    problems.append(f"{self.where(path)} includes {name}")
        self.check(problems)

    def test_every_header_compiles_alone_and_twice(self):
        headers = [h for paths in HEADERS.values() for h in paths if h.name not in ROWS]
        said = all_of(complaint, [(layer_of(h), f'#include "{h}"\n#include "{h}"\n') for h in headers])
        self.check([f"{self.where(h)}: {words}" for h, words in zip(headers, said) if words])

    def test_a_file_that_includes_upwards_does_not_compile(self):
        jobs = []
        for layer in FOLDERS:
            for other in set(FOLDERS) - {layer, *BELOW[layer]}:
                for header in headers_of(other):
                    jobs.append((layer, header.name, header))
                    if other == "program":
                        jobs.append((layer, f"jincai/{header.name}", header))
        self.assertGreater(len(jobs), 50)
        self.check([f"a file of {layer} can include {name} ({self.where(header)})"
                    for (layer, name, header), got in zip(jobs, all_of(reaches, jobs)) if got])

    def test_each_layer_reaches_the_layers_below_it(self):
        """Else the test above would prove nothing."""
        jobs = [(layer, header.name, header) for layer in FOLDERS for other in (layer, *BELOW[layer])
                for header in headers_of(other) if header.name not in ROWS]
        self.check([f"a file of {layer} cannot include {name}" for (layer, name, _), got in
                    zip(jobs, all_of(reaches, jobs)) if not got])


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
    FLAGS = flags()
    unittest.main()
