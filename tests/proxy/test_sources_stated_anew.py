"""A document that leads a source elsewhere shows nothing of what its datasets are made of there, before any crawl."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from catalog.errors import SourceUnavailable, VeilError
from crawler.crawl import crawl
from policy_engine.changing.apply import Applied, carry_out, prepare
from policy_engine.changing.plan import Plan
from policy_engine.document.reading import load
from tests.proxy.world import World, governed

DOCUMENT = """
veil: 1
sources: {data: {connector: duckdb, path: ./data/first.db}}
databases: {shop: {}}
tags: {secret.note: {level: restricted}}
datasets:
  shop.t: {source: data, relation: main.t, columns: {note: {tags: [secret.note]}}}
  shop.x: {source: data, relation: main.x}
roles: {analyst: {groups: [analysts]}}
policies:
  - {policy: a, grant: select, to: [analyst], scope: shop, having: not secret.note, why: notes are for nobody}
"""
TABLE = "CREATE TABLE t (id INT, note VARCHAR); INSERT INTO t VALUES (1, 'HIDDEN-7');"
PLAIN = "CREATE TABLE x (id INT, n VARCHAR); INSERT INTO x VALUES (1, 'pub');"
VIEW = "CREATE VIEW x AS SELECT id, note AS n FROM t;"
OTHER_COLUMNS = "CREATE VIEW x AS SELECT note AS n, 2 AS m FROM t;"


def make(folder: Path, name: str, script: str) -> dict[str, str]:
    """A file with these relations, as a source states it."""
    (folder / "data").mkdir(exist_ok=True)
    with duckdb.connect(str(folder / "data" / f"{name}.db")) as engine:
        engine.execute(script)
    return {"connector": "duckdb", "path": f"./data/{name}.db"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    make(tmp_path, "first", TABLE + PLAIN)
    with governed(tmp_path, DOCUMENT) as made:
        yield made


@pytest.fixture
def planned(tmp_path: Path, world: World) -> Callable[..., Plan]:
    """The plan of a document with these entries."""

    def planned_(**said: object) -> Plan:
        (tmp_path / "more.yaml").write_text(json.dumps({"veil": 1, **said}))
        return prepare(load([tmp_path / "more.yaml"]), world.catalog, at=datetime.now(UTC))

    return planned_


@pytest.fixture
def applied(planned: Callable[..., Plan], world: World) -> Callable[..., Applied]:
    return lambda **said: carry_out(planned(**said), world.catalog, by="ada")


def shown(world: World, name: str = "x") -> object:
    try:
        return world.ask(f"select * from shop.{name}").to_pylist()
    except VeilError as error:
        return error.code


def test_a_table_that_is_a_view_there_is_followed(
    tmp_path: Path, world: World, applied: Callable[..., Applied]
) -> None:
    assert shown(world) == [{"id": 1, "n": "pub"}]
    applied(sources={"data": make(tmp_path, "second", TABLE + VIEW)})
    assert shown(world) == [{"id": 1}]
    crawl(world.catalog, "data", by="max")
    assert shown(world) == [{"id": 1}]


def test_its_columns_are_those_that_it_has_there(tmp_path: Path, world: World, applied: Callable[..., Applied]) -> None:
    applied(sources={"data": make(tmp_path, "second", TABLE + OTHER_COLUMNS)})
    assert shown(world) == [{"m": 2}]


def test_what_is_plain_there_is_shown(tmp_path: Path, world: World, applied: Callable[..., Applied]) -> None:
    before = applied(sources={"data": make(tmp_path, "second", TABLE + PLAIN)})
    assert shown(world) == [{"id": 1, "n": "pub"}]
    assert [(change.kind, change.name) for change in before.plan.changes] == [("source", "data")]


def test_what_cannot_be_read_there_may_be_anything(
    tmp_path: Path, world: World, applied: Callable[..., Applied]
) -> None:
    applied(sources={"data": make(tmp_path, "second", TABLE)})
    make(tmp_path, "second", VIEW)
    assert shown(world) != [{"id": 1, "n": "HIDDEN-7"}]
    dataset = world.datasets.dataset("shop", "x")
    assert dataset is not None
    assert [column.suggested for column in dataset.columns] == [frozenset({"secret.note"})] * 2


def test_what_is_registered_between_plan_and_deed_may_be_anything(
    tmp_path: Path, world: World, planned: Callable[..., Plan]
) -> None:
    make(tmp_path, "first", "CREATE TABLE y (id INT, n VARCHAR); INSERT INTO y VALUES (1, 'pub')")
    plan = planned(sources={"data": make(tmp_path, "second", TABLE + PLAIN + VIEW.replace("VIEW x", "VIEW y"))})
    crawl(world.catalog, "data", into="shop", by="max")
    assert shown(world, "y") == [{"id": 1, "n": "pub"}]
    carry_out(plan, world.catalog, by="ada")
    assert "HIDDEN" not in str(shown(world, "y"))


def test_tags_come_from_other_sources_that_read_the_database_there(
    tmp_path: Path, world: World, applied: Callable[..., Applied]
) -> None:
    second = make(tmp_path, "second", "CREATE TABLE s (id INT, word VARCHAR); INSERT INTO s VALUES (1, 'HIDDEN-7')")
    make(tmp_path, "second", "CREATE VIEW x AS SELECT id, word AS n FROM s; CREATE TABLE t (id INT, note VARCHAR)")
    tagged = {"source": "again", "relation": "main.s", "columns": {"word": {"tags": ["secret.note"]}}}
    applied(sources={"again": second}, datasets={"shop.s": tagged})
    applied(sources={"data": second})
    assert shown(world) == [{"id": 1}]


def test_a_source_that_cannot_be_asked_there_stays_as_it_is(
    tmp_path: Path, world: World, applied: Callable[..., Applied]
) -> None:
    with pytest.raises(SourceUnavailable, match=r"`data` cannot be stated anew .*its 2 datasets"):
        applied(sources={"data": {"connector": "duckdb", "path": "./data/none.db"}})
    assert shown(world) == [{"id": 1, "n": "pub"}]


def test_when_a_source_is_crawled_is_no_matter(tmp_path: Path, world: World, applied: Callable[..., Applied]) -> None:
    first = make(tmp_path, "first", "CREATE VIEW v AS SELECT id, note AS n FROM t")
    applied(datasets={"shop.v": {"source": "data", "relation": "main.v"}})
    kept = (tmp_path / "data" / "first.db").rename(tmp_path / "kept.db")
    applied(sources={"data": {**first, "crawl_every": "6h"}})
    kept.rename(tmp_path / "data" / "first.db")
    assert shown(world, "v") == [{"id": 1}]
