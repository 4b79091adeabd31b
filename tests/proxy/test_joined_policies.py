"""Rows come in one order where a policy is a join to the engine: with a lookup, or with a list of five values or more.

Else where an answer goes on with another piece tells how many filtered-out rows lie between two that are seen.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from proxy.pipeline import Request
from tests.proxy.world import ANALYST, World, governed

_DOCUMENT = """
veil: 1
sources: {data: {connector: files, path: .}}
databases: {shop: {}}
datasets:
  shop.orders: {source: data, relation: orders.parquet}
  shop.lands: {source: data, relation: lands.parquet}
roles: {analyst: {groups: [analysts]}}
policies:
  - {policy: some, grant: select, to: [analyst], scope: shop.orders, where: "WHERE", why: rows of a few lands}
"""
LISTS = (
    "from shop.orders",
    "select tags from shop.orders",
    "select tags, row_number() over () as n from shop.orders",
    "select first(tags) from shop.orders",
    "select a.tags from shop.orders a join shop.orders b on a.id = b.id",
)
POLICIES = ("land in ('EU', 'A', 'B', 'C', 'D')", "land in (select land from shop.lands where n < 5)")
QUESTIONS = (
    "select id, land from shop.orders",
    "select * from shop.orders where id > 5",
    "select id from shop.orders limit 1500",
    "(select id, 100 // (id + 1) as x from shop.orders)",
)
_ROWS, _GROUP = 30_000, 5_000


def _write(folder: Path, others: int) -> None:
    """The rows that are seen, and `others` that are not behind the first thousand of each five."""
    rows = []
    for id_ in range(_ROWS):
        rows.append((id_, "EU"))
        rows += [(-1, "US")] * (others if id_ % _GROUP == 1000 else 0)
    columns = zip(("id", "land"), zip(*rows, strict=True), strict=True)
    pq.write_table(
        pa.table({name: list(cells) for name, cells in columns}), folder / "orders.parquet", row_group_size=_GROUP
    )
    pq.write_table(pa.table({"land": ["EU", "A", "B", "US"], "n": [1, 2, 3, 9]}), folder / "lands.parquet")


@contextmanager
def _worlds(folder: Path, where: str) -> Iterator[list[World]]:
    with ExitStack() as stack:
        made = []
        for others in (0, 3001):
            home = folder / str(others)
            home.mkdir()
            _write(home, others)
            made.append(stack.enter_context(governed(home, _DOCUMENT.replace("WHERE", where))))
        yield made


@pytest.mark.parametrize("where", POLICIES)
def test_rows_that_a_policy_chooses_by_a_join_come_in_one_order(tmp_path: Path, where: str) -> None:
    with _worlds(tmp_path, where) as worlds:
        for sql in QUESTIONS:
            answers = [world.ask(sql) for world in worlds for _ in range(4)]
            assert answers[0].num_rows in (_ROWS, _ROWS - 6, 1500)
            assert all(answer.equals(answers[0]) for answer in answers), sql
            assert "ORDER BY" in worlds[0].governor.settle(ANALYST, Request(sql=sql)).rewritten.sql


@pytest.mark.parametrize("where", ["land in ('EU', 'A', 'B', 'C')", "land = 'EU' or id in (-5, -6)"])
def test_rows_that_a_policy_chooses_otherwise_are_not_sorted(tmp_path: Path, where: str) -> None:
    with _worlds(tmp_path, where) as worlds:
        assert "ORDER BY" not in worlds[0].governor.settle(ANALYST, Request(sql=QUESTIONS[0])).rewritten.sql


_CELLS = """
veil: 1
sources: {data: {connector: files, path: .}}
databases: {shop: {}}
tags: {pii.note: {}, geo.zip: {}}
datasets:
  shop.people: {source: data, relation: people.ndjson, columns: {note: {tags: [pii.note]}, zip: {tags: [geo.zip]}}}
roles: {analyst: {groups: [analysts]}}
policies:
  - {policy: all, grant: select, to: [analyst], scope: shop, having: not pii.note and not geo.zip, why: what is plain}
  - policy: some
    grant: select
    to: [analyst]
    scope: shop
    having: not pii.note
    where: "land in (LANDS)"
    why: more of a few lands
"""


@pytest.mark.parametrize(("lands", "is_joined"), [("'A', 'B', 'C', 'D'", False), ("'A', 'B', 'C', 'D', 'E'", True)])
def test_so_do_rows_of_which_a_policy_chooses_cells(tmp_path: Path, lands: str, is_joined: bool) -> None:
    """How many are read at once hangs on hidden cells."""
    (tmp_path / "people.ndjson").write_text('{"id": 1, "land": "A", "zip": "1", "note": "x"}\n')
    with governed(tmp_path, _CELLS.replace("LANDS", lands)) as world:
        sql = world.governor.settle(ANALYST, Request(sql="select id, zip from shop.people")).rewritten.sql
    assert "WHERE" not in sql
    assert ("ORDER BY" in sql) == is_joined


@pytest.mark.parametrize("where", POLICIES)
def test_columns_whose_cells_have_no_exact_order_are_answered(tmp_path: Path, where: str) -> None:
    made = pa.table({"id": [1, 2, 3], "land": ["EU", "US", "A"], "tags": [["x"], ["HIDDEN"], None]})
    pq.write_table(made, tmp_path / "orders.parquet")
    pq.write_table(pa.table({"land": ["EU", "A", "US"], "n": [1, 2, 9]}), tmp_path / "lands.parquet")
    with governed(tmp_path, _DOCUMENT.replace("WHERE", where)) as world:
        for question in LISTS:
            told = world.ask(question)
            assert told.num_rows == (1 if "first" in question else 2)
            assert "HIDDEN" not in str(told.to_pydict())
