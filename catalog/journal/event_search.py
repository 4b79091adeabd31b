"""Finds events by what they mention: every part of a search is a set of events, and the answer is what all have."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import nsmallest
from itertools import islice
from typing import Literal

from catalog.clock import written_time
from catalog.database import Transaction, Value
from catalog.errors import LimitExceeded
from catalog.journal.event_index import key
from catalog.journal.event_sets import Flags, Members, Part, between, gathered, these
from catalog.journal.event_terms import TEXTS, Term, person, read_body, storable

_DAY, _HOUR = len("2026-11-22"), len("2026-11-22T12")
_LONGEST = 1_000  # characters; the engine compares no longer pattern
_SHORTEST = 3
"""Letters of the pieces by which texts are found; shorter ones are looked for in each text."""

_WHOLE = tuple(what for what in TEXTS if what != "brief")
_TOLD = tuple(what for what in TEXTS if what not in ("policy", "hidden", "brief", "governed", "stated"))
_PIECE = 24
"""Letters of the piece of a long text by which it is found; the index takes long for longer ones, of equal letters."""

_WILD = re.compile("[%_]")
_MANY_VALUES = 1_000
"""So many values are looked at together, after the most used ones."""

_PARTS = "SELECT m.first, m.seqs FROM mention AS m JOIN term AS t ON t.id = m.term"


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """The part of the journal that somebody may read: their own events, and those about nothing but some databases.

    Who is not told of hidden columns (`tells_hidden`) does not find events by them, by policies that decided about
    nothing else, nor by SQL as it ran, which may name some, and by what statements and reviews say own events alone.
    SQL as it ran has words of policies, too: who does not read them all (`reads_policies`) finds own events by it.
    """

    user: str
    databases: frozenset[str] = frozenset()
    tells_hidden: bool = True
    reads_policies: bool = False

    def as_told(self, what: str) -> str:
        """As what events are filed for this person that mention something: a policy only where it is told of."""
        return "showing" if what == "policy" and not self.tells_hidden else what


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a search asks for: the terms that an event must mention, all of them; its time, its text, who asks."""

    terms: Sequence[Term] = ()
    start: datetime | None = None
    end: datetime | None = None
    text: str | None = None
    decision_id: str | None = None
    readable: Readable | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many of the events found mention a value."""

    value: str
    count: int


def find(tx: Transaction, wanted: Wanted) -> Members:
    """The events for which everything holds, among those that are filed."""
    return Members(_Finder(tx).found(wanted))


def newest(members: Members, before: int | None, limit: int) -> tuple[int, ...]:
    """At most so many numbers, newest first."""
    return tuple(islice(members.falling(before), max(limit, 0)))


def values(tx: Transaction, members: Members, what: str, most: int) -> tuple[Count, ...]:
    """The values that most of the events mention as something, the most frequent first; of equals the first by name.

    Values are looked at from the most used one on, until those that follow cannot be among the answer.

    INVARIANT: which values are told, in which order and how they are written hangs on the events alone, and not on
    others that mention them too.
    """
    found: list[tuple[int, str, int]] = []
    terms = tx.tuples("SELECT uses, key, id FROM term WHERE what = ? ORDER BY uses DESC", [what])
    length = most
    while some := tuple(islice(terms, length)) if members.count else ():
        if len(found) == most and some[0][0] < -found[-1][0]:
            break
        counts = members.shared(_parts_of_each(tx, [term for _, _, term in some]))
        found = nsmallest(most, [*found, *((-counts[term], name, term) for _, name, term in some if term in counts)])
        length = _MANY_VALUES
    return tuple(Count(value=_written(tx, members, what, name, term), count=-less) for less, name, term in found)


def _written(tx: Transaction, members: Members, what: str, known_as: str, term: int) -> str:
    """A value as the newest of the events writes it; another event may write it otherwise."""
    parts = tx.tuples("SELECT first, seqs FROM mention WHERE term = ? ORDER BY first DESC", [term])
    row = tx.row("SELECT CAST(body AS BLOB) AS body FROM event WHERE seq = ?", [members.newest(parts)])
    terms = read_body(row["body"]) if row else ()
    return next((name for of, name in terms if (of, key(name)) == (what, known_as)), known_as)


def spans(tx: Transaction, members: Members, what: Literal["day", "hour"], by: str) -> Mapping[str, Mapping[str, int]]:
    """How many of the events lie in each day or hour that has any, the oldest first, by what they mention.

    Example:
        >>> spans(tx, members, "day", "verdict")
        {'2026-11-22': {'allow': 12, 'deny': 1}}
    """
    kinds = {
        row["value"]: members.within(gathered(_parts_of(tx, row["id"]), len(members.flags) - 1))
        for row in tx.rows("SELECT id, value FROM term WHERE what = ? ORDER BY key", [by])
    }
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    parts = "SELECT t.value, m.first, m.seqs FROM mention AS m JOIN term AS t ON t.id = m.term WHERE t.what = ?"
    for value, first, stored in tx.tuples(parts, [what]):
        for name, some in kinds.items():
            if count := some.among([(first, stored)]):
                counts[value][name] += count
    return {value: dict(of_each) for value, of_each in sorted(counts.items())}


def _parts_of(tx: Transaction, term: int) -> Iterator[Part]:
    return tx.tuples("SELECT first, seqs FROM mention WHERE term = ?", [term])


def _parts_of_each(tx: Transaction, terms: Sequence[int]) -> Iterator[tuple[int, int, bytes]]:
    chosen = "SELECT value FROM json_each(?)"
    return tx.tuples(f"SELECT term, first, seqs FROM mention WHERE term IN ({chosen})", [json.dumps(terms)])


class _Finder:
    """The sets of one moment of the journal."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        [filed] = tx.rows("SELECT seq FROM event_filed")
        [archived] = tx.rows("SELECT coalesce(max(last), 0) AS last FROM journal_archive")
        self._most: int = filed["seq"]
        self._all = between(archived["last"] + 1, self._most)

    def found(self, wanted: Wanted) -> Flags:
        found = self._all
        for part in self._parts(wanted):
            found = found & part
            if not found.any():
                break
        return found

    def _parts(self, wanted: Wanted) -> Iterator[Flags]:
        """One set for each part of a search, those that are quickly known first."""
        if wanted.decision_id is not None:
            yield self._decided(wanted.decision_id)
        for what, name in wanted.terms:
            if what == "column":
                yield self._columns(name, wanted.readable)
            else:
                yield self._of(wanted.readable.as_told(what) if wanted.readable else what, name)
        if wanted.readable is not None:
            yield self._readable(wanted.readable)
        if wanted.start is not None or wanted.end is not None:
            yield self._time(wanted.start, wanted.end)
        if wanted.text:
            yield self._text(wanted.text, wanted.readable)

    def _of(self, what: str, *names: str) -> Flags:
        return self._gather(
            f"t.what = :what AND t.key IN ({', '.join(f':key_{place}' for place, _ in enumerate(names))})",
            {"what": what, **{f"key_{place}": key(storable(name)) for place, name in enumerate(names)}},
        )

    def _gather(self, condition: str, given: dict[str, Value]) -> Flags:
        return self._joined(self._tx.tuples(f"{_PARTS} WHERE {condition}", given))

    def _joined(self, parts: Iterable[Part]) -> Flags:
        return gathered(parts, self._most)

    def _columns(self, name: str, readable: Readable | None) -> Flags:
        if readable is None or readable.tells_hidden:
            return self._of("column", name)
        told = (name, f"{name}=clear", f"{name}=masked")
        return self._of("shown", *told) | self._of("brief", *told)

    def _decided(self, decision_id: str) -> Flags:
        rows = self._tx.rows("SELECT seq FROM event WHERE decision_id = ? AND seq <= ?", [decision_id, self._most])
        return these((row["seq"] for row in rows), self._most)

    def _readable(self, readable: Readable) -> Flags:
        inside: set[int] = set()
        elsewhere: set[int] = set()
        for row in self._tx.rows("SELECT id, value FROM term WHERE what = 'database'"):
            (inside if row["value"] in readable.databases else elsewhere).add(row["id"])
        return self._of("person", person(readable.user)) | (self._any(inside) & ~self._any(elsewhere))

    def _any(self, terms: set[int]) -> Flags:
        return self._joined(part for term in terms for part in _parts_of(self._tx, term))

    def _time(self, start: datetime | None, end: datetime | None) -> Flags:
        """Whole days and hours by their terms, and the events of the first and the last hour by their moments."""
        first = written_time(start) if start else ""
        last = written_time(end) if end else "~"
        given: dict[str, Value] = {
            "first_day": first[:_DAY],
            "last_day": last[:_DAY],
            "first_hour": key(first[:_HOUR]),
            "last_hour": key(last[:_HOUR]),
        }
        days = self._gather("t.what = 'day' AND t.key > :first_day AND t.key < :last_day", given)
        hours = self._gather(
            "t.what = 'hour' AND t.key > :first_hour AND t.key < :last_hour"
            f" AND substr(t.key, 1, {_DAY}) IN (:first_day, :last_day)",
            given,
        )
        return days | hours | self._edges(first, last)

    def _edges(self, first: str, last: str) -> Flags:
        edges = Members(self._of("hour", *{first[:_HOUR], last[:_HOUR]}))
        inside = (
            seq
            for seq in edges.rising()
            for row in self._tx.rows("SELECT at FROM event WHERE seq = ?", [seq])
            if first <= row["at"] < last
        )
        return these(inside, self._most)

    def _text(self, text: str, readable: Readable | None) -> Flags:
        """The events that mention a text which holds this one, or whose decision it names."""
        if len(text) > _LONGEST:
            raise LimitExceeded(f"a text that is looked for has at most {_LONGEST:,} characters", hint="look for less")
        wanted = storable(text)
        if readable is None or (readable.tells_hidden and readable.reads_policies):
            return self._holding(wanted, *_WHOLE) | self._decided(text)
        own = self._of("person", person(readable.user))
        if not readable.tells_hidden:
            return (
                self._holding(wanted, *_TOLD, "brief") | (self._holding(wanted, "stated") & own) | self._decided(text)
            )
        return (
            self._holding(wanted, *_TOLD, "policy", "hidden", "stated")
            | (self._holding(wanted, "governed") & own)
            | self._decided(text)
        )

    def _holding(self, wanted: str, *whats: str) -> Flags:
        """The events that mention, as one of these, a text that holds this one."""
        given: dict[str, Value] = {}
        condition = f"t.what IN ({', '.join(map(repr, whats))})"
        piece = _piece(wanted)
        if len(piece) >= _SHORTEST:
            condition += " AND t.id IN (SELECT rowid FROM term_text WHERE value LIKE :piece)"
            given["piece"] = f"%{piece}%"
        if len(piece) < _SHORTEST or piece != wanted:
            condition += " AND instr(lower(t.value), lower(:whole))"
            given["whole"] = wanted
        return self._gather(condition, given)


def _piece(text: str) -> str:
    """The part of a text, without wildcards of LIKE, whose letters differ most: few other texts hold that.

    Example:
        >>> _piece("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_select card")
        'select card'
    """
    pieces = (
        run[begin : begin + _PIECE] for run in _WILD.split(text) for begin in range(max(1, len(run) - _PIECE + 1))
    )
    return max(pieces, key=lambda piece: len({piece[at : at + _SHORTEST] for at in range(len(piece) - _SHORTEST + 1)}))
