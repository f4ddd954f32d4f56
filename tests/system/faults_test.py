#!/usr/bin/python3
"""Does contrib/dev/faults do what its rules say, and nothing else? A small server that notes what it gets."""

import http.client
import http.server
import os
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "contrib", "dev", "lib"))

from fault_client import PROGRAM, Faults  # noqa: E402

BODY = bytes(range(256)) * 1000
# What the server sends to a question, in chunks.
CHUNKS = [b"row %d\n" % number for number in range(200)]
BROKEN = (ConnectionError, http.client.HTTPException)


class Upstream(http.server.BaseHTTPRequestHandler):
    """Takes PUTs as S3 does, answers POSTs as ClickHouse does, and notes all of them."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    seen = []
    connections = 0
    left = threading.Event()

    def setup(self):
        super().setup()
        Upstream.connections += 1

    def take(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append((self.command, self.path, body))

    def do_PUT(self):
        self.take()
        self.send_response(200)
        self.send_header("ETag", '"etag"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self):
        self.take()
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for chunk in CHUNKS:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        self.wfile.write(b"0\r\n\r\n")

    def do_GET(self):
        """An answer that has no end: sent as long as somebody reads it."""
        self.take()
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(BODY), BODY))
        except OSError:
            self.close_connection = True
            Upstream.left.set()

    def do_HEAD(self):
        self.take()
        self.send_response(200)
        self.send_header("Content-Length", "12345")
        self.end_headers()

    def log_message(self, *_):
        pass


class Proxied(unittest.TestCase):
    """Each test has the proxy without rules, and its own connection."""

    @classmethod
    def setUpClass(cls):
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
        cls.server.daemon_threads = True
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{cls.server.server_port}"
        cls.directory = tempfile.TemporaryDirectory(prefix="log-courier-faults-")
        cls.faults = Faults("--s3", url, "--clickhouse", url, "--tls", cls.directory.name)

    @classmethod
    def tearDownClass(cls):
        cls.faults.close()
        cls.server.shutdown()
        cls.server.server_close()
        cls.directory.cleanup()

    def setUp(self):
        self.faults.put([])
        Upstream.seen = []
        Upstream.connections = 0
        self.connections = {}

    def tearDown(self):
        for connection in self.connections.values():
            connection.close()

    def send(self, method, path, body=None, service="s3", headers=None, timeout=10):
        """(status, headers, body) of the answer, over a connection that is kept."""
        if service not in self.connections:
            parts = urllib.parse.urlsplit(self.faults.places[service])
            self.connections[service] = http.client.HTTPConnection(parts.hostname, parts.port)
        connection = self.connections[service]
        connection.timeout = timeout
        if connection.sock:
            connection.sock.settimeout(timeout)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            raise

    def put(self, path="/bucket/key", body=BODY, **options):
        return self.send("PUT", path, body, **options)

    def ask(self, text="SELECT 1", path="/", **options):
        return self.send("POST", path, text.encode(), service="clickhouse", **options)

    def bodies(self):
        return [body for _, _, body in Upstream.seen]

    def remove_once_it_strikes(self):
        """The only rule, from another thread."""
        def remove():
            self.faults.await_counts(lambda stats: stats["rules"][0]["under_way"] == 1)
            self.faults.remove()

        threading.Thread(target=remove, daemon=True).start()

    def struck(self, name="rule"):
        return self.faults.counts(name)["struck"]


class WithoutRules(Proxied):
    def test_all_passes_unharmed_over_kept_connections(self):
        for number in range(20):
            self.assertEqual(self.put(f"/bucket/a%20key?x={number}")[0], 200)
            self.assertEqual(self.ask()[2], b"".join(CHUNKS))
        self.assertEqual(Upstream.seen[0], ("PUT", "/bucket/a%20key?x=0", BODY))
        self.assertEqual(len(Upstream.seen), 40)
        self.assertLessEqual(Upstream.connections, 2)
        stats = self.faults.stats()
        self.assertEqual(stats["s3"]["under_way"], 0)
        self.assertGreaterEqual(stats["clickhouse"]["passed"], 20)

    def test_a_head_has_no_body(self):
        self.assertEqual(self.send("HEAD", "/bucket/key")[:1], (200,))
        self.assertEqual(self.put()[0], 200)

    def test_who_asks_whether_to_send_the_body_is_told_to(self):
        self.assertEqual(self.put(headers={"Expect": "100-continue"})[0], 200)
        self.assertEqual(self.bodies(), [BODY])

    def test_a_server_that_closes_its_kept_connection_is_asked_again(self):
        self.put()
        self.put(headers={"Connection": "close"})
        self.connections.pop("s3").close()
        self.assertEqual(self.put()[0], 200)
        self.assertEqual(len(Upstream.seen), 3)


class TheRules(Proxied):
    def test_a_request_is_chosen_by_bucket_prefix_method_and_size(self):
        self.faults.put([
            {"bucket": "no-*", "status": 404},
            {"bucket": "some", "prefix": "bad/", "status": 403},
            {"method": "DELETE", "status": 405},
            {"bucket": "small", "larger_than": 10, "status": 413},
        ])
        statuses = {
            ("PUT", "/no-bucket/key"): 404,
            ("PUT", "/yes-no-bucket/key"): 200,
            ("PUT", "/some/bad/key"): 403,
            ("PUT", "/some/b%61d/key"): 403,
            ("PUT", "/some/good/bad/"): 200,
            ("DELETE", "/any/key"): 405,
            ("PUT", "/small/key"): 413,
        }
        for (method, path), status in statuses.items():
            self.assertEqual(self.send(method, path, BODY)[0], status, path)
        self.assertEqual(self.put("/small/key", b"0123456789")[0], 200)

    def test_a_query_is_chosen_by_its_text_in_body_or_url(self):
        self.faults.put({"query": "INSERT INTO .*offsets", "status": 503})
        self.assertEqual(self.ask("INSERT INTO `logs`.`offsets` VALUES")[0], 503)
        self.assertEqual(self.ask("data", path="/?query=INSERT+INTO+offsets+FORMAT+TSV")[0], 503)
        self.assertEqual(self.ask("SELECT 1")[0], 200)
        self.assertEqual(self.put("/bucket/INSERT INTO offsets".replace(" ", "%20"))[0], 200)

    def test_some_are_skipped_and_then_some_are_struck(self):
        self.faults.put({"name": "rule", "method": "PUT", "skip": 2, "count": 3, "status": 503})
        self.assertEqual([self.put()[0] for _ in range(7)], [200, 200, 503, 503, 503, 200, 200])
        self.assertEqual(self.struck(), 3)

    def test_a_share_is_struck(self):
        self.faults.put({"name": "rule", "method": "PUT", "chance": 0.3, "status": 503})
        refused = sum(self.put(body=b"x")[0] == 503 for _ in range(200))
        self.assertTrue(30 < refused < 90, refused)
        self.assertEqual(self.struck(), refused)

    def test_the_first_of_those_alike_are_struck(self):
        self.faults.put([
            {"name": "rule", "method": "PUT", "first": 2, "status": 503},
            {"name": "source", "query": "IN [(](.*)[)] ORDER", "first": 1, "status": 503},
            {"name": "text", "query": "a.c", "first": 1, "status": 503},
        ])
        paths = ["/one/key", "/one/key", "/one/key", "/one/other", "/two/key", "/one/key"]
        self.assertEqual([self.put(path)[0] for path in paths], [503, 503, 200, 503, 503, 200])
        questions = ["1 IN (x) ORDER", "2 IN (x) ORDER", "1 IN (y) ORDER", "1 abc", "2 abc", "1 adc"]
        self.assertEqual([self.ask(text)[0] for text in questions], [503, 200, 503, 503, 200, 503])
        self.assertEqual([self.struck(name) for name in ("rule", "source", "text")], [4, 2, 2])

    def test_rules_are_added_before_others_replaced_by_name_and_removed(self):
        self.faults.add({"name": "two", "bucket": "*", "status": 503})
        self.faults.add({"name": "one", "bucket": "one", "status": 403})
        self.faults.add({"name": "one", "bucket": "one", "status": 404})
        self.assertEqual([self.put(f"/{name}/key")[0] for name in ("one", "two")], [404, 503])
        self.faults.remove("one")
        self.assertEqual([self.put(f"/{name}/key")[0] for name in ("one", "two")], [503, 503])
        self.assertEqual([rule["name"] for rule in self.faults.ask("GET", "/rules")], ["two"])
        self.assertRaises(ValueError, self.faults.remove, "one")

    def test_what_can_not_be_understood_is_refused_with_the_reason_and_changes_nothing(self):
        self.faults.add({"name": "kept", "status": 503})
        for rule, words in (
            ({"statsu": 503}, "no such key: statsu"),
            ({"status": "503"}, "status takes"),
            ({"answer_cut": [5, 1]}, "answer_cut takes"),
            ({"answer_cut": {"from": 5}}, "answer_cut takes"),
            ({"answer_cut": {"from": 5, "step": -1}}, "answer_cut takes"),
            ({"code": "SlowDown"}, "need a status"),
            ({"service": "clickhouse", "bucket": "x"}, "for s3 alone"),
            ({"bucket": "x", "query": "y"}, "for clickhouse alone"),
            ({"answer_cut": 1, "answer_hang": 1}, "exclude each other"),
            ({"query": "("}, "regular expression"),
        ):
            with self.assertRaisesRegex(ValueError, re.escape(words)):
                self.faults.put([rule])
        self.assertEqual([rule["name"] for rule in self.faults.ask("GET", "/rules")], ["kept"])

    def test_help_names_every_rule_key_and_a_rules_file_is_read(self):
        shown = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout
        self.assertIn("answer_cut", shown)
        path = os.path.join(self.directory.name, "rules.json")
        with open(path, "w", encoding="ascii") as file:
            file.write('[{"status": 503}, {"statsu": 1}]')
        done = subprocess.run([PROGRAM, "--s3", "http://127.0.0.1:1", "--rules", path],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("no such key: statsu", done.stderr)


class WhatBecomesOfRequests(Proxied):
    def test_the_body_is_cut_after_so_many_bytes(self):
        self.faults.put({"name": "rule", "method": "PUT", "request_cut": 100_000})
        self.assertRaises(BROKEN, self.put)
        self.assertEqual(Upstream.seen, [])
        self.assertEqual(self.faults.counts("rule")["cut"], 1)

    def test_a_request_is_lost_before_upstream_gets_it(self):
        self.faults.put({"method": "PUT", "times": 0})
        self.assertRaises(BROKEN, self.put)
        self.assertEqual(Upstream.seen, [])

    def test_a_reply_is_swallowed_after_upstream_has_done_it(self):
        self.faults.put({"method": "PUT", "answer_cut": 0, "count": 1})
        self.assertRaises(BROKEN, self.put)
        self.assertEqual(self.bodies(), [BODY])
        self.assertEqual(self.put()[0], 200)

    def test_a_request_goes_on_though_its_sender_is_gone(self):
        self.faults.put({"name": "rule", "method": "PUT", "request_delay": 1})
        self.assertRaises(TimeoutError, self.put, body=b"x", timeout=0.1)
        self.faults.await_idle("s3")
        self.assertEqual(self.bodies(), [b"x"])

    def test_a_request_is_sent_twice(self):
        self.faults.put({"method": "PUT", "times": 2})
        self.assertEqual(self.put()[0], 200)
        self.assertEqual(self.bodies(), [BODY, BODY])

    def test_a_body_is_read_slowly(self):
        self.faults.put({"method": "PUT", "request_rate": len(BODY) * 2})
        began = time.monotonic()
        self.assertEqual(self.put()[0], 200)
        self.assertGreater(time.monotonic() - began, 0.4)
        self.assertEqual(self.bodies(), [BODY])

    def test_a_rate_may_be_shared(self):
        self.faults.put({"method": "PUT", "request_rate": len(BODY) * 4, "shared": True})
        began = time.monotonic()
        parts = urllib.parse.urlsplit(self.faults.places["s3"])

        def put_alone():
            connection = http.client.HTTPConnection(parts.hostname, parts.port)
            connection.request("PUT", "/bucket/key", BODY)
            connection.getresponse().read()
            connection.close()

        threads = [threading.Thread(target=put_alone) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertGreater(time.monotonic() - began, 0.8)
        self.assertEqual(self.bodies(), [BODY] * 4)

    def test_what_hangs_is_not_read_on_and_is_reset_with_the_rules_end(self):
        self.faults.put({"name": "rule", "method": "PUT", "request_hang": 1000})
        self.assertRaises(TimeoutError, self.put, timeout=0.3)
        self.faults.await_counts(lambda stats: stats["rules"][0]["under_way"] == 0)
        self.remove_once_it_strikes()
        self.assertRaises(BROKEN, self.put, body=BODY * 200)
        self.assertEqual(Upstream.seen, [])
        self.assertEqual(self.put()[0], 200)

    def test_parameters_are_stripped_and_added(self):
        self.faults.put({"keep_parameters": ["query", "param_*"], "add_parameters": {"limit": "1000"}})
        self.ask(path="/?query=SELECT+%7Bx%3AString%7D&param_x=a%26b&max_threads=1&limit=5")
        path = urllib.parse.urlsplit(Upstream.seen[0][1])
        parameters = dict(urllib.parse.parse_qsl(path.query))
        self.assertEqual(parameters, {"query": "SELECT {x:String}", "param_x": "a&b", "limit": "1000"})
        self.faults.put({"add_parameters": {"limit": "1000"}})
        self.ask(path="/?limit=5")
        self.assertEqual(Upstream.seen[1][1], "/?limit=5")

    def test_words_of_a_statement_are_replaced(self):
        self.faults.put({"query": "SELECT", "replace": {"SETTINGS": "LIMIT 1000 SETTINGS", "x": None}})
        self.ask("SELECT x1 SETTINGS limit=0")
        self.assertEqual(Upstream.seen[0][2], b"SELECT 1 LIMIT 1000 SETTINGS limit=0")


class WhatBecomesOfAnswers(Proxied):
    def test_an_answer_of_a_rule_comes_without_upstream(self):
        self.faults.put([
            {"bucket": "busy", "status": 503, "code": "SlowDown", "headers": {"Retry-After": "1"}},
            {"bucket": "moved", "status": 307, "headers": {"Location": "http://elsewhere/"}},
            {"bucket": "same", "status": 304},
            {"bucket": "page", "status": 200, "body": "<html>welcome"},
        ])
        status, headers, body = self.put("/busy/key")
        self.assertEqual((status, headers["Retry-After"]), (503, "1"))
        self.assertIn(b"<Error><Code>SlowDown</Code>", body)
        self.assertEqual(self.put("/moved/key")[1]["Location"], "http://elsewhere/")
        self.assertEqual(self.put("/same/key")[0::2], (304, b""))
        self.assertEqual(self.put("/page/key")[0::2], (200, b"<html>welcome"))
        self.assertEqual(Upstream.seen, [])

    def test_upstream_may_have_done_what_a_rule_denies(self):
        self.faults.put({"method": "PUT", "status": 500, "code": "InternalError", "times": 1})
        self.assertEqual(self.put()[0], 500)
        self.assertEqual(self.bodies(), [BODY])

    def test_an_early_answer_does_not_wait_for_the_body(self):
        self.faults.put({"larger_than": 1000, "early": True, "status": 413, "body": "<html>too large"})
        parts = urllib.parse.urlsplit(self.faults.places["s3"])
        with socket.create_connection((parts.hostname, parts.port), 10) as connection:
            connection.sendall(b"PUT /bucket/key HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n")
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
        self.assertTrue(answer.startswith(b"HTTP/1.1 413 "), answer)
        self.assertIn(b"\r\nConnection: close\r\n", answer)
        self.assertEqual(self.put(body=b"small")[0], 200)

    def test_headers_are_removed(self):
        self.assertEqual(self.put()[1]["ETag"], '"etag"')
        self.faults.put({"method": "PUT", "headers": {"etag": None, "X-More": "yes"}})
        _, headers, _ = self.put()
        self.assertEqual((headers["ETag"], headers["X-More"]), (None, "yes"))

    def raw_answer(self):
        """All bytes until the connection ends, and whether by a reset."""
        parts = urllib.parse.urlsplit(self.faults.places["clickhouse"])
        received = b""
        with socket.create_connection((parts.hostname, parts.port), 10) as connection:
            connection.sendall(b"POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx")
            try:
                while piece := connection.recv(65536):
                    received += piece
            except ConnectionResetError:
                return received, True
        return received, False

    def test_an_answer_is_cut_at_every_byte(self):
        whole, _ = self.raw_answer()
        self.assertTrue(whole.endswith(b"0\r\n\r\n"))
        for size in [*range(0, len(whole), 41), len(whole) - 1]:
            for clean in (False, True):
                self.faults.put({"name": "rule", "service": "clickhouse", "answer_cut": size, "clean": clean})
                received, reset = self.raw_answer()
                # What a reset overtakes is not read.
                self.assertTrue(whole.startswith(received[: whole.index(b"Date")]))
                self.assertEqual(reset, not clean, size)
                self.assertTrue(len(received) == size or (reset and len(received) < size), size)
                self.assertEqual(self.faults.counts("rule")["cut"], 1)
        self.faults.put({"name": "rule", "service": "clickhouse", "answer_cut": len(whole) + 1})
        self.assertEqual(len(self.raw_answer()[0]), len(whole))
        self.assertEqual(self.faults.counts("rule")["cut"], 0)

    def test_each_cut_may_be_a_step_behind_the_last_one(self):
        self.faults.put([
            {"name": "answer", "service": "clickhouse", "answer_cut": {"from": 3, "step": 40}, "clean": True},
            {"name": "request", "method": "PUT", "request_cut": {"from": len(BODY) - 1, "step": 1}},
        ])
        self.assertEqual([len(self.raw_answer()[0]) for _ in range(3)], [3, 43, 83])
        self.assertRaises(BROKEN, self.put)
        self.assertRaises(BROKEN, self.put)
        self.assertEqual(Upstream.seen[3:], [])
        # After the end.
        self.assertEqual(self.put()[0], 200)
        self.assertEqual((self.struck("request"), self.faults.counts("request")["cut"]), (3, 2))

    def test_upstream_is_left_when_its_answer_is_cut_or_its_reader_is_gone(self):
        Upstream.left.clear()
        self.faults.put({"name": "rule", "method": "GET", "answer_cut": 5_000_000})
        self.assertRaises(BROKEN, self.send, "GET", "/bucket/key")
        self.assertTrue(Upstream.left.wait(10))
        Upstream.left.clear()
        self.faults.put([])
        parts = urllib.parse.urlsplit(self.faults.places["s3"])
        with socket.create_connection((parts.hostname, parts.port), 10) as connection:
            connection.sendall(b"GET /bucket/key HTTP/1.1\r\nHost: x\r\n\r\n")
            connection.recv(1000)
        self.assertTrue(Upstream.left.wait(10))

    def test_an_answer_hangs_after_some_bytes(self):
        self.faults.put({"name": "rule", "service": "clickhouse", "answer_hang": 500})
        self.assertRaises(TimeoutError, self.ask, timeout=0.3)
        self.faults.await_counts(lambda stats: stats["rules"][0]["under_way"] == 0)
        self.assertEqual(len(Upstream.seen), 1)

    def test_an_answer_comes_slowly(self):
        self.faults.put({"service": "clickhouse", "answer_rate": 6000})
        began = time.monotonic()
        self.assertEqual(self.ask()[2], b"".join(CHUNKS))
        self.assertGreater(time.monotonic() - began, 0.3)

    def test_what_is_slow_is_quick_when_its_rule_is_gone(self):
        self.faults.put({"service": "clickhouse", "answer_delay": 60, "answer_rate": 1})
        self.remove_once_it_strikes()
        self.assertEqual(self.ask()[2], b"".join(CHUNKS))


class Tls(Proxied):
    def reach(self, host):
        """What a client says that trusts the authority alone: '' if all is well."""
        context = ssl.create_default_context(cafile=os.path.join(self.directory.name, "authority.pem"))
        port = urllib.parse.urlsplit(self.faults.places["s3_tls"]).port
        try:
            with socket.create_connection(("127.0.0.1", port), 10) as plain:
                with context.wrap_socket(plain, server_hostname=host) as secure:
                    secure.sendall(b"PUT /key HTTP/1.1\r\nHost: " + host.encode() +
                                   b":1\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx")
                    return "" if secure.recv(100).startswith(b"HTTP/1.1 200") else "no answer"
        except ssl.SSLCertVerificationError as error:
            return error.verify_message

    def test_the_bucket_in_the_hosts_name_chooses_the_certificate(self):
        self.faults.put([
            {"name": "rule", "bucket": "late-*", "certificate": "expired"},
            {"bucket": "own", "certificate": "self-signed"},
            {"bucket": "other", "certificate": "other-name"},
        ])
        self.assertEqual(self.reach("good.s3.localhost"), "")
        self.assertEqual(self.reach("127.0.0.1"), "")
        self.assertIn("expired", self.reach("late-1.s3.localhost"))
        self.assertIn("self-signed", self.reach("own.s3.localhost"))
        self.assertIn("Hostname mismatch", self.reach("other.s3.localhost"))
        self.assertEqual(self.struck(), 1)
        self.faults.put([])
        self.assertEqual(self.reach("late-1.s3.localhost"), "")

    def test_the_bucket_in_the_hosts_name_chooses_the_rule(self):
        self.faults.put({"name": "rule", "bucket": "some", "prefix": "key", "status": 503})
        self.assertEqual(self.reach("good.s3.localhost"), "")
        self.assertEqual(self.reach("some.s3.localhost"), "no answer")


if __name__ == "__main__":
    unittest.main()
