"""A crawl makes no dataset of its own of what is a part of one: its columns would have no tags."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.model import Database, Source, Tag, TagState
from catalog.registry import connect
from catalog.sources.connector import HasParts
from catalog.tags import Tags
from crawler.crawl import crawl
from tests.catalog.sources.lakes import lake, write

BROUGHT = {
    "nothing in it yet": ("part-2.csv", ""),
    "another kind": ("notes.json", '{"a": 1}\n'),
    "another name": ("summary.csv", "id,card\n9,S9\n"),
    "a folder within": ("old/part-0.csv", "id,card\n9,S9\n"),
    "other columns": ("part-0.csv", "x\n1\n"),
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for number in range(2):
        write(tmp_path / f"data/exp/part-{number}.csv", f"id,card\n{number},S{number}\n")
    return tmp_path / "data"


@pytest.fixture
def catalog(tmp_path: Path, data: Path) -> Iterator[Catalog]:
    with Catalog(tmp_path / "catalog.db") as catalog:
        datasets = Datasets(catalog)
        datasets.put_source(Source(name="lake", connector="files", options={"path": str(data)}))
        datasets.put_database(Database(name="shop"))
        yield catalog


def _relations(catalog: Catalog) -> set[str]:
    return {dataset.relation for dataset in Datasets(catalog).datasets("shop")}


@pytest.mark.parametrize("path", [None, "exp"])
@pytest.mark.parametrize("brought", BROUGHT)
def test_a_folder_that_is_a_dataset_does_not_fall_apart(
    catalog: Catalog, data: Path, brought: str, path: str | None
) -> None:
    crawl(catalog, "lake", into="shop", by="ada")
    assert _relations(catalog) == {"exp"}
    name, text = BROUGHT[brought]
    write(data / "exp" / name, text)
    write(data / "exp-2.csv", "id\n1\n")
    report = crawl(catalog, "lake", path=path, into="shop", by="ada")
    assert _relations(catalog) == ({"exp", "exp-2.csv"} if path is None else {"exp"})
    assert "exp/part-0.csv" in {each.relation for each in report.passed}
    assert {each.relation for each in report.failed} <= {"exp"}
    assert report.gone == ()


def test_a_file_that_a_pattern_holds_becomes_no_dataset(catalog: Catalog, data: Path) -> None:
    write(data / "exp/notes.csv", "a\n1\n")
    fields = connect(lake(data)).describe("exp/part-*.csv")
    Datasets(catalog).register("shop", "exp", "lake", "exp/part-*.csv", fields)
    crawl(catalog, "lake", into="shop", by="ada")
    assert _relations(catalog) == {"exp/part-*.csv", "exp/notes.csv"}


def test_what_is_registered_beside_its_folder_is_looked_at_as_ever(catalog: Catalog, data: Path) -> None:
    for name, relation in (("exp", "exp"), ("first", "exp/part-0.csv")):
        Datasets(catalog).register("shop", name, "lake", relation, connect(lake(data)).describe(relation))
    write(data / "exp/notes.json", '{"a": 1}\n')
    report = crawl(catalog, "lake", into="shop", by="ada")
    assert {each.name for each in report.crawled} == {"shop.first"}
    assert _relations(catalog) == {"exp", "exp/part-0.csv"}


def test_a_folder_whose_files_were_datasets_first_has_their_tags(catalog: Catalog, data: Path) -> None:
    write(data / "exp/notes.csv", "a\n1\n")
    crawl(catalog, "lake", into="shop", by="ada")
    Tags(catalog).put_tag(Tag(name="x.hidden"))
    Tags(catalog).confirm("shop.part-0", ("card",), "x.hidden", by="ada")
    Tags(catalog).confirm("shop.part-1", (), "x.hidden", by="ada")
    Tags(catalog).confirm("shop.part-0", ("id",), "x.hidden", by="ada")
    Tags(catalog).reject("shop.part-0", ("id",), "x.hidden", by="ada")
    (data / "exp/notes.csv").unlink()
    crawl(catalog, "lake", into="shop", by="ada")
    assert {(each.path, each.tag) for each in Tags(catalog).assignments("shop.exp")} == {
        ((), "x.hidden"),
        (("card",), "x.hidden"),
    }
    Tags(catalog).reject("shop.exp", (), "x.hidden", by="ada")
    crawl(catalog, "lake", into="shop", is_full=True, by="ada")
    (whole,) = Tags(catalog).assignments("shop.exp", state=TagState.SUGGESTED)
    assert (whole.path, whole.missing_since) == (("card",), None)


@pytest.mark.parametrize(
    ("relation", "known", "holder"),
    [
        ("exp/a.csv", ["exp"], "exp"),
        ("exp/b/a.csv", ["./exp/"], "./exp/"),
        ("exp/a.csv", ["."], "."),
        ("exp/book.xlsx/sheet", ["exp"], "exp"),
        ("exp/book.xlsx/sheet", ["exp/*.xlsx"], "exp/*.xlsx"),
        ("exp/a.csv", ["**/*.csv"], "**/*.csv"),
        ("exp/a.csv", ["exp/a.csv", "exp"], None),
        ("exp2/a.csv", ["exp", "x/*.csv", "exp2/a"], None),
    ],
)
def test_of_what_a_relation_is_a_part(data: Path, relation: str, known: list[str], holder: str | None) -> None:
    connector = connect(lake(data))
    assert isinstance(connector, HasParts)
    assert connector.holder(known)(relation) == holder
