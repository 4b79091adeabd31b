"""Which columns an expression may read is told by its words, whatever else it is: none of them is ever left out."""

import pytest

from catalog.sources.connector import GeneratedColumn
from catalog.sources.generated_sql import columns_named, definitions, generated_columns

COLUMNS = ("id", "Note", "odd name", "is", "current_user")


@pytest.mark.parametrize(
    ("dialect", "expression", "named"),
    [
        ("duckdb", "CAST((upper(NOTE) || 'id''is') AS VARCHAR)", {"Note"}),
        ("duckdb", "CAST((\"odd name\" + 1) AS INTEGER) || 'a\\' || id || '\\'", {"odd name", "id"}),
        ("duckdb", 'CAST("row"(note) AS TUPLE(VARCHAR))', {"Note"}),
        ("sqlite", "AS (current_user || 'x' /* id */ -- id\n)", {"current_user"}),
        ("sqlite", "TEXT GENERATED ALWAYS AS (json_extract([odd name], '$.id') IS NULL) STORED", {"odd name", "is"}),
        ("sqlite", "AS (note /* /* */ || id)", {"Note", "id"}),
        ("mysql", "concat(`note`,'it\\'s `id`',_utf8mb4'id \"')", {"Note"}),
        ("duckdb", "random()", set()),
    ],
)
def test_the_words_of_an_expression(dialect: str, expression: str, named: set[str]) -> None:
    found = columns_named(expression, dialect, COLUMNS)
    assert found is not None
    assert set(found) == named


@pytest.mark.parametrize(
    ("dialect", "expression"),
    [
        ("duckdb", "CAST(#1 AS VARCHAR)"),
        ("mysql", "upper(`hidden`)"),
        ("mysql", "default(`note`)"),
        ("mysql", "upper(DEFAULT (note))"),
        ("mysql", "concat(_utf8mb4\\'a\\',`id`,_utf8mb4\\'b\\')"),
        ("duckdb", "upper('id"),
        ("sqlite", ""),
        ("sqlite", "upper(full\u00a0name)"),
        ("sqlite", "upper(full\u3000name)"),
    ],
)
def test_what_cannot_be_told_is_none(dialect: str, expression: str) -> None:
    assert columns_named(expression, dialect, COLUMNS) is None


def test_of_a_text_that_takes_long_to_read_no_word_is_told() -> None:
    long = f"id IN ({'1, ' * 16_000}1)"
    assert columns_named(long, "duckdb", COLUMNS) == ("id",)
    assert columns_named(f"{long} OR note IN ({long})", "duckdb", COLUMNS) is None


def test_the_sql_of_a_wide_table_is_read_whole() -> None:
    names = [f"column_of_a_table_{number}" for number in range(2_000)]
    said = definitions(f"CREATE TABLE t ({', '.join(f'{name} TEXT NOT NULL' for name in names)})", names)
    assert said == dict.fromkeys(names, "TEXT NOT NULL")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("CREATE TABLE t(a INT,'b' AS(a+(1)),CHECK (a > 1)) STRICT", {"a": "INT", "b": "AS(a+(1))"}),
        (
            'CREATE TABLE "t(a, b" (a, b DECIMAL(8, 2) /* , b) */ AS (a))',
            {"a": "", "b": "DECIMAL(8, 2) /* , b) */ AS (a)"},
        ),
        ("CREATE TABLE t (a, c AS (a))", {}),
        ("CREATE TABLE t (a, b AS ('a))", {}),
        ("CREATE TABLE t (a)", {}),
    ],
)
def test_what_is_said_of_each_column(sql: str, said: dict[str, str]) -> None:
    assert definitions(sql, ["a", "b"]) == said


def test_generated_columns_read_others_of_their_table() -> None:
    rows = [("main.t", "a", None), ("main.t", "b", "a || b"), ("main.u", "a", "b"), ("main.u", "c", "#1")]
    assert list(generated_columns(rows, "duckdb")) == [
        GeneratedColumn(relation="main.t", name="b", reads=frozenset({("main.t", "a")})),
        GeneratedColumn(relation="main.u", name="a", reads=frozenset()),
        GeneratedColumn(relation="main.u", name="c", reads=None),
    ]
