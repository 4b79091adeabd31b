"""What is handed over is cells and nothing else, whatever they are nested in and wherever a batch was cut."""

from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

from catalog.errors import Internal
from catalog.sources.blank_nulls import blanked
from catalog.sources.exact_memory import exact
from catalog.sources.parts_of_batches import parts
from tests.ipc_memory import beside_cells

ROWS = 131
LEFT = b"leftover"
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
CUTS = ((0, ROWS), (0, 37), (1, 1), (5, 64), (63, 65), (64, 67), (130, 1), (40, 0))
FIXED = (
    *(pa.bool_(), pa.int8(), pa.int16(), pa.float32(), pa.int64(), pa.date32(), pa.timestamp("us"), pa.duration("s")),
    *(pa.decimal128(9, 2), pa.binary(3), pa.month_day_nano_interval(), pa.time64("us"), pa.float16(), pa.uuid()),
)


def _sent(batch: pa.RecordBatch) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    return sink.getvalue()


def _made(sql: str) -> pa.RecordBatch:
    with duckdb.connect() as engine:
        [batch] = engine.sql(sql).to_arrow_table().combine_chunks().to_batches()
    return blanked(batch)


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
def test_a_union_without_items_ends_no_process_that_counts_their_bytes(shape: str, more: str) -> None:
    sent = pa.ipc.open_stream(_sent(_made(f"select {shape} as x{more}"))).read_next_batch()
    whole = exact(sent)
    found = list(_unions(whole["x"]))
    assert found
    assert all(union.buffers()[1] is not None for union in found)
    assert whole.equals(sent)
    assert whole.nbytes >= 0
    whole.validate(full=True)


def _dirty(kind: pa.DataType) -> pa.Array:
    """Cells of a type in memory that goes on behind them, as do their bits of which are NULL."""
    if isinstance(kind, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(kind, _dirty(kind.storage_type))
    memory = pa.py_buffer(LEFT * 2 * ROWS + LEFT * 100)
    return pa.Array.from_buffers(kind, ROWS, [pa.py_buffer(b"\xfe" * 100), memory])


def _texts(kind: pa.DataType) -> pa.Array:
    """Texts of three letters that begin late, with others before and behind them."""
    width = "large" in str(kind)
    ends = pa.array([3 * place + 8 for place in range(ROWS + 40)], pa.int64() if width else pa.int32())
    return pa.Array.from_buffers(kind, ROWS, [None, ends.buffers()[1], pa.py_buffer(LEFT * 200)])


def _nested(inner: pa.Array) -> Iterator[pa.Array]:
    """The cells in every way of holding them, of which each leaves some of the last behind its own."""
    rows, half = ROWS, ROWS // 2
    ends = pa.array(range(3, half + 30), pa.int32())
    yield inner
    yield pa.ListArray.from_arrays(ends[:half], inner)
    yield pa.LargeListArray.from_arrays(ends[:half].cast(pa.int64()), inner)
    yield pa.FixedSizeListArray.from_arrays(inner.slice(0, 2 * half), 2).slice(0, half - 4)
    yield pa.StructArray.from_arrays(
        [inner, pa.array(range(rows))], ["i", "n"], mask=pa.array([False, True, *[False] * (rows - 2)])
    )
    codes = pa.Array.from_buffers(pa.int8(), rows, [None, pa.py_buffer(bytes([0, 1] * rows))])
    yield pa.UnionArray.from_sparse(codes, [inner, pa.array(range(rows))])
    entries = pa.MapArray.from_arrays(ends[:half], pa.array(range(rows)), inner)
    yield entries
    yield pa.ListArray.from_arrays(ends[: half // 2], pa.UnionArray.from_sparse(codes, [pa.array(range(rows)), inner]))


CELLS = {
    **{str(kind): _dirty(kind) for kind in FIXED},
    **{str(kind): _texts(kind) for kind in (pa.string(), pa.binary(), pa.large_string(), pa.large_binary())},
    "null": pa.nulls(ROWS),
    "enum": pa.DictionaryArray.from_arrays(pa.array([0, 1, None, 1] * ROWS, pa.int8())[:ROWS], ["first", "second"]),
}


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("cut", CUTS, ids=str)
def test_of_a_slice_its_cells_alone_are_sent(name: str, cut: tuple[int, int]) -> None:
    for array in _nested(CELLS[name]):
        batch = pa.record_batch({"v": array}).slice(*cut)
        whole = exact(batch)
        whole.validate()
        assert whole.equals(batch)
        assert beside_cells(_sent(whole)) == []
        again = pa.ipc.open_stream(_sent(whole)).read_next_batch()
        assert exact(again).equals(batch)


def test_a_batch_that_is_exact_is_the_same_one() -> None:
    engine = _made(
        "select range as n, 'x' || range as s, [range] as l, {'a': range, 'b': [true]} as r, map([1], ['a']) as m,"
        " range::union(n bigint, s varchar) as u, range % 2 = 0 as b, 'a'::enum ('a', 'b') as e from range(1001)"
    )
    sent = exact(pa.ipc.open_stream(_sent(exact(engine))).read_next_batch())
    assert exact(sent) is sent
    assert sent.equals(engine)


def test_parts_of_unions_hold_no_memory_of_the_process() -> None:
    union = "case when i % 3 = 0 then i::union(a bigint, b varchar) else ('t' || i)::union(a bigint, b varchar) end"
    shapes = (
        union,
        f"[{union}]",
        f"[{union}, {union}]::union(a bigint, b varchar)[2]",
        f"{{'f': {union}}}",
        f"map([i], [{union}])",
    )
    listed = ", ".join(f"{shape} as c{place}" for place, shape in enumerate(shapes))
    batch = pa.concat_batches([_made(f"select {listed} from range(3003) t(i)")] * 2)
    left = [bytearray(LEFT * size) for size in range(1, 3000)]
    del left
    for part in parts(batch, 30_000):
        assert beside_cells(_sent(exact(part))) == []


@pytest.mark.parametrize(
    "array",
    [
        *(pa.array(["a", "b"], pa.string_view()), pa.array([b"a", b"b"], pa.binary_view())),
        *(pa.array([[1], [2]], pa.list_view(pa.int8())), pa.array([[1], [2]], pa.large_list_view(pa.int8()))),
        pa.RunEndEncodedArray.from_arrays(pa.array([2], pa.int32()), pa.array([Decimal(1)])),
        pa.UnionArray.from_dense(pa.array([0, 0], pa.int8()), pa.array([0, 1], pa.int32()), [pa.array([1, 2])]),
    ],
    ids=lambda array: str(array.type),
)
def test_memory_that_is_not_known_is_refused(array: pa.Array) -> None:
    for held in (array, pa.StructArray.from_arrays([array], ["a"]), pa.ListArray.from_arrays([0, 1, 2], array)):
        with pytest.raises(Internal, match="is not known"):
            exact(pa.record_batch({"v": held}))
