"""Compares rows with delivered log objects, as multisets of lines. No input or output of its own.

A line is held as a 64-bit hash (Python's own of bytes, the same in all children of one process),
mixed with the hash of the target it belongs to: a line at a wrong place is no match. Expected holds
what the rows ask for; check_object() reads one object against it; Findings sums up.
"""

import urllib.parse
from array import array
from collections import Counter
from dataclasses import dataclass, field

import logline

EXAMPLES = 5
EXAMPLE_LENGTH = 2000

# Each fault in the order of the report, with its description.
FAULTS = {
    "missing": "rows in no object",
    "double": "lines delivered more than once",
    "wrong_place": "lines under another bucket or prefix than their row names",
    "unknown": "lines of no row",
    "malformed": "lines that are not of the format",
    "disorder": "lines before an earlier (startTime, req_id)",
    "mixed": "objects with lines of several source buckets",
    "bad_name": "objects whose key is none of docs/log-format.md, or not that of their lines",
    "bad_object": "objects that are empty, end in mid-line or are not text/plain",
}


def target_hash(bucket, prefix):
    """The part of a line's hash that says where it belongs; both as bytes."""
    return hash((bucket, prefix))


AMBIGUOUS = -1


class Expected:
    """The lines that the rows ask for: for each hash the startTime in ms of its row.

    Lines show whole seconds. Rows whose lines are alike but whose startTimes differ in milliseconds
    have no place of their own in the order: their startTime is AMBIGUOUS.
    """

    def __init__(self):
        self.start = {}
        self.repeats = Counter()
        self.buckets = set()
        self.rows = 0
        self.untargeted = 0  # rows besides that name no target bucket: nobody asks for their lines

    def add(self, hashes, starts, buckets, untargeted):
        """Adds what hash_rows() returned."""
        self.rows += len(hashes)
        self.untargeted += untargeted
        self.buckets |= buckets
        for line_hash, start in zip(hashes, starts):
            if line_hash not in self.start:
                self.start[line_hash] = start
                continue
            self.repeats[line_hash] += 1
            if start != self.start[line_hash]:
                self.start[line_hash] = AMBIGUOUS

    def count(self, line_hash):
        return (line_hash in self.start) + self.repeats.get(line_hash, 0)


def hash_rows(rows, writer):
    """(hashes, startTimes in ms, target buckets, rows without one) of TSV rows, for Expected.add()."""
    hashes = array("q")
    starts = array("q")
    buckets = set()
    targets = {}
    untargeted = 0
    for row in rows:
        line, start, bucket, prefix = writer.line(row)
        if not bucket:
            untargeted += 1
            continue
        place = targets.get((bucket, prefix))
        if place is None:
            raw = logline.raw_text(bucket), logline.raw_text(prefix)
            place = targets[bucket, prefix] = target_hash(*raw)
            buckets.add(raw[0].decode(errors="replace"))
        hashes.append(hash(line) ^ place)
        starts.append(start)
    return hashes, starts, buckets, untargeted


@dataclass
class ObjectReport:
    """What check_object() saw in one object; examples and texts of unknown lines are but the first."""

    where: str
    hashes: array = field(default_factory=lambda: array("q"))
    counts: Counter = field(default_factory=Counter)
    examples: list = field(default_factory=list)
    unknown: list = field(default_factory=list)

    def fault(self, kind, text, number=None):
        self.counts[kind] += 1
        if self.counts[kind] <= EXAMPLES:
            self.examples.append((kind, self.where + line_number(number) + ": " + text))


def line_number(number):
    return f" line {number}" if number else ""


@dataclass
class Name:
    """What the key of an object with some lines says."""

    prefix: str
    time: str
    partitioned: bool = False

    def fits(self, first, last):
        """Do the times of the first and the last line, as in a simple name, allow this one?"""
        if not self.partitioned:
            return self.time == first
        days = {time[:10] for time in (self.time, first, last)}
        return (len(days) == 1 and self.time.endswith("-00-00-00")) or self.time >= last


def source_of(lines):
    """(owner, source bucket) of an object, as a key has them: those of the first line with an owner."""
    names = "-", ""
    for line in lines:
        match = logline.LINE(line)
        if match:
            names = tuple(urllib.parse.quote(match[name], safe="") for name in ("owner", "bucket"))
            if names[0] != "-":
                break
    return names


def read_name(key, lines):
    """The Name that the key is, or None. One that could be either is simple if the source is another."""
    match = logline.OBJECT_NAME(key)
    if not match:
        return None
    if match["partition"] and match["day"].replace("/", "-") == match["time"][:10]:
        owner, bucket = source_of(lines)
        account = key[: match.start()]
        if account.endswith(owner) and match["bucket"] == bucket:
            return Name(account[: -len(owner)], match["time"], True)
    return Name(key[: match.start("time")], match["time"])


