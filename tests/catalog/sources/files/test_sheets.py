"""Which rows of an Excel sheet are there, and which of them names the columns once a crawl has found these."""

import datetime as dt
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import Font

from catalog.errors import SourceUnavailable
from catalog.registry import connect
from catalog.sources.connector import Expected
from catalog.sources.sessions import SessionCache
from tests.catalog.sources.lakes import changed_sheet, expected, lake, rows, types, workbook
from tests.contracts.connectors import read

TABLE: list[tuple[object, ...]] = [("id", "note", "secret"), (1, "a", "s"), (2, "b", "t")]
KNOWN = (("id", "BIGINT"), ("note", "VARCHAR"), ("secret", "VARCHAR"))
BOOK = Expected(relation="x.xlsx/s", columns=KNOWN)


def ids(folder: Path, lines: list[tuple[object, ...]], known: Expected = BOOK, **options: str) -> list[object]:
    """The first column of what is read of a sheet whose columns are known."""
    workbook(folder / "x.xlsx", s=lines)
    return [next(iter(row.values())) for row in read(lake(folder, **options), known)]


def test_empty_rows_below_the_header_are_rows_down_to_the_last_filled_one(tmp_path: Path) -> None:
    lines = [(), TABLE[0], (), TABLE[1], (), (), TABLE[2], (), ()]
    assert ids(tmp_path, lines) == [None, 1, None, None, 2]
    assert [row["id"] for row in rows(lake(tmp_path), "x.xlsx/s")] == [None, 1, None, None, 2]


def test_rows_without_a_header_begin_with_the_first(tmp_path: Path) -> None:
    known = Expected(relation="x.xlsx/s", columns=(("column0", "BIGINT"), ("column1", "VARCHAR")))
    assert ids(tmp_path, [(), (1, "a"), (), (2,)], known, header="no") == [None, 1, None, 2]
    with pytest.raises(SourceUnavailable, match="none of its rows holds the names"):
        ids(tmp_path, TABLE, header="no")


def test_formatted_cells_below_the_last_filled_row_make_no_rows(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].title = "s"
    for line in TABLE:
        book.worksheets[0].append(line)
    for number in range(4, 2000):
        book.worksheets[0].cell(row=number, column=1).font = Font(bold=True)
    book.save(tmp_path / "x.xlsx")
    assert len(rows(lake(tmp_path), "x.xlsx/s")) == 2


def test_a_cell_in_the_last_row_that_a_sheet_can_have_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].title = "s"
    book.worksheets[0].append(TABLE[0])
    book.worksheets[0].cell(row=2**20, column=1).value = 7
    book.save(tmp_path / "x.xlsx")
    found = read(lake(tmp_path), BOOK)
    assert (len(found), found[0]["id"], found[-1]["id"]) == (2**20 - 1, None, 7)


@pytest.mark.parametrize(
    "above",
    [
        [],
        [("Report", "2026", "EU", "all", "of", "it")],
        [("id", "note"), *([(None, None, "a title")] * 30)],
    ],
    ids=["nothing", "a wide title", "many titles"],
)
def test_the_header_is_the_first_row_that_holds_the_known_names(
    tmp_path: Path, above: list[tuple[object, ...]]
) -> None:
    assert ids(tmp_path, [*above, *TABLE]) == [1, 2]


def test_a_header_that_titles_hide_at_a_crawl_stays_the_header(tmp_path: Path) -> None:
    titles, sparse = [("Report",), ("of", "2026")], [(number, None, *"beyond it") for number in range(20)]
    workbook(tmp_path / "x.xlsx", s=[*titles, *TABLE, *sparse])
    assert next(iter(types(lake(tmp_path), "x.xlsx/s"))) == "Report"
    assert ids(tmp_path, [*titles, *TABLE, *sparse]) == [1, 2, *range(20)]


def test_known_columns_are_found_in_any_order_and_no_others_are_read(tmp_path: Path) -> None:
    workbook(tmp_path / "x.xlsx", s=[("new", "SECRET", None, " Note ", "id"), ("n", "s", "c", "a", 1), ("m",)])
    assert read(lake(tmp_path), BOOK) == [{"id": 1, "note": "a", "secret": "s"}]


def test_a_sheet_of_which_no_row_holds_the_known_names_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match=r"`s` of `x\.xlsx` has changed .* none of its rows") as refused:
        ids(tmp_path, [("id", "note", "secrets"), (1, "a", "s")])
    assert refused.value.hint == "crawl the source again"


def test_a_column_without_a_name_is_known_by_its_place_though_it_be_empty(tmp_path: Path) -> None:
    workbook(tmp_path / "x.xlsx", s=[("id",), (1, None, dt.time(8))])
    known = expected(lake(tmp_path), "x.xlsx/s")
    assert known.columns == (("id", "BIGINT"), ("column1", "VARCHAR"), ("column2", "TIME"))
    assert ids(tmp_path, [("id",), (1,), (2,)], known) == [1, 2]
    assert ids(tmp_path, [("id", "note"), (1,), (2,)], Expected(relation="x.xlsx/s", columns=KNOWN[:2])) == [1, 2]
    with pytest.raises(SourceUnavailable, match="none of its rows"):
        ids(tmp_path, [("id", "note"), (1,), (2,)], known)


