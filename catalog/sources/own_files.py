"""The files of a server itself: they are no data and no credentials, and nobody opens them for a source."""

import errno
import os
import stat
from collections.abc import Collection, Iterable
from pathlib import Path

from catalog.errors import SourceUnavailable
from catalog.home import OWN_FOLDERS

_withheld: set[Path] = set()


def withhold(places: Iterable[Path]) -> None:
    """Keeps files and folders outside of a home back as well: those in which the settings have a server's own things.

    Example: `withhold([Path("/var/log/veil.jsonl")])`, to which a sink writes the journal.
    """
    _withheld.update(place.resolve() for place in places)


def refuse_own(file: Path) -> None:
    """Raises SourceUnavailable for a file in the folder of a server, without opening it.

    INVARIANT: a catalog's file is never opened beside its connections. Closing it again would take away the locks that
    they hold in this process (POSIX), and another process would then remove the log that they still write to. So it is
    with leases.
    """
    if has_own([file.resolve()]):
        raise SourceUnavailable(
            f"`{file.name}` stands in the folder of a server and is no data", hint="keep data in other folders"
        )


def has_own(files: Collection[Path]) -> bool:
    """Whether any of some real files is a server's own."""
    return any(map(is_withheld, files)) or any(map(is_own, {file.parent for file in files}))


def is_withheld(place: Path) -> bool:
    """Whether a real file or folder is withheld by itself."""
    return bool(_withheld) and place in _withheld


def is_own(folder: Path) -> bool:
    """Whether a real folder is a server's: a home, one in which it keeps its own things, or one that is withheld.

    Example:
        >>> is_own(home.path), is_own(home.archives), is_own(home.documents / "clinic")
        (True, True, False)
    """
    steps = folder.parts
    return (
        any(map(folder.is_relative_to, _withheld))
        or is_a_home(folder)
        or any(step in OWN_FOLDERS and is_a_home(Path(*steps[:depth])) for depth, step in enumerate(steps))
    )


def is_a_home(folder: Path) -> bool:
    """Whether a catalog stands in a real folder: keys and sign-ins of a server are never data, whoever says so."""
    return any(os.path.exists(f"{folder}/{name}") for name in ("catalog.sqlite", "catalog.sqlite-wal"))


def read_named(file: Path, most_bytes: int) -> str:
    """The text of a plain file that a source or a rule names; raises SourceUnavailable for one of a server's own.

    Raises OSError for what is no plain file or larger, which would be read for ever, and ValueError for no UTF-8.
    """
    refuse_own(file)
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no plain file")
        content = stream.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise OSError(errno.EFBIG, f"it is larger than {most_bytes:,} bytes")
    return content.decode("utf-8-sig")
