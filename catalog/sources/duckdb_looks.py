"""What is looked up in a DuckDB file, in a worker: the engine works out what the file brings along, views among it.

Each look opens the file in the state that is given, the file first and its logs, answers with a table, and is over.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pyarrow as pa

from catalog.errors import LimitExceeded, SourceTimeout, SourceUnavailable, VeilError
from catalog.model import Field
from catalog.names import fold
from catalog.sources.connector import Limits
from catalog.sources.engine_types import fields_of, may_have_no_text
from catalog.sources.file_reach import FileReach
from catalog.sources.run import EngineRun
from catalog.sources.small_samples import first_of
from catalog.sources.states import state_told
from catalog.sources.world import Resources, World, columns_as

_SAMPLE_SECONDS = 60.0
_SAMPLE_BATCH = 128
_RELATIONS = """
SELECT schema_name, table_name, NULL FROM duckdb_tables() WHERE database_name = $database AND NOT internal
UNION ALL
SELECT schema_name, view_name, sql FROM duckdb_views() WHERE database_name = $database AND NOT internal
ORDER BY ALL
"""
_GENERATED = """
WITH found AS (FROM duckdb_columns() WHERE database_name = $database AND NOT internal)
SELECT schema_name, table_name, column_name, CASE WHEN is_generated THEN coalesce(column_default, '') END FROM found
WHERE (schema_name, table_name) IN (SELECT (schema_name, table_name) FROM found WHERE is_generated)
ORDER BY schema_name, table_name, column_index
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

_REFERENCES = """
SELECT schema_name, table_name, constraint_index, unnest(constraint_column_names), schema_name, referenced_table,
  unnest(referenced_column_names) FROM duckdb_constraints()
WHERE database_name = $database AND constraint_type = 'FOREIGN KEY' ORDER BY schema_name, table_name, constraint_index
"""

SURVEY = pa.schema(
    {
        "schema": pa.string(),
        "name": pa.string(),
        "sql": pa.string(),
        "beyond": pa.string(),
        "by_macros": pa.bool_(),
        "generated": pa.list_(pa.struct({"name": pa.string(), "sql": pa.string()})),
        "references": pa.list_(pa.list_(pa.string())),
    }
)
"""Of every table and view: the SQL of a view, why it reaches beyond the file, whether it reads relations by macros, and
all columns of a table that has generated ones, with the SQL of these, and the parts of its foreign keys, of five each.
"""

COLUMNS = pa.schema({"depth": pa.int64(), "name": pa.string(), "type": pa.string(), "may_have_no_text": pa.bool_()})
"""The columns of a relation in order, each before its fields, which lie deeper."""

DESCRIPTION = pa.schema({"parts": pa.list_(pa.string())})
"""Comments of two parts each, by column and empty for the relation; and parts of keys, of six each."""


def survey(resources: Resources, states: tuple[str, ...]) -> pa.Table:
    """Every relation of the file, as `SURVEY` has it."""
    with _opened(resources, states) as (world, file):
        database: dict[str, object] = {"database": world.alias(file)}
        reach = FileReach(world, world.alias(file))
        generated: dict[tuple[str, str], list[dict[str, object]]] = {}
        for schema, name, column, sql in world.rows(_GENERATED, database):
            generated.setdefault((str(schema), str(name)), []).append({"name": column, "sql": sql})
        references: dict[tuple[str, str], list[list[str]]] = {}
        for schema, name, *part in world.rows(_REFERENCES, database):
            references.setdefault((str(schema), str(name)), []).append([*map(str, part)])
        rows = [
            {
                "schema": schema,
                "name": name,
                "sql": sql,
                "beyond": reach.beyond(str(schema), str(name)),
                "by_macros": sql is not None and reach.reads_by_macros(str(schema), str(name)),
                "generated": generated.get((str(schema), str(name)), []),
                "references": references.get((str(schema), str(name)), []),
            }
            for schema, name, sql in world.rows(_RELATIONS, database)
        ]
    return pa.Table.from_pylist(rows, schema=SURVEY)


def columns(resources: Resources, states: tuple[str, ...], relation: str, item: str) -> pa.Table:
    """The columns of a relation, as `COLUMNS` has them."""
    with _opened(resources, states) as (world, file), _read(relation):
        found = world.columns(world.item(item, file))
    textless = {fold(name) for name, type_ in found if may_have_no_text(type_)}
    rows = [
        {
            "depth": depth,
            "name": each.name,
            "type": each.type,
            "may_have_no_text": not depth and fold(each.name) in textless,
        }
        for depth, each in _deepening(fields_of(found))
    ]
    return pa.Table.from_pylist(rows, schema=COLUMNS)


def description(resources: Resources, states: tuple[str, ...], schema: str, table: str) -> pa.Table:
    """The comments and keys that the file keeps, as `DESCRIPTION` has them."""
    with _opened(resources, states) as (world, file):
        place: dict[str, object] = {"database": world.alias(file), "schema": schema, "table": table}
        comments = [[str(name), str(said)] for name, said, _ in world.rows(_COMMENTS, place)]
        keys = [[*map(str, part)] for part in world.rows(_KEYS, place)]
    return pa.table({"parts": [*comments, *keys]}, schema=DESCRIPTION)


def sample(resources: Resources, states: tuple[str, ...], relation: str, item: str, rows: int) -> pa.Table:
    """The rows of a relation that come first, fewer where they are large; raises LimitExceeded for a larger one yet."""
    with _opened(resources, states) as (world, file), _read(relation):
        found = world.item(item, file)
        chosen = columns_as((field.name, field.type) for field in fields_of(world.columns(found)))
        limits = Limits(seconds=_SAMPLE_SECONDS, batch_rows=_SAMPLE_BATCH)
        run = EngineRun(world, f"SELECT {chosen} FROM {found} LIMIT {rows:d}", {}, limits)
        with closing(run):
            return pa.Table.from_batches(first_of(run), schema=run.schema)


@contextmanager
def _opened(resources: Resources, states: tuple[str, ...]) -> Iterator[tuple[World, Path]]:
    """The file of which these are the states, and of its logs."""
    file = Path(state_told(states[0])[0])
    with closing(World(resources, databases=[file], states=states)) as world:
        yield world, file


def _deepening(fields: Iterable[Field], depth: int = 0) -> Iterator[tuple[int, Field]]:
    for field in fields:
        yield depth, field
        yield from _deepening(field.fields, depth + 1)


@contextmanager
def _read(relation: str) -> Iterator[None]:
    """Names the relation in what stands against reading it; what takes too much is told as that."""
    try:
        yield
    except (LimitExceeded, SourceTimeout):
        raise
    except VeilError:
        raise SourceUnavailable(
            f"`{relation}` is not in the database file, or is a view that reads outside of it",
            hint="crawl the source again",
        ) from None
