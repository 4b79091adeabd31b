"""The engine plans without knowing what Parquet columns hold, however they are called."""

import json
from pathlib import Path

import duckdb
import pytest

from catalog.model import Source
from catalog.names import quoted
from catalog.registry import connect
from catalog.sources.connector import Expected

NAMES = ("n", '"n"', 'a"b', '"', "x.y", '"x"."y"', "it's", "ß", "select", "_row", "a\\b", " ")


@pytest.mark.parametrize("name", NAMES)
def test_no_statistic_of_a_column_reaches_the_planner(tmp_path: Path, name: str) -> None:
    file = tmp_path / "t.parquet"
    duckdb.sql(f"COPY (SELECT i AS {quoted(name)}, i AS other, i AS n FROM range(100) t(i)) TO '{file}'")
    source = Source(name="lake", connector="files", options={"path": str(tmp_path)})
    scan = connect(source).scan(Expected(relation="t.parquet", columns=((name, "BIGINT"),)))

    def rows(item: str) -> str:
        sql = f"EXPLAIN (FORMAT json) SELECT 1 FROM {item} WHERE {quoted(name)} > 1000"
        [[_, plan]] = duckdb.execute(sql).fetchall()
        return json.dumps(json.loads(plan))

    assert "Estimated Cardinality" not in rows(f"read_parquet('{file}')"), "it is known that no row is as large"
    assert "Estimated Cardinality" in rows(scan.item)
