#!/usr/bin/python3
"""Plays the random history of a seed against the real service, ClickHouse's engine and S3.

Rows become visible in any order and late, with clocks that are off, more than once, in groups of one
offset, for targets that change. Meanwhile ClickHouse fails at any question or hides rows, S3 loses
replies, holds back requests or refuses a bucket, workers and supervisors are killed, and another
number of shards takes over. Then all goes well again, until each row is delivered.

The seed decides all that is done and when; what it meets is up to the clock. Status 0: all rows are
delivered, the service ends on SIGTERM, its ledgers are sound. Whether one was delivered twice is for
contrib/dev/verify to say.
"""

import argparse
import fcntl
import http.client
import os
import random
import signal
import subprocess
import sys
import time
import urllib.parse

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
DEV = os.path.join(HERE, "..", "..", "contrib", "dev")
sys.path.insert(0, os.path.join(DEV, "lib"))

import rows  # noqa: E402
from chunks import Chunks  # noqa: E402
from clickhouse import ClickHouse, ClickHouseError  # noqa: E402
from fault_client import Faults  # noqa: E402
from s3 import S3, S3Error  # noqa: E402
from settings import Missing, setting  # noqa: E402

TARGETS = [f"target-{n}" for n in range(1, 5)]
SESSIONS = 8
# Rows of a while ago, too: what the first start finds.
OLDEST_SECONDS = 60
DELIVERY_SECONDS = 90
END_SECONDS = 45
SHARDS_MAX = 4
# So long after its start the service may not have come to its signals, or have a process that changes the
# number of shards.
START_SECONDS = 2

# Texts that only certain questions of the courier contain; the last one stands in all of them.
QUESTIONS = (
    "toUInt32(now())",
    "AS floor",
    "INSERT INTO `logs`.`offsets`",
    "toUInt32(min(insertedAt))",
    "ORDER BY raftSessionID",
    "AS second",
    " FORMAT ",
)
FAULTS = ("exception", "cut", "reset", "stall", "delay", "status", "html")
STYLES = ("text", "marker", "tagged")

# What becomes of a PUT, as contrib/dev/faults has it.
FATES = {
    "lost": {"answer_cut": 0},
    "late": {"request_delay": [0, 4]},
    "twice": {"times": 2},
    "failed": {"times": 1, "status": 500, "code": "InternalError"},
    "cut": {"times": 0},
}


class Failed(Exception):
    """The service has not done what it promises."""


# ---- the plan: nothing but the seed decides ----


def plan_rows(dice, seconds, chunk_count):
    """[(when, "insert", {chunk: seconds after the start}, options)]"""
    steps = []
    lateness = dice.uniform(0, 0.7)
    clocks_off = dice.uniform(0, 0.5)
    for chunk in range(chunk_count):
        flush = dice.uniform(-OLDEST_SECONDS, 0) if dice.random() < 0.3 else dice.uniform(0, seconds)
        visible = max(0, flush)
        if dice.random() < lateness:
            visible = dice.uniform(visible, seconds)
        if dice.random() < clocks_off:
            flush += dice.uniform(-20, 5)
        options = {}
        if dice.random() < 0.2:
            options["target"] = dice.choice(TARGETS)
        if dice.random() < 0.1:
            options["alike"] = True
        steps.append((visible, "insert", {chunk: int(flush)}, options))
        while dice.random() < 0.15:
            again = dice.uniform(visible, seconds)
            steps.append((again, "insert", {chunk: int(dice.choice([flush, again]))}, options))
    return steps


def plan_faults(dice, seconds):
    """What ClickHouse does wrong, and for how many questions."""
    steps = []
    for _ in range(dice.randrange(20)):
        kind = dice.choice(FAULTS)
        fault = {
            "kind": kind,
            "match": dice.choice(QUESTIONS),
            "after": dice.choice([0, 0, dice.randrange(1, 200), dice.randrange(200, 200_000)]),
            "count": dice.randrange(1, 4),
            "ms": dice.randrange(3000),
            "status": dice.choice([429, 500, 502, 503]),
            "code": dice.choice([60, 159, 202, 209, 241, 279, 395]),
            "style": dice.choice(STYLES),
        }
        steps.append((dice.uniform(0, seconds), "fault", fault, {}))
    for _ in range(dice.randrange(4)):
        where = f"cityHash64(req_id) % {dice.randrange(2, 6)} = 0"
        fault = {"kind": "stale", "where": where, "count": 0}
        if dice.random() < 0.3:
            fault = {"kind": "stale", "where": "raftSessionID % 2 = 0", "count": 0,
                     "table": "logs.offsets_local"}
        begin = dice.uniform(0, seconds)
        steps.append((begin, "fault", fault, {"until": dice.uniform(begin, seconds)}))
    return steps


