#!/usr/bin/env python3
"""What a process of the service holds open and has inherited, against a table.

usage: processes.py supervisor|mover PID
       processes.py worker PID SHARD
       processes.py apart PID...

Prints every descriptor with what it is, then each that the table does not know, each kind of which
there are too few or too many, and each signal that is ignored or blocked otherwise. `apart`: no two
of the processes hold the same pipe or socket. Exit status: 0 as it should be, 1 not.

The connection to ClickHouse and S3 is told by LOG_COURIER_CLICKHOUSE_URL and LOG_COURIER_S3_ENDPOINT.
"""

import collections
import os
import re
import signal
import sys
import time
import urllib.parse

# How many of each kind. What the starter of the service left open (stdin and its like) is `given`.
SHARDS = int(os.environ.get("LOG_COURIER_SUPERVISOR_SHARDS", "4"))
STDIO = {"given": (3, 3)}
LOOP = {"event loop": (1, 1), "end of a pipe": (2, 2)}
TABLES = {
    "supervisor": LOOP | {
        "given": (3, 99), "signals": (1, 1), "lock of the state directory": (1, 1), "control socket": (1, 1),
        "metrics port": (1, 1), "connection to a client": (0, 9), "channel": (SHARDS, SHARDS)},
    # The HTTP library wakes itself by a pair of sockets, for ClickHouse and for S3.
    "worker": STDIO | LOOP | {
        "lock of the state directory": (1, 1), "ledger": (2, 2), "wake-up": (1, 1), "channel": (1, 5),
        "connection to ClickHouse": (0, 9), "connection to S3": (0, 40)},
    "mover": STDIO | {
        "lock of the state directory": (1, 1), "ledger": (1, 99), "end of a pipe": (1, 1),
        "count of the crash point": (1, 1)},
}
SIGNALS = {
    "supervisor": {"blocked": {"SIGHUP", "SIGINT", "SIGTERM", "SIGCHLD"}, "ignored": {"SIGPIPE"}},
    "worker": {"blocked": set(), "ignored": {"SIGHUP", "SIGINT", "SIGTERM", "SIGPIPE"}},
    "mover": {"blocked": set(), "ignored": {"SIGHUP", "SIGINT", "SIGTERM", "SIGPIPE"}},
}
# A connection that is being opened or closed is for a moment in no table of the kernel's: what is wrong is looked at again.
LOOKS = 20
BETWEEN_LOOKS = 0.1
# A shell has what it starts in the background ignore these.
BY_THE_SHELL = {"SIGINT", "SIGQUIT"}


def port_of(variable):
    return urllib.parse.urlsplit(os.environ[variable].split(",")[0]).port


def tcp_sockets():
    """Inode to (state, local port, remote port)."""
    sockets = {}
    for path in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(path, encoding="ascii") as table:
            for line in list(table)[1:]:
                words = line.split()
                ports = [int(words[column].rsplit(":", 1)[1], 16) for column in (1, 2)]
                sockets[words[9]] = (words[3], *ports)
    return sockets


def unix_sockets():
    """Inode to path, empty for one without."""
    with open("/proc/net/unix", encoding="utf-8") as table:
        rows = [line.split() for line in list(table)[1:]]
    return {words[6]: words[7] if len(words) > 7 else "" for words in rows}


def descriptors(pid):
    """Number to what the kernel calls it."""
    found = {}
    for name in sorted(os.listdir(f"/proc/{pid}/fd"), key=int):
        try:
            found[int(name)] = os.readlink(f"/proc/{pid}/fd/{name}")
        except FileNotFoundError:
            pass  # closed meanwhile
    return found


