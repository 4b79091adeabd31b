"""The journal: what happened, in order, only ever added to, each event bound to the one before."""

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from catalog.clock import utc_now
from catalog.database import Catalog, Transaction
from catalog.errors import JournalUnavailable
from catalog.journal.archives import Archive, listed
from catalog.journal.chain import Link, Verification, event_of, link, verify_links
from catalog.journal.event import Event, EventKind, Verdict, bounded
from catalog.journal.event_index import EventIndex
from catalog.journal.event_search import Count, Readable, Wanted, find, newest, spans, values
from catalog.journal.event_sets import Members
from catalog.journal.index_check import IndexCheck
from catalog.lookup import tag_name

MOST_UNFILED = 20_000
"""More new events than that are filed by `file` alone, and by no search."""

FILING_SECONDS = 20.0
"""For so long a search files what is new itself."""

_PAGE = 1_000
_SEARCHING = (20.0, "a search of the journal")
_EDITED = "somebody edited what they go by, which is made anew from the events"
_BEFORE_ALL = -(2**63)
_LINK = (  # as bytes, since a tampered text need not be text
    "SELECT seq, CAST(body AS BLOB) AS body, CAST(previous_hash AS BLOB) AS previous_hash, CAST(hash AS BLOB) AS hash"
    " FROM event"
)


