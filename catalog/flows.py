"""What the columns of views and of foreign keys, and generated columns, hold of others, and the tags that come by it.

INVARIANT: a tag comes to such a column within the transaction in which it comes to what the column is made of, or in
which it is told what the column is made of; there is no moment between the two.
"""

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from catalog.clock import utc_now, written_time
from catalog.database import Catalog, Transaction
from catalog.dataset_reader import read_path, stored_path
from catalog.doubles import OF_ONE_DATABASE, WITH_DOUBLES, doubles
from catalog.lookup import dataset_id
from catalog.model import TagOrigin, TagState
from catalog.names import fold, split

Path = tuple[str, ...]
Place = tuple[str, str]
"""A schema and a name, folded."""
Standing = tuple[Path, int]
"""Where in a dataset a tag stands, and its number."""

_HELD = (
    "SELECT h.dataset_id, h.path, h.tag_id, t.name AS tag FROM (SELECT dataset_id, path, tag_id FROM assignment"
    " WHERE state <> 'rejected' UNION ALL SELECT d.id, '[]', b.tag_id FROM dataset d JOIN database_tag b"
    " ON b.database_id = d.database_id) AS h JOIN tag t ON t.id = h.tag_id WHERE h.dataset_id = ?"
)
_FLOWS = (
    "SELECT f.dataset_id, f.path, f.relation, f.at, f.kind, f.is_whole, v.relation AS own, 0 AS is_double FROM flow f"
    " JOIN dataset v ON v.id = f.dataset_id"
)
_FROM_A_DOUBLE = (
    "SELECT id AS dataset_id, '[]' AS path, relation, '[]' AS at, 'made' AS kind, 1 AS is_whole, relation AS own,"
    " 1 AS is_double FROM dataset WHERE id = ?"
)
"""How a dataset holds of another that is the very same relation: each column of the one of its name."""
_SAME = (
    "SELECT o.id FROM source s JOIN source o ON o.id = s.id OR (s.reaches <> '' AND o.reaches = s.reaches) WHERE s.id ="
)
"""The sources that reach the database of one."""
_NAME = (
    "SELECT b.name || '.' || d.name AS name, d.relation FROM dataset d JOIN database b ON b.id = d.database_id"
    " WHERE d.id = ?"
)
_ORDER = " ORDER BY f.dataset_id, f.kind DESC, f.relation, f.at, f.path"
_ADD = (
    "INSERT INTO assignment (dataset_id, path, tag_id, state, origin, rule, confidence, evidence, by, at)"
    " VALUES (?, ?, ?, ?, ?, '', ?, ?, ?, ?) ON CONFLICT (dataset_id, path, tag_id) DO NOTHING"
)


class FlowKind(StrEnum):
    """How a column holds of another: it refers to it, is made of it, or may be, as its view is not understood."""

    REFERS = "refers"
    MADE = "made"
    MAY_BE = "may be"


