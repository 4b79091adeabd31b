"""Whatever a server answers, the client raises its own errors alone, and a terminal carries none of it out."""

import json
import random
import struct
import tracemalloc
import warnings
from collections.abc import Callable
from contextlib import suppress

import pyarrow as pa
import pytest

import veil
from tests.veil.peer import ACCESS, Exchange, Peer, arrow_bytes
from veil.errors import from_problem

ODD: list[object] = [None, True, 0, -1, 1e400, 10**30, "x", "", [], {}, [[]], [None], [{}], [1], {"a": 1}, "\x1b[2J",
       "NaN", {"line": "x", "column": None}, {"line": 1, "column": [1]}, ["a", {"message": 5}]]  # fmt: skip
NAMES = ["code", "detail", "hint", "decision_id", "position", "policies", "datasets", "columns", "database", "name",
         "rows", "masked", "tags", "defects", "filtered", "revision", "notices", "requests", "dataset", "outcome",
         "owners", "pages", "statements", "transform", "reason", "column"]  # fmt: skip
ARROW = "application/vnd.apache.arrow.stream"
CALLS: list[Callable[[veil.Connection], object]] = [
    lambda connection: repr(connection.whoami()),
    lambda connection: (repr(connection.datasets()), connection.datasets()._repr_html_()),
    lambda connection: (repr(connection.describe("a.b")), connection.describe("a.b")._repr_html_()),
    lambda connection: (str(connection.explain("select 1")), connection.explain("select 1")._repr_html_()),
    lambda connection: connection.access_requests(),
    lambda connection: connection.request_access("a.b", why="x"),
    lambda connection: _read(connection.query("select 1")),
]
DAMAGED = pa.table(
    {
        "s": ["a", None, "ccc"],
        "l": [["x"], ["y", "z"], None],
        "d": pa.array(["p", "q", None]).dictionary_encode(),
        "st": [{"a": 1, "b": "x"}, None, {"a": 2, "b": None}],
        "m": pa.array([[("k", 1)], [], None], type=pa.map_(pa.string(), pa.int64())),
        "t": pa.array([1, 2, None], pa.timestamp("us", "UTC")),
        "v": pa.array(["short", "a long one, beyond twelve bytes", None], pa.string_view()),
    }
)
FAR = [7, 255, 65_536, 2**28, 2**31 - 1, 2**31, 2**32 - 1]
ESCAPE = "\x1b]0;x\x07\x9b2J"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(6))
def test_odd_answers_raise_the_errors_of_this_package(server: Peer, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(40):
        for call in CALLS:
            body = chance.choice([json.dumps(_odd(chance)).encode(), b"[" * 100_000, b"\xff", b"{", b""])
            status, kind = chance.choice([200, 200, 201, 400, 401, 404, 422, 500]), "application/json"
            if call is CALLS[-1] and chance.random() < 0.8:
                status, kind, body = 200, ARROW, arrow_bytes(pa.table({"a": [1]}), access=_odd(chance))
            server.answers(_sending(status, kind, body))
            with veil.connect(server.url, token="veil_secret") as connection, suppress(veil.Error):
                call(connection)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(4))
def test_damaged_answers_raise_the_errors_of_this_package(server: Peer, seed: int) -> None:
    """Numbers that say where a text begins and ends are followed by pyarrow into memory that is not the answer's."""
    chance = random.Random(seed)
    whole = arrow_bytes(DAMAGED.select(chance.sample(DAMAGED.column_names, 3)), access=ACCESS)
    kinds: list[Callable[[veil.Result], object]] = [
        lambda result: result.to_pandas(),
        lambda result: [batch.to_pylist() for batch in result.batches()],
        _read,
    ]
    with veil.connect(server.url, token="veil_secret") as connection:
        for _ in range(60):
            body = bytearray(whole)
            at = 4 * chance.randrange(2, len(body) // 4)
            body[at : at + 4] = (
                chance.randbytes(4) if chance.random() < 0.3 else chance.choice(FAR).to_bytes(4, "little")
            )
            server.answers(_sending(200, ARROW, bytes(body)))
            with suppress(veil.Error):
                chance.choice(kinds)(connection.query("select 1"))


@pytest.mark.parametrize(
    "offsets", [(2**30, 2**30 + 9, 2**30 + 19), (0, 2, 300), (0, 5, 2)], ids=["far", "behind", "turned"]
)
def test_no_text_is_read_from_beyond_the_answer(server: Peer, offsets: tuple[int, int, int]) -> None:
    body = arrow_bytes(pa.table({"s": ["aa", "bb"]}), access=ACCESS)
    known = struct.pack("<iii", 0, 2, 4)
    assert body.count(known) == 1
    server.answers(_sending(200, ARROW, body.replace(known, struct.pack("<iii", *offsets))))
    with (
        veil.connect(server.url, token="veil_secret") as connection,
        connection.query("select 1") as result,
        pytest.raises(veil.OperationalError, match="damaged"),
    ):
        result.to_arrow()


def test_what_an_answer_says_of_pandas_is_not_followed(server: Peer) -> None:
    table = pa.table({"s": ["aa"]})
    body = arrow_bytes(table.replace_schema_metadata({"pandas": "1", "veil.access": json.dumps(ACCESS)}))
    server.answers(_sending(200, ARROW, body))
    with veil.connect(server.url, token="veil_secret") as connection, connection.query("select 1") as result:
        assert result.to_pandas()["s"].tolist() == ["aa"]


def test_nothing_printed_is_carried_out_by_a_terminal(server: Peer) -> None:
    column = {"column": ESCAPE, "name": ESCAPE, "type": ESCAPE, "outcome": "masked", "comment": ESCAPE, "tags": []}
    listed = {"database": ESCAPE, "name": ESCAPE, "comment": ESCAPE, "defects": [ESCAPE], "columns": [column]}
    access = {**ACCESS, "notices": [], "datasets": [{"dataset": ESCAPE, "columns": [column], "rows": {}}]}
    table = pa.table({ESCAPE: [ESCAPE]})
    with veil.connect(server.url, token="veil_secret") as connection:
        server.answers(_sending(200, ARROW, arrow_bytes(table, access=access)))
        with connection.query("select 1") as result:
            printed = [repr(result), str(result.explain())]
        server.answers(_sending(200, "application/json", json.dumps(listed).encode()))
        printed += [repr(connection.describe("a.b"))]
        server.answers(_sending(200, "application/json", json.dumps({"datasets": [listed]}).encode()))
        printed += [repr(connection.datasets()), repr(connection.datasets()[0])]
        access = {**ACCESS, "notices": [{"message": ESCAPE}]}
        server.answers(_sending(200, ARROW, arrow_bytes(table, access=access)))
        with pytest.warns(veil.AccessNotice) as warned, connection.query("select 1") as result:
            result.to_arrow()
        printed += [str(each.message) for each in warned]
    printed.append(str(from_problem(404, json.dumps({"detail": ESCAPE, "hint": ESCAPE}).encode())))
    for text in printed:
        assert r"\x1b]0;x\x07\x9b2J" in text
        assert not [sign for sign in text if not sign.isprintable() and sign != "\n"]


def test_an_answer_that_is_announced_for_ever_is_not_waited_for(server: Peer) -> None:
    def announce(exchange: Exchange) -> None:
        while True:
            exchange.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    server.answers(announce)
    with veil.connect(server.url, token="veil_secret") as connection:
        with pytest.raises(veil.Unavailable, match="never gives it"):
            connection.whoami()
        server.answers(_announced)
        assert connection.whoami() == {"user": "kim"}


def _head(status: int, *headers: str) -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status} X", "Content-Type: application/json", *headers, "", "")).encode()


