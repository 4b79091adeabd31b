"""How delimited text is read: one dialect for all files of a relation, by stated rules, whatever stands in its rows."""

import codecs
import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from duckdb.sqltypes import DuckDBPyType

from catalog.errors import SourceUnavailable
from catalog.names import quoted
from catalog.sources.files.encodings import beginning
from catalog.sources.files.kinds import FileKind, unpacked_name
from catalog.sources.files.scans import boolean, item, sample_size, typed
from catalog.sources.files.sets import FileSet
from catalog.sources.world import World, literal, pattern

_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
HEAD_BYTES = 64 * 2**10
"""How much of a file its delimiter and its header are told from."""

ROW_BYTES = 32_000_000
"""The longest row that is read: a longer one ends every query, so that it tells of a hidden cell that it is long."""

_HEAD_LINES = 200
_ZONED = "timestamp with time zone"
_TIME = "[0-9]:[0-9]"
_ZONE = "[0-9]:[0-9]+([:.][0-9]+)* *[^ 0-9:.]"


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvOptions:
    """What a source says about its delimited files; None where it leaves that to their first lines.

    A quote within a quoted cell is written twice, unless there is an `escape`. `dates` and `timestamps` are formats of
    the engine; timestamps without one are as ISO 8601 has them.
    """

    delimiter: str | None
    has_header: bool | None
    quote: str
    escape: str | None
    dates: str
    timestamps: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvDialect:
    """How delimited files are written: as their first line shows it, and in all else as the source says."""

    delimiter: str
    has_header: bool
    given: CsvOptions


def dialect_of(world: World, files: FileSet, given: CsvOptions) -> CsvDialect:
    """The dialect of delimited files, as the first of them shows it that tells one (`telling`).

    The first line decides on the delimiter (see `delimiter_of`); without `has_header` a first line of values of
    another type than those below, in the largest file, is a header. Both show in the names of the columns, so that rows
    which change later can make a file one that has lost its columns, but not one that is read otherwise. Nothing else
    is found from rows.
    """
    _, largest = max(zip(files.sizes, files.files, strict=True))
    told = "\t" if files.kind is FileKind.TSV else given.delimiter
    first, head = telling(files.files[:1] if told else files.files)
    cells = _cells_by_delimiter(head)
    delimiter = told or delimiter_of(head) or max(cells, key=lambda each: cells[each], default=",")
    if files.is_split_anew and (given.quote != '"' or given.escape is not None):
        raise SourceUnavailable(
            f"the files of the dataset are split by different delimiters, and `{first.name}` is not quoted as copies "
            'of the others are, by `"` and `""` within it',
            hint="write them alike, or give each kind a folder of its own",
        )
    dialect = CsvDialect(delimiter=delimiter, has_header=given.has_header is not False, given=given)
    if given.has_header is None:
        dialect = replace(dialect, has_header=_has_header(world, largest, dialect))
    if told is None and not dialect.has_header and set(cells) - {delimiter}:
        raise SourceUnavailable(
            f"`{first.name}` has no header, and its first line does not tell what it is split by",
            hint="set the source's option `delimiter`",
        )
    return dialect


def telling(files: Sequence[Path]) -> tuple[Path, bytes]:
    """The first file by name whose first lines tell what it is split by, or the very first; and how it begins.

    INVARIANT: which file is the largest decides on no delimiter, as it hangs on cells that somebody may not see.
    """
    heads = ((file, beginning(file, HEAD_BYTES)) for file in files)
    first = next(heads)
    return next((each for each in chain([first], heads) if delimiter_of(each[1]) is not None), first)


def _has_header(world: World, largest: Path, dialect: CsvDialect) -> bool:
    """What the engine makes of the first line, beside the types of the rows below."""
    options = _written(dialect) | {"sample_size": sample_size(largest.stat().st_size), "ignore_errors": "true"}
    listed = "".join(f", {name} = {value}" for name, value in options.items() if name != "header")
    rows = world.rows(f"SELECT HasHeader FROM sniff_csv({literal(pattern(largest))}{listed})")
    if not rows:
        raise SourceUnavailable(f"`{largest.name}` is empty", hint="a delimited file needs at least a header")
    return bool(rows[0][0])


