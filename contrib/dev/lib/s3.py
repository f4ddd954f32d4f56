"""A small S3 client: list buckets, list objects, get an object, make and delete a bucket, set its policy; signed with
Signature Version 4.

The signature follows "Signature Calculations for the Authorization Header: Transferring Payload
in a Single Chunk" of the Amazon S3 API reference.
"""

import datetime
import gzip
import hashlib
import hmac
import http.client
import socket
import subprocess
import time
import urllib.parse
import xml.etree.ElementTree as xml
import zlib

from settings import setting

UNRESERVED = "-_.~"


class S3Error(Exception):
    """The server refused a request or could not be reached; code is S3's own, or None."""

    def __init__(self, message, code=None):
        super().__init__(message)
        self.code = code


def local_name(element):
    return element.tag.rpartition("}")[2]


def child_text(element, name, default=""):
    for child in element:
        if local_name(child) == name:
            return child.text or ""
    return default


class S3:
    """One server and one user; keeps its connection. Not to be shared across fork()."""

    def __init__(self, endpoint, region, access_key, secret_key, style="path", timeout=60):
        self.endpoint = urllib.parse.urlsplit(endpoint)
        self.region = region
        self.access_key = access_key
        self.secret_key = secret_key
        self.style = style
        self.timeout = timeout
        self.connections = {}

    @classmethod
    def from_environment(cls):
        return cls(
            setting("S3_ENDPOINT"),
            setting("S3_REGION", "us-east-1"),
            setting("S3_ACCESS_KEY_ID"),
            setting("S3_SECRET_ACCESS_KEY"),
            setting("S3_ADDRESSING_STYLE", "path"),
        )

    def authorization(self, method, host, path, query, stamp, body_hash):
        """The Authorization header of a request, for an encoded path and query."""
        scope = f"{stamp[:8]}/{self.region}/s3/aws4_request"
        signed = "host;x-amz-content-sha256;x-amz-date"
        canonical = (
            f"{method}\n{path}\n{query}\nhost:{host}\nx-amz-content-sha256:{body_hash}\n"
            f"x-amz-date:{stamp}\n\n{signed}\n{body_hash}"
        )
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
        key = ("AWS4" + self.secret_key).encode()
        for part in (stamp[:8], self.region, "s3", "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
        return (
            f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope},"
            f"SignedHeaders={signed},Signature={signature}"
        )

    def request(self, bucket="", key="", query=(), method="GET", body=b"", content_type=None):
        """Returns (headers, body). One repeat when a kept connection turns out closed."""
        host = self.endpoint.netloc
        path = "/"
        if bucket and self.style == "virtual":
            host = bucket + "." + host
            path += urllib.parse.quote(key, safe="/" + UNRESERVED)
        elif bucket:
            path += bucket + ("/" + urllib.parse.quote(key, safe="/" + UNRESERVED) if key else "")
        text = urllib.parse.urlencode(
            sorted(query), quote_via=urllib.parse.quote, safe=UNRESERVED
        )
        target = path + ("?" + text if text else "")
        body_hash = hashlib.sha256(body).hexdigest()
        for attempt in (1, 2):
            stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
            headers = {
                "Host": host,
                "x-amz-content-sha256": body_hash,
                "x-amz-date": stamp,
                "Authorization": self.authorization(method, host, path, text, stamp, body_hash),
            }
            if content_type:
                headers["Content-Type"] = content_type
            connection = self.connection(host)
            try:
                connection.request(method, target, body or None, headers)
                # A server that sends head and body apart, with Nagle's algorithm between them,
                # would wait 40 ms for our acknowledgement of the head.
                connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
                response = connection.getresponse()
                answer = response.read()
                break
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                if attempt == 2:
                    raise S3Error(f"S3 at {host}: {type(error).__name__}: {error}") from error
        if response.status not in (200, 204):
            code = error_code(answer)
            raise S3Error(f"S3: {method} {target}: HTTP {response.status} {code}", code)
        return response.headers, answer

    def connection(self, host):
        if host not in self.connections:
            secure = self.endpoint.scheme == "https"
            kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
            self.connections[host] = kind(host, timeout=self.timeout)
        return self.connections[host]

    def put(self, bucket, key, body, content_type):
        """Writes one object."""
        self.request(bucket, key, method="PUT", body=body, content_type=content_type)

    def list_buckets(self):
        """The names of the user's own buckets."""
        root = xml.fromstring(self.request()[1])
        return [child_text(e, "Name") for e in root.iter() if local_name(e) == "Bucket"]

    def list_objects(self, bucket, prefix=""):
        """Yields (key, size) of every object of a bucket, in key order."""
        for key, size, _ in self.list_entries(bucket, prefix):
            yield key, size

    def list_entries(self, bucket, prefix=""):
        """Yields (key, size, seconds since 1970 when it was written) of every object, in key order."""
        more = []
        while True:
            query = [("list-type", "2"), ("encoding-type", "url"), ("prefix", prefix)] + more
            root = xml.fromstring(self.request(bucket, query=query)[1])
            for element in root:
                if local_name(element) == "Contents":
                    key = urllib.parse.unquote_plus(child_text(element, "Key"))
                    written = datetime.datetime.fromisoformat(child_text(element, "LastModified"))
                    yield key, int(child_text(element, "Size", "0")), written.timestamp()
            if child_text(root, "IsTruncated") != "true":
                return
            more = [("continuation-token", child_text(root, "NextContinuationToken"))]

    def get(self, bucket, key):
        """(content type, body) of one object, decompressed if its Content-Encoding says so."""
        headers, body = self.request(bucket, key)
        return headers.get("Content-Type", ""), decompressed(headers.get("Content-Encoding", ""), body)


def decompressed(encoding, body):
    """What a body holds that was stored with this Content-Encoding."""
    if encoding == "":
        return body
    try:
        if encoding == "gzip":
            return gzip.decompress(body)
        if encoding == "zstd":
            command = ["zstd", "--decompress", "--quiet", "--stdout"]
            return subprocess.run(command, input=body, capture_output=True, check=True).stdout
    except (OSError, EOFError, zlib.error, subprocess.CalledProcessError) as error:
        raise S3Error(f"S3: a body that is not {encoding}: {error}") from error
    raise S3Error(f"S3: a body with Content-Encoding {encoding!r}")


def error_code(body):
    """The <Code> of an S3 error body, or '' when it is no such thing."""
    try:
        root = xml.fromstring(body)
    except xml.ParseError:
        return ""
    return child_text(root, "Code") if local_name(root) == "Error" else ""
