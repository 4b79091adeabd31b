"""The system `sqlite`: a database file, read in one transaction; a column's type is the one that was declared for it.

SQLite lets every value have a type of its own. A value that is not of its column's declared type is refused, never
converted; a column without a declared type (an expression of a view, say) is carried as the text SQLite makes of it.
"""

import re
import sqlite3
import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, TypeVar
from urllib.parse import quote as percent

import pyarrow as pa

from catalog.descriptions import KeyPart, description, references
from catalog.errors import SourceTimeout, SourceUnavailable
from catalog.model import Description, Key
from catalog.names import join, quoted
from catalog.sources.connector import GeneratedColumn, SharedRows, ViewSql
from catalog.sources.database_files import found, make_beside, pinned, states_beside
from catalog.sources.generated_sql import definitions, generated_columns
from catalog.sources.kept import Kept
from catalog.sources.remote.conditions import Condition, Value
from catalog.sources.remote.locks import Locks
from catalog.sources.remote.rows import batches
from catalog.sources.remote.sampling import PLACES, places
from catalog.sources.remote.snapshot import Pushed, RemoteColumn, RemoteTable
from catalog.sources.remote.sqlite_tables import SCHEMA, readable, tables, virtual_tables
from catalog.sources.remote.statements import pushed, select, where
from catalog.sources.view_sql import relations_read

_T = TypeVar("_T")
_Batches = Generator[pa.RecordBatch, None, None]

_WAIT_SECONDS = 5.0
_UNSAFE = "unsafe use of"
_LOG = ("-wal", "-shm")  # of changes, and what readers and writers share of it
_BESIDE = (*_LOG, "-journal")
_STEPS = 100_000  # of SQLite's machine, between two looks at the clock
_KEYS = """
SELECT 'primary', '', name, '', '', '', pk FROM pragma_table_info($name) WHERE pk > 0
UNION ALL
SELECT 'unique', l.name, i.name, '', '', '', i.seqno FROM pragma_index_list($name) l, pragma_index_info(l.name) i
WHERE l."unique" AND NOT l.partial AND l.origin <> 'pk'
  AND NOT EXISTS (SELECT 1 FROM pragma_index_info(l.name) e WHERE e.name IS NULL)
UNION ALL
SELECT 'foreign', f.id, f."from", 'main', f."table", coalesce(f."to", p.name, ''), f.seq
FROM pragma_foreign_key_list($name) f LEFT JOIN pragma_table_info(f."table") p ON p.pk = f.seq + 1
ORDER BY 1, 2, 7
"""
_REFERENCES = """
SELECT s.name, f.id, f."from", 'main', f."table", coalesce(f."to", p.name, '')
FROM sqlite_schema s JOIN pragma_foreign_key_list(s.name) f
LEFT JOIN sqlite_schema o
  ON f."to" IS NULL AND o.name = f."table" COLLATE NOCASE AND o.type = 'table' AND o.rootpage > 0
LEFT JOIN pragma_table_info(o.name) p ON p.pk = f.seq + 1
WHERE s.type = 'table' AND s.rootpage > 0 ORDER BY s.name, f.id, f.seq
"""
_GENERATED = """
SELECT s.name, s.sql, x.name, x.hidden IN (2, 3) FROM sqlite_schema s JOIN pragma_table_xinfo(s.name) x
WHERE s.type = 'table' AND s.rootpage > 0 AND s.sql LIKE '%as%' ORDER BY s.name, x.cid
"""
_DECLARED: Mapping[str, tuple[str, Pushed]] = {
    "BOOL": ("BOOLEAN", Pushed.COMPARED),
    "BOOLEAN": ("BOOLEAN", Pushed.COMPARED),
    "DATE": ("DATE", Pushed.COMPARED),
    "DATETIME": ("TIMESTAMP", Pushed.NULL),
    "TIMESTAMP": ("TIMESTAMP", Pushed.NULL),
    "TIME": ("TIME", Pushed.NULL),
}
_AFFINITIES: tuple[tuple[str, str, Pushed], ...] = (
    ("INT", "BIGINT", Pushed.COMPARED),
    ("CHAR", "VARCHAR", Pushed.EQUAL),
    ("CLOB", "VARCHAR", Pushed.EQUAL),
    ("TEXT", "VARCHAR", Pushed.EQUAL),
    ("BLOB", "BLOB", Pushed.NULL),
    ("REAL", "DOUBLE", Pushed.NULL),
    ("FLOA", "DOUBLE", Pushed.NULL),
    ("DOUB", "DOUBLE", Pushed.NULL),
)
_DECIMAL = re.compile(r"(?:DECIMAL|NUMERIC)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)")


