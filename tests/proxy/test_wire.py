"""The four forms of a result: exact, complete, and cut so that every reader notices."""

import contextlib
import csv
import io
import json
from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.errors import SqlUnsupported
from proxy.answering import row_groups
from proxy.answering.cells import json_rows
from proxy.answering.wire import Format, encode

EVERYTHING = """
select 1::hugeint as huge, 9007199254740993 as beyond, 42 as small, 10.50::decimal(9,2) as price, 1.5::double as ratio,
  'nan'::double as nan, '-infinity'::double as low, true as yes, 'é"x' as text, date '2026-01-31' as day,
  timestamp '2026-01-31 12:30:00.25' as moment, timestamptz '2026-01-31 12:30:00+02' as zoned,
  timestamp '99999-01-01' as far, interval '1 month 2 days 3.5 seconds' as span, blob 'ab' as bytes,
  [1, 2] as list, {'a': 1.50::decimal(5,2)} as struct, map {'k': 1} as map, 'x'::enum('x', 'y') as choice,
  null as nothing
"""


@pytest.fixture(scope="module")
def everything() -> Iterator[pa.Table]:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection.sql(EVERYTHING).to_arrow_table()


def whole(form: Format, table: pa.Table) -> bytes:
    return b"".join(encode(form, table.schema, table.to_batches(), decision_id="d", revision=7))


def test_json_keeps_every_value_exact_for_javascript(everything: pa.Table) -> None:
    read = json.loads(whole(Format.JSON, everything))
    assert (read["decision_id"], read["revision"], read["truncated"]) == ("d", 7, False)
    row = dict(zip((column["name"] for column in read["columns"]), read["rows"][0], strict=True))
    assert row == {
        "huge": 1,
        "beyond": "9007199254740993",
        "small": 42,
        "price": "10.50",
        "ratio": 1.5,
        "nan": "NaN",
        "low": "-Infinity",
        "yes": True,
        "text": 'é"x',
        "day": "2026-01-31",
        "moment": "2026-01-31T12:30:00.250000",
        "zoned": "2026-01-31T10:30:00.000000Z",
        "far": "99999-01-01T00:00:00.000000",
        "span": "P1M2DT3.5S",
        "bytes": "YWI=",
        "list": [1, 2],
        "struct": {"a": "1.50"},
        "map": [["k", 1]],
        "choice": "x",
        "nothing": None,
    }


def test_csv_says_the_same_in_text(everything: pa.Table) -> None:
    header, row = csv.reader(io.StringIO(whole(Format.CSV, everything).decode(), newline=""))
    cells = dict(zip(header, row, strict=True))
    assert cells["beyond"] == "9007199254740993"
    assert cells["price"] == "10.50"
    assert cells["text"] == 'é"x'
    assert cells["struct"] == '{"a":"1.50"}'
    assert cells["nothing"] == ""


def test_csv_follows_rfc_4180_and_tells_null_from_empty() -> None:
    table = pa.table({"a": ["x,y", 'say "hi"', "two\nlines", "", None], "b": [1, None, 3, 4, 5]})
    assert whole(Format.CSV, table) == b'a,b\r\n"x,y",1\r\n"say ""hi""",\r\n"two\nlines",3\r\n"",4\r\n,5\r\n'


def test_csv_does_not_alter_what_a_spreadsheet_would_take_for_a_formula() -> None:
    assert whole(Format.CSV, pa.table({"a": ["=1+1", "@x", "-2"]})) == b"a\r\n=1+1\r\n@x\r\n-2\r\n"


def test_csv_of_one_column_keeps_the_rows_that_are_null() -> None:
    table = pa.table({"a": pa.array([None, "x", None], pa.string())})
    assert len(pd.read_csv(io.BytesIO(whole(Format.CSV, table)))) == 3


def test_csv_quotes_column_names_that_need_it() -> None:
    assert whole(Format.CSV, pa.table({'a "b", c': [1]})) == b'"a ""b"", c"\r\n1\r\n'


@pytest.mark.parametrize("form", [Format.ARROW, Format.PARQUET])
def test_typed_forms_keep_types_and_values(form: Format) -> None:
    table = pa.table(
        {"id": [1, 2], "price": pa.array([Decimal("1.50"), None], pa.decimal128(9, 2)), "name": ["a", None]}
    )
    read = (
        pa.ipc.open_stream(whole(form, table)).read_all()
        if form is Format.ARROW
        else pq.read_table(io.BytesIO(whole(form, table)))
    )
    assert read.equals(table)


def test_arrow_carries_dictionaries() -> None:
    table = pa.table({"c": pa.array(["x", "y", "x"]).dictionary_encode()})
    assert pa.ipc.open_stream(whole(Format.ARROW, table)).read_all().equals(table)


@pytest.mark.parametrize("form", list(Format))
def test_an_empty_result_keeps_its_columns(form: Format) -> None:
    data = whole(form, pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())}))
    match form:
        case Format.JSON:
            read = json.loads(data)
            assert [column["name"] for column in read["columns"]] == ["a", "b"]
            assert read["rows"] == []
        case Format.CSV:
            assert data == b"a,b\r\n"
        case Format.ARROW:
            assert pa.ipc.open_stream(data).schema.names == ["a", "b"]
        case Format.PARQUET:
            assert pq.read_schema(io.BytesIO(data)).names == ["a", "b"]


def test_parquet_refuses_a_type_it_cannot_hold_before_the_first_byte(everything: pa.Table) -> None:
    with pytest.raises(SqlUnsupported, match="`span`"):
        encode(Format.PARQUET, everything.schema, everything.to_batches())


