"""Connections that one run leaves to the next: each is clean, with nothing of the run in it, and none is old."""

import threading
import time
from contextlib import suppress
from typing import Protocol
from weakref import WeakKeyDictionary

_MOST = 4
_SECONDS = 60.0


class Closable(Protocol):
    """A connection of any driver."""

    def close(self) -> None: ...


class Kept:
    """At most a few connections for each address, each for a minute, however often it is used; thread-safe.

    What an address leads to, and whether its account may still log in, is asked that often.

    Example:
        >>> Kept().take("postgresql://veil@db/clinic") is None
        True
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._kept: dict[str, list[tuple[float, Closable]]] = {}
        self._first_left: WeakKeyDictionary[Closable, float] = WeakKeyDictionary()
        self._is_closed = False

    def take(self, address: str) -> Closable | None:
        """The connection that was left last, which is no longer kept; those that have become old are closed."""
        since = time.monotonic() - _SECONDS
        with self._guard:
            kept = self._kept.pop(address, [])
            old = [each for each in kept if each[0] <= since]
            fresh = [each for each in kept if each[0] > since]
            found = fresh.pop() if fresh else None
            self._kept[address] = fresh
        _close(old)
        return None if found is None else found[1]

    def give(self, address: str, connection: Closable) -> None:
        """Keeps a clean connection; closes it where there are enough."""
        with self._guard:
            kept = self._kept.setdefault(address, [])
            since = self._first_left.setdefault(connection, time.monotonic())
            is_kept = not self._is_closed and len(kept) < _MOST
            if is_kept:
                kept.append((since, connection))
        if not is_kept:
            _close([(0.0, connection)])

    def close(self) -> None:
        """Closes every connection, and each that is given from now on."""
        with self._guard:
            self._is_closed = True
            left = [each for kept in self._kept.values() for each in kept]
            self._kept.clear()
        _close(left)


def _close(connections: list[tuple[float, Closable]]) -> None:
    for _, connection in connections:
        with suppress(Exception):  # the server may have ended it
            connection.close()
