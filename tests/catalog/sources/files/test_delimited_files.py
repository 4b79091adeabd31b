"""Delimited text as people leave it: encodings, delimiters, quotes, headers, and rows that cannot be read."""

import gzip
from pathlib import Path

import pyarrow as pa
import pytest

from catalog.errors import SettingsInvalid, SourceUnavailable, VeilError
from catalog.registry import connect
from tests.catalog.sources.lakes import defects, expected, lake, rows, types, write
from tests.contracts.connectors import read

PEOPLE = "name;paid\nZoë;1\nŁukasz;2\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x.csv.zst"])
def test_marked_encodings_are_read(tmp_path: Path, encoding: str, name: str) -> None:
    write(tmp_path / name, packed(PEOPLE.encode(encoding), name))
    assert rows(lake(tmp_path), name) == [{"name": "Zoë", "paid": 1}, {"name": "Łukasz", "paid": 2}]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marked_json_is_read(tmp_path: Path, encoding: str) -> None:
    write(tmp_path / "x.ndjson", '{"name": "Zoë"}\n{"name": "Łukasz"}\n'.encode(encoding))
    write(tmp_path / "y.json", '[{"name": "Zoë"}]'.encode(encoding))
    assert rows(lake(tmp_path), "x.ndjson") == [{"name": "Zoë"}, {"name": "Łukasz"}]
    assert rows(lake(tmp_path), "y.json") == [{"name": "Zoë"}]


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz"])
def test_unmarked_encoding_is_refused_until_it_is_named(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, packed("name,note\nAnn,plain\nZoë,café\n".encode("windows-1252"), name))
    write(tmp_path / "plain.csv", "name\nŁukasz\n")
    with pytest.raises(SourceUnavailable, match=r"`x\.csv(\.gz)?` is not UTF-8") as caught:
        connect(lake(tmp_path)).describe(name)
    assert "`encoding`" in caught.value.hint
    assert ("line 3" in caught.value.detail, caught.value.place) == (False, "line 3")
    source = lake(tmp_path, encoding="windows-1252")
    assert [row["name"] for row in rows(source, name)] == ["Ann", "Zoë"]
    assert rows(source, "plain.csv") == [{"name": "Łukasz"}]


@pytest.mark.parametrize(("written", "named"), [("windows-1252", "latin-1"), ("gb18030", "shift_jis")])
def test_wrong_name_of_an_encoding_is_refused_where_it_shows(tmp_path: Path, written: str, named: str) -> None:
    write(tmp_path / "x.csv", "name\n„Zoë“ € 李\n".encode(written, errors="ignore"))
    with pytest.raises(SourceUnavailable, match=f"no text in the encoding {named}"):
        connect(lake(tmp_path, encoding=named)).describe("x.csv")


def test_utf16_that_is_cut_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "x.csv", PEOPLE.encode("utf-16")[:-1])
    with pytest.raises(SourceUnavailable, match="no text in the encoding utf-16"):
        connect(lake(tmp_path)).describe("x.csv")


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_first_line_decides_on_the_delimiter(tmp_path: Path, delimiter: str) -> None:
    lines = [["id", "full name", "note"], ["1", "Ann, Dr; MD", "x"], ["2", "Bob|Rob", "y"], ["3"]]
    text = "".join(delimiter.join(f'"{cell}"' for cell in line) + "\n" for line in lines)
    write(tmp_path / "x.csv", text)
    source = lake(tmp_path, bad_rows="leave_out")
    assert [row["full name"] for row in rows(source, "x.csv")] == ["Ann, Dr; MD", "Bob|Rob"]
    assert defects(source, "x.csv") == ("1 row cannot be read: left out (x.csv: line 4)",)


def test_source_may_name_the_delimiter(tmp_path: Path) -> None:
    write(tmp_path / "x.csv", "a,b|c\n1,2|3\n")
    assert types(lake(tmp_path), "x.csv") == {"a": "BIGINT", "b|c": "VARCHAR"}
    assert types(lake(tmp_path, delimiter="bar"), "x.csv") == {"a,b": "VARCHAR", "c": "BIGINT"}


