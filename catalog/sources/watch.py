"""The one watchman of a process: stops runs whose time is over, and keeps stopping until they have stopped."""

import atexit
import threading
import time
from typing import Protocol

_AGAIN_SECONDS = 0.02


class Watched(Protocol):
    """Something under way that has a deadline and can be interrupted."""

    @property
    def deadline(self) -> float | None:
        """When its time is over, on the monotonic clock; None for never."""
        ...

    @property
    def is_stopping(self) -> bool: ...
    def expire(self) -> None: ...
    def interrupt(self) -> None: ...


class Watch:
    """Looks after runs in one daemon thread.

    An interrupt that reaches an engine before it has begun to execute is lost, so a stopping run is
    interrupted again and again until it has been removed.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._runs: set[Watched] = set()
        self._thread: threading.Thread | None = None
        self._is_over = False

    def add(self, run: Watched) -> None:
        """Looks after the run from now on; to add it again wakes nobody."""
        with self._changed:
            is_there = self._thread is not None and self._thread.is_alive()
            if run in self._runs and is_there:
                return
            self._runs.add(run)
            if not self._is_over and not is_there:
                self._thread = threading.Thread(target=self._look_after, name="veil-watch", daemon=True)
                self._thread.start()
            self._changed.notify()

    def remove(self, run: Watched) -> None:
        """Lets the run go."""
        with self._changed:
            self._runs.discard(run)

    def hurry(self) -> None:
        """Looks at once: some run is stopping."""
        with self._changed:
            self._changed.notify()

    def end(self) -> None:
        """Ends the thread; an engine must not be held by one when the process takes itself apart."""
        with self._changed:
            self._is_over = True
            self._runs.clear()
            self._changed.notify()
        if self._thread is not None and self._thread.is_alive():
            self._thread.join(timeout=1)

    def _look_after(self) -> None:
        while not self._is_over:
            with self._changed:
                self._changed.wait(self._pause())
            self._look()

    def _look(self) -> None:
        """One round; no run is held between rounds, since a run holds its engine."""
        with self._changed:
            runs = tuple(self._runs)
        for run in runs:
            if run.deadline is not None and run.deadline <= time.monotonic():
                run.expire()
            if run.is_stopping:
                run.interrupt()

    def _pause(self) -> float | None:
        """Seconds until something is due; None when nothing is."""
        if any(run.is_stopping for run in self._runs):
            return _AGAIN_SECONDS
        deadlines = [run.deadline for run in self._runs if run.deadline is not None]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None


WATCH = Watch()
atexit.register(WATCH.end)
