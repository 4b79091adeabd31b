"""What each event of the journal mentions, kept beside the chain, so that a search looks only at what fits.

An event mentions people, datasets, columns, tags, policies, days, and texts; each of these is a term, and under a term
lies the set of its events. A text that many events hold is kept, and looked at, once.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence

from catalog.database import Catalog, Transaction
from catalog.journal.event_sets import Part, extended, packed, unpacked
from catalog.journal.event_terms import TEXTS, Term, read_body
from catalog.names import fold

_BATCH = 1_000
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

    def _file_some(self) -> None:
        new: dict[Term, int] = {}
        with self._catalog.bookkeeping() as tx:
            found = list(tx.tuples(_UNFILED, [_BATCH]))
            if not found:
                return
            self._forget_removed(tx)
            for place, (name, numbers) in _by_term(found).items():
                _add(tx, self._term(tx, place, name, new), numbers)
            tx.execute("UPDATE event_filed SET seq = ?", [found[-1][0]])
        if not self._catalog.is_in_transaction:  # what may still be taken back is not remembered
            self._terms = {**(self._terms if len(self._terms) < _MOST_TERMS else {}), **new}

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


def _by_term(found: Sequence[tuple[int, bytes]]) -> Mapping[Term, tuple[str, list[int]]]:
    """The events of each term by its key, and the name that was met first; names that differ in case are one term."""
    numbers: dict[Term, tuple[str, list[int]]] = {}
    for seq, body in found:
        for what, name in read_body(body):
            _, those = numbers.setdefault((what, key(name)), (name, []))
            if those[-1:] != [seq]:
                those.append(seq)
    return numbers


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
