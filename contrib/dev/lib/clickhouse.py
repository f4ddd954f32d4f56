"""A small client of ClickHouse's HTTP interface."""

import http.client
import re
import urllib.parse

from settings import setting

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class ClickHouseError(Exception):
    """The server refused a query, or its answer broke off."""


class Unreachable(ClickHouseError):
    """No answer at all: nobody listens, or the connection broke."""


def identifier(name):
    """The name, quoted for SQL; refuses what would not be a plain identifier."""
    if not IDENTIFIER.match(name):
        raise ClickHouseError(f"not a table or database name: {name!r}")
    return "`" + name + "`"


class ClickHouse:
    """One server. A connection per request, so it may be used again after fork()."""

    def __init__(self, url, username, password, database, timeout=300):
        self.url = urllib.parse.urlsplit(url)
        self.username = username
        self.password = password
        self.database = database
        self.timeout = timeout

    @classmethod
    def from_environment(cls):
        """The first URL of LOG_COURIER_CLICKHOUSE_URL, with its user and database."""
        return cls(
            setting("CLICKHOUSE_URL").split(",")[0].strip(),
            setting("CLICKHOUSE_USERNAME", "default"),
            setting("CLICKHOUSE_PASSWORD", ""),
            setting("CLICKHOUSE_DATABASE", "logs"),
        )

    def table(self, name):
        """The quoted name of a table, within the configured database unless it names one."""
        database, dot, table = name.rpartition(".")
        return identifier(database if dot else self.database) + "." + identifier(table)

    def execute(self, sql, **options):
        """Runs one query and returns the whole answer as bytes."""
        return b"".join(self.stream(sql, **options))

    def stream(self, sql, **options):
        """Runs one query and yields its answer in pieces of up to 1 MiB."""
        secure = self.url.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(self.url.hostname, self.url.port, timeout=self.timeout)
        path = (self.url.path or "/") + "?" + urllib.parse.urlencode(options)
        headers = {"X-ClickHouse-User": self.username, "X-ClickHouse-Key": self.password}
        try:
            connection.request("POST", path, sql.encode(), headers)
            response = connection.getresponse()
            if response.status != 200:
                text = response.read(4096).decode(errors="replace").strip()
                raise ClickHouseError(f"HTTP {response.status}: {text}")
            while piece := response.read(1 << 20):
                yield piece
        except (OSError, http.client.HTTPException) as error:
            name = type(error).__name__
            raise Unreachable(f"ClickHouse at {self.url.netloc}: {name}: {error}") from error
        finally:
            connection.close()
