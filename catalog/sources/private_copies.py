"""Private copies of what the engine cannot read as it stands: made once for each state of a file, bounded together."""

import atexit
import functools
import hashlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from catalog.errors import LimitExceeded, SourceUnavailable

_CAPACITY_BYTES = 16 * 2**30
_SPARE_BYTES = 2**30
_HOUR = 60 * 60.0
_DAY = 24 * _HOUR


class PrivateCopies:
    """A folder for the owner's eyes only; without a `folder` it is a temporary one that ends with the process.

    A copy is found again by its `key`, which must tell the state of the file it was made from. When all copies
    together pass `capacity_bytes`, those that were not asked for the longest go.

    Example:
        >>> PrivateCopies().file("visits.csv:1200:3", "visits.csv", lambda path: path.write_text("a")).name
        'visits.csv'
    """

    def __init__(self, folder: Path | None = None, *, capacity_bytes: int = _CAPACITY_BYTES) -> None:
        self._given = folder
        self._capacity_bytes = capacity_bytes
        self._lock = threading.Lock()
        self._made: Path | None = None
        self._locks: dict[str, threading.Lock] = {}

    @property
    def folder(self) -> Path:
        """Where the copies lie; made when it is first needed."""
        with self._lock:
            if self._made is None:
                self._made = self._make_folder()
            return self._made

    def file(self, key: str, name: str, make: Callable[[Path], object]) -> Path:
        """The copy of that key, made by `make` when it is not there; `name` is a relative path that ends its own.

        INVARIANT: a copy stands under its name only when it is whole.
        """
        place = self.folder / hashlib.sha256(key.encode()).hexdigest()
        with self._lock:
            lock = self._locks.setdefault(place.name, threading.Lock())
        with lock:
            if not (place / name).is_file():
                self._fill(place, name, make)
            os.utime(place)
        return place / name

    def refuse_larger(self, name: str, byte_count: int) -> None:
        """Raises LimitExceeded when so many bytes cannot be kept together."""
        if byte_count > self._capacity_bytes:
            raise LimitExceeded(
                f"`{name}` is larger than what is copied: {byte_count:,} bytes, and {self._capacity_bytes:,} are kept",
                hint="narrow the dataset, as to some folders of it, or keep it where the server can read it in place",
            )

    def refuse_without_room(self, name: str, byte_count: int) -> None:
        """Raises LimitExceeded when a copy of so many bytes would fill the disk, on which the catalog may lie as well.

        Copies that nobody asked for within the hour go before that.
        """
        needed, an_hour_ago = byte_count + _SPARE_BYTES, time.time() - _HOUR
        for place in sorted(self._kept(), key=_used_at):
            if shutil.disk_usage(self.folder).free >= needed or _used_at(place) > an_hour_ago:
                break
            shutil.rmtree(place, ignore_errors=True)
        free = shutil.disk_usage(self.folder).free
        if free < needed:
            raise LimitExceeded(
                f"there is no room for a private copy of `{name}`: it takes {byte_count:,} bytes, and of the {free:,}"
                f" that are free on the disk of the home {_SPARE_BYTES:,} stay so",
                hint="free some room there, or narrow the dataset, as to some folders of it",
            )

    def stand(self, files: Iterable[Path]) -> bool:
        """Whether those of the files that are copies are still there; they count as asked for."""
        for place in {self.folder / file.relative_to(self.folder).parts[0] for file in files if self._is_copy(file)}:
            if not place.is_dir():
                return False
            os.utime(place)
        return True

    def _is_copy(self, file: Path) -> bool:
        return self._made is not None and file.is_relative_to(self._made)

    def _fill(self, place: Path, name: str, make: Callable[[Path], object]) -> None:
        draft = Path(tempfile.mkdtemp(prefix="draft-", dir=self.folder))
        try:
            (draft / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            make(draft / name)
            shutil.rmtree(place, ignore_errors=True)
            draft.rename(place)
        except OSError as error:
            if not place.is_dir():  # else another process has just made the same copy
                why = (error.strerror or "it is damaged").lower()
                raise SourceUnavailable(
                    f"a private copy of `{Path(name).name}` cannot be made: {why}",
                    hint="look at the file and its rights, and at the room that is left on the disk of the home",
                ) from None
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        self._make_room(place)

    def _make_room(self, newest: Path) -> None:
        yesterday = time.time() - _DAY
        for draft in self.folder.glob("draft-*"):
            if _used_at(draft) < yesterday:  # its process ended before it did
                shutil.rmtree(draft, ignore_errors=True)
        sizes = {place: _size(place) for place in self._kept()}
        surplus = sum(sizes.values()) - self._capacity_bytes
        for place in sorted(sizes, key=_used_at):
            if surplus <= 0 or place == newest:
                return
            shutil.rmtree(place, ignore_errors=True)
            surplus -= sizes[place]

    def _kept(self) -> list[Path]:
        """The places of all whole copies."""
        return [place for place in self.folder.iterdir() if not place.name.startswith("draft-")]

    def _make_folder(self) -> Path:
        if self._given is None:
            return _temporary_folder()
        self._given.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._given.resolve()


@functools.cache
def _temporary_folder() -> Path:
    """One for the process: what reads a copy may outlive what made it."""
    made = Path(tempfile.mkdtemp(prefix="veil-copies-")).resolve()
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def _size(place: Path) -> int:
    """What a copy takes of the disk; it may have holes."""
    states = [file.stat() for file in place.rglob("*") if file.is_file()]
    return sum(min(state.st_size, 512 * state.st_blocks) for state in states)


def _used_at(place: Path) -> float:
    try:
        return place.stat().st_mtime
    except FileNotFoundError:
        return 0.0
