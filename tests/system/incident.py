#!/usr/bin/python3
"""Rows that become visible late: writes the chunks of many sources as a producer in trouble does.

Each source flushes a chunk of about 700 rows a second; their startTime spreads over the 20 s before.
A third of the chunks becomes visible late, in random order: it bears the insertedAt of its flush, and
is inserted so much later. What is late, and by how much, depends on the seed alone.
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
from chunks import Chunks  # noqa: E402
from clickhouse import ClickHouse, ClickHouseError  # noqa: E402
from settings import Missing  # noqa: E402

CHUNK_ROWS = 700
LATE_ONE_IN = 3
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


def chunks_of(arguments, clickhouse):
    total = arguments.sources * arguments.rows_per_source
    shape = rows.Shape(total, arguments.sources, SESSIONS, 0, TARGETS, arguments.seed)
    return Chunks(clickhouse, shape, chunks_a_source(arguments))


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


def play(arguments, chunks):
    steps = plan(arguments)
    late = sum(visible > flush for visible, flush, _ in steps)
    start = chunks.clock() + START_SECONDS
    delay = 0
    while steps:
        time.sleep(max(0, start + steps[0][0] - time.time()))
        passed = time.time() - start
        delay = max(delay, passed - steps[0][0])
        due = [step for step in steps if step[0] <= passed]
        chunks.insert({chunk: start + flush for _, flush, chunk in due})
        steps = steps[len(due):]
    print(f"{late} chunks of {chunks.count} became visible late, "
          f"seed {arguments.seed}; the inserts were {delay:.1f} s late at most")


def main():
    arguments = parse_arguments()
    try:
        chunks = chunks_of(arguments, ClickHouse.from_environment())
        if arguments.step == "prepare":
            chunks.prepare()
        else:
            play(arguments, chunks)
    except (ClickHouseError, Missing) as error:
        print(f"incident: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
