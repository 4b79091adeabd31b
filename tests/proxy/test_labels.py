"""An unnamed column is called by the person's own text, wherever it stands and whatever the engine would say."""

from collections.abc import Iterator

import pytest

from tests.proxy.world import World, world

NAMES = {
    "select count(*), sum(amount) from shop.orders": ["count_star()", "sum(amount)"],
    "select list(id), string_agg(region, ',') from shop.orders": ["list(id)", "string_agg(region, ',')"],
    "select (select max(id) from shop.orders)": ["(SELECT max(id) FROM shop.orders)"],
    "select * from (select 1 + (select max(id) from shop.orders))": ["(1 + (SELECT max(id) FROM shop.orders))"],
    "select exists (from shop.orders) union all select true": ["EXISTS(SELECT * FROM shop.orders)"],
    "with c as (select (select min(id) from shop.orders)) from c": ["(SELECT min(id) FROM shop.orders)"],
    "select +id, id * 2, (select 1 from shop.orders limit 1) from shop.orders limit 1": [
        *("id", "(id * 2)", "(SELECT 1 FROM shop.orders LIMIT 1)")
    ],
    "select columns('id') + (select max(customer) from shop.orders) from shop.orders": ["id"],
    "select (id), -id, address from (select id, {'a': 1} as address from shop.orders)": ["id", "(-(id))", "address"],
    "select if(amount > 5, 'x', note) from shop.orders": ["\"if\"((amount > 5), 'x', note)"],
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("labels") / "it", "4111") as made:
        yield made


@pytest.mark.parametrize("sql", NAMES)
def test_an_unnamed_column_is_called_by_what_was_written(shop: World, sql: str) -> None:
    assert shop.ask(sql).column_names == NAMES[sql]


def test_no_name_tells_of_what_is_behind(shop: World) -> None:
    forms = ("select unnest([({q})])", "select [({q})]", "select {{'a': ({q})}}", "select not exists ({q})")
    for form in forms:
        sql = form.format(q="select max(id) from shop.orders")
        assert not any("_row" in name or "v_" in name for name in shop.ask(sql).column_names), sql


def test_what_is_nested_too_deeply_for_the_engine_is_called_by_what_was_read(shop: World) -> None:
    [name] = shop.ask("select 1" + "::int" * 250).column_names
    assert name.startswith("CAST(CAST(")


def test_the_journal_keeps_no_literal_of_a_name(shop: World) -> None:
    shop.ask("select note = 'a-guess' from shop.orders")
    assert "a-guess" not in "".join(str(event.details) for event in shop.journal.export())
