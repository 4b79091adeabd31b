"""How files stand, in a word each: whether one was replaced or written to since somebody looked."""

import os
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

_OPENING = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY

Head = tuple[str, int, bytes]
"""A file, how many of its first bytes are known, and the digest of these."""


def state(file: Path, found: os.stat_result) -> str:
    """The state of a file: its path, size, times of its content and of all else about it, number and device.

    The second time tells of a file that was put in another's place with its size and time, or back in its own.

    Example:
        >>> here = Path(".")
        >>> state(here, os.stat(here)).startswith(".:")
        True
    """
    return ":".join(map(str, (file, *_told(found))))


def states_of(*files: Path) -> tuple[str, ...]:
    """The states of those of the files that are there.

    Example:
        >>> states_of(Path("."), Path("no such file")) == (state(Path("."), os.stat(".")),)
        True
    """
    found = []
    for file in files:
        with suppress(FileNotFoundError):
            found.append(state(file, os.stat(file)))
    return tuple(found)


def state_told(state: str) -> tuple[str, tuple[int, ...]]:
    """The path of a file, and what its state tells of it.

    Example:
        >>> state_told("a:b.csv:5:1:2:3:4")
        ('a:b.csv', (5, 1, 2, 3, 4))
    """
    file, *numbers = state.rsplit(":", 5)
    return file, tuple(map(int, numbers))


def head_digest(file: str | Path, length: int) -> bytes:
    """The digest of a file's first bytes: of one that is written to through a mapping the times move at times alone.

    Example:
        >>> head_digest(__file__, 10) == head_digest(__file__, 10) != head_digest(__file__, 11)
        True
    """
    descriptor = os.open(file, _OPENING)
    try:
        return sha256(os.pread(descriptor, length, 0)).digest()
    finally:
        os.close(descriptor)


class Watched:
    """Files that somebody else may replace, with how they stood, and those whose first bytes decide how they are read.

    Example:
        >>> here = Path(".")
        >>> Watched([state(here, os.stat(here))]).have_moved()
        False
    """

    def __init__(self, states: Iterable[str], heads: Iterable[Head] = ()) -> None:
        self._known = [state_told(state) for state in states]
        self._heads = tuple(heads)

    def __len__(self) -> int:
        return len(self._known)

    def have_moved(self) -> bool:
        """Whether any of them no longer stands as it did, or cannot be looked at."""
        try:
            return any(_told(os.stat(file)) != known for file, known in self._known) or any(
                head_digest(file, length) != known for file, length, known in self._heads
            )
        except OSError:
            return True


def _told(found: os.stat_result) -> tuple[int, ...]:
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev
