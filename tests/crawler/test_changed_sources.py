"""A source that is led elsewhere while it is crawled: nothing more of the old place is kept, and the crawl says so."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.crawl_runs import CrawlRuns, RunState
from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.errors import SettingsInvalid
from catalog.journal.event import EventKind, Verdict
from catalog.journal.journal import Journal
from catalog.model import Database, Source, Tag
from catalog.tags import Tags
from crawler.crawl import Conduct, crawl
from crawler.report import CrawlReport, Progress
from policy_engine.changing.apply import carry_out, prepare
from policy_engine.document.reading import load
from policy_engine.store import PolicyStore

MADE = """
CREATE TABLE people (id INT, note TEXT, pay INT);
INSERT INTO people VALUES (1, 'n1', 100), (2, 'n2', 200);
CREATE TABLE {own} (id INT);
CREATE VIEW v AS SELECT id, {shown} AS x FROM people;
"""


def _is_changed() -> pytest.RaisesExc[SettingsInvalid]:
    return pytest.raises(SettingsInvalid, match="the source `data` was changed while it was crawled")


class World:
    """Two databases: in the view of the old one `x` is `id`, in that of the new one it is `pay`."""

    def __init__(self, catalog: Catalog, folder: Path) -> None:
        self.catalog, self.folder = catalog, folder
        for name, shown, own in (("old", "id", "first"), ("new", "pay", "second")):
            connection = sqlite3.connect(folder / f"{name}.sqlite")
            connection.executescript(MADE.format(shown=shown, own=own))
            connection.close()
        PolicyStore(catalog).init_home(by="ada")
        Datasets(catalog).put_source(self.source("old"))
        Datasets(catalog).put_database(Database(name="d"))
        Tags(catalog).put_tag(Tag(name="x.pay"))

    def source(self, name: str) -> Source:
        return Source(name="data", connector="sqlite", options={"path": str(self.folder / f"{name}.sqlite")})

    def lead(self, name: str, **options: str) -> None:
        """Leads the source elsewhere, as an administrator does it."""
        stated = {"connector": "sqlite", **self.source(name).options, **options}
        document = self.folder / "d.yaml"
        document.write_text(json.dumps({"veil": 1, "sources": {"data": stated}}))
        carry_out(prepare(load([document]), self.catalog, at=datetime.now(UTC)), self.catalog, by="ada")

    def crawl(self, *changes: str, at: int = 0, is_full: bool = False, **options: str) -> CrawlReport:
        """A crawl; when it comes to a relation, the source is led to one place after the other."""

        def come(progress: Progress) -> None:
            if progress.done == at:
                for name in changes:
                    self.lead(name, **options)

        return crawl(self.catalog, "data", into="d", by="ada", is_full=is_full, conduct=Conduct(on_progress=come))

    def tags_of_x(self) -> set[str]:
        """The tags of what the view shows once a steward has said that `pay` is pay."""
        Tags(self.catalog).confirm("d.people", ("pay",), "x.pay", by="steward")
        dataset = Datasets(self.catalog).dataset("d", "v")
        assert dataset is not None
        return {tag for column in dataset.columns if column.name == "x" for tag in column.suggested}

    def kept(self) -> list[tuple[object, ...]]:
        tables = ("flow", "crawl_mark", "dataset", "source", "assignment")
        return [tuple(row) for table in tables for row in self.catalog.rows(f"SELECT * FROM {table}")]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Catalog(tmp_path / "catalog.db") as catalog:
        yield World(catalog, tmp_path)


@pytest.mark.parametrize("at", [0, 1, 2])
def test_the_flows_of_the_new_place_stay(world: World, at: int) -> None:
    world.crawl()
    with _is_changed():
        world.crawl("new", at=at, is_full=True)
    assert world.tags_of_x() == {"x.pay"}


@pytest.mark.parametrize("at", [0, 1, 2])
def test_nothing_is_kept_once_the_source_leads_elsewhere(world: World, at: int) -> None:
    world.crawl()
    seen = list[object]()
    lead = world.lead

    def led(name: str, **options: str) -> None:
        lead(name, **options)
        seen.append(world.kept())

    world.lead = led  # type: ignore[method-assign]
    with _is_changed():
        world.crawl("new", at=at, is_full=True)
    assert seen == [world.kept()]
    assert world.catalog.rows("SELECT * FROM crawl_mark") == []


def test_a_dataset_of_the_old_place_is_not_registered(world: World) -> None:
    with _is_changed():
        world.crawl("new")
    assert Datasets(world.catalog).names() == ()


def test_what_is_passed_by_is_not_told_as_unchanged(world: World) -> None:
    world.crawl()
    with _is_changed():
        world.crawl("new")
    run = max(each.id for each in CrawlRuns(world.catalog).runs())
    assert {each.outcome for each in CrawlRuns(world.catalog).items(run)} == {""}


def test_the_database_that_was_reached_is_not_noted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked when all is listed: the source may lead elsewhere by then."""
    from catalog.descent import Descent

    asked = Descent.database

    def database(descent: Descent) -> str:
        told = asked(descent)
        world.lead("new")
        return told

    monkeypatch.setattr(Descent, "database", database)
    with _is_changed():
        world.crawl()
    assert [row["reaches"] for row in world.catalog.rows("SELECT reaches FROM source")] == [""]


def test_a_relation_that_cannot_be_read_any_more_ends_the_crawl_as_well(world: World) -> None:
    def come(progress: Progress) -> None:
        if progress.done == 0:
            (world.folder / "old.sqlite").unlink()
            world.lead("new")

    with _is_changed():
        crawl(world.catalog, "data", into="d", by="ada", conduct=Conduct(on_progress=come))


def test_a_source_that_is_taken_away_ends_its_crawl(world: World) -> None:
    def come(_: Progress) -> None:
        Datasets(world.catalog).remove_source("data")

    with _is_changed():
        crawl(world.catalog, "data", into="d", by="ada", conduct=Conduct(on_progress=come))


def test_the_crawl_has_failed_and_the_next_one_finds_what_is_there(world: World) -> None:
    world.crawl()
    with _is_changed():
        world.crawl("new", at=1, is_full=True)
    run = max(CrawlRuns(world.catalog).runs(), key=lambda each: each.id)
    assert run.state is RunState.FAILED
    end = [each for each in Journal(world.catalog).after(0, limit=1_000) if each.kind is EventKind.CRAWL_END][-1]
    assert (end.verdict, end.details["why"]) == (
        Verdict.ERROR,
        "the source `data` was changed while it was crawled",
    )
    report = world.crawl()
    assert report.failed == ()
    assert "d.second" in report.new
    assert world.tags_of_x() == {"x.pay"}


def test_when_it_is_crawled_may_change_under_way(world: World) -> None:
    report = world.crawl("old", crawl_every="6h")
    assert (len(report.new), report.failed) == (3, ())
