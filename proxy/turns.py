"""How many things of one person are under way at once: a share for each, so that one cannot take all of the server."""

import threading
from collections import Counter
from collections.abc import Callable

from catalog.names import fold
from proxy.refusals import TooMany


class Turns:
    """The queries, or whatever else is counted, that are under way by person; thread-safe.

    Example:
        >>> turns = Turns(most=1)
        >>> give_back = turns.take("kim")
        >>> turns.take("kim")
        Traceback (most recent call last):
        proxy.refusals.TooMany: you have 1 query running, as many as one person may have at once
        >>> give_back()
    """

    def __init__(
        self,
        most: int | None,
        one: str = "query running",
        many: str = "queries running",
        hint: str = "read the answers to their end or close them, then ask again",
    ) -> None:
        """`most` is the limit for each person, None for no limit; `one` and `many` say of what."""
        self._most = most
        self._one, self._many, self._hint = one, many, hint
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()

    def take(self, user: str) -> Callable[[], None]:
        """Counts one more of the person until the returned function is called; raises TooMany at the limit."""
        user = fold(user)
        with self._lock:
            running = self._running[user]
            if self._most is not None and running >= self._most:
                raise TooMany(
                    f"you have {running} {self._one if running == 1 else self._many},"
                    " as many as one person may have at once",
                    hint=self._hint,
                )
            self._running[user] += 1
        return _Once(lambda: self._give_back(user))

    def _give_back(self, user: str) -> None:
        with self._lock:
            self._running[user] -= 1
            if not self._running[user]:
                del self._running[user]


class _Once:
    """Calls a function the first time it is called itself, from whichever thread that is."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._lock = threading.Lock()
        self._work: Callable[[], None] | None = work

    def __call__(self) -> None:
        with self._lock:
            work, self._work = self._work, None
        if work is not None:
            work()
