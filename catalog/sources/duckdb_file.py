"""The connector `duckdb`: an existing database file, read-only, its schemas, tables and views included."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from catalog.descriptions import KeyPart, description
from catalog.errors import SourceUnavailable, VeilError
from catalog.model import Description, Field
from catalog.names import fold, join, quoted, split
from catalog.sources.connector import Expected, GeneratedColumn, Limits, Relation, Scan, ViewSql
from catalog.sources.engine_types import fields_of, may_have_no_text
from catalog.sources.file_reach import FileReach
from catalog.sources.generated_sql import generated_columns
from catalog.sources.own_files import refuse_own
from catalog.sources.run import EngineRun
from catalog.sources.states import states_of
from catalog.sources.view_sql import relations_read
from catalog.sources.world import Resources, World, columns_as

_SAMPLE_SECONDS = 60.0
_LOGS = (".wal", ".wal.checkpoint", ".wal.recovery")  # of changes that the engine reads with the file
_MAIN = "main"  # where the engine looks for what is not in a view's own schema
_RELATIONS = """
SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = $database AND NOT internal
UNION ALL
SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = $database AND NOT internal
ORDER BY ALL
"""
_VIEWS = """
SELECT schema_name, view_name, sql FROM duckdb_views() WHERE database_name = $database AND NOT internal ORDER BY ALL
"""
_GENERATED = """
WITH found AS (FROM duckdb_columns() WHERE database_name = $database AND NOT internal)
SELECT schema_name, table_name, column_name, CASE WHEN is_generated THEN coalesce(column_default, '') END FROM found
WHERE (schema_name, table_name) IN (SELECT (schema_name, table_name) FROM found WHERE is_generated)
ORDER BY schema_name, table_name, column_index
"""
_VIEW = """
SELECT schema_name, sql FROM duckdb_views()
WHERE database_name = $database AND (schema_name, view_name) = ($schema, $table)
"""
_COMMENTS = """
SELECT '', comment, 0 FROM duckdb_tables()
WHERE database_name = $database AND (schema_name, table_name) = ($schema, $table) AND comment IS NOT NULL
UNION ALL SELECT '', comment, 0 FROM duckdb_views()
WHERE database_name = $database AND (schema_name, view_name) = ($schema, $table) AND comment IS NOT NULL
UNION ALL SELECT column_name, comment, column_index FROM duckdb_columns()
WHERE database_name = $database AND (schema_name, table_name) = ($schema, $table) AND comment IS NOT NULL
ORDER BY 3
"""
_KEYS = """
SELECT CASE constraint_type WHEN 'PRIMARY KEY' THEN 'primary' WHEN 'UNIQUE' THEN 'unique' ELSE 'foreign' END,
  constraint_index, unnest(constraint_column_names), CASE WHEN referenced_table IS NULL THEN '' ELSE schema_name END,
  coalesce(referenced_table, ''), coalesce(unnest(referenced_column_names), '') FROM duckdb_constraints()
WHERE database_name = $database AND (schema_name, table_name) = ($schema, $table)
  AND constraint_type IN ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY') ORDER BY constraint_index