def plan_targets(dice, seconds):
    steps = []
    for bucket in dice.sample(TARGETS, dice.randrange(3)):
        steps.append((-1, "close", bucket, {}))
        steps.append((dice.uniform(seconds / 2, seconds), "open", bucket, {}))
    for bucket in dice.sample(TARGETS, dice.randrange(3)):
        begin = dice.uniform(0, seconds)
        steps.append((begin, "deny", bucket, {}))
        steps.append((dice.uniform(begin, seconds), "allow", bucket, {}))
    return steps


def plan_deaths(dice, seconds):
    steps = []
    for _ in range(dice.randrange(7)):
        steps.append((dice.uniform(0, seconds), "kill worker", dice.randrange(SHARDS_MAX), {}))
    shards = dice.randrange(1, SHARDS_MAX + 1)
    steps.append((dice.choice([0, 0, seconds / 4]), "start", shards, {}))
    for _ in range(dice.randrange(4)):
        when = dice.uniform(seconds / 4, seconds)
        steps.append((when, dice.choice(["kill service", "kill service", "stop service"]), None, {}))
        if dice.random() < 0.5:
            shards = dice.randrange(1, SHARDS_MAX + 1)
        steps.append((when + dice.choice([0, dice.uniform(0, 3)]), "start", shards, {}))
    return steps


def plan_settings(dice):
    """Those of one life of the service."""
    return {
        "CONSUMER_PROCESSING_DELAY_SECONDS": dice.randrange(1, 4),
        "CONSUMER_COUNT_THRESHOLD": dice.choice([1, 100, 10_000]),
        "CONSUMER_TIME_THRESHOLD_SECONDS": dice.randrange(1, 4),
        "CONSUMER_MAX_LOGS_PER_OBJECT": dice.choice([20, 60, 250, 100_000]),
        "CONSUMER_MAX_OBJECT_BYTES": 65536,
        "OFFSET_FLUSH_COUNT_THRESHOLD": dice.choice([1, 10, 50]),
        "OFFSET_FLUSH_INTERVAL_MILLISECONDS": dice.choice([10, 1000]),
        "LIMITS_MAX_INFLIGHT_BYTES": dice.choice([4 << 20, 64 << 20]),
        "LIMITS_MAX_ROW_BYTES": 65536,
        "LIMITS_MAX_CONCURRENT_UPLOADS": dice.choice([1, 4, 32]),
        "LIMITS_MAX_CONCURRENT_UPLOADS_PER_TARGET": dice.choice([1, 4]),
        "S3_CONDITIONAL_PUT": dice.choice(["auto", "on", "off"]),
        "S3_MAX_RETRY_ATTEMPTS": dice.choice([1, 3]),
        "TIMEOUT_UPLOAD_OPERATION_SECONDS": dice.choice([2, 10]),
        "TIMEOUT_COMMIT_OPERATION_SECONDS": 2,
        "CLICKHOUSE_TIMEOUT_SECONDS": 2,
        "RETRY_MAX_BACKOFF_SECONDS": 1,
        "S3_MAX_BACKOFF_DELAY_SECONDS": 1,
        "RECONCILE_INTERVAL_SECONDS": dice.randrange(1, 4),
        "RECONCILE_FULL_INTERVAL_SECONDS": 5,
    }


