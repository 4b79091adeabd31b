"""A crawl shows nothing more than before: what may hold the values of a tagged column that has gone has its tags."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.crawl_runs import CrawlItem, CrawlRuns
from catalog.datasets import Datasets
from catalog.model import Field
from catalog.tag_assignments import Choice, TagAssignments
from catalog.tags import Tags
from crawler.crawl import crawl
from crawler.report import CrawlReport
from tests.proxy.world import World, governed

DOCUMENT = """
veil: 1
sources: {{data: {{connector: files, path: ./data}}}}
databases: {{shop: {{}}}}
tags: {{x.hidden: {{}}}}
datasets:
  shop.t: {{source: data, relation: {}, columns: {{{}: {{tags: [x.hidden]}}}}}}
roles: {{analyst: {{groups: [analysts]}}}}
policies:
  - {{policy: some, grant: select, to: [analyst], scope: shop, having: not x.hidden, why: a test}}
"""
CONTACT = pa.struct([("city", pa.string()), ("card", pa.string())])
Write = Callable[[Path], object]


def lines(*rows: object) -> Write:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    return lambda folder: (folder / "t.ndjson").write_text(text)


def table(type_: pa.DataType, value: object) -> Write:
    made = pa.table({"id": [0, 1], "c": pa.array([value, value], type_)})
    return lambda folder: pq.write_table(made, folder / "t.parquet")


def write_row(folder: Path, **cells: str) -> None:
    pq.write_table(pa.table({name: [cell] for name, cell in cells.items()}), folder / "t.parquet")


PLAIN = [{"id": i, "card": f"SECRET{i}"} for i in range(6)]
INNER = [{"id": i, "c": {"city": "x", "card": f"SECRET{i}"}} for i in range(6)]
MIXED = [*INNER, {"id": 9, "c": 5}]
CHANGES: dict[str, tuple[str, str, Write, Write]] = {
    "row to JSON": ("t.ndjson", "card", lines(*PLAIN), lines(*PLAIN, 5)),
    "row to a list": ("t.ndjson", "card", lines(*PLAIN), lines(PLAIN)),
    "many odd keys": ("t.ndjson", "card", lines(*PLAIN), lines(*PLAIN, *({f"k{i}": 1} for i in range(60)))),
    "another name": ("t.ndjson", "card", lines(*PLAIN), lines({"id": 1, "number": "SECRET"})),
    "struct to JSON": ("t.ndjson", "c.card", lines(*INNER), lines(*INNER, {"id": 9, "c": 5})),
    "struct to text": ("t.ndjson", "c.card", lines(*INNER), lines({"id": 1, "c": '{"card": "SECRET"}'})),
    "struct to texts": ("t.ndjson", "c.card", lines(*INNER), lines({"id": 1, "c": ["x", "SECRET"]})),
    "struct within": ("t.ndjson", "c.card", lines(*INNER), lines({"id": 1, "c": {"v": {"card": "SECRET"}}})),
    "field of another name": ("t.ndjson", "c.card", lines(*INNER), lines({"id": 1, "c": {"city": "", "no": "SECRET"}})),
    "field to a column": ("t.ndjson", "c.card", lines(*INNER), lines({"id": 1, "c": {"city": ""}, "card": "SECRET"})),
    "column to a field": (
        *("t.ndjson", "card", lines({"id": 1, "card": "SECRET", "c": {"city": ""}})),
        lines({"id": 1, "c": {"city": "", "card": "SECRET"}}),
    ),
    "document to a struct": ("t.ndjson", "c.card", lines(*MIXED), lines({"id": 1, "c": {"kard": "SECRET"}})),
    "document to fields within": (
        "t.ndjson",
        "c.card",
        lines(*MIXED),
        lines({"id": 1, "c": {"v": {"card": "SECRET"}}}),
    ),
    "document of another name": (
        "t.ndjson",
        "c.card",
        lines(*MIXED),
        lines({"id": 1, "d": {"card": "SECRET"}}, {"d": 5}),
    ),
    "document to a map": (
        *("t.ndjson", "c.card", lines(*MIXED)),
        lines(*({"id": i, "c": {"card": "SECRET", f"k{i}": "v"}} for i in range(300))),
    ),
    "struct to map": (
        *("t.parquet", "c.card", table(CONTACT, {"city": "x", "card": "SECRET"})),
        table(pa.map_(pa.string(), pa.string()), [("card", "SECRET")]),
    ),
    "map to struct": (
        *("t.parquet", "c.value", table(pa.map_(pa.string(), pa.string()), [("card", "SECRET")])),
        table(CONTACT, {"city": "x", "card": "SECRET"}),
    ),
    "name taken": ("t.ndjson", "card", lines(*PLAIN), lines({"id": 1, "card_old": "SECRET", "card": "x"})),
    "name taken by what comes last": (
        *("t.ndjson", "card", lines(*PLAIN)),
        lines({"id": 1, "number": "SECRET", "card": "x"}),
    ),
    "name taken within": (
        *("t.ndjson", "c.card", lines(*INNER)),
        lines({"id": 1, "c": {"city": "", "was_card": "SECRET", "card": "x"}}),
    ),
    "name taken between other changes": (
        *("t.parquet", "card", lambda folder: write_row(folder, a="", card="SECRET", b="")),
        lambda folder: write_row(folder, n="", num="SECRET", b="", card=""),
    ),
    "name of a document taken": (
        *("t.ndjson", "c.card", lines(*MIXED)),
        lines({"id": 1, "c_old": {"card": "SECRET"}, "c": {"card": "x"}}, {"c_old": 5, "c": 5}),
    ),
    "name of a struct taken": (
        *("t.ndjson", "c.card", lines(*INNER)),
        lines({"id": 1, "was": {"a": "", "num": "SECRET"}, "c": {"city": "", "card": "x"}}),
    ),
    "name of a struct taken, now a text": (
        *("t.ndjson", "c.card", lines(*INNER)),
        lines({"id": 1, "c_old": '{"card": "SECRET"}', "c": {"city": "", "card": "x"}}),
    ),
    "moved within, name taken": ("t.ndjson", "card", lines(*PLAIN), lines({"was": {"card": "SECRET"}, "card": "x"})),
    "struct to bytes": (
        *("t.parquet", "c.card", table(CONTACT, {"city": "x", "card": "SECRET"})),
        table(pa.binary(), b"SECRET"),
    ),
}


@pytest.fixture
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    relation, tagged, before, _ = request.param
    (tmp_path / "data").mkdir()
    before(tmp_path / "data")
    with governed(tmp_path, DOCUMENT.format(relation, tagged)) as world:
        yield world


def crawled(world: World) -> CrawlReport:
    return crawl(world.catalog, "data", into="shop", by="max")


def shown(world: World) -> str:
    return str(world.outcome("from shop.t"))


@pytest.mark.parametrize(
    ("made", "after"), [(each, each[3]) for each in CHANGES.values()], ids=CHANGES, indirect=["made"]
)
def test_no_change_of_shape_shows_what_was_hidden(made: World, after: Write) -> None:
    assert "SECRET" not in shown(made)
    after(made.folder / "data")
    assert "SECRET" not in shown(made)
    crawled(made)
    assert "SECRET" not in shown(made)


@pytest.mark.parametrize("made", [CHANGES["struct to text"]], indirect=True)
def test_a_person_has_the_last_word(made: World) -> None:
    lines({"id": 1, "c": "no card any more"})(made.folder / "data")
    crawled(made)
    [told] = [each for each in Tags(made.catalog).assignments("shop.t") if each.path == ("c",)]
    assert (told.state, told.evidence) == ("suggested", "what `c.card` held, which has the tag, may be in it")
    assert told.missing_since is None
    Tags(made.catalog).reject("shop.t", ("c",), "x.hidden", by="ada")
    assert "no card any more" in shown(made)
    crawled(made)
    assert "no card any more" in shown(made)


@pytest.mark.parametrize("made", [CHANGES["row to JSON"]], indirect=True)
def test_keys_that_come_and_go_are_no_other_ones(made: World) -> None:
    for rows in ([{**row, "debug": "seen"} for row in PLAIN], PLAIN, [{"id": 1, "debug": "seen"}]):
        lines(*rows)(made.folder / "data")
        crawled(made)
    assert "seen" in shown(made)


@pytest.mark.parametrize("made", [CHANGES["struct to text"]], indirect=True)
@pytest.mark.parametrize("back", [{"kard": "SECRET"}, {"v": {"card": "SECRET"}}, ["SECRET"]])
def test_what_comes_back_in_another_shape_has_the_tags_of_its_fields(made: World, back: object) -> None:
    lines({"id": 1})(made.folder / "data")
    crawled(made)
    lines({"id": 1, "c": back})(made.folder / "data")
    crawled(made)
    assert "SECRET" not in shown(made)


@pytest.mark.parametrize("made", [CHANGES["struct to text"]], indirect=True)
def test_a_struct_that_has_only_lost_the_field_is_shown(made: World) -> None:
    lines({"id": 1, "c": {"city": "Bern"}})(made.folder / "data")
    crawled(made)
    assert "Bern" in shown(made)
    lines({"id": 1, "c": {"city": "Bern"}, "later": "seen"})(made.folder / "data")
    crawled(made)
    assert "seen" in shown(made)


@pytest.mark.parametrize("made", [CHANGES["row to JSON"]], indirect=True)
def test_what_is_new_beside_a_tagged_column_is_another_where_nothing_speaks_for_it(made: World) -> None:
    lines(*({**row, "city": "seen"} for row in PLAIN))(made.folder / "data")
    crawled(made)
    assert "seen" in shown(made)


def write_part(folder: Path, number: int) -> object:
    (folder / "exp").mkdir(exist_ok=True)
    return pq.write_table(pa.table({"id": [number], "card": ["SECRET"]}), folder / f"exp/part-{number}.parquet")


def test_a_folder_has_the_tags_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write_part(tmp_path / "data", 0)
    with governed(tmp_path, DOCUMENT.format("exp/part-0.parquet", "card")) as world:
        write_part(tmp_path / "data", 1)
        assert crawled(world).new == ("shop.exp",)
        assert world.outcome("from shop.exp order by id")[-1] == [("0",), ("1",)]


def rename(old: str, new: str) -> Write:
    return lambda folder: (folder / old).rename(folder / new)


@pytest.mark.parametrize("made", [CHANGES["struct to text"], CHANGES["row to JSON"]], indirect=True)
def test_a_relation_of_another_name_has_the_tags_of_the_one_that_has_gone(made: World) -> None:
    rename("t.ndjson", "u.ndjson")(made.folder / "data")
    assert crawled(made).new == ("shop.u",)
    assert "SECRET" not in str(made.outcome("from shop.u"))
    (made.folder / "data/other.ndjson").write_text('{"only": "seen"}\n')
    crawled(made)
    assert "seen" in str(made.outcome("from shop.other"))


def test_a_folder_has_the_tags_of_its_datasets_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write_part(tmp_path / "data", 0)
    document = DOCUMENT.format("exp/part-0.parquet", "card").replace(
        "columns: {card: {tags: [x.hidden]}}", "tags: [x.hidden]"
    )
    with governed(tmp_path, document) as world:
        write_part(tmp_path / "data", 1)
        assert crawled(world).new == ("shop.exp",)
        assert "SECRET" not in str(world.outcome("from shop.exp"))


def test_a_folder_written_anew_has_the_tags_of_columns_that_its_files_had(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write_part(tmp_path / "data", 0)
    with governed(tmp_path, DOCUMENT.format("exp/part-0.parquet", "card")) as world:
        for number in range(2):
            made = pa.table({"id": [number], "kard": ["SECRET"]})
            pq.write_table(made, tmp_path / f"data/exp/part-{number}.parquet")
        crawled(world)
        assert "SECRET" not in str(world.outcome("from shop.exp"))


@pytest.mark.parametrize("pattern", ["'**/*.parquet'", "e*p/part-*.parquet"])
def test_a_folder_that_a_pattern_reaches_into_is_none_by_itself(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "data").mkdir()
    for number in range(2):
        write_part(tmp_path / "data", number)
    with governed(tmp_path, DOCUMENT.format(pattern, "card")) as world:
        assert crawled(world).new == ()


def test_a_part_of_what_became_a_dataset_meanwhile_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data/exp").mkdir(parents=True)
    lines({"id": 1, "card": "SECRET"})(tmp_path / "data")
    with governed(tmp_path, DOCUMENT.format("t.ndjson", "card")) as world:
        for number in range(2):
            write_part(tmp_path / "data", number)
        (tmp_path / "data/exp/notes.csv").write_text("a\n1\n")
        list_items = CrawlRuns.list_items

        def listed(runs: CrawlRuns, run: int, items: Iterable[CrawlItem]) -> None:
            list_items(runs, run, items)
            Datasets(world.catalog).register("shop", "whole", "data", "exp", (Field(name="id", type="BIGINT"),))

        monkeypatch.setattr(CrawlRuns, "list_items", listed)
        assert crawled(world).new == ()


@pytest.mark.parametrize("made", [CHANGES["struct to JSON"]], indirect=True)
def test_a_field_of_what_has_become_a_document_is_there_to_be_judged(made: World) -> None:
    lines(*INNER, {"id": 9, "c": 5})(made.folder / "data")
    crawled(made)
    assert [each.column for each in TagAssignments(made.catalog).listed(Choice())] == ["c.card"]


@pytest.mark.parametrize("made", [CHANGES["row to JSON"]], indirect=True)
def test_keys_that_differ_in_case_alone_are_refused(made: World) -> None:
    lines({"id": 7, "CARD": "q"}, *PLAIN)(made.folder / "data")
    report = crawled(made)
    assert [each.reason for each in report.failed] == [
        "the rows have keys `card` that differ in the case of their letters alone"
    ]
    assert "SECRET" not in shown(made)
    lines({"id": 7, "card_1": "seen"}, *PLAIN)(made.folder / "data")
    assert crawled(made).failed == ()  # it is no name that the engine made up, though it may be what `card` was
    Tags(made.catalog).reject("shop.t", ("card_1",), "x.hidden", by="ada")
    assert "seen" in shown(made)
