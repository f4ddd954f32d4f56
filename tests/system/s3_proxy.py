"""A proxy between log-courier and S3 that loses what it should hand on.

It reads each request whole and then decides its fate, once: so a PUT goes on though its sender was
killed meanwhile, and a reply is lost though the server has stored the object.
"""

import random
import socket
import struct
import threading
import time

PIECE = 1 << 16
HEAD_MAX = 1 << 16
LATEST = 4.0
FATES = ("lost", "late", "twice", "failed", "cut")


class Broken(Exception):
    """The other side has gone away."""


class Stream:
    """One side of a connection, read by lines and lengths."""

    def __init__(self, connection):
        self.socket = connection
        self.rest = b""

    def fill(self):
        piece = self.socket.recv(PIECE)
        if not piece:
            raise Broken
        self.rest += piece

    def take(self, size):
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken

    def head(self):
        while b"\r\n\r\n" not in self.rest:
            if len(self.rest) > HEAD_MAX:
                raise Broken
            self.fill()
        return self.take(self.rest.index(b"\r\n\r\n") + 4)

    def exactly(self, size):
        while len(self.rest) < size:
            self.fill()
        return self.take(size)

    def message(self):
        """Head and body. Neither side of S3 sends a PUT or its answer in chunks."""
        head = self.head()
        size = 0
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                size = int(value)
        return head, self.exactly(size)

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def refusal(status, code):
    body = f"<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>".encode()
    return (
        f"HTTP/1.1 {status} {code}\r\nContent-Type: application/xml\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


class Proxy:
    """Listens on a port of its own. `chances`: of each fate; `denied`: buckets that refuse."""

    def __init__(self, host, port, seed, chances):
        self.server = (host, port)
        self.dice = random.Random(seed)
        self.chances = chances
        self.denied = set()
        self.counts = dict.fromkeys((*FATES, "denied", "passed"), 0)
        self.lock = threading.Condition()
        self.busy = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def fate_of(self, head):
        """(fate, seconds): what becomes of a request, and how much later."""
        bucket = head.split(b" ")[1].split(b"/")[1].decode()
        with self.lock:
            fate = "denied" if bucket in self.denied else "passed"
            if fate == "passed" and head.startswith(b"PUT "):
                throw = self.dice.random()
                for name in FATES:
                    throw -= self.chances.get(name, 0)
                    if throw < 0:
                        fate = name
                        break
            self.counts[fate] += 1
            return fate, self.dice.uniform(0, LATEST) if fate == "late" else 0

    def ask(self, request):
        """The server's answer."""
        with socket.create_connection(self.server) as connection:
            connection.sendall(request)
            head, body = Stream(connection).message()
            return head + body

    def answer(self, fate, request):
        """What the sender is told; None: nothing."""
        if fate == "denied":
            return refusal(403, "AccessDenied")
        if fate == "cut":
            return None
        reply = self.ask(request)
        if fate == "twice":
            reply = self.ask(request)
        if fate == "failed":
            return refusal(500, "InternalError")
        return None if fate == "lost" else reply

    def handle(self, client):
        head, body = client.message()
        fate, seconds = self.fate_of(head)
        with self.lock:
            self.busy += 1
        try:
            time.sleep(seconds)
            reply = self.answer(fate, head + body)
        finally:
            with self.lock:
                self.busy -= 1
                self.lock.notify_all()
        if reply is None:
            raise Broken
        client.socket.sendall(reply)

    def serve(self, connection):
        client = Stream(connection)
        try:
            while True:
                self.handle(client)
        except (Broken, OSError):
            client.reset()

    def calm(self):
        """From now on all goes well."""
        with self.lock:
            self.chances = {}
            self.denied = set()

    def await_idle(self):
        """Until nothing is held back any more."""
        with self.lock:
            self.lock.wait_for(lambda: self.busy == 0)
