"""A bucket as a place of files: listed at once, and read through private copies of the objects that are needed."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TypeVar
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.fs as pafs

from catalog.errors import SourceUnavailable
from catalog.sources.connector import PassedOver
from catalog.sources.files.hollow import write_hollow
from catalog.sources.files.kinds import FileKind, kind_of, why_not
from catalog.sources.files.layout import GLOB, Layout, literal_name
from catalog.sources.files.s3_options import address, file_system, told
from catalog.sources.files.samples import sampled
from catalog.sources.files.scans import WHOLE_FILE_BYTES
from catalog.sources.files.sets import FileSet
from catalog.sources.held_files import changed_meanwhile
from catalog.sources.private_copies import PrivateCopies

_FRESH_SECONDS = 2.0
_MOST_OBJECTS = 200_000
_MOST_OTHERS = 2_000
_YOUNG_NS = 120 * 10**9
_CHUNK = 2**20

_Done = TypeVar("_Done")


@dataclass(slots=True, kw_only=True)
class _Listing:
    """What a prefix held at one moment: data objects with their states, and folders with what is in them."""

    at: float
    states: dict[Path, pafs.FileInfo] = field(default_factory=dict)
    folders: dict[Path, set[Path]] = field(default_factory=dict)
    others: list[Path] = field(default_factory=list)

    def add(self, path: Path, info: pafs.FileInfo, root: Path) -> None:
        self.states[path] = info
        while path != root:
            self.folders.setdefault(path.parent, set()).add(path)
            path = path.parent


class S3Bucket:
    """The objects below `root`, which is the bucket and a prefix of its keys.

    A listing is kept for two seconds. Objects whose keys are no plain paths (`a//b`, `..`) are passed over, as are
    hidden ones.
    """

    def __init__(self, name: str, root: Path, options: Mapping[str, str], copies: Callable[[], PrivateCopies]) -> None:
        self.root = root
        self._bucket = root.parts[0]
        self._source = name
        self._options = options
        self._copies = copies
        self._opened: pafs.S3FileSystem | None = None
        self._listed: _Listing | None = None

    @property
    def folders(self) -> Sequence[Path]:
        """None: the engine reads the copies."""
        return ()

    def holding(self, files: FileSet) -> AbstractContextManager[FileSet]:
        """The objects themselves."""
        return nullcontext(files)

    def entries(self, folder: Path) -> Sequence[Path]:
        """Data objects and folders, by name."""
        return sorted(self._listing().folders.get(folder, ()))

    def others(self, folder: Path) -> Iterator[PassedOver]:
        """Objects of other kinds."""
        for path in sorted(self._listing().others):
            if path.is_relative_to(folder):
                reason, hint = why_not(path.name)
                yield PassedOver(name=path.relative_to(self.root).as_posix(), reason=reason, hint=hint)

    def is_folder(self, path: Path) -> bool:
        """Whether any data object lies below; the prefix itself is always there."""
        return path == self.root or path in self._listing().folders

    def is_file(self, path: Path) -> bool:
        """Whether it is a data object."""
        return path in self._listing().states

    def meant(self, relation: str) -> Path | None:
        """The path below the prefix; None for one that is not plain."""
        steps = PurePosixPath(relation)
        return None if steps.is_absolute() or ".." in steps.parts or "\0" in relation else self.root / steps

    def seen(
        self, relation: str, kind: FileKind, files: Sequence[Path], partitions: tuple[str, ...], sheet: str
    ) -> FileSet:
        """The objects as they were listed: their sizes and when they were written."""
        known = [self._listing().states.get(file) for file in files]
        if None in known:
            raise SourceUnavailable(f"an object of `{relation}` has just gone", hint="crawl the source again")
        states = tuple(self._state(file, info) for file, info in zip(files, known, strict=True) if info)
        sizes = tuple(info.size for info in known if info)
        return FileSet.seen(kind, tuple(files), sizes, states, partitions, sheet)

    def _state(self, file: Path, info: pafs.FileInfo) -> str:
        """Size and time, in seconds; of what was written just now its tag too, as it may change within the second."""
        state = f"{file}:{info.size}:{info.mtime_ns}"
        if info.mtime_ns < time.time_ns() - _YOUNG_NS:
            return state
        return f"{state}:{self._tag(file)}"

    def fetched(self, files: FileSet) -> FileSet:
        """Whole private copies of the objects; raises SourceUnavailable when one changes while it is read."""
        self._copies().refuse_larger(files.files[0].name, files.byte_count)
        return replace(files, files=tuple(self._copy(one, "whole", self._download) for one in files.each()))

    def glimpsed(self, files: FileSet) -> FileSet:
        """As `fetched`, but of large Parquet objects only footers and the rows that a sample is made of."""
        if files.kind is not FileKind.PARQUET or files.byte_count <= WHOLE_FILE_BYTES:
            return self.fetched(files)
        looked_into = sampled(len(files.files))
        copies = []
        for place, one in enumerate(files.each()):
            count = len(looked_into) if place in looked_into else 0
            write = self._hollow(count)
            copies.append(self._copy(one, f"hollow {count}", write))
        return replace(files, files=tuple(copies))

    def _copy(self, one: FileSet, form: str, write: Callable[[FileSet, Path], None]) -> Path:
        (file,), (state,) = one.files, one.states
        steps = [step for step in file.parts[:-1] if step.split("=")[0] in one.partitions]
        name = "/".join((*steps[len(steps) - len(one.partitions) :], file.name))

        def write_steadily(target: Path) -> None:
            with self._steady(one):
                write(one, target)

        return self._copies().file(f"s3|{form}|{self._source}|{address(self._options)}|{state}", name, write_steadily)

    @contextmanager
    def _steady(self, one: FileSet) -> Iterator[None]:
        """For as long as an object is read, in pieces: raises SourceUnavailable when it is not one and the same."""
        (file,), (state,) = one.files, one.states
        before = self._tag(file)
        yield
        (info,) = self._asking(lambda: self._system().get_file_info([file.as_posix()]))
        listed = f"{file}:{info.size}:{info.mtime_ns}"
        if state not in (listed, f"{listed}:{before}") or self._tag(file) != before:
            raise changed_meanwhile(file)

    def _tag(self, file: Path) -> str:
        """What the server says of an object's content."""
        with self._asking(lambda: self._system().open_input_stream(file.as_posix(), compression=None)) as stream:
            return bytes(stream.metadata().get("ETag", b"")).decode()

    def _download(self, one: FileSet, target: Path) -> None:
        (file,), (size,) = one.files, one.sizes
        self._copies().refuse_without_room(file.name, size)
        with (
            self._asking(lambda: self._system().open_input_stream(file.as_posix(), compression=None)) as stream,
            target.open("wb") as copy,
        ):
            while chunk := self._asking(lambda: stream.read(_CHUNK)):
                copy.write(chunk)
            if copy.tell() != size:
                raise changed_meanwhile(file)

    def _hollow(self, sampled_files: int) -> Callable[[FileSet, Path], None]:
        def write(one: FileSet, target: Path) -> None:
            (file,), (size,) = one.files, one.sizes
            with self._asking(lambda: self._system().open_input_file(file.as_posix())) as stream:
                if self._asking(stream.size) != size:
                    raise changed_meanwhile(file)
                try:
                    self._asking(lambda: write_hollow(stream, size, target, sampled_files))
                except (ValueError, pa.ArrowException):
                    raise SourceUnavailable(
                        f"`{file.name}` cannot be read: it is no Parquet file, or damaged", hint="look at the object"
                    ) from None

        return write

    def _listing(self) -> _Listing:
        if self._listed is None or time.monotonic() - self._listed.at > _FRESH_SECONDS:
            listing = _Listing(at=time.monotonic())
            for path, info in self._objects():
                if kind_of(path.name) is not None:
                    listing.add(path, info, self.root)
                elif len(listing.others) < _MOST_OTHERS:
                    listing.others.append(path)
            self._listed = listing
        return self._listed

    def _objects(self) -> Iterator[tuple[Path, pafs.FileInfo]]:
        prefix = self.root.as_posix()
        selector = pafs.FileSelector(prefix, recursive=True, allow_not_found=True)
        found = self._asking(lambda: self._system().get_file_info(selector))
        if not found:
            self._refuse_missing()
        if len(found) > _MOST_OBJECTS:
            raise SourceUnavailable(
                f"below `{prefix}` there are more than {_MOST_OBJECTS:,} objects",
                hint="name a longer prefix in the source's path",
            )
        for info in found:
            steps = info.path[len(prefix) + 1 :].split("/")
            is_plain = all(step and not step.startswith((".", "_")) for step in steps)
            if info.type == pafs.FileType.File and is_plain:
                yield Path(info.path), info

    def _refuse_missing(self) -> None:
        (bucket,) = self._asking(lambda: self._system().get_file_info([self._bucket]))
        if bucket.type == pafs.FileType.NotFound:
            raise SourceUnavailable(
                f"there is no bucket `{self._bucket}`", hint="check the source's path, endpoint and region"
            )

    def _system(self) -> pafs.S3FileSystem:
        if self._opened is None:
            self._opened = file_system(self._source, self._options)
        return self._opened

    def _asking(self, ask: Callable[[], _Done]) -> _Done:
        try:
            return ask()
        except OSError as error:
            raise told(self._bucket, error) from None


def bucket_layout(name: str, options: Mapping[str, str], copies: Callable[[], PrivateCopies]) -> Layout:
    """What a path like `s3://lake/clinic`, `s3://lake/visits.parquet` or `s3://lake/2024/*.csv` means."""
    parts = urlsplit(options["path"].replace("?", "%3F").replace("#", "%23"))
    path = Path(parts.netloc, parts.path.replace("%3F", "?").replace("%23", "#").strip("/"))
    steps = path.parts
    first = next((index for index, step in enumerate(steps) if GLOB.search(step)), None)
    if first:
        return Layout(S3Bucket(name, Path(*steps[:first]), options, copies), path.name, steps[first:])
    if len(steps) > 1 and kind_of(path.name) is not None:
        return Layout(S3Bucket(name, path.parent, options, copies), path.name, (literal_name(path.name),))
    return Layout(S3Bucket(name, path, options, copies), path.name)
