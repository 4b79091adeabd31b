"""Slows down guessing: after some wrong passwords, a pause for that name from that address."""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable

from catalog.names import fold
from proxy.refusals import TooMany
from web_ui.identity.gate import origin_of

_MOST_REMEMBERED = 10_000
Counted = tuple[str, str]
"""What attempts are counted for: a name or all of them, and an address."""

_GUESSES = "there were too many wrong passwords from here"
_PER_ADDRESS = 10
_LONGEST_NAME = 200  # whoever sends longer ones must not fill the memory with them


class Paused(TooMany):
    """An attempt within a pause of `what`, which lasts so many `seconds` more; nothing of it was looked at."""

    def __init__(self, what: Counted, seconds: float, why: str = _GUESSES) -> None:
        minutes = math.ceil(seconds / 60)
        super().__init__(
            why,
            hint=f"wait {minutes} minute{'s' if minutes > 1 else ''}, then try again",
        )
        self.what = what
        self.seconds = seconds


class Throttle:
    """Counts failures for a name and address, and for an address over all names.

    An address may fail ten times as often as one name from it, for people behind one router; of IPv6 a network counts.
    """

    def __init__(self, *, attempts: int, pause_seconds: float, clock: Callable[[], float]) -> None:
        self._most = attempts
        self._pause = pause_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._attempts_of: OrderedDict[Counted, list[float]] = OrderedDict()

    def enter(self, name: str, address: str) -> None:
        """Count one attempt, or raise Paused while the pause lasts.

        Attempts count before their password is checked, so that many at once gain nothing.
        """
        with self._lock:
            now = self._clock()
            keys = self._keys(name, address)
            wait, what = max((self._wait(key, most, now), key) for key, most in keys)
            if wait > 0:
                raise Paused(what, wait)
            for key, _ in keys:
                self._attempts_of[key] = [*self._recent(key, now), now]
                self._attempts_of.move_to_end(key)
            while len(self._attempts_of) > _MOST_REMEMBERED:
                self._attempts_of.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """Forget the attempts of this name from this address, and the last one of the address."""
        with self._lock:
            (own, _), (shared, _) = self._keys(name, address)
            self._attempts_of.pop(own, None)
            if self._attempts_of.get(shared):
                self._attempts_of[shared].pop()

    def unlooked(self, name: str, address: str) -> None:
        """Take back the last attempt, whose password nobody looked at."""
        with self._lock:
            for key, _ in self._keys(name, address):
                if self._attempts_of.get(key):
                    self._attempts_of[key].pop()

    def _keys(self, name: str, address: str) -> tuple[tuple[Counted, int], tuple[Counted, int]]:
        origin = origin_of(address)
        return ((f"name {fold(name[:_LONGEST_NAME])}", origin), self._most), (
            ("address", origin),
            self._most * _PER_ADDRESS,
        )

    def _recent(self, key: Counted, now: float) -> list[float]:
        return [at for at in self._attempts_of.get(key, []) if now - at < self._pause]

    def _wait(self, key: Counted, most: int, now: float) -> float:
        recent = self._recent(key, now)
        return recent[-most] + self._pause - now if len(recent) >= most else 0.0