class Plan:
    def __init__(self, seed, seconds):
        dice = random.Random(seed)
        self.sources = dice.randrange(4, 16)
        self.rows = dice.randrange(3000, 12_000)
        self.chunks_a_source = dice.randrange(4, 10)
        self.skew = dice.uniform(0, 1.5)
        self.chances = {fate: dice.choice([0, dice.uniform(0, 0.15)]) for fate in FATES}
        steps = plan_rows(dice, seconds, self.sources * self.chunks_a_source)
        if dice.random() < 0.9:
            steps += plan_faults(dice, seconds)
        steps += plan_targets(dice, seconds)
        steps += plan_deaths(dice, seconds)
        self.steps = sorted(steps, key=lambda step: step[0])
        self.settings = random.Random(dice.random())


# ---- the service ----


class Service:
    def __init__(self, program, control, plan, s3):
        self.program = program
        self.control = control
        self.plan = plan
        self.s3 = s3
        self.process = None
        self.state = setting("STATE_DIRECTORY")
        self.shards = 0
        self.started = 0.0
        self.mover_killed = False

    def await_state(self):
        """The workers of a supervisor that was killed hold the state directory until they end."""
        with open(os.path.join(self.state, "lock"), "a", encoding="ascii") as lock:
            deadline = time.monotonic() + 20
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise Failed("the workers of a killed supervisor do not end") from None
                time.sleep(0.05)

    def start(self, shards):
        if self.process:
            return
        self.await_state()
        values = plan_settings(self.plan.settings)
        values["SUPERVISOR_SHARDS"] = shards
        values["S3_ENDPOINT"] = self.s3
        own = {f"LOG_COURIER_{name}": str(value) for name, value in values.items()}
        self.process = subprocess.Popen([self.program], env={**os.environ, **own})
        self.shards = shards
        self.started = time.monotonic()
        self.mover_killed = False

    def watch(self):
        """A service whose mover was killed ends, to be started again; else it may not end by itself."""
        if not self.process or self.process.poll() is None:
            return
        if not self.mover_killed:
            raise Failed(f"the service has ended by itself, status {self.process.returncode}")
        self.process = None
        self.start(self.shards)

    def kill_worker(self, number):
        if not self.process:
            return
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(path, encoding="ascii") as file:
            workers = file.read().split()
        if workers:
            self.mover_killed |= time.monotonic() - self.started < START_SECONDS
            os.kill(int(workers[number % len(workers)]), signal.SIGKILL)

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self):
        if not self.process:
            return
        self.process.terminate()
        try:
            status = self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            raise Failed(f"the service does not end within {END_SECONDS} s of SIGTERM") from None
        self.process = None
        # Before it listens to signals, SIGTERM ends it at once, with nothing begun.
        unborn = status == -signal.SIGTERM and time.monotonic() - self.started < START_SECONDS
        if status != 0 and not unborn:
            raise Failed(f"the service ends with status {status} on SIGTERM")


# ---- the play ----


