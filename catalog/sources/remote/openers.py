"""Who opens which system, and how a relation is found again in what was opened."""

from collections import Counter
from collections.abc import Mapping, Sequence

from catalog.errors import SourceUnavailable
from catalog.names import fold, split
from catalog.sources.kept import Kept
from catalog.sources.remote.locks import Locks
from catalog.sources.remote.mariadb import open_mariadb
from catalog.sources.remote.postgres import open_postgres
from catalog.sources.remote.snapshot import Opener, RemoteColumn, RemoteTable, Snapshot
from catalog.sources.remote.sqlite import open_sqlite

_OPENERS: Mapping[str, Opener] = {"mariadb": open_mariadb, "postgres": open_postgres, "sqlite": open_sqlite}


_TOTAL = frozenset({"BOOLEAN", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "VARCHAR", "BLOB"})
_UNSIGNED = frozenset({"TINYINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"})
_NEVER_RAISE: Mapping[str, frozenset[str]] = {
    "mariadb": _TOTAL | _UNSIGNED,
    "postgres": _TOTAL | {"DATE", "TIME", "UUID"},
    "sqlite": frozenset(),  # every value there may be of another type than its column's
}


def never_raises(connector: str, type_name: str) -> bool:
    """Whether every value that a table of the system can hold in a column of this type is read without an error.

    Not so a `NaN` in a number of stated precision, a late moment, or a day that is none.

    Example:
        >>> never_raises("mariadb", "BIGINT"), never_raises("mariadb", "DATE")
        (True, False)
    """
    is_decimal = type_name.startswith("DECIMAL(") and connector == "mariadb"
    return is_decimal or type_name in _NEVER_RAISE[connector]


def open_snapshot(
    connector: str,
    source: str,
    options: Mapping[str, str],
    seconds: float | None,
    kept: Kept | None = None,
    locks: Locks | None = None,
) -> Snapshot:
    """A look at the database that the options name; raises SourceUnavailable, SourceTimeout or SettingsInvalid.

    `kept` are clean connections of earlier looks, where this one may leave its own; `locks` are those of its query.
    """
    return _OPENERS[connector](source, options, seconds, kept, locks)


def located(snapshot: Snapshot, relation: str) -> RemoteTable:
    """The table or view that a relation's name means: as it is written, or the only one that differs in case.

    Raises SourceUnavailable when there is none, or none that can be told from others.
    """
    parts = split(relation)
    if not 1 <= len(parts) <= 2:
        raise SourceUnavailable(f"`{relation}` is no name of a table", hint="write schema.table")
    if len(parts) == 1 and snapshot.has_schemas:
        # INVARIANT: tags come to a relation by its schema and name, so none goes by another name.
        raise SourceUnavailable(f"`{relation}` does not say in which schema it is", hint="write schema.table")
    schema, name = parts if len(parts) == 2 else (None, parts[0])
    found = list(snapshot.tables(schema, name))
    exact = [table for table in found if table.name == name and schema in (None, table.schema)]
    if len(exact or found) != 1:
        why = "stands in several schemas, or in several spellings," if found else "is no table or view"
        raise SourceUnavailable(
            f"`{relation}` {why} in the source",
            hint="write schema.table, spelt as there"
            if found
            else "crawl the source again, or check what its account may see",
        )
    return (exact or found)[0]


def columns_of(snapshot: Snapshot, table: RemoteTable) -> tuple[RemoteColumn, ...]:
    """The columns of a table; raises SourceUnavailable when the engine could not tell two of them apart."""
    columns = snapshot.columns(table)
    for name, count in Counter(fold(column.name) for column in columns).items():
        if count > 1:
            raise SourceUnavailable(
                f"`{table.schema}.{table.name}` has several columns `{name}` that differ only in upper and lower case",
                hint="make a view that names them apart, and crawl that",
            )
    return columns


def order_of(snapshot: Snapshot, table: RemoteTable, columns: Sequence[RemoteColumn]) -> tuple[str, ...] | None:
    """The columns by whose values the rows of a table come, none where they come as they lie; None for any order.

    So it is of whatever works its rows or cells out, since that may fail half way.
    """
    if table.is_view or table.is_worked_out or any(column.is_worked_out for column in columns):
        return None
    return snapshot.order(table)


def is_under(table: RemoteTable, path: str | None) -> bool:
    """Whether a table is in the schema `path`, or is the one table of that name.

    Example:
        >>> is_under(RemoteTable(schema="public", name="people", fingerprint=""), "PUBLIC")
        True
    """
    wanted = tuple(map(fold, split(path))) if path else ()
    return (fold(table.schema), fold(table.name))[: len(wanted)] == wanted
