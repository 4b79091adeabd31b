"""Tags on their way from dataset to dataset through tables in between that are in no database of Veil.

What such a table holds of others is kept as that of a dataset is, but no tag is: it is worked out each time which come
to it. So a table with any number of partitions has a flow to and from each of them, and no partition one to another.

INVARIANT: whoever makes tables refer to each other in every way keeps nobody waiting by it. A walk ends after
`MOST_STEPS`; what it was to tell may then be any tag that stands in the database.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from sqlite3 import Row

from catalog.database import Transaction
from catalog.flow import Path
from catalog.held import Carried, Held, Way, Ways, held_of

_OF = "source_id IN (SELECT value FROM json_each(?))"
_IS_DATASET = f"EXISTS (SELECT 1 FROM dataset d WHERE d.place = {{0}} AND d.{_OF} AND NOT d.is_gone)"
FLOWS = (
    "SELECT f.dataset_id, f.path, f.relation, f.at, f.kind, f.is_whole, v.relation AS own, 0 AS is_double FROM flow f"
    " JOIN dataset v ON v.id = f.dataset_id"
)
OF = f"f.{_OF}"
ORDER = " ORDER BY f.dataset_id, f.kind DESC, f.relation, f.at, f.path"
_INTO = (
    "SELECT e.path, CASE WHEN d.id IS NULL THEN e.relation END AS relation, e.at, e.kind, e.is_whole,"
    " json_group_array(d.id) AS bases FROM table_flow e LEFT JOIN dataset d ON d.place = e.relation AND d.place <> ''"
    f" AND d.{_OF} AND NOT d.is_gone WHERE e.holder = ? AND e.{_OF} GROUP BY 1, 2, 3, 4, 5"
    " ORDER BY e.kind DESC, e.at, e.path, 2"
)
"""What a table holds of others: of datasets, where it holds of some alike, at once; of others one by one."""
_OUT_OF = (
    f"SELECT DISTINCT e.holder, e.path, e.at, e.kind, e.is_whole FROM table_flow e WHERE e.{_OF}"
    f" AND e.relation IN (?, ?) AND NOT {_IS_DATASET.format('e.holder')} ORDER BY e.holder, e.kind DESC, e.at, e.path"
)
_END_IN = f"{FLOWS} WHERE {OF} AND f.relation = ?{ORDER}"
_END_ANYWHERE = (
    f"{FLOWS} WHERE {OF} AND f.relation <> '' AND NOT {_IS_DATASET.format('f.relation')} GROUP BY f.dataset_id, f.path"
)
"""Which columns of datasets hold of tables in between."""
_DATASETS = f"SELECT json_group_array(id) AS bases FROM dataset WHERE {_OF} AND NOT is_gone"

MOST_STEPS = 100_000
"""How many flows one walk tries: about a second; a table with 2,000 partitions and 20 tags takes 80,000."""


class TooFar(Exception):
    """A walk has taken all of its steps, and knows not where tags come to."""


@dataclass(slots=True)
class _Steps:
    left: int = field(default_factory=lambda: MOST_STEPS)

    def take(self) -> None:
        if self.left <= 0:
            raise TooFar
        self.left -= 1


@dataclass(slots=True)
class Onward:
    """The ways of tags from relations to tables in between, and on from these, in one transaction."""

    tx: Transaction
    _steps: _Steps = field(default_factory=_Steps)
    _walked: set[tuple[str, str, Path, int]] = field(default_factory=set)
    _ways: dict[tuple[str, str, bool], Ways] = field(default_factory=dict)
    _ends: dict[str, Sequence[Row]] = field(default_factory=dict)
    _everywhere: set[tuple[str, int]] = field(default_factory=set)

    def along(self, of: str, place: str, held: Held) -> Iterator[tuple[Row, Carried]]:
        """The flows by which tags end in datasets that come from another, with those `held` there; raises TooFar.

        `of` are the sources that reach their database, as JSON.
        """
        left = deque((place, carried, True) for carried in held.at(()))
        while left:
            at, each, is_start = left.popleft()
            for way in self._out_of(of, at, is_start=is_start).met_by(each):
                self._steps.take()
                if not way.takes(each):
                    continue
                if way.holder is None:
                    yield way.flow, each
                    continue
                key = of, way.holder, way.end(each), each.tag_id
                if key not in self._walked:
                    self._walked.add(key)
                    left.append((way.holder, way.on(each), False))

    def anywhere(self, of: str, held: Held) -> Iterator[tuple[Row, Carried]]:
        """Of tags that were not followed: every flow by which a tag may end in a dataset, each tag once."""
        if of not in self._ends:
            self._ends[of] = self.tx.rows(_END_ANYWHERE, [of, of])
        for each in held.at(()):
            if (of, each.tag_id) not in self._everywhere:
                self._everywhere.add((of, each.tag_id))
                yield from ((flow, each.lost()) for flow in self._ends[of])

    def _out_of(self, of: str, place: str, *, is_start: bool) -> Ways:
        """What holds of a dataset or, from a table in between, of that: datasets, too."""
        key = of, place, is_start
        if key not in self._ways:
            ways = self._ways[key] = Ways()
            for flow in self.tx.rows(_OUT_OF, [of, place, "" if is_start else place, of]):
                ways.add(Way.of(flow, flow["holder"]))
            for flow in () if is_start else self.tx.rows(_END_IN, [of, place]):
                ways.add(Way.of(flow))
        return self._ways[key]


@dataclass(slots=True)
class InBetween:
    """The tags that come to tables in between of one database, which some sources reach; each worked out once.

    A tag comes from so many places that to whichever column asks it comes from another one, if it stands in any; two
    are enough, unless one lies within the other.
    """

    tx: Transaction
    of: str
    _steps: _Steps = field(default_factory=_Steps)
    _known: dict[str, Held] = field(default_factory=dict)
    _held: dict[str, Held] = field(default_factory=dict)
    _any: Sequence[Carried] | None = None

    def held(self, place: str) -> Held:
        """Those that come to a table, by its place as stored, from all datasets through however many; raises TooFar."""
        if place not in self._known:
            self._work_out(place)
        return self._known[place]

    def anything(self) -> Sequence[Carried]:
        """All that stand in datasets of the database: those that come to a table of which that is not worked out."""
        if self._any is None:
            alone: _Alone = {}
            every = (each.lost() for each in self._from_all().at(()))
            self._any = [each for each in every if _adds(alone, "", each)]
        return self._any

    def _work_out(self, start: str) -> None:
        inner: dict[str, Ways] = {}
        came = deque[tuple[str, Carried]]()
        seen, left = {start: Held()}, [start]
        while left:
            place = left.pop()
            for flow in self.tx.rows(_INTO, [self.of, place, self.of]):
                self._steps.take()
                relation, way = flow["relation"], Way.of(flow, place)
                if not relation or relation in self._known:
                    came += self._passed(self._known[relation] if relation else self._from(flow), way)
                    continue
                inner.setdefault(relation, Ways()).add(way)
                if relation not in seen:
                    seen[relation] = Held()
                    left.append(relation)
        self._pass_on(came, inner, seen)
        self._known.update(seen)

    def _pass_on(self, came: deque[tuple[str, Carried]], inner: dict[str, Ways], seen: dict[str, Held]) -> None:
        """Keeps each tag where it came to, and passes it on, while there is a column that asks to which it would come
        from itself alone; the first that come are those said.
        """
        alone: _Alone = {}
        while came:
            place, carried = came.popleft()
            if not _adds(alone, place, carried):
                continue
            seen[place].add(carried)
            for way in inner[place].met_by(carried) if place in inner else ():
                self._steps.take()
                if way.takes(carried) and way.holder is not None:
                    came.append((way.holder, way.on(carried)))

    def _passed(self, held: Held, way: Way) -> Iterator[tuple[str, Carried]]:
        for each in held.passing(way):
            self._steps.take()
            if way.holder is not None:
                yield way.holder, way.on(each)

    def _from(self, flow: Row) -> Held:
        """What stands in the datasets that a flow is from: in all where it is from anything."""
        return self._standing(flow["bases"]) if flow["relation"] is None else self._from_all()

    def _from_all(self) -> Held:
        return self._standing(self.tx.rows(_DATASETS, [self.of])[0]["bases"])

    def _standing(self, bases: str) -> Held:
        if bases not in self._held:
            self._held[bases] = held_of(self.tx, bases)
        return self._held[bases]


_Alone = dict[tuple[str, Path, int], Path | None]
"""The columns to which a tag would come from themselves alone: all of them, those within a place, or none."""


def _adds(alone: _Alone, place: str, carried: Carried) -> bool:
    """Whether a tag comes to a place from somewhere that counts; notes that it did."""
    key, origin = (place, carried.path, carried.tag_id), carried.origin
    asking = alone.get(key, ())
    if asking is None or asking[: len(origin)] == origin:
        return False
    alone[key] = origin if origin[: len(asking)] == asking else None
    return True
