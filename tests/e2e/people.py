# SPDX-License-Identifier: Apache-2.0
"""A production site with people: keys made by the openssl program, acts approved by a handler and a checker.

    site = PeopleSite(folder, program)
    act = site.proposed()[0]["act"]     # what waits for two people, as `approve list --json` says
    site.approve(act)                   # li (经办, Ed25519) and zhang (复核, SM2) sign it, the site runs
    site.sign(act, "li")                # one of them only; the result of the verb

Private keys lie in private/, outside of what the site names; public ones in keys/people/.
"""
import datetime
import hashlib
import json
import pathlib
import subprocess

from small_site import SITE_FILE, Site

PEOPLE = """\
people:
  approval: keys
  members:
    wang: {role: administrator, user: wang}
    li: {role: handler, key: ./keys/people/li.pub, user: li}
    zhang: {role: checker, key: ./keys/people/zhang.pub, user: zhang}
"""
PRODUCTION = SITE_FILE.replace(" kind: test,", "") + PEOPLE
# Its bank runs from the first day on, beside files made by hand.
COMPARING = PRODUCTION.replace("bank/pipe, gather: batch, mode: live", "bank/pipe, gather: batch, mode: shadow")
PAIRS = {"li": "ED25519", "zhang": "SM2"}


def openssl(*args, input=None):
    return subprocess.run(["openssl", *map(str, args)], input=input, capture_output=True, check=True).stdout


def make_pair(private, public, kind="ED25519"):
    """Writes the two files."""
    private, public = pathlib.Path(private), pathlib.Path(public)
    for path in (private, public):
        path.parent.mkdir(parents=True, exist_ok=True)
    openssl("genpkey", "-algorithm", kind, "-out", private)
    private.chmod(0o600)
    openssl("pkey", "-in", private, "-pubout", "-out", public)


class PeopleSite(Site):
    def __init__(self, root, program, text=PRODUCTION, pairs=None):
        super().__init__(root, program, text)
        for name, kind in (PAIRS if pairs is None else pairs).items():
            make_pair(self.key(name), self.root / f"keys/people/{name}.pub", kind)

    def key(self, name):
        return self.root / f"private/{name}.key"

    def proposed(self):
        """What waits for two people."""
        r = self.call("approve", "list", "--json")
        rows = [json.loads(line) for line in r.out.splitlines()]
        assert r.code == (1 if rows else 0), r
        return rows

    def sign(self, act, name, *more):
        return self.call("approve", act, "--key", str(self.key(name)), "--yes", *more)

    def approve(self, act, *names, run=True):
        """Both sign; what was handed in is executed by the next run, unless the site runs already."""
        for name in names or PAIRS:
            result = self.sign(act, name)
            assert result.code == 0 or "act.waits" in result.codes, result
        return self.run() if run else None

    def hand_in(self, to, act, subject, by="wang", text=None, **more):
        """Puts an order where verbs put them, as somebody could who has the account of the program. The id."""
        now = datetime.datetime.now(datetime.timezone.utc)
        self.handed = getattr(self, "handed", 0) + 1
        name = f"{act}-{int(now.timestamp() * 1000)}-{self.handed:012x}"
        if act == "resume" and "digest" not in more:
            more["digest"] = self.stop_digest(to)
        order = {"id": name, "site": "yakeshi", "flow": to, "act": act, "subject": subject, "by": by,
                 "at": now.strftime("%Y-%m-%dT%H:%M:%S.000Z"), "reason": "for a test", "until": until(now), **more}
        if act == "stop":
            self.stops = {**getattr(self, "stops", {}), to: order}
        self.forge(f"{name}.{to}", text or json.dumps(order, ensure_ascii=False))
        return name

    def stop_digest(self, flow):
        """Of the newest stop of that flow, as an order that lets it go on has to say it; "" when nobody stopped it."""
        export = self.root / "export.jsonl"
        self.call("audit", "export", str(export))
        records = [json.loads(line)["record"]["data"] for line in export.read_text(encoding="utf-8").splitlines()]
        export.unlink()
        stops = [r["order"] for r in records if r.get("outcome") == "done" and r.get("flow") == flow and
                 r.get("order", {}).get("act") == "stop"] + [o for to, o in getattr(self, "stops", {}).items() if to == flow]
        if not stops:
            return ""
        kept = {k: stops[-1][k] for k in sorted(("id", "by", "at", "reason", "code", "args")) if k in stops[-1]}
        return hashlib.sha256(json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()

    def outcomes(self):
        """{act id: (outcome, code)} of what was decided."""
        rows = [json.loads(line) for line in self.call("audit", "list", "--json").out.splitlines()]
        return {row["id"] if "id" in row else row["act"]: (row["outcome"], row.get("words", "")) for row in rows}


def until(now):
    """The last day of an act, where no table of days says otherwise: today, or Monday."""
    day = (now + datetime.timedelta(hours=8)).date()
    while day.weekday() > 4:
        day += datetime.timedelta(days=1)
    return day.isoformat()