def delimiter_of(head: bytes) -> str | None:
    """The delimiter of a text, by its first line: of comma, semicolon, tab and bar the one that splits it into
    columns of which most lines have as many; None when none does.

    Example:
        >>> delimiter_of(b"name;paid\\nAnn;1,5\\nBob;2,25\\n"), delimiter_of(b"a,b\\n1,2\\n3\\n4,5\\n")
        (';', ',')
    """
    lines = _lines(head)
    scores = {delimiter: _score(lines, delimiter) for delimiter in _DELIMITERS}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    return best if scores[best][0] > 0.5 else None


def _lines(head: bytes) -> list[str]:
    return head.decode("utf-8-sig", errors="replace").splitlines(keepends=True)[:_HEAD_LINES]


def _cells_by_delimiter(head: bytes) -> dict[str, int]:
    """The delimiters by which the first line can be split, and into how many cells."""
    lines = _lines(head)
    return {each: count for each in _DELIMITERS if (count := _score(lines, each)[1]) > 1}


def _score(lines: list[str], delimiter: str) -> tuple[float, int]:
    """The share of rows that have as many cells as the first, and that number."""
    try:
        counts = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return 0.0, 0
    if not counts or counts[0] < 2:
        return 0.0, 0
    return counts.count(counts[0]) / len(counts), counts[0]


def refuse_other_delimiters(relation: str, files: Iterable[Path], dialect: CsvDialect) -> None:
    """Raises SourceUnavailable for a file that is split otherwise than all of them are taken to be."""
    for file in files:
        own = delimiter_of(beginning(file, HEAD_BYTES))
        if own is not None and own != dialect.delimiter:
            raise SourceUnavailable(
                f"the files of `{relation}` are not written alike: `{file.name}` is split by {_DELIMITERS[own]}, and "
                f"others by {_DELIMITERS.get(dialect.delimiter, 'something else')}",
                hint="write them alike, or give each kind a folder of its own",
            )


def csv_columns(
    world: World, files: FileSet, dialect: CsvDialect, *, rows: str
) -> tuple[tuple[str, DuckDBPyType], ...]:
    """The columns of delimited files and their types, from so many of the `rows` that can be read, -1 for all of them.

    Dates and timestamps are what the source says that they are, and text when written otherwise: the engine would
    guess one format for all columns, from any cell. Without a format it takes a timestamp for one with a time zone.
    """
    moments = "TIMESTAMPTZ" if dialect.given.timestamps is None else "TIMESTAMP"
    options = _dialect(dialect, f"BOOLEAN TIME DATE {moments} BIGINT DOUBLE VARCHAR".split())
    options |= {"sample_size": rows, "ignore_errors": "true"}
    found = world.columns(item("read_csv", files, options | {"union_by_name": boolean(len(files.files) > 1)}))
    zoned = [name for name, type_ in found if type_.id == _ZONED and name not in files.partitions]
    types = _moments(world, files, dialect, zoned, int(rows)) if zoned else {}
    return tuple((name, types.get(name, type_)) for name, type_ in found)


def _moments(
    world: World, files: FileSet, dialect: CsvDialect, names: Sequence[str], limit: int
) -> Mapping[str, DuckDBPyType]:
    """What columns are that hold moments: texts where no cell has a time of day, timestamps where none has a zone."""
    texts = [(name, "VARCHAR") for name in names]
    read = pinned_csv(files, dialect, texts, is_mixed=len(files.files) > 1, leaves_out=True)
    told = ", ".join(
        f"coalesce(bool_or(regexp_matches({quoted(name)}, '{mark}')), false)"
        for name in names
        for mark in (_TIME, _ZONE)
    )
    some = f"SELECT * FROM {read}{f' LIMIT {limit}' if limit > 0 else ''}"
    [marks] = world.rows(f"SELECT {told} FROM ({some})")
    has_time, has_zone = marks[::2], marks[1::2]
    return {
        name: DuckDBPyType((_ZONED if zone else "TIMESTAMP") if time else "VARCHAR")
        for name, time, zone in zip(names, has_time, has_zone, strict=True)
    }


