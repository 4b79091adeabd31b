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
    is_told: bool = False


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
        """Counts one that is refused for a pause of `what`, which lasts some seconds more; the first one is told.

        INVARIANT: a pause whose beginning the journal did not take is told to begin by the next one.
        """
        if self._is_counted(what):
            return
        event = tell()
        with self._lock:
            pause = self._running(what)
            if pause is None:
                pause = self._pauses[what] = _Pause(begin=event, ends_at=self._clock() + seconds)
            else:
                pause.refused += 1
                if pause.is_told:  # another has begun it meanwhile
                    return
            pause.is_told = True
            if len(self._pauses) > _MOST_PAUSES:
                self._over.append(self._pauses.popitem(last=False)[1])
        try:
            self._journal.append(replace(event, details={**event.details, "pause": "begins"}))
        except BaseException:
            pause.is_told = False
            raise

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
                known.refused += known.is_told
        return known is not None and known.is_told

    def _running(self, what: Hashable) -> _Pause | None:
        known = self._pauses.get(what)
        if known is not None and known.ends_at <= self._clock():
            self._over.append(self._pauses.pop(what))
            return None
        return known

    def _tell(self, now: float) -> None:
        """INVARIANT: what the journal does not take is kept for the next time."""
        with self._lock:
            self._over += [self._pauses.pop(what) for what in [*self._pauses] if self._pauses[what].ends_at <= now]
        while (pause := self._next_over()) is not None:
            details = {**pause.begin.details, "pause": "over", "refused": pause.refused}
            try:
                self._journal.append(replace(pause.begin, decision_id="", details=details))
            except BaseException:
                with self._lock:
                    self._over.insert(0, pause)
                raise

    def _next_over(self) -> _Pause | None:
        with self._lock:
            return self._over.pop(0) if self._over else None
