#!/usr/bin/python3
"""Tenants: rows of many sources, each for a target of its own, and how soon they are in its log objects.

A TARGET is BUCKET/PREFIX; what stands before the first slash is the bucket. Each has one source.

tenants make TARGET...                            makes their buckets
tenants share BUCKET --settings FILE [PATTERN...] makes or changes a bucket of another owner, who lets the
                                                  courier write keys that match a pattern, and read all
tenants rows TARGET... --rows N [--bytes B]       N rows for each, at once
tenants flow TARGET... --rate R --seconds S       R rows a second for each; prints when it began and ended
tenants await TARGET... --rows N --seconds S      until their objects hold N rows; gives up when S seconds
                                                  pass without one. Prints what is there and how late it
                                                  came; with --worst S it fails when a row came later
tenants blocked TARGET... <DOCUMENT               `log-courier-ctl targets --blocked --json` lists them all
tenants working TARGET... <DOCUMENT               it lists none of them
"""

import argparse
import collections
import json
import os
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "contrib", "dev", "lib"))

from clickhouse import ClickHouse  # noqa: E402
from rows import literals  # noqa: E402
from s3 import S3, S3Error  # noqa: E402
from settings import setting  # noqa: E402

TICK_SECONDS = 0.5
SESSIONS = 40
# Bytes of a line beside its filler, roughly.
LINE_BASE = 200
COURIER = "arn:aws:iam:::user/courier"


# ---- buckets ----


def make(arguments):
    s3 = S3.from_environment()
    for bucket in dict.fromkeys(target.partition("/")[0] for target in arguments.targets):
        s3.request(bucket, method="PUT")


def settings_of_stack(path):
    with open(path, encoding="ascii") as file:
        return dict(line.strip().split("=", 1) for line in file if "=" in line)


def share(arguments):
    """A bucket's own user may always write: so another one owns it."""
    bucket, *patterns = arguments.targets
    stack = settings_of_stack(arguments.settings)
    s3 = S3(setting("S3_ENDPOINT"), setting("S3_REGION", "us-east-1"),
            stack["S3_OTHER_ACCESS_KEY_ID"], stack["S3_OTHER_SECRET_ACCESS_KEY"])
    s3.request(bucket, method="PUT")
    whole = f"arn:aws:s3:::{bucket}"
    allowed = [("s3:ListBucket", [whole]), ("s3:GetObject", [f"{whole}/*"])]
    if patterns:
        allowed.append(("s3:PutObject", [f"{whole}/{pattern}" for pattern in patterns]))
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": [COURIER]}, "Action": [action], "Resource": resources}
        for action, resources in allowed]}
    s3.request(bucket, query=[("policy", "")], method="PUT", body=json.dumps(policy).encode())


# ---- rows ----


class Rows:
    """Inserts them. Each row's req_id says when it came: that is how its delay is known from its line."""

    def __init__(self, arguments):
        self.clickhouse = ClickHouse.from_environment()
        self.count = len(arguments.targets)
        places = [target.partition("/") for target in arguments.targets]
        self.buckets = literals([bucket for bucket, _, _ in places])
        self.prefixes = literals([prefix for _, _, prefix in places])
        self.filler = max(0, arguments.bytes - LINE_BASE)
        self.made = 0

    def insert(self, each):
        """So many for each target, in its turn."""
        table = self.clickhouse.table("logs_ingest_local")
        self.clickhouse.execute(f"""
INSERT INTO {table} (insertedAt, bucketName, startTime, req_id, operation, userAgent, httpCode,
    loggingEnabled, loggingTargetBucket, loggingTargetPrefix, raftSessionID)
WITH {self.buckets} AS buckets, {self.prefixes} AS prefixes, now64(3) AS moment
SELECT now(), concat('source-', lower(hex(sipHash64(bucket, prefix)))), moment,
    concat(toString(toUnixTimestamp64Milli(moment)), '-', toString(number)), 'REST.GET.OBJECT',
    repeat('x', {self.filler}), 200, true,
    buckets[number % {self.count} + 1] AS bucket, prefixes[number % {self.count} + 1] AS prefix,
    sipHash64(bucket, prefix) % {SESSIONS}
FROM numbers({self.made}, {each * self.count})
SETTINGS distributed_foreground_insert = 1, max_query_size = 10000000""")
        self.made += each * self.count


def insert_rows(arguments):
    Rows(arguments).insert(arguments.rows)


