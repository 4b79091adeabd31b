"""The fence on this engine: behind it no expression of a person's meets a filtered-out row or a statistic of one.

DuckDB 2.0.0 evaluated such expressions on filtered-out rows where nothing fenced them; 2.0.1 keeps the order in every
case tried here. Nothing promises that it stays so, and its statistics still tell, so the fence stands.
"""

import itertools
from collections.abc import Iterator

import duckdb
import pytest

from proxy.fencing.barrier import FENCE, without_errors

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
    "SELECT * FROM {g} AS g ASOF JOIN d ON d.k <= g.k WHERE {p}",
    "SELECT (SELECT count(*) FROM d WHERE d.k = g.k AND {p}) FROM {g} AS g",
    "SELECT * FROM d, LATERAL (SELECT * FROM {g} AS g WHERE g.k = d.k AND {p}) AS q",
    "WITH g AS MATERIALIZED (SELECT * FROM {g} AS h) SELECT * FROM g JOIN d USING (k) WHERE {p}",
    "WITH g AS (SELECT * FROM {g} AS h) SELECT a.* FROM g AS a, g WHERE a.id = g.id AND {p}",
    "SELECT id FROM {g} AS g WHERE {p} UNION ALL SELECT id FROM {g} AS g WHERE NOT {p}",
    "SELECT * FROM d ANTI JOIN {g} AS g ON g.k = d.k AND {p}",
    "SELECT * FROM {g} AS g FULL JOIN d ON g.k = d.k WHERE {p}",
    "SELECT k, count(*) FROM {g} AS g GROUP BY k, {p}",
    "SELECT k FROM {g} AS g GROUP BY k HAVING bool_or({p})",
    "SELECT * FROM {g} AS g QUALIFY row_number() OVER (PARTITION BY k ORDER BY id) = 1 AND {p}",
    "SELECT DISTINCT {p} FROM {g} AS g",
    "SELECT * FROM {g} AS g WHERE k IN (SELECT k FROM d) AND {p}",
    "SELECT * FROM (SELECT * FROM {g} AS h LIMIT 1000) AS g WHERE {p}",
    "SELECT * FROM {g} AS g, range(2) AS r(i) WHERE r.i = g.k AND {p}",
    "SELECT * FROM {g} AS g WHERE g.id > -1 AND g.id < 9000 AND {p}",
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
        kept = {name: without_errors(name) if is_kept_back else name for name in ("k", "amount", "region")}
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


ONE_AND_ANOTHER = (
    ("BIGINT", "7", "9"),
    ("BOOLEAN", "true", "false"),
    ("DATE", "'2020-01-01'", "'2021-01-01'"),
    ("DECIMAL(9,2)", "1.5", "2.5"),
    ("DOUBLE", "1.5", "'nan'"),
    ("HUGEINT", "7", "9"),
    ("TIME", "'10:00:00'", "'11:00:00'"),
    ("TIMESTAMP", "'2020-01-01'", "'2021-01-01'"),
    ("UINTEGER", "7", "9"),
    ("VARCHAR", "'a'", "'secret'"),
    ("INTEGER[]", "[1]", "[2]"),
    ("STRUCT(a INTEGER)", "{'a': 1}", "{'a': 2}"),
)
CELLS = ("x", "CASE WHEN x IS NOT NULL THEN 0 END", "CASE WHEN x = {one} THEN 1 ELSE 2 END", "coalesce(x, {other})")
CONDITIONS = ("a IS NULL", "a IS DISTINCT FROM (SELECT first(a) FROM {g})", "NOT a = a", "a > first")


def _plans(
    engine: duckdb.DuckDBPyConnection, type_name: str, one: str, other: str, fenced: str, behind: str = FENCE
) -> Iterator[bool]:
    """For each cell and condition, whether the engine knows beforehand that a filtered-out row holds something else."""
    one, other = f"CAST({one} AS {type_name})", f"CAST({other} AS {type_name})"
    for cell, condition, hidden in itertools.product(CELLS, CONDITIONS, (other, "NULL")):
        plans = set()
        for held in (one, hidden):
            engine.execute(
                f"CREATE OR REPLACE TEMP TABLE alike AS SELECT IF(i < 9, {one}, CAST({held} AS {type_name})) AS x,"
                " IF(i < 9, 'EU', 'APAC') AS region FROM range(10) AS r(i)"
            )
            shown = cell.format(one=one, other=other)
            governed = f"(SELECT {fenced.format(shown)} AS a FROM alike WHERE TRY(region IN ('EU', 'US')){behind})"
            first = f"(SELECT {shown} AS first FROM (SELECT {one} AS x))"
            sql = f"SELECT a FROM {governed}, {first} WHERE {condition.format(g=governed)}"
            plan = str(engine.execute(f"EXPLAIN {sql}").fetchall())
            plans.add("empty" in plan.lower())
        yield len(plans) > 1


@pytest.mark.parametrize(("type_name", "one", "other"), ONE_AND_ANOTHER)
def test_a_value_that_every_row_holds_is_kept_back(
    engine: duckdb.DuckDBPyConnection, type_name: str, one: str, other: str
) -> None:
    """Whether filtered-out rows hold it too is nobody's to know."""
    assert not any(_plans(engine, type_name, one, other, without_errors("{}")))


@pytest.mark.parametrize(
    "fenced", ["{}", "greatest({}, NULL)", "list_first([{}])", "__internal_barrier({})", "__internal_barrier(TRY({}))"]
)
def test_other_functions_let_a_value_pass_that_every_row_holds(engine: duckdb.DuckDBPyConnection, fenced: str) -> None:
    """If this fails, a cheaper function may do, or the cases no longer probe anything."""
    assert any(itertools.chain(*(_plans(engine, *case, fenced) for case in ONE_AND_ANOTHER[:3])))


@pytest.mark.parametrize("fenced", ["TRY({})", "__internal_barrier(TRY({}))"])
def test_without_an_offset_the_engine_looks_into_a_try(engine: duckdb.DuckDBPyConnection, fenced: str) -> None:
    """Of a cell that is worked out it knows that it is never NULL, so neither is a fence without the other."""
    assert any(itertools.chain(*(_plans(engine, *case, fenced, "") for case in ONE_AND_ANOTHER[:3])))


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
        kept = without_errors("x")
        same = f"SELECT {kept} IS NOT DISTINCT FROM x AND typeof({kept}) = typeof(x) FROM (SELECT {cell} AS x)"
        assert engine.execute(same).fetchone() == (True,), value
