"""Values of Avro files: read as far as the engine's types reach, and refused by the column beyond them."""

import io
from pathlib import Path

import duckdb
import fastavro
import pytest

from catalog.registry import connect
from tests.catalog.sources.lakes import defects, expected, lake, write


def _avro_plain(path: Path, logical: dict[str, object], values: list[object]) -> None:
    """An Avro file with a column `x` of a type, written as the plain numbers, bytes or texts that it is kept as."""
    files: list[bytes] = []
    for type_ in (
        logical,
        {**logical, "logicalType": "plain", "type": _UNCHECKED.get(str(logical["type"]), logical["type"])},
    ):
        fields = [{"name": "id", "type": "int"}, {"name": "x", "type": type_}]
        schema: dict[str, object] = {"type": "record", "name": "r", "fields": fields}
        lines = [] if type_ is logical else [{"id": id_, "x": value} for id_, value in enumerate(values)]
        stream = io.BytesIO()
        fastavro.writer(stream, schema, lines, sync_marker=bytes(16))
        files.append(stream.getvalue())
    empty = io.BytesIO()
    fastavro.writer(empty, schema, [], sync_marker=bytes(16))
    write(path, files[0] + files[1][len(empty.getvalue()) :])


_UNCHECKED = {"int": "long", "string": "bytes"}
"""Types that are written alike and hold more."""


@pytest.mark.parametrize(
    ("type_", "values", "told"),
    [
        ("int-date", [2932897, -719163, 2**31 - 1], ["10000-01-01", "0001-12-31 (BC)", "infinity"]),
        ("long-timestamp-millis", [253402300800000], ["10000-01-01 00:00:00+00"]),
        ("long-timestamp-micros", [2**63 - 1], ["infinity"]),
        ("long-local-timestamp-micros", [-62135596800000001], ["0001-12-31 (BC) 23:59:59.999999"]),
        ("int-time-millis", [86_400_000], ["24:00:00"]),
        ("bytes-decimal", [b"\x01\x86\x9f", b"\xfe\x79\x61", b""], ["999.99", "-999.99", "0.00"]),
    ],
)
def test_avro_values_beyond_pythons_calendar_are_read(
    tmp_path: Path, type_: str, values: list[object], told: list[str]
) -> None:
    kind, _, logical = type_.partition("-")
    _avro_plain(tmp_path / "x.avro", {"type": kind, "logicalType": logical, "precision": 5, "scale": 2}, values)
    source = lake(tmp_path)
    scan = connect(source).scan(expected(source, "x.avro"))
    with duckdb.connect() as engine:
        assert [text for [text] in engine.sql(f"SELECT x::VARCHAR FROM {scan.item} ORDER BY id").fetchall()] == told


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("int-date", 2**31),
        ("int-", 2**31),
        ("long-timestamp-millis", 2**62),
        ("int-time-millis", 86_400_001),
        ("int-time-millis", -1),
        ("bytes-decimal", b"\x01\x86\xa0"),
        ("string-uuid", b"x"),
        ("string-", b"\xff"),
    ],
)
def test_avro_value_of_no_type_is_refused_to_who_reads_its_column(tmp_path: Path, type_: str, value: object) -> None:
    kind, _, logical = type_.partition("-")
    _avro_plain(tmp_path / "x.avro", {"type": kind, "logicalType": logical, "precision": 5, "scale": 2}, [value])
    source = lake(tmp_path)
    scan = connect(source).scan(expected(source, "x.avro"))
    assert scan.may_raise
    assert scan.safe == frozenset({"id"})
    with duckdb.connect() as engine:
        assert engine.sql(f"SELECT id FROM {scan.item} WHERE id < 5").fetchall() == [(0,)]
        for reading in ("SELECT x", "SELECT count(x)", "SELECT id", "SELECT 1"):
            where = "" if "x" in reading else "WHERE x IS NULL"
            with pytest.raises(duckdb.Error, match="a column has cells that are no values of its type"):
                engine.sql(f"{reading} FROM {scan.item} {where}").fetchall()
    told = "the column `x` has cells that are no values of its type: queries that read it are refused (x.avro)"
    assert defects(source, "x.avro") == (told,)
