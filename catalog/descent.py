"""Tells what the columns of views and generated columns are made of, by the SQL that their source keeps, which tables
show each other's rows, and what the columns of foreign keys refer to, so that the tags of those come to them.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import count

from catalog.errors import SourceUnavailable, VeilError
from catalog.flow import Flow, FlowKind, TableFlows
from catalog.generated import Generated
from catalog.lineage import Origin, Shape, lineage
from catalog.model import Description, Key
from catalog.names import fold, join
from catalog.relations import Place, place_of
from catalog.shared import Shared
from catalog.sources.connector import (
    KnowsGenerated,
    KnowsItsDatabase,
    KnowsReferences,
    KnowsSharedRows,
    KnowsViews,
    SourceConnector,
    ViewSql,
)
from catalog.sources.view_sql import Unclear, query_of

_UNTOLD = "its SQL is not told to the account"
_UNREAD = "the SQL of a generated column is not understood"
_FRESH_SECONDS = 5.0
_MOST_FLOWS = 20_000
"""Of one view, and of all generated columns of a source: as many are kept within some seconds, and walked then."""
_MOST_STEPS = 300_000
"""Of following one view through those that it reads."""
_NO_KEYS: Mapping[str, Sequence[Key]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the columns of a relation hold of others. If that is not clear it is said why, and what it may read: None
    for anything.
    """

    flows: tuple[Flow, ...] = ()
    why_unclear: str = ""
    may_read: frozenset[Place] | None = frozenset()


@dataclass(slots=True, kw_only=True)
class Descent:
    """Follows the views of one source down to what they are made of, by their SQL as it is now or was moments ago.

    INVARIANT: of a view that cannot be followed each column holds of everything that could have flowed into it.
    """

    connector: SourceConnector
    _tracing: "_Tracing | None" = None
    _traced_at: float = 0.0

    def of(self, relation: str, columns: Iterable[str], described: Description | None = None) -> Told:
        """What the columns of a relation, by their names in order, hold of others; raises SourceUnavailable.

        Its source is asked for its keys where they are not `described`.
        """
        tracing, place = self._now(), place_of(relation)
        if tracing is None or place is None:
            return Told()
        if described is None:
            assert isinstance(self.connector, KnowsViews)
            described = self.connector.description(relation)
        keys = tuple(_referring(described.keys))
        if place not in tracing.views:
            worked_out = tuple(_worked_out(tracing.generated, place))
            is_clear = all(flow.kind is FlowKind.MADE for flow in worked_out)
            why = "" if is_clear else _UNREAD
            shown = tuple(_shown(tracing.shared.others(place)))
            read = None if tracing.generated.is_open(place) else frozenset({place})
            return Told(flows=(*keys, *worked_out, *shown), why_unclear=why, may_read=read)
        names = tuple(columns)
        try:
            made = tracing.made(place)
            if len(made) != len(names):
                raise Unclear("its columns are not those of its SQL")
        except Unclear as unclear:
            bases = tracing.bases(place)
            anything = [None] if bases is None else sorted(bases)  # its own place may be another's of the same letters
            flows = (Flow(column=(), relation=base, at=(), kind=FlowKind.MAY_BE) for base in anything)
            return Told(flows=(*keys, *flows), why_unclear=str(unclear), may_read=bases)
        return Told(flows=(*keys, *_made(names, made)))

    def columns(self, relation: str) -> tuple[str, ...] | None:
        """The columns that a view has now, none of what is no view; None when it cannot be read, and stays as known."""
        tracing, place = self._now(), place_of(relation)
        if tracing is None or place is None or place not in tracing.views:
            return ()
        try:
            return tuple(tracing.shape_of(place))
        except VeilError:
            return None

    def tables(self) -> TableFlows:
        """What the columns of all tables hold of others, whether these are registered or not; of views it is told by
        each down to the tables.
        """
        tracing = self._now()
        return frozenset() if tracing is None else tracing.tables()

    def database(self) -> str:
        """What tells the database that the source reaches from all others; empty where that cannot be told."""
        return self.connector.identity() if isinstance(self.connector, KnowsItsDatabase) else ""

    def depths(self) -> Mapping[Place, float]:
        """How many views each view reads, through views of views, so that one is deeper than those that it reads."""
        tracing = self._now()
        if tracing is None:
            return {}
        read = {view: tracing.bases(view) for view in tracing.views}
        return {view: float("inf") if bases is None else len(bases & read.keys()) for view, bases in read.items()}

    def afresh(self) -> None:
        """Whatever is asked next is answered by the SQL as it is then."""
        self._tracing = None

    def _now(self) -> "_Tracing | None":
        if not isinstance(self.connector, KnowsViews):
            return None
        if self._tracing is None or time.monotonic() - self._traced_at > _FRESH_SECONDS:
            try:
                views = self.connector.views()
                made = self.connector.generated() if isinstance(self.connector, KnowsGenerated) else ()
                keys = self.connector.references() if isinstance(self.connector, KnowsReferences) else _NO_KEYS
                shared = self.connector.shared_rows() if isinstance(self.connector, KnowsSharedRows) else ()
            except VeilError as error:
                raise SourceUnavailable(
                    f"what its views are made of cannot be read: {error.detail}",
                    hint="nothing is registered without that; what is known stays as it was; crawl again",
                ) from error
            self._tracing = _Tracing(
                views={place: sql for name, sql in views.items() if (place := place_of(name))},
                generated=Generated.of(made, most=_MOST_FLOWS),
                shared=Shared.of(shared),
                keys=[(place, each) for name, each in keys.items() if (place := place_of(name))],
                shape_of=cache(self._shape),
                reads=cache(partial(self._reads, _named(views))),
            )
            self._traced_at = time.monotonic()
        return self._tracing

    def _shape(self, relation: Place) -> Shape:
        return {each.name: each.type for each in self.connector.describe(join(*relation))}

    def _reads(self, named: Mapping[Place, str], view: Place) -> frozenset[Place] | None:
        assert isinstance(self.connector, KnowsViews)
        if view not in named:
            return None
        try:
            read = self.connector.description(named[view]).reads
        except VeilError:
            return None
        return None if read is None else frozenset(place for each in read if (place := place_of(each)))


