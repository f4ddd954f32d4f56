#!/usr/bin/python3
"""Rows that become visible late: writes the chunks of many sources as a producer in trouble does.

Each source flushes a chunk of about 700 rows a second; their startTime spreads over the 20 s before.
A third of the chunks becomes visible late, in random order: it bears the insertedAt of its flush, and
is inserted so much later. What is late, and by how much, depends on the seed alone.

The rows are made beforehand in a table of their own, so that an insert is cheap at its time.
"""

import argparse
import os
import random
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "contrib", "dev", "lib"))

import rows  # noqa: E402
from clickhouse import ClickHouse, ClickHouseError  # noqa: E402
from settings import Missing  # noqa: E402

CHUNK_ROWS = 700
LATE_ONE_IN = 3
ROWS_AN_INSERT = 100_000
# Small, so that reading one chunk reads few rows of others.
ROWS_A_GRANULE = 256
TARGETS = [(f"target-{n}", None) for n in range(1, 5)]
SESSIONS = 12
# How long before a chunk's flush the inserts start, so that the first one is not late by itself.
START_SECONDS = 2


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("step", choices=("prepare", "play"), help="make the rows; or let them become visible")
    add("--sources", type=int, default=20, help="(default %(default)s)")
    add("--rows-per-source", type=int, default=15_000, help="(default %(default)s)")
    add("--earliest", type=int, default=5, metavar="S", help="least lateness (default %(default)s)")
    add("--latest", type=int, default=30, metavar="S", help="most lateness (default %(default)s)")
    add("--seed", type=int, default=1, help="(default %(default)s)")
    return parser.parse_args()


def chunks_a_source(arguments):
    return max(1, arguments.rows_per_source // CHUNK_ROWS)


def chunk_of_row(arguments):
    """SQL: the number of a row's chunk. Rows of one req_id stand in one chunk."""
    count = chunks_a_source(arguments)
    return (
        f"toUInt32(toUInt32(arrayElement(splitByChar('-', bucketName), -1)) * {count} "
        f"+ cityHash64(req_id, 'chunk') % {count})"
    )


def prepare(arguments, clickhouse):
    """The rows in the order of their chunks, in one part: then a chunk is read in an instant."""
    table = clickhouse.table("incident_rows")
    total = arguments.sources * arguments.rows_per_source
    clickhouse.execute(f"DROP TABLE IF EXISTS {table}")
    clickhouse.execute(
        f"CREATE TABLE {table} AS {clickhouse.table('logs_local')} "
        f"ENGINE = MergeTree ORDER BY {chunk_of_row(arguments)} "
        f"SETTINGS index_granularity = {ROWS_A_GRANULE}"
    )
    shape = rows.Shape(total, arguments.sources, SESSIONS, 0, TARGETS, arguments.seed)
    clock = int(clickhouse.execute("SELECT toUnixTimestamp(now())"))
    for start in range(0, total, ROWS_AN_INSERT):
        clickhouse.execute(
            shape.insert(table, start, min(ROWS_AN_INSERT, total - start), (clock, 1))
        )
    clickhouse.execute(f"OPTIMIZE TABLE {table} FINAL")


def plan(arguments):
    """[(seconds until visible, seconds until the flush, chunk)], in the order of the first."""
    dice = random.Random(arguments.seed)
    count = chunks_a_source(arguments)
    steps = []
    for source in range(arguments.sources):
        for flush in range(count):
            late = 0
            if dice.randrange(LATE_ONE_IN) == 0:
                late = dice.uniform(arguments.earliest, arguments.latest)
            steps.append((flush + late, flush, source * count + flush))
    return sorted(steps)


def insert_chunks(arguments, clickhouse, start, steps):
    """One insert of these chunks; startTime stays as far before insertedAt as it was made."""
    chunks = ", ".join(str(chunk) for _, _, chunk in steps)
    flushes = ", ".join(f"toUInt32({start + flush})" for _, flush, _ in steps)
    columns = rows.COLUMNS.replace("insertedAt, ", "").replace("startTime, ", "")
    chunk = chunk_of_row(arguments)
    clickhouse.execute(
        f"INSERT INTO {clickhouse.table('logs_ingest_local')} (insertedAt, startTime, {columns}) "
        f"WITH toDateTime(transform({chunk}, [{chunks}], [{flushes}], toUInt32(0))) AS flushed "
        "SELECT flushed, startTime + toIntervalSecond(toUnixTimestamp(flushed) "
        f"- toUnixTimestamp(insertedAt)), {columns} "
        f"FROM {clickhouse.table('incident_rows')} WHERE {chunk} IN ({chunks}) "
        "SETTINGS distributed_foreground_insert = 1"
    )


def play(arguments, clickhouse):
    steps = plan(arguments)
    late = sum(visible > flush for visible, flush, _ in steps)
    start = int(clickhouse.execute("SELECT toUnixTimestamp(now())")) + START_SECONDS
    behind = 0
    while steps:
        time.sleep(max(0, start + steps[0][0] - time.time()))
        passed = time.time() - start
        behind = max(behind, passed - steps[0][0])
        due = [step for step in steps if step[0] <= passed]
        insert_chunks(arguments, clickhouse, start, due)
        steps = steps[len(due):]
    print(f"{late} chunks of {arguments.sources * chunks_a_source(arguments)} became visible late, "
          f"seed {arguments.seed}; the inserts were {behind:.1f} s behind at most")


def main():
    arguments = parse_arguments()
    try:
        clickhouse = ClickHouse.from_environment()
        (prepare if arguments.step == "prepare" else play)(arguments, clickhouse)
    except (ClickHouseError, Missing) as error:
        print(f"incident: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
