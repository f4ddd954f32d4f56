#!/usr/bin/python3
"""Runs the service for a long while in changing trouble, and holds its processes to bounds.

Traffic changes: bursts, quiet, new sources, other targets, late rows. Workers and the supervisor are
killed, ClickHouse and S3 go away for seconds, targets are missing until somebody makes them; the
configuration is reloaded, shards are paused and resumed, workers replaced. What happens when depends
on the seed alone. Every second each process's memory and descriptors, the
ledgers' size and all counters are looked at.

The service is this program's child. At the end it is idle, everything is delivered, it has ended on
SIGTERM, and what was out of bounds is told; the exit status says whether anything was.
"""

import argparse
import fcntl
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
DEV = os.path.join(HERE, "..", "..", "contrib", "dev")
sys.path.insert(0, os.path.join(DEV, "lib"))

from clickhouse import ClickHouse, ClickHouseError  # noqa: E402
from settings import setting  # noqa: E402

MIB = 1 << 20
# A process is warm once it has lived so long: pools, caches and curl's buffers are filled then.
WARM_SECONDS = 15
# By so much may the median of a warm process's memory grow from the first to the last third of what
# was seen of it: 64 MiB in flight are allowed, and traffic differs.
SUPERVISOR_GROWTH = 2 * MIB
WORKER_GROWTH = 24 * MIB
# No worker is ever larger: the base, what may be in flight, and as much again for copies in curl.
WORKER_MEMORY = 160 * MIB
# Pipes, pages, sockets of the listeners; and per worker its loop, its ledger and 32 connections.
SUPERVISOR_DESCRIPTORS = 48
WORKER_DESCRIPTORS = 64
# A ledger holds 16 bytes for each row taken within the horizon, and some hundred for each log object,
# in pages that are not all full. The log beside it is moved into it at 4 MiB, after the commit that
# made it so long.
LEDGER_BASE = 4 * MIB
LEDGER_PER_ROW = 96
LEDGER_LOG = 16 * MIB
LOAD_SECONDS = 20
IDLE_SECONDS = 240


def say(text):
    print(f"# {text}", flush=True)


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    raise FileNotFoundError(pid)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as text:
        return [int(word) for word in text.read().split()]


class Life:
    """What was seen of one process."""

    def __init__(self, role, now):
        self.role = role
        self.born = now
        self.samples = []
        self.most = 0

    def add(self, now, memory, open_descriptors):
        self.most = max(self.most, open_descriptors)
        if now - self.born >= WARM_SECONDS:
            self.samples.append(memory)

    def growth(self):
        """How much more memory the last third has than the first; None when it was seen too shortly."""
        third = len(self.samples) // 3
        if third < 5:
            return None
        return statistics.median(self.samples[-third:]) - statistics.median(self.samples[:third])


