"""The engine plans without knowing what columns hold, however they are called."""

import gzip
import json
import re
from collections.abc import Callable
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


def _one(folder: Path, note: str) -> str:
    (folder / "c.csv").write_text("id,note\n" + "".join(f"{i},{note}\n" for i in range(40)))
    return "c.csv"


def _packed(folder: Path, note: str) -> str:
    (folder / "c.csv.gz").write_bytes(gzip.compress(f"id,note\n1,{note}\n".encode()))
    return "c.csv.gz"


def _series(folder: Path, note: str) -> str:
    (folder / "s").mkdir()
    for number, header in enumerate(("id,note", "note,id", "note,id", "id,note,more")):
        cells = {"id": "1", "note": note, "more": "x"}
        row = ",".join(cells[name] for name in header.split(","))
        (folder / "s" / f"p{number}.csv").write_text(f"{header}\n{row}\n")
    return "s"


def _folders(folder: Path, note: str) -> str:
    for day in ("1", "2"):
        (folder / "t" / f"day={day}").mkdir(parents=True)
        (folder / "t" / f"day={day}" / "c.csv").write_text(f"id,day,note\n1,9,{note}\n")
    return "t"


JOINS = (
    "{a} JOIN {b} ON a.id = b.i WHERE a.id > 0",
    "{b} LEFT JOIN {a} ON a.id = b.i",
    "{a} SEMI JOIN {b} ON a.id = b.i",
    "{a} ANTI JOIN {b} ON a.id = b.i",
    "{a} ASOF JOIN {b} ON a.id % 2 = b.i % 2 AND a.id >= b.i",
    "{a} JOIN {b} ON a.id < b.i",
    "{a} WHERE a.id IN (SELECT b.i % 5 FROM {b}) OR a.id > 7",
)


@pytest.mark.parametrize("write", [_one, _packed, _series, _folders])
def test_how_many_bytes_a_text_has_does_not_reach_the_planner(
    tmp_path: Path, write: Callable[[Path, str], str]
) -> None:
    """The engine would take a delimited file for as many rows as it has bytes for."""
    plans: list[tuple[str, str]] = []
    for world, note in (("short", "n"), ("long", " ".join(map(str, range(5_000))))):
        (tmp_path / world).mkdir()
        relation = write(tmp_path / world, note)
        source = Source(name="lake", connector="files", options={"path": str(tmp_path / world)})
        fields = connect(source).describe(relation)
        expected = Expected(relation=relation, columns=tuple((field.name, field.type) for field in fields))
        part = holding(Part(source="lake", expected=expected, scan=connect(source).scan(expected)), held := HeldFiles())
        for joined in JOINS:
            sql = joined.format(a=f"{part.scan.item} AS a", b="range(60) AS b(i)")
            [[_, plan]] = duckdb.execute(f"EXPLAIN (FORMAT json) SELECT a.id FROM {sql}").fetchall()
            plans.append((world, re.sub(r"/[^ \"]*", "", plan)))
        held.close()
    assert all("Estimated Cardinality" in plan for _, plan in plans)
    assert [plan for world, plan in plans if world == "short"] == [plan for world, plan in plans if world == "long"]
