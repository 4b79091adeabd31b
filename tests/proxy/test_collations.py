"""A text in a DuckDB file is one text alone, whatever its column's collation holds equal to it."""

from collections.abc import Iterator
from contextlib import closing

import duckdb
import pytest

from tests.proxy.world import OWNER, World, governed

DOCUMENT = """
veil: 1
sources: {data: {connector: duckdb, path: ./shop.db}}
databases: {shop: {}}
datasets:
  shop.plain: {source: data, relation: main.plain}
  shop.notes: {source: data, relation: main.notes}
  shop.seen: {source: data, relation: main.seen}
roles: {analyst: {groups: [analysts]}, everything: {groups: [owners]}}
policies:
  - {policy: own, grant: select, to: [analyst], scope: shop, where: owner = current_user(), why: each their own}
  - {policy: all, grant: select, to: [everything], scope: shop, why: owners see all}
"""
NAMES = ("ana", "ANA", "aná", "an\u0061\u0301", "bob", "BOB")
QUESTIONS = (
    "select id from TABLE where owner = 'ANA' order by id",
    "select id from TABLE where owner in ('ana', 'bob') order by id",
    "select id from TABLE where owner > 'a' order by id",
    "select count(distinct owner) as n from TABLE",
    "select owner, count(*) as n from TABLE group by owner order by owner",
    "select a.id, b.id as other from TABLE a join TABLE b using (owner) order by 1, 2",
    "select id from TABLE where owner in (select owner from shop.plain where id = 0) order by id",
)


@pytest.fixture(scope="module", params=["NOCASE", "NFC", "NOACCENT", "NOCASE.NOACCENT"])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("collations")
    with closing(duckdb.connect(str(folder / "shop.db"))) as connection:
        connection.execute("CREATE TABLE plain (id int, owner varchar)")
        connection.executemany("INSERT INTO plain VALUES (?, ?)", list(enumerate(NAMES)))
        connection.execute(f"CREATE TABLE notes (id int, owner varchar COLLATE {request.param})")
        connection.execute("INSERT INTO notes FROM plain")
        connection.execute("CREATE VIEW seen AS FROM notes")
    with governed(folder, DOCUMENT) as world:
        yield world


@pytest.mark.parametrize("table", ["shop.notes", "shop.seen"])
def test_a_policy_takes_no_other_text_for_the_same(shop: World, table: str) -> None:
    assert shop.ask(f"select owner from {table}")["owner"].to_pylist() == ["ana"]


@pytest.mark.parametrize("table", ["shop.notes", "shop.seen"])
def test_a_collation_changes_no_answer(shop: World, table: str) -> None:
    for sql in QUESTIONS:
        plain = shop.ask(sql.replace("TABLE", "shop.plain"), OWNER).to_pylist()
        assert shop.ask(sql.replace("TABLE", table), OWNER).to_pylist() == plain, sql
