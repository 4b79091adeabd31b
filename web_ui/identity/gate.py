"""Lets a few in at once, and a few more wait a moment: whoever waits holds a thread that others need."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class GateClosed(Exception):
    """As many as may are inside, and nobody has come out in time."""


class Gate:
    """A place for `at_once` at a time, before which a few more may wait; thread-safe.

    Example:
        >>> gate = Gate(at_once=4)
        >>> with gate.inside():
        ...     "asked"
        'asked'
    """

    def __init__(self, *, at_once: int, waiting: int = 4, seconds: float = 2.0) -> None:
        """So many are inside at once, and so many wait for so long."""
        self._free = at_once
        self._most_waiting = waiting
        self._seconds = seconds
        self._changed = threading.Condition()
        self._waiting = 0

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Raises GateClosed at once when too many wait already, or after a while."""
        with self._changed:
            if not self._free:
                self._wait()
            self._free -= 1
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify()

    def _wait(self) -> None:
        if self._waiting >= self._most_waiting:
            raise GateClosed
        self._waiting += 1
        try:
            if not self._changed.wait_for(lambda: self._free > 0, self._seconds):
                raise GateClosed
        finally:
            self._waiting -= 1