class Journal:
    """The journal of a catalog.

    INVARIANT: when `append` returns outside a transaction the event is on the disk; inside one it is
    there exactly if the change that it tells is.

    Example:
        >>> with catalog.transaction():
        ...     tags.confirm("shop.orders", ("phone",), "phi.phone_number", by="ada")
        ...     journal.append(Event(kind=EventKind.TAG_REVIEW, user="ada"))
    """

    def __init__(self, catalog: Catalog, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._catalog = catalog
        self._clock = clock
        self._index = EventIndex(catalog)

    def append(self, event: Event) -> Event:
        """Writes an event at the end; the answer carries its number, time and hashes.

        Raises JournalUnavailable when it cannot be written: then nothing may be served. Of each text in the details no
        more is kept than `LONGEST_TEXT`.
        """
        try:
            with self._catalog.bookkeeping() as tx:
                head = _head(tx)
                numbered = replace(bounded(event), seq=head["seq"] + 1, at=self._clock())
                new = link(numbered, head["hash"])
                written = tx.execute(
                    "INSERT INTO event (seq, body, previous_hash, hash) VALUES (?, ?, ?, ?)",
                    [new.seq, new.body, new.previous_hash, new.hash],
                )
                if (written, tx.execute("UPDATE journal_head SET seq = ?, hash = ?", [new.seq, new.hash])) != (1, 1):
                    raise _edited("does not take an event")
        except sqlite3.Error as error:
            raise JournalUnavailable(
                "the journal cannot be written, so nothing is done", hint="see `veil doctor`; is the disk full?"
            ) from error
        return replace(numbered, previous_hash=new.previous_hash, hash=new.hash)

    def event(self, seq: int) -> Event | None:
        """The event of that number, or None."""
        row = self._catalog.row(f"{_LINK} WHERE seq = ?", [seq])
        return None if row is None else _event(row)

    def search(self, *, limit: int = 100, before_seq: int | None = None, **asked: Any) -> tuple[Event, ...]:
        """The events for which every given part holds, newest first; what may be asked stands at `wanted`."""
        return self.page(self.find(wanted(**asked)), limit=limit, before_seq=before_seq)

    def find(self, wanted: Wanted) -> Members:
        """The numbers of all events that are wanted, as one set.

        Raises LimitExceeded when it takes too long, and JournalUnavailable while so many events are to be filed that
        somebody would wait long for it.
        """
        with self._catalog.snapshot() as tx:
            newest = _head(tx)["seq"]
        self._refuse_unfiled(newest - MOST_UNFILED)
        over_at = time.monotonic() + FILING_SECONDS
        self._index.catch_up(lambda: time.monotonic() > over_at)
        self._refuse_unfiled(newest)
        with self._catalog.snapshot(_SEARCHING) as tx:
            return find(tx, wanted)

    def _refuse_unfiled(self, least: int) -> None:
        """Raises JournalUnavailable while that event, or one before it, is not filed."""
        with self._catalog.snapshot() as tx:
            [filed] = tx.rows("SELECT seq FROM event_filed")
            unfiled = _head(tx)["seq"] - filed["seq"]
        if filed["seq"] < least:
            raise JournalUnavailable(
                f"the journal is being made ready for searches: {unfiled:,} events are left",
                hint="a running server does it; try again in some minutes",
            )

    def readable(self, readable: Readable | None) -> Members:
        """The numbers of all events that somebody may read."""
        return self.find(wanted(readable=readable))

    def page(self, found: Members, *, limit: int, before_seq: int | None = None) -> tuple[Event, ...]:
        """The newest of the events found, below a number if one is given."""
        return self._read(newest(found, before_seq, limit))

    def every(self, found: Members) -> Iterator[Event]:
        """All events found, oldest first, some at a time."""
        numbers = found.rising()
        while some := tuple(islice(numbers, _PAGE)):
            yield from self._read(some)

    def count(
        self, found: Members, *whats: str, most: int = 8, readable: Readable | None = None
    ) -> Mapping[str, tuple[Count, ...]]:
        """The values that most of the events found mention, by as what: `user`, `dataset`, `kind` and so on.

        With `readable` those are left out that somebody is not told of.
        """
        with self._catalog.snapshot(_SEARCHING) as tx:
            return {what: values(tx, found, readable.as_told(what) if readable else what, most) for what in whats}

    def times(self, found: Members, what: Literal["day", "hour"]) -> Mapping[str, Mapping[str, int]]:
        """How many of the events found lie in each day or hour that has any, by verdict."""
        with self._catalog.snapshot(_SEARCHING) as tx:
            return spans(tx, found, what, "verdict")

    def _read(self, numbers: Sequence[int]) -> tuple[Event, ...]:
        with self._catalog.snapshot() as tx:
            return tuple(_event(_there(tx.row(f"{_LINK} WHERE seq = ?", [seq]), seq)) for seq in numbers)

    def file(self, leave: Callable[[], bool] = lambda: False) -> None:
        """Files what is new, so that the next search need not; leaves off between some events and the next."""
        self._index.catch_up(leave)

    def filed(self) -> int:
        """The number of the last event that searches find without filing more; 0 for none."""
        row = self._catalog.row("SELECT seq FROM event_filed")
        return int(row["seq"]) if row else 0

    def after(self, seq: int, *, limit: int) -> tuple[Event, ...]:
        """The first events after that number, oldest first."""
        rows = self._catalog.rows(f"{_LINK} WHERE seq > ? ORDER BY seq LIMIT ?", [seq, limit])
        return tuple(map(_event, rows))

    def passed_on(self, sink: str) -> int:
        """The number of the last event that has arrived at a sink; 0 for none."""
        row = self._catalog.row("SELECT seq FROM sink WHERE name = ?", [sink])
        return int(row["seq"]) if row else 0

    def note_passed_on(self, sink: str, seq: int) -> None:
        """Remembers that everything up to this event has arrived at a sink."""
        with self._catalog.transaction() as tx:
            tx.execute(
                "INSERT INTO sink (name, seq) VALUES (:name, :seq) ON CONFLICT DO UPDATE SET seq = max(seq, :seq)",
                {"name": sink, "seq": seq},
            )

    def export(self) -> Iterator[Event]:
        """Every event, oldest first, without holding the file for as long as the reader takes."""
        return (_event(row) for row in self._rows())

    def head(self) -> tuple[int, str]:
        """How many events there are, and the hash of the last one."""
        with self._catalog.snapshot() as tx:
            head = _head(tx)
        return head["seq"], head["hash"]

    def archives(self) -> tuple[Archive, ...]:
        """Where the events are that were archived, oldest first."""
        return listed(self._catalog)

    def verify(
        self,
        sealed: Mapping[int, str] = MappingProxyType({}),
        *,
        folder: Path | None = None,
        at_event: Callable[[int, int], None] = lambda _, __: None,
    ) -> Verification:
        """Reads the whole chain and names the first event that is missing, moved or not as it was written.

        `sealed` are hashes noted elsewhere, by the number of their event. Archives are read where they were written, or
        in `folder`. Every thousand events `at_event` is told of how many of how many are read. Where the chain holds
        and searches do not find an event by what it says, it is named, and all are filed anew.
        """
        with self._catalog.snapshot() as tx:
            head = _head(tx)
            [last] = tx.rows("SELECT coalesce(max(seq), 0) AS seq FROM event")
            [filed] = tx.rows("SELECT seq FROM event_filed")
        check = IndexCheck(filed=min(filed["seq"], head["seq"]))
        archived = (link for archive in self.archives() for link in archive.links(folder))
        links = chain(archived, self._read_by(check, up_to=head["seq"]))
        found = verify_links(_told(links, head["seq"], at_event), sealed)
        if not found.ok:
            return found
        broken = replace(found, ok=False, first_break=found.count + 1)
        if found.count < head["seq"]:
            return replace(broken, what=f"event {found.count + 1} and all after it are missing")
        if last["seq"] > head["seq"]:
            return replace(broken, what=f"event {found.count + 1} was not added by the journal")
        if found.head != head["hash"]:
            return replace(broken, first_break=found.count, what="the last event is not the one that was written last")
        with self._catalog.snapshot() as tx:
            lost = check.first_lost(tx)
        if not lost and filed["seq"] <= head["seq"]:
            return found
        self._index.file_anew()
        return replace(
            found, ok=False, what=f"searches did not find event {lost or head['seq'] + 1} by what it says: {_EDITED}"
        )

    def _read_by(self, check: IndexCheck, up_to: int) -> Iterator[Link]:
        for row in self._rows(up_to):
            check.read(row["seq"], row["body"])
            yield _link(row)

    def _rows(self, up_to: int | None = None) -> Iterator[sqlite3.Row]:
        """The chain in pages, each read at one moment, so that nobody waits for a slow reader."""
        after = _BEFORE_ALL
        while True:
            try:
                page = self._catalog.rows(
                    f"{_LINK} WHERE seq > :after AND seq <= coalesce(:up_to, seq) ORDER BY seq LIMIT :page",
                    {"after": after, "up_to": up_to, "page": _PAGE},
                )
            except sqlite3.DatabaseError as error:
                raise JournalUnavailable(
                    f"the journal cannot be read: {error}", hint="the file is damaged; restore a backup"
                ) from error
            if not page:
                return
            yield from page
            after = page[-1]["seq"]


def wanted(
    *,
    user: str | None = None,
    dataset: str | None = None,
    column: str | None = None,
    tag: str | None = None,
    policy: str | None = None,
    kind: EventKind | None = None,
    verdict: Verdict | None = None,
    decision_id: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    text: str | None = None,
    readable: Readable | None = None,
) -> Wanted:
    """A search in which every given part must hold; `start` is in, `end` is out.

    A `column` is written `database.dataset.column`; how it was shown does not matter. A `text` stands in one of the
    names and texts that an event tells, or is the id of its decision. With `readable` nothing else is found.
    """
    asked = {
        "user": user,
        "dataset": dataset,
        "column": column,
        "tag": tag_name(tag) if tag else None,
        "policy": policy,
        "kind": kind,
        "verdict": verdict,
    }
    return Wanted(
        terms=tuple((what, value) for what, value in asked.items() if value is not None),
        start=start,
        end=end,
        text=text,
        decision_id=decision_id,
        readable=readable,
    )


def _head(tx: Transaction) -> sqlite3.Row:
    """Number and hash of the event last written, kept apart from the events so that a cut-off end shows."""
    head = tx.row("SELECT seq, hash FROM journal_head")
    if head is None:
        raise _edited("has lost its head")
    return head


def _edited(what: str) -> JournalUnavailable:
    return JournalUnavailable(f"the journal {what}", hint="somebody edited the file; restore a backup")


def _there(row: sqlite3.Row | None, seq: int) -> sqlite3.Row:
    if row is None:
        raise JournalUnavailable(
            f"event {seq} of the journal is there no more", hint="it may have been archived just now; search again"
        )
    return row


def _told(links: Iterable[Link], most: int, at_event: Callable[[int, int], None]) -> Iterator[Link]:
    for number, each in enumerate(links):
        if number % _PAGE == 0:
            at_event(number, most)
        yield each


def _link(row: sqlite3.Row) -> Link:
    return Link(
        seq=row["seq"],
        body=_text(row["body"]),
        previous_hash=_text(row["previous_hash"]),
        hash=_text(row["hash"]),
    )


def _text(stored: bytes) -> str:
    return stored.decode("utf-8", "backslashreplace")


def _event(row: sqlite3.Row) -> Event:
    try:
        return event_of(_link(row))
    except (ValueError, KeyError, TypeError) as error:
        raise JournalUnavailable(
            f"event {row['seq']} of the journal is not as it was written", hint="run `veil audit verify`"
        ) from error