def test_file_without_a_header(tmp_path: Path) -> None:
    write(tmp_path / "x.csv", "1,ann,2020-01-01\n2,bob,2021-01-01\n")
    write(tmp_path / "texts.csv", "ann,bob\ncarl,dora\n")
    assert len(rows(lake(tmp_path), "x.csv")) == 2
    assert types(lake(tmp_path, header="no"), "texts.csv") == {"column0": "VARCHAR", "column1": "VARCHAR"}
    assert len(rows(lake(tmp_path, header="no"), "texts.csv")) == 2
    assert types(lake(tmp_path, header="yes"), "texts.csv") == {"ann": "VARCHAR", "bob": "VARCHAR"}


def test_no_line_is_taken_for_a_comment(tmp_path: Path) -> None:
    write(tmp_path / "x.csv", "code,n\n#1,1\n#2,2\nplain,3\n")
    assert [row["code"] for row in rows(lake(tmp_path), "x.csv")] == ["#1", "#2", "plain"]


def test_quotes_and_line_breaks_within_cells(tmp_path: Path) -> None:
    write(tmp_path / "x.csv", 'id,note\r\n1,"two\r\nlines"\r\n2,"says ""hi"""\r\n3,5" pipe\r\n')
    assert [row["note"] for row in rows(lake(tmp_path), "x.csv")] == ["two\r\nlines", 'says "hi"', '5" pipe']


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz"])
def test_bad_rows_refuse_the_file_and_are_told_by_their_lines(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, packed(b'a,b\n1,"x\ny"\n2\n3,z\n\n4,5,secret\n', name))
    source = lake(tmp_path)
    wanted = expected(source, name)
    assert defects(source, name) == (f"2 rows cannot be read: queries are refused ({name}: lines 4, 7)",)
    with pytest.raises(SourceUnavailable, match=r"2 rows cannot be read$") as caught:
        read(source, wanted)
    assert "leave_out" in caught.value.hint
    assert "secret" not in f"{caught.value.detail}{caught.value.hint}"


def test_bad_rows_are_left_out_where_the_source_says_so(tmp_path: Path) -> None:
    write(tmp_path / "x.csv", "a,b\n1,x\n2\n3,z\n4,5,6\n")
    assert rows(lake(tmp_path, bad_rows="leave_out"), "x.csv") == [{"a": 1, "b": "x"}, {"a": 3, "b": "z"}]


def test_bad_rows_of_each_file_of_a_series_are_told(tmp_path: Path) -> None:
    write(tmp_path / "s/p1.csv", "a,b\n1,x\n2\n")
    write(tmp_path / "s/p2.csv", "b,a,c\ny,3,1\ny,3,1,9\n")
    source = lake(tmp_path, bad_rows="leave_out")
    assert defects(source, "s") == (
        "1 row cannot be read: left out (p1.csv: line 3)",
        "1 row cannot be read: left out (p2.csv: line 3)",
    )
    assert rows(source, "s") == [{"a": 1, "b": "x", "c": None}, {"a": 3, "b": "y", "c": 1}]


@pytest.mark.parametrize("name", ["p2.csv", "p2.csv.gz"])
def test_files_of_a_series_may_be_split_and_encoded_otherwise(tmp_path: Path, name: str) -> None:
    write(tmp_path / "s/p1.csv", 'a,b\n1,x\n2,"long, so that this file is the largest of all of them"\n')
    write(tmp_path / "s" / name, packed('a;b;c\n3;"z;\n""z"" ,";7\n4;é;\n'.encode(), name))
    write(tmp_path / "s/p3.csv", "a\tb\tc\n5\tzoë\t8\n".encode("utf-16"))
    source = lake(tmp_path)
    assert rows(source, "s") == [
        {"a": 1, "b": "x", "c": None},
        {"a": 2, "b": "long, so that this file is the largest of all of them", "c": None},
        {"a": 3, "b": 'z;\n"z" ,', "c": 7},
        {"a": 4, "b": "é", "c": None},
        {"a": 5, "b": "zoë", "c": 8},
    ]


def test_bad_rows_of_a_file_that_is_split_otherwise_are_told_by_its_lines(tmp_path: Path) -> None:
    write(tmp_path / "s/p1.csv", "a,b\n1,x\n2,the largest of the files\n")
    write(tmp_path / "s/p2.csv", "a;b\n\n3;y\n4\n")
    source = lake(tmp_path, bad_rows="leave_out")
    assert defects(source, "s") == ("1 row cannot be read: left out (p2.csv: line 4)",)


