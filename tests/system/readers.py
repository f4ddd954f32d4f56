#!/usr/bin/python3
"""What readers of other people make of the delivered log objects, for readers_test.sh.

readers fetch FILE          writes the lines of all log objects in all buckets, object after object
readers counts              the buckets that hold log objects, with their numbers of lines
readers READER FILE         reads such lines as READER does; shows each line that it refuses, or reads other than written
readers having NEED FILE    prints the lines of an owner, of a client, or of a plain request: log-format.md says which reader needs what
readers goaccess FILE       reads GoAccess's JSON report: every request valid, none failed

READER is athena, logstash-ecs, logstash-legacy or opentelemetry. The patterns stand here as they are published; what they are
made of (%{INT} and so on) is expanded from the same source's definitions, reduced to what such lines can hold.
"""

import ipaddress
import json
import os
import re
import sys
import urllib.parse

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "contrib", "dev", "lib"))

from s3 import S3  # noqa: E402

# A line's fields, in the words of the table in Amazon Athena's documentation.
COLUMNS = (
    "bucketowner bucket_name requestdatetime remoteip requester requestid operation key request_uri httpstatus "
    "errorcode bytessent objectsize totaltime turnaroundtime referrer useragent versionid hostid sigv ciphersuite "
    "authtype endpoint tlsversion accesspointarn aclrequired sourceregion"
).split()
QUOTED = ("request_uri", "referrer", "useragent")

# Amazon S3 User Guide, "Querying access logs for requests by using Amazon Athena", input.regex.
ATHENA = (
    r"([^ ]*) ([^ ]*) \[(.*?)\] ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) (\"[^\"]*\"|-) (-|[0-9]*) ([^ ]*) ([^ ]*) "
    r"([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) (\"[^\"]*\"|-) ([^ ]*)(?: ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) "
    r"([^ ]*) ([^ ]*))?.*$"
)

# logstash-patterns-core (Apache License 2.0): patterns/ecs-v1/aws and patterns/legacy/aws, S3_ACCESS_LOG. The fields have our names.
LOGSTASH = {
    "logstash-ecs": (
        r"%{WORD:bucketowner} %{NOTSPACE:bucket_name} \[%{HTTPDATE:requestdatetime}\] %{IP:remoteip} "
        r"(?:-|%{NOTSPACE:requester}) %{NOTSPACE:requestid} %{NOTSPACE:operation} (?:-|%{NOTSPACE:key}) "
        r'(?:-|"(?<request_uri>%{WORD} %{NOTSPACE}(?: HTTP/%{NUMBER})?)") (?:-|%{INT:httpstatus}) '
        r"(?:-|%{NOTSPACE:errorcode}) (?:-|%{INT:bytessent}) (?:-|%{INT:objectsize}) (?:-|%{INT:totaltime}) "
        r'(?:-|%{INT:turnaroundtime}) "(?:-|%{DATA:referrer})" "(?:-|%{DATA:useragent})" (?:-|%{NOTSPACE:versionid})'
        r"(?: (?:-|%{NOTSPACE:hostid}) (?:-|%{NOTSPACE:sigv}) (?:-|%{NOTSPACE:ciphersuite}) (?:-|%{NOTSPACE:authtype}) "
        r"(?:-|%{NOTSPACE:endpoint}) (?:-|%{NOTSPACE:tlsversion}))?"
    ),
    "logstash-legacy": (
        r"%{WORD:bucketowner} %{NOTSPACE:bucket_name} \[%{HTTPDATE:requestdatetime}\] (?:%{IP:remoteip}|-) "
        r"%{NOTSPACE:requester} %{NOTSPACE:requestid} %{NOTSPACE:operation} %{NOTSPACE:key} "
        r'(?:"(?<request_uri>%{WORD} %{NOTSPACE}(?: HTTP/%{NUMBER})?|%{DATA})"|"-"|-) (?:%{INT:httpstatus}|-) '
        r"(?:-|%{NOTSPACE:errorcode}) (?:%{INT:bytessent}|-) (?:%{INT:objectsize}|-) (?:%{INT:totaltime}|-) "
        r'(?:%{INT:turnaroundtime}|-) (?:%{QS:referrer}|-) (?:"?%{QS:useragent}"?|-) (?:-|%{NOTSPACE:versionid})'
    ),
}
GROK = {
    "WORD": r"\b\w+\b",
    "NOTSPACE": r"\S+",
    "DATA": r".*?",
    "INT": r"(?:[+-]?(?:[0-9]+))",
    "NUMBER": r"(?:(?<![0-9.+-])(?>[+-]?(?:(?:[0-9]+(?:\.[0-9]+)?)|(?:\.[0-9]+))))",
    "QS": r'(?>(?<!\\)(?>"(?>\\.|[^\\"]+)+"|""))',
    "IP": r"(?:[0-9A-Fa-f:.]+)",  # is_address looks at the rest
    "HTTPDATE": r"[0-3]\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d [+-]\d+",
}


def grok(pattern):
    """A grok pattern as a regular expression. Its own groups need Python's spelling."""
    pattern = re.sub(r"%\{(\w+):(\w+)\}", lambda m: f"(?P<{m[2]}>{GROK[m[1]]})", pattern)
    pattern = re.sub(r"%\{(\w+)\}", lambda m: GROK[m[1]], pattern)
    return re.compile(re.sub(r"\(\?<(?![=!])", "(?P<", pattern))


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


