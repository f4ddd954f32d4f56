#!/usr/bin/python3
"""What faults cost, for failover_faults.sh: failover_times.py EVENTS MOST LOG...

EVENTS has lines "KIND MACHINE BEGIN END SHARDS": the time of a fault in milliseconds, and the shards that the
machine had when it began, or "-". The machines' logs say when another machine took each of them. For rows that
came in meanwhile, the objects say when they were delivered. Prints a line for each kind; fails if a row that
came in while a machine joined was delivered later than MOST seconds after.

Rows are found by req_id; those with a text from a client instead of one are left out.
"""

import collections
import datetime
import json
import os
import statistics
import sys

sys.dont_write_bytecode = True
TOP = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(TOP, "contrib", "dev", "lib"))

from clickhouse import ClickHouse  # noqa: E402
from s3 import S3  # noqa: E402

LEDGERS = "courier-ledgers"

Event = collections.namedtuple("Event", "kind machine begin end shards")


def read_events(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            kind, machine, begin, end, shards = line.split()
            shards = [] if shards == "-" else [int(shard) for shard in shards.split(",")]
            yield Event(kind, machine, int(begin) / 1000, int(end) / 1000, shards)


def read_claims(paths):
    """(time, machine, shard) of each time that a machine took a shard."""
    for path in paths:
        machine = os.path.basename(path).removesuffix(".log")
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                if '"message":"the shard is ours"' in line:
                    entry = json.loads(line)
                    time = datetime.datetime.fromisoformat(entry["time"].replace("Z", "+00:00"))
                    yield time.timestamp(), machine, entry["shard"]


def take_overs(event, claims):
    """Seconds until each of the machine's shards was another's."""
    for shard in event.shards:
        times = [time for time, machine, of in claims
                 if of == shard and machine != event.machine and event.begin <= time <= event.end + 1]
        if times:
            yield min(times) - event.begin


def read_deliveries():
    """When each request's line was delivered: the last one of those that share a req_id."""
    s3 = S3.from_environment()
    deliveries = {}
    for bucket in s3.list_buckets():
        if bucket == LEDGERS:
            continue
        for key, _, written in s3.list_entries(bucket):
            for line in s3.get(bucket, key)[1].splitlines():
                request = line.split(b" ", 7)[6]
                deliveries[request] = max(written, deliveries.get(request, 0))
    return deliveries


def read_rows():
    """(request, when it was inserted)"""
    clickhouse = ClickHouse.from_environment()
    lines = clickhouse.execute(
        f"SELECT req_id, toUnixTimestamp(insertedAt) FROM {clickhouse.table('logs')}"
        " WHERE match(req_id, '^[0-9A-F]{12,16}$') FORMAT TSV")
    for line in lines.splitlines():
        request, inserted = line.split(b"\t")
        yield request, int(inserted)


def spread(values):
    return f"{statistics.median(values):6.1f} {max(values):6.1f}" if values else "     -      -"


def main():
    events = list(read_events(sys.argv[1]))
    most = float(sys.argv[2])
    claims = list(read_claims(sys.argv[3:]))
    deliveries = read_deliveries()
    lags = [(inserted, deliveries[request] - inserted) for request, inserted in read_rows() if request in deliveries]
    print("# seconds, median and worst       faults   take-over      rows  row to object")
    failed = False
    for kind in dict.fromkeys(event.kind for event in events):
        alike = [event for event in events if event.kind == kind]
        taken = [seconds for event in alike for seconds in take_overs(event, claims)]
        late = [lag for inserted, lag in lags if any(event.begin - 1 <= inserted <= event.end for event in alike)]
        print(f"# {kind:32} {len(alike):6} {spread(taken)} {len(late):8} {spread(late)}")
        failed |= kind == "joins" and (not late or max(late) > most)
    return failed


if __name__ == "__main__":
    sys.exit(main())