_CONFIDENCE = {FlowKind.MADE: 0.99, FlowKind.REFERS: 0.95, FlowKind.MAY_BE: 0.5}
_SAID = {FlowKind.MADE: "derives from", FlowKind.REFERS: "refers to", FlowKind.MAY_BE: "may derive from"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """That a column, or each of them where it is empty, holds of the column `at` of a relation of the same database.

    Without a relation it may hold of anything there, and with an empty `at` of any column. It is whole where what is in
    the other column is passed on as it is, the fields in it too; so each column is, where it and `at` are empty, what
    the one of its name is there.

    Example: of `CREATE VIEW v AS SELECT upper(a) AS b FROM t`,
    `Flow(column=("b",), relation=("main", "t"), at=("a",), kind=FlowKind.MADE)`.
    """

    column: Path
    relation: Place | None
    at: Path
    kind: FlowKind
    is_whole: bool = False


ANYTHING = Flow(column=(), relation=None, at=(), kind=FlowKind.MAY_BE)
"""Of a dataset of which it is not known what it holds of others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A tag that comes to a column of a dataset, how sure that is, and by what."""

    dataset_id: int
    path: Path
    tag: str
    tag_id: int
    confidence: float
    evidence: str


class Flows:
    """The flows of a catalog.

    Example:
        >>> flows.put("shop.v", [Flow(column=("b",), relation=("main", "t"), at=("a",), kind=FlowKind.MADE)])
        >>> [arrival.tag for arrival in flows.arrivals("shop.v")]
        ['pii.email_address']
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def put(self, dataset: str, flows: Iterable[Flow], *, by: str = "") -> None:
        """Keeps what a dataset's columns hold of others, in place of what was known before, and suggests the tags that
        come to them by it.
        """
        with self._catalog.change() as tx:
            place = dataset_id(tx, dataset)
            wanted = dict.fromkeys(map(_stored, flows))
            known = tx.rows("SELECT path, relation, at, kind, is_whole FROM flow WHERE dataset_id = ?", [place])
            if {tuple(row) for row in known} != wanted.keys():
                tx.execute("DELETE FROM flow WHERE dataset_id = ?", [place])
                tx.execute_many(
                    "INSERT INTO flow (dataset_id, source_id, path, relation, at, kind, is_whole)"
                    " SELECT id, source_id, ?, ?, ?, ?, ? FROM dataset WHERE id = ?",
                    [(*each, place) for each in wanted],
                )
            arrive(tx, place, by=by)

    def note_database(self, source: str, database: str, *, by: str = "") -> None:
        """Keeps by what the database that a source reaches is told from all others, and suggests the tags that come to
        what holds of it, and to what is the same table, from datasets of other sources that reach it.
        """
        with self._catalog.change() as tx:
            if tx.execute(
                "UPDATE source SET reaches = ? WHERE name = ? AND reaches <> ?", [database, source, database]
            ):
                for row in tx.rows(
                    "SELECT DISTINCT f.dataset_id AS id FROM flow f JOIN source s ON s.id = f.source_id"
                    f" WHERE s.reaches = ? AND ? <> '' UNION {OF_ONE_DATABASE}",
                    [database, database, database],
                ):
                    arrive(tx, row["id"], by=by)

    def holding(self) -> frozenset[str]:
        """The datasets of which a column holds of another, or that are the same table as another."""
        with self._catalog.snapshot() as tx:
            return frozenset(
                row["name"]
                for row in tx.rows(
                    "SELECT b.name || '.' || d.name AS name FROM dataset d JOIN database b ON b.id = d.database_id"
                    f" WHERE d.id IN (SELECT dataset_id FROM flow UNION {WITH_DOUBLES})"
                )
            )

    def arrivals(self, dataset: str) -> tuple[Arrival, ...]:
        """The tags that come to a dataset by its flows, each once, but for those that it has by a person or anyway."""
        with self._catalog.snapshot() as tx:
            return tuple(_to(tx, dataset_id(tx, dataset)))


def place_of(relation: str) -> Place | None:
    """The place of a relation in its database system, None for what has none, such as a file.

    Example:
        >>> place_of("T"), place_of('Lab."Blood Tests"')
        (('main', 't'), ('lab', 'blood tests'))
    """
    parts = split(relation)
    if not parts:
        return None
    schema, name = ("main", *parts)[-2:]
    return fold(schema), fold(name)


def descend(tx: Transaction, base: int, *, moved: Collection[Standing] | None = None, by: str = "") -> None:
    """Suggests the tags of a dataset, or those that `moved`, wherever something holds of it, and so on from there.

    Call it in the transaction in which the dataset gets them.
    """
    _suggest(tx, _from(tx, base, moved), by)


def arrive(tx: Transaction, dataset: int, *, by: str = "") -> None:
    """Suggests the tags that come to a dataset wherever they do not stand, as when what said so before is taken away.

    Call it in the transaction in which that is.
    """
    _suggest(tx, _to(tx, dataset), by)


class Moved:
    """Tags that were given to columns and taken from them in one transaction, to be passed on within it.

    Example: of three hundred columns that a view shows, each flow is read once, not three hundred times.
    """

    def __init__(self) -> None:
        self._given: dict[tuple[int, str], dict[Standing, None]] = {}
        self._taken: dict[int, str] = {}

    def note(self, dataset: int, stays: Standing | None, by: str) -> None:
        """That somebody gave a tag to a column, or, without one, took one from the dataset."""
        if stays is None:
            self._taken[dataset] = by
        else:
            self._given.setdefault((dataset, by), {})[stays] = None

    def pass_on(self, tx: Transaction) -> None:
        """Suggests what was given wherever something holds of it, and what is left to come to whatever lost a tag."""
        for (dataset, by), given in self._given.items():
            descend(tx, dataset, moved=given, by=by)
        for dataset, by in self._taken.items():
            arrive(tx, dataset, by=by)


def _suggest(tx: Transaction, arrivals: Iterable[Arrival], by: str) -> None:
    """Adds the suggestions that do not stand yet, and what comes by them to whatever is made of those columns."""
    at, left = written_time(utc_now()), list(arrivals)
    while left:
        added: dict[int, list[Standing]] = {}
        for each in left:
            where = each.dataset_id, stored_path(each.path), each.tag_id
            what = TagState.SUGGESTED, TagOrigin.LINEAGE, each.confidence, each.evidence, by, at
            if tx.execute(_ADD, (*where, *what)) > 0:
                added.setdefault(each.dataset_id, []).append((each.path, each.tag_id))
        left = [arrival for dataset, moved in added.items() for arrival in _from(tx, dataset, moved)]


def _stored(flow: Flow) -> tuple[str, str, str, str, int]:
    relation = "" if flow.relation is None else stored_path(flow.relation)
    return stored_path(flow.column), relation, stored_path(flow.at), flow.kind, int(flow.is_whole)


def _from(tx: Transaction, base: int, moved: Collection[Standing] | None) -> Iterator[Arrival]:
    """The tags that come from a dataset, or those of it that moved, to what holds of it, and to its doubles."""
    row = tx.row(
        "SELECT source_id, relation, EXISTS (SELECT 1 FROM flow f WHERE f.source_id IN"
        f" ({_SAME} d.source_id)) AS has_flows FROM dataset d WHERE id = ? AND NOT is_gone",
        [base],
    )
    place = place_of(row["relation"]) if row and row["has_flows"] else None
    same = doubles(tx, base) if row else []
    if not row or (place is None and not same):
        return
    held = _Held(tx, base, moved)
    if place is not None:
        flows = f"{_FLOWS} WHERE f.source_id IN ({_SAME} ?) AND f.relation IN (?, ''){_ORDER}"
        for flow in tx.rows(flows, [row["source_id"], stored_path(place)]):
            yield from _along(tx, flow, held)
    for double in same:
        for flow in tx.rows(_FROM_A_DOUBLE, [double]):
            yield from _along(tx, flow, held)


def _to(tx: Transaction, dataset: int) -> Iterator[Arrival]:
    """The tags that come to a dataset from everything that it holds of, and from its doubles, each once and by the
    first of its flows.
    """
    seen: set[tuple[str, int]] = set()
    for each in (*_by_flows(tx, dataset), *_from_doubles(tx, dataset)):
        key = fold(stored_path(each.path)), each.tag_id
        if key not in seen:
            seen.add(key)
            yield each


def _by_flows(tx: Transaction, dataset: int) -> Iterator[Arrival]:
    flows = tx.rows(f"{_FLOWS} WHERE f.dataset_id = ?{_ORDER}", [dataset])
    bases = _bases(tx, dataset) if flows else {}
    held: dict[int, _Held] = {}
    for flow in flows:
        for place in (cast(Place, read_path(flow["relation"])),) if flow["relation"] else bases:
            for base in bases.get(place, ()):
                held[base] = held.get(base) or _Held(tx, base)
                yield from _along(tx, flow, held[base])


def _from_doubles(tx: Transaction, dataset: int) -> Iterator[Arrival]:
    for double in doubles(tx, dataset):
        for flow in tx.rows(_FROM_A_DOUBLE, [dataset]):
            yield from _along(tx, flow, _Held(tx, double))


def _bases(tx: Transaction, dataset: int) -> dict[Place, list[int]]:
    """Every dataset of the database that a dataset is of, by place."""
    found: dict[Place, list[int]] = {}
    for row in tx.rows(
        "SELECT b.id, b.relation FROM dataset d JOIN dataset b"
        f" ON b.source_id IN ({_SAME} d.source_id)"
        " JOIN database a ON a.id = b.database_id WHERE d.id = ? AND NOT b.is_gone ORDER BY a.name, b.name",
        [dataset],
    ):
        if (place := place_of(row["relation"])) is not None:
            found.setdefault(place, []).append(row["id"])
    return found


class _Held:
    """The tags of a dataset, or those that moved, by the top of the path that they stand at; the whole has none."""

    def __init__(self, tx: Transaction, base: int, moved: Collection[Standing] | None = None) -> None:
        [row] = tx.rows(_NAME, [base])
        self.name, self.relation = str(row["name"]), str(row["relation"])
        self._by_top: dict[Path, list[tuple[Path, int, str]]] = {}
        wanted = None if moved is None else {(_folded(at), tag) for at, tag in moved}
        for held in tx.rows(f"{_HELD} ORDER BY h.path, t.name", [base]):
            at = read_path(held["path"])
            if wanted is None or (_folded(at), held["tag_id"]) in wanted:
                self._by_top.setdefault(_folded(at[:1]), []).append((at, held["tag_id"], held["tag"]))

    def at(self, path: Path) -> Iterator[tuple[Path, int, str]]:
        """The tags at a path, above and below it, with where they stand; at the empty path all of them."""
        several = ((), path[:1]) if path else tuple(self._by_top)
        for at, number, tag in (each for top in several for each in self._by_top.get(top, ())):
            shared = min(len(at), len(path))
            if _folded(at[:shared]) == path[:shared]:
                yield at, number, tag


def _along(tx: Transaction, flow: sqlite3.Row, held: _Held) -> Iterator[Arrival]:
    """The tags that come along one flow from a dataset; a view that may read anything reads not itself, but may read
    what differs from it in case alone.
    """
    kind, at = FlowKind(flow["kind"]), read_path(flow["at"])
    if kind is FlowKind.MAY_BE and not read_path(flow["path"]) and flow["own"] == held.relation:
        return
    for tagged, number, tag in held.at(at):
        if kind is FlowKind.REFERS and len(tagged) != len(at):
            continue
        for column in _columns(tx, flow, _folded(tagged[len(at) :])):
            if not _has_it(tx, flow["dataset_id"], column, number, by_itself=bool(flow["is_double"])):
                yield Arrival(
                    dataset_id=flow["dataset_id"],
                    path=column,
                    tag=tag,
                    tag_id=number,
                    confidence=_CONFIDENCE[kind],
                    evidence=f"{_SAID[kind]} `{'.'.join((held.name, *(tagged or at)))}`",
                )


def _columns(tx: Transaction, flow: sqlite3.Row, below: Path) -> Iterator[Path]:
    """The columns to which a tag comes that stands below what a flow comes from: the field there, else the column."""
    fields = "SELECT path FROM field WHERE dataset_id = ? AND NOT is_gone"
    top = read_path(flow["path"])
    if not top and not (flow["is_whole"] and below):
        rows = tx.rows(f"{fields} ORDER BY position", [flow["dataset_id"]])
        yield from (path for path in (read_path(row["path"]) for row in rows) if len(path) == 1)
        return
    for wanted in ((*top, *below), top or below[:1]) if flow["is_whole"] else (top,):
        if row := tx.row(f"{fields} AND path = ?", [flow["dataset_id"], stored_path(wanted)]):
            yield read_path(row["path"])
            return


def _has_it(tx: Transaction, dataset: int, column: Path, tag: int, *, by_itself: bool) -> bool:
    """Whether a column has a tag already by a person's word, or from above; of a double also `by_itself`, as by a rule,
    since the two would else each be told to have it from the other.
    """
    said = "(state = 'confirmed' OR (? AND path <> '[]' AND origin <> 'lineage'))"
    return bool(
        tx.row(
            f"SELECT 1 FROM assignment WHERE dataset_id = ? AND path IN (?, '[]') AND tag_id = ? AND {said}"
            " UNION ALL SELECT 1 FROM dataset d JOIN database_tag b ON b.database_id = d.database_id"
            " WHERE d.id = ? AND b.tag_id = ?",
            [dataset, stored_path(column), tag, by_itself, dataset, tag],
        )
    )


def _folded(path: Path) -> Path:
    return tuple(map(fold, path))
