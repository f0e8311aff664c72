# SPDX-License-Identifier: Apache-2.0
"""What tests of acts share: handing one in, what the audit says, totals that prove, and a kill at each durable step."""
import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import traceback

import small_site

options = None


def is_(got, want):
    assert got == want, f"want {want!r}\ngot  {got!r}"


def has(text, *words):
    for word in words:
        assert word in text, f"no {word!r} in\n{text}"


def act(site, *words, reason="a person said so"):
    """Hands the act in; nobody runs the site, so it waits. The next run executes it."""
    result = site.call(*words, "--reason", reason)
    assert result.code == 1 and "act.waits" in result.codes, result
    return result


def recorded(site):
    return [json.loads(line) for line in site.call("audit", "list", "--json").out.splitlines()]


def audit(site):
    """What people decided; what takes effect by itself on a test site is no decision."""
    return [a for a in recorded(site) if a["by"] != "jincai"]


def outcomes(site):
    return [(a["act"], a["outcome"], a["words"]) for a in audit(site)]


def balanced(site):
    for verb in (["balance"], ["balance", "--deep"]):
        result = site.call(*verb)
        assert "0.00" in result.out and result.code in (0, 1), result
        assert not [c for c in result.codes if c.startswith("balance")], result


def terms(site):
    """{(destination, term): count} of the balance, which must come out with nothing open."""
    for verb in (["balance"], ["balance", "--deep"]):
        result = site.call(*verb)
        assert result.code == 0 and "0.00" in result.out, result
    rows = json.loads(site.call("balance", "--json").out)
    is_((rows["wrong"], rows["difference"]), (0, "0.00"))
    return {(r["destination"], r["term"]): r["count"] for r in rows["terms"] if r["equation"] == "out"}


def kept(site, folder="payroll"):
    """The originals in .taken."""
    return sorted(p for p in (site.root / "in" / folder / ".taken").iterdir() if not p.name.endswith(".marker"))


def run_counted(site, more, flows=()):
    env = {**os.environ, "LC_ALL": "C.UTF-8", "LD_PRELOAD": options.count,
           "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0", **more}
    subprocess.run([site.program, "run", *flows, "--until-idle"], cwd=site.root, env=env, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)


def killed_everywhere(root, make, check):
    """make(folder) gives a site whose next run does the thing; killed at each durable step of that run and run again, check(site)
    must hold."""
    log = root / "steps"
    run_counted(make(root / "first"), {"COUNT_LOG": str(log)})
    steps = len(log.read_text().splitlines())
    assert steps > 5, steps
    kills = [(n, after) for n in range(1, steps + 1) for after in ("0", "1")]
    if options.kills:
        kills = random.Random(os.environ.get("JINCAI_SEED", "1")).sample(kills, min(options.kills, len(kills)))
    site = make(root / "waiting")
    waiting = site.root
    for n, after in kills:
        if small_site.ON_KAFKA:            # a copy of the folder would have the same topics
            site = make(root / f"{n}-{after}")
        else:
            site.root = root / f"{n}-{after}"
            shutil.copytree(waiting, site.root)
        run_counted(site, {"COUNT_KILL": str(n), "COUNT_AFTER": after})
        site.run()
        check(site)
        shutil.rmtree(site.root)
    print(f"        {len(kills)} kills at {steps} durable steps")


def main(cases, *tools):
    """One line a case; a case that needs kills is left out when nothing can be killed. Tools are further programs, as options.
    Returns the exit code."""
    global options
    parser = argparse.ArgumentParser()
    for name in ("program", *tools):
        parser.add_argument(name, type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("--count", help="tests/crash/count.c; without it nothing is killed")
    parser.add_argument("--kills", type=int, default=0, help="so many of them, chosen by JINCAI_SEED; else all")
    parser.add_argument("only", nargs="*")
    options = parser.parse_intermixed_args()
    options.count = options.count and str(pathlib.Path(options.count).resolve())
    failed = 0
    for f in cases:
        if options.only and f.__name__ not in options.only:
            continue
        if small_site.left_out(f) or ("killed" in f.__name__ and not options.count):
            continue
        root = pathlib.Path(tempfile.mkdtemp(prefix=f"acts-{f.__name__[:20]}-"))
        try:
            f(root)
            print(f"ok      {f.__name__}", flush=True)
            shutil.rmtree(root)
        except Exception:
            failed += 1
            print(f"FAILED  {f.__name__} in {root}")
            traceback.print_exc(file=sys.stdout)
    return 1 if failed else 0