def _named(views: Iterable[str]) -> dict[Place, str]:
    """What views are called, by place; those that differ in case alone cannot be told apart, and are left out."""
    found: dict[Place, list[str]] = {}
    for name in views:
        if (place := place_of(name)) is not None:
            found.setdefault(place, []).append(name)
    return {place: names[0] for place, names in found.items() if len(names) == 1}


def _made(names: Iterable[str], made: Iterable[Iterable[Origin]]) -> Iterator[Flow]:
    for name, origins in zip(names, made, strict=True):
        for origin in sorted(origins):
            yield Flow(
                column=(name,),
                relation=origin.relation,
                at=origin.path,
                kind=FlowKind.MADE,
                is_whole=origin.is_whole,
            )


def _worked_out(generated: Generated, table: Place) -> Iterator[Flow]:
    for name in generated.names(table):
        made = generated.made((table, fold(name)))
        if generated.may_hold_anything((table, fold(name))):
            yield Flow(column=(name,), relation=None, at=(), kind=FlowKind.MAY_BE)
        if made is None:
            yield Flow(column=(name,), relation=table, at=(), kind=FlowKind.MAY_BE)
        for relation, column in sorted(made or ()):
            yield Flow(column=(name,), relation=relation, at=(column,), kind=FlowKind.MADE)


def _shown(others: frozenset[Place] | None) -> Iterator[Flow]:
    """Of a table that shows rows of others each column is what the one of its name is there."""
    if others is None:
        yield Flow(column=(), relation=None, at=(), kind=FlowKind.MAY_BE)
    for other in sorted(others or ()):
        yield Flow(column=(), relation=other, at=(), kind=FlowKind.MADE, is_whole=True)


def _referring(keys: Iterable[Key]) -> Iterator[Flow]:
    """The columns of foreign keys: what such a column holds stands in what it refers to as well."""
    for key in keys:
        place = place_of(key.refers_to)
        for name, at in zip(key.columns, key.at, strict=False):
            if place is not None:
                yield Flow(column=(name,), relation=place, at=(fold(at),), kind=FlowKind.REFERS)


class _TooMany(Unclear):
    """A view's columns are made of more others than can be kept."""

    def __init__(self) -> None:
        super().__init__("its columns are made of too many others")


