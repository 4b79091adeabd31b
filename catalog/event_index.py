"""What each event of the journal mentions, kept beside the chain, so that a search looks only at what fits.

An event mentions people, datasets, columns, tags and policies; each of these is a term with a number, and under a
term lie the numbers of its events. A search goes through the rarest of the terms it asks for, and looks up the others.
Texts are found by their three-letter pieces (SQLite's FTS5, tokenizer `trigram`).
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from catalog.clock import written_time
from catalog.database import Catalog, Transaction, Value

_OUTCOMES = ("clear", "masked", "hidden")
_FEW = 20_000
"""Events whose texts are read one by one rather than looked up by their pieces."""

_BATCH = 100
_MOST_TERMS = 200_000

_HOUR = len("2026-11-22T12")
_UNFILED = "SELECT seq, CAST(body AS BLOB) FROM event WHERE seq > (SELECT seq FROM event_filed) ORDER BY seq LIMIT ?"

_SHORTEST = 3
"""Letters of a piece; a shorter text is looked for in each event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a search asks for: the terms that an event must mention, all of them; its time, its text, its place."""

    terms: Sequence[tuple[str, str]] = ()
    start: datetime | None = None
    end: datetime | None = None
    text: str | None = None
    decision_id: str | None = None
    before_seq: int | None = None


def mentions(event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The terms of an event as the journal holds it: what it mentions, and as what.

    Example:
        >>> [term for term in mentions(json.loads(link.body)) if term[0] == "column"]
        [('column', 'shop.orders.card')]
    """
    yield from ((what, _storable(event[what])) for what in ("user", "kind", "verdict"))
    columns = map(_column, event["columns"])
    for what, named in (
        ("dataset", event["datasets"]),
        ("column", columns),
        ("tag", event["tags"]),
        ("policy", event["policies"]),
    ):
        yield from ((what, name) for name in dict.fromkeys(map(_storable, named)))


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is filed of one event; one that is not as it was written has no terms and no hour, as `verify` tells."""

    seq: int
    body: str
    hour: str
    terms: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, seq: int, stored: bytes) -> "_Entry":
        body = stored.decode("utf-8", "backslashreplace")
        try:
            event = json.loads(body)
            return cls(seq, body, event["at"][:_HOUR], tuple(mentions(event)))
        except (ValueError, KeyError, TypeError):
            return cls(seq, body, "", ())


class EventIndex:
    """Files events under what they mention, some time after they were written: nobody who waits for an answer pays.

    INVARIANT: what was filed is a part of the chain, up to one event and no further.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._terms: dict[tuple[str, str], int] = {}

    def catch_up(self, leave: Callable[[], bool] = lambda: False) -> None:
        """Files every event that is not filed yet, some at a time so that others can write in between."""
        while (
            not leave()
            and self._catalog.row("SELECT 1 FROM event WHERE seq > (SELECT seq FROM event_filed)") is not None
        ):
            self._file_some()

    def _file_some(self) -> None:
        new: dict[tuple[str, str], int] = {}
        with self._catalog.transaction() as tx:
            found = [_Entry.of(*each) for each in tx.tuples(_UNFILED, [_BATCH])]
            if not found:
                return
            mentioned = [(self._term(tx, term, new), entry.seq) for entry in found for term in entry.terms]
            tx.execute_many("INSERT OR IGNORE INTO mention (term, seq) VALUES (?, ?)", mentioned)
            tx.execute_many(
                "INSERT INTO event_hour (hour, first, last) VALUES (:hour, :seq, :seq)"
                " ON CONFLICT DO UPDATE SET first = min(first, :seq), last = max(last, :seq)",
                [{"hour": entry.hour, "seq": entry.seq} for entry in found],
            )
            tx.execute_many(
                "INSERT INTO event_text (rowid, body) VALUES (?, ?)", [(entry.seq, entry.body) for entry in found]
            )
            tx.execute("UPDATE event_filed SET seq = ?", [found[-1].seq])
        if not self._catalog.is_in_transaction:  # what may still be taken back is not remembered
            self._terms = {**(self._terms if len(self._terms) < _MOST_TERMS else {}), **new}

    def _term(self, tx: Transaction, term: tuple[str, str], new: dict[tuple[str, str], int]) -> int:
        """The number of a term, given to it if it has none."""
        known = self._terms.get(term) or new.get(term)
        if known is None:
            tx.execute("INSERT OR IGNORE INTO term (what, value) VALUES (?, ?)", term)
            [row] = tx.rows("SELECT id FROM term WHERE what = ? AND value = ?", term)
            known = new[term] = int(row["id"])
        return known


