#!/usr/bin/env python3
"""Holds a running service's metrics against what reads them: a real Prometheus, the reference, the dashboard.

metrics.py reference          every family of docs/metrics.md is served, and no other
metrics.py dashboard          every query of the dashboard is understood by Prometheus at PROMETHEUS
metrics.py query EXPRESSION   prints the one value of it at PROMETHEUS
"""

import json
import os
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PORT = os.environ.get("LOG_COURIER_METRICS_SERVER_LISTEN_PORT", "9090")


def fail(text):
    sys.exit(f"metrics.py: {text}")


def families():
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return set(re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE))


def reference():
    with open(os.path.join(TOP, "docs", "metrics.md"), encoding="utf-8") as file:
        told = set(re.findall(r"^\| `((?:log_courier|process)_\w+)` \|", file.read(), re.MULTILINE))
    served = families()
    if not told or told != served:
        fail(f"told and not served: {sorted(told - served)}; served and not told: {sorted(served - told)}")


def ask(expression):
    url = f"http://127.0.0.1:{os.environ['PROMETHEUS']}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]["result"]
    except urllib.error.HTTPError as error:
        fail(f"{expression}: {error.read().decode()}")


def dashboard():
    with open(os.path.join(TOP, "contrib", "grafana", "log-courier.json"), encoding="utf-8") as file:
        panels = json.load(file)["panels"]
    served = families()
    for panel in panels:
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", "1m").replace("$instance", ".*")
            names = {re.sub(r"_bucket$", "", name) for name in re.findall(r"log_courier_\w+", expression)}
            if not names or not names <= served:
                fail(f"panel {panel['title']}: {sorted(names - served)} is not served")
            # A quantile of a histogram has no sample while nothing is observed.
            if not ask(expression) and "histogram_quantile" not in expression:
                fail(f"panel {panel['title']} shows nothing: {expression}")


def query(expression):
    result = ask(expression)
    if len(result) != 1:
        fail(f"{expression} has {len(result)} values")
    print(result[0]["value"][1])


def main():
    commands = {"reference": reference, "dashboard": dashboard, "query": query}
    if len(sys.argv) < 2 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    commands[sys.argv[1]](*sys.argv[2:])


if __name__ == "__main__":
    main()
