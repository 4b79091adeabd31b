"""Moments that are kept in whole seconds, as Parquet can hold them: in milliseconds, infinite ones as such."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_INFINITE = 2**63 - 1
_SECOND = 1000


def in_milliseconds(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with every moment that is kept in seconds in milliseconds; all else is shared, not copied.

    Example:
        >>> ends = pa.array([2**63 - 1, 7], pa.timestamp("s"))
        >>> in_milliseconds(pa.record_batch({"at": ends}))["at"].view(pa.int64()).to_pylist()
        [9223372036854775807, 7000]
    """
    fields = [field.with_type(_type(field.type)) for field in batch.schema]
    columns = [_array(column) for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, schema=pa.schema(fields, batch.schema.metadata))


def milliseconds_schema(schema: pa.Schema) -> pa.Schema:
    """The schema of what `in_milliseconds` gives."""
    return pa.schema([field.with_type(_type(field.type)) for field in schema], schema.metadata)


def _type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind):
        return pa.timestamp("ms", kind.tz) if kind.unit == "s" else kind
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_type(field.type)) for field in kind])
    if pa.types.is_map(kind):
        key, item = kind.key_field, kind.item_field
        return pa.map_(key.with_type(_type(key.type)), item.with_type(_type(item.type)))
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_type(kind.value_type)))
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(kind.value_field.with_type(_type(kind.value_type)), kind.list_size)
    return kind


def _array(array: pa.Array) -> pa.Array:
    kind, wanted = array.type, _type(array.type)
    if wanted == kind:
        return array
    if array.offset:
        array = array.take(pa.array(np.arange(len(array))))
    if pa.types.is_timestamp(kind):
        return _moments(array).view(wanted)
    if pa.types.is_struct(kind):
        inner = [_array(array.field(place)) for place in range(kind.num_fields)]
    else:
        inner = [_array(array.values)]
    own_buffers = 1 if pa.types.is_struct(kind) or pa.types.is_fixed_size_list(kind) else 2
    return pa.Array.from_buffers(wanted, len(array), array.buffers()[:own_buffers], children=inner)


def _moments(array: pa.Array) -> pa.Array:
    numbers = array.view(pa.int64())
    is_infinite = pc.or_(pc.equal(numbers, _INFINITE), pc.equal(numbers, -_INFINITE))
    finite = pc.multiply_checked(pc.if_else(is_infinite, 0, numbers), _SECOND)
    return pc.if_else(is_infinite, numbers, finite)
