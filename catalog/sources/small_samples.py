"""The first rows of a relation as far as a sample may hold them: fewer where they are large."""

from collections.abc import Iterable, Iterator

import pyarrow as pa

from catalog.errors import LimitExceeded

SAMPLE_BYTES = 64 * 2**20


def first_of(batches: Iterable[pa.RecordBatch], most: int = SAMPLE_BYTES) -> Iterator[pa.RecordBatch]:
    """As much of batches as a sample may hold, from the beginning; raises LimitExceeded for a larger first row.

    Example:
        >>> batch = pa.record_batch({"n": list(range(8))})
        >>> [some.num_rows for some in first_of([batch, batch], 100)], [some.num_rows for some in first_of([batch], 20)]
        ([8, 4], [2])
    """
    left, is_first = most, True
    for batch in batches:
        some = batch
        while some.nbytes > left and some.num_rows > 1:
            some = some.slice(0, some.num_rows // 2)
        left -= some.nbytes
        if left < 0 and is_first:
            raise LimitExceeded("a row is larger than a sample may be")
        if left >= 0:
            yield some
        if left < 0 or some.num_rows < batch.num_rows:
            return
        is_first = False
