"""The proxy of contrib/dev/faults: HTTP/1.1 between a client and an upstream server, as the rules bend it.

A request is read whole before upstream gets it, so it goes on though its sender is gone meanwhile. Its
answer is handed on as it comes. Connections are kept on both sides.
"""

import asyncio
import collections
import re
import select
import socket
import struct
import urllib.parse

from fault_rules import Request

HEAD_MAX = 1 << 16
PIECE = 1 << 16
# What a rate sends or reads at once: a part of a second's bytes.
TICKS = 10
# Small, so that a client whose body is not read on notices it soon.
RECEIVE_BUFFER = 1 << 18
HANG_LOOK_SECONDS = 0.25
# How long one who was answered early may go on to send what nobody reads.
LINGER_SECONDS = 5
# Heads of requests that are kept for whoever asks what was sent.
HEADS_MAX = 500

LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.I)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked", re.I)
CLOSE = re.compile(rb"\r\nconnection:[ \t]*close", re.I)
EXPECT = re.compile(rb"\r\nexpect:[ \t]*100-continue", re.I)
HOST = re.compile(rb"\r\nhost:[ \t]*([^\r\n]*)", re.I)

REASONS = {
    200: "OK", 204: "No Content", 301: "Moved Permanently", 304: "Not Modified",
    307: "Temporary Redirect", 400: "Bad Request", 403: "Forbidden", 404: "Not Found",
    412: "Precondition Failed", 413: "Content Too Large", 429: "Too Many Requests",
    500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway",
    503: "Service Unavailable", 504: "Gateway Timeout",
}


class Broken(Exception):
    """The connection has ended, or is to end, before its time."""


