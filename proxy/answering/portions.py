"""Cuts an answer into portions that stay small as objects of Python, whatever lies in its rows.

A batch has so many rows, and one cell of a row may be a list of millions. What makes objects of values, a result as
JSON or CSV and the rows of a page, takes them in portions from here; Arrow and Parquet need none.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

import numpy as np
import pyarrow as pa

from catalog.errors import LimitExceeded
from catalog.sources.row_bytes import Sizes, row_bytes

PORTION_BYTES = 2_000_000
"""What the values of a portion may take, unless it is one row."""

ROW_BYTES = 16_000_000
"""What the values of one row may take."""

_VALUE_BYTES = 40  # an object of Python, whatever it holds
_LIGHT_BYTES = 2  # few, as each portion costs some work for each of its columns


def in_portions(
    batches: Iterable[pa.RecordBatch], is_light: Callable[[pa.DataType], bool] = lambda kind: False
) -> Iterator[pa.RecordBatch]:
    """The rows of the batches in order, in portions of few bytes; LimitExceeded where one row has too many.

    The first batch is looked at when this is called, so that most of what is too large is refused before the first
    byte of an answer. `is_light` tells the kinds of columns of which no objects are made.

    Example:
        >>> [portion.num_rows for portion in in_portions([pa.record_batch({"text": ["a" * 800_000] * 3})])]
        [2, 1]
    """
    rest = iter(batches)
    first = next(rest, None)
    begun = iter(()) if first is None else _portions(first, is_light)
    return chain(begun, chain.from_iterable(_portions(batch, is_light) for batch in rest))


def beginning(batches: Iterable[pa.RecordBatch], schema: pa.Schema, most: int) -> tuple[pa.Table, bool]:
    """The first rows of an answer, as many of `most` as one row might take, and whether there are more.

    Example:
        >>> rows = pa.record_batch({"n": [1, 2, 3]})
        >>> beginning([rows], rows.schema, 2)[0]["n"].to_pylist()
        [1, 2]
    """
    taken, count, left = [], 0, ROW_BYTES
    for portion in in_portions(batches):
        ends = np.cumsum(_sizes(portion))
        fitting = min(int(np.searchsorted(ends, left, side="right")), most - count)
        taken.append(portion.slice(0, fitting))
        if fitting < portion.num_rows:
            return pa.Table.from_batches(taken, schema), True
        count += fitting
        left -= int(ends[-1])
    return pa.Table.from_batches(taken, schema), False


def _portions(batch: pa.RecordBatch, is_light: Callable[[pa.DataType], bool]) -> Iterator[pa.RecordBatch]:
    """INVARIANT: what is refused is refused here, and not when the first of the portions is taken."""
    sizes = _sizes(batch, is_light)
    if len(sizes) and int(sizes.max()) > ROW_BYTES:
        raise LimitExceeded(
            f"a row of the answer has more than {ROW_BYTES // _VALUE_BYTES:,} values, or {ROW_BYTES // 10**6} MB of"
            " text and names of fields, too much to be written out in this format",
            hint="ask for the format `arrow` or `parquet`, or for less of the row",
        )
    return _cut(batch, np.cumsum(sizes))


def _cut(batch: pa.RecordBatch, ends: Sizes) -> Iterator[pa.RecordBatch]:
    start, before = 0, 0
    while start < batch.num_rows:
        end = max(start + 1, int(np.searchsorted(ends, before + PORTION_BYTES, side="right")))
        yield batch.slice(start, end - start)
        start, before = end, int(ends[end - 1])


def _sizes(batch: pa.RecordBatch, is_light: Callable[[pa.DataType], bool] = lambda kind: False) -> Sizes:
    """What each row takes, more rather than less."""
    sizes = row_bytes(batch, _VALUE_BYTES, _name_bytes)
    return sizes - sum(is_light(kind) for kind in batch.schema.types) * (_VALUE_BYTES - _LIGHT_BYTES)


def _name_bytes(name: str) -> int:
    """What the name of a field takes each time it is written in JSON, whose quotes CSV doubles."""
    written = json.dumps(name, ensure_ascii=False)
    return len(written.encode("utf-8", "replace")) + written.count('"')
