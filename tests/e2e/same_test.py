#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The site of the demo once on the embedded bus and once on Kafka, with the same files in the same order: the same events on
the same topics, the same totals, the same files for all receivers.

    same_test.py JINCAI DUMP_TOPIC      with $JINCAI_KAFKA_FOLDER/address; 77: skipped, there is no broker
                 [--partitions N]       of both sites; with more than one the order in which partitions are read is nobody's promise,
                                        so events are compared as sets
                 [--line 3.9]           on a broker of that line, started for this test alone

The site runs a first time, file by file, each time to its end: that says what has to be there after each file. Then a
service on each bus gets the files one after the other, each when all that came of the one before is there; in the middle
both are stopped and started. So both have the same generations, and an event on Kafka is the event of the embedded bus byte
for byte, lane and number too, but for what differs BY DESIGN:

    moments     when the program made an event, when a person asked for an act; so also the ids of acts, what is a digest of such a
                text (`raw_sha256` of a dead letter of the router, `digest` in acts about letters, `chain` of the audit)
    offsets     Kafka counts the markers of transactions too. Offsets stand in parcels (`ranges`: where their lines are), in
                dead letters of the router (`place`, `offset`, the end of the id: where the event is), in the audit (`after`),
                and are the number of a letter (`offset` in acts)

