"""Files outside of the home that the journal is written to: through no link, and none that somebody else laid there."""

import errno
import os
import stat
from pathlib import Path


def opened(file: Path, flags: int, mode: int = 0o600) -> int:
    """A handle of a file, made where there is none; raises OSError for one that others may have laid there.

    Whoever may write to a folder can lay a link in it to any file of the server's user, or a file of their own, which
    they read. So it is a file by one name, and of the server's user, of root, or of whose the folder is.

    Example:
        >>> handle = opened(Path("/var/log/veil.jsonl"), os.O_WRONLY | os.O_APPEND)
    """
    try:
        handle = os.open(file, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, mode)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, "it is a link") from error
        raise
    try:
        if wrong := _wrong(os.fstat(handle), file.parent):
            raise PermissionError(errno.EPERM, wrong)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _wrong(there: os.stat_result, folder: Path) -> str:
    """Why nothing is written to what was opened; empty when it is."""
    if not stat.S_ISREG(there.st_mode):
        return "it is no file"
    if there.st_nlink > 1:
        return "it has another name, as a link does"
    if there.st_uid not in (0, os.geteuid(), os.stat(folder).st_uid):
        return "it is somebody else's"
    return ""
