"""What a database system does for Veil: one read-only look at one state of its data."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar, Protocol, runtime_checkable

import pyarrow as pa

from catalog.model import Description, Key
from catalog.sources.connector import GeneratedColumn, SharedRows, ViewSql
from catalog.sources.kept import Kept
from catalog.sources.remote.conditions import Condition
from catalog.sources.remote.locks import Locks
from catalog.sources.source_work import SourceFunction


class Pushed(Enum):
    """Which conditions on a column a source may judge as well; it must never drop a row that the engine would keep."""

    COMPARED = "compared"  # every comparison means there what it means in the engine
    VALUES = "values"  # as COMPARED, but what is no value to the engine may be one there: not whether there is none
    EQUAL = "equal"  # a collation may find more equal than the engine does, never less
    NAMED = "named"  # as EQUAL, but an empty text may mean something else there
    NULL = "null"  # only whether a value is there
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteColumn:
    """A column with its type in DuckDB's words, and what to select for it in the source's own SQL.

    Conditions are on `compared` where that is not what is selected. `is_cell` marks a cell that the source works out:
    its SQL names the `keys` to bind, and the `functions` that the source must know (one in Veil's own process can).
    What `is_long` may be too long for the source to send; what `is_worked_out`, when it is read, may end in an error.
    People call it `called`, where that is not its name.
    """

    name: str
    type: str
    expression: str
    pushed: Pushed = Pushed.NOTHING
    compared: str = ""
    is_cell: bool = False
    is_long: bool = False
    is_worked_out: bool = False
    called: str = ""
    keys: Mapping[str, bytes] = field(default_factory=dict, repr=False, compare=False)
    functions: Mapping[str, SourceFunction] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteTable:
    """A table or view of a source by schema and name; `key` is what the system itself calls it.

    Rows that are worked out only when they are read may end in an error whatever is read of them: those of a view that
    is not kept, of a table of which the source itself leaves out rows, and of one that another system holds for it.

    Reading one that is not plain may run SQL that others have written, with the rights and settings of who reads.
    """

    schema: str
    name: str
    fingerprint: str
    is_view: bool = False
    is_worked_out: bool = False
    is_plain: bool = True
    key: int = 0


class Snapshot(Protocol):
    """One read-only look at one state of a database; what several scans of one query read is of one moment.

    Every method raises VeilError only, with texts of Veil's own. `cancel` may be called from any thread and as often
    as one likes; reads under way then fail.
    """

    has_schemas: ClassVar[bool]
    """Whether a table's name alone may mean several; then a relation names its schema as well."""

    def tables(self, schema: str | None = None, name: str | None = None) -> Iterable[RemoteTable]:
        """Every table and view that is not the system's own, or those of a schema or name, in any case of letters."""
        ...

    def identity(self) -> str:
        """What tells the database from all others of its system; empty where the account is not told."""
        ...

    def views(self) -> Mapping[RemoteTable, ViewSql]:
        """The SQL of the views, as the engine's dialect can read it."""
        ...

    def generated(self) -> Iterable[GeneratedColumn]:
        """The columns that tables work out."""
        ...

    def references(self) -> Mapping[str, tuple[Key, ...]]:
        """The foreign keys of tables, by relation."""
        ...

    def shared_rows(self) -> Iterable[SharedRows]:
        """The tables that show each other's rows, each once."""
        ...

    def order(self, table: RemoteTable) -> tuple[str, ...] | None:
        """The columns by whose values `read` gives the rows where it is to order them, none where they come as they
        lie; None where anything may decide on it, as in a view.
        """
        ...

    def columns(self, table: RemoteTable) -> tuple[RemoteColumn, ...]:
        """The columns of a table in order, in this state."""
        ...

    def description(self, table: RemoteTable) -> Description:
        """The comments on a table and its columns, its keys, and what a view reads."""
        ...

    def read(
        self,
        table: RemoteTable,
        columns: Sequence[RemoteColumn],
        conditions: Sequence[tuple[RemoteColumn, Condition]],
        *,
        order: Sequence[str] = (),
    ) -> Iterator[pa.RecordBatch]:
        """The rows that fulfil the conditions, in batches with exactly these columns.

        A server that keeps rows by a key gives them in the `order` of its columns.

        Raises SourceUnavailable where a table has none of them.
        """
        ...

    def prepare(self, table: RemoteTable) -> None:
        """Makes ready for a scan of a table that is to come, while none is under way."""
        ...

    def sample(self, table: RemoteTable, columns: Sequence[RemoteColumn], rows: int) -> Iterator[pa.RecordBatch]:
        """About as many rows, from all over the table where that is cheap."""
        ...

    def rest(self) -> None:
        """Lets go of what keeps others from writing, until it wakes; nothing is to be read meanwhile."""
        ...

    def wake(self) -> None:
        """Goes on after a rest, with the state of now where nothing else can be had."""
        ...

    def cancel(self) -> None: ...
    def close(self) -> None: ...


class Opener(Protocol):
    """Opens a snapshot of the database that the options name; `seconds` bound each statement in it."""

    def __call__(
        self, source: str, options: Mapping[str, str], seconds: float | None, kept: Kept | None, locks: Locks | None
    ) -> Snapshot: ...


@runtime_checkable
class ReadsInTurn(Protocol):
    """A look whose scans are of one moment only if none begins while another is under way."""

    def one_moment(self, tables: Sequence[RemoteTable]) -> None:
        """Has all scans of these read one moment, at which each is what its name means; raises SourceUnavailable."""
        ...

    def expect(self, tables: Sequence[RemoteTable]) -> None:
        """Has each connection hold these before it reads any of them, so that no moment is one that nobody may see."""
        ...


@runtime_checkable
class SharesMoments(Protocol):
    """A look that can be of the moment of another one at the same database, by whichever account."""

    def share(self, other: "SharesMoments") -> bool:
        """Has all that is read from now on be of the other look's moment, for as long as that is open.

        False where the other one is at another database, or at none that is known for the same.
        """
        ...
