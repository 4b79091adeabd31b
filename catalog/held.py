"""The tags that stand at a relation, by where they stand, and which of them pass along a flow."""

import functools
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
LOST = "what is in between leads to too much to be followed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A tag at a path of a relation; it stands by itself in a dataset, and got here by flows that are so sure.

    It `is_each` where it came to each column of a relation of which the columns are not known, and `is_lost` where it
    was not followed to its end, and may have come to anything.
    """

    path: Path
    tag: str
    tag_id: int
    dataset: str
    stands_at: Path
    kind: FlowKind = FlowKind.MADE
    is_each: bool = False
    is_lost: bool = False

    @property
    def origin(self) -> Path:
        """Where it stands by itself: the dataset, and the folded path there."""
        return (self.dataset, *folded(self.stands_at))

    def evidence(self, kind: FlowKind, at: Path) -> str:
        """Why it comes to what holds of the column `at`; a tag of a whole dataset is of that column, too.

        Example: "derives from `clinic.visits.phone`"
        """
        if self.is_lost:
            return f"{kind.said} `{'.'.join((self.dataset, *self.stands_at))}`: {LOST}"
        return f"{kind.said} `{'.'.join((self.dataset, *(self.stands_at or at)))}`"

    def lost(self) -> "Carried":
        """The same where it was not followed."""
        return replace(self, path=(), kind=FlowKind.MAY_BE, is_lost=True)


@dataclass(frozen=True, slots=True)
class Way:
    """A flow as tags go along it: on to a holder in between that is no dataset, or to the column of one."""

    holder: str | None
    path: Path
    at: Path
    kind: FlowKind
    is_whole: bool
    flow: sqlite3.Row

    @classmethod
    def of(cls, flow: sqlite3.Row, holder: str | None = None) -> "Way":
        """As it is kept."""
        path, at = folded(read_path(flow["path"])), folded(read_path(flow["at"]))
        return cls(holder, path, at, FlowKind(flow["kind"]), bool(flow["is_whole"]), flow)

    def takes(self, carried: Carried) -> bool:
        """Whether a tag that meets it goes along: by a reference that of a value, not what is around or in it."""
        at, deep = len(self.at), len(carried.path)
        if at > 1 and deep > 1 and folded(carried.path)[:at] != self.at[:deep]:
            return False
        return self.kind is not FlowKind.REFERS or deep == at or (carried.is_each and at == 1)

    def end(self, carried: Carried) -> Path:
        """Where it leads the tag, at a relation of which the columns are not known."""
        return (*self.path, *folded(carried.path[len(self.at) :])) if self.is_whole else self.path

    def on(self, carried: Carried) -> Carried:
        """The tag as it stands there."""
        path = self.end(carried)
        return Carried(  # not by `replace`, which takes three times as long
            path=path,
            tag=carried.tag,
            tag_id=carried.tag_id,
            dataset=carried.dataset,
            stands_at=carried.stands_at or self.at,
            kind=self.kind.with_(carried.kind),
            is_each=not path,
        )


class Ways:
    """Flows out of one relation by the top of what they are from, so that a tag meets but those that may take it."""

    def __init__(self) -> None:
        self._by_top: dict[Path, list[Way]] = {}

    def add(self, way: Way) -> None:
        """One more."""
        self._by_top.setdefault(way.at[:1], []).append(way)

    def met_by(self, carried: Carried) -> Iterator[Way]:
        """Those from around where a tag stands, or from within."""
        several = ((), folded(carried.path[:1])) if carried.path else tuple(self._by_top)
        for top in several:
            yield from self._by_top.get(top, ())


class Held:
    """Tags by the top of the path that they stand at; those of the whole have none."""

    def __init__(self) -> None:
        self._by_top: dict[Path, list[Carried]] = {}

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

    def passing(self, way: Way) -> Iterator[Carried]:
        """Those that a flow passes on."""
        return filter(way.takes, self.at(way.at))


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


@functools.lru_cache(maxsize=65_536)
def folded(path: Path) -> Path:
    """A path as paths are compared."""
    return tuple(map(fold, path))
