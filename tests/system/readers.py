#!/usr/bin/python3
"""What readers of other people make of the delivered log objects, for readers_test.sh.

readers fetch FILE       writes the lines of all log objects in all buckets, object after object
readers counts           the buckets that hold log objects, with their numbers of lines
readers expression FILE  reads such lines with a regular expression like those of Athena, Glue and Grok
readers requests FILE    prints those lines that GoAccess can take: it wants a client's address and a status in each,
                         lines of less than 4096 bytes, and takes a backslash before a quote for an escape
readers goaccess FILE    reads GoAccess's JSON report: every request valid, none failed
"""

import ipaddress
import json
import os
import re
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "contrib", "dev", "lib"))

from s3 import S3  # noqa: E402

# The columns that Amazon Athena's documentation gives the table of such logs, in the line's order.
COLUMNS = (
    "bucketowner bucket_name requestdatetime remoteip requester requestid operation key request_uri httpstatus "
    "errorcode bytessent objectsize totaltime turnaroundtime referrer useragent versionid hostid sigv ciphersuite "
    "authtype endpoint tlsversion accesspointarn aclrequired"
).split()
# What its RegexSerDe, and Grok's %{NOTSPACE} and %{QS} alike, take for a field of each kind: no escapes are known.
GROUPS = {
    "requestdatetime": r"\[(.*?)\]",
    "request_uri": '("[^"]*"|-)',
    "referrer": '("[^"]*"|-)',
    "useragent": '("[^"]*"|-)',
    "httpstatus": "(-|[0-9]*)",
}
STATUSES = {str(status) for status in range(100, 600)}
EXPRESSION = re.compile(" ".join(GROUPS.get(column, "([^ ]*)") for column in COLUMNS))


def objects():
    s3 = S3.from_environment()
    for bucket in s3.list_buckets():
        for key, _ in s3.list_objects(bucket):
            yield bucket, s3.get(bucket, key)[1]


def fetch(path):
    with open(path, "wb") as file:
        for _, body in objects():
            file.write(body)
    return 0


def counts():
    lines = {}
    for bucket, body in objects():
        lines[bucket] = lines.get(bucket, 0) + body.count(b"\n")
    for bucket, number in sorted(lines.items()):
        print(bucket, number)
    return 0


def expression(path):
    refused = 0
    total = 0
    with open(path, encoding="utf-8", newline="\n") as file:
        for total, line in enumerate(file, 1):
            if EXPRESSION.fullmatch(line.rstrip("\n")) is None:
                refused += 1
                print("refused:", line, end="")
    print(f"{total} lines, {refused} refused")
    return 1 if refused or not total else 0


def is_address(text):
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def requests(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        for line in file:
            fields = dict(zip(COLUMNS, EXPRESSION.fullmatch(line.rstrip("\n")).groups()))
            if is_address(fields["remoteip"]) and fields["httpstatus"] in STATUSES:
                if len(line.encode()) < 4096 and '\\"' not in line:
                    sys.stdout.buffer.write(line.encode())
    return 0


def goaccess(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        general = json.load(file)["general"]
    print(f"{general['total_requests']} requests, {general['failed_requests']} failed")
    return 1 if general["failed_requests"] or general["total_requests"] != general["valid_requests"] else 0


COMMANDS = {"fetch": fetch, "counts": counts, "expression": expression, "requests": requests, "goaccess": goaccess}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.exit(COMMANDS[sys.argv[1]](*sys.argv[2:]))
