"""Cuts the memory of batches to exactly what their cells take, whatever they are nested in.

What Arrow writes of an array is its buffers, and any client can read them. It looks at the length of an array to see
how much of a buffer to write, rounds that up to 64 bytes, and of the codes of a slice of a union it does so without
looking where the buffer ends (Arrow 26): up to 63 bytes of whatever the process holds behind it. So nothing is handed
over but buffers that end where the last cell ends, and no slices.
"""

import numpy as np
import pyarrow as pa

from catalog.errors import Internal
from catalog.sources.memory_layouts import end_bytes, is_fixed, is_listed, is_sparse, is_text, own_buffers


def exact(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch in memory that holds its cells and nothing else; the same batch where that is so already.

    A slice that does not begin with the first row is copied. Nothing is said of what lies beneath NULL.

    Example:
        >>> part = exact(pa.record_batch({"n": [7, 8, 9], "b": [True] * 3}).slice(0, 2))
        >>> [column.buffers()[1].to_pybytes() for column in part.columns]
        [b'\\x07\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x08\\x00\\x00\\x00\\x00\\x00\\x00\\x00', b'\\x03']

    Raises Internal for a type whose memory is not known.
    """
    given = batch.columns
    columns = [_exact(column, len(column)) for column in given]
    if all(column is before for column, before in zip(columns, given, strict=True)):
        return batch
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def _exact(array: pa.Array, length: int) -> pa.Array:
    """The first cells of the array; the array itself where it is no more than they."""
    kind = array.type
    if isinstance(array, pa.ExtensionArray):
        storage = array.storage
        cut = _exact(storage, length)
        return array if cut is storage else pa.ExtensionArray.from_storage(kind, cut)
    if pa.types.is_dictionary(kind):
        return _exact_dictionary(array, length)
    if pa.types.is_null(kind):
        return array if len(array) == length and not array.offset else pa.nulls(length)
    if not length:
        # INVARIANT: no union without codes goes on. A stream writes none where there is no cell, and Arrow reads them
        # without looking: to count the bytes of `[]::UNION(a INTEGER)[]` ends the process (Arrow 26 does so).
        return pa.nulls(0, kind)
    if array.offset or _begins_late(array):
        array = pa.concat_arrays([array.slice(0, length), array.slice(0, 0)])
    return _cut(array, length)


def _exact_dictionary(array: pa.DictionaryArray, length: int) -> pa.Array:
    indices, dictionary = array.indices, array.dictionary
    cut, values = _exact(indices, length), _exact(dictionary, len(dictionary))
    if cut is indices and values is dictionary:
        return array
    return pa.DictionaryArray.from_arrays(cut, values, ordered=array.type.ordered)


def _cut(array: pa.Array, length: int) -> pa.Array:
    """The first cells of an array that begins where its memory does; at least one."""
    kind = array.type
    before = array.buffers()[: own_buffers(kind)]
    buffers, inner = [_bits(before[0], length)], list[pa.Array]()
    if is_fixed(kind):
        is_bits = pa.types.is_boolean(kind)
        buffers.append(_bits(before[1], length) if is_bits else _first(before[1], length * kind.bit_width // 8))
    elif is_text(kind):
        buffers.append(_first(before[1], (length + 1) * end_bytes(kind)))
        buffers.append(_first(before[2], _end(array, length)))
    elif is_listed(kind):
        buffers.append(_first(before[1], (length + 1) * end_bytes(kind)))
        inner = [array.values]
        lengths = [_end(array, length)]
    elif pa.types.is_fixed_size_list(kind):
        inner, lengths = [array.values], [length * kind.list_size]
    elif pa.types.is_struct(kind) or is_sparse(kind):
        if is_sparse(kind):
            buffers.append(_first(before[1], length))
        inner = [array.field(place) for place in range(kind.num_fields)]
        lengths = [length] * kind.num_fields
    else:
        raise Internal(f"what lies in the memory of {kind} is not known", hint="cast the column to VARCHAR")
    cut = [_exact(part, each) for part, each in zip(inner, lengths, strict=True)] if inner else []
    is_same = all(now is then for now, then in zip([*buffers, *cut], [*before, *inner], strict=True))
    if is_same and len(array) == length:
        return array
    return pa.Array.from_buffers(kind, length, buffers, children=cut)


def _begins_late(array: pa.Array) -> bool:
    """Whether there are texts or items in memory before the first cell's."""
    return (is_text(array.type) or is_listed(array.type)) and _end(array, 0) > 0


def _end(array: pa.Array, cells: int) -> int:
    """Where the texts or items of so many first cells end."""
    width = end_bytes(array.type)
    return int(np.frombuffer(array.buffers()[1], f"i{width}", 1, cells * width)[0])


def _first(buffer: pa.Buffer | None, size: int) -> pa.Buffer | None:
    """So many first bytes."""
    return buffer if buffer is None or buffer.size <= size else buffer.slice(0, size)


def _bits(buffer: pa.Buffer | None, length: int) -> pa.Buffer | None:
    """So many first bits, at least one, and zeros in what is left of the last byte."""
    cut, used = _first(buffer, (length + 7) // 8), length % 8
    if cut is None or not used or not cut[cut.size - 1] >> used:
        return cut
    content = bytearray(cut)
    content[-1] &= (1 << used) - 1
    return pa.py_buffer(bytes(content))
