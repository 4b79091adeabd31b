"""How much the rows of a batch hold, as a sum over their values: by it rows are told off, in whatever batch they are.

It hangs on the values alone. What Arrow tells of a batch hangs on its memory too, which may be shared or left over.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Sizes = np.ndarray[Any, np.dtype[np.int64]]
"""Bytes of each row, or of each value."""

_TEXTS = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
)


def _nothing(name: str) -> int:
    """What a name takes where it is told once, with the type."""
    return 0


def row_bytes(batch: pa.RecordBatch, of_a_value: int, of_a_name: Callable[[str], int] = _nothing) -> Sizes:
    """What each row takes: its texts, and so many bytes for each value, also for NULL and for what holds others.

    `of_a_name` says what the name of a field takes each time that a struct is told.

    Example:
        >>> rows = pa.record_batch({"n": [1, 2], "s": ["abc", None], "l": [[1, 2], []]})
        >>> row_bytes(rows, 10).tolist()
        [53, 30]
        >>> row_bytes(pa.record_batch({"s": [{"name": 1}, None]}), 10, len).tolist()
        [24, 20]
    """
    sizes = np.zeros(batch.num_rows, np.int64)
    for column in batch.columns:
        sizes += value_bytes(column, of_a_value, of_a_name)
    return sizes


def value_bytes(column: pa.Array, of_a_value: int, of_a_name: Callable[[str], int] = _nothing) -> Sizes:
    """What each value takes with all that lies within it.

    Example:
        >>> value_bytes(pa.array([{"a": "text", "b": 1}, None]), 10).tolist()
        [34, 30]
    """
    if isinstance(column, pa.ExtensionArray):
        return value_bytes(column.storage, of_a_value, of_a_name)
    kind, sizes = column.type, np.full(len(column), of_a_value, np.int64)
    if any(is_text(kind) for is_text in _TEXTS):
        sizes += _known(pc.binary_length(column))
    elif pa.types.is_fixed_size_binary(kind):
        sizes += kind.byte_width
    elif pa.types.is_dictionary(kind):
        if len(column.dictionary):
            sizes += value_bytes(column.dictionary, of_a_value, of_a_name)[_known(column.indices)]
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_map(kind):
        sizes += _within(column, of_a_value, of_a_name)
    elif pa.types.is_fixed_size_list(kind):
        items = column.values.slice(column.offset * kind.list_size, len(column) * kind.list_size)
        sizes += value_bytes(items, of_a_value, of_a_name).reshape(len(column), kind.list_size).sum(axis=1)
    elif pa.types.is_struct(kind) or (pa.types.is_union(kind) and kind.mode == "sparse"):
        for place in range(kind.num_fields):
            sizes += value_bytes(column.field(place), of_a_value, of_a_name)
        if pa.types.is_struct(kind) and (of_names := sum(of_a_name(field.name) for field in kind)):
            sizes += of_names * column.is_valid().to_numpy(zero_copy_only=False)
    elif kind.num_fields:  # a kind that no engine sends: as if each value were all of the column
        sizes += column.nbytes * of_a_value
    return sizes


def _within(column: pa.Array, of_a_value: int, of_a_name: Callable[[str], int]) -> Sizes:
    """What the items of each list take, or of each map."""
    offsets = column.offsets.to_numpy(zero_copy_only=False).astype(np.int64)
    first = int(offsets[0]) if len(offsets) else 0
    length = int(offsets[-1]) - first if len(offsets) else 0
    is_map = pa.types.is_map(column.type)
    sizes = np.full(length, of_a_value if is_map else 0, np.int64)
    for part in (column.keys, column.items) if is_map else (column.values,):
        sizes += value_bytes(part.slice(first, length), of_a_value, of_a_name)
    ends = np.zeros(length + 1, np.int64)
    np.cumsum(sizes, out=ends[1:])
    each: Sizes = np.diff(ends[offsets - first])
    if column.null_count:  # what lies beneath NULL is nobody's
        each[column.is_null().to_numpy(zero_copy_only=False)] = 0
    return each


def _known(numbers: pa.Array) -> Sizes:
    found: Sizes = pc.fill_null(numbers, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    return found
