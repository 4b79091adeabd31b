"""Blanks what lies in memory beneath NULL cells, so that a batch carries its values and nothing else.

An engine leaves under a NULL whatever its memory held there before: cells of other rows, texts of other
people's queries, addresses. Arrow hands those bytes over with the values, and any client can read them.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from catalog.errors import Internal
from catalog.sources.memory_layouts import is_fixed, is_listed, is_sparse, is_text, own_buffers

Mask = npt.NDArray[np.bool_]


def blanked(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with zeros beneath every NULL, nested ones too; columns without NULLs are shared, not copied.

    Example:
        >>> cells = [pa.py_buffer(b"\\1"), pa.py_buffer(b"\\7\\0\\0\\0left")]
        >>> told = blanked(pa.record_batch({"n": pa.Array.from_buffers(pa.int32(), 2, cells)}))
        >>> told["n"].buffers()[1].to_pybytes()
        b'\\x07\\x00\\x00\\x00\\x00\\x00\\x00\\x00'

    Raises Internal for a type whose memory is not known.
    """
    columns = [_blanked(column, None) for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def _blanked(array: pa.Array, beneath: Mask | None) -> pa.Array:
    """The array, blanked; `beneath` marks the cells that lie beneath a NULL of what the array is nested in."""
    kind = array.type
    if array.offset:
        array = array.take(pa.array(np.arange(len(array))))
    if isinstance(array, pa.ExtensionArray):
        return pa.ExtensionArray.from_storage(kind, _blanked(array.storage, beneath))
    if pa.types.is_dictionary(kind):
        indices = _blanked(array.indices, beneath)
        return pa.DictionaryArray.from_arrays(indices, array.dictionary, ordered=kind.ordered)
    if beneath is not None and not pa.types.is_union(kind):
        array = array.take(pa.array(np.arange(len(array)), mask=beneath))
    if is_fixed(kind):
        return _with_zeros(array, _nulls(array, beneath))
    return _nested(array, beneath)


def _nested(array: pa.Array, beneath: Mask | None) -> pa.Array:
    """What holds other arrays, anew around their blanked selves; a text beneath NULL has no length to begin with."""
    kind = array.type
    if pa.types.is_null(kind) or is_text(kind):
        return array
    if pa.types.is_struct(kind):
        inner = [_blanked(array.field(place), _nulls(array, beneath)) for place in range(kind.num_fields)]
    elif pa.types.is_fixed_size_list(kind):
        nulls = _nulls(array, beneath)
        inner = [_blanked(array.values, None if nulls is None else np.repeat(nulls, kind.list_size))]
    elif is_listed(kind):
        inner = [_blanked(array.values, None)]
    elif is_sparse(kind):
        inner = list(_members(array, beneath))
    else:
        raise Internal(f"what lies in the memory of {kind} is not known", hint="cast the column to VARCHAR")
    return pa.Array.from_buffers(kind, len(array), array.buffers()[: own_buffers(kind)], children=inner)


def _members(union: pa.UnionArray, beneath: Mask | None) -> Iterator[pa.Array]:
    """The members of a union, each without what lies in the cells that hold another member."""
    chosen = union.type_codes.to_numpy()
    for place, code in enumerate(union.type.type_codes):
        others: Mask = chosen != code
        yield _blanked(union.field(place), others if beneath is None else others | beneath)


def _nulls(array: pa.Array, beneath: Mask | None) -> Mask | None:
    """Which cells are not there, None when all are."""
    if not array.null_count:
        return beneath
    own: Mask = array.is_null().to_numpy(zero_copy_only=False)
    return own if beneath is None else own | beneath


def _with_zeros(array: pa.Array, nulls: Mask | None) -> pa.Array:
    if nulls is None:
        return array
    validity, values = array.buffers()
    if pa.types.is_boolean(array.type):
        bits = np.unpackbits(np.frombuffer(values, np.uint8), bitorder="little")[: len(array)]
        bits[nulls] = 0
        return pa.Array.from_buffers(
            array.type, len(array), [validity, pa.py_buffer(np.packbits(bits, bitorder="little"))]
        )
    width = array.type.bit_width // 8
    word = next(size for size in (8, 4, 2, 1) if width % size == 0)
    cells = np.frombuffer(values, f"u{word}")[: len(array) * width // word].reshape(len(array), width // word)
    cells = np.where(nulls[:, np.newaxis], np.zeros_like(cells, shape=()), cells)
    return pa.Array.from_buffers(array.type, len(array), [validity, pa.py_buffer(cells)])
