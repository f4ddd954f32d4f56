"""The rules of contrib/dev/faults: which requests they are for, and what becomes of these. No I/O.

A rule is an object of JSON with the keys of KEYS. The first rule that matches a request and is not used
up strikes it; a request that no rule matches passes unharmed.
"""

import asyncio
import collections
import fnmatch
import itertools
import re

CERTIFICATES = ("expired", "self-signed", "other-name")


class BadRule(Exception):
    """A rule that cannot be understood; the text says why."""


# ---- the values that a key may have; each returns what the rule keeps ----


def text(value):
    if not isinstance(value, str):
        raise ValueError("a text")
    return value


def glob(value):
    return re.compile(fnmatch.translate(text(value)), re.DOTALL).match


def prefix_glob(value):
    return glob(text(value) + "*")


def pattern(value):
    try:
        return re.compile(text(value), re.DOTALL).search
    except re.error as error:
        raise ValueError(f"a regular expression ({error})") from None


def choice(*values):
    def chosen(value):
        if value not in values:
            raise ValueError("one of " + ", ".join(values))
        return value

    return chosen


def flag(value):
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def number(value):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ValueError("a number, not below 0")
    return value


def whole(value):
    if isinstance(number(value), float):
        raise ValueError("a whole number")
    return value


def span(value):
    """N, one between two, or one after the other; returns what tells that of a request."""
    if isinstance(value, dict) and set(value) == {"from", "step"}:
        numbers = itertools.count(whole(value["from"]), whole(value["step"]))
        return lambda dice: next(numbers)
    bounds = value if isinstance(value, list) else [value, value]
    if len(bounds) != 2 or whole(bounds[0]) > whole(bounds[1]):
        raise ValueError("a whole number, [least, most], or {\"from\": N, \"step\": N}")
    return lambda dice: dice.randint(*bounds)


def seconds(value):
    bounds = value if isinstance(value, list) else [value, value]
    if len(bounds) != 2 or number(bounds[0]) > number(bounds[1]):
        raise ValueError("seconds, or [least, most]")
    return tuple(bounds)


def status(value):
    if not 200 <= whole(value) <= 599:
        raise ValueError("a status from 200 to 599")
    return value


def names(value):
    """Patterns; returns what tells whether a name matches one of them."""
    if not isinstance(value, list):
        raise ValueError("a list of patterns")
    matchers = [glob(one) for one in value]
    return lambda name: any(match(name) for match in matchers)


def pairs(value):
    if not isinstance(value, dict) or not all(isinstance(v, (str, type(None))) for v in value.values()):
        raise ValueError("an object of texts, or null")
    return value


# Every key of a rule: what it takes, and what it means. --help is made from this.
KEYS = {
    "name": (text, "what it is called in the counts; another rule of that name is replaced"),
    # Which requests.
    "service": (choice("s3", "clickhouse"), "requests to this service; said already by keys for one"),
    "method": (glob, "pattern of the method: \"PUT\""),
    "bucket": (glob, "S3: pattern of the bucket: \"hang-*\""),
    "prefix": (prefix_glob, "S3: pattern of how the key begins: \"bad/\""),
    "query": (pattern, "ClickHouse: regular expression found in the query's text"),
    "larger_than": (whole, "requests with a longer body than so many bytes"),
    "chance": (number, "of those, this share: 0.1"),
    "first": (whole, "of those alike, the first N: of one method, bucket and key; or of one text that `query` has "
              "found (of its groups, if there are any)"),
    "skip": (whole, "of those, not the first N"),
    "count": (whole, "of those, N; then the rule is used up"),
    # What becomes of the request.
    "request_delay": (seconds, "so many seconds pass before anything is read after the head"),
    "request_rate": (whole, "S3: the body is read at N bytes a second"),
    "request_cut": (span, "S3: the connection breaks when N bytes of the body are read"),
    "request_hang": (span, "S3: no more is read after N bytes of the body"),
    "times": (whole, "how often upstream gets it (1; 0 with a status); 0 without a status: never answered"),
    "keep_parameters": (names, "ClickHouse: URL parameters that match none of these are dropped"),
    "add_parameters": (pairs, "ClickHouse: URL parameters for requests that have them not"),
    "replace": (pairs, "ClickHouse: words of the statement, in the body, and what upstream gets instead"),
    # What becomes of the answer.
    "early": (flag, "a status is answered on the head alone, without reading the body"),
    "status": (status, "the answer is this, whatever upstream says"),
    "code": (text, "with a status: the body is S3's XML with this error code"),
    "body": (text, "with a status: the answer's body"),
    "headers": (pairs, "headers of the answer, set or (null) removed: {\"ETag\": null}"),
    "answer_delay": (seconds, "so many seconds pass before the answer's first byte"),
    "answer_rate": (whole, "the answer is sent at N bytes a second, head and body"),
    "shared": (flag, "a rate is that of all requests together that the rule holds, not of each"),
    "answer_cut": (span, "the connection breaks after N bytes of the answer, head and body; "
                   "0 swallows the reply"),
    "answer_hang": (span, "after N bytes of the answer no more is sent"),
    "clean": (flag, "connections break by an orderly close instead of a reset"),
    "certificate": (choice(*CERTIFICATES), "TLS: who asks for BUCKET.s3.localhost gets such a one: "
                    + ", ".join(CERTIFICATES)),
}

# Keys that mean something for one service alone.
SERVED_ALONE = {
    "s3": {"bucket", "prefix", "request_rate", "request_cut", "request_hang", "early"},
    "clickhouse": {"query", "keep_parameters", "add_parameters", "replace"},
}


