"""Plain conditions of a query stand behind the fence too: fewer rows cross it, and nothing is told by them."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from sqlglot import exp

from catalog.sources.world import BY_STATISTICS
from proxy.fencing.barrier import FENCE, without_errors
from proxy.fencing.early import early_conditions
from proxy.fencing.meanings import families
from proxy.pipeline import Request
from proxy.reading.statement import read
from tests.proxy.world import ANALYST, World, world

COLUMNS = {
    "k": "INTEGER",
    "price": "DECIMAL(9,2)",
    "born": "DATE",
    "at": "TIMESTAMP",
    "s": "VARCHAR",
    "x y": "BIGINT",
    "far": "DECIMAL(30,2)",
    "contact": "STRUCT(k INTEGER)",
    "masked": "VARCHAR",
}
PLAIN = {name: name for name in COLUMNS if name != "masked"}

EARLY = {
    "select 1 / k from t where k > 5": ['r."k" > 5'],
    "select 1 / k from t where 5 < K and not k = 7 and k <> -1": ['5 < r."k"', 'r."k" <> -1'],
    "select 1 / k from t where (k = 1 or k = 2) and s = 'o''hara'": ["r.\"s\" = 'o''hara'"],
    "select 1 / k from db.t where t.k between 1 and 5 and price in (1.5, 2)": [
        'r."k" BETWEEN 1 AND 5',
        'r."price" IN (1.5, 2)',
    ],
    "select 1 / k from t where far = 5": ['r."far" = 5'],
    "select 1 / k from t where k > price": ['r."k" > r."price"'],
    "select 1 / k from t as u where u.born >= date '2026-01-31' and at < timestamp '2026-02-01 10:00:00'": [
        "r.\"born\" >= CAST('2026-01-31' AS DATE)",
        "r.\"at\" < CAST('2026-02-01 10:00:00' AS TIMESTAMP)",
    ],
    "select 1 / k from t where s >= 'a' and s < 'b' and s >= 'a'": ["r.\"s\" >= 'a'", "r.\"s\" < 'b'"],
    "with q as (select k from t where s = 'a') select 1 / k from q where k > 3": ["r.\"s\" = 'a'"],
    "select 1 / k, (select max(y.k) from t as y where y.s = 'a') from u": ["r.\"s\" = 'a'"],
    "select k, count(*) from t where s = 'a' group by k having 1 / k > 0 order by 1 limit 3": ["r.\"s\" = 'a'"],
}

BEFORE_THE_FENCE = (
    "select 1 / k from t",
    "select 1 / k from t where k > '5'",
    "select 1 / k from t where s = 5",
    "select 1 / k from t where born = '2026-02-30'",
    "select 1 / k from t where 1 / k = 5",
    "select 1 / k from t where cast(s as int) = 5",
    "select 1 / k from t where masked = 'x'",
    "select 1 / k from t where t.contact.k = 5",
    "select 1 / k from t where contact.k = 5",
    "select 1 / k from t where k = $1",
    "select 1 / k from t where k in (select k from t as u)",
    "select 1 / k from t where k is not null",
    "select 1 / k from t where lower(s) = 'a'",
    "select 1 / k from t where k > 5 or s = 'a'",
    "select s as k from t where k > 5",
    "select 1 / t.k from t, u where t.k > 5",
    "select 1 / t.k from t join u using (k) where s = 'a'",
    "select 1 / a from t as q(a, b) where k > 5",
    "select 1 / k from t tablesample 10 rows where k > 5",
    "select 1 / k from t where k > 5 using sample 10 rows",
    "select 1 / k from (select * from t) as q where k > 5",
    "select 1 / k from t group by k having k > 5",
    "select 1 / k from t qualify k > 5",
    "select 1 / k from t as k where k.k > 5",
    'select 1 / k from t where "x y" = 7',
    f"select 1 / k from t where s = '{'a' * 600}'",
)


def _early(sql: str) -> list[str]:
    tree = read(sql).tree
    known = families(tree, COLUMNS.items())
    [first, *_] = [table for table in tree.find_all(exp.Table) if table.name == "t"]
    return [condition.replace('"r".', "r.") for condition in early_conditions(first, known, PLAIN, "r")]


@pytest.mark.parametrize("sql", EARLY)
def test_plain_conditions_stand_behind_the_fence(sql: str) -> None:
    assert _early(sql) == EARLY[sql]


@pytest.mark.parametrize("sql", BEFORE_THE_FENCE)
def test_all_others_stay_before_it(sql: str) -> None:
    assert _early(sql) == []


def test_only_a_few_stand_there() -> None:
    conditions = " and ".join(f"k <> {number}" for number in range(20))
    assert len(_early(f"select 1 / k from t where {conditions}")) == 8


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    folder: Path = tmp_path_factory.mktemp("early")
    with world(folder / "a", "abcd") as first, world(folder / "b", "longer secret") as second:
        yield first, second


def test_the_journal_keeps_no_literal_of_them(worlds: tuple[World, World]) -> None:
    sql = "select id from shop.orders where note = '4111' and 100 / (amount + 1) > 2"
    told = worlds[0].governor.settle(ANALYST, Request(sql=sql)).rewritten
    assert 'AND TRY("_row"."note" = \'4111\') OFFSET 0' in told.sql
    assert "'4111') OFFSET 0" in told.shown
    assert "4111" not in told.blanked
    assert "4111" not in told.blanked_request


def test_no_condition_tells_of_filtered_out_rows_or_masked_values(worlds: tuple[World, World]) -> None:
    first, second = worlds
    conditions = (
        *("amount > 196", "amount < 205", "amount between 190 and 230", "note = 'abcd3'", "note >= 'a'", "id > 195"),
        *("phone = '+1 555 0000'", "email > 'u'", "region = 'APAC'", "at > timestamp '2026-01-27'", "grade = 'A'"),
    )
    telltales = ("1 / (amount - 5) > 0", "cast(note as int) > 3", "cast(o.region as int) = 1")
    shapes = (
        "select id from shop.orders o where {c} and {t}",
        "select count(*) from (select * from shop.orders o where {c}) as o where {t}",
        "select * from shop.customers where cast(name as int) in (select customer from shop.orders o where {c})",
        "with o as (select * from shop.orders as o where {c}) select a.id from o as a, o where a.id = o.id and {t}",
        "select (select max(id) from shop.orders o where {c}), cast(name as int) from shop.customers",
    )
    answered = 0
    for condition, telltale, shape in itertools.product(conditions, telltales, shapes):
        sql = shape.format(c=condition, t=telltale)
        outcomes = [each.outcome(sql) for each in (first, second)]
        assert outcomes[0] == outcomes[1], sql
        answered += outcomes[0][0] == "rows"
    assert answered > 20


CONDITIONS = (
    *("x > 5000", "x >= 100 AND x < 7000", "d > CAST('2021-01-01' AS DATE)", "x IN (101, 7500)"),
    *("m BETWEEN 200 AND 9000.5", "s = 'z'", "x <> 5", "x < 7600"),
)
SHAPES = (
    "SELECT count(*) FROM {g} AS g, o WHERE CAST(o.s AS INT) = g.k",
    "SELECT * FROM o WHERE CAST(o.s AS INT) IN (SELECT k FROM {g} AS g)",
    "SELECT (SELECT max(k) FROM {g} AS g), CAST(s AS INT) FROM o",
    "SELECT * FROM o WHERE EXISTS (SELECT 1 FROM {g} AS g WHERE g.k = o.k) AND CAST(s AS INT) = 1",
    "SELECT * FROM o LEFT JOIN {g} AS g ON g.k = o.k AND CAST(o.s AS INT) = 1",
    "SELECT k FROM {g} AS g UNION ALL SELECT CAST(s AS INT) FROM o",
    "SELECT * FROM o, {g} AS g WHERE g.x > 5 AND CAST(g.s AS INT) = 1",
    "SELECT sum(CAST(s AS INT)) FROM {g} AS g",
    "SELECT * FROM (SELECT k, count(*) AS c FROM {g} AS g GROUP BY k) AS q JOIN o USING (k) WHERE CAST(s AS INT) > c",
)


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[duckdb.DuckDBPyConnection, str]]]:
    """Tables and files that differ in one filtered-out row, whose values lie beyond all others or among them."""
    folder: Path = tmp_path_factory.mktemp("engines")
    made = []
    for hidden in (8000, 50, 0):
        engine = duckdb.connect(":memory:", config={"disabled_optimizers": ",".join(BY_STATISTICS)})
        rows = (
            "SELECT i AS id, i % 3 AS k, (i % 100)::INT AS x, (i % 100)::DECIMAL(9, 2) AS m,"
            " '2020-01-01'::DATE + (i % 100)::INT AS d, 's' || i AS s, 'EU' AS region FROM range(3000) AS q(i)"
            f" UNION ALL SELECT 9999, 1, {hidden}, {hidden}, '2020-01-01'::DATE + {hidden}, 'z', 'APAC'"
        )
        engine.execute(f"CREATE TABLE t AS {rows}")
        engine.execute("CREATE TABLE o AS SELECT i AS k, 'a' || i AS s FROM range(3) AS x(i)")
        file = folder / f"{hidden}.parquet"
        engine.execute(f"COPY t TO '{file}' (FORMAT parquet)")
        made += [(engine, "t"), (engine, f"read_parquet('{file}')")]
    yield made
    for engine, _ in made[::2]:
        engine.close()


def _differences(engines: list[tuple[duckdb.DuckDBPyConnection, str]], form: str) -> int:
    """How often plans or answers differ between the tables, or between the files."""
    cells = ", ".join(f"TRY(r.{name}) AS {name}" for name in "id k x m d s region".split())
    count = 0
    for condition, shape in itertools.product(CONDITIONS, SHAPES):
        told: list[set[str]] = [set(), set()]
        for index, (engine, source) in enumerate(engines):
            relation = f"SELECT {cells} FROM {source} AS r WHERE {form.format(c=condition)}"
            told[index % 2].add(_told(engine, shape.format(g=f"({relation})")))
        count += sum(len(one) > 1 for one in told)
    return count


def _told(engine: duckdb.DuckDBPyConnection, sql: str) -> str:
    try:
        plan = re.sub(r"\S*\.parquet", "", engine.execute(f"EXPLAIN {sql}").fetchall()[0][1])
        return plan + repr(sorted(map(repr, engine.execute(sql).fetchall())))
    except duckdb.Error as error:
        return str(error)


def test_the_engine_plans_and_answers_alike(engines: list[tuple[duckdb.DuckDBPyConnection, str]]) -> None:
    own = without_errors("r.region <> 'APAC'")
    assert _differences(engines, f"{own} AND {without_errors('{c}')}{FENCE}") == 0
    assert _differences(engines, "{c} AND r.region <> 'APAC'") > 0