"""


class DuckDbFileConnector:
    """A DuckDB database file, held open only while it is looked at.

    Example: option `path` is `./clinic.duckdb`; its relations are `main.visits` and `clinic."Lab Results"`.
    """

    engine = "embedded"

    def __init__(self, name: str, options: Mapping[str, str]) -> None:
        self._path = Path(options["path"]).absolute()
        self._worked_out: tuple[str, frozenset[str], Mapping[str, frozenset[str]]] = "", frozenset(), {}
        self._reach: tuple[str, FileReach] | None = None
        self._textless: dict[Expected, frozenset[str]] = {}

    def relations(self, path: str | None = None) -> Iterator[Relation]:
        """Every table and view, or those of schema `path`, or the one relation of that name."""
        wanted = tuple(map(fold, split(path))) if path else ()
        world = self._open()
        try:
            rows = world.rows(_RELATIONS, {"database": world.alias(self._path)})
        finally:
            world.close()
        fingerprint = self._fingerprint()
        names = [(str(schema), str(name)) for schema, name in rows]
        plain = [fold(name) for _, name in names]
        for schema, name in names:
            if (fold(schema), fold(name))[: len(wanted)] == wanted:
                suggested = name if plain.count(fold(name)) == 1 else f"{schema}_{name}"
                yield Relation(name=join(schema, name), suggested_name=suggested, fingerprint=fingerprint)

    def identity(self) -> str:
        """The file by its own path, whichever links lead to it."""
        return f"duckdb:{self._path.resolve()}"

    def views(self) -> Mapping[str, ViewSql]:
        """The SQL of every view, by relation, as the engine keeps it; none of one that reads by a macro."""
        world = self._open()
        try:
            rows = world.rows(_VIEWS, {"database": world.alias(self._path)})
        finally:
            world.close()
        reach = self._reached(self._fingerprint())
        views = {(str(schema), str(name)): str(sql) for schema, name, sql in rows}
        clear = {place: "" if reach.reads_by_macros(*place) else sql for place, sql in views.items()}
        return {join(*place): ViewSql(sql, "duckdb") for place, sql in clear.items()}

    def generated(self) -> Sequence[GeneratedColumn]:
        """The generated columns of every table, by the SQL that the engine keeps."""
        world = self._open()
        try:
            rows = world.rows(_GENERATED, {"database": world.alias(self._path)})
        finally:
            world.close()
        columns = (
            (join(str(schema), str(table)), str(name), None if sql is None else str(sql))
            for schema, table, name, sql in rows
        )
        return tuple(generated_columns(columns, "duckdb"))

    def describe(self, relation: str) -> tuple[Field, ...]:
        """Columns in order with the types DuckDB gives them; raises SourceUnavailable."""
        self._refuse_beyond(relation, self._fingerprint())
        world = self._open()
        try:
            return fields_of(world.columns(world.item(_item(relation), self._path)))
        except VeilError as error:
            raise _unreadable(relation) from error
        finally:
            world.close()

    def description(self, relation: str) -> Description:
        """The comments and keys that the file keeps, and what a view reads; raises SourceUnavailable."""
        schema, table = split(_item(relation))
        world = self._open()
        try:
            file: dict[str, object] = {"database": world.alias(self._path)}
            place = {**file, "schema": schema, "table": table}
            comments = [(str(name), str(said)) for name, said, _ in world.rows(_COMMENTS, place)]
            parts = [KeyPart(*map(str, part)) for part in world.rows(_KEYS, place)]
            made = world.rows(_VIEW, place)
            known = [(str(schema), str(name)) for schema, name in world.rows(_RELATIONS, file)] if made else []
        finally:
            world.close()
        if not made:
            return description(comments, parts)
        [(own, sql)] = made
        if self._reached(self._fingerprint()).reads_by_macros(schema, table):
            return description(comments, parts, None)
        reads = relations_read(ViewSql(str(sql), "duckdb"), within=[str(own), _MAIN], known=known)
        return description(comments, parts, reads)

    def sample(self, relation: str, rows: int) -> pa.Table:
        """Rows from all over the relation; of a view as many as come first."""
        fields = self.describe(relation)
        world = self._open()
        item = world.item(_item(relation), self._path)
        sql = f"SELECT {columns_as((field.name, field.type) for field in fields)} FROM {item} LIMIT {rows:d}"
        run = EngineRun(world, sql, {}, Limits(seconds=_SAMPLE_SECONDS))
        try:
            return pa.Table.from_batches(run, schema=run.schema)
        except VeilError as error:
            raise _unreadable(relation) from error
        finally:
            run.close()
            world.close()

    def scan(self, expected: Expected) -> Scan:
        """How the engine reads the relation out of the attached file."""
        item, states = _item(expected.relation), self._states()
        fingerprint = "|".join(states)
        self._refuse_beyond(expected.relation, fingerprint)
        views, generated = self._worked_out_at(fingerprint)
        is_view, raising = fold(item) in views, generated.get(fold(item), frozenset())
        if not is_view:
            raising |= self._textless_of(expected)
        return Scan(
            item=item,
            files=(self._path,),
            fingerprint=fingerprint,
            database=self._path,
            states=states,
            may_raise=is_view or bool(raising),
            safe=None if is_view else frozenset(fold(name) for name, _ in expected.columns) - raising,
        )

    def _refuse_beyond(self, relation: str, fingerprint: str) -> None:
        """Raises SourceUnavailable where a relation reaches beyond the file; that is looked up when it has changed."""
        if why := self._reached(fingerprint).beyond(*_parts(relation)):
            raise SourceUnavailable(
                f"`{relation}` reaches beyond its database file: {why}",
                hint="make it of the file's relations and of functions that tell nothing of a session",
            )

    def _reached(self, fingerprint: str) -> FileReach:
        """What is known of the SQL in the file, as long as that stands as it did."""
        if self._reach is None or self._reach[0] != fingerprint:
            world = self._open()
            try:
                self._reach = fingerprint, FileReach(world, world.alias(self._path))
            finally:
                world.close()
        return self._reach[1]

    def _worked_out_at(self, fingerprint: str) -> tuple[frozenset[str], Mapping[str, frozenset[str]]]:
        """The items, folded, that are views, and the generated columns of tables; both are worked out as they are read.

        They are looked up again when the file has changed.
        """
        if self._worked_out[0] != fingerprint:
            views = frozenset(fold(_item(view)) for view in self.views())
            self._worked_out = fingerprint, views, self._generated()
            self._textless.clear()
        return self._worked_out[1:]

    def _textless_of(self, expected: Expected) -> frozenset[str]:
        """The columns, folded, with values that may have no text; all of a table that cannot be looked at."""
        if expected not in self._textless:
            world = self._open()
            try:
                columns = world.columns(world.item(_item(expected.relation), self._path))
                found = frozenset(fold(name) for name, type_ in columns if may_have_no_text(type_))
            except VeilError:
                found = frozenset(fold(name) for name, _ in expected.columns)
            finally:
                world.close()
            self._textless[expected] = found
        return self._textless[expected]

    def _generated(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for each in self.generated():
            item = fold(_item(each.relation))
            found[item] = found.get(item, frozenset()) | {fold(each.name)}
        return found

    def _open(self) -> World:
        self._fingerprint()
        refuse_own(self._path)
        return World(Resources(), databases=[self._path])

    def _fingerprint(self) -> str:
        """Changes whenever the file, or a log of changes beside it, is written to."""
        return "|".join(self._states())

    def _states(self) -> tuple[str, ...]:
        if not self._path.is_file():
            raise SourceUnavailable(
                f"there is no database file `{self._path.name}`", hint="check the source's path and its rights"
            )
        return states_of(self._path, *(self._path.with_name(self._path.name + ending) for ending in _LOGS))


def _item(relation: str) -> str:
    return ".".join(map(quoted, _parts(relation)))


def _parts(relation: str) -> tuple[str, ...]:
    """The schema and the name."""
    parts = split(relation)
    if len(parts) == 1:
        parts = ("main", *parts)
    if len(parts) != 2:
        raise SourceUnavailable(f"`{relation}` is no name of a table", hint="write schema.table")
    return parts


def _unreadable(relation: str) -> SourceUnavailable:
    return SourceUnavailable(
        f"`{relation}` is not in the database file, or is a view that reads outside of it",
        hint="crawl the source again",
    )