class Stream:
    """One side of a connection."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer
        self.transport = writer.transport

    async def head(self):
        """The next head with its empty line; None when the other side has closed between two."""
        try:
            return await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise Broken from None
            return None
        except asyncio.LimitOverrunError:
            raise Broken from None

    async def send(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def exactly(self, size):
        try:
            return await self.reader.readexactly(size)
        except asyncio.IncompleteReadError:
            raise Broken from None

    async def pieces(self, size):
        while size > 0:
            piece = await self.reader.read(min(size, PIECE))
            if not piece:
                raise Broken
            size -= len(piece)
            yield piece

    async def chunks(self):
        """A chunked body as it stands on the wire."""
        while True:
            line = await self.line()
            yield line
            size = int(line.split(b";")[0], 16)
            if size == 0:
                break
            async for piece in self.pieces(size + 2):
                yield piece
        while True:
            line = await self.line()
            yield line
            if line == b"\r\n":
                return

    async def line(self):
        line = await self.reader.readline()
        if not line.endswith(b"\n"):
            raise Broken
        return line

    async def rest(self):
        while piece := await self.reader.read(PIECE):
            yield piece

    def usable(self):
        return not (self.reader.at_eof() or self.transport.is_closing())

    def gone(self):
        """Whether the other side has closed, be there bytes of it unread or not."""
        descriptor = self.transport.get_extra_info("socket").fileno()
        if descriptor < 0 or self.transport.is_closing():
            return True
        poll = select.poll()
        poll.register(descriptor, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
        return bool(poll.poll(0))

    def reset(self):
        """Closes at once, by a reset."""
        connection = self.transport.get_extra_info("socket")
        if connection.fileno() >= 0:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def close(self):
        self.writer.close()


def body_of(stream, head, status=None):
    """The body after a head, in pieces as on the wire; and whether the connection can be kept."""
    if status is not None and (status < 200 or status in (204, 304)):
        return stream.pieces(0), True
    if CHUNKED.search(head):
        return stream.chunks(), True
    length = LENGTH.search(head)
    if length:
        return stream.pieces(int(length[1])), True
    return (stream.pieces(0), True) if status is None else (stream.rest(), False)


class Answer:
    """Head, then body piece by piece; `finish` when all of it is read, `abandon` when the rest is not wanted."""

    def __init__(self, head, body, finish=lambda: None, abandon=lambda: None):
        self.head = head
        self.body = body
        self.finish = finish
        self.abandon = abandon

    @property
    def status(self):
        return int(self.head[9:12])

    async def wire(self):
        yield self.head
        async for piece in self.body:
            yield piece
        self.finish()

    async def drain(self):
        async for _ in self.wire():
            pass


def own_answer(rule, resource):
    """What a rule has to say itself."""
    status = rule["status"]
    body = rule["body"]
    headers = {"Content-Type": "text/html"}
    if body is None:
        code = rule["code"]
        body = "" if code is None else (
            f"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code>"
            f"<Message>{code} by a rule</Message><Resource>{resource}</Resource></Error>")
        headers = {"Content-Type": "application/xml"}
    body = body.encode()
    if status not in (204, 304):
        headers["Content-Length"] = str(len(body))
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def pieces():
        if status not in (204, 304):
            yield body

    return Answer(head, pieces())


def change_headers(head, changes):
    for name, value in changes.items():
        head = re.sub(rb"\r\n" + re.escape(name.encode()) + rb":[^\r\n]*", b"", head, flags=re.I)
        if value is not None:
            head = head[:-2] + f"{name}: {value}\r\n\r\n".encode()
    return head


def change_parameters(target, rule):
    """The URL as a proxy hands it on that knows some parameters only, or as a profile would have it."""
    path, _, query = target.partition("?")
    parameters = urllib.parse.parse_qsl(query, keep_blank_values=True)
    if rule["keep_parameters"] is not None:
        parameters = [(name, value) for name, value in parameters if rule["keep_parameters"](name)]
    there = {name for name, _ in parameters}
    added = rule["add_parameters"] or {}
    parameters += [(name, value) for name, value in added.items() if name not in there]
    return path + "?" + urllib.parse.urlencode(parameters)


class Upstream:
    """The real server, and connections to it that wait for the next request."""

    def __init__(self, host, port):
        self.host = host
        self.port = port
        self.idle = []

    async def connection(self):
        """(stream, whether it has served before)"""
        while self.idle:
            stream = self.idle.pop()
            if stream.usable():
                return stream, True
            stream.close()
        return Stream(*await asyncio.open_connection(self.host, self.port, limit=HEAD_MAX)), False

    async def ask(self, method, request):
        """The answer to a request. A connection that turns out closed is replaced once by another."""
        while True:
            stream, kept = await self.connection()
            try:
                await stream.send(request)
                head = await stream.head()
                if head is None:
                    raise Broken
                return self.answer(method, stream, head)
            except (Broken, OSError):
                stream.reset()
                if not kept:
                    raise Broken from None

    def answer(self, method, stream, head):
        if method == "HEAD":
            body, keep = stream.pieces(0), True
        else:
            body, keep = body_of(stream, head, int(head[9:12]))
        keep = keep and not CLOSE.search(head)
        return Answer(head, body, lambda: self.idle.append(stream) if keep else stream.close(), stream.reset)


class Exchange:
    """One request and its answer."""

    def __init__(self, proxy, stream, head):
        self.proxy = proxy
        self.stream = stream
        self.head = head
        line = head[: head.index(b"\r\n")].decode("latin-1")
        self.method, self.target, self.version = line.split(" ", 2)
        self.keep = self.version == "HTTP/1.1" and not CLOSE.search(head)
        length = LENGTH.search(head)
        self.size = int(length[1]) if length else 0
        self.body = b""
        self.rule = None

    def request(self):
        if self.proxy.service == "clickhouse":
            query = urllib.parse.urlsplit(self.target).query
            text = urllib.parse.unquote_plus(query) + "\n" + self.body.decode("utf-8", "replace")
            return Request("clickhouse", self.method, query=text, size=len(self.body))
        path = urllib.parse.unquote(self.target.partition("?")[0])
        bucket = self.proxy.bucket_of(HOST.search(self.head))
        if bucket:
            return Request("s3", self.method, bucket, path[1:], size=self.size)
        bucket, _, key = path[1:].partition("/")
        return Request("s3", self.method, bucket, key, size=self.size)

    async def hang(self):
        """Nothing happens any more, until the rule or the client is gone."""
        while not self.rule.gone.is_set() and not self.stream.gone():
            await self.rule.pause(HANG_LOOK_SECONDS)

    async def stop(self):
        """The end of what a rule cuts or lets hang."""
        self.rule.cut += 1
        raise Broken

    def rate(self, side):
        """Bytes a second at this moment; None: any number."""
        rule = self.rule
        rate = rule[f"{side}_rate"]
        return rate / rule.under_way if rate and rule["shared"] else rate

    async def through(self, pieces, side):
        """The pieces as the rule lets them through: slowly, and no further than it says."""
        rule = self.rule
        hangs = rule[f"{side}_hang"]
        end = hangs or rule[f"{side}_cut"]
        left = None if end is None else end(self.proxy.rules.dice)
        pieces = aiter(pieces)
        while True:
            if left == 0:
                if hangs:
                    await self.hang()
                await self.stop()
            try:
                piece = await anext(pieces)
            except StopAsyncIteration:
                return
            while piece and left != 0:
                size = len(piece)
                rate = self.rate(side)
                if rate:
                    size = min(size, max(1, int(rate / TICKS)))
                    await rule.pause(size / rate)
                if left is not None:
                    size = min(size, left)
                    left -= size
                yield piece[:size]
                piece = piece[size:]

    def bends(self, side):
        rule = self.rule
        return rule and any(rule[f"{side}_{what}"] is not None for what in ("rate", "cut", "hang"))

    async def read_body(self):
        """The whole body; a client that asks whether it may send it is told yes."""
        if EXPECT.search(self.head):
            await self.stream.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.head = EXPECT.sub(b"", self.head)
        if self.proxy.service == "s3" and self.bends("request"):
            pieces, _ = body_of(self.stream, self.head)
            self.body = b"".join([piece async for piece in self.through(pieces, "request")])
        elif self.size:
            self.body = await self.stream.exactly(self.size)
        elif CHUNKED.search(self.head):
            self.body = b"".join([piece async for piece in self.stream.chunks()])
        self.proxy.request_bytes += len(self.body)

    async def delay(self, side):
        if self.rule and self.rule[f"{side}_delay"]:
            await self.rule.pause(self.proxy.rules.dice.uniform(*self.rule[f"{side}_delay"]))

    def outgoing(self):
        """What upstream is sent."""
        head = self.head
        rule = self.rule
        if rule and (rule["keep_parameters"] or rule["add_parameters"]):
            target = change_parameters(self.target, rule)
            head = head.replace(self.target.encode("latin-1"), target.encode("latin-1"), 1)
        body = self.body
        if rule and rule["replace"] and LENGTH.search(head):
            for words, others in rule["replace"].items():
                body = body.replace(words.encode(), (others or "").encode())
            head = LENGTH.sub(b"\r\nContent-Length: %d" % len(body), head)
        return head + body

    async def ask(self):
        """The answer; of two the second."""
        answer = None
        for _ in range(self.rule.times if self.rule else 1):
            if answer:
                await answer.drain()
            answer = await self.proxy.upstream.ask(self.method, self.outgoing())
        return answer

    async def tell(self, answer):
        if answer is None:  # neither upstream's nor one of our own
            if self.rule["answer_hang"]:
                await self.hang()
            await self.stop()
        if self.rule and self.rule["headers"]:
            answer.head = change_headers(answer.head, self.rule["headers"])
        self.keep = self.keep and not CLOSE.search(answer.head) and (
            self.method == "HEAD" or answer.status in (204, 304)
            or bool(LENGTH.search(answer.head) or CHUNKED.search(answer.head)))
        wire = answer.wire()
        if self.bends("answer"):
            wire = self.through(wire, "answer")
        try:
            async for piece in wire:
                await self.stream.send(piece)
        except (Broken, OSError):
            # Upstream would wait for ever for somebody to read on.
            answer.abandon()
            raise

    async def refuse_early(self):
        """Answered before the body is read, which the client may go on to send."""
        answer = own_answer(self.rule, self.target)
        answer.head = change_headers(answer.head, {"Connection": "close"})
        await self.delay("answer")
        await self.tell(answer)
        if self.stream.writer.can_write_eof():
            self.stream.writer.write_eof()
        try:
            await asyncio.wait_for(self.discard(), LINGER_SECONDS)
        except asyncio.TimeoutError:
            pass

    async def discard(self):
        async for _ in self.stream.rest():
            pass

    async def serve(self):
        """Serves it. Afterwards `keep` says whether the connection can serve another one."""
        proxy = self.proxy
        proxy.requests += 1
        if proxy.service == "clickhouse":  # its query tells what becomes of it
            await self.read_body()
        self.rule = proxy.rules.choose(self.request())
        if self.rule is None:
            proxy.passed += 1
            if proxy.service == "s3":
                await self.read_body()
            await self.tell(await self.ask())
            return
        self.rule.under_way += 1
        try:
            await self.serve_struck()
        finally:
            self.rule.under_way -= 1

    async def serve_struck(self):
        await self.delay("request")
        if self.rule["early"]:
            self.keep = False
            await self.refuse_early()
            return
        if self.proxy.service == "s3":
            await self.read_body()
        answer = await self.ask()
        if self.rule["status"] is not None:
            if answer:
                await answer.drain()
            answer = own_answer(self.rule, self.target)
        await self.delay("answer")
        await self.tell(answer)


class Proxy:
    """One service: where clients connect, and the server that requests go on to."""

    def __init__(self, service, url, rules, domain=None):
        parts = urllib.parse.urlsplit(url)
        self.service = service
        self.upstream = Upstream(parts.hostname, parts.port or 80)
        self.rules = rules
        self.domain = domain
        self.requests = 0
        self.passed = 0
        self.under_way = 0
        self.unreachable = 0
        self.request_bytes = 0
        self.servers = []
        self.heads = collections.deque(maxlen=HEADS_MAX)

    def bucket_of(self, host):
        """The bucket that a host names, where it is one below the domain of virtual addressing."""
        name = host[1].decode("latin-1").partition(":")[0] if host else ""
        suffix = f".{self.domain}"
        return name[: -len(suffix)] if self.domain and name.endswith(suffix) else ""

    async def listen(self, port=0, tls=None):
        """Begins to serve on loopback; returns the port."""
        # asyncio turns Nagle's algorithm off where the protocol is named: a body would wait for what acknowledges its head.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        listener.bind(("127.0.0.1", port))
        self.servers.append(await asyncio.start_server(
            self.serve, sock=listener, limit=HEAD_MAX, backlog=1024, ssl=tls))
        return listener.getsockname()[1]

    async def serve(self, reader, writer):
        stream = Stream(reader, writer)
        try:
            keep = True
            while keep and (head := await stream.head()):
                keep = await self.serve_one(stream, head)
            stream.close()
        except (Broken, OSError, ValueError):
            stream.reset()

    async def serve_one(self, stream, head):
        exchange = Exchange(self, stream, head)
        self.heads.append(head.decode("latin-1"))
        self.under_way += 1
        try:
            await exchange.serve()
        except Broken:
            if exchange.rule and exchange.rule["clean"]:
                return False
            raise
        finally:
            self.under_way -= 1
        return exchange.keep

    def counts(self):
        return {"requests": self.requests, "passed": self.passed, "under_way": self.under_way,
                "request_bytes": self.request_bytes}
