"""The server as it really runs: streams that never lie, clients that leave or dawdle, and a quiet end."""

import http.client
import json
import logging
import socket
import struct
import time
from collections.abc import Iterator
from datetime import timedelta

import duckdb
import pyarrow as pa
import pytest

from catalog.journal.event import Event, EventKind, Verdict
from catalog.model import Source
from catalog.registry import connect
from tests.web_ui.running import Server, post, running
from tests.web_ui.shop import open_shop
from web_ui.log_lines import Lines
from web_ui.parts import Parts

ROWS = 1_000_000
MOST = 600_000
SETTINGS = f"""
[server]
port = 0
threads = 8
drain_seconds = 12
[query]
max_rows = {MOST}
batch_rows = 20000
"""
MANY = f"select * from shop.big limit {MOST}"
TOO_MANY = "select * from shop.big"
ENDLESS = "select count(*) as n from shop.big a join shop.big b on a.number <> b.number and a.word > b.word"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    folder = tmp_path_factory.mktemp("served")
    with open_shop(folder) as parts:
        big = folder / "data" / "big.parquet"
        with duckdb.connect() as connection:
            connection.execute(
                f"copy (select i as number, 'word number ' || i as word, i * 0.5 as half from range({ROWS}) r(i))"
                f" to '{big}' (format parquet)"
            )
        source = Source(name="lake", connector="files", options={"path": str(folder / "data")})
        parts.datasets.register("shop", "big", "lake", "big.parquet", connect(source).describe("big.parquet"))
        parts.home.settings_file.write_text(SETTINGS)
        yield parts


@pytest.fixture(scope="module")
def server(shop: Parts) -> Iterator[Server]:
    with running(shop.home.path) as process:
        yield process


@pytest.fixture(scope="module")
def token(shop: Parts) -> str:
    text, _ = shop.tokens.create("max", "test", timedelta(days=1))
    return text


@pytest.mark.parametrize("form", ["arrow", "json", "csv", "parquet"])
def test_a_stream_that_fails_makes_the_client_raise(server: Server, shop: Parts, token: str, form: str) -> None:
    with server.ask(token, TOO_MANY, form) as response:
        assert response.status == 200
        with pytest.raises(http.client.IncompleteRead):
            response.read()
    assert ending(shop, response).verdict is Verdict.ERROR
    assert "Traceback" not in server.log.read_text()


def test_pyarrow_raises_when_its_stream_is_cut(server: Server, token: str) -> None:
    with server.ask(token, TOO_MANY) as response, pytest.raises((http.client.IncompleteRead, OSError)):
        pa.ipc.open_stream(response).read_all()


def test_a_whole_stream_has_every_row_and_is_journalled(server: Server, shop: Parts, token: str) -> None:
    with server.ask(token, MANY) as response:
        assert response.headers["Content-Type"] == "application/vnd.apache.arrow.stream"
        assert int(response.headers["Veil-Policy-Revision"]) == shop.policies.current().revision
        rows = sum(batch.num_rows for batch in pa.ipc.open_stream(response))
    assert rows == MOST
    event = ending(shop, response)
    assert (event.verdict, event.details["rows"]) == (Verdict.ALLOW, MOST)


def test_a_client_that_leaves_amid_the_stream_cancels_its_query(server: Server, shop: Parts, token: str) -> None:
    with server.ask(token, MANY) as response:
        response.read(1000)
    assert ending(shop, response).verdict is Verdict.CANCEL


def test_clients_that_leave_at_once_give_every_turn_back(server: Server, shop: Parts, token: str) -> None:
    reset = struct.pack("ii", 1, 0)
    for number in range(40):
        with server.connection() as connection:
            form = ("csv", "arrow", "json", "parquet")[number % 4]
            post(connection, token, json.dumps({"sql": "select range as a from range(300000)", "format": form}))
            time.sleep(number % 10 * 0.005)
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
    for _ in range(100):
        begun, over = (
            {event.decision_id for event in shop.journal.search(kind=kind, user="max", limit=1_000)}
            for kind in (EventKind.QUERY_BEGIN, EventKind.QUERY_END)
        )
        if not begun - over:
            break
        time.sleep(0.1)
    assert not begun - over
    for _ in range(3):
        with server.ask(token, "select 1 as a") as response:
            assert response.status == 200
            response.read()


def test_a_client_that_leaves_before_the_first_row_cancels_its_query(server: Server, shop: Parts, token: str) -> None:
    with server.connection() as connection:
        post(connection, token, json.dumps({"sql": ENDLESS}))
        decision_id = begun(shop)
    assert ended(shop, decision_id).verdict is Verdict.CANCEL


def test_slow_clients_do_not_keep_others_waiting(server: Server, token: str) -> None:
    with server.ask(token, MANY) as one, server.ask(token, MANY) as other:
        one.read(1000)
        other.read(1000)
        started_at = time.monotonic()
        with server.ask(token, "select id from shop.orders", "csv") as quick:
            assert len(quick.read().splitlines()) == 41
        assert time.monotonic() - started_at < 10


