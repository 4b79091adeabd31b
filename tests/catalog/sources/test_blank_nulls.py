"""No byte of another cell, query or address leaves beneath a NULL."""

import io
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.errors import Internal
from catalog.sources.blank_nulls import blanked
from catalog.sources.connector import Limits
from catalog.sources.run import EngineRun
from catalog.sources.world import Resources, World

LEFT = b"leftover"
TYPES = (
    *(pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.float64(), pa.date32(), pa.time64("us"), pa.timestamp("us")),
    *(pa.decimal128(9, 2), pa.bool_(), pa.binary(16), pa.month_day_nano_interval()),
)
NESTED = (
    "SELECT CASE WHEN i % 2 = 0 THEN {'a': i, 'b': [i, NULL], 's': 'x' || i} END AS v FROM range(5) t(i)",
    "SELECT CASE WHEN i % 2 = 0 THEN [i, NULL, 3] END AS v FROM range(5) t(i)",
    "SELECT CASE WHEN i % 2 = 0 THEN [i, NULL]::INT[2] END AS v FROM range(5) t(i)",
    "SELECT CASE WHEN i % 2 = 0 THEN map(['k'], [nullif(i, 2)]) END AS v FROM range(5) t(i)",
    "SELECT CASE WHEN i % 2 = 0 THEN 'a'::ENUM ('a', 'b') END AS v FROM range(5) t(i)",
    "SELECT CASE i % 3 WHEN 0 THEN i::UNION(n BIGINT, s VARCHAR) WHEN 1 THEN ('x' || i)::UNION(n BIGINT, s VARCHAR) END"
    " AS v FROM range(7) t(i)",
    "SELECT CASE WHEN i % 2 = 0 THEN [{'u': i::UNION(n BIGINT, l BIGINT[])}, NULL] END AS v FROM range(5) t(i)",
    "SELECT nullif(uuid_value, uuid_value) AS v FROM (SELECT '0f0e0d0c-0b0a-4908-8706-050403020100'::UUID uuid_value)",
    "SELECT NULL AS v, 'x' AS t, ''::BLOB AS b",
)


def _dirty(kind: pa.DataType) -> pa.Array:
    """Four cells of a type, the second and the last NULL, with something in every one of them."""
    memory = (LEFT * 8)[: max(1, 4 * kind.bit_width // 8)]
    return pa.Array.from_buffers(kind, 4, [pa.py_buffer(b"\5"), pa.py_buffer(memory)])


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_beneath_null_there_is_nothing(kind: pa.DataType) -> None:
    array = _dirty(kind)
    clean = blanked(pa.record_batch({"v": array}))["v"]
    assert clean.is_null().to_pylist() == [False, True, False, True]
    assert clean.drop_null().equals(array.drop_null())
    if kind.bit_width > 1:
        width = kind.bit_width // 8
        memory = clean.buffers()[1].to_pybytes()
        assert memory[width : 2 * width] == memory[3 * width :] == bytes(width)


def test_beneath_a_null_struct_its_fields_are_blank() -> None:
    inner = pa.Array.from_buffers(pa.int64(), 2, [None, pa.py_buffer(LEFT * 2)])
    text = pa.array(["kept", "gone"])
    struct = pa.Array.from_buffers(
        pa.struct({"n": pa.int64(), "t": pa.string()}), 2, [pa.py_buffer(b"\1")], children=[inner, text]
    )
    sink = io.BytesIO()
    batch = blanked(pa.record_batch({"s": struct}))
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    assert sink.getvalue().count(LEFT) == 1
    assert b"kept" in sink.getvalue()
    assert b"gone" not in sink.getvalue()


@pytest.mark.parametrize("sql", NESTED)
def test_values_stay_as_they_are(sql: str) -> None:
    connection = duckdb.connect()
    for batch in connection.sql(sql).to_arrow_reader(100):
        clean = blanked(batch)
        clean.validate(full=True)
        assert clean.schema == batch.schema
        assert clean.to_pylist() == batch.to_pylist()
        tail = batch.slice(1)
        assert blanked(tail).to_pylist() == tail.to_pylist()
    connection.close()


def test_in_a_union_the_other_members_are_blank() -> None:
    codes = pa.array([0, 1, 0, 1], pa.int8())
    numbers = pa.Array.from_buffers(pa.int64(), 4, [None, pa.py_buffer(LEFT * 4)])  # each is there, as in an engine
    texts = pa.array(["gone0", "kept1", "gone2", "kept3"])
    union = pa.UnionArray.from_sparse(codes, [numbers, texts])
    struct = pa.StructArray.from_arrays([union], ["u"], mask=pa.array([False, False, True, True]))
    for array, numbers_kept, texts_kept in ((union, 2, [b"kept1", b"kept3"]), (struct, 1, [b"kept1"])):
        sink = io.BytesIO()
        batch = blanked(pa.record_batch({"v": array}))
        batch.validate(full=True)
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        assert batch["v"].to_pylist() == array.to_pylist()
        assert sink.getvalue().count(LEFT) == numbers_kept
        assert [text for text in (b"gone0", b"kept1", b"gone2", b"kept3") if text in sink.getvalue()] == texts_kept


@pytest.mark.parametrize("kind", [pa.string_view(), pa.binary_view(), pa.list_view(pa.int64())], ids=str)
def test_memory_that_is_not_known_is_refused(kind: pa.DataType) -> None:
    with pytest.raises(Internal, match="is not known"):
        blanked(pa.record_batch({"v": pa.nulls(2, kind)}))


def test_a_union_carries_no_leftovers_of_its_engine(tmp_path: Path) -> None:
    rows = range(5000)
    table = {"n": pa.array(rows, pa.int64()), "t": [f"leftover{i}" for i in rows], "odd": [i % 2 == 1 for i in rows]}
    pq.write_table(pa.table(table), tmp_path / "t.parquet")
    world = World(Resources(), folders=[tmp_path])
    sql = (
        "SELECT union_value(n := n + 1) AS n, union_value(t := try_cast(t AS HUGEINT)) AS t,"
        " [CASE WHEN odd THEN n::UNION(n BIGINT, s INT) ELSE (n % 7)::INT::UNION(n BIGINT, s INT) END] AS l"
        f" FROM (SELECT CASE WHEN odd THEN n END AS n, t, odd FROM read_parquet('{tmp_path}/t.parquet'))"
    )
    sink = io.BytesIO()
    for batch in EngineRun(world, sql, {}, Limits()):
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
    world.close()
    assert sink.getvalue()
    assert b"leftover" not in sink.getvalue()


def test_a_run_carries_no_leftovers_of_its_engine(tmp_path: Path) -> None:
    """The engine leaves texts of the column beside it beneath NULL numbers; a run does not pass them on."""
    rows = range(5000)
    table = {"n": pa.array(rows, pa.int64()), "t": [f"leftover{i}" for i in rows], "odd": [i % 2 == 1 for i in rows]}
    pq.write_table(pa.table(table), tmp_path / "t.parquet")
    world = World(Resources(), folders=[tmp_path])
    item = f"read_parquet('{tmp_path}/t.parquet')"
    sql = f"SELECT n + 1 AS n, try_cast(t AS INT) AS t FROM (SELECT CASE WHEN odd THEN n END AS n, t FROM {item})"
    for batch in EngineRun(world, sql, {}, Limits()):
        for column in batch.columns:
            cells = column.buffers()[1].to_pybytes()
            width = column.type.bit_width // 8
            nulls = [place for place, value in enumerate(column.to_pylist()) if value is None]
            assert nulls
            assert not any(any(cells[place * width : (place + 1) * width]) for place in nulls)
    world.close()
