"""Takes batches apart by their bytes: a batch is counted in rows, and a row may be of any width."""

from collections.abc import Iterator

import pyarrow as pa

from catalog.sources.row_bytes import row_bytes

_OF_A_VALUE = 8


def parts(batch: pa.RecordBatch, most_bytes: int) -> Iterator[pa.RecordBatch]:
    """The batch in its order, in parts of at most so many bytes; a single row is never taken apart.

    Nothing is copied.

    Example:
        >>> [part.num_rows for part in parts(pa.record_batch({"n": list(range(2_000))}), 9_000)]
        [1000, 1000]
    """
    rows = batch.num_rows
    if rows <= 1 or held_bytes(batch) <= most_bytes:
        yield batch
        return
    yield from parts(batch.slice(0, rows // 2), most_bytes)
    yield from parts(batch.slice(rows // 2), most_bytes)


def held_bytes(batch: pa.RecordBatch) -> int:
    """What the values of a batch take, whatever memory they lie in.

    Example:
        >>> held_bytes(pa.record_batch({"n": [1, 2], "s": ["abc", None]}))
        35
    """
    return int(row_bytes(batch, _OF_A_VALUE).sum())
