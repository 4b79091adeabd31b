"""A relation of a server is known by its schema and name, and one that differs in case alone is another."""

from pathlib import Path

import pytest

from catalog.errors import VeilError
from crawler.crawl import crawl
from tests.databases import Server
from tests.proxy.world import governed
from tests.remote_tables import Database

DOCUMENT = """
veil: 1
sources: {data: SOURCE}
databases: {shop: {}}
tags: {secret.pay: {level: restricted}}
datasets:
  shop.people: {source: data, relation: SCHEMA."People", columns: {pay: {tags: [secret.pay]}}}
  shop.v: {source: data, relation: VIEW}
roles: {analyst: {groups: [analysts]}}
policies:
  - {policy: a, grant: select, to: [analyst], scope: shop, having: not secret.pay, why: pay is for nobody}
"""
TABLE = 'CREATE TABLE "People" (id int, pay int); INSERT INTO "People" VALUES (1, 4200);'
THROUGH_A_VIEW = 'CREATE VIEW w AS SELECT id, pay AS y FROM "People"; CREATE VIEW people AS SELECT id, y AS x FROM w'
BY_A_FUNCTION = """
CREATE FUNCTION f(i int) RETURNS int LANGUAGE sql STABLE AS 'SELECT pay FROM public."People" WHERE id = i';
CREATE TABLE ids AS SELECT id FROM "People"; CREATE VIEW people AS SELECT id, f(id) AS x FROM ids
"""


def document(database: Database, view: str) -> str:
    schema = database.relation("x").partition(".")[0]
    text = DOCUMENT.replace("SOURCE", database.shown).replace("VIEW", view.replace("SCHEMA", schema))
    return text.replace('SCHEMA."People"', f"'{schema}.\"People\"'")


@pytest.mark.parametrize(
    ("kind", "made"), [("postgres", THROUGH_A_VIEW), ("postgres", BY_A_FUNCTION), ("mariadb", THROUGH_A_VIEW)]
)
def test_a_view_called_as_the_table_that_it_reads_in_other_case_has_its_tags(
    tmp_path: Path, kind: str, made: str, request: pytest.FixtureRequest
) -> None:
    server: Server = request.getfixturevalue(kind)
    database = Database(kind, server, tmp_path)
    database.run(TABLE + made)
    if kind == "mariadb":
        database.run(f"GRANT SHOW VIEW ON {database.name}.* TO {database.name}@'127.0.0.1'")
    with governed(tmp_path, document(database, "SCHEMA.people")) as world:
        for is_crawled in (False, True):
            if is_crawled:
                crawl(world.catalog, "data", by="max", is_full=True)
            for name in ("people", "v"):  # each may hold what the other does, as their places are one
                with pytest.raises(VeilError, match="no dataset"):
                    print(world.ask(f"select * from shop.{name}").to_pylist())


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_a_relation_that_does_not_say_its_schema_is_refused(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    """What it reads would be looked for by another name, and have no tags."""
    server: Server = request.getfixturevalue(kind)
    database = Database(kind, server, tmp_path)
    database.run(f'{TABLE} CREATE VIEW v AS SELECT id, pay AS x FROM "People"')
    with (
        pytest.raises(VeilError, match="does not say in which schema it is") as caught,
        governed(tmp_path, document(database, "v")) as world,
    ):
        print(world.ask("select * from shop.v").to_pylist())
    assert caught.value.hint == "write schema.table"
