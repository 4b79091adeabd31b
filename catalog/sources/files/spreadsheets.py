"""Excel sheets as Parquet: each sheet is a table with types, read row by row, so that memory stays bounded."""

import json
import re
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from datetime import date, datetime, time
from itertools import islice, repeat
from pathlib import Path
from xml.etree.ElementTree import Element

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl.workbook import Workbook
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import FORMULA_TAG, VALUE_TAG, WorkSheetParser

from catalog.errors import SourceUnavailable
from catalog.names import fold
from catalog.sources.failures import CHANGED_HINT
from catalog.sources.files.columns import Columns
from catalog.sources.files.converting import convert

_BATCH_ROWS = 10_000
_MOST_ROWS = 1_048_576  # of a sheet, says Excel
_MOST_BYTES = 4 * 2**30
_MIDNIGHT = time()
_SAVE_ANEW = "open the file in Excel and save it anew"
_FIRST_ROWS, _FEWEST_COLUMNS = 20, 3
_ABOVE = b"veil.rows_above_header"
_MOST_COLUMNS = 16_384  # of a sheet, says Excel
_NAMED_BY_PLACE = re.compile(r"column([0-9]{1,5})\Z")
_KINDS = frozenset((bool, int, float, date, datetime, time, str))
_TYPES: Mapping[str, tuple[pa.DataType, frozenset[type]]] = {
    "BOOLEAN": (pa.bool_(), frozenset((bool,))),
    "BIGINT": (pa.int64(), frozenset((int,))),
    "DOUBLE": (pa.float64(), frozenset((int, float))),
    "DATE": (pa.date32(), frozenset((date,))),
    "TIMESTAMP": (pa.timestamp("us"), frozenset((date, datetime))),
    "TIME": (pa.time64("us"), frozenset((time,))),
    "VARCHAR": (pa.string(), _KINDS),
}
"""The types that a column of a sheet can have, by the engine's names, with the kinds of cells that each can hold."""

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


def write_parquet(file: Path, sheet: str, target: Path, has_header: bool | None, known: Columns = ()) -> None:
    """A Parquet copy of one sheet; raises SourceUnavailable when there is no such sheet, or nothing in it.

    The first row that is not empty names the columns, or the one below the titles that stand above a table, unless the
    source says that there is no header. Once columns are `known`, each with its type in the engine, the copy has these
    alone, and the first row that holds all their names is the header, whatever other cells are filled; raises
    SourceUnavailable when there is none.

    A column has the type of all its cells: whole numbers, numbers, booleans, dates, times; where they differ it is
    text. It keeps the type that is known of it if that can hold its cells. All rows below the header are read, empty
    ones too, down to the last that is filled, and of a formula the value is read that Excel kept with it.
    """
    with _opened(file) as book:
        if sheet not in book.sheetnames:
            raise SourceUnavailable(
                f"`{file.name}` has no sheet `{sheet}`", hint="crawl the source again: each of its sheets is a dataset"
            )
        rows = _Rows(lambda: _read(book[sheet], file), has_header is not False, known)
        if not rows.is_found:
            raise SourceUnavailable(
                f"the sheet `{sheet}` of `{file.name}` has changed since it was last crawled: none of its rows holds"
                " the names of all columns that are known of it",
                hint=CHANGED_HINT,
            )
        names, types = rows.columns()
        if not names:
            raise SourceUnavailable(f"the sheet `{sheet}` of `{file.name}` is empty", hint="crawl when it holds data")
        schema = pa.schema(list(zip(names, types, strict=True)), {_ABOVE: str(rows.above)})
        with pq.ParquetWriter(target, schema) as writer:
            cells = rows.cells()
            while some := list(islice(cells, _BATCH_ROWS)):
                writer.write_batch(_batch(some, schema))


def rows_above_header(copy: Path) -> int:
    """How many rows of titles stood above the header of the sheet that a copy was made of."""
    return int((pq.read_schema(copy).metadata or {}).get(_ABOVE, b"0"))


