"""Files that are held open while they are read, so that what is read is what was looked at.

Whoever may write to a folder can put a link, or another folder, in the place of one at any moment, and an engine opens
files by their paths: it would follow into the home of the server. So a file is opened once, compared with the state in
which it was found, and read by a path that only Veil can change and that means the open file itself
(`/proc/PID/fd/N`, proc(5)).
"""

import errno
import os
import shutil
import stat
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from catalog.errors import SourceUnavailable
from catalog.sources.states import state, state_told

_CLOSED_TO_OTHERS = 0o700
_OPENING = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_FOLDER = os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY | os.O_NOFOLLOW


@dataclass(slots=True)
class _Open:
    """An open file, and by how many it is held."""

    descriptor: int
    holders: int = 0


class HeldFiles:
    """Private paths for files, each of which leads somewhere only while the file is held; thread-safe.

    A path ends as the file's own does, folders included, and is the same for files that stand as they did.

    Example:
        >>> held = HeldFiles()
        >>> file = Path(__file__)
        >>> with held.holding([state(file, os.stat(file))]) as [path]:
        ...     path.read_bytes() == file.read_bytes()
        True
        >>> path.exists(), path.name == file.name
        (False, True)
    """

    def __init__(self, folder: Path | None = None) -> None:
        """The paths stand in a new folder within `folder`, or in one for temporary files."""
        self._within = folder
        self._folder: Path | None = None
        self._open: dict[Path, _Open] = {}
        self._lock = threading.RLock()

    @property
    def folder(self) -> Path:
        """Where the paths stand; made when it is first needed."""
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="veil-held-", dir=self._within)).resolve()
                weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
            return self._folder

    @contextmanager
    def holding(self, states: Iterable[str]) -> Iterator[tuple[Path, ...]]:
        """The paths of the files that stand in these states, held; raises SourceUnavailable when one does not."""
        taken: list[Path] = []
        known = tuple(states)
        below = common_folder(known)
        try:
            for each in known:
                taken.append(self.take(each, below))
            yield tuple(taken)
        finally:
            for path in taken:
                self._give_back(path)

    def take(self, known: str, below: str) -> Path:
        """Holds a file that stands in this state, until `close` if nobody gives it back; raises SourceUnavailable.

        The path stands `below` a folder, in which each file is of one state.
        """
        file, _ = state_told(known)
        path = Path(f"{self.folder}/{below}{file}")
        with self._lock:
            found = self._open.get(path)
            if found is None:
                found = _Open(_opened(Path(file), known))
                try:
                    _link(path, f"/proc/{os.getpid()}/fd/{found.descriptor}")
                except OSError:
                    os.close(found.descriptor)
                    raise
                self._open[path] = found
            found.holders += 1
        return path

    def close(self) -> None:
        """Lets go of all files."""
        with self._lock:
            for path in tuple(self._open):
                self._let_go(path)

    def _give_back(self, path: Path) -> None:
        with self._lock:
            found = self._open[path]
            found.holders -= 1
            if not found.holders:
                self._let_go(path)

    def _let_go(self, path: Path) -> None:
        os.close(self._open.pop(path).descriptor)
        with suppress(OSError):
            os.unlink(path)
            for folder in path.relative_to(self.folder).parents[:-1]:
                os.rmdir(self.folder / folder)  # until one is in use


def common_folder(states: Iterable[str]) -> str:
    """How a folder is called below which files of these states are held together.

    Example:
        >>> len(common_folder(["a.csv:5:1:2:3:4"]))
        16
    """
    return sha256("|".join(states).encode(errors="surrogateescape")).hexdigest()[:16]


def stats_below(root: Path, files: Sequence[Path]) -> list[os.stat_result]:
    """How files below a folder stand, none of them found by a link; raises SourceUnavailable where one is not there.

    Example: `stats_below(Path("/data"), [Path("/data/2026/visits.csv")])`.
    """
    found: list[os.stat_result] = []
    above, descriptor = None, -1
    try:
        for file in files:
            if file.parent != above:
                if descriptor >= 0:
                    os.close(descriptor)
                above, descriptor = file.parent, -1
                descriptor = _folder(root, file.parent)
            found.append(os.stat(file.name, dir_fd=descriptor, follow_symlinks=False))
            if not stat.S_ISREG(found[-1].st_mode):
                raise OSError
    except (OSError, ValueError):
        raise SourceUnavailable("a file of the dataset has just gone", hint="crawl the source again") from None
    finally:
        if descriptor >= 0:
            os.close(descriptor)
    return found


def changed_meanwhile(file: Path) -> SourceUnavailable:
    """The error about a file or object that somebody replaced or wrote to."""
    return SourceUnavailable(f"`{file.name}` changed while it was read", hint="try again")


def _link(path: Path, target: str) -> None:
    try:
        os.symlink(target, path)
    except FileNotFoundError:
        path.parent.mkdir(_CLOSED_TO_OTHERS, parents=True, exist_ok=True)
        os.symlink(target, path)


def _folder(root: Path, folder: Path) -> int:
    """A descriptor of a folder that is reached from another one step by step, through no link."""
    descriptor = os.open(root, _FOLDER)
    for step in folder.relative_to(root).parts:
        try:
            below = os.open(step, _FOLDER, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = below
    return descriptor


def _opened(file: Path, known: str) -> int:
    try:
        descriptor = os.open(file, _OPENING)
    except OSError as error:
        if isinstance(error, PermissionError):
            raise SourceUnavailable(f"`{file.name}` is closed to Veil", hint="look at the rights of the file") from None
        if error.errno in (errno.EMFILE, errno.ENFILE):
            raise SourceUnavailable(
                "the dataset has more files than one process of Veil may open",
                hint="raise the limit of open files (`ulimit -n`), or keep the data in fewer and larger files",
            ) from None
        raise changed_meanwhile(file) from None
    found = os.fstat(descriptor)
    if state(file, found) != known or not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise changed_meanwhile(file)
    return descriptor
