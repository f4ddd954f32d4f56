#!/usr/bin/python3
"""An HTTP server in the place of S3 or ClickHouse that answers as those do which are set up wrongly.

wrong_server.py PORT FILE: each request is answered as the file says at that moment: a line with the
status and headers, "400 X-ClickHouse-Exception-Code: 60", and the body in the lines after it.
"""

import http.server
import sys

PIECE = 1 << 16


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        left = int(self.headers.get("Content-Length") or 0)
        while left > 0:
            left -= len(self.rfile.read(min(left, PIECE)))
        with open(sys.argv[2], encoding="utf-8") as script:
            first, _, body = script.read().partition("\n")
        status, _, headers = first.partition(" ")
        self.send_response(int(status))
        for header in filter(None, headers.split("; ")):
            self.send_header(*header.split(": ", 1))
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    do_GET = do_POST = do_PUT = answer

    def log_message(self, *arguments):
        pass


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
