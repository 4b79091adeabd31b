"""Takes batches apart by their bytes: a batch is counted in rows, and a row may be of any width."""

from collections.abc import Iterator

import pyarrow as pa


def parts(batch: pa.RecordBatch, most_bytes: int) -> Iterator[pa.RecordBatch]:
    """The batch in its order, in parts of at most so many bytes; a single row is never taken apart.

    Nothing is copied.

    Example:
        >>> [part.num_rows for part in parts(pa.record_batch({"n": list(range(2_000))}), 9_000)]
        [1000, 1000]
    """
    rows = batch.num_rows
    if rows <= 1 or streamed_bytes(batch) <= most_bytes:
        yield batch
        return
    yield from parts(batch.slice(0, rows // 2), most_bytes)
    yield from parts(batch.slice(rows // 2), most_bytes)


def streamed_bytes(batch: pa.RecordBatch) -> int:
    """The bytes of a batch in a stream, which hang on its own rows alone, whatever memory it shares with others.

    Example:
        >>> rows = pa.record_batch({"n": list(range(2_000))})
        >>> streamed_bytes(rows.slice(0, 8)) == streamed_bytes(pa.record_batch({"n": list(range(8))}))
        True
    """
    size: int = pa.ipc.get_record_batch_size(batch)
    return size
