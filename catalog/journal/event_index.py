"""What each event of the journal mentions, kept beside the chain, so that a search looks only at what fits.

An event mentions people, datasets, columns, tags, policies, days, and texts; each of these is a term, and under a term
lies the set of its events. A text that many events hold is kept, and looked at, once.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping

from catalog.database import Catalog, Transaction
from catalog.journal.event_sets import Part, extended, packed, unpacked
from catalog.journal.event_terms import TEXTS, Term, read_body
from catalog.journal.tables import FILED_ANEW
from catalog.names import fold

_BATCH = 1_000
_BATCH_CHARACTERS = 200_000
_BATCH_SECONDS = 0.2
"""So much that is new, or so long, ends a batch, since nobody else writes meanwhile."""

LONGEST_FILED = 2_000
"""So many characters of a text are filed, and found by a search."""

_LONG = ("governed", "stated", "word")  # what people write
_MOST_TERMS = 200_000
_LONGEST_KEY = 120
_UNFILED = "SELECT seq, CAST(body AS BLOB) FROM event WHERE seq > (SELECT seq FROM event_filed) ORDER BY seq LIMIT ?"


class EventIndex:
    """Files events under what they mention, some time after they were written: nobody who waits for an answer pays.

    INVARIANT: what was filed is a part of the chain, up to one event and no further.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._terms: dict[Term, int] = {}
        self._cleared = -1

    def catch_up(self, leave: Callable[[], bool] = lambda: False) -> None:
        """Files every event that is not filed yet, some at a time so that others can write in between."""
        while (
            not leave()
            and self._catalog.row("SELECT 1 FROM event WHERE seq > (SELECT seq FROM event_filed)") is not None
        ):
            self._file_some()

    def file_anew(self) -> None:
        """Forgets what is filed, so that all of it is filed again."""
        with self._catalog.bookkeeping() as tx:
            for statement in filter(str.strip, FILED_ANEW.split(";")):
                tx.execute(statement)

    def _file_some(self) -> None:
        new: dict[Term, int] = {}
        with self._catalog.bookkeeping() as tx:
            self._forget_removed(tx)
            last, found = self._next(tx, new)
            if not last:
                return
            for term, numbers in found.items():
                _add(tx, term, numbers)
            tx.execute("UPDATE event_filed SET seq = ?", [last])
        if not self._catalog.is_in_transaction:  # what may still be taken back is not remembered
            if len(self._terms) >= _MOST_TERMS:
                self._terms = {}
            self._terms.update(new)

    def _next(self, tx: Transaction, new: dict[Term, int]) -> tuple[int, Mapping[int, list[int]]]:
        """The last of the next events, 0 for none, and these by the terms that they mention, which are there then.

        The events are fewer where they hold much that is new.
        """
        last, left, over_at = 0, _BATCH_CHARACTERS, time.monotonic() + _BATCH_SECONDS
        found: dict[int, list[int]] = {}
        for seq, body in tx.tuples(_UNFILED, [_BATCH]):
            for what, told in read_body(body):
                place, name = (what, key(told)), told[:LONGEST_FILED] if what in _LONG else told
                if place not in new and place not in self._terms:
                    left -= len(name)
                numbers = found.setdefault(self._term(tx, place, name, new), [])
                if numbers[-1:] != [seq]:
                    numbers.append(seq)
            last = seq
            if left <= 0 or time.monotonic() > over_at:
                break
        return last, found

    def _forget_removed(self, tx: Transaction) -> None:
        """Another process may have taken terms away with the events that mentioned them."""
        [row] = tx.rows("SELECT removals FROM event_filed")
        if row["removals"] != self._cleared:
            self._terms, self._cleared = {}, row["removals"]

    def _term(self, tx: Transaction, place: Term, name: str, new: dict[Term, int]) -> int:
        """The number of a term, given to it if it has none."""
        known = self._terms.get(place) or new.get(place)
        if known is None:
            row = tx.row("SELECT id FROM term WHERE what = ? AND key = ?", place)
            known = new[place] = int(row["id"]) if row else _added(tx, place, name)
        return known


def key(name: str) -> str:
    """The text by which a term is found whatever its length: without regard to case, long ones by their hash."""
    folded = fold(name)
    return folded if len(folded) <= _LONGEST_KEY else "#" + hashlib.sha256(folded.encode()).hexdigest()


def remove(tx: Transaction, last: int) -> None:
    """Takes all events up to a number out of every term, and away the terms that are mentioned no more."""
    for row in tx.rows("SELECT term, first, seqs FROM mention WHERE first <= ?", [last]):
        numbers = unpacked(row["first"], row["seqs"])
        kept = [number for number in numbers if number > last]
        tx.execute("DELETE FROM mention WHERE term = ? AND first = ?", [row["term"], row["first"]])
        _write(tx, row["term"], packed(kept))
        tx.execute("UPDATE term SET uses = uses - ? WHERE id = ?", [len(numbers) - len(kept), row["term"]])
    unused = "SELECT id, what, value FROM term WHERE uses = 0"
    for row in tx.rows(unused):
        if row["what"] in TEXTS:
            tx.execute(
                "INSERT INTO term_text (term_text, rowid, value) VALUES ('delete', ?, ?)", [row["id"], row["value"]]
            )
        tx.execute("DELETE FROM term WHERE id = ?", [row["id"]])
    tx.execute("UPDATE event_filed SET removals = removals + 1")


def _added(tx: Transaction, place: Term, name: str) -> int:
    what, known_as = place
    [row] = tx.rows("INSERT INTO term (what, key, value) VALUES (?, ?, ?) RETURNING id", [what, known_as, name])
    if what in TEXTS:
        tx.execute("INSERT INTO term_text (rowid, value) VALUES (?, ?)", [row["id"], name])
    return int(row["id"])


def _add(tx: Transaction, term: int, numbers: list[int]) -> None:
    """Adds events to the last part of a term, and begins another one when it is full."""
    tx.execute("UPDATE term SET uses = uses + ? WHERE id = ?", [len(numbers), term])
    last = tx.row("SELECT first, seqs FROM mention WHERE term = ? ORDER BY first DESC LIMIT 1", [term])
    _write(tx, term, extended(last["first"], last["seqs"], numbers) if last else packed(numbers))


def _write(tx: Transaction, term: int, parts: Iterable[Part]) -> None:
    tx.execute_many(
        "INSERT OR REPLACE INTO mention (term, first, seqs) VALUES (?, ?, ?)",
        [(term, first, stored) for first, stored in parts],
    )
