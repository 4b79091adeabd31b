"""What is listed and copied of a bucket, in a worker: its server decides how long that takes and how much it sends.

Each look is given the worker's resources and the bucket's client, and answers with a table.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.fs as pafs

from catalog.errors import SourceUnavailable
from catalog.sources.files.hollow import write_hollow
from catalog.sources.files.s3_options import S3Client
from catalog.sources.held_files import changed_meanwhile
from catalog.sources.world import Resources

MOST_OBJECTS = 200_000
_CHUNK = 2**20

LISTING = pa.schema({"path": pa.string(), "size": pa.int64(), "mtime_ns": pa.int64()})
"""Objects whose keys are plain paths, hidden ones left out."""

TAGS = pa.schema({"tag": pa.string()})
"""What the server says of the content of objects, in the order asked."""

NOTHING = pa.schema({})
"""Of a look that writes what it finds."""


def listing(_: Resources, client: S3Client, prefix: str) -> pa.Table:
    """The objects below a prefix, as `LISTING` has them; raises SourceUnavailable for too many, or no bucket."""
    selector = pafs.FileSelector(prefix, recursive=True, allow_not_found=True)
    found = client.asking(lambda system: system.get_file_info(selector))
    if not found:
        _refuse_missing(client)
    if len(found) > MOST_OBJECTS:
        raise SourceUnavailable(
            f"below `{prefix}` there are more than {MOST_OBJECTS:,} objects",
            hint="name a longer prefix in the source's path",
        )
    rows = client.asking(lambda _: [(info.path, info.size, info.mtime_ns) for info in found if _is_plain(info, prefix)])
    return pa.table(dict(zip(LISTING.names, zip(*rows, strict=True) if rows else [[]] * 3, strict=True)), LISTING)


def _is_plain(info: pafs.FileInfo, prefix: str) -> bool:
    steps = info.path[len(prefix) + 1 :].split("/")
    is_whole = info.type == pafs.FileType.File and None not in (info.size, info.mtime_ns)
    return is_whole and all(step and not step.startswith((".", "_")) for step in steps)


def _refuse_missing(client: S3Client) -> None:
    (bucket,) = client.asking(lambda system: system.get_file_info([client.bucket]))
    if bucket.type == pafs.FileType.NotFound:
        raise SourceUnavailable(
            f"there is no bucket `{client.bucket}`", hint="check the source's path, endpoint and region"
        )


def tags(_: Resources, client: S3Client, files: Sequence[str]) -> pa.Table:
    """What the server says of the content of each object, as `TAGS`."""
    return pa.table({"tag": [_tag(client, file) for file in files]}, TAGS)


def download(_: Resources, client: S3Client, file: str, state: str, size: int, target: Path) -> pa.Table:
    """Writes a whole copy of an object that is listed in that state with that size; never more than the size."""
    with (
        steady(client, file, state),
        client.asking(lambda system: system.open_input_stream(file, compression=None)) as stream,
        target.open("wb") as copy,
    ):
        blank = _BlankReader(stream)
        while copy.tell() <= size and (chunk := client.asking(lambda _: blank.read(_CHUNK))):
            with _written(file):
                copy.write(chunk)
        if copy.tell() != size:
            raise changed_meanwhile(Path(file))
    return NOTHING.empty_table()


def hollow(
    _: Resources, client: S3Client, file: str, state: str, size: int, target: Path, sampled_files: int
) -> pa.Table:
    """Writes of a Parquet object its footer and the rows that a sample is made of, and holes besides."""
    with steady(client, file, state), client.asking(lambda system: system.open_input_file(file)) as stream:
        if client.asking(lambda _: stream.size()) != size:
            raise changed_meanwhile(Path(file))
        try:
            blank = pa.PythonFile(_BlankReader(stream), mode="r")
            client.asking(lambda _: write_hollow(blank, size, target, sampled_files))
        except (ValueError, OverflowError, MemoryError, pa.ArrowException):
            raise SourceUnavailable(
                f"`{Path(file).name}` cannot be read: it is no Parquet file, or damaged", hint="look at the object"
            ) from None
    return NOTHING.empty_table()


class _BlankReader:
    """An object that is read into memory that is blank.

    INVARIANT: nothing else is read of it than its server has sent. The client tells as many bytes as were asked for,
    however few came, and behind these is what the memory held before: once others' data.
    """

    closed = False

    def __init__(self, stream: pa.NativeFile) -> None:
        self._stream = stream

    def read(self, count: int) -> bytes:
        """The next bytes, as many as asked for or as there are; zeros where the server sent none."""
        piece = bytearray(count)
        told = self._stream.readinto(piece)
        return bytes(memoryview(piece)[:told])

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        """Goes to a place."""
        return int(self._stream.seek(place, whence))

    def tell(self) -> int:
        """The place that is read next."""
        return int(self._stream.tell())

    def close(self) -> None:
        """Whoever opened the object closes it."""


@contextmanager
def _written(file: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SourceUnavailable(
            f"a private copy of `{Path(file).name}` cannot be made: {(error.strerror or 'it is too large').lower()}",
            hint="look at the room that is left on the disk of the home",
        ) from None


@contextmanager
def steady(client: S3Client, file: str, state: str) -> Iterator[None]:
    """For as long as an object is read, in pieces: raises SourceUnavailable when it is not one and the same."""
    before = _tag(client, file)
    yield
    (info,) = client.asking(lambda system: system.get_file_info([file]))
    listed = state_of(file, info.size, info.mtime_ns)
    if state not in (listed, f"{listed}:{before}") or _tag(client, file) != before:
        raise changed_meanwhile(Path(file))


def state_of(file: str, size: int, mtime_ns: int) -> str:
    """The state of an object as far as a listing tells it."""
    return f"{file}:{size}:{mtime_ns}"


def _tag(client: S3Client, file: str) -> str:
    with client.asking(lambda system: system.open_input_stream(file, compression=None)) as stream:
        return bytes(stream.metadata().get("ETag", b"")).decode("utf-8", "backslashreplace")
