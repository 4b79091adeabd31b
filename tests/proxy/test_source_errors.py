"""What the error of a source tells whoever asks: names that they see, and no place in the data."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.sources.files import relation as file_relation
from catalog.sources.files import scans
from tests.proxy.world import World, governed

DOCUMENT = """
veil: 1
sources:
  data: {connector: files, path: ./data}
  leaves_out: {connector: files, path: ./data, bad_rows: leave_out}
  file: {connector: duckdb, path: ./shop.db}
databases: {shop: {}}
tags: {x.a: {}}
datasets:
  shop.text: {source: data, relation: text.csv, columns: {secret: {tags: [x.a]}}}
  shop.left: {source: leaves_out, relation: text.csv, columns: {secret: {tags: [x.a]}}}
  shop.cards: {source: data, relation: cards.parquet, columns: {contact.ssn: {tags: [x.a]}}}
  shop.parts: {source: data, relation: parts}
  shop.lines: {source: data, relation: lines}
  shop.wages: {source: data, relation: wages.parquet}
  shop.table: {source: file, relation: main.table_1, columns: {secret: {tags: [x.a]}}}
roles: {analyst: {groups: [analysts]}}
policies:
  - {policy: some, grant: select, to: [analyst], scope: shop, having: not x.a, why: a test}
"""
GENERAL = "what this query is answered from has changed, or cannot be read"


def write_text(folder: Path, bad: int | None, value: bytes = b"\xff") -> None:
    rows = [b"%d,%s" % (number, value if number == bad else b"x") for number in range(60)]
    (folder / "text.csv").write_bytes(b"\n".join([b"id,secret", *rows, b""]))


def write_cards(folder: Path, city: pa.DataType, fields: tuple[str, ...] = ("ssn",)) -> None:
    contact = pa.struct([("city", city), *((name, pa.string()) for name in fields)])
    pq.write_table(pa.table({"id": [1], "contact": pa.array([None], contact)}), folder / "cards.parquet")


def write_part(folder: Path, number: int, **more: object) -> None:
    columns: dict[str, list[object]] = {"id": [1], "region": ["EU"], **{name: [value] for name, value in more.items()}}
    for name in ("parts", "lines"):
        (folder / name).mkdir(exist_ok=True)
    pq.write_table(pa.table(columns), folder / "parts" / f"part-{number}.parquet")
    lines = [",".join(columns), ",".join(str(values[0]) for values in columns.values()), ""]
    (folder / "lines" / f"part-{number}.csv").write_text("\n".join(lines))


def write_table(folder: Path, made: str) -> None:
    with closing(duckdb.connect(str(folder.parent / "shop.db"))) as connection:
        connection.execute(f"CREATE OR REPLACE TABLE table_1 AS SELECT 1 AS id, {made}")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[World]:
    data = tmp_path / "data"
    data.mkdir()
    write_text(data, None)
    write_cards(data, pa.string())
    for number in range(2):
        write_part(data, number)
    pq.write_table(pa.table({"salary_secret": [1]}), data / "wages.parquet")
    write_table(data, "'x' AS secret")
    with governed(tmp_path, DOCUMENT) as world:
        yield world


def told(world: World, sql: str) -> str:
    """All words of the error, twice the same: of a session that is made, and of one that is found again."""
    first, second = (world.outcome(sql) for _ in range(2))
    assert first == second
    kind, code, *words = first
    assert (kind, code) == ("error", "source_unavailable")
    return str(words)


@pytest.mark.parametrize("relation", ["text", "left"])
@pytest.mark.parametrize("value", [b"\xff", b'"a"b'])
def test_no_line_of_a_file_is_told(shop: World, relation: str, value: bytes) -> None:
    words = []
    for bad in (2, 38):
        write_text(shop.folder / "data", bad, value)
        words.append(told(shop, f"select id from shop.{relation} where id = 0"))
    assert words[0] == words[1]
    assert "line" not in words[0]


def test_no_field_of_a_struct_is_told(shop: World) -> None:
    words = []
    for fields in (("ssn",), ("ssn", "pin"), ()):
        write_cards(shop.folder / "data", pa.int32(), fields)
        words.append(told(shop, "select contact from shop.cards"))
        words.append(told(shop, "select id from shop.cards"))
    assert set(words) == {words[0]}
    assert GENERAL in words[0]


def _later(folder: Path) -> None:
    write_part(folder, 2, salary_secret=5)
    write_part(folder, 3)


def _other_type(folder: Path) -> None:
    write_part(folder, 2, salary_secret=5)
    write_part(folder, 3, salary_secret="much")


@pytest.mark.parametrize(
    ("change", "relations"), [(_later, ("parts", "lines")), (_other_type, ("parts",))], ids=["gone again", "of a type"]
)
@pytest.mark.parametrize("beside", ["", ", shop.wages"])
def test_no_column_is_told_that_no_crawl_has_seen(
    shop: World, change: Callable[[Path], None], relations: tuple[str, ...], beside: str
) -> None:
    """Not even where another dataset of the query has a column of that name."""
    change(shop.folder / "data")
    for relation in relations:
        assert GENERAL in told(shop, f"select id from shop.{relation}{beside}")


def test_a_column_that_is_seen_is_told(shop: World) -> None:
    pq.write_table(pa.table({"id": [1]}), shop.folder / "data" / "cards.parquet")
    assert "`contact`" in told(shop, "select id from shop.cards")
    write_table(shop.folder / "data", "2 AS other")
    assert GENERAL in told(shop, "select id from shop.table")


LEFT_OUT = """
veil: 1
sources: {data: {connector: files, path: ./data, bad_rows: leave_out}}
databases: {shop: {}}
tags: {x.a: {}, x.b: {}}
datasets:
  shop.pay: {source: data, relation: pay.csv, columns: {pay: {tags: [x.a]}, hidden: {tags: [x.b]}}}
