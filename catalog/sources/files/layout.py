"""Which files a relation of a place means, and which relations a place holds."""

import fnmatch
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from catalog.errors import SourceUnavailable
from catalog.names import fold
from catalog.sources.connector import PassedOver
from catalog.sources.files.kinds import KINDS, FileKind, kind_of
from catalog.sources.files.local_folder import LocalFolder
from catalog.sources.files.sets import FileSet, Place

GLOB = re.compile(r"[*?\[]")
_NUMBERS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+")
_PARTITION = re.compile(r"[^=]+=.*\Z")
_ODD_VALUE = re.compile(r"=.*[=?]")


class Layout:
    """A folder, one file, or a pattern of files, as relations named by their path below it.

    A folder below the top is one relation when its files are a series (`part-0.parquet`,
    `part-1.parquet`; `2024-01.csv`, `2024-02.csv`) of one kind and schema, or stand in partitions
    (`year=2024/..`); in any other folder each file is one.
    """

    def __init__(self, place: Place, name: str, pattern: tuple[str, ...] | None = None) -> None:
        self.place = place
        self.root = place.root
        self.name = name
        self.pattern = pattern

    @classmethod
    def local(cls, path: str) -> "Layout":
        """What a path of this machine means."""
        given = Path(path)
        if os.path.isfile(path):
            return cls(LocalFolder(given.parent), given.name, (literal_name(given.name),))
        if GLOB.search(path) and not os.path.exists(path):
            first = next(index for index, step in enumerate(given.parts) if GLOB.search(step))
            return cls(LocalFolder(Path(*given.parts[:first])), given.name, given.parts[first:])
        return cls(LocalFolder(given), given.name)

    def relations(self, below: str | None, is_one: Callable[[FileSet], bool]) -> Iterator[str]:
        """The name of every relation, or of those at or under `below`; `is_one` compares a series' schemas."""
        if not self.place.is_folder(self.root):
            raise SourceUnavailable(f"`{self.name}` cannot be found", hint="check the source's path and its rights")
        start = self._inside(below) if below else self.root
        if self.pattern is not None:
            names = (path.relative_to(self.root) for path in self._walk(self.root))
            yield from (name.as_posix() for name in names if _matches(name.parts, self.pattern))
        elif not self.place.is_file(start) and not self.place.is_folder(start):
            raise SourceUnavailable(f"`{below}` is not in the source", hint="name a file or folder below its path")
        else:
            yield from (path.relative_to(self.root).as_posix() for path in self._found(start, is_one))

    def others(self, below: str | None) -> Iterator[PassedOver]:
        """What is no relation; where a path or a pattern names files, nothing else was asked for."""
        if self.pattern is None:
            start = self._inside(below) if below else self.root
            yield from self.place.others(start) if self.place.is_folder(start) else ()

    def files(self, relation: str) -> FileSet:
        """The files that a relation means, in order; raises SourceUnavailable."""
        book, sheet = self.sheet(relation)
        meant = self._meant(book)
        is_file = self.place.is_file(meant)
        path = self.root if is_file else self.root / book
        is_folder = not is_file and self.place.is_folder(path)
        if is_file:
            files = [meant]
        elif is_folder:
            files = list(self._walk(path))
        elif GLOB.search(relation):
            steps = Path(relation).parts
            files = [file for file in self._walk(self.root) if _matches(file.relative_to(self.root).parts, steps)]
        else:
            raise SourceUnavailable(f"`{relation}` is not in the source any more", hint="crawl the source again")
        kinds = {kind_of(file.name) for file in files}
        kind = kinds.pop() if len(kinds) == 1 else None
        if kind is None:
            why = "holds files of several kinds" if kinds else "holds no data file"
            raise SourceUnavailable(f"`{relation}` {why}", hint=f"a dataset is made of {KINDS}, all of one kind")
        partitions = _partition_keys(relation, path, files) if is_folder and self._is_partitioned(path) else ()
        return self.place.seen(relation, kind, files, partitions, sheet)

    def holder(self, known: Iterable[str]) -> Callable[[str], str | None]:
        """What tells which of the known relations is a folder above one, or a pattern that it fits."""
        names = {Path(name).as_posix(): name for name in known}
        patterns = [name for name in names.values() if GLOB.search(name) and not self.place.is_file(self.root / name)]

        def found(relation: str) -> str | None:
            steps = Path(relation).parts
            if "/".join(steps) in names:
                return None
            folders = ("/".join(steps[:count]) or "." for count in range(len(steps)))
            above = next((names[folder] for folder in folders if folder in names), None)
            if above or not patterns:
                return above
            path = self.root / self.sheet(relation)[0]  # of a folder all that lies in it is asked about
            files = list(self._walk(path)) if self.place.is_folder(path) else [path]
            held = [file.relative_to(self.root).parts for file in files]
            fits = (name for name in patterns if any(_matches(file, Path(name).parts) for file in held))
            return next(fits, None)

        return found

    def sheet(self, relation: str) -> tuple[str, str]:
        """The relation of an Excel file and the sheet of it that is meant: `books/costs.xlsx/2024` has both."""
        book, _, sheet = relation.rpartition("/")
        return (book, sheet) if kind_of(book.rpartition("/")[2]) is FileKind.XLSX else (relation, "")

    def _inside(self, relation: str) -> Path:
        """The path of a relation that means something below the root."""
        self._meant(relation)
        return self.root / relation

    def _meant(self, relation: str) -> Path:
        """Where a relation's path leads to. INVARIANT: always below the root, whatever links say."""
        meant = self.place.meant(relation)
        if meant is None:
            raise SourceUnavailable(f"`{relation}` leads out of the source", hint="name a path below the source's own")
        if self.pattern is not None and relation and not _matches(Path(relation).parts, self.pattern):
            raise SourceUnavailable(f"`{relation}` is not in the source", hint="check the source's path")
        return meant

    def _found(self, path: Path, is_one: Callable[[FileSet], bool]) -> Iterator[Path]:
        if self.place.is_file(path):
            if kind_of(path.name) is not None:
                yield path
        elif path != self.root and self._is_series(path, is_one):
            yield path
        else:
            for entry in self.place.entries(path):
                yield from self._found(entry, is_one)

    def _is_series(self, folder: Path, is_one: Callable[[FileSet], bool]) -> bool:
        if not self._is_partitioned(folder):
            entries = self.place.entries(folder)
            if any(kind_of(entry.name) is FileKind.XLSX for entry in entries):  # each has sheets of its own
                return False
            stems = {_NUMBERS.sub("0", entry.name) for entry in entries}
            is_part = entries and entries[0].name.startswith("part-")
            if len(stems) != 1 or any(map(self.place.is_folder, entries)) or (len(entries) < 2 and not is_part):
                return False
        try:
            return is_one(self.files(folder.relative_to(self.root).as_posix()))
        except SourceUnavailable:
            return False

    def _walk(self, folder: Path) -> Iterator[Path]:
        for path in self.place.entries(folder):
            if self.place.is_folder(path):
                yield from self._walk(path)
            else:
                yield path

    def _is_partitioned(self, folder: Path) -> bool:
        """Whether everything in a folder is a folder named `key=value`."""
        entries = self.place.entries(folder)
        return bool(entries) and all(_PARTITION.match(each.name) and self.place.is_folder(each) for each in entries)


