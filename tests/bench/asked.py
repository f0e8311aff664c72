# SPDX-License-Identifier: Apache-2.0
"""How long a verb takes: the whole command, from its start to its end, several times over."""
import resource
import statistics
import subprocess
import time


def spent():
    """Processor time of all children that have ended, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def asked(site, words, times, what, env=None, code=0):
    """Prints wall and processor time, least and median; what the program said, and its median processor time in ms."""
    wall, processor, out = [], [], ""
    for _ in range(times):
        began, before = time.monotonic(), spent()
        got = subprocess.run([site.program, *words], cwd=site.root, env=env, capture_output=True, text=True)
        wall.append((time.monotonic() - began) * 1000)
        processor.append((spent() - before) * 1000)
        assert got.returncode == code, got
        out = got.stdout
    print(f"{what}: wall {min(wall):.1f} / {statistics.median(wall):.1f} ms, processor {min(processor):.1f} / "
          f"{statistics.median(processor):.1f} ms", flush=True)
    return out, statistics.median(processor)
