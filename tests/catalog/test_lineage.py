"""What a view's columns are made of, by its SQL: every column in an expression, COUNT aside; doubt is said."""

import pytest

from catalog.lineage import lineage
from catalog.sources.connector import ViewSql
from catalog.sources.view_sql import Unclear

SHAPES = {
    ("s", "t"): {"a": "INTEGER", "B c": "VARCHAR", "st": 'STRUCT("p" VARCHAR, "q" INTEGER)'},
    ("main", "u"): {"a": "INTEGER", "z": "VARCHAR"},
}


def made(sql: str, dialect: str = "duckdb") -> list[set[str]]:
    return [
        {".".join((*origin.relation, *origin.path)) + ("" if origin.is_whole else " in part") for origin in column}
        for column in lineage(ViewSql(f"CREATE VIEW v AS {sql};", dialect), SHAPES)
    ]


@pytest.mark.parametrize(
    ("sql", "origins"),
    [
        ("SELECT z FROM u", [{"main.u.z"}]),
        ('SELECT t."b C" FROM s.t', [{"s.t.b c"}]),
        ("SELECT st.p FROM s.t", [{"s.t.st.p"}]),
        ("SELECT x.y.q FROM (SELECT st AS y FROM s.t) AS x", [{"s.t.st.q"}]),
        ("SELECT upper(z) || a FROM u", [{"main.u.z in part", "main.u.a in part"}]),
        (
            "SELECT max(z), count(z), count(*), count_star(), count(1) FROM u",
            [{"main.u.z in part"}, *[set()] * 4],
        ),
        (
            "SELECT count(DISTINCT z), count(CASE WHEN z > 'x' THEN 1 END), count(*) FILTER (WHERE z > 'x') FROM u",
            [{"main.u.z in part"}] * 3,
        ),
        ("SELECT rank() OVER w FROM u WINDOW w AS (ORDER BY z)", [{"main.u.z in part"}]),
        (
            "SELECT lag(a) OVER (w ROWS 1 PRECEDING) FROM u WINDOW w AS (ORDER BY z)",
            [{"main.u.a in part", "main.u.z in part"}],
        ),
        ("SELECT rank() OVER w FROM u WINDOW base AS (ORDER BY z), w AS (base)", [{"main.u.z in part"}]),
        ("SELECT sum(a) OVER (PARTITION BY z) FROM u", [{"main.u.a in part", "main.u.z in part"}]),
        ("SELECT CASE WHEN z = '1' THEN 2 END FROM u", [{"main.u.z in part"}]),
        ("SELECT a FROM u UNION ALL SELECT a FROM s.t", [{"main.u.a", "s.t.a"}]),
        ("WITH c(k) AS (SELECT z FROM u) SELECT k FROM c", [{"main.u.z"}]),
        (
            "SELECT * FROM (u INNER JOIN s.t USING (a))",
            [{"main.u.a in part", "s.t.a in part"}, {"main.u.z"}, {"s.t.b c"}, {"s.t.st"}],
        ),
        ("SELECT * EXCLUDE (a) REPLACE (upper(z) AS z) FROM u", [{"main.u.z in part"}]),
        ("SELECT w.p FROM s.t, unnest([st]) AS w(p)", [{"s.t.st in part"}]),
        ("SELECT a + (SELECT max(t.a) FROM s.t WHERE t.a = u.a) FROM u", [{"main.u.a in part", "s.t.a in part"}]),
        ("SELECT x.a FROM u AS x(z, a)", [{"main.u.z"}]),
        ("SELECT x.* FROM u AS x(k)", [{"main.u.a"}, {"main.u.z"}]),
        ("SELECT 1", [set()]),
    ],
)
def test_a_column_is_made_of_every_column_in_its_expression(sql: str, origins: list[set[str]]) -> None:
    assert made(sql) == origins


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('x.csv')",
        "SELECT nothing FROM u",
        "SELECT st.* FROM s.t",
        "SELECT columns('a.*') FROM u",
        "SELECT z.upper() FROM u",
        "SELECT u.a.concat(z) FROM u",
        "SELECT st.p.upper() FROM s.t",
        "SELECT (z || 'x').upper() FROM u",
        "SELECT 1 AS a, 2 AS b UNION ALL BY NAME SELECT z AS b, a FROM u",
        "SELECT x.k FROM (SELECT 1 AS a, 2 AS b UNION BY NAME SELECT z AS b, a FROM u) AS x(i, k)",
        "SELECT x.a FROM u AS x(z, a, b)",
        "SELECT u FROM u",
        "PIVOT u ON z USING sum(a)",
        "SELECT a FROM (PIVOT u ON z USING sum(a))",
        "WITH RECURSIVE r AS (SELECT 1 AS n, z FROM u UNION ALL SELECT n + 1, z FROM r) SELECT * FROM r",
        "SELECT a FROM elsewhere",
        "this is no SQL at all",
    ],
)
def test_what_is_not_understood_is_unclear(sql: str) -> None:
    with pytest.raises(Unclear):
        made(sql)


