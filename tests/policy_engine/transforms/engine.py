"""Runs a transform on DuckDB and in Python over the same values."""

import atexit
import functools
from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from catalog.names import quoted
from catalog.sources.functions import register
from policy_engine.transforms import registry
from policy_engine.transforms.calls import parse_call
from policy_engine.transforms.functions import FUNCTIONS
from policy_engine.transforms.keys import KeyRing

KEYS = KeyRing(bytes(range(32)), id="0123456789abcdef")
COLUMN = 'a {high} "column"'

Beside = Mapping[str, tuple[str, Sequence[object]]]
"""Other columns of the same rows: each name with its type and its values."""


def connect() -> duckdb.DuckDBPyConnection:
    """An engine that knows Veil's own functions."""
    engine = duckdb.connect()
    register(engine, FUNCTIONS)
    return engine


@functools.cache
def _shared() -> duckdb.DuckDBPyConnection:
    """One engine for all tests of a process, in a time zone that is not its own."""
    engine = connect()
    atexit.register(engine.close)
    engine.execute("SET TimeZone = 'Asia/Tokyo'")
    return engine


def on_engine(
    call: str, values: Sequence[object], kind: str, *, namespace: str = "phi.mrn", beside: Beside | None = None
) -> list[object]:
    """What the SQL gives for each value, in order, having checked the type of the result."""
    others = dict(beside or {})
    parsed = parse_call(call)
    fragment = registry.render(
        parsed, f'"_row".{quoted(COLUMN)}', kind, namespace=namespace, keys=KEYS, types=_types(others)
    )
    engine = _shared()
    columns = "".join(f", {quoted(name)} {type_}" for name, (type_, _) in others.items())
    engine.execute(f"CREATE OR REPLACE TABLE t (place INTEGER, {quoted(COLUMN)} {kind}{columns})")
    if values:
        rows = list(zip(range(len(values)), values, *(given for _, given in others.values()), strict=True))
        row = f"(?, ?{', ?' * len(others)})"
        engine.execute(f"INSERT INTO t VALUES {', '.join([row] * len(rows))}", [cell for row in rows for cell in row])
    sql = f"SELECT {fragment.sql}, typeof({fragment.sql}) FROM t AS _row ORDER BY place"
    rows = engine.sql(sql, params=dict(fragment.parameters) or None).fetchall()
    assert {row[1] for row in rows} <= {registry.output_type(parsed, kind)}
    return [row[0] for row in rows]


def count_shown(call: str, values: pa.Array, kind: str) -> int:
    """How many of the values are shown as something other than NULL; Python knows few of the days that Arrow holds."""
    fragment = registry.render(parse_call(call), '"_row"."v"', kind, namespace="phi.mrn", keys=KEYS)
    engine = _shared()
    engine.register("ends", pa.table({"v": values}))
    engine.execute(f"CREATE OR REPLACE TABLE held AS SELECT CAST(v AS {kind}) AS v FROM ends")
    found = engine.sql(f"SELECT count({fragment.sql}) FROM held AS _row", params=dict(fragment.parameters) or None)
    ((count,),) = found.fetchall()
    return int(count)


def in_python(
    call: str, values: Sequence[object], kind: str, *, namespace: str = "phi.mrn", beside: Beside | None = None
) -> list[object]:
    """What the reference says for each value, in order."""
    others = dict(beside or {})
    parsed = parse_call(call)
    return [
        registry.reference(
            parsed,
            value,
            kind,
            namespace=namespace,
            keys=KEYS,
            types=_types(others),
            row={(name,): given[place] for name, (_, given) in others.items()},
        )
        for place, value in enumerate(values)
    ]


def _types(others: Beside) -> dict[tuple[str, ...], str]:
    return {(name,): type_ for name, (type_, _) in others.items()}
