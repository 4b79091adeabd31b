"""The store of what data means: tags, the rules that recognise them, and the assignments that carry them."""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from catalog.clock import utc_now, written_time
from catalog.database import Catalog, Transaction, Value
from catalog.dataset_reader import read_path, stored_path
from catalog.errors import PolicyInvalid
from catalog.flow import Standing
from catalog.flows import Moved
from catalog.inner_paths import document_of
from catalog.lookup import check_name, dataset_id, tag_id, tag_name
from catalog.model import Level, Tag, TagAssignment, TagOrigin, TagRule, TagState
from catalog.names import fold, nearest
from catalog.tables import DRAWN
from catalog.tag_assignments import assignment_of

_ASSIGNMENTS = (
    "SELECT b.name || '.' || d.name AS dataset, a.path, t.name AS tag, a.state, a.origin, a.rule, a.confidence,"
    " a.evidence, a.by, a.at, a.missing_since FROM assignment a JOIN tag t ON t.id = a.tag_id"
    " JOIN dataset d ON d.id = a.dataset_id JOIN database b ON b.id = d.database_id WHERE NOT d.is_gone"
)

_RULE_PARTS = ("column_name", "content", "words", "words_file", "detector", "min_match", "min_rows")
_KEPT = ", ".join(("tag_id", *_RULE_PARTS))
_GIVEN = ", ".join(f"excluded.{part}" for part in ("tag_id", *_RULE_PARTS))
_PUT_RULE = (
    f"INSERT INTO tag_rule (name, {_KEPT}) VALUES (?, {', '.join('?' for _ in ('tag_id', *_RULE_PARTS))})"
    f" ON CONFLICT (name) DO UPDATE SET ({_KEPT}) = ({_GIVEN}) WHERE ({_KEPT}) IS NOT ({_GIVEN})"
)


