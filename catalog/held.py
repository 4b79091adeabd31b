"""The tags that stand at a relation, by where they stand, and which of them pass along a flow."""

import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from catalog.database import Transaction
from catalog.dataset_reader import read_path
from catalog.flow import FlowKind, Path, Standing
from catalog.names import fold

_AMONG = "IN (SELECT value FROM json_each(:bases))"
_HELD = (
    "SELECT h.path, h.tag_id, t.name AS tag, min(b.name || '.' || d.name) AS dataset,"
    " max(b.name || '.' || d.name) AS another FROM (SELECT dataset_id, path, tag_id FROM assignment"
    f" WHERE state <> 'rejected' AND dataset_id {_AMONG} UNION ALL SELECT d.id, '[]', b.tag_id FROM dataset d"
    f" JOIN database_tag b ON b.database_id = d.database_id WHERE d.id {_AMONG}) AS h JOIN tag t ON t.id = h.tag_id"
    " JOIN dataset d ON d.id = h.dataset_id JOIN database b ON b.id = d.database_id"
    " GROUP BY h.path COLLATE NOCASE, h.tag_id ORDER BY h.path, t.name"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A tag at a path of a relation; it stands by itself in a dataset, and got here by flows that are so sure.

    It `is_each` where it came to each column of a relation of which the columns are not known.
    """

    path: Path
    tag: str
    tag_id: int
    dataset: str
    stands_at: Path
    kind: FlowKind = FlowKind.MADE
    is_each: bool = False

    @property
    def origin(self) -> Path:
        """Where it stands by itself: the dataset, and the folded path there."""
        return (self.dataset, *folded(self.stands_at))

    def evidence(self, kind: FlowKind, at: Path) -> str:
        """Why it comes to what holds of the column `at`; a tag of a whole dataset is of that column, too.

        Example: "derives from `clinic.visits.phone`"
        """
        return f"{kind.said} `{'.'.join((self.dataset, *(self.stands_at or at)))}`"


class Held:
    """Tags by the top of the path that they stand at; those of the whole have none."""

    def __init__(self) -> None:
        self._by_top: dict[Path, list[Carried]] = {}

    @classmethod
    def of(cls, carried: Carried) -> "Held":
        """One tag alone."""
        held = cls()
        held.add(carried)
        return held

    @property
    def is_empty(self) -> bool:
        """Whether no tag stands anywhere."""
        return not self._by_top

    def add(self, carried: Carried) -> None:
        """One more."""
        self._by_top.setdefault(folded(carried.path[:1]), []).append(carried)

    def at(self, path: Path) -> Iterator[Carried]:
        """The tags at a folded path, above and below it; at the empty path all of them."""
        several = ((), path[:1]) if path else tuple(self._by_top)
        for carried in (each for top in several for each in self._by_top.get(top, ())):
            shared = min(len(carried.path), len(path))
            if folded(carried.path[:shared]) == path[:shared]:
                yield carried

    def passing(self, flow: sqlite3.Row) -> Iterator[Carried]:
        """Those that a flow passes on: by a reference a value, but not what is around it or in it."""
        at = read_path(flow["at"])
        for carried in self.at(at):
            is_level = len(carried.path) == len(at) or (carried.is_each and len(at) == 1)
            if flow["kind"] != FlowKind.REFERS or is_level:
                yield carried

    def passed(self, flow: sqlite3.Row) -> Iterator[Carried]:
        """Those that it passes on as they stand where it leads, at a relation of which the columns are not known."""
        at, top = read_path(flow["at"]), folded(read_path(flow["path"]))
        for carried in self.passing(flow):
            below = folded(carried.path[len(at) :]) if flow["is_whole"] else ()
            kind, path = FlowKind(flow["kind"]).with_(carried.kind), (*top, *below)
            yield replace(carried, path=path, kind=kind, stands_at=carried.stands_at or at, is_each=not path)


def held_of(tx: Transaction, bases: str, *, moved: Collection[Standing] | None = None) -> Held:
    """The tags of datasets, in JSON, or those of them that `moved`; each of two that have it, which is as much as
    anybody asks: of one of them, whether another has it.
    """
    held = Held()
    wanted = None if moved is None else {(folded(at), tag) for at, tag in moved}
    for row in tx.rows(_HELD, {"bases": bases}):
        at = read_path(row["path"])
        if wanted is None or (folded(at), row["tag_id"]) in wanted:
            for dataset in dict.fromkeys((row["dataset"], row["another"])):
                held.add(Carried(path=at, tag=row["tag"], tag_id=row["tag_id"], dataset=dataset, stands_at=at))
    return held


def folded(path: Path) -> Path:
    """A path as paths are compared."""
    return tuple(map(fold, path))
