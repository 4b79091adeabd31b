"""What every source connector is: it lists relations, describes and samples them, and says how to scan them."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Protocol, runtime_checkable

import pyarrow as pa

from catalog.model import Defect, Description, Field, Key
from catalog.sources.private_copies import PrivateCopies
from catalog.sources.source_work import NO_WORK, Work
from catalog.sources.states import Head


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """One thing in a source that can become a dataset; `name` is what the source calls it.

    `suggested_name` is the dataset name a crawl registers it under. `fingerprint` changes whenever
    the relation's content may have changed (size and time of files, say).
    """

    name: str
    suggested_name: str
    fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A relation with the columns the catalog knows, top level only, as (name, type) in order.

    Of one that is `seen_in_part` the engine may know nothing beforehand that hangs on rows which nobody sees.
    """

    relation: str
    columns: tuple[tuple[str, str], ...]
    seen_in_part: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one run may use: seconds until it is stopped (None: no limit) and rows in a batch.

    Of the seconds some are `spent` before it begins. Of one that `is_whole` nothing is given before it has come to its
    end.
    """

    seconds: float | None = None
    spent: float = 0.0
    batch_rows: int = 65_536
    is_whole: bool = False


class Masks(Enum):
    """Where masked cells of a source are worked out: all there that can be, those alone that take no key, or none."""

    SOURCE = "source"
    KEYLESS = "keyless"
    VEIL = "veil"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A relation of another database system, as plain data: who opens it, and with which options (never shown).

    Its rows come in the `order` of these columns, or as they lie where that is empty; None where it may be any.
    """

    connector: str
    source: str
    options: tuple[tuple[str, str], ...] = field(repr=False)
    masks: Masks = Masks.VEIL
    order: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """How the embedded engine reads one relation: an item of a FROM clause and the files behind it.

    `database` is a database file to attach, to which `item` then belongs. `fingerprint` changes
    whenever the files do, so that a session is never kept past a change of its data. A relation that
    is `remote` has no item: the engine reads it through the system that holds it, run by run. It `may_raise` where a
    value is worked out, or held against its column's type, only when its row is read: in views, in generated columns,
    and in other systems; a table gives its `safe` columns (folded) without an error all the same. Of a view they are
    None: its rows themselves are worked out, whatever columns are read.

    The engine reads `files` by their paths, some of them long after it has seen which columns they have; `states`
    tell how those stand that somebody else may replace meanwhile (`catalog.sources.states`), and `held` how `item`
    and `files` call them: paths that lead nowhere unless a file is held (`catalog.sources.held_files`); `watched`
    tell how the originals of copies stand, which are not read but must stay as they are as long. Where the first
    bytes of a file decide on the places of its columns, `heads` tell them. Of one that `is_one_file` its state
    alone tells whether the relation is still what it was. Its rows lie by the `order` of these columns, as those in
    folders do that are named by values; texts are `read_by_bytes`, in pieces that hold fewer rows where these have
    more letters. No row has the keys that are `gone` (folded paths), which may lack in any; of one that
    `leaves_out` rows, there are some that cannot be read.
    """

    item: str
    files: tuple[Path, ...]
    fingerprint: str
    database: Path | None = None
    remote: Remote | None = None
    may_raise: bool = False
    safe: frozenset[str] | None = None
    states: tuple[str, ...] = ()
    held: tuple[Path, ...] = ()
    watched: tuple[str, ...] = ()
    heads: tuple[Head, ...] = ()
    is_one_file: bool = False
    order: tuple[str, ...] = ()
    read_by_bytes: bool = False
    gone: frozenset[tuple[str, ...]] = frozenset()
    leaves_out: bool = False


class Run(Protocol):
    """A statement under way: batches in order, until it ends, fails or is cancelled.

    `cancel` may be called from any thread; the iteration then raises the error given to it.
    """

    @property
    def schema(self) -> pa.Schema: ...
    def __iter__(self) -> Iterator[pa.RecordBatch]: ...
    def cancel(self, reason: Exception) -> None: ...
    def close(self) -> None: ...


class Session(Protocol):
    """A closed world in which only the relations it was opened with can be reached."""

    @property
    def dialect(self) -> str:
        """The sqlglot dialect that the engine speaks."""
        ...

    def physical_name(self, source: str, relation: str) -> str:
        """The unguessable bare identifier under which SQL names the relation here."""
        ...

    def may_raise(self, source: str, relation: str, columns: frozenset[str] | None = None) -> bool:
        """Whether reading a row of the relation, or these columns of it (folded), may end in an error.

        Such an error shows which rows were read. Where no column at all is enough for one, the rows are worked out.
        """
        ...

    def has_statistics(self, source: str, relation: str) -> bool:
        """Whether the engine knows something of all rows of the relation before it reads them."""
        ...

    def order(self, source: str, relation: str) -> tuple[str, ...] | None:
        """The columns by whose values the rows of the relation come, none where they come as they lie; None where
        anything may decide on it.
        """
        ...

    def is_read_by_bytes(self, source: str, relation: str) -> bool:
        """Whether the engine takes rows of the relation in pieces of so many bytes, whatever columns are asked for."""
        ...

    def gone(self, source: str, relation: str) -> frozenset[tuple[str, ...]]:
        """The columns and fields (folded paths) that no row of the relation has any more: each is NULL throughout."""
        ...

    def leaves_out(self, source: str, relation: str) -> bool:
        """Whether the relation has rows that cannot be read, and are left out."""
        ...

    def masking(self, source: str, relation: str) -> tuple[str, Masks]:
        """The connector of the relation, and where masked cells of it are worked out."""
        ...

    def serialize(self, sql: str) -> Mapping[str, object]:
        """The statement as the engine's own parser reads it, for comparing before it runs, without places in the text.

        Raises SqlUnsupported when the engine cannot serialize it.
        """
        ...

    def expressions(self, items: Sequence[Mapping[str, object]]) -> Sequence[str]:
        """The SQL of expressions in the form that `serialize` gives, as the engine writes it.

        Raises SqlUnsupported when the engine cannot.
        """
        ...

    def is_plain_name(self, name: str) -> bool:
        """Whether the engine writes a name of a column without quotes."""
        ...

    def run(self, sql: str, parameters: Mapping[str, object], limits: Limits, work: Work = NO_WORK) -> Run: ...


