"""Which files hold data: the kind of a file is told by its name."""

from enum import StrEnum
from pathlib import PurePath

from catalog.remembered import remembered

_PACKED = (".gz", ".zst")


class FileKind(StrEnum):
    """How a file is written."""

    CSV = "csv"
    TSV = "tsv"
    JSON = "json"
    NDJSON = "ndjson"
    PARQUET = "parquet"
    AVRO = "avro"
    XLSX = "xlsx"


_BY_SUFFIX = {
    ".csv": FileKind.CSV,
    ".tsv": FileKind.TSV,
    ".tab": FileKind.TSV,
    ".json": FileKind.JSON,
    ".ndjson": FileKind.NDJSON,
    ".jsonl": FileKind.NDJSON,
    ".parquet": FileKind.PARQUET,
    ".avro": FileKind.AVRO,
    ".xlsx": FileKind.XLSX,
}

DELIMITED = frozenset({FileKind.CSV, FileKind.TSV})
TEXTS = DELIMITED | {FileKind.JSON, FileKind.NDJSON}

_NOT_READ: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        (".txt", ".text", ".dat", ".psv", ".ssv", ".log"),
        "its name does not say how it is written",
        "name it `.csv` if it holds a table; its delimiter is found by itself",
    ),
    (
        (".xls", ".xlsb", ".xlsm", ".ods", ".numbers"),
        "spreadsheets of this kind are not read",
        "save it as `.xlsx`, or as CSV",
    ),
    (
        (".zip", ".tar", ".tgz", ".7z", ".rar", ".bz2", ".xz", *_PACKED),
        "archives are not looked into",
        "unpack it; a text of its own may be `.gz` or `.zst`",
    ),
    (
        (".db", ".sqlite", ".sqlite3", ".duckdb"),
        "it is a database, if its name tells the truth",
        "make it a source of its own, by `sqlite` or `duckdb`",
    ),
)

KINDS = "CSV, TSV, JSON, NDJSON (each also as .gz or .zst), Parquet, Avro or Excel sheets"


@remembered(4096)
def kind_of(name: str) -> FileKind | None:
    """The kind of a data file, None for any other file; hidden and underscored files are none.

    Example:
        >>> kind_of("visits.csv.gz"), kind_of("notes.txt")
        (<FileKind.CSV: 'csv'>, None)
    """
    if name.startswith((".", "_")) or "\\" in name or not name.isprintable():
        return None
    path = PurePath(name.lower())
    is_packed = path.suffix in _PACKED
    kind = _BY_SUFFIX.get(PurePath(path.stem).suffix if is_packed else path.suffix)
    return None if is_packed and kind not in TEXTS else kind


def why_not(name: str) -> tuple[str, str]:
    """Why a file is none of data, by its name, and what would make it one.

    Example:
        >>> why_not("visits.txt")[1]
        'name it `.csv` if it holds a table; its delimiter is found by itself'
    """
    if "\\" in name or not name.isprintable():
        return "its name holds a backslash, or a character that cannot be shown", "give it a plain name"
    suffixes = [suffix.lower() for suffix in PurePath(name).suffixes]
    if suffixes[-1:] and suffixes[-1] in _PACKED and _BY_SUFFIX.get(suffixes[-2] if suffixes[1:] else ""):
        return "it is packed a second time", "unpack it"
    for known, reason, hint in _NOT_READ:
        if suffixes[-1:] and suffixes[-1] in known:
            return reason, hint
    return "its name is not one of a data file", f"what is read: {KINDS}"


def bare_name(name: str) -> str:
    """A file's name without the endings that tell its kind; a folder's name as it is.

    Example:
        >>> bare_name("visits.csv.gz"), bare_name("visits.2024")
        ('visits', 'visits.2024')
    """
    if kind_of(name) is None:
        return name
    return PurePath(unpacked_name(name)).stem


def unpacked_name(name: str) -> str:
    """A file's name without the ending that tells how it is packed.

    Example:
        >>> unpacked_name("visits.csv.gz")
        'visits.csv'
    """
    return name[: -len(PurePath(name).suffix)] if name.lower().endswith(_PACKED) else name
