# SPDX-License-Identifier: Apache-2.0
"""One request of Kafka's protocol, by a bare socket: what a broker says of its cluster (protocol guide, Metadata v5)."""
import socket
import struct

METADATA, VERSION = 3, 5


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        value, = struct.unpack_from(">" + form, self.data, self.at)
        self.at += struct.calcsize(form)
        return value

    def text(self):
        size = self.take("h")
        if size < 0:
            return None
        self.at += size
        return self.data[self.at - size:self.at].decode()

    def array(self, item):
        return [item() for _ in range(self.take("i"))]


def exactly(sock, size):
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            raise ConnectionError("the broker closed the connection")
        data += more
    return data


def metadata(port, seconds=2):
    """{"brokers": {id: (host, port)}, "topics": {name: {partition: (leader, [replicas], [in sync])}}}

    OSError when there is no answer. A leader of -1 is none. Brokers are those that the controller has let in."""
    body = struct.pack(">hhih", METADATA, VERSION, 1, 5) + b"tests" + struct.pack(">i?", -1, False)
    with socket.create_connection(("127.0.0.1", port), seconds) as sock:
        sock.settimeout(seconds)
        sock.sendall(struct.pack(">i", len(body)) + body)
        size, = struct.unpack(">i", exactly(sock, 4))
        r = Reader(exactly(sock, size))
    r.take("i"), r.take("i")                            # correlation, throttle
    brokers = dict(r.array(lambda: (r.take("i"), (r.text(), r.take("i"), r.text())[:2])))
    r.text(), r.take("i")                               # cluster, controller

    def partition():
        r.take("h")
        number, leader = r.take("i"), r.take("i")
        replicas, in_sync = (r.array(lambda: r.take("i")) for _ in range(2))
        r.array(lambda: r.take("i"))                    # offline
        return number, (leader, replicas, in_sync)

    def topic():
        r.take("h")
        name = r.text()
        r.take("?")
        return name, dict(r.array(partition))
    return {"brokers": brokers, "topics": dict(r.array(topic))}
