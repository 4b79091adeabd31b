"""Remembers which attempts to sign in were answered: the browser that keeps one could send it again and again."""

import threading
from collections.abc import Callable

_MOST = 100_000


class Spent:
    """Names that count once, for some seconds; thread-safe.

    Example:
        >>> spent = Spent(600, clock=time.monotonic)
        >>> spent.spend("state"), spent.spend("state")
        (True, False)
    """

    def __init__(self, seconds: float, *, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, float] = {}
        """Until when, the oldest first."""

    def spend(self, name: str) -> bool:
        """Whether the name counts: the first time it does, and when there is room for it."""
        now = self._clock()
        with self._lock:
            while self._known and next(iter(self._known.values())) < now:
                del self._known[next(iter(self._known))]
            if name in self._known or len(self._known) >= _MOST:
                return False
            self._known[name] = now + self._seconds
        return True

    def give_back(self, name: str) -> None:
        """Have the name count once more, as nothing came of it."""
        with self._lock:
            self._known.pop(name, None)
