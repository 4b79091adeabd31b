"""A statement under way, wherever it runs: one thread reads it, any thread may end it, once and for a reason."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator

import pyarrow as pa

from catalog.errors import SourceTimeout
from catalog.sources.connector import Limits
from catalog.sources.watch import WATCH


class StoppableRun(ABC):
    """Batches of one statement; execution begins with the first look at `schema` or the first batch.

    One thread reads; any thread may `cancel`. A run that was cancelled never ends as if it were whole.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._guard = threading.Lock()
        self._reason: Exception | None = None
        self._is_closed = False
        self.deadline: float | None = None

    @property
    @abstractmethod
    def schema(self) -> pa.Schema:
        """The columns of the result; begins the execution."""

    @property
    def is_stopping(self) -> bool:
        """Whether somebody has asked for an end."""
        return self._reason is not None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            while (batch := self._next()) is not None:
                yield batch
        finally:
            self.close()

    def cancel(self, reason: Exception) -> None:
        """Ends the run from any thread; whoever reads it gets `reason`. The first reason stays."""
        with self._guard:
            if self._is_closed or self._reason is not None:
                return
            self._reason = reason
        self.interrupt()
        WATCH.hurry()

    def expire(self) -> None:
        """Ends the run because its time is over."""
        seconds = self._limits.seconds or 0
        self.cancel(
            SourceTimeout(f"the query was stopped after {seconds:g} seconds", hint="narrow it, or aggregate earlier")
        )

    @abstractmethod
    def interrupt(self) -> None:
        """Asks whatever executes for this run to stop, if anything does."""

    @abstractmethod
    def close(self) -> None:
        """Lets go of everything; may be called twice. To be called by the reading thread (others cancel)."""

    @abstractmethod
    def _next(self) -> pa.RecordBatch | None:
        """The next batch, None after the last."""

    def _raise_if_ended(self) -> None:
        """Raises for what can no longer begin; to be called with the guard held."""
        if self._reason is not None:
            raise self._reason
        if self._is_closed:
            raise ValueError("this run is closed")

    def _watch(self) -> None:
        """Lets time run from now on."""
        if self._limits.seconds is not None:
            self.deadline = time.monotonic() + self._limits.seconds - self._limits.spent
        WATCH.add(self)
