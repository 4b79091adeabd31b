"""A small server on a real socket that answers as the contract says, and can break off in all the ways servers do."""

import io
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pyarrow as pa

ACCESS = {
    "decision_id": "9c1e",
    "revision": 41,
    "datasets": [
        {
            "dataset": "shop.orders",
            "columns": [
                {"column": "id", "outcome": "clear", "transform": "", "policies": ["clerks"], "reason": ""},
                {
                    "column": "email",
                    "outcome": "masked",
                    "transform": "tokenize",
                    "policies": ["clerks"],
                    "reason": "masked for you by tokenize because policy `clerks` transforms `pii.email`",
                },
            ],
            "rows": {
                "filtered": True,
                "policies": ["clerks"],
                "reason": "only rows where `land = 'NO'` (policy `clerks`)",
            },
        }
    ],
    "notices": [],
}


def arrow_bytes(table: pa.Table, *, batch_rows: int = 1000, access: object = None) -> bytes:
    sink = io.BytesIO()
    schema = table.schema if access is None else table.schema.with_metadata({"veil.access": json.dumps(access)})
    with pa.ipc.new_stream(sink, schema) as writer:
        for batch in table.to_batches(batch_rows):
            writer.write_batch(batch)
    return sink.getvalue()


class Asked:
    """One request as it came."""

    def __init__(self, method: str, path: str, headers: dict[str, str], body: Any) -> None:
        self.method, self.path, self.headers, self.body = method, path, headers, body


class Exchange(BaseHTTPRequestHandler):
    """One connection; the peer's `answer` decides what goes back."""

    protocol_version = "HTTP/1.1"
    server: "_Server"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_GET

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.server.asked.append(Asked(self.command, self.path, dict(self.headers.items()), body))
        self.server.addresses.add(self.client_address)
        try:
            self.server.answer(self)
        except OSError:
            self.server.broken.set()
            self.close_connection = True

    def json(self, document: object, status: int = 200, content_type: str = "application/json") -> None:
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def problem(self, status: int, code: str, **members: object) -> None:
        document = {"type": f"urn:veil:problem:{code}", "title": "t", "status": status, "code": code, **members}
        self.json(document, status, "application/problem+json")

    def begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.apache.arrow.stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Veil-Decision-Id", "9c1e")
        self.send_header("Veil-Policy-Revision", "41")
        self.end_headers()

    def chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n" % len(data) + data + b"\r\n")

    def stream(self, table: pa.Table, access: object = ACCESS) -> None:
        self.begin_stream()
        self.chunk(arrow_bytes(table, access=access))
        self.chunk(b"")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    answer: Callable[[Exchange], None]

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self.asked: list[Asked] = []
        self.addresses: set[Any] = set()
        self.broken = threading.Event()

    def handle_error(self, *_: object) -> None:
        self.broken.set()


class Peer:
    """The server as a test sees it."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self.url = f"http://127.0.0.1:{server.server_port}"

    @property
    def asked(self) -> list[Asked]:
        return self._server.asked

    @property
    def connections(self) -> int:
        """From how many client ports requests came."""
        return len(self._server.addresses)

    @property
    def broken(self) -> threading.Event:
        """Set when a client went away in the middle of an answer."""
        return self._server.broken

    def answers(self, answer: Callable[[Exchange], None]) -> None:
        self._server.answer = answer

    def gives(self, table: pa.Table, access: object = ACCESS) -> None:
        self.answers(lambda exchange: exchange.stream(table, access))


@contextmanager
def peer() -> Iterator[Peer]:
    server = _Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Peer(server)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def unused_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