class Play:
    def __init__(self, arguments):
        self.plan = Plan(arguments.seed, arguments.seconds)
        self.clickhouse = ClickHouse.from_environment()
        self.s3 = S3.from_environment()
        self.faults = Faults("--s3", setting("S3_ENDPOINT"), "--seed", str(arguments.seed))
        self.service = Service(arguments.courier, arguments.control, self.plan, self.faults.places["s3"])
        shape = rows.Shape(self.plan.rows, self.plan.sources, SESSIONS, self.plan.skew,
                           [(bucket, None) for bucket in TARGETS], arguments.seed)
        self.chunks = Chunks(self.clickhouse, shape, self.plan.chunks_a_source)
        self.closed = set()
        self.fates = {}
        self.clock = 0
        self.began = 0.0
        self.withdrawals = []
        self.trace = arguments.trace

    def say(self, text):
        if self.trace:
            print(f"{time.monotonic() - self.began:8.3f} {text}", file=sys.stderr, flush=True)

    def administer(self, method, **parameters):
        url = self.clickhouse.url
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
        connection.request(method, "/admin/fault?" + urllib.parse.urlencode(parameters))
        response = connection.getresponse()
        text = response.read().decode().strip()
        connection.close()
        if response.status != 200:
            raise Failed(f"the front takes no fault {parameters}: HTTP {response.status} {text}")
        return text

    def set_fault(self, fault, until):
        number = self.administer("POST", **fault)
        if until is not None:
            self.withdrawals.append((until, number))

    def withdraw(self, passed):
        for until, number in self.withdrawals:
            if until <= passed:
                self.administer("DELETE", id=number)
        self.withdrawals = [entry for entry in self.withdrawals if entry[0] > passed]

    def close_target(self, bucket):
        self.s3.request(bucket, method="DELETE")
        self.closed.add(bucket)

    def open_target(self, bucket):
        if bucket in self.closed:
            self.s3.request(bucket, method="PUT")
            self.closed.remove(bucket)

    def deny(self, bucket):
        self.faults.add({"name": f"denied-{bucket}", "bucket": bucket, "status": 403, "code": "AccessDenied"})

    def allow(self, bucket):
        self.note_fate(f"denied-{bucket}", "denied")
        self.faults.remove(f"denied-{bucket}")

    def note_fate(self, rule, fate):
        """Counts end with their rule."""
        self.fates[fate] = self.fates.get(fate, 0) + self.faults.counts(rule)["struck"]

    def insert(self, seconds, options):
        self.chunks.insert({c: self.clock + s for c, s in seconds.items()}, **options)

    def do(self, what, of, options):
        self.say(f"{what} {of} {options}")
        if what == "insert":
            self.insert(of, options)
        elif what == "fault":
            self.set_fault(of, options.get("until"))
        elif what == "close":
            self.close_target(of)
        elif what == "open":
            self.open_target(of)
        elif what == "deny":
            self.deny(of)
        elif what == "allow":
            self.allow(of)
        elif what == "kill worker":
            self.service.kill_worker(of)
        elif what == "kill service":
            self.service.kill()
        elif what == "stop service":
            self.service.stop()
        else:
            self.service.start(of)

    def play(self):
        self.chunks.prepare()
        self.faults.put([{"name": fate, "method": "PUT", "chance": chance, **FATES[fate]}
                         for fate, chance in self.plan.chances.items()])
        self.clock = self.chunks.clock() + 1
        self.began = time.monotonic()
        for when, what, of, options in self.plan.steps:
            time.sleep(max(0, self.began + when - time.monotonic()))
            self.service.watch()
            self.withdraw(time.monotonic() - self.began)
            self.do(what, of, options)

    def settle(self):
        """All goes well again."""
        self.administer("DELETE")
        for fate in FATES:
            self.note_fate(fate, fate)
        self.faults.remove()
        for bucket in list(self.closed):
            self.open_target(bucket)
        self.service.start(1)
        self.faults.await_idle("s3")

    def await_delivery(self):
        deadline = time.monotonic() + DELIVERY_SECONDS
        while True:
            self.service.watch()
            done = subprocess.run([os.path.join(DEV, "verify"), "--allow-double"],
                                  capture_output=True, text=True, check=False)
            if done.returncode == 0:
                return
            if time.monotonic() > deadline:
                raise Failed(f"not all is delivered in {DELIVERY_SECONDS} s: {done.stdout}{done.stderr}")
            time.sleep(0.5)

    def check_ledgers(self):
        done = subprocess.run([self.service.control, "ledger", "check"],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"the ledgers are not sound: {done.stdout}{done.stderr}")

    def run(self):
        try:
            self.play()
            self.settle()
            self.say("all goes well")
            self.await_delivery()
            self.say("all is delivered")
            self.service.stop()
            self.check_ledgers()
        finally:
            self.service.kill()
            self.faults.close()

    def summary(self):
        counts = {}
        for _, what, _, _ in self.plan.steps:
            counts[what] = counts.get(what, 0) + 1
        done = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
        puts = ", ".join(f"{count} {what}" for what, count in self.fates.items() if count)
        return f"{done}; PUTs: {puts}; {time.monotonic() - self.began:.1f} s"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--seed", type=int, required=True)
    add("--courier", required=True, metavar="PROGRAM")
    add("--control", required=True, metavar="PROGRAM", help="log-courier-ctl")
    add("--seconds", type=float, default=8, help="of trouble (default %(default)s)")
    add("--trace", action="store_true", help="tell on stderr what is done")
    arguments = parser.parse_args()
    try:
        play = Play(arguments)
        play.run()
    except (Failed, ClickHouseError, S3Error, Missing) as error:
        print(f"histories: seed {arguments.seed}: {error}", file=sys.stderr)
        return 1
    print(f"seed {arguments.seed}: {play.summary()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
