"""The form in which an engine holds masked cells tells nothing: where all raw values of a piece are one, a sum of
fractions is a product to it, whose last digits are others than those of an addition.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import duckdb
import pytest

from proxy.pipeline import Request
from tests.proxy.world import ANALYST, World, governed

DOCUMENT = """
veil: 1
sources: {one: {connector: duckdb, path: ./data/t.duckdb}}
databases: {db: {}}
tags: {m.age: {}, m.born: {}, m.pay: {}}
datasets:
  db.t: {source: one, relation: main.t, columns: {age: {tags: [m.age]}, born: {tags: [m.born]}, pay: {tags: [m.pay]}}}
roles: {analyst: {groups: [analysts]}}
policies:
  - policy: some
    grant: select
    to: [analyst]
    scope: db
    transform:
      - {tagged: m.age, with: bucket(10)}
      - {tagged: m.born, with: date_trunc('year')}
      - {tagged: m.pay, with: round(0)}
    why: as much as is needed
"""
AGES = ("20", "if(id between 6_900 and 6_950, 29, 20)")
"""Raw ages: in one world all are one, in the other some rows of the fourth 2,048 are another of the same ten years."""
QUESTIONS = (
    "select sum(age / 3) from db.t where id // 2_048 = 3",
    "select id // 2_048 as block, sum(age / 3) as s from db.t group by all order by 1",
    "select avg(year(born) / 7) from db.t where id // 2_048 = 3",
    "select avg(pay / 7), count(*) from db.t where id // 2_048 = 3",
    "select sum(x) from (select age / 3 as x, id from db.t) where id // 2_048 = 3",
    "select fsum(age / 3), favg(pay / 7) from db.t where id // 2_048 = 3",
    "select distinct sum(age / 3) over () from db.t where id // 2_048 = 3",
    "select sum(age / 3) filter (id > 0) from db.t where id // 2_048 = 3",
    "summarize select age / 3 as a from db.t where id // 2_048 = 3",
    "select sum(a.age / 3) from db.t as a join db.t as b using (id) where id // 2_048 = 3",
)
AS_THEY_COME = (
    "select sum(age), avg(id), count(*), max(pay) from db.t",
    "select list(id), median(age) from db.t",
    "select sum(id / 3) from db.t",
)


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    with ExitStack() as stack:
        worlds = []
        for age in AGES:
            folder = tmp_path_factory.mktemp("forms")
            (folder / "data").mkdir()
            with duckdb.connect(str(folder / "data" / "t.duckdb")) as database:
                cells = f"{age} AS age, date '2000-03-01' + {age} AS born, 0.1::double + {age} / 100 AS pay"
                database.execute(f"CREATE TABLE t AS SELECT id::int AS id, {cells} FROM range(16_384) r(id)")
            worlds.append(stack.enter_context(governed(folder, DOCUMENT)))
        yield worlds[0], worlds[1]


@pytest.mark.parametrize("sql", QUESTIONS)
def test_sums_of_what_looks_the_same_are_the_same(twins: tuple[World, World], sql: str) -> None:
    first, second = (world.ask(sql).to_pylist() for world in twins)
    assert first
    assert first == second


@pytest.mark.parametrize("sql", AS_THEY_COME)
def test_what_adds_no_fractions_of_masked_cells_is_not_sorted(twins: tuple[World, World], sql: str) -> None:
    assert "ORDER BY" not in twins[0].governor.settle(ANALYST, Request(sql=sql)).rewritten.sql
    assert twins[0].ask(sql).to_pylist() == twins[1].ask(sql).to_pylist()


def test_the_engine_tells_it_by_itself(tmp_path: Path) -> None:
    """Without this the comparison above could not fail."""
    found = []
    for number, age in enumerate(AGES):
        file = tmp_path / f"{number}.duckdb"
        with duckdb.connect(str(file)) as engine:
            engine.execute(f"CREATE TABLE t AS SELECT id, ({age})::int AS age FROM range(16_384) r(id)")
        with duckdb.connect(str(file), read_only=True) as engine:
            found.append(engine.execute("SELECT sum(10 * (age // 10) / 3) FROM t WHERE id // 2_048 = 3").fetchone())
    assert found[0] != found[1]
