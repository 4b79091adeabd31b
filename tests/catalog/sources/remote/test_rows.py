"""Rows that a driver gives as objects are asked for a few at a time, as each of them may be large."""

from collections.abc import Sequence

from catalog.sources.remote.rows import batches
from catalog.sources.remote.snapshot import RemoteColumn

COLUMN = RemoteColumn(name="t", type="VARCHAR", expression="t")


def test_few_rows_are_held_at_once() -> None:
    asked: list[int] = []

    def fetch(count: int) -> Sequence[tuple[object, ...]]:
        asked.append(count)
        return [("text",)] * count if len(asked) < 4 else []

    assert [batch.num_rows for batch in batches(fetch, [COLUMN], "t")] == asked[:-1]
    assert max(asked) * 250_000 < 2**28  # of texts of this length
