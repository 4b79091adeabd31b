"""What a cell of a delimited file is hangs on no other cell: nothing of how it is written is found from rows."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from catalog.errors import SourceUnavailable
from catalog.registry import connect
from tests.catalog.sources.lakes import expected, lake, rows, types, write
from tests.contracts.connectors import read

CELLS = {
    "2020-04-03": ("DATE", "2020-04-03"),
    "03/04/2020": ("VARCHAR", "03/04/2020"),
    "03.04.2020": ("VARCHAR", "03.04.2020"),
    "2020/04/03": ("VARCHAR", "2020/04/03"),
    "2020-04-03 10:00": ("TIMESTAMP", "2020-04-03 10:00:00"),
    "2020-04-03T10:00:00.25": ("TIMESTAMP", "2020-04-03 10:00:00.250000"),
    "2020-04-03T10:00:00.25Z": ("TIMESTAMP WITH TIME ZONE", "2020-04-03 10:00:00.250000+00:00"),
    "2020-04-03 10:00:00+02": ("TIMESTAMP WITH TIME ZONE", "2020-04-03 08:00:00+00:00"),
    "03/04/2020 10:00:00": ("VARCHAR", "03/04/2020 10:00:00"),
    "03/04/2020 10:00:00 AM": ("VARCHAR", "03/04/2020 10:00:00 AM"),
    "10:00:00": ("TIME", "10:00:00"),
    "'n0'": ("VARCHAR", "'n0'"),
    r'"a\\b"': ("VARCHAR", r"a\\b"),
    '"n ""0"""': ("VARCHAR", 'n "0"'),
    "a;b": ("VARCHAR", "a;b"),
}
"""How cells are written, and what each is by itself."""

OTHERS = ("x", "13/02/1980", "02/13/1980", "2020/02/13", "13/02/1980 10:00:00", "02/13/1980 10:00:00 PM", "'s'", 'x" y')


def reading(path: Path, others: Sequence[str], cells: Iterable[str], tab: str, **options: str) -> list[tuple[str, str]]:
    """The types and the values of cells, beside other columns with other cells."""
    names = [*(f"other{place}" for place in range(len(others))), *(f"seen{place}" for place in range(len(CELLS)))]
    write(path / "x.csv", f"{tab.join(names)}\n" + f"{tab.join((*others, *cells))}\n" * 3)
    source = lake(path, **options)
    found, [row, *_] = types(source, "x.csv"), rows(source, "x.csv")
    return [(found[name], str(cell)) for name, cell in row.items() if name.startswith("seen")]


@pytest.mark.parametrize("tab", [",", "\t"])
@pytest.mark.parametrize("others", [OTHERS, OTHERS[::-1], (r"\\",)])
def test_other_columns_say_nothing_of_a_cell(tmp_path: Path, others: Sequence[str], tab: str) -> None:
    assert reading(tmp_path, others, CELLS, tab) == list(CELLS.values())


@pytest.mark.parametrize("other", [r'"s\"1"', '"s', "'s,1'"])
def test_a_cell_that_is_quoted_otherwise_ends_the_reading(tmp_path: Path, other: str) -> None:
    with pytest.raises(SourceUnavailable, match=r"cannot be read|quote"):
        reading(tmp_path, [other], CELLS, ",")


@pytest.mark.parametrize("decides", ["13/02/2020", "02/13/2020"])
def test_no_other_row_says_which_day_it_is(tmp_path: Path, decides: str) -> None:
    write(tmp_path / "x.csv", f"day\n03/04/2020\n{decides}\n")
    assert [row["day"] for row in rows(lake(tmp_path), "x.csv")] == ["03/04/2020", decides]


def test_a_day_stays_as_it_is_when_other_rows_change(tmp_path: Path) -> None:
    write(tmp_path / "x.csv", "day\n03/04/2020\n02/01/2020\n")
    source = lake(tmp_path, dates="mm/dd/yyyy")
    wanted = expected(source, "x.csv")
    assert wanted.columns == (("day", "DATE"),)
    assert [str(row["day"]) for row in read(source, wanted)] == ["2020-03-04", "2020-02-01"]
    write(tmp_path / "x.csv", "day\n03/04/2020\n13/01/2020\n")
    with pytest.raises(SourceUnavailable):
        read(source, wanted)


