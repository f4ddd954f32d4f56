#!/usr/bin/env python3
"""The development stack keeps its word: contrib/dev/stack and clickhouse-front, with real servers.

Usage: test_stack.py [NAME...]   (LOG_COURIER_FRONT names the front, as for contrib/dev/stack)
"""

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STACK = os.path.join(ROOT, "contrib", "dev", "stack")


class Stack:
    """One stack below a directory of its own, and requests to it."""

    def __init__(self, *options):
        self.dir = tempfile.mkdtemp(prefix="log-courier-stack-")
        self.options = options
        self.start(*options)
        lines = self.run("env").splitlines()
        self.env = dict(re.fullmatch(r"export LOG_COURIER_(\w+)=(.*)", line).groups() for line in lines)
        self.port = int(self.env["CLICKHOUSE_URL"].rsplit(":", 1)[1])

    def run(self, command, *options, stack=STACK, environment=None):
        done = subprocess.run([stack, command, "--dir", self.dir, *options], capture_output=True, text=True, check=False,
                              cwd="/", env=environment)
        assert done.returncode == 0, f"stack {command}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self, *options):
        return self.run("start", *options)

    def close(self):
        self.run("stop")
        shutil.rmtree(self.dir)

    def pid(self, name):
        with open(os.path.join(self.dir, "run", name + ".pid"), encoding="ascii") as file:
            return int(file.read().split()[0])

    def send(self, text, timeout=60, method="POST", path="/", **parameters):
        """Sends a query and gives the response, its body unread."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        parameters = {"database": "logs", **parameters}
        headers = {"X-ClickHouse-User": self.env["CLICKHOUSE_USERNAME"], "X-ClickHouse-Key": self.env["CLICKHOUSE_PASSWORD"]}
        connection.request(method, f"{path}?{urllib.parse.urlencode(parameters)}", text, headers)
        response = connection.getresponse()
        response.connection = connection
        return response

    def leave(self, text, **settings):
        """Sends a query, and goes away as soon as it runs."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        user = {"user": self.env["CLICKHOUSE_USERNAME"], "password": self.env["CLICKHOUSE_PASSWORD"]}
        connection.request("POST", "/?" + urllib.parse.urlencode({**user, **settings}), text)
        wait_until(lambda: self.stat("running") >= 1)
        connection.close()

    def query(self, text, **parameters):
        response = self.send(text, **parameters)
        body = response.read().decode()
        assert response.status == 200, body
        return body.strip()

    def admin(self, method, path, **parameters):
        response = self.send(None, method=method, path=path, **parameters)
        body = response.read().decode()
        assert response.status == 200, body
        return body.strip()

    def fault(self, **parameters):
        return self.admin("POST", "/admin/fault", **parameters)

    def stat(self, name):
        return int(re.search(rf"^{name} (\d+)$", self.admin("GET", "/admin/stats"), re.M).group(1))

    def s3(self, method, path, secret=None, key=None, data="hello"):
        """The status of an S3 request signed by curl."""
        key = key or self.env["S3_ACCESS_KEY_ID"]
        secret = secret or self.env["S3_SECRET_ACCESS_KEY"]
        command = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--aws-sigv4", "aws:amz:us-east-1:s3",
                   "--user", f"{key}:{secret}", "-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD", "-X", method,
                   self.env["S3_ENDPOINT"] + "/" + path]
        if method == "PUT":
            command += ["--data-binary", data]
        return int(subprocess.run(command, capture_output=True, text=True, check=False).stdout)

    def insert(self, count, start="now()", table="logs_ingest_local"):
        self.query(f"INSERT INTO {table} (insertedAt, startTime, bucketName, req_id, loggingEnabled, loggingTargetBucket, "
                   "loggingTargetPrefix, raftSessionID, hostname, requestURI) "
                   f"SELECT {start}, now64(3), concat('b', toString(number % 5)), hex(number), number % 2, 'target-1', 'p/', "
                   f"number % 3, 'host', repeat('u', 200) FROM numbers({count})")


def wait_until(condition, seconds=5):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def read_to_the_end(response):
    """The body, and whether its last chunk came."""
    body = b""
    try:
        while piece := response.read1(65536):
            body += piece
    except (http.client.IncompleteRead, ConnectionResetError):
        return body, False
    return body, True


def rows_with_logging_enabled_reach_the_tables(stack):
    stack.insert(1000)
    assert stack.query("SELECT count(), min(loggingEnabled) FROM logs") == "500\ttrue"
    assert stack.query("SELECT count() FROM logs_local") == "500"
    stack.run("reset")
    assert stack.query("SELECT count() FROM logs") == "0"


