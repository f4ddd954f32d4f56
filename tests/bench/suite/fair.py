"""Whether one bucket with most of the rows holds up the others, near what the service can deliver.

Sources that are ready: one that has the rows of the count threshold, or whose oldest row has waited for the
time threshold. How long each log object of a small source came after that moment is measured, and, as events
that do not depend on how fast the machine is, how many log objects of the big bucket came in between.
"""

import bisect
import os
import threading
import time

from . import BenchError, datasets
from .service import DELIVERED, Service

TABLE = "bench_fair"
BIG = "fair-big"
BUSY, QUIET = 20, 180  # small sources: half of their rows are of the busy ones, which reach the count
INSERTS_A_SECOND = 4
DELAY, AGE, COUNT = 1, 2, 40
TRIAL_ROWS = 400_000
LOAD = 0.5  # of what the service delivers when nothing is inserted on the same processors
BACKLOG_SECONDS = 100  # over which the rows are spread that wait at the start
OVERTAKEN_MAX = 16  # log objects of the big bucket: of two of its turns, and what waits at the target

SMALL_NAME = (f"if(cityHash64(number, 2) % 2 = 0, concat('fair-busy-', toString(cityHash64(number, 3) % {BUSY})), "
              f"concat('fair-quiet-', toString(cityHash64(number, 4) % {QUIET})))")
MIXED_NAME = f"if(number % 10 != 0, '{BIG}', {SMALL_NAME})"


class Writer(threading.Thread):
    """Inserts rows at a steady rate; each row's req_id names its insert, whose end is kept."""

    def __init__(self, stack, name, rows, seconds):
        super().__init__()
        self.stack = stack
        self.name_of_bucket = name
        self.rows = rows // INSERTS_A_SECOND  # of an insert
        self.inserts = seconds * INSERTS_A_SECOND
        self.visible = {}
        self.error = None

    def run(self):
        began = time.monotonic()
        try:
            for i in range(self.inserts):
                datasets.insert_plain(self.stack, TABLE, "now()", self.name_of_bucket,
                                      f"concat('{i}-', toString(number))", i * self.rows, self.rows)
                self.visible[i] = time.time()
                time.sleep(max(0, began + (i + 1) / INSERTS_A_SECOND - time.monotonic()))
        except Exception as error:  # pylint: disable=broad-except
            self.error = error


def read_objects(directory):
    """When each log object was stored: of the big bucket; of small sources, with the inserts of its rows."""
    big, small = [], []
    for folder, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(folder, name)
            stored = os.stat(path).st_mtime
            with open(path, "rb") as file:
                # owner bucket [time zone] address requester req_id
                first = file.readline()
                if first.split(b" ", 2)[1] == BIG.encode():
                    big.append(stored)
                    continue
                rows = [first, *file]
            small.append((stored, [int(row.split(b" ", 7)[6].split(b"-")[0]) for row in rows]))
    return sorted(big), small


def waits(directory, visible):
    """For each log object of a small source: how long it was ready before it was stored, and how many of the
    big bucket's were stored meanwhile. Those with rows that waited before the first insert are left out."""
    big, small = read_objects(directory)
    lags, overtaken = [], []
    for stored, inserts in small:
        if min(inserts) < 0:
            continue
        moments = sorted(visible[i] for i in inserts)
        ready = moments[0] + AGE
        if len(moments) >= COUNT:
            ready = min(ready, moments[COUNT - 1])
        ready += DELAY
        lags.append(stored - ready)
        overtaken.append(bisect.bisect_left(big, stored) - bisect.bisect_right(big, ready))
    return sorted(lags), overtaken, len(big)


def fresh_table(stack):
    datasets.drop_table(stack, TABLE)
    datasets.create_table(stack, TABLE)
    stack.sql("TRUNCATE TABLE logs.offsets_local")


def start(world, courier):
    world.sink.empty()
    settings = {**world.sink.settings(TABLE), "CONSUMER_PROCESSING_DELAY_SECONDS": str(DELAY),
                "CONSUMER_TIME_THRESHOLD_SECONDS": str(AGE), "CONSUMER_COUNT_THRESHOLD": str(COUNT)}
    return Service(courier, world.stack.environment, world.place("service"), settings)


def insert_backlog(stack, rows):
    """Rows of the big bucket that wait at the start, spread over some time."""
    datasets.insert_plain(stack, TABLE, f"now() - {BACKLOG_SECONDS + 5} + intDiv(number * {BACKLOG_SECONDS}, {rows})",
                          f"'{BIG}'", "concat('-1-', toString(number))", 0, rows)


def find_rate(world, courier):
    """Rows a second that the service can deliver, most of one bucket."""
    fresh_table(world.stack)
    datasets.insert_plain(world.stack, TABLE, "now() - 60 + number % 50", MIXED_NAME, "hex(number)", 0, TRIAL_ROWS)
    service = start(world, courier)
    try:
        ready = service.await_metric("log_courier_discovery_batches_found_total", 1, poll=0.01)
        return TRIAL_ROWS / (service.await_metric(DELIVERED, TRIAL_ROWS) - ready)
    finally:
        service.stop()


def flow(world, courier, name, rate, seconds, backlog):
    """A steady flow of rows, delivered: what `waits` tells of it."""
    fresh_table(world.stack)
    if backlog:
        insert_backlog(world.stack, backlog)
    service = start(world, courier)
    try:
        service.await_metric("log_courier_shard_up", 1)
        writer = Writer(world.stack, name, rate, seconds)
        writer.start()
        writer.join()
        if writer.error:
            raise writer.error
        service.await_metric(DELIVERED, writer.rows * writer.inserts + backlog)
        return waits(world.sink.objects, writer.visible)
    finally:
        service.stop()


def measure(world, case, seconds):
    rate = int(find_rate(world, world.couriers["courier"]) * LOAD) // 1000 * 1000
    runs = (("without the big bucket", SMALL_NAME, rate // 10, 0),
            ("beside 90% in one bucket", MIXED_NAME, rate, 0),
            ("beside its backlog, too", MIXED_NAME, rate, rate * 60))
    case.facts["rows/s"] = f"{rate:,}, a tenth of them of {BUSY + QUIET} small sources"
    case.facts["thresholds"] = f"delay {DELAY} s; {COUNT} rows or {AGE} s; discovery each second"
    for label, name, rows, backlog in runs:
        for who, courier in world.couriers.items():
            world.say(f"{who}: {rows:,} rows/s for {seconds} s, {label}")
            lags, overtaken, big = flow(world, courier, name, rows, seconds, backlog)
            case.add(f"{label}: lag above thresholds, p50", "s", lags[len(lags) // 2], who)
            case.add(f"{label}: p99", "s", lags[len(lags) * 99 // 100], who)
            case.add(f"{label}: worst", "s", lags[-1], who)
            if big:
                case.add(f"{label}: big objects while one waits, most", "", max(overtaken), who)
                case.facts[f"{label}, {who}"] = f"{len(lags):,} objects of small sources, {big:,} of the big bucket"
            if who == "courier" and max(overtaken) > OVERTAKEN_MAX:
                raise BenchError(f"{label}: while a small source was ready, {max(overtaken)} log objects of the big "
                                 f"bucket were stored, expected at most {OVERTAKEN_MAX}")
    datasets.drop_table(world.stack, TABLE)
