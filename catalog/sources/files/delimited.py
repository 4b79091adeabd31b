"""How delimited text is read: one dialect for all files of a relation, told by stated rules."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from catalog.errors import SourceUnavailable
from catalog.sources.files.encodings import beginning
from catalog.sources.files.kinds import FileKind
from catalog.sources.files.scans import WHOLE_FILE_BYTES, boolean, item, sample_size, typed
from catalog.sources.files.sets import FileSet
from catalog.sources.world import World, literal, pattern

_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
HEAD_BYTES = 64 * 2**10
"""How much of a file its delimiter and its header are told from."""

_HEAD_LINES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvOptions:
    """What a source says about its delimited files; None where it leaves that to the files."""

    delimiter: str | None = None
    has_header: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvDialect:
    """How a delimited file was found to be written."""

    delimiter: str
    quote: str
    escape: str
    has_header: bool
    date_format: str
    timestamp_format: str


def sniffed(world: World, files: FileSet, given: CsvOptions) -> CsvDialect:
    """The dialect of delimited files, as the largest of them shows it.

    The first line decides on the delimiter (see `delimiter_of`); the engine finds the rest. No line is taken for
    a comment, and without `has_header` a first line of values of another type than those below is a header.
    """
    size, largest = max(zip(files.sizes, files.files, strict=True))
    delimiter = "\t" if files.kind is FileKind.TSV else given.delimiter or delimiter_of(beginning(largest, HEAD_BYTES))
    options = {"sample_size": sample_size(size)} | _STEADY | {"ignore_errors": "true"}
    if delimiter is not None:
        options["delim"] = literal(delimiter)
    if given.has_header is not None:
        options["header"] = boolean(given.has_header)
    listed = "".join(f", {name} = {value}" for name, value in options.items())
    rows = world.rows(
        "SELECT Delimiter, Quote, Escape, HasHeader, DateFormat, TimestampFormat "
        f"FROM sniff_csv({literal(pattern(largest))}{listed})"
    )
    if not rows:
        raise SourceUnavailable(f"`{largest.name}` is empty", hint="a delimited file needs at least a header")
    found, quote, escape, has_header, date_format, timestamp_format = rows[0]
    # quotes may come after the sample, or be broken; only text between tabs is often written without any
    may_be_quoted = not _text(quote) and (found != "\t" or size > WHOLE_FILE_BYTES)
    quote = '"' if may_be_quoted else _text(quote)
    escape = _text(escape) or quote  # a doubled quote (RFC 4180) may come after the sample, or in another file
    if files.is_split_anew and (quote not in ("", '"') or escape != quote):
        raise SourceUnavailable(
            f"the files of the dataset are split by different delimiters, and `{largest.name}` is not quoted as copies "
            'of the others are, by `"` and `""` within it',
            hint="write them alike, or give each kind a folder of its own",
        )
    return CsvDialect(
        delimiter=_text(found),
        quote=quote,
        escape=escape,
        has_header=bool(has_header) if given.has_header is None else given.has_header,
        date_format=_text(date_format),
        timestamp_format=_text(timestamp_format),
    )


def delimiter_of(head: bytes) -> str | None:
    """The delimiter of a text, by its first line: of comma, semicolon, tab and bar the one that splits it into
    columns of which most lines have as many; None when none does.

    Example:
        >>> delimiter_of(b"name;paid\\nAnn;1,5\\nBob;2,25\\n"), delimiter_of(b"a,b\\n1,2\\n3\\n4,5\\n")
        (';', ',')
    """
    lines = head.decode("utf-8-sig", errors="replace").splitlines(keepends=True)[:_HEAD_LINES]
    scores = {delimiter: _score(lines, delimiter) for delimiter in _DELIMITERS}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    return best if scores[best][0] > 0.5 else None


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
    """Raises SourceUnavailable for a file that is split otherwise than the largest, as all of them are taken to be."""
    for file in files:
        own = delimiter_of(beginning(file, HEAD_BYTES))
        if own is not None and own != dialect.delimiter:
            raise SourceUnavailable(
                f"the files of `{relation}` are not written alike: `{file.name}` is split by {_DELIMITERS[own]}, and "
                f"others by {_DELIMITERS.get(dialect.delimiter, 'something else')}",
                hint="write them alike, or give each kind a folder of its own",
            )


def described_csv(files: FileSet, dialect: CsvDialect) -> str:
    """A FROM item that finds out columns and types from the rows that can be read; `sample_size` says from how many."""
    options = _dialect(dialect) | {"sample_size": sample_size(files.byte_count), "ignore_errors": "true"}
    return item("read_csv", files, options | {"union_by_name": boolean(len(files.files) > 1)})


def pinned_csv(
    files: FileSet,
    dialect: CsvDialect,
    columns: Iterable[tuple[str, str]],
    *,
    is_mixed: bool = False,
    leaves_out: bool = False,
    rejects: int = 0,
) -> str:
    """A FROM item that reads delimited files in a known dialect with types bound to column names.

    The header is compared each time the files are opened: a column that has moved is found by its name,
    one that has gone is an error. `is_mixed`: the files do not agree on their columns or the order of them.
    `leaves_out`: rows that cannot be read are passed over; `rejects` keeps so many of each file for a look at them.
    """
    options = _dialect(dialect) | {"sample_size": "1", "union_by_name": boolean(is_mixed)}
    if leaves_out:
        options["ignore_errors"] = "true"
    if rejects:
        options |= {"store_rejects": "true", "rejects_limit": str(rejects)}
    return item("read_csv", files, options | typed("types", columns, files))


def headers(world: World, files: FileSet, dialect: CsvDialect) -> dict[Path, tuple[str, ...]]:
    """The names of the columns of each file, in order; the engine is asked once for all that begin alike."""
    known: dict[bytes, tuple[str, ...]] = {}
    found: dict[Path, tuple[str, ...]] = {}
    for one in files.each():
        start = _start(one.files[0], dialect)
        if start not in known:
            known[start] = tuple(name for name, _ in world.columns(pinned_csv(one, dialect, (), leaves_out=True)))
        found[one.files[0]] = known[start]
    return found


def _start(file: Path, dialect: CsvDialect) -> bytes:
    """What decides on the names of a file's columns: its first line, unless that ends within quotes."""
    head = beginning(file, HEAD_BYTES)
    line = head.splitlines(keepends=True)[0] if head else b""
    is_whole = dialect.has_header and len(line) < len(head) and not line.count(b'"') % 2 and not line.count(b"'") % 2
    return line if is_whole else head


# skip=0: else a ragged file is read from some later line on, as if it were whole; and no line is a comment
_STEADY = {"skip": "0", "comment": "''"}


def _dialect(dialect: CsvDialect) -> dict[str, str]:
    formats = {"dateformat": dialect.date_format, "timestampformat": dialect.timestamp_format}
    return (
        {
            "delim": literal(dialect.delimiter),
            "quote": literal(dialect.quote),
            "escape": literal(dialect.escape),
            "header": boolean(dialect.has_header),
        }
        | _STEADY
        | {name: literal(text) for name, text in formats.items() if text}
    )


def _text(sniffed_value: object) -> str:
    return "" if sniffed_value in (None, "(empty)") else str(sniffed_value)
