"""log-courier as it is measured: started, watched until all is delivered, and ended."""

import http.client
import os
import shutil
import signal
import subprocess
import time

from . import BenchError
from .measure import children, cpu_seconds, memory_of, pss_of, status_bytes, system_share
from .servers import free_port

POLL_SECONDS = 0.05
PATIENCE_SECONDS = 120  # without progress

# Rows are delivered as soon as they are seen; all else is as by default.
PROMPT = {
    "SUPERVISOR_SHARDS": "1",
    "CONSUMER_PROCESSING_DELAY_SECONDS": "1",
    "CONSUMER_TIME_THRESHOLD_SECONDS": "1",
    "CONSUMER_MIN_DISCOVERY_INTERVAL_SECONDS": "1",
    "CONSUMER_MAX_DISCOVERY_INTERVAL_SECONDS": "1",
    "SHUTDOWN_TIMEOUT_SECONDS": "30",
}
DELIVERED = "log_courier_records_delivered_total"
READY = "log_courier_discovery_batches_found_total"  # once the first scan may begin


class Courier:
    """A build of log-courier that is measured."""

    def __init__(self, directory):
        self.directory = os.path.abspath(directory)
        self.program = os.path.join(self.directory, "src/log-courier")
        if not os.access(self.program, os.X_OK):
            raise BenchError(f"there is no {self.program}: build it with make, or name a build tree")
        answer = subprocess.run([self.program, "--version"], capture_output=True, text=True, check=False)
        self.version = answer.stdout.strip()


class Service:
    """A running log-courier. `settings`: names as in LOG_COURIER_<NAME>."""

    def __init__(self, courier, environment, directory, settings):
        self.directory = directory
        self.port = free_port()
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(os.path.join(directory, "state"))
        self.environment = {**os.environ, **environment}
        own = {**PROMPT, **settings, "STATE_DIRECTORY": directory + "/state",
               "SUPERVISOR_SOCKET": directory + "/control.sock",
               "METRICS_SERVER_LISTEN_ADDRESS": "127.0.0.1",
               "METRICS_SERVER_LISTEN_PORT": str(self.port)}
        self.environment.update({"LOG_COURIER_" + name: value for name, value in own.items()})
        self.log = open(os.path.join(directory, "log"), "wb")
        self.began = time.monotonic()
        self.process = subprocess.Popen([courier.program], env=self.environment,
                                        stdout=self.log, stderr=self.log)

    def fail(self, what):
        with open(self.log.name, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()[-10:]
        raise BenchError("\n  ".join([what, *lines]))

    def workers(self):
        return children(self.process.pid)

    def lines(self):
        """The lines of all counters, as (name, labels, value); none while nobody answers yet."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
        except OSError:
            return []
        finally:
            connection.close()
        lines = []
        for line in text.splitlines():
            if not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                name, _, labels = name.partition("{")
                lines.append((name, labels.rstrip("}"), float(value)))
        return lines

    def metrics(self):
        """All counters, summed over their labels."""
        values = {}
        for name, _, value in self.lines():
            values[name] = values.get(name, 0.0) + value
        return values

    def by_label(self, name):
        """The values of one counter, one for each set of labels."""
        return [value for known, _, value in self.lines() if known == name]

    def await_metric(self, name, least, watch=None, poll=POLL_SECONDS):
        """Waits until a counter has come so far, for as long as it moves; returns the seconds since the start.

        `watch` is called at each look.
        """
        last, moved = -1.0, time.monotonic()
        while True:
            now = self.metrics().get(name, 0.0)
            if now >= least:
                return time.monotonic() - self.began
            if now != last:
                last, moved = now, time.monotonic()
            if self.process.poll() is not None:
                self.fail(f"log-courier has ended with status {self.process.returncode}")
            if time.monotonic() - moved > PATIENCE_SECONDS:
                self.fail(f"{name} stays at {now:.0f} of {least}")
            if watch:
                watch()
            time.sleep(poll)

    def cpu(self):
        """Processor seconds of all workers."""
        return sum(cpu_seconds(pid) for pid in self.workers())

    def await_calm(self):
        """Waits until what follows a delivery is done: the ledger's last transactions, the offsets."""
        last = self.cpu()
        for _ in range(30):
            time.sleep(0.1)
            now = self.cpu()
            if now - last < 0.002:
                return
            last = now

    def system_share(self):
        workers = self.workers()
        return sum(system_share(pid) for pid in workers) / len(workers)

    def peak_bytes(self):
        """The largest resident memory that each worker has had, summed."""
        return sum(status_bytes(pid, "VmHWM") for pid in self.workers())

    def memory(self):
        """Resident bytes of the whole service at this moment."""
        return memory_of([self.process.pid, *self.workers()])

    def pss(self):
        """Bytes of the whole service at this moment, each page counted once."""
        return pss_of([self.process.pid, *self.workers()])

    def kill(self):
        """For what would take long to drain."""
        for pid in [self.process.pid, *self.workers()]:
            os.kill(pid, signal.SIGKILL)
        self.stop()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
