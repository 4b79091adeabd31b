"""Excel sheets as Parquet: each sheet is a table with types, read row by row, so that memory stays bounded."""

import json
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl.workbook import Workbook
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from catalog.errors import SourceUnavailable
from catalog.names import fold
from catalog.sources.files.converting import convert

_BATCH_ROWS = 10_000
_MOST_ROWS = 1_048_576  # of a sheet, says Excel
_MOST_BYTES = 4 * 2**30
_MIDNIGHT = time()
_FIRST_ROWS, _FEWEST_COLUMNS = 20, 3
_ABOVE = b"veil.rows_above_header"

_Cells = tuple[object, ...]


def sheets(file: Path) -> tuple[str, ...]:
    """The names of the sheets of an Excel file, the hidden ones too; raises SourceUnavailable."""
    with tempfile.TemporaryDirectory(prefix="veil-sheets-") as folder:
        names = Path(folder, "names")
        convert(write_names, file, names)
        return tuple(json.loads(names.read_text(encoding="utf-8")))


def write_names(file: Path, target: Path) -> None:
    """The names of the sheets as JSON; raises SourceUnavailable."""
    with _opened(file) as book:
        target.write_text(json.dumps([sheet.title for sheet in book.worksheets]), encoding="utf-8")


def write_parquet(file: Path, sheet: str, target: Path, has_header: bool | None) -> None:
    """A Parquet copy of one sheet; raises SourceUnavailable when there is no such sheet, or nothing in it.

    The first row that is not empty names the columns, or the one below the titles that stand above a table, unless the
    source says that there is no header. A column has the type of all its cells: whole numbers, numbers, booleans,
    dates, times; where they differ it is text. Empty rows are passed over, and of a formula the value is read that
    Excel kept with it.
    """
    with _opened(file) as book:
        if sheet not in book.sheetnames:
            raise SourceUnavailable(
                f"`{file.name}` has no sheet `{sheet}`", hint="crawl the source again: each of its sheets is a dataset"
            )
        rows = _Rows(lambda: _read(book[sheet], file), has_header is not False)
        names, types = rows.columns()
        if not names:
            raise SourceUnavailable(f"the sheet `{sheet}` of `{file.name}` is empty", hint="crawl when it holds data")
        schema = pa.schema(list(zip(names, types, strict=True)), {_ABOVE: str(rows.above)})
        with pq.ParquetWriter(target, schema) as writer:
            cells = rows.cells()
            while some := list(islice(cells, _BATCH_ROWS)):
                columns = zip(*(_fitted(row, types) for row in some), strict=True)
                arrays = [pa.array(column, type_) for column, type_ in zip(columns, types, strict=True)]
                writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))


def rows_above_header(copy: Path) -> int:
    """How many rows of titles stood above the header of the sheet that a copy was made of."""
    return int((pq.read_schema(copy).metadata or {}).get(_ABOVE, b"0"))


class _Rows:
    """The rows of a sheet, which can be gone through more than once; `above` are those above its header."""

    def __init__(self, read: Callable[[], Iterable[_Cells]], has_header: bool) -> None:
        self._read = read
        self._has_header = has_header
        self.above = _titles(list(islice(self._filled(), _FIRST_ROWS))) if has_header else 0

    def cells(self) -> Iterator[_Cells]:
        """The rows below the header."""
        return islice(self._filled(), self.above + self._has_header, None)

    def columns(self) -> tuple[list[str], list[pa.DataType]]:
        """The names of the columns and the types that fit all their cells."""
        header = next(islice(self._filled(), self.above, None), ()) if self._has_header else ()
        kinds: list[set[type]] = [set() for _ in _trimmed(header)]
        for row in self.cells():
            cells = _trimmed(row)
            kinds += [set() for _ in cells[len(kinds) :]]
            for kind, cell in zip(kinds, cells, strict=False):
                if cell is not None:
                    kind.add(_kind(cell))
        return _named(header, len(kinds)), [_type(kind) for kind in kinds]

    def _filled(self) -> Iterator[_Cells]:
        return (row for row in self._read() if any(cell is not None for cell in row))


