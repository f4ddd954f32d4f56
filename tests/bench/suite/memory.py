"""Memory: with many rows that wait, with many sources, and with many workers; and what more workers bring."""

import time

from . import BenchError, datasets, delivery
from .servers import SlowSink
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


FULL = 0.75  # of its share of the memory: a scan that was paused goes on below that
ANSWER_SECONDS = 1  # an upload that takes two is slow, and slow buckets may hold less
LOOKS = 100  # after all workers have been full


def fill(service, workers, cap, say):
    """Looks until all workers have been full together and for a while after. At the look at which the service
    took the most: that, and what its workers held; and the most workers that were full at one look."""
    most, held_then, full, looks, moved = 0, 0, 0, 0, time.monotonic()
    while looks < LOOKS:
        held = service.by_label("log_courier_inflight_bytes")
        now_full = sum(size >= FULL * cap for size in held)
        memory = service.pss()
        if now_full > full or memory > most:
            moved = time.monotonic()
            say(f"{now_full} of {workers} workers are full, {memory / 2**20:.0f} MiB")
        if memory > most:
            most, held_then = memory, sum(held)
        full = max(full, now_full)
        if full == workers:
            looks += 1
        elif time.monotonic() - moved > 60:
            raise BenchError(f"only {full} of {workers} workers have been full together")
        time.sleep(0.1)
    return most, held_then, full


def measure_full(world, case, data, workers):
    """The whole service while each worker has more to deliver than it may hold, as uploads are slow."""
    table = datasets.ensure(world.stack, data, world.say)
    cap = 2**28 / workers  # by default
    for who, courier in world.couriers.items():
        world.stack.sql("TRUNCATE TABLE logs.offsets_local")
        sink = SlowSink(ANSWER_SECONDS)
        settings = {**sink.settings(table), "SUPERVISOR_SHARDS": str(workers)}
        service = Service(courier, world.stack.environment, world.place("service"), settings)
        try:
            most, held, full = fill(service, workers, cap, lambda what, who=who: world.say(f"{who}: {what}"))
            case.add("most memory of the service, Pss", "MiB", most / 2**20, who)
            case.add("  of it rows on their way", "MiB", held / 2**20, who)
            case.add("workers that were full together", "", full, who)
        finally:
            service.kill()
            sink.stop()
    case.facts["settings"] = f"by default, {workers} workers; each PUT is answered after {ANSWER_SECONDS} s"


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
