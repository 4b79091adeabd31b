"""Files of one dataset that are split otherwise than its first: each is copied, split as that one is."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from catalog.errors import SourceUnavailable
from catalog.names import fold
from catalog.sources.files.delimited import HEAD_BYTES, ROW_BYTES, delimiter_of, telling
from catalog.sources.files.encodings import beginning, refuse_foreign, unpacked

_END = "\r\n"


def split_otherwise(files: Sequence[Path]) -> dict[Path, tuple[str, str]]:
    """The files whose header names the columns of the first that tells its delimiter with another one: theirs and its.

    A file of which that is not sure is left as it is, and is found not to agree with the others.

    Example: of a `2024.csv` that begins with `id,name` and a `2025.csv` with `id;name;city` it tells
    `{2025.csv: (";", ",")}`.
    """
    _, head = telling(files)
    wanted = delimiter_of(head)
    if wanted is None:
        return {}
    heads = {file: beginning(file, HEAD_BYTES) for file in files}
    names = _names(head, wanted)
    found = {file: own for file in files if (own := delimiter_of(heads[file])) not in (None, wanted)}
    return {file: (own, wanted) for file, own in found.items() if own and _continue(names, _names(heads[file], own))}


def write_split(file: Path, own: str, wanted: str, target: Path) -> None:
    """A copy with another delimiter, line by line the same cells; raises SourceUnavailable when that cannot be had.

    Lines end with both signs, since the writer quotes only those signs in a cell of which its own ends are made.
    """
    csv.field_size_limit(ROW_BYTES)  # of the whole process; it is 131,072 otherwise
    try:
        with unpacked(file) as stream, target.open("w", encoding="utf-8", newline="") as copy:
            text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
            rows = _as_the_engine(csv.reader(text, delimiter=own, strict=True))
            csv.writer(copy, delimiter=wanted, lineterminator=_END).writerows(rows)
    except UnicodeDecodeError:
        refuse_foreign(file)
        raise
    except csv.Error:
        raise SourceUnavailable(
            f"`{file.name}` is split otherwise than the other files of its dataset, and cannot be read as they are",
            hint="a quote in it may not be closed, or stand behind a space; mend it, or write all files alike",
        ) from None


def _as_the_engine(rows: Iterable[list[str]]) -> Iterator[list[str]]:
    """The rows, as long as the engine would read the same: it passes over the spaces before a quote."""
    for row in rows:
        if any(cell.startswith(" ") and cell.lstrip(" ").startswith('"') for cell in row):
            raise csv.Error
        yield row


def _names(head: bytes, delimiter: str) -> frozenset[str]:
    first = next(csv.reader(head.decode("utf-8-sig", errors="replace").splitlines(keepends=True), delimiter=delimiter))
    return frozenset(fold(name.strip()) for name in first)


def _continue(names: frozenset[str], others: frozenset[str]) -> bool:
    """Whether these may be headers of one dataset, to which columns were added over time."""
    return names <= others or others <= names
