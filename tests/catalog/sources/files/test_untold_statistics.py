"""The engine plans without knowing what Parquet columns hold, however they are called."""

import json
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.model import Source
from catalog.names import quoted
from catalog.registry import connect
from catalog.sources.connector import Expected
from catalog.sources.held_files import HeldFiles
from catalog.sources.opening import Part, holding

NAMES = ("n", '"n"', 'a"b', '"', "x.y", '"x"."y"', "it's", "ß", "select", "_row", "a\\b", " ")


@pytest.mark.parametrize("name", NAMES)
def test_no_statistic_of_a_column_reaches_the_planner(tmp_path: Path, name: str) -> None:
    file = tmp_path / "t.parquet"
    duckdb.sql(f"COPY (SELECT i AS {quoted(name)}, i AS other, i AS n FROM range(100) t(i)) TO '{file}'")
    source = Source(name="lake", connector="files", options={"path": str(tmp_path)})
    expected = Expected(relation="t.parquet", columns=((name, "BIGINT"),))
    held = HeldFiles()
    scan = holding(Part(source="lake", expected=expected, scan=connect(source).scan(expected)), held).scan

    def rows(item: str) -> str:
        sql = f"EXPLAIN (FORMAT json) SELECT 1 FROM {item} WHERE {quoted(name)} > 1000"
        [[_, plan]] = duckdb.execute(sql).fetchall()
        return json.dumps(json.loads(plan))

    assert "Estimated Cardinality" not in rows(f"read_parquet('{file}')"), "it is known that no row is as large"
    assert "Estimated Cardinality" in rows(scan.item)


@pytest.mark.parametrize("is_nested", [False, True])
def test_bloom_filters_of_short_numbers_leave_out_no_row(tmp_path: Path, is_nested: bool) -> None:
    name, type_ = ("s.x", "STRUCT(x FLOAT)") if is_nested else ("s", "FLOAT")
    counts: list[tuple[object, ...]] = []
    for world, others in {"few": np.full(2000, 7.5), "all": np.arange(2000, dtype=np.uint16).view(np.float16)}.items():
        column = pa.array(np.concatenate([np.array([1, 2, 3], np.float16), others.astype(np.float16)]))
        column = pa.StructArray.from_arrays([column], names=["x"]) if is_nested else column
        (tmp_path / world).mkdir()
        blooms = {name: {"ndv": 100, "fpp": 0.05}}
        pq.write_table(pa.table({"s": column}), tmp_path / world / "t.parquet", bloom_filter_options=blooms)
        source = Source(name="lake", connector="files", options={"path": str(tmp_path / world)})
        expected = Expected(relation="t.parquet", columns=(("s", type_),))
        held = HeldFiles()
        item = holding(Part(source="lake", expected=expected, scan=connect(source).scan(expected)), held).scan.item
        counts += duckdb.execute(f"SELECT count(*) FROM {item} WHERE {name} = 1").fetchall()
    assert counts == [(1,), (1,)]
