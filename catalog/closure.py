"""Tags on their way from dataset to dataset through tables in between that are in no database of Veil.

What such a table holds of others is kept as that of a dataset is, but no tag is: it is worked out each time which come
to it. So a table with any number of partitions has a flow to and from each of them, and no partition one to another.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from sqlite3 import Row

from catalog.database import Transaction
from catalog.flow import Path
from catalog.held import Carried, Held, held_of

_OF = "source_id IN (SELECT value FROM json_each(?))"
_INTO = (
    "SELECT e.path, CASE WHEN d.id IS NULL THEN e.relation END AS relation, e.at, e.kind, e.is_whole,"
    " json_group_array(d.id) AS bases FROM table_flow e LEFT JOIN dataset d ON d.place = e.relation AND d.place <> ''"
    f" AND d.{_OF} AND NOT d.is_gone WHERE e.holder = ? AND e.{_OF} GROUP BY 1, 2, 3, 4, 5"
    " ORDER BY e.kind DESC, e.at, e.path, 2"
)
"""What a table holds of others: of datasets, where it holds of some alike, at once; of others one by one."""
_OUT_OF = (
    f"SELECT DISTINCT e.holder, e.path, e.at, e.kind, e.is_whole FROM table_flow e WHERE e.{_OF}"
    " AND e.relation IN (?, '') AND NOT EXISTS (SELECT 1 FROM dataset d WHERE d.place = e.holder"
    f" AND d.{_OF} AND NOT d.is_gone) ORDER BY e.holder, e.kind DESC, e.at, e.path"
)
_DATASETS = f"SELECT json_group_array(id) AS bases FROM dataset WHERE {_OF} AND NOT is_gone"

Walked = set[tuple[str, str, Path, int]]
"""Where in between a tag has come along already: the sources and the table, as stored, the path and the tag."""


def onward(tx: Transaction, of: str, place: str, held: Held, walked: Walked) -> Iterator[tuple[str, Carried]]:
    """The tags that come from a relation, with those `held` there, to tables in between, and on to others of these.

    `of` are the sources that reach their database, as JSON.
    """
    left = [(place, held)]
    while left:
        at, standing = left.pop()
        for flow in tx.rows(_OUT_OF, [of, at, of]):
            came = Held()
            for each in standing.passed(flow):
                key = of, flow["holder"], each.path, each.tag_id
                if key not in walked:
                    walked.add(key)
                    came.add(each)
                    yield flow["holder"], each
            if not came.is_empty:
                left.append((flow["holder"], came))


@dataclass(slots=True)
class InBetween:
    """The tags that come to tables in between of one database, which some sources reach; each worked out once.

    A tag comes from so many places that to whichever column asks it comes from another one, if it stands in any; two
    are enough, unless one lies within the other.
    """

    tx: Transaction
    of: str
    _known: dict[str, Held] = field(default_factory=dict)

    def held(self, place: str) -> Held:
        """Those that come to the table at a place, as stored, from all datasets, by however many tables."""
        if place not in self._known:
            self._work_out(place)
        return self._known[place]

    def _work_out(self, start: str) -> None:
        inner: dict[str, list[tuple[str, Row]]] = {}
        came = deque[tuple[str, Carried]]()
        seen, left = {start}, [start]
        while left:
            place = left.pop()
            for flow in self.tx.rows(_INTO, [self.of, place, self.of]):
                if flow["relation"]:
                    inner.setdefault(flow["relation"], []).append((place, flow))
                    left += [] if flow["relation"] in seen else [flow["relation"]]
                    seen.add(flow["relation"])
                else:
                    came += [(place, each) for each in self._from(flow).passed(flow)]
        self._known.update((place, Held()) for place in seen)
        self._pass_on(came, inner)

    def _pass_on(self, came: deque[tuple[str, Carried]], inner: Mapping[str, Iterable[tuple[str, Row]]]) -> None:
        """Keeps each tag where it came to, and passes it on, while there is a column that asks to which it would come
        from itself alone; the first that come are those said.
        """
        alone: dict[tuple[str, Path, int], Path | None] = {}  # such columns: all of them, those within a place, or none
        while came:
            place, carried = came.popleft()
            key, origin = (place, carried.path, carried.tag_id), carried.origin
            asking = alone.get(key, ())
            if asking is None or asking[: len(origin)] == origin:
                continue
            alone[key] = origin if origin[: len(asking)] == asking else None
            self._known[place].add(carried)
            for holder, flow in inner.get(place, ()):
                came += [(holder, each) for each in Held.of(carried).passed(flow)]

    def _from(self, flow: Row) -> Held:
        """What stands in the datasets that a flow is from: in all where it is from anything."""
        bases = flow["bases"] if flow["relation"] is None else self.tx.rows(_DATASETS, [self.of])[0]["bases"]
        return held_of(self.tx, bases)
