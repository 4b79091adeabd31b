"""The sources of one run: each is opened once, so that all scans of a query read one state of it."""

import re
import secrets
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress

import duckdb
import pyarrow as pa

from catalog.errors import Internal, SourceUnavailable, VeilError
from catalog.names import fold, quoted
from catalog.sources.connector import Expected, Remote
from catalog.sources.failures import CHANGED_HINT, mapped
from catalog.sources.kept import Kept
from catalog.sources.remote.conditions import Condition
from catalog.sources.remote.dataset import RemoteDataset
from catalog.sources.remote.in_turn import Room, Turns
from catalog.sources.remote.locks import Locks
from catalog.sources.remote.openers import columns_of, located, never_raises, open_snapshot, order_of
from catalog.sources.remote.plain import order_no_more, plain_no_more, takes_keys, under_mark
from catalog.sources.remote.snapshot import ReadsInTurn, RemoteColumn, RemoteTable, SharesMoments, Snapshot
from catalog.sources.source_work import NO_WORK, SourceCell, SourceWork, Work

_AS_TEXT = ("UUID", "JSON")
_FENCE = " OFFSET 0"
_MARK = re.compile("«([0-9]+)»")
Remotes = Mapping[str, tuple[Remote, Expected]]
"""By physical name: where a relation is, and what the catalog expects of it."""


class OpenedRemotes:
    """What one run has open in other systems; `failure` is what a scan failed with, in Veil's own words.

    One thread registers and closes, the engine's threads scan, and any thread may cancel.
    """

    def __init__(
        self,
        remotes: Remotes,
        seconds: float | None,
        work: Work = NO_WORK,
        kept: Kept | None = None,
        room: Room | None = None,
    ) -> None:
        """`room` is where a scan is kept that is read before its time."""
        self._remotes = remotes
        self._room = room
        self._work = work
        self._seconds = seconds
        self._kept = kept
        self._locks = Locks()
        self._guard = threading.Lock()
        self._snapshots: dict[tuple[object, ...], Snapshot] = {}
        self._turns: dict[Snapshot, Turns] = {}
        self._is_cancelled = False
        self._mark = secrets.token_hex(8)
        self.failure: VeilError | None = None

    def register(self, cursor: duckdb.DuckDBPyConnection, sql: str) -> None:
        """Makes the relations that a statement names known to its connection, and to no other.

        Raises SourceUnavailable when one no longer has an expected column in its expected type.
        """
        self._begin_moments(sql)
        read: dict[Snapshot, list[RemoteTable]] = {}
        for physical, (remote, expected) in self._remotes.items():
            if physical in sql:
                snapshot = self._opened(remote)
                table = located(snapshot, expected.relation)
                read.setdefault(snapshot, []).append(table)
                columns = _expected(columns_of(snapshot, table), expected, remote.source)
                work = self._work.get(physical, SourceWork())
                if any(cell.keys for cell in work.cells) and not takes_keys(table, columns):
                    raise plain_no_more(remote.source, table)
                columns += [cell_column(cell, columns, self._mark) for cell in work.cells]
                if work.is_ordered and order_of(snapshot, table, columns) != remote.order:
                    raise order_no_more(remote.source, table)
                turns = self._turns.get(snapshot)
                if turns is None:
                    snapshot.prepare(table)
                scanned = f"r_{secrets.token_hex(8)}"
                kept_back = _kept_back(columns, remote, table, work)
                order = remote.order or () if work.is_ordered else ()
                reading = _Reading(self, snapshot, table, kept_back, order, turns)
                dataset = RemoteDataset(columns, reading)
                cursor.register(scanned, dataset)
                shown = _named(columns, dataset.schema.names)
                # A text that is none of its type ends a query whatever that chooses: no condition goes below the fence.
                fence = _FENCE if any(column.type in _AS_TEXT for column in kept_back) else ""
                cursor.execute(f"CREATE TEMP VIEW {quoted(physical)} AS SELECT {shown} FROM {scanned}{fence}")
        for snapshot, tables in read.items():
            if isinstance(snapshot, ReadsInTurn):
                snapshot.expect(tables)

    def cancel(self) -> None:
        """Has the sources stop what they do for this run; may be called again and again."""
        with self._guard:
            self._is_cancelled = True
            snapshots = tuple(self._snapshots.values())
        for snapshot in snapshots:
            snapshot.cancel()

    def close(self) -> None:
        """Lets go of every connection."""
        with self._guard:
            snapshots, self._snapshots = tuple(self._snapshots.values()), {}
        for snapshot in snapshots:
            with suppress(VeilError):
                snapshot.close()
        while self._turns:
            self._turns.popitem()[1].close()

    def _begin_moments(self, sql: str) -> None:
        """INVARIANT: what a policy looks something up in is read of one moment with all else of its source."""
        named = {physical: found for physical, found in self._remotes.items() if physical in sql}
        looked_up = [self._work.get(physical, SourceWork()).is_looked_up for physical in named]
        within = {_where(remote) for (remote, _), is_it in zip(named.values(), looked_up, strict=True) if is_it}
        tables: dict[Snapshot, list[RemoteTable]] = {}
        for remote, expected in named.values():
            if _where(remote) in within:
                snapshot = self._opened(remote)
                tables.setdefault(snapshot, []).append(located(snapshot, expected.relation))
        for snapshot, found in tables.items():
            if isinstance(snapshot, ReadsInTurn):
                snapshot.one_moment(found)
                self._turns[snapshot] = Turns(self._room)

    def _opened(self, remote: Remote) -> Snapshot:
        """INVARIANT: relations of one source are read in one snapshot, whatever else differs between them.

        So are those of two sources that are one database, where that lets accounts share a moment.
        """
        where = _where(remote)
        snapshot = self._snapshots.get(where)
        if snapshot is None:
            options = dict(remote.options)
            snapshot = open_snapshot(remote.connector, remote.source, options, self._seconds, self._kept, self._locks)
            with self._guard:
                others = tuple(self._snapshots.values())
                self._snapshots[where] = snapshot
                is_cancelled = self._is_cancelled
            if is_cancelled:
                snapshot.cancel()
            if isinstance(snapshot, SharesMoments):
                any(snapshot.share(other) for other in others if isinstance(other, SharesMoments))
        return snapshot


