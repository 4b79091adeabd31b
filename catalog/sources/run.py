"""A statement under way in the embedded engine: lazy, streamed, and stoppable in every phase."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType

import duckdb
import pyarrow as pa

from catalog.errors import SqlUnsupported, VeilError
from catalog.sources.blank_nulls import blanked
from catalog.sources.connector import Limits
from catalog.sources.even_batches import EvenBatches
from catalog.sources.failures import is_fatal, mapped
from catalog.sources.remote.in_turn import Room
from catalog.sources.remote.opened import OpenedRemotes, Remotes
from catalog.sources.source_work import NO_WORK, Work
from catalog.sources.stoppable import StoppableRun
from catalog.sources.watch import WATCH
from catalog.sources.whole_result import WholeResult
from catalog.sources.world import World


class EngineRun(StoppableRun):
    """A statement in an engine of this process."""

    def __init__(
        self,
        world: World,
        sql: str,
        parameters: Mapping[str, object],
        limits: Limits,
        remotes: Remotes = MappingProxyType({}),
        work: Work = NO_WORK,
    ) -> None:
        super().__init__(limits)
        self._world = world
        self._opened_remotes = OpenedRemotes(
            remotes, limits.seconds, work, world.kept, Room(folder=world.spill, most_bytes=world.spill_bytes)
        )
        self._sql = sql
        self._parameters = dict(parameters)
        self._cursor: duckdb.DuckDBPyConnection | None = None
        self._reader: pa.RecordBatchReader | None = None
        self._even = EvenBatches(limits.batch_rows)
        self._whole: WholeResult | None = None
        self._batches: Iterator[pa.RecordBatch] = iter(())

    @property
    def schema(self) -> pa.Schema:
        """The columns of the result; begins the execution."""
        return self._opened().schema

    def interrupt(self) -> None:
        """Tells the engine to stop whatever it is executing for this run, if anything."""
        with self._guard:
            if self._cursor is not None:
                self._cursor.interrupt()
        self._opened_remotes.cancel()

    def close(self) -> None:
        """Lets go of everything; may be called twice. To be called by the reading thread (others cancel)."""
        WATCH.remove(self)
        with self._guard:
            self._is_closed = True
            reader, self._reader = self._reader, None
            cursor, self._cursor = self._cursor, None
        if reader is not None:
            with suppress(OSError, pa.ArrowException):  # an interrupted reader repeats its error on close
                reader.close()
        if cursor is not None:
            cursor.close()
        if self._whole is not None:
            self._whole.close()
        self._opened_remotes.close()

    def _next(self) -> pa.RecordBatch | None:
        if self._reason is not None:
            raise self._reason
        if not self._limits.is_whole:
            return self._cut()
        if self._whole is None:
            self._whole = WholeResult(self._world.spill, self._world.spill_bytes)
            while (batch := self._cut()) is not None:
                self._whole.add(batch)
            self._batches = self._whole.batches()
        return next(self._batches, None)

    def _cut(self) -> pa.RecordBatch | None:
        """INVARIANT: where a batch ends hangs on its own rows alone, and on nothing that was read beside them."""
        while (batch := self._even.take()) is None:
            if (read := self._read()) is None:
                return self._even.rest()
            self._even.add(blanked(read))
        return batch

    def _read(self) -> pa.RecordBatch | None:
        """A batch as the engine cuts it."""
        try:
            batch = self._opened().read_next_batch()
        except StopIteration:
            batch = None
        except (OSError, ValueError, pa.ArrowException) as error:
            raise self._failure(error) from None
        if self._reason is not None:
            raise self._reason
        return batch

    def _opened(self) -> pa.RecordBatchReader:
        if self._reader is None:
            self._begin()
        return self._reader

    def _begin(self) -> None:
        with self._guard:
            self._raise_if_ended()
            self._cursor = self._world.cursor()
        self._watch()
        try:
            _refuse_writing(self._cursor, self._sql)
            self._opened_remotes.register(self._cursor, self._sql)
            relation = self._cursor.sql(self._sql, params=self._parameters or None)
            self._reader = relation.to_arrow_reader(self._limits.batch_rows)
        except (duckdb.Error, VeilError, OSError, ValueError, RuntimeError, pa.ArrowException) as error:
            failure = self._failure(error)
            self.close()
            raise failure from None

    def _failure(self, error: Exception) -> Exception:
        """What the reader of the run is told. INVARIANT: never chained to the engine's error, which may hold values."""
        if is_fatal(error):
            self._world.is_broken = True
        return self._reason or self._opened_remotes.failure or mapped(error)


def _refuse_writing(cursor: duckdb.DuckDBPyConnection, sql: str) -> None:
    """INVARIANT: a run reads. The lock of a world does not stop COPY TO the very files it may read."""
    types = [statement.type for statement in cursor.extract_statements(sql)]
    if types != [duckdb.StatementType.SELECT]:
        raise SqlUnsupported("only a single query can be run", hint="a query begins with SELECT or WITH")