class Request:
    """What a rule looks at."""

    __slots__ = ("service", "method", "bucket", "key", "query", "size")

    def __init__(self, service, method, bucket="", key="", query="", size=0):
        self.service = service
        self.method = method
        self.bucket = bucket
        self.key = key
        self.query = query
        self.size = size


class Rule:
    """One rule, its counts, and whom it holds up. Keys that were not given are None."""

    def __init__(self, document, number_of_rule):
        if not isinstance(document, dict):
            raise BadRule("a rule is an object: {\"bucket\": \"bad-*\", \"status\": 503}")
        self.document = document
        values = dict.fromkeys(KEYS)
        for key, value in document.items():
            if key not in KEYS:
                raise BadRule(f"no such key: {key}; there are {', '.join(KEYS)}")
            try:
                values[key] = KEYS[key][0](value)
            except ValueError as error:
                raise BadRule(f"{key} takes {error}, not {value!r}") from None
        self.values = values
        self.name = values["name"] or f"rule-{number_of_rule}"
        self.check()
        self.gone = asyncio.Event()
        self.alike = collections.Counter()  # how many there were of each kind, where `first` asks for it
        self.matched = 0
        self.struck = 0  # requests, or TLS connections
        self.cut = 0     # of these, how many ended before their end
        self.under_way = 0

    def __getitem__(self, key):
        return self.values[key]

    def check(self):
        values = self.values
        if values["status"] is None and (values["early"] or values["code"] or values["body"]):
            raise BadRule(f"{self.name}: early, code and body need a status")
        if values["code"] is not None and values["body"] is not None:
            raise BadRule(f"{self.name}: code and body exclude each other")
        given = {key for key, value in values.items() if value is not None}
        for service, own in SERVED_ALONE.items():
            if given & own and values["service"] not in (None, service):
                raise BadRule(f"{self.name}: {', '.join(sorted(given & own))}: for {service} alone")
            if given & own:
                values["service"] = service
        for side in ("request", "answer"):
            if values[f"{side}_cut"] is not None and values[f"{side}_hang"] is not None:
                raise BadRule(f"{self.name}: {side}_cut and {side}_hang exclude each other")

    def is_for(self, request):
        values = self.values
        if values["certificate"] is not None:
            return False
        if values["service"] is not None and values["service"] != request.service:
            return False
        if values["bucket"] is not None and not values["bucket"](request.bucket):
            return False
        if values["prefix"] is not None and not values["prefix"](request.key):
            return False
        if values["query"] is not None and not values["query"](request.query):
            return False
        if values["method"] is not None and not values["method"](request.method):
            return False
        return values["larger_than"] is None or request.size > values["larger_than"]

    def kind(self, request):
        """What it has in common with those that are alike."""
        if self["query"] is None:
            return request.method, request.bucket, request.key
        found = self["query"](request.query)
        return found.groups() or found.group()

    def strikes(self, dice, request):
        """Whether one that it is for is struck; counted."""
        if self["count"] is not None and self.struck >= self["count"]:
            return False
        if self["chance"] is not None and dice.random() >= self["chance"]:
            return False
        if self["first"] is not None:
            kind = self.kind(request)
            self.alike[kind] += 1
            if self.alike[kind] > self["first"]:
                return False
        self.matched += 1
        if self.matched <= (self["skip"] or 0):
            return False
        self.struck += 1
        return True

    @property
    def times(self):
        if self["times"] is not None:
            return self["times"]
        return 1 if self["status"] is None else 0

    async def pause(self, duration):
        """Waits, but not for longer than the rule is in force."""
        if self.gone.is_set():
            return
        try:
            await asyncio.wait_for(self.gone.wait(), duration)
        except asyncio.TimeoutError:
            pass

    def counts(self):
        return {"name": self.name, "struck": self.struck, "cut": self.cut, "under_way": self.under_way}


class Rules:
    """All rules in their order."""

    def __init__(self, dice):
        self.dice = dice
        self.list = []
        self.made = 0

    def make(self, documents):
        made = []
        for document in documents if isinstance(documents, list) else [documents]:
            self.made += 1
            made.append(Rule(document, self.made))
        labels = [rule.name for rule in made]
        if len(set(labels)) != len(labels):
            raise BadRule("two rules of one name")
        return made

    def replace(self, documents):
        """These instead of all others."""
        made = self.make(documents)
        self.remove()
        self.list = made

    def add(self, documents):
        """These before the others, or instead of those of the same name."""
        made = self.make(documents)
        for rule in made:
            self.remove(rule.name)
        self.list = made + self.list

    def remove(self, name=None):
        """The one of that name, or all; returns how many. Whom they hold up goes on."""
        removed = [rule for rule in self.list if name in (None, rule.name)]
        self.list = [rule for rule in self.list if rule not in removed]
        for rule in removed:
            rule.gone.set()
        return len(removed)

    def choose(self, request):
        """The rule that strikes a request, or None."""
        for rule in self.list:
            if rule.is_for(request) and rule.strikes(self.dice, request):
                return rule
        return None

    def certificate(self, bucket):
        """What certificate who asks for a bucket's host is shown; None: a good one."""
        for rule in self.list:
            if rule["certificate"] is None or (rule["bucket"] and not rule["bucket"](bucket)):
                continue
            if rule.strikes(self.dice, Request("s3", "", bucket)):
                return rule["certificate"]
        return None
