"""The sampled cells of a column or nested field, as text and how often each is there; they are never kept."""

from collections import Counter
from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

_LONGEST_CELL = 1_024
_READABLE = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_integer,
    pa.types.is_decimal,
    pa.types.is_floating,
    pa.types.is_date,
)
_LISTS = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)


def cells(sample: pa.Table, path: tuple[str, ...]) -> Mapping[str, int]:
    """The non-null cells at a path as stripped text with their counts; none for a type that is no text or number.

    A cell of more than 1,024 characters counts, as an empty text, and so fits no rule that expects some.
    """
    found: Counter[str] = Counter()
    for array in arrays(sample, path):
        if any(is_kind(array.type) for is_kind in _READABLE):
            for text, count in text_of(array):
                found[text if len(text) <= _LONGEST_CELL else ""] += count
    return found


def arrays(sample: pa.Table, path: tuple[str, ...]) -> Iterator[pa.Array]:
    """The arrays at a path of a sample, lists taken apart on the way; none when there is nothing at that path."""
    if path[0] in sample.column_names:
        for chunk in sample.column(path[0]).chunks:
            values = _inside(chunk, path[1:])
            if values is not None:
                yield values


def text_of(array: pa.Array) -> Iterator[tuple[str, int]]:
    """The distinct values of an array as stripped text with their counts; of bytes, lists and the like none."""
    if any(is_kind(array.type) for is_kind in (*_READABLE, pa.types.is_timestamp)):
        for entry in pc.value_counts(array.cast(pa.string()).drop_null()).to_pylist():
            yield entry["values"].strip(), entry["counts"]


def _inside(values: pa.Array, path: tuple[str, ...]) -> pa.Array | None:
    """The values at the rest of a path; lists and maps are taken apart on the way."""
    while any(is_kind(values.type) for is_kind in _LISTS):
        values = pc.list_flatten(values)
    if not path:
        return values
    if pa.types.is_map(values.type):
        parts = {"key": values.keys, "value": values.items}
        return _inside(parts[path[0]], path[1:]) if path[0] in parts else None
    if not pa.types.is_struct(values.type) or values.type.get_field_index(path[0]) < 0:
        return None
    return _inside(pc.struct_field(values, [path[0]]), path[1:])
