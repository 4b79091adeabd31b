"""Days and moments as texts, wherever in a column they stand and however far away they are."""

import numpy as np
import pyarrow as pa


def as_texts(column: pa.Array) -> pa.Array:
    """A column with its days and moments in ISO 8601, within lists, structs, maps and unions too.

    An engine holds days beyond the years that Python knows, so no Python value is made of one.

    Example:
        >>> as_texts(pa.array([[2**22, None]], pa.list_(pa.date32()))).to_pylist()
        [['13453-08-13', None]]
    """
    kind = column.type
    if pa.types.is_timestamp(kind):
        return _timestamps(column)
    if pa.types.is_date(kind):
        return _dates(column)
    if not _holds_moments(kind):
        return column
    # of a part of a column, only what lies in that part
    return _rebuilt(column.take(pa.array(np.arange(len(column)))))


def _holds_moments(kind: pa.DataType) -> bool:
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return True
    return any(_holds_moments(kind.field(place).type) for place in range(kind.num_fields))


def _rebuilt(column: pa.Array) -> pa.Array:
    kind, nulls = column.type, column.is_null()
    if pa.types.is_struct(kind):
        fields = [as_texts(column.field(place)) for place in range(kind.num_fields)]
        return pa.StructArray.from_arrays(fields, names=[field.name for field in kind], mask=nulls)
    if pa.types.is_map(kind):
        keys, items = as_texts(column.keys), as_texts(column.items)
        return pa.MapArray.from_arrays(column.offsets, keys, items, mask=nulls)
    if pa.types.is_union(kind):
        members = [as_texts(column.field(place)) for place in range(kind.num_fields)]
        names = [kind.field(place).name for place in range(kind.num_fields)]
        return pa.UnionArray.from_sparse(column.type_codes, members, names, kind.type_codes)
    if pa.types.is_fixed_size_list(kind):
        return pa.FixedSizeListArray.from_arrays(as_texts(column.values), kind.list_size, mask=nulls)
    lists = pa.LargeListArray if pa.types.is_large_list(kind) else pa.ListArray
    return lists.from_arrays(column.offsets, as_texts(column.values), mask=nulls)


def _dates(column: pa.Array) -> pa.Array:
    """ISO 8601 for every day an engine can hold, beyond the years that Python and Arrow's own texts know too."""
    days = np.datetime_as_string(column.cast(pa.int32()).fill_null(0).to_numpy().astype("datetime64[D]"))
    return pa.array(days.tolist(), pa.string(), mask=column.is_null().to_numpy(zero_copy_only=False))


def _timestamps(column: pa.Array) -> pa.Array:
    """ISO 8601 for every timestamp an engine can hold, beyond the years that Python knows too."""
    bare = column.cast(pa.timestamp(column.type.unit))
    texts = np.datetime_as_string(bare.to_numpy(zero_copy_only=False))
    zone = "Z" if column.type.tz else ""
    return pa.array([None if text == "NaT" else f"{text}{zone}" for text in texts.tolist()], pa.string())
