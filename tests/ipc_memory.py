"""What lies in an Arrow stream besides its cells: behind the last of each buffer, between buffers, in unused bits."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

Used = Iterator[tuple[pa.Buffer, int]]
"""Buffers, each with how many of its first bits hold cells."""


def beside_cells(stream: bytes | pa.Buffer) -> list[bytes]:
    """Of each body of a stream what is no cell and not zero, in buffers and between them."""
    memory = pa.py_buffer(stream)
    left, found = np.frombuffer(memory, np.uint8).copy(), []
    for batch in pa.ipc.open_stream(memory):
        for buffer, bits in [used for column in batch.columns for used in _used(column, len(column))]:
            if bits:
                assert buffer.size * 8 >= bits
                start, whole = buffer.address - memory.address, bits // 8
                left[start : start + whole] = 0
                if bits % 8:
                    left[start + whole] &= 0xFF << bits % 8 & 0xFF
    for message in pa.ipc.MessageReader.open_stream(memory):
        if message.body is not None and message.body.size:
            start = message.body.address - memory.address
            assert 0 <= start < memory.size
            body = left[start : start + message.body.size]
            if body.any():
                places = np.flatnonzero(body)
                found.append(body[places[0] : places[-1] + 1].tobytes())
    return found


def _used(array: pa.Array, length: int) -> Used:
    """By the rules of the format alone, not by what Veil makes of them."""
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    kind = array.type
    if pa.types.is_dictionary(kind):
        yield from _used(array.dictionary, len(array.dictionary))
        array, kind = array.indices, array.indices.type
    assert array.offset == 0
    buffers = array.buffers()
    if buffers[0] is not None:
        yield buffers[0], length
    if not length or pa.types.is_null(kind):
        return
    if pa.types.is_struct(kind):
        children = [(array.field(place), length) for place in range(kind.num_fields)]
    elif pa.types.is_union(kind):
        yield buffers[1], 8 * length
        children = [(array.field(place), length) for place in range(kind.num_fields)]
    elif pa.types.is_fixed_size_list(kind):
        children = [(array.values, length * kind.list_size)]
    elif pa.types.is_list(kind) or pa.types.is_map(kind) or pa.types.is_large_list(kind):
        children = [(array.values, array.offsets[length].as_py())]
        yield buffers[1], (length + 1) * (64 if pa.types.is_large_list(kind) else 32)
    elif pa.types.is_string(kind) or pa.types.is_binary(kind) or "large" in str(kind):
        children, width = [], 64 if "large" in str(kind) else 32
        ends = np.frombuffer(buffers[1], f"i{width // 8}")[: length + 1]
        yield buffers[1], (length + 1) * width
        if buffers[2] is not None:
            yield buffers[2], int(ends[-1]) * 8
    else:
        children = []
        yield buffers[1], length * kind.bit_width
    for child, each in children:
        yield from _used(child, each)
