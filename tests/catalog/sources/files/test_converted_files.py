"""Excel sheets, Avro and nested JSON: what the engine does not read itself comes as typed columns all the same."""

import datetime as dt
import io
import json
import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import fastavro
import pytest

from catalog.errors import LimitExceeded, SourceUnavailable
from catalog.model import Source
from catalog.registry import connect
from catalog.sources.connector import KnowsDefects
from catalog.sources.files.kinds import FileKind
from catalog.sources.files.options import FileOptions
from catalog.sources.files.preparations import Preparations
from catalog.sources.files.sets import FileSet
from catalog.sources.private_copies import PrivateCopies
from catalog.sources.workers.apart import call_apart
from crawler.crawl import crawl_folder
from tests.catalog.sources.lakes import changed_sheet, expected, lake, relations, rows, types, workbook, write
from tests.contracts.connectors import ConnectorContract, read

PEOPLE = [
    (1, "Ann", dt.date(1980, 2, 3), Decimal("10.50"), True),
    (2, "Bob", dt.date(1990, 12, 31), Decimal("20.25"), False),
    (3, None, dt.date(2000, 6, 15), None, None),
]
NAMES = ("id", "name", "born", "paid", "is_smoker")
AVRO: dict[str, object] = {
    "type": "record",
    "name": "person",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "name", "type": ["null", "string"]},
        {"name": "born", "type": {"type": "int", "logicalType": "date"}},
        {"name": "paid", "type": ["null", {"type": "bytes", "logicalType": "decimal", "precision": 8, "scale": 2}]},
        {"name": "is_smoker", "type": ["null", "boolean"]},
    ],
}


def avro(path: Path, schema: dict[str, object], records: list[dict[str, object]]) -> None:
    stream = io.BytesIO()
    fastavro.writer(stream, schema, records)
    write(path, stream.getvalue())


class TestExcel(ConnectorContract):
    @pytest.fixture
    def relation(self) -> str:
        return "people.xlsx/people"

    @pytest.fixture
    def source(self, tmp_path: Path) -> Source:
        lines = [(number, name, born, paid and float(paid), smokes) for number, name, born, paid, smokes in PEOPLE]
        workbook(tmp_path / "people.xlsx", people=[NAMES, *lines])
        return lake(tmp_path / "people.xlsx")


class TestAvro(ConnectorContract):
    @pytest.fixture
    def relation(self) -> str:
        return "people.avro"

    @pytest.fixture
    def source(self, tmp_path: Path) -> Source:
        avro(tmp_path / "people.avro", AVRO, [dict(zip(NAMES, line, strict=True)) for line in PEOPLE])
        return lake(tmp_path)


def test_each_sheet_is_a_relation(tmp_path: Path) -> None:
    two: dict[str, list[tuple[object, ...]]] = {"2024": [("a",), (1,)], "Plan 2025": [("b",), ("x",)]}
    workbook(tmp_path / "costs.xlsx", **two)
    workbook(tmp_path / "one.xlsx", Sheet1=[("a",), (1,)])
    source = lake(tmp_path)
    assert {each.name: each.suggested_name for each in connect(source).relations()} == {
        "costs.xlsx/2024": "costs_2024",
        "costs.xlsx/Plan 2025": "costs_Plan 2025",
        "one.xlsx/Sheet1": "one",
    }
    assert [each.name for each in connect(source).relations("costs.xlsx")] == [
        "costs.xlsx/2024",
        "costs.xlsx/Plan 2025",
    ]
    assert rows(source, "costs.xlsx/Plan 2025") == [{"b": "x"}]
    assert relations(lake(tmp_path / "one.xlsx")) == ["one.xlsx/Sheet1"]
    for wrong in ("costs.xlsx", "costs.xlsx/2023"):
        with pytest.raises(SourceUnavailable, match=r"`costs\.xlsx` has no sheet"):
            connect(source).describe(wrong)


def test_columns_of_a_sheet_have_the_types_of_all_their_cells(tmp_path: Path) -> None:
    midnight, noon = dt.datetime(2024, 1, 2), dt.datetime(2024, 1, 2, 12)
    workbook(
        tmp_path / "x.xlsx",
        s=[
            (),
            ("whole", "number", "flag", "day", "moment", "hour", "mixed", None, "Whole"),
            (1, 1, True, midnight, midnight, dt.time(8), 5, "x", None),
            (),
            (2, 2.5, False, midnight, noon, dt.time(9), midnight, None, None, "beyond"),
        ],
    )
    source = lake(tmp_path)
    assert types(source, "x.xlsx/s") == {
        "whole": "BIGINT",
        "number": "DOUBLE",
        "flag": "BOOLEAN",
        "day": "DATE",
        "moment": "TIMESTAMP",
        "hour": "TIME",
        "mixed": "VARCHAR",
        "column7": "VARCHAR",
        "Whole_1": "VARCHAR",
        "column9": "VARCHAR",
    }
    first, empty, second = rows(source, "x.xlsx/s")
    assert set(empty.values()) == {None}
    assert (first["mixed"], second["mixed"]) == ("5", "2024-01-02")
    assert (first["column9"], second["column9"]) == (None, "beyond")


