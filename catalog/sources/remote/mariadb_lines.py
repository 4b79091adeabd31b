"""Rows of MariaDB as lines of CSV: the driver is plain Python, and what it does for each value costs most of a scan.

So the server writes each row as one value, and Arrow reads all lines of a batch at once. Texts and bytes stand in
quotes; NULL is nothing, and so differs from an empty text. For a quote within a text stands a byte that no text in
UTF-8 has: to put two in its place takes the server time by the square of the text, which nothing ends.
"""

import io
import re
from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from catalog.errors import SourceUnavailable
from catalog.sources.remote.arrow_types import arrow_type
from catalog.sources.remote.rows import BATCH_ROWS
from catalog.sources.remote.snapshot import RemoteColumn

_QUOTED = frozenset({"VARCHAR", "UUID", "JSON"})
_FOR_A_QUOTE = b"\xff"
_HALF = re.compile(b"\xed[\xa0-\xbf][\x80-\xbf]")
_PARSING = csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False)


def line(columns: Sequence[RemoteColumn]) -> RemoteColumn:
    """All columns of a row as one, whose SQL gives the row's line in bytes, or NULL where it is too long.

    Example:
        >>> print(line([RemoteColumn(name="n", type="BIGINT", expression="`n`")]).expression)
        CAST(CONCAT(IFNULL(CAST(`n` AS CHAR), '')) AS BINARY)
    """
    cells = ", ',', ".join(map(_cell, columns))
    return RemoteColumn(name="line", type="BLOB", expression=f"CAST(CONCAT({cells}) AS BINARY)")


def batches(
    fetch: Callable[[int], Sequence[Sequence[object]]], columns: Sequence[RemoteColumn], table: str
) -> Iterator[pa.RecordBatch]:
    """The rows whose lines `fetch(how many)` gives until it gives none.

    Raises SourceUnavailable for a value that is none of its column's type, and for a row of more than the server sends.
    """
    names = [column.name for column in columns]
    while rows := fetch(BATCH_ROWS):
        lines = [row[0] for row in rows]
        if not all(isinstance(each, bytes) for each in lines):
            raise SourceUnavailable(
                f"a row of `{table}` is longer than `max_allowed_packet` of its server",
                hint="raise that setting of the server, or leave a long column out of a view, and read that",
            )
        read = _read(b"\n".join(lines) + b"\n", len(columns))  # type: ignore[arg-type]
        arrays = [_typed(read.column(place), column, table) for place, column in enumerate(columns)]
        yield pa.RecordBatch.from_arrays(arrays, names=names)


def _cell(column: RemoteColumn) -> str:
    """One value in a line; what would become too long is NULL to the server, which must not be taken for a NULL."""
    sql = column.expression
    if column.type == "BLOB":
        text = f"HEX({sql})"
    elif column.type in _QUOTED:
        text = f"REPLACE(CAST(CONVERT({sql} USING utf8mb4) AS BINARY), '\"', x'{_FOR_A_QUOTE.hex()}')"
    else:
        return f"IFNULL(CAST({sql} AS CHAR), '')"
    return f"IFNULL(CONCAT('\"', {text}, '\"'), IF({sql} IS NULL, '', NULL))"


def _read(lines: bytes, count: int) -> pa.Table:
    """The lines as so many columns of what may be texts, in order."""
    names = [f"c{place}" for place in range(count)]
    reading = csv.ReadOptions(column_names=names, use_threads=False, block_size=len(lines) + 1)
    converting = csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        check_utf8=False,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    return csv.read_csv(io.BytesIO(lines), reading, _PARSING, converting)


def _with_quotes(array: pa.Array) -> pa.Array:
    """Texts with their quotes, which were written otherwise."""
    written = pc.replace_substring(array.view(pa.binary()), pattern=_FOR_A_QUOTE, replacement=b'"')
    return written.view(pa.string())


def _characters(array: pa.Array) -> pa.Array:
    """Texts that are UTF-8, with `?` for halves of surrogate pairs; ArrowInvalid for what else is none."""
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        array = pa.array([text and _HALF.sub(b"?", text) for text in array.cast(pa.binary()).to_pylist()], pa.binary())
        return array.cast(pa.string())
    return array


def _typed(texts: pa.ChunkedArray, column: RemoteColumn, table: str) -> pa.Array:
    kind, array = arrow_type(column.type), pa.concat_arrays(texts.chunks)
    try:
        if column.type in _QUOTED:
            array = _with_quotes(array)
        array = _characters(array)
        if column.type == "BLOB":
            return pa.array([None if each is None else bytes.fromhex(each) for each in array.to_pylist()], kind)
        return array if array.type == kind else array.cast(kind)
    except (pa.ArrowException, ValueError):
        # INVARIANT: not chained, since the cause tells the value.
        raise SourceUnavailable(
            f"`{table}` holds a value in column `{column.called or column.name}` that is no {column.type}",
            hint="mend the value, or give the column a type that holds it, and crawl the source again",
        ) from None
