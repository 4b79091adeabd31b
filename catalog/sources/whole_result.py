"""Keeps a result until it is whole: how much of it came before an error would tell where the engine's batches end.

It stays in memory while it is small; then it goes on in a file without a name, in the folder of what is spilled, and
counts with that.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from catalog.errors import LimitExceeded
from catalog.sources.exact_memory import exact
from catalog.sources.parts_of_batches import held_bytes

MOST_BYTES = 16 * 2**20
"""Of a result in memory."""

_BLOCK = 512  # bytes, as `stat` counts


class WholeResult:
    """Batches that are added, and given back in order when all are there.

    Example:
        >>> whole = WholeResult(Path("spilled"), 10**9)
        >>> whole.add(pa.record_batch({"n": [1, 2]}))
        >>> [batch.to_pydict() for batch in whole.batches()]
        [{'n': [1, 2]}]
    """

    def __init__(self, folder: Path, most_on_disk: int) -> None:
        """`most_on_disk` are the bytes that it and the files in the folder may take together."""
        self._folder = folder
        self._most_on_disk = most_on_disk
        self._first: list[pa.RecordBatch] = []
        self._bytes = 0
        self._file: BinaryIO | None = None
        self._writer: pa.ipc.RecordBatchStreamWriter | None = None

    def add(self, batch: pa.RecordBatch) -> None:
        """Keeps one more; raises LimitExceeded when there is no room on the disk."""
        if self._writer is None:
            self._bytes += held_bytes(batch)
            if self._bytes <= MOST_BYTES:
                self._first.append(batch)
                return
        try:
            if self._on_disk() + held_bytes(batch) > self._most_on_disk:
                raise _no_room()
            self._written(batch)
        except OSError:
            raise _no_room() from None

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All of them in order, once; nothing can be added any more."""
        while self._first:
            yield self._first.pop(0)
        if self._writer is not None and self._file is not None:
            self._writer.close()
            self._file.seek(0)
            for batch in pa.ipc.open_stream(pa.PythonFile(self._file, "r")):
                yield exact(batch)

    def close(self) -> None:
        """Lets go of what is kept; may be called twice."""
        self._first.clear()
        if self._file is not None:
            self._file.close()

    def _on_disk(self) -> int:
        """Bytes that are kept, and that the engine has spilled."""
        kept = 0 if self._file is None else self._file.tell()
        return kept + bytes_in(self._folder)

    def _written(self, batch: pa.RecordBatch) -> None:
        if self._writer is None:
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - it is closed by `close`
            self._writer = pa.ipc.new_stream(pa.PythonFile(self._file, "w"), batch.schema)
        self._writer.write_batch(batch)


def bytes_in(folder: Path) -> int:
    """Bytes of the disk that the files of a folder take.

    Example:
        >>> bytes_in(Path("/no/such/folder"))
        0
    """
    return sum(_allocated(file) for file in folder.rglob("*"))


def _allocated(file: Path) -> int:
    """Bytes of the disk that a file takes; none when the engine has just removed it."""
    try:
        return file.lstat().st_blocks * _BLOCK
    except FileNotFoundError:
        return 0


def _no_room() -> LimitExceeded:
    return LimitExceeded(
        "the result is kept until it is whole, as it may fail half way, and there is no room for it",
        hint="narrow it, or leave out what may fail, such as a cast",
    )
