"""A statement under way in a worker: lazy, streamed, and stoppable in every phase, if need be with the worker."""

import time
from collections import deque
from collections.abc import Iterator, Mapping

import pyarrow as pa

from catalog.errors import Internal, LimitExceeded, SourceUnavailable
from catalog.sources.connector import Limits
from catalog.sources.failures import worker_lost
from catalog.sources.source_work import NO_WORK, Work
from catalog.sources.states import Watched
from catalog.sources.stoppable import StoppableRun
from catalog.sources.watch import WATCH
from catalog.sources.workers.handle import WorkerHandle
from catalog.sources.workers.incoming import BROKEN, Incoming
from catalog.sources.workers.messages import Hangup, Opening, Task
from catalog.sources.workers.pool import Pool

_GRACE_SECONDS = 1.0
_SKIP_SECONDS = 0.5
_LOOK_SECONDS = 0.2
_FEW_FILES = 16


class WorkerRun(StoppableRun):
    """A statement in a worker; an engine that does not stop when it is asked to is killed with its worker.

    Without SQL it opens the world and does no more.
    """

    def __init__(
        self,
        pool: Pool,
        opening: Opening,
        sql: str | None,
        parameters: Mapping[str, object],
        limits: Limits,
        work: Work = NO_WORK,
    ) -> None:
        super().__init__(limits)
        self._pool = pool
        self._opening = opening
        self._sql = sql
        self._parameters = dict(parameters)
        self._work = work
        self._files = Watched(
            (state for part in opening.parts for state in (*part.scan.states, *part.scan.watched)),
            (head for part in opening.parts for head in part.scan.heads),
        )
        self._looked_at = 0.0
        self._sure: deque[pa.RecordBatch] = deque()
        self._worker: WorkerHandle | None = None
        self._incoming: Incoming | None = None
        self._schema: pa.Schema | None = None
        self._number = 0
        self._asked_at: float | None = None

    @property
    def schema(self) -> pa.Schema:
        """The columns of the result; begins the execution."""
        if self._schema is None:
            self._schema = self._read_schema()
            if self._schema is None:
                raise Internal("the engine gave no columns")
        return self._schema

    def open_world(self) -> None:
        """Has the world opened and no more; raises what stands against it."""
        try:
            self._read_schema()
        finally:
            self.close()

    def interrupt(self) -> None:
        """Asks the worker to stop what it executes for this run; when it has had its time, kills it."""
        with self._guard:
            if self._worker is None or self._is_over:
                return
            if self._asked_at is None:
                self._asked_at = time.monotonic()
                self._worker.cancel(self._number)
            elif time.monotonic() - self._asked_at > _GRACE_SECONDS:
                self._worker.kill()

    def close(self) -> None:
        """Lets go of everything; may be called twice. To be called by the reading thread (others cancel)."""
        WATCH.remove(self)
        with self._guard:
            self._is_closed = True
            worker, self._worker = self._worker, None
        if worker is None:
            return
        if self._is_fit(worker):
            self._pool.release(worker)
        else:
            self._pool.discard(worker)

    @property
    def _is_over(self) -> bool:
        return self._incoming is not None and self._incoming.end is not None

    def _is_fit(self, worker: WorkerHandle) -> bool:
        """Whether the worker can take another statement: not while it is busy, nor when its memory has run out."""
        if self._incoming is None:
            return False
        if self._incoming.end is None:
            worker.cancel(self._number)
            if not self._incoming.skip(_SKIP_SECONDS):
                return False
        return self._incoming.end is not None and self._incoming.end.code not in (Internal.code, LimitExceeded.code)

    def _next(self) -> pa.RecordBatch | None:
        if not self._sure:
            _ = self.schema
            batches = list(self._received())
            self._raise_ending()
            self._sure.extend(batches)
        return self._sure.popleft() if self._sure else None

    def _received(self) -> Iterator[pa.RecordBatch]:
        """The next batch; of many files, each of which gives a batch, as many as wait for one look at all of them."""
        rows = 0
        while (batch := self._one()) is not None:
            yield batch
            rows += batch.num_rows
            is_time = time.monotonic() - self._looked_at > _LOOK_SECONDS
            if is_time or len(self._files) <= _FEW_FILES or rows >= self._limits.batch_rows:
                return

    def _one(self) -> pa.RecordBatch | None:
        if self._incoming is None or self._worker is None:
            raise ValueError("this run is closed")
        try:
            return self._incoming.next_batch()
        except BROKEN:
            raise self._lost() from None

    def _read_schema(self) -> pa.Schema | None:
        """Begins; None when it ended well before there were columns."""
        incoming = self._begun()
        try:
            schema = incoming.schema()
        except BROKEN:
            raise self._lost() from None
        self._raise_ending()
        return schema

    def _raise_ending(self) -> None:
        """INVARIANT: nothing the engine says of its files goes on, errors too, unless they still stand as they did.

        It finds columns by name when it plans, and reads them by place when it opens a file to read it.
        """
        if self._reason is not None:
            raise self._reason
        self._looked_at = time.monotonic()
        if self._files.have_moved():
            self._end_world()
            raise SourceUnavailable("a file of the dataset was written while it was read", hint="ask again")
        if self._incoming is None or self._incoming.end is None:
            return
        error = self._incoming.end.error
        if error is not None:
            self._end_world()
            raise error

    def _end_world(self) -> None:
        """Ends the run, whose world may not have come to be open, or is over files that are no longer there."""
        if self._worker is not None:
            self._worker.forget(self._opening.key)
        self.close()

    def _begun(self) -> Incoming:
        with self._guard:
            self._raise_if_ended()
        self._watch()
        try:
            worker = self._pool.acquire(self._opening.key, self._check)
        except BaseException:
            self.close()
            raise
        with self._guard:
            self._worker = worker
            self._number = worker.next_number()
            self._incoming = Incoming(worker.work)
        try:
            worker.send(self._task(worker))
        except OSError:
            raise self._lost() from None
        return self._incoming

    def _task(self, worker: WorkerHandle) -> Task:
        is_open = self._opening.key in worker.worlds
        return Task(
            number=self._number,
            opening=self._opening.key if is_open else self._opening,
            sql=self._sql,
            parameters=self._parameters,
            limits=self._limits,
            work=self._work,
        )

    def _check(self) -> None:
        if self._reason is not None:
            raise self._reason

    def _lost(self) -> Exception:
        """What the reader is told when the worker is no more, or sends what is no answer."""
        WATCH.remove(self)
        with self._guard:
            self._is_closed = True
            worker, self._worker = self._worker, None
        if worker is None:
            return self._reason or Hangup()
        status = self._pool.discard(worker)
        return self._reason or worker_lost(status)
