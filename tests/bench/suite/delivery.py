"""A data set delivered end to end, and the floor beside it: the same bytes received, hashed and PUT by
curl and OpenSSL alone."""

import hashlib
import os
import resource
import subprocess
import tempfile
import urllib.parse

from . import BenchError
from . import datasets
from .service import DELIVERED, READY, Service

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

    def receive(self, statements):
        """All these statements one after the other: CPU us, us, bytes."""
        totals = [0, 0, 0]
        for statement in statements:
            query = "&".join(statement.parameters)
            with tempfile.NamedTemporaryFile("wb") as file:
                file.write(statement.text.encode(errors="surrogateescape"))
                file.flush()
                url = f"{self.world.stack.environment['LOG_COURIER_CLICKHOUSE_URL']}/?{query}"
                cpu, passed, _, size = self.run("receive", url, file.name)
            totals = [totals[0] + cpu, totals[1] + passed, totals[2] + size]
        return totals

    def hash(self, directory):
        return self.run("hash", directory)

    def put(self, directory, url):
        return self.run("put", directory, url, str(SLOTS))

    def put_by_program(self, directory, url):
        """The curl program PUTs the bodies one after the other over one connection: CPU us."""
        with tempfile.NamedTemporaryFile("w") as file:
            count = 0
            for folder, _, names in os.walk(directory):
                for name in names:
                    path = os.path.join(folder, name)
                    file.write(f'upload-file = "{path}"\nurl = "{url}/{count}"\n')
                    count += 1
            file.flush()
            began = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(["curl", "-sS", "--fail", "-H", "Expect:", "-H", "Content-Type: text/plain",
                            "-K", file.name], stdout=subprocess.DEVNULL, check=True)
            ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime) * 1e6, count


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
    return (f"{count} objects, SHA-256 {objects.hexdigest()}", f"{len(lines)} lines, SHA-256 {text.hexdigest()}")


class Outcome:
    """What one delivery took."""

    def __init__(self, service, rows, seconds):
        self.rows = rows
        self.seconds = seconds  # from the first discovery to the last delivery
        self.objects = int(service.metrics()["log_courier_build_objects_total"])
        self.cpu = service.cpu()
        self.system = service.system_share()
        self.peak = service.peak_bytes()
        self.together = 0  # most resident memory of the whole service at one moment
        self.clickhouse_cpu = 0.0


def deliver(world, courier, table, rows, settings=None):
    """A fresh service delivers the whole table, to the sink unless the settings say otherwise."""
    world.stack.sql("TRUNCATE TABLE logs.offsets_local")
    world.sink.empty()
    settings = {**world.sink.settings(table), **(settings or {})}
    clickhouse_cpu = world.stack.clickhouse_cpu()
    service = Service(courier, world.stack.environment, world.place("service"), settings)
    memory = [0]
    try:
        ready = service.await_metric(READY, 1, poll=0.01)
        seconds = service.await_metric(DELIVERED, rows, lambda: memory.append(service.memory())) - ready
        service.await_calm()
        outcome = Outcome(service, rows, seconds)
        outcome.clickhouse_cpu = world.stack.clickhouse_cpu() - clickhouse_cpu
        outcome.together = max(memory)
        return outcome
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
    case.add("objects/s", "objects/s", outcome.objects / outcome.seconds, who)


def rows_of(stack, statements):
    """How many rows the statements have as answer: more than were delivered, where a scan was cut short on a
    busy machine and the rest was asked for again."""
    rows = 0
    for statement in statements:
        text, _, _ = statement.text.rpartition(" FORMAT ")
        options = dict(urllib.parse.parse_qsl("&".join(statement.parameters)))
        rows += int(stack.sql(f"SELECT count() FROM ({text})", **options))
    return rows


def add_floor(world, case, rows, received, statements, bodies, url, small):
    """One repetition of each part of the floor; the statements have `received` rows as answer."""
    floor = Floor(world)
    cpu, passed, size = floor.receive(statements)
    hash_cpu, _, count, body_size = floor.hash(bodies)
    put_cpu, put_passed, _, _ = floor.put(bodies, url)
    case.add("receive, CPU per row", "us", cpu / received)
    case.add("SHA-256, CPU per row", "us", hash_cpu / rows)
    case.add("PUT by curl, CPU per row", "us", put_cpu / rows)
    case.add("floor per row", "us", cpu / received + (hash_cpu + put_cpu) / rows)
    case.add("ClickHouse feeds curl", "rows/s", received * 1e6 / passed)
    case.add("curl PUTs", "MB/s", body_size / put_passed)
    if small:
        case.add("libcurl CPU per PUT", "us", put_cpu / count)
        program_cpu, program_count = floor.put_by_program(bodies, url)
        case.add("curl's program, CPU per PUT", "us", program_cpu / program_count)
        case.add("curl PUTs objects/s", "objects/s", count * 1e6 / put_passed)
    case.facts["row"] = f"{size / received:.0f} bytes received, {body_size / rows:.0f} bytes line"


def add_ratios(case, small):
    case.add_ratio("worker CPU / floor", "worker CPU per row", "floor per row")
    case.add_pairs("rows/s / feed", "rows/s end to end", "ClickHouse feeds curl")
    if small:
        case.add_ratio("CPU per PUT / libcurl's", "worker CPU per PUT", "libcurl CPU per PUT")
        case.add_ratio("CPU per PUT / curl's program", "worker CPU per PUT", "curl's program, CPU per PUT")


def measure(world, case, data, repetitions, small=False):
    """The end-to-end figures of one data set, repetitions interleaved with those of the floor."""
    table = datasets.ensure(world.stack, data, world.say)
    world.say("warms up")
    world.stack.statements()
    first = deliver(world, next(iter(world.couriers.values())), table, data.rows)
    statements = [s for s in world.stack.statements() if SCAN in s.text and table in s.text and s.rows]
    received = rows_of(world.stack, statements)
    bodies = world.place("bodies")
    world.move(world.sink.objects, bodies)
    repetitions = world.repetitions or repetitions
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
        add_floor(world, case, data.rows, received, statements, bodies, world.sink.url + "/floor", small)
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
    case.facts["keys and bodies"], case.facts["lines, sorted"] = digests["courier"]
    for who, digest in digests.items():
        if digest != digests["courier"]:
            case.facts[f"DIFFERENT {who}"] = ", ".join(digest)
        elif who != "courier":
            case.facts[who] = "has delivered the same"
