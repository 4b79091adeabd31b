"""A server's worker that gives a thread to a request only when the request is there.

The threads of gunicorn's own worker wait for whatever a client has not sent yet, so that a few dozen connections on
which nothing more comes would keep everybody else waiting for ever. Here the loop that accepts connections waits for
them: a request that is small, as nearly all are, comes to a thread whole, a large one when much of it has come. What
has not come after a while is closed; where there are too many, those that are waited for longest make place.
"""

import logging
import re
import select
import selectors
import socket
import struct
import time
from concurrent.futures import Future

from gunicorn.http.errors import NoMoreData
from gunicorn.http.unreader import SocketUnreader
from gunicorn.util import close_graceful
from gunicorn.workers.gthread import TConn, ThreadWorker

from web_ui.log_lines import told

ARRIVAL_SECONDS = 20.0
"""How long a request may take to come, from its first byte to its last."""

_log = logging.getLogger("veil")

_STALL_SECONDS = 300  # a client may take nothing of its answer for so long
_LINGER_SECONDS = 0.2
_MOST = 262_144  # bytes that are waited for in the system's memory
_MOST_TAKEN = 65_536  # bytes that are kept here where that is full of small pieces
_HEAD_END = b"\r\n\r\n"
_BODY_END = b"\r\n0\r\n\r\n"  # in a piece it means nothing, and then a thread waits for the rest
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,12})[ \t]*\r\n", re.IGNORECASE)
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


class Arrivals(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's worker of threads, which waits for requests in its loop and not in its threads."""

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)
        self._coming: dict[TConn, float] = {}
        """The connections whose request is not there yet, the longest waited for first, and until when."""
        self._taken: dict[TConn, bytes] = {}
        """What was taken out of the system's memory of a request that is not there yet."""

    def accept(self, listener: socket.socket) -> None:
        """Takes a connection; one that is waited for makes place for it where there are too many."""
        super().accept(listener)
        if self.nr_conns >= self.worker_connections and self._coming:
            self._give_up(next(iter(self._coming)))

    def enqueue_req(self, conn: TConn) -> None:
        """Has a thread answer the connection's next request when that is there."""
        self._await(conn, time.monotonic() + ARRIVAL_SECONDS)

    def murder_pending(self) -> None:
        """Closes connections whose request has not come in time; whoever stops waits for none."""
        now = time.monotonic()
        for conn in [conn for conn, until in self._coming.items() if until <= now or not self.alive]:
            self._give_up(conn)

    def handle(self, conn: TConn) -> object:
        """Answers one request, in a thread."""
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", _STALL_SECONDS, 0))
        conn.init()
        if not isinstance(conn.parser.unreader, _TimedReader):
            conn.parser.unreader = _TimedReader(conn.sock)
        if taken := self._taken.pop(conn, b""):
            conn.parser.unreader.unread(conn.parser.unreader.take_buffered() + taken)
        conn.parser.unreader.until = time.monotonic() + ARRIVAL_SECONDS
        is_kept = super().handle(conn)
        if not is_kept:
            close_graceful(conn.sock, timeout=_LINGER_SECONDS)  # in the loop all others would wait for it
        return is_kept

    def handle_error(self, req: object, client: socket.socket, addr: object, exc: Exception) -> None:
        """Answers what cannot be read, and logs that it came without what it was."""
        _log.warning("%s", told(exc, addr))
        super().handle_error(req, client, addr, exc)

    def finish_request(self, conn: TConn, answered: Future[object]) -> None:
        """Awaits the next request of a connection that is kept, and lets go of any other."""
        if answered.cancelled() or answered.exception() or not answered.result():
            self.nr_conns -= 1
            conn.close()
        else:
            super().finish_request(conn, answered)

    def _keepalive_after(self, conn: TConn, keepalive: bool) -> bool:
        """Whether the connection can be used again: not when what was sent and not read is more than is there."""
        conn.parser.unreader.until = time.monotonic() + _LINGER_SECONDS
        try:
            return bool(super()._keepalive_after(conn, keepalive))
        except NoMoreData:
            return False

    def _await(self, conn: TConn, until: float, before: int = -1) -> None:
        """Begins when the request is there; `before` is how much of it was there the last time, if ever."""
        conn.sock.setblocking(False)
        came = _waiting(conn.sock)
        begun = self._held(conn) + came
        left = min(missing(begun), _MOST - len(begun))
        is_stuck = len(came) == before
        if left <= 0 or (is_stuck and (len(begun) > _MOST_TAKEN or _has_ended(conn.sock))):
            self._begin(conn)
            return
        if is_stuck:  # the system's memory is full of the heads of small pieces
            self._taken[conn] = self._taken.get(conn, b"") + conn.sock.recv(len(came))
            came = b""
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, len(came) + left)
        self._coming[conn] = until
        self.poller.register(conn.sock, selectors.EVENT_READ, lambda _: self._came(conn, until, len(came)))

    def _held(self, conn: TConn) -> bytes:
        """What is there of a request and no longer in the system's memory."""
        buffered: bytes = conn.parser.unreader.buf.getvalue() if conn.parser else b""
        return buffered + self._taken.get(conn, b"")

    def _came(self, conn: TConn, until: float, before: int) -> None:
        self._forget(conn)
        self._await(conn, until, before)

    def _begin(self, conn: TConn) -> None:
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
        conn.data_ready = True
        super().enqueue_req(conn)

    def _forget(self, conn: TConn) -> None:
        del self._coming[conn]
        self.poller.unregister(conn.sock)

    def _give_up(self, conn: TConn) -> None:
        self._forget(conn)
        self._taken.pop(conn, None)
        self.nr_conns -= 1
        conn.close()


def _waiting(connection: socket.socket) -> bytes:
    """What has come and nobody has taken yet; it stays there."""
    try:
        return connection.recv(_MOST, socket.MSG_PEEK)
    except OSError:
        return b""


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
