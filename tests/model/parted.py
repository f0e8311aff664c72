#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A destination that is one flow for each partition, run in shares that change: every interleaving of a small case, to the end.

    parted.py [--trace]

The flow of partition k has one parcel to hand over: staged under a name with the lane generation of who staged it, planned,
`handing`, renamed, done (adapters/deliver/parcel.h). Processes are started for another number of shares each, and nobody is told to stop:
each older one sleeps as long as it likes and goes on where it was. The flow of partition 0 writes into the record of generations that
all older ones are fenced (bus/shares.h). The rename is no commit: nobody refuses it. In the first case one process is killed, or does
not learn what became of a commit, at any moment; in the others all stay alive.

What must hold: the receiver gets the parcel at most once; done means that it has it; lanes follow each other; and from every state
there is a way to the end without another fault. Each rule, switched off alone, breaks it: else it would not be needed. Exit code 1
when one of these is not so.
"""
import sys
from collections import deque, namedtuple

RULES = {
    "fence": "who opens a flow fences it in older generations",
    "every": "in every older one that may not be fenced yet, not only in the last",
    "zero": "the first flow says that all are fenced when it has fenced all flows of all older ones, not only itself",
    "newest": "and only while its own generation is the newest",
    "look": "after it owns it reads the generation again; an older one ends",
    "after": "positions are read behind that",
    "planned": "what another one planned is handed over as it was staged, not built once more",
    "names": "a staged name has the lane generation of who staged it; only older ones are thrown away",
    "handed": "a staged name that is gone was handed over",
}
# Shares of the processes, in the order in which they are started; faults; which flows are looked at: "Bk" is that of k in the second;
# "Bw" its first one, which sleeps for ever when it has written the generation.
CASES = (((2, 3), 1, "Ak Bk"), ((2, 3), 0, "A0 Ak Bw Bk"), ((2, 3, 4), 0, "Ak B0 Ck"))
K, Z = "k", "0"
# bus: (lane that planned or 0, handing, done, lane of the last commit)
Bus = namedtuple("Bus", "plan handing done lane")
# ids: of the flow of k, (generation, process that owns under it)
Proc = namedtuple("Proc", "pc gen lane bus older")
State = namedtuple("State", "gens older ids lanes bus staged got procs faults")
IDLE = Proc("idle", 0, 0, None, ())
GONE = IDLE._replace(pc="gone")


class Model:
    def __init__(self, shares, faults, flows, off=None):
        self.shares, self.off = shares, off
        self.names = [f"{process}{flow}" for process in "ABC"[:len(shares)] for flow in (Z, K)]
        self.writes = [name[0] + "w" in flows and name[1] == Z for name in self.names]
        procs = tuple(IDLE if name in flows or writes else GONE._replace(pc="never") for name, writes in zip(self.names, self.writes))
        self.start = State((), frozenset(), (), 0, Bus(0, False, False, 0), frozenset(), 0, procs, faults)

    def on(self, rule):
        return rule != self.off

    @staticmethod
    def fenced(s, *generations):
        return s._replace(ids=tuple(x for x in s.ids if x[0] not in generations))

    # ---- opening ----
    def read(self, s, i, p):
        """The generation: the newest, when it has our number; else a new one begins."""
        n, flow = self.shares[i // 2], i % 2
        if p.gen and p.gen != len(s.gens):
            return self.put(s, i, GONE)
        if not s.gens or (s.gens[-1] != n and not p.gen):
            older = s.older | ({len(s.gens)} if s.gens else set())
            s = s._replace(gens=s.gens + (n,), older=older)
        if self.writes[i]:
            return self.put(s, i, GONE)
        older = tuple(sorted(s.older))
        return self.put(s, i, p._replace(pc="fence", gen=len(s.gens), older=older if self.on("every") or not flow else older[-1:],
                                         bus=None if self.on("after") else s.bus))

    def fence(self, s, i, p):
        if self.on("fence") if i % 2 else self.on("zero"):
            s = self.fenced(s, *p.older)
        return self.put(s, i, p._replace(pc="own", older=()))

    def own(self, s, i, p):
        if not i % 2:
            return self.put(s, i, p._replace(pc="look"))
        s = self.fenced(s, p.gen)._replace(lanes=s.lanes + 1)
        return self.put(s._replace(ids=tuple(sorted(s.ids + ((p.gen, i),)))), i, p._replace(pc="look", lane=s.lanes))

    def look(self, s, i, p):
        if self.on("look") and p.gen != len(s.gens):
            return self.put(s, i, GONE)
        return self.put(s, i, p._replace(pc="discard" if i % 2 else "clear", bus=p.bus or (s.bus if i % 2 else None)))

    def clear(self, s, i, p):
        if p.gen == len(s.gens) or not self.on("newest"):
            s = s._replace(older=frozenset())
        return self.put(s, i, GONE)

    def discard(self, s, i, p):
        keep = {x for x in s.staged if x == p.bus.plan or (self.on("names") and x >= p.lane)}
        return self.put(s._replace(staged=frozenset(keep)), i, p._replace(pc="run"))

    # ---- the parcel ----
    def commit(self, s, i, p, bus, pc):
        """(what, state) of a commit: refused when it is fenced; and what its end may leave unknown."""
        bus = bus._replace(lane=p.lane)
        if (p.gen, i) not in s.ids:
            yield "is fenced", self.put(s, i, GONE)
            return
        done = s._replace(bus=bus)
        yield "commits", self.put(done, i, p._replace(pc=pc, bus=bus))
        if s.faults:
            again = p._replace(pc="read", lane=0, bus=None)
            for t in (s, done):
                yield "does not know its commit", self.put(t, i, again)._replace(faults=0)

    def run(self, s, i, p):
        b, own = p.bus, p.bus.plan if self.on("planned") else p.lane
        if not b.plan or (b.plan != own and not b.done):
            yield "stages", self.put(s._replace(staged=s.staged | {p.lane}), i, p._replace(pc="plan"))
        elif not b.handing:
            yield from self.commit(s, i, p, b._replace(handing=True), "run")
        elif not b.done:
            t = s
            if b.plan in s.staged:
                t = s._replace(staged=s.staged - {b.plan}, got=s.got + 1)
            elif not self.on("handed"):
                t = s._replace(got=s.got + 1)
            yield "renames", self.put(t, i, p._replace(pc="done"))

    def step(self, s, i, p):
        if p.pc == "plan":
            yield from self.commit(s, i, p, p.bus._replace(plan=p.lane, handing=False), "run")
        elif p.pc == "done":
            yield from self.commit(s, i, p, p.bus._replace(done=True), "run")
        elif p.pc == "run":
            yield from self.run(s, i, p)
        elif p.pc in ("read", "fence", "own", "look", "discard", "clear"):
            yield p.pc, getattr(self, p.pc)(s, i, p)

    def put(self, s, i, p):
        return s._replace(procs=s.procs[:i] + (p,) + s.procs[i + 1:])

    def restarts(self, s, i):
        """Its supervisor starts it again while its number is the newest, or nobody chose one yet."""
        return not s.gens or s.gens[-1] == self.shares[i // 2]

    def next(self, s):
        """(what, is it a fault, state)"""
        for i, p in enumerate(s.procs):
            name = self.names[i]
            if p.pc == "idle" and (i < 2 or any(q.pc not in ("idle", "never") for q in s.procs[i // 2 * 2 - 2:i // 2 * 2])):
                yield f"{name} starts", False, self.put(s, i, p._replace(pc="read"))
            if p.pc in ("killed", "gone") and i % 2 and self.restarts(s, i):
                yield f"{name} starts again", False, self.put(s, i, IDLE._replace(pc="read"))
            for what, t in self.step(s, i, p):
                yield f"{name} {what}", t.faults < s.faults, t
            if s.faults and p.pc not in ("idle", "gone", "killed", "never"):
                yield f"{name} is killed", True, self.put(s, i, GONE._replace(pc="killed"))._replace(faults=0)

    def is_nobody(self, s):
        """The newest number is that of a process whose flow is not looked at."""
        return s.gens and s.procs[self.shares.index(s.gens[-1]) * 2 + 1].pc == "never"

    @staticmethod
    def bad(s, t):
        if t.got > 1:
            return "handed over twice"
        if t.bus.done and not t.got:
            return "done, and the receiver has nothing"
        if t.bus != s.bus and t.bus.lane < s.bus.lane:
            return "a reader stops: a lane that had ended goes on"
        return None


def trace_to(came, s, last):
    ret = [last]
    while came[s]:
        ret.append(came[s][1])
        s = came[s][0]
    return ret[::-1]


def explore(model):
    """(states, why, trace): every state that can be reached; why is None when all is well."""
    came, back, todo = {model.start: None}, {}, deque([model.start])
    while todo:
        s = todo.popleft()
        for what, fault, t in model.next(s):
            why = model.bad(s, t)
            if why:
                return len(came), why, trace_to(came, s, what)
            if not fault:
                back.setdefault(t, []).append(s)
            if t not in came:
                came[t] = (s, what)
                todo.append(t)
    ends = [s for s in came if s.bus.done and s.got == 1]
    seen = set(ends)
    while ends:
        for s in back.get(ends.pop(), ()):
            if s not in seen:
                seen.add(s)
                ends.append(s)
    for s in came:
        if s not in seen and not model.is_nobody(s):
            return len(came), "it is never handed over", trace_to(came, s, "")
    return len(came), None, []


def main():
    failed = 0
    for rule in (None, *RULES):
        states = 0
        for case in CASES:
            n, why, trace = explore(Model(*case, rule))
            states += n
            if why:
                break
        failed += bool(why) != bool(rule)
        print(f"{'all rules' if not rule else 'without ' + rule:20} {states:8} states  {why or 'holds'}", flush=True)
        if "--trace" in sys.argv:
            print("".join(f"    {t}\n" for t in trace), end="")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
