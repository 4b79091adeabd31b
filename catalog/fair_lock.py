"""A lock that threads get in the order in which they came for it."""

import threading
from collections import deque


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
