"""Which files a relation of a folder means, and which relations a folder holds; nothing outside is ever followed."""

import fnmatch
import functools
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from catalog.errors import SourceUnavailable
from catalog.names import fold
from catalog.sources.file_kinds import KINDS, FileKind, kind_of

_GLOB = re.compile(r"[*?\[]")
_NUMBERS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+")
_PARTITION = re.compile(r"[^=]+=.*\Z")
_ODD_VALUE = re.compile(r"=.*[=?]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSet:
    """The files of one relation, all of one kind, as they stand at one moment.

    `partitions` are the keys of folders named `key=value`; `sheet` is the one that is meant of an Excel file.
    `fingerprint` changes whenever a file is added, removed, replaced or written to.
    """

    kind: FileKind
    files: tuple[Path, ...]
    partitions: tuple[str, ...]
    sizes: tuple[int, ...]
    fingerprint: str
    sheet: str = ""

    @classmethod
    def of(cls, kind: FileKind, files: Iterable[Path], partitions: tuple[str, ...] = (), sheet: str = "") -> "FileSet":
        """Looks at the files once; raises SourceUnavailable when one cannot be looked at."""
        files = tuple(files)
        try:
            states = [file.stat() for file in files]
        except OSError:
            raise SourceUnavailable("a file of the dataset has just gone", hint="crawl the source again") from None
        seen = (f"{file}:{s.st_size}:{s.st_mtime_ns}:{s.st_ino}" for file, s in zip(files, states, strict=True))
        sizes = tuple(state.st_size for state in states)
        fingerprint = "|".join((*seen, sheet))
        return cls(kind=kind, files=files, partitions=partitions, sizes=sizes, fingerprint=fingerprint, sheet=sheet)

    @property
    def byte_count(self) -> int:
        """The size of all files together."""
        return sum(self.sizes)

    def only(self, file: Path) -> "FileSet":
        """One of the files alone."""
        return FileSet.of(self.kind, [file], self.partitions)


class Layout:
    """A folder, one file, or a pattern of files, as relations named by their path below it.

    A folder below the top is one relation when its files are a series (`part-0.parquet`,
    `part-1.parquet`; `2024-01.csv`, `2024-02.csv`) of one kind and schema, or stand in partitions
    (`year=2024/..`); in any other folder each file is one.
    """

    def __init__(self, path: str) -> None:
        given = Path(path)
        self.pattern: tuple[str, ...] | None = None
        if given.is_file():
            self.root, self.pattern = given.parent.resolve(), (_GLOB.sub(r"[\g<0>]", given.name),)
        elif _GLOB.search(path) and not given.exists():
            first = next(index for index, step in enumerate(given.parts) if _GLOB.search(step))
            self.root, self.pattern = Path(*given.parts[:first]).resolve(), given.parts[first:]
        else:
            self.root = given.resolve()
        self.name = given.name
        self._top = os.path.join(self.root, "")

    def relations(self, below: str | None, is_one: Callable[[FileSet], bool]) -> Iterator[str]:
        """The name of every relation, or of those at or under `below`; `is_one` compares a series' schemas."""
        if not self.root.is_dir():
            raise SourceUnavailable(f"`{self.name}` cannot be found", hint="check the source's path and its rights")
        start = self._inside(below)[0] if below else self.root
        if self.pattern is not None:
            names = (path.relative_to(self.root) for path in _walk(self.root, self.root))
            yield from (name.as_posix() for name in names if _matches(name.parts, self.pattern))
        elif not start.exists():
            raise SourceUnavailable(f"`{below}` is not in the source", hint="name a file or folder below its path")
        else:
            yield from (path.relative_to(self.root).as_posix() for path in self._found(start, is_one))

    def files(self, relation: str) -> FileSet:
        """The files that a relation means, in order; raises SourceUnavailable."""
        book, sheet = self.sheet(relation)
        path, meant = self._inside(book)
        is_file = os.path.isfile(meant)
        if is_file:
            files = [path]
        elif path.is_dir():
            files = list(_walk(path, self.root))
        elif _GLOB.search(relation):
            steps = Path(relation).parts
            files = [file for file in _walk(self.root, self.root) if _matches(file.relative_to(self.root).parts, steps)]
        else:
            raise SourceUnavailable(f"`{relation}` is not in the source any more", hint="crawl the source again")
        kinds = {kind_of(file.name) for file in files}
        kind = kinds.pop() if len(kinds) == 1 else None
        if kind is None:
            why = "holds files of several kinds" if kinds else "holds no data file"
            raise SourceUnavailable(f"`{relation}` {why}", hint=f"a dataset is made of {KINDS}, all of one kind")
        real = [meant] if is_file else [Path(os.path.realpath(file)) for file in files]
        if any(map(is_a_home, {file.parent for file in real})):
            raise SourceUnavailable(
                f"`{relation}` is a server's own file and no data", hint="keep data in other folders"
            )
        is_partitioned = not is_file and path.is_dir() and _is_partitioned(path, self.root)
        partitions = _partition_keys(relation, path, files) if is_partitioned else ()
        return FileSet.of(kind, real, partitions, sheet)

    def sheet(self, relation: str) -> tuple[str, str]:
        """The relation of an Excel file and the sheet of it that is meant: `books/costs.xlsx/2024` has both."""
        book, _, sheet = relation.rpartition("/")
        return (book, sheet) if kind_of(book.rpartition("/")[2]) is FileKind.XLSX else (relation, "")

    def _inside(self, relation: str) -> tuple[Path, Path]:
        """The path of a relation, and the one that it means. INVARIANT: always below the root, whatever links say."""
        path = self.root / relation
        meant = os.path.realpath(path) if _is_plain(relation) else ""
        if not f"{meant}/".startswith(self._top):
            raise SourceUnavailable(f"`{relation}` leads out of the source", hint="name a path below the source's own")
        if self.pattern is not None and relation and not _matches(Path(relation).parts, self.pattern):
            raise SourceUnavailable(f"`{relation}` is not in the source", hint="check the source's path")
        return path, Path(meant)

    def _found(self, path: Path, is_one: Callable[[FileSet], bool]) -> Iterator[Path]:
        if path.is_file():
            if kind_of(path.name) is not None:
                yield path
        elif path != self.root and self._is_series(path, is_one):
            yield path
        else:
            for entry in _entries(path, self.root):
                yield from self._found(entry, is_one)

    def _is_series(self, folder: Path, is_one: Callable[[FileSet], bool]) -> bool:
        if not _is_partitioned(folder, self.root):
            entries = _entries(folder, self.root)
            if any(kind_of(entry.name) is FileKind.XLSX for entry in entries):  # each has sheets of its own
                return False
            stems = {_NUMBERS.sub("0", entry.name) for entry in entries}
            is_part = entries and entries[0].name.startswith("part-")
            if len(stems) != 1 or any(entry.is_dir() for entry in entries) or (len(entries) < 2 and not is_part):
                return False
        try:
            return is_one(self.files(folder.relative_to(self.root).as_posix()))
        except SourceUnavailable:
            return False


def _entries(folder: Path, root: Path) -> list[Path]:
    """Data files and folders, by name; links to folders, links that lead out, and hidden names are passed over."""
    found = []
    try:
        listed = os.scandir(folder)
    except OSError:
        raise SourceUnavailable(f"the folder `{folder.name}` cannot be read", hint="check its rights") from None
    is_home = is_a_home(folder)
    with listed as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith((".", "_")):
                    found.append(Path(entry.path))
            elif kind_of(entry.name) is not None:
                is_data = _is_inner_link(Path(entry.path), root) if entry.is_symlink() else entry.is_file()
                if is_data and not is_home:
                    found.append(Path(entry.path))
    return sorted(found)


def _is_inner_link(link: Path, root: Path) -> bool:
    """Whether a link means a data file of the source's own."""
    try:
        file = link.resolve(strict=True)
    except (OSError, RuntimeError):  # it leads nowhere, or in a circle
        return False
    return file.is_relative_to(root) and file.is_file() and not is_a_home(file.parent)


def is_a_home(folder: Path) -> bool:
    """Whether a catalog stands in a real folder: keys and sign-ins of a server are never data, whoever says so."""
    return any(os.path.exists(f"{folder}/{name}") for name in ("catalog.sqlite", "catalog.sqlite-wal"))


@functools.lru_cache(maxsize=4096)
def _is_plain(relation: str) -> bool:
    """Whether a relation's name stays below wherever it begins."""
    steps = Path(relation)
    return "\0" not in relation and not steps.is_absolute() and ".." not in steps.parts


def _walk(folder: Path, root: Path) -> Iterator[Path]:
    for path in _entries(folder, root):
        if path.is_dir():
            yield from _walk(path, root)
        else:
            yield path


def _is_partitioned(folder: Path, root: Path) -> bool:
    """Whether everything in a folder is a folder named `key=value`."""
    entries = _entries(folder, root)
    return bool(entries) and all(entry.is_dir() and _PARTITION.match(entry.name) for entry in entries)


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
