"""Memory: with many rows that wait, with many sources, and with many workers; and what more workers bring."""

from . import datasets, delivery
from .service import Service


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
    datasets.insert_plain(stack, KNOWN_TABLE, "now() - 60", "concat('known-', toString(number))", "hex(number)",
                          0, sources)
    settings = {**world.sink.settings(KNOWN_TABLE), **PATIENT}
    service = Service(courier, stack.environment, world.place("service"), settings)
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