def lines_of(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        for line in file:
            yield line.rstrip("\n")


def is_address(text):
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def written(line):
    """The fields of a line by the format alone: a space ends a field, but within [] and quotes."""
    fields = re.findall(r'\[[^\]]*\](?= |$)|"[^"]*"(?= |$)|[^ ]+', line)
    if " ".join(fields) != line or len(fields) not in (26, 27):
        raise ValueError(f"not a line of 26 or 27 fields: {line}")
    named = dict(zip(COLUMNS, fields))
    named["requestdatetime"] = named["requestdatetime"][1:-1]
    return named


def bare(text):
    return text[1:-1] if len(text) > 1 and text[0] == '"' == text[-1] else text


def read_athena(line):
    match = re.compile(ATHENA).fullmatch(line)
    return match and dict(zip(COLUMNS, match.groups()))


def read_logstash(pattern):
    def read(line):
        match = pattern.match(line)
        address = match and match["remoteip"]
        return match.groupdict() if match and (address is None or is_address(address)) else None

    return read


def opentelemetry_field(rest):
    if not rest.startswith('"'):
        field, _, rest = rest.partition(" ")
        return field, rest
    field, quote, rest = rest[1:].partition('"')
    if not quote:
        raise ValueError("no closing quote")
    return field, rest.removeprefix(" ")


def check_opentelemetry(name, value):
    """Raises ValueError where the parser gives an error."""
    if name in ("httpstatus", "bytessent", "objectsize", "totaltime", "turnaroundtime"):
        if not re.fullmatch(r"[+-]?[0-9]+", value) or int(value) >= 1 << 63:
            raise ValueError(f"{name} is no number")
    if name == "aclrequired" and value not in ("Yes", "-"):
        raise ValueError("aclRequired is neither Yes nor -")
    if name == "tlsversion" and "1" not in value:
        raise ValueError("no TLS version")
    if name == "request_uri":
        method, uri, protocol = value.split(" ")
        if not method or not re.fullmatch(r"(/|[A-Za-z][A-Za-z0-9+.-]*:).*", uri) or not re.fullmatch("[^/]+/.+", protocol):
            raise ValueError("not a request")
        urllib.parse.urlsplit(uri)
        if re.search(r"%(?![0-9A-Fa-f]{2})", uri.partition("?")[0]) or re.search(r"[\x00-\x1f\x7f]", uri):
            raise ValueError("not a path")


def read_opentelemetry(line):
    """As the collector's awslogs_encoding extension reads format s3_access_log: one refused line refuses the whole object."""
    fields = {}
    rest = line
    try:
        for name in COLUMNS[:26]:
            value, rest = opentelemetry_field(rest)
            if name == "requestdatetime":
                zone, _, rest = rest.partition(" ")
                value = f"{value} {zone}"[1:-1]
            if value != "-":
                check_opentelemetry(name, value)
            fields[name] = value
    except ValueError:
        return None
    return None if rest else fields


READERS = {
    "athena": read_athena,
    "logstash-ecs": read_logstash(grok(LOGSTASH["logstash-ecs"])),
    "logstash-legacy": read_logstash(grok(LOGSTASH["logstash-legacy"])),
    "opentelemetry": read_opentelemetry,
}


def differing(fields, expected):
    """The fields that were read other than they are written; a reader may leave out what is missing."""
    for name, value in fields.items():
        if value is not None and bare(value) != bare(expected[name]):
            yield name
        if value is None and bare(expected[name]) != "-":
            yield name


def read(reader, path):
    total, faults = 0, 0
    for line in lines_of(path):
        total += 1
        fields = READERS[reader](line)
        wrong = ["all"] if fields is None else list(differing(fields, written(line)))
        if wrong:
            faults += 1
            print(f"{reader} refuses or misreads {', '.join(wrong)}: {line}")
    print(f"{total} lines, {faults} refused or misread")
    return 1 if faults or not total else 0


# What log-format.md says that a reader needs of a row; no way of writing it could make up for that.


def is_of_owner(fields):
    return re.fullmatch(r"\w+", fields["bucketowner"]) and (fields["remoteip"] == "-" or is_address(fields["remoteip"]))


def is_of_client(fields):
    size = len(" ".join(fields.values()).encode()) + 3  # what written() took off, and the line's end
    return is_address(fields["remoteip"]) and re.fullmatch("[1-5][0-9][0-9]", fields["httpstatus"]) and size < 4096


def is_plain_request(fields):
    """As clients that speak HTTP send it, and the rest as a server that works writes it."""
    numbers = (fields[name] for name in ("bytessent", "objectsize", "totaltime", "turnaroundtime"))
    return (
        is_of_owner(fields)
        and is_address(fields["remoteip"])
        and re.fullmatch(r'"\w+ /(?:[^ "%]|%[0-9A-F]{2})* HTTP/\d\.\d"', fields["request_uri"])
        and all(number == "-" or int(number) < 1 << 63 for number in numbers)
        and fields["aclrequired"] in ("Yes", "-")
        and (fields["tlsversion"] == "-" or "1" in fields["tlsversion"])
    )


NEEDS = {"owner": is_of_owner, "client": is_of_client, "request": is_plain_request}


def having(need, path):
    for line in lines_of(path):
        if NEEDS[need](written(line)):
            sys.stdout.buffer.write(line.encode() + b"\n")
    return 0


def goaccess(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        general = json.load(file)["general"]
    print(f"{general['total_requests']} requests, {general['failed_requests']} failed")
    return 1 if general["failed_requests"] or general["total_requests"] != general["valid_requests"] else 0


def main(arguments):
    command, *rest = arguments or [None]
    if command in READERS:
        return read(command, *rest)
    return {"fetch": fetch, "counts": counts, "having": having, "goaccess": goaccess}[command](*rest)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (KeyError, TypeError):
        print(__doc__, file=sys.stderr)
        sys.exit(2)
