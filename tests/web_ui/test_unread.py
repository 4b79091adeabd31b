"""Whoever does not read what they asked for keeps nobody else waiting; whoever reads late or slowly misses nothing."""

import json
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest

from catalog.journal.event import Event, EventKind
from tests.web_ui.running import Server, running
from tests.web_ui.shop import open_shop
from web_ui.parts import Parts

THREADS = 8
OPEN_TO_ALL = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = OPEN_TO_ALL.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
IMPATIENT = """
from proxy.http import outgoing
outgoing._STALL_SECONDS = 2.0
"""

Opener = Callable[[Server, bytes], socket.socket]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    with open_shop(tmp_path_factory.mktemp("shop")) as parts:
        parts.home.settings_file.write_text(f"[server]\nport = 0\nthreads = {THREADS}\n")
        with parts.catalog.transaction():
            for number in range(300):
                parts.journal.append(
                    Event(kind=EventKind.AUDIT_READ, user="kim", details={"text": f"{number}{'x' * 40_000}"})
                )
        yield parts


@pytest.fixture(scope="module")
def server(shop: Parts) -> Iterator[Server]:
    with running(shop.home.path) as process:
        yield process


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Opens connections that take little at once, and sends something; all are closed at the end."""
    with ExitStack() as held:

        def send(server: Server, content: bytes) -> socket.socket:
            connection = held.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            connection.settimeout(60)
            connection.connect(("127.0.0.1", server.port))
            connection.sendall(content)
            return connection

        yield send


def test_answers_that_nobody_reads_keep_nobody_waiting(server: Server, opened: Opener) -> None:
    held = [opened(server, OPEN_TO_ALL * 100) for _ in range(THREADS * 9)]  # more than connections may be open
    time.sleep(1)
    assert _answered(server) < 10
    assert len(held) == THREADS * 9


def test_exports_that_nobody_reads_are_few_and_keep_nobody_waiting(server: Server, shop: Parts, opened: Opener) -> None:
    kim, _ = shop.tokens.create("kim", "test", timedelta(days=1))
    asked = f"GET /api/v1/audit/export HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {kim}\r\n\r\n".encode()
    held = [opened(server, asked) for _ in range(2)]
    begun = [connection.recv(15) for connection in held]
    assert begun == [b"HTTP/1.1 200 OK"] * 2
    with server.connection() as connection:
        connection.request("GET", "/api/v1/audit/export", headers={"Authorization": f"Bearer {kim}"})
        with connection.getresponse() as response:
            assert (response.status, json.loads(response.read())["detail"]) == (
                429,
                "you have 2 exports of the journal under way, as many as one person may have at once",
            )
    assert _answered(server) < 10
    for each in held:
        each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        each.close()
    until = time.monotonic() + 20
    while (status := _exported(server, kim)) == 429 and time.monotonic() < until:
        time.sleep(0.2)
    assert status == 200


def test_who_reads_late_is_answered_whole_and_in_order(server: Server, opened: Opener) -> None:
    connection = opened(server, OPEN_TO_ALL * 99 + LAST)
    time.sleep(2)
    answers = _all(connection).split(b"HTTP/1.1 200 OK\r\n")[1:]
    bodies = {answer.partition(b"\r\n\r\n")[2] for answer in answers}
    assert (len(answers), len(bodies)) == (100, 1)
    assert json.loads(bodies.pop())["openapi"]


def test_who_reads_nothing_is_cut_off_and_who_reads_slowly_is_not(shop: Parts, opened: Opener) -> None:
    with running(shop.home.path, before=IMPATIENT) as server:
        unread = opened(server, OPEN_TO_ALL * 100)
        slow = opened(server, OPEN_TO_ALL * 9 + LAST)
        came = b""
        while piece := slow.recv(30_000):
            came += piece
            time.sleep(0.02)
        assert came.count(b"HTTP/1.1 200 OK\r\n") == 10
        time.sleep(1)
        with pytest.raises(ConnectionResetError):  # a part is not to be taken for the whole
            _all(unread)


def _answered(server: Server) -> float:
    """After how many seconds somebody else is answered."""
    began = time.monotonic()
    with server.connection() as connection:
        connection.request("GET", "/healthz")
        with connection.getresponse() as response:
            assert response.status == 200
    return time.monotonic() - began


def _exported(server: Server, token: str) -> int:
    with server.connection() as connection:
        connection.request("GET", "/api/v1/audit/export", headers={"Authorization": f"Bearer {token}"})
        with connection.getresponse() as response:
            assert response.status != 200 or response.read().count(b"\n") > 300
            return response.status


def _all(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65_536), b""))
