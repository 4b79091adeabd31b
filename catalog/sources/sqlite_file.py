"""The connector `sqlite`: a database file, read in one transaction of a query, and looked at in workers."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pyarrow as pa

from catalog.errors import LimitExceeded, SourceTimeout, SourceUnavailable
from catalog.model import Description, Field, Key, KeyKind
from catalog.names import fold, join
from catalog.sources import sqlite_looks as looks
from catalog.sources.allowed_time import TimeOver
from catalog.sources.connector import Expected, GeneratedColumn, Masks, PassedOver, Relation, Remote, Scan, ViewSql
from catalog.sources.database_files import found
from catalog.sources.remote.arrow_types import arrow_type
from catalog.sources.remote.connector import MASKS
from catalog.sources.remote.openers import is_under, never_raises
from catalog.sources.remote.snapshot import RemoteTable
from catalog.sources.remote.sqlite import file_fingerprint
from catalog.sources.remote.sqlite_tables import HINT, SCHEMA, WHY_VIRTUAL
from catalog.sources.small_samples import SAMPLE_BYTES
from catalog.sources.workers.apart import Asking

_KIND = "sqlite"
_SECONDS = looks.SECONDS + 15.0
_TOLD_BYTES = SAMPLE_BYTES + 2**20  # what an answer holds beside the values
_PLAIN = frozenset(
    map(arrow_type, ("BOOLEAN", "BIGINT", "DOUBLE", "VARCHAR", "BLOB", "DATE", "TIME", "TIMESTAMP")),
)


class SqliteFileConnector:
    """An SQLite database file, held open only while it is looked at, and by workers alone.

    INVARIANT: nothing of a file is prepared or worked out in the server: no clock ends what SQLite does there.

    Example: option `path` is `./clinic.sqlite`; its relations are `main.visits` and `main."Lab Results"`.
    """

    engine = "embedded"

    def __init__(self, name: str, options: Mapping[str, str]) -> None:
        self._name = name
        self._options = dict(options)
        self._path = Path(options["path"])
        self._asking = Asking(looks.__name__)

    def stop_when(self, is_unwanted: Callable[[], bool]) -> None:
        """From now on a look ends with its worker as soon as it is unwanted."""
        self._asking.is_unwanted = is_unwanted

    def stay_open(self, seconds: float) -> AbstractContextManager[None]:
        """Within it looks share a worker; the file is opened anew by each, as its owner may want to write."""
        return self._asking.kept()

    def relations(self, path: str | None = None) -> Iterator[Relation]:
        """Every table and view, or those of schema `path`, or the one relation of that name."""
        fingerprint = file_fingerprint(found(self._path))
        tables = [_table(row, fingerprint) for row in self._listed() if not row["is_virtual"]]
        plain = Counter(fold(table.name) for table in tables)
        for table in tables:
            if is_under(table, path):
                suggested = table.name if plain[fold(table.name)] == 1 else f"{SCHEMA}_{table.name}"
                yield Relation(name=join(SCHEMA, table.name), suggested_name=suggested, fingerprint=fingerprint)

    def passed_over(self, path: str | None = None) -> Iterator[PassedOver]:
        """The virtual tables, all or those under `path`."""
        for table in (_table(row) for row in self._listed() if row["is_virtual"]):
            if is_under(table, path):
                yield PassedOver(name=join(SCHEMA, table.name), reason=WHY_VIRTUAL, hint=HINT)

    def identity(self) -> str:
        """The file by its own path, whichever links lead to it."""
        return f"{_KIND}:{found(self._path)}"

    def views(self) -> Mapping[str, ViewSql]:
        """The SQL that made each view, by relation."""
        made = {str(row["name"]): row["sql"] for row in self._listed()}
        return {join(SCHEMA, name): ViewSql(sql, _KIND) for name, sql in made.items() if sql is not None}

    def generated(self) -> Sequence[GeneratedColumn]:
        """The generated columns of every table, by the SQL that made these."""
        return tuple(
            GeneratedColumn(
                relation=row["relation"],
                name=row["name"],
                reads=frozenset((row["relation"], name) for name in row["reads"]) if row["is_known"] else None,
            )
            for row in self._told("", looks.GENERATED, looks.generated)
        )

    def references(self) -> Mapping[str, tuple[Key, ...]]:
        """The foreign keys of every table."""
        found: dict[str, tuple[Key, ...]] = {}
        for row in self._told("", looks.REFERENCES, looks.references):
            names, at = tuple(row["names"]), tuple(row["at"])
            key = Key(kind=KeyKind.FOREIGN, columns=names, refers_to=row["refers_to"], at=at)
            found[row["relation"]] = (*found.get(row["relation"], ()), key)
        return found

    def describe(self, relation: str) -> tuple[Field, ...]:
        """Columns in order with the types that were declared for them; raises SourceUnavailable."""
        rows = self._told(relation, looks.COLUMNS, looks.columns, relation)
        if not all(_is_plain_type(row["type"]) for row in rows):
            raise self._unreadable(relation)
        return tuple(Field(name=row["name"], type=row["type"]) for row in rows)

    def description(self, relation: str) -> Description:
        """The keys that the file keeps, and what a view reads; raises SourceUnavailable."""
        rows = self._told(relation, looks.DESCRIPTION, looks.description, relation)
        if not {row["kind"] for row in rows} <= {*KeyKind, looks.READS}:
            raise self._unreadable(relation)
        keys = (
            Key(kind=KeyKind(row["kind"]), columns=tuple(row["names"]), refers_to=row["refers_to"], at=tuple(row["at"]))
            for row in rows
            if row["kind"] != looks.READS
        )
        reads = next((tuple(row["names"]) for row in rows if row["kind"] == looks.READS), None)
        return Description(keys=tuple(keys), reads=reads)

    def sample(self, relation: str, rows: int) -> pa.Table:
        """Rows from all over a table, of a view as many as come first; fewer where they are large."""
        told = self._looked(relation, looks.sample, relation, rows)
        if told.num_rows > rows or not all(map(_is_plain, told.schema.types)):
            raise self._unreadable(relation)
        return told

    def scan(self, expected: Expected) -> Scan:
        """Where the engine reads the relation; whether it still has its columns is seen when it is read.

        Rows come in no order of their own: any column of SQLite counts as one that is worked out.
        """
        options = dict(self._options)
        masks = Masks(options.pop(MASKS, Masks.VEIL.value))  # it runs in Veil's own process: nothing would stay behind
        remote = Remote(connector=_KIND, source=self._name, options=tuple(sorted(options.items())), masks=masks)
        safe = frozenset(fold(name) for name, type_ in expected.columns if never_raises(_KIND, type_))
        return Scan(item="", files=(), fingerprint="", remote=remote, may_raise=True, safe=safe)

    def _listed(self) -> list[dict[str, Any]]:
        """All relations with the SQL of views, and the virtual tables."""
        return self._told("", looks.RELATIONS, looks.relations, may_lack=("sql",))

    def _told(
        self,
        relation: str,
        schema: pa.Schema,
        look: Callable[..., pa.Table],
        *arguments: object,
        may_lack: Sequence[str] = (),
    ) -> list[dict[str, Any]]:
        """The rows that a look tells, of which none lacks a value that it must have."""
        told = self._looked(relation, look, *arguments)
        if told.schema != schema or told.num_rows > looks.MOST:
            raise self._unreadable(relation)
        if any(_lacks(told[name]) for name in schema.names if name not in may_lack):
            raise self._unreadable(relation)
        rows: list[dict[str, Any]] = told.to_pylist()
        return rows

    def _looked(self, relation: str, look: Callable[..., pa.Table], *arguments: object) -> pa.Table:
        """What a look at a relation gives, or at the file as a whole."""
        try:
            told = self._asking.ask(_SECONDS, look, str(found(self._path)), *arguments)
        except TimeOver:
            raise
        except (LimitExceeded, SourceTimeout):
            raise SourceUnavailable(
                f"{self._what(relation)} takes more memory or time to be looked at than it may",
                hint="look at what its views work out; make them smaller, or tables of them",
            ) from None
        if told.nbytes > _TOLD_BYTES:
            raise self._unreadable(relation)
        return told

    def _unreadable(self, relation: str) -> SourceUnavailable:
        return SourceUnavailable(
            f"{self._what(relation)} cannot be looked at", hint="look at the file; it may be damaged"
        )

    def _what(self, relation: str) -> str:
        return f"`{relation}`" if relation else f"the database file `{self._path.name}`"


def _table(row: Mapping[str, Any], fingerprint: str = "") -> RemoteTable:
    return RemoteTable(schema=SCHEMA, name=row["name"], fingerprint=fingerprint)


def _lacks(column: pa.ChunkedArray) -> bool:
    """Whether any value of a column is missing, or any in its lists."""
    if column.null_count:
        return True
    return pa.types.is_list(column.type) and any(chunk.flatten().null_count for chunk in column.chunks)


def _is_plain_type(type_name: str) -> bool:
    try:
        return _is_plain(arrow_type(type_name))
    except ValueError:  # no decimal has so many digits
        return False


def _is_plain(kind: pa.DataType | None) -> bool:
    """Whether a column of SQLite may come in a type."""
    return kind in _PLAIN or (kind is not None and pa.types.is_decimal128(kind))