@pytest.mark.parametrize(
    ("dates", "cell", "day"),
    [
        ("dd/mm/yyyy", "03/04/2020", "2020-04-03"),
        ("mm/dd/yyyy", "3/4/2020", "2020-03-04"),
        ("dd.mm.yyyy", "03.04.2020", "2020-04-03"),
        ("mm-dd-yyyy", "03-04-2020", "2020-03-04"),
        ("yyyy/mm/dd", "2020/04/03", "2020-04-03"),
        ("dd/mm/yy", "03/04/20", "2020-04-03"),
        ("yyyy-mm-dd", "2020-04-03", "2020-04-03"),
    ],
)
def test_a_source_names_the_form_of_its_dates(tmp_path: Path, dates: str, cell: str, day: str) -> None:
    write(tmp_path / "x.csv", f"a,b,c\n13/02/1980,{cell},{cell} 01:30 PM\n02/13/1980,,\n")
    source = lake(tmp_path, dates=dates, times="hh:mm am")
    assert types(source, "x.csv") == {"a": "VARCHAR", "b": "DATE", "c": "TIMESTAMP"}
    [row, _] = rows(source, "x.csv")
    assert [str(row["b"]), str(row["c"])] == [day, f"{day} 13:30:00"]


def test_with_a_form_named_all_others_are_text(tmp_path: Path) -> None:
    write(tmp_path / "x.csv", "a,b,c\n2020-04-03,2020-04-03 10:00,2020-04-03T10:00Z\n")
    named = types(lake(tmp_path, dates="dd/mm/yyyy"), "x.csv")
    assert named == {"a": "VARCHAR", "b": "TIMESTAMP", "c": "TIMESTAMP WITH TIME ZONE"}
    assert set(types(lake(tmp_path, dates="dd/mm/yyyy", times="hh:mm"), "x.csv").values()) == {"VARCHAR"}


def test_dates_widen_to_timestamps_and_those_to_zoned_ones(tmp_path: Path) -> None:
    write(tmp_path / "s/p1.csv", "a,b\n2020-04-03,2020-04-03 10:00\n")
    write(tmp_path / "s/p2.csv", "a,b,c\n2020-04-03 10:00,2020-04-03 10:00+00,2020-04-03 10:00\n")
    assert types(lake(tmp_path), "s") == {"a": "TIMESTAMP", "b": "TIMESTAMP WITH TIME ZONE", "c": "TIMESTAMP"}
    assert [str(row["a"]) for row in rows(lake(tmp_path), "s")] == ["2020-04-03 00:00:00", "2020-04-03 10:00:00"]


@pytest.mark.parametrize(
    ("options", "cell"),
    [
        ({"quote": "single"}, "'a, b'"),
        ({"quote": "none", "delimiter": "tab"}, '"a'),
        ({"escape": "backslash"}, r'"a\"b"'),
    ],
)
def test_a_source_names_how_its_cells_are_quoted(tmp_path: Path, options: dict[str, str], cell: str) -> None:
    tab = "\t" if "delimiter" in options else ","
    write(tmp_path / "x.csv", f"id{tab}note\n1{tab}{cell}\n2{tab}x\n")
    assert [row["note"] for row in rows(lake(tmp_path, **options), "x.csv")] == [
        {"'a, b'": "a, b", '"a': '"a', r'"a\"b"': 'a"b'}[cell],
        "x",
    ]


@pytest.mark.parametrize("others", ["x;y\n" * 9, "x\n" * 9, "x;y;z\n" * 9])
def test_a_column_alone_is_split_by_nothing_that_its_header_does_not_hold(tmp_path: Path, others: str) -> None:
    write(tmp_path / "x.csv", f"note\na;b\n{others}")
    assert rows(lake(tmp_path), "x.csv")[0] == {"note": "a;b"}


def test_a_header_is_split_even_where_most_rows_do_not_fit_it(tmp_path: Path) -> None:
    write(tmp_path / "x.csv", "a;b;ssn\n1;x;s;s\n2;x;s;s\n3;x;s\n")
    assert list(types(lake(tmp_path), "x.csv")) == ["a", "b", "ssn"]
    assert rows(lake(tmp_path, bad_rows="leave_out"), "x.csv") == [{"a": 3, "b": "x", "ssn": "s"}]
    with pytest.raises(SourceUnavailable, match="2 rows cannot be read"):
        rows(lake(tmp_path), "x.csv")


