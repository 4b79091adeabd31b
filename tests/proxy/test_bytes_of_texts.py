"""How many bytes the hidden cells of a delimited file have decides on no answer.

The engine takes a file for so many rows as its bytes let it guess, where it is left to look at it, and by that chooses
which side of a join it takes first.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proxy.world import World, governed

DOCUMENT = """
veil: 1
sources: {data: {connector: files, path: ./data}}
databases: {shop: {}}
tags: {pii.note: {}}
datasets:
  shop.c: {source: data, relation: c.csv, columns: {note: {tags: [pii.note]}}}
  shop.d: {source: data, relation: d.csv}
roles: {analyst: {groups: [analysts]}}
policies: [{policy: some, grant: select, to: [analyst], scope: shop, having: not pii.note, why: notes are hidden}]
"""
DIAGNOSES = ("none", "acute lymphoblastic leukaemia in its second relapse")
FIRST = "select list(x) as l from (select a.id as x, {n} as n from {joined} limit 8)"
JOINED = (
    "shop.c as a join {other} on a.id % 2 = b.i % 2",
    "{other} join shop.c as a on a.id % 2 = b.i % 2",
    "shop.c as a left join {other} on a.id % 2 = b.i % 2",
    "shop.c as a right join {other} on a.id % 2 = b.i % 2",
    "shop.c as a full join {other} on a.id % 2 = b.i % 2",
    "shop.c as a join {other} on a.id < b.i",
    "shop.c as a semi join {other} on a.id % 2 = b.i % 2",
    "(select * from shop.c where id % 7 in (select b.i % 5 from {other})) as a",
    "(select * from shop.c where not exists (select 1 from {other} where b.i = id)) as a",
    "shop.c as a, {other}, shop.d as d where a.id % 3 = d.id % 3 and d.id % 2 = b.i % 2",
)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    folders: list[Path] = []
    for diagnosis in DIAGNOSES:
        folder = tmp_path_factory.mktemp("world")
        (folder / "data").mkdir()
        rows = "".join(f"{i},{diagnosis if i == 7 else 'none'}\n" for i in range(40))
        (folder / "data" / "c.csv").write_text(f"id,note\n{rows}")
        (folder / "data" / "d.csv").write_text("id\n" + "".join(f"{i}\n" for i in range(60)))
        folders.append(folder)
    with governed(folders[0], DOCUMENT) as short, governed(folders[1], DOCUMENT) as long:
        yield short, long


@pytest.mark.parametrize("joined", JOINED)
def test_joins_are_the_same_however_long_hidden_texts_are(worlds: tuple[World, World], joined: str) -> None:
    for rows in (32, 34, 36):
        sql = FIRST.format(n=rows, joined=joined.format(other=f"range({rows}) as b(i)"))
        kind, *told = worlds[0].outcome(sql)
        assert kind == "rows", told
        assert [kind, *told] == list(worlds[1].outcome(sql)), sql


def test_whether_something_raises_hangs_on_no_length_either(worlds: tuple[World, World]) -> None:
    """A side of a join may not be worked out at all where the engine finds the other empty first."""
    for rows in range(30, 40):
        other = f"(select i from range({rows}) as r(i) where ('x' || i)::int > 0) as b"
        sql = f"select a.id from shop.c as a join {other} on a.id = b.i where a.id < 0"
        assert worlds[0].outcome(sql) == worlds[1].outcome(sql), sql