def literal_name(name: str) -> str:
    """The pattern that means exactly this name."""
    return GLOB.sub(r"[\g<0>]", name)


def _partition_keys(relation: str, folder: Path, files: Iterable[Path]) -> tuple[str, ...]:
    """The keys of the folders that every file lies in; raises SourceUnavailable when they differ."""
    steps = [file.relative_to(folder).parts[:-1] for file in files]
    odd = next((step for path in steps for step in path if _ODD_VALUE.search(step)), None)
    if odd is not None:
        raise SourceUnavailable(
            f"a folder of `{relation}` has a value with `=` or `?` in its name",
            hint="write such a character as its hexadecimal code, as `%3D` or `%3F`",
        )
    found = {tuple(step.split("=")[0] for step in path if _PARTITION.match(step)) for path in steps}
    keys = found.pop()
    if found or len({fold(key) for key in keys}) < len(keys):
        raise SourceUnavailable(
            f"the folders of `{relation}` are named by different keys",
            hint="each file of the dataset must lie below the same keys, as in `year=2024/month=5`",
        )
    return keys


def _matches(steps: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether a path fits a pattern, step by step; `**` stands for any number of folders."""
    if not pattern:
        return not steps
    if pattern[0] == "**":
        return any(_matches(steps[count:], pattern[1:]) for count in range(len(steps) + 1))
    return bool(steps) and fnmatch.fnmatchcase(steps[0], pattern[0]) and _matches(steps[1:], pattern[1:])
