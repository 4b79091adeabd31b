"""The system `mariadb`, which MySQL is too: a read-only transaction with a consistent snapshot, read line by line.

The server shares no snapshot between connections. Scans that follow each other read one state; two that a query reads
at the same time have a connection each, and of these the second may see what was written in between. Each holds the
names of what it reads before its snapshot is made: what somebody writes under LOCK TABLES is for nobody to see. Where a
policy looks something up, one connection holds the names of all, and then reads it in turn (`one_moment`).

A view may call stored functions, which can read and alter every variable of their connection and make temporary tables
in it. So each scan of a view has a connection of its own, of the moment of that scan, which is closed after it, unless
there is to be one moment: then it has to be known that it calls none, or the view has to be all that is read, once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar

import pyarrow as pa

from catalog.descriptions import KeyPart, description
from catalog.model import Description, Key
from catalog.names import fold, join, split
from catalog.sources.connector import GeneratedColumn, SharedRows, ViewSql
from catalog.sources.generated_sql import generated_columns
from catalog.sources.kept import Kept
from catalog.sources.remote.bound_keys import keys_of, without_keys
from catalog.sources.remote.conditions import Condition
from catalog.sources.remote.locks import Attempt, Locked, Locks
from catalog.sources.remote.mariadb_catalog import (
    COLUMNS,
    COMMENTS,
    COUNT,
    GENERATED,
    KEY,
    KEYS,
    KIND,
    MERGED,
    NAMES,
    OWN_SCHEMAS,
    PRIMARY,
    REFERENCES,
    SERVER,
    TABLES,
    VIEW,
    VIEWS,
    merged,
    references_told,
)
from catalog.sources.remote.mariadb_connections import (
    MariaDbConnections,
    Opened,
    bind_keys,
    driver,
    hold,
    item_of,
    leave,
    let_go,
    release,
    wait_briefly,
    wait_long,
)
from catalog.sources.remote.mariadb_held import Places, changed, held_first, moment_lost, read_by
from catalog.sources.remote.mariadb_lines import batches as lines_to_batches
from catalog.sources.remote.mariadb_lines import line
from catalog.sources.remote.mariadb_types import Declared, columns_of, literal, named, sound
from catalog.sources.remote.plain import plain_no_more
from catalog.sources.remote.rows import batches
from catalog.sources.remote.sampling import PLACES, evenly, places
from catalog.sources.remote.snapshot import RemoteColumn, RemoteTable
from catalog.sources.remote.statements import pushed, select, where
from catalog.sources.remote.versions import mariadb_version, refuse_older
from catalog.sources.view_sql import relations_read

_DIALECT = "mysql"
_FEW_ROWS = 20_000
_MOST_SAMPLED = 100_000
_UNSURE = "\0?"
"""A text with one of these may stand for another there: nothing ends at a zero byte, and `?` may be no character."""


def open_mariadb(
    source: str,
    options: Mapping[str, str],
    seconds: float | None,
    kept: Kept | None = None,
    locks: Locks | None = None,
) -> "MariaDbSnapshot":
    """A look at the database of the option `url`."""
    return MariaDbSnapshot(source, options["url"], seconds, locks or Locks())


class MariaDbSnapshot:
    """A transaction of one connection; scans that run at the same time make further ones."""

    has_schemas: ClassVar = True

    def __init__(self, source: str, url: str, seconds: float | None, locks: Locks) -> None:
        self._source = source
        self._seconds = seconds
        self._locks = locks
        self._held: Places | None = None
        self._expected: tuple[RemoteTable, ...] | None = None
        """The tables that are to be read, where that is known."""
        self._connections = MariaDbConnections(source, url, seconds)

    def tables(self, schema: str | None = None, name: str | None = None) -> Iterable[RemoteTable]:
        """Every table and view of the URL's database; of all databases when it names none."""
        database = self._connections.database
        tables = [
            RemoteTable(
                schema=str(found),
                name=str(table),
                fingerprint=str(state),
                is_view=bool(is_view),
                is_worked_out=bool(is_worked_out),
                is_plain=not is_worked_out,
            )
            for found, table, is_view, is_worked_out, state in self._rows(TABLES, database, database)
        ]
        return [
            table
            for table in tables
            if (schema is None or fold(table.schema) == fold(schema))
            and (name is None or fold(table.name) == fold(name))
        ]

    def identity(self) -> str:
        """The server, by what it says of itself."""
        return ":".join(str(value) for _, value in sorted(self._rows(SERVER), key=str))

    def views(self) -> Mapping[RemoteTable, ViewSql]:
        """The SQL of the views, which is empty where the account may not see it."""
        made = {(str(schema), str(name)): str(sql or "") for schema, name, sql in self._rows(VIEWS)}
        return {
            table: ViewSql(made.get((table.schema, table.name), ""), _DIALECT)
            for table in self.tables()
            if table.is_view
        }

    def generated(self) -> Iterator[GeneratedColumn]:
        """The generated columns of tables, as far as the account may see how they are made."""
        database = self._connections.database
        rows = self._rows(GENERATED, database, database, database, database)
        columns = (
            (join(str(schema), str(table)), str(name), None if sql is None else str(sql))
            for schema, table, name, sql in rows
        )
        return generated_columns(columns, _DIALECT)

    def references(self) -> Mapping[str, tuple[Key, ...]]:
        """The foreign keys of tables, as far as the account may see them."""
        database = self._connections.database
        return references_told(self._rows(REFERENCES, database, database))

    def shared_rows(self) -> Iterator[SharedRows]:
        """Tables that are made of others (MERGE), and those; they share columns by order, whatever these are called."""
        for schema, table in self._rows(MERGED):
            made = self._rows(f"SHOW CREATE TABLE {named(str(schema))}.{named(str(table))}")
            found = tuple(merged(str(schema), str(table), str(made[0][1])))
            called = {tuple(fold(str(name)) for (name,) in self._rows(NAMES, *split(each.relation))) for each in found}
            is_by_name = len(called) == 1 and called != {()}
            yield from found if is_by_name else (replace(each, others=None) for each in found)

    def columns(self, table: RemoteTable) -> tuple[RemoteColumn, ...]:
        """The columns in order; the server lists those alone that the account may read."""
        rows = self._rows(COLUMNS, table.schema, table.name)
        declared = [
            Declared(
                name=str(name),
                type=str(kind),
                full_type=str(full),
                encoding=str(encoding or ""),
                octets=int(str(octets or 0)),
            )
            for name, kind, full, encoding, octets, _ in rows
        ]
        return columns_of(declared, int(str(rows[0][5])) if rows else 0)

    def description(self, table: RemoteTable) -> Description:
        """The comments and keys of a table and what a view reads, as far as the account may see them."""
        place = (table.schema, table.name)
        comments = [(str(name), str(said)) for name, said, _ in self._rows(COMMENTS, *place, *place)]
        parts = self._rows(KEYS, *place, *place)
        return description(comments, (KeyPart(*map(str, part[:-1])) for part in parts), self._reads(table))

    def _reads(self, table: RemoteTable) -> tuple[str, ...] | None:
        """By the SQL as the server keeps it, in which every relation has its schema; not what is the server's own."""
        if not table.is_view:
            return ()
        made = self._rows(VIEW, table.schema, table.name)
        reads = relations_read(ViewSql(str(made[0][0] or ""), _DIALECT)) if made else None
        is_told = reads is not None and not any(fold(split(each)[0]) in OWN_SCHEMAS for each in reads)
        return reads if is_told else None

    def order(self, table: RemoteTable) -> tuple[str, ...] | None:
        """The primary key, in the order of which it keeps or sorts them."""
        return tuple(str(name) for (name,) in self._rows(PRIMARY, table.schema, table.name)) or None

    def read(
        self,
        table: RemoteTable,
        columns: Sequence[RemoteColumn],
        conditions: Sequence[tuple[RemoteColumn, Condition]],
        *,
        order: Sequence[str] = (),
    ) -> Iterator[pa.RecordBatch]:
        """The rows that fulfil the conditions, unbuffered."""
        found = [where(column, condition, literal) for column, condition in pushed(conditions, _UNSURE)]
        item = item_of(table)
        by = [f"{item}.{named(name)}" for name in order]
        return self._batches(select([line(columns)], item, found, by), columns, table, lines_to_batches)

    def prepare(self, table: RemoteTable) -> None:
        """Begins a connection for a scan of what is no plain table."""
        if not table.is_plain:
            self._connections.reserve()

    def one_moment(self, tables: Sequence[RemoteTable]) -> None:
        """Holds these, and what views among them read, before anything is read of any; then one connection reads all.

        A view of which it is not known what it runs can be read alone, and once.
        """
        places = [(table.schema, table.name) for table in tables]
        held = read_by(places, self.tables(), self._reads)
        if held is None:
            if len(set(places)) > 1:
                raise moment_lost(self._source)
            self.prepare(tables[0])
        else:
            for attempt in self._locks.attempts(self._seconds):
                with attempt:
                    self._hold_all(held)
                    break
            self._locks.hold()
            if read_by(places, self.tables(), self._reads) != held:
                raise changed(self._source)
        self._held = held or {}
        self._connections.are_of_one_moment = True

    def expect(self, tables: Sequence[RemoteTable]) -> None:
        """Has each connection hold the tables among these before its moment, and one for a view that view.

        A moment under LOCK TABLES of somebody else is one that nobody may see; names that are held mean the same in it.
        """
        known = dict.fromkeys((*(self._expected or ()), *(table for table in tables if table.is_plain)))
        if self._expected is None or len(known) > len(self._expected):
            self._expected = tuple(known)
            if self._held is None:
                self._connections.holding.clear()

    def _hold_all(self, held: Places) -> None:
        connection, is_whole = self._connections.taken(), False
        try:
            with self._connections.told():
                wait_briefly(connection)
                hold(connection, held_first(held))
                self._connections.holding.add(connection)
                is_whole = True
        finally:
            self._connections.give_back(connection) if is_whole else self._connections.drop(connection)

    def _is_shared(self, table: RemoteTable) -> bool:
        """Whether the connection of a scan has been used, and will be, for others."""
        return table.is_plain if self._held is None else (table.schema, table.name) in self._held

    def sample(self, table: RemoteTable, columns: Sequence[RemoteColumn], rows: int) -> Iterator[pa.RecordBatch]:
        """Rows from some places of a table's numeric key; the first rows of a view, or of a table without one."""
        item, key = item_of(table), None if table.is_view else self._key(table)
        columns = [*map(sound, columns)]
        if not table.is_view and int(str(self._rows(COUNT, table.schema, table.name)[0][0])) < _FEW_ROWS:
            return evenly(self._batches(f"{select(columns, item)} LIMIT {_MOST_SAMPLED:d}", columns, table), rows)
        ends = None if key is None else self._rows(f"SELECT MIN({key}), MAX({key}) FROM {item}")[0]
        if ends is None or not all(isinstance(end, int) for end in ends):
            return self._batches(f"{select(columns, item)} LIMIT {rows:d}", columns, table)
        first, last = (int(str(end)) for end in ends)
        some = max(1, rows // PLACES)
        parts = (
            f"({select(columns, item, [f'{key} >= {at:d}'])} ORDER BY {key} LIMIT {some:d})"
            for at in places(first, last)
        )
        return self._batches(" UNION ALL ".join(parts), columns, table)

    def rest(self) -> None:
        """Nothing: who reads here keeps nobody from writing rows."""

    def wake(self) -> None:
        """Nothing: the state is the same."""

    def cancel(self) -> None:
        """Stops what every connection is doing; no scan begins any more."""
        self._connections.cancel()

    def close(self) -> None:
        """Ends every transaction; a scan under way is stopped, and ends its own."""
        self._connections.close()

    def _batches(
        self, sql: str, columns: Sequence[RemoteColumn], table: RemoteTable, read: Callable[..., Any] = batches
    ) -> Iterator[pa.RecordBatch]:
        for attempt in self._locks.attempts(self._seconds):
            with attempt:
                yield from self._attempted(sql, columns, table, read, attempt)
                return

    def _attempted(
        self,
        sql: str,
        columns: Sequence[RemoteColumn],
        table: RemoteTable,
        read: Callable[..., Any],
        attempt: Attempt,
    ) -> Iterator[pa.RecordBatch]:
        """A scan; where a table is locked its connection stays for the next attempt, with its snapshot."""
        is_shared, keys, connections = self._is_shared(table), keys_of(columns), self._connections
        connection, stays, is_whole = connections.taken(is_shared), False, False
        try:
            with connections.told():
                refuse_older(self._source, *mariadb_version(connection.get_server_info()), columns)
                cursor, bound = connection.cursor(driver().cursors.SSCursor), dict[str, bytes]()
                try:
                    with connections.told():
                        wait_briefly(connection)
                        self._hold_names(connection, table, is_shared)
                        if table.is_plain:
                            self._hold(connection, table)
                        bound.update(keys)
                        bind_keys(connection, keys)
                        cursor.execute(sql)
                    attempt.holds()
                    attempt.gives()
                    yield from read(cursor.fetchmany, columns, table.name)
                    is_whole = True
                except Locked:
                    is_new = self._expected is not None and connection not in connections.holding
                    release(connection) if is_new else wait_long(connection)
                    stays = not bound
                    raise
                finally:
                    if not is_whole and not stays:
                        connections.end(connection)  # else closing would read all the rest
                        leave(cursor)
                    with suppress(Exception):
                        cursor.close()
                if bound:
                    connection.query(without_keys(bound))
                if is_shared and self._held is None:
                    let_go(connection) if self._expected is None else wait_long(connection)
                stays = is_shared
        finally:
            connections.give_back(connection, is_shared) if stays else connections.drop(connection)

    def _hold_names(self, connection: Opened, table: RemoteTable, is_shared: bool) -> None:
        """Begins a connection anew with the names of what it is to read, where that is known and it holds none yet."""
        if self._expected is not None and connection not in self._connections.holding:
            hold(connection, self._expected if is_shared else (table,))
            self._connections.holding.add(connection)
            if is_shared:
                self._locks.hold()

    def _hold(self, connection: Opened, table: RemoteTable) -> None:
        """Keeps a plain table as it is until the transaction ends; raises SourceUnavailable for what is none."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT 1 FROM {item_of(table)} LIMIT 0")
            cursor.execute(KIND, (table.schema, table.name))
            if cursor.fetchall() != ((0,),):
                raise plain_no_more(self._source, table)

    def _rows(self, sql: str, *values: str) -> Sequence[Sequence[object]]:
        return self._connections.rows(sql, *values)

    def _key(self, table: RemoteTable) -> str | None:
        found = self._rows(KEY, table.schema, table.name, table.schema, table.name)
        return named(str(found[0][0])) if len(found) == 1 else None
