#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Retry, return and the repaired file that comes again: every interleaving of a small case, looked through to the end.

    returned.py [--trace]

Batch X is released whole: x0 for bank A on partition 0, x1 for bank B on partition 1. Three cases are looked through: x1 dies at
the router at first; nothing dies; nothing dies, and A holds x0 because its form has another layout now. Two people hand in a retry
of that letter and a return of the batch, in any order and at any moment; a third puts A's former form back and has the batch judged
anew there; somebody forges a slip. A return of what nothing has died of asks both banks to put the batch aside first.
When the adapter has been told to write the slip, the source sends the file again under the same keys: first one with a line
of another batch (z0, sent long ago) in it, then the right one, batch Y. Every step below is one commit of one flow; whoever reads
a log reads on to the next closing, for nothing depends on a line alone.

What must hold: a receiver gets an id at most once; in the end X went out whole or not at all, so did Y, and one of them did;
nothing is left open at a destination. Each rule, switched off alone, breaks it: else it would not be needed. Exit code 1
when one of these is not so.
"""
import sys
from collections import deque, namedtuple

RULES = {
    "failed": "a return is done without asking only when the router's own newest closings say that something of the batch failed",
    "sent": "a destination that has settled a batch does not put it aside",
    "aside": "what a destination has put aside it does not settle",
    "all": "a batch is given back only when every destination that was routed something of it has put it aside",
    "on": "when one has not, the others are told to go on with it",
    "once": "they are told on one partition: who went on by the first would wait for the others of a batch that is gone",
    "only": "nothing else has them go on: not a closing that was on its way, not a person who has it judged anew",
    "forwarded": "a letter and a batch are decided on only when the router has forwarded the batch's closings everywhere",
    "ends": "with a return all open letters of the batch end, so that no retry makes it whole again",
    "marker": "a return tells every destination, on every partition, in the same commit",
    "owed": "the slip that is owed stands in the router's position until the adapter has it",
    "proved": "an adapter believes a slip only when the router's outcome of that return is on the bus",
    "own_id": "a file that comes again is a batch of its own, also when its bytes are the same",
    "attribute": "its events say that they come again: the adapter takes their ids although they were published",
    "exact": "only ids of the returned batch are taken so",
    "replace": "what a destination was given is looked up by the last place of such an id, not by the first",
    "reclose": "a closing that comes again has a held batch judged anew",
}
X, Y = "X", "Y"
WHOLE = {X: {"x0", "x1"}, Y: {"x0", "x1"}}
BANK = {"x0": 0, "x1": 1, "z0": 0}
# events: per partition (kind, batch, id, again) or ("closed", batch); to: [bank][partition] of (line, batch, id, again),
# (closed, batch, failed, returned; ON: goes on); dest: per bank (at0, at1), gatherings {batch: ({id}, {partition: (failed, returned)},
# held, aside)}; ask: None, or per bank "asked", "yes", "no"; form: of bank A, for the lines of X
ON = "on"
State = namedtuple("State", "events routed to letter done owed slip claim file dest sent ask form")
DIES = State((((("line", X, "x0", 0)), ("closed", X)), (("line", X, "x1", 0), ("closed", X))), (0, 0), (((), ()), ((), ())), "none",
              frozenset(), False, "none", "published", "none", (((0, 0), ()), ((0, 0), ())), ((), ()),
             None, "right")
# Where nothing dies there is no letter; forged slips and wrong files are looked at in the first case.
NEVER = DIES._replace(letter="never", done=frozenset({"retry", "forged"}), file="held")
CASES = (DIES, NEVER, NEVER._replace(form="wrong"))


def put(t, i, v):
    return t[:i] + (v,) + t[i + 1:]


class Model:
    def __init__(self, off=None):
        self.off = off

    def on(self, rule):
        return rule != self.off

    def append(self, to, bank, partition, *records):
        return put(to, bank, put(to[bank], partition, to[bank][partition] + records))

    # ---- the router ----
    def route(self, s, p):
        more = s.events[p][s.routed[p]][0] == "line"
        s = self.route_one(s, p)
        return self.route(s, p) if more else s

    def route_one(self, s, p):
        r = s.events[p][s.routed[p]]
        to, letter = s.to, s.letter
        if r[0] == "line" and r[2] == "x1" and r[1] == X and not r[3] and letter == "none":
            letter = "open"
        elif r[0] == "line":
            to = self.append(to, BANK[r[2]], p, r)
        else:
            failed = int(p == 1 and r[1] == X and letter == "open" and s.routed[p] < 2)
            for bank in (0, 1):
                to = self.append(to, bank, p, ("closed", r[1], failed, False))
        return s._replace(to=to, letter=letter, routed=put(s.routed, p, s.routed[p] + 1))

    def forwarded(self, s):
        return all(n >= 2 for n in s.routed)

    def retry(self, s):
        done = s.done | {"retry"}
        if s.letter != "open" or (self.on("forwarded") and not self.forwarded(s)):
            return s._replace(done=done)
        to = self.append(s.to, 1, 1, ("line", X, "x1", 0))
        for bank in (0, 1):
            to = self.append(to, bank, 1, ("closed", X, 0, False))
        return s._replace(to=to, letter="retried", done=done)

    def give_back(self, s):
        done = s.done | {"return"}
        if self.on("forwarded") and not self.forwarded(s):
            return s._replace(done=done)
        if self.on("failed") and s.letter != "open":
            return s._replace(done=done, ask=("asked", "asked"))
        return self.end(s)._replace(done=done | {"returned"})

    def end(self, s):
        to = s.to
        for bank in (0, 1) if self.on("marker") else ():
            for p in (0, 1):
                to = self.append(to, bank, p, ("closed", X, int(p), True))
        letter = "returned" if self.on("ends") and s.letter == "open" else s.letter
        return s._replace(to=to, letter=letter, owed=True, ask=None, done=s.done | {"returned"})

    def decide(self, s):
        if (all if self.on("all") else any)(a == "yes" for a in s.ask):
            return self.end(s)
        to = s.to
        for bank in (b for b in (0, 1) if s.ask[b] == "yes" and self.on("on")):
            for p in (0, 1)[:1 if self.on("once") else 2]:
                to = self.append(to, bank, p, ("closed", X, 0, ON))
        return s._replace(to=to, ask=None)

    # ---- the adapter ----
    def take_slip(self, s):
        if self.on("proved") and "returned" not in s.done:
            return s._replace(slip="none" if "forged" in s.done else s.slip, done=s.done | {"refused slip"})
        return s._replace(slip="taken", claim="returned")

    def ids_taken(self, s, ids):
        published = {r[2] for log in s.events for r in log if r[0] == "line" and r[1] == X} if self.on("exact") else \
            {r[2] for log in s.events for r in log if r[0] == "line"} | {"z0"}
        return self.on("attribute") and set(ids) <= published

    def publish(self, s, batch, ids):
        events = s.events
        for i in ids:
            p = 1 if i == "x1" else 0
            events = put(events, p, events[p] + (("line", batch, i, 1),))
        for p in (0, 1):
            events = put(events, p, events[p] + (("closed", batch),))
        return events

    def claim_file(self, s):
        name = Y if self.on("own_id") else X
        if s.file == "none":                             # the wrong one first
            ids = ("x0", "x1", "z0")
            if self.ids_taken(s, ids):
                return s._replace(file="done", events=self.publish(s, name, ids))
            return s._replace(file="held")
        if not self.ids_taken(s, ("x0", "x1")):
            return s._replace(file="refused")
        return s._replace(file="done", events=self.publish(s, name, ("x0", "x1")))

    # ---- a destination ----
    def known(self, s, bank, p, at):
        line = s.to[bank][p][at]
        places = [(q, i, r[3]) for q in (0, 1) for i, r in enumerate(s.to[bank][q]) if r[0] == "line" and r[2] == line[2]]
        if line[2] == "z0":
            return True
        last = [x for x in places if x[2]] if self.on("replace") else []
        return (p, at) not in (places[0][:2], *(x[:2] for x in last[-1:]))

    def read(self, s, bank, p):
        at = s.dest[bank][0][p]
        s = self.read_one(s, bank, p)
        more = s.to[bank][p][at][0] == "line" and at + 1 < len(s.to[bank][p])
        return self.read(s, bank, p) if more else s

    def read_one(self, s, bank, p):
        at, gathered = s.dest[bank]
        r = s.to[bank][p][at[p]]
        all_ = {g[0]: g for g in gathered}
        name, ids, closed, held, aside = all_.get(r[1], (r[1], (), (), False, False))
        if r[0] == "line":
            ids += (r[2],) if not self.known(s, bank, p, at[p]) else ("already",)
        else:
            closed = tuple(c for c in closed if c[0] != p) + ((p, r[2], r[3] is True),)
            held = held and not self.on("reclose")
            aside = aside and self.on("only") and r[3] != ON
        all_[name] = (name, ids, closed, held, aside)
        return s._replace(dest=put(s.dest, bank, (put(at, p, at[p] + 1), tuple(sorted(all_.values())))))

    def judge(self, s, bank):
        """The next state after the first batch of which something can be decided; None when there is none."""
        at, gathered = s.dest[bank]
        for name, ids, closed, held, aside in gathered:
            rest = tuple(g for g in gathered if g[0] != name)
            if any(c[2] for c in closed):
                if sum(c[2] for c in closed) == 2:       # returned everywhere: it ends
                    return s._replace(dest=put(s.dest, bank, (at, rest)))
                continue
            if held or len(closed) < 2 or (aside and self.on("aside")):
                continue
            new = [i for i in ids if i != "already"]
            other = bank == 0 and name == X and s.form == "wrong"
            if any(c[1] for c in closed) or (new and len(new) < len(ids)) or other:
                return s._replace(dest=put(s.dest, bank, (at, rest + ((name, ids, closed, True, aside),))))
            sent = put(s.sent, bank, s.sent[bank] + tuple((name, i) for i in new))
            return s._replace(dest=put(s.dest, bank, (at, rest)), sent=sent)
        return None

    def put_aside(self, s, bank):
        at, gathered = s.dest[bank]
        if self.on("sent") and any(name == X for name, _ in s.sent[bank]):
            return s._replace(ask=put(s.ask, bank, "no"))
        all_ = {g[0]: g for g in gathered}
        all_[X] = (*all_.get(X, (X, (), (), False))[:4], True)
        return s._replace(ask=put(s.ask, bank, "yes"), dest=put(s.dest, bank, (at, tuple(sorted(all_.values())))))

    def form_back(self, s):
        at, gathered = s.dest[0]
        again = tuple((*g[:3], False, g[4] and self.on("only")) if g[0] == X else g for g in gathered)
        return s._replace(form="back", dest=put(s.dest, 0, (at, again)))

    # ---- all that can happen next ----
    def next(self, s):
        for p in (0, 1):
            if s.routed[p] < len(s.events[p]):
                yield f"router reads {s.events[p][s.routed[p]]}", self.route(s, p)
        for act, do in (("retry", self.retry), ("return", self.give_back)):
            if act not in s.done:
                yield f"router: {act}", do(s)
        if s.owed:
            yield "router hands in the slip", s._replace(owed=False, slip="in")
            if not self.on("owed"):
                yield "router killed before the slip", s._replace(owed=False)
        if s.slip == "none" and "forged" not in s.done:
            yield "somebody forges a slip", s._replace(done=s.done | {"forged"}, slip="in")
        if s.slip == "in":
            yield "adapter: slip", self.take_slip(s)
        if s.claim == "returned" and s.file in ("none", "held"):
            yield "the file comes again", self.claim_file(s)
        if s.ask and "asked" not in s.ask:
            yield "router decides", self.decide(s)
        if s.form == "wrong":
            yield "A's former form is put back, and a retry there", self.form_back(s)
        for bank in (0, 1):
            if s.ask and s.ask[bank] == "asked":
                yield f"bank {'AB'[bank]} is asked", self.put_aside(s, bank)
            for p in (0, 1):
                if s.dest[bank][0][p] < len(s.to[bank][p]):
                    yield f"bank {'AB'[bank]} reads {s.to[bank][p][s.dest[bank][0][p]]}", self.read(s, bank, p)
            settled = self.judge(s, bank)
            if settled:
                yield f"bank {'AB'[bank]} settles", settled

    def bad(self, s):
        for bank in (0, 1):
            ids = [i for _, i in s.sent[bank]]
            if len(ids) != len(set(ids)) or "z0" in ids:
                return f"an id twice: {s.sent[bank]}"
        return None

    def bad_end(self, s):
        out = {b: {i for bank in s.sent for n, i in bank if n == b} for b in (X, Y)}
        for b in (X, Y):
            if out[b] and out[b] != WHOLE[b]:
                return f"a part of {b} went out: {out[b]}"
        if not out[X] and "returned" not in s.done:
            return None if any(g[3] for d in s.dest for g in d[1]) else "X neither went nor waits"
        if not out[X] and not out[Y]:
            return f"neither went out: the file is {s.file}"
        if any(d[1] for d in s.dest):
            return f"left open at a destination: {[d[1] for d in s.dest]}"
        return None


def explore(model):
    """(states, why, trace): every state that can be reached; why is None when all is well."""
    came = dict.fromkeys(CASES)
    todo = deque(CASES)
    while todo:
        s = todo.popleft()
        steps = list(model.next(s))
        why = model.bad(s) or (None if steps else model.bad_end(s))
        if why:
            trace = []
            while came[s]:
                trace.append(came[s][1])
                s = came[s][0]
            return len(came), why, trace[::-1]
        for what, t in steps:
            if t not in came:
                came[t] = (s, what)
                todo.append(t)
    return len(came), None, []


def main():
    failed = 0
    for rule in (None, *RULES):
        states, why, trace = explore(Model(rule))
        failed += bool(why) != bool(rule)
        print(f"{'all rules' if not rule else 'without ' + rule:20} {states:8} states  {why or 'holds'}")
        if "--trace" in sys.argv:
            print("".join(f"    {t}\n" for t in trace), end="")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
