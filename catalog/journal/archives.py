"""Which events of the journal lie in archives, and where."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from catalog.clock import read_time
from catalog.database import Catalog
from catalog.errors import ArchiveInvalid
from catalog.journal.archive_files import read_archive
from catalog.journal.chain import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """That the events from `first` to `last` lie in a file; their moments are from `began_at` to `ended_at`."""

    first: int
    last: int
    previous_hash: str
    head: str
    file: Path
    sha256: str
    began_at: datetime
    ended_at: datetime

    def links(self, folder: Path | None = None) -> Iterator[Link]:
        """Its events, oldest first; raises ArchiveInvalid where the file is missing or not the one that was written."""
        file = folder / self.file.name if folder else self.file
        with read_archive(file) as (_, links):
            number = self.first - 1
            for link in links:
                yield link
                number = link.seq
        if number != self.last:
            raise ArchiveInvalid(f"the archive `{file}` ends with event {number}, not with {self.last}")
        if sha256_of(file) != self.sha256:
            raise ArchiveInvalid(f"the archive `{file}` is not the file that was written, though its events are")


def listed(catalog: Catalog) -> tuple[Archive, ...]:
    """Every archive that a catalog knows of, oldest first."""
    return tuple(
        Archive(
            first=row["first"],
            last=row["last"],
            previous_hash=row["previous_hash"],
            head=row["head"],
            file=Path(row["file"]),
            sha256=row["sha256"],
            began_at=read_time(row["began_at"]),
            ended_at=read_time(row["ended_at"]),
        )
        for row in catalog.rows("SELECT * FROM journal_archive ORDER BY first")
    )


def sha256_of(file: Path) -> str:
    """The hash of a file, in hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
