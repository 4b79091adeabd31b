"""What honest people write is answered as the same query is over hand-written views: names, types and rows.

The cases follow DuckDB's documentation, chapter by chapter. What is not answered is in `refused.sql`, each with the
words that say what works instead.
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from catalog.errors import VeilError
from proxy.reading.parameters import Values
from tests.proxy.honest_world import ask, by_hand, company, facts
from tests.proxy.world import World

FOLDER = Path(__file__).parent / "honest"
Company = tuple[World, duckdb.DuckDBPyConnection]


def cases(*files: str) -> list[tuple[str, str]]:
    """The titles and the SQL of case files."""
    found = []
    for file in sorted(FOLDER.glob("*.sql")):
        if file.stem in files:
            for block in file.read_text().strip().split("\n\n"):
                title, sql = block.split("\n", 1)
                found.append((f"{file.stem}: {title.removeprefix('-- ')}", sql))
    return found


SERVED = cases("composed", "functions", "grouping", "joins", "names", "nested", "pivots", "select", "shapes", "windows")
REFUSED = cases("refused")
BOUND: tuple[tuple[str, Values], ...] = (
    ("select id from orders where amount > ? and region = ?", (50, "EU")),
    ("select ? as a, ? as b from orders where id = ?", ("x", None, 1)),
    ("select id + $1 as n, $1 as again from orders where id < $2", (100, 9)),
    ("select id from orders where id in (?, ?) limit ?", (1, 4, 1)),
    ("select list_transform(tags, lambda t: t || ?) as l from orders", ("!",)),
    ("select id + $More as n, $more as again from orders where id < $bound", {"more": 100, "bound": 9}),
    ("select id from orders where id in ($a, $b) order by id limit $a", {"a": 1, "b": 4}),
)


@pytest.fixture(scope="module")
def trade(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with company(tmp_path_factory.mktemp("company") / "it") as both:
        yield both


@pytest.mark.parametrize(("title", "sql"), SERVED, ids=[title for title, _ in SERVED])
def test_an_honest_query_is_answered_as_by_hand(trade: Company, title: str, sql: str) -> None:
    world, plain = trade
    assert facts(ask(world, sql)) == facts(by_hand(plain, sql))


@pytest.mark.parametrize(("sql", "values"), BOUND)
def test_bound_values_are_answered_as_by_hand(trade: Company, sql: str, values: Values) -> None:
    world, plain = trade
    assert facts(ask(world, sql, values)) == facts(by_hand(plain, sql, values))


@pytest.mark.parametrize(("title", "case"), REFUSED, ids=[title for title, _ in REFUSED])
def test_a_refusal_says_what_works_instead(trade: Company, title: str, case: str) -> None:
    """The last line of a case is the hint that the person gets."""
    sql, _, hint = case.rpartition("\n-- ")
    with pytest.raises(VeilError) as refused:
        ask(trade[0], sql)
    assert refused.value.hint == hint


def test_no_case_stands_twice() -> None:
    every = [sql for _, sql in SERVED]
    assert len(every) == len(set(every))
    assert len(every) > 400