def flow(arguments):
    rows = Rows(arguments)
    began = time.time()
    due = arguments.rate * arguments.seconds
    given = 0
    slowest = 0.0
    while given < due:
        time.sleep(TICK_SECONDS)
        until_now = min(due, int((time.time() - began) * arguments.rate))
        if until_now > given:
            asked = time.monotonic()
            rows.insert(int(until_now - given))
            slowest = max(slowest, time.monotonic() - asked)
            given = until_now
    # Rows that took longer to insert than the processing delay became visible late.
    print(json.dumps({"began": began, "ended": time.time(), "rows": rows.made, "slowest_insert": round(slowest, 2)}))


# ---- delays ----


class Delivered:
    """What lies under some targets. An object is read once."""

    def __init__(self, targets):
        self.s3 = S3.from_environment()
        self.prefixes = collections.defaultdict(list)
        for target in targets:
            bucket, _, prefix = target.partition("/")
            self.prefixes[bucket].append(prefix)
        self.seen = set()
        self.rows = []  # (when written, how much later than inserted)

    def look(self):
        for bucket, prefixes in self.prefixes.items():
            try:
                for key, _, written in self.s3.list_entries(bucket, os.path.commonprefix(prefixes)):
                    if (bucket, key) not in self.seen and key.startswith(tuple(prefixes)):
                        self.seen.add((bucket, key))
                        self.read(bucket, key, written)
            except S3Error as error:
                if error.code != "NoSuchBucket":
                    raise

    def read(self, bucket, key, written):
        for line in self.s3.get(bucket, key)[1].splitlines():
            # Owner, bucket, time in two words, address, requester, request id.
            inserted = int(line.split(b" ", 7)[6].split(b"-")[0]) / 1000
            self.rows.append((written, written - inserted))

    def report(self, arguments):
        delays = sorted(delay for _, delay in self.rows)
        report = {"rows": len(delays), "wanted": arguments.rows, "objects": len(self.seen)}
        if delays:
            report.update(p50=delays[len(delays) // 2], p99=delays[len(delays) * 99 // 100], worst=delays[-1])
        if arguments.flow:
            with open(arguments.flow, encoding="ascii") as file:
                times = json.load(file)
            in_time = sum(times["began"] <= written <= times["ended"] for written, _ in self.rows)
            report["pace"] = in_time / (times["ended"] - times["began"])
        return {name: round(value, 2) for name, value in report.items()}


def await_rows(arguments):
    delivered = Delivered(arguments.targets)
    most = -1
    while True:
        delivered.look()
        count = len(delivered.rows)
        if count > most:
            most = count
            deadline = time.monotonic() + arguments.seconds
        if count >= arguments.rows or time.monotonic() > deadline:
            break
        time.sleep(0.5)
    report = delivered.report(arguments)
    print(json.dumps(report))
    if report["rows"] != arguments.rows:
        return f"{report['rows']} of {arguments.rows} rows are delivered"
    if arguments.worst and report["worst"] > arguments.worst:
        return f"a row was delivered {report['worst']} s after it came; {arguments.worst} s are allowed"
    return None


# ---- what the service says ----


def listed(arguments):
    """(those of the targets that the document lists, those that it does not)"""
    document = json.load(sys.stdin)
    if document["more"]:
        raise ValueError(f"the document leaves out {document['more']} targets")
    # A bucket that fails as a whole is None as a prefix.
    entries = {(entry["bucket"], None if entry.get("whole_bucket") else entry.get("prefix"))
               for entry in document["targets"]}
    there, away = [], []
    for target in arguments.targets:
        bucket, _, prefix = target.partition("/")
        is_there = (bucket, prefix) in entries or (bucket, None) in entries
        (there if is_there else away).append(target)
    return there, away


def blocked(arguments):
    _, away = listed(arguments)
    return f"{len(away)} are not listed as blocked: {' '.join(away[:20])}" if away else None


def working(arguments):
    there, _ = listed(arguments)
    return f"{len(there)} are listed as blocked: {' '.join(there[:20])}" if there else None


COMMANDS = {"make": make, "share": share, "rows": insert_rows, "flow": flow, "await": await_rows,
            "blocked": blocked, "working": working}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("command", choices=COMMANDS)
    add("targets", nargs="+", metavar="TARGET")
    add("--rows", type=int, default=0)
    add("--bytes", type=int, default=900, help="of a line, roughly (default %(default)s)")
    add("--rate", type=float, default=1)
    add("--seconds", type=float, default=60)
    add("--worst", type=float, default=0)
    add("--flow", metavar="FILE", help="what `flow` has printed: await tells the rows a second in that time")
    add("--settings", metavar="FILE", help="of the stack")
    arguments = parser.parse_args()
    fault = COMMANDS[arguments.command](arguments)
    if fault:
        print(f"tenants: {fault}", file=sys.stderr)
    return 1 if fault else 0


if __name__ == "__main__":
    sys.exit(main())
