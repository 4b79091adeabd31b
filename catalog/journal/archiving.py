"""Moves the oldest events of the journal into archives, and keeps the chain: nothing is lost, wherever it stops.

An archive is written under another name, read again as anybody would verify it, and given its name. Then one
transaction takes its events out of the catalog, notes where they are, and tells so in the journal.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from pathlib import Path

from catalog.clock import written_time
from catalog.database import Catalog
from catalog.errors import ArchiveInvalid, SettingsInvalid
from catalog.journal.archive_files import ArchiveHead, read_archive, write_archive
from catalog.journal.archives import Archive, listed, sha256_of
from catalog.journal.chain import BEFORE_THE_FIRST, line_of, verify_links
from catalog.journal.event import Event, EventKind
from catalog.journal.event_index import remove
from catalog.journal.journal import Journal
from catalog.journal.seals import SealBook
from catalog.leases import Leases

MOST_EVENTS = 10_000
"""Events of one archive, so that nobody waits long for the transaction that takes them away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archivist:
    """Archives events of one journal.

    INVARIANT: an event leaves the catalog only after it has arrived at every sink, and stands in a file that holds.
    """

    catalog: Catalog
    journal: Journal
    book: SealBook
    clock: Callable[[], datetime]
    sinks: Iterable[str] = ()

    def archive(
        self,
        before: datetime,
        folder: Path,
        *,
        by: str,
        most: int = MOST_EVENTS,
        at_step: Callable[[str], None] = lambda _: None,
    ) -> Iterator[Archive]:
        """Archives what happened before a moment, in as many files as it takes; gives each when it is done.

        Raises SettingsInvalid for a folder that cannot be written, and ArchiveInvalid when the journal does not hold.
        """
        folder = folder.absolute()
        with Leases(self.catalog.path.with_name("leases")).taken("journal:archive") as is_mine:
            if not is_mine:
                raise SettingsInvalid("the journal is being archived just now", hint="try again in a minute")
            newest, _ = self.journal.head()  # what this itself tells is not archived, whatever the moment
            while (head := self._next(before, newest, most)) is not None:
                file = folder / head.name
                self._write(file, head, at_step)
                yield self._take_out(file, head, by, at_step)

    def _next(self, before: datetime, newest: int, most: int) -> ArchiveHead | None:
        """The events that are archived next: the oldest ones, up to the first that is too young or not sent yet."""
        known = listed(self.catalog)
        after = known[-1].last if known else 0
        last_seq = min(after + most, newest, *(self.journal.passed_on(name) for name in self.sinks))
        rows = self.catalog.rows(
            "SELECT seq, at, hash FROM event WHERE seq > ? AND seq <= ? ORDER BY seq", [after, last_seq]
        )
        old = list(takewhile(lambda row: row["at"] < written_time(before), rows))
        if not old:
            return None
        last = old[-1]
        return ArchiveHead(
            first=after + 1,
            previous_hash=known[-1].head if known else BEFORE_THE_FIRST,
            began_at=datetime.fromisoformat(min(row["at"] for row in old)),
            ended_at=datetime.fromisoformat(max(row["at"] for row in old)),
            seal=self.book.signed(last["seq"], last["hash"], at=self.clock()),
        )

    def _write(self, file: Path, head: ArchiveHead, at_step: Callable[[str], None]) -> None:
        """Writes the file, unless an earlier attempt has; it gets its name when it was read again and held."""
        draft = file.with_name(f".{file.name}.part")  # one that a stopped attempt left is written over
        write_archive(draft, head, self._lines(head))
        at_step("written")
        _hold(draft, head)
        at_step("verified")
        if file.exists():
            os.unlink(draft)
            _hold(file, head)
        else:
            os.replace(draft, file)
        _on_disk(file.parent)
        at_step("named")

    def _lines(self, head: ArchiveHead) -> Iterator[str]:
        after = head.first - 1
        while after < head.last:
            events = self.journal.after(after, limit=min(1_000, head.last - after))
            yield from map(line_of, events)
            after = events[-1].seq

    def _take_out(self, file: Path, head: ArchiveHead, by: str, at_step: Callable[[str], None]) -> Archive:
        archive = Archive(
            first=head.first,
            last=head.last,
            previous_hash=head.previous_hash,
            head=head.seal.head,
            file=file,
            sha256=sha256_of(file),
            began_at=head.began_at,
            ended_at=head.ended_at,
        )
        with self.catalog.transaction() as tx:
            tx.execute(
                "INSERT INTO journal_archive VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [archive.first, archive.last, archive.previous_hash, archive.head, str(file), archive.sha256,
                 written_time(archive.began_at), written_time(archive.ended_at)],
            )  # fmt: skip
            tx.execute("DELETE FROM event WHERE seq <= ?", [head.last])
            at_step("removing")
            remove(tx, head.last)
            told = {"first": head.first, "last": head.last, "head": archive.head}
            told |= {"file": str(file), "sha256": archive.sha256}
            self.journal.append(Event(kind=EventKind.AUDIT_ARCHIVE, user=by, details=told))
            at_step("told")
        at_step("done")
        return archive


def _hold(file: Path, head: ArchiveHead) -> None:
    """Raises ArchiveInvalid unless the file holds exactly the events that its head tells of."""
    with read_archive(file) as (found, links):
        sealed = {head.last: head.seal.head}
        chain = verify_links(links, sealed, after=head.first - 1, previous=head.previous_hash)
    if not chain.ok or (chain.count, chain.head) != (head.last, head.seal.head) or found.first != head.first:
        raise ArchiveInvalid(
            f"events {head.first} to {head.last} are not archived: {chain.what or f'`{file}` holds others'}",
            hint="run `veil audit verify`",
        )


def _on_disk(folder: Path) -> None:
    """Makes sure that the names in a folder outlive a loss of power."""
    try:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise SettingsInvalid(f"`{folder}` cannot be written: {error.strerror}", hint="name another folder") from error