def test_titles_above_a_table_name_no_column(tmp_path: Path) -> None:
    table: list[tuple[object, ...]] = [("name", "born", "city"), ("Ann", 1961, "Bern"), ("Bo", 1972, None)]
    titled: list[tuple[object, ...]] = [
        ("Members of 2024",),
        (),
        (None, None, dt.datetime(2024, 1, 2)),
        *table,
    ]
    workbook(
        tmp_path / "x.xlsx", titled=titled, plain=table, narrow=[("name",), ("Ann", 1961)], numbers=[(1,), (2, 3, 4)]
    )
    source = lake(tmp_path)
    assert rows(source, "x.xlsx/titled") == rows(source, "x.xlsx/plain")
    assert list(types(source, "x.xlsx/narrow")) == ["name", "column1"]
    assert list(types(source, "x.xlsx/numbers")) == ["1", "column1", "column2"]
    connector = connect(source)
    assert isinstance(connector, KnowsDefects)
    assert [each.what for each in connector.defects("x.xlsx/titled")] == [
        "2 rows of titles above the columns are left out"
    ]
    assert not any(connector.defects(f"x.xlsx/{sheet}") for sheet in ("plain", "narrow", "numbers"))


def test_sheet_without_a_header(tmp_path: Path) -> None:
    workbook(tmp_path / "x.xlsx", s=[("ann", 1), ("bob", 2)])
    assert rows(lake(tmp_path, header="no"), "x.xlsx/s") == [
        {"column0": "ann", "column1": 1},
        {"column0": "bob", "column1": 2},
    ]


@pytest.mark.parametrize("name", ["x.xlsx", "x.avro"])
def test_damaged_files_are_named(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, b"neither one nor the other")
    report = crawl_folder(str(tmp_path))
    assert [failure.relation for failure in report.failed] == [name]
    assert name in report.failed[0].reason


def test_cut_avro_file_is_refused(tmp_path: Path) -> None:
    avro(tmp_path / "x.avro", AVRO, [dict(zip(NAMES, line, strict=True)) for line in PEOPLE])
    whole = (tmp_path / "x.avro").read_bytes()
    write(tmp_path / "x.avro", whole[:-20])
    with pytest.raises(SourceUnavailable, match=r"`x\.avro` cannot be read"):
        connect(lake(tmp_path)).describe("x.avro")


def test_empty_sheet_is_refused(tmp_path: Path) -> None:
    workbook(tmp_path / "x.xlsx", s=[])
    with pytest.raises(SourceUnavailable, match=r"sheet `s` of `x\.xlsx` is empty"):
        connect(lake(tmp_path)).describe("x.xlsx/s")


