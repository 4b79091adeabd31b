"""What the columns of views and of foreign keys, and generated columns, hold of others, and the tags that come by it.

INVARIANT: a tag comes to such a column within the transaction in which it comes to what the column is made of, or in
which it is told what the column is made of; there is no moment between the two.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from catalog.arrivals import Arrivals
from catalog.clock import utc_now, written_time
from catalog.closure import FLOWS, OF, ORDER, InBetween, Onward, TooFar
from catalog.database import Catalog, Transaction
from catalog.dataset_reader import stored_path
from catalog.doubles import OF_ONE_DATABASE, WITH_DOUBLES, doubles
from catalog.flow import Arrival, Flow, Standing, TableFlows
from catalog.held import Carried, Held, Way, held_of
from catalog.lookup import dataset_id
from catalog.model import TagOrigin, TagState
from catalog.names import fold
from catalog.tables import DRAWN

_FROM_A_DOUBLE = (
    "SELECT id AS dataset_id, '[]' AS path, relation, '[]' AS at, 'made' AS kind, 1 AS is_whole, relation AS own,"
    " 1 AS is_double FROM dataset WHERE id = ?"
)
"""How a dataset holds of another that is the very same relation: each column of the one of its name."""
_SAME = (
    "SELECT DISTINCT o.id FROM source s JOIN source o ON o.id = s.id OR (s.reaches <> '' AND o.reaches = s.reaches)"
    " WHERE s.id = ?"
)
"""The sources that reach the database of one."""
_BASES = (
    "SELECT b.id, b.place, b.relation FROM dataset b JOIN database a ON a.id = b.database_id"
    " WHERE NOT b.is_gone AND b.place <> '' AND {0} ORDER BY a.name, b.name"
)
_ANY_BASE = _BASES.format("b.source_id IN (SELECT value FROM json_each(?))")
_SOME_BASES = _BASES.format(  # the sign keeps SQLite from looking through all of the sources
    "+b.source_id IN (SELECT value FROM json_each(?)) AND b.place IN (SELECT value FROM json_each(?))"
)
_TABLE_FLOW = "source_id, holder, path, relation, at, kind, is_whole"
_TABLE_FLOWS = "SELECT holder, path, relation, at, kind, is_whole FROM table_flow WHERE source_id = ?"
_ADD = (
    "INSERT INTO assignment (id, dataset_id, path, tag_id, state, origin, rule, confidence, evidence, by, at)"
    f" VALUES ({DRAWN}, ?, ?, ?, ?, ?, '', ?, ?, ?, ?) ON CONFLICT (dataset_id, path, tag_id) DO NOTHING"
)


@dataclass(slots=True)
class _Walk:
    """What is known of the flows and of what they are between in one transaction, each read once."""

    tx: Transaction
    arrivals: Arrivals
    onward: Onward
    between: dict[str, InBetween] = field(default_factory=dict)
    """What comes to the tables in between, by the sources that reach their database."""

    @classmethod
    def within(cls, tx: Transaction, *, is_lacking: bool = True) -> "_Walk":
        """One that begins; it tells what is lacking, or all that comes to a dataset."""
        return cls(tx, Arrivals(tx, is_lacking), Onward(tx))


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
                rows = tx.rows(
                    "SELECT DISTINCT f.dataset_id AS id FROM flow f JOIN source s ON s.id = f.source_id"
                    f" WHERE s.reaches = ? AND ? <> '' UNION {OF_ONE_DATABASE}",
                    [database, database, database],
                )
                arrive(tx, *(row["id"] for row in rows), by=by)

    def reached(self) -> dict[str, str]:
        """By what the database that each source reaches is told from all others, as far as crawls have noted it."""
        with self._catalog.snapshot() as tx:
            return {row["name"]: row["reaches"] for row in tx.rows("SELECT name, reaches FROM source")}

    def put_tables(self, source: str, held: TableFlows, *, by: str = "") -> None:
        """Keeps what every table of a source's database holds of others, whether it is a dataset or not, in place of
        what was known before, and suggests the tags that come by it from dataset to dataset.
        """
        wanted = {(stored_path(place), *_stored(flow)) for place, flow in held}
        with self._catalog.change() as tx:
            row = tx.row("SELECT id FROM source WHERE name = ?", [source])
            known = {tuple(each) for each in tx.rows(_TABLE_FLOWS, [row["id"]])} if row else wanted
            if row is None or known == wanted:
                return
            changed = [(row["id"], *each) for each in sorted(known - wanted)]
            tx.execute_many(f"DELETE FROM table_flow WHERE ({_TABLE_FLOW}) = (?, ?, ?, ?, ?, ?, ?)", changed)
            added = [(row["id"], *each) for each in sorted(wanted - known)]
            tx.execute_many(f"INSERT INTO table_flow ({_TABLE_FLOW}) VALUES (?, ?, ?, ?, ?, ?, ?)", added)
            holding = f"SELECT DISTINCT f.dataset_id AS id FROM flow f WHERE {OF}"
            arrive(tx, *(each["id"] for each in tx.rows(holding, [_sources(tx, row["id"])])), by=by)

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
            return tuple(_to(_Walk.within(tx, is_lacking=False), dataset_id(tx, dataset)))


def descend(tx: Transaction, base: int, *, by: str = "") -> None:
    """Suggests the tags of a dataset wherever something holds of it, and so on from there.

    Call it in the transaction in which the dataset gets them.
    """
    walk = _Walk.within(tx)
    _suggest(walk, _from(walk, base, None), by)


def arrive(tx: Transaction, *datasets: int, by: str = "") -> None:
    """Suggests the tags that come to datasets wherever they do not stand, as when what said so before is taken away.

    Call it in the transaction in which that is.
    """
    walk = _Walk.within(tx)  # what comes to a dataset meanwhile is passed on from there, and needs no second look
    for dataset in datasets:
        _suggest(walk, _to(walk, dataset), by)


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
        walk = _Walk.within(tx)
        for (dataset, by), given in self._given.items():
            _suggest(walk, _from(walk, dataset, given), by)
        for by in dict.fromkeys(self._taken.values()):
            arrive(tx, *(dataset for dataset, who in self._taken.items() if who == by), by=by)


def _suggest(walk: _Walk, arrivals: Iterable[Arrival], by: str) -> None:
    """Adds the suggestions that do not stand yet, and what comes by them to whatever is made of those columns."""
    added = _added(walk, arrivals, by)
    while added:
        left = tuple(added.items())
        added = _added(walk, (each for dataset, moved in left for each in _from(walk, dataset, moved)), by)


def _added(walk: _Walk, arrivals: Iterable[Arrival], by: str) -> dict[int, list[Standing]]:
    """Adds each suggestion before the next arrives, so that what comes by many ways is asked about once."""
    at, added = written_time(utc_now()), dict[int, list[Standing]]()
    for each in arrivals:
        where = each.dataset_id, stored_path(each.path), each.tag_id
        what = TagState.SUGGESTED, TagOrigin.LINEAGE, each.confidence, each.evidence, by, at
        if walk.tx.execute(_ADD, (*where, *what)) > 0:
            walk.arrivals.note(each)
            added.setdefault(each.dataset_id, []).append((each.path, each.tag_id))
    return added


def _stored(flow: Flow) -> tuple[str, str, str, str, int]:
    relation = "" if flow.relation is None else stored_path(flow.relation)
    return stored_path(flow.column), relation, stored_path(flow.at), flow.kind, int(flow.is_whole)


def _sources(tx: Transaction, source: int) -> str:
    """The sources that reach the database of one, as JSON."""
    return json.dumps([row["id"] for row in tx.rows(_SAME, [source])])


def _from(walk: _Walk, base: int, moved: Collection[Standing] | None) -> Iterator[Arrival]:
    """The tags that come from a dataset, or those of it that moved, to what holds of it, if need be through tables in
    between, and to its doubles.
    """
    tx = walk.tx
    row = tx.row("SELECT source_id, place, relation FROM dataset WHERE id = ? AND NOT is_gone", [base])
    if row is None:
        return
    of = _sources(tx, row["source_id"])
    place = row["place"] if tx.row(f"SELECT 1 FROM flow f WHERE {OF}", [of]) else ""
    same = doubles(tx, base)
    if not place and not same:
        return
    held = held_of(tx, f"[{base}]", moved=moved)
    if place:
        for flow in tx.rows(f"{FLOWS} WHERE {OF} AND f.relation IN (?, ''){ORDER}", [of, place]):
            yield from walk.arrivals.along(flow, held.passing(Way.of(flow)), row["relation"])
        for flow, carried in _through(walk.onward, of, place, held):
            yield from walk.arrivals.along(flow, (carried,), is_between=True)
    for double in same:
        for flow in tx.rows(_FROM_A_DOUBLE, [double]):
            yield from walk.arrivals.along(flow, held.passing(Way.of(flow)))


def _through(onward: Onward, of: str, place: str, held: Held) -> Iterator[tuple[sqlite3.Row, Carried]]:
    """The flows by which tags end in datasets through tables in between; all such flows where that leads too far."""
    try:
        yield from onward.along(of, place, held)
    except TooFar:
        yield from onward.anywhere(of, held)


def _to(walk: _Walk, dataset: int) -> Iterator[Arrival]:
    """The tags that come to a dataset from everything that it holds of, and from its doubles, each once and by the
    first of its flows.
    """
    seen: set[tuple[str, int]] = set()
    for each in (*_by_flows(walk, dataset), *_from_doubles(walk, dataset)):
        key = fold(stored_path(each.path)), each.tag_id
        if key not in seen:
            seen.add(key)
            yield each


def _by_flows(walk: _Walk, dataset: int) -> Iterator[Arrival]:
    tx = walk.tx
    flows = tx.rows(f"{FLOWS} WHERE f.dataset_id = ?{ORDER}", [dataset])
    if not flows:
        return
    [row] = tx.rows(
        "SELECT d.source_id, b.name || '.' || d.name AS name FROM dataset d JOIN database b ON b.id = d.database_id"
        " WHERE d.id = ?",
        [dataset],
    )
    of = _sources(tx, row["source_id"])
    bases, tables = _bases(tx, of, flows), walk.between.setdefault(of, InBetween(tx, of))
    held: dict[int, Held] = {}
    lost: set[str] = set()  # columns that get whatever stands in the database, and need that once
    for flow in flows:
        for place in (flow["relation"],) if flow["relation"] else bases:
            for base in bases.get(place, ()):
                held[base["id"]] = held.get(base["id"]) or held_of(tx, f"[{base['id']}]")
                yield from walk.arrivals.along(flow, held[base["id"]].passing(Way.of(flow)), base["relation"])
            if place not in bases:
                passing = _passing(tables, place, flow, lost)
                yield from walk.arrivals.along(flow, passing, is_between=True, own=row["name"])


def _passing(tables: InBetween, place: str, flow: sqlite3.Row, lost: set[str]) -> Iterable[Carried]:
    """What comes along a flow from a table in between; where that leads too far, whatever stands in the database."""
    try:
        return tables.held(place).passing(Way.of(flow))
    except TooFar:
        is_told = flow["path"] in lost
        lost.add(flow["path"])
        return () if is_told else tables.anything()


def _from_doubles(walk: _Walk, dataset: int) -> Iterator[Arrival]:
    for double in doubles(walk.tx, dataset):
        for flow in walk.tx.rows(_FROM_A_DOUBLE, [dataset]):
            held = held_of(walk.tx, f"[{double}]")
            yield from walk.arrivals.along(flow, held.passing(Way.of(flow)))


def _bases(tx: Transaction, of: str, flows: Sequence[sqlite3.Row]) -> dict[str, list[sqlite3.Row]]:
    """The datasets of a database that flows may come from, by place."""
    wanted = {str(flow["relation"]) for flow in flows}
    found: dict[str, list[sqlite3.Row]] = {}
    is_any = "" in wanted
    for row in tx.rows(_ANY_BASE, [of]) if is_any else tx.rows(_SOME_BASES, [of, json.dumps(sorted(wanted))]):
        found.setdefault(row["place"], []).append(row)
    return found