def pinned_csv(
    files: FileSet,
    dialect: CsvDialect,
    columns: Iterable[tuple[str, str]],
    *,
    is_mixed: bool = False,
    leaves_out: bool = False,
    rejects: int = 0,
) -> str:
    """A FROM item that reads delimited files in a known dialect with types bound to column names; others are text.

    The header is compared each time the files are opened: a column that has moved is found by its name,
    one that has gone is an error. `is_mixed`: the files do not agree on their columns or the order of them.
    `leaves_out`: rows that cannot be read are passed over; `rejects` keeps so many of each file for a look at them.
    """
    options = _dialect(dialect, ["VARCHAR"]) | {"sample_size": "1", "union_by_name": boolean(is_mixed)}
    if leaves_out:
        options["ignore_errors"] = "true"
    if rejects:
        options |= {"store_rejects": "true", "rejects_limit": str(rejects)}
    return item("read_csv", files, options | typed("types", columns, files))


def headers(world: World, files: FileSet, dialect: CsvDialect) -> dict[Path, tuple[str, ...]]:
    """The names of the columns of each file, in order, and none of folders; asked once for all that begin alike."""
    known: dict[bytes, tuple[str, ...]] = {}
    found: dict[Path, tuple[str, ...]] = {}
    for one in files.each():
        start = _start(one.files[0], dialect)
        if dialect.has_header and start.removeprefix(codecs.BOM_UTF8)[:1] in (b"\n", b"\r"):
            raise SourceUnavailable(  # the engine would find the header behind it, and yet read that as a row
                f"`{one.files[0].name}` begins with an empty line",
                hint="take out the empty lines before its header, then crawl again",
            )
        if start not in known:
            plain = pinned_csv(replace(one, partitions=()), dialect, (), leaves_out=True)
            known[start] = tuple(name for name, _ in world.columns(plain))
        found[one.files[0]] = known[start]
    return found


def head_length(file: Path, dialect: CsvDialect) -> int:
    """How many of a file's first bytes, packed as they are, decide on the names of its columns; none without a header.

    Example: of a file that begins with `id,name` and a line end these are 8.
    """
    if not dialect.has_header:
        return 0
    return HEAD_BYTES if unpacked_name(file.name) != file.name else len(_start(file, dialect))


def _start(file: Path, dialect: CsvDialect) -> bytes:
    """What decides on the names of a file's columns: its first line, unless that ends within quotes."""
    head = beginning(file, HEAD_BYTES)
    line = head.splitlines(keepends=True)[0] if head else b""
    is_whole = dialect.has_header and len(line) < len(head) and not line.count(b'"') % 2 and not line.count(b"'") % 2
    return line if is_whole else head


# skip=0: else a ragged file is read from some later line on, as if it were whole; and no line is a comment.
# parallel=false: else the engine cuts a file every 8 MB, and at each cut guesses whether it stands within quotes; where
# it guesses wrong, lines of a cell are rows, of which it says so at the end of the file or, leaving out bad rows, never
# buffer_size: what the engine takes by itself for rows of 2 MB, and would take sixteen times as much for longer ones
_STEADY = {
    "skip": "0",
    "comment": "''",
    "parallel": "false",
    "max_line_size": str(ROW_BYTES),
    "buffer_size": str(ROW_BYTES),
}


def _written(dialect: CsvDialect) -> dict[str, str]:
    quote = dialect.given.quote
    escape = dialect.given.escape or quote if quote else ""
    return {
        "delim": literal(dialect.delimiter),
        "quote": literal(quote),
        "escape": literal(escape),
        "header": boolean(dialect.has_header),
    } | _STEADY


def stated(dialect: CsvDialect) -> dict[str, str]:
    """How delimited text is written, as options of the engine: with nothing left to be guessed but for the types."""
    formats = {"dateformat": dialect.given.dates, "timestampformat": dialect.given.timestamps}
    return _written(dialect) | {name: literal(format_) for name, format_ in formats.items() if format_}


def _dialect(dialect: CsvDialect, guessed: Iterable[str]) -> dict[str, str]:
    """How to read, with the types that the engine may guess: beside some, it would guess how they are written."""
    return stated(dialect) | {"auto_type_candidates": f"[{', '.join(map(literal, guessed))}]"}
