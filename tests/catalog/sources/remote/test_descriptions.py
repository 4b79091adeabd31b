"""What a source says of its own relations, comments and keys: read from every system, kept, and used as evidence."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.descriptions import read_description
from catalog.model import Database as CatalogDatabase
from catalog.model import Description, Key, KeyKind, Source, Tag, TagAssignment, TagOrigin, TagState
from catalog.names import split
from catalog.registry import connect
from catalog.sources.connector import KnowsDescriptions
from catalog.tags import Tags
from crawler.crawl import crawl
from tests.databases import Server
from tests.remote_tables import KINDS, Database

CUSTOMERS = "CREATE TABLE customers (id int PRIMARY KEY, c17 varchar(60){0}, tax varchar(20) UNIQUE){1};"
ORDERS = """
CREATE TABLE orders
  (nr int, line int, buyer int, PRIMARY KEY (nr, line), FOREIGN KEY (buyer) REFERENCES customers (id));
CREATE TABLE notes (author int, text_ varchar(20), FOREIGN KEY (author) REFERENCES customers (id));
CREATE VIEW buyers AS WITH notes AS (SELECT buyer FROM orders)
  SELECT c.id, c.c17 FROM customers c JOIN notes ON notes.buyer = c.id;
CREATE VIEW writers AS SELECT id FROM buyers WHERE EXISTS (SELECT 1 FROM notes WHERE author = id)
  UNION SELECT author FROM notes;
CREATE VIEW one AS SELECT 1 AS n;
"""
SPECIAL = {
    "sqlite": "CREATE VIEW special AS SELECT id FROM customers WHERE id IN one;",
    "duckdb": "CREATE VIEW special AS SELECT id FROM customers, range(3);",
    "postgres": 'CREATE TABLE "A.B" (n int); CREATE MATERIALIZED VIEW special AS SELECT * FROM "A.B";',
    "mariadb": "CREATE TABLE `A.B` (n int); CREATE VIEW special AS SELECT * FROM `A.B`;",
}
"""A view that cannot be followed, or one that can in spite of what it is and reads."""
SAID = ("people who bought", "E-mail of the customer; may be missing")
COMMENTS = f"COMMENT ON TABLE customers IS '{SAID[0]}'; COMMENT ON COLUMN customers.c17 IS '{SAID[1]}';"


def script(kind: str) -> str:
    if kind == "mariadb":
        return CUSTOMERS.format(f" COMMENT '{SAID[1]}'", f" COMMENT '{SAID[0]}'") + ORDERS + SPECIAL[kind]
    return CUSTOMERS.format("", "") + ORDERS + SPECIAL[kind] + ("" if kind == "sqlite" else COMMENTS)


@pytest.fixture(scope="module", params=[*KINDS, "duckdb"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("descriptions")


@pytest.fixture(scope="module")
def source(kind: str, folder: Path, request: pytest.FixtureRequest) -> Source:
    if kind == "duckdb":
        with duckdb.connect(str(folder / "shop.duckdb")) as engine:
            engine.execute(script(kind))
        return Source(name="data", connector="duckdb", options={"path": str(folder / "shop.duckdb")})
    database = Database(kind, None if kind == "sqlite" else request.getfixturevalue(kind), folder)
    database.run(script(kind))
    if kind == "mariadb":
        database.run(f"GRANT SHOW VIEW ON {database.name}.* TO {database.name}@'127.0.0.1'")
    return database.source


@pytest.fixture(scope="module")
def told(source: Source) -> dict[str, Description]:
    connector = connect(source)
    assert isinstance(connector, KnowsDescriptions)
    return {each.suggested_name: connector.description(each.name) for each in connector.relations()}


@pytest.fixture(scope="module")
def catalog(kind: str, folder: Path, source: Source) -> Iterator[Catalog]:
    """What a first crawl kept, for all tests; those that give verdicts do so about columns of their own."""
    with Catalog(folder / f"{kind}.db") as catalog:
        Datasets(catalog).put_source(source)
        Datasets(catalog).put_database(CatalogDatabase(name="d"))
        crawl(catalog, "data", into="d", by="ada")
        yield catalog


def suggested(catalog: Catalog, name: str, column: str) -> dict[str, str]:
    """The suggested tags of a column with their evidence."""
    found = Tags(catalog).assignments(f"d.{name}", state=TagState.SUGGESTED)
    return {each.tag: each.evidence for each in found if each.path == (column,)}


def test_keys_are_told(told: dict[str, Description]) -> None:
    customers, orders = told["customers"].keys, told["orders"].keys
    assert customers == (
        Key(kind=KeyKind.PRIMARY, columns=("id",)),
        Key(kind=KeyKind.UNIQUE, columns=("tax",)),
    )
    assert orders[0] == Key(kind=KeyKind.PRIMARY, columns=("nr", "line"))
    [foreign] = [key for key in orders if key.kind is KeyKind.FOREIGN]
    assert (foreign.columns, foreign.at, foreign.refers_to.rpartition(".")[2]) == (("buyer",), ("id",), "customers")


def test_comments_are_told(kind: str, told: dict[str, Description]) -> None:
    expected = ("", ()) if kind == "sqlite" else (SAID[0], (("c17", SAID[1]),))
    assert (told["customers"].comment, told["customers"].columns) == expected


def test_what_views_read_is_told_and_tables_read_nothing(kind: str, told: dict[str, Description]) -> None:
    reads = {name: said.reads and [split(each)[1] for each in said.reads] for name, said in told.items()}
    assert reads.pop("special") == (["A.B"] if kind in ("postgres", "mariadb") else None)
    assert reads == {
        **dict.fromkeys(("customers", "orders", "notes", "one", *(("A.B",) if "A.B" in told else ())), ()),
        "buyers": ["customers", "orders"],
        "writers": ["buyers", "notes"],
    }


def test_what_the_account_may_not_see_the_making_of_is_not_told(mariadb: Server, tmp_path: Path) -> None:
    database = Database("mariadb", mariadb, tmp_path)
    database.run("CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t")
    connector = connect(database.source)
    assert isinstance(connector, KnowsDescriptions)
    assert connector.description(database.relation("v")).reads is None


def test_a_view_that_is_not_told_gets_every_tag_that_may_have_come_to_it(mariadb: Server, tmp_path: Path) -> None:
    database = Database("mariadb", mariadb, tmp_path)
    database.run("CREATE TABLE t (email varchar(60)); CREATE VIEW v AS SELECT left(email, 1) AS a, 2 AS b FROM t")
    with Catalog(tmp_path / "catalog.db") as catalog:
        Datasets(catalog).put_source(database.source)
        Datasets(catalog).put_database(CatalogDatabase(name="d"))
        report = crawl(catalog, "data", into="d", by="ada")
        assert "its SQL is not told to the account; it may read from anything" in report.unclear[0].reason
        for column in ("a", "b"):
            assert suggested(catalog, "v", column) == {"pii.email_address": "may derive from `d.t.email`"}


def test_a_description_from_before_views_were_told_says_that_none_is_read() -> None:
    assert read_description('["said",[["a","b"]],[]]') == Description(comment="said", columns=(("a", "b"),))


def test_a_crawl_keeps_them(catalog: Catalog, told: dict[str, Description]) -> None:
    kept = {dataset.name: dataset.description for dataset in Datasets(catalog).datasets()}
    assert kept == told


def test_a_comment_is_evidence_as_a_name_is(kind: str, catalog: Catalog) -> None:
    expected = {} if kind == "sqlite" else {"pii.email_address": "comment says `e mail`"}
    assert suggested(catalog, "customers", "c17") == expected


def test_tags_of_what_a_foreign_key_refers_to_come_to_it(catalog: Catalog) -> None:
    confirmed = TagAssignment(
        dataset="d.customers",
        path=("id",),
        tag="phi.mrn",
        state=TagState.CONFIRMED,
        origin=TagOrigin.PERSON,
        by="ada",
    )
    Tags(catalog).put_tag(Tag(name="phi.mrn"))
    Tags(catalog).assign(confirmed)
    crawl(catalog, "data", into="d", by="ada")
    for dataset, column in (("orders", "buyer"), ("notes", "author")):
        assert suggested(catalog, dataset, column)["phi.mrn"] == "refers to `d.customers.id`"
    Tags(catalog).reject("d.notes", ("author",), "phi.mrn", by="ada")
    crawl(catalog, "data", into="d", by="ada")
    assert "phi.mrn" not in suggested(catalog, "notes", "author")
