"""Samples that stay cheap: some places of a big table are read, and of what was read every so-manieth row is kept."""

from collections.abc import Iterable, Iterator

import pyarrow as pa

PLACES = 20


def evenly(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """At most `rows` rows, as far apart as can be.

    Example:
        >>> [kept] = evenly([pa.record_batch({"n": list(range(10))})], 3)
        >>> kept["n"].to_pylist()
        [0, 3, 6]
    """
    read = list(batches)
    if read:
        table = pa.Table.from_batches(read)
        kept = min(rows, table.num_rows)
        yield from table.take([place * table.num_rows // kept for place in range(kept)]).combine_chunks().to_batches()


def places(first: int, last: int) -> Iterator[int]:
    """Some numbers of a range, as far apart as can be.

    Example:
        >>> list(places(0, 100))[:3]
        [0, 5, 10]
    """
    step = max(1, (last - first) // PLACES)
    return iter(range(first, last + 1, step)[:PLACES])