def _for_ever(begin: bytes, again: bytes) -> Callable[[Exchange], None]:
    def send(exchange: Exchange) -> None:
        exchange.wfile.write(begin)
        while again:
            exchange.wfile.write(again)
        exchange.close_connection = True

    return send


CHUNKED, LARGE = "Transfer-Encoding: chunked", "Content-Length: 1000000000000000"
TRAILED = b"2\r\n{}\r\n0\r\n"
SPACES = b" " * 2**20
TOO_MUCH = {
    "an error without end": (_head(500, "Connection: close"), SPACES),
    "an error that says it is large": (_head(500, LARGE) + b"{}", b""),
    "an error with trailers without end": (_head(500, CHUNKED) + TRAILED, b"X: y\r\n"),
    "an error with a trailer without end": (_head(500, CHUNKED) + TRAILED + b"X: ", b"yyyy"),
    "a document of chunks without end": (_head(200, CHUNKED), b"100000\r\n" + SPACES + b"\r\n"),
    "a document that says it is large": (_head(200, LARGE) + b"{}", b""),
    "a document in a large chunk": (_head(200, CHUNKED) + b"4000000000000\r\n{}", b""),
    "a document with trailers without end": (_head(200, CHUNKED) + TRAILED, b"X: y\r\n"),
}


@pytest.mark.parametrize("case", TOO_MUCH)
def test_no_more_is_read_of_an_answer_than_veil_gives(server: Peer, case: str) -> None:
    server.answers(_for_ever(*TOO_MUCH[case]))
    tracemalloc.start()
    try:
        with veil.connect(server.url, token="veil_secret", timeout=5) as connection:
            with pytest.raises(veil.OperationalError, match=r"larger than any that Veil gives|cut short"):
                connection.whoami()
            server.answers(lambda exchange: exchange.json({"user": "kim"}))
            assert connection.whoami() == {"user": "kim"}
        assert tracemalloc.get_traced_memory()[1] < 200 * 2**20
    finally:
        tracemalloc.stop()


def test_a_document_that_is_cut_is_told_as_such(server: Peer) -> None:
    server.answers(_for_ever(_head(200, "Content-Length: 20") + b'{"user": "kim"}', b""))
    with (
        veil.connect(server.url, token="veil_secret") as connection,
        pytest.raises(veil.OperationalError, match="cut short"),
    ):
        connection.whoami()


def _announced(exchange: Exchange) -> None:
    exchange.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 2)
    exchange.json({"user": "kim"})


def _read(result: veil.Result) -> None:
    with warnings.catch_warnings(), result:
        repr(result), result._repr_html_(), str(result.explain()), result.to_arrow()


def _odd(chance: random.Random, depth: int = 0) -> object:
    kind = chance.random()
    if depth < 3 and kind < 0.5:
        return {name: _odd(chance, depth + 1) for name in chance.sample(NAMES, chance.randrange(8))}
    if depth < 3 and kind < 0.65:
        return [_odd(chance, depth + 1) for _ in range(chance.randrange(3))]
    return chance.choice(ODD)


def _sending(status: int, kind: str, body: bytes) -> Callable[[Exchange], None]:
    def send(exchange: Exchange) -> None:
        exchange.send_response(status)
        exchange.send_header("Content-Type", kind)
        exchange.send_header("Content-Length", str(len(body)))
        exchange.end_headers()
        exchange.wfile.write(body)

    return send
