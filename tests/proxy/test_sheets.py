"""Two Excel files that differ in nothing but cells that somebody does not see answer alike: none of these tells which
rows there are, or which row is the header.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.catalog.sources.lakes import workbook
from tests.proxy.world import OWNER, World, governed

DOCUMENT = """
veil: 1
sources: {{data: {{connector: files, path: ./data{}}}}}
databases: {{shop: {{}}}}
tags: {{x.hidden: {{}}, x.masked: {{}}}}
datasets:
  shop.book: {{source: data, relation: book.xlsx/S, columns: {{{}: {{tags: [x.hidden]}}, {}: {{tags: [x.masked]}}}}}}
roles: {{analyst: {{groups: [analysts]}}, everything: {{groups: [owners]}}}}
policies:
  - {{policy: all, grant: select, to: [everything], scope: "*", why: owners see all}}
  - policy: some
    grant: select
    to: [analyst]
    scope: shop
    having: not x.hidden
    transform: [{{tagged: x.masked, with: mask()}}]
    why: a test
"""
Lines = Sequence[Sequence[object]]
QUESTIONS = (
    "from shop.book",
    "select count(*) from shop.book",
    "select count(*) from shop.book where id is null",
    "select id, row_number() over (order by id) from shop.book",
    "select max(id) from shop.book where note is not null",
    "select secret from shop.book",
)
NAMES = ("id", "note", "secret", "b", "c", "d")
SECRETLESS = (1, "a", None, 1, 1, 1)
CRAWLED: Lines = (NAMES, (*SECRETLESS, "x"), (2, "b", "t", 1, 1, 1, "y"))
TITLES: Lines = (("Report", "2026", "EU"), ("all",), ())


def put(folder: Path, lines: Lines) -> None:
    """The sheet, as it is from now on."""
    (folder / "data").mkdir(exist_ok=True)
    workbook(folder / "data" / "book.xlsx", S=[tuple(line) for line in lines])


def worlds(
    folder: Path, crawled: Lines, both: Sequence[Lines], hidden: str = "secret", names: str = "note", options: str = ""
) -> list[tuple[tuple[object, ...], ...]]:
    """The answers to all questions in two worlds that were crawled alike, and their owner's."""
    with ExitStack() as stack:
        made: list[World] = []
        for number, lines in enumerate(both):
            home = folder / str(number)
            home.mkdir()
            put(home, crawled)
            made.append(stack.enter_context(governed(home, DOCUMENT.format(options, hidden, names))))
            put(home, lines)
        assert made[0].outcome("from shop.book", OWNER) != made[1].outcome("from shop.book", OWNER)
        return [tuple(world.outcome(sql) for sql in QUESTIONS) for world in made]


def with_secret(place: int, secret: object, hidden: int = 2) -> Lines:
    """Thirty rows below titles and a header, every third of them empty, with a hidden cell in one row, in a column."""
    rows: list[list[object]] = [
        [None] * 7 if number % 3 == 1 else [number, "a", None, 1, 1, 1, None] for number in range(30)
    ]
    rows[place][hidden] = secret
    return (*TITLES, NAMES, *rows)


@pytest.mark.parametrize("place", [1, 4, 25, 28])
def test_no_hidden_cell_tells_by_a_row_that_it_is_filled(tmp_path: Path, place: int) -> None:
    first, second = worlds(tmp_path, CRAWLED, [with_secret(place, "s"), with_secret(0, "s")])
    assert first == second
    assert first[1][3] == [("30",)]
    assert first[2][3] == [("10",)]


@pytest.mark.parametrize("place", [0, 1, 22])
def test_no_hidden_cell_tells_by_the_header_where_it_stands(tmp_path: Path, place: int) -> None:
    both = [with_secret(place, "x", 6), with_secret(29, "x", 6)]
    first, second = worlds(tmp_path, CRAWLED, both, "column6")
    assert first == second
    assert first[1][3] == [("30",)]


def test_a_hidden_column_without_a_name_may_lose_its_last_cell(tmp_path: Path) -> None:
    first, second = worlds(tmp_path, CRAWLED, [with_secret(5, None, 6), with_secret(5, "x", 6)], "column6")
    assert first == second
    assert first[1][3] == [("30",)]


@pytest.mark.parametrize("secret", [5, 2**70, True, None])
def test_a_hidden_text_may_be_anything(tmp_path: Path, secret: object) -> None:
    first, second = worlds(tmp_path, CRAWLED, [with_secret(6, secret), with_secret(6, "five")])
    assert first == second
    assert first[1][3] == [("30",)]


def test_no_hidden_cell_tells_where_a_sheet_without_a_header_begins(tmp_path: Path) -> None:
    crawled: Lines = [(None, None, "s"), (1, "a", "s")]
    both: list[Lines] = [[(None, None, "s"), (1, "a")], [(), (1, "a", "s")]]
    first, second = worlds(tmp_path, crawled, both, "column2", "column1", ', header: "no"')
    assert first == second
    assert first[0][3] == [("1", "'X'"), ("None", "None")]
