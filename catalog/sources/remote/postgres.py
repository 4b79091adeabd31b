"""The system `postgres`: one snapshot shared by as many connections as a query has scans.

Each connection is in a read-only transaction; the first exports its snapshot and the others import it. Rows stream by
COPY in binary. Values of conditions are bound as settings of the transaction, since COPY takes no parameters, so they
stand in no statement that the server could log.

What a scan reads may run SQL of whoever made it (a view, a policy of row-level security, a cast), which can read and
alter every setting of its connection. So no scan meets a connection that another one of its query has left as it is.
"""

import secrets
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import pyarrow as pa

from catalog.descriptions import KeyPart, description
from catalog.errors import SourceUnavailable
from catalog.model import Description, Key
from catalog.names import join, quoted
from catalog.sources.connector import GeneratedColumn, SharedRows, ViewSql
from catalog.sources.kept import Kept
from catalog.sources.remote.bound_keys import POSTGRES_PAD, keys_of, pad_bytes, postgres_binding
from catalog.sources.remote.compared import compared
from catalog.sources.remote.conditions import Condition, Value
from catalog.sources.remote.locks import Attempt, Locks
from catalog.sources.remote.plain import plain_no_more
from catalog.sources.remote.postgres_catalog import (
    COLUMNS,
    COMMENTS,
    GENERATED,
    IDENTITY,
    KEYS,
    LAID_BY,
    MAY_IDENTIFY,
    READS,
    REFERENCES,
    SHARED_ROWS,
    SIZE,
    TABLES,
    VIEWS,
    fingerprint,
    is_plain,
    references_told,
    shared_told,
)
from catalog.sources.remote.postgres_changes import (
    BACKEND,
    LOADED,
    LOCKED,
    MOMENT,
    STATES,
    changed,
    has_changed,
    may_change,
    of_no_moment,
    oids,
    reads_sequence,
)
from catalog.sources.remote.postgres_connections import PostgresConnections, stop
from catalog.sources.remote.postgres_failures import check_scheme, told
from catalog.sources.remote.postgres_types import column_of, converted, declared_of, operator, type_of
from catalog.sources.remote.sampling import evenly
from catalog.sources.remote.snapshot import RemoteColumn, RemoteTable, SharesMoments
from catalog.sources.remote.statements import pushed, select, where
from catalog.sources.remote.versions import refuse_older

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Connection

_FEW_PAGES = 256
_ROWS_OF_A_PAGE = 50.0
_MOST_SAMPLED = 100_000
_MOST_KNOWN = 16
_BATCH_BYTES = str(4 * 2**20)


def open_postgres(
    source: str,
    options: Mapping[str, str],
    seconds: float | None,
    kept: Kept | None = None,
    locks: Locks | None = None,
) -> "PostgresSnapshot":
    """A look at the database of the option `url`."""
    check_scheme(source, options["url"])
    return PostgresSnapshot(source, options["url"], seconds, kept, locks or Locks())


