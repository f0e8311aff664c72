# SPDX-License-Identifier: Apache-2.0
"""The settings of the brokers that broker.py starts, and of Java clients that come by the guarded listener."""

# A broker that lives in 128 MB, comes back 5 s after a kill, and makes no topic that nobody asked for.
SETTINGS = """process.roles=broker,controller
controller.listener.names=CONTROLLER
inter.broker.listener.name=INSIDE
offsets.topic.replication.factor={replicas}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor={replicas}
transaction.state.log.min.isr={in_sync}
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor={replicas}
share.coordinator.state.topic.min.isr={in_sync}
share.coordinator.state.topic.num.partitions=1
default.replication.factor={replicas}
min.insync.replicas={in_sync}
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
log.cleaner.dedupe.buffer.size=2097152
log.segment.bytes=16777216
log.index.size.max.bytes=1048576
num.network.threads=2
num.io.threads=2
background.threads=2
group.coordinator.threads=1
"""

MODULE = "org.apache.kafka.common.security.{}LoginModule required"
LOGIN = {"plain": ("PLAIN", "plain.Plain"), "scram": ("SCRAM-SHA-512", "scram.Scram")}
USERS = ("jincai", "stranger")


def kind(state):
    return ("SASL_" if state["sasl"] else "") + ("SSL" if state["tls"] else "PLAINTEXT")


def guard(words):
    """A listener as --also says it: tls, mutual, plain, scram, the name of a certificate; joined by "+"."""
    words = words.split("+")
    sasl = [word for word in words if word in LOGIN]
    cert = [word for word in words if word not in (*LOGIN, "tls", "mutual")]
    return {"tls": "tls" in words or "mutual" in words, "mutual": "mutual" in words, "sasl": sasl[0] if sasl else None,
            "cert": cert[0] if cert else "server"}


def listener(cluster, name, state):
    """What guards the listener of this name."""
    lines = []
    if state["tls"]:
        lines += [f"ssl.{key}={value}" for key, value in (
            ("keystore.type", "PEM"), ("keystore.location", cluster.folder / "tls" / f"{state['cert']}.both.pem"),
            ("truststore.type", "PEM"), ("truststore.location", cluster.folder / "tls/ca.pem"),
            ("client.auth", "required" if state["mutual"] else "none"))]
    if state["sasl"]:
        mechanism, module = LOGIN[state["sasl"]]
        users = "".join(f' user_{user}="{cluster.password(user)}"' for user in USERS) if state["sasl"] == "plain" else ""
        lines += [f"sasl.enabled.mechanisms={mechanism}",
                  f"{mechanism.lower()}.sasl.jaas.config={MODULE.format(module)}{users};"]
    return [f"listener.name.{name.lower()}.{line}" for line in lines]


def server(cluster, node):
    """server.properties of one node: the listener CLIENT as asked for, INSIDE and CONTROLLER plain, those of --also."""
    state, (client_port, inside, controller, *others) = cluster.state, node.ports
    also = [(name.upper(), guarded, port) for (name, guarded), port in zip(state["also"].items(), others)]
    voters = ",".join(f"{one.number}@127.0.0.1:{one.ports[2]}" for one in cluster.nodes)
    many = state["nodes"] > 1
    lines = SETTINGS.format(replicas=3 if many else 1, in_sync=2 if many else 1).splitlines() + [
        f"node.id={node.number}", f"controller.quorum.voters={voters}", f"log.dirs={node.folder}/data",
        f"listeners=CLIENT://127.0.0.1:{client_port},INSIDE://127.0.0.1:{inside},CONTROLLER://127.0.0.1:{controller}"
        + "".join(f",{name}://127.0.0.1:{port}" for name, _, port in also),
        f"advertised.listeners=CLIENT://127.0.0.1:{client_port},INSIDE://127.0.0.1:{inside}"
        + "".join(f",{name}://127.0.0.1:{port}" for name, _, port in also),
        f"listener.security.protocol.map=CLIENT:{kind(state)},INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT"
        + "".join(f",{name}:{kind(guarded)}" for name, guarded, _ in also)]
    for name, guarded, _ in [("CLIENT", state, client_port), *also]:
        lines += listener(cluster, name, guarded)
    if state["acl"]:                # who comes by INSIDE may do all
        lines += ["authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer", "super.users=User:ANONYMOUS"]
    return "\n".join(lines + state["settings"]) + "\n"


def client(cluster, user="jincai", password=None, cert="client", ca="ca"):
    """Settings of a Java client: with this user's password, unless another is given, and these files of FOLDER/tls."""
    state = cluster.state
    lines = [f"security.protocol={kind(state)}"]
    if state["tls"]:
        lines += ["ssl.truststore.type=PEM", f"ssl.truststore.location={cluster.folder}/tls/{ca}.pem"]
    if state["mutual"]:
        lines += ["ssl.keystore.type=PEM", f"ssl.keystore.location={cluster.folder}/tls/{cert}.both.pem"]
    if state["sasl"]:
        mechanism, module = LOGIN[state["sasl"]]
        lines += [f"sasl.mechanism={mechanism}", f'sasl.jaas.config={MODULE.format(module)} username="{user}" '
                  f'password="{password or cluster.password(user)}";']
    return "\n".join(lines) + "\n"
