"""The columns to which tags come along flows, and whether they stand there already."""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from catalog.database import Transaction
from catalog.dataset_reader import read_path, stored_path
from catalog.flow import Arrival, FlowKind, Path
from catalog.held import Carried, folded


@dataclass(slots=True)
class Arrivals:
    """Where tags come to in one transaction; what is there of a dataset is read once.

    All of them, or those alone that are `lacking`, so that it is cheap to come where a tag stands or was rejected.
    """

    tx: Transaction
    is_lacking: bool = True
    _columns: dict[int, dict[Path, Path]] = field(default_factory=dict)
    _standing: dict[int, set[tuple[Path, int]]] = field(default_factory=dict)

    def along(
        self,
        flow: sqlite3.Row,
        passing: Iterable[Carried],
        relation: str | None = None,
        *,
        is_between: bool = False,
        own: str = "",
    ) -> Iterator[Arrival]:
        """The tags that come along one flow from a relation, but to no column of the `own` dataset from itself; a view
        that may read anything reads not itself, but may read what differs from it in case alone.
        """
        by_itself, dataset = is_between or bool(flow["is_double"]), flow["dataset_id"]
        at, is_any = read_path(flow["at"]), flow["kind"] == FlowKind.MAY_BE and not read_path(flow["path"])
        if is_any and flow["own"] == relation:
            return
        for carried in passing:
            kind, origin = FlowKind(flow["kind"]).with_(carried.kind), carried.origin
            for column in self._reached(flow, folded(carried.path[len(at) :])):
                if own and (own, *folded(column))[: len(origin)] == origin:
                    continue
                if not self._has_it(dataset, column, carried.tag_id, by_itself=by_itself):
                    yield Arrival(
                        dataset_id=dataset,
                        path=column,
                        tag=carried.tag,
                        tag_id=carried.tag_id,
                        confidence=kind.confidence,
                        evidence=carried.evidence(kind, at),
                    )

    def note(self, arrival: Arrival) -> None:
        """That a tag stands there from now on."""
        if (standing := self._standing.get(arrival.dataset_id)) is not None:
            standing.add((folded(arrival.path), arrival.tag_id))

    def _reached(self, flow: sqlite3.Row, below: Path) -> Iterator[Path]:
        """The columns to which a tag comes that stands below what a flow is from: the field there, else the column."""
        known, top = self._of(flow["dataset_id"]), folded(read_path(flow["path"]))
        if not top and not (flow["is_whole"] and below):
            yield from (path for path in known.values() if len(path) == 1)
            return
        for wanted in ((*top, *below), top or below[:1]) if flow["is_whole"] else (top,):
            if wanted in known:
                yield known[wanted]
                return

    def _of(self, dataset: int) -> dict[Path, Path]:
        if dataset not in self._columns:
            rows = self.tx.rows(
                "SELECT path FROM field WHERE dataset_id = ? AND NOT is_gone ORDER BY position", [dataset]
            )
            paths = [read_path(row["path"]) for row in rows]
            self._columns[dataset] = {folded(path): path for path in paths}
        return self._columns[dataset]

    def _has_it(self, dataset: int, column: Path, tag: int, *, by_itself: bool) -> bool:
        """Whether a column has a tag already by a person's word, or from above; also `by_itself`, as by a rule, of
        doubles and by tables in between, where two would else each be told to have it from the other.
        """
        if self.is_lacking and self._stands(dataset, column, tag):
            return True
        said = "(state = 'confirmed' OR (? AND path <> '[]' AND origin <> 'lineage'))"
        return bool(
            self.tx.row(
                f"SELECT 1 FROM assignment WHERE dataset_id = ? AND path IN (?, '[]') AND tag_id = ? AND {said}"
                " UNION ALL SELECT 1 FROM dataset d JOIN database_tag b ON b.database_id = d.database_id"
                " WHERE d.id = ? AND b.tag_id = ?",
                [dataset, stored_path(column), tag, by_itself, dataset, tag],
            )
        )

    def _stands(self, dataset: int, column: Path, tag: int) -> bool:
        """Whether anything is said there of the tag, a verdict against it too: then a suggestion changes nothing."""
        if dataset not in self._standing:
            rows = self.tx.rows("SELECT path, tag_id FROM assignment WHERE dataset_id = ?", [dataset])
            self._standing[dataset] = {(folded(read_path(row["path"])), row["tag_id"]) for row in rows}
        return (folded(column), tag) in self._standing[dataset]
