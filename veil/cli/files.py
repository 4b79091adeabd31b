"""Files that commands write: for nobody else to read, and through no link."""

import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from catalog.errors import SettingsInvalid

_PRIVATE = 0o600


def write_private(file: Path, texts: Iterable[str], *, keeps_mode: bool = False) -> None:
    """Writes texts to a file that its owner alone reads; raises SettingsInvalid where that cannot be.

    One that is there already is written over, and with `keeps_mode` stays for those to read who could. Nothing is
    written through a link, which whoever may write to the folder could have laid to another file, nor, but with
    `keeps_mode`, to a file that somebody else has laid there.

    Example:
        >>> write_private(Path("journal.jsonl"), ["{}"])
    """
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, _PRIVATE)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            _take(handle, file, keeps_mode=keeps_mode)
            out.writelines(texts)
    except OSError as error:
        why = "it is a link" if error.errno == errno.ELOOP else error.strerror
        raise SettingsInvalid(f"`{file}` cannot be written: {why}", hint="name another file") from error


def _take(handle: int, file: Path, *, keeps_mode: bool) -> None:
    """Empties an open file, and closes it to others unless it `keeps_mode`; pipes and devices are left as they are."""
    there = os.fstat(handle)
    if not stat.S_ISREG(there.st_mode):
        return
    if there.st_nlink > 1:
        raise SettingsInvalid(f"`{file}` has another name, as a link does", hint="name another file")
    if not keeps_mode:
        if there.st_uid != os.geteuid():
            raise SettingsInvalid(f"`{file}` is somebody else's", hint="name another file")
        os.fchmod(handle, _PRIVATE)
    os.ftruncate(handle, 0)