def _read(sheet: ReadOnlyWorksheet, file: Path) -> Iterator[_Cells]:
    """All rows of a sheet, whatever it says of its own size; a number of a row that no sheet has is refused."""
    sheet.reset_dimensions()
    rows = sheet.iter_rows(max_row=_MOST_ROWS + 1, values_only=True)
    for number, row in enumerate(rows, start=1):
        if number > _MOST_ROWS:
            raise SourceUnavailable(
                f"`{file.name}` has more rows than Excel reads", hint="keep such data as CSV or Parquet"
            )
        yield row


def _titles(first: Sequence[_Cells]) -> int:
    """How many of a sheet's first rows are titles: they fill less than half as many cells as the fullest, and a row of
    nothing but texts follows.
    """
    filled = [[cell for cell in row if cell is not None] for row in first]
    widest = max(map(len, filled), default=0)
    place = next((place for place, cells in enumerate(filled) if 2 * len(cells) >= widest), 0)
    is_header = widest >= _FEWEST_COLUMNS and all(isinstance(cell, str) for cell in filled[place])
    return place if is_header else 0


def _trimmed(row: _Cells) -> _Cells:
    while row and row[-1] is None:
        row = row[:-1]
    return row


def _named(header: _Cells, count: int) -> list[str]:
    """A name for each column, no two alike: the header's, else `column0`, `column1` and so on."""
    names: list[str] = []
    taken: set[str] = set()
    for place in range(count):
        cell = header[place] if place < len(header) else None
        name = wanted = f"column{place}" if cell is None else _text(cell).strip() or f"column{place}"
        number = 1
        while fold(name) in taken:
            name, number = f"{wanted}_{number}", number + 1
        taken.add(fold(name))
        names.append(name)
    return names


def _kind(cell: object) -> type:
    """What a cell is, as far as columns differ; a moment at midnight is a date."""
    if isinstance(cell, datetime):
        return date if cell.time() == _MIDNIGHT else datetime
    return next((kind for kind in (bool, int, float, date, time) if isinstance(cell, kind)), str)


def _type(kinds: set[type]) -> pa.DataType:
    match sorted(kind.__name__ for kind in kinds):
        case ["bool"]:
            return pa.bool_()
        case ["int"]:
            return pa.int64()
        case ["float"] | ["float", "int"]:
            return pa.float64()
        case ["date"]:
            return pa.date32()
        case ["datetime"] | ["date", "datetime"]:
            return pa.timestamp("us")
        case ["time"]:
            return pa.time64("us")
    return pa.string()


def _fitted(row: _Cells, types: Sequence[pa.DataType]) -> list[object]:
    cells = (*row, *(None for _ in types[len(row) :]))
    return [_cell(cell, type_) for cell, type_ in zip(cells, types, strict=False)]


def _cell(cell: object, type_: pa.DataType) -> object:
    if cell is None:
        return None
    if pa.types.is_string(type_):
        return _text(cell)
    if pa.types.is_float64(type_) and isinstance(cell, int):
        return float(cell)
    return cell.date() if pa.types.is_date32(type_) and isinstance(cell, datetime) else cell


def _text(cell: object) -> str:
    if isinstance(cell, datetime) and cell.time() == _MIDNIGHT:
        return cell.date().isoformat()
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


@contextmanager
def _opened(file: Path) -> Iterator[Workbook]:
    """An Excel file; raises SourceUnavailable when it is none, or would unpack to more than 4 GB."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and extensions that are not looked at
        try:
            with zipfile.ZipFile(file) as packed:
                if sum(part.file_size for part in packed.infolist()) > _MOST_BYTES:
                    raise SourceUnavailable(f"`{file.name}` is too large", hint="keep such data as CSV or Parquet")
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            try:
                yield book
            finally:
                book.close()
        except (OSError, MemoryError, SourceUnavailable):
            raise
        except Exception:  # a damaged file fails in whichever way its bytes lead to
            raise SourceUnavailable(
                f"`{file.name}` cannot be read: it is no Excel file, or damaged, or locked by a password",
                hint="look at the file, then crawl again",
            ) from None
