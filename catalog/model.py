"""The values of the catalog: what a source, dataset, column, tag, rule or revision is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Level(StrEnum):
    """How sensitive a tag is: public < internal < confidential < restricted.

    Example:
        >>> Level.RESTRICTED > Level.PUBLIC, max(Level.CONFIDENTIAL, Level.PUBLIC).value
        (True, 'confidential')
    """

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    RESTRICTED = "restricted"

    @property
    def rank(self) -> int:
        """The place of the level, from 0."""
        return list(Level).index(self)

    # A text's own order would be the alphabet's, so all four are said here.
    def __lt__(self, other: str) -> bool:
        return self.rank < Level(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= Level(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > Level(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= Level(other).rank


class TagState(StrEnum):
    """Where an assignment stands: a crawler suggests, a person confirms or rejects."""

    SUGGESTED = "suggested"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class TagOrigin(StrEnum):
    """Who brought an assignment: a document, a person in the UI or CLI, a crawler's rule, or what a view is made of."""

    DOCUMENT = "document"
    PERSON = "person"
    RULE = "rule"
    LINEAGE = "lineage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A place that holds data: a connector's name and its options (secrets by reference only)."""

    name: str
    connector: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A named place for datasets and for policies about them; it may be empty."""

    name: str
    comment: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A column as a source describes it; `fields` are a struct's, or a map's `key` and `value`, in lists too."""

    name: str
    type: str
    fields: tuple["Field", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column or nested field of a dataset with its own tags.

    `path` is one name for a column, several for a nested field (`("contact", "phone")`);
    `type` is the type as DuckDB writes it. `confirmed` and `suggested` hold tags as `namespace.name`;
    inherited ones are added by whoever judges.
    """

    path: tuple[str, ...]
    type: str
    position: int
    confirmed: frozenset[str] = frozenset()
    suggested: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The path as one dotted text, for people."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """What is wrong with a dataset that can be used all the same: `what` for its readers, `where` for its keepers.

    Neither holds a value of the data.

    Example: what is `2 rows cannot be read and are left out`, where is `visits.csv: lines 3, 9`.
    """

    what: str
    where: str


class KeyKind(StrEnum):
    """What a key of a relation says: that its columns name a row, name it as well, or name one of another relation."""

    PRIMARY = "primary"
    UNIQUE = "unique"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key that a source declares; a foreign one refers to the columns `at` of a relation of the same source."""

    kind: KeyKind
    columns: tuple[str, ...]
    refers_to: str = ""
    at: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a source itself says of a relation: comments on it and on columns, keys, and the relations a view reads.

    What a view `reads` is None where it cannot be told; what is no view reads nothing.
    """

    comment: str = ""
    columns: tuple[tuple[str, str], ...] = ()
    keys: tuple[Key, ...] = ()
    reads: tuple[str, ...] | None = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """That a dataset is a view that reads a relation of its source."""

    database: str
    name: str
    reads: str


NOT_DESCRIBED = Description()
"""What a source says that says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A relation of a source, registered in a database, with its columns in order and its tags.

    `comment` is a person's, `description` the source's own.
    """

    database: str
    name: str
    source: str
    relation: str
    columns: tuple[Column, ...] = ()
    confirmed: frozenset[str] = frozenset()
    suggested: frozenset[str] = frozenset()
    database_tags: frozenset[str] = frozenset()
    comment: str = ""
    defects: tuple[Defect, ...] = ()
    description: Description = NOT_DESCRIBED

    @property
    def full_name(self) -> str:
        """`database.name`, as people write it (without quotes)."""
        return f"{self.database}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A meaning that columns can carry, written `namespace.name`."""

    name: str
    comment: str = ""
    level: Level = Level.INTERNAL


_LONGEST_LOOK = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRule:
    """How a crawler recognises a tag: by the column's name, by what is in it, or by both.

    `column_name` is a regex that is searched, ignoring case. A sampled cell must match `content` whole, or be one
    of `words` or of the lines of `words_file`, in at least `min_match` (share, 0 to 1) of at least `min_rows`
    non-null cells. `detector` names one that is built in or plugged in, which weighs the column by itself.
    """

    name: str
    tag: str
    column_name: str | None = None
    content: str | None = None
    words: tuple[str, ...] = ()
    words_file: str | None = None
    detector: str | None = None
    min_match: float = 0.8
    min_rows: int = 20

    @property
    def counts_cells(self) -> bool:
        """Whether the rule looks for a share of cells, so that `min_match` and `min_rows` mean something."""
        return self.content is not None or bool(self.words) or self.words_file is not None

    @property
    def looks(self) -> dict[str, object]:
        """What the rule asks of data, for the record: long expressions cut off, and of words how many there are.

        Example:
            >>> TagRule(name="badges", tag="acme.badge", content="B-[0-9]{5}").looks
            {'content': 'B-[0-9]{5}', 'min_match': 0.8, 'min_rows': 20}
        """
        texts = {name: getattr(self, name) for name in ("column_name", "content", "words_file", "detector")}
        found: dict[str, object] = {name: text[:_LONGEST_LOOK] for name, text in texts.items() if text is not None}
        if self.words:
            found["words"] = len(self.words)
        return {**found, **({"min_match": self.min_match, "min_rows": self.min_rows} if self.counts_cells else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class TagAssignment:
    """That a tag stands on a dataset or column, in which state, brought by whom, on what evidence.

    A suggestion that a later crawl has not found again is `missing_since` then: it still protects.
    """

    dataset: str
    path: tuple[str, ...]
    tag: str
    state: TagState
    origin: TagOrigin
    rule: str = ""
    confidence: float = 1.0
    evidence: str = ""
    by: str = ""
    at: datetime | None = None
    missing_since: datetime | None = None

    @property
    def told(self) -> str:
        """The evidence, with whether it is found no longer."""
        gone = f"no longer found since {self.missing_since:%Y-%m-%d}" if self.missing_since else ""
        return "; ".join(part for part in (self.evidence, gone) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One numbered state of everything that decides: who made it, when, why and what differs."""

    number: int
    at: datetime
    by: str
    why: str
    difference: str
