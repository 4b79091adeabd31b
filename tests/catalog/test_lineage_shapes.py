"""In whichever shape a view's SQL holds a column, by whichever dialect, the column is found, or the view is unclear."""

from pathlib import Path

import pytest

from catalog.lineage import Origin, lineage
from catalog.sources.connector import ViewSql
from catalog.sources.view_sql import Unclear

SHAPES = {
    ("main", "t"): {
        "id": "INTEGER",
        "town": "VARCHAR",
        "note": "VARCHAR",
        "at": "TIMESTAMP",
        "contact": 'STRUCT("city" VARCHAR, "phone" VARCHAR)',
    },
    ("main", "u"): {"id": "INTEGER", "k": "INTEGER", "note": "VARCHAR", "month": "VARCHAR"},
    ("main", "w"): {"id": "INTEGER", "n": "INTEGER"},
}
HIDDEN = ("main", "t"), "note"

DIALECTS = ("duckdb", "postgres", "mysql", "sqlite")
FOLDER = Path(__file__).parent / "views"
"""Views of which a column holds the hidden one, one a line: in `each.sql` those of every dialect."""


def lines(name: str) -> list[str]:
    return (FOLDER / f"{name}.sql").read_text("utf-8").splitlines()


CASES = [(dialect, sql) for dialect in DIALECTS for sql in (*lines("each"), *lines(dialect))]


def origins(sql: str, dialect: str) -> list[set[Origin]]:
    return [set(column) for column in lineage(ViewSql(f"CREATE VIEW v AS {sql}", dialect), SHAPES)]


@pytest.mark.parametrize(("dialect", "sql"), CASES)
def test_a_column_is_found_in_whichever_shape_or_the_view_is_unclear(dialect: str, sql: str) -> None:
    try:
        made = set().union(*origins(sql, dialect))
    except Unclear:
        return
    assert HIDDEN in {(origin.relation, origin.path[0]) for origin in made}


@pytest.mark.parametrize(
    ("dialect", "sql", "expected"),
    [
        ("duckdb", "SELECT id, town FROM t WHERE note = 'x' ORDER BY note", ["t.id", "t.town"]),
        ("duckdb", "SELECT id AS i, i + 1 AS j FROM t GROUP BY ALL ORDER BY ALL", ["t.id", "t.id"]),
        ("duckdb", "SELECT t.id, w.n FROM t LEFT JOIN w ON t.id = w.id AND t.note = 'x'", ["t.id", "w.n"]),
        ("duckdb", "SELECT date_trunc('month', at) AS m, count(*) AS n FROM t GROUP BY 1", ["t.at", ""]),
        ("duckdb", "SELECT extract(year FROM at) AS y, town::DATE AS d FROM t", ["t.at", "t.town"]),
        ("duckdb", "SELECT list_transform([id], lambda x: x + 1) AS n, {'note': town} AS s FROM t", ["t.id", "t.town"]),
        ("duckdb", "SELECT * EXCLUDE (note, at, contact) FROM t", ["t.id", "t.town"]),
        ("duckdb", "SELECT contact.city FROM t", ["t.contact.city"]),
        ("duckdb", "WITH c AS (SELECT id, town FROM t) SELECT * FROM c", ["t.id", "t.town"]),
        ("duckdb", "SELECT id FROM t UNION ALL SELECT n FROM w", ["t.id w.n"]),
        ("duckdb", "SELECT x.a FROM (VALUES (1, 'a'), (2, 'b')) AS x(b, a)", [""]),
        ("duckdb", "SELECT row_number() OVER (PARTITION BY town ORDER BY at) AS n FROM t", ["t.at t.town"]),
        ("postgres", "SELECT x.spot AS town FROM main.t x(id, spot)", ["t.town"]),
        ("postgres", "SELECT w.id, w.n, t.town FROM (main.w JOIN main.t USING (id))", ["w.id", "w.n", "t.town"]),
        ("postgres", "SELECT count(*) AS c, count(t.note) AS d FROM main.t WHERE note ~~ 'a%'::text", ["", ""]),
        (
            "postgres",
            "WITH RECURSIVE c(i, up) AS (SELECT id, town FROM main.t UNION ALL SELECT c.i, t.town FROM main.t, c) "
            "SELECT * FROM c",
            ["t.id", "t.town"],
        ),
        ("mysql", "select `t`.`id` AS `id`,count(0) AS `n` from `main`.`t` group by `t`.`id`", ["t.id", ""]),
        ("mysql", "select _utf8mb4'x' AS `x`,`t`.`town` collate utf8mb4_bin AS `y` from `main`.`t`", ["", "t.town"]),
        ("sqlite", "SELECT w.*, t.town FROM w JOIN t ON t.id = w.id", ["w.id", "w.n", "t.town"]),
        ("sqlite", "SELECT strftime('%Y', at) AS y FROM t", ["t.at"]),
    ],
)
def test_usual_views_are_followed_exactly(dialect: str, sql: str, expected: list[str]) -> None:
    found = [{".".join((origin.relation[1], *origin.path)) for origin in column} for column in origins(sql, dialect)]
    assert found == [set(each.split()) for each in expected]
