"""Unions without any item end no process that counts their bytes, whatever they are nested in."""

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest

from catalog.sources.blank_nulls import blanked
from catalog.sources.empty_unions import with_memory

SHAPES = (
    "[]::union(a int)[]",
    "[[]]::union(a int)[][]",
    "null::union(a int)[]",
    "null::union(a int)[2]",
    "map([], []::union(a int)[])",
    "map([]::union(a int)[], [])",
    "{'k': []::union(a int)[]}",
    "[{'k': []::union(a int)[], 'n': 1}]",
    "[]::struct(k union(a int[], b varchar))[]",
    "union_value(a := []::union(b int)[])",
    "[]::union(a union(b int), c union(d varchar)[])[]",
    "union_value(a := {'k': []::union(b int)[]})",
)


def _sent(sql: str) -> pa.RecordBatch:
    """The one batch of a query as a worker sends it, read again."""
    with duckdb.connect() as engine:
        [batch] = engine.sql(sql).to_arrow_table().combine_chunks().to_batches()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(blanked(batch))
    return pa.ipc.open_stream(sink.getvalue()).read_next_batch()


def _unions(array: pa.Array) -> Iterator[pa.Array]:
    kind = array.type
    if pa.types.is_union(kind):
        yield array
    if pa.types.is_union(kind) or pa.types.is_struct(kind):
        for place in range(kind.num_fields):
            yield from _unions(array.field(place))
    elif kind.num_fields:
        yield from _unions(array.values)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("more", ["", " union all select null"])
def test_a_union_has_memory_whatever_holds_it(shape: str, more: str) -> None:
    sent = _sent(f"select {shape} as x{more}")
    whole = with_memory(sent)
    found = list(_unions(whole["x"]))
    assert found
    assert all(union.buffers()[1] is not None for union in found)
    assert whole.equals(sent)
    assert whole.nbytes >= 0
    whole.validate(full=True)


def test_what_holds_no_union_is_not_made_anew() -> None:
    sent = _sent("select []::int[] as x, map([1], ['a']) as m")
    assert with_memory(sent) is sent
