"""The verifier's own reading of the Amazon S3 server access log format.

Written from the format's description, not from the courier's sources: the two readings check each
other. Fields are bytes throughout; a row is a line of ClickHouse's TSV with COLUMNS as its fields.
"""

import codecs
import re
import struct
import time
from fractions import Fraction

LARGEST_FLOAT = 0x7F7FFFFF
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()

# What the SELECT of the rows delivers, in the order of the line's fields.
COLUMNS = (
    "bucketOwner",
    "bucketName",
    "toUnixTimestamp64Milli(startTime)",
    "clientIP",
    "requester",
    "req_id",
    "operation",
    "objectKey",
    "requestURI",
    "httpCode",
    "errorCode",
    "bytesSent",
    "objectSize",
    "if(isNull(totalTime), NULL, reinterpretAsUInt32(assumeNotNull(totalTime)))",
    "if(isNull(turnAroundTime), NULL, reinterpretAsUInt32(assumeNotNull(turnAroundTime)))",
    "referer",
    "userAgent",
    "versionId",
    "signatureVersion",
    "cipherSuite",
    "authenticationType",
    "hostHeader",
    "tlsVersion",
    "aclRequired",
    "loggingTargetBucket",
    "loggingTargetPrefix",
)

# The TSV texts that need neither unescaping nor encoding.
PLAIN_UNQUOTED = re.compile(rb"[!#-\[\]-~]+").fullmatch
PLAIN_QUOTED = re.compile(rb"[ !#-\[\]-~]+").fullmatch
PLAIN_KEY = re.compile(rb"[A-Za-z0-9\-._~/]+").fullmatch
NUMBER = re.compile(rb"[0-9]+").fullmatch

