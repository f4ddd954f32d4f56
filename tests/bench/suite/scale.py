"""What must not grow with the rows that are retained, with the backlog, or with the sources; how soon
rows arrive; and what more workers bring."""

import os
import threading
import time

from . import datasets, delivery
from .measure import Series
from .service import DELIVERED, Service


def insert_plain(stack, table, inserted_at, bucket, req_id, start, count):
    """Rows that hold what queries look at and the least of a line; the texts are SQL over `number`."""
    stack.sql(
        f"INSERT INTO logs.{table}_local (insertedAt, startTime, bucketName, req_id, loggingEnabled, "
        "loggingTargetBucket, loggingTargetPrefix, raftSessionID) "
        f"SELECT {inserted_at}, toDateTime64({inserted_at}, 3) - 1, {bucket} AS b, {req_id}, true, "
        "concat('target-', toString(cityHash64(b) % 4 + 1)), 'logs/', cityHash64(b) % 48 "
        f"FROM numbers({start}, {count}) SETTINGS max_insert_threads = 1, min_insert_block_size_rows = 10000000, "
        "min_insert_block_size_bytes = 4000000000")


def to_sink(world, table, **settings):
    return {"CLICKHOUSE_LOGS_TABLE": table, "S3_ENDPOINT": world.sink.url, "S3_CONDITIONAL_PUT": "off", **settings}


# ---- discovery and reconcile ----

NEW_ROWS = 100_000
RETAINED_SOURCES = 2_000
RETAINED_SECONDS = 60 * 3600
RETAINED_PART = 5_000_000
OBSERVED_SECONDS = 10


def make_retained(world, table, rows):
    """Rows that were delivered long ago, in parts one after the other in time."""
    datasets.drop_table(world.stack, table)
    datasets.create_table(world.stack, table)
    first = int(time.time()) - 600 - RETAINED_SECONDS
    for start in range(0, rows, RETAINED_PART):
        world.say(f"makes {rows:,} retained rows: {start:,}")
        insert_plain(world.stack, table, f"toDateTime(toUInt32({first} + intDiv(number * {RETAINED_SECONDS}, {rows})))",
                     f"concat('kept-', toString(cityHash64(number, 1) % {RETAINED_SOURCES}))",
                     "hex(cityHash64(number, 2))", start, min(RETAINED_PART, rows - start))


def settle_all(world, table):
    """The offsets say that all rows were delivered."""
    world.stack.sql("TRUNCATE TABLE logs.offsets_local")
    world.stack.sql("INSERT INTO logs.offsets_local SELECT bucketName, raftSessionID, m.1, m.2, m.3 FROM (SELECT "
                    "bucketName, raftSessionID, max((insertedAt, startTime, req_id)) AS m "
                    f"FROM logs.{table}_local GROUP BY bucketName, raftSessionID)")


def parts_of(world, table):
    return set(world.stack.sql("SELECT name FROM system.parts WHERE active AND database = 'logs' AND "
                               f"table = '{table}_local'").split())


def insert_new(world, table, rows):
    insert_plain(world.stack, table, "now()", f"concat('kept-', toString(number % {RETAINED_SOURCES}))",
                 "hex(cityHash64(number, 3))", 0, rows)


def kind_of(statement):
    if "GROUP BY raftSessionID, bucketName, second" in statement.text:
        return "reconcile"
    # What proves the end of a scan looks alike, but names its sources.
    if "insertedAt)) AS second" in statement.text and "raftSessionID %" in statement.text:
        return "discovery"
    return "scan" if delivery.SCAN in statement.text else "other"


def add_discoveries(case, statements, who, label):
    for statement in statements:
        if kind_of(statement) == "discovery":
            case.add(f"{label}, time of a discovery", "ms", statement.seconds * 1000, who)
            case.add(f"{label}, rows read by it", "rows", statement.rows, who)
            case.add(f"{label}, bytes read by it", "bytes", statement.bytes, who)


def add_start(case, statements, who, label):
    """The first start reads the windows from the oldest row on, and then compares the whole horizon."""
    for kind in ("discovery", "reconcile"):
        chosen = [s for s in statements if kind_of(s) == kind]
        case.add(f"{label}, {kind}", "ms", 1000 * sum(s.seconds for s in chosen), who)
        case.add(f"{label}, rows read for {kind}", "rows", sum(s.rows for s in chosen), who)
        case.add(f"{label}, bytes read for {kind}", "bytes", sum(s.bytes for s in chosen), who)


def add_idle(world, case, service, who, label):
    world.say(f"{label}, {who}: idle")
    service.await_calm()
    world.stack.statements()
    clickhouse_cpu = world.stack.clickhouse_cpu()
    time.sleep(OBSERVED_SECONDS)
    clickhouse_cpu = world.stack.clickhouse_cpu() - clickhouse_cpu
    case.add(f"{label}: idle, ClickHouse CPU", "ms/s", 1000 * clickhouse_cpu / OBSERVED_SECONDS, who)
    statements = world.stack.statements()
    add_discoveries(case, statements, who, f"{label}: idle")
    for statement in statements:
        if kind_of(statement) == "reconcile":
            case.add(f"{label}: idle, time to compare the last rows", "ms", statement.seconds * 1000, who)
            case.add(f"{label}: idle, rows read to compare", "rows", statement.rows, who)


