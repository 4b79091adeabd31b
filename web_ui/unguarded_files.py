"""What goes wrong unseen where the system does not hold a thread to the database files that it is given."""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from catalog.errors import SourceUnavailable
from catalog.model import Source
from catalog.sources.database_files import found
from catalog.sources.landlock import is_there

CONNECTORS = ("duckdb", "sqlite")
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def files_without_landlock(sources: Iterable[Source]) -> tuple[str, ...]:
    """What is wrong with each database file that somebody else can put another in the place of as it is opened.

    Nothing is where the system has Landlock, or where nobody but the server's user and root may write to the folders.

    Example:
        >>> files_without_landlock([Source(name="lake", connector="files", options={"path": "./data"})])
        ()
    """
    if is_there():
        return ()
    open_to = ((source.name, _open_to_others(source)) for source in sources if source.connector in CONNECTORS)
    return tuple(
        f"source `{name}` is a database file that is opened by its path, as the system has no Landlock, and others may"
        f" write to the folder {folder}, so they can have another file read in its place: let nobody else write there"
        for name, folder in open_to
        if folder
    )


def _open_to_others(source: Source) -> str:
    """The folder of a database file, or above it, that others may write to; empty if there is none, or no file."""
    try:
        folder = found(Path(source.options["path"])).parent
        return next((str(each) for each in _open(folder)), "")
    except (OSError, SourceUnavailable):  # that it cannot be read is told of the source
        return ""


def _open(folder: Path) -> Iterator[Path]:
    for each in (folder, *folder.parents):
        state = os.stat(each)
        # where the sticky bit is set others take nothing away, but may put a log beside a file
        is_sticky = each != folder and state.st_mode & stat.S_ISVTX
        if state.st_uid not in (0, os.geteuid()) or (state.st_mode & _OTHERS_WRITE and not is_sticky):
            yield each