@pytest.mark.parametrize(
    ("largest", "other"),
    [
        ("a,b\n1,x\n2,the largest of the files\n", 'a;b\n3;z\n4;"y\n5;z\n'),  # a quote that is never closed
        ("a,b\n1,x\n2,the largest of the files\n", 'a;b\n3; "y"\n'),  # the engine's own reading is `y`
    ],
)
def test_a_file_that_is_split_otherwise_and_cannot_be_copied_is_named(tmp_path: Path, largest: str, other: str) -> None:
    write(tmp_path / "s/p1.csv", largest)
    write(tmp_path / "s/p2.csv", other)
    with pytest.raises(SourceUnavailable, match=r"`p2\.csv` is split otherwise than the other files"):
        connect(lake(tmp_path)).describe("s")


@pytest.mark.parametrize(
    ("largest", "options"),
    [
        ('1,"so \\"they\\" say",s,"a, b"\n', {"escape": "backslash"}),  # `note` would have ended in the `ssn`
        ("1,'a',s,'c'\n", {"quote": "single"}),
    ],
)
def test_files_that_are_quoted_unlike_copies_are_not_split_anew(
    tmp_path: Path, largest: str, options: dict[str, str]
) -> None:
    write(tmp_path / "s/p1.csv", "id,note,ssn,more\n" + largest * 9)
    write(tmp_path / "s/p2.csv", "id;note;ssn;more\n2;a,\\;secret;,x,y\n")
    with pytest.raises(SourceUnavailable, match=r"`p1\.csv` is not quoted as copies of the others are"):
        connect(lake(tmp_path, **options)).describe("s")


def test_a_cell_with_a_tab_is_quoted_when_a_file_is_split_anew_by_tabs(tmp_path: Path) -> None:
    write(tmp_path / "s/p1.csv", "a\tb\n1\tx\n2\tthe largest of all the files\n")
    write(tmp_path / "s/p2.csv", 'a;b\n3;"y\tz"\n')
    assert rows(lake(tmp_path), "s")[2] == {"a": 3, "b": "y\tz"}


def test_a_line_within_a_cell_stays_in_it_when_a_file_is_split_anew(tmp_path: Path) -> None:
    write(tmp_path / "s/p1.csv", "a,b\n1,x\n2,the largest of all the files there are\n")
    write(tmp_path / "s/p2.csv", 'a;b\n3;"y\r4"\n5;"z\r\n6"\n')
    assert [row["b"] for row in rows(lake(tmp_path), "s")][2:] == ["y\r4", "z\r\n6"]


def test_files_of_a_series_that_are_split_otherwise_are_named(tmp_path: Path) -> None:
    write(tmp_path / "s/p1.csv", "a,b\n1,x\n2,y\n")
    write(tmp_path / "s/p2.csv", "a;c\n3;z\n4;long\n")
    with pytest.raises(
        SourceUnavailable, match=r"not written alike: `p2\.csv` is split by semicolons, and others by c"
    ):
        connect(lake(tmp_path)).describe("s")


@pytest.mark.parametrize("odd", [' "x"', '"x" ', '"x', "x"])
@pytest.mark.parametrize("place", [0, 1])
def test_which_file_is_larger_decides_on_nothing(tmp_path: Path, odd: str, place: int) -> None:
    told = []
    for number, lengths in enumerate(((60, 3), (3, 60))):
        for each, split in enumerate(",;"):
            cell = odd if each == place else "x"
            write(
                tmp_path / f"{number}/s/p{each}.csv",
                f"id{split}open{split}secret\n1{split}{cell}{split}{'s' * lengths[each]}\n",
            )
        try:
            told.append(str([row["open"] for row in rows(lake(tmp_path / str(number)), "s")]))
        except SourceUnavailable as error:
            told.append(error.detail)
    assert told[0] == told[1]


def test_a_file_that_tells_no_delimiter_leaves_that_to_the_next(tmp_path: Path) -> None:
    for number, text in enumerate(("id\n1\n", "id;n\n2;3\n", "id,n\n4,5\n")):
        write(tmp_path / f"s/p{number}.csv", text)
    assert rows(lake(tmp_path), "s") == [{"id": 1, "n": None}, {"id": 2, "n": 3}, {"id": 4, "n": 5}]


