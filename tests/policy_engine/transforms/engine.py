"""Runs a transform on DuckDB and in Python over the same values."""

from collections.abc import Sequence

import duckdb

from policy_engine.transforms import registry
from policy_engine.transforms.calls import parse_call
from policy_engine.transforms.keys import KeyRing

KEYS = KeyRing(bytes(range(32)))


def on_engine(call: str, values: Sequence[object], kind: str, *, namespace: str = "phi.mrn") -> list[object]:
    """What the SQL gives for each value, in order, having checked the type of the result."""
    column = '"_row"."a {high} ""column"""'
    parsed = parse_call(call)
    fragment = registry.render(parsed, column, kind, namespace=namespace, keys=KEYS)
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'Asia/Tokyo'")
        engine.execute(f'CREATE TABLE t (place INTEGER, "a {{high}} ""column""" {kind})')
        if values:
            engine.executemany("INSERT INTO t VALUES (?, ?)", list(enumerate(values)))
        sql = f"SELECT {fragment.sql}, typeof({fragment.sql}) FROM t AS _row ORDER BY place"
        rows = engine.sql(sql, params=dict(fragment.parameters) or None).fetchall()
    assert {row[1] for row in rows} <= {registry.output_type(parsed, kind)}
    return [row[0] for row in rows]


def in_python(call: str, values: Sequence[object], kind: str, *, namespace: str = "phi.mrn") -> list[object]:
    """What the reference says for each value, in order."""
    parsed = parse_call(call)
    return [registry.reference(parsed, value, kind, namespace=namespace, keys=KEYS) for value in values]
