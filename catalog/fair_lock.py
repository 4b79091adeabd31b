"""Locks that threads get in the order in which they came for them."""

import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager


class FairLock:
    """Held by one thread at a time; whoever takes it again and again lets those who wait go first.

    Example:
        >>> lock = FairLock()
        >>> lock.acquire(timeout=1), lock.acquire(timeout=0)
        (True, False)
        >>> lock.release()
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._is_held = False
        self._waiting: deque[threading.Lock] = deque()

    def acquire(self, *, timeout: float) -> bool:
        """Waits until it is this thread's turn, for so many seconds; whether it was."""
        with self._guard:
            if not self._is_held:
                self._is_held = True
                return True
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=timeout):
            return True
        with self._guard:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return False
        return True  # it was given just now

    def release(self) -> None:
        """Gives it to whoever has waited for longest."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_held = False


class FairLocks:
    """A fair lock for each name, kept for as long as somebody has it or waits for it.

    Example:
        >>> locks = FairLocks()
        >>> with locks.held("kim", timeout=1) as is_held:
        ...     is_held
        True
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[str, FairLock] = {}
        self._askers: Counter[str] = Counter()

    @contextmanager
    def held(self, name: str, *, timeout: float) -> Iterator[bool]:
        """Whether the name's lock came to this thread within so many seconds; it is held inside if it did."""
        with self._guard:
            lock = self._locks.setdefault(name, FairLock())
            self._askers[name] += 1
        try:
            is_held = lock.acquire(timeout=timeout)
            try:
                yield is_held
            finally:
                if is_held:
                    lock.release()
        finally:
            self._forget(name)

    def _forget(self, name: str) -> None:
        with self._guard:
            self._askers[name] -= 1
            if not self._askers[name]:
                del self._locks[name], self._askers[name]
