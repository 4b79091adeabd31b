"""Servers to which a sink of a web address sends."""

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar


class Hook(BaseHTTPRequestHandler):
    """Takes whatever comes, and keeps it."""

    status = 204
    seen: ClassVar[list[tuple[str | None, object]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.seen.append((self.headers["Authorization"], body))
        self.send_response(self.status)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


class Collector(Hook):
    """Takes bodies of at most `most` bytes, none with a word in it, and answers others before it has read them."""

    most = 2**20
    word = b"<script>"
    got: ClassVar[list[dict[str, Any]]] = []
    refused: ClassVar[list[int]] = []

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length) if length <= self.most else b""
        status = 413 if length > self.most else 403 if self.word in body else 200
        if status == 200:
            self.got.extend(json.loads(body))
        else:
            self.refused.append(length)
        self.send_response(status)
        self.end_headers()


@contextlib.contextmanager
def _serving(handler: type[Hook]) -> Iterator[str]:
    """The address of a server of this process."""
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/in"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


@contextlib.contextmanager
def hook(status: int) -> Iterator[tuple[str, list[tuple[str | None, object]]]]:
    """A server that answers with a status, and what it has seen."""
    handler: type[Hook] = type("Own", (Hook,), {"status": status, "seen": []})
    with _serving(handler) as url:
        yield url, handler.seen


@contextlib.contextmanager
def collector(most: int) -> Iterator[tuple[str, list[dict[str, Any]], list[int]]]:
    """A server that takes bodies up to a size, what it got and the lengths of those it refused."""
    handler: type[Collector] = type("Own", (Collector,), {"most": most, "got": [], "refused": []})
    with _serving(handler) as url:
        yield url, handler.got, handler.refused
