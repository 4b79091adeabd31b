"""An Arrow stream as it arrives, which is either whole or an error, never a short result."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import pyarrow as pa

from veil.errors import InterfaceError, OperationalError
from veil.transport import Reply

Item = TypeVar("Item")

_NOT_WHOLE = (pa.ArrowException, OSError, MemoryError, UnicodeDecodeError)
_END_MARK = b"\xff\xff\xff\xff\x00\x00\x00\x00"


class ArrowStream:
    """The batches of an answer, in order, once.

    pyarrow takes a body that ends between two messages for a whole one, so the end mark is looked for here. It also
    takes any numbers for where a text begins and ends, and reads what lies there in memory, so each batch is looked at.
    """

    def __init__(self, reply: Reply) -> None:
        content_type = reply.headers.get("Content-Type") or ""
        if not content_type.startswith("application/vnd.apache.arrow.stream"):
            reply.close()
            raise InterfaceError(
                "the answer is no Arrow stream, so it did not come from a Veil server",
                hint="check the address: it is what `veil serve` printed, without `/api/v1`",
            )
        self._body = _Body(reply)
        try:
            self._reader = pa.ipc.open_stream(self._body)
            self.schema: pa.Schema = self._reader.schema
            _read_names(self.schema)
        except _NOT_WHOLE as error:
            self.close()
            raise _cut_short() from error

    @property
    def closed(self) -> bool:
        return self._body.stopped

    @property
    def byte_count(self) -> int:
        """How many bytes have arrived."""
        return self._body.byte_count

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            while (batch := self._next()) is not None:
                yield batch
        finally:
            self.close()

    def close(self) -> None:
        """Stop here; when there is more to come the server stops too."""
        self._body.close()

    def _next(self) -> pa.RecordBatch | None:
        try:
            batch = self._reader.read_next_batch()
            batch.validate(full=True)
            return batch
        except StopIteration:
            if not self._body.is_whole():
                raise _cut_short() from None
            return None
        except _NOT_WHOLE as error:
            raise _cut_short() from error


class Held(Iterator[Item]):
    """What comes one by one, of which a failure is no end: it is raised anew, however often somebody goes on asking.

    Example:
        >>> rows = Held(1 // n for n in (1, 0, 1))
        >>> next(rows)
        1
    """

    def __init__(self, items: Iterator[Item]) -> None:
        self._items = items
        self._failure: Exception | None = None

    def __next__(self) -> Item:
        if self._failure is not None:
            raise self._failure
        try:
            return next(self._items)
        except StopIteration:
            raise
        except Exception as failure:
            self._failure = failure
            raise


class _Body:
    """The file that pyarrow reads from: it counts, and remembers how the stream ended."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._tail = b""
        self.stopped = False
        self.byte_count = 0

    @property
    def closed(self) -> bool:  # pyarrow asks
        return self.stopped

    def read(self, size: int = -1) -> bytes:
        data = self._reply.read(size)
        self.byte_count += len(data)
        self._tail = (self._tail + data[-8:])[-8:]
        return data

    def is_whole(self) -> bool:
        """Whether the end mark came, and after it the end of the answer and nothing else."""
        return self._tail == _END_MARK and not self._reply.read(1)

    def close(self) -> None:
        self.stopped = True
        self._reply.close()


def _read_names(fields: Iterable[pa.Field]) -> None:
    """Raises UnicodeDecodeError where a name is no text, of a part of a column too."""
    for field in fields:
        field.name  # noqa: B018  # it is decoded when it is read
        _read_names(field.type.field(place) for place in range(field.type.num_fields))


def _cut_short() -> OperationalError:
    return OperationalError(
        "the answer was cut short or damaged, so nothing of it can be trusted as whole",
        hint="try again; the server's journal says how the query ended",
    )
