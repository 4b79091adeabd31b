"""That a column holds of another, and that a tag comes to one by it."""

from dataclasses import dataclass
from enum import StrEnum

from catalog.relations import Place

Path = tuple[str, ...]
Standing = tuple[Path, int]
"""Where in a dataset a tag stands, and its number."""


class FlowKind(StrEnum):
    """How a column holds of another: it refers to it, is made of it, or may be, as its view is not understood."""

    REFERS = "refers"
    MADE = "made"
    MAY_BE = "may be"

    @property
    def confidence(self) -> float:
        """How sure it is that a tag of the other is right there."""
        return _CONFIDENCE[self]

    @property
    def said(self) -> str:
        """How the evidence of such a tag begins."""
        return {FlowKind.MADE: "derives from", FlowKind.REFERS: "refers to", FlowKind.MAY_BE: "may derive from"}[self]

    def with_(self, other: "FlowKind") -> "FlowKind":
        """The less sure of two: what is known of a column by both, one after the other."""
        return self if self is other or self.confidence < other.confidence else other


_CONFIDENCE = {FlowKind.MADE: 0.99, FlowKind.REFERS: 0.95, FlowKind.MAY_BE: 0.5}


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


TableFlows = frozenset[tuple[Place, Flow]]
"""What the columns of tables hold of others, each flow by its table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A tag that comes to a column of a dataset, how sure that is, and by what."""

    dataset_id: int
    path: Path
    tag: str
    tag_id: int
    confidence: float
    evidence: str
