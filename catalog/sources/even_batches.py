"""Cuts a result anew, so that where its batches end hangs on the rows in them alone.

An engine ends a batch where one of its source ends, and that may hang on columns and rows that nobody is shown: of
PostgreSQL come as many rows at a time as fill some megabytes, with the columns that only a policy's filter reads.
"""

import pyarrow as pa

from catalog.sources.parts_of_batches import streamed_bytes

MOST_BYTES = 16 * 2**20
"""Of a batch as a stream holds it: one that reaches it ends, at a multiple of `STEP` rows."""

STEP = 64


class EvenBatches:
    """Takes batches of whatever lengths and gives them back with `rows` rows each, fewer where they are large.

    It holds at most what is to be the next batch, and the batch that came last.

    Example:
        >>> even = EvenBatches(3)
        >>> for _ in range(2):
        ...     even.add(pa.record_batch({"n": [1, 2]}))
        >>> even.take().to_pydict(), even.take(), even.rest().to_pydict(), even.rest()
        ({'n': [1, 2, 1]}, None, {'n': [2]}, None)
    """

    def __init__(self, rows: int) -> None:
        self._most_rows = rows
        self._parts: list[pa.RecordBatch] = []
        self._rows = 0
        self._bytes = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Takes one more batch."""
        if batch.num_rows:
            self._parts.append(batch)
            self._rows += batch.num_rows
            self._bytes += streamed_bytes(batch)

    def take(self) -> pa.RecordBatch | None:
        """The next batch, None where rows to come may still belong to it."""
        if self._rows < self._most_rows and self._bytes < MOST_BYTES:
            return None
        whole = self._gathered()
        length = _length(whole, self._most_rows)
        self._keep(whole if length is None else whole.slice(length))
        return None if length is None else whole.slice(0, length)

    def rest(self) -> pa.RecordBatch | None:
        """What is left when nothing more is to come and nothing can be taken; None for no rows."""
        if not self._rows:
            return None
        whole = self._gathered()
        self._keep(whole.slice(whole.num_rows))
        return whole

    def _gathered(self) -> pa.RecordBatch:
        return self._parts[0] if len(self._parts) == 1 else pa.concat_batches(self._parts)

    def _keep(self, batch: pa.RecordBatch) -> None:
        self._parts, self._rows, self._bytes = [], 0, 0
        self.add(batch)


def _length(batch: pa.RecordBatch, most: int) -> int | None:
    """How many of the first rows make a batch: as many as may be, or the first multiple of `STEP` that is large.

    None where that cannot be told without more rows.
    """
    longest = min(most, batch.num_rows)
    if streamed_bytes(batch.slice(0, longest)) < MOST_BYTES:
        return most if longest == most else None
    low, high = 0, -(-longest // STEP)  # in steps: of `low` it is not large, of `high` it is
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if streamed_bytes(batch.slice(0, middle * STEP)) >= MOST_BYTES else (middle, high)
    length = min(high * STEP, most)
    return length if length <= batch.num_rows else None
