"""A client's connection: whoever does not read a small answer has no thread wait for them.

What the system does not take of an answer at once is kept here, up to a size, and the server's loop sends it when the
client reads. Only what is larger has its thread wait, for a reader who goes on reading and for a few of one person.
"""

import errno
import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Never, Protocol

from proxy.refusals import TooMany
from proxy.turns import Turns

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _File(Protocol):
    def read(self, size: int, /) -> bytes: ...

    def seek(self, offset: int, /) -> object: ...


MOST_KEPT = 1_000_000
"""Bytes of an answer that are kept for one connection."""

_MOST_OF_ALL = 64_000_000  # bytes for all connections together
_STALL_SECONDS = 20.0  # a reader may take nothing for so long
_QUERY_STALL_SECONDS = 300.0  # of a query's result, as people look at one batch before they take the next
_WHOLE_SECONDS = 60.0
_LEAST_RATE = 65_536  # bytes a second
_LOOK_SECONDS = 1.0  # the system tells late of little room
_PIECE = 262_144


class Readers:
    """What the connections of a server share: the room for what is not read yet, and whom threads wait for."""

    def __init__(self, *, most_kept: int = _MOST_OF_ALL, most_waiting: int = 4) -> None:
        """`most_waiting` is how many threads wait at once for one person, or for all that are nobody."""
        self._most = self._left = most_kept
        self._lock = threading.Lock()
        self.turns = Turns(most_waiting, "answer that is being read", "answers that are being read")

    @property
    def is_tight(self) -> bool:
        """Whether so much is kept that those who have not read for longest are to go."""
        return self._left < self._most // 4

    def keep(self, size: int) -> bool:
        """Takes room for so many bytes, if there is any."""
        with self._lock:
            if size > self._left:
                return False
            self._left -= size
            return True

    def give_back(self, size: int) -> None:
        """So many bytes are kept no more."""
        with self._lock:
            self._left += size


class Outgoing(socket.socket):
    """A client's socket in blocking mode for which no small answer waits; it is one thread's at a time.

    Example:
        >>> connection = Outgoing(Readers(), accepted.detach())
        >>> connection.sendall(b"x" * 500_000)  # at once, whether it is read or not
        >>> connection.has_more  # the rest, which `flush` sends when the client reads
        True
    """

    def __init__(self, readers: Readers, fileno: int) -> None:
        super().__init__(fileno=fileno)
        self._readers = readers
        self._kept = bytearray()
        self._end_turn: Callable[[], None] = _nothing
        self.is_cut = False
        """Whether its reader was waited for in vain; nothing more is sent."""
        self.begin()

    def begin(self) -> None:
        """Another request came, of nobody as yet."""
        self.reader = ""
        self._is_query = False
        self._waited = self._stuck = 0.0
        self._taken = 0

    def end(self) -> None:
        """The request is answered; what is left of the answer needs no thread."""
        self._end_turn()
        self._end_turn = _nothing

    def carries_query(self) -> None:
        """The answer is the result of a query, of which a person has few at once: it may be read slowly."""
        self._is_query = True

    @property
    def stall_seconds(self) -> float:
        """For how long the reader may take nothing."""
        return _QUERY_STALL_SECONDS if self._is_query else _STALL_SECONDS

    @property
    def has_more(self) -> bool:
        """Whether something is kept."""
        return bool(self._kept)

    def sendall(self, data: "ReadableBuffer", flags: int = 0, /) -> None:
        """Sends, or keeps, all of it; waits where that is too much, BrokenPipeError tells that it was for too long."""
        with memoryview(data).cast("B") as rest:
            sent = 0
            while True:
                self.flush()
                while sent < len(rest) and not self._kept and (taken := self._send(rest[sent : sent + _PIECE])):
                    sent += taken
                if self._keep(rest[sent:]):
                    return
                self._wait()

    def send(self, data: "ReadableBuffer", flags: int = 0, /) -> int:
        """Sends, or keeps, all of it."""
        self.sendall(data, flags)
        return memoryview(data).nbytes

    def sendfile(self, file: "_File", offset: int = 0, count: int | None = None) -> int:
        """Sends a file, or so many bytes of it, after all that is kept."""
        file.seek(offset)
        sent = 0
        while piece := file.read(_PIECE if count is None else min(_PIECE, count - sent)):
            self.sendall(piece)
            sent += len(piece)
        return sent

    def flush(self) -> bool:
        """Sends as much of what is kept as the system takes; whether it took any. Raises OSError when nobody reads."""
        begun = self._taken
        while self._kept:
            with memoryview(self._kept) as kept, kept[:_PIECE] as piece:
                taken = self._send(piece)
            if not taken:
                break
            del self._kept[:taken]
            self._readers.give_back(taken)
        return self._taken > begun

    def close(self) -> None:
        """Closes the connection; with a reset where something is kept, so that nobody takes a part for the whole."""
        self.end()
        if (self._kept or self.is_cut) and self.fileno() >= 0:
            self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._readers.give_back(len(self._kept))
        self._kept.clear()
        super().close()

    def _send(self, piece: memoryview) -> int:
        try:
            taken = super().send(piece, socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError, TimeoutError):
            return 0
        self._taken += taken
        self._stuck = 0.0
        return taken

    def _keep(self, rest: memoryview) -> bool:
        if len(rest) + len(self._kept) > MOST_KEPT or not self._readers.keep(len(rest)):
            return not rest
        self._kept += rest
        return True

    def _wait(self) -> None:
        """Waits a little for the reader; raises BrokenPipeError when it has been for too long, or for too many."""
        if not self._is_query and self._end_turn is _nothing:
            with suppress(TooMany):
                self._end_turn = self._readers.turns.take(self.reader)
            if self._end_turn is _nothing:
                self._cut()
        begun = time.monotonic()
        room = select.poll()
        room.register(self, select.POLLOUT)
        room.poll(_LOOK_SECONDS * 1_000)
        waited = time.monotonic() - begun
        self._waited += waited
        self._stuck += waited
        if self._stuck > self.stall_seconds or (
            not self._is_query and self._waited > _WHOLE_SECONDS + self._taken / _LEAST_RATE
        ):
            self._cut()

    def _cut(self) -> Never:
        self.is_cut = True
        raise BrokenPipeError(errno.EPIPE, "the answer is not read")


def of_request(environ: "dict[str, object]") -> Outgoing | None:
    """The connection that a request came by; None at a server that waits for its readers, as in a test."""
    connection = environ.get("gunicorn.socket")
    return connection if isinstance(connection, Outgoing) else None


def _nothing() -> None:
    pass
