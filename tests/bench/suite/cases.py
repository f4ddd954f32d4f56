"""The table of cases."""

import os
import subprocess

from . import BenchError, delivery, fair, gateway, lag, memory, retained
from .datasets import DataSet


def parts(world, case, program, *arguments):
    """The figures of a program that measures parts by themselves."""
    answer = subprocess.run([world.program(f"tests/bench/{program}"), *arguments],
                            capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise BenchError(f"{program} has failed: {answer.stderr.strip()}")
    for line in answer.stdout.splitlines():
        name, unit, value = line.split("\t")
        case.add(name, unit, float(value), "courier")


def run_micro(world, case, quick):
    for program in ("bench_formats", "bench_object"):
        parts(world, case, program, "10" if quick else "50")


def run_ledger(world, case, _quick):
    parts(world, case, "bench_ledger")


def run_blocked(world, case, _quick):
    parts(world, case, "bench_backlog")


def run_bucket(world, case, quick):
    delivery.measure(world, case, DataSet("bucket", 300_000 if quick else 1_000_000, 1, 0, sessions=1, targets=1),
                     5)


def run_equal(world, case, quick):
    delivery.measure(world, case, DataSet("equal", 300_000 if quick else 1_000_000, 200, 0), 5)


def run_skewed(world, case, quick):
    delivery.measure(world, case, DataSet("skewed", 300_000 if quick else 1_000_000, 300, 1.1), 5)


def run_small(world, case, quick):
    sources = 4_000 if quick else 20_000
    delivery.measure(world, case, DataSet("small", 10 * sources, sources, 0), 5 if quick else 3, small=True)


def run_small_100k(world, case, _quick):
    delivery.measure(world, case, DataSet("small", 1_000_000, 100_000, 0), 1, small=True)


def run_digest(world, case, _quick):
    delivery.measure_digest(world, case, DataSet("digest", 100_000, 200, 0.8))


def run_radosgw(world, case, _quick):
    gateway.measure(world, case, DataSet("skewed", 300_000, 300, 1.1), 3)


def run_retained(world, case, quick):
    retained.measure(world, case, [1_000_000] if quick else [1_000_000, 10_000_000, 50_000_000])


def run_lag(world, case, quick):
    lag.measure(world, case, 10_000, 10 if quick else 30)


def run_fair(world, case, quick):
    fair.measure(world, case, 15 if quick else 40)


def run_backlog(world, case, quick):
    memory.measure_backlog(world, case, DataSet("backlog", 1_000_000 if quick else 5_000_000, 2_000, 1.1, sessions=48),
                          [1, 16])


def run_full(world, case, _quick):
    memory.measure_full(world, case, DataSet("full", 1_200_000, 24_000, 0, sessions=48), 16)


def run_known(world, case, quick):
    memory.measure_known(world, case, 1_000, 20_000 if quick else 200_000)


def run_workers(world, case, quick):
    rows = 300_000 if quick else 1_000_000
    memory.measure_workers(world, case, DataSet("workers", rows, 2_000, 1.1, sessions=48), 3, [1, 2, 16])


# name: (title, the function, whether `bench-quick` has it)
CASES = {
    "micro": ("parts by themselves, per row or call", run_micro, True),
    "equal": ("200 equal sources", run_equal, True),
    "small": ("many sources with 10 rows each", run_small, True),
    "bucket": ("one big source", run_bucket, False),
    "skewed": ("300 sources, few have most", run_skewed, False),
    "small-100k": ("100,000 sources with 10 rows each", run_small_100k, False),
    "radosgw": ("into Ceph radosgw, on the same processors", run_radosgw, False),
    "workers": ("1 worker against 2, and 16 with their memory", run_workers, False),
    "lag": ("10,000 rows/s, from visible to delivered", run_lag, False),
    "fair": ("small sources beside a bucket with 90% of the rows", run_fair, False),
    "retained": ("discovery and reconcile beside retained rows", run_retained, False),
    "backlog": ("memory with a backlog", run_backlog, False),
    "full": ("memory of 16 workers that are all full", run_full, False),
    "known": ("memory per known source", run_known, False),
    "ledger": ("the ledger by itself", run_ledger, False),
    "blocked": ("the ledger after three days with a blocked target", run_blocked, False),
    "digest": ("what was delivered, byte by byte", run_digest, True),
}


FLOOR = "floor per row"
FEED = "ClickHouse feeds curl"

# The figures of the summary: case, figure, its reference.
SUMMARY = [
    *((case, figure, reference) for case in ("equal", "bucket", "skewed") for figure, reference in (
        ("worker CPU per row", FLOOR), ("rows/s end to end", FEED), ("rows/s / feed", None),
        ("ClickHouse CPU per row", None), ("peak resident memory", None))),
    ("small", "worker CPU per PUT", "libcurl CPU per PUT"),
    ("small", "objects/s", "curl PUTs objects/s"),
    ("small-100k", "worker CPU per PUT", "libcurl CPU per PUT"),
    ("small-100k", "objects/s", "curl PUTs objects/s"),
    ("radosgw", "rows/s end to end", "curl PUTs, rows/s"),
    ("workers", "2 workers: rows/s end to end", "1 worker: rows/s end to end"),
    ("lag", "lag above delay and threshold, p50", None),
    ("lag", "lag above delay and threshold, p99", None),
    ("fair", "beside 90% in one bucket: p99", "without the big bucket: p99"),
    ("fair", "beside its backlog, too: p99", "without the big bucket: p99"),
    ("retained", "50 M: new rows, time of a discovery", "1 M: new rows, time of a discovery"),
    ("retained", "50 M: idle, time of a discovery", "1 M: idle, time of a discovery"),
    ("retained", "50 M: idle, ClickHouse CPU", "1 M: idle, ClickHouse CPU"),
    ("backlog", "1 worker: most memory of the service", None),
    ("backlog", "16 workers: most memory of the service", None),
    ("full", "most memory of the service, Pss", None),
    ("known", "memory per known source", None),
]

def built(build, name):
    path = os.path.join(build, name)
    if not os.access(path, os.X_OK):
        raise BenchError(f"{path} is not built: run `make bench-programs`")
    return path
