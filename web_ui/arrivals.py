"""A server's worker that gives a thread to a request only when the request is there.

The threads of gunicorn's own worker wait for whatever a client has not sent yet, so that a few dozen connections on
which nothing more comes would keep everybody else waiting for ever. Here the loop that accepts connections waits for
them: a request that is small, as nearly all are, comes to a thread whole, a large one when much of it has come, and
none before its head is whole. The loop also sends what a thread's answer has left over, which its client has not read
yet. What has not come, or gone, after a while is closed; where there are too many, those that are waited for longest
make place.
"""

import logging
import re
import select
import selectors
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from gunicorn.http.body import Body
from gunicorn.http.errors import NoMoreData, ParseException
from gunicorn.http.message import Request
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import TConn, ThreadWorker

from proxy.http.outgoing import Outgoing, Readers
from proxy.refusals import RequestInvalid
from web_ui.log_lines import told

ARRIVAL_SECONDS = 20.0
"""How long a request may take to come, from its first byte to its last."""

_log = logging.getLogger("veil")

_WHOLE = 3  # times as long as a client may take nothing, it may take what is left of an answer
_LINGER_SECONDS = 0.2
_SWEEP_SECONDS = 0.25
_MOST_OF_HEAD = 65_536  # bytes
_MOST = 262_144  # bytes that are waited for in the system's memory
_MOST_TAKEN = 147_456  # bytes that are kept here where that is full of small pieces: more than a head and a form
_MOST_TAKEN_OF_ALL = 33_554_432
_HEAD_END = b"\r\n\r\n"
_BODY_END = b"\r\n0\r\n\r\n"  # in a piece it means nothing, and then a thread waits for the rest
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 64\r\n\r\n"
    b"the head of a request has at most 65,536 bytes; send fewer ones\n"
)
_UNREADABLE = (
    b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 64\r\n\r\n"
    b"the Content-Length of a request is one number of twelve digits.\n"
)
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*0*(\d{1,12})[ \t]*(?=\r\n)", re.IGNORECASE)
_OF_LENGTH = re.compile(rb"\r\n[ \t]*content-length", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)


def missing(begun: bytes) -> int:
    """How many bytes of a request, of which the first ones are there, have at least still to come.

    Example:
        >>> missing(b"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"), missing(b"GET / HT")
        (0, 1)
        >>> missing(b"POST / HTTP/1.1\\r\\nContent-Length: 5\\r\\n\\r\\n{}")
        3
    """
    end = begun.find(_HEAD_END)
    if end < 0:
        return 1
    head = begun[: end + 2]
    if _CHUNKED.search(head):
        return 0 if _BODY_END in begun[end:] else 1
    length = _LENGTH.search(head)
    return max(0, end + len(_HEAD_END) + (int(length[1]) if length else 0) - len(begun))


def is_readable(begun: bytes) -> bool:
    """Whether it can be told how long a request is, once its head is there.

    Example:
        >>> is_readable(b"POST / HTTP/1.1\\r\\nContent-Length: 5\\r\\n\\r\\n")
        True
        >>> is_readable(b"POST / HTTP/1.1\\r\\nContent-Length: +5\\r\\n\\r\\n")
        False
    """
    head = begun[: begun.find(_HEAD_END) + 2]
    named = sum(1 for _ in _OF_LENGTH.finditer(head))
    return named == sum(1 for _ in _LENGTH.finditer(head)) <= 1


@dataclass(slots=True)
class _Wait:
    """What a connection is waited for, since when it has done nothing, until when, and what then happens."""

    what: Literal["request", "reader", "end"]
    since: float
    until: float
    then: Callable[[], None] = lambda: None