class _Rows:
    """The rows of a sheet, which can be gone through more than once; `above` are the filled ones above its header.

    INVARIANT: where columns are known, no cell below the header decides which row is the header; and of the rows below
    it only those after the last filled one are not there.
    """

    def __init__(self, read: Callable[[], Iterable[_Cells]], has_header: bool, known: Columns) -> None:
        self._read = read
        self._known = {fold(name): type_ for name, type_ in known}
        self._header: _Cells = ()
        self._start = self.above = 0
        if has_header:
            self._find_header()
        self._places = self._known_places(self._header)
        self.is_found = len(self._places) == len(self._known)

    def cells(self) -> Iterator[_Cells]:
        """The rows below the header, down to the last that is filled."""
        empty = 0
        for row in islice(self._read(), self._start, None):
            cells = self._picked(row)
            if _is_filled(cells):
                yield from repeat((), empty)
                yield cells
                empty = 0
            else:
                empty += 1

    def columns(self) -> tuple[list[str], list[pa.DataType]]:
        """The names of the columns and the types that fit all their cells."""
        kinds: list[set[type]] = [set() for _ in self._places or _trimmed(self._header)]
        for row in self.cells():
            cells = _trimmed(row)
            kinds += [set() for _ in cells[len(kinds) :]]
            for kind, cell in zip(kinds, cells, strict=False):
                if cell is not None:
                    kind.add(_kind(cell))
        names = list(self._places.values()) or _named(self._header, len(kinds))
        return names, [_type(kind, self._known.get(fold(name), "")) for name, kind in zip(names, kinds, strict=True)]

    def _find_header(self) -> None:
        numbered = enumerate(self._read(), 1)
        if self._known:
            found = [next((each for each in numbered if self._known_places(each[1])), (0, ()))]
        else:
            found = list(islice((each for each in numbered if _is_filled(each[1])), _FIRST_ROWS)) or [(0, ())]
            self.above = _titles([row for _, row in found])
        self._start, self._header = found[self.above]

    def _known_places(self, header: _Cells) -> dict[int, str]:
        """Where a row that names the columns holds the known ones, by their names; empty unless it holds them all."""
        places = (int(match[1]) for name in self._known if (match := _NAMED_BY_PLACE.match(name)))
        reach = max((place + 1 for place in places if place < _MOST_COLUMNS), default=0)
        names = enumerate(_named(header, max(len(_trimmed(header)), reach)) if self._known else ())
        found = {place: name for place, name in names if fold(name) in self._known}
        return found if len(found) == len(self._known) else {}

    def _picked(self, row: _Cells) -> _Cells:
        if not (self._known and row):
            return row
        return tuple(row[place] if place < len(row) else None for place in self._places)


def _read(sheet: ReadOnlyWorksheet, file: Path) -> Iterator[_Cells]:
    """All rows of a sheet, whatever it says of its own size; a number of a row that no sheet has is refused.

    INVARIANT: no row or cell that is written is left out: openpyxl's own rows pass over one whose number is not larger
    than that of the row before, and keep of cells in one place the last.
    """
    above, book = 0, sheet.parent
    with sheet._get_source() as source:
        parser = _Parser(
            source,
            sheet._shared_strings,
            data_only=book.data_only,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        for number, cells in parser.parse():
            if number > _MOST_ROWS:
                raise SourceUnavailable(
                    f"`{file.name}` has more rows than Excel reads", hint="keep such data as CSV or Parquet"
                )
            found = {cell["column"]: cell["value"] for cell in cells}
            if number <= above or len(found) < len(cells):
                raise SourceUnavailable(
                    f"the rows of the sheet `{sheet.title}` of `{file.name}` are not in order, or two cells of one are"
                    " in one place",
                    hint=_SAVE_ANEW,
                )
            if parser.has_unknown:
                raise SourceUnavailable(
                    f"the sheet `{sheet.title}` of `{file.name}` has formulas whose values nobody has worked out",
                    hint=_SAVE_ANEW,
                )
            yield from repeat((), number - above - 1)
            yield tuple(found.get(column) for column in range(1, max(found, default=0) + 1))
            above = number


class _Parser(WorkSheetParser):  # type: ignore[misc]  # openpyxl has no types
    """Reads a sheet's cells; `has_unknown` once it has met a formula with which no value is kept.

    Such a cell is not empty, and a policy that goes by it would take it for NULL. An empty text is a kept value.
    """

    has_unknown = False

    def parse_cell(self, element: Element) -> dict[str, object]:
        if element.find(FORMULA_TAG) is not None and not element.findtext(VALUE_TAG):
            self.has_unknown |= element.get("t") != "str" or element.find(VALUE_TAG) is None
        cell: dict[str, object] = super().parse_cell(element)
        return cell


def _titles(first: Sequence[_Cells]) -> int:
    """How many of a sheet's first rows are titles: they fill less than half as many cells as the fullest, and a row of
    nothing but texts follows.
    """
    filled = [[cell for cell in row if cell is not None] for row in first]
    widest = max(map(len, filled), default=0)
    place = next((place for place, cells in enumerate(filled) if 2 * len(cells) >= widest), 0)
    is_header = widest >= _FEWEST_COLUMNS and all(isinstance(cell, str) for cell in filled[place])
    return place if is_header else 0


def _is_filled(row: _Cells) -> bool:
    return any(cell is not None for cell in row)


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


def _type(kinds: Set[type], known: str) -> pa.DataType:
    """The type that is known of a column, if it holds all kinds of its cells, or the first that does."""
    if known in _TYPES and kinds <= _TYPES[known][1]:
        return _TYPES[known][0]
    return next((type_ for type_, held in _TYPES.values() if kinds and kinds <= held), pa.string())


def _batch(rows: Sequence[_Cells], schema: pa.Schema) -> pa.RecordBatch:
    if any(rows):
        columns = zip(*(_fitted(row, schema.types) for row in rows), strict=True)
        arrays = [pa.array(column, type_) for column, type_ in zip(columns, schema.types, strict=True)]
    else:  # as many of them as a sheet has, if somebody wrote into its last row
        arrays = [pa.nulls(len(rows), type_) for type_ in schema.types]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


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