def observe_retained(world, case, courier, who, table, label):
    """First start, 100,000 new rows, and idle time, with what is retained."""
    stack = world.stack
    stack.statements()
    world.sink.empty()
    clickhouse_cpu = stack.clickhouse_cpu()
    service = Service(courier, stack.environment, world.place("service"),
                      to_sink(world, table, RECONCILE_INTERVAL_SECONDS="5"))
    try:
        world.say(f"{label}, {who}: starts")
        service.await_metric("log_courier_reconciles_total", 1)
        service.await_calm()
        case.add(f"{label}: start, ClickHouse CPU", "s", stack.clickhouse_cpu() - clickhouse_cpu, who)
        add_start(case, stack.statements(), who, f"{label}: start")
        delivered = service.metrics().get(DELIVERED, 0)
        world.say(f"{label}, {who}: {NEW_ROWS:,} new rows")
        clickhouse_cpu, began = stack.clickhouse_cpu(), time.monotonic()
        insert_new(world, table, NEW_ROWS)
        service.await_metric(DELIVERED, delivered + NEW_ROWS)
        case.add(f"{label}: new rows, from insert to delivery", "s", time.monotonic() - began, who)
        case.add(f"{label}: new rows, ClickHouse CPU", "s", stack.clickhouse_cpu() - clickhouse_cpu, who)
        add_discoveries(case, [s for s in stack.statements() if s.rows >= NEW_ROWS], who, f"{label}: new rows")
        add_idle(world, case, service, who, label)
    finally:
        service.stop()


def measure_retained(world, case, sizes):
    for rows in sizes:
        table = f"bench_retained_{rows}"
        make_retained(world, table, rows)
        retained = parts_of(world, table)
        for who, courier in world.couriers.items():
            settle_all(world, table)
            observe_retained(world, case, courier, who, table, f"{rows // 1_000_000} M")
            for part in parts_of(world, table) - retained:
                world.stack.sql(f"ALTER TABLE logs.{table}_local DROP PART '{part}'")
        datasets.drop_table(world.stack, table)
    if len(sizes) == 1:
        return
    least, most = (f"{sizes[i] // 1_000_000} M" for i in (0, -1))
    for what in ("new rows, time of a discovery", "new rows, ClickHouse CPU", "idle, time of a discovery",
                 "idle, ClickHouse CPU"):
        case.add_ratio(f"{most} / {least}: {what}, the least", f"{most}: {what}", f"{least}: {what}", "least")
    case.facts["intervals"] = "discovery each second; the last rows are compared each 5 s, all at the start"


# ---- lag ----

LAG_TABLE = "bench_lag"
LAG_SOURCES = 300
INSERTS_A_SECOND = 4
LAG_DELAY, LAG_THRESHOLD = 1, 1


class Writer(threading.Thread):
    """Inserts rows at a steady rate; each row's req_id names its insert, whose end is kept."""

    def __init__(self, world, rate, seconds):
        super().__init__()
        self.stack = world.stack
        self.count = rate // INSERTS_A_SECOND
        self.inserts = seconds * INSERTS_A_SECOND
        self.visible = {}
        self.error = None

    def run(self):
        began = time.monotonic()
        bucket = f"concat('lag-', toString(cityHash64(number, 1) % {LAG_SOURCES}))"
        try:
            for i in range(self.inserts):
                req_id = f"concat('{i}-', toString(number))"
                insert_plain(self.stack, LAG_TABLE, "now()", bucket, req_id, i * self.count, self.count)
                self.visible[i] = time.time()
                time.sleep(max(0, began + (i + 1) / INSERTS_A_SECOND - time.monotonic()))
        except Exception as error:  # pylint: disable=broad-except
            self.error = error


def lags_of(objects, visible):
    """For each delivered row: from its insert's end to its object's time in the sink."""
    lags = []
    for folder, _, names in os.walk(objects):
        for name in names:
            path = os.path.join(folder, name)
            stored = os.stat(path).st_mtime
            with open(path, "rb") as file:
                for line in file:
                    # owner bucket [time zone] address requester req_id
                    insert = int(line.split(b" ", 7)[6].split(b"-")[0])
                    lags.append(stored - visible[insert])
    return lags


