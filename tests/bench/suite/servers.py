"""What stands around log-courier while it is measured: ClickHouse, radosgw, and nginx as a sink."""

import contextlib
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request

from clickhouse import ClickHouse

from . import TOP, BenchError
from .measure import children, cpu_seconds

STACK = os.path.join(TOP, "contrib/dev/stack")
FAULTS = os.path.join(TOP, "contrib/dev/faults")

ESCAPED = re.compile(r"\\(.)", re.DOTALL)
MEANING = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}

NGINX = """
daemon off;
worker_processes 1;
{user}
pid {directory}/nginx.pid;
error_log stderr error;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_max_body_size 0;
    client_body_temp_path {directory}/parts;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    keepalive_requests 1000000000;
    keepalive_timeout 600;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            root {directory}/objects;
            dav_methods PUT;
            create_full_put_path on;
            add_header ETag '"sink"';
        }}
    }}
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def find_nginx():
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def stack(*arguments):
    answer = subprocess.run([STACK, *arguments], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise BenchError(f"contrib/dev/stack {arguments[0]}: {answer.stderr.strip()}")
    return answer.stdout


class Statement:
    """One statement that ClickHouse ran, as its front tells of it."""

    def __init__(self, line):
        fields = line.split("\t")
        self.seconds = int(fields[0]) / 1e6
        self.rows, self.bytes, self.written = (int(field) for field in fields[1:4])
        self.parameters = fields[4:-1]
        self.text = ESCAPED.sub(lambda m: MEANING.get(m[1], m[1]), fields[-1])


class Stack:
    """ClickHouse, and radosgw when a case asks for it; data stays in the directory."""

    def __init__(self, directory, front):
        self.directory = directory
        self.front = front
        self.environment = {}
        self.s3_runs = False

    def start(self):
        stack("start", "--dir", self.directory, "--only", "clickhouse", "--front", self.front)
        for line in stack("env", "--dir", self.directory).splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            self.environment[name] = "".join(shlex.split(value))
        self.clickhouse = ClickHouse(
            self.environment["LOG_COURIER_CLICKHOUSE_URL"],
            self.environment["LOG_COURIER_CLICKHOUSE_USERNAME"],
            self.environment["LOG_COURIER_CLICKHOUSE_PASSWORD"], "logs", timeout=1800)
        with open(os.path.join(self.directory, "run/clickhouse.pid"), encoding="ascii") as file:
            self.clickhouse_pid = int(file.read().split()[0])

    def start_s3(self):
        if not self.s3_runs:
            stack("start", "--dir", self.directory, "--only", "s3")
            self.s3_runs = True

    def stop(self):
        if self.environment:
            stack("stop", "--dir", self.directory)

    def sql(self, text, **options):
        return self.clickhouse.execute(text, **options).decode()

    def clickhouse_cpu(self):
        return cpu_seconds(self.clickhouse_pid)

    def statements(self, forget=True):
        """What ran since this was asked last."""
        url = self.environment["LOG_COURIER_CLICKHOUSE_URL"] + "/admin/queries"
        request = urllib.request.Request(url, method="DELETE" if forget else "GET")
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read().decode(errors="surrogateescape")
        return [Statement(line) for line in text.split("\n") if line]


class SlowSink:
    """A sink that takes each PUT at once, answers it some time later, and stores nothing."""

    def __init__(self, seconds):
        rule = {"method": "PUT", "times": 0, "status": 200, "headers": {"ETag": '"sink"'}, "answer_delay": seconds}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as rules:
            json.dump(rule, rules)
            rules.flush()
            self.process = subprocess.Popen([FAULTS, "--rules", rules.name, "--s3", "http://127.0.0.1:1"],
                                            stdout=subprocess.PIPE)
            line = self.process.stdout.readline()
        if not line:
            raise BenchError("contrib/dev/faults does not start")
        self.url = json.loads(line)["s3"]

    def settings(self, table):
        """log-courier's settings to deliver a table into it."""
        return {"CLICKHOUSE_LOGS_TABLE": table, "S3_ENDPOINT": self.url, "S3_CONDITIONAL_PUT": "off"}

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


class Sink:
    """nginx, which stores what is PUT, below a directory in memory where there is one."""

    def __init__(self, directory):
        self.directory = directory
        self.objects = os.path.join(directory, "objects")
        self.process = None

    def start(self):
        nginx = find_nginx()
        if nginx is None:
            raise BenchError("nginx is not installed: contrib/dev/prepare bench installs it")
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.empty()
        path = os.path.join(self.directory, "nginx.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(NGINX.format(directory=self.directory, port=port,
                                    user="user root;" if os.geteuid() == 0 else ""))
        self.log = open(os.path.join(self.directory, "nginx.log"), "wb")
        self.process = subprocess.Popen([nginx, "-p", self.directory, "-c", path],
                                        stdout=self.log, stderr=self.log)
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        with open(self.log.name, encoding="utf-8", errors="replace") as file:
            raise BenchError(f"nginx does not start: {file.read().strip()}")

    def settings(self, table):
        """log-courier's settings to deliver a table into it."""
        return {"CLICKHOUSE_LOGS_TABLE": table, "S3_ENDPOINT": self.url, "S3_CONDITIONAL_PUT": "off"}

    def cpu(self):
        return sum(cpu_seconds(pid) for pid in children(self.process.pid))

    def empty(self):
        shutil.rmtree(self.objects, ignore_errors=True)
        os.makedirs(self.objects, exist_ok=True)

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.log.close()
        shutil.rmtree(self.directory, ignore_errors=True)