class PostgresSnapshot:
    """One state of a database: one connection keeps it and tells of tables, and each scan has one of its own."""

    has_schemas: ClassVar = True

    def __init__(self, source: str, url: str, seconds: float | None, kept: Kept | None, locks: Locks) -> None:
        self._source = source
        self._locks = locks
        self._seconds = seconds
        self._connections = PostgresConnections(source, url, seconds, kept)
        self._asking = threading.Lock()
        self._known: dict[str, list[dict[str, object]]] = {}
        self._mark = secrets.token_hex(8)
        self._keeper = self._connections.taken(waits=True)
        self._exported, self._loaded = self._own_moment()

    def share(self, other: SharesMoments) -> bool:
        """Whether the look is of the other one's moment from now on, as it is at the same database."""
        if not isinstance(other, PostgresSnapshot) or not (own := self.identity()) or own != other.identity():
            return False
        if not self._sees(other):
            return False
        try:
            self._begin_anew(other._exported)
            other._refuse_other_settings()
        except SourceUnavailable:  # the other's moment may have ended, or be of other settings
            self._begin_anew()
            return False
        return True

    def tables(self, schema: str | None = None, name: str | None = None) -> Iterable[RemoteTable]:
        """Every table and view of every schema but the system's; a partition only by its name."""
        return [
            RemoteTable(
                schema=str(row["schema"]),
                name=str(row["name"]),
                fingerprint=fingerprint(row),
                is_view=bool(row["is_view"]),
                is_worked_out=bool(row["is_worked_out"]),
                is_plain=is_plain(row),
                key=int(str(row["oid"])),
            )
            for row in self._rows(TABLES, schema or "", name or "")
        ]

    def identity(self) -> str:
        """The cluster, as it was numbered when it was made, and the database in it."""
        if not self._rows(MAY_IDENTIFY)[0]["is_told"]:
            return ""
        return str(self._rows(IDENTITY)[0]["name"])

    def views(self) -> Mapping[RemoteTable, ViewSql]:
        """The SQL of every view, with every name in full."""
        made = {int(str(row["oid"])): str(row["sql"]) for row in self._rows(VIEWS)}
        return {table: ViewSql(made[table.key], "postgres") for table in self.tables() if table.is_view}

    def generated(self) -> Iterator[GeneratedColumn]:
        """The generated columns of tables and of what inherits from them, by the dependencies that the server keeps."""
        found, untold = dict[tuple[str, str], set[tuple[str, str]]](), set[tuple[str, str]]()
        for row in self._rows(GENERATED):
            place = join(str(row["schema"]), str(row["table"])), str(row["column"])
            read = found.setdefault(place, set())
            untold |= set() if row["is_told"] else {place}
            if row["read_column"] is not None:
                read.add((join(str(row["read_schema"]), str(row["read_table"])), str(row["read_column"])))
        for (relation, name), reads in found.items():
            is_told = (relation, name) not in untold
            yield GeneratedColumn(relation=relation, name=name, reads=frozenset(reads), is_told=is_told)

    def references(self) -> Mapping[str, tuple[Key, ...]]:
        """The foreign keys of tables; those that a partition has of its table are that one's."""
        return references_told(self._rows(REFERENCES))

    def shared_rows(self) -> Iterator[SharedRows]:
        """Tables with those that inherit from them, and partitions with their tables."""
        return shared_told(self._rows(SHARED_ROWS))

    def columns(self, table: RemoteTable) -> tuple[RemoteColumn, ...]:
        """The columns in order; raises SourceUnavailable when the account may not read them all."""
        rows = self._rows(COLUMNS, str(table.key))
        if not all(row["is_readable"] for row in rows):
            raise SourceUnavailable(
                f"the account of source `{self._source}` may not read `{table.schema}.{table.name}`",
                hint="GRANT SELECT on it, and USAGE on its schema, to the account",
            )
        columns = ((column_of(declared_of(row)), bool(row["is_worked_out"])) for row in rows)
        return tuple(replace(column, is_worked_out=column.is_worked_out or is_made) for column, is_made in columns)

    def description(self, table: RemoteTable) -> Description:
        """The comments and keys of a table, and what a view reads; a unique index says as much as a constraint."""
        comments = [(str(row["name"]), str(row["said"])) for row in self._rows(COMMENTS, str(table.key))]
        parts = self._rows(KEYS, str(table.key))
        reads = self._rows(READS, str(table.key)) if table.is_view else ()
        is_told = all(row["is_told"] for row in reads)
        return description(
            comments,
            (KeyPart(*(str(row[part]) for part in KeyPart._fields)) for row in parts),
            tuple(join(str(row["schema"]), str(row["name"])) for row in reads) if is_told else None,
        )

    def order(self, table: RemoteTable) -> tuple[str, ...] | None:
        """What a table is clustered or partitioned by: else its rows come as they lie, since indexes only find them."""
        names = [row["name"] for row in self._rows(LAID_BY, str(table.key))]
        return None if None in names else tuple(map(str, names))

    def read(
        self,
        table: RemoteTable,
        columns: Sequence[RemoteColumn],
        conditions: Sequence[tuple[RemoteColumn, Condition]],
        *,
        order: Sequence[str] = (),
    ) -> Iterator[pa.RecordBatch]:
        """The rows that fulfil the conditions, by COPY; every read of a table comes in its order."""
        values: list[str] = []

        def mark(value: Value) -> str:
            values.append(value.isoformat() if isinstance(value, date) else str(value))
            return f"pg_catalog.current_setting('{self._named(len(values) - 1)}')::pg_catalog.{type_of(value)}"

        found = [where(column, condition, mark, operator) for column, condition in pushed(conditions)]
        return self._batches(select(columns, _item(table), found), columns, table, values)

    def prepare(self, table: RemoteTable) -> None:
        """Nothing: every scan imports the snapshot."""

    def sample(self, table: RemoteTable, columns: Sequence[RemoteColumn], rows: int) -> Iterator[pa.RecordBatch]:
        """Rows of some pages from all over a table, as the server draws them; the first rows of a view."""
        [size] = self._rows(SIZE, str(table.key))
        item, pages = _item(table), float(str(size["size"] or 0))
        if not size["can_be_sampled"]:
            return self._batches(f"{select(columns, item)} LIMIT {rows:d}", columns, table)
        if pages > _FEW_PAGES:
            share = 100 * (1 + 1.5 * rows / (float(str(size["density"])) or _ROWS_OF_A_PAGE)) / pages
            item += f" TABLESAMPLE SYSTEM ({min(100.0, share):.9f}) REPEATABLE (1)"
        return evenly(self._batches(f"{select(columns, item)} LIMIT {_MOST_SAMPLED:d}", columns, table), rows)

    def rest(self) -> None:
        """Nothing: who reads here keeps nobody from writing rows."""

    def wake(self) -> None:
        """Nothing: the state is the same."""

    def cancel(self) -> None:
        """Stops what every connection is doing; no scan begins any more."""
        self._connections.cancel()

    def close(self) -> None:
        """Ends every transaction; a scan under way is stopped, and ends its own."""
        self._connections.close(self._keeper)

    def _batches(
        self, sql: str, columns: Sequence[RemoteColumn], table: RemoteTable, values: Sequence[str] = ()
    ) -> Iterator[pa.RecordBatch]:
        for attempt in self._locks.attempts(self._seconds):
            with attempt:
                yield from self._attempted(sql, columns, table, values, attempt)
                return

    def _attempted(
        self, sql: str, columns: Sequence[RemoteColumn], table: RemoteTable, values: Sequence[str], attempt: Attempt
    ) -> Iterator[pa.RecordBatch]:
        runs_sql = table.is_worked_out or any(column.is_worked_out for column in columns)
        connection, is_whole = self._connections.taken(self._exported, is_new=runs_sql), False
        try:
            with told(self._source, self._seconds), closing(connection.cursor()) as cursor:
                refuse_older(self._source, "PostgreSQL", self._connections.version, columns)
                self._bind_keys(connection, keys_of(columns), table)
                if values:
                    names = (f"pg_catalog.set_config('{self._named(n)}', ${n + 1}, true)" for n in range(len(values)))
                    self._rows(f"SELECT {', '.join(names)}", *values, on=connection)
                pid = str(self._rows(BACKEND, on=connection)[0]["pid"])
                cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": _BATCH_BYTES})
                cursor.execute(sql)
                attempt.holds()
                with closing(cursor.fetch_record_batch()) as reader:
                    compare = partial(self._compare, table, pid, reader)
                    try:
                        looks_again = compare() or runs_sql  # functions may read more
                        for batch in compared(reader, compare) if looks_again else reader:
                            attempt.gives()
                            yield converted(batch, columns, table.name)
                        is_whole = True
                    finally:
                        if not is_whole:
                            stop(connection)
        finally:
            (self._connections.leave if is_whole and not runs_sql else self._connections.drop)(connection)

    def _named(self, place: int) -> str:
        """The setting of a value, by a name that is drawn for this look."""
        return f"veil.p{place}_{self._mark}"

    def _bind_keys(self, connection: "Connection", keys: Mapping[str, bytes], table: RemoteTable) -> None:
        """Makes keys known to the transaction, in no text that anybody could log (bound_keys.py)."""
        if keys:
            self._hold(connection, table)
            [drawn] = self._rows(POSTGRES_PAD, str(pad_bytes(keys)), on=connection)
            self._rows(*postgres_binding(keys, bytes.fromhex(str(drawn["pad"]))), on=connection)

    def _hold(self, connection: "Connection", table: RemoteTable) -> None:
        """Keeps a plain table as it is until the transaction ends; raises SourceUnavailable when it is none any more.

        What the server runs is the table of now, and what the snapshot tells of it may be out of date.
        """
        self._rows(f"LOCK TABLE {_item(table)} IN ACCESS SHARE MODE", on=connection)
        with self._now() as now:
            found = self._rows(TABLES, table.schema, table.name, on=now)
        known = (table.schema, table.name, table.key)
        if not any((row["schema"], row["name"], int(str(row["oid"]))) == known and is_plain(row) for row in found):
            raise plain_no_more(self._source, table)

    def _compare(self, table: RemoteTable, backend: str, reader: Iterable[pa.RecordBatch]) -> bool:
        """Raises SourceUnavailable when what a scan may read is not what the snapshot knows (postgres_changes.py).

        Tells whether it may still become another.
        """
        with self._now() as now:
            found = self._rows(LOCKED, backend, on=now)
            after = self._rows(STATES, oids(found), on=now)
        with self._asking:
            before = self._before(oids(found))
        if not found:  # the transaction has failed: so will the stream, which says of what
            deque(reader, 0)
        if reads_sequence(after):
            raise of_no_moment(self._source)
        if has_changed(table.key, before, after):
            raise changed(self._source)
        if may_change(before):
            self._refuse_other_settings()
        return may_change(before)

    def _refuse_other_settings(self) -> None:
        """Raises SourceUnavailable where the server has read its settings anew since the moment."""
        with self._asking:
            [settings] = self._rows(LOADED)
        if settings["loaded"] != self._loaded:
            raise changed(self._source)

    def _before(self, relations: str) -> list[dict[str, object]]:
        """What the snapshot knows of relations, which is asked once."""
        if relations not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[relations] = self._rows(STATES, relations)
        return self._known[relations]

    @contextmanager
    def _now(self) -> Iterator["Connection"]:
        """A connection to ask what is so by now, whatever the snapshot knows."""
        now = self._connections.taken()
        try:
            yield now
        finally:
            self._connections.leave(now)

    def _sees(self, other: "PostgresSnapshot") -> bool:
        """Whether the other look is at this very server: a replica has its name, and may have moments of its names."""
        drawn = str(secrets.randbelow(2**63))
        other._rows("SELECT pg_try_advisory_xact_lock_shared($1::text::int8) AS is_held", drawn)
        found = self._rows(
            "SELECT true AS is_seen FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1"
            " AND classid::int8 << 32 | objid::int8 = $1::text::int8 AND granted",
            drawn,
        )
        return bool(found)

    def _begin_anew(self, exported: str = "") -> None:
        self._known.clear()
        self._rows("ROLLBACK")
        self._connections.begin(self._keeper, exported)
        self._exported, self._loaded = (exported, self._loaded) if exported else self._own_moment()

    def _own_moment(self) -> tuple[str, object]:
        [moment] = self._rows(MOMENT)
        return str(moment["name"]), moment["loaded"]

    def _rows(self, sql: str, *values: str, on: "Connection | None" = None) -> list[dict[str, object]]:
        """All rows of a small statement of Veil's own."""
        return self._connections.rows(on or self._keeper, sql, *values)


def _item(table: RemoteTable) -> str:
    return f"{quoted(table.schema)}.{quoted(table.name)}"