class SourceConnector(Protocol):
    """A place that holds data, opened with a source's options."""

    engine: str

    def relations(self, path: str | None = None) -> Iterator[Relation]:
        """Every relation, or those under `path`; raises SourceUnavailable."""
        ...

    def describe(self, relation: str) -> tuple[Field, ...]:
        """Columns in order with the types DuckDB gives them; raises SourceUnavailable."""
        ...

    def sample(self, relation: str, rows: int) -> pa.Table:
        """At most `rows` rows, spread over the relation where that is cheap; values are never kept."""
        ...

    def scan(self, expected: Expected) -> Scan:
        """How the embedded engine reads the relation; raises SourceUnavailable when it has changed its shape."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """Something in a source that is no relation, why it is none, and what would make it one."""

    name: str
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ViewSql:
    """The SQL that a view is made by, and the dialect it is in, as the reader of SQL calls it; empty if not known."""

    text: str
    dialect: str


@runtime_checkable
class KnowsPassedOver(Protocol):
    """A connector that can tell what it does not read."""

    def passed_over(self, path: str | None = None) -> Iterator[PassedOver]:
        """What lies in the source, or under `path`, and is passed over; hidden things are not told of."""
        ...


@runtime_checkable
class KnowsDescriptions(Protocol):
    """A connector whose source keeps comments and keys, and knows what its views read."""

    def description(self, relation: str) -> Description:
        """What the source itself says of a relation; raises SourceUnavailable."""
        ...


@runtime_checkable
class KnowsViews(KnowsDescriptions, Protocol):
    """A connector whose source keeps views, with the SQL that they are made by."""

    def views(self) -> Mapping[str, ViewSql]:
        """The SQL of every view, by relation; raises SourceUnavailable."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedColumn:
    """A column that a table works out from others, with every column that it may read, each by its relation and name.

    None stands for any column of the table, and where it `is_told` not, it may read anything else of its source too.
    """

    relation: str
    name: str
    reads: frozenset[tuple[str, str]] | None
    is_told: bool = True


@runtime_checkable
class KnowsGenerated(KnowsViews, Protocol):
    """A connector whose source may have tables with columns that they work out."""

    def generated(self) -> Sequence[GeneratedColumn]:
        """Every such column; raises SourceUnavailable."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedRows:
    """A table that shows rows of others as its own, or whose rows others show, with those; None stands for any."""

    relation: str
    others: frozenset[str] | None


@runtime_checkable
class KnowsSharedRows(KnowsViews, Protocol):
    """A connector whose source may have tables that show each other's rows, such as those that inherit."""

    def shared_rows(self) -> Sequence[SharedRows]:
        """Every such table, with all others that it shares rows with through as many as it may be; raises
        SourceUnavailable.
        """
        ...


@runtime_checkable
class KnowsReferences(KnowsViews, Protocol):
    """A connector whose source may have tables with foreign keys."""

    def references(self) -> Mapping[str, tuple[Key, ...]]:
        """Every foreign key, by the relation that has it; raises SourceUnavailable."""
        ...


@runtime_checkable
class KnowsItsDatabase(Protocol):
    """A connector that can tell its database from all others, whatever it is called in the options."""

    def identity(self) -> str:
        """What no other database has; empty where it cannot be told; raises SourceUnavailable."""
        ...


@runtime_checkable
class KnowsDefects(Protocol):
    """A connector that can tell what is wrong with a relation that can be read all the same."""

    def defects(self, relation: str) -> tuple[Defect, ...]:
        """What is wrong; raises SourceUnavailable."""
        ...


@runtime_checkable
class HasParts(Protocol):
    """A connector of which one relation may be a part of another, as a file is of a folder."""

    def holder(self, known: Collection[str]) -> Callable[[str], str | None]:
        """What tells of which of the known relations one is a part; of one that is known itself it tells None."""
        ...


@runtime_checkable
class LooksOneByOne(Protocol):
    """A connector whose relations are files of their own, which may be written to between the scans of two of them."""

    def look_anew(self) -> None:
        """From now on nothing is told of several relations that was not seen of all of them at once, or after this."""
        ...


@runtime_checkable
class StaysOpen(Protocol):
    """A connector that can keep its source open between looks, where opening it is dear."""

    def stay_open(self, seconds: float) -> AbstractContextManager[None]:
        """Within it looks share what was opened, for no more than so many seconds; then it is opened anew."""
        ...


class LookStopped(Exception):
    """Nobody wants what a connector was asked for any more."""


@runtime_checkable
class CanBeStopped(Protocol):
    """A connector that stops in the middle of what it was asked for."""

    def stop_when(self, is_unwanted: Callable[[], bool]) -> None:
        """Asked again and again from now on: as soon as it is so, whatever was asked for raises LookStopped."""
        ...


@runtime_checkable
class KeepsCopies(Protocol):
    """A connector that turns some of what it reads into private copies."""

    def keep_copies(self, copies: PrivateCopies) -> None:
        """Where the copies are kept from now on; without it they end with the connector."""
        ...


ConnectorFactory = Callable[[str, Mapping[str, str]], SourceConnector]
