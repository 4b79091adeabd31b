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


def have_moved(states: Iterable[str]) -> bool:
    """Whether any of the files no longer stands as its state tells, or cannot be looked at."""
    for known in states:
        file = Path(known.rsplit(":", 3)[0])
        try:
            if state(file, os.stat(file)) != known:
                return True
        except OSError:
            return True
    return False
