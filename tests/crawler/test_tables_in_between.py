"""Tags come from dataset to dataset through tables that are in no database of Veil, and to each partition once."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from catalog import closure
from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.flow import Flow, FlowKind
from catalog.flows import Flows
from catalog.held import LOST
from catalog.model import Database as CatalogDatabase
from catalog.model import Field, Key, KeyKind, Source, Tag, TagAssignment, TagOrigin, TagState
from catalog.registry import connect
from catalog.sources.connector import KnowsReferences
from catalog.tags import Tags
from crawler.crawl import crawl
from tests.crawler.conftest import Crawled
from tests.crawler.test_shared_rows import INHERITING, MERGE, PARTS

Crawls = Callable[[str, str], Crawled]

ITS_PARTITION = """
CREATE TABLE people (id int, ssn text, shown text) PARTITION BY RANGE (id);
CREATE TABLE people_1 (id int, ssn text, shown text GENERATED ALWAYS AS (ssn || '') STORED);
ALTER TABLE people ATTACH PARTITION people_1 FOR VALUES FROM (0) TO (9)
"""
ITS_HEIR = """
CREATE TABLE people (id int, ssn text, shown text);
CREATE TABLE people_at (shown text GENERATED ALWAYS AS (ssn || '') STORED) INHERITS (people)
"""
ITS_KEY = """
CREATE TABLE people (id int, ssn varchar(20) UNIQUE, shown varchar(20) REFERENCES card (no));
CREATE TABLE card (no varchar(20) PRIMARY KEY REFERENCES people (ssn))
"""

KEYS = """
CREATE TABLE people (id int PRIMARY KEY, name varchar(20));
CREATE TABLE customers (id int PRIMARY KEY REFERENCES people (id));
CREATE TABLE orders (number int, customer int REFERENCES customers (id))
"""
GENERATED = """
CREATE TABLE above (id int, note text);
CREATE TABLE kid (loud text GENERATED ALWAYS AS (upper(note)) STORED) INHERITS (above);
CREATE VIEW seen AS SELECT loud AS heard FROM kid
"""


def test_tables_that_inherit_from_one_have_each_others_tags(crawled: Crawls) -> None:
    tables = crawled("postgres", INHERITING)
    tables.crawl("below", "beside", "alone")
    tables.tag("beside", "note")
    assert tables.heard("below") == {"note": "derives from `d.beside.note`"}
    assert tables.heard("alone") == tables.heard("beside") == {}


def test_one_that_comes_later_has_them_at_once(crawled: Crawls) -> None:
    tables = crawled("postgres", INHERITING)
    tables.crawl("beside")
    tables.tag("beside", "note")
    tables.crawl("below", "seen")
    assert tables.heard("below") == {"note": "derives from `d.beside.note`"}
    assert tables.heard("seen").keys() == {"loud"}


def test_partitions_have_each_others_tags_without_their_table(crawled: Crawls) -> None:
    tables = crawled("postgres", PARTS)
    tables.declare("below", "beside")
    tables.tag("below", "note")
    assert tables.heard("beside") == {"note": "derives from `d.below.note`"}


def test_members_of_a_merge_table_have_each_others_tags_without_it(crawled: Crawls) -> None:
    tables = crawled("mariadb", MERGE.replace('"odd`one"', "beside"))
    tables.crawl("below", "beside", "alone")
    tables.tag("below", "note")
    assert tables.heard("beside") == {"note": "derives from `d.below.note`"}
    assert tables.heard("alone") == {}


@pytest.mark.parametrize("kind", ["postgres", "mariadb", "sqlite"])
def test_a_key_has_the_tags_of_what_is_referred_to_through_a_key(crawled: Crawls, kind: str) -> None:
    tables = crawled(kind, KEYS)
    tables.crawl("people", "orders")
    tables.tag("people", "name")
    assert tables.heard("orders") == {}
    tables.tag("people", "id")
    assert tables.heard("orders") == {"customer": "refers to `d.people.id`"}


@pytest.mark.parametrize("kind", ["postgres", "mariadb", "sqlite"])
def test_the_sources_tell_every_key(crawled: Crawls, kind: str) -> None:
    pair = "CREATE TABLE two (a int, b int, PRIMARY KEY (a, b));"
    tables = crawled(kind, f"{pair} CREATE TABLE one (x int, y int, FOREIGN KEY (x, y) REFERENCES two (a, b))")
    source = connect(tables.database.source)
    assert isinstance(source, KnowsReferences)
    one, two = map(tables.database.relation, ("one", "two"))
    key = Key(kind=KeyKind.FOREIGN, columns=("x", "y"), refers_to=two, at=("a", "b"))
    assert dict(source.references()) == {one: (key,)}


def test_a_key_of_a_file_that_names_no_columns_or_no_table_is_told(crawled: Crawls) -> None:
    script = (
        "CREATE TABLE two (a int PRIMARY KEY); CREATE VIEW gone AS SELECT * FROM missing;"
        "CREATE TABLE one (x int REFERENCES TWO, y int REFERENCES gone, z int REFERENCES none (b))"
    )
    source = connect(crawled("sqlite", script).database.source)
    assert isinstance(source, KnowsReferences)
    found = {each.columns: (each.refers_to, each.at) for each in source.references()["main.one"]}
    assert found == {("x",): ("main.TWO", ("a",)), ("y",): ("main.gone", ()), ("z",): ("main.none", ("b",))}


def test_a_key_has_the_tags_of_a_partition_of_what_it_refers_to(crawled: Crawls) -> None:
    tables = crawled(
        "postgres",
        "CREATE TABLE above (id int PRIMARY KEY, note text) PARTITION BY LIST (id);"
        "CREATE TABLE below PARTITION OF above FOR VALUES IN (1);"
        "CREATE TABLE orders (number int, item int REFERENCES above (id))",
    )
    tables.declare("below", "orders")
    tables.tag("below", "id")
    assert tables.heard("orders") == {"item": "refers to `d.below.id`"}


def test_a_view_of_a_table_has_the_tags_of_what_its_key_refers_to(crawled: Crawls) -> None:
    tables = crawled("postgres", f"{KEYS}; CREATE VIEW seen AS SELECT customer + 1 AS next FROM orders")
    tables.crawl("people", "seen")
    tables.tag("people", "id")
    assert tables.heard("seen") == {"next": "refers to `d.people.id`"}


def test_a_generated_column_of_a_table_that_inherits_has_the_tags_of_what_it_inherits(crawled: Crawls) -> None:
    tables = crawled("postgres", GENERATED)
    tables.crawl("above", "seen")
    tables.tag("above", "note")
    assert tables.heard("seen") == {"heard": "derives from `d.above.note`"}


def test_once_a_table_in_between_is_a_dataset_what_is_said_of_it_counts(crawled: Crawls) -> None:
    tables = crawled("postgres", INHERITING)
    tables.crawl("below", "above", "beside")
    tables.say("above", ("note",), TagState.REJECTED)
    tables.tag("below", "note")
    assert tables.heard("beside") == {}
    Datasets(tables.catalog).forget("d", "above")
    tables.crawl("alone")
    assert tables.heard("beside") == {"note": "derives from `d.below.note`"}


def test_tables_that_have_parted_get_no_more_tags(crawled: Crawls) -> None:
    tables = crawled("postgres", INHERITING)
    tables.crawl("below", "beside")
    tables.database.run("ALTER TABLE beside NO INHERIT above")
    tables.crawl("alone")
    tables.tag("below", "note")
    assert tables.heard("beside") == {}


def test_what_a_person_rejected_stays_away(crawled: Crawls) -> None:
    tables = crawled("postgres", INHERITING)
    tables.crawl("below", "beside")
    tables.say("beside", ("note",), TagState.REJECTED)
    tables.tag("below", "note")
    tables.crawl("alone")
    assert tables.heard("beside") == {}


def test_what_a_rule_says_of_both_is_not_said_by_each_of_the_other(crawled: Crawls) -> None:
    script = "CREATE TABLE t (email text); CREATE TABLE a () INHERITS (t); CREATE TABLE b () INHERITS (t)"
    tables = crawled("postgres", script)
    tables.crawl("a", "b", "a", "b")
    found = Tags(tables.catalog).assignments(tag="pii.email_address")
    assert {each.dataset: each.origin for each in found} == {"d.a": TagOrigin.RULE, "d.b": TagOrigin.RULE}


@pytest.mark.parametrize(("kind", "script"), [("postgres", ITS_PARTITION), ("postgres", ITS_HEIR), ("sqlite", ITS_KEY)])
def test_a_first_crawl_brings_tags_to_other_columns_of_the_same_table(crawled: Crawls, kind: str, script: str) -> None:
    tables = crawled(kind, script)
    tables.crawl("people")
    found = {each.path: each.evidence for each in Tags(tables.catalog).assignments(tag="pii.ssn")}
    said = "refers to" if script is ITS_KEY else "derives from"
    assert found[("shown",)] == f"{said} `d.people.ssn`"
    Tags(tables.catalog).remove("d.people", ("shown",), "pii.ssn")
    assert {each.path for each in Tags(tables.catalog).assignments(tag="pii.ssn")} == found.keys()


def test_a_key_has_the_tags_of_what_a_generated_column_in_between_is_made_of(crawled: Crawls) -> None:
    card = "CREATE TABLE card (no text REFERENCES people (ssn), copy text GENERATED ALWAYS AS (no || '') STORED UNIQUE)"
    people = "CREATE TABLE people (ssn text UNIQUE); CREATE TABLE orders (card text REFERENCES card (copy))"
    tables = crawled("sqlite", f"{people}; {card}")
    tables.crawl("people", "orders")
    tables.tag("people", "ssn")
    assert tables.heard("orders") == {"card": "refers to `d.people.ssn`"}


def test_a_source_tells_what_lies_between_datasets_of_others(crawled: Crawls) -> None:
    tables = crawled("postgres", KEYS)
    datasets = Datasets(tables.catalog)
    datasets.put_source(replace(tables.database.source, name="other"))
    datasets.put_database(CatalogDatabase(name="e"))
    tables.crawl("people")
    tables.tag("people", "id")
    crawl(tables.catalog, "other", path="public.orders", into="e", by="ada")
    [found] = Tags(tables.catalog).assignments("e.orders", tag="x.secret")
    assert found.evidence == "refers to `d.people.id`"


@contextmanager
def file_of_keys(folder: Path) -> Iterator[Catalog]:
    """A catalog that knows a database file whose tables refer to each other, and nothing of it yet."""
    with duckdb.connect(str(folder / "data.duckdb")) as engine:
        engine.execute(KEYS)
    with Catalog(folder / "catalog.db") as catalog:
        source = Source(name="file", connector="duckdb", options={"path": str(folder / "data.duckdb")})
        Datasets(catalog).put_source(source)
        Datasets(catalog).put_database(CatalogDatabase(name="d"))
        Tags(catalog).put_tag(Tag(name="x.secret"))
        yield catalog


def test_a_key_in_a_database_file_has_the_tags_as_well(tmp_path: Path) -> None:
    with file_of_keys(tmp_path) as catalog:
        for table in ("people", "orders"):
            crawl(catalog, "file", path=f"main.{table}", into="d", by="ada")
        tag(catalog, "d.people", "id")
        assert heard(catalog) == {"d.orders": "refers to `d.people.id`"}


def test_what_leads_too_far_is_told_with_the_crawl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closure, "MOST_STEPS", 0)
    with file_of_keys(tmp_path) as catalog:
        reports = []
        for table in ("people", "orders", "orders"):
            reports.append(crawl(catalog, "file", path=f"main.{table}", into="d", by="ada", is_full=True))
            tag(catalog, "d.people", "name")
        assert heard(catalog) == {"d.orders": f"may derive from `d.people.name`: {LOST}"}
        assert not reports[0].unclear
        for report in reports[1:]:
            assert [(each.relation, LOST in each.reason) for each in report.unclear] == [("d.orders", True)]
        assert not any(each.missing_since for each in Tags(catalog).assignments("d.orders"))


PARTITIONS = 1_000


def test_a_thousand_partitions_have_a_flow_each_and_their_tags_soon(tmp_path: Path) -> None:
    """Without their table: by pairs these would be a million."""
    names = [f"part_{number}" for number in range(PARTITIONS)]
    places = [("main", name) for name in names]
    table = ("main", "whole")
    tables = {(place, shows(table)) for place in places} | {(table, shows(place)) for place in places}
    with Catalog(tmp_path / "catalog.db") as catalog, catalog.transaction():
        datasets, flows = Datasets(catalog), Flows(catalog)
        datasets.put_source(Source(name="s", connector="duckdb", options={"path": "s"}))
        datasets.put_database(CatalogDatabase(name="d"))
        Tags(catalog).put_tag(Tag(name="x.secret"))
        flows.put_tables("s", frozenset(tables))
        began_at = time.process_time()
        for name in names:
            datasets.register("d", name, "s", name, (Field(name="note", type="VARCHAR"),))
            flows.put(f"d.{name}", [shows(table)])
        [row] = catalog.rows("SELECT (SELECT count(*) FROM flow) + (SELECT count(*) FROM table_flow) AS number")
        assert row["number"] == 3 * PARTITIONS
        tag(catalog, "d.part_0", "note")
        assert set(heard(catalog)) == {f"d.{name}" for name in names[1:]}
        for name in names:  # as the next crawl does
            flows.put(f"d.{name}", [shows(table)])
        assert time.process_time() - began_at < 60


def shows(table: tuple[str, str]) -> Flow:
    return Flow(column=(), relation=table, at=(), kind=FlowKind.MADE, is_whole=True)


def tag(catalog: Catalog, dataset: str, column: str) -> None:
    said = TagAssignment(
        dataset=dataset, path=(column,), tag="x.secret", state=TagState.CONFIRMED, origin=TagOrigin.PERSON, by="ada"
    )
    Tags(catalog).assign(said)


def heard(catalog: Catalog) -> dict[str, str]:
    found = Tags(catalog).assignments(tag="x.secret", state=TagState.SUGGESTED)
    return {each.dataset: each.evidence for each in found}
