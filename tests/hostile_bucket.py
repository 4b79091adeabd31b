"""A server of a bucket that does as it likes: it lists without end, drips, leads on, or sends another length."""

import contextlib
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from tests.certificates import Identity

BODY = b"id,pay\n1,4200\n2,1300\n"
_WRITTEN = "2026-06-01T10:00:00.000Z"
_MODIFIED = "Mon, 01 Jun 2026 10:00:00 GMT"
_CHUNK = b"1,2,3,4,5,6,7,8\n" * 4_096


@dataclass
class HostileBucket:
    """What it does now, and how much it has been asked for; its one object is `t.csv`."""

    endpoint: str = ""
    does: Literal["well", "endless", "drip", "more", "slowly", "short", "elsewhere"] = "well"
    body: bytes = BODY
    short_bytes: int = 0
    etag: str = '"abc"'
    elsewhere: str = ""
    status: int = 307
    instead: tuple[bytes, bytes] = (b"", b"")
    more_bytes: int = 2**30
    breaks: int = 0
    broken_after: int = 0
    pages: int = 0
    bodies: int = 0
    sent: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def options(self) -> dict[str, str]:
        """The options of a source that reads it."""
        return {"path": "s3://lake", "endpoint": self.endpoint, "anonymous": "yes", "region": "x"}

    def listing(self) -> bytes:
        """One page; of an endless list another one follows each."""
        self.pages += 1
        names = [f"d{self.pages}/f{number}.csv" for number in range(1_000)] if self.does == "endless" else ["t.csv"]
        objects = "".join(
            f"<Contents><Key>{name}</Key><LastModified>{_WRITTEN}</LastModified><ETag>&quot;abc&quot;</ETag>"
            f"<Size>{len(self.body)}</Size><StorageClass>STANDARD</StorageClass></Contents>"
            for name in names
        )
        next_token = f"<NextContinuationToken>t{self.pages}</NextContinuationToken>" if self.does == "endless" else ""
        page = (
            '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>lake</Name><Prefix></Prefix><KeyCount>{len(names)}</KeyCount><MaxKeys>1000</MaxKeys>"
            f"<IsTruncated>{'true' if next_token else 'false'}</IsTruncated>{next_token}{objects}</ListBucketResult>"
        )
        return page.encode().replace(*self.instead)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bucket: HostileBucket

    def do_HEAD(self) -> None:
        is_object = urlsplit(self.path).path.strip("/").count("/") > 0
        self._begin(200, self._size() if is_object else 0)

    def do_GET(self) -> None:
        if self.bucket.does == "elsewhere":
            self.send_response(self.bucket.status)
            self.send_header("Location", self.bucket.elsewhere)
            self.send_header("x-amz-bucket-region", "eu-elsewhere-1")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        with contextlib.suppress(OSError):  # whoever asked is gone
            if "list-type" in parse_qs(urlsplit(self.path).query, keep_blank_values=True):
                page = self.bucket.listing()
                self._begin(200, len(page))
                self._send(page, 1 if self.bucket.does == "drip" else len(page))
            else:
                self._answer()

    def _answer(self) -> None:
        size = self._size()
        first, last = 0, size - 1
        if asked := self.headers.get("Range"):
            begin, _, end = asked.removeprefix("bytes=").partition("-")
            first, last = int(begin), min(int(end or last), last)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        else:
            self.send_response(200)
        body = self.bucket.body[first : last + 1]
        if self.bucket.does == "short" and first < len(BODY):
            body = body[: self.bucket.short_bytes]
        self._headers(len(body) if self.bucket.does != "more" else last - first + 1)
        if self.bucket.breaks:
            self.bucket.breaks -= 1
            self.wfile.write(body[: self.bucket.broken_after])
            self.close_connection = True
            return
        self.bucket.bodies += 1
        if self.bucket.does != "more":
            self._send(body, 2 if self.bucket.does == "slowly" else max(1, len(body)))
            return
        while first <= last:
            piece = _CHUNK[: last + 1 - first]
            self.wfile.write(piece)
            self.bucket.sent += len(piece)
            first += len(piece)

    def _size(self) -> int:
        return self.bucket.more_bytes if self.bucket.does == "more" else len(self.bucket.body)

    def _begin(self, status: int, length: int) -> None:
        self.send_response(status)
        self._headers(length)

    def _headers(self, length: int) -> None:
        self.send_header("ETag", self.bucket.etag)
        self.send_header("Last-Modified", _MODIFIED)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def _send(self, body: bytes, at_once: int) -> None:
        for begin in range(0, len(body), at_once):
            self.wfile.write(body[begin : begin + at_once])
            self.wfile.flush()
            if at_once < len(body) and self.bucket.over.wait(0.5):
                return

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@contextmanager
def hostile_bucket(shown: Identity | None = None) -> Iterator[HostileBucket]:
    """A server that does well until it is told otherwise; encrypted if it shows who it is."""
    bucket = HostileBucket()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"bucket": bucket}))
    server.daemon_threads = True
    if shown is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(shown.certificate, shown.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    bucket.endpoint = f"http{'s' if shown else ''}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield bucket
    finally:
        bucket.over.set()
        server.shutdown()
        thread.join(10)
        server.server_close()
