"""One table or file that is registered as several datasets has the tags of each in all of them."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.flows import Flows
from catalog.model import Database as CatalogDatabase
from catalog.model import Field, Source, Tag, TagAssignment, TagOrigin, TagState
from catalog.registry import connect
from catalog.tags import Tags
from crawler.crawl import crawl
from policy_engine.changing.apply import carry_out, prepare
from policy_engine.document.reading import load
from policy_engine.store import PolicyStore
from tests.databases import Server
from tests.proxy.world import ANALYST, World, governed
from tests.remote_tables import KINDS, Database

SCRIPT = "CREATE TABLE t (id int, note varchar(20)); CREATE TABLE u (id int, note varchar(20))"
Places = tuple[Source, Source, Callable[[str], str]]


@pytest.fixture(params=[*KINDS, "duckdb", "files"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Places:
    """Two sources that lead to one database or folder by different names, and what a table is called there."""
    kind: str = request.param
    data = tmp_path / "data"
    data.mkdir()
    if kind == "files":
        for name in "tu":
            (data / f"{name}.csv").write_text("id,note\n1,x\n")
        (tmp_path / "link").symlink_to(data)
        return made(kind, {"path": str(data)}, {"path": str(tmp_path / "link")}, lambda table: f"{table}.csv")
    if kind == "duckdb":
        with duckdb.connect(str(data / "data.duckdb")) as engine:
            engine.execute(SCRIPT)
        (tmp_path / "other").symlink_to(data / "data.duckdb")
        paths = {"path": str(data / "data.duckdb")}, {"path": str(tmp_path / "other")}
        return made(kind, *paths, lambda table: f"main.{table}")
    database = Database(kind, None if kind == "sqlite" else request.getfixturevalue(kind), data)
    database.run(SCRIPT)
    options = dict(database.source.options)
    if "path" in options:
        (data / "other").symlink_to(options["path"])
        return made(kind, options, {"path": str(data / "other")}, database.relation)
    (data / "other").write_text(Path(options["url_file"]).read_text().replace("127.0.0.1", "localhost"))
    return made(kind, options, {"url_file": str(data / "other")}, database.relation)


def made(kind: str, one: dict[str, str], other: dict[str, str], relation: Callable[[str], str]) -> Places:
    return (
        Source(name="first", connector=kind, options=one),
        Source(name="second", connector=kind, options=other),
        relation,
    )


@pytest.fixture
def catalog(tmp_path: Path, places: Places) -> Iterator[Catalog]:
    with Catalog(tmp_path / "catalog.db") as catalog:
        PolicyStore(catalog).init_home(by="t")
        for source in places[:2]:
            Datasets(catalog).put_source(source)
        prepare_for(catalog)
        yield catalog


def prepare_for(catalog: Catalog) -> None:
    for name in ("a", "b"):
        Datasets(catalog).put_database(CatalogDatabase(name=name))
    Tags(catalog).put_tag(Tag(name="x.secret"))


def say(catalog: Catalog, dataset: str, *path: str, state: TagState = TagState.CONFIRMED) -> None:
    Tags(catalog).assign(
        TagAssignment(dataset=dataset, path=path, tag="x.secret", state=state, origin=TagOrigin.PERSON, by="ada")
    )


def heard(catalog: Catalog, dataset: str) -> dict[str, str]:
    found = Tags(catalog).assignments(dataset, tag="x.secret", state=TagState.SUGGESTED)
    return {".".join(each.path): each.evidence for each in found}


SAID = {"note": "derives from `a.t.note`"}


def test_a_tag_comes_to_what_another_source_crawls_of_the_same(catalog: Catalog, places: Places) -> None:
    crawl(catalog, "first", into="a", by="ada")
    say(catalog, "a.t", "note")
    crawl(catalog, "second", into="b", by="ada")
    assert heard(catalog, "b.t") == SAID
    assert heard(catalog, "b.u") == heard(catalog, "a.u") == {}
    [origin] = {each.origin for each in Tags(catalog).assignments("b.t", tag="x.secret")}
    assert origin is TagOrigin.LINEAGE


def test_a_tag_that_comes_later_is_on_the_other_at_once(catalog: Catalog, places: Places) -> None:
    crawl(catalog, "first", into="a", by="ada")
    crawl(catalog, "second", into="b", by="ada")
    say(catalog, "a.t", "note")
    assert heard(catalog, "b.t") == SAID
    say(catalog, "b.u")
    assert heard(catalog, "a.u") == {"id": "derives from `b.u`", "note": "derives from `b.u`"}


def test_one_source_twice_by_a_document(catalog: Catalog, places: Places, tmp_path: Path) -> None:
    crawl(catalog, "first", into="a", by="ada")
    say(catalog, "a.t", "note")
    document = tmp_path / "b.yaml"
    document.write_text(f"veil: 1\ndatasets: {{b.again: {{source: first, relation: '{places[2]('t')}'}}}}\n")
    carry_out(prepare(load([document]), catalog, at=datetime.now(UTC)), catalog, by="t")
    assert heard(catalog, "b.again") == SAID


def test_a_document_that_names_another_source(catalog: Catalog, places: Places, tmp_path: Path) -> None:
    crawl(catalog, "first", into="a", by="ada")
    say(catalog, "a.t", "note")
    document = tmp_path / "b.yaml"
    document.write_text(f"veil: 1\ndatasets: {{b.again: {{source: second, relation: '{places[2]('t')}'}}}}\n")
    carry_out(prepare(load([document]), catalog, at=datetime.now(UTC)), catalog, by="t")
    assert heard(catalog, "b.again") == SAID


def test_what_was_there_before_has_them_with_the_next_crawl(catalog: Catalog, places: Places) -> None:
    crawl(catalog, "first", into="a", by="ada")
    crawl(catalog, "second", into="b", by="ada")
    say(catalog, "a.t", "note")
    with catalog.change() as tx:
        tx.execute("DELETE FROM assignment WHERE origin = 'lineage'")
        tx.execute("UPDATE source SET reaches = ''")
    crawl(catalog, "second", by="ada")  # which asks the other source as well
    assert heard(catalog, "b.t") == SAID
    with catalog.change() as tx:
        tx.execute("DELETE FROM assignment WHERE origin = 'lineage'")
    assert Flows(catalog).holding() == {"a.t", "a.u", "b.t", "b.u"}
    crawl(catalog, "second", by="ada")
    assert heard(catalog, "b.t") == SAID


def test_what_a_person_rejected_stays_away(catalog: Catalog, places: Places) -> None:
    crawl(catalog, "first", into="a", by="ada")
    crawl(catalog, "second", into="b", by="ada")
    say(catalog, "b.t", "note", state=TagState.REJECTED)
    say(catalog, "a.t", "note")
    crawl(catalog, "second", by="ada", is_full=True)
    assert heard(catalog, "b.t") == {}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Catalog]:
    """A file of DuckDB with an e-mail address."""
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as engine:
        engine.execute(
            "CREATE TABLE people AS SELECT i AS id, concat('a', i, '@x.example') AS email FROM range(50) r(i)"
        )
        engine.execute("CREATE SCHEMA other; CREATE TABLE other.people (id int, email text)")
    with Catalog(tmp_path / "shop.db") as catalog:
        PolicyStore(catalog).init_home(by="t")
        for name in ("first", "second"):
            path = str(tmp_path / "shop.duckdb")
            Datasets(catalog).put_source(Source(name=name, connector="duckdb", options={"path": path}))
        prepare_for(catalog)
        yield catalog


def test_what_a_rule_says_of_both_is_told_as_the_rules(shop: Catalog) -> None:
    for source, database in (("first", "a"), ("second", "b"), ("first", None), ("second", None)):
        crawl(shop, source, path="main", into=database, by="ada", is_full=True)
    for dataset in ("a.main_people", "b.main_people"):
        [found] = [each for each in Tags(shop).assignments(dataset) if each.path == ("email",)]
        assert (found.tag, found.origin) == ("pii.email_address", TagOrigin.RULE)


def test_a_table_of_the_same_name_in_another_schema_is_another(shop: Catalog) -> None:
    crawl(shop, "first", into="a", by="ada")
    say(shop, "a.main_people", "email")
    assert heard(shop, "a.other_people") == {}


def test_a_server_may_find_a_name_without_a_schema_in_any(tmp_path: Path, postgres: Server) -> None:
    database = Database("postgres", postgres, tmp_path)
    database.run(SCRIPT)
    with Catalog(tmp_path / "catalog.db") as catalog:
        Datasets(catalog).put_source(replace(database.source, name="first"))
        prepare_for(catalog)
        fields = connect(database.source).describe("public.t")
        Datasets(catalog).register("a", "t", "first", "public.t", fields)
        Datasets(catalog).register("b", "t", "first", "T", fields)
        say(catalog, "b.t", "note")
        assert heard(catalog, "a.t") == {"note": "derives from `b.t.note`"}


def test_files_that_are_called_alike_elsewhere_are_others(tmp_path: Path) -> None:
    fields = (Field(name="id", type="BIGINT"), Field(name="note", type="VARCHAR"))
    with Catalog(tmp_path / "catalog.db") as catalog:
        Datasets(catalog).put_source(Source(name="first", connector="files", options={"path": str(tmp_path)}))
        prepare_for(catalog)
        for number, relation in enumerate(("x.orders.csv", "y.orders.csv", "sub/x.orders.csv", "./x.orders.csv")):
            Datasets(catalog).register("a", f"t{number}", "first", relation, fields)
        say(catalog, "a.t0", "note")
        assert [heard(catalog, f"a.t{number}") for number in (1, 2, 3)] == [
            {},
            {},
            {"note": "derives from `a.t0.note`"},
        ]


DOCUMENT = """
veil: 1
sources: {data: {connector: KIND, path: ./data/PATH}, again: {connector: KIND, path: ./data/PATH}}
databases: {shop: {}}
tags: {secret.note: {level: restricted}}
datasets:
  shop.t: {source: data, relation: RELATION, columns: {note: {tags: [secret.note]}}}
  shop.t2: {source: data, relation: RELATION}
  shop.t3: {source: again, relation: RELATION}
