"""A query is given the columns that it can name and no others, and its answer is the same as over all of them."""

import re
from collections.abc import Iterator

import duckdb
import pytest

from catalog.errors import UnknownColumn
from proxy.pipeline import Request
from proxy.reading.statement import read
from proxy.rewriting.mentions import Mentions, mentioned
from tests.proxy.world import ANALYST, OWNER, World, world

NAMED = {
    "select id from shop.orders": {"id"},
    "select o.id, o.region from shop.orders as o where Amount > 5 order by GRADE": {"id", "region", "amount", "grade"},
    "select count(*) from shop.orders": {"id"},
    "select count(*) filter (where grade = 'A') from shop.orders": {"grade"},
    "select c.name, max(amount) from shop.orders o join shop.customers c using (customer) group by all": {
        *("amount", "customer", "name"),
    },
    "with q(x) as (select region from shop.orders) select x from q": set(),
    "select (select max(name) from shop.customers c where c.customer = o.customer) from shop.orders o": {
        *("customer", "name"),
    },
    "select contact.city from shop.clients": {"contact"},
    "select clients.contact from shop.clients": {"contact"},
    "select id from shop.orders where exists (select 1 from shop.customers)": {"id", "customer"},
}
"""The columns that stand in the governed relations; an empty set says all."""

WHOLE = (
    "select * from shop.orders",
    "from shop.orders",
    "select o.* from shop.orders as o",
    "select * exclude (id) from shop.orders",
    "select columns('i.*') from shop.orders",
    "select o from shop.orders as o",
    "select count(o) from shop.orders as o",
    "select orders.orders from shop.orders as orders",
    "select #1 from shop.orders",
    "select id from shop.orders natural join shop.customers",
    "select id_1 from (shop.orders as a join shop.clients as b on a.id = b.id) as q",
    "select x from shop.orders as q(x)",
    "select count(distinct o) from shop.orders as o",
    "select * from shop.orders pivot (count(*) for region in ('EU', 'US'))",
    "select n from shop.orders unpivot (v for n in (amount, customer))",
    "describe shop.orders",
    "summarize shop.orders",
    "select id from shop.orders where exists (from shop.customers)",
    "select to_json(o) from shop.orders as o",
)

ASKED = (
    *(sql for sql in NAMED),
    "select region, count(*) as n, max(amount) from shop.orders group by region having max(amount) > 10 order by n",
    "select id from shop.orders natural join shop.customers where name = 'Ann'",
    "select q.id from (select id, amount from shop.orders) as q join shop.clients as c on q.id = c.id",
    "select o.id, id_1 from (select o.id, c.id as id_1 from shop.orders o join shop.clients c on o.id = c.id) as o",
    "select id, row_number() over (partition by region order by amount desc) as r from shop.orders qualify r = 1",
    "select distinct on (region) region, id from shop.orders order by region, id",
    "select id from shop.orders union by name select phone, id from shop.clients where id > 3",
    "select customer from shop.orders except select customer from shop.clients where id < 3",
    "select o.id, l.name from shop.orders o, lateral (select name from shop.customers where customer = o.id) l",
    "select amount from shop.orders where id in (select id from shop.clients where region = 'EU')",
    "select id from shop.clients where len(visits) > 1",
    "select o.id, c.id from shop.orders o asof join shop.clients c on o.id >= c.id order by 1, 2",
    "select unnest(contact) from shop.clients",
    "with recursive r as (select min(id) as id from shop.orders union all select id + 1 from r where id < 5) from r",
    "select count(*) from shop.orders, shop.customers",
    "select region as id from shop.orders where id < 7",
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("shop"), "abcd") as made:
        yield made


@pytest.fixture
def plain(shop: World) -> Iterator[duckdb.DuckDBPyConnection]:
    """The shop as an engine has it to whom everything is shown."""
    with duckdb.connect() as engine:
        engine.execute("CREATE SCHEMA shop")
        for file in (shop.folder / "data").glob("*.parquet"):
            engine.execute(f"CREATE VIEW shop.{file.stem} AS FROM '{file}'")
        yield engine


def _given(shop: World, sql: str) -> set[str]:
    shown = shop.governor.settle(OWNER, Request(sql=sql)).rewritten.shown
    inside = re.findall(r'\(SELECT ((?:"_row"[^()]*? AS "\w+"(?:, )?)+) FROM', shown)
    return {name for text in inside for name in re.findall(r'AS "(\w+)"', text)}


@pytest.mark.parametrize("sql", [sql for sql, names in NAMED.items() if names])
def test_only_what_is_named_is_given(shop: World, sql: str) -> None:
    assert _given(shop, sql) == NAMED[sql]


@pytest.mark.parametrize("sql", [*WHOLE, *(sql for sql, names in NAMED.items() if not names)])
def test_where_names_do_not_tell_all_is_given(sql: str) -> None:
    assert mentioned(read(sql).tree) is None


@pytest.mark.parametrize("sql", ASKED)
def test_the_answer_is_the_one_over_all_columns(shop: World, plain: duckdb.DuckDBPyConnection, sql: str) -> None:
    expected = plain.execute(sql)
    columns = [column[0] for column in expected.description or ()]
    answer = shop.ask(sql, OWNER)
    assert answer.column_names == columns
    assert sorted(map(repr, zip(*(c.to_pylist() for c in answer.columns), strict=True))) == sorted(
        map(repr, expected.fetchall())
    )


@pytest.mark.parametrize("alias", ["orders", "card"])
def test_nothing_that_is_read_hangs_on_a_hidden_column(shop: World, alias: str) -> None:
    [named] = shop.governor.settle(ANALYST, Request(sql="select id from shop.orders")).named
    some = Mentions(read(f"select {alias}.id from shop.orders as {alias}").tree).reads(alias, named.decision)
    every = Mentions(read(f"from shop.orders as {alias}").tree).reads(alias, named.decision)
    assert some.named == frozenset({"id"})
    assert some.read == frozenset({"id", "region", "customer"})
    assert (every.named, "phone" in every.read, "card" in every.read) == (None, True, False)


def test_a_name_that_is_hidden_is_not_given(shop: World) -> None:
    with pytest.raises(UnknownColumn):
        shop.ask("select card from shop.orders", ANALYST)
    assert '"card"' not in shop.governor.settle(ANALYST, Request(sql="select id from shop.orders")).rewritten.sql
