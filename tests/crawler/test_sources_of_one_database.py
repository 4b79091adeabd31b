"""Tags come to views and generated columns from all that is registered of their database, by whichever source."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.model import Database as CatalogDatabase
from catalog.model import Source, Tag, TagAssignment, TagOrigin, TagState
from catalog.registry import connect
from catalog.tags import Tags
from crawler.crawl import crawl
from policy_engine.changing.apply import carry_out, prepare
from policy_engine.document.reading import load
from policy_engine.store import PolicyStore
from tests.databases import Server
from tests.remote_tables import KINDS, Database

SCRIPT = """
CREATE TABLE t (id int, note varchar(20));
CREATE TABLE u (id int, note varchar(20));
CREATE VIEW v AS SELECT id AS number, upper(note) AS loud FROM t;
"""


@pytest.fixture(params=[*KINDS, "duckdb"])
def sources(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Source, Source, str]:
    """Two sources that call one database by different names, and the schema in it."""
    kind: str = request.param
    if kind == "duckdb":
        with duckdb.connect(str(tmp_path / "data.duckdb")) as engine:
            engine.execute(SCRIPT)
        options, schema = {"path": str(tmp_path / "data.duckdb")}, "main"
    else:
        database = Database(kind, None if kind == "sqlite" else request.getfixturevalue(kind), tmp_path)
        database.run(SCRIPT)
        if kind == "mariadb":
            database.run(f"GRANT SHOW VIEW ON {database.name}.* TO {database.name}@'127.0.0.1'")
        options, schema = dict(database.source.options), database.relation("t").rpartition(".")[0]
    return (
        Source(name="first", connector=kind, options=options),
        Source(name="second", connector=kind, options=named_otherwise(options, tmp_path)),
        schema,
    )


def named_otherwise(options: dict[str, str], folder: Path) -> dict[str, str]:
    """Options that lead to the same database by another path or name."""
    if "path" in options:
        (folder / "other").symlink_to(options["path"])
        return {"path": str(folder / "other")}
    (folder / "other").write_text(Path(options["url_file"]).read_text().replace("127.0.0.1", "localhost"))
    return {"url_file": str(folder / "other")}


@pytest.fixture
def catalog(tmp_path: Path, sources: tuple[Source, Source, str]) -> Iterator[Catalog]:
    with Catalog(tmp_path / "catalog.db") as catalog:
        PolicyStore(catalog).init_home(by="t")
        for source in sources[:2]:
            Datasets(catalog).put_source(source)
        for name in ("a", "b"):
            Datasets(catalog).put_database(CatalogDatabase(name=name))
        Tags(catalog).put_tag(Tag(name="x.secret"))
        yield catalog


@pytest.fixture
def crawled(catalog: Catalog, sources: tuple[Source, Source, str]) -> Callable[[str, str], None]:
    """Crawls one relation by the first source into `a`, or by the second into `b`."""
    into = {"first": "a", "second": "b"}

    def crawl_(source: str, table: str) -> None:
        crawl(catalog, source, path=f"{sources[2]}.{table}", into=into[source], by="ada")

    return crawl_


def tag(catalog: Catalog, dataset: str) -> None:
    Tags(catalog).assign(
        TagAssignment(
            dataset=dataset, path=("note",), tag="x.secret", state=TagState.CONFIRMED, origin=TagOrigin.PERSON, by="ada"
        )
    )


def heard(catalog: Catalog) -> dict[tuple[str, ...], str]:
    found = Tags(catalog).assignments("b.v", tag="x.secret", state=TagState.SUGGESTED)
    return {each.path: each.evidence for each in found}


SAID = {("loud",): "derives from `a.t.note`"}


def test_a_view_has_the_tags_of_what_another_source_reads(
    catalog: Catalog, crawled: Callable[[str, str], None]
) -> None:
    crawled("first", "t")
    tag(catalog, "a.t")
    crawled("second", "v")
    assert heard(catalog) == SAID


def test_a_tag_that_comes_later_descends_at_once(catalog: Catalog, crawled: Callable[[str, str], None]) -> None:
    crawled("first", "t")
    crawled("first", "u")
    crawled("second", "v")
    tag(catalog, "a.u")
    assert heard(catalog) == {}
    tag(catalog, "a.t")
    assert heard(catalog) == SAID


def test_what_is_registered_later_brings_its_tags(catalog: Catalog, crawled: Callable[[str, str], None]) -> None:
    crawled("second", "v")
    crawled("first", "t")
    assert heard(catalog) == {}
    tag(catalog, "a.t")
    assert heard(catalog) == SAID


def test_when_a_source_is_known_to_reach_the_database_the_tags_come(
    catalog: Catalog, crawled: Callable[[str, str], None]
) -> None:
    crawled("second", "v")
    crawled("first", "t")
    with catalog.change() as tx:
        tx.execute("UPDATE source SET reaches = '' WHERE name = 'first'")  # as one that was there before it was told
    tag(catalog, "a.t")
    assert heard(catalog) == {}
    crawled("first", "u")
    assert heard(catalog) == SAID


def test_a_server_of_another_name_is_the_same_to_all_its_sources_at_once(
    catalog: Catalog, crawled: Callable[[str, str], None]
) -> None:
    """As a container is that was made anew: the first crawl since asks by which name the others reach it."""
    crawled("first", "t")
    with catalog.change() as tx:
        tx.execute("UPDATE source SET reaches = 'what it was called before'")
    tag(catalog, "a.t")
    crawled("second", "v")
    assert heard(catalog) == SAID


def test_a_source_that_does_not_answer_keeps_no_crawl_from_its_end(
    catalog: Catalog, crawled: Callable[[str, str], None], sources: tuple[Source, Source, str]
) -> None:
    crawled("first", "t")
    gone = {"path": "nowhere"} if "path" in sources[0].options else {"url_file": "nowhere"}
    Datasets(catalog).put_source(replace(sources[0], name="third", options=gone))
    tag(catalog, "a.t")
    crawled("second", "v")
    assert heard(catalog) == SAID


def test_a_document_that_brings_a_view_brings_the_tags_as_well(
    catalog: Catalog, crawled: Callable[[str, str], None], sources: tuple[Source, Source, str], tmp_path: Path
) -> None:
    crawled("first", "t")
    tag(catalog, "a.t")
    relation = f"{sources[2]}.v"
    (tmp_path / "b.yaml").write_text(f"veil: 1\ndatasets: {{b.v: {{source: second, relation: {relation}}}}}\n")
    carry_out(prepare(load([tmp_path / "b.yaml"]), catalog, at=datetime.now(UTC)), catalog, by="t")
    assert heard(catalog) == SAID


def test_databases_with_tables_of_the_same_names_are_two(tmp_path: Path, postgres: Server) -> None:
    with duckdb.connect(str(tmp_path / "one")) as engine:
        engine.execute(SCRIPT)
    (tmp_path / "two").write_bytes((tmp_path / "one").read_bytes())
    files = [Source(name="", connector="duckdb", options={"path": str(tmp_path / name)}) for name in ("one", "two")]
    for number, schema, pair in ((1, "main", files), (2, "public", made(postgres, tmp_path))):
        with Catalog(tmp_path / f"catalog{number}.db") as catalog:
            Tags(catalog).put_tag(Tag(name="x.secret"))
            for name, source in zip("ab", pair, strict=True):
                Datasets(catalog).put_source(replace(source, name=name))
                Datasets(catalog).put_database(CatalogDatabase(name=name))
            crawl(catalog, "a", path=f"{schema}.t", into="a", by="ada")
            tag(catalog, "a.t")
            crawl(catalog, "b", path=f"{schema}.v", into="b", by="ada")
            assert heard(catalog) == {}


def test_a_view_that_is_called_like_its_table_but_for_case_has_its_tags(tmp_path: Path, postgres: Server) -> None:
    database = Database("postgres", postgres, tmp_path)
    database.run('CREATE TABLE t (id int, note text); CREATE VIEW "T" AS SELECT note AS loud FROM t')
    with Catalog(tmp_path / "catalog.db") as catalog:
        Tags(catalog).put_tag(Tag(name="x.secret"))
        Datasets(catalog).put_source(replace(database.source, name="a"))
        for name in "ab":
            Datasets(catalog).put_database(CatalogDatabase(name=name))
        Datasets(catalog).register("a", "t", "a", "public.t", connect(database.source).describe("public.t"))
        Datasets(catalog).register("b", "v", "a", 'public."T"', connect(database.source).describe('public."T"'))
        tag(catalog, "a.t")
        crawl(catalog, "a", path="public.none", into="a", by="ada")
        assert set(heard(catalog)) == {("loud",)}


def made(server: Server, folder: Path) -> list[Source]:
    """Two databases of one server, made alike."""
    databases = [Database("postgres", server, folder) for _ in range(2)]
    for each in databases:
        each.run(SCRIPT)
    return [each.source for each in databases]
