"""Archives of the journal: files that hold the events from one number to another, with their seal in the first line.

Unpacked (`gunzip`) an archive is lines: a head, and then those of an export. Its seal is that of the journal as it was
when the archive's last event was its last.
"""

import gzip
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from catalog.clock import read_time, written_time
from catalog.errors import ArchiveInvalid, SealInvalid, SettingsInvalid
from catalog.journal.chain import BEFORE_THE_FIRST, Link, canonical, link_of
from catalog.journal.own_files import opened
from catalog.journal.seals import Seal, read_seal

_MAKERS_MARK = 1
"""What a head holds as `archive`: the form that the file is written in."""

SUFFIX = ".jsonl.gz"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveHead:
    """Which events an archive holds: those after `previous_hash`, from number `first` to the one its seal tells."""

    first: int
    previous_hash: str
    began_at: datetime
    ended_at: datetime
    seal: Seal

    @property
    def last(self) -> int:
        """The number of the last event."""
        return self.seal.count

    @property
    def name(self) -> str:
        """What the file is called.

        Example:
            >>> head.name
            'journal-000000001-000004711.jsonl.gz'
        """
        return f"journal-{self.first:09}-{self.last:09}{SUFFIX}"

    @property
    def line(self) -> str:
        """The first line of the file, without its end."""
        return canonical(
            {
                "archive": _MAKERS_MARK,
                "first": self.first,
                "previous_hash": self.previous_hash,
                "began_at": written_time(self.began_at),
                "ended_at": written_time(self.ended_at),
                "seal": json.loads(self.seal.line),
            }
        )


def write_archive(file: Path, head: ArchiveHead, lines: Iterable[str]) -> None:
    """Writes an archive that is on the disk when this returns; raises SettingsInvalid when it cannot be written.

    Nothing is written through a link, which whoever may write to the folder could have laid to another file, nor to a
    file that they have laid there.
    """
    try:
        handle = opened(file, os.O_WRONLY)
        with os.fdopen(handle, "wb") as raw:
            raw.truncate(0)
            with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as out:
                out.write(head.line.encode() + b"\n")
                for line in lines:
                    out.write(line.encode() + b"\n")
            raw.flush()
            os.fsync(raw.fileno())
    except OSError as error:
        raise SettingsInvalid(f"`{file}` cannot be written: {error.strerror}", hint="name another folder") from error


@contextmanager
def read_archive(file: Path) -> Iterator[tuple[ArchiveHead, Iterator[Link]]]:
    """The head of an archive, whose seal is checked, and its events one by one, which are not.

    Raises ArchiveInvalid, while it is opened or read, for a file that is missing, cut off or no archive.
    """
    if file.exists() and not file.is_file():
        raise _unreadable(file)  # to wait for what a pipe may bring would be for ever
    try:
        with gzip.open(file, "rt", encoding="utf-8", errors="surrogateescape", newline="\n") as lines:
            head = _head(lines.readline().rstrip("\n"), file)
            yield head, _links(lines, head.first, file)
    except FileNotFoundError:
        raise ArchiveInvalid(f"the archive `{file}` is missing", hint="put it back, or name where it lies") from None
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(file) from error


def is_archive(file: Path) -> bool:
    """Whether a file says of itself that it is compressed, as archives are and exports are not."""
    with file.open("rb") as opened:
        return opened.read(2) == b"\x1f\x8b"


def _links(lines: Iterable[str], first: int, file: Path) -> Iterator[Link]:
    try:
        for number, line in enumerate(lines, start=first):
            yield link_of(line, number)
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(file) from error


def _unreadable(file: Path) -> ArchiveInvalid:
    return ArchiveInvalid(f"the archive `{file}` is cut off or damaged", hint="take it from a backup")


def _head(line: str, file: Path) -> ArchiveHead:
    try:
        stored = json.loads(line)
        head = ArchiveHead(
            first=stored["first"],
            previous_hash=stored["previous_hash"],
            began_at=read_time(stored["began_at"]),
            ended_at=read_time(stored["ended_at"]),
            seal=read_seal(canonical(stored["seal"])),
        )
        if head.line == line and _can_be(head):
            return head
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, SealInvalid):
        pass
    raise ArchiveInvalid(f"the head of the archive `{file}` is not as it was written", hint="take it from a backup")


def _can_be(head: ArchiveHead) -> bool:
    begins = head.previous_hash == BEFORE_THE_FIRST
    return isinstance(head.first, int) and 1 <= head.first <= head.last and (head.first == 1) is begins
