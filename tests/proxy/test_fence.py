"""The fence on this engine: behind it no expression of a person's meets a filtered-out row or a statistic of one.

DuckDB 2.0.0 evaluated such expressions on filtered-out rows where nothing fenced them; 2.0.1 keeps the order in every
case tried here. Nothing promises that it stays so, and its statistics still tell, so the fence stands.
"""

import itertools
from collections.abc import Iterator

import duckdb
import pytest

from proxy.barrier import FENCE, without_errors, without_statistics

FILTERS = (
    "region IN ('EU', 'US')",
    "region = 'EU' OR region = 'US'",
    "region <> 'APAC'",
    "region = (SELECT 'EU')",
    "k = 1 AND region <> 'APAC'",
)
TELLTALES = (
    "CASE WHEN g.region = 'APAC' THEN error(g.s) IS NULL ELSE TRUE END",
    "CASE WHEN g.region = 'APAC' THEN CAST(g.s AS INT) > 0 ELSE TRUE END",
    "CAST(CASE WHEN g.region = 'APAC' THEN g.s ELSE '1' END AS INT) = 1",
    "regexp_matches('x', CASE WHEN g.region = 'APAC' THEN '(' ELSE 'x' END)",
)
SHAPES = (
    "SELECT count(*) FROM {g} AS g WHERE {p}",
    "SELECT * FROM {g} AS g JOIN d USING (k) WHERE {p}",
    "SELECT g.id FROM d JOIN {g} AS g ON g.k = d.k AND {p}",
    "SELECT id, {p} FROM {g} AS g",
    "SELECT sum(id) FILTER (WHERE {p}) FROM {g} AS g",
    "SELECT * FROM {g} AS g LEFT JOIN d ON d.k = g.k AND {p}",
    "SELECT * FROM d WHERE EXISTS (SELECT 1 FROM {g} AS g WHERE g.k = d.k AND {p})",
    "SELECT * FROM {g} AS g JOIN {g} AS h ON g.id = h.id WHERE {p}",
    "SELECT * FROM {g} AS g ORDER BY {p} LIMIT 1",
    "SELECT max({p}) FROM {g} AS g GROUP BY k",
)


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(":memory:")
    connection.execute(
        "CREATE TABLE t AS SELECT i AS id, i % 3 AS k, 'secret' || i AS s,"
        " CASE i % 5 WHEN 0 THEN 'APAC' WHEN 1 THEN 'EU' ELSE 'US' END AS region FROM range(3000) AS x(i)"
    )
    connection.execute("CREATE TABLE d AS SELECT i AS k FROM range(3) AS x(i)")
    yield connection
    connection.close()


def _leaks(engine: duckdb.DuckDBPyConnection, fence: str) -> int:
    """In how many of the combinations an expression that fails on filtered-out rows alone does fail."""
    governed = "(SELECT id, k, s, region FROM t WHERE {condition}{fence})"
    return sum(
        _fails(engine, shape.format(g=governed.format(condition=condition, fence=fence), p=telltale))
        for condition, telltale, shape in itertools.product(FILTERS, TELLTALES, SHAPES)
    )


def _fails(engine: duckdb.DuckDBPyConnection, sql: str) -> bool:
    try:
        engine.execute(sql).fetchall()
    except duckdb.Error:
        return True
    return False


def test_this_engine_keeps_the_order_itself(engine: duckdb.DuckDBPyConnection) -> None:
    """If this fails, the engine meets filtered-out rows again, as 2.0.0 did: then the fence alone holds."""
    assert _leaks(engine, "") == 0


def test_the_cases_probe_something(engine: duckdb.DuckDBPyConnection) -> None:
    """Where nothing is filtered out, every one of them fails."""
    everything = itertools.product(TELLTALES, SHAPES)
    governed = "(SELECT id, k, s, region FROM t)"
    assert all(_fails(engine, shape.format(g=governed, p=telltale)) for telltale, shape in everything)


def test_behind_the_fence_no_filtered_row_is_met(engine: duckdb.DuckDBPyConnection) -> None:
    assert _leaks(engine, FENCE) == 0


def _knows(engine: duckdb.DuckDBPyConnection, condition: str, telltale: str, *, is_kept_back: bool) -> bool:
    """Whether a query fares differently over two tables whose visible rows are the same."""
    outcomes = set()
    for most in (50, 5000):
        rows = f"SELECT 1 AS k, CASE WHEN i < 9 THEN i ELSE {most} END AS amount, IF(i < 9, 'EU', 'APAC') AS region"
        engine.execute(f"CREATE OR REPLACE TEMP TABLE few AS {rows} FROM range(99) AS x(i)")
        types = {"k": "INTEGER", "amount": "INTEGER", "region": "VARCHAR"}
        kept = {name: without_statistics(name, type_) if is_kept_back else name for name, type_ in types.items()}
        cells = ", ".join(f"{cell} AS {name}" for name, cell in kept.items())
        test = without_errors(condition) if is_kept_back else condition
        governed = f"(SELECT {cells} FROM few WHERE {test}{FENCE})"
        try:
            outcomes.add(str(engine.execute(f"SELECT * FROM {governed} WHERE {telltale}").fetchall()))
        except duckdb.Error:
            outcomes.add("error")
    return len(outcomes) > 1


STATISTICS = (
    ("region IN ('EU', 'US')", "amount > 1000 AND CAST('x' AS INT) = k"),
    ("(SELECT TRUE) AND region IN ('EU', 'US')", "amount > 1000 AND CAST('x' AS INT) = k"),
    ("amount > 1000 AND region = 'EU'", "CAST('x' AS INT) IS NULL"),
)


def test_statistics_of_all_rows_tell_on_filtered_ones(engine: duckdb.DuckDBPyConnection) -> None:
    """If this fails, the engine no longer lets statistics pass the fence, or the cases no longer probe anything."""
    assert any(_knows(engine, *case, is_kept_back=False) for case in STATISTICS)


def test_statistics_are_kept_back(engine: duckdb.DuckDBPyConnection) -> None:
    assert not any(_knows(engine, *case, is_kept_back=True) for case in STATISTICS)


@pytest.mark.parametrize(
    ("type_name", "values"),
    [
        ("DOUBLE", ("'nan'", "'-inf'", "0.1", "NULL")),
        ("DECIMAL(9,2)", ("1.25", "-3", "NULL")),
        ("BOOLEAN", ("true", "false", "NULL")),
        ("DATE", ("'infinity'", "'2020-02-29'", "NULL")),
        ("TIMESTAMP", ("'-infinity'", "'2020-02-29 01:02:03.000004'", "NULL")),
        ("TIME", ("'23:59:59.999999'", "NULL")),
        ("VARCHAR", ("''", "'a' || chr(0)", "'ü'", "NULL")),
        ("HUGEINT", ("-170141183460469231731687303715884105728", "NULL")),
        ("UTINYINT", ("255", "0", "NULL")),
    ],
)
def test_what_is_kept_back_is_the_same_value(
    engine: duckdb.DuckDBPyConnection, type_name: str, values: tuple[str, ...]
) -> None:
    for value in values:
        cell = f"CAST({value} AS {type_name})"
        kept = without_statistics("x", type_name)
        same = f"SELECT {kept} IS NOT DISTINCT FROM x AND typeof({kept}) = typeof(x) FROM (SELECT {cell} AS x)"
        assert engine.execute(same).fetchone() == (True,), value
