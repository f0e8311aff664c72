#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Replays to banks: every interleaving of a small case, looked through to the end.

    banks.py [--trace]

Batch X lies on an event topic: x0, x1, x2, and its closing. The router reads it by the routes of before, by which x0 goes to bank A and
the others to nobody. The site no longer names A; it has banks B and C by now, to which all lines would go. A plan for B and a plan for C are made
at any moment, begun, paused, gone on with, killed. Every step is one commit of one flow, or one look at an index: what a replay looks at
line by line, and what it decides on then, were not the same moment. A bank pays the lines of a batch once it has the closing.

What must hold: no id is paid twice, by one bank or by two; what a bank was given is paid in the end. Each rule, switched off alone,
breaks it: else it would not be needed. Exit code 1 when one of these is not so.
"""
import sys
from collections import deque, namedtuple

RULES = {
    "excluded": "a line that another bank was given stays away",
    "former": "banks that the site no longer names count",
    "forwarded": "a batch goes only when the router has forwarded all of it",
    "ends": "a line is looked up once more before it goes; what stands behind the ends of before the first look voids the plan",
    "one": "while one such plan runs or is paused no other begins",
    "commit": "how far a plan is stands in the commit that has the line",
}
LINES = ("x0", "x1", "x2")
BANKS = ("A", "B", "C")
# to: of each bank, the ids it was given, "closed", "given up"; paid: ids, in any order. plan: per bank B, C: how it stands ("none",
# "planned", "looking", "giving", "paused", "done", "void"), what the plan leaves out, the ends of the others, what was found, next line
Plan = namedtuple("Plan", "how left ends found at")
NONE = Plan("none", (), (), (), 0)
State = namedtuple("State", "routed to paid plans kills")
START = State(0, ((), (), ()), (), (NONE, NONE), 1)


def put(t, i, v):
    return t[:i] + (v,) + t[i + 1:]


class Model:
    def __init__(self, off=None):
        self.off = off

    def on(self, rule):
        return rule != self.off

    def give(self, s, bank, *records):
        return s._replace(to=put(s.to, bank, s.to[bank] + records))

    def others(self, bank):
        return [b for b in (0, 1, 2) if b != bank and (b != 0 or self.on("former"))]

    def where(self, s, bank, line):
        """Where another one has it: (bank, offset), or nothing."""
        return next(((b, s.to[b].index(line)) for b in self.others(bank) if line in s.to[b]), None) if self.on("excluded") else None

    def set(self, s, n, **more):
        return s._replace(plans=put(s.plans, n, s.plans[n]._replace(**more)))

    def route(self, s):
        record = (*LINES, "closed")[s.routed]
        s = s._replace(routed=s.routed + 1)
        return s if record in ("x1", "x2") else self.give(s, 0, record)

    # ---- a plan: n is 0 for bank B, 1 for bank C ----
    def make(self, s, n):
        return self.set(s, n, how="planned", left=tuple(bool(self.where(s, n + 1, x)) for x in LINES))

    def begin(self, s, n):
        ends = s.plans[n].ends or tuple(len(log) for log in s.to)
        return self.set(s, n, how="looking", ends=ends, found=())

    def look(self, s, n):
        """One line; behind the last one it is decided."""
        p = s.plans[n]
        if len(p.found) < len(LINES):
            return self.set(s, n, found=p.found + (bool(self.where(s, n + 1, LINES[len(p.found)])),))
        if (self.on("forwarded") and s.routed <= len(LINES)) or p.found != p.left:
            return self.void(s, n)
        return self.set(s, n, how="giving")

    def void(self, s, n):
        s = self.set(s, n, how="void")
        return self.give(s, n + 1, "given up") if s.to[n + 1] else s

    def go_on(self, s, n):
        p, bank = s.plans[n], n + 1
        if p.at == len(LINES):
            return self.give(self.set(s, n, how="done"), bank, "closed")
        at = self.where(s, bank, LINES[p.at]) if self.on("ends") else None
        if at and at[1] >= p.ends[at[0]]:
            return self.void(s, n)
        s = self.set(s, n, at=p.at + 1)
        return s if p.found[p.at] else self.give(s, bank, LINES[p.at])

    def kill(self, s, n):
        at = s.plans[n].at if self.on("commit") else max(0, s.plans[n].at - 1)
        return self.set(self.begin(s, n), n, at=at)._replace(kills=s.kills - 1)

    def pay(self, s, bank):
        lines = tuple(x for x in s.to[bank] if x in LINES)
        return s._replace(paid=tuple(sorted(s.paid + lines)), to=put(s.to, bank, s.to[bank] + ("paid",)))

    def steps(self, s):
        if s.routed <= len(LINES):
            yield "the router", self.route(s)
        for bank in (0, 1, 2):
            if "closed" in s.to[bank] and "paid" not in s.to[bank]:
                yield f"{BANKS[bank]} pays", self.pay(s, bank)
        for n, p in enumerate(s.plans):
            name = BANKS[n + 1]
            busy = self.on("one") and s.plans[1 - n].how in ("looking", "giving", "paused")
            if p.how == "none":
                yield f"a plan for {name}", self.make(s, n)
            elif p.how in ("planned", "paused") and not busy:
                yield f"{name} is begun", self.begin(s, n)
            elif p.how == "looking":
                yield f"{name} is looked at", self.look(s, n)
            elif p.how == "giving":
                yield f"{name} goes on", self.go_on(s, n)
            if p.how in ("looking", "giving"):
                yield f"{name} is paused", self.set(s, n, how="paused")
                if s.kills:
                    yield f"{name} is killed", self.kill(s, n)

    def wrong(self, s, ended):
        if len(set(s.paid)) < len(s.paid):
            return "an id is paid twice"
        if ended and any(set(log) & set(LINES) and "paid" not in log for log in s.to):
            return "what a bank was given is not paid"
        return None


def run(off):
    """None, or (what is wrong, how it came to that)."""
    m, before, todo = Model(off), {START: None}, deque([START])
    while todo:
        s = todo.popleft()
        following = list(m.steps(s))
        why = m.wrong(s, not following)
        if why:
            path = []
            while before[s]:
                step, s = before[s]
                path.append(step)
            return why, path[::-1], len(before)
        for step, t in following:
            if t not in before:
                before[t] = (step, s)
                todo.append(t)
    return None, [], len(before)


def main():
    failed = 0
    for off in (None, *RULES):
        why, path, n = run(off)
        good = (why is None) == (off is None)
        failed += not good
        print(f"{'ok' if good else 'WRONG':6} {n:7} states  " + (f"without: {RULES[off]}" if off else "all rules") + (f" - {why}" if why else ""))
        if why and (not good or "--trace" in sys.argv):
            print("        " + ", ".join(path))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
