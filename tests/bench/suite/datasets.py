"""Tables of rows, made once a day from a seed and kept in the stack's directory.

insertedAt begins at midnight UTC, so that a data set of one name has the same rows all day. Each is a
table of its own without TTL, in as many parts as it was inserted in, so that no merge runs while
something is measured, and read through a Distributed table, as in production.
"""

import datetime

import rows as shapes

from . import BenchError

PART_ROWS = 250_000


class DataSet:
    """What a data set is made of, and its table once Stack has it."""

    def __init__(self, name, rows, sources, skew, sessions=12, targets=4, seconds=600, seed=1):
        self.name = f"{name}_{rows}"
        self.rows = rows
        self.sources = sources
        self.skew = skew
        self.sessions = sessions
        self.targets = [(f"target-{n}", None) for n in range(1, targets + 1)]
        self.seconds = seconds
        self.seed = seed

    @property
    def base(self):
        """insertedAt of the last row, seconds since 1970."""
        now = datetime.datetime.now(datetime.timezone.utc)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        if (now - midnight).total_seconds() < 60:  # rows must be older than the processing delay
            midnight -= datetime.timedelta(days=1)
        return int(midnight.timestamp())

    @property
    def table(self):
        return f"bench_{self.name}_{self.base}"


def create_table(stack, table):
    stack.sql(f"CREATE TABLE IF NOT EXISTS logs.{table}_local AS logs.logs_local ENGINE = MergeTree "
              "PARTITION BY toStartOfDay(insertedAt) "
              "ORDER BY (raftSessionID, bucketName, insertedAt, startTime, req_id) "
              "SETTINGS max_bytes_to_merge_at_max_space_in_pool = 1")
    stack.sql(f"CREATE TABLE IF NOT EXISTS logs.{table} AS logs.logs_local "
              f"ENGINE = Distributed('logs', logs, {table}_local, raftSessionID)")


def drop_table(stack, table):
    for name in (table, table + "_local"):
        stack.sql(f"DROP TABLE IF EXISTS logs.{name}")


def drop_former(stack, data):
    """Data sets of another day."""
    today = f"_{data.base}"
    names = stack.sql("SELECT name FROM system.tables WHERE database = 'logs' AND name LIKE 'bench\\_%'")
    for name in names.split():
        if not name.removesuffix("_local").endswith(today):
            stack.sql(f"DROP TABLE IF EXISTS logs.{name}")


def insert_part(stack, shape, table, start, count, seconds):
    """One insert makes one part; what has no logging enabled is left out, as by the view in production."""
    text = shape.insert(f"logs.{table}_local", start, count, seconds)
    text = text.replace("\nSETTINGS distributed_foreground_insert = 1",
                        "\nWHERE enabled\nSETTINGS max_insert_threads = 1, max_threads = 2, "
                        "min_insert_block_size_rows = 10000000, min_insert_block_size_bytes = 4000000000, "
                        "max_block_size = 65536")
    stack.sql(text)


def ensure(stack, data, say):
    """Makes the data set unless it is there; returns its table's name."""
    table = data.table
    if stack.sql(f"EXISTS TABLE logs.{table}").strip() == "1":
        if int(stack.sql(f"SELECT count() FROM logs.{table}")) == data.rows:
            return table
        drop_table(stack, table)  # its making was interrupted
    drop_former(stack, data)
    create_table(stack, table)
    shape = shapes.Shape(data.rows, data.sources, data.sessions, data.skew, data.targets, data.seed)
    for start in range(0, data.rows, PART_ROWS):
        say(f"makes {data.rows:,} rows of {data.name}: {start:,}")
        insert_part(stack, shape, table, start, min(PART_ROWS, data.rows - start), (data.base, data.seconds))
    found = int(stack.sql(f"SELECT count() FROM logs.{table}"))
    if found != data.rows:
        raise BenchError(f"{table} has {found} rows, expected {data.rows}")
    return table


def insert_plain(stack, table, inserted_at, bucket, req_id, start, count):
    """Rows that hold what queries look at and the least of a line; the texts are SQL over `number`."""
    stack.sql(
        f"INSERT INTO logs.{table}_local (insertedAt, startTime, bucketName, req_id, loggingEnabled, "
        "loggingTargetBucket, loggingTargetPrefix, raftSessionID) "
        f"SELECT {inserted_at}, toDateTime64({inserted_at}, 3) - 1, {bucket} AS b, {req_id}, true, "
        "concat('target-', toString(cityHash64(b) % 4 + 1)), 'logs/', cityHash64(b) % 48 "
        f"FROM numbers({start}, {count}) SETTINGS max_insert_threads = 1, min_insert_block_size_rows = 10000000, "
        "min_insert_block_size_bytes = 4000000000")
