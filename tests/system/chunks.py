"""Rows made beforehand, in chunks of one source each, that are inserted as they become visible.

The rows stand in a table of their own, in the order of their chunks, so that an insert is cheap at its
time. A chunk may be inserted any number of times, with any insertedAt.
"""

import rows

ROWS_AN_INSERT = 100_000
# Small, so that reading one chunk reads few rows of others.
ROWS_A_GRANULE = 256


class Chunks:
    """Chunk number n holds rows of the source n // a_source; about rows / (sources * a_source) of them."""

    def __init__(self, clickhouse, shape, a_source):
        self.clickhouse = clickhouse
        self.shape = shape
        self.a_source = a_source
        self.count = shape.sources * a_source
        self.table = clickhouse.table("chunk_rows")
        # Rows of one req_id stand in one chunk.
        self.number = (
            f"toUInt32(toUInt32(arrayElement(splitByChar('-', bucketName), -1)) * {a_source} "
            f"+ cityHash64(req_id, 'chunk') % {a_source})"
        )

    def clock(self):
        return int(self.clickhouse.execute("SELECT toUnixTimestamp(now())"))

    def prepare(self):
        """Makes all rows. In one part: then a chunk is read in an instant."""
        self.clickhouse.execute(f"DROP TABLE IF EXISTS {self.table}")
        self.clickhouse.execute(
            f"CREATE TABLE {self.table} AS {self.clickhouse.table('logs_local')} "
            f"ENGINE = MergeTree ORDER BY {self.number} "
            f"SETTINGS index_granularity = {ROWS_A_GRANULE}"
        )
        clock = self.clock()
        total = self.shape.rows
        for start in range(0, total, ROWS_AN_INSERT):
            count = min(ROWS_AN_INSERT, total - start)
            self.clickhouse.execute(self.shape.insert(self.table, start, count, (clock, 1)))
        self.clickhouse.execute(f"OPTIMIZE TABLE {self.table} FINAL")

    def insert(self, seconds, target=None, alike=False):
        """Inserts chunks: {number: insertedAt}. startTime stays as far before it as it was made.

        target: another target bucket; alike: all rows of a chunk have one startTime and req_id.
        """
        numbers = ", ".join(str(chunk) for chunk in seconds)
        flushes = ", ".join(f"toUInt32({second})" for second in seconds.values())
        start = "startTime + toIntervalSecond(toUnixTimestamp(flushed) - toUnixTimestamp(insertedAt))"
        changed = {
            "insertedAt": "flushed",
            "startTime": "toDateTime64(flushed, 3)" if alike else start,
            "req_id": f"toString({self.number})" if alike else "req_id",
            "loggingTargetBucket": rows.literal(target) if target else "loggingTargetBucket",
        }
        others = [name for name in rows.COLUMNS.split(", ") if name not in changed]
        self.clickhouse.execute(
            f"INSERT INTO {self.clickhouse.table('logs_ingest_local')} "
            f"({', '.join([*changed, *others])}) "
            f"WITH toDateTime(transform({self.number}, [{numbers}], [{flushes}], toUInt32(0))) "
            f"AS flushed SELECT {', '.join([*changed.values(), *others])} "
            f"FROM {self.table} WHERE {self.number} IN ({numbers}) "
            "SETTINGS distributed_foreground_insert = 1"
        )
