"""Rows that wait for a comparison."""

from collections.abc import Iterator

import pyarrow as pa
import pytest

from catalog.sources.remote.compared import compared


def test_no_batch_is_given_before_a_comparison_that_began_when_it_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, read, seen = [0.0], [0], [0]
    monkeypatch.setattr("catalog.sources.remote.compared.time.monotonic", lambda: clock[0])

    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(1, 101):
            clock[0] += 1
            read[0] = number
            yield pa.record_batch({"n": [number]})

    comparisons = []

    def compare() -> None:
        seen[0] = read[0]
        comparisons.append(read[0])
        clock[0] += 2

    given = []
    for batch in compared(batches(), compare):
        [number] = batch["n"].to_pylist()
        assert number <= seen[0]
        given.append(number)
    assert given == list(range(1, 101))
    assert comparisons == [1, 19, 37, 55, 73, 91, 100]  # nine times as long as one takes lies between them


def test_what_is_held_back_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, comparisons = [0.0], list[None]()
    monkeypatch.setattr("catalog.sources.remote.compared.time.monotonic", lambda: clock[0])
    batch = pa.record_batch({"n": pa.array([b"x" * 2**23])})

    def compare() -> None:
        comparisons.append(None)
        clock[0] += 1000

    assert sum(1 for _ in compared([batch] * 9, compare)) == 9
    assert len(comparisons) == 4  # the first, two of four each, and the end


def test_nothing_is_given_where_something_differs() -> None:
    def compare() -> None:
        raise ValueError

    given: list[pa.RecordBatch] = []
    with pytest.raises(ValueError):  # noqa: PT011
        given.extend(compared([pa.record_batch({"n": [1]})], compare))
    assert given == []
