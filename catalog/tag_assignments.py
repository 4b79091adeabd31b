"""Assignments of tags as people go through them: chosen by state, tag, dataset and words, some at a time."""

import re
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from catalog.clock import read_time
from catalog.database import Catalog, Value
from catalog.dataset_reader import read_path
from catalog.lookup import tag_name
from catalog.model import Level, TagAssignment, TagOrigin, TagState
from catalog.search_words import search_words

_FROM = (
    " FROM assignment a JOIN tag t ON t.id = a.tag_id JOIN dataset d ON d.id = a.dataset_id"
    " JOIN database b ON b.id = d.database_id"
    " LEFT JOIN field f ON f.dataset_id = a.dataset_id AND f.path = a.path"
    " WHERE NOT d.is_gone AND (NOT coalesce(f.is_gone, 0) OR EXISTS ("  # or it lies in a document now
    "SELECT 1 FROM field p WHERE p.dataset_id = a.dataset_id AND NOT p.is_gone"
    " AND upper(rtrim(p.type, '[]0123456789')) = 'JSON'"
    " AND substr(a.path, 1, length(p.path)) = substr(p.path, 1, length(p.path) - 1) || ',' COLLATE NOCASE))"
)
_WHAT = (
    "SELECT a.id, b.name AS database, d.name AS name, b.name || '.' || d.name AS dataset, a.path, t.name AS tag,"
    " t.level, a.state, a.origin, a.rule, a.confidence, a.evidence, a.by, a.at, a.missing_since,"
    " coalesce(f.type, '') AS type"
)
_SEARCHED = (
    "b.name || '.' || d.name || ' ' || a.path || ' ' || t.name || ' ' || a.rule || ' ' || a.evidence"
    " || CASE a.missing_since WHEN '' THEN '' ELSE ' no longer found' END"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An assignment with its number, its place in parts, the column's type, and the tag's level."""

    id: int
    database: str
    name: str
    type: str
    level: Level
    assignment: TagAssignment

    @property
    def column(self) -> str:
        """The column's path as one dotted text; empty for the dataset itself."""
        return ".".join(self.assignment.path)

    @property
    def namespace(self) -> str:
        """The namespace of the tag."""
        return self.assignment.tag.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which assignments: those for which every part that is given holds; each word of `search` stands in them.

    `tag` may be a whole tag or a namespace; `namespaces` are those beyond which nothing is shown, None for all.
    """

    state: TagState | None = None
    tag: str = ""
    dataset: str = ""
    search: str = ""
    rule: str = ""
    namespaces: Collection[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many assignments of a tag a rule made, by what people say of them; without a rule, people or lineage did."""

    rule: str
    tag: str
    suggested: int = 0
    confirmed: int = 0
    rejected: int = 0


class TagAssignments:
    """The assignments of a catalog, of what is there now.

    Example:
        >>> assignments.count(Choice(state=TagState.SUGGESTED, tag="pii"))
        12
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def listed(self, choice: Choice, *, limit: int = 100, offset: int = 0) -> tuple[Listed, ...]:
        """What was chosen, by dataset, column and tag."""
        conditions, given = _conditions(choice)
        rows = self._catalog.rows(
            f"{_WHAT}{_FROM}{conditions} ORDER BY b.name, d.name, coalesce(f.position, -1), a.path, t.name"
            " LIMIT ? OFFSET ?",
            [*given, limit, offset],
        )
        return tuple(map(_listed, rows))

    def count(self, choice: Choice) -> int:
        """How many were chosen."""
        conditions, given = _conditions(choice)
        [row] = self._catalog.rows(f"SELECT count(*) AS number{_FROM}{conditions}", given)
        return int(row["number"])

    def tallied(self, choice: Choice) -> tuple[Tally, ...]:
        """What was chosen, counted by rule and tag, the most suggested first."""
        conditions, given = _conditions(choice)
        counts = ", ".join(f"sum(a.state = '{state}') AS {state}" for state in TagState)
        rows = self._catalog.rows(
            f"SELECT a.rule, t.name AS tag, {counts}{_FROM}{conditions} GROUP BY a.rule COLLATE NOCASE, t.id"
            " ORDER BY suggested DESC, t.name, a.rule",
            given,
        )
        return tuple(Tally(**dict(row)) for row in rows)

    def by_id(self, ids: Sequence[int]) -> dict[int, Listed]:
        """The assignments of these numbers that are there, by dataset, column and tag."""
        found: dict[int, Listed] = {}
        for start in range(0, len(ids), 500):
            some = ids[start : start + 500]
            rows = self._catalog.rows(f"{_WHAT}{_FROM} AND a.id IN ({', '.join('?' for _ in some)})", list(some))
            found |= {row["id"]: _listed(row) for row in rows}
        return dict(sorted(found.items(), key=lambda item: _place(item[1].assignment)))


def _place(assignment: TagAssignment) -> tuple[str, tuple[str, ...], str]:
    return assignment.dataset, assignment.path, assignment.tag


def _conditions(choice: Choice) -> tuple[str, list[Value]]:
    conditions, given = "", list[Value]()
    if choice.state is not None:
        conditions += " AND a.state = ?"
        given.append(choice.state)
    if choice.tag:
        is_namespace = re.fullmatch(r"\s*\w+\s*", choice.tag) is not None
        conditions += " AND t.name LIKE ? || '.%'" if is_namespace else " AND t.name = ?"
        given.append(choice.tag.strip().replace("_", "\\_") if is_namespace else tag_name(choice.tag))
        conditions += " ESCAPE '\\'" if is_namespace else ""
    if choice.dataset:
        conditions += " AND (b.name = ? COLLATE NOCASE OR b.name || '.' || d.name = ? COLLATE NOCASE)"
        given += [choice.dataset.strip(), choice.dataset.strip()]
    if choice.rule:
        conditions += " AND a.rule = ? COLLATE NOCASE"
        given.append(choice.rule)
    for word in search_words(choice.search, "tags"):
        conditions += f" AND {_SEARCHED} LIKE ? ESCAPE '\\'"
        given.append("%" + re.sub(r"([%_\\])", r"\\\1", word) + "%")
    if choice.namespaces is not None:
        named = ", ".join("?" for _ in choice.namespaces)
        conditions += f" AND substr(t.name, 1, instr(t.name, '.') - 1) IN ({named})"
        given += [namespace.lower() for namespace in choice.namespaces]
    return conditions, given


def assignment_of(row: sqlite3.Row) -> TagAssignment:
    """The assignment that a row of the catalog is."""
    return TagAssignment(
        dataset=row["dataset"],
        path=read_path(row["path"]),
        tag=row["tag"],
        state=TagState(row["state"]),
        origin=TagOrigin(row["origin"]),
        rule=row["rule"],
        confidence=row["confidence"],
        evidence=row["evidence"],
        by=row["by"],
        at=read_time(row["at"]),
        missing_since=read_time(row["missing_since"]) if row["missing_since"] else None,
    )


def _listed(row: sqlite3.Row) -> Listed:
    return Listed(
        id=row["id"],
        database=row["database"],
        name=row["name"],
        type=row["type"],
        level=Level(row["level"]),
        assignment=assignment_of(row),
    )