def find(tx: Transaction, wanted: Wanted, limit: int) -> tuple[int, ...]:
    """The numbers of the events for which everything holds, newest first."""
    asked = [tx.row("SELECT id FROM term WHERE what = ? AND value = ?", each) for each in wanted.terms]
    terms = sorted((_uses(tx, term["id"]), term["id"]) for term in asked if term is not None)
    hours = _hours(tx, wanted)
    if len(terms) < len(asked) or hours is None:
        return ()
    search = _Search.through(wanted, terms)
    search.also("{seq} BETWEEN :first AND :last", first=hours[0], last=hours[1])
    if wanted.before_seq is not None:
        search.also("{seq} < :before_seq", before_seq=wanted.before_seq)
    if wanted.start is not None:
        search.also("e.at >= :start", start=written_time(wanted.start))
    if wanted.end is not None:
        search.also("e.at < :end", end=written_time(wanted.end))
    if wanted.decision_id is not None:
        search.also("e.decision_id = :decision_id", decision_id=wanted.decision_id)
    if wanted.text:
        search.also("e.body LIKE :text ESCAPE '!'", text=f"%{_plain(_inside(wanted.text))}%")
    return search.run(tx, limit)


@dataclass(slots=True, kw_only=True)
class _Search:
    """One query over the journal: the tables that it goes through in order of `seq`, and what must hold."""

    tables: str
    seq: str
    conditions: list[str] = field(default_factory=list)
    given: dict[str, Value] = field(default_factory=dict)

    @classmethod
    def through(cls, wanted: Wanted, terms: Sequence[tuple[int, int]]) -> "_Search":
        """Begins where the fewest events are, as far as that is known before."""
        are_few = bool(terms) and terms[0][0] <= _FEW
        pieces = _inside(wanted.text or "")
        if len(pieces) >= _SHORTEST and not are_few and wanted.decision_id is None:
            search = cls(tables="event_text AS f JOIN event AS e ON e.seq = f.rowid", seq="f.rowid")
            search.also("f.body LIKE :pieces", pieces=f"%{pieces}%")
        elif terms:
            (_, first), *terms = terms
            search = cls(tables="mention AS m JOIN event AS e ON e.seq = m.seq", seq="m.seq")
            search.also("m.term = :term", term=first)
        else:
            search = cls(tables="event AS e", seq="e.seq")
        for place, (_, term) in enumerate(terms):
            name = f"term_{place}"
            search.also(f"EXISTS (SELECT 1 FROM mention WHERE term = :{name} AND seq = {{seq}})", **{name: term})
        return search

    def also(self, condition: str, **given: Value) -> None:
        """One more thing that must hold; `{seq}` in it is the event's number."""
        self.conditions.append(condition.format(seq=self.seq))
        self.given |= given

    def run(self, tx: Transaction, limit: int) -> tuple[int, ...]:
        """The numbers of at most `limit` events, newest first."""
        holds = " AND ".join(self.conditions)
        rows = tx.rows(
            f"SELECT {self.seq} AS seq FROM {self.tables} WHERE {holds} ORDER BY {self.seq} DESC LIMIT :limit",
            {**self.given, "limit": max(limit, 0)},
        )
        return tuple(row["seq"] for row in rows)


def _uses(tx: Transaction, term: int) -> int:
    """How many events mention a term; a number above `_FEW` for all that are not few."""
    [row] = tx.rows("SELECT count(*) AS uses FROM (SELECT 1 FROM mention WHERE term = ? LIMIT ?)", [term, _FEW + 1])
    return int(row["uses"])


def _hours(tx: Transaction, wanted: Wanted) -> tuple[int, int] | None:
    """Between which numbers the events of the wanted time lie, some others among them; None when there is none."""
    [row] = tx.rows(
        "SELECT min(first) AS first, max(last) AS last FROM event_hour WHERE hour BETWEEN :start AND :end",
        {
            "start": _hour(wanted.start) if wanted.start else "",
            "end": _hour(wanted.end) if wanted.end else "~",
        },
    )
    return None if row["first"] is None else (row["first"], row["last"])


def _hour(moment: datetime) -> str:
    return written_time(moment)[:_HOUR]


def _column(told: str) -> str:
    """The column's name without how it was shown."""
    name, _, outcome = told.rpartition("=")
    return name if outcome in _OUTCOMES else told


def _storable(text: str) -> str:
    """The text as the journal holds it: half of a surrogate pair as JSON's own escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _inside(text: str) -> str:
    """Text as it stands inside the canonical JSON of an event."""
    return _storable(json.dumps(text, ensure_ascii=False)[1:-1])


def _plain(text: str) -> str:
    """The text with the wildcards of LIKE made plain."""
    return re.sub(r"([%_!])", r"!\1", text)
