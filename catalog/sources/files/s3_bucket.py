"""A bucket as a place of files: listed at once, and read through private copies of the objects that are needed."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import pyarrow as pa

from catalog.errors import LimitExceeded, SourceTimeout, SourceUnavailable
from catalog.sources.allowed_time import TimeOver, seconds_left, time_over
from catalog.sources.connector import PassedOver
from catalog.sources.files import s3_looks as looks
from catalog.sources.files.kinds import FileKind, kind_of, why_not
from catalog.sources.files.layout import GLOB, Layout, literal_name
from catalog.sources.files.s3_client import S3Object
from catalog.sources.files.s3_options import address, client
from catalog.sources.files.samples import sampled
from catalog.sources.files.scans import WHOLE_FILE_BYTES
from catalog.sources.files.sets import FileSet
from catalog.sources.going_on import GoingOn, Work
from catalog.sources.private_copies import PrivateCopies
from catalog.sources.workers.apart import Asking

_FRESH_SECONDS = 2.0
_MOST_OTHERS = 2_000
_LOOK_SECONDS = 120.0
_WAIT_SECONDS = 20.0  # for others who list the bucket
_SLOWEST_BYTES_A_SECOND = 100_000
_IDLE_SECONDS = 20.0


@dataclass(slots=True, kw_only=True)
class _Listing:
    """What a prefix held: data objects, and folders with what is in them. Each page of it is of a moment of its own."""

    at: float
    pages: int = 1
    objects: dict[Path, S3Object] = field(default_factory=dict)
    folders: dict[Path, set[Path]] = field(default_factory=dict)
    others: list[Path] = field(default_factory=list)

    def add(self, found: S3Object, root: Path) -> None:
        path = Path(found.path)
        self.objects[path] = found
        while path != root:
            self.folders.setdefault(path.parent, set()).add(path)
            path = path.parent


class S3Bucket:
    """The objects below `root`, which is the bucket and a prefix of its keys.

    A listing is kept for two seconds. Objects whose keys are no plain paths (`a//b`, `..`) are passed over, as are
    hidden ones.
    """

    def __init__(
        self,
        name: str,
        root: Path,
        options: Mapping[str, str],
        copies: Callable[[], PrivateCopies],
        going_on: GoingOn[Path],
    ) -> None:
        self.root = root
        self._bucket = root.parts[0]
        self._source = name
        self._options = options
        self._copies = copies
        self._asking = Asking(looks.__name__, idle_seconds=_IDLE_SECONDS)
        self._going_on = going_on
        self._guard = threading.Lock()
        self._listed: _Listing | None = None

    def stop_when(self, is_unwanted: Callable[[], bool]) -> None:
        """From now on a look at the bucket ends as soon as it is unwanted."""
        self._asking.is_unwanted = is_unwanted

    def kept(self) -> AbstractContextManager[None]:
        """Within it looks share a worker."""
        return self._asking.kept()

    def look_anew(self) -> None:
        """Has the bucket be listed again before anything else is told of it, if its listing is not of one moment."""
        listed = self._listed
        if listed is not None and listed.pages > 1:
            self._listed = None

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
        return path in self._listing().objects

    def meant(self, relation: str) -> Path | None:
        """The path below the prefix; None for one that is not plain."""
        steps = PurePosixPath(relation)
        return None if steps.is_absolute() or ".." in steps.parts or "\0" in relation else self.root / steps

    def seen(
        self, relation: str, kind: FileKind, files: Sequence[Path], partitions: tuple[str, ...], sheet: str
    ) -> FileSet:
        """The objects as they were listed."""
        listing = self._listing()
        found = [listing.objects[file] for file in files if file in listing.objects]
        if len(found) < len(files):
            raise SourceUnavailable(f"an object of `{relation}` has just gone", hint="crawl the source again")
        sizes, states = tuple(each.size for each in found), tuple(each.state for each in found)
        return FileSet.seen(kind, tuple(files), sizes, states, partitions, sheet)

    def fetched(self, files: FileSet) -> FileSet:
        """Whole private copies of the objects; raises SourceUnavailable when one changes while it is read."""
        self._copies().refuse_larger(files.files[0].name, files.byte_count)
        return replace(files, files=tuple(self._copy(one, "whole", looks.download) for one in files.each()))

    def glimpsed(self, files: FileSet) -> FileSet:
        """As `fetched`, but of large Parquet objects only footers and the rows that a sample is made of."""
        if files.kind is not FileKind.PARQUET or files.byte_count <= WHOLE_FILE_BYTES:
            return self.fetched(files)
        looked_into = sampled(len(files.files))
        copies = []
        for place, one in enumerate(files.each()):
            count = len(looked_into) if place in looked_into else 0
            copies.append(self._copy(one, f"hollow {count}", looks.hollow, count))
        return replace(files, files=tuple(copies))

    def _copy(self, one: FileSet, form: str, look: Callable[..., pa.Table], *arguments: object) -> Path:
        """A copy that a look writes; goes on when a query may wait no longer, since it may take longer than that."""
        (file,), (state,) = one.files, one.states
        listed = S3Object.of(state)
        steps = [step for step in file.parts[:-1] if step.split("=")[0] in one.partitions]
        name = "/".join((*steps[len(steps) - len(one.partitions) :], file.name))
        key = f"s3|{form}|{self._source}|{address(self._options)}|{state}"

        def write(target: Path) -> None:
            if look is looks.download:
                self._copies().refuse_without_room(file.name, listed.size)
            seconds = _LOOK_SECONDS + listed.size / _SLOWEST_BYTES_A_SECOND
            self._looked(f"`{file.name}`", look, listed, target, *arguments, seconds=seconds)

        return self._going_on.done(
            Work(
                key=key,
                do=lambda: self._copies().file(key, name, write),
                what=f"`{file.name}` is being copied from its bucket",
                is_large=listed.size > WHOLE_FILE_BYTES,
            )
        )

    def _listing(self) -> _Listing:
        with self._turn():
            if self._listed is None or time.monotonic() - self._listed.at > _FRESH_SECONDS:
                self._listed = self._listed_anew()
            return self._listed

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One lists at a time; raises SourceUnavailable where the others take long."""
        allowed = seconds_left()
        if not self._guard.acquire(timeout=_WAIT_SECONDS if allowed is None else min(allowed, _WAIT_SECONDS)):
            if seconds_left() == 0:
                raise time_over(f"the bucket `{self._bucket}` is being listed")
            raise SourceUnavailable(
                f"the bucket `{self._bucket}` is being listed, which takes long", hint="try again in a moment"
            )
        try:
            yield
        finally:
            self._guard.release()

    def _listed_anew(self) -> _Listing:
        listing = _Listing(at=time.monotonic())
        prefix = self.root.as_posix()
        table = self._looked(f"what lies below `{prefix}`", looks.listing, prefix, told=looks.LISTING)
        for row in table.to_pylist():
            listing.pages = row.pop("page")
            found = S3Object(**row)
            path = Path(found.path)
            if kind_of(path.name) is not None:
                listing.add(found, self.root)
            elif len(listing.others) < _MOST_OTHERS:
                listing.others.append(path)
        return listing

    def _looked(
        self,
        what: str,
        look: Callable[..., pa.Table],
        *arguments: object,
        told: pa.Schema = looks.NOTHING,
        seconds: float = _LOOK_SECONDS,
    ) -> pa.Table:
        """What a look at the bucket gives."""
        try:
            table = self._asking.ask(seconds, look, client(self._source, self._bucket, self._options), *arguments)
        except TimeOver:
            raise time_over(f"the server of the bucket `{self._bucket}` has not answered") from None
        except (LimitExceeded, SourceTimeout):
            raise SourceUnavailable(
                f"{what} takes more memory or time to be read from the bucket `{self._bucket}` than it may",
                hint="look at the bucket and its server, or name a longer prefix in the source's path",
            ) from None
        if table.schema != told:
            raise SourceUnavailable(f"the bucket `{self._bucket}` cannot be read", hint="look at the bucket")
        return table


def bucket_layout(
    name: str, options: Mapping[str, str], copies: Callable[[], PrivateCopies], going_on: GoingOn[Path]
) -> Layout:
    """What a path like `s3://lake/clinic`, `s3://lake/visits.parquet` or `s3://lake/2024/*.csv` means."""
    parts = urlsplit(options["path"].replace("?", "%3F").replace("#", "%23"))
    path = Path(parts.netloc, parts.path.replace("%3F", "?").replace("%23", "#").strip("/"))
    steps = path.parts
    first = next((index for index, step in enumerate(steps) if GLOB.search(step)), None)
    root, pattern = path, None
    if first:
        root, pattern = Path(*steps[:first]), steps[first:]
    elif len(steps) > 1 and kind_of(path.name) is not None:
        root, pattern = path.parent, (literal_name(path.name),)
    return Layout(S3Bucket(name, root, options, copies, going_on), path.name, pattern)