@pytest.mark.parametrize("first", ["1;2,3;4\n", "1;2,3;4\n1;2,3;4;5\n"])
def test_a_file_without_a_header_tells_its_delimiter_or_is_refused(tmp_path: Path, first: str) -> None:
    write(tmp_path / "x.csv", first * 5)
    with pytest.raises(SourceUnavailable, match="its first line does not tell what it is split by"):
        rows(lake(tmp_path, header="no"), "x.csv")
    assert list(types(lake(tmp_path, header="no", delimiter="comma"), "x.csv")) == ["column0", "column1"]


def test_dates_of_json_are_those_that_can_be_read(tmp_path: Path) -> None:
    write(tmp_path / "x.ndjson", '{"a": "2020-04-03", "b": "03-04-2020"}\n')
    assert types(lake(tmp_path), "x.ndjson") == {"a": "DATE", "b": "VARCHAR"}
    assert rows(lake(tmp_path), "x.ndjson")[0]["b"] == "03-04-2020"


@pytest.mark.parametrize(
    ("cell", "type_"),
    [
        ('"04-13-2020 01:00:00 PM"', "VARCHAR"),
        ('"13-04-2020 13:00:00"', "VARCHAR"),
        ('"2020-04-13 13:00:00"', "TIMESTAMP"),
        ('"2020-04-13T13:00:00.5Z"', "TIMESTAMP WITH TIME ZONE"),
        ('[{"at": "04-13-2020 01:00:00 PM", "n": 1}]', 'STRUCT("at" VARCHAR, "n" BIGINT)[]'),
        ('[{"at": "2020-04-13 13:00:00", "n": 1}]', 'STRUCT("at" TIMESTAMP, "n" BIGINT)[]'),
    ],
)
def test_moments_of_json_are_those_that_can_be_read(tmp_path: Path, cell: str, type_: str) -> None:
    write(tmp_path / "x.ndjson", f'{{"a": {cell}, "b": "2020-04-13 13:00:00"}}\n' * 3)
    source = lake(tmp_path)
    assert types(source, "x.ndjson") == {"a": type_, "b": "TIMESTAMP"}
    [row, *_] = rows(source, "x.ndjson")
    assert connect(source).sample("x.ndjson", 1).to_pylist() == [row]
    if "VARCHAR" in type_:
        assert cell.strip('"') == row["a"] or row["a"] == [{"at": "04-13-2020 01:00:00 PM", "n": 1}]


@pytest.mark.parametrize("options", [{}, {"bad_rows": "leave_out"}])
def test_lines_of_a_cell_are_no_rows_wherever_a_large_file_is_cut(tmp_path: Path, options: dict[str, str]) -> None:
    note = "\n".join(["Dear colleague,", *["-9,a line that looks like a row,kim"] * 40, "kind regards"])
    whole = [f'{number},"{note}",p{number % 7}\n' for number in range(12_000)]  # the engine cuts every 8,000,000 bytes
    ragged = ["7,8\n"] if options else []
    write(tmp_path / "x.csv", "".join(["id,note,who\n", *whole[:5], *ragged, *whole[5:]]))
    found = rows(lake(tmp_path, **options), "x.csv")
    assert [row["id"] for row in found] == list(range(12_000))
    assert {row["note"] for row in found} == {note}


@pytest.mark.parametrize("options", [{}, {"bad_rows": "leave_out"}])
@pytest.mark.parametrize("start", ["\n", "\ufeff\n", "\r\n\r\n"])
def test_an_empty_line_before_the_header_ends_the_reading(tmp_path: Path, start: str, options: dict[str, str]) -> None:
    end = start.removeprefix("\ufeff").removesuffix("\r\n") or "\n"
    write(tmp_path / "x.csv", start + end.join(["name,town", "Kim,Bern", "Lee,Genf", ""]))
    with pytest.raises(SourceUnavailable, match=r"`x\.csv` begins with an empty line"):
        rows(lake(tmp_path, **options), "x.csv")