class Arrivals(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's worker of threads, which waits for requests, and for readers, in its loop and not in its threads."""

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)
        self._waits: dict[TConn, _Wait] = {}
        """The connections that the loop waits for: for a request, for a reader, or for their end."""
        self._taken: dict[TConn, bytes] = {}
        """What was taken out of the system's memory of a request that is not there yet."""
        self._readers = Readers(most_waiting=max(1, self.cfg.threads // 8))
        self._swept_at = 0.0

    def enqueue_req(self, conn: TConn) -> None:
        """Has a thread answer the connection's next request when that is there."""
        if not isinstance(conn.sock, Outgoing):
            conn.sock = Outgoing(self._readers, conn.sock.detach())
        now = time.monotonic()
        self._await(conn, _Wait("request", now, now + ARRIVAL_SECONDS))

    def murder_pending(self) -> None:
        """Closes connections that were waited for in vain, or too many; whoever stops waits for no request."""
        self._make_place()
        now = time.monotonic()
        if now < self._swept_at + _SWEEP_SECONDS and self.alive:
            return
        self._swept_at = now
        for conn, wait in list(self._waits.items()):
            if wait.what == "reader":
                wait.then()  # the system says late that there is a little room
            elif wait.until <= now or (wait.what == "request" and not self.alive):
                self._give_up(conn)

    def handle(self, conn: TConn) -> object:
        """Answers one request, in a thread."""
        conn.sock.begin()
        conn.init()
        if not isinstance(conn.parser.unreader, _TimedReader):
            conn.parser.unreader = _TimedReader(conn.sock)
        if taken := self._taken.pop(conn, b""):
            conn.parser.unreader.unread(conn.parser.unreader.take_buffered() + taken)
        conn.parser.unreader.until = time.monotonic() + ARRIVAL_SECONDS
        try:
            return super().handle(conn)
        finally:
            conn.sock.end()

    def handle_request(self, req: Request, conn: TConn) -> object:
        """Has the application answer a request, whose body is there to its end or is refused."""
        req.body = _WholeBody(req)
        return super().handle_request(req, conn)

    def handle_error(self, req: object, client: socket.socket, addr: object, exc: Exception) -> None:
        """Answers what cannot be read, and logs that it came without what it was."""
        _log.warning("%s", told(exc, addr))
        super().handle_error(req, client, addr, exc)

    def finish_request(self, conn: TConn, answered: Future[object]) -> None:
        """Sends what is left of the answer; then awaits the next request of a connection that is kept."""
        is_kept = not answered.cancelled() and answered.exception() is None and bool(answered.result())

        def go_on() -> None:
            if is_kept:
                super(Arrivals, self).finish_request(conn, answered)
            else:
                self._leave(conn)

        if conn.sock.is_cut or conn.sock.fileno() < 0:
            self._close(conn)
        else:
            self._part(conn, go_on)

    def _keepalive_after(self, conn: TConn, keepalive: bool) -> bool:
        """Whether the connection can be used again: not when what was sent and not read is not there, or no body."""
        conn.parser.unreader.until = time.monotonic() + _LINGER_SECONDS
        try:
            return bool(super()._keepalive_after(conn, keepalive))
        except (NoMoreData, RequestInvalid):  # who sent it has an answer, and a second one would be none to anything
            return False

    def _await(self, conn: TConn, wait: _Wait, before: int = -1) -> None:
        """Begins when the request is there; `before` is how much of it was there the last time, if ever."""
        conn.sock.setblocking(False)
        came = _waiting(conn.sock)
        begun = self._held(conn) + came
        if len(begun) >= _MOST_OF_HEAD and begun.find(_HEAD_END, 0, _MOST_OF_HEAD) < 0:
            _log.warning("a request had a head of more than %s bytes: from %s", f"{_MOST_OF_HEAD:,}", conn.client[0])
            self._refuse(conn, _TOO_LARGE)
            return
        if not is_readable(begun):
            _log.warning("a request had no length that can be read: from %s", conn.client[0])
            self._refuse(conn, _UNREADABLE)
            return
        left = min(missing(begun), _MOST - len(begun))
        is_stuck = len(came) == before
        if left <= 0 or (is_stuck and (len(begun) > _MOST_TAKEN or _has_ended(conn.sock))):
            self._begin(conn)
            return
        if is_stuck:  # the system's memory is full of the heads of small pieces
            if sum(map(len, self._taken.values())) > _MOST_TAKEN_OF_ALL:
                self._close(conn)
                return
            self._taken[conn] = self._taken.get(conn, b"") + conn.sock.recv(len(came))
            came = b""
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, len(came) + left)
        wait.then = lambda: self._came(conn, wait, len(came))
        self._wait(conn, selectors.EVENT_READ, wait)

    def _held(self, conn: TConn) -> bytes:
        """What is there of a request and no longer in the system's memory."""
        buffered: bytes = conn.parser.unreader.buf.getvalue() if conn.parser else b""
        return buffered + self._taken.get(conn, b"")

    def _came(self, conn: TConn, wait: _Wait, before: int) -> None:
        self._forget(conn)
        self._await(conn, wait, before)

    def _begin(self, conn: TConn) -> None:
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
        conn.data_ready = True
        super().enqueue_req(conn)

    def _refuse(self, conn: TConn, answer: bytes) -> None:
        """Says what is wrong with a head: a thread would wait for the rest, and for nobody whom a share counts."""
        self._taken.pop(conn, None)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
        with suppress(OSError):  # what the system does not take at once is not waited for
            socket.socket.send(conn.sock, answer, socket.MSG_DONTWAIT)
        self._leave(conn)

    def _part(self, conn: TConn, go_on: Callable[[], None]) -> None:
        """Sends what an answer has left over when the client reads, and then goes on."""
        if not conn.sock.has_more:
            go_on()
            return
        conn.sock.setblocking(False)
        now, stall = time.monotonic(), conn.sock.stall_seconds
        wait, end = _Wait("reader", now, now + stall), now + _WHOLE * stall

        def send() -> None:
            now = time.monotonic()
            try:
                if conn.sock.flush():
                    wait.since, wait.until = now, min(now + stall, end)
            except OSError:
                wait.until = now
            if not conn.sock.has_more:
                self._forget(conn)
                go_on()
            elif wait.until <= now:
                self._give_up(conn)

        wait.then = send
        self._wait(conn, selectors.EVENT_WRITE, wait)

    def _leave(self, conn: TConn) -> None:
        """Closes a connection when the client has, or soon: closed at once, the client might lose what it was sent."""
        now = time.monotonic()
        conn.sock.setblocking(False)
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(conn)
            return

        def drain() -> None:
            if not _drained(conn.sock):
                self._give_up(conn)

        self._wait(conn, selectors.EVENT_READ, _Wait("end", now, now + _LINGER_SECONDS, drain))

    def _wait(self, conn: TConn, event: int, wait: _Wait) -> None:
        self._waits[conn] = wait
        self.poller.register(conn.sock, event, lambda _: wait.then())

    def _forget(self, conn: TConn) -> None:
        del self._waits[conn]
        self.poller.unregister(conn.sock)

    def _make_place(self) -> None:
        """Lets go of whoever is waited for longest where there are too many, or too much of their answers is kept."""
        if self.nr_conns < self.worker_connections and not self._readers.is_tight:
            return
        longest = sorted(self._waits, key=lambda conn: self._waits[conn].since)
        if self.nr_conns >= self.worker_connections and longest:
            self._give_up(longest.pop(0))
        for conn in longest:
            if self._readers.is_tight and self._waits[conn].what == "reader":
                self._give_up(conn)

    def _give_up(self, conn: TConn) -> None:
        self._forget(conn)
        self._taken.pop(conn, None)
        self._close(conn)

    def _close(self, conn: TConn) -> None:
        self.nr_conns -= 1
        conn.close()


def _waiting(connection: socket.socket) -> bytes:
    """What has come and nobody has taken yet; it stays there."""
    try:
        return connection.recv(_MOST, socket.MSG_PEEK)
    except OSError:
        return b""


def _drained(connection: socket.socket) -> bool:
    """Takes what a client that is let go still sends; False when it sends nothing more."""
    try:
        return bool(connection.recv(_MOST_TAKEN))
    except BlockingIOError:
        return True
    except OSError:
        return False


def _has_ended(connection: socket.socket) -> bool:
    """Whether the other side sends nothing more."""
    ends = select.poll()
    ends.register(connection, select.POLLRDHUP)
    return bool(ends.poll(0))


class _TimedReader(SocketUnreader):  # type: ignore[misc]  # gunicorn has no types
    """Reads the rest of a request, for no longer than until a moment."""

    until = 0.0

    def chunk(self, size_hint: int | None = None) -> bytes:
        """The next bytes; raises NoMoreData when they do not come in time."""
        self.sock.settimeout(max(0.001, self.until - time.monotonic()))
        try:
            read: bytes = super().chunk(size_hint)
        except TimeoutError:
            raise NoMoreData from None
        finally:
            self.sock.settimeout(None)
        return read


class _WholeBody(Body):  # type: ignore[misc]  # gunicorn has no types
    """A request's body, which is never taken for whole where its end is not there, and ends its connection then."""

    failed: bool

    def __init__(self, request: Request) -> None:
        super().__init__(request.body.reader)
        self._request = request

    def _read_reader(self, size: int) -> bytes:
        """The next bytes; raises NoMoreData where they do not come, and RequestInvalid where they are no chunks."""
        expected = min(size, getattr(self.reader, "length", 0))  # of chunks, the reader sees to it
        try:
            if self.failed:
                raise NoMoreData
            read: bytes = super()._read_reader(size)
            if len(read) < expected:
                self.failed = True
                raise NoMoreData
        except NoMoreData:
            self._request.force_close()
            raise
        except ParseException:
            self._request.force_close()
            raise RequestInvalid(
                "the chunks of the body cannot be read",
                hint="each is its size in hexadecimal digits, the end of a line, so many bytes, and the end of a line",
            ) from None
        return read
