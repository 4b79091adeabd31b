"""What makes objects of values takes few at a time, whatever lies in a row, and the rows stay as they were."""

import json
from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest

from catalog.errors import LimitExceeded
from proxy.answering import portions
from proxy.answering.moments import as_texts
from proxy.answering.portions import beginning, in_portions
from proxy.answering.wire import Format, encode

LONG = "a" * 9_000
NESTS = (
    "i",
    "'text ' || i",
    "blob 'ab'",
    "range(i % 5)",
    "CASE WHEN i % 3 > 0 THEN [[i, NULL], NULL, range(i % 4)] END",
    "[i, i]::BIGINT[2]",
    "{'a': i, 'b': [{'c': 'x' || i}]}",
    "map([1, i + 2], [range(3), NULL])",
    "CASE WHEN i % 2 = 0 THEN i::UNION(n BIGINT, l BIGINT[]) ELSE [i]::UNION(n BIGINT, l BIGINT[]) END",
    "('e' || i % 3)::ENUM('e0', 'e1', 'e2')",
    "[TIMESTAMP '2026-01-31' + INTERVAL (i) HOUR]",
)


def rows(item: str, count: int) -> pa.RecordBatch:
    with duckdb.connect() as connection:
        [batch] = connection.sql(f"SELECT i, {item} AS v FROM range({count}) AS r(i)").to_arrow_table().to_batches()
    return batch


def values(cell: object) -> int:
    """How many objects Python makes of a cell."""
    inner = cell.values() if isinstance(cell, dict) else cell if isinstance(cell, list | tuple) else ()
    return 1 + sum(map(values, inner))


@pytest.mark.parametrize("item", NESTS)
def test_portions_hold_few_values_and_all_the_rows(item: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions, "PORTION_BYTES", 40 * 60)
    whole = rows(item, 100)
    for batch in (whole, whole.slice(13), whole.slice(13, 40)):
        cut = list(in_portions([batch]))
        assert [row for portion in cut for row in portion.to_pylist()] == batch.to_pylist()
        assert len(cut) > 1
        assert max(sum(values(list(row.values())) - 1 for row in portion.to_pylist()) for portion in cut) <= 60


@pytest.mark.parametrize("item", NESTS)
@pytest.mark.parametrize("form", [Format.JSON, Format.CSV])
def test_an_answer_is_the_same_in_however_many_portions(
    form: Format, item: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = rows(item, 100)
    at_once = b"".join(encode(form, batch.schema, [batch]))
    monkeypatch.setattr(portions, "PORTION_BYTES", 100)
    pieces = list(encode(form, batch.schema, [batch]))
    assert len(pieces) > 3
    assert b"".join(pieces) == at_once


def test_of_a_part_of_a_column_no_more_is_made_than_lies_in_it() -> None:
    batch = rows("[TIMESTAMP '2026-01-31' + INTERVAL (i) HOUR]", 1_000)
    assert len(as_texts(batch.slice(0, 3)["v"]).values) == 3


@pytest.mark.parametrize("form", [Format.JSON, Format.CSV])
@pytest.mark.parametrize(
    "item",
    [
        *("range(500000)", "repeat('x', 17000000)", "map([1], [range(500000)])", "[[range(500000)]]"),
        f"list_transform(range(2000), lambda x: {{'{LONG}': x}})",
        f"list_transform(range(2000), lambda x: {{'a': [{{'{LONG}': x}}]}})",
        f"map([1], [[{{'{LONG}': x}} for x in range(2000)]])",
    ],
    ids=lambda item: item[:40],
)
def test_a_row_that_is_too_large_is_refused_before_the_first_byte(form: Format, item: str) -> None:
    batch = rows(item, 1)
    with pytest.raises(LimitExceeded) as refused:
        encode(form, batch.schema, [batch])
    assert "`arrow`" in refused.value.hint


@pytest.mark.parametrize("form", [Format.JSON, Format.CSV])
@pytest.mark.parametrize(
    "letter", ["a", "é", '"', "\\", "\a"], ids=["plain", "two bytes", "quote", "backslash", "bell"]
)
def test_names_of_fields_count_each_time_they_are_written(form: Format, letter: str) -> None:
    name = letter * 2_000
    fields = [pa.array([1, 2] * 700), pa.array([None, "x"] * 700)]
    batch = pa.record_batch({"v": pa.StructArray.from_arrays(fields, [name, "b"])})
    pieces = list(encode(form, batch.schema, [batch, batch]))
    assert len(pieces) > 3
    assert max(map(len, pieces)) <= 1.1 * portions.PORTION_BYTES


def test_names_beneath_null_count_for_nothing() -> None:
    batch = rows(f"list_transform(range(50000), lambda x: NULL::STRUCT({LONG} BIGINT))", 1)
    assert len(list(in_portions([batch]))) == 1


@pytest.mark.parametrize("form", [Format.JSON, Format.CSV])
def test_a_later_row_that_is_too_large_never_leaves_an_answer_that_looks_whole(form: Format) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield rows("[i]", 2)
        yield rows("range(500000)", 1)

    sent = list[bytes]()
    pieces = encode(form, rows("[i]", 1).schema, batches())
    with pytest.raises(LimitExceeded):
        sent.extend(pieces)
    told = b"".join(sent)
    assert b"[1]" in told
    with pytest.raises(json.JSONDecodeError):
        json.loads(told)


@pytest.mark.parametrize("form", [Format.ARROW, Format.PARQUET])
def test_other_forms_take_any_row(form: Format) -> None:
    batch = rows("range(500000)", 1)
    assert sum(map(len, encode(form, batch.schema, [batch]))) > 100_000


def test_the_beginning_has_as_many_rows_as_are_asked_for_or_fit() -> None:
    few, many = rows("i", 3), rows("range(150000)", 5)
    assert beginning([few, few], few.schema, 6)[1] is False
    table, is_cut = beginning([few, few], few.schema, 5)
    assert (table["i"].to_pylist(), is_cut) == ([0, 1, 2, 0, 1], True)
    table, is_cut = beginning([many], many.schema, 5)
    assert (table["i"].to_pylist(), is_cut) == ([0, 1], True)
    with pytest.raises(LimitExceeded):
        beginning([rows("range(500000)", 1)], many.schema, 5)
    assert beginning([], few.schema, 5)[0].num_rows == 0
