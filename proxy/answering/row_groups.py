"""Gathers the batches of an answer into the row groups of a Parquet file, and bounds how many there are.

Of each column of each group the writer keeps something for the footer, which is written last: about a kilobyte, the
path of its names, and its smallest and largest value. Batches are cut where their values reach some bytes, each NULL
among them, so that groups of wide and nearly empty rows would be many while next to nothing is sent.
"""

from collections.abc import Iterable, Iterator

import pyarrow as pa

from catalog.errors import LimitExceeded
from catalog.sources.memory_layouts import is_fixed

GROUP_BYTES = 16 * 2**20
"""A group ends with the batch by which it takes so much memory."""

FOOTER_BYTES = 128 * 2**20
"""What may be kept for the footer."""

_MOST_ROWS = 2**20  # of a group, as the writer cuts a table
_OF_A_COLUMN = 1280
_OF_A_LEVEL = 96
_OF_A_NAME = 16  # beside its letters: what lists and maps are nested in has names, too


def in_groups(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The rows in order, in tables that are to be a row group each; LimitExceeded when these are too many.

    It is raised at once for a schema of which no group fits.

    Example:
        >>> rows = pa.record_batch({"n": [1, 2]})
        >>> [table.num_rows for table in in_groups(rows.schema, [rows, rows])]
        [4]
    """
    of_a_group = footer_bytes(schema)
    _refuse_above(of_a_group)
    return _groups(schema, batches, of_a_group)


def footer_bytes(schema: pa.Schema) -> int:
    """What the writer keeps of one group until the file ends, more rather than less.

    Example:
        >>> footer_bytes(pa.schema({"n": pa.int8(), "s": pa.struct({"a": pa.string(), "b": pa.string()})}))
        4069
    """
    return sum(_of_a_column(field.type, len(field.name.encode()), 0) for field in schema)


def with_statistics(schema: pa.Schema) -> list[str]:
    """The columns whose smallest and largest values the footer may hold: those in which each takes a few bytes.

    Example:
        >>> with_statistics(pa.schema({"n": pa.int8(), "s": pa.string()}))
        ['n']
    """
    return [field.name for field in schema if is_fixed(field.type)]


def _groups(schema: pa.Schema, batches: Iterable[pa.RecordBatch], of_a_group: int) -> Iterator[pa.Table]:
    gathered, rows, held, kept = list[pa.RecordBatch](), 0, 0, 0
    for batch in batches:
        if gathered and rows + batch.num_rows > _MOST_ROWS:
            yield pa.Table.from_batches(gathered, schema)
            gathered, rows, held = [], 0, 0
        if not gathered:
            kept += of_a_group * max(1, -(-batch.num_rows // _MOST_ROWS))
            _refuse_above(kept)
        gathered.append(batch)
        rows += batch.num_rows
        held += batch.nbytes + of_a_group // 2  # each array of a batch takes some memory, whatever is in it
        if held >= GROUP_BYTES:
            yield pa.Table.from_batches(gathered, schema)
            gathered, rows, held = [], 0, 0
    if gathered:
        yield pa.Table.from_batches(gathered, schema)


def _refuse_above(kept: int) -> None:
    if kept > FOOTER_BYTES:
        raise LimitExceeded(
            "the answer has more columns and rows than a Parquet file can be made of while it is sent",
            hint="ask for the format `arrow`, or for fewer columns",
        )


def _of_a_column(kind: pa.DataType, letters: int, levels: int) -> int:
    """Of a column with all that is nested in it; `letters` and `levels` are those of its path."""
    if isinstance(kind, pa.BaseExtensionType):
        return _of_a_column(kind.storage_type, letters, levels)
    if not kind.num_fields:
        return _OF_A_COLUMN + letters + levels * _OF_A_LEVEL
    fields = [kind.field(place) for place in range(kind.num_fields)]
    return sum(
        _of_a_column(field.type, letters + len(field.name.encode()) + _OF_A_NAME, levels + 1) for field in fields
    )
