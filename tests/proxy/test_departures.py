"""A client that leaves cancels its query, soon, whether the query had begun or not; one that stays does not."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from proxy.answering.answer import Departed
from proxy.http.departures import Departures


class Work:
    def __init__(self) -> None:
        self.reasons: list[Exception] = []
        self.told = threading.Event()

    def cancel(self, reason: Exception) -> None:
        self.reasons.append(reason)
        self.told.set()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    server, client = socket.socketpair()
    with server, client:
        yield server, client


def test_leaving_cancels_the_query_once(pair: tuple[socket.socket, socket.socket]) -> None:
    server, client = pair
    work = Work()
    Departures().watch(server).attach(work)
    client.close()
    assert work.told.wait(5)
    time.sleep(0.5)
    assert [type(reason) for reason in work.reasons] == [Departed]


def test_a_client_gone_before_the_query_began_cancels_it_at_once(pair: tuple[socket.socket, socket.socket]) -> None:
    server, client = pair
    watch = Departures().watch(server)
    client.close()
    time.sleep(0.6)
    work = Work()
    watch.attach(work)
    assert work.told.is_set()


def test_a_client_that_waits_or_sends_more_is_not_gone(pair: tuple[socket.socket, socket.socket]) -> None:
    server, client = pair
    work = Work()
    Departures().watch(server).attach(work)
    client.sendall(b"GET /next")
    assert not work.told.wait(0.6)
    assert server.recv(100) == b"GET /next"


def test_a_closed_watch_cancels_nothing(pair: tuple[socket.socket, socket.socket]) -> None:
    server, client = pair
    work = Work()
    watch = Departures().watch(server)
    watch.attach(work)
    watch.close()
    client.close()
    assert not work.told.wait(0.6)


def test_one_query_that_cannot_be_cancelled_does_not_blind_the_watcher(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    class Stubborn:
        def cancel(self, reason: Exception) -> None:
            raise RuntimeError

    server, client = pair
    departures = Departures()
    other_server, other_client = socket.socketpair()
    with other_server:
        departures.watch(other_server).attach(Stubborn())
        other_client.close()
        time.sleep(0.5)
    work = Work()
    departures.watch(server).attach(work)
    client.close()
    assert work.told.wait(5)


def test_a_request_without_a_socket_is_never_gone() -> None:
    work = Work()
    Departures().watch(None).attach(work)
    assert not work.told.wait(0.5)
