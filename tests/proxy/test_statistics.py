"""What the engine or a file knows of all rows tells nothing of those that are filtered out, not by an order either.

The worlds have equally many rows in equal places, so even plans and the order that nobody asked for must be the same
where one thread works.
"""

import math
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.sources.opening import open_world
from catalog.sources.world import BY_STATISTICS, Resources
from proxy.pipeline import Request
from tests.proxy.world import ANALYST, World, governed

DOCUMENT = """
veil: 1
sources:
  data: {connector: files, path: ./data}
  base: {connector: duckdb, path: ./t.duckdb}
databases: {db: {}}
datasets:
  db.t: {source: data, relation: t.parquet}
  db.base: {source: base, relation: main.t}
roles: {analyst: {groups: [analysts]}}
policies:
  - {policy: a, grant: select, to: [analyst], scope: db, where: "region in ('EU', 'US')", why: only some regions}
"""
COUNT = 120
GROUP = 122_880
"""Rows of a group in a database file."""
BY_FORM_AND_SIZE = set(
    """
    expression_rewriter filter_pullup filter_pushdown empty_result_pullup cte_filter_pusher regex_range in_clause
    join_order deliminator unnest_rewriter unused_columns common_subexpressions common_aggregate column_lifetime
    limit_pushdown top_n top_n_window_elimination build_side_probe_side compressed_materialization duplicate_groups
    reorder_filter sampling_pushdown join_filter_pushdown extension materialized_cte aggregate_function_rewriter
    late_materialization cte_inlining common_subplan join_elimination window_self_join projection_pullup
    outer_join_simplification window_rewriter partial_aggregate_pushdown remote_pushdown grouping_sets type_pushdown
    scalar_fn_pushdown distinct_aggregate_rewrite aggregate_reuse projection_placement redundant_order_keys
    self_join_aggregate
    """.split()
)
"""Optimizers that go by the form of a query and by how many rows there are, which the threat model says can tell."""
JOINED = "select a.id, b.id as other from db.t a join db.t b on a.k = b.k where a.n = 7"
GUESSES = ("a.name <> 'zz'", "a.name = 'b'", "a.inner.name <> 'zz'", "a.sealed <> 'zz'::blob", "not a.is_late")
ORDERS = (
    "select n, count(*) from db.t group by n",
    "select day, sum(id) from db.t group by day",
    "select k, n, count(*) from db.t group by k, n",
    "select any_value(n) from (select n, count(*) as c from db.t group by n)",
    "select n, id from db.t order by n",
    "select id, row_number() over (partition by n) as r from db.t",
    "select distinct n from db.t",
)
NOT_NUMBERS = (
    ("x > 7", 12),
    ("x > 1e308", 12),
    ("x = 'nan'::double", 12),
    ("x <> 1.5", 48),
    ("x <= 7", 48),
    ("id < 10 and x >= 1000", 1),
    ("f > 7", 12),
)


def _write(folder: Path, largest: int) -> None:
    """Every value that the analyst must not see is made from `largest`."""
    ids = range(COUNT)
    is_seen = [i % 2 == 0 for i in ids]
    fractions = [(math.nan, 1.5, 2.5, -0.0, 7.0)[i // 2 % 5] if is_seen[i] else float(largest) for i in ids]
    days = [date(2026, 1, 1) + timedelta(days=i * 7 % 28 if is_seen[i] else largest) for i in ids]
    names = ["b" if is_seen[i] or largest < 1_000 else "zzz" for i in ids]
    table = pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "region": ["EU" if seen else "APAC" for seen in is_seen],
            "k": pa.array([i % 5 for i in ids], pa.int64()),
            "n": pa.array([i * 7 % 40 if is_seen[i] else largest for i in ids], pa.int64()),
            "day": pa.array(days, pa.date32()),
            "x": pa.array(fractions, pa.float64()),
            "f": pa.array(fractions, pa.float32()),
            "name": names,
            "inner": [{"name": name} for name in names],
            "sealed": [name.encode() for name in names],
            "is_late": [name > "c" for name in names],
        }
    )
    (folder / "data").mkdir()
    pq.write_table(table, folder / "data" / "t.parquet")
    with duckdb.connect(str(folder / "t.duckdb")) as engine:
        engine.execute(f"CREATE TABLE t AS FROM '{folder}/data/t.parquet'")


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    folders = [tmp_path_factory.mktemp(name) for name in ("near", "far")]
    for folder, largest in zip(folders, (7, 1_000_000), strict=True):
        _write(folder, largest)
    with governed(folders[0], DOCUMENT) as near, governed(folders[1], DOCUMENT) as far:
        yield near, far