def test_http_1_0_is_refused_since_a_cut_stream_would_look_whole(server: Server, token: str) -> None:
    with server.connection() as connection:
        connection._http_vsn_str = "HTTP/1.0"  # type: ignore[attr-defined]  # there is no public way
        post(connection, token, json.dumps({"sql": "select 1"}))
        with connection.getresponse() as response:
            assert response.status == 505
            assert json.loads(response.read())["code"] == "protocol_too_old"


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /data?sql=4539797705756001\x1b[2J\x0bERROR HTTP/1.1\r\n\r\n",
        b"GE\x01T /secret_of_kim HTTP/1.1\r\n\r\n",
        b"POST /api/v1/query HTTP/1.1\r\nAuthorization Bearer secret_of_kim\r\n\r\n",
        b"POST /api/v1/query HTTP/1.1\r\nAuthorization: Bearer secret_of_kim\x00\r\n\r\n",
        b"POST /api/v1/query HTTP/1.1\r\nExpect: secret_of_kim\r\n\r\n",
        b"POST /api/v1/query HTTP/1.1\r\nTransfer-Encoding: secret_of_kim\r\n\r\n0\r\n\r\n",
        b"POST /secret_of_kim HTTP/9.9\r\n\r\n",
        b"secret_of_kim 2026-01-01 00:00:00,000 ERROR everybody may see everything\n\n\r\n\r\n",
    ],
)
def test_a_request_that_cannot_be_read_is_logged_on_a_line_without_what_it_was(server: Server, sent: bytes) -> None:
    before = server.log.read_text()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(sent)
        assert connection.recv(20).startswith((b"HTTP/1.1 4", b"HTTP/1.1 501"))
        while connection.recv(4096):
            pass
    [line] = server.log.read_text().removeprefix(before).splitlines()
    assert " WARNING a request from 127.0.0.1 came to nothing: " in line
    for secret in ("secret", "4539", "everybody", "\x1b", "Bearer"):
        assert secret not in line


def test_no_sign_of_a_message_begins_a_line_or_steers_a_terminal() -> None:
    record = logging.makeLogRecord({"msg": "`%s`", "args": ("a\n2026 ERROR\x1b[2J\u2028é",)})
    assert Lines("%(message)s").format(record) == r"`a\x0a2026 ERROR\x1b[2J\u2028é`"


def test_of_an_exception_the_log_tells_where_it_came_from_and_no_word_of_it() -> None:
    try:
        raise ValueError("4539 of kim")
    except ValueError as error:
        caught = type(error), error, error.__traceback__
    record = logging.makeLogRecord({"msg": "it failed", "exc_info": caught})
    [first, second] = Lines("%(message)s").format(record).splitlines()
    assert first == "it failed"
    assert second.startswith("ValueError at test_server.py:")
    assert "4539" not in second


def test_a_body_without_a_length_is_bounded_too(server: Server, token: str) -> None:
    with server.connection() as connection:
        post(connection, token, [b" " * 1_000_000] * 5)
        with connection.getresponse() as response:
            assert response.status == 413


def test_an_idle_server_stops_soon_and_well(shop: Parts) -> None:
    with running(shop.home.path) as server:
        with server.connection() as connection:
            connection.request("GET", "/healthz")
            with connection.getresponse() as response:
                assert (response.status, json.loads(response.read())) == (200, {"status": "ok"})
        started_at = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - started_at < 8


def test_a_server_told_to_stop_lets_a_running_query_end(shop: Parts, token: str) -> None:
    with running(shop.home.path) as server:
        with server.ask(token, MANY) as response:
            response.read(1000)
            server.process.terminate()
            time.sleep(1)
            assert response.read().endswith(b"\xff\xff\xff\xff\x00\x00\x00\x00")
        assert server.process.wait(20) == 0


def begun(shop: Parts) -> str:
    """The decision of the newest query that is still running, once it is in the journal."""
    for _ in range(150):
        for event in shop.journal.search(kind=EventKind.QUERY_BEGIN, dataset="shop.big", limit=1):
            if not shop.journal.search(kind=EventKind.QUERY_END, decision_id=event.decision_id):
                return event.decision_id
        time.sleep(0.1)
    raise AssertionError("the journal does not tell that a query began")


def ending(shop: Parts, response: http.client.HTTPResponse) -> Event:
    """The event that tells how the query of an answer ended."""
    return ended(shop, response.headers["Veil-Decision-Id"])


def ended(shop: Parts, decision_id: str) -> Event:
    """The event that tells how a query ended, once it is there."""
    for _ in range(150):
        for event in shop.journal.search(decision_id=decision_id, kind=EventKind.QUERY_END):
            return event
        time.sleep(0.1)
    raise AssertionError("the journal does not tell how the query ended")
