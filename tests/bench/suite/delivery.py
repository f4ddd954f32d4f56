"""A data set delivered end to end, and the floor beside it: the same bytes received, hashed and PUT by
curl and OpenSSL alone."""

import hashlib
import os
import subprocess
import tempfile

from . import BenchError
from . import datasets
from .service import DELIVERED, Service

SCAN = "ORDER BY raftSessionID, bucketName, insertedAt, startTime, req_id"
SLOTS = 16  # limits.max-concurrent-uploads


class Floor:
    """tests/bench/bench_floor: what it prints, as microseconds and counts."""

    def __init__(self, world):
        self.world = world

    def run(self, *arguments):
        environment = {**os.environ, "USER": self.world.stack.clickhouse.username,
                       "PASSWORD": self.world.stack.clickhouse.password}
        answer = subprocess.run([self.world.floor_program, *arguments], env=environment,
                                capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            raise BenchError(answer.stderr.strip())
        return [int(word) for word in answer.stdout.split()]

    def receive(self, statements, form):
        """All these statements one after the other, in an output format: CPU us, us, bytes."""
        totals = [0, 0, 0]
        for statement in statements:
            text, _, _ = statement.text.rpartition(" FORMAT ")
            query = "&".join(statement.parameters)
            with tempfile.NamedTemporaryFile("wb") as file:
                file.write(f"{text} FORMAT {form}".encode(errors="surrogateescape"))
                file.flush()
                url = f"{self.world.stack.environment['LOG_COURIER_CLICKHOUSE_URL']}/?{query}"
                cpu, passed, _, size = self.run("receive", url, file.name)
            totals = [totals[0] + cpu, totals[1] + passed, totals[2] + size]
        return totals

    def hash(self, directory):
        return self.run("hash", directory)

    def put(self, directory, url):
        return self.run("put", directory, url, str(SLOTS))


def digest_of(directory):
    """Two hashes of what was delivered: of all keys and bodies, and of all lines in their order."""
    objects, lines, count = hashlib.sha256(), [], 0
    paths = []
    for folder, _, names in os.walk(os.fsencode(directory)):
        paths += [os.path.join(folder, name) for name in names]
    for path in sorted(paths):
        with open(path, "rb") as file:
            body = file.read()
        objects.update(os.path.relpath(path, os.fsencode(directory)) + b"\0")
        objects.update(hashlib.sha256(body).digest())
        lines += body.splitlines(keepends=True)
        count += 1
    text = hashlib.sha256()
    for line in sorted(lines):
        text.update(line)
    return {"objects": count, "lines": len(lines), "objects_sha256": objects.hexdigest(),
            "lines_sha256": text.hexdigest()}


class Outcome:
    """What one delivery took."""

    def __init__(self, rows, objects, seconds, cpu, system, clickhouse_cpu, sink_cpu, peak):
        self.rows = rows
        self.objects = objects
        self.seconds = seconds
        self.cpu = cpu
        self.system = system
        self.clickhouse_cpu = clickhouse_cpu
        self.sink_cpu = sink_cpu
        self.peak = peak


def deliver(world, courier, table, rows, settings=None, to_sink=True):
    """A fresh service delivers the whole table."""
    stack, sink = world.stack, world.sink
    stack.sql("TRUNCATE TABLE logs.offsets_local")
    environment = dict(stack.environment)
    settings = {"CLICKHOUSE_LOGS_TABLE": table, **(settings or {})}
    if to_sink:
        sink.empty()
        settings |= {"S3_ENDPOINT": sink.url, "S3_CONDITIONAL_PUT": "off"}
    clickhouse_cpu, sink_cpu = stack.clickhouse_cpu(), sink.cpu()
    service = Service(courier, environment, world.place("service"), settings)
    try:
        seconds = service.await_metric(DELIVERED, rows)
        service.await_calm()
        metrics = service.metrics()
        return Outcome(rows, int(metrics["log_courier_upload_objects_total"]), seconds, service.cpu(),
                       service.system_share(), stack.clickhouse_cpu() - clickhouse_cpu,
                       sink.cpu() - sink_cpu, service.peak_bytes())
    finally:
        service.stop()


def add_outcome(case, outcome, who):
    rows = outcome.rows
    case.add("worker CPU per row", "us", outcome.cpu * 1e6 / rows, who)
    case.add("  of it in the kernel", "us", outcome.cpu * outcome.system * 1e6 / rows, who)
    case.add("ClickHouse CPU per row", "us", outcome.clickhouse_cpu * 1e6 / rows, who)
    case.add("rows/s end to end", "rows/s", rows / outcome.seconds, who)
    case.add("peak resident memory", "MiB", outcome.peak / 2**20, who)


def add_objects(case, outcome, who):
    case.add("worker CPU per PUT", "us", outcome.cpu * 1e6 / outcome.objects, who)
    case.add("objects/s", "1/s", outcome.objects / outcome.seconds, who)


def add_floor(world, case, rows, statements, bodies, url, small):
    """One repetition of each part of the floor."""
    floor = Floor(world)
    cpu, passed, size = floor.receive(statements, "RowBinary")
    native_cpu, native_passed, _ = floor.receive(statements, "Native")
    hash_cpu, _, count, body_size = floor.hash(bodies)
    put_cpu, put_passed, _, _ = floor.put(bodies, url)
    case.add("receive RowBinary, CPU per row", "us", cpu / rows)
    case.add("receive Native, CPU per row", "us", native_cpu / rows)
    case.add("SHA-256, CPU per row", "us", hash_cpu / rows)
    case.add("PUT by curl, CPU per row", "us", put_cpu / rows)
    case.add("floor per row", "us", (cpu + hash_cpu + put_cpu) / rows)
    case.add("ClickHouse feeds curl, RowBinary", "rows/s", rows * 1e6 / passed)
    case.add("ClickHouse feeds curl, Native", "rows/s", rows * 1e6 / native_passed)
    case.add("curl PUTs", "MB/s", body_size / put_passed)
    if small:
        case.add("curl CPU per PUT", "us", put_cpu / count)
        case.add("curl PUTs objects/s", "1/s", count * 1e6 / put_passed)
    case.facts["row"] = f"{size / rows:.0f} bytes RowBinary, {body_size / rows:.0f} bytes line"


def add_ratios(case, small):
    case.add_ratio("worker CPU / floor", "worker CPU per row", "floor per row")
    case.add_ratio("rows/s / feed in RowBinary", "rows/s end to end", "ClickHouse feeds curl, RowBinary")
    case.add_ratio("rows/s / feed in Native", "rows/s end to end", "ClickHouse feeds curl, Native")
    if small:
        case.add_ratio("CPU per PUT / curl's", "worker CPU per PUT", "curl CPU per PUT")


def measure(world, case, data, repetitions, small=False):
    """The end-to-end figures of one data set, all repetitions interleaved with those of the floor."""
    table = datasets.ensure(world.stack, data, world.say)
    world.say("warms up")
    world.stack.statements()
    first = deliver(world, next(iter(world.couriers.values())), table, data.rows)
    statements = [s for s in world.stack.statements() if SCAN in s.text and table in s.text and s.rows]
    bodies = world.place("bodies")
    world.move(world.sink.objects, bodies)
    for repetition in range(repetitions):
        couriers = list(world.couriers.items())
        for who, courier in couriers if repetition % 2 == 0 else couriers[::-1]:
            world.say(f"repetition {repetition + 1} of {repetitions}: {who}")
            outcome = deliver(world, courier, table, data.rows)
            add_outcome(case, outcome, who)
            if small:
                add_objects(case, outcome, who)
        world.say(f"repetition {repetition + 1} of {repetitions}: floor")
        world.sink.empty()
        add_floor(world, case, data.rows, statements, bodies, world.sink.url + "/floor", small)
    case.facts["objects"] = f"{first.objects:,}, from {len(statements)} scans"
    add_ratios(case, small)


def measure_digest(world, case, data):
    """Keys and bodies of a data set whose objects depend on nothing but its rows."""
    table = datasets.ensure(world.stack, data, world.say)
    digests = {}
    for who, courier in world.couriers.items():
        world.say(who)
        deliver(world, courier, table, data.rows)
        digests[who] = digest_of(world.sink.objects)
    case.facts["data"] = table
    for who, digest in digests.items():
        case.facts[who] = digest
    if len({digest["objects_sha256"] for digest in digests.values()}) > 1:
        case.facts["DIFFERENT"] = "the couriers have not delivered the same objects"
