"""A Parquet file of which only some is there: its footer, and the groups of rows that a sample is made of."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from catalog.sources.files.samples import begins, places_in

SAMPLE_ROWS = 1_000
_TAIL = 8  # the length of the footer in four bytes, and the mark PAR1
_MOST_BYTES = 256 * 2**20


def write_hollow(source: pa.NativeFile, size: int, target: Path, sampled_files: int) -> None:
    """A file as long as the source, with holes where nothing was read.

    `sampled_files` is how many files of the relation are sampled, so that the groups are those which hold the
    places of a sample; none with 0. At most 256 MB of groups are read, but the first in any case.
    Raises ValueError or an Arrow error when the source is no Parquet file.
    """
    ranges = [(0, 4), *_footer(source, size)]
    if sampled_files:
        footer = pq.read_metadata(source)
        ranges += _groups(footer, SAMPLE_ROWS // sampled_files, places_in(sampled_files))
    with target.open("wb") as hollow:
        hollow.truncate(size)
        for begin, end in ranges:
            source.seek(begin)
            hollow.seek(begin)
            hollow.write(source.read(end - begin))


def _footer(source: pa.NativeFile, size: int) -> Iterator[tuple[int, int]]:
    source.seek(max(0, size - _TAIL))
    tail = source.read(_TAIL)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != b"PAR1" or length + _TAIL > size:
        raise ValueError("no Parquet file")
    yield size - _TAIL - length, size


def _groups(footer: pq.FileMetaData, rows: int, places: int) -> Iterator[tuple[int, int]]:
    """The bytes of the groups that hold the first rows of each place."""
    wanted = [(begin, begin + -(-rows // places)) for begin in begins(footer.num_rows, places)]
    first_row, taken = 0, 0
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        last_row = first_row + group.num_rows
        if any(begin < last_row and end > first_row for begin, end in wanted):
            begin, end = _extent(group)
            if taken and taken + end - begin > _MOST_BYTES:
                return
            taken += end - begin
            yield begin, end
        first_row = last_row


def _extent(group: pq.RowGroupMetaData) -> tuple[int, int]:
    columns = [group.column(place) for place in range(group.num_columns)]
    begins = [column.dictionary_page_offset or column.data_page_offset for column in columns]
    ends = [begin + column.total_compressed_size for begin, column in zip(begins, columns, strict=True)]
    return min(begins), max(ends)
