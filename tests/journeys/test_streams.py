"""Large answers stream: memory stays flat, slow readers block nobody, and whoever leaves stops their query."""

import json
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

import veil
from benchmarks import memory
from benchmarks.ground import orders
from tests.serving import Home, Server, serve

ROWS = 10_000_000
EVERYTHING = f"select * from {orders.DATASET}"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return orders.govern(tmp_path_factory.mktemp("shop"), ROWS)


@pytest.fixture(scope="module")
def shop_server(shop: Home) -> Iterator[Server]:
    with serve(shop) as server:
        yield server


def test_ten_million_rows_stream_with_little_memory(shop: Home, shop_server: Server) -> None:
    with veil.connect(shop_server.url, token=shop.token("fred")) as connection:
        connection.query(f"{EVERYTHING} limit 1000").to_arrow()
        before = memory.resident_bytes(shop_server.pid)
        with memory.peak(shop_server.pid) as held:
            streamed = sum(batch.num_rows for batch in connection.query(EVERYTHING).batches())
    assert streamed == ROWS * 9 // 10
    assert held[0] - before < 400e6


def test_two_slow_readers_do_not_block_a_third(shop: Home, shop_server: Server) -> None:
    token = shop.token("paula")
    with veil.connect(shop_server.url, token=token) as one, veil.connect(shop_server.url, token=token) as two:
        stalled = [iter(connection.query(EVERYTHING).batches()) for connection in (one, two)]
        first = [next(reader) for reader in stalled]
        assert all(batch.num_rows for batch in first)
        with veil.connect(shop_server.url, token=token) as third:
            started = time.monotonic()
            assert third.query(f"select count(*) as n from {orders.DATASET}").to_arrow()["n"].to_pylist() == [ROWS]
            assert time.monotonic() - started < 10
        for reader in stalled:
            _close(reader)


def test_whoever_goes_away_stops_their_query(shop: Home, shop_server: Server) -> None:
    with veil.connect(shop_server.url, token=shop.token("tom")) as connection:
        result = connection.query(EVERYTHING)
        reader = iter(result.batches())
        next(reader)
        assert result.access is not None
        decision = result.access["decision_id"]
        _close(reader)
    assert _end_of(shop, decision)["verdict"] == "cancel"


def test_a_worker_that_is_killed_breaks_its_own_stream_and_no_other(shop: Home, shop_server: Server) -> None:
    token = shop.token("tom")
    with veil.connect(shop_server.url, token=token) as one, veil.connect(shop_server.url, token=token) as other:
        result = one.query(EVERYTHING)
        assert result.access is not None
        reader = iter(result.batches())
        next(reader)
        for worker in _workers(shop_server.pid):
            os.kill(worker, signal.SIGKILL)
        with pytest.raises(veil.Error):
            for _ in reader:
                pass
        count = f"select count(*) as n from {orders.DATASET}"
        assert other.query(count).to_arrow()["n"].to_pylist() == [ROWS * 9 // 10]
    end = _end_of(shop, result.access["decision_id"])
    assert (end["verdict"], end["details"]["code"]) == ("error", "limit_exceeded")


def _workers(server: int) -> list[int]:
    """The processes that run queries: the server's child has the fork server, which has the workers."""
    found = [server]
    for _ in range(3):
        found = [int(pid) for each in found for pid in memory.children(each)]
    return found


def _close(reader: object) -> None:
    close = getattr(reader, "close", None)
    if close is not None:
        close()


def _end_of(home: Home, decision: str) -> dict[str, Any]:
    """The event that ends a query; it may take a moment until the server notices that nobody listens."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for event in json.loads(home.veil("audit", "search", "--user", "tom", "-f", "json")):
            if event["kind"] == "query:end" and event["decision_id"] == decision:
                return dict(event)
        time.sleep(0.5)
    raise AssertionError("the query did not end")
