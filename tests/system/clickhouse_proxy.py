#!/usr/bin/env python3
"""A proxy before ClickHouse as there are such: it hands on the URL parameters that it knows, and drops all others.

With --limit N it also has an opinion on how many rows a statement may answer: it adds LIMIT N to each that sorts its rows, and the
answer ends well. It drops that opinion as soon as there is the file --until. Says "ready on port N" on standard output.
"""

import argparse
import http.client
import http.server
import os
import urllib.parse

KNOWN = ("query", "database", "query_id", "default_format")
SORTED = b"ORDER BY raftSessionID, bucketName, insertedAt, startTime, req_id"
PIECE = 1 << 16


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        options = self.server.options
        target = urllib.parse.urlsplit(self.path)
        known = [pair for pair in urllib.parse.parse_qsl(target.query, keep_blank_values=True) if pair[0] in KNOWN]
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if options.limit and not os.path.exists(options.until):
            body = body.replace(SORTED, SORTED + b" LIMIT %d" % options.limit)
        headers = {name: value for name, value in self.headers.items() if name.startswith("X-ClickHouse")}
        upstream = http.client.HTTPConnection(options.upstream)
        upstream.request("POST", target.path + "?" + urllib.parse.urlencode(known), body, headers)
        self.hand_on(upstream.getresponse())
        upstream.close()

    def hand_on(self, answer):
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.startswith("X-ClickHouse"):
                self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while piece := answer.read1(PIECE):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *arguments):
        """Nobody reads it."""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upstream", required=True, metavar="HOST:PORT")
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--until", default="", metavar="FILE")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.options = parser.parse_args()
    print(f"ready on port {server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
