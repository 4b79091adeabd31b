"""Ends what is read of the catalog when it takes too long, whatever the reading is about."""

import sqlite3
import threading
import time
from types import TracebackType

from catalog.errors import LimitExceeded
from catalog.sources.watch import WATCH


class TimeLimit:
    """Interrupts a connection's statements once their time is over; the block then ends with LimitExceeded.

    Example:
        >>> with TimeLimit(connection, seconds=20, what="a search of the journal"):
        ...     connection.execute("SELECT ...").fetchall()
    """

    def __init__(self, connection: sqlite3.Connection, *, seconds: float, what: str) -> None:
        self._connection = connection
        self._seconds, self._what = seconds, what
        self._lock = threading.Lock()
        self._is_over = False
        self.deadline: float | None = None
        """When the time is over, on the monotonic clock."""
        self.is_stopping = False

    def __enter__(self) -> "TimeLimit":
        self.deadline = time.monotonic() + self._seconds
        WATCH.add(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        WATCH.remove(self)
        with self._lock:
            self._is_over = True
        if self.is_stopping and isinstance(error, sqlite3.OperationalError):
            raise LimitExceeded(
                f"{self._what} may take {self._seconds:g} seconds, and this one took longer",
                hint="ask for a shorter time, or name a person, a dataset or a kind of event besides",
            ) from None

    def expire(self) -> None:
        """The time is over."""
        self.is_stopping = True

    def interrupt(self) -> None:
        """Interrupts the statement that runs, if the block has not ended."""
        with self._lock:
            if not self._is_over:
                self._connection.interrupt()
