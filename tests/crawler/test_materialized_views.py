"""A materialized view holds what was read when it was refreshed, whatever it would read now."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.model import Database as CatalogDatabase
from catalog.model import Tag
from catalog.tags import Tags
from crawler.crawl import crawl
from crawler.report import CrawlReport
from tests.databases import Server
from tests.remote_tables import Database

PEOPLE = "CREATE TABLE people (id int, pay int); INSERT INTO people VALUES (1, 4200), (2, 1300);"
ANEW = "CREATE OR REPLACE VIEW w AS SELECT id, id AS x FROM people;"
VIEW = "CREATE VIEW w AS SELECT id, pay AS x FROM people;"


class Kept:
    """A database whose `m` was filled while `x` was `pay`."""

    def __init__(self, catalog: Catalog, server: Server, folder: Path) -> None:
        self.catalog, self.database = catalog, Database("postgres", server, folder)
        Datasets(catalog).put_source(self.database.source)
        Datasets(catalog).put_database(CatalogDatabase(name="d"))
        Tags(catalog).put_tag(Tag(name="x.pay"))

    def crawl(self, sql: str = "", *, is_full: bool = False) -> CrawlReport:
        if sql:
            self.database.run(sql)
        return crawl(self.catalog, "data", into="d", by="ada", is_full=is_full)

    def confirm(self) -> None:
        Tags(self.catalog).confirm("d.people", ("pay",), "x.pay", by="steward")

    def tagged(self, name: str = "m") -> set[str]:
        dataset = Datasets(self.catalog).dataset("d", name)
        assert dataset is not None
        return {column.name for column in dataset.columns if "x.pay" in column.suggested | column.confirmed}


@pytest.fixture
def kept(postgres: Server, tmp_path: Path) -> Iterator[Kept]:
    with Catalog(tmp_path / "catalog.db") as catalog:
        yield Kept(catalog, postgres, tmp_path)


@pytest.mark.parametrize(
    "made",
    [
        "CREATE MATERIALIZED VIEW m AS SELECT id, x FROM w",
        "CREATE VIEW above AS SELECT * FROM w; CREATE MATERIALIZED VIEW m AS SELECT id, x FROM above",
        "CREATE MATERIALIZED VIEW first AS SELECT * FROM w; CREATE MATERIALIZED VIEW m AS SELECT id, x FROM first",
        "CREATE MATERIALIZED VIEW m AS SELECT id, (SELECT w.x FROM w WHERE w.id = people.id) AS x FROM people",
    ],
    ids=["a view", "a view of a view", "another one of a view", "a view in a subquery"],
)
def test_what_a_view_showed_has_every_tag_of_the_database(kept: Kept, made: str) -> None:
    report = kept.crawl(f"{PEOPLE} {VIEW} {made}; {ANEW}")
    kept.confirm()
    assert kept.tagged() == {"id", "x"}
    assert "d.m" in {each.relation for each in report.unclear}
    kept.crawl(is_full=True)
    assert kept.tagged() == {"id", "x"}
    assert kept.tagged("w") == set()


def test_a_view_of_such_a_one_has_every_tag_too(kept: Kept) -> None:
    made = "CREATE MATERIALIZED VIEW m AS SELECT id, x FROM w; CREATE VIEW seen AS SELECT x AS y FROM m"
    kept.crawl(f"{PEOPLE} {VIEW} {made}; {ANEW}")
    kept.confirm()
    assert kept.tagged("seen") == {"y"}


def test_a_view_that_is_made_anew_after_a_crawl_leaves_the_tags(kept: Kept) -> None:
    kept.crawl(f"{PEOPLE} {VIEW} CREATE MATERIALIZED VIEW m AS SELECT id, x FROM w")
    kept.confirm()
    kept.crawl(ANEW)
    assert "x" in kept.tagged()


def test_what_a_foreign_table_showed_has_every_tag(kept: Kept) -> None:
    kept.crawl(
        f"{PEOPLE} CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;"
        " CREATE FOREIGN TABLE far (x text) SERVER files OPTIONS (filename '/dev/null');"
        " CREATE MATERIALIZED VIEW m AS SELECT x FROM far"
    )
    kept.confirm()
    assert kept.tagged() == {"x"}


def test_what_a_generated_column_was_has_every_tag(kept: Kept, postgres: Server) -> None:
    """From version 17 on what it is may be said anew."""
    generated = "CREATE TABLE made (id int, g int GENERATED ALWAYS AS (id + 1) STORED);"
    kept.crawl(f"{PEOPLE} {generated} CREATE MATERIALIZED VIEW m AS SELECT g FROM made")
    kept.confirm()
    can_change = int(postgres.run("SHOW server_version_num")) >= 170000
    assert kept.tagged() == ({"g"} if can_change else set())


@pytest.mark.parametrize(
    "made",
    [
        "CREATE MATERIALIZED VIEW m AS SELECT id, pay AS x FROM people",
        "CREATE MATERIALIZED VIEW m AS SELECT p.id, max(q.pay) AS x FROM people p JOIN people q USING (id) GROUP BY 1",
        "CREATE MATERIALIZED VIEW f AS SELECT * FROM people; CREATE MATERIALIZED VIEW m AS SELECT id, pay AS x FROM f",
        "CREATE MATERIALIZED VIEW first AS SELECT * FROM people; CREATE VIEW m AS SELECT id, pay AS x FROM first",
    ],
    ids=["a table", "a join", "another one of a table", "a view of one"],
)
@pytest.mark.parametrize(
    "then",
    ["", "ALTER TABLE people RENAME pay TO p; ALTER TABLE people RENAME id TO pay; ALTER TABLE people RENAME p TO id"],
    ids=["as it was", "its names swapped"],
)
def test_over_plain_tables_it_is_followed(kept: Kept, made: str, then: str) -> None:
    """Which columns of tables it reads the server keeps by their numbers, whatever they are called now."""
    report = kept.crawl(f"{PEOPLE} {made}; {then}")
    assert report.unclear == ()
    Tags(kept.catalog).confirm("d.people", ("id" if then else "pay",), "x.pay", by="steward")
    assert kept.tagged() == {"x"}