def open_sqlite(
    source: str,
    options: Mapping[str, str],
    seconds: float | None,
    kept: Kept | None = None,
    locks: Locks | None = None,
) -> "SqliteSnapshot":
    """A look at the file of the option `path`; raises SourceUnavailable."""
    return SqliteSnapshot(Path(options["path"]), seconds)


class SqliteSnapshot:
    """One connection with one transaction, in which several statements may be read at a time."""

    has_schemas: ClassVar = False

    def __init__(self, path: Path, seconds: float | None) -> None:
        self._path = found(path)
        self._seconds = seconds
        self._deadline: float | None = None
        with self._mapped():
            self._opening(self._begin_anew)

    def _begin_anew(self) -> None:
        self._connection = sqlite3.connect(
            f"file:{percent(str(self._path))}?mode=ro",
            uri=True,
            timeout=_WAIT_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            self._connection.set_progress_handler(self._is_late, _STEPS)
            self._connection.execute("PRAGMA query_only = ON")
            self._is_trusted = self._trusted()
            self._begin()
        except BaseException:
            self._connection.close()
            raise

    def _trusted(self) -> bool:
        """Whether tables, views and indexes may call what is in the connection: only where else no table can be read.

        INVARIANT: then nothing is in it but what SQLite has itself, of which no schema may call what reaches outside.
        """
        self._connection.execute("PRAGMA trusted_schema = OFF")
        try:
            self._connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
        except sqlite3.DatabaseError as error:
            if _UNSAFE not in str(error):
                raise
            self._connection.execute("PRAGMA trusted_schema = ON")
            return True
        return False

    def _opening(self, call: Callable[[], _T]) -> _T:
        """What a call gives in which SQLite opens the file, or what it keeps beside it, and nothing else.

        INVARIANT: SQLite opens these with the connection and the beginning of a transaction alone. It is tried again
        where it wanted what was not there before, or has to be made.
        """
        for is_last in (False, False, True):
            with pinned(self._path, _BESIDE) as pins:
                try:
                    return pins.opening(call, is_written=lambda file: file != self._path)
                except sqlite3.OperationalError as error:
                    if is_last or not self._is_there_more(error, pins.paths):
                        raise
        raise AssertionError

    def _is_there_more(self, error: sqlite3.Error, known: Collection[Path]) -> bool:
        """Whether SQLite may find what it could not open; the files of a log it would make itself, were it let."""
        code = getattr(error, "sqlite_errorcode", 0)
        if code & 0xFF not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            return False
        log, shared, journal = (self._path.with_name(self._path.name + ending) for ending in _BESIDE)
        if any(file not in known and file.exists() for file in (log, shared, journal)):
            return True
        is_log_missing = code == sqlite3.SQLITE_READONLY_DIRECTORY
        is_shared_missing = code & 0xFF == sqlite3.SQLITE_CANTOPEN and log in known and shared not in known
        return (is_log_missing or is_shared_missing) and make_beside(self._path, _LOG)

    def tables(self, schema: str | None = None, name: str | None = None) -> Iterable[RemoteTable]:
        """Every table and view that is read, or the one of a name, which raises SourceUnavailable where it is not."""
        if schema is not None and schema.lower() != SCHEMA:
            return ()
        fingerprint = file_fingerprint(self._path)
        found = tables(self._rows, name)
        return [
            RemoteTable(
                schema=SCHEMA,
                name=each.name,
                fingerprint=fingerprint,
                is_view=each.is_view,
                is_worked_out=each.is_view,
            )
            for each in (found if name is None else map(readable, found))
            if not each.why_not
        ]

    def virtual(self) -> tuple[str, ...]:
        """The names of the virtual tables, which are not read."""
        return virtual_tables(self._rows)

    def identity(self) -> str:
        """The file by its own path, whichever links lead to it."""
        return str(self._path)

    def views(self) -> Mapping[RemoteTable, ViewSql]:
        """The SQL that made each view."""
        made = {name: str(sql) for name, sql in self._rows("SELECT name, sql FROM sqlite_schema WHERE type = 'view'")}
        return {table: ViewSql(made[table.name], "sqlite") for table in self.tables() if table.is_view}

    def generated(self) -> Iterator[GeneratedColumn]:
        """The generated columns of tables, by the SQL that made these."""
        tables: dict[tuple[str, str], dict[str, bool]] = {}
        for table, sql, name, is_generated in self._rows(_GENERATED):
            tables.setdefault((str(table), str(sql)), {})[str(name)] = bool(is_generated)
        for (table, sql), columns in tables.items():
            if any(columns.values()):
                said, relation = definitions(sql, tuple(columns)), join(SCHEMA, table)
                of_it = ((relation, name, said.get(name, "") if columns[name] else None) for name in columns)
                yield from generated_columns(of_it, "sqlite")

    def references(self) -> Mapping[str, tuple[Key, ...]]:
        """The foreign keys of tables."""
        return references(
            (join(SCHEMA, str(table)), KeyPart("foreign", *map(str, part))) for table, *part in self._rows(_REFERENCES)
        )

    def shared_rows(self) -> Iterator[SharedRows]:
        """None: here each table has rows of its own."""
        return iter(())

    def columns(self, table: RemoteTable) -> tuple[RemoteColumn, ...]:
        """The columns with the types that were declared for them.

        Any of them may end in an error as it is read, even of what is stored (a text that is no UTF-8), and so may what
        is made of it: each counts as worked out.
        """
        rows = self._rows("SELECT name, type FROM pragma_table_xinfo($name) WHERE hidden <> 1", {"name": table.name})
        return tuple(replace(_column(str(name), str(declared)), is_worked_out=True) for name, declared in rows)

    def description(self, table: RemoteTable) -> Description:
        """The keys of a table, and what a view reads; SQLite keeps no comments."""
        parts = [] if table.is_view else self._rows(_KEYS, {"name": table.name})
        return description((), (KeyPart(*map(str, part[:-1])) for part in parts), self._reads(table))

    def _reads(self, table: RemoteTable) -> tuple[str, ...] | None:
        if not table.is_view:
            return ()
        made = self._rows("SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = $name", {"name": table.name})
        known = [(each.schema, each.name) for each in self.tables()]
        return relations_read(ViewSql(str(made[0][0]), "sqlite"), within=[SCHEMA], known=known)

    def order(self, table: RemoteTable) -> tuple[str, ...] | None:
        """Any: a value of any column may end the reading, so nothing is given before all is read and sorted."""
        return None

    def read(
        self,
        table: RemoteTable,
        columns: Sequence[RemoteColumn],
        conditions: Sequence[tuple[RemoteColumn, Condition]],
        *,
        order: Sequence[str] = (),
    ) -> Iterator[pa.RecordBatch]:
        """The rows that fulfil the conditions, in a cursor of its own."""
        values: list[object] = []

        def mark(value: Value) -> str:
            values.append(value if isinstance(value, int | str) else str(value))
            return "?"

        functions = [each for column in columns for each in column.functions.items()]
        if functions and self._is_trusted:
            raise SourceUnavailable(
                f"masks cannot be worked out in `{self._path.name}`: its tables call functions of their own choice",
                hint="take the option `masks` of the source away, so that they are worked out in Veil",
            )
        for name, function in functions:
            self._connection.create_function(name, -1, function, deterministic=True)
        found = [where(column, condition, mark) for column, condition in pushed(conditions)]
        return self._batches(select(columns, quoted(table.name), found), values, columns, table)

    def prepare(self, table: RemoteTable) -> None:
        """Nothing: one connection reads all, and no view may call a function that Veil has made known to it."""

    def sample(self, table: RemoteTable, columns: Sequence[RemoteColumn], rows: int) -> _Batches:
        """Rows from some places of a table's row ids; the first rows of what has none."""
        item = quoted(table.name)
        ends = None if table.is_view else self._ends(item)
        if ends is None or ends[1] - ends[0] < 2 * rows:
            return self._batches(f"{select(columns, item)} LIMIT {rows:d}", [], columns, table)
        some = max(1, rows // PLACES)
        parts = (
            f"SELECT * FROM ({select(columns, item, [f'rowid >= {at:d}'])} LIMIT {some:d})" for at in places(*ends)
        )
        return self._batches(" UNION ALL ".join(parts), [], columns, table)

    def rest(self) -> None:
        """Ends the transaction: a file without a log of changes cannot be written to in it."""
        with self._mapped():
            self._connection.execute("COMMIT")

    def wake(self) -> None:
        """Begins a transaction; its state is fixed by its first read."""
        with self._mapped():
            self._opening(self._begin)

    def _begin(self) -> None:
        self._deadline = None if self._seconds is None else time.monotonic() + self._seconds
        self._connection.execute("BEGIN")
        try:
            self._connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
        except BaseException:
            self._connection.rollback()
            raise

    def cancel(self) -> None:
        """Stops every statement under way."""
        with suppress(sqlite3.Error):  # it may be closed by now
            self._connection.interrupt()

    def close(self) -> None:
        """Ends the transaction and lets the file go."""
        self._connection.close()

    def _batches(
        self, sql: str, values: Sequence[object], columns: Sequence[RemoteColumn], table: RemoteTable
    ) -> _Batches:
        with self._mapped(), closing(self._connection.execute(sql, values)) as cursor:
            yield from batches(cursor.fetchmany, columns, table.name)

    def _is_late(self) -> bool:
        return self._deadline is not None and time.monotonic() > self._deadline

    def _ends(self, item: str) -> tuple[int, int] | None:
        """The lowest and highest row id, which an index knows; None for a table without row ids or rows."""
        try:
            lowest, highest = f"(SELECT min(rowid) FROM {item})", f"(SELECT max(rowid) FROM {item})"
            first, last = self._connection.execute(f"SELECT {lowest}, {highest}").fetchone()
        except sqlite3.Error:
            return None
        return (int(first), int(last)) if isinstance(first, int) and isinstance(last, int) else None

    def _rows(self, sql: str, values: Mapping[str, object] | None = None) -> list[tuple[object, ...]]:
        with self._mapped():
            return self._connection.execute(sql, values or {}).fetchall()

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        """SQLite's failures in Veil's words; its texts may carry values and are not told."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code == sqlite3.SQLITE_INTERRUPT:
                raise SourceTimeout("the query was stopped before it ended", hint="narrow the query") from None
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise SourceUnavailable(
                    f"the database file `{self._path.name}` is being written to", hint="try again in a moment"
                ) from None
            if _UNSAFE in str(error):
                raise SourceUnavailable(
                    f"a view of `{self._path.name}` calls a function that SQLite lets no view of an unknown file call",
                    hint="crawl the tables that it reads, or make a table of it",
                ) from None
            raise SourceUnavailable(
                f"the database file `{self._path.name}` cannot be read",
                hint="it may be damaged, no SQLite database, or a view in it may not fit its tables any more",
            ) from None


def file_fingerprint(file: Path) -> str:
    """What changes whenever a file of a real path, or the log of changes beside it, is written to."""
    return "|".join(states_beside(file, _LOG[:1]))


def _column(name: str, declared: str) -> RemoteColumn:
    """A column by its declared type.

    Example:
        >>> [_column("c", declared).type for declared in ("integer", "varchar(20)", "DECIMAL(8, 2)", "")]
        ['BIGINT', 'VARCHAR', 'DECIMAL(8,2)', 'VARCHAR']
    """
    expression, upper = quoted(name), declared.strip().upper()
    if upper in _DECLARED:
        type_name, judged = _DECLARED[upper]
        return RemoteColumn(name=name, type=type_name, expression=expression, pushed=judged)
    if match := _DECIMAL.fullmatch(upper):
        digits, places = int(match[1]), int(match[2] or 0)
        if places <= digits <= 38 and digits:
            return RemoteColumn(
                name=name, type=f"DECIMAL({digits},{places})", expression=expression, pushed=Pushed.NULL
            )
    for part, type_name, judged in _AFFINITIES:
        if part in upper:
            return RemoteColumn(name=name, type=type_name, expression=expression, pushed=judged)
    text = f"CASE typeof({expression}) WHEN 'blob' THEN {expression} ELSE CAST({expression} AS TEXT) END"
    return RemoteColumn(name=name, type="VARCHAR", expression=text, pushed=Pushed.NULL)
