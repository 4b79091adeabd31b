"""Database files, with what an engine reads and writes beside them: opened as the files that were looked at, or not.

An engine opens a database file by its path, and by others that it makes of that: a log of changes, a journal. Whoever
may write to the folder can put a link in the place of any of them between a look and the opening. So each is found
step by step from its folder, through no link, and the engine opens it in a thread that can open nothing else.
"""

import os
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from catalog.errors import SourceUnavailable
from catalog.sources.held_files import changed_meanwhile
from catalog.sources.landlock import is_there, with_files_alone
from catalog.sources.own_files import refuse_own
from catalog.sources.states import state

_T = TypeVar("_T")
_PIN = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC  # opens nothing; to close it takes no locks away
_FOLDER = _PIN | os.O_DIRECTORY
_OPEN = "/proc/self/fd"
LOGS = (".wal", ".wal.checkpoint", ".wal.recovery")
"""Of changes, which DuckDB reads with a file."""


def found(path: Path) -> Path:
    """The real path of a database file; raises SourceUnavailable where there is none, or what no source may open.

    A link may stand for a file of its own folder, as for plain files.
    """
    try:
        folder, real = path.parent.resolve(), Path(os.path.realpath(path))
        if not real.is_file():
            raise _absent(path)
        if not real.is_relative_to(folder):
            raise SourceUnavailable(
                f"`{path.name}` is a link that leads out of its folder",
                hint="name the file itself as the source's path",
            )
        refuse_own(real)
        return real
    except (OSError, RuntimeError, ValueError):  # it leads in a circle, or is a link no more
        raise _absent(path) from None


def states_beside(file: Path, endings: Sequence[str]) -> tuple[str, ...]:
    """How a database file stands, and those beside it whose names go on with these endings.

    Raises SourceUnavailable where one of them is a link, or no plain file.
    """
    with pinned(file, endings) as pins:
        return pins.states


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """Files by descriptors that only say which they are, the database file first."""

    paths: tuple[Path, ...]
    descriptors: tuple[int, ...]

    @property
    def states(self) -> tuple[str, ...]:
        """How they stand."""
        return tuple(state(path, os.fstat(pin)) for path, pin in zip(self.paths, self.descriptors, strict=True))

    def opening(
        self,
        call: Callable[[], _T],
        *,
        is_written: Callable[[Path], bool] = lambda file: False,
        folder: Path | None = None,
        is_alone: bool = False,
    ) -> _T:
        """What a call gives that can open these files alone, some for writing too, and what is in a private `folder`.

        Where the system cannot see to that (`landlock.is_there`), it is called all the same. If nothing else in this
        process opens files meanwhile, SourceUnavailable is raised when it has kept another file open.
        """
        if not is_there():
            before = _open_files()
            given = call()
            pinned_ones = {_which(pin) for pin in self.descriptors}
            if is_alone and {which for _, which in _open_files() - before} - pinned_ones:
                raise changed_meanwhile(self.paths[0])
            return given
        each = list(zip(self.paths, self.descriptors, strict=True))
        writable = [pin for path, pin in each if is_written(path)]
        readable = [pin for _, pin in each if pin not in writable]
        folders = [] if folder is None else [os.open(folder, _FOLDER)]
        try:
            return with_files_alone(call, readable, writable, folders)
        finally:
            for descriptor in folders:
                os.close(descriptor)


@contextmanager
def pinned(file: Path, endings: Sequence[str], known: Collection[str] | None = None) -> Iterator[Pins]:
    """A database file by its real path, and those of these endings that are there, as long as they are looked at.

    Raises SourceUnavailable where one is a link or no plain file, or they do not stand as is known.
    """
    folder, taken = _folder(file), dict[Path, int]()
    try:
        for path in (file, *(file.with_name(file.name + ending) for ending in endings)):
            with suppress(FileNotFoundError):
                taken[path] = os.open(path.name, _PIN, dir_fd=folder)
                if not stat.S_ISREG(os.fstat(taken[path]).st_mode):
                    raise SourceUnavailable(
                        f"`{path.name}` is a link, or no plain file", hint="let nobody else write to its folder"
                    )
        pins = Pins(paths=tuple(taken), descriptors=tuple(taken.values()))
        if file not in taken or (known is not None and set(pins.states) != set(known)):
            raise changed_meanwhile(file)
        yield pins
    finally:
        for descriptor in (*taken.values(), folder):
            os.close(descriptor)


def _open_files() -> set[tuple[int, tuple[int, int]]]:
    """The plain files that this process has open, by descriptor and by which file it is."""
    found = set()
    for descriptor in map(int, os.listdir(_OPEN)):
        with suppress(OSError):  # the folder itself is no longer open
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                found.add((descriptor, _which(descriptor)))
    return found


def _which(descriptor: int) -> tuple[int, int]:
    state = os.fstat(descriptor)
    return state.st_dev, state.st_ino


def make_beside(file: Path, endings: Sequence[str]) -> bool:
    """Makes files beside a database file, empty and with its rights, as its engine would; whether any was missing.

    INVARIANT: none is opened, since closing it would take away locks that an engine of this process may have by then.
    """
    folder, is_made = _folder(file), False
    try:
        like = os.stat(file.name, dir_fd=folder, follow_symlinks=False)
        for name in (file.name + ending for ending in endings):
            with suppress(FileExistsError):
                os.mknod(name, stat.S_IFREG | stat.S_IRUSR | stat.S_IWUSR, dir_fd=folder)
                is_made = True
                _make_like(os.open(name, _PIN, dir_fd=folder), like)
    except OSError:
        return False
    finally:
        os.close(folder)
    return is_made


def _make_like(made: int, like: os.stat_result) -> None:
    """Gives a file that was made just now the rights of another, and its owner where the system lets it."""
    try:
        state = os.fstat(made)
        if stat.S_ISREG(state.st_mode) and (state.st_uid, state.st_size, state.st_nlink) == (os.geteuid(), 0, 1):
            os.chmod(f"{_OPEN}/{made}", stat.S_IMODE(like.st_mode) & 0o666)
            if os.geteuid() == 0:
                os.chown(f"{_OPEN}/{made}", like.st_uid, like.st_gid)
    finally:
        os.close(made)


def _folder(file: Path) -> int:
    """A descriptor of the folder of a file, which is reached step by step through no link."""
    try:
        descriptor = os.open("/", _FOLDER)
        for step in file.parent.parts[1:]:
            try:
                below = os.open(step, _FOLDER, dir_fd=descriptor)
            finally:
                os.close(descriptor)
            descriptor = below
    except OSError:
        raise _absent(file) from None
    return descriptor


def _absent(file: Path) -> SourceUnavailable:
    return SourceUnavailable(f"there is no database file `{file.name}`", hint="check the source's path and its rights")
