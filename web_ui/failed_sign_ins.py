"""What the journal keeps of sign-ins refused unlooked at: that a pause begins, and at its end how many they were."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace

from catalog.journal.event import Event
from catalog.journal.journal import Journal

_MOST_PAUSES = 10_000


@dataclass(slots=True)
class _Pause:
    """A pause as it began, until when it lasts, and how many were refused in it."""

    begin: Event
    ends_at: float
    refused: int = 1


class FailedSignIns:
    """Two events for each pause, however many are refused in it, so that nobody fills the journal; thread-safe.

    Example: of a thousand that are refused within five minutes it tells `{"pause": "begins"}`, and after these
    `{"pause": "over", "refused": 1000}`.
    """

    def __init__(self, journal: Journal, *, clock: Callable[[], float]) -> None:
        self._journal = journal
        self._clock = clock
        self._lock = threading.Lock()
        self._pauses: OrderedDict[Hashable, _Pause] = OrderedDict()
        self._over: list[_Pause] = []

    def refused(self, what: Hashable, seconds: float, tell: Callable[[], Event]) -> None:
        """Counts one that is refused for a pause of `what`, which lasts some seconds more; the first one is told."""
        if self._is_counted(what):
            return
        event = tell()
        with self._lock:
            if (known := self._running(what)) is not None:  # another has begun it meanwhile
                known.refused += 1
                return
            self._pauses[what] = _Pause(begin=event, ends_at=self._clock() + seconds)
            if len(self._pauses) > _MOST_PAUSES:
                self._over.append(self._pauses.popitem(last=False)[1])
        self._journal.append(replace(event, details={**event.details, "pause": "begins"}))

    def tell_over(self) -> None:
        """Tells the pauses that are over by now."""
        self._tell(self._clock())

    def close(self) -> None:
        """Tells all that are left, when a server stops."""
        self._tell(float("inf"))

    def _is_counted(self, what: Hashable) -> bool:
        with self._lock:
            known = self._running(what)
            if known is not None:
                known.refused += 1
        return known is not None

    def _running(self, what: Hashable) -> _Pause | None:
        known = self._pauses.get(what)
        if known is not None and known.ends_at <= self._clock():
            self._over.append(self._pauses.pop(what))
            return None
        return known

    def _tell(self, now: float) -> None:
        with self._lock:
            done = [what for what, pause in self._pauses.items() if pause.ends_at <= now]
            over = [*self._over, *map(self._pauses.pop, done)]
            self._over.clear()
        for pause in over:
            details = {**pause.begin.details, "pause": "over", "refused": pause.refused}
            self._journal.append(replace(pause.begin, decision_id="", details=details))