TSV_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
TSV_MEANING = {b"b": b"\b", b"f": b"\f", b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0"}

ENCODED_KEY = re.compile(rb"[^A-Za-z0-9\-._~/]")
ENCODED_UNQUOTED = re.compile(rb'[^!-~]|"')
ENCODED_QUOTED = re.compile(rb'[\x00-\x1f\x7f"\\]')
ENCODED_REFERER = re.compile(rb'[\x00-\x20\x7f"\\]')

# One line, as a reader in the wild sees it: 26 fields, or 27 with the source region.
TEXT = r"[!#-~]++"
QUOTED = r'"[^"\\\x00-\x1f\x7f]++"'
REFERER = r'"[^"\\\x00-\x20\x7f]++"'
COUNT = r"(?:-|[0-9]++)"
MILLISECONDS = r"(?:-|[0-9]++(?:\.[0-9]++)?)"
LINE = re.compile(
    rf"(?P<owner>{TEXT}) (?P<bucket>[a-z0-9][a-z0-9.\-]*+) "
    r"\[(?P<time>[0-3]\d/[A-Z][a-z][a-z]/\d{4}:[0-2]\d:[0-5]\d:[0-6]\d) \+0000\] "
    rf"{TEXT} {TEXT} (?P<request>{TEXT}) {TEXT} (?:[A-Za-z0-9\-._~/]++|%[0-9A-F][0-9A-F])++ "
    rf"{QUOTED} (?:-|[0-9]{{1,5}}) {TEXT} {COUNT} {COUNT} {MILLISECONDS} {MILLISECONDS} "
    rf"{REFERER} {QUOTED} {TEXT} - {TEXT} {TEXT} {TEXT} {TEXT} {TEXT} - {TEXT}"
    rf"(?P<region> {TEXT})?".encode()
).fullmatch

# What a key ends in: the time of the first line, the replay that delivered it again if one did, a hash, and how it is compressed. What a
# partitioned key has before that, the account's first: region, source bucket and day.
OBJECT_NAME = re.compile(
    r"(?P<partition>/[^/]+/(?P<bucket>[^/]+)/(?P<day>\d{4}/\d\d/\d\d)/)?"
    r"(?P<time>\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d)-(replay-\d{8}T\d{6}Z-\d+-)?[0-9A-F]{16}(\.gz|\.zst)?$"
).search


class BadRow(Exception):
    """What came from ClickHouse is not a row: an exception in the stream, or a cut answer."""


def percent(match):
    return b"%%%02X" % match[0][0]


def percent_invalid(error):
    """Decoding's answer to bytes that are not UTF-8."""
    invalid = error.object[error.start : error.end]
    return "".join(f"%{byte:02X}" for byte in invalid), error.end


codecs.register_error("percent", percent_invalid)


def raw_text(field):
    """The text that one TSV field stands for; a NULL reads as empty."""
    if field == b"\\N":
        return b""
    if b"\\" not in field:
        return field
    return TSV_ESCAPE.sub(lambda m: TSV_MEANING.get(m[1], m[1]), field)


def unquoted(field):
    """The text of an unquoted field."""
    if PLAIN_UNQUOTED(field):
        return field
    return ENCODED_UNQUOTED.sub(percent, raw_text(field)) or b"-"


def quoted(field, plain=PLAIN_QUOTED, encoded=ENCODED_QUOTED):
    """The text of a quoted field, quotes included; what is not well-formed UTF-8 does not stay."""
    if plain(field):
        return b'"' + field + b'"'
    text = encoded.sub(percent, raw_text(field)) or b"-"
    if not text.isascii():
        text = text.decode(errors="percent").encode()
    return b'"' + text + b'"'


def encoded_key(field):
    """The text of the key field: URL-encoded, except for unreserved characters and '/'."""
    if PLAIN_KEY(field):
        return field
    return ENCODED_KEY.sub(percent, raw_text(field)) or b"-"


def number(field):
    """The text of a number that may be NULL."""
    if NUMBER(field):
        return field
    if field == b"\\N":
        return b"-"
    raise BadRow(f"not a number: {field[:80]!r}")


def shortest_decimal(bits):
    """The shortest decimal, without exponent, that reads back as the float32 with these bits.

    Among the shortest the nearest to the float. A decimal reads back as the float when it lies
    between the midpoints to both neighbours; midpoints of float32 are exact in a double.
    """
    value = float_of(bits)
    if value == 0:
        return b"0"
    if not 0 < value < float("inf"):
        raise BadRow(f"not a duration: float32 bits {bits:#x}")
    gap = value - float_of(bits - 1)
    below = value - gap / 2
    above = value + gap / 2 if bits == LARGEST_FLOAT else (value + float_of(bits + 1)) / 2

    def reads_back(decimal):
        read = float(decimal)
        if read in (below, above):
            exact = Fraction(decimal)
            return below < exact < above or (bits % 2 == 0 and exact in (below, above))
        return below < read < above

    # The interval reaches equally far to both sides, so the nearest decimal of a length lies in it
    # if any does; but below a power of two it is narrower, and there the next one up may fit.
    lopsided = bits % (1 << 23) == 0
    for digits in range(1, 10):
        mantissa, _, exponent = ("%.*e" % (digits - 1, value)).partition("e")
        scale = int(exponent) - (digits - 1)
        nearest = int(mantissa.replace(".", ""))
        for decimal in (nearest, nearest + 1) if lopsided else (nearest,):
            if reads_back(f"{decimal}e{scale}"):
                return plain_decimal(decimal, scale)
    raise AssertionError("nine digits always suffice for a float32")


def float_of(bits):
    return struct.unpack("<f", struct.pack("<I", bits))[0]


def plain_decimal(digits, scale):
    """digits * 10**scale without exponent and without trailing zeros after a point."""
    if scale >= 0:
        return b"%d" % (digits * 10**scale)
    text = str(digits).rjust(1 - scale, "0")
    return (text[:scale] + "." + text[scale:]).rstrip("0").rstrip(".").encode()


def fractional_duration(field):
    """The text of a time in ms, given as the bits of a float32, or NULL."""
    return shortest_decimal(int(field)) if NUMBER(field) else number(field)


def whole_duration(field):
    """The same, rounded to a whole number of ms, halves up."""
    if not NUMBER(field):
        return number(field)
    value = float_of(int(field))
    # A double holds the sum of a float32 and a half exactly; a float32 this large has no fraction.
    rounded = value if value >= 1 << 24 else float(int(value + 0.5))
    return shortest_decimal(struct.unpack("<I", struct.pack("<f", rounded))[0])


def time_field(second):
    t = time.gmtime(second)
    return b"[%02d/%s/%04d:%02d:%02d:%02d +0000]" % (
        t.tm_mday,
        MONTHS[t.tm_mon - 1].encode(),
        t.tm_year,
        t.tm_hour,
        t.tm_min,
        t.tm_sec,
    )


def name_time(line_time):
    """The time in an object's name for the time in its first line."""
    day, month, year, hour, minute, second = re.split(r"[/:]", line_time.decode())
    month_number = MONTHS.index(month) + 1 if month in MONTHS else 0
    return f"{year}-{month_number:02d}-{day}-{hour}-{minute}-{second}"


class Cache(dict):
    """Remembers what a function made of each argument, up to a number of arguments."""

    def __init__(self, function, limit=100_000):
        super().__init__()
        self.function = function
        self.limit = limit

    def __missing__(self, argument):
        result = self.function(argument)
        if len(self) < self.limit:
            self[argument] = result
        return result


class Writer:
    """Turns rows into lines. source_region is the text of field 27, or None for 26 fields."""

    def __init__(self, source_region=None, fractional_times=False):
        self.texts = Cache(unquoted)
        self.durations = Cache(fractional_duration if fractional_times else whole_duration, 1_000_000)
        self.times = Cache(time_field)
        region = b" " + unquoted(source_region.encode()) if source_region else b""
        self.template = (
            b"%b %b %b %b %b %b %b %b %b %b %b %b %b %b %b %b %b %b - %b %b %b %b %b - %b"
            + region.replace(b"%", b"%%")
        )

    def line(self, row):
        """(line without LF, startTime in ms, target bucket, target prefix) of one TSV line."""
        fields = row.split(b"\t")
        try:
            (
                owner, bucket, milliseconds, address, requester, request, operation, key, uri,
                code, error, sent, size, total, turn_around, referer, agent, version, signature,
                cipher, authentication, host, tls, acl, target_bucket, target_prefix,
            ) = fields  # fmt: skip
            start = int(milliseconds)
        except ValueError:
            raise BadRow(f"not a row: {row[:300]!r}") from None
        text = self.texts
        return (
            self.template
            % (
                text[owner],
                text[bucket],
                self.times[start // 1000],
                text[address],
                text[requester],
                unquoted(request),
                text[operation],
                encoded_key(key),
                quoted(uri),
                number(code),
                text[error],
                number(sent),
                number(size),
                self.durations[total],
                self.durations[turn_around],
                quoted(referer, PLAIN_UNQUOTED, ENCODED_REFERER),
                quoted(agent),
                unquoted(version),
                text[signature],
                text[cipher],
                text[authentication],
                text[host],
                text[tls],
                text[acl],
            ),
            start,
            target_bucket,
            target_prefix,
        )
