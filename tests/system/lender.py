#!/usr/bin/python3
"""Who lends credentials, for tests: instance metadata (version 2), a container's provider, and an OpenID Connect
issuer of web identities.

lender.py PORT DIRECTORY: lends what DIRECTORY/lent holds at that moment, a JSON object; without that file the answer is
503. DIRECTORY/issuer.pem is the issuer's certificate. Each request is a line on standard output.
"""

import http.server
import json
import os
import secrets
import sys

AUTHORIZATION = "let-me-have-them"
ROLE = "log-courier"
ROLES = "/latest/meta-data/iam/security-credentials/"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    directory = ""
    sessions = set()

    def answer(self, status, body=""):
        print(self.command, self.path, status, flush=True)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def lend(self):
        try:
            with open(os.path.join(self.directory, "lent"), encoding="utf-8") as lent:
                self.answer(200, lent.read())
        except FileNotFoundError:
            self.answer(503)

    def do_PUT(self):
        if self.path != "/latest/api/token":
            self.answer(404)
        elif not self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "").isdigit():
            self.answer(400)
        else:
            self.sessions.add(secrets.token_urlsafe(30))
            self.answer(200, max(self.sessions, key=len))

    def do_GET(self):
        base = f"http://{self.headers['Host']}"
        if self.path.startswith(ROLES):
            if self.headers.get("X-aws-ec2-metadata-token") not in self.sessions:
                self.answer(401)
            elif self.path == ROLES:
                self.answer(200, ROLE)
            elif self.path == ROLES + ROLE:
                self.lend()
            else:
                self.answer(404)
        elif self.path == "/container":
            if self.headers.get("Authorization") == AUTHORIZATION:
                self.lend()
            else:
                self.answer(401)
        elif self.path == "/.well-known/openid-configuration":
            self.answer(200, json.dumps({"issuer": base, "jwks_uri": base + "/keys"}))
        elif self.path == "/keys":
            with open(os.path.join(self.directory, "issuer.pem"), encoding="ascii") as pem:
                certificate = "".join(line.strip() for line in pem if "-----" not in line)
            key = {"kty": "RSA", "alg": "RS256", "use": "sig", "x5c": [certificate]}
            self.answer(200, json.dumps({"keys": [key]}))
        else:
            self.answer(404)

    def log_message(self, *arguments):
        pass


if __name__ == "__main__":
    Handler.directory = sys.argv[2]
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