def a_million_rows_stream(stack):
    response = stack.send("SELECT number, toString(number) FROM numbers(1000000) FORMAT RowBinary")
    body, complete = read_to_the_end(response)
    assert complete
    assert len(body) == 9 * 1000000 + sum(9 * 10 ** (n - 1) * n for n in range(1, 7)) + 1


def parameters_and_settings_reach_the_engine(stack):
    text = "SELECT {x:String}, {n:UInt64} + 1, getSetting('max_block_size')"
    assert stack.query(text, param_x=r"a\tb", param_n=41, max_block_size=77) == "a\\tb\t42\t77"
    assert stack.send("SELECT 1", no_such_setting=1).status == 404
    assert stack.send("SELECT 1", user="courier", password="wrong").status == 403
    assert stack.send("SELEC 1 1").status == 400


def insert_data_in_the_body_may_hold_empty_lines(stack):
    stack.query("CREATE TABLE IF NOT EXISTS texts (t String) ENGINE = MergeTree ORDER BY t")
    stack.query(b'{"t":"one"}\n\n\n{"t":"two\\n\\n;"}\n', query="INSERT INTO texts FORMAT JSONEachRow")
    stack.query("INSERT INTO texts VALUES ('a\n\nb'), ('c;')")
    assert stack.query("SELECT count(), sum(length(t)) FROM texts") == "4\t15"


def a_client_that_goes_away_ends_its_query(stack):
    before = stack.stat("abandoned")
    response = stack.send("SELECT number FROM numbers(100000000000) FORMAT RowBinary")
    response.read(100000)
    response.connection.close()
    response.close()
    slow = stack.send("SELECT count() FROM numbers(1000)")
    slow.read()
    stack.leave("SELECT sum(sipHash64(number)) FROM numbers(100000000000)", readonly=2,
                cancel_http_readonly_queries_on_client_close=1)
    wait_until(lambda: stack.stat("running") == 0 and stack.stat("abandoned") == before + 2)


def a_statement_that_may_write_outlives_its_client(stack):
    stack.query("CREATE TABLE IF NOT EXISTS outlived (n UInt64) ENGINE = MergeTree ORDER BY n")
    before = stack.stat("abandoned")
    stack.leave("INSERT INTO outlived SELECT number + sleepEachRow(0.01) FROM numbers(100)", database="logs",
                cancel_http_readonly_queries_on_client_close=1)
    wait_until(lambda: stack.stat("abandoned") == before + 1)
    wait_until(lambda: stack.query("SELECT count() FROM outlived") == "100")


