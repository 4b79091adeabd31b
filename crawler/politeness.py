"""How much a crawl asks of a source: rows of each sample, bytes and seconds in all, and a pause in between."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from crawler.look import SAMPLE_ROWS

_PATIENCE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Politeness:
    """The limits of one run; 0 means none. A run that reaches one is paused, and goes on another time."""

    rows: int = SAMPLE_ROWS
    pause_seconds: float = 0.0
    most_seconds: float = 0.0
    most_bytes: int = 0


@dataclass(slots=True, kw_only=True)
class Patience:
    """Keeps one run within its limits."""

    limits: Politeness
    should_stop: Callable[[], bool]
    begun: float = field(default_factory=time.monotonic)

    def wait(self) -> None:
        """Leaves the source alone for the pause, or until the run is to stop."""
        until = time.monotonic() + self.limits.pause_seconds
        while (left := until - time.monotonic()) > 0 and not self.should_stop():
            time.sleep(min(left, _PATIENCE))

    def reached(self, bytes_read: int) -> str:
        """Which limit is reached, empty when none is."""
        if self.limits.most_seconds and time.monotonic() - self.begun >= self.limits.most_seconds:
            return f"the limit of {self.limits.most_seconds:g} seconds is reached"
        if self.limits.most_bytes and bytes_read >= self.limits.most_bytes:
            return f"the limit of {self.limits.most_bytes:,} bytes is reached"
        return ""
