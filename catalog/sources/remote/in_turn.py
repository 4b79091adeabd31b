"""Scans in turn: one that is under way when another begins is first read to its end, into a file, so that none overlap.

So a connection that can give but one result at a time reads all of them, and of one moment.
"""

import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import pyarrow as pa

from catalog.errors import LimitExceeded
from catalog.sources.exact_memory import exact
from catalog.sources.whole_result import bytes_in

_Batches = Iterator[pa.RecordBatch]


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A folder, closed to others, and how many bytes all its files may take."""

    folder: Path
    most_bytes: int


class Turns:
    """Scans of one connection, of which one is under way; the engine's threads may ask for several at a time.

    Example:
        >>> turns = Turns(None)
        >>> [batch.num_rows for batch in turns.scan(iter([pa.record_batch({"n": [1, 2]})]))]
        [2]
    """

    def __init__(self, room: Room | None) -> None:
        self._room = room
        self._guard = threading.RLock()  # an end of a scan may come in whatever its thread does
        self._current: _Scan | None = None
        self._scans: set[_Scan] = set()

    def scan(self, source: _Batches) -> _Batches:
        """The batches of a source that begins with its first one; raises LimitExceeded where there is no room."""
        with self._guard:
            if self._current is not None:
                self._current.read_ahead(self._room)
            scan = self._current = _Scan(source)
            self._scans.add(scan)
        try:
            while (batch := self._next(scan)) is not None:
                yield batch
        finally:
            with self._guard:
                scan.leave()

    def close(self) -> None:
        """Ends what nobody read to its end; may be called twice."""
        with self._guard:
            while self._scans:
                self._scans.pop().close()

    def _next(self, scan: "_Scan") -> pa.RecordBatch | None:
        with self._guard:
            return scan.next()


class _Scan:
    """Batches of a source, or of the file in which they were kept; one that failed goes on failing."""

    def __init__(self, source: _Batches) -> None:
        self._source = source
        self._kept: _Kept | None = None
        self._failure: BaseException | None = None
        self._is_left = False

    def next(self) -> pa.RecordBatch | None:
        if self._failure is not None:
            raise self._failure
        if self._kept is not None:
            return self._kept.next()
        try:
            return next(self._source, None)
        except BaseException as error:
            self._failure = error
            raise

    def read_ahead(self, room: Room | None) -> None:
        """Has the source come to its end; of a scan that was left nothing is kept."""
        while self._kept is None and (batch := self.next()) is not None:
            if not self._is_left:
                self._keep(batch, room)

    def _keep(self, first: pa.RecordBatch, room: Room | None) -> None:
        try:
            if room is None:
                raise _no_room()
            kept = _Kept(room, first.schema)
            self._kept = kept
            kept.add(first)
            for batch in self._source:
                kept.add(batch)
            kept.turn()
        except OSError:
            self._failure = _no_room()
            raise self._failure from None
        except BaseException as error:
            self._failure = error
            raise

    def leave(self) -> None:
        self._is_left = True
        if self._kept is not None:
            self._kept.close()

    def close(self) -> None:
        self.leave()
        if isinstance(self._source, Generator):
            self._source.close()


class _Kept:
    """Batches in a file, which counts with what the engine spills; it ends with this, or with the folder."""

    def __init__(self, room: Room, schema: pa.Schema) -> None:
        self._room = room
        self._file = NamedTemporaryFile(dir=room.folder)  # noqa: SIM115 - it is closed by `close`
        self._writer = pa.ipc.new_stream(pa.PythonFile(self._file, "w"), schema)
        self._reader: pa.RecordBatchReader | None = None

    def add(self, batch: pa.RecordBatch) -> None:
        if bytes_in(self._room.folder) + batch.nbytes > self._room.most_bytes:
            raise _no_room()
        self._writer.write_batch(batch)

    def turn(self) -> None:
        """From now on they are given back."""
        self._writer.close()
        self._file.seek(0)
        self._reader = pa.ipc.open_stream(pa.PythonFile(self._file, "r"))

    def next(self) -> pa.RecordBatch | None:
        try:
            return None if self._reader is None else exact(self._reader.read_next_batch())
        except StopIteration:
            return None

    def close(self) -> None:
        self._file.close()


def _no_room() -> LimitExceeded:
    return LimitExceeded(
        "what is read of one moment has to be kept meanwhile, and there is no room for it",
        hint="narrow the query, or name fewer datasets of one source in it",
    )
