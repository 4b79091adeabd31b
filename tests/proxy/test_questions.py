"""Random questions reach all that is allowed: each function and node stands in a form, and each form has answers."""

import random
from collections.abc import Iterator

import duckdb
import pytest

from proxy.reading.functions import FUNCTIONS
from proxy.reading.grammar import NODES
from tests.proxy.asked import Construct, constructs
from tests.proxy.estate_values import TYPES, value_of
from tests.proxy.estates import estate, table_of
from tests.proxy.question_kinds import PARAMETERS
from tests.proxy.question_shapes import ABOUT, OF_ROWS, ORDERED, SHAPES, STARS, WINDOWS
from tests.proxy.questions import EXPRESSIONS, SUMMED, Questioner

TRIES = 100
ROWS = "(VALUES ('a', 1.5, 2, TRUE, 'b', 1, TRUE), (NULL, 7, 1, FALSE, 'c', 5, NULL)) AS q(g, n, w, h, a, x, t)"
"""The columns that forms of sums and windows are about."""
READ_AS_ANOTHER = {"ifnull": "coalesce", "position": "strpos"}
"""What the parsers call by another name, which stands in forms too."""
NEVER_PRINTED = {"Aliases", "JSONPathRecursive", "JSONPathSlice"}
"""What no SQL that the engine reads is printed with; it is refused before it runs."""


@pytest.fixture(scope="module")
def questioner() -> Questioner:
    return Questioner(estate(1), random.Random(1))


def test_each_allowed_function_and_node_stands_in_a_form(questioner: Questioner) -> None:
    found: set[Construct] = set()
    for sql in _questions(questioner):
        found |= constructs(sql)
    assert FUNCTIONS.keys() - {name for kind, name in found if kind == "function"} == READ_AS_ANOTHER.keys()
    assert NODES - {name for kind, name in found if kind == "node"} == NEVER_PRINTED


def _questions(questioner: Questioner) -> Iterator[str]:
    for _ in range(3):  # now and then a value in a place makes of it what is refused
        for form in (*EXPRESSIONS, *SUMMED, *WINDOWS, *OF_ROWS, *ORDERED, *STARS):
            yield f"SELECT {questioner.filled(form)} FROM {ROWS}"
        yield from map(questioner.shape, SHAPES)
    yield from (about.format(q="SELECT 1 AS k") for about in ABOUT)


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables of an estate in an engine without Veil."""
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA db")
        for table in estate(1).tables:
            connection.register("given", table_of(table, 0))
            connection.execute(f"CREATE TABLE db.{table.name} AS FROM given")
        yield connection


@pytest.mark.parametrize("name", ["expressions", "sums", "windows", "shapes"])
def test_each_form_can_be_answered(questioner: Questioner, engine: duckdb.DuckDBPyConnection, name: str) -> None:
    """Else a misspelt one would be asked thousands of times and never meet a value."""
    forms = {
        "expressions": EXPRESSIONS,
        "sums": [*SUMMED, *ORDERED],
        "windows": [*WINDOWS, *OF_ROWS],
        "shapes": SHAPES,
    }[name]
    assert [form for form in forms if not any(_runs(engine, sql) for sql in _tries(questioner, form))] == []


def _tries(questioner: Questioner, form: str) -> Iterator[str]:
    for _ in range(TRIES):
        yield questioner.shape(form) if form in SHAPES else f"SELECT {questioner.filled(form)} FROM {ROWS}"


def _runs(engine: duckdb.DuckDBPyConnection, sql: str) -> bool:
    given = {"num": 7, "txt": "a", "day": "2020-01-31"}
    assert given.keys() == PARAMETERS.keys()
    try:
        engine.execute(sql, {name: value for name, value in given.items() if f"${name}" in sql}).fetchall()
    except (duckdb.Error, ValueError, OverflowError):
        return False
    return True


def test_each_mood_has_values_of_each_type() -> None:
    for mood in ("mixed", "tame", "wild", "same"):
        assert all(any(value_of(random.Random(seed), kind, mood) is not None for seed in range(9)) for kind in TYPES)
    assert {value_of(random.Random(seed), "VARCHAR", "null") for seed in range(9)} == {None}
