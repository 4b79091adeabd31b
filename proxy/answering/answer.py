"""An answer under way: batches as they come, counted, journalled at the end, and stoppable at any time."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import pyarrow as pa

from catalog.errors import LimitExceeded, UnknownColumn, VeilError
from catalog.journal.event import Verdict
from catalog.sources.connector import Run


class Departed(Exception):
    """The client went away, so the query was stopped; nobody is left to be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an answer ended: what the journal keeps of it beside its beginning."""

    verdict: Verdict
    rows: int
    bytes: int
    milliseconds: int
    code: str = ""


class Answer:
    """The governed result of one query; a context manager, read once.

    `batches` raises if the query fails, is cancelled or passes a limit, so that a part never looks whole. However it
    ends, `on_end` is told exactly once.
    """

    def __init__(
        self,
        run: Run,
        *,
        decision_id: str,
        revision: int,
        access: Mapping[str, object],
        max_rows: int | None,
        on_end: Callable[[Ending], None],
    ) -> None:
        self.decision_id = decision_id
        self.revision = revision
        self.access = access
        self._run = run
        self._max_rows = max_rows
        self._on_end = on_end
        self._started_at = time.monotonic()
        self._rows = 0
        self._bytes = 0
        self._is_over = False
        self._first: pa.RecordBatch | None = None
        self._rest: Iterator[pa.RecordBatch] = iter(())
        self.schema = pa.schema([])

    def begin(self, reword: Callable[[VeilError], VeilError]) -> None:
        """Runs the query up to its first batch, so that most failures come before the first byte.

        `reword` may know a better word for a failure; the journal gets the word that the person gets.
        """
        try:
            self.schema = self._run.schema
            self._rest = iter(self._run)
            self._first = next(self._rest, None)
        except VeilError as error:
            told = reword(error)
            self._end(*_failure(told))
            if told is error:
                raise
            raise told from error
        except BaseException as error:
            self._end(*_failure(error))
            raise

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The batches in order; closing the iterator early cancels the query."""
        verdict, code = Verdict.CANCEL, ""
        try:
            if self._first is not None:
                yield self._counted(self._first)
                self._first = None
            for batch in self._rest:
                yield self._counted(batch)
            verdict = Verdict.ALLOW
        except BaseException as error:
            verdict, code = _failure(error)
            raise
        finally:
            self._end(verdict, code)

    def cancel(self, reason: Exception) -> None:
        """Stops the query from any thread; whoever reads the batches gets `reason`."""
        self._run.cancel(reason)

    def fail(self, error: VeilError) -> None:
        """Ends it because its batches cannot be written out."""
        self._end(*_failure(error))

    def close(self) -> None:
        """Lets go of the query; an answer that was not read to its end counts as cancelled."""
        self._end(Verdict.CANCEL, "")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if isinstance(error, VeilError):
            self.fail(error)
        self.close()

    def _counted(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        self._rows += batch.num_rows
        self._bytes += batch.nbytes
        if self._max_rows is not None and self._rows > self._max_rows:
            raise LimitExceeded(
                f"the answer has more than {self._max_rows:,} rows, the limit of this server",
                hint="add a LIMIT, filter, or aggregate",
            )
        return batch

    def _end(self, verdict: Verdict, code: str) -> None:
        if self._is_over:
            return
        self._is_over = True
        self._run.close()
        spent = int((time.monotonic() - self._started_at) * 1000)
        self._on_end(Ending(verdict=verdict, rows=self._rows, bytes=self._bytes, milliseconds=spent, code=code))


def _failure(error: BaseException) -> tuple[Verdict, str]:
    if isinstance(error, Departed | GeneratorExit | KeyboardInterrupt):
        return Verdict.CANCEL, ""
    if isinstance(error, UnknownColumn):
        return Verdict.DENY, error.code
    return Verdict.ERROR, error.code if isinstance(error, VeilError) else "internal"