def measure_lag(world, case, rate, seconds):
    stack = world.stack
    for who, courier in world.couriers.items():
        datasets.drop_table(stack, LAG_TABLE)
        datasets.create_table(stack, LAG_TABLE)
        stack.sql("TRUNCATE TABLE logs.offsets_local")
        world.sink.empty()
        settings = to_sink(world, LAG_TABLE, CONSUMER_PROCESSING_DELAY_SECONDS=str(LAG_DELAY),
                           CONSUMER_TIME_THRESHOLD_SECONDS=str(LAG_THRESHOLD))
        service = Service(courier, stack.environment, world.place("service"), settings)
        try:
            service.await_metric("log_courier_shard_up", 1)
            world.say(f"{who}: {rate:,} rows/s for {seconds} s")
            writer = Writer(world, rate, seconds)
            writer.start()
            writer.join()
            if writer.error:
                raise writer.error
            service.await_metric(DELIVERED, writer.count * writer.inserts)
            excess = sorted(lag - LAG_DELAY - LAG_THRESHOLD for lag in lags_of(world.sink.objects, writer.visible))
            case.add("lag above delay and threshold, p50", "s", Series(excess).median, who)
            case.add("lag above delay and threshold, p99", "s", excess[len(excess) * 99 // 100], who)
            case.add("worker CPU", "ms/s", service.cpu() * 1000 / (time.monotonic() - service.began), who)
        finally:
            service.stop()
    datasets.drop_table(stack, LAG_TABLE)
    case.facts["delay and threshold"] = f"{LAG_DELAY} s + {LAG_THRESHOLD} s; discovery each second"


# ---- memory ----


def count_of(workers):
    return f"{workers} worker{'s' if workers > 1 else ''}"


def measure_backlog(world, case, data, counts):
    """How far the memory goes while many rows wait."""
    table = datasets.ensure(world.stack, data, world.say)
    for workers in counts:
        for who, courier in world.couriers.items():
            world.say(f"{count_of(workers)}, {who}: {data.rows:,} rows")
            outcome = delivery.deliver(world, courier, table, data.rows, {"SUPERVISOR_SHARDS": str(workers)})
            label = count_of(workers)
            case.add(f"{label}: most memory of the service", "MiB", outcome.together / 2**20, who)
            case.add(f"{label}: peak of its workers, summed", "MiB", outcome.peak / 2**20, who)
            case.add(f"{label}: CPU per row", "us", outcome.cpu * 1e6 / data.rows, who)
            case.add(f"{label}: rows/s end to end", "rows/s", data.rows / outcome.seconds, who)
    world.sink.empty()
    case.facts["settings"] = "by default"


KNOWN_TABLE = "bench_known"
PATIENT = {"CONSUMER_COUNT_THRESHOLD": "1000000000", "CONSUMER_TIME_THRESHOLD_SECONDS": "86400"}


def memory_with_sources(world, courier, sources):
    """Resident bytes of a worker that knows so many sources with a row each, none of which is due."""
    stack = world.stack
    datasets.drop_table(stack, KNOWN_TABLE)
    datasets.create_table(stack, KNOWN_TABLE)
    stack.sql("TRUNCATE TABLE logs.offsets_local")
    insert_plain(stack, KNOWN_TABLE, "now() - 60", "concat('known-', toString(number))", "hex(number)", 0, sources)
    service = Service(courier, stack.environment, world.place("service"), to_sink(world, KNOWN_TABLE, **PATIENT))
    try:
        service.await_metric("log_courier_pending_records", sources)
        service.await_metric("log_courier_reconciles_total", 1)
        service.await_calm()
        return service.memory(), service.peak_bytes()
    finally:
        service.stop()
        datasets.drop_table(stack, KNOWN_TABLE)


def measure_known(world, case, few, many):
    for who, courier in world.couriers.items():
        world.say(f"{who}: {few:,} sources")
        at_few, peak_at_few = memory_with_sources(world, courier, few)
        world.say(f"{who}: {many:,} sources")
        at_many, peak_at_many = memory_with_sources(world, courier, many)
        case.add("memory per known source", "bytes", (at_many - at_few) / (many - few), who)
        case.add("peak memory per known source", "bytes", (peak_at_many - peak_at_few) / (many - few), who)
        case.add(f"resident memory with {few:,} sources", "MiB", at_few / 2**20, who)


# ---- workers ----


def measure_workers(world, case, data, repetitions, counts):
    table = datasets.ensure(world.stack, data, world.say)
    repetitions = world.repetitions or repetitions
    for repetition in range(repetitions):
        for workers in counts:
            for who, courier in world.couriers.items():
                world.say(f"repetition {repetition + 1} of {repetitions}: {count_of(workers)}, {who}")
                outcome = delivery.deliver(world, courier, table, data.rows, {"SUPERVISOR_SHARDS": str(workers)})
                label = count_of(workers)
                case.add(f"{label}: rows/s end to end", "rows/s", data.rows / outcome.seconds, who)
                case.add(f"{label}: CPU per row of all workers", "us", outcome.cpu * 1e6 / data.rows, who)
                case.add(f"{label}: ClickHouse CPU per row", "us", outcome.clickhouse_cpu * 1e6 / data.rows, who)
                case.add(f"{label}: memory of the whole service", "MiB", outcome.together / 2**20, who)
    first = f"{counts[0]} worker: rows/s end to end"
    for workers in counts[1:]:
        case.add_ratio(f"{workers} workers / {counts[0]}: rows/s", f"{workers} workers: rows/s end to end", first)
    world.sink.empty()