class Kinds:
    """Tells what a descriptor is for."""

    def __init__(self, pid, role, shard):
        self.role = role
        self.shard = shard
        self.tcp = tcp_sockets()
        self.unix = unix_sockets()
        self.state = os.environ["LOG_COURIER_STATE_DIRECTORY"]
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            self.parent = stat.read().rsplit(")", 1)[1].split()[1]

    def of_socket(self, inode):
        if inode in self.unix:
            return {"": "channel", os.environ["LOG_COURIER_SUPERVISOR_SOCKET"]: "control socket"}.get(self.unix[inode], "unknown")
        state, local, remote = self.tcp.get(inode, ("", 0, 0))
        metrics = int(os.environ["LOG_COURIER_METRICS_SERVER_LISTEN_PORT"])
        if local == metrics:
            return "metrics port" if state == "0A" else "connection to a client"
        names = {port_of("LOG_COURIER_CLICKHOUSE_URL"): "connection to ClickHouse", port_of("LOG_COURIER_S3_ENDPOINT"): "connection to S3"}
        return names.get(remote, "unknown")

    def of_ledger(self, path):
        """A worker has its own alone; the mover reads old ones and writes new ones."""
        if self.role == "supervisor":
            return "unknown"
        if self.role == "worker" and not re.fullmatch(rf"shard-{self.shard}-of-\d+\.db(-wal)?", os.path.basename(path)):
            return "unknown"
        return "ledger"

    def of(self, number, link):
        if number <= 2 or self.role == "supervisor" and link in descriptors(self.parent).values():
            return "given"
        if link.startswith("socket:["):
            return self.of_socket(link[8:-1])
        if link.startswith("pipe:["):
            return "end of a pipe"
        if link == f"{self.state}/lock":
            return "lock of the state directory"
        if os.path.dirname(link) == self.state:
            return self.of_ledger(link)
        if link == os.environ.get("LOG_COURIER_TEST_CRASH_COUNT"):
            return "count of the crash point"
        return {"anon_inode:[eventpoll]": "event loop", "anon_inode:[signalfd]": "signals", "anon_inode:[eventfd]": "wake-up"}.get(link, "unknown")


def signals_of(pid, field):
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        mask = int(re.search(rf"^{field}:\s*([0-9a-f]+)", status.read(), re.MULTILINE).group(1), 16)
    return {signal.Signals(number).name for number in range(1, 32) if mask >> (number - 1) & 1}


def inspect(role, pid, shard):
    """What it prints and what is wrong."""
    open_now = descriptors(pid)
    kinds = Kinds(pid, role, shard)
    table = TABLES[role]
    counts = collections.Counter()
    lines = []
    faults = []
    for number, link in open_now.items():
        kind = kinds.of(number, link)
        counts[kind] += 1
        lines.append(f"{number:4} {kind:28} {link}")
        if kind not in table:
            faults.append(f"descriptor {number} ({link}) is none that a {role} has")
    for kind, (least, most) in table.items():
        if not least <= counts[kind] <= most:
            faults.append(f"{counts[kind]} of the kind '{kind}', not {least} to {most}")
    for how, field in (("blocked", "SigBlk"), ("ignored", "SigIgn")):
        there = signals_of(pid, field)
        expected = SIGNALS[role][how]
        lines.append(f"{how}: {' '.join(sorted(there)) or 'none'}")
        if there - BY_THE_SHELL != expected - BY_THE_SHELL:
            faults.append(f"{how} are {sorted(there)}, not {sorted(expected)}")
    return lines, faults


def inspect_until_right(role, pid, shard):
    for _ in range(LOOKS):
        lines, faults = inspect(role, pid, shard)
        if not faults:
            break
        time.sleep(BETWEEN_LOOKS)
    print("\n".join(lines))
    return faults


def apart(pids):
    owners = collections.defaultdict(set)
    for pid in pids:
        for number, link in descriptors(pid).items():
            if number > 2 and re.match(r"(pipe|socket):\[", link):
                owners[link].add(pid)
    return [f"{link} is held by {sorted(pids)}" for link, pids in owners.items() if len(pids) > 1]


def main(arguments):
    if len(arguments) < 2:
        sys.exit(__doc__)
    if arguments[0] == "apart":
        faults = apart(arguments[1:])
    else:
        faults = inspect_until_right(arguments[0], arguments[1], arguments[2] if len(arguments) > 2 else "")
    for fault in faults:
        print(f"processes: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