def check_object(expected, bucket, key, content_type, body, with_region=False):
    """Reads one object against the expected lines; returns its ObjectReport."""
    report = ObjectReport(f"{bucket}/{key}")
    if content_type.split(";")[0].strip() != "text/plain":
        report.fault("bad_object", f"content type {content_type!r}")
    lines = body.split(b"\n")
    if not body:
        report.fault("bad_object", "empty")
    elif lines[-1]:
        report.fault("bad_object", "does not end with a line feed")
    if not lines[-1]:
        lines.pop()

    name = read_name(key, lines)
    if not name:
        report.fault("bad_name", "not the name of a log object")
    prefix = name.prefix if name else key[: key.rfind("/") + 1]
    place = target_hash(bucket.encode(), prefix.encode())
    start_of = expected.start.get
    sources = set()
    times = []
    latest = -1
    latest_request = b""
    for number, line in enumerate(lines, 1):
        line_hash = hash(line)
        report.hashes.append(line_hash ^ place)
        start = start_of(line_hash ^ place)
        if start is None:
            seen = len(report.unknown)
            report.unknown.append((number, line_hash, line if seen < EXAMPLES else None))
        match = logline.LINE(line)
        if not match or (match["region"] is not None) != with_region:
            report.fault("malformed", example(line), number)
            continue
        sources.add(match["bucket"])
        times = [times[0] if times else match["time"], match["time"]]
        if start is None or start == AMBIGUOUS:
            continue
        request = urllib.parse.unquote_to_bytes(match["request"])
        if start < latest or (start == latest and request < latest_request):
            before = f"{latest} ms {latest_request.decode(errors='backslashreplace')}"
            report.fault("disorder", f"{start} ms stands after {before}: {example(line)}", number)
        latest = start
        latest_request = request
    if name and times and not name.fits(*map(logline.name_time, times)):
        report.fault("bad_name", f"its lines' times are {b' to '.join(times).decode()}")
    if len(sources) > 1:
        report.fault("mixed", f"lines of {len(sources)} source buckets")
    return report


def example(line):
    """A line as text for people, shortened."""
    text = line[:EXAMPLE_LENGTH].decode(errors="backslashreplace")
    return text if len(line) <= EXAMPLE_LENGTH else text + " ..."


class Findings:
    """Sums up the reports of all objects, and names what is missing, double or unknown."""

    def __init__(self, expected):
        self.expected = expected
        self.counts = dict.fromkeys(FAULTS, 0)
        self.examples = {kind: [] for kind in FAULTS}
        self.objects = 0
        self.bytes = 0
        self.lines = 0
        self.found = {}
        self.unknown = []

    def note(self, kind, text, count=1):
        self.counts[kind] += count
        if len(self.examples[kind]) < EXAMPLES:
            self.examples[kind].append(text)

    def add(self, report, size):
        """Adds the report of one object of so many bytes."""
        self.objects += 1
        self.bytes += size
        self.lines += len(report.hashes)
        for kind, text in report.examples:
            self.note(kind, text, 0)
        for kind, count in report.counts.items():
            self.counts[kind] += count
        for number, line_hash, line in report.unknown:
            self.unknown.append((report.where + line_number(number), line_hash, line))
        found = self.found
        for number, line_hash in enumerate(report.hashes, 1):
            times = found[line_hash] = found.get(line_hash, 0) + 1
            if times > 1 and 0 < self.expected.count(line_hash) < times:
                self.note("double", report.where + line_number(number))

    def missing(self):
        """Counter of the hashes that rows ask for more often than objects hold them."""
        missing = Counter()
        for line_hash in self.expected.start:
            lacking = self.expected.count(line_hash) - self.found.get(line_hash, 0)
            if lacking > 0:
                missing[line_hash] = lacking
        self.counts["missing"] = missing.total()
        return missing

    def explain(self, missing, rows, writer):
        """Reads all rows once more: which are missing, and which unknown lines are just misplaced."""
        unplaced = {line_hash for _, line_hash, _ in self.unknown}
        requests = {request_of(line) for _, _, line in self.unknown if line}
        belongs = {}
        alike = {}
        for row in rows:
            line, _, bucket, prefix = writer.line(row)
            bucket, prefix = logline.raw_text(bucket), logline.raw_text(prefix)
            target = (bucket + b"/" + prefix).decode(errors="backslashreplace")
            line_hash = hash(line)
            if line_hash in unplaced:
                belongs[line_hash] = target
            if line_hash ^ target_hash(bucket, prefix) in missing:
                if len(self.examples["missing"]) < EXAMPLES:
                    self.examples["missing"].append(f"for {target}: {example(line)}")
                if request_of(line) in requests:
                    alike.setdefault(request_of(line), line)
        for where, line_hash, line in self.unknown:
            text = where + (": " + example(line) if line else "")
            if line_hash in belongs:
                self.note("wrong_place", f"{text}\n      belongs to {belongs[line_hash]}")
            elif line and request_of(line) in alike:
                looks = example(alike[request_of(line)])
                self.note("unknown", f"{text}\n      a missing row reads: {looks}")
            else:
                self.note("unknown", text)


def request_of(line):
    """The request id of a line, or None when there is none to be seen."""
    match = logline.LINE(line)
    return match["request"] if match else None
