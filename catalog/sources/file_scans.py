"""How the embedded engine is told to read files: everything pinned by name, nothing guessed while a query runs."""

from collections.abc import Iterable
from dataclasses import dataclass

from catalog.errors import SourceUnavailable
from catalog.names import fold
from catalog.sources.file_kinds import FileKind
from catalog.sources.file_layout import FileSet
from catalog.sources.world import World, literal, pattern

_WHOLE_FILE_BYTES = 64 * 2**20
_SAMPLE_ROWS = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvDialect:
    """How the engine found a delimited file to be written."""

    delimiter: str
    quote: str
    escape: str
    comment: str
    has_header: bool
    date_format: str
    timestamp_format: str


def described(files: FileSet) -> str:
    """A FROM item that finds out columns and types from the files themselves.

    Files up to 64 MB are read whole, so that a type holds for every row; larger ones by a large sample.
    """
    options = {"sample_size": _sample_size(files.byte_count)}
    match files.kind:
        case FileKind.PARQUET:
            return parquet(files)
        case FileKind.CSV | FileKind.TSV:
            # skip=0: else a ragged file is read from some later line on, as if it were whole
            options |= {"union_by_name": _boolean(len(files.files) > 1), "skip": "0"} | _delimiter(files)
            return _item("read_csv", files, options)
        case FileKind.JSON | FileKind.NDJSON:
            return _item("read_json", files, options | _json_format(files))


def pinned_csv(
    files: FileSet, dialect: CsvDialect, columns: Iterable[tuple[str, str]], *, is_mixed: bool = False
) -> str:
    """A FROM item that reads delimited files in a known dialect with types bound to column names.

    The header is compared each time the files are opened: a column that has moved is found by its name,
    one that has gone is an error. `is_mixed`: the files do not agree on the order of their columns.
    """
    formats = {"dateformat": dialect.date_format, "timestampformat": dialect.timestamp_format}
    options = {
        "delim": literal(dialect.delimiter),
        "quote": literal(dialect.quote),
        "escape": literal(dialect.escape),
        "comment": literal(dialect.comment),
        "header": _boolean(dialect.has_header),
        "skip": "0",
        "sample_size": "1",
        "union_by_name": _boolean(is_mixed),
    } | _typed("types", columns, files)
    options |= {name: literal(text) for name, text in formats.items() if text}
    return _item("read_csv", files, options)


def pinned_json(files: FileSet, columns: Iterable[tuple[str, str]]) -> str:
    """A FROM item that reads these keys in these types; other keys stay unseen, a missing one is NULL."""
    return _item("read_json", files, _typed("columns", columns, files) | _json_format(files))


def parquet(files: FileSet) -> str:
    """A FROM item that reads Parquet files by the names of their columns; the files carry the types."""
    return _item("read_parquet", files, {})


def sniffed(world: World, files: FileSet) -> CsvDialect:
    """The dialect of delimited files, as the largest of them shows it."""
    size, largest = max(zip(files.sizes, files.files, strict=True))
    options = {"sample_size": _sample_size(size), "skip": "0"} | _delimiter(files)
    listed = "".join(f", {name} = {value}" for name, value in options.items())
    rows = world.rows(
        "SELECT Delimiter, Quote, Escape, Comment, HasHeader, DateFormat, TimestampFormat "
        f"FROM sniff_csv({literal(pattern(largest))}{listed})"
    )
    if not rows:
        raise SourceUnavailable("the file is empty", hint="a delimited file needs at least a header")
    delimiter, quote, escape, comment, has_header, date_format, timestamp_format = rows[0]
    return CsvDialect(
        delimiter=_text(delimiter),
        quote=_text(quote),
        escape=_text(escape),
        comment=_text(comment),
        has_header=bool(has_header),
        date_format=_text(date_format),
        timestamp_format=_text(timestamp_format),
    )


def headers(world: World, files: FileSet, dialect: CsvDialect) -> frozenset[tuple[str, ...]]:
    """The different headers of delimited files, each as the names of its columns in order."""
    items = (pinned_csv(files.only(file), dialect, ()) for file in files.files)
    return frozenset(tuple(name for name, _ in world.columns(item)) for item in items)


def _item(function: str, files: FileSet, options: dict[str, str]) -> str:
    paths = ", ".join(literal(pattern(file)) for file in files.files)
    # hive_partitioning is said each time: the engine would otherwise take a folder above the source for one
    options = options | {"hive_partitioning": _boolean(bool(files.partitions))}
    return f"{function}([{paths}]{''.join(f', {name} = {value}' for name, value in options.items())})"


def _sample_size(byte_count: int) -> str:
    return "-1" if byte_count <= _WHOLE_FILE_BYTES else str(_SAMPLE_ROWS)


def _delimiter(files: FileSet) -> dict[str, str]:
    return {"delim": literal("\t")} if files.kind is FileKind.TSV else {}


def _json_format(files: FileSet) -> dict[str, str]:
    return {"format": literal("newline_delimited")} if files.kind is FileKind.NDJSON else {}


def _typed(option: str, columns: Iterable[tuple[str, str]], files: FileSet) -> dict[str, str]:
    """Types by name, for what the files hold and for what their folders' names say."""
    keys = {fold(key) for key in files.partitions}
    in_files: list[str] = []
    in_folders: list[str] = []
    for name, type_ in columns:
        (in_folders if fold(name) in keys else in_files).append(f"{literal(name)}: {literal(type_)}")
    options = {option: in_files, "hive_types": in_folders}
    return {option: "{" + ", ".join(types) + "}" for option, types in options.items() if types}


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _text(sniffed_value: object) -> str:
    return "" if sniffed_value in (None, "(empty)") else str(sniffed_value)
