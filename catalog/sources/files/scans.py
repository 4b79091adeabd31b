"""How the embedded engine is told to read files: everything pinned by name, nothing guessed while a query runs."""

from collections.abc import Iterable

from catalog.names import fold, quoted
from catalog.sources.files.kinds import FileKind
from catalog.sources.files.sets import FileSet
from catalog.sources.world import literal, pattern

WHOLE_FILE_BYTES = 64 * 2**20
TYPED_ROWS = 200_000
"""How many rows the types of large files are told from."""

_NO_VALUE = "a column has cells that are no values of its type"
_NO_FORM = "\x01"  # no moment is written so


def described_json(files: FileSet, *, has_moments: bool = True, has_maps: bool = True) -> str:
    """A FROM item that finds out the keys of JSON files and their types, as `sample_size` says.

    The engine takes moments of other forms for such too than `pinned_json` can read; without moments they are texts.
    It takes objects of many different keys for maps, a row as well; without maps each key is a field.
    """
    # dates as `pinned_json` reads them: the engine would take those of other forms for some too
    options = {"sample_size": sample_size(files.byte_count), "dateformat": literal("%Y-%m-%d")}
    if not has_moments:
        options["timestampformat"] = literal(_NO_FORM)
    if not has_maps:
        options |= {"map_inference_threshold": "-1", "field_appearance_threshold": "0"}
    return item("read_json", files, options | _json_format(files))


def pinned_json(files: FileSet, columns: Iterable[tuple[str, str]]) -> str:
    """A FROM item that reads these keys in these types; other keys stay unseen, a missing one is NULL."""
    return item("read_json", files, typed("columns", columns, files) | _json_format(files))


def parquet(files: FileSet, columns: Iterable[str] = ()) -> str:
    """A FROM item that reads Parquet files by the names of their columns; the files carry the types.

    Of these columns the engine knows nothing before it reads them: it would plan by the least and the largest value of
    all rows, filtered-out ones too, and so would the order of an answer. What a file says of a group of rows leaves NaN
    out, which the engine takes for larger than all others; so it is told that there may be some.
    """
    options = {"union_by_name": boolean(len(files.files) > 1), "can_have_nan": "true"}
    if untold := ", ".join(literal(quoted(name)) for name in columns):  # a path, in which quotes are no part of a name
        options["column_statistics"] = f"map_from_entries(list_transform([{untold}], lambda name: (name, MAP {{}})))"
    return item("read_parquet", files, options)


def parquet_rows(files: FileSet) -> str:
    """The same with the number of each row in its file, from 0, as `file_row_number`."""
    return item("read_parquet", files, {"file_row_number": "true"})


def ending(item: str, columns: Iterable[tuple[str, object]]) -> str:
    """A FROM item of the same columns, of which whoever reads one of these gets an error, whatever its cells hold."""
    errors = ", ".join(f"CAST(error({literal(_NO_VALUE)}) AS {type_}) AS {quoted(name)}" for name, type_ in columns)
    return f"(SELECT * REPLACE ({errors}) FROM {item})"


def one_of_each_shape(files: FileSet) -> str:
    """A query for one Parquet file of each kind of columns that there is among the files, by their footers alone."""
    return f"""
        SELECT min(file_name) FROM (
            SELECT file_name, list((name, duckdb_type, num_children)) AS shape
            FROM parquet_schema([{_paths(files)}]) GROUP BY file_name
        ) GROUP BY shape
    """


def item(function: str, files: FileSet, options: dict[str, str]) -> str:
    """A FROM item: the engine's function over exactly these files."""
    # hive_partitioning is said each time: the engine would otherwise take a folder above the source for one
    options = options | {"hive_partitioning": boolean(bool(files.partitions))}
    return f"{function}([{_paths(files)}]{''.join(f', {name} = {value}' for name, value in options.items())})"


def _paths(files: FileSet) -> str:
    return ", ".join(literal(pattern(file)) for file in files.files)


def sample_size(byte_count: int) -> str:
    """How many rows tell the types: all of up to 64 MB, so that a type holds for every row; else a large sample."""
    return "-1" if byte_count <= WHOLE_FILE_BYTES else str(TYPED_ROWS)


def typed(option: str, columns: Iterable[tuple[str, str]], files: FileSet) -> dict[str, str]:
    """Types by name, for what the files hold and for what their folders' names say."""
    keys = {fold(key) for key in files.partitions}
    in_files: list[str] = []
    in_folders: list[str] = []
    for name, type_ in columns:
        (in_folders if fold(name) in keys else in_files).append(f"{literal(name)}: {literal(type_)}")
    options = {option: in_files, "hive_types": in_folders}
    return {option: "{" + ", ".join(types) + "}" for option, types in options.items() if types}


def boolean(value: bool) -> str:
    """A boolean as SQL writes it."""
    return "true" if value else "false"


def _json_format(files: FileSet) -> dict[str, str]:
    return {"format": literal("newline_delimited")} if files.kind is FileKind.NDJSON else {}
