"""Gives unions without any item the memory that Arrow believes them to have, whatever they are nested in.

A stream writes no memory for them, and Arrow reads the codes of a union without looking whether they are there: to
count the bytes of `[]::UNION(a INTEGER)[]` ends the process (Arrow 26 does so).
"""

import pyarrow as pa


def with_memory(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch, the same where it holds no union; to be called on what was read from a stream, which has no offsets.

    Example:
        >>> kind = pa.list_(pa.sparse_union([pa.field("a", pa.int32())]))
        >>> with_memory(pa.record_batch({"u": pa.nulls(1, kind)})).nbytes > 0
        True
    """
    if not any(map(_holds_union, batch.schema.types)):
        return batch
    return pa.RecordBatch.from_arrays([_with_memory(column) for column in batch.columns], schema=batch.schema)


def _with_memory(array: pa.Array) -> pa.Array:
    kind = array.type
    if not _holds_union(kind):
        return array
    if not len(array):
        return pa.nulls(0, kind)
    if pa.types.is_union(kind) or pa.types.is_struct(kind):
        inner = [array.field(place) for place in range(kind.num_fields)]
    else:
        inner = [array.values]
    own_buffers = 1 if pa.types.is_struct(kind) or pa.types.is_fixed_size_list(kind) else 2
    children = [_with_memory(part) for part in inner]
    return pa.Array.from_buffers(kind, len(array), array.buffers()[:own_buffers], children=children)


def _holds_union(kind: pa.DataType) -> bool:
    if pa.types.is_union(kind):
        return True
    return any(_holds_union(kind.field(place).type) for place in range(kind.num_fields))
