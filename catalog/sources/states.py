"""How files stand, in a word each: whether one was replaced or written to since somebody looked."""

import os
from collections.abc import Iterable
from pathlib import Path


def state(file: Path, found: os.stat_result) -> str:
    """The state of a file: its path, size, time of change and number.

    Example:
        >>> here = Path(".")
        >>> state(here, os.stat(here)).startswith(".:")
        True
    """
    return f"{file}:{found.st_size}:{found.st_mtime_ns}:{found.st_ino}"


class Watched:
    """Files that somebody else may replace, with how they stood.

    Example:
        >>> here = Path(".")
        >>> Watched([state(here, os.stat(here))]).have_moved()
        False
    """

    def __init__(self, states: Iterable[str]) -> None:
        known = [state.rsplit(":", 3) for state in states]
        self._known = [(file, int(size), int(time), int(number)) for file, size, time, number in known]

    def __len__(self) -> int:
        return len(self._known)

    def have_moved(self) -> bool:
        """Whether any of them no longer stands as it did, or cannot be looked at."""
        look = os.stat
        try:
            for file, size, time, number in self._known:
                found = look(file)
                if found.st_size != size or found.st_mtime_ns != time or found.st_ino != number:
                    return True
        except OSError:
            return True
        return False