def test_avro_keeps_nested_types(tmp_path: Path) -> None:
    phone = {"type": "record", "name": "phone", "fields": [{"name": "number", "type": "string"}]}
    schema: dict[str, object] = {
        "type": "record",
        "name": "r",
        "fields": [
            {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
            {"name": "kind", "type": {"type": "enum", "name": "k", "symbols": ["A", "B"]}},
            {"name": "phones", "type": {"type": "array", "items": phone}},
            {"name": "first", "type": ["null", "phone"]},
            {"name": "marks", "type": {"type": "map", "values": "int"}},
        ],
    }
    at = dt.datetime(2024, 1, 2, 3, tzinfo=dt.UTC)
    record = {"at": at, "kind": "A", "phones": [{"number": "1"}], "first": {"number": "2"}, "marks": {"x": 1}}
    avro(tmp_path / "x.avro", schema, [record])
    source = lake(tmp_path)
    assert types(source, "x.avro") == {
        "at": "TIMESTAMP WITH TIME ZONE",
        "kind": "VARCHAR",
        "phones": 'STRUCT("number" VARCHAR)[]',
        "first": 'STRUCT("number" VARCHAR)',
        "marks": "MAP(VARCHAR, INTEGER)",
    }
    (row,) = rows(source, "x.avro")
    assert row["phones"] == [{"number": "1"}]
    assert row["marks"] == [("x", 1)]


@pytest.mark.parametrize("type_", [["null", "int", "string"], ["null", "r"]])
def test_avro_types_that_no_column_can_hold_are_refused(tmp_path: Path, type_: object) -> None:
    avro(tmp_path / "x.avro", {"type": "record", "name": "r", "fields": [{"name": "odd", "type": type_}]}, [])
    with pytest.raises(SourceUnavailable, match="field `odd"):
        connect(lake(tmp_path)).describe("x.avro")


def test_folder_of_avro_files_is_one_relation(tmp_path: Path) -> None:
    for year, line in ((2023, PEOPLE[0]), (2024, PEOPLE[1])):
        avro(tmp_path / f"v/year={year}/x.avro", AVRO, [dict(zip(NAMES, line, strict=True))])
    source = lake(tmp_path)
    assert relations(source) == ["v"]
    assert [(row["id"], row["year"]) for row in rows(source, "v")] == [(1, 2023), (2, 2024)]


def _avro_of(schema: dict[str, object], count: int, block: bytes) -> bytes:
    """An Avro file of one block that says it holds so many records."""
    head: dict[str, bytes] = {"avro.schema": json.dumps(schema).encode(), "avro.codec": b"null"}
    pairs = b"".join(_number(len(each)) + each for pair in head.items() for each in (pair[0].encode(), pair[1]))
    mark = bytes(16)
    return b"Obj\1" + _number(len(head)) + pairs + b"\0" + mark + _number(count) + _number(len(block)) + block + mark


def _number(value: int) -> bytes:
    """A whole number as Avro writes it."""
    value, written = 2 * value, b""
    while value > 127:
        value, written = value >> 7, written + bytes([value & 127 | 128])
    return written + bytes([value])


def test_a_file_that_never_ends_is_left_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Less than two hundred bytes that say they are more records than anybody could count, each of nothing."""
    monkeypatch.setattr("catalog.sources.files.converting._SECONDS", 1)
    nothing: dict[str, object] = {"type": "record", "name": "r", "fields": [{"name": "a", "type": "null"}]}
    write(tmp_path / "long.avro", _avro_of(nothing, 10**15, b""))
    with pytest.raises(SourceUnavailable, match=r"`long\.avro` takes more memory or time"):
        connect(lake(tmp_path)).describe("long.avro")


def test_what_takes_more_memory_than_one_worker_may_harms_nobody() -> None:
    with pytest.raises(LimitExceeded):
        call_apart(30, bytes, 2**33)
    call_apart(30, bytes, 2**10)


def test_a_sheet_is_read_whole_whatever_it_says_of_its_size(tmp_path: Path) -> None:
    workbook(tmp_path / "data.xlsx", s=[("a", "b"), (1, 2), (3, 4)])
    changed_sheet(tmp_path / "data.xlsx", b'<dimension ref="A1:B3"', b'<dimension ref="A1:A2"')
    assert rows(lake(tmp_path), "data.xlsx/s") == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]


def test_a_row_that_no_sheet_has_is_refused(tmp_path: Path) -> None:
    workbook(tmp_path / "data.xlsx", s=[("a",), (1,), (2,)])
    changed_sheet(tmp_path / "data.xlsx", b'<row r="3"><c r="A3"', b'<row r="999999999999"><c r="A999999999999"')
    with pytest.raises(SourceUnavailable, match="more rows than Excel reads"):
        connect(lake(tmp_path)).describe("data.xlsx/s")


def test_copies_are_made_once_follow_their_files_and_are_made_again_when_gone(tmp_path: Path) -> None:
    workbook(tmp_path / "data.xlsx", s=[("a",), (1,)])
    source, copies = lake(tmp_path / "data.xlsx"), PrivateCopies(tmp_path / "copies")
    connector = connect(source, copies)
    scanned = connector.scan(expected(source, "data.xlsx/s"))
    assert connector.scan(expected(source, "data.xlsx/s")) == scanned
    (copy,) = scanned.files
    assert copy.is_relative_to(tmp_path / "copies")
    assert (tmp_path / "copies").stat().st_mode & 0o077 == 0
    copy.unlink()
    copy.parent.rmdir()
    connector.scan(expected(source, "data.xlsx/s"))
    assert copy.exists()
    workbook(tmp_path / "data.xlsx", s=[("a",), (2,)])
    assert connector.scan(expected(source, "data.xlsx/s")).files != scanned.files
    assert read(source, expected(source, "data.xlsx/s")) == [{"a": 2}]


def test_copies_that_were_not_asked_for_the_longest_go_first(tmp_path: Path) -> None:
    copies = PrivateCopies(tmp_path, capacity_bytes=250)
    for key in ("a", "b"):
        copies.file(key, "x", lambda target: target.write_bytes(bytes(100)))
    assert copies.stand([place / "x" for place in tmp_path.iterdir()])
    old = copies.file("a", "x", lambda target: target.write_bytes(b"made anew"))
    os.utime(old.parent, (1, 1))
    (tmp_path / "draft-left").mkdir()
    os.utime(tmp_path / "draft-left", (1, 1))
    newest = copies.file("c", "x", lambda target: target.write_bytes(bytes(100)))
    assert newest.exists()
    assert not old.exists()
    assert len(list(tmp_path.iterdir())) == 2


def test_a_copy_that_would_fill_the_disk_is_refused_once_old_ones_have_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies, gib = PrivateCopies(tmp_path), 2**30
    old, new = (copies.file(name, name, lambda path: path.write_text("x")) for name in ("old", "new"))
    os.utime(old.parent, (0, 0))
    free = {True: gib, False: 3 * gib}
    monkeypatch.setattr(
        "shutil.disk_usage", lambda _: SimpleNamespace(total=9 * gib, used=0, free=free[old.parent.is_dir()])
    )
    copies.refuse_without_room("visits.csv", gib)
    assert (old.exists(), new.exists()) == (False, True)
    with pytest.raises(
        LimitExceeded, match=r"no room for a private copy of `visits\.csv`: it takes 2,147,483,649 bytes"
    ):
        copies.refuse_without_room("visits.csv", 2 * gib + 1)
    assert new.exists()


@pytest.mark.parametrize("form", ["in place", "put there", "another delimiter"])
def test_file_that_is_written_over_while_it_is_read_gives_no_copy(tmp_path: Path, form: str) -> None:
    file, copies = tmp_path / "data" / "people.csv", tmp_path / "copies"
    encoding = "utf-8" if form == "another delimiter" else "utf-16"
    write(file, "name,ssn\nAnn,1\n".encode(encoding))
    write(tmp_path / "data" / "more.csv", "name;ssn\nBob;2\nCy;3\n")
    names = ("more.csv", "people.csv") if form == "another delimiter" else ("people.csv",)
    options = FileOptions.of("lake", {"path": str(tmp_path / "data")})
    preparations = Preparations(PrivateCopies(copies), options)
    files = FileSet.of(FileKind.CSV, [tmp_path / "data" / name for name in names])
    other = "ssn,name\n1,Ann\n".encode(encoding)
    if form == "put there":
        write(tmp_path / "other", other)
        os.replace(tmp_path / "other", file)
    else:
        write(file, other)
    with pytest.raises(SourceUnavailable, match=r"`people\.csv` changed while it was read"):
        preparations.prepared(files)
    assert not list(copies.rglob("*.csv"))
    again = preparations.prepared(FileSet.of(FileKind.CSV, files.files))
    assert again.files[-1].is_relative_to(copies)


def test_no_copy_is_shared_by_what_is_called_alike_elsewhere(tmp_path: Path) -> None:
    """Whoever answers for a bucket says what an object of it is called, how large it is and when it was written."""
    options, copies = FileOptions.of("lake", {"path": str(tmp_path)}), PrivateCopies(tmp_path / "copies")
    read = []
    for origin in ("hr|s3:https://a.example:443/", "open|s3:https://b.example:443/", "hr|s3:https://a.example:443/"):
        file = tmp_path / "copies" / origin.replace("/", "_") / "people.csv"  # as a bucket's own are
        write(file, f"name\n{origin[0]}\n".encode("utf-16"))
        files = FileSet.of(FileKind.CSV, [file])
        copy = Preparations(copies, options, origin).prepared(replace(files, states=("lake/people.csv:1",))).files[0]
        read.append(copy.read_text())
    assert read == ["name\nh\n", "name\no\n", "name\nh\n"]


FHIR = (
    '{"resourceType": "Patient", "id": "p1", "name": [{"family": "Chalmers", "given": ["Peter", "James"]}], '
    '"telecom": [{"system": "phone", "value": "(555) 555-0101"}], "birthDate": "1974-12-25", '
    '"address": [{"line": ["534 Erewhon St"], "city": "PleasantVille", "postalCode": "3999"}]}\n'
    '{"resourceType": "Patient", "id": "p2", "name": [{"family": "Windsor", "given": ["Amy"]}], '
    '"birthDate": "1987-02-20", "gender": "female"}\n'
)


def test_fields_of_fhir_resources_are_crawled_and_tagged(tmp_path: Path) -> None:
    write(tmp_path / "Patient.ndjson", FHIR)
    write(
        tmp_path / "Observation.ndjson", '{"resourceType": "Observation", "id": "o1", "valueQuantity": {"value": 1}}\n'
    )
    report = crawl_folder(str(tmp_path))
    assert report.failed == ()
    patient = next(each for each in report.crawled if each.name == "Patient")
    assert [field.name for field in next(each for each in patient.fields if each.name == "name").fields] == [
        "family",
        "given",
    ]
    tagged = {".".join(suggestion.path) for suggestion in patient.suggestions}
    assert {"name.given", "birthDate", "address.city", "address.postalCode"} <= tagged
    assert [row["id"] for row in rows(lake(tmp_path), "Patient.ndjson")] == ["p1", "p2"]
