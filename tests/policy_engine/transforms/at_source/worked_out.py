"""Has a database work out transforms over values that it stores, and says what the reference makes of them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

import pyarrow as pa

from catalog.sources.remote.address import resolved
from catalog.sources.remote.arrow_types import arrow_type
from catalog.sources.remote.opened import cell_column
from catalog.sources.remote.openers import located, open_snapshot
from catalog.sources.remote.snapshot import RemoteColumn
from catalog.sources.source_work import SourceCell
from policy_engine.transforms import registry
from policy_engine.transforms.at_source.dialect import NoForm
from policy_engine.transforms.at_source.forms import form
from policy_engine.transforms.calls import parse_call
from tests.policy_engine.transforms.engine import KEYS, connect
from tests.remote_tables import Database

NATIVE: Mapping[str, Mapping[str, str]] = {
    "postgres": {
        "VARCHAR": "text",
        "SMALLINT": "int2",
        "INTEGER": "int4",
        "BIGINT": "int8",
        "FLOAT": "float4",
        "DOUBLE": "float8",
        "BOOLEAN": "bool",
        "BLOB": "bytea",
        "DATE": "date",
        "TIME": "time",
        "TIMESTAMP": "timestamp",
        "TIMESTAMP WITH TIME ZONE": "timestamptz",
        "UUID": "uuid",
        "JSON": "json",
        "DECIMAL(4,4)": "numeric(4,4)",
        "DECIMAL(8,2)": "numeric(8,2)",
        "DECIMAL(3,0)": "numeric(3,0)",
        "DECIMAL(18,3)": "numeric(18,3)",
        "DECIMAL(38,10)": "numeric(38,10)",
    },
    "mariadb": {
        "VARCHAR": "text",
        "TINYINT": "tinyint",
        "SMALLINT": "smallint",
        "INTEGER": "int",
        "BIGINT": "bigint",
        "UTINYINT": "tinyint unsigned",
        "USMALLINT": "smallint unsigned",
        "UINTEGER": "int unsigned zerofill",
        "UBIGINT": "bigint unsigned",
        "FLOAT": "float",
        "DOUBLE": "double",
        "BLOB": "blob",
        "DATE": "date",
        "TIMESTAMP": "datetime(6)",
        "TIMESTAMP WITH TIME ZONE": "timestamp(6)",
        "UUID": "uuid",
        "DECIMAL(4,4)": "decimal(4,4)",
        "DECIMAL(8,2)": "decimal(8,2)",
        "DECIMAL(3,0)": "decimal(3,0)",
        "DECIMAL(18,3)": "decimal(18,3)",
        "DECIMAL(38,10)": "decimal(38,10)",
    },
    "sqlite": {
        "VARCHAR": "TEXT",
        "BIGINT": "INTEGER",
        "DOUBLE": "REAL",
        "BOOLEAN": "BOOLEAN",
        "BLOB": "BLOB",
        "DATE": "DATE",
        "TIME": "TIME",
        "TIMESTAMP": "DATETIME",
        "DECIMAL(8,2)": "DECIMAL(8,2)",
        "DECIMAL(18,3)": "DECIMAL(18,3)",
    },
}
"""How a database declares a column that the engine meets as a type."""

_BESIDE: registry.Types = {("who",): "VARCHAR"}
NAMESPACE = "phi.mrn"


@dataclass(frozen=True, kw_only=True)
class Worked:
    """What a database gave for each call that has a form there, and the values as the engine has them."""

    cells: Mapping[str, pa.ChunkedArray]
    reasons: Mapping[str, str]
    raw: pa.Table


def worked_out(
    database: Database,
    kind: str,
    values: Sequence[object],
    calls: Sequence[str],
    *,
    declared: str = "",
    who: Sequence[str | None] = (None, "p1", "p2", "p3", "p4", "p5", "p6"),
    reads_raw: bool = True,
    after: str = "",
    seconds: float = 60,
) -> Worked:
    """Stores the values, then reads them and what becomes of them in one scan.

    Without `reads_raw` the values themselves are left out, such as the engine could not hold. `after` is one more
    column, in SQL.
    """
    rows = [(place, value, who[place % len(who)]) for place, value in enumerate(values)]
    table = database.write_raw(
        [("place", "int"), ("c", declared or NATIVE[database.kind][kind]), ("who", NATIVE[database.kind]["VARCHAR"])],
        [(str(place), stored(database.kind, value), stored(database.kind, each)) for place, value, each in rows],
    )
    cells, reasons = {}, {}
    for number, call in enumerate(calls):
        try:
            cells[call] = _cell(f"cell_{number}", call, kind, database.kind)
        except NoForm as none:
            reasons[call] = none.because
    options = resolved("data", database.source.options)
    with closing(open_snapshot(database.kind, "data", options, seconds)) as snapshot:
        found = located(snapshot, database.relation(table))
        columns = list(snapshot.columns(found))
        assert columns[1].type == kind
        kept = columns if reads_raw else [columns[0]]
        shown = [*kept, *(cell_column(cell, columns) for cell in cells.values())]
        shown += [RemoteColumn(name="after", type="VARCHAR", expression=after)] * bool(after)
        batches = [
            pa.table(dict(zip((column.name for column in shown), _typed(batch, [c.type for c in shown]), strict=True)))
            for batch in snapshot.read(found, shown, [])
        ]
    read = pa.concat_tables(batches).sort_by("place")
    return Worked(cells={call: read[cell.name] for call, cell in cells.items()}, reasons=reasons, raw=read)


def in_the_engine(worked: Worked, call: str, kind: str) -> list[object]:
    """What the engine makes of the same rows, as texts, so that they compare exactly."""
    fragment = registry.render(parse_call(call), '"_row"."c"', kind, namespace=NAMESPACE, keys=KEYS, types=_BESIDE)
    given = "TIMESTAMPTZ" if kind == "TIMESTAMP WITH TIME ZONE" else kind
    with closing(connect()) as engine:
        engine.execute("SET TimeZone = 'UTC'")
        engine.register("stored", worked.raw.select(["place", "c", "who"]))
        rows = f"(SELECT place, CAST(c AS {given}) AS c, who FROM stored) AS _row"
        sql = f"SELECT CAST({fragment.sql} AS VARCHAR) FROM {rows} ORDER BY place"
        return [cell for (cell,) in engine.sql(sql, params=dict(fragment.parameters) or None).fetchall()]


def as_texts(worked: Worked, call: str, kind: str) -> list[object]:
    """What the database gave, as the same texts."""
    type_ = registry.output_type(parse_call(call), kind)
    with closing(connect()) as engine:
        engine.execute("SET TimeZone = 'UTC'")
        engine.register("shown", pa.table({"place": worked.raw["place"], "c": worked.cells[call]}))
        sql = f"SELECT CAST(CAST(c AS {type_}) AS VARCHAR) FROM shown ORDER BY place"
        return [cell for (cell,) in engine.sql(sql).fetchall()]


def referred(worked: Worked, call: str, kind: str) -> list[object]:
    """What the reference says of the same values."""
    rows = zip(_values(worked.raw["c"], kind), worked.raw["who"].to_pylist(), strict=True)
    parsed = parse_call(call)
    return [
        registry.reference(parsed, value, kind, namespace=NAMESPACE, keys=KEYS, types=_BESIDE, row={("who",): who})
        for value, who in rows
    ]


def values_of(worked: Worked, call: str, kind: str) -> list[object]:
    """What the database gave, as the reference gives it."""
    return _values(worked.cells[call], registry.output_type(parse_call(call), kind))


def stored(database: str, value: object) -> str:
    """A value as a literal of a database."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).upper() if database != "sqlite" else str(int(value))
        case bytes():
            return f"'\\x{value.hex()}'" if database == "postgres" else f"x'{value.hex()}'"
        case float():
            return f"'{value!r}'" if database == "postgres" else repr(value)
        case datetime() if database == "mariadb":
            return f"'{value.replace(tzinfo=None)}'"
        case datetime() | date() | time() | UUID():
            return f"'{value}'"
        case str() if database == "mariadb":
            return f"_utf8mb4 x'{value.encode().hex()}'"
        case str() if database == "postgres":
            return "E'" + "".join(f"\\U{ord(letter):08x}" for letter in value) + "'"
        case str():
            return f"CAST(x'{value.encode().hex()}' AS TEXT)"
        case _:
            return str(value)


def _values(column: pa.ChunkedArray, kind: str) -> list[object]:
    read = column.to_pylist()
    return [None if value is None else UUID(value) for value in read] if kind == "UUID" else read


def _typed(batch: pa.RecordBatch, kinds: Sequence[str]) -> Iterator[pa.Array]:
    for array, kind in zip(batch.columns, kinds, strict=True):
        assert array.type == arrow_type(kind), (array.type, kind)
        yield array


def _cell(name: str, call: str, kind: str, database: str) -> SourceCell:
    parsed = parse_call(call)
    made = form(parsed, kind, database, namespace=NAMESPACE, keys=KEYS, types=_BESIDE)
    columns = ("c", *(named.path[0] for named in registry.columns_named(parsed)))
    return SourceCell(
        name=name,
        type=registry.output_type(parsed, kind),
        columns=columns,
        sql=made.sql,
        keys=made.keys,
        functions=made.functions,
    )
