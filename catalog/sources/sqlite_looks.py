"""What is looked up in an SQLite file, in a worker: SQLite prepares and works out what the file brings along.

Each look opens the file anew, answers with a table, and is over.
"""

import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pyarrow as pa

from catalog.errors import LimitExceeded, SourceUnavailable
from catalog.sources.database_files import found as real
from catalog.sources.held_files import changed_meanwhile
from catalog.sources.remote.arrow_types import arrow_type
from catalog.sources.remote.openers import columns_of, located
from catalog.sources.remote.rows import batches
from catalog.sources.remote.snapshot import RemoteColumn, RemoteTable
from catalog.sources.remote.sqlite import SqliteSnapshot
from catalog.sources.small_samples import SAMPLE_BYTES, first_of
from catalog.sources.world import Resources

SECONDS = 60.0
"""As long a look may take by SQLite's own clock, which it does not look at while it prepares or calls a function."""

MOST = 100_000
"""Of relations of a file, and of rows that any other look but a sample tells."""

_BATCH_BYTES = 8 * 2**20
_CELL_BYTES = 4 * SAMPLE_BYTES  # what is larger than a sample ends it; what is larger yet is not made

RELATIONS = pa.schema({"name": pa.string(), "sql": pa.string(), "is_virtual": pa.bool_()})
"""Every table and view, with the SQL of a view, and the virtual tables, which are no relations."""

GENERATED = pa.schema(
    {"relation": pa.string(), "name": pa.string(), "is_known": pa.bool_(), "reads": pa.list_(pa.string())}
)
"""Every generated column, with the columns of its relation that it reads where that `is_known`."""

REFERENCES = pa.schema(
    {"relation": pa.string(), "names": pa.list_(pa.string()), "refers_to": pa.string(), "at": pa.list_(pa.string())}
)
"""Every foreign key, with the relation that has it."""

COLUMNS = pa.schema({"name": pa.string(), "type": pa.string()})
"""The columns of a relation in order."""

READS = "reads"
DESCRIPTION = pa.schema(
    {"kind": pa.string(), "names": pa.list_(pa.string()), "refers_to": pa.string(), "at": pa.list_(pa.string())}
)
"""Keys, and where it is known a row `READS` with the relations that are read."""


def relations(resources: Resources, path: str) -> pa.Table:
    """Every table and view of the file, as `RELATIONS` has it; raises SourceUnavailable where they are too many."""
    with _opened(path) as look:
        rows = [_relation(table.name) for table in look.tables() if not table.is_view]
        rows += [_relation(view.name, sql=made.text) for view, made in look.views().items()]
        rows += [_relation(name, is_virtual=True) for name in look.virtual()]
    if len(rows) > MOST:
        raise SourceUnavailable(
            f"the database file `{Path(path).name}` has more than {MOST:,} tables and views",
            hint="make several files of it",
        )
    return pa.Table.from_pylist(sorted(rows, key=lambda row: str(row["name"])), schema=RELATIONS)


def _relation(name: str, *, sql: str | None = None, is_virtual: bool = False) -> dict[str, object]:
    return {"name": name, "sql": sql, "is_virtual": is_virtual}


def generated(resources: Resources, path: str) -> pa.Table:
    """The generated columns of every table, as `GENERATED` has them."""
    with _opened(path) as look:
        rows = [
            {
                "relation": each.relation,
                "name": each.name,
                "is_known": each.reads is not None,
                "reads": sorted(name for _, name in each.reads or ()),
            }
            for each in look.generated()
        ]
    return pa.Table.from_pylist(rows, schema=GENERATED)


def references(resources: Resources, path: str) -> pa.Table:
    """The foreign keys of every table, as `REFERENCES` has them."""
    with _opened(path) as look:
        rows = [
            {"relation": relation, "names": key.columns, "refers_to": key.refers_to, "at": key.at}
            for relation, keys in look.references().items()
            for key in keys
        ]
    return pa.Table.from_pylist(rows, schema=REFERENCES)


def columns(resources: Resources, path: str, relation: str) -> pa.Table:
    """The columns of a relation, as `COLUMNS` has them."""
    with _opened(path) as look:
        rows = [{"name": each.name, "type": each.type} for each in columns_of(look, located(look, relation))]
    return pa.Table.from_pylist(rows, schema=COLUMNS)


def description(resources: Resources, path: str, relation: str) -> pa.Table:
    """The keys of a relation, and what a view reads, as `DESCRIPTION` has them."""
    with _opened(path) as look:
        said = look.description(located(look, relation))
    rows: list[dict[str, object]] = [
        {"kind": key.kind.value, "names": key.columns, "refers_to": key.refers_to, "at": key.at} for key in said.keys
    ]
    if said.reads is not None:
        rows.append({"kind": READS, "names": said.reads, "refers_to": "", "at": ()})
    return pa.Table.from_pylist(rows, schema=DESCRIPTION)


def sample(resources: Resources, path: str, relation: str, rows: int) -> pa.Table:
    """Rows from all over a table, of a view those that come first; fewer where they are large.

    Raises LimitExceeded for a row that is larger yet.
    """
    with _opened(path) as look:
        table = located(look, relation)
        chosen = columns_of(look, table)
        schema = pa.schema([(column.name, arrow_type(column.type)) for column in chosen])
        with closing(look.sample(table, chosen, rows)) as found:
            some = (pa.RecordBatch.from_arrays(batch.columns, schema=schema) for batch in found)
            return pa.Table.from_batches(first_of(some), schema=schema).slice(0, rows)


class _Look(SqliteSnapshot):
    """One that makes no huge cell, and reads not many large rows at a time."""

    def _begin_anew(self) -> None:
        super()._begin_anew()
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _CELL_BYTES)

    def _batches(
        self, sql: str, values: Sequence[object], columns: Sequence[RemoteColumn], table: RemoteTable
    ) -> Generator[pa.RecordBatch, None, None]:
        is_first = True
        with self._mapped():
            try:
                with closing(self._connection.execute(sql, values)) as cursor:
                    for batch in batches(partial(_some, cursor), columns, table.name):
                        yield batch
                        is_first = False
            except sqlite3.DataError:
                if is_first:
                    raise LimitExceeded("a row is larger than a sample may be") from None


def _some(cursor: sqlite3.Cursor, most: int) -> list[tuple[object, ...]]:
    """The next rows, fewer where they are large, or where a huge one follows."""
    rows, size = list[tuple[object, ...]](), 0
    try:
        while len(rows) < most and size < _BATCH_BYTES and (row := cursor.fetchone()) is not None:
            rows.append(row)
            size += sum(len(value) for value in row if isinstance(value, str | bytes))
    except sqlite3.DataError:
        if not rows:
            raise
    return rows


@contextmanager
def _opened(path: str) -> Iterator[SqliteSnapshot]:
    """The file of this real path; the server has seen that it is none of its own."""
    file = Path(path)
    if real(file) != file:
        raise changed_meanwhile(file)
    with closing(_Look(file, SECONDS)) as look:
        yield look
