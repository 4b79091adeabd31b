"""An unnamed column is called by the person's own text, wherever it stands and whatever the engine would say."""

from collections.abc import Iterator
from itertools import cycle
from typing import cast

import pytest

from catalog.errors import VeilError
from catalog.names import quoted
from catalog.sources.engine import EngineSession, keywords
from catalog.sources.workers.pool import Pool
from catalog.sources.world import Resources
from proxy.reading.statement import read
from proxy.rewriting.labels import Item, _everyday_name, label
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
    "select (select count(*) from (select id, columns('c.*') from shop.orders))": [
        "(SELECT count_star() FROM (SELECT id, COLUMNS('c.*') FROM shop.orders))"
    ],
    "select (id), -id, address from (select id, {'a': 1} as address from shop.orders)": ["id", "(-(id))", "address"],
    "select -amount, sum(id * amount) from shop.orders group by -amount": ["(-(amount))", "sum((id * amount))"],
    "select if(amount > 5, 'x', note) from shop.orders": ["\"if\"((amount > 5), 'x', note)"],
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("labels") / "it", "4111") as made:
        yield made


@pytest.mark.parametrize("sql", NAMES)
def test_an_unnamed_column_is_called_by_what_was_written(shop: World, sql: str) -> None:
    assert shop.ask(sql).column_names == NAMES[sql]


ODD_NAMES = ("a", "A_1", "Price", "_x", "é", "a b", "a$", "1a", "date", "rowid", 'a"b', "a.b", "", "$1", "a\n")
OTHER_FORMS = """
    count(*); COUNT ( * ); count(); count(1); count(distinct a); count(t.*); sum(t.a); max("T".a); min(s.t.a);
    sum(c.s.t.a); sum(a.b.c.d.e); sum(all a); sum((a)); max(a, 2); sum(a) filter (a > 1); avg(a) over (); avg(-a);
    max(a order by b); max($1); min('a'); sum(a + b); max(arg_max(a, b)); any_value(a); Count(* exclude (a));
    mean(a); max("current_date"); sum(a[1]); max(a.b()); min(a ->> 'x'); max(distinct t.a); lower(a); sum(a)::int
"""


@pytest.fixture
def session() -> Iterator[EngineSession]:
    pool = Pool(Resources(), most=1, idle_seconds=1)
    yield EngineSession((), pool)
    pool.close()


def test_everyday_names_are_the_engines_own(session: EngineSession) -> None:
    """Every word of the engine's SQL as a column's name, in both cases, and whatever else may stand in a name."""
    words = [*ODD_NAMES, *keywords(), *map(str.upper, keywords())]
    items = [f"{name}({quoted(word)})" for name, word in zip(cycle(("sum", "AVG", "Min", "max", "count")), words)]
    items += [item.strip() for item in OTHER_FORMS.split(";")]
    known = 0
    for item in items:
        sql = f"select {item} from t"
        try:
            name = _everyday_name(read(sql).tree.expressions[0], session)
        except VeilError:
            continue
        known += name is not None
        assert name is None or name == _engine_name(sql, session), item
    assert 10 < known < 50


def test_a_text_is_named_alike_whoever_asks_again(session: EngineSession) -> None:
    sql = "select lower(a), sum(b) + 1, (select max(c) from u) from t"
    first, again = read(sql), read(sql)
    for statement in (first, again):
        label(statement, session)
    names = [item.alias for item in again.tree.expressions]
    assert names == ["lower(a)", "(sum(b) + 1)", "(SELECT max(c) FROM u)"]
    assert names == [item.alias for item in first.tree.expressions]


def _engine_name(sql: str, session: EngineSession) -> str:
    [statement] = cast("list[dict[str, dict[str, list[Item]]]]", session.serialize(sql)["statements"])
    [text] = session.expressions(statement["node"]["select_list"])
    return text


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
