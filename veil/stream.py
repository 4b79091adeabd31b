"""An Arrow stream as it arrives, which is either whole or an error, never a short result."""

from collections.abc import Iterator

import pyarrow as pa

from veil.errors import InterfaceError, OperationalError
from veil.transport import Reply

_END_MARK = b"\xff\xff\xff\xff\x00\x00\x00\x00"


class ArrowStream:
    """The batches of an answer, in order, once.

    pyarrow takes a body that ends between two messages for a whole one, so the end mark is looked for here.
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
        except (pa.ArrowInvalid, OSError) as error:
            self.close()
            raise _cut_short() from error
        self.schema: pa.Schema = self._reader.schema

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
            return self._reader.read_next_batch()
        except StopIteration:
            if not self._body.is_whole():
                raise _cut_short() from None
            return None
        except (pa.ArrowInvalid, OSError) as error:
            raise _cut_short() from error


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


def _cut_short() -> OperationalError:
    return OperationalError(
        "the answer was cut short, so nothing of it can be trusted as whole",
        hint="try again; the server's journal says how the query ended",
    )
