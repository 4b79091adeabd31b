"""Where a dataset stands, by the engine's rules of scope."""

import pytest

from catalog.errors import UnknownDataset
from proxy.reading.statement import generate, read
from proxy.rewriting.relations import leaves, shorten_columns

CASES = {
    "select * from a": ["main.a"],
    "select * from A.b as x, c": ["A.b", "main.c"],
    "with a as (select 1) select * from a": [],
    'with A as (select 1) select * from "a"': [],
    "with a as (select 1) select * from main.a": ["main.a"],
    "with a as (select * from a) select * from a": ["main.a"],
    "with recursive a as (select 1 union all select * from a) select * from a": [],
    "with recursive a as (select * from a) select * from a": ["main.a"],
    "with recursive a as (select * from a union all select 1) select * from a": ["main.a"],
    "with recursive a as (select 1 except select * from a) select * from a": ["main.a"],
    "with recursive a as (select 1 union by name select * from a) select * from a": ["main.a"],
    "with recursive a as (select 1 union all by name select * from a) select * from a": ["main.a"],
    "with recursive a as (select 1 intersect (select 2 union select * from a)) select * from a": ["main.a"],
    "with recursive a as (with b as (select * from a) select 1 union select * from b) select * from a": ["main.a"],
    "with recursive a as (select 1 union select (with b as (select * from a) select max(i) from b)) from a": [],
    "with recursive a as ((select 1 union (select 2 union select * from a))) select * from a": [],
    "with a as (select * from b), b as (select 1) select * from a, b": ["main.b"],
    "select * from (with x as (select 1) select * from x) q, x": ["main.x"],
    "select * from a where exists (with a as (select 1) select * from a)": ["main.a"],
    "select (select max(v) from s.t) from range(3)": ["s.t"],
    "select * from a union select * from b": ["main.a", "main.b"],
    "with a as (select 1) select * from b union select * from a": ["main.b"],
    "select * from t where x in (select y from u) order by (select 1 from v)": ["main.t", "main.u", "main.v"],
    "select * from 'file.csv'": ["main.file.csv"],
    "select * from information_schema.tables": ["information_schema.tables"],
    "from a join b using (x) asof join c on a.t >= c.t": ["main.a", "main.b", "main.c"],
    "select * from a, lateral (select * from b where b.x = a.x) q": ["main.a", "main.b"],
    "select * from a, unnest(a.l) u": ["main.a"],
}


@pytest.mark.parametrize(("text", "expected"), CASES.items())
def test_every_dataset_leaf_is_found_once(text: str, expected: list[str]) -> None:
    found = leaves(read(text), "main")
    assert sorted(f"{leaf.database}.{leaf.name}" for leaf in found) == sorted(expected)


def test_a_name_of_three_parts_is_no_dataset() -> None:
    with pytest.raises(UnknownDataset, match=r"a\.b\.c"):
        leaves(read("select * from a.b.c"), "main")


def test_a_leaf_knows_its_place_and_its_alias() -> None:
    (leaf,) = leaves(read("select *\nfrom shop.Orders"), "main")
    assert leaf.position is not None
    assert (leaf.alias, leaf.key, leaf.position.line) == ("Orders", ("shop", "orders"), 2)


def test_a_column_named_through_its_database_is_named_through_its_dataset() -> None:
    statement = read("select Shop.orders.id, s.a.b from shop.orders, x.s")
    shorten_columns(statement.tree, leaves(statement, "main"))
    assert generate(statement.tree, "duckdb").startswith('SELECT "orders"."id", "s"."a"."b"')
