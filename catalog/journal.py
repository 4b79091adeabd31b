"""The journal: what happened, in order, only ever added to, each event bound to the one before."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from catalog.chain import Link, Verification, event_of, link, verify_links
from catalog.clock import utc_now, written_time
from catalog.database import Catalog, Value
from catalog.errors import JournalUnavailable
from catalog.lookup import tag_name
from catalog.model import Event, EventKind, Verdict

_PAGE = 1_000
_LINK = "SELECT seq, body, previous_hash, hash FROM event"
_CONDITIONS = {
    "user": "user = :user",
    "dataset": "EXISTS (SELECT 1 FROM json_each(body, '$.datasets') WHERE value = :dataset COLLATE NOCASE)",
    "tag": "EXISTS (SELECT 1 FROM json_each(body, '$.tags') WHERE value = :tag)",
    "kind": "kind = :kind",
    "verdict": "verdict = :verdict",
    "decision_id": "decision_id = :decision_id",
    "start": "at >= :start",
    "end": "at < :end",
    "text": "body LIKE :text ESCAPE '!'",
    "before_seq": "seq < :before_seq",
}


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

    def append(self, event: Event) -> Event:
        """Writes an event at the end; the answer carries its number, time and hashes.

        Raises JournalUnavailable when it cannot be written: then nothing may be served.
        """
        try:
            with self._catalog.transaction() as tx:
                [head] = tx.rows("SELECT seq, hash FROM journal_head")
                numbered = replace(event, seq=head["seq"] + 1, at=self._clock())
                new = link(numbered, head["hash"])
                tx.execute(
                    "INSERT INTO event (seq, body, previous_hash, hash) VALUES (?, ?, ?, ?)",
                    [new.seq, new.body, new.previous_hash, new.hash],
                )
                tx.execute("UPDATE journal_head SET seq = ?, hash = ?", [new.seq, new.hash])
        except sqlite3.Error as error:
            raise JournalUnavailable(
                "the journal cannot be written, so nothing is done", hint="see `veil doctor`; is the disk full?"
            ) from error
        return replace(numbered, previous_hash=new.previous_hash, hash=new.hash)

    def event(self, seq: int) -> Event | None:
        """The event of that number, or None."""
        row = self._catalog.row(f"{_LINK} WHERE seq = ?", [seq])
        return None if row is None else event_of(_link(row))

    def search(
        self,
        *,
        user: str | None = None,
        dataset: str | None = None,
        tag: str | None = None,
        kind: EventKind | None = None,
        verdict: Verdict | None = None,
        decision_id: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        text: str | None = None,
        limit: int = 100,
        before_seq: int | None = None,
    ) -> tuple[Event, ...]:
        """The events for which every given part holds, newest first; `start` is in, `end` is out."""
        given: dict[str, Value] = {
            "user": user,
            "dataset": dataset,
            "tag": tag_name(tag) if tag else None,
            "kind": kind,
            "verdict": verdict,
            "decision_id": decision_id,
            "start": written_time(start) if start else None,
            "end": written_time(end) if end else None,
            "text": _escaped(text) if text else None,
            "before_seq": before_seq,
        }
        wanted = {name: value for name, value in given.items() if value is not None}
        conditions = " AND ".join(_CONDITIONS[name] for name in wanted) or "TRUE"
        rows = self._catalog.rows(
            f"{_LINK} WHERE {conditions} ORDER BY seq DESC LIMIT :limit", {**wanted, "limit": max(limit, 0)}
        )
        return tuple(event_of(_link(row)) for row in rows)

    def export(self) -> Iterator[Event]:
        """Every event, oldest first, without holding the file for as long as the reader takes."""
        return (event_of(found) for found in self._links())

    def verify(self) -> Verification:
        """Reads the whole chain and names the first event that is missing, moved or not as it was written."""
        [head] = self._catalog.rows("SELECT seq, hash FROM journal_head")
        found = verify_links(self._links(up_to=head["seq"]))
        if not found.ok:
            return found
        if found.count < head["seq"]:
            return replace(
                found,
                ok=False,
                first_break=found.count + 1,
                what=f"event {found.count + 1} and all after it are missing",
            )
        if found.head != head["hash"]:
            return replace(found, ok=False, first_break=found.count, what="the last event is not the one last written")
        return found

    def _links(self, up_to: int | None = None) -> Iterator[Link]:
        """The chain in pages, each read at one moment, so that nobody waits for a slow reader."""
        after = -1
        while True:
            page = self._catalog.rows(
                f"{_LINK} WHERE seq > :after AND seq <= coalesce(:up_to, seq) ORDER BY seq LIMIT :page",
                {"after": after, "up_to": up_to, "page": _PAGE},
            )
            if not page:
                return
            yield from (_link(row) for row in page)
            after = page[-1]["seq"]


def _link(row: sqlite3.Row) -> Link:
    return Link(seq=row["seq"], body=row["body"], previous_hash=row["previous_hash"], hash=row["hash"])


def _escaped(text: str) -> str:
    """Text as it stands inside the canonical JSON, with the wildcards of LIKE made plain."""
    inside = json.dumps(text, ensure_ascii=False)[1:-1]
    return "%" + re.sub(r"([%_!])", r"!\1", inside) + "%"
