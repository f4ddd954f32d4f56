#!/usr/bin/python3
"""Users and keys as the IAM API has them, for what the S3 of the tests lacks: GetUser, CreateUser, PutUserPolicy,
ListAccessKeys and CreateAccessKey, for who signs with the administrator's key.

iam_server.py PORT KEY SECRET: each request is a line on standard output.
"""

import hashlib
import hmac
import http.server
import re
import sys
import urllib.parse

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/((\d+)/([^/]+)/iam/aws4_request), SignedHeaders=([^,]+), Signature=(\w+)$"
)


class Refused(Exception):
    """With a status and a code."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    key = secret = ""
    users = {}  # by name: path, policies, keys

    def check(self, body):
        """The signature of the request, made again from what came."""
        match = AUTHORIZATION.match(self.headers.get("Authorization", ""))
        if match is None or match[1] != self.key:
            raise Refused(403, "InvalidClientTokenId")
        _, scope, day, region, names, signature = match.groups()
        lines = "".join(f"{name}:{self.headers[name]}\n" for name in names.split(";"))
        digest = hashlib.sha256(body).hexdigest()
        canonical = f"POST\n/\n\n{lines}\n{names}\n{digest}"
        to_sign = "AWS4-HMAC-SHA256\n{}\n{}\n{}".format(
            self.headers["X-Amz-Date"], scope, hashlib.sha256(canonical.encode()).hexdigest()
        )
        key = ("AWS4" + self.secret).encode()
        for part in (day, region, "iam", "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        if hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest() != signature:
            raise Refused(403, "SignatureDoesNotMatch")

    def act(self, action, values):
        name = values["UserName"]
        user = self.users.get(name)
        if action == "CreateUser":
            if user is not None:
                raise Refused(409, "EntityAlreadyExists")
            self.users[name] = {"path": values.get("Path", "/"), "keys": []}
            return ""
        if user is None:
            raise Refused(404, "NoSuchEntity")
        if action == "GetUser":
            return f"<User><Path>{user['path']}</Path><UserName>{name}</UserName></User>"
        if action == "PutUserPolicy":
            return ""
        if action == "CreateAccessKey":
            user["keys"].append(f"AKIA{len(user['keys']):04}")
            return (
                f"<AccessKey><AccessKeyId>{user['keys'][-1]}</AccessKeyId>"
                "<SecretAccessKey>a+secret/of=it</SecretAccessKey></AccessKey>"
            )
        if action == "ListAccessKeys":
            members = "".join(f"<member><AccessKeyId>{key}</AccessKeyId></member>" for key in user["keys"])
            return f"<AccessKeyMetadata>{members}</AccessKeyMetadata>"
        raise Refused(400, "InvalidAction")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        values = dict(urllib.parse.parse_qsl(body.decode()))
        action = values.get("Action", "")
        try:
            self.check(body)
            status, text = 200, self.act(action, values)
            text = f'<{action}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><{action}Result>{text}</{action}Result></{action}Response>'
        except Refused as refused:
            status = refused.args[0]
            text = f"<ErrorResponse><Error><Code>{refused.args[1]}</Code><Message>no</Message></Error></ErrorResponse>"
        print(action, status, values.get("PolicyDocument", ""), flush=True)
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *arguments):
        pass


if __name__ == "__main__":
    Handler.key, Handler.secret = sys.argv[2:4]
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
