"""Which kinds of arrays lie in memory in which way, as Arrow lays them out (https://arrow.apache.org/docs/format/Columnar.html)."""

import pyarrow as pa

_FIXED = (pa.types.is_primitive, pa.types.is_decimal, pa.types.is_fixed_size_binary, pa.types.is_interval)
_SHORT = (pa.types.is_string, pa.types.is_binary)
_LONG = (pa.types.is_large_string, pa.types.is_large_binary)
_LISTED = (pa.types.is_list, pa.types.is_large_list, pa.types.is_map)


def is_fixed(kind: pa.DataType) -> bool:
    """Whether each cell takes the same number of bits, all in one buffer.

    Example:
        >>> is_fixed(pa.bool_()), is_fixed(pa.string())
        (True, False)
    """
    return any(is_kind(kind) for is_kind in _FIXED)


def is_text(kind: pa.DataType) -> bool:
    """Whether the cells are bytes one after the other, with a buffer of where each of them ends.

    Example:
        >>> is_text(pa.large_binary()), is_text(pa.string_view())
        (True, False)
    """
    return any(is_kind(kind) for is_kind in (*_SHORT, *_LONG))


def is_listed(kind: pa.DataType) -> bool:
    """Whether the cells are items of another array one after the other, with a buffer of where each of them ends.

    Example:
        >>> is_listed(pa.map_(pa.int8(), pa.int8())), is_listed(pa.list_(pa.int8(), 2))
        (True, False)
    """
    return any(is_kind(kind) for is_kind in _LISTED)


def end_bytes(kind: pa.DataType) -> int:
    """What each number takes that tells where a cell of a text or list ends.

    Example:
        >>> end_bytes(pa.string()), end_bytes(pa.large_list(pa.int8()))
        (4, 8)
    """
    return 8 if pa.types.is_large_list(kind) or any(is_kind(kind) for is_kind in _LONG) else 4


def is_sparse(kind: pa.DataType) -> bool:
    """Whether it is a union each of whose members has a cell for every row.

    Example:
        >>> is_sparse(pa.sparse_union([pa.field("n", pa.int8())]))
        True
    """
    return bool(pa.types.is_union(kind)) and kind.mode == "sparse"


def own_buffers(kind: pa.DataType) -> int:
    """How many buffers an array has of its own; what it is nested around has others.

    Example:
        >>> own_buffers(pa.struct([("n", pa.int8())])), own_buffers(pa.list_(pa.int8())), own_buffers(pa.string())
        (1, 2, 3)
    """
    if pa.types.is_struct(kind) or pa.types.is_fixed_size_list(kind):
        return 1
    return 3 if is_text(kind) else 2
