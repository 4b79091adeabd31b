"""How files stand, in a word each: whether one was replaced or written to since somebody looked."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


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


class Watched:
    """Files that somebody else may replace, with how they stood.

    Example:
        >>> here = Path(".")
        >>> Watched([state(here, os.stat(here))]).have_moved()
        False
    """

    def __init__(self, states: Iterable[str]) -> None:
        self._known = [state_told(state) for state in states]

    def __len__(self) -> int:
        return len(self._known)

    def have_moved(self) -> bool:
        """Whether any of them no longer stands as it did, or cannot be looked at."""
        try:
            return any(_told(os.stat(file)) != known for file, known in self._known)
        except OSError:
            return True


def _told(found: os.stat_result) -> tuple[int, ...]:
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev
