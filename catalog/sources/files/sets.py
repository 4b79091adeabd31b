"""The files of one relation as they stand at one moment, and where files may stand."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from catalog.errors import SourceUnavailable
from catalog.sources.connector import PassedOver
from catalog.sources.files.columns import Columns
from catalog.sources.files.kinds import FileKind
from catalog.sources.states import state


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSet:
    """The files of one relation, all of one kind, as they stand at one moment.

    `partitions` are the keys of folders named `key=value`; `sheet` is the one that is meant of an Excel file, `known`
    what columns of it are, if they are, and `is_split_anew` that some are copies with another delimiter.
    `states` tell each file's; `fingerprint` changes whenever a file is added, removed, replaced or written to.
    """

    kind: FileKind
    files: tuple[Path, ...]
    partitions: tuple[str, ...]
    sizes: tuple[int, ...]
    states: tuple[str, ...]
    fingerprint: str
    sheet: str = ""
    known: Columns = ()
    is_split_anew: bool = False

    @classmethod
    def of(cls, kind: FileKind, files: Iterable[Path], partitions: tuple[str, ...] = (), sheet: str = "") -> "FileSet":
        """Looks at the files once; raises SourceUnavailable when one cannot be looked at."""
        files = tuple(files)
        try:
            found = [os.stat(file) for file in files]
        except OSError:
            raise SourceUnavailable("a file of the dataset has just gone", hint="crawl the source again") from None
        seen = tuple(map(state, files, found))
        return cls.seen(kind, files, tuple(each.st_size for each in found), seen, partitions, sheet)

    @classmethod
    def seen(
        cls,
        kind: FileKind,
        files: tuple[Path, ...],
        sizes: tuple[int, ...],
        states: tuple[str, ...],
        partitions: tuple[str, ...] = (),
        sheet: str = "",
    ) -> "FileSet":
        """Files that have been looked at already."""
        return cls(
            kind=kind,
            files=files,
            partitions=partitions,
            sizes=sizes,
            states=states,
            fingerprint="|".join((*states, sheet)),
            sheet=sheet,
        )

    def knowing(self, columns: Columns) -> "FileSet":
        """The same files, with these columns known if they are sheets, under a fingerprint that tells so."""
        if self.kind is not FileKind.XLSX:
            return self
        return replace(self, known=columns, fingerprint=f"{self.fingerprint}|{columns}")

    @property
    def byte_count(self) -> int:
        """The size of all files together."""
        return sum(self.sizes)

    def each(self) -> Iterator["FileSet"]:
        """The files one by one."""
        return map(self.at, range(len(self.files)))

    def at(self, place: int) -> "FileSet":
        """One of the files alone, by its place."""
        place %= len(self.files)
        return self.between(place, place + 1)

    def between(self, begin: int, end: int) -> "FileSet":
        """The files from one place to before another."""
        some = slice(begin, end)
        return FileSet.seen(
            self.kind, self.files[some], self.sizes[some], self.states[some], self.partitions, self.sheet
        )


class Place(Protocol):
    """A tree of files below `root`, on this machine or elsewhere; paths that it takes and gives begin with `root`."""

    root: Path

    @property
    def folders(self) -> Sequence[Path]:
        """The folders of this machine that the engine reads when it looks at files."""
        ...

    def holding(self, files: FileSet) -> AbstractContextManager[FileSet]:
        """The same files under paths by which nothing else is read meanwhile; raises SourceUnavailable."""
        ...

    def entries(self, folder: Path) -> Sequence[Path]:
        """Data files and folders in a folder, by name; raises SourceUnavailable."""
        ...

    def others(self, folder: Path) -> Iterator[PassedOver]:
        """What lies below a folder and is no data, hidden things apart, under its name below `root`."""
        ...

    def is_folder(self, path: Path) -> bool: ...

    def is_file(self, path: Path) -> bool: ...

    def meant(self, relation: str) -> Path | None:
        """The file or folder that a relation's name leads to, whether it is there or not; None when outside."""
        ...

    def seen(
        self, relation: str, kind: FileKind, files: Sequence[Path], partitions: tuple[str, ...], sheet: str
    ) -> FileSet:
        """The state of the files; raises SourceUnavailable when one is gone, or must not be read."""
        ...

    def fetched(self, files: FileSet) -> FileSet:
        """The same files on this machine, under the same fingerprint; raises SourceUnavailable."""
        ...

    def glimpsed(self, files: FileSet) -> FileSet:
        """Files on this machine that have the columns of these, and the rows that a sample is made of."""
        ...