@dataclass(slots=True, kw_only=True)
class _Tracing:
    """What views are made of, through views of views down to tables; each is worked out once."""

    views: Mapping[Place, ViewSql]
    generated: Generated
    shared: Shared
    keys: Sequence[tuple[Place, Sequence[Key]]]
    shape_of: Callable[[Place], Shape]
    reads: Callable[[Place], frozenset[Place] | None]
    """What a view reads by its own SQL, as its source says it; None where that cannot be told."""
    _tables: TableFlows | None = None
    _made: dict[Place, tuple[frozenset[Origin], ...]] = field(default_factory=dict)
    _tangled: set[Place] = field(default_factory=set)
    """The views of which it is known that they come from too many columns."""

    def tables(self) -> TableFlows:
        """The flows of all tables."""
        if self._tables is None:
            generated, shared = self.generated, self.shared
            found = {(place, flow) for place, keys in self.keys for flow in _referring(keys)}
            found |= {(place, flow) for place in generated.tables() for flow in _worked_out(generated, place)}
            found |= {(place, flow) for place in shared.tables() for flow in _shown(shared.others(place))}
            self._tables = frozenset(found)
        return self._tables

    def made(self, view: Place, within: tuple[Place, ...] = ()) -> tuple[frozenset[Origin], ...]:
        """The origins of each column of a view, those of the views that it reads among them; raises Unclear."""
        if view in within:
            raise Unclear("it reads from itself")
        if view in self._tangled:
            raise _TooMany
        if view not in self._made:
            try:
                shapes = {relation: self.shape_of(relation) for relation in self._read(view)}
            except VeilError as error:
                raise Unclear("it reads from something that is not there") from error
            direct = lineage(self.views[view], shapes)
            try:
                self._made[view] = self._followed(direct, shapes, (*within, view))
            except _TooMany:
                self._tangled.add(view)
                raise
        return self._made[view]

    def _followed(
        self, direct: Iterable[frozenset[Origin]], shapes: Mapping[Place, Shape], within: tuple[Place, ...]
    ) -> tuple[frozenset[Origin], ...]:
        """The origins of columns, and those of views that they come from; raises Unclear where they are too many."""
        found: list[frozenset[Origin]] = []
        steps, flows = count(1), 0
        for column in direct:
            origins: set[Origin] = set()
            for deep in (each for origin in column for each in self._deeper(origin, shapes, within)):
                origins.add(deep)
                if next(steps) > _MOST_STEPS:
                    raise _TooMany
            found.append(frozenset(origins))
            flows += len(origins)
            if flows > _MOST_FLOWS:
                raise _TooMany
        return tuple(found)

    def _read(self, view: Place) -> frozenset[Place]:
        read = self.reads(view)
        if read is None:
            if self.views[view].text:
                query_of(self.views[view])
            raise Unclear("its SQL does not tell for certain what it reads" if self.views[view].text else _UNTOLD)
        return read

    def _deeper(self, origin: Origin, shapes: Mapping[Place, Shape], within: tuple[Place, ...]) -> Iterator[Origin]:
        yield origin
        if self.generated.may_hold_anything((origin.relation, origin.path[0])):
            raise Unclear("it reads a generated column that calls what may read anything")
        made = self.generated.made((origin.relation, origin.path[0]))
        for relation, column in self._columns(origin.relation, shapes) if made is None else made:
            yield Origin(relation, (column,))
        others = self.shared.others(origin.relation)
        if others is None:
            raise Unclear("it reads from a table that is made of others")
        yield from (Origin(other, origin.path, origin.is_whole) for other in others)
        if origin.relation in self.views:
            names = [fold(name) for name in shapes[origin.relation]]
            inner = self.made(origin.relation, within)
            if len(inner) != len(names):
                raise Unclear("it reads from a view that is not clear")
            for deep in inner[names.index(origin.path[0])]:
                path = (*deep.path, *origin.path[1:]) if deep.is_whole else deep.path
                yield Origin(deep.relation, path, deep.is_whole and origin.is_whole)

    def _columns(self, relation: Place, shapes: Mapping[Place, Shape]) -> Iterator[tuple[Place, str]]:
        return ((relation, fold(name)) for name in shapes[relation])

    def bases(self, view: Place) -> frozenset[Place] | None:
        """Everything that a view may read, through views of views; None when even that cannot be told."""
        found: set[Place] = set()
        left = [view]
        while left:
            relation = left.pop()
            if relation in found or relation not in self.views:
                others = self.shared.others(relation)
                if others is None or self.generated.is_open(relation):
                    return None
                found |= {relation, *others}
                continue
            found.add(relation)
            read = self.reads(relation)
            if read is None:
                return None
            left.extend(read)
        return frozenset(found)
