"""How queries read delimited files: columns bound to their places, by plans that hang on no cell.

Asked to look at a file first, the engine takes the number of its rows from its bytes, hidden cells too, and so chooses
which side of a join it takes first.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from catalog.names import fold, quoted
from catalog.sources.files.delimited import CsvDialect, stated
from catalog.sources.files.scans import item, typed
from catalog.sources.files.sets import FileSet
from catalog.sources.world import literal

_TAKEN_FOR_ROWS = 100_000
"""What delimited files are taken for, beside 42 rows of each, so that joins of large ones with small relations are
planned well, and no others badly.
"""


def bound_csv(
    files: FileSet,
    headers: Mapping[Path, Sequence[str]],
    dialect: CsvDialect,
    columns: Sequence[tuple[str, str]],
    *,
    leaves_out: bool = False,
) -> str:
    """A FROM item that reads delimited files of these headers with types bound to names; other columns are text.

    Files are only read while they stand as they did when their headers were read, so nothing of them is found out
    again. `leaves_out`: rows that cannot be read are passed over, also for cells that do not fit, if those are read.
    """
    options = stated(dialect) | {"auto_detect": "false"} | ({"ignore_errors": "true"} if leaves_out else {})
    types = {fold(name): type_ for name, type_ in columns}
    keys = {fold(key) for key in files.partitions}
    parts = [
        item("read_csv", some, options | _bound(header, types, keys) | _of_folders(columns, some))
        for header, some in _alike(files, headers)
    ]
    read = " UNION ALL BY NAME ".join(f"FROM {part}" for part in parts)
    return f"({read} UNION ALL BY NAME ({_no_rows(columns)}))"


def _alike(files: FileSet, headers: Mapping[Path, Sequence[str]]) -> Iterator[tuple[Sequence[str], FileSet]]:
    """The files in their order, those that stand beside each other and have one header together."""
    for header, places in groupby(range(len(files.files)), key=lambda place: headers[files.files[place]]):
        found = list(places)
        yield header, files.between(found[0], found[-1] + 1)


def _bound(header: Iterable[str], types: Mapping[str, str], keys: set[str]) -> dict[str, str]:
    told = [(name, "VARCHAR" if fold(name) in keys else types.get(fold(name), "VARCHAR")) for name in header]
    return {"columns": "{" + ", ".join(f"{literal(name)}: {literal(type_)}" for name, type_ in told) + "}"}


def _of_folders(columns: Iterable[tuple[str, str]], files: FileSet) -> dict[str, str]:
    keys = {fold(key) for key in files.partitions}
    return typed("columns", [(name, type_) for name, type_ in columns if fold(name) in keys], files)


def _no_rows(columns: Iterable[tuple[str, str]]) -> str:
    """No row at all of these columns, of which the engine learns when it runs."""
    cells = ", ".join(f"CAST(NULL AS {type_}) AS {quoted(name)}" for name, type_ in columns)
    return f"SELECT {cells} FROM range({_TAKEN_FOR_ROWS}) LIMIT (SELECT 0)"
