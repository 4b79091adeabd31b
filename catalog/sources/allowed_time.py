"""How long a query may wait for its sources: its time runs while they are opened, too."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from catalog.errors import SourceTimeout


class TimeOver(SourceTimeout):
    """A query's time was over before its sources were open; who may wait longer may well get them."""


_ALLOWED: ContextVar[tuple[float, float] | None] = ContextVar("allowed", default=None)
"""So many seconds, and when they are over on the monotonic clock; None for whoever may wait as long as it takes."""


@contextmanager
def allowed(seconds: float) -> Iterator[None]:
    """Whatever this thread asks of sources within it raises TimeOver when the seconds are over.

    Example:
        >>> with allowed(300.0):
        ...     299 < seconds_left() < 300
        True
    """
    before = _ALLOWED.set((seconds, time.monotonic() + seconds))
    try:
        yield
    finally:
        _ALLOWED.reset(before)


def seconds_left() -> float | None:
    """What is left to wait, at least 0; None for as long as it takes."""
    now = _ALLOWED.get()
    return None if now is None else max(0.0, now[1] - time.monotonic())


def time_over(why: str = "") -> TimeOver:
    """The error that tells that the time is over, and over what."""
    seconds, _ = _ALLOWED.get() or (0.0, 0.0)
    told = f"the query was stopped after {seconds:g} seconds{why and f': {why}'}"
    return TimeOver(told, hint="try again in a while, or have somebody look at the source")