class Soak:
    def __init__(self, arguments):
        self.arguments = arguments
        self.dice = random.Random(arguments.seed)
        self.clickhouse = ClickHouse.from_environment()
        self.began = time.monotonic()
        self.faults = []
        self.lives = {}
        self.counters = {}
        self.loads = []
        self.load_seed = 1000
        self.missing = []
        self.kills = 0
        self.samples = 0
        self.ledger_most = 0
        self.log_most = 0
        self.service = None

    def fault(self, text):
        if text not in self.faults:
            self.faults.append(text)
            say(f"{self.passed():4.0f} s  OUT OF BOUNDS: {text}")

    def passed(self):
        return time.monotonic() - self.began

    def tell(self, text):
        say(f"{self.passed():4.0f} s  {text}")

    # ---- the service ----

    def start(self):
        with open(os.path.join(self.arguments.work, "service.log"), "ab") as log:
            self.service = subprocess.Popen([self.arguments.courier], stdout=log, stderr=log)
        # Counters count from the supervisor's start.
        self.counters = {}

    def control(self, *words):
        done = subprocess.run([self.arguments.control, *words, "--json"], capture_output=True,
                              check=False)
        return done.returncode, json.loads(done.stdout)

    def stop(self):
        self.service.send_signal(signal.SIGTERM)
        try:
            status = self.service.wait(60)
        except subprocess.TimeoutExpired:
            self.service.kill()
            self.service.wait()
            status = "none within 60 s"
        if status != 0:
            self.fault(f"the service's exit status on SIGTERM: {status}")

    # ---- traffic ----

    def load(self, *words):
        self.load_seed += 1
        self.loads.append(subprocess.Popen(
            [os.path.join(DEV, "load"), "--quiet", "--seed", str(self.load_seed),
             "--patience", "300", *words]))

    def flow(self, seconds):
        """What comes in all the time, at another rate each time."""
        rate = self.dice.choice((0, 100, 400, 1500))
        if rate:
            self.load("--rate", str(rate), "--duration", str(seconds), "--sources", "40")
        return rate

    # ---- events; each returns what it did ----

    def burst(self):
        rows = self.dice.randrange(5_000, 25_000)
        self.load("--rows", str(rows), "--sources", "40")
        return f"a burst of {rows:,} rows"

    def quiet(self):
        return "quiet: nothing but what flows"

    def new_sources(self):
        sources = self.dice.randrange(50, 200)
        self.load("--rows", str(sources * 10), "--sources", str(sources), "--sessions", "24")
        return f"{sources} new sources"

    def other_targets(self):
        targets = self.dice.choice(("target-5/elsewhere", "target-6,target-7/x/", "8"))
        self.load("--rows", "3000", "--sources", "40", "--targets", targets)
        return f"rows for other targets: {targets}"

    def late_rows(self):
        seconds = self.dice.randrange(20, 60)
        self.load("--rows", "4000", "--sources", "30", "--time-range", str(seconds))
        return f"4,000 rows that are up to {seconds} s late"

    def kill_worker(self):
        pids = children(self.service.pid)
        if not pids:
            return "no worker to kill"
        pid = self.dice.choice(pids)
        os.kill(pid, signal.SIGKILL)
        self.kills += 1
        return f"SIGKILL for worker {pid}"

    def kill_supervisor(self):
        self.service.kill()
        self.service.wait()
        with open(os.path.join(setting("STATE_DIRECTORY"), "lock"), "rb") as lock:
            for _ in range(300):
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    time.sleep(0.1)
            else:
                self.fault("workers held the state directory for 30 s without a supervisor")
        self.start()
        return "SIGKILL for the supervisor, and a new one"

    def outage(self, server):
        seconds = self.dice.randrange(2, 6)
        stack = [os.path.join(DEV, "stack")]
        where = ["--dir", os.path.join(self.arguments.work, "stack"), "--only", server]
        front = ["--front", self.arguments.front]
        subprocess.run(stack + ["stop"] + where, check=True, capture_output=True)
        self.watch(seconds)
        subprocess.run(stack + ["start"] + where + front, check=True, capture_output=True)
        return f"{server} was away for {seconds} s and more"

    def clickhouse_outage(self):
        return self.outage("clickhouse")

    def s3_outage(self):
        return self.outage("s3")

    def failing_target(self):
        """Rows for a bucket that is not there yet; the next one, or the end, makes it."""
        made = self.make_missing()
        bucket = f"later-{len(self.lives)}-{self.load_seed}"
        self.load("--rows", "1500", "--sources", "20", "--targets", bucket)
        self.missing.append(bucket)
        return f"rows for {bucket}, which is not there{made}"

    def make_missing(self):
        """Makes what is missing; says so."""
        made = ""
        for bucket in self.missing:
            subprocess.run(
                ["curl", "--silent", "--show-error", "--fail", "--noproxy", "*", "--max-time", "20",
                 "--aws-sigv4", f"aws:amz:{setting('S3_REGION')}:s3",
                 "--user", f"{setting('S3_ACCESS_KEY_ID')}:{setting('S3_SECRET_ACCESS_KEY')}",
                 "--header", "x-amz-content-sha256: UNSIGNED-PAYLOAD",
                 "--request", "PUT", f"{setting('S3_ENDPOINT')}/{bucket}"],
                check=True, capture_output=True)
            self.control("retry", bucket)
            made += f"; made {bucket}"
        self.missing = []
        return made

    def order(self, *words):
        code, answer = self.control(*words)
        if code != 0:
            self.fault(f"{' '.join(words)} ended with {code}: {json.dumps(answer)[:300]}")

    def reload(self):
        self.order("reload")
        return "a reload: each worker has a successor"

    def pause(self):
        shard = str(self.dice.randrange(len(self.control("status")[1]["shards"])))
        seconds = self.dice.randrange(2, 5)
        self.order("pause", shard)
        self.watch(seconds)
        self.order("resume", shard)
        return f"shard {shard} was paused for {seconds} s"

    def restart(self):
        self.order("restart", "--all")
        return "all workers are replaced"

    EVENTS = (reload, pause, restart, burst, quiet, new_sources, other_targets, late_rows, kill_worker, kill_supervisor,
              clickhouse_outage, s3_outage, failing_target, kill_worker, burst)

    # ---- looking ----

    def look_at(self, pid, role):
        now = time.monotonic()
        life = self.lives.setdefault(pid, Life(role, now))
        try:
            memory = resident(pid)
            life.add(now, memory, descriptors(pid))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return  # it has just ended
        if role == "worker" and memory > WORKER_MEMORY:
            self.fault(f"worker {pid} has {memory / MIB:.0f} MiB, more than {WORKER_MEMORY / MIB:.0f}")
        limit = WORKER_DESCRIPTORS if role == "worker" else SUPERVISOR_DESCRIPTORS
        if life.most > limit:
            self.fault(f"{role} {pid} has {life.most} descriptors open, more than {limit}")

    def look_at_counters(self):
        url = f"http://127.0.0.1:{setting('METRICS_SERVER_LISTEN_PORT')}/metrics"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                text = answer.read().decode()
        except (OSError, urllib.error.URLError):
            return  # it is only just starting
        kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
        for name, labels, value in re.findall(r"^([a-z_]+)(\{[^}]*\})? (\S+)$", text, re.MULTILINE):
            family = re.sub(r"_(count|sum|bucket)$", "", name)
            if "counter" not in (kinds.get(name), kinds.get(family)) and kinds.get(family) != "histogram":
                continue
            name += labels
            if float(value) < self.counters.get(name, 0):
                self.fault(f"{name} went back from {self.counters[name]} to {value}")
            self.counters[name] = float(value)

    def look_at_ledgers(self):
        directory = setting("STATE_DIRECTORY")
        total = 0
        for name in os.listdir(directory):
            try:
                size = os.stat(os.path.join(directory, name)).st_size
            except FileNotFoundError:
                continue
            if name.endswith("-wal"):
                self.log_most = max(self.log_most, size)
            elif name.endswith(".db"):
                total += size
        self.ledger_most = max(self.ledger_most, total)

    def look(self):
        self.samples += 1
        if self.service.poll() is not None:
            self.fault(f"the service has ended with {self.service.returncode}")
            self.start()
        self.look_at(self.service.pid, "supervisor")
        for pid in children(self.service.pid):
            self.look_at(pid, "worker")
        self.look_at_counters()
        self.look_at_ledgers()

    def watch(self, seconds):
        until = time.monotonic() + seconds
        while True:
            self.look()
            left = until - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(1, left))

    # ---- the whole ----

    def unsettled(self):
        done = subprocess.run(
            ["bash", "-c", '. "$0"; unsettled_sources', os.path.join(DEV, "lib", "common.sh")],
            capture_output=True, check=False)
        return int(done.stdout or -1)

    def idle(self):
        """True when all is delivered and committed, and nothing is held.

        Late rows come before what is committed, and are not known before a reconcile has found them: so
        each row is looked for in the objects, too.
        """
        status, document = self.control("status")
        if status != 0 or self.unsettled() != 0:
            return False
        return (all(shard["state"] == "ready" and shard["inflight_bytes"] == 0
                    and shard["pending_records"] == 0 for shard in document["shards"])
                and subprocess.run([os.path.join(DEV, "verify"), "--allow-double"],
                                   capture_output=True, check=False).returncode == 0)

    def settle(self):
        self.make_missing()
        until = time.monotonic() + LOAD_SECONDS
        while any(load.poll() is None for load in self.loads) and time.monotonic() < until:
            self.watch(1)
        for load in self.loads:
            # A busy machine takes rows slowly: those that have come are enough.
            if load.poll() is None:
                load.terminate()
            if load.wait() not in (0, -signal.SIGTERM):
                self.fault(f"a load ended with {load.returncode}")
        self.tell("no more rows come")
        until = time.monotonic() + IDLE_SECONDS
        while not self.idle():
            self.watch(1)
            if time.monotonic() > until:
                self.fault(f"not idle within {IDLE_SECONDS} s: bytes in flight, rows or offsets are left")
                say(json.dumps(self.control("status")[1]))
                return
        self.tell("all is delivered and committed, no byte is in flight")

    def judge(self):
        rows = int(self.clickhouse.execute(f"SELECT count() FROM {self.clickhouse.table('logs')}"))
        bound = LEDGER_BASE + rows * LEDGER_PER_ROW
        if self.ledger_most > bound:
            self.fault(f"the ledgers had {self.ledger_most:,} bytes, more than {bound:,}")
        if self.log_most > LEDGER_LOG:
            self.fault(f"a ledger's log had {self.log_most:,} bytes, more than {LEDGER_LOG:,}")
        growths = {"supervisor": [], "worker": []}
        for pid, life in self.lives.items():
            growth = life.growth()
            if growth is None:
                continue
            growths[life.role].append(growth)
            limit = WORKER_GROWTH if life.role == "worker" else SUPERVISOR_GROWTH
            if growth > limit:
                self.fault(f"{life.role} {pid} grew by {growth / MIB:.1f} MiB, more than "
                           f"{limit / MIB:.0f}")
        say(f"{rows:,} rows; {len(self.lives)} processes seen in {self.samples} looks; ledgers "
            f"{self.ledger_most / MIB:.1f} MiB at most, a log beside one {self.log_most / MIB:.1f} MiB")
        for role, grown in growths.items():
            most = max((life.most for life in self.lives.values() if life.role == role), default=0)
            worst = f"{max(grown) / MIB:.1f} MiB" if grown else "not seen long enough"
            say(f"{role}: {most} descriptors at most, memory grew by {worst} at most "
                f"({len(grown)} judged)")

    def run(self):
        self.start()
        self.watch(3)
        events = []
        while self.passed() < self.arguments.seconds:
            if not events:
                events = list(self.EVENTS)
                self.dice.shuffle(events)
            pause = self.dice.randrange(3, 8)
            rate = self.flow(pause)
            did = events.pop()(self)
            self.tell(f"{did} ({rate} rows/s flow)")
            self.watch(pause)
        self.settle()
        self.stop()
        self.judge()
        return 1 if self.faults else 0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--courier", required=True, help="the service's program")
    add("--control", required=True, help="log-courier-ctl")
    add("--front", required=True, help="ClickHouse's front, for its new start")
    add("--work", required=True, help="directory of the stack and the logs")
    add("--seconds", type=int, default=90, help="of trouble (default %(default)s)")
    add("--seed", type=int, default=1, help="(default %(default)s)")
    soak = Soak(parser.parse_args())
    try:
        return soak.run()
    except (ClickHouseError, subprocess.SubprocessError, OSError) as error:
        print(f"soak: {error}", file=sys.stderr)
        return 1
    finally:
        for load in soak.loads:
            load.kill()
        if soak.service is not None and soak.service.poll() is None:
            soak.service.terminate()
            soak.service.wait()


if __name__ == "__main__":
    sys.exit(main())
