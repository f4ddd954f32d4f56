#!/usr/bin/env python3
"""Runs every command that the documentation shows: docs.py running|stopped|statements CONTROL

Commands are the lines of code blocks without a language in README.md, CONTRIBUTING.md and docs/, and the examples of
log-courier-ctl COMMAND --help. Those of log-courier, log-courier-ctl and curl are run against the service of the environment, with names
that exist here in place of those of the text; running: all but what wants a stopped service; stopped: that. Any other command
must stand in ELSEWHERE with the test that runs it, or why none can. statements: ClickHouse parses those of the documentation's SQL and of
contrib/clickhouse/*-replicated.sql; to run them takes users and a cluster, which the engine has not. Output is TAP; exit status 1 when an assert does not hold.

LOG_COURIER_* as the service has them; SOURCE is a source, TARGET a bucket that takes log objects, WORK a folder.
"""

import glob
import os
import re
import subprocess
import sys
import time

from tap import check, exit_status

TOP = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
OURS = ("log-courier", "log-courier-ctl", "curl")
STOPPED = "log-courier-ctl ledger "
NO_SYSTEMD = "no test has systemd as process 1; docs/installing.md says what is shown instead"
NO_ENGINE = "no container engine here; container_test.sh carries the stages out"
ELSEWHERE = {
    "contrib/dev/demo": "the quick start, tried from a fresh clone",
    "contrib/dev/check": "it runs this test",
    "autoreconf ": "build_in of contrib/dev/lib/common.sh, for every build",
    "make bench": "bench_test.sh",
    "make deb": "contrib/dev/check, packages",
    "make rpm": "contrib/dev/check, packages",
    "apt-get install ./log-courier": "deb_test.sh",
    "dnf install": "rpm_test.sh installs it with rpm; there is no Fedora here",
    "cd /etc/log-courier": "deb_test.sh",
    "install -m 400 -o log-courier /dev/null": "deb_test.sh lays the secrets there",
    "systemctl ": NO_SYSTEMD,
    "journalctl ": NO_SYSTEMD,
    "docker ": NO_ENGINE,
    "log-courier-ctl ledger reset --shard 3": "inspect_test.sh: it asks first, on a terminal",
    "log-courier --publish-": "failover_test.sh",
    "log-courier-ctl release": "failover_test.sh: there has to be another machine",
    "log-courier-ctl rejoin": "failover_test.sh: there has to be another machine",
    "log-courier-ctl replay ": "replay_test.sh: it asks first, on a terminal, and wants rows of that time",
}


def blocks():
    for path in ["README.md", "CONTRIBUTING.md", "SECURITY.md"] + sorted(glob.glob("docs/*.md", root_dir=TOP)):
        with open(os.path.join(TOP, path), encoding="utf-8") as file:
            fences = re.findall(r"^```(\w*)\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)
            for line in "".join(body for language, body in fences if language == "").replace("\\\n\t", "").splitlines():
                yield path, re.sub(r"\s+#.*", "", line).strip()


def statements():
    for path in sorted(glob.glob("docs/*.md", root_dir=TOP)):
        with open(os.path.join(TOP, path), encoding="utf-8") as file:
            for body in re.findall(r"^```sql\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL):
                yield from ((path, statement.strip()) for statement in body.split(";"))
    for path in sorted(glob.glob("contrib/clickhouse/*-replicated.sql", root_dir=TOP)):
        with open(os.path.join(TOP, path), encoding="utf-8") as file:
            text = re.sub(r"--.*", "", file.read())
            yield from ((path, statement.strip()) for statement in text.split(";"))


def parse(place, statement):
    quoted = statement.replace("\\", "\\\\").replace("'", "\\'")
    done = subprocess.run([os.path.join(TOP, "contrib/dev/sql"), f"SELECT formatQuery('{quoted}')"], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    check(f"{place}: {statement.splitlines()[0]}", done.returncode == 0, done.stdout)


def examples(control):
    """What stands under Examples: in the help of each command, indented by two."""
    shown = subprocess.run([control, "--help"], capture_output=True, check=True, text=True).stdout
    words = re.findall(r"^  ((?:ledger )?[a-z-]+)", shown.split("\nCommands:\n")[1].split("\nOptions")[0], re.MULTILINE)
    for word in dict.fromkeys(words):
        told = subprocess.run([control, *word.split(), "--help"], capture_output=True, check=False, text=True).stdout
        for line in re.findall(r"^  (log-courier-ctl .*)$", told.partition("\nExamples:\n")[2], re.MULTILINE):
            yield f"log-courier-ctl {word} --help", line


def here(command):
    """The command with names that exist here."""
    names = {"7/photos": os.environ["SOURCE"], "central-logs": os.environ["TARGET"],
             "deliveries photos": "deliveries " + os.environ["SOURCE"].partition("/")[2],
             "/var/lib/log-courier": os.environ["LOG_COURIER_STATE_DIRECTORY"],
             "/etc/log-courier/log-courier.yml": os.path.join(os.environ["WORK"], "log-courier.yml"),
             "/backup": os.path.join(os.environ["WORK"], "backup"),
             "127.0.0.1:9090": f"127.0.0.1:{os.environ['LOG_COURIER_METRICS_SERVER_LISTEN_PORT']}"}
    return re.sub("|".join(map(re.escape, names)), lambda found: names[found.group()], command)


def settle(control):
    """Each command finds a service that works, whatever the one before has done to it."""
    subprocess.run([control, "resume", "--all"], capture_output=True, check=True)
    until = time.monotonic() + 30
    while subprocess.run([control, "health"], capture_output=True, check=False).returncode != 0:
        if time.monotonic() > until:
            sys.exit("docs.py: the service does not become healthy")
        time.sleep(0.1)


def run(place, command, folder):
    watches = "--watch" in command
    line = ("timeout --preserve-status -s INT 2 " if watches else "") + here(command)
    done = subprocess.run(["bash", "-c", "page-somebody() { return 1; }\n" + line], stdin=subprocess.DEVNULL, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120,
                          env={**os.environ, "PATH": folder + ":" + os.environ["PATH"]})
    check(f"{place}: {command}", done.returncode == (130 if watches else 0), f"exit status {done.returncode}\n{done.stdout}")


def main():
    phase, control = sys.argv[1:]
    if phase == "statements":
        for place, statement in statements():
            if statement != "":
                parse(place, statement)
        sys.exit(exit_status())
    for place, command in [*blocks(), *examples(control)]:
        reason = next((why for prefix, why in ELSEWHERE.items() if command.startswith(prefix)), None)
        if command == "" or reason is not None:
            if phase == "running" and reason is not None:
                print(f"# {command}: {reason}")
        elif command.split()[0] not in OURS:
            check(f"{place}: {command}", False, "nothing runs it: add it to ELSEWHERE with the test that does, or mark\n"
                  "its block with a language (text, yaml, ...) if it is no command")
        elif (phase == "stopped") == command.startswith(STOPPED):
            if phase == "running":
                settle(control)
            run(place, command, os.path.dirname(control))
    sys.exit(exit_status())


if __name__ == "__main__":
    main()