class _Reading:
    """Reads one table for the engine, and keeps in mind what a read failed with: the engine's text is not told.

    A scan of `kept_back` columns sends no condition, so that none decides on what is read of them.
    """

    def __init__(
        self,
        opened: OpenedRemotes,
        snapshot: Snapshot,
        table: RemoteTable,
        kept_back: Collection[RemoteColumn],
        order: Sequence[str],
        turns: Turns | None,
    ) -> None:
        self._opened = opened
        self._snapshot = snapshot
        self._table = table
        self._kept_back = kept_back
        self._order = order
        self._turns = turns

    def __call__(
        self, columns: Sequence[RemoteColumn], conditions: Sequence[tuple[RemoteColumn, Condition]]
    ) -> Iterator[pa.RecordBatch]:
        sent = () if any(column in self._kept_back for column in columns) else conditions
        try:
            if self._turns is None:
                yield from self._snapshot.read(self._table, columns, sent, order=self._order)
            else:
                yield from self._turns.scan(self._snapshot.read(self._table, columns, sent, order=self._order))
        except VeilError as error:
            self._opened.failure = self._opened.failure or error
            raise
        except MemoryError as error:
            self._opened.failure = self._opened.failure or mapped(error)
            raise
        except Exception as error:
            self._opened.failure = self._opened.failure or Internal("a source could not be read")
            raise self._opened.failure from error


def _where(remote: Remote) -> tuple[object, ...]:
    return remote.connector, remote.source, remote.options


def _kept_back(
    columns: Sequence[RemoteColumn], remote: Remote, table: RemoteTable, work: SourceWork
) -> list[RemoteColumn]:
    """The columns whose reading may end in an error that would tell something: in a view any, as it may work them out.

    A view may even work out what it only chooses or joins its rows by, so the error may be of a hidden column. What a
    source works out of a table's columns never ends in one, unless it may be too long to be sent.
    """

    def is_safe(column: RemoteColumn) -> bool:
        if column.is_long or column.is_worked_out:
            return False
        return column.is_cell or never_raises(remote.connector, column.type)

    is_any = work.is_mixed or (work.with_hidden and table.is_worked_out)
    telling = [column for column in columns if is_any or column.is_cell or fold(column.name) in work.masked]
    return [column for column in telling if table.is_worked_out or not is_safe(column)]


def _expected(found: Sequence[RemoteColumn], expected: Expected, source: str) -> list[RemoteColumn]:
    known = {fold(column.name): column for column in found}
    for name, type_name in expected.columns:
        column = known.get(fold(name))
        if column is None or column.type != type_name:
            why = (
                f"it has no column `{name}` any more" if column is None else f"column `{name}` is no longer {type_name}"
            )
            raise SourceUnavailable(
                f"`{expected.relation}` of source `{source}` has changed since it was last crawled: {why}",
                hint=CHANGED_HINT,
            )
    return [known[fold(name)] for name, _ in expected.columns]


def cell_column(cell: SourceCell, columns: Sequence[RemoteColumn], mark: str = "") -> RemoteColumn:
    """A cell as one more column, on which no condition is sent: the source has no values of it to look up.

    The names of its keys end in a mark.
    """
    known = {fold(column.name): column for column in columns}
    sides = [known[fold(name)].compared or known[fold(name)].expression for name in cell.columns]
    sql, keys = under_mark(cell, mark) if mark else (cell.sql, cell.keys)
    return RemoteColumn(
        name=cell.name,
        type=cell.type,
        expression=_MARK.sub(lambda found: sides[int(found[1])], sql),
        keys=keys,
        functions=cell.functions,
        is_cell=True,
        called=cell.columns[0],
        is_long=any(known[fold(name)].is_long for name in cell.columns),
        is_worked_out=any(known[fold(name)].is_worked_out for name in cell.columns),
    )


def _named(columns: Sequence[RemoteColumn], scanned: Sequence[str]) -> str:
    """The scan's columns under their own names; those that come as text in the types they are."""
    shown = (
        f"CAST({name} AS {column.type})" if column.type in _AS_TEXT else name
        for name, column in zip(scanned, columns, strict=True)
    )
    return ", ".join(f"{cell} AS {quoted(column.name)}" for cell, column in zip(shown, columns, strict=True))
