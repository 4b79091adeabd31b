"""The form in which an engine holds masked cells tells nothing: where all raw values of a piece are one, a sum of
fractions is a product to it, whose last digits are others than those of an addition.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from proxy.pipeline import Request
from tests.proxy.test_answers_in_order import answer
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
_WORD = "(['x', 'bad'])[age // 10]"
FAILING = (
    f"select date_diff({_WORD}, born, 'infinity'::date) as x from db.t where id between 6_200 and 8_000",
    f"select id from db.t where date_sub({_WORD}, born, 'infinity'::date) is null and id between 6_200 and 8_000",
)
"""What raises by the piece, where all raw values of one are the same."""
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


@pytest.mark.parametrize("sql", FAILING)
def test_what_looks_the_same_fails_alike(twins: tuple[World, World], sql: str) -> None:
    first, second = (answer(world, sql) for world in twins)
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


PLACES = """
veil: 1
sources: {one: SOURCE}
databases: {db: {}}
tags: {m.city: {}}
datasets: {db.t: {source: one, relation: RELATION, columns: {city: {tags: [m.city]}}}}
roles: {analyst: {groups: [analysts]}}
policies:
  - policy: some
    grant: select
    to: [analyst]
    scope: db
    transform: [{tagged: m.city, with: GENERALIZE}]
    why: as much as is needed
"""
WEST = json.dumps("""generalize('{"Seattle": "west", "Portland": "west"}', otherwise => 'east')""")
KINDS = {
    "parquet": ("{connector: files, path: ./data}", "t.parquet"),
    "ndjson": ("{connector: files, path: ./data}", "t.ndjson"),
    "sqlite": ("{connector: sqlite, path: ./data/t.sqlite}", "t"),
}


def write_relation(table: pa.Table, folder: Path, kind: str) -> None:
    """The rows as a file of a kind."""
    if kind == "parquet":
        pq.write_table(table, folder / "t.parquet")
    elif kind == "ndjson":
        (folder / "t.ndjson").write_text("\n".join(map(json.dumps, table.to_pylist())))
    else:
        with closing(sqlite3.connect(folder / "t.sqlite")) as database, database:
            database.execute("CREATE TABLE t (id INTEGER, city TEXT)")
            database.executemany("INSERT INTO t VALUES (:id, :city)", table.to_pylist())


@pytest.fixture(scope="module", params=KINDS)
def cities(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    """All raw words are one in one world, and two in the other, of which the same is shown."""
    source, relation = KINDS[request.param]
    with ExitStack() as stack:
        worlds = []
        for other in ("Seattle", "Portland"):
            folder = tmp_path_factory.mktemp("cities")
            (folder / "data").mkdir()
            table = pa.table({"id": range(100), "city": ["Seattle", other] * 50})
            write_relation(table, folder / "data", request.param)
            document = PLACES.replace("SOURCE", source).replace("RELATION", relation).replace("GENERALIZE", WEST)
            worlds.append(stack.enter_context(governed(folder, document)))
        yield worlds[0], worlds[1]


@pytest.mark.parametrize(
    "sql",
    [
        "select count(try(date_trunc(city, 'infinity'::timestamptz))) as x from db.t where id in (0, 3)",
        "select id from db.t where id in (0, 3) and date_trunc(city, 'infinity'::timestamptz) is not null",
        "select sum(length(city) * 0.07::double) as x from db.t where id < 77",
    ],
)
def test_which_branch_of_a_mask_was_taken_is_not_told(cities: tuple[World, World], sql: str) -> None:
    first, second = (answer(world, sql) for world in cities)
    assert first == second