def test_a_column_keeps_its_type_as_long_as_that_holds_its_cells(tmp_path: Path) -> None:
    columns = (("n", "DOUBLE"), ("t", "VARCHAR"), ("m", "TIMESTAMP"), ("d", "DATE"), ("b", "BOOLEAN"))
    known = Expected(relation="x.xlsx/s", columns=columns)
    day = dt.datetime(2026, 5, 1)
    workbook(tmp_path / "x.xlsx", s=[("n", "t", "m", "d", "b"), (1, 5, day, day, None)])
    assert read(lake(tmp_path), known) == [{"n": 1.0, "t": "5", "m": day, "d": day.date(), "b": None}]
    for worse in ((1, 5, day, day, "yes"), ("1", 5, day, day, None), (1, 5, day, day.replace(hour=1), None)):
        workbook(tmp_path / "x.xlsx", s=[("n", "t", "m", "d", "b"), worse])
        with pytest.raises(SourceUnavailable, match="is no longer"):
            read(lake(tmp_path), known)


def test_what_a_crawl_finds_anew_is_read_anew(tmp_path: Path) -> None:
    workbook(tmp_path / "x.xlsx", s=TABLE)
    source = lake(tmp_path)
    connector, cache = connect(source), SessionCache(connect)
    assert len(read(source, BOOK, cache)) == 2
    fewer = Expected(relation="x.xlsx/s", columns=KNOWN[:1])
    assert read(source, fewer, cache) == [{"id": 1}, {"id": 2}]
    assert connector.scan(fewer).files != connector.scan(BOOK).files
    assert connector.scan(BOOK) == connector.scan(BOOK)


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        (b'<row r="3"', b'<row r="2"'),
        (b'<row r="3"', b'<row r="1"'),
        (b'<row r="2"', b'<row r="5"'),
        (b'<row r="1"', b'<row r="0"'),
        (b'<c r="B3"', b'<c r="A3"'),
    ],
)
def test_a_sheet_of_which_rows_or_cells_would_be_lost_is_refused(
    tmp_path: Path, written: bytes, instead: bytes
) -> None:
    workbook(tmp_path / "x.xlsx", s=TABLE)
    changed_sheet(tmp_path / "x.xlsx", written, instead)
    with pytest.raises(SourceUnavailable, match="are not in order, or two cells of one are in one place"):
        rows(lake(tmp_path), "x.xlsx/s")


@pytest.mark.parametrize("value", [b"", b"<v></v>", b"<v/>"])
@pytest.mark.parametrize("kind", [b"", b' t="n"'])
def test_a_formula_without_its_value_is_no_empty_cell(tmp_path: Path, value: bytes, kind: bytes) -> None:
    workbook(tmp_path / "x.xlsx", s=[("id", "n"), (1, 10), (2, 20)])
    changed_sheet(
        tmp_path / "x.xlsx", b'<c r="B3" t="n"><v>20</v></c>', b'<c r="B3"%s><f>2*B2</f>%s</c>' % (kind, value)
    )
    with pytest.raises(SourceUnavailable, match="has formulas whose values nobody has worked out"):
        rows(lake(tmp_path), "x.xlsx/s")


def test_a_formula_has_the_value_that_is_kept_with_it(tmp_path: Path) -> None:
    workbook(tmp_path / "x.xlsx", s=[("id", "n", "t"), (1, 10, "a"), (2, 20, "b")])
    changed_sheet(tmp_path / "x.xlsx", b'<c r="B3" t="n"><v>20</v></c>', b'<c r="B3"><f>2*B2</f><v>20</v></c>')
    text = b'<c r="C3" t="inlineStr"><is><t>b</t></is></c>'
    changed_sheet(tmp_path / "x.xlsx", text, b'<c r="C3" t="str"><f>""</f><v></v></c>')
    assert rows(lake(tmp_path), "x.xlsx/s") == [{"id": 1, "n": 10, "t": "a"}, {"id": 2, "n": 20, "t": None}]


def test_cells_are_where_they_say_and_rows_need_no_numbers(tmp_path: Path) -> None:
    workbook(tmp_path / "x.xlsx", s=[("id", "n"), (1, 10), (2, 20)])
    changed_sheet(tmp_path / "x.xlsx", b'<row r="3">', b"<row>")
    changed_sheet(
        tmp_path / "x.xlsx",
        b'<c r="A3" t="n"><v>2</v></c><c r="B3" t="n"><v>20</v></c>',
        b'<c r="B3" t="n"><v>20</v></c><c r="A3" t="n"><v>2</v></c>',
    )
    assert rows(lake(tmp_path), "x.xlsx/s") == [{"id": 1, "n": 10}, {"id": 2, "n": 20}]
