"""A folder of this machine as a place of files: nothing outside of it is ever followed."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from catalog.errors import SourceUnavailable
from catalog.remembered import remembered
from catalog.sources.connector import PassedOver
from catalog.sources.files.kinds import FileKind, kind_of, why_not
from catalog.sources.files.sets import FileSet
from catalog.sources.held_files import HeldFiles, stats_below
from catalog.sources.own_files import has_own, is_a_home, is_own, is_withheld
from catalog.sources.states import state

_DEEPEST = 64
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""What cannot stand in the name of a folder: half a character is how the system tells bytes that are no text."""


class LocalFolder:
    """The files below a folder. INVARIANT: what a name means lies below the root, whatever links say."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._top = os.path.join(self.root, "")
        self._held = HeldFiles()

    @property
    def folders(self) -> Sequence[Path]:
        """The folder itself, to which the paths of held files lead, and where these stand."""
        return (self.root, self._held.folder)

    @contextmanager
    def holding(self, files: FileSet) -> Iterator[FileSet]:
        """The same files, held under private paths."""
        with self._held.holding(files.states) as paths:
            yield replace(files, files=paths)

    def entries(self, folder: Path) -> Sequence[Path]:
        """Data files and folders; links to folders, links that lead out, and hidden names are passed over.

        So are folders that lie too deep: each is looked through once for every one above it.
        """
        if folder == self.root and not os.path.isdir(folder):
            raise SourceUnavailable(f"`{folder.name}` cannot be found", hint="check the source's path and its rights")
        return _entries(folder, self.root, has_folders=self._depth(folder) < _DEEPEST)

    def others(self, folder: Path) -> Iterator[PassedOver]:
        """Files of other kinds, links that are not followed, and the homes of servers."""
        for place, folders, files in os.walk(folder):
            folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
            if is_own(Path(place)):
                if is_a_home(Path(place)):
                    yield self._other(Path(place), "it is the home of a server", "keep data in other folders")
                continue
            is_deep = self._depth(Path(place)) >= _DEEPEST
            for name in [name for name in folders if is_deep or _UNFIT.search(name)]:
                folders.remove(name)
                why, hint = _why_closed(is_deep)
                yield self._other(Path(place, name), why, hint)
            for name in (*folders, *sorted(files)):
                path = Path(place, name)
                if path.is_symlink() and not _is_inner_link(path, self.root):
                    why = "it is a link that leads out of the source, to a folder, or nowhere"
                    yield self._other(path, why, "put the file itself there")
                elif name not in folders and not name.startswith((".", "_")) and kind_of(name) is None:
                    yield self._other(path, *why_not(name))

    def _depth(self, folder: Path) -> int:
        return len(folder.parts) - len(self.root.parts)

    def _other(self, path: Path, reason: str, hint: str) -> PassedOver:
        name = _UNFIT.sub("\N{REPLACEMENT CHARACTER}", path.relative_to(self.root).as_posix())
        return PassedOver(name=name, reason=reason, hint=hint)

    def is_folder(self, path: Path) -> bool:
        """Whether it is a folder, or a link to one."""
        return os.path.isdir(path)

    def is_file(self, path: Path) -> bool:
        """Whether it is a file, or a link to one."""
        return os.path.isfile(path)

    def meant(self, relation: str) -> Path | None:
        """Where the name leads to, links followed; None when that is outside."""
        meant = ""
        with suppress(OSError):  # a folder that becomes a link while it is looked at
            meant = os.path.realpath(self._top + relation) if _is_plain(relation) else ""
        return Path(meant) if f"{meant}/".startswith(self._top) else None

    def seen(
        self, relation: str, kind: FileKind, files: Sequence[Path], partitions: tuple[str, ...], sheet: str
    ) -> FileSet:
        """The state of the files that are meant; a server's own are refused."""
        real = [self._real(file) for file in files]
        if has_own(real):
            raise SourceUnavailable(
                f"`{relation}` is a server's own file and no data", hint="keep data in other folders"
            )
        found = stats_below(self.root, real)
        states = tuple(map(state, real, found))
        return FileSet.seen(kind, tuple(real), tuple(each.st_size for each in found), states, partitions, sheet)

    def _real(self, file: Path) -> Path:
        """The file itself where it is a link; a path that is one no more is no link."""
        with suppress(OSError):
            return Path(os.path.realpath(file)) if os.path.islink(file) else file
        return file

    def fetched(self, files: FileSet) -> FileSet:
        """The files themselves."""
        return files

    def glimpsed(self, files: FileSet) -> FileSet:
        """The files themselves."""
        return files


def _entries(folder: Path, root: Path, *, has_folders: bool) -> list[Path]:
    """Data files and folders, by name; links to folders, links that lead out, and hidden names are passed over."""
    found = []
    try:
        listed = os.scandir(folder)
    except OSError:
        raise SourceUnavailable(f"the folder `{folder.name}` cannot be read", hint="check its rights") from None
    is_no_data = is_own(folder)
    with listed as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if has_folders and not (entry.name.startswith((".", "_")) or _UNFIT.search(entry.name)):
                    found.append(Path(entry.path))
            elif kind_of(entry.name) is not None:
                is_data = _is_inner_link(Path(entry.path), root) if entry.is_symlink() else entry.is_file()
                if is_data and not (is_no_data or is_withheld(Path(entry.path))):
                    found.append(Path(entry.path))
    return sorted(found)


def _why_closed(is_deep: bool) -> tuple[str, str]:
    """Why nothing in a folder is looked for, and what would help."""
    if is_deep:
        return f"it lies in more than {_DEEPEST} folders", "put its files higher up"
    return "its name holds a character that cannot be shown", "give it a plain name"


def _is_inner_link(link: Path, root: Path) -> bool:
    """Whether a link means a data file of the source's own."""
    try:
        file = link.resolve(strict=True)
    except (OSError, RuntimeError):  # it leads nowhere, or in a circle
        return False
    return file.is_relative_to(root) and os.path.isfile(file) and not has_own([file])


@remembered(4096)
def _is_plain(relation: str) -> bool:
    """Whether a relation's name stays below wherever it begins."""
    steps = Path(relation)
    return "\0" not in relation and not steps.is_absolute() and ".." not in steps.parts
