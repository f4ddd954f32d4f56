"""What must not grow with the rows that are retained: discovery and reconcile."""

import time

from . import datasets
from .service import DELIVERED, Service

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
        inserted_at = f"toDateTime(toUInt32({first} + intDiv(number * {RETAINED_SECONDS}, {rows})))"
        bucket = f"concat('kept-', toString(cityHash64(number, 1) % {RETAINED_SOURCES}))"
        datasets.insert_plain(world.stack, table, inserted_at, bucket, "hex(cityHash64(number, 2))",
                              start, min(RETAINED_PART, rows - start))


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
    datasets.insert_plain(world.stack, table, "now()", f"concat('kept-', toString(number % {RETAINED_SOURCES}))",
                          "hex(cityHash64(number, 3))", 0, rows)


def kind_of(statement):
    if "GROUP BY raftSessionID, bucketName, second" in statement.text:
        return "reconcile"
    # What proves the end of a scan looks alike, but names its sources.
    if "insertedAt)) AS second" in statement.text and "raftSessionID %" in statement.text:
        return "discovery"
    return "other"


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
                      {**world.sink.settings(table), "RECONCILE_INTERVAL_SECONDS": "5"})
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


def measure(world, case, sizes):
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
