"""Views of a database file get the tags of what they are made of, as suggestions that protect at once."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.model import Database, Source, Tag, TagAssignment, TagOrigin, TagState
from catalog.tags import Tags
from crawler.crawl import crawl
from crawler.report import CrawlReport

SCRIPT = """
CREATE SCHEMA clinic;
CREATE TABLE clinic.visits (code VARCHAR, secret VARCHAR, contact STRUCT(city VARCHAR, phone VARCHAR));
INSERT INTO clinic.visits VALUES ('a', 's', {'city': 'x', 'phone': 'p'});
CREATE VIEW plain AS SELECT code AS c, secret AS s, contact FROM clinic.visits;
CREATE VIEW made AS SELECT upper(s) AS shout, length(s) AS n, contact.phone AS p, contact.city AS q FROM plain;
CREATE VIEW totals AS SELECT code, count(secret) AS n, max(secret) AS most FROM clinic.visits GROUP BY ALL;
CREATE VIEW odd AS SELECT columns('c.*|s.*') FROM clinic.visits;
"""


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the file, and the catalog after a first crawl and a person's word on two columns."""
    folder = tmp_path_factory.mktemp("descent")
    with duckdb.connect(str(folder / "rooms.duckdb")) as engine:
        engine.execute(SCRIPT)
    with Catalog(folder / "catalog.db") as catalog:
        options = {"path": str(folder / "rooms.duckdb")}
        Datasets(catalog).put_source(Source(name="file", connector="duckdb", options=options))
        Datasets(catalog).put_database(Database(name="d"))
        for name in ("x.secret", "x.phone", "x.all"):
            Tags(catalog).put_tag(Tag(name=name))
        crawl(catalog, "file", into="d", by="ada")
        for path, tag in ((("secret",), "x.secret"), (("contact", "phone"), "x.phone")):
            Tags(catalog).assign(
                TagAssignment(
                    dataset="d.visits", path=path, tag=tag, state=TagState.CONFIRMED, origin=TagOrigin.PERSON, by="ada"
                )
            )
    return folder


@pytest.fixture
def source(first: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy2(first / "rooms.duckdb", tmp_path))


@pytest.fixture
def catalog(first: Path, tmp_path: Path, source: Path) -> Iterator[Catalog]:
    shutil.copy(first / "catalog.db", tmp_path)
    with Catalog(tmp_path / "catalog.db") as catalog:
        Datasets(catalog).put_source(Source(name="file", connector="duckdb", options={"path": str(source)}))
        yield catalog


@pytest.fixture
def crawled(catalog: Catalog) -> Callable[[], CrawlReport]:
    """Crawls again."""
    return lambda: crawl(catalog, "file", into="d", by="ada")


def tags_of(catalog: Catalog, name: str) -> dict[str, set[str]]:
    dataset = Datasets(catalog).dataset("d", name)
    assert dataset is not None
    found = {column.name: {tag for tag in column.suggested if tag.startswith("x.")} for column in dataset.columns}
    return {name: tags for name, tags in found.items() if tags}


def test_tags_descend_to_views_and_views_of_views(catalog: Catalog, crawled: Callable[[], CrawlReport]) -> None:
    crawled()
    assert tags_of(catalog, "plain") == {"s": {"x.secret"}, "contact.phone": {"x.phone"}}
    assert tags_of(catalog, "made") == {"shout": {"x.secret"}, "n": {"x.secret"}, "p": {"x.phone"}}
    assert tags_of(catalog, "totals") == {"most": {"x.secret"}}


def test_a_tag_that_descends_no_longer_is_marked(
    catalog: Catalog, source: Path, crawled: Callable[[], CrawlReport]
) -> None:
    crawled()
    with duckdb.connect(str(source)) as engine:
        engine.execute("CREATE OR REPLACE VIEW totals AS SELECT code, 1 AS n, 'x' AS most FROM clinic.visits")
    crawled()
    marks = {
        (each.dataset, each.path): each.missing_since is not None
        for each in Tags(catalog).assignments(tag="x.secret", state=TagState.SUGGESTED)
    }
    assert {place for place, is_missing in marks.items() if is_missing} == {("d.totals", ("most",))}
    assert ("d.plain", ("s",)) in marks
    assert tags_of(catalog, "totals") == {"most": {"x.secret"}}