def test_a_name_of_a_part_is_one_only_where_the_part_is_seen() -> None:
    assert made("SELECT x.a, t.a FROM (WITH t AS (SELECT z AS a FROM u) SELECT * FROM t) x, t") == [
        {"main.u.z"},
        {"s.t.a"},
    ]


@pytest.mark.parametrize(
    ("dialect", "sql", "origins"),
    [
        ("mysql", "select `u`.`z` AS `x`,'a`b\"c' AS `y` from `main`.`u`", [{"main.u.z"}, set()]),
        (
            "postgres",
            "SELECT u.z ~~ 'a%'::text AS x, u.a::numeric(4,2) FROM main.u",
            [{"main.u.z in part"}, {"main.u.a in part"}],
        ),
        ("sqlite", "SELECT z, [a] FROM [u]", [{"main.u.z"}, {"main.u.a"}]),
    ],
)
def test_a_view_is_read_in_the_dialect_of_its_source(dialect: str, sql: str, origins: list[set[str]]) -> None:
    assert made(sql, dialect) == origins


def test_a_name_that_may_be_one_of_several_is_unclear() -> None:
    with pytest.raises(Unclear, match="one of several"):
        lineage(ViewSql("SELECT a FROM t", "duckdb"), {("s", "t"): {"a": "INTEGER"}, ("r", "t"): {"a": "INTEGER"}})


def test_a_column_that_is_made_of_the_same_many_times_is_followed_once() -> None:
    steps = "".join(f", x{step} AS (SELECT a + a AS a FROM x{step - 1})" for step in range(1, 60))
    view = ViewSql(f"CREATE VIEW v AS WITH x0 AS (SELECT c AS a FROM t){steps} SELECT a FROM x59", "sqlite")
    [made] = lineage(view, {("main", "t"): {"c": "BIGINT"}})
    assert [(origin.path, origin.is_whole) for origin in made] == [(("c",), False)]


@pytest.mark.parametrize(
    "sql",
    [
        "WITH x0 AS (SELECT * FROM t AS a, t AS b)"
        + "".join(f", x{step} AS (SELECT * FROM x{step - 1} AS a, x{step - 1} AS b)" for step in range(1, 40))
        + " SELECT * FROM x39",
        f"SELECT c AS a0{''.join(f', a{step} + a{step} AS a{step + 1}' for step in range(40))} FROM t",
        f"SELECT c{' + c' * 900} AS a FROM t GROUP BY {', '.join(['1'] * 900)}",
        f"WITH RECURSIVE x AS (SELECT {', '.join(f'c AS a{column}' for column in range(12))} FROM t UNION ALL SELECT "
        + ", ".join([f"{' + '.join(f'a{column}' for column in range(12))}"] * 12)
        + " FROM x) SELECT a0 FROM x",
    ],
    ids=["stars of stars", "names of names", "places of sums", "columns of each other"],
)
def test_a_view_that_grows_beyond_what_is_followed_is_unclear(sql: str) -> None:
    with pytest.raises(Unclear):
        lineage(ViewSql(f"CREATE VIEW v AS {sql}", "sqlite"), {("main", "t"): {"c": "BIGINT", "d": "BIGINT"}})
