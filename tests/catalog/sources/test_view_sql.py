"""What a view reads is told exactly, or it is said that it cannot be told."""

import pytest

from catalog.sources.connector import ViewSql
from catalog.sources.view_sql import relations_read

KNOWN = (("main", "t"), ("main", "U"), ("s", "t"), ("s", "lone"))


def told(sql: str, dialect: str = "duckdb", within: tuple[str, ...] = ("main",)) -> tuple[str, ...] | None:
    return relations_read(ViewSql(sql, dialect), within=within, known=KNOWN)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("CREATE VIEW v AS SELECT a FROM t", ("main.t",)),
        ("CREATE VIEW v (b) AS SELECT a FROM T x JOIN u ON x.a = u.a", ("main.U", "main.t")),
        ("CREATE VIEW v AS SELECT 1 AS one", ()),
        ("SELECT * FROM t WHERE EXISTS (SELECT 1 FROM s.lone o WHERE o.a = t.a)", ("main.t", "s.lone")),
        ("SELECT a FROM t UNION ALL SELECT a FROM s.t", ("main.t", "s.t")),
        ("WITH t AS (SELECT * FROM s.t) SELECT * FROM t, u", ("main.U", "s.t")),
        ("SELECT * FROM (WITH t AS (SELECT * FROM u) SELECT * FROM t) x, t", ("main.U", "main.t")),
        ("WITH a AS (SELECT * FROM u), b AS (SELECT * FROM a) SELECT * FROM b", ("main.U",)),
        ("WITH RECURSIVE r AS (SELECT a FROM t UNION ALL SELECT a FROM r) SELECT * FROM r", ("main.t",)),
        (
            "WITH RECURSIVE r AS ((SELECT 1 UNION SELECT (WITH b AS (FROM r) SELECT max(a) FROM b, t))) FROM r",
            ("main.t",),
        ),
    ],
)
def test_relations_are_told_and_names_of_parts_are_none(sql: str, expected: tuple[str, ...]) -> None:
    assert told(sql) == expected


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT FROM WHERE",
        "not SQL at all (",
        "SELECT * FROM range(3)",
        "SELECT * FROM 'file.parquet'",
        "SELECT * FROM gone",
        "SELECT * FROM elsewhere.main.t",
        "WITH t AS (SELECT * FROM t) SELECT * FROM t",
        "WITH RECURSIVE t AS (SELECT * FROM t) SELECT * FROM t",
        "WITH RECURSIVE t AS (SELECT * FROM t UNION ALL SELECT * FROM t) SELECT * FROM t",
        "WITH RECURSIVE t AS (SELECT 1 EXCEPT SELECT * FROM t) SELECT * FROM t",
        "WITH RECURSIVE t AS (SELECT 1 AS a UNION ALL BY NAME SELECT a FROM t) SELECT * FROM t",
        "WITH RECURSIVE t AS (WITH u AS (SELECT * FROM t) SELECT 1 UNION SELECT * FROM u) SELECT * FROM t",
        "WITH a AS (SELECT * FROM u), u AS (SELECT 1) SELECT * FROM a",
        "DROP VIEW t",
        "SELECT full\u00a0name FROM t",
    ],
)
def test_what_is_not_certain_is_not_told(sql: str) -> None:
    assert told(sql) is None


def test_of_a_text_that_takes_long_to_read_nothing_is_told() -> None:
    assert told(f"SELECT {', '.join(f'a AS a{number}' for number in range(2_000))} FROM t") == ("main.t",)
    assert told(f"SELECT {'1 + 1 + ' * 14_000}1 FROM t") is None
    assert told(f"SELECT a FROM t -- {'-' * 90_000}") == ("main.t",)
    assert told(f"SELECT a FROM t -- {'-' * 100_000}") is None


def test_a_name_is_looked_for_where_the_engine_looks() -> None:
    assert told("SELECT * FROM t", within=("s", "main")) == ("s.t",)
    assert told("SELECT * FROM u", within=("s", "main")) == ("main.U",)


def test_in_sqlite_a_table_can_stand_behind_in() -> None:
    assert told("SELECT a FROM u WHERE a IN (SELECT a FROM t)", "sqlite") == ("main.U", "main.t")
    assert told("SELECT a FROM u WHERE a IN t", "sqlite") is None


def test_without_schemas_to_look_in_a_bare_name_is_not_told() -> None:
    assert relations_read(ViewSql("select `d`.`T`.`a` AS `a` from `d`.`T`", "mysql")) == ("d.T",)
    assert relations_read(ViewSql("select a from t", "mysql")) is None


@pytest.mark.parametrize(
    ("dialect", "call", "is_told"),
    [
        ("mysql", "`shop`.`note_of`(`u`.`id`)", False),
        ("mysql", "`shop`.`upper`(`u`.`id`)", False),
        ("mysql", "`note_of`(`u`.`id`)", False),
        ("mysql", "`upper`(`u`.`id`)", False),
        ("mysql", "upper(`u`.`id`)", True),
        ("mysql", "load_file('/var/lib/mysql/shop/t.ibd')", False),
        ("mysql", "LAST_INSERT_ID(`u`.`id`)", False),
        ("mysql", "found_rows()", False),
        ("mysql", "nextval(`s`.`numbers`)", False),
        ("mysql", "is_used_lock('a')", False),
        ("mysql", "elt(1,`u`.`id`)", True),
        ("postgres", "team.note_of(u.id)", False),
        ("postgres", "team.upper(u.id)", False),
        ("postgres", "u.id OPERATOR(team.+) 1", False),
        ("postgres", "sum(u.id) OVER (ORDER BY u.id)", True),
        ("postgres", "((u.id)::text || 'x'::text)", True),
        ("postgres", "(u.place).city", True),
    ],
)
def test_functions_of_a_database_may_read_anything(dialect: str, call: str, is_told: bool) -> None:
    assert (told(f"SELECT {call} AS g FROM s.lone AS u", dialect) == ("s.lone",)) is is_told
