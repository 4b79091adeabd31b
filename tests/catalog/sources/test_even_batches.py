"""Where the batches of a result end hangs on the rows in them alone, in whatever pieces they came."""

import random
from collections.abc import Iterator, Sequence

import duckdb
import pyarrow as pa
import pytest

from catalog.sources import even_batches
from catalog.sources.even_batches import EvenBatches

EVERY_SHAPE = (
    "select i, case when i % 3 = 0 then null else repeat('x', i % 40) end as s, [i, i + 1] as l,"
    " {'a': i, 'b': [s]} as t, map([i], [s]) as m, union_value(a := i) as u, i % 2 = 0 as b,"
    " i::decimal(20, 2) as d, []::union(a int)[] as e from range(5000) as r(i)"
)


def _cut(pieces: Sequence[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    even = EvenBatches(rows)
    for piece in pieces:
        even.add(piece)
        while (batch := even.take()) is not None:
            yield batch
    if (batch := even.rest()) is not None:
        yield batch
    assert even.rest() is None


def _in_pieces(whole: pa.RecordBatch, chance: random.Random) -> list[pa.RecordBatch]:
    most = chance.choice((3, 200, 3_000))
    pieces, at = [], 0
    while at < whole.num_rows:
        length = chance.randrange(0, most)
        pieces.append(whole.slice(at, length))
        at += length
    return pieces


@pytest.mark.parametrize("most_bytes", [3_000, 40_000, even_batches.MOST_BYTES])
@pytest.mark.parametrize("rows", [1, 100, 1_000, 100_000])
def test_batches_end_in_the_same_places_whatever_pieces_came(
    rows: int, most_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(even_batches, "MOST_BYTES", most_bytes)
    with duckdb.connect() as engine:
        [whole] = engine.sql(EVERY_SHAPE).to_arrow_table().combine_chunks().to_batches()
    chance = random.Random(rows + most_bytes)
    at_once = [batch.num_rows for batch in _cut([whole], rows)]
    assert sum(at_once) == whole.num_rows
    assert max(at_once) <= rows
    for _ in range(6):
        cut = list(_cut(_in_pieces(whole, chance), rows))
        assert [batch.num_rows for batch in cut] == at_once
        assert pa.Table.from_batches(cut).combine_chunks().to_batches()[0].to_pylist() == whole.to_pylist()


def test_large_rows_do_not_gather(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few rows come at a time, and however large each is."""
    monkeypatch.setattr(even_batches, "MOST_BYTES", 100_000)
    even, given = EvenBatches(1_000_000), []
    for _ in range(50):
        even.add(pa.record_batch({"s": ["x" * 30_000]}))
        while (batch := even.take()) is not None:
            given.append(batch.num_rows)
    assert given == [4] * 12
    even.add(pa.record_batch({"s": ["x" * 300_000] * 3}))
    taken = [even.take(), even.take(), even.take(), even.take()]
    assert [batch and batch.num_rows for batch in taken] == [3, 1, 1, None]


def test_of_no_rows_nothing_is_left() -> None:
    even = EvenBatches(10)
    even.add(pa.record_batch({"n": pa.array([], pa.int32())}))
    assert even.take() is None
    assert even.rest() is None
