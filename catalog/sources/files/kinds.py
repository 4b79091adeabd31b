"""Which files hold data: the kind of a file is told by its name."""

import functools
from enum import StrEnum
from pathlib import PurePath

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

KINDS = "CSV, TSV, JSON, NDJSON (each also as .gz or .zst), Parquet, Avro or Excel sheets"


@functools.lru_cache(maxsize=4096)
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