def test_the_evidence_names_the_column_that_a_tag_comes_from(
    catalog: Catalog, crawled: Callable[[], CrawlReport]
) -> None:
    crawled()
    found = {item.path: item for item in Tags(catalog).assignments("d.totals", tag="x.secret")}
    assert found["most",].evidence == "derives from `d.visits.secret`"
    assert (found["most",].origin, found["most",].state) == (TagOrigin.LINEAGE, TagState.SUGGESTED)


def test_a_view_that_is_not_clear_gets_every_tag_and_a_line_of_the_report(
    catalog: Catalog, crawled: Callable[[], CrawlReport]
) -> None:
    report = crawled()
    [unclear] = report.unclear
    assert unclear.relation == "d.odd"
    assert "not clear: it takes" in unclear.reason
    every = {"x.secret", "x.phone"}
    dataset = Datasets(catalog).dataset("d", "odd")
    assert dataset is not None
    tops = [column.name for column in dataset.columns if len(column.path) == 1]
    assert {name: tags_of(catalog, "odd")[name] for name in tops} == dict.fromkeys(tops, every)


def test_tags_of_a_whole_dataset_descend_too_but_what_a_person_rejected_stays_rejected(
    catalog: Catalog, crawled: Callable[[], CrawlReport]
) -> None:
    Tags(catalog).assign(
        TagAssignment(dataset="d.visits", path=(), tag="x.all", state=TagState.CONFIRMED, origin=TagOrigin.PERSON)
    )
    crawled()
    assert tags_of(catalog, "totals") == {"code": {"x.all"}, "most": {"x.all", "x.secret"}}
    Tags(catalog).reject("d.totals", ("most",), "x.secret", by="eve")
    crawled()
    assert tags_of(catalog, "totals") == {"code": {"x.all"}, "most": {"x.all"}}


def test_what_a_person_rejected_comes_again_to_a_column_that_was_gone(
    catalog: Catalog, crawled: Callable[[], CrawlReport], source: Path
) -> None:
    crawled()
    Tags(catalog).reject("d.totals", ("most",), "x.secret", by="eve")
    for made in ("SELECT code FROM clinic.visits", "SELECT code, max(secret) AS most FROM clinic.visits GROUP BY ALL"):
        assert tags_of(catalog, "totals") == {}
        with duckdb.connect(str(source)) as engine:
            engine.execute(f"CREATE OR REPLACE VIEW totals AS {made}")
        crawled()
    assert tags_of(catalog, "totals") == {"most": {"x.secret"}}


def test_a_second_crawl_changes_nothing(catalog: Catalog, crawled: Callable[[], CrawlReport]) -> None:
    crawled()
    before = Tags(catalog).assignments()
    crawled()
    assert Tags(catalog).assignments() == before


def test_columns_that_are_made_of_too_many_others_get_every_tag_that_could_be_in_them(
    catalog: Catalog, source: Path, crawled: Callable[[], CrawlReport]
) -> None:
    """Two hundred columns, each worked out of the one before, and views whose columns are each made of all below."""
    chained = ", ".join(f"g{n} VARCHAR AS (g{n - 1})" for n in range(1, 250))
    width = range(150)
    with duckdb.connect(str(source)) as engine:
        engine.execute(f"CREATE TABLE chained (g0 VARCHAR, {chained}); INSERT INTO chained VALUES ('a')")
        engine.execute(f"CREATE TABLE wide ({', '.join(f'a{n} VARCHAR' for n in width)}, secret VARCHAR)")
        of = "wide"
        for view in ("one", "two", "three"):
            whole, columns = "||".join(f"a{n}" for n in width), ", ".join(f"s AS a{n}" for n in width)
            engine.execute(f"CREATE VIEW {view} AS SELECT {columns} FROM (SELECT {whole} AS s FROM {of})")
            of = view
    crawled()
    for dataset, column in (("d.chained", "g0"), ("d.wide", "secret")):
        Tags(catalog).assign(
            TagAssignment(
                dataset=dataset,
                path=(column,),
                tag="x.secret",
                state=TagState.CONFIRMED,
                origin=TagOrigin.PERSON,
                by="ada",
            )
        )
    told = {each.relation: each.reason for each in crawled().unclear}
    assert told["d.two"] == "what its columns are made of is not clear: its columns are made of too many others"
    assert len(tags_of(catalog, "chained")) == 249
    assert [len(tags_of(catalog, view)) for view in ("two", "three")] == [150, 150]
    with catalog.snapshot() as tx:
        kept = tx.rows("SELECT count(*) AS n FROM flow UNION ALL SELECT count(*) FROM table_flow")
    assert max(row["n"] for row in kept) < 50_000
