"""Rows of delimited files that cannot be read: counted and told by their lines, never by what stands in them."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from catalog.errors import SourceUnavailable
from catalog.names import quoted
from catalog.sources.failures import mapped
from catalog.sources.files.delimited import CsvDialect, pinned_csv
from catalog.sources.files.encodings import line_numbers, refuse_foreign
from catalog.sources.files.sets import FileSet
from catalog.sources.world import World

_MOST_ROWS = 1_000
_SHOWN_LINES = 10
_SECONDS = 120.0
_ERRORS = """
SELECT file_path, line_byte_position, bool_or(error_type = 'INVALID ENCODING'), bool_or(error_type = 'UNQUOTED VALUE')
FROM reject_errors JOIN reject_scans USING (scan_id, file_id) GROUP BY ALL ORDER BY ALL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRows:
    """How many rows of a file cannot be read, and where the first ones begin, as lines counted from 1."""

    file: str
    count: int
    lines: tuple[int, ...]

    @property
    def told(self) -> str:
        """The count in words, as `2 rows`."""
        return counted([self])

    @property
    def place(self) -> str:
        """The file and the lines, as `visits.csv: lines 3, 9`."""
        line = "line" if self.count == 1 else "lines"
        more = ", ..." if self.count > len(self.lines) else ""
        return f"{self.file}: {line} {', '.join(map(str, self.lines))}{more}"


def counted(found: Sequence[BadRows]) -> str:
    """How many rows of several files that are, in words; where they are is for those who keep the files.

    Example:
        >>> counted([BadRows(file="visits.csv", count=2, lines=(3, 9))])
        '2 rows'
    """
    count = sum(each.count for each in found)
    more = " or more" if any(each.count >= _MOST_ROWS for each in found) else ""
    return f"{count:,}{more} {'row' if count == 1 else 'rows'}"


def bad_rows(
    world: World, files: FileSet, dialect: CsvDialect, columns: Sequence[tuple[str, str]]
) -> tuple[BadRows, ...]:
    """Looks through all rows of the files once; they have one header, and these columns.

    Raises SourceUnavailable when the file is not UTF-8, or when quotes leave open where a row ends: then nobody can
    say which rows are good.
    """
    item = pinned_csv(files, dialect, columns, rejects=_MOST_ROWS)
    found: dict[str, list[int]] = {}
    for file, position, is_foreign, is_open in _errors(world, item):
        if is_foreign:
            refuse_foreign(Path(file))
        if is_open:
            [line] = line_numbers(Path(file), [position])
            raise SourceUnavailable(
                f"a quote of `{Path(file).name}` leaves open where its row ends",
                hint="a quote within a quoted cell is written twice; mend the file, or say by the options `quote` and "
                "`escape` of the source how it is written, then crawl again",
                place=f"line {line}",
            )
        found.setdefault(file, []).append(position)
    return tuple(
        BadRows(file=Path(file).name, count=len(places), lines=line_numbers(Path(file), places[:_SHOWN_LINES]))
        for file, places in found.items()
    )


def has_misfits(world: World, texts: str, typed: str, names: Iterable[str]) -> bool:
    """Whether cells of these columns do not fit their types, or are no texts, of two FROM items that leave out rows:
    one that reads no cell, and one that reads them in the types.

    The engine would leave out such a row of the queries that read the cell, and of no others.
    """
    every = ", ".join(map(quoted, names))
    if not every:
        return False
    of_typed = f"SELECT count(*) FROM {typed} WHERE hash({every}) IS NOT NULL"  # always so, and read for it
    with _asking(world) as cursor:
        found = cursor.execute(f"SELECT (SELECT count(*) FROM {texts}) <> ({of_typed})").fetchall()
    return bool(found[0][0])


def _errors(world: World, item: str) -> Iterable[tuple[str, int, bool, bool]]:
    with _asking(world) as cursor:
        cursor.execute(f"SELECT count(COLUMNS(*)) FROM {item}").fetchall()
        found: list[tuple[str, int, bool, bool]] = cursor.execute(_ERRORS).fetchall()
        return found


@contextmanager
def _asking(world: World) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that is interrupted when it takes too long."""
    cursor = world.cursor()
    clock = threading.Timer(_SECONDS, cursor.interrupt)
    clock.start()
    try:
        yield cursor
    except duckdb.Error as error:
        raise mapped(error) from None
    finally:
        clock.cancel()
        cursor.close()
