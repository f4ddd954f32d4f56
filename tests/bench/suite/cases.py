"""The table of cases."""

import os
import subprocess

from . import BenchError, delivery
from .datasets import DataSet


def micro(world, case, quick):
    """What a part costs by itself: bench_formats."""
    answer = subprocess.run([world.program("tests/bench/bench_formats"), "10" if quick else "50"],
                            capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise BenchError(answer.stderr.strip())
    for line in answer.stdout.splitlines():
        name, nanoseconds = line.split("\t")
        case.add(name, "ns", float(nanoseconds), "courier")


def bucket(world, case, quick):
    delivery.measure(world, case, DataSet("bucket", 300_000 if quick else 1_000_000, 1, 0, sessions=1, targets=1),
                     5)


def equal(world, case, quick):
    delivery.measure(world, case, DataSet("equal", 300_000 if quick else 1_000_000, 200, 0), 5)


def skewed(world, case, quick):
    delivery.measure(world, case, DataSet("skewed", 300_000 if quick else 1_000_000, 300, 1.1), 5)


def small(world, case, quick):
    sources = 4_000 if quick else 20_000
    delivery.measure(world, case, DataSet("small", 10 * sources, sources, 0), 5 if quick else 3, small=True)


def small_100k(world, case, _quick):
    delivery.measure(world, case, DataSet("small", 1_000_000, 100_000, 0), 1, small=True)


def digest(world, case, _quick):
    delivery.measure_digest(world, case, DataSet("digest", 100_000, 200, 0.8))


# name: (title, the function, whether `bench-quick` has it)
CASES = {
    "micro": ("parts by themselves, per row or call", micro, True),
    "equal": ("200 equal sources", equal, True),
    "small": ("many sources with 10 rows each", small, True),
    "bucket": ("one big source", bucket, False),
    "skewed": ("300 sources, few have most", skewed, False),
    "small-100k": ("100,000 sources with 10 rows each", small_100k, False),
    "digest": ("what was delivered, byte by byte", digest, True),
}


def helper(build, name):
    path = os.path.join(build, name)
    if not os.access(path, os.X_OK):
        raise BenchError(f"{path} is not built: run `make bench-programs`")
    return path