roles: {analyst: {groups: [analysts]}}
policies:
  - policy: some
    grant: select
    to: [analyst]
    scope: shop
    having: not x.b
    transform: [{tagged: x.a, with: tokenize()}]
    why: a test
"""
NAMING = (
    "select id from shop.pay",
    "select id, pay is null as p from shop.pay",
    "select count(*) from shop.pay",
    "select count(pay) from shop.pay",
    "select region, count(*) from shop.pay group by region",
)


def write_pay(folder: Path, odd: int | None, *, column: int = 1) -> None:
    rows = [[str(number), "100", "7", "EU"] for number in range(6_000)]
    if odd is not None:
        rows[odd][column] = "about 50"
    lines = ["id,pay,hidden,region", *map(",".join, rows), "1,2,3", ""]
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data" / "pay.csv").write_text("\n".join(lines))


@pytest.fixture(params=["small", "large"])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "large":
        monkeypatch.setattr(scans, "WHOLE_FILE_BYTES", 100)
        monkeypatch.setattr(file_relation, "WHOLE_FILE_BYTES", 100)
        monkeypatch.setattr(scans, "TYPED_ROWS", 20)


@pytest.mark.usefixtures("size")
@pytest.mark.parametrize("column", [1, 2], ids=["masked", "hidden"])
@pytest.mark.parametrize("when", ["before the crawl", "after it"])
def test_which_row_has_a_cell_that_does_not_fit_is_not_told_by_the_rows_that_are_left_out(
    tmp_path: Path, column: int, when: str
) -> None:
    found: list[object] = []
    for odd in (5_000, 5_500):
        folder = tmp_path / str(odd)
        folder.mkdir()
        write_pay(folder, odd if when == "before the crawl" else None, column=column)
        with governed(folder, LEFT_OUT) as world:
            if when == "after it":
                write_pay(folder, odd, column=column)
            outcomes = [world.outcome(sql) for sql in NAMING]
        kinds = {kind for kind, *_ in outcomes}
        assert kinds == {"rows" if when == "before the crawl" else "error"}
        found.append(outcomes)
    assert found[0] == found[1]


def test_which_row_has_a_cell_that_is_no_text_is_not_told_behind_very_many_bad_rows(tmp_path: Path) -> None:
    """Of a thousand of them the engine is asked what is wrong, and not of the others."""
    found: list[object] = []
    for odd in (5_000, 5_500):
        folder = tmp_path / str(odd)
        folder.mkdir()
        _write_texts(folder, None)
        with governed(folder, LEFT_OUT) as world:
            assert {kind for kind, *_ in (world.outcome(sql) for sql in NAMING)} == {"rows"}
            _write_texts(folder, odd)
            outcomes = [world.outcome(sql) for sql in NAMING]
        assert {kind for kind, *_ in outcomes} == {"error"}
        found.append(outcomes)
    assert found[0] == found[1]


def _write_texts(folder: Path, odd: int | None) -> None:
    rows = [b"%d,%s,7,EU" % (number, b"a\xff" if number == odd else b"aa") for number in range(6_000)]
    (folder / "data").mkdir(exist_ok=True)
    lines = [b"id,pay,hidden,region", *[b"1,2,3"] * 1_100, *rows, b""]
    (folder / "data" / "pay.csv").write_bytes(b"\n".join(lines))