@pytest.mark.parametrize("form", [Format.ARROW, Format.JSON, Format.PARQUET])
def test_a_failing_source_never_leaves_a_form_that_is_whole(form: Format) -> None:
    table = pa.table({"a": [1, 2, 3]})

    def failing() -> Iterator[pa.RecordBatch]:
        yield from table.to_batches()
        raise ConnectionError

    pieces = encode(form, table.schema, failing())
    sent = b""
    with contextlib.suppress(ConnectionError):
        for piece in pieces:
            sent += piece
    match form:
        case Format.JSON:
            with pytest.raises(json.JSONDecodeError):
                json.loads(sent)
        case Format.ARROW:
            assert not sent.endswith(b"\xff\xff\xff\xff\x00\x00\x00\x00")
        case _:
            with pytest.raises(pa.ArrowInvalid):
                pq.read_table(io.BytesIO(sent))


@pytest.mark.parametrize("form", list(Format))
def test_pieces_come_batch_by_batch(form: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_groups, "GROUP_BYTES", 16_000)  # what a batch takes here
    taken: list[int] = []

    def counting() -> Iterator[pa.RecordBatch]:
        for number in range(50):
            taken.append(number)
            yield pa.record_batch({"a": list(range(2_000))})

    pieces = encode(form, pa.schema([("a", pa.int64())]), counting())
    for _ in range(3):
        next(pieces)
    assert len(taken) <= 4
    pieces.close()  # type: ignore[attr-defined]  # every encoder is a generator


@pytest.mark.parametrize("form", [Format.JSON, Format.CSV])
def test_a_day_beyond_the_years_of_python_is_written(form: Format) -> None:
    days = pa.array([0, 10**7, None, -(10**6)], pa.int32()).cast(pa.date32())
    batch = pa.record_batch({"day": days, "n": [1, 2, 3, 4]})
    text = b"".join(encode(form, batch.schema, [batch])).decode()
    assert all(day in text for day in ("1970-01-01", "29349-01-26", "-768-02-04"))


NESTS = (
    "[d, NULL]",
    "[d]::DATE[1]",
    "{'a': [{'b': d}]}",
    "map([coalesce(d, DATE '2026-01-01')], [d])",
    "CASE WHEN d > DATE '2020-01-01' THEN d::UNION(d DATE, n INT) ELSE 7::UNION(d DATE, n INT) END",
    "CASE WHEN d > DATE '2020-01-01' THEN [d] END",
)


@pytest.mark.parametrize("unit", ["DATE", "TIMESTAMP_S", "TIMESTAMP", "TIMESTAMPTZ"])
@pytest.mark.parametrize("nest", NESTS)
@pytest.mark.parametrize("form", [Format.JSON, Format.CSV])
def test_days_and_moments_within_others_are_written_like_those_alone(form: Format, nest: str, unit: str) -> None:
    days = "unnest([DATE '2026-01-31', DATE '10000-01-02', DATE '-infinity', NULL]) AS d"
    sql = f"SELECT d, {nest} AS v FROM (SELECT {days})".replace("DATE", unit)
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        [batch] = connection.sql(sql).to_arrow_table().to_batches()
    for some in (batch, batch.slice(1)):
        alone = [json.loads(row)[0] for row in json_rows(some.select(["d"]))]
        text = b"".join(encode(form, some.schema, [some], decision_id="d", revision=7)).decode()
        near = [day for day in alone if day is not None and day[:5] in ("2026-", "10000")]
        assert [day[:10] for day in near] == ["2026-01-31", "10000-01-0"][-len(near) :]
        assert all(text.count(day) > 1 for day in near), "alone, and within the other column"


def test_parquet_holds_moments_in_seconds_and_infinite_ones() -> None:
    moments = "['infinity'::timestamp_s, '-infinity', null, '1969-12-31 23:59:59', '9999-12-31 23:59:59']"
    sql = f"""
        WITH moment AS (SELECT unnest({moments}) AS day, unnest(range(5)) AS n)
        SELECT day, [day, null] AS list, {{'in': {{'day': day}}, 'n': n}} AS struct, map {{day: [day]}} AS map,
            [day, day]::timestamp_s[2] AS pair, n FROM moment WHERE day IS NOT NULL ORDER BY n
    """
    with duckdb.connect() as connection:
        given = connection.sql(sql).to_arrow_table()
        assert given.schema.field("day").type == pa.timestamp("s")
        batches = [batch.slice(1) for batch in given.to_batches()]
        read = pq.read_table(io.BytesIO(b"".join(encode(Format.PARQUET, given.schema, batches))))
        assert read.schema.field("struct").type.field("in").type.field("day").type == pa.timestamp("ms")
        texts = "SELECT day::VARCHAR, list::VARCHAR, struct::VARCHAR, map::VARCHAR, pair::VARCHAR FROM {} ORDER BY n"
        assert connection.sql(texts.format("read")).fetchall() == connection.sql(texts.format("given")).fetchall()[1:]


@pytest.mark.parametrize("form", [Format.CSV, Format.JSON])
def test_wide_rows_become_text_a_few_at_a_time(form: Format) -> None:
    table = pa.table({"n": range(2_000), "s": ["é" * 10_000] * 2_000})
    [batch] = table.to_batches()
    pieces = list(encode(form, table.schema, [batch.slice(0, 1_999)]))
    assert max(map(len, pieces)) < 2 * 2**20
    read = (
        [[int(number), text] for number, text in list(csv.reader(io.StringIO(b"".join(pieces).decode())))[1:]]
        if form is Format.CSV
        else json.loads(b"".join(pieces))["rows"]
    )
    assert read == [list(row.values()) for row in table.slice(0, 1_999).to_pylist()]
