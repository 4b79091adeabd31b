"""An answer as it comes from a worker: a schema, batches, and how it ended."""

import socket
import time

import pyarrow as pa

from catalog.errors import Internal
from catalog.sources.exact_memory import exact
from catalog.sources.workers.messages import ROW_BYTES, End, Hangup, Kind, ended, fill, receive_header, schema_of

_MOST_BYTES = 4 * ROW_BYTES
"""Of a frame: a row, all of whose parts are padded, and the names of all columns before the first one."""

_DISCARDED_BYTES = 2**18

BROKEN = (Hangup, OSError, ValueError, MemoryError, pa.ArrowException)
"""What reading raises when the worker has died or sends what is no answer."""


class Incoming:
    """The frames of one answer; to Arrow it is a file that holds the batches alone."""

    closed = False

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._left = 0
        self._reader: pa.RecordBatchReader | None = None
        self.end: End | None = None

    def schema(self) -> pa.Schema | None:
        """The columns of the result; None when it ended before there were any."""
        kind = self._advance()
        if kind is Kind.END:
            return None
        if kind is not Kind.SCHEMA:
            raise Hangup
        schema, self._left = schema_of(self._connection, self._left), 0
        return schema

    def next_batch(self) -> pa.RecordBatch | None:
        """The next batch; None at the end."""
        if self._reader is None:
            if self._advance() is Kind.END:
                return None
            self._reader = pa.ipc.open_stream(pa.PythonFile(self, "r"))
        try:
            batch = self._reader.read_next_batch()
        except StopIteration:
            if self.end is None:
                raise Hangup from None
            return None
        batch.validate()
        try:
            return exact(batch)
        except Internal:
            raise Hangup from None

    def skip(self, seconds: float) -> bool:
        """Passes over what is still to come; whether the end was there in time."""
        over_at = time.monotonic() + seconds
        try:
            while self.end is None:
                while self._left:
                    self._connection.settimeout(max(0.001, over_at - time.monotonic()))
                    skipped = len(self._connection.recv(min(self._left, _DISCARDED_BYTES)))
                    if not skipped or time.monotonic() > over_at:
                        return False
                    self._left -= skipped
                self._connection.settimeout(max(0.001, over_at - time.monotonic()))
                self._advance()
            self._connection.settimeout(None)
        except (Hangup, OSError):
            return False
        return True

    def read_buffer(self, length: int) -> pa.Buffer:
        """The next bytes of the batches, as Arrow asks for them; none at the end."""
        if not self._left and (self.end is not None or self._advance() is Kind.END):
            return pa.py_buffer(b"")
        length = min(length, self._left)
        content = pa.allocate_buffer(length)
        fill(self._connection, memoryview(content))
        self._left -= length
        return content

    def read(self, length: int) -> bytes:
        """A few of the next bytes."""
        content: bytes = self.read_buffer(length).to_pybytes()
        return content

    def readable(self) -> bool:
        """It can be read."""
        return True

    def close(self) -> None:
        """The connection stays open for the next answer."""

    def _advance(self) -> Kind:
        """Goes on to the next frame; the end is read whole."""
        kind, length = receive_header(self._connection)
        if length > _MOST_BYTES:
            raise Hangup
        if kind is Kind.END:
            self.end = ended(self._connection, length)
        else:
            self._left = length
        return kind