class Tags:
    """Tags, rules and assignments of a catalog.

    INVARIANT: what a person decided (confirmed, rejected) is changed by persons and documents only.

    Example:
        >>> tags.put_tag(Tag(name="phi.mrn", level=Level.RESTRICTED))
        >>> tags.suggest(suggestion)  # a crawler's word
        True
        >>> tags.reject("shop.orders", ("id",), "phi.mrn", by="ada")
        >>> tags.suggest(suggestion)  # the person's word stays
        False
    """

    def __init__(self, catalog: Catalog, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._catalog = catalog
        self._clock = clock
        self._waiting: Moved | None = None

    @contextmanager
    def together(self) -> Iterator[None]:
        """Within it many tags are given and taken; what is made of their columns gets them at its end, all at once.

        It is one transaction, which holds back all others, so that nobody sees what lies between.

        Example:
            >>> with tags.together():
            ...     for suggestion in suggestions:
            ...         tags.suggest(suggestion)
        """
        with self._catalog.change() as tx:
            if self._waiting is not None:
                yield
                return
            moved = self._waiting = Moved()
            try:
                yield
            finally:
                self._waiting = None
            moved.pass_on(tx)

    def put_tag(self, tag: Tag) -> None:
        """Declares a tag or replaces its comment and level."""
        with self._catalog.change() as tx:
            tx.execute(
                "INSERT INTO tag (name, comment, level) VALUES (?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET comment = excluded.comment, level = excluded.level"
                " WHERE (comment, level) IS NOT (excluded.comment, excluded.level)",
                [tag_name(tag.name), tag.comment, tag.level],
            )

    def tags(self) -> tuple[Tag, ...]:
        """Every declared tag, by name."""
        return tuple(_tag(row) for row in self._catalog.rows("SELECT * FROM tag ORDER BY name"))

    def tag(self, name: str) -> Tag | None:
        """The tag of that name, or None."""
        row = self._catalog.row("SELECT * FROM tag WHERE name = ?", [tag_name(name)])
        return None if row is None else _tag(row)

    def remove_tag(self, name: str) -> bool:
        """Takes a tag away with all that carries it; a rule that suggests it must go first."""
        with self._catalog.change() as tx:
            named = "tag_id IN (SELECT id FROM tag WHERE name = ?)"
            if tx.row(f"SELECT 1 FROM tag_rule WHERE {named}", [tag_name(name)]):
                raise PolicyInvalid(
                    f"a rule suggests the tag `{name}`", hint="take the rule away first, or let it suggest another tag"
                )
            tx.execute(f"DELETE FROM assignment WHERE {named}", [tag_name(name)])
            tx.execute(f"DELETE FROM database_tag WHERE {named}", [tag_name(name)])
            return tx.execute("DELETE FROM tag WHERE name = ?", [tag_name(name)]) > 0

    def put_rule(self, rule: TagRule) -> None:
        """Adds a rule or replaces the one of its name; its tag must be declared."""
        check_name(rule.name, "rule", may_hold_dot=True)
        with self._catalog.change() as tx:
            stored = [tag_id(tx, rule.tag), *(_stored(getattr(rule, part)) for part in _RULE_PARTS)]
            tx.execute(_PUT_RULE, [rule.name, *stored])

    def remove_rule(self, name: str) -> bool:
        """Takes a rule away; False when it was not there. What it suggested stays as it is."""
        with self._catalog.change() as tx:
            return tx.execute("DELETE FROM tag_rule WHERE name = ?", [name]) > 0

    def rules(self) -> tuple[TagRule, ...]:
        """Every rule, by name."""
        rows = self._catalog.rows(
            "SELECT r.*, t.name AS tag FROM tag_rule r JOIN tag t ON t.id = r.tag_id ORDER BY r.name"
        )
        return tuple(_rule(row) for row in rows)

    def assign(self, assignment: TagAssignment) -> None:
        """Writes what a person or a document says; a merely suggested assignment is only suggested."""
        if assignment.state is TagState.SUGGESTED:
            self.suggest(assignment)
            return
        with self._catalog.change() as tx:
            self._write(tx, self._dated(assignment))

    def suggest(self, assignment: TagAssignment) -> bool:
        """Writes what a crawler found, unless a person has decided; True when it stands as a suggestion.

        A verdict on the same tag stays, and a rule that was rejected for a column is not heard there again.
        """
        suggestion = self._dated(replace(assignment, state=TagState.SUGGESTED))
        with self._catalog.change() as tx:
            place, tag = dataset_id(tx, suggestion.dataset), tag_id(tx, suggestion.tag)
            standing = tx.rows(
                "SELECT tag_id = ? AS is_same_tag, state, rule, confidence FROM assignment"
                " WHERE dataset_id = ? AND path = ?",
                [tag, place, stored_path(suggestion.path)],
            )
            if any(_forbids(row, suggestion) for row in standing):
                return False
            if not any(_says_it_better(row, suggestion) for row in standing):
                self._write(tx, suggestion)
        return True

    def note_found(self, dataset: str, origin: TagOrigin, found: Collection[tuple[tuple[str, ...], str]]) -> int:
        """Marks the suggestions of an origin that a crawl has not found again, by path and tag, and takes the mark from
        the others; how many marks are different afterwards. What is found no longer still protects. What no rule has
        suggested, but that something has gone or lies elsewhere, is not found again by a crawl.
        """
        kept = {(fold(stored_path(path)), tag) for path, tag in found}
        now = written_time(self._clock())
        with self._catalog.change() as tx:
            standing = tx.rows(
                "SELECT a.id, a.path, t.name AS tag, a.missing_since FROM assignment a JOIN tag t ON t.id = a.tag_id"
                " WHERE a.dataset_id = ? AND a.state = ? AND a.origin = ? AND (a.origin <> 'rule' OR a.rule <> '')",
                [dataset_id(tx, dataset), TagState.SUGGESTED, origin],
            )
            marks = [("" if (fold(row["path"]), row["tag"]) in kept else now, row) for row in standing]
            changed = [(mark, row["id"]) for mark, row in marks if bool(mark) != bool(row["missing_since"])]
            tx.execute_many("UPDATE assignment SET missing_since = ? WHERE id = ?", changed)
        return len(changed)

    def is_confirmed(self, dataset: str, path: tuple[str, ...], tag: str) -> bool:
        """Whether a person or a document says that the tag is right there."""
        with self._catalog.snapshot() as tx:
            return bool(
                tx.rows(
                    "SELECT 1 FROM assignment WHERE dataset_id = ? AND path = ? AND tag_id = ? AND state = ?",
                    [dataset_id(tx, dataset), stored_path(path), tag_id(tx, tag), TagState.CONFIRMED],
                )
            )

    def suggested_in(self, origin: TagOrigin) -> frozenset[str]:
        """The datasets in which suggestions of an origin stand."""
        rows = self._catalog.rows(
            f"SELECT DISTINCT dataset FROM ({_ASSIGNMENTS} AND a.state = ? AND a.origin = ?)",
            [TagState.SUGGESTED, origin],
        )
        return frozenset(row["dataset"] for row in rows)

    def confirm(self, dataset: str, path: tuple[str, ...], tag: str, *, by: str) -> None:
        """A person says that the tag is right there."""
        self._judge(dataset, path, tag, TagState.CONFIRMED, by)

    def reject(self, dataset: str, path: tuple[str, ...], tag: str, *, by: str) -> None:
        """A person says that the tag is wrong there."""
        self._judge(dataset, path, tag, TagState.REJECTED, by)

    def remove(self, dataset: str, path: tuple[str, ...], tag: str) -> bool:
        """Takes an assignment away, verdict and all; a crawler may suggest it anew, and what is made of tagged columns
        has it still, as a suggestion.
        """
        with self._catalog.change() as tx:
            removed = tx.execute(
                "DELETE FROM assignment WHERE dataset_id = ? AND path = ? AND tag_id = ?",
                [dataset_id(tx, dataset), stored_path(path), tag_id(tx, tag)],
            )
            if removed:  # the dataset counts as never looked at, or the next crawl would pass it by
                tx.execute("DELETE FROM crawl_mark WHERE dataset_id = ?", [dataset_id(tx, dataset)])
                self._pass_on(tx, dataset_id(tx, dataset), None, "")
        return removed > 0

    def assignments(
        self, dataset: str | None = None, *, state: TagState | None = None, tag: str | None = None
    ) -> tuple[TagAssignment, ...]:
        """The assignments for which every given part holds, by dataset, path and tag."""
        conditions, parameters = "", list[Value]()
        with self._catalog.snapshot() as tx:
            if dataset is not None:
                conditions += " AND a.dataset_id = ?"
                parameters.append(dataset_id(tx, dataset))
            if state is not None:
                conditions += " AND a.state = ?"
                parameters.append(state)
            if tag is not None:
                conditions += " AND t.name = ?"
                parameters.append(tag_name(tag))
            rows = tx.rows(f"{_ASSIGNMENTS}{conditions} ORDER BY b.name, d.name, a.path, t.name", parameters)
        return tuple(map(assignment_of, rows))

    def _judge(self, dataset: str, path: tuple[str, ...], tag: str, state: TagState, by: str) -> None:
        """Gives an assignment its verdict and keeps the evidence it had; without one, the person's word is new."""
        with self._catalog.change() as tx:
            judged = tx.execute(
                "UPDATE assignment SET state = ?, by = ?, at = ? WHERE dataset_id = ? AND path = ? AND tag_id = ?",
                [
                    state,
                    by,
                    written_time(self._clock()),
                    dataset_id(tx, dataset),
                    stored_path(path),
                    tag_id(tx, tag),
                ],
            )
            if judged:
                stays = None if state is TagState.REJECTED else (path, tag_id(tx, tag))
                self._pass_on(tx, dataset_id(tx, dataset), stays, by)
            else:
                new = TagAssignment(dataset=dataset, path=path, tag=tag, state=state, origin=TagOrigin.PERSON, by=by)
                self._write(tx, self._dated(new))

    def _write(self, tx: Transaction, assignment: TagAssignment) -> None:
        """Adds or replaces one assignment; what is made of the column has the tag at once, too."""
        place, tag, path = _put(tx, assignment)
        stays = None if assignment.state is TagState.REJECTED else (path, tag)
        self._pass_on(tx, place, stays, assignment.by)

    def _pass_on(self, tx: Transaction, place: int, stays: Standing | None, by: str) -> None:
        """Gives a tag that stays to what is made of its column; what another stood for may come by other ways."""
        moved = Moved() if self._waiting is None else self._waiting
        moved.note(place, stays, by)
        if self._waiting is None:
            moved.pass_on(tx)

    def _dated(self, assignment: TagAssignment) -> TagAssignment:
        return assignment if assignment.at else replace(assignment, at=self._clock())


def _forbids(standing: sqlite3.Row, suggestion: TagAssignment) -> bool:
    """Whether a person decided about this tag here, or told this rule to be silent here."""
    if standing["is_same_tag"] and standing["state"] != TagState.SUGGESTED:
        return True
    is_same_rule = suggestion.rule != "" and fold(standing["rule"]) == fold(suggestion.rule)
    return is_same_rule and standing["state"] == TagState.REJECTED


def _says_it_better(standing: sqlite3.Row, suggestion: TagAssignment) -> bool:
    """Whether another rule already suggests this tag here with more confidence."""
    return (
        bool(standing["is_same_tag"])
        and fold(standing["rule"]) != fold(suggestion.rule)
        and standing["confidence"] > suggestion.confidence
    )


def _put(tx: Transaction, assignment: TagAssignment) -> tuple[int, int, tuple[str, ...]]:
    """Adds or replaces one assignment, and tells dataset, tag and path; an equal one keeps its date, so that applying
    twice changes nothing.
    """
    assert assignment.at is not None
    place, tag = dataset_id(tx, assignment.dataset), tag_id(tx, assignment.tag)
    path = _known_path(tx, place, assignment)
    tx.execute(
        "INSERT INTO assignment (id, dataset_id, path, tag_id, state, origin, rule, confidence, evidence, by, at)"
        f" VALUES ({DRAWN}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (dataset_id, path, tag_id) DO UPDATE SET"
        " (state, origin, rule, confidence, evidence, by, at) = (excluded.state, excluded.origin, excluded.rule,"
        " excluded.confidence, excluded.evidence, excluded.by, excluded.at)"
        " WHERE (state, origin, rule, confidence, evidence, by) IS NOT (excluded.state, excluded.origin, excluded.rule,"
        " excluded.confidence, excluded.evidence, excluded.by)",
        [
            place,
            path,
            tag,
            assignment.state,
            assignment.origin,
            assignment.rule,
            assignment.confidence,
            assignment.evidence,
            assignment.by,
            written_time(assignment.at),
        ],
    )
    return place, tag, read_path(path)


def _known_path(tx: Transaction, place: int, assignment: TagAssignment) -> str:
    """The path as stored; raises PolicyInvalid for a column that never was: a misspelt one protects nothing."""
    path = stored_path(assignment.path)
    known = tx.row("SELECT 1 FROM field WHERE dataset_id = ? AND path = ?", [place, path])
    if known is None and assignment.path:
        name = ".".join(assignment.path)
        columns = tx.rows("SELECT path, type FROM field WHERE dataset_id = ? AND NOT is_gone", [place])
        document = document_of(assignment.path, ((read_path(row["path"]), row["type"]) for row in columns))
        if document is not None:
            return stored_path((*document, *assignment.path[len(document) :]))
        close = nearest(name, [".".join(read_path(row["path"])) for row in columns])
        raise PolicyInvalid(
            f"`{assignment.dataset}` has no column `{name}`", hint=f"did you mean `{close}`?" if close else ""
        )
    return path


def _tag(row: sqlite3.Row) -> Tag:
    return Tag(name=row["name"], comment=row["comment"], level=Level(row["level"]))


def _rule(row: sqlite3.Row) -> TagRule:
    parts = {part: row[part] for part in _RULE_PARTS if part != "words"}
    return TagRule(name=row["name"], tag=row["tag"], words=tuple(json.loads(row["words"])), **parts)


def _stored(part: str | float | tuple[str, ...] | None) -> Value:
    return json.dumps(part, ensure_ascii=False) if isinstance(part, tuple) else part
