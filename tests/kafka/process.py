# SPDX-License-Identifier: Apache-2.0
"""Processes that outlive who started them, and the ports on which they listen."""
import os
import pathlib
import random
import socket


def started_at(pid):
    """When the process began, in ticks since boot; None when there is none, or only what its parent has not yet buried."""
    try:
        words = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if words[0] in "ZX" else words[19]


def running(pid_file):
    """The process that the file names, if it is still the same one."""
    try:
        pid, began = pid_file.read_text().split()
    except (OSError, ValueError):
        return None
    return int(pid) if started_at(pid) == began else None


def secret(path, text):
    """A file that nobody else reads."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def listens(pid, port):
    """Whether this very process listens there: a port that another process holds is not ours, however well it answers."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        for line in pathlib.Path("/proc/net", table).read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and int(words[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{words[9]}]")
    for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            if os.readlink(link) in inodes:
                return True
        except OSError:             # closed meanwhile
            pass
    return False


def free_ports(count):
    """Below the range that the system takes for outgoing connections: those come and go while a broker is down."""
    low = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    found = set()
    while len(found) < count:
        port = random.randrange(min(12000, low - 2000), low)
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.add(port)
    return list(found)