Kafka's side is read by Kafka's own client, committed records only, the embedded side by dump_topic.
"""
import argparse
import base64
import collections
import difflib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "kafka")]
import broker  # noqa: E402
import here  # noqa: E402
import marks  # noqa: E402

DEMO = HERE.parents[1] / "bus/jincai/demo"
SECONDS = 60                    # in which a service does what one file asks for
EVENTS = ("payment", "nontax", "payroll", "asset", "subsidy", "claims", "dead", "parcels", "acts")
OUT = "jincai.out.notices.v1"
RESTART = 13                    # files before both services are stopped and started

# What differs by design, see above.
MOMENT = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
ACT = re.compile(rb"(return|seen|retry|adopt-by-itself-[0-9]+)-[0-9]{13}(?:-[0-9a-f]{12})?")
PLACE = re.compile(rb"(jincai\.[a-z-]+(?:/|%2F)[0-9]+(?:@|%40))[0-9]+")
RANGES = re.compile(rb'"ranges":\[\[.*?\]\]')
NUMBER, OFFSET, SHA, RAW, AFTER, CHAIN, DIGEST = (re.compile(rb'"%s":"?([^",]*)"?' % name) for name in (
    b"number", b"offset", b"raw_sha256", b"raw", b"after", b"chain", b"digest"))
LANE = re.compile(rb'"lane":"([^"]*)","laneseq":"([0-9]+)"\}$')


class Wrong(Exception):
    pass


class DemoSite:
    """A copy of the demo's site; bus: the lines of the site file that say which."""

    def __init__(self, root, program, bus, partitions):
        self.root, self.program, self.service = pathlib.Path(root), program, None
        self.planted = json.loads((DEMO / "planted.json").read_text(encoding="utf-8"))
        marks.folders(self.root, *self.planted["folders"])
        shutil.copy(DEMO / "keys/nontax.token", self.root / "keys")
        (self.root / "keys/identity.key").write_bytes(b"a key of thirty-two bytes, tests")
        for key in (self.root / "keys").iterdir():
            key.chmod(0o600)
        (self.root / "keys").chmod(0o700)
        text = (DEMO / "jincai.yaml").read_text(encoding="utf-8")
        self.text = text.replace("bus: embedded:./bus", f"{bus}\npartitions: {partitions}")
        (self.root / "jincai.yaml").write_text(self.text, encoding="utf-8")

    @property
    def destinations(self):
        return re.findall(r"^  ([a-z-]+): \{form: .* to: ", self.text, re.MULTILINE)

    def call(self, *words, codes=(0, 1)):
        run = subprocess.run([self.program, *words], cwd=self.root, capture_output=True, text=True, timeout=4 * SECONDS)
        if run.returncode not in codes:
            raise Wrong(f"{self.root.name}: {words} ends with {run.returncode}: {run.stdout[-500:]}{run.stderr[-1500:]}")
        return run.stdout

    def start(self):
        with open(self.root / "log", "ab") as log:
            self.service = subprocess.Popen([self.program, "run"], cwd=self.root, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def stop(self):
        self.service.send_signal(signal.SIGTERM)
        code = self.service.wait(SECONDS)
        self.service = None
        if code not in (0, 1):
            raise Wrong(f"{self.root.name}: the service ends with {code}: {self.said()}")

    def kill(self):
        if self.service:
            self.service.kill()
            self.service.wait()

    def said(self):
        return (self.root / "log").read_text(errors="replace")[-1500:]

    def hand_in(self, step, folder, name):
        source = DEMO / "steps" / str(step) / folder / name
        marker = source.with_name(name + ".ok")
        for path in (source, marker):
            if path.exists():
                new = self.root / "in" / folder / f".{path.name}"
                new.write_bytes(path.read_bytes())
                new.rename(self.root / "in" / folder / path.name)

    def tree(self, top):
        """What lies in a folder, by path, without what the program alone goes by. Slips say when a file came."""
        ret = {}
        for path in (self.root / top).rglob("*"):
            if path.is_file() and path.name != marks.MARK and ".staging" not in path.parts:
                content = path.read_bytes()
                ret[str(path.relative_to(self.root))] = MOMENT.sub(b"", content) if ".returned" in path.parts else content
        return ret

    def dropped(self):
        return [path for path in (self.root / "in").glob("*/*") if path.is_file() and not path.name.startswith(".")]

    def balance(self):
        return json.loads(self.call("balance", "--json"))

    def rows(self, *words):
        return [json.loads(row) for row in self.call(*words, "--json").splitlines()]

    def act(self):
        """What people do about some of what waits, and the end of it."""
        waits = self.rows("held", "list")
        letters = self.rows("dead", "list")
        some = [("held", "seen", next(row for row in waits if row["state"] == "duplicate")["batch"]),
                ("held", "return", next(row for row in waits if row["state"] == "held")["batch"]),
                ("dead", "return", str(next(row for row in letters if row["flow"] == "front")["number"])),
                ("dead", "retry", str(next(row for row in letters if row["flow"] == "router")["number"]))]
        for words in some:
            self.call(*words, "--reason", "a test")
        ends = time.monotonic() + SECONDS
        while sum(row["outcome"] != "" for row in self.rows("audit", "list")) < len(some) + 1:
            if time.monotonic() > ends:
                raise Wrong(f"{self.root.name}: acts are not executed after {SECONDS} s: {self.said()}")
            time.sleep(0.1)

    def await_(self, out, balance):
        """Until the service has brought its site to this state."""
        ends = time.monotonic() + SECONDS
        while self.dropped() or self.tree("out") != out or self.balance() != balance:
            if self.service.poll() is not None:
                raise Wrong(f"{self.root.name}: the service has ended with {self.service.returncode}: {self.said()}")
            if time.monotonic() > ends:
                raise Wrong(f"{self.root.name}: not there after {SECONDS} s: {self.dropped()} "
                            f"{difference(out, self.tree('out'))} {self.said()}")
            time.sleep(0.05)


def files():
    """(step, adapter's folder, name), as the demo hands them in."""
    planted = json.loads((DEMO / "planted.json").read_text(encoding="utf-8"))
    return [(file["step"], file["from"], file["file"]) for file in planted["files"]]


def difference(one, other):
    """What one dict has that the other has not, in words."""
    paths = [path for path in sorted({*one, *other}) if one.get(path) != other.get(path)]
    return f"{len(paths)} differ: {paths[:6]}"


# ---- events ----

def of_embedded(site, dump, topics):
    said = subprocess.run([dump, site.root / "bus", *topics], stdout=subprocess.PIPE, check=True).stdout
    rows = collections.defaultdict(list)
    for row in said.splitlines():
        topic, partition, _, key, value = row.split(b"\t", 4)
        rows[topic.decode()].append((int(partition), key, value))
    return rows


def of_kafka(cluster, prefix, topics):
    with cluster.judge() as judge:
        return {topic: [(partition, key, value) for partition, _, key, value in judge.consume(prefix + topic)] for topic in topics}


def by_lane(rows):
    """{lane: [(partition, key, event without what differs by design)]}"""
    lanes = collections.defaultdict(list)
    for partition, key, value in rows:
        lane = LANE.search(value)
        if not lane:
            raise Wrong(f"an event without a lane: {value[:300]}")
        lanes[lane[1]].append((partition, plain(key), plain(value)))
    return lanes


def plain(text):
    """Without what differs by design."""
    names = [RANGES]
    if b'"type":"jincai.dead' in text and b'"flow":"router"' in text:
        names = [OFFSET, SHA]
    if b'"type":"jincai.act.' in text:
        names = [AFTER, CHAIN, OFFSET, DIGEST]
    for name in names:
        text = name.sub(b"", text)
    text = RAW.sub(lambda raw: base64.b64decode(raw[1]), text)
    return ACT.sub(rb"\1", PLACE.sub(rb"\1", MOMENT.sub(b"", text)))


def body(row):
    return row[0], row[1], LANE.sub(b"", row[2])


def compare_topic(topic, one, other, ordered):
    one, other = by_lane(one), by_lane(other)
    if not ordered:
        one, other = ({lane: sorted(map(body, rows)) for lane, rows in lanes.items()} for lanes in (one, other))
    if one.keys() != other.keys():
        raise Wrong(f"{topic}: lanes {sorted(one)} and {sorted(other)}")
    for lane in one:
        if one[lane] != other[lane]:
            at, pair = next((at, pair) for at, pair in enumerate(zip(one[lane] + [None], other[lane] + [None])) if pair[0] != pair[1])
            raise Wrong(f"{topic}: lane {lane.decode()} has {len(one[lane])} and {len(other[lane])} events; event {at} is\n"
                        f"{pair[0]}\n{pair[1]}")
    return sum(map(len, one.values()))


# ---- the run ----

def by_and_by(program, root, partitions):
    """[(files, out, balance)]: after which files the site has this; those that change nothing of it go with the next one."""
    site = DemoSite(root, program, "bus: embedded:./bus", partitions)
    states, group = [], []
    read = None
    for file in files():
        site.hand_in(*file)
        site.call("run", "--until-idle")
        group.append(file)
        state = site.tree("out"), site.balance()
        published = [row for row in state[1]["terms"] if row["term"] == "published"]
        if published != read or file == files()[-1]:
            states.append((group, *state))
            read, group = published, []
    return states


def run(options, work, cluster):
    prefix = f"same{uuid.uuid4().hex[:8]}."
    began = time.monotonic()
    states = by_and_by(options.program, work / "first", options.partitions)
    print(f"{sum(len(group) for group, *_ in states)} files in {len(states)} turns; "
          f"the first run took {time.monotonic() - began:.0f} s", flush=True)
    embedded = DemoSite(work / "embedded", options.program, "bus: embedded:./bus", options.partitions)
    kafka = DemoSite(work / "kafka", options.program,
                     f"bus: kafka:{cluster.inside}\nkafka: {{folder: ./bus, prefix: {prefix}}}", options.partitions)
    sites = (embedded, kafka)
    try:
        for site in sites:
            site.start()
        handed = 0
        for group, out, balance in states:
            for site in sites:
                for file in group:
                    site.hand_in(*file)
            for site in sites:
                site.await_(out, balance)
            if handed < RESTART <= handed + len(group):
                for site in sites:
                    site.stop()
                for site in sites:
                    site.start()
            handed += len(group)
        for site in sites:
            site.act()
        for site in sites:
            site.stop()
    finally:
        for site in sites:
            site.kill()
    print(f"both services are done after {time.monotonic() - began:.0f} s", flush=True)
    compare(options, embedded, kafka, cluster, prefix)
    print(f"compared after {time.monotonic() - began:.0f} s", flush=True)


def compare(options, embedded, kafka, cluster, prefix):
    for top in ("in", "out"):
        one, other = embedded.tree(top), kafka.tree(top)
        if one != other:
            raise Wrong(f"files in {top}: {difference(one, other)}")
        print(f"{len(one)} files in {top}: the same bytes")
    for words in (("balance", "--json"), ("balance", "--deep"), ("audit", "verify"), ("audit", "list", "--json"),
                  ("dead", "list", "--all", "--json"), ("held", "list", "--json")):
        codes = (0, 1) if words[1] == "list" else (0,)
        one, other = (DIGEST.sub(b"", NUMBER.sub(b"", plain(site.call(*words, codes=codes).encode()))).decode()
                      for site in (embedded, kafka))
        if words[1] == "list":                  # each flow lists its own in order
            one, other = ("\n".join(sorted(rows.splitlines())) for rows in (one, other))
        if one != other:
            raise Wrong(f"{' '.join(words)}:\n" + "\n".join(row[:2000] for row in difflib.ndiff(one.splitlines(), other.splitlines())
                                                         if row[0] in "+-"))
        if words[0] == "balance" and not re.search(r'difference"?:? ?"?0\.00', one):
            raise Wrong(f"{' '.join(words)}: {one}")
        print(f"jincai {' '.join(words)}: the same words")
    topics = [f"jincai.{name}" for name in EVENTS] + [f"jincai.to.{name}" for name in embedded.destinations] + [OUT]
    one, other = of_embedded(embedded, options.dump, topics), of_kafka(cluster, prefix, topics)
    for topic in topics:
        n = compare_topic(topic, one[topic], other[topic], options.partitions == 1)
        print(f"{topic}: {n} events, the same")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("dump")
    parser.add_argument("--partitions", type=int, default=1)
    parser.add_argument("--line", choices=broker.libs.LINES)
    parser.add_argument("--keep", action="store_true", help="leave the sites where they are")
    options = parser.parse_args()
    options.program, options.dump = (str(pathlib.Path(path).resolve()) for path in (options.program, options.dump))
    work = pathlib.Path(tempfile.mkdtemp(prefix="same_"))
    own = None
    try:
        if options.line:
            broker.libs.need(options.line)
            own = cluster = broker.Cluster.start(work / "broker", options.line, watch=os.getpid())
        else:
            cluster = broker.Cluster(here.folder())
        run(options, work, cluster)
    except Wrong as why:
        options.keep = True
        sys.exit(f"not the same (kept: {work}): {why}")
    finally:
        if own:
            own.end_all()
        if not options.keep:
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
