"""Takes batches apart by their bytes: a batch is counted in rows, and a row may be of any width."""

from collections.abc import Iterator

import pyarrow as pa


def parts(batch: pa.RecordBatch, most_bytes: int) -> Iterator[pa.RecordBatch]:
    """The batch in its order, in parts of at most so many bytes; a single row is never taken apart.

    Nothing is copied.

    Example:
        >>> [part.num_rows for part in parts(pa.record_batch({"n": list(range(8))}), 32)]
        [4, 4]
    """
    rows = batch.num_rows
    if rows <= 1 or batch.nbytes <= most_bytes:
        yield batch
        return
    yield from parts(batch.slice(0, rows // 2), most_bytes)
    yield from parts(batch.slice(rows // 2), most_bytes)
