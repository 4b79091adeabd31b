"""The order of joined rows tells neither how many rows are filtered out between them nor how long hidden texts are."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import duckdb
import pytest

from proxy.pipeline import Request
from tests.proxy.world import ANALYST, World, governed

DOCUMENT = """
veil: 1
sources: {data: SOURCE}
databases: {shop: {}}
tags: {pii.note: {}}
datasets: {shop.people: {source: data, relation: RELATION, columns: {note: {tags: [pii.note]}}}}
roles: {analyst: {groups: [analysts]}}
policies:
  - {policy: some, grant: select, to: [analyst], scope: shop, POLICY, why: notes are nobody's business}
"""
HIDDEN, FILTERED = "having: not pii.note", "having: not pii.note, where: note <> 'gone'"
KINDS = (("csv", HIDDEN), ("ndjson", HIDDEN), ("csv", FILTERED), ("parquet", FILTERED), ("duckdb", FILTERED))
ROWS = 12_000
_PEOPLE = f"range(1, {ROWS + 1}) r(v)"
PAIRS = "(values (0, 'a'), (0, 'b'), (1, 'c'), (1, 'd')) as d(k, j)"
TWICE = "shop.people, unnest([1, 2]) as t(x)"
QUESTIONS = (
    f"select id, x from {TWICE}",
    f"from {TWICE}",
    f"select columns(*) from {TWICE} limit 5000",
    f"select id, x from {TWICE} order by x % 2 limit 5000",
    f"select distinct id, x from {TWICE}",
    f"select id, x from {TWICE} union all select id, 3 from shop.people",
    f"select id, row_number() over () as n, x from {TWICE}",
    f"select string_agg(id::varchar) from {TWICE} where id < 5000",
    f"with c as (select id, x from {TWICE} limit 3000) select sum(id), max(x) from c",
    f"select unnest([id, -id]) as y, x from {TWICE}",
    f"select id, j from shop.people join {PAIRS} on id % 2 = k",
    f"select * from shop.people left join {PAIRS} on id % 2 = k",
    f"select id, j from {PAIRS} join shop.people on id % 2 = k",
    f"select id, k from shop.people, {PAIRS} where id < 6000 * k",
    "select id, x from shop.people, lateral (select unnest([id, 1]) as x)",
    "select a.id, b.id from shop.people as a join shop.people as b on a.id // 3 = b.id // 3",
    "select id, j from shop.people full join (select id as j from shop.people where id % 2 = 0) on id = j",
    "select id from shop.people order by id % 9",
    "select id % 9 as g, id from shop.people order by all desc limit 9",
    "summarize select id from shop.people",
    "select id from shop.people order by id % 9 limit 3000",
    "select first(id) as f from shop.people group by id % 9 order by f",
    "select arg_max(id, id % 9) from shop.people",
    "select id, rank() over (order by id % 9) as n from shop.people",
    "select id % 9 as g, count(*) from shop.people group by g",
    "select id from shop.people using sample 70% (system, 42)",
    "select id from shop.people tablesample system(50%) repeatable (7)",
)


def _rows(policy: str, world: int) -> str:
    """People in one order, whose hidden texts are long in one half, or between whom as many others are filtered out."""
    if policy == HIDDEN:
        return f"SELECT v AS id, repeat('y', if((v <= {ROWS // 2}) = ({world} = 0), 3000, 9)) AS note FROM {_PEOPLE}"
    others = f"if(v = 9000, {ROWS // 3}, 0)" if world else "if(v % 3 = 0, 1, 0)"
    note = "if(n = 0, 'seen', 'gone') AS note"
    return f"SELECT v AS id, {note} FROM {_PEOPLE}, unnest(range({others} + 1)) u(n) ORDER BY v, n"


def _written(kind: str, folder: Path, rows: str) -> tuple[str, str]:
    if kind == "duckdb":
        with duckdb.connect(str(folder / "shop.db")) as engine:
            engine.execute(f"CREATE TABLE people AS {rows}")
        return "{connector: duckdb, path: ./shop.db}", "main.people"
    written = " (FORMAT json)" if kind == "ndjson" else ""
    with duckdb.connect() as engine:
        engine.execute(f"COPY ({rows}) TO '{folder}/people.{kind}'{written}")
    return "{connector: files, path: .}", f"people.{kind}"


@pytest.fixture(
    scope="module", params=KINDS, ids=lambda param: f"{param[0]}-{'filtered' if 'where' in param[1] else 'hidden'}"
)
def twins(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    kind, policy = request.param
    with ExitStack() as stack:
        worlds = []
        for world in (0, 1):
            folder = tmp_path_factory.mktemp("world")
            source, relation = _written(kind, folder, _rows(policy, world))
            document = DOCUMENT.replace("SOURCE", source).replace("RELATION", json.dumps(relation))
            worlds.append(stack.enter_context(governed(folder, document.replace("POLICY", policy))))
        yield worlds[0], worlds[1]


@pytest.mark.parametrize("sql", QUESTIONS)
def test_joined_rows_come_in_one_order(twins: tuple[World, World], sql: str) -> None:
    first, second = (twin.ask(sql).to_pylist() for twin in twins)
    assert first
    assert first == second


AS_THEY_COME = (
    "describe shop.people",
    "select id from shop.people",
    "select id + 1 as n from (select id from shop.people where id > 5) where n % 2 = 0 limit 4000",
    "select count(*), sum(id) from shop.people",
)


@pytest.mark.parametrize("sql", AS_THEY_COME)
def test_rows_that_come_as_they_lie_are_not_sorted(twins: tuple[World, World], sql: str) -> None:
    assert "ORDER BY" not in twins[0].governor.settle(ANALYST, Request(sql=sql)).rewritten.sql
    assert twins[0].ask(sql).to_pylist() == twins[1].ask(sql).to_pylist()