roles: {analyst: {groups: [analysts]}}
policies:
  - {policy: a, grant: select, to: [analyst], scope: shop, having: not secret.note, why: notes are for nobody}
"""


@contextmanager
def world(folder: Path, kind: str) -> Iterator[World]:
    (folder / "data").mkdir()
    path, relation = ("s.db", "main.t") if kind != "files" else ("", "t.csv")
    if kind == "files":
        (folder / "data" / "t.csv").write_text("id,note\n1,SECRET\n")
    elif kind == "duckdb":
        with duckdb.connect(str(folder / "data" / "s.db")) as engine:
            engine.execute("CREATE TABLE t (id int, note text); INSERT INTO t VALUES (1, 'SECRET')")
    else:
        with closing(sqlite3.connect(folder / "data" / "s.db")) as connection:
            connection.executescript("CREATE TABLE t (id int, note text); INSERT INTO t VALUES (1, 'SECRET')")
    document = DOCUMENT.replace("KIND", kind).replace("PATH", path).replace("RELATION", relation)
    with governed(folder, document) as made:
        yield made


@pytest.mark.parametrize("kind", ["duckdb", "sqlite", "files"])
def test_no_dataset_of_a_table_shows_what_is_hidden_in_another(tmp_path: Path, kind: str) -> None:
    with world(tmp_path, kind) as made:
        crawl(made.catalog, "data", into="shop", by="max")
        crawl(made.catalog, "again", into="shop", by="max")
        for dataset in made.datasets.datasets("shop"):
            assert made.ask(f'SELECT * FROM shop."{dataset.name}"', ANALYST).to_pylist() == [{"id": 1}]


def test_datasets_of_an_older_catalog_are_found(tmp_path: Path) -> None:
    fields = (Field(name="id", type="BIGINT"), Field(name="note", type="VARCHAR"))
    with Catalog(tmp_path / "catalog.db") as catalog:
        for name, relations in (("files", ("t.csv", "./t.csv")), ("sqlite", ("main.T", "t"))):
            Datasets(catalog).put_source(Source(name=name, connector=name, options={"path": str(tmp_path)}))
            Datasets(catalog).put_database(CatalogDatabase(name=name))
            for number, relation in enumerate(relations):
                Datasets(catalog).register(name, f"t{number}", name, relation, fields)
        Tags(catalog).put_tag(Tag(name="x.secret"))
        with catalog.transaction() as tx:
            tx.execute("DROP INDEX dataset_by_called")
            tx.execute("ALTER TABLE dataset DROP COLUMN called")
            tx.execute("DELETE FROM _sqlite_migrations WHERE name LIKE '0025%'")
            tx.execute("PRAGMA user_version = 24")
    with Catalog(tmp_path / "catalog.db") as catalog:
        for name in ("files", "sqlite"):
            say(catalog, f"{name}.t0", "note")
            assert heard(catalog, f"{name}.t1") == {"note": f"derives from `{name}.t0.note`"}