def test_of_many_bad_rows_some_lines_are_told(tmp_path: Path) -> None:
    write(tmp_path / "x.csv", "a,b\n" + "1,2\n" * 3000 + "1,2,3\n" * 2000)
    (told,) = defects(lake(tmp_path), "x.csv")
    assert told.startswith("1,000 or more rows cannot be read: queries are refused (x.csv: lines 3002, 3003,")
    assert told.count(",") < 15


@pytest.mark.parametrize("text", ['a,b\n1,x\n2,"open\n3,y\n', 'a,b\n1,x\n2,"5" pipe\n3,y\n'])
@pytest.mark.parametrize("bad_rows", ["refuse", "leave_out"])
def test_quote_that_leaves_open_where_a_row_ends_is_refused(tmp_path: Path, text: str, bad_rows: str) -> None:
    write(tmp_path / "x.csv", text)
    with pytest.raises(SourceUnavailable, match=r"`x\.csv`") as caught:
        rows(lake(tmp_path, bad_rows=bad_rows), "x.csv")
    assert "quote" in caught.value.detail


def test_row_that_went_bad_after_the_crawl_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "x.csv", "a,b\n1,2\n")
    source = lake(tmp_path)
    wanted = expected(source, "x.csv")
    write(tmp_path / "x.csv", "a,b\n1,2\n3\n")
    with pytest.raises(SourceUnavailable, match="1 row cannot be read"):
        read(source, wanted)


def test_bad_row_of_a_large_file_is_refused_by_the_engine(tmp_path: Path) -> None:
    line = "1," + "x" * 998 + "\n"
    write(tmp_path / "x.csv", "a,b\n" + line * 68_000 + "2\n")
    source = lake(tmp_path)
    wanted = expected(source, "x.csv")
    with pytest.raises(SourceUnavailable):
        read(source, wanted)
    assert defects(source, "x.csv") == ("1 row cannot be read: queries are refused (x.csv: line 68002)",)
    assert len(read(lake(tmp_path, bad_rows="leave_out"), wanted)) == 68_000


@pytest.mark.parametrize(
    "options",
    [
        *({"encoding": "utf-7"}, {"header": "maybe"}, {"delimiter": "::"}, {"bad_rows": "leave out"}),
        *({"quote": "'"}, {"escape": "\\"}, {"dates": "iso"}, {"times": "hh"}),
    ],
)
def test_options_are_exact(tmp_path: Path, options: dict[str, str]) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        connect(lake(tmp_path, **options))
    assert caught.value.hint


def test_defects_of_other_kinds_are_none(tmp_path: Path) -> None:
    write(tmp_path / "x.ndjson", '{"a": 1}\n')
    assert defects(lake(tmp_path), "x.ndjson") == ()


def test_json_with_a_broken_line_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "x.ndjson", '{"a": 1}\n{"a": \n{"a": 3}\n')
    with pytest.raises(VeilError, match=r"x\.ndjson"):
        rows(lake(tmp_path, bad_rows="leave_out"), "x.ndjson")


def packed(text: bytes, name: str) -> bytes:
    """The text, packed as the name of its file says."""
    if name.endswith(".gz"):
        return gzip.compress(text)
    return bytes(pa.compress(text, codec="zstd", asbytes=True)) if name.endswith(".zst") else text


@pytest.mark.parametrize("bad_rows", ["refuse", "leave_out"])
@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x.ndjson"])
def test_a_row_of_many_megabytes_is_read(tmp_path: Path, name: str, bad_rows: str) -> None:
    long = "y" * 30_000_000
    text = f'{{"id": 1, "x": "{long}"}}\n{{"id": 2, "x": "z"}}\n' if "json" in name else f"id,x\n1,{long}\n2,z\n"
    write(tmp_path / name, packed(text.encode(), name))
    options = {} if bad_rows == "refuse" else {"bad_rows": bad_rows}
    assert [(row["id"], len(str(row["x"]))) for row in rows(lake(tmp_path, **options), name)] == [
        (1, len(long)),
        (2, 1),
    ]


def test_a_long_cell_is_read_where_a_file_is_split_anew(tmp_path: Path) -> None:
    write(tmp_path / "v/2024-01.csv", "id,x\n" + "1,yy\n" * 100_000)
    write(tmp_path / "v/2024-02.csv", f"id;x\n2;{'y' * 200_000}\n")
    assert [len(str(row["x"])) for row in rows(lake(tmp_path), "v") if row["id"] == 2] == [200_000]
