"""Whether a home was made where it lies, by who asks: what is packed or copied gets other numbers from the file system.

An archive or a repository can hold a home that somebody else made, whose sources name variables and files of whoever
opens it. It can hold any file, but not under an inode and with a time of change that it knows beforehand.
"""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

_MARK = "made_here"
_RECORD = "made_here.txt"
_MOST_LETTERS = 100


def note_origin(folder: Path) -> None:
    """Make a home one's own: an empty file, and beside it what the file system says of that one.

    Example: `made_here.txt` holds `1441808 1796041200123456789`
    """
    mark, record = folder / _MARK, folder / _RECORD
    for file in (record, mark):
        file.unlink(missing_ok=True)
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    record.write_text(_numbers(mark.lstat()), encoding="ascii")


def is_own(folder: Path, files: Iterable[Path]) -> bool:
    """Whether a folder is a home that was made there, or is yet to be made one, and none of its files is another's."""
    try:
        if folder.is_symlink() or not _is_mine(folder):
            return not os.path.lexists(folder)
        if not any(folder.iterdir()):
            return True
        mark, record = folder / _MARK, folder / _RECORD
        there = [file for file in files if os.path.lexists(file)]
        if not all(stat.S_ISREG(file.lstat().st_mode) and _is_mine(file) for file in (mark, record, *there)):
            return False
        with record.open(encoding="ascii") as text:
            return text.read(_MOST_LETTERS) == _numbers(mark.lstat())
    except (OSError, ValueError):
        return False


def _is_mine(file: Path) -> bool:
    return os.path.lexists(file) and file.lstat().st_uid == os.geteuid()


def _numbers(found: os.stat_result) -> str:
    return f"{found.st_ino} {found.st_ctime_ns}\n"
