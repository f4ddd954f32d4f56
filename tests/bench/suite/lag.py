"""How soon a row is delivered, at a steady rate of new ones."""

import os
import threading
import time

from . import datasets
from .measure import Series
from .service import DELIVERED, Service

TABLE = "bench_lag"
SOURCES = 300
INSERTS_A_SECOND = 4
DELAY, THRESHOLD = 1, 1


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
        bucket = f"concat('lag-', toString(cityHash64(number, 1) % {SOURCES}))"
        try:
            for i in range(self.inserts):
                req_id = f"concat('{i}-', toString(number))"
                datasets.insert_plain(self.stack, TABLE, "now()", bucket, req_id, i * self.count, self.count)
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


def measure(world, case, rate, seconds):
    stack = world.stack
    for who, courier in world.couriers.items():
        datasets.drop_table(stack, TABLE)
        datasets.create_table(stack, TABLE)
        stack.sql("TRUNCATE TABLE logs.offsets_local")
        world.sink.empty()
        settings = {**world.sink.settings(TABLE), "CONSUMER_PROCESSING_DELAY_SECONDS": str(DELAY),
                    "CONSUMER_TIME_THRESHOLD_SECONDS": str(THRESHOLD)}
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
            excess = sorted(lag - DELAY - THRESHOLD for lag in lags_of(world.sink.objects, writer.visible))
            case.add("lag above delay and threshold, p50", "s", Series(excess).median, who)
            case.add("lag above delay and threshold, p99", "s", excess[len(excess) * 99 // 100], who)
            case.add("worker CPU", "ms/s", service.cpu() * 1000 / (time.monotonic() - service.began), who)
        finally:
            service.stop()
    datasets.drop_table(stack, TABLE)
    case.facts["delay and threshold"] = f"{DELAY} s + {THRESHOLD} s; discovery each second"
