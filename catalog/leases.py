"""Leases: what one process holds until it lets go or dies, so that nobody works on the same thing beside it."""

import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from catalog.errors import SettingsInvalid

_lock = threading.Lock()
_held: set[tuple[int, Path]] = set()
"""What this process holds: such locks do not keep its own threads apart, and end with any descriptor that closes."""


class Leases:
    """Leases by name, as locked files in a folder.

    INVARIANT: a lease ends with the process that took it, however it ends; processes it started do not keep it.

    Example:
        >>> with Leases(folder).taken("lake") as is_mine:
        ...     is_mine
        True
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def taken(self, name: str) -> Iterator[bool]:
        """Holds the lease for the block; False when somebody else has it."""
        place = (os.getpid(), self._file(name))
        with _lock:
            is_free = place not in _held
            descriptor = _locked(place[1]) if is_free else None
            if descriptor is not None:
                _held.add(place)
        try:
            yield descriptor is not None
        finally:
            if descriptor is not None:
                with _lock:
                    os.close(descriptor)
                    _held.discard(place)

    def is_taken(self, name: str) -> bool:
        """Whether anybody holds it just now."""
        with self.taken(name) as is_mine:
            return not is_mine

    def _file(self, name: str) -> Path:
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
        return (self._folder / f"{digest[:32]}.lease").absolute()


def _locked(file: Path) -> int | None:
    """A descriptor of the file with its lock, None when another process has that."""
    try:
        file.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SettingsInvalid(
            f"the folder `{file.parent}` cannot be written: {error.strerror}", hint="check its owner and rights"
        ) from error
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
