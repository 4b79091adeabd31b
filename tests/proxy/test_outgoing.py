"""What a client does not read is kept and sent later, within limits; only what is large waits, and not for ever."""

import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import pytest

from proxy.http import outgoing
from proxy.http.outgoing import MOST_KEPT, Outgoing, Readers

LARGE = 8_000_000  # more than is kept, and than the system takes on both sides


@pytest.fixture
def pair() -> Iterator[tuple[Outgoing, socket.socket]]:
    with _pair(Readers()) as (server, client):
        yield server, client


@contextmanager
def _pair(readers: Readers) -> Iterator[tuple[Outgoing, socket.socket]]:
    """Both sides of a connection in which little is under way."""
    with socket.create_server(("127.0.0.1", 0)) as listener, closing(socket.socket()) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.settimeout(20)
        client.connect(listener.getsockname())
        accepted, _ = listener.accept()
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        with closing(Outgoing(readers, accepted.detach())) as server:
            yield server, client


def test_a_small_answer_waits_for_nobody_and_comes_whole(pair: tuple[Outgoing, socket.socket]) -> None:
    server, client = pair
    pieces = [bytes([number]) * 60_000 for number in range(15)]
    for piece in pieces:
        server.sendall(piece)
    assert server.has_more
    came = b""
    while server.has_more:
        came += client.recv(65_536)
        server.flush()
    server.close()
    assert came + _all(client) == b"".join(pieces)


def test_a_large_answer_waits_for_its_reader_and_comes_whole(pair: tuple[Outgoing, socket.socket]) -> None:
    server, client = pair
    content = bytes(range(250)) * (LARGE // 250)

    def answer() -> None:
        with tempfile.TemporaryFile() as file:
            file.write(content)
            server.sendall(b"first")
            server.sendfile(file, count=LARGE)
        _send_the_rest(server)

    thread = threading.Thread(target=answer)
    thread.start()
    assert _all(client) == b"first" + content
    thread.join()


def test_who_reads_nothing_is_cut_off(pair: tuple[Outgoing, socket.socket], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "_STALL_SECONDS", 0.5)
    server, client = pair
    with pytest.raises(BrokenPipeError):
        server.sendall(b"x" * LARGE)
    assert server.is_cut
    server.close()
    with pytest.raises(ConnectionResetError):  # nobody takes a part for the whole
        _all(client)


def test_who_reads_a_little_now_and_then_is_cut_off(
    pair: tuple[Outgoing, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "_WHOLE_SECONDS", 1.0)
    monkeypatch.setattr(outgoing, "_LEAST_RATE", 1_000_000)
    server, client = pair
    is_over = threading.Event()

    def read() -> None:
        while not is_over.wait(0.1):
            client.recv(3_000)

    thread = threading.Thread(target=read)
    thread.start()
    with pytest.raises(BrokenPipeError):
        server.sendall(b"x" * LARGE)
    is_over.set()
    thread.join()


def test_the_result_of_a_query_may_be_read_slowly(
    pair: tuple[Outgoing, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "_STALL_SECONDS", 0.2)
    monkeypatch.setattr(outgoing, "_WHOLE_SECONDS", 0.2)
    server, client = pair
    server.carries_query()

    def answer() -> None:
        server.sendall(b"x" * 2_000_000)
        _send_the_rest(server)

    thread = threading.Thread(target=answer)
    thread.start()
    time.sleep(2.5)
    assert len(_all(client)) == 2_000_000
    thread.join()
    assert not server.is_cut


def test_few_threads_wait_for_one_person_and_others_have_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "_STALL_SECONDS", 3.0)
    readers = Readers(most_waiting=1)
    with _pair(readers) as (first, _), _pair(readers) as (second, _), _pair(readers) as (third, reading):
        first.reader, second.reader, third.reader = "kim", "kim", "lee"
        thread = threading.Thread(target=_send_large, args=[first])
        thread.start()
        time.sleep(0.5)
        began = time.monotonic()
        with pytest.raises(BrokenPipeError):
            second.sendall(b"x" * LARGE)
        assert time.monotonic() - began < 1
        other = threading.Thread(target=_send_large, args=[third])
        other.start()
        came = 0
        while came < LARGE - MOST_KEPT:
            came += len(reading.recv(65_536))
        thread.join()
        first.end()
        second.begin()
        other.join()
        assert (first.is_cut, third.is_cut) == (True, False)


def test_what_is_kept_for_all_together_is_bounded() -> None:
    readers = Readers(most_kept=1_000_000)
    with _pair(readers) as (first, _), _pair(readers) as (second, _):
        first.sendall(b"x" * 900_000)
        assert readers.is_tight
        thread = threading.Thread(target=second.sendall, args=[b"x" * 900_000])
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
        first.close()  # which makes room for what waits
        thread.join()
        assert second.has_more
    assert not readers.is_tight


def _send_large(connection: Outgoing) -> None:
    with suppress(BrokenPipeError):
        connection.sendall(b"x" * LARGE)


def _send_the_rest(connection: Outgoing) -> None:
    while connection.has_more:
        connection.flush()
    connection.shutdown(socket.SHUT_WR)


def _all(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65_536), b""))
