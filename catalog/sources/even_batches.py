"""Cuts a result anew, so that where its batches end hangs on the rows in them alone.

An engine ends a batch where one of its source ends, and that may hang on columns and rows that nobody is shown: of
PostgreSQL come as many rows at a time as fill some megabytes, with the columns that only a policy's filter reads.
"""

from collections import deque

import numpy as np
import pyarrow as pa

from catalog.sources.row_bytes import row_bytes

MOST_BYTES = 16 * 2**20
"""A batch ends with the row by which its values reach so many."""

_OF_A_VALUE = 8


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
        self._ready: deque[pa.RecordBatch] = deque()
        self._parts: list[pa.RecordBatch] = []
        self._rows = 0
        self._bytes = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Takes one more batch."""
        ends = np.cumsum(row_bytes(batch, _OF_A_VALUE))
        start, before = 0, 0
        while start < batch.num_rows:
            large = int(
                np.searchsorted(ends, MOST_BYTES - self._bytes + before)
            )  # by this row the batch to be is large
            end = min(large + 1, start + self._most_rows - self._rows)
            self._parts.append(batch.slice(start, min(end, batch.num_rows) - start))
            if end > batch.num_rows:
                self._rows += batch.num_rows - start
                self._bytes += int(ends[-1]) - before
                return
            self._ready.append(self._gathered())
            start, before = end, int(ends[end - 1])

    def take(self) -> pa.RecordBatch | None:
        """The next batch, None where rows to come may still belong to it."""
        return self._ready.popleft() if self._ready else None

    def rest(self) -> pa.RecordBatch | None:
        """What is left when nothing more is to come and nothing can be taken; None for no rows."""
        return self._gathered() if self._parts else None

    def _gathered(self) -> pa.RecordBatch:
        """A copy, so that no memory tells whether the rows came at once: streams show how much of it there is."""
        parts, self._parts, self._rows, self._bytes = self._parts, [], 0, 0
        return pa.concat_batches([*parts, parts[0].slice(0, 0)])