def a_client_that_pauses_stops_the_query(stack):
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    client.connect(("127.0.0.1", stack.port))
    text = "SELECT repeat('x', 1000) FROM numbers(3000000) FORMAT RowBinary"
    client.sendall(f"POST /?user=courier&password=courier-password&max_block_size=8192 HTTP/1.1\r\n"
                   f"Content-Length: {len(text)}\r\n\r\n{text}".encode())
    def memory():
        with open(f"/proc/{stack.pid('clickhouse')}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * 4096
    before = memory()
    time.sleep(1)
    assert memory() - before < 300e6, "the front holds a result of 3 GB that nobody reads"
    assert stack.stat("running") == 1
    client.close()
    wait_until(lambda: stack.stat("running") == 0)


def exceptions_in_the_middle_come_in_three_styles(stack):
    text = "SELECT throwIf(number = 500000) FROM numbers(1000000) FORMAT TSV"
    for style, complete, pattern in (
            ("text", True, rb"0\nCode: 395\. DB::Exception: [^\r]*\n$"),
            ("marker", False, rb"0\n__exception__\r\nCode: 395\. DB::Exception: .*\r\n$"),
            ("tagged", False, rb"0\n\r\n__exception__\r\n%TAG%\r\nCode: 395\. .*\n\d+ %TAG%\r\n__exception__\r\n$")):
        stack.admin("POST", "/admin/style", style=style)
        for injected in (False, True):
            if injected:
                stack.fault(kind="exception", after=5000, match="numbers")
            response = stack.send(text, max_block_size=8192)
            assert response.status == 200
            tag = response.headers.get("X-ClickHouse-Exception-Tag")
            assert (tag is not None) == (style == "tagged")
            body, ended = read_to_the_end(response)
            assert ended == complete, (style, injected)
            assert re.search(pattern.replace(b"%TAG%", (tag or "").encode()), body, re.S), body[-300:]
            assert not injected or len(body) < 5500


def faults_strike_as_told(stack):
    stack.fault(kind="status", status=503, count=2)
    assert [stack.send("SELECT 1").status for _ in range(3)] == [503, 503, 200]
    stack.fault(kind="html")
    assert stack.send("SELECT 1").headers["Content-Type"] == "text/html"
    stack.fault(kind="delay", ms=300)
    begin = time.monotonic()
    assert stack.query("SELECT 1") == "1" and time.monotonic() - begin > 0.3
    stack.fault(kind="cut", after=100, match="numbers")
    assert stack.query("SELECT 1") == "1"
    body, complete = read_to_the_end(stack.send("SELECT number FROM numbers(1000)"))
    assert len(body) == 100 and not complete
    stack.query("CREATE TABLE IF NOT EXISTS lost (n UInt8) ENGINE = MergeTree ORDER BY n")
    stack.fault(kind="reset")
    try:
        stack.send("INSERT INTO lost VALUES (1)")
        assert False, "the answer was to be lost"
    except (ConnectionResetError, http.client.RemoteDisconnected):
        pass
    assert stack.query("SELECT count() FROM lost") == "1"
    number = stack.fault(kind="stall", after=10)
    response = stack.send("SELECT number FROM numbers(1000)", timeout=0.5)
    try:
        response.read()
        assert False, "the answer was to stall"
    except TimeoutError:
        pass
    stack.admin("DELETE", "/admin/fault", id=number)
    wait_until(lambda: stack.stat("running") == 0)


def a_stale_replica_hides_rows_until_released(stack):
    stack.run("reset")
    stack.insert(100, "toDateTime(now() - 100)")
    stack.insert(10, "now()")
    for table in ("logs", "logs_local"):
        number = stack.fault(kind="stale", where="insertedAt > now() - 50 AND bucketName != 'it\\'s'")
        assert stack.query(f"SELECT count() FROM {table}") == "50"
        stack.admin("DELETE", "/admin/fault", id=number)
        assert stack.query(f"SELECT count() FROM {table}") == "55"
    stack.fault(kind="stale", **{"from": int(time.time()) - 150, "to": int(time.time()) - 50})
    assert stack.query("SELECT count() FROM logs") == "5"
    stack.run("reset")
    stack.insert(10)
    assert stack.query("SELECT count() FROM logs") == "5"


def a_user_with_a_profile_has_its_settings(stack):
    password = stack.env["CLICKHOUSE_PASSWORD"]
    stack.admin("POST", "/admin/profile", user="limited", limit=3)
    limited = {"user": "limited", "password": password}
    numbers = "SELECT count() FROM (SELECT number FROM numbers(5))"
    assert stack.query("SELECT number FROM numbers(5)", **limited).split() == ["0", "1", "2"]
    assert len(stack.query("SELECT number FROM numbers(5) SETTINGS limit=0", **limited).split()) == 5
    assert len(stack.query("SELECT number FROM numbers(5)", limit=4, **limited).split()) == 4
    assert stack.query(numbers) == "5"
    stack.admin("POST", "/admin/profile", user="limited", readonly=1)
    refused = stack.send("SELECT 1 SETTINGS limit=4", **limited)
    assert refused.getheader("X-ClickHouse-Exception-Code") == "164", refused.read()
    stack.admin("DELETE", "/admin/profile")
    assert stack.send("SELECT 1", **limited).status == 403


def the_front_tells_what_each_statement_read(stack):
    stack.run("reset")
    stack.insert(1000)
    stack.admin("DELETE", "/admin/queries")
    stack.query("SELECT uniq(bucketName),\n'\t' FROM logs WHERE raftSessionID < 9", max_block_size=100)
    wait_until(lambda: stack.admin("GET", "/admin/queries"))
    microseconds, rows, size, answered, *rest = stack.admin("DELETE", "/admin/queries").split("\t")
    assert int(microseconds) > 0 and int(rows) == 500 and int(size) >= 1000, rows
    assert int(answered) == len("5\t\\t\n"), answered
    assert rest == ["database=logs", "max_block_size=100", "SELECT uniq(bucketName),\\n'\\t' FROM logs WHERE raftSessionID < 9"], rest
    assert stack.admin("GET", "/admin/queries") == ""


def the_front_is_found(stack):
    """The one of an earlier start, else one that was built."""
    nothing_named = {name: value for name, value in os.environ.items() if name != "LOG_COURIER_FRONT"}
    with tempfile.TemporaryDirectory(prefix="log-courier-tree-") as tree:
        front = shutil.copy(os.path.join(stack.dir, "run", "clickhouse-front"), tree)
        stack.run("stop", "--only", "clickhouse")
        stack.run("start", "--only", "clickhouse", "--front", front)
        stack.run("stop", "--only", "clickhouse")
        stack.run("start", "--only", "clickhouse", environment=nothing_named)
        stack.run("stop", "--only", "clickhouse")
        shutil.copytree(os.path.join(ROOT, "contrib"), os.path.join(tree, "contrib"))
        built = os.path.join(tree, "build/demo/contrib/dev/front")
        os.makedirs(built)
        shutil.move(front, built)
        stack.run("start", "--only", "clickhouse", stack=os.path.join(tree, "contrib/dev/stack"), environment=nothing_named)
    assert stack.query("SELECT 1") == "1"
    stack.run("stop", "--only", "clickhouse")
    stack.start("--only", "clickhouse", "--front", os.path.join(stack.dir, "run", "clickhouse-front"))


def acknowledged_rows_survive_a_kill(stack):
    stack.run("reset")
    for _ in range(5):
        stack.insert(1000)
    os.kill(stack.pid("clickhouse"), signal.SIGKILL)
    stack.start("--only", "clickhouse")
    assert stack.query("SELECT count() FROM logs") == "2500"


def s3_checks_secrets_and_owners(stack):
    assert stack.s3("PUT", "target-1/some%20key") == 200
    assert stack.s3("PUT", "target-1/x", secret="wrong") == 403
    assert stack.s3("PUT", "target-1/x", key="NOSUCHKEY") == 403
    assert stack.s3("PUT", "forbidden/x") == 403
    assert stack.s3("PUT", "nosuchbucket/x") == 404


def an_s3_outage_keeps_the_objects(stack):
    assert stack.s3("PUT", "target-2/kept") == 200
    stack.run("stop", "--only", "s3")
    assert stack.s3("GET", "target-2/kept") == 0
    assert stack.query("SELECT 1") == "1"
    stack.start("--only", "s3")
    assert stack.s3("GET", "target-2/kept") == 200
    stack.run("stop")
    stack.start()
    assert stack.s3("GET", "target-2/kept") == 200
    stack.run("reset")
    assert stack.s3("GET", "target-2/kept") == 404


def a_second_stack_is_another_world(stack):
    second = Stack("--layout", "access-logs")
    try:
        second.insert(10, table="access_logs_ingest")
        table = second.env["CLICKHOUSE_LOGS_TABLE"]
        assert second.query(f"SELECT count() FROM {table}") == "5"
        assert second.s3("PUT", "target-3/second") == 200
        assert stack.s3("GET", "target-3/second") == 404
        assert "running" in stack.run("status")
    finally:
        second.close()
    assert stack.query("SELECT 1") == "1"


def a_stack_with_zookeeper_keeps_rows_there(_):
    """One of its processes may die; another may be stopped when all ends."""
    if not os.path.exists("/usr/share/java/zookeeper.jar"):
        print("        ZooKeeper is missing: contrib/dev/prepare zookeeper installs it")
        return
    other = Stack("--zookeeper")
    try:
        other.query("INSERT INTO courier_heads VALUES ('a', '1')")
        refused = other.send("INSERT INTO courier_heads SETTINGS keeper_map_strict_mode=1 SELECT 'a', '2'")
        assert refused.getheader("X-ClickHouse-Exception-Code") == "999", refused.read()
        leader = re.search(r"^(zookeeper-\d) .* leader$", other.run("status"), re.M).group(1)
        os.kill(other.pid(leader), signal.SIGKILL)
        wait_until(lambda: other.send("SELECT * FROM courier_heads").read() == b"a\t1\n", 60)
        other.start("--only", "zookeeper")
        assert "stopped" not in other.run("status")
        other.run("reset")
        assert other.query("SELECT count() FROM courier_heads") == "0"
        os.kill(other.pid(leader), signal.SIGSTOP)
    finally:
        other.close()


TESTS = [
    rows_with_logging_enabled_reach_the_tables,
    a_million_rows_stream,
    parameters_and_settings_reach_the_engine,
    insert_data_in_the_body_may_hold_empty_lines,
    a_client_that_goes_away_ends_its_query,
    a_statement_that_may_write_outlives_its_client,
    a_client_that_pauses_stops_the_query,
    exceptions_in_the_middle_come_in_three_styles,
    faults_strike_as_told,
    a_stale_replica_hides_rows_until_released,
    a_user_with_a_profile_has_its_settings,
    the_front_tells_what_each_statement_read,
    the_front_is_found,
    acknowledged_rows_survive_a_kill,
    s3_checks_secrets_and_owners,
    an_s3_outage_keeps_the_objects,
    a_second_stack_is_another_world,
    a_stack_with_zookeeper_keeps_rows_there,
]


def main():
    chosen = [test for test in TESTS if len(sys.argv) == 1 or test.__name__ in sys.argv[1:]]
    stack = Stack()
    failed = 0
    try:
        for test in chosen:
            begin = time.monotonic()
            try:
                test(stack)
                print(f"ok      {test.__name__} ({time.monotonic() - begin:.2f} s)", flush=True)
            except Exception:  # a test that breaks is a failed test, the others still run
                failed += 1
                print(f"FAILED  {test.__name__}", flush=True)
                traceback.print_exc(file=sys.stdout)
    finally:
        stack.close()
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