def _alone(world: World, sql: str) -> tuple[str, list[tuple[object, ...]]]:
    """The plan and the answer, in order, of an engine that has the settings of a worker and one thread."""
    settled = world.governor.settle(ANALYST, Request(sql=sql))
    parts = settled.session.parts
    names = [f"v{place}" for place, _ in enumerate(parts)]
    governed_sql = settled.rewritten.sql
    for part, name in zip(parts, names, strict=True):
        governed_sql = governed_sql.replace(settled.session.physical_name(part.source, part.expected.relation), name)
    engine = open_world(parts, names, Resources(threads=1))
    try:
        [*_, (_, plan)] = engine.rows(f"EXPLAIN (FORMAT json) {governed_sql}")
        return str(plan), engine.rows(governed_sql)
    finally:
        engine.close()


@pytest.mark.parametrize("sql", [JOINED, *ORDERS, *(JOINED.replace("a.n = 7", guess) for guess in GUESSES)])
def test_neither_plan_nor_order_hangs_on_a_value_that_is_filtered_out(worlds: tuple[World, World], sql: str) -> None:
    near, far = (_alone(world, sql) for world in worlds)
    assert near == far


@pytest.mark.parametrize("sql", ORDERS)
def test_no_order_hangs_on_a_value_that_a_database_file_knows(worlds: tuple[World, World], sql: str) -> None:
    """How many rows it expects the engine does work out by them, which shows in joins alone."""
    (_, near), (_, far) = (_alone(world, sql.replace("db.t", "db.base")) for world in worlds)
    assert near == far


@pytest.mark.parametrize(
    "guess",
    [
        "a.n <> 500",
        "a.n <= 500",
        "a.name <> 'zz'",
        "a.day <> date '2030-01-01'",
        "a.sealed <> 'zz'::blob",
        "not a.is_late",
    ],
)
def test_no_least_or_largest_value_of_a_database_file_is_found_by_guesses(
    worlds: tuple[World, World], guess: str
) -> None:
    """Where the engine knew of it, it would expect a fifth of the rows, or all of them, and plan the join by that."""
    sql = f"select a.id, b.id as other from db.base a join db.t b on a.k = b.k where {guess}"
    (near, first), (far, second) = (_alone(world, sql) for world in worlds)
    assert _expected_rows(near) == _expected_rows(far)
    assert first == second


def _expected_rows(plan: str) -> list[str]:
    return re.findall(r'"Estimated Cardinality": "(\d+)"', plan)


@pytest.fixture(scope="module")
def grouped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    """Database files whose values that nobody sees rise from one group of rows to the next, or fall."""
    folders = [tmp_path_factory.mktemp(name) for name in ("rising", "falling")]
    for folder, sign in zip(folders, ("", "-"), strict=True):
        hidden = f"{sign}(i // {GROUP})"
        (folder / "data").mkdir()
        with duckdb.connect(str(folder / "t.duckdb")) as engine:
            engine.execute(
                f"CREATE TABLE t AS SELECT i AS id, if(i % 10 = 0, 'EU', 'APAC') AS region,"
                f" if(i % 10 = 0, 1000, 1000 + {hidden} * 100) AS n, if(i % 10 = 0, 7, {hidden}) / 2 AS x,"
                f" if(i % 10 = 0, 'k', chr(100 + CAST({hidden} AS INTEGER))) AS c FROM range(4 * {GROUP}) AS _(i)"
            )
            engine.execute("CREATE TABLE u AS SELECT range AS id, 'EU' AS region FROM range(10)")
            engine.execute(f"COPY u TO '{folder}/data/t.parquet'")
    with governed(folders[0], DOCUMENT) as rising, governed(folders[1], DOCUMENT) as falling:
        yield rising, falling


@pytest.mark.parametrize(
    "sql",
    [
        *(f"select id from db.base order by {key} limit 3" for key in ("n", "n desc", "x", "x desc", "c", "c desc")),
        "select id from db.base order by n limit 3 offset 5",
        "select * from db.base where id >= 10 order by n limit 3",
        "select n, count(*) as c from db.base group by n order by n limit 2",
    ],
)
def test_which_of_equal_rows_come_first_hangs_on_none_that_is_filtered_out(
    grouped: tuple[World, World], sql: str
) -> None:
    (_, rising), (_, falling) = (_alone(world, sql) for world in grouped)
    assert rising == falling
    assert len(rising) in {1, 3}


def test_every_optimizer_has_been_looked_at() -> None:
    """Those that know values of all rows are off; a new one has to be judged before it may run."""
    found = {name for (name,) in duckdb.execute("SELECT name FROM duckdb_optimizers()").fetchall()}
    assert found - set(BY_STATISTICS) == BY_FORM_AND_SIZE


@pytest.mark.parametrize(("condition", "count"), NOT_NUMBERS)
def test_nan_is_found_whatever_else_a_file_holds(worlds: tuple[World, World], condition: str, count: int) -> None:
    """Parquet's largest values leave NaN out."""
    found = [world.ask(f"select id from db.t where {condition}").num_rows for world in worlds]
    assert found == [count, count]
