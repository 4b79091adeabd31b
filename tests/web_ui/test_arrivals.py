"""Whoever sends slowly, or nothing, keeps nobody else waiting; whoever sends well notices nothing."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
from gunicorn.config import Config
from gunicorn.http.errors import ParseException
from gunicorn.http.parser import RequestParser

from tests.web_ui.running import Server, running
from tests.web_ui.shop import open_shop
from web_ui.arrivals import ARRIVAL_SECONDS, is_readable, missing
from web_ui.parts import Parts

THREADS = 4
FORM = b"POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
BEGUN = {
    "nothing": b"",
    "half of a head": b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: ",
    "much of a head": b"GET /healthz HTTP/1.1\r\nHost: a\r\n" + b"X: " + b"a" * 100_000,
    "many fields of a head": b"GET /healthz HTTP/1.1\r\nHost: a\r\n" + b"X: aaaa\r\n" * 20_000,
    "half of a body": FORM + b"Content-Length: 1000\r\n\r\nname=a",
    "half of a large body": FORM + b"Content-Length: 2000000\r\n\r\n" + b"a" * 300_000,
    "half of a body of many digits": FORM + b"Content-Length: 0000000000000000100\r\n\r\n",
    "all but the end of a form": FORM
    + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 7000) for n in range(4))
    + b"Content-Length: 65536\r\n\r\n"
    + b"a" * 65_520,
    "one piece of several": FORM + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
    "half of a second request": b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /heal",
    "a last request, then no farewell": b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    with open_shop(tmp_path_factory.mktemp("shop")) as parts:
        parts.home.settings_file.write_text(f"[server]\nport = 0\nthreads = {THREADS}\n")
        yield parts


@pytest.fixture(scope="module")
def server(shop: Parts) -> Iterator[Server]:
    with running(shop.home.path) as process:
        yield process


@pytest.fixture
def sent(server: Server) -> Iterator[Callable[[bytes], socket.socket]]:
    """Opens a connection and sends something; all are closed at the end."""
    with ExitStack() as opened:

        def send(content: bytes) -> socket.socket:
            connection = opened.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=60))
            connection.sendall(content)
            return connection

        yield send


@pytest.mark.parametrize("begun", BEGUN.values(), ids=BEGUN)
def test_requests_that_do_not_come_keep_nobody_waiting(
    server: Server, sent: Callable[[bytes], socket.socket], begun: bytes
) -> None:
    held = [sent(begun) for _ in range(THREADS * 9)]  # more than there are threads, and than connections may be open
    for _ in range(3):
        with server.connection() as connection:
            connection.timeout = ARRIVAL_SECONDS / 2
            connection.request("GET", "/healthz")
            assert connection.getresponse().status == 200
    assert len(held) == THREADS * 9


def test_a_request_may_come_in_pieces_and_several_at_once(
    shop: Parts, server: Server, sent: Callable[[bytes], socket.socket]
) -> None:
    token, _ = shop.tokens.create("kim", "test", timedelta(days=1))
    body = json.dumps({"sql": "select 42 as n", "format": "csv"}).encode()
    head = (
        f"POST /api/v1/query HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    )
    whole = [
        head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body,
        head.encode() + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body),
    ]
    for request in whole:
        connection = sent(request[:20])
        for piece in (request[20:100], request[100:-10], request[-10:] + b"GET /healthz HTTP/1.1\r\n"):
            time.sleep(0.05)
            connection.sendall(piece)
        connection.sendall(b"Host: a\r\nConnection: close\r\n\r\n")
        answers = _all(connection)
        assert (answers.count(b"200 OK"), b"n\r\n" in answers, b"42\r\n" in answers) == (2, True, True)


def test_a_client_that_goes_before_its_request_is_whole_leaves_nothing(
    server: Server, sent: Callable[[bytes], socket.socket]
) -> None:
    connection = sent(BEGUN["half of a body"])
    connection.shutdown(socket.SHUT_WR)
    assert b"200 OK" not in _all(connection)


@pytest.mark.parametrize(("fields", "status"), [(8, b"200 OK"), (9, b"431 Request Header Fields Too Large")])
def test_a_head_that_is_too_large_is_told_so(
    sent: Callable[[bytes], socket.socket], fields: int, status: bytes
) -> None:
    connection = sent(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n")
    for _ in range(fields):
        connection.sendall(b"X: " + b"a" * 8_000 + b"\r\n")
    connection.sendall(b"\r\n")
    answer = _all(connection)
    assert answer.startswith(b"HTTP/1.1 " + status + b"\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head.lower()


def test_a_head_may_come_in_the_smallest_pieces(sent: Callable[[bytes], socket.socket]) -> None:
    """Such pieces fill the system's memory long before they are as many bytes as a head may have."""
    connection = sent(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n")
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for _ in range(40):
        for piece in (b"X: ", *[b"a" * 7] * 100, b"\r\n"):
            connection.sendall(piece)
    connection.sendall(b"\r\n")
    assert b" 200 OK" in _all(connection).split(b"\r\n")[0]


def test_no_header_says_what_the_address_is(sent: Callable[[bytes], socket.socket]) -> None:
    """The framework would take the path from a header of a client on the same machine."""
    for header in (b"SCRIPT_NAME: /x", b"SCRIPT-NAME: /x", b"PATH_INFO: /healthz"):
        connection = sent(b"GET /x/healthz HTTP/1.1\r\nHost: a\r\n" + header + b"\r\nConnection: close\r\n\r\n")
        assert b" 200 OK" not in _all(connection).split(b"\r\n")[0]


@pytest.mark.parametrize(
    ("begun", "left"),
    [
        (b"", 1),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r", 1),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0),
        (b"POST / HTTP/1.1\r\ncontent-LENGTH:  7\r\n\r\n{}", 5),
        (b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}GET", 0),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"0" * 40 + b"5\r\n\r\n{}", 3),
        (b"POST / HTTP/1.1\r\nX-Content-Length: 7\r\n\r\n", 0),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", 1),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 0),
    ],
)
def test_what_is_still_to_come_is_told_by_the_head(begun: bytes, left: int) -> None:
    assert missing(begun) == left


LENGTHS = [
    *("7", "0" * 40 + "7", "7 ", "\t7", "+7", "-7", "7_0", "0x7", "7, 7", "7;", "9" * 13, "9" * 5_000, ""),
    *("seven", "7.0", "\u0667", "1e1", "7\x0b", "7\n8", "\r\n 7", "7\r\nContent-Length: 7", "7\r\nContent-Length: 9"),
    *("7\r\n Content-Length: 9", "7\nContent-Length: 9", "7\rContent-Length: 9"),
]


@pytest.mark.parametrize(
    "name", ["Content-Length", "content-length", "Content-Length ", " Content-Length", "Content_Length"]
)
@pytest.mark.parametrize("length", LENGTHS, ids=range(len(LENGTHS)))
def test_the_loop_reads_every_length_that_a_thread_would(name: str, length: str) -> None:
    head = f"POST /sign-in HTTP/1.1\r\nHost: a\r\n{name}: {length}\r\n\r\n".encode()
    config = Config()
    try:
        [request] = [next(RequestParser(config, [head], ("127.0.0.1", 1)))]
        to_come = getattr(request.body.reader, "length", 0)
    except ParseException:
        to_come = 0
    assert not is_readable(head) or missing(head) == to_come or (to_come == 0 and missing(head) > 0)


@pytest.mark.parametrize("length", ["+7", "7, 7", "7\r\nContent-Length: 9", "9" * 13])
def test_a_length_that_cannot_be_read_is_told_so(sent: Callable[[bytes], socket.socket], length: str) -> None:
    answer = _all(sent(FORM + f"Content-Length: {length}\r\n\r\n".encode()))
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head.lower()


@pytest.fixture(scope="module")
def token(shop: Parts) -> str:
    return shop.tokens.create("kim", "test", timedelta(days=1))[0]


NO_CHUNKS = [
    *(
        "zz\r\n",
        "2;\r\n{}\r\n",
        "+2\r\n{}\r\n",
        "-2\r\n{}\r\n",
        "0x2\r\n{}\r\n",
        "1_0\r\n{}\r\n",
        "2 \r\n{}\r\n",
        "\r\n",
    ),
    *("2\r\n{\r\n", "5\r\n{}    {}\r\n", "2\n{}\n", '2;a="x\r\n{}\r\n', "0" * 5_000 + "2\r\n{}\r\n", "0" * 70_000),
    *("f" * 18 + "\r\n{}\r\n", "f" * 5_000 + "\r\n{}\r\n"),
    *("2\r\n{}\r\n0\r\nX\r\n\r\n", "2\r\n{}\r\n0\r\nAuthorization: Bearer x\r\n\r\n"),
]


@pytest.mark.parametrize("body", NO_CHUNKS, ids=range(len(NO_CHUNKS)))
@pytest.mark.parametrize(
    ("path", "is_known", "status"),
    [
        ("/api/v1/query", True, b"400"),
        ("/api/v1/access-requests", True, b"400"),
        ("/api/v1/whoami", True, b"405"),
        ("/api/v1/query", False, b"401"),
        ("/sign-in", False, b"413"),
    ],
)
def test_chunks_that_cannot_be_read_have_one_answer(
    server: Server,
    token: str,
    sent: Callable[[bytes], socket.socket],
    path: str,
    is_known: bool,
    status: bytes,
    body: str,
) -> None:
    who = f"Authorization: Bearer {token}\r\n" if is_known else ""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: a\r\n{who}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    connection = sent((head + body + "\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").encode())
    if body.startswith("f"):
        connection.shutdown(socket.SHUT_WR)  # else all that such a length says would be waited for
    answer = _all(connection)
    assert (answer.count(b"HTTP/1.1 "), answer.split(b" ")[1]) == (1, status)
    assert status != b"400" or b"\r\nconnection: close\r\n" in answer.lower()
    assert "ERROR" not in server.log.read_text()


@pytest.mark.parametrize("framing", ["Content-Length: 100\r\n\r\n{}", "Transfer-Encoding: chunked\r\n\r\n40\r\n{}"])
def test_a_body_that_ends_early_is_not_taken_for_whole(
    token: str, sent: Callable[[bytes], socket.socket], framing: str
) -> None:
    head = (
        f"POST /api/v1/query HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    )
    connection = sent((head + framing.format('{"sql": "select 42 as n", "format": "csv"}')).encode())
    connection.shutdown(socket.SHUT_WR)
    assert _all(connection).startswith(b"HTTP/1.1 400 ")


def _all(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65_536), b""))
