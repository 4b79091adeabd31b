"""Cuts what a source sends anew, so that the engine's vectors begin and end with the same rows however it came.

A driver ends a batch by the bytes of all its columns, hidden ones among them, and a filter leaves fewer rows. The
engine begins a vector with every batch, and some of its operators give the rows of one vector in another order.
"""

from collections.abc import Iterable, Iterator

import pyarrow as pa

VECTOR_ROWS = 2_048
"""Of the engine (`STANDARD_VECTOR_SIZE`)."""

_MOST_BYTES = 2**28  # of so few rows: a batch ends with them whatever it has, as a worker's memory does


def in_vectors(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of whole vectors, but for the last one; little of them is copied.

    Example:
        >>> rows = pa.record_batch({"n": list(range(1_500))})
        >>> [batch.num_rows for batch in in_vectors([rows, rows, rows])]
        [2048, 2048, 404]
    """
    left, rows, held = list[pa.RecordBatch](), 0, 0
    for batch in batches:
        if left and rows + batch.num_rows >= VECTOR_ROWS:
            first = VECTOR_ROWS - rows
            yield pa.concat_batches([*left, batch.slice(0, first)])
            left, rows, held, batch = [], 0, 0, batch.slice(first)
        whole = batch.num_rows if not left else 0
        whole -= whole % VECTOR_ROWS
        if whole:
            yield batch.slice(0, whole)
            batch = batch.slice(whole)
        if batch.num_rows:
            left.append(batch)
            rows += batch.num_rows
            held += batch.nbytes
        if held > _MOST_BYTES:
            yield pa.concat_batches(left)
            left, rows, held = [], 0, 0
    if left:
        yield pa.concat_batches(left)
