"""Starts contrib/dev/faults and tells it what to do: for tests in Python."""

import http.client
import json
import os
import subprocess
import time
import urllib.parse

PROGRAM = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "faults")


class Faults:
    """A proxy of its own, a child of this process. `places`: where it listens, as its first line says."""

    def __init__(self, *options):
        """options: of the program, as --s3 and its URL."""
        self.process = subprocess.Popen([PROGRAM, *options], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise OSError(f"faults has not started, status {self.process.wait()}")
        self.places = json.loads(line)
        self.control = urllib.parse.urlsplit(self.places["control"])

    def ask(self, method, path, document=None):
        """The answer of the control address; ValueError with its words when it refuses."""
        connection = http.client.HTTPConnection(self.control.hostname, self.control.port, timeout=30)
        connection.request(method, path, None if document is None else json.dumps(document))
        response = connection.getresponse()
        answer = json.loads(response.read())
        connection.close()
        if response.status != 200:
            raise ValueError(answer["error"])
        return answer

    def put(self, rules):
        """These rules instead of all others."""
        self.ask("PUT", "/rules", rules)

    def add(self, rule):
        """One more before the others, or another one of its name."""
        self.ask("POST", "/rules", rule)

    def remove(self, name=""):
        """The rule of that name, or all."""
        self.ask("DELETE", f"/rules/{name}")

    def stats(self):
        return self.ask("GET", "/stats")

    def counts(self, name):
        """Those of one rule."""
        return next(rule for rule in self.stats()["rules"] if rule["name"] == name)

    def await_counts(self, condition, seconds=20):
        """Until the condition holds for the stats, which are returned."""
        deadline = time.monotonic() + seconds
        while not condition(stats := self.stats()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited in vain; faults tells {stats}")
            time.sleep(0.02)
        return stats

    def await_idle(self, service):
        """Until no request to the service is held any more."""
        self.await_counts(lambda stats: stats[service]["under_way"] == 0, 60)

    def close(self):
        self.process.terminate()
        self.process.stdout.close()
        return self.process.wait(10)
