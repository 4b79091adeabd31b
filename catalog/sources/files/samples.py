"""Which rows of a relation are looked at: all may be drawn of a small one, some places are read of a large one."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from catalog.errors import SourceUnavailable
from catalog.names import fold
from catalog.sources.files.kinds import FileKind
from catalog.sources.files.scans import WHOLE_FILE_BYTES, parquet_rows
from catalog.sources.files.sets import FileSet

_PLACES = 8


def sample_sql(files: FileSet, columns: str, rows: int, described: Callable[[FileSet], str]) -> str:
    """A query for at most `rows` rows of these columns, the same rows each time.

    Of up to 64 MB any row may come. Of more, eight places are read: stretches of rows all over Parquet files,
    whose footers tell where they lie, and the beginnings of up to eight files of other kinds.
    """
    if files.byte_count <= WHOLE_FILE_BYTES:
        return f"SELECT {columns} FROM {described(files)} USING SAMPLE reservoir({rows:d} ROWS) REPEATABLE (1)"
    some = sampled(len(files.files))
    count = max(1, rows // len(some))
    parts = (_part(files.at(place), columns, count, described, places_in(len(some))) for place in some)
    return " UNION ALL ".join(parts)


def sampled(file_count: int) -> range:
    """Which files of a large relation are looked into, by their places: eight at most, spread over all."""
    step = max(1, file_count // _PLACES)
    return range(0, file_count, step)[:_PLACES]


def places_in(file_count: int) -> int:
    """Into how many places of each of so many files is looked."""
    return max(1, _PLACES // file_count)


def begins(row_count: int, places: int) -> tuple[int, ...]:
    """Where in a file those places begin, as numbers of rows."""
    return tuple(place * row_count // places for place in range(places))


def _part(one: FileSet, columns: str, rows: int, described: Callable[[FileSet], str], places: int) -> str:
    row_count = _row_count(one.files[0]) if one.kind is FileKind.PARQUET else None
    if row_count is None:
        return f"(SELECT {columns} FROM {described(one)} LIMIT {rows:d})"
    length = -(-rows // places)
    stretches = " OR ".join(
        f"file_row_number BETWEEN {begin:d} AND {begin + length - 1:d}" for begin in begins(row_count, places)
    )
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
