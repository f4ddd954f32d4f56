#!/usr/bin/env python3
"""Plays a courier that reads with a cursor: of each source the rows after its offset, in order, and then a new offset.

Usage: cursor_courier.py LOGS_TABLE OFFSETS_TABLE [--half]

--half: of each second source the older half alone, and nothing of the others, as if it had been stopped midway. Prints how many
rows it has delivered. Its objects and lines have the form that the verifier knows.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "contrib", "dev", "lib"))

import logline  # noqa: E402
from clickhouse import ClickHouse  # noqa: E402
from s3 import S3  # noqa: E402

SOURCE = "raftSessionID, bucketName"
OFFSET = "lastProcessedInsertedAt, lastProcessedStartTime, lastProcessedReqId"
NEXT = "logs.cursor_next"  # the offsets that are to be committed, once their rows are delivered


def choose(clickhouse, logs, offsets, half):
    """Makes the table NEXT: of each source that has rows after its offset, the offset it has now and the one that is to come."""
    last = "all[intDiv(length(all), 2) + 1]" if half else "all[-1]"
    only = "cityHash64(bucketName) % 2 = 0" if half else "1"
    clickhouse.execute(f"DROP TABLE IF EXISTS {NEXT}")
    clickhouse.execute(f"""
        CREATE TABLE {NEXT} ENGINE = MergeTree ORDER BY ({SOURCE}) AS
        SELECT {SOURCE}, done, arraySort(groupArray(at)) AS all, {last} AS upto FROM (
            SELECT {SOURCE}, (insertedAt, startTime, req_id) AS at, o.done AS done FROM {logs} AS l
            LEFT JOIN (SELECT {SOURCE}, max(({OFFSET})) AS done FROM {offsets} GROUP BY {SOURCE}) AS o USING ({SOURCE}))
        WHERE at > done AND {only} GROUP BY {SOURCE}, done""")


def rows(clickhouse, logs):
    """The rows between the two offsets, as TSV lines, by source and in the order of the lines of an object."""
    columns = ", ".join(logline.COLUMNS)
    answer = clickhouse.execute(f"""
        SELECT {columns} FROM {logs} AS l INNER JOIN {NEXT} AS n USING ({SOURCE})
        WHERE (insertedAt, startTime, req_id) > done AND (insertedAt, startTime, req_id) <= upto
        ORDER BY {SOURCE}, startTime, req_id FORMAT TSV""")
    return answer.splitlines()


def objects(lines):
    """{(source bucket, target bucket, prefix): lines} of the rows."""
    writer = logline.Writer()
    found = {}
    for row in lines:
        line, _, bucket, prefix = writer.line(row)
        place = (row.split(b"\t", 2)[1], logline.raw_text(bucket).decode(), logline.raw_text(prefix).decode())
        found.setdefault(place, []).append(line)
    return found


def deliver(s3, bucket, prefix, lines):
    time = logline.name_time(logline.LINE(lines[0])["time"])
    s3.put(bucket, f"{prefix}{time}-{os.urandom(8).hex().upper()}", b"".join(line + b"\n" for line in lines), "text/plain")


def main():
    logs, offsets = sys.argv[1:3]
    clickhouse = ClickHouse.from_environment()
    s3 = S3.from_environment()
    logs, offsets = clickhouse.table(logs), clickhouse.table(offsets)
    choose(clickhouse, logs, offsets, "--half" in sys.argv[3:])
    delivered = 0
    for (_, bucket, prefix), lines in objects(rows(clickhouse, logs)).items():
        deliver(s3, bucket, prefix, lines)
        delivered += len(lines)
    clickhouse.execute(f"""
        INSERT INTO {offsets} ({SOURCE}, {OFFSET}) SELECT {SOURCE}, upto.1, upto.2, upto.3 FROM {NEXT}
        SETTINGS distributed_foreground_insert = 1""")
    print(delivered)


if __name__ == "__main__":
    main()
