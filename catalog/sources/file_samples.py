"""Which rows of a relation are looked at: all may be drawn of a small one, some places are read of a large one."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from catalog.errors import SourceUnavailable
from catalog.names import fold
from catalog.sources.file_kinds import FileKind
from catalog.sources.file_layout import FileSet
from catalog.sources.file_scans import WHOLE_FILE_BYTES, parquet_rows

_PLACES = 8


def sample_sql(files: FileSet, columns: str, rows: int, described: Callable[[FileSet], str]) -> str:
    """A query for at most `rows` rows of these columns, the same rows each time.

    Of up to 64 MB any row may come. Of more, eight places are read: stretches of rows all over Parquet files,
    whose footers tell where they lie, and the beginnings of up to eight files of other kinds.
    """
    if files.byte_count <= WHOLE_FILE_BYTES:
        return f"SELECT {columns} FROM {described(files)} USING SAMPLE reservoir({rows:d} ROWS) REPEATABLE (1)"
    some = files.files[:: max(1, len(files.files) // _PLACES)][:_PLACES]
    count = max(1, rows // len(some))
    parts = (_part(files.only(file), columns, count, described, max(1, _PLACES // len(some))) for file in some)
    return " UNION ALL ".join(parts)


def _part(one: FileSet, columns: str, rows: int, described: Callable[[FileSet], str], places: int) -> str:
    row_count = _row_count(one.files[0]) if one.kind is FileKind.PARQUET else None
    if row_count is None:
        return f"(SELECT {columns} FROM {described(one)} LIMIT {rows:d})"
    length = -(-rows // places)
    begins = (place * row_count // places for place in range(places))
    stretches = " OR ".join(f"file_row_number BETWEEN {begin:d} AND {begin + length - 1:d}" for begin in begins)
    return f"(SELECT {columns} FROM {parquet_rows(one)} WHERE {stretches} LIMIT {rows:d})"


def _row_count(file: Path) -> int | None:
    """How many rows a Parquet file has; None when its own columns stand in the way of counting them."""
    try:
        footer = pq.read_metadata(file)
    except (OSError, pa.ArrowException):
        raise SourceUnavailable(f"`{file.name}` cannot be read", hint="look at the file, then crawl again") from None
    if "file_row_number" in map(fold, footer.schema.to_arrow_schema().names):
        return None
    count: int = footer.num_rows
    return count
