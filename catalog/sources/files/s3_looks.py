"""What is listed and copied of a bucket, in a worker: its server decides how long that takes and how much it sends.

Each look is given the worker's resources and the bucket's client, and answers with a table.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from catalog.errors import SourceUnavailable
from catalog.sources.files.hollow import write_hollow
from catalog.sources.files.s3_client import S3Client, S3Object
from catalog.sources.world import Resources

MOST_OBJECTS = 200_000
_PIECE_BYTES = 8 * 2**20

_TOLD = {"path": pa.string(), "size": pa.int64(), "mtime_ns": pa.int64(), "tag": pa.string()}

LISTING = pa.schema({**_TOLD, "page": pa.int64()})
"""Objects whose keys are plain paths, hidden ones left out, each with the number of the page that told of it."""

NOTHING = pa.schema({})
"""Of a look that writes what it finds."""


def listing(_: Resources, client: S3Client, prefix: str) -> pa.Table:
    """The objects below a prefix, as `LISTING` has them; raises SourceUnavailable for too many, or no bucket."""
    rows, pages = list[S3Object](), list[int]()
    for count, (page, found) in enumerate(client.objects(prefix)):
        if count == MOST_OBJECTS:
            raise SourceUnavailable(
                f"below `{prefix}` there are more than {MOST_OBJECTS:,} objects",
                hint="name a longer prefix in the source's path",
            )
        if _is_plain(found.path.removeprefix(f"{prefix}/")):
            rows.append(found)
            pages.append(page)
    return pa.table({**{name: [getattr(row, name) for row in rows] for name in _TOLD}, "page": pages}, LISTING)


def _is_plain(key: str) -> bool:
    return "\0" not in key and all(step and not step.startswith((".", "_")) for step in key.split("/"))


def download(_: Resources, client: S3Client, listed: S3Object, target: Path) -> pa.Table:
    """Writes a whole copy of an object as it was listed."""
    with target.open("wb") as copy:
        for begin in range(0, listed.size, _PIECE_BYTES):
            piece = client.piece(listed, begin, min(begin + _PIECE_BYTES, listed.size))
            with _written(listed):
                copy.write(piece)
    return NOTHING.empty_table()


def hollow(_: Resources, client: S3Client, listed: S3Object, target: Path, sampled_files: int) -> pa.Table:
    """Writes of a Parquet object its footer and the rows that a sample is made of, and holes besides."""
    try:
        write_hollow(pa.PythonFile(_Reader(client, listed), mode="r"), listed.size, target, sampled_files)
    except (ValueError, OverflowError, MemoryError, pa.ArrowException):
        raise SourceUnavailable(
            f"`{Path(listed.path).name}` cannot be read: it is no Parquet file, or damaged", hint="look at the object"
        ) from None
    return NOTHING.empty_table()


class _Reader:
    """An object as a file."""

    closed = False

    def __init__(self, client: S3Client, listed: S3Object) -> None:
        self._client = client
        self._listed = listed
        self._place = 0

    def read(self, count: int) -> bytes:
        """The next bytes, as many as asked for or as there are."""
        begin = min(self._place, self._listed.size)
        self._place = min(begin + count, self._listed.size)
        return self._client.piece(self._listed, begin, self._place)

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        """Goes to a place."""
        self._place = place + {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._listed.size}[whence]
        return self._place

    def tell(self) -> int:
        """The place that is read next."""
        return self._place

    def close(self) -> None:
        """There is nothing to close."""


@contextmanager
def _written(listed: S3Object) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SourceUnavailable(
            f"a private copy of `{Path(listed.path).name}` cannot be made:"
            f" {(error.strerror or 'it is too large').lower()}",
            hint="look at the room that is left on the disk of the home",
        ) from None
