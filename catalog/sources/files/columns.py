"""Whether the files of one relation agree: columns may be added from file to file, none may go, types may widen."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from catalog.errors import SourceUnavailable
from catalog.names import fold

MISFIT = "veil.misfit."
"""A copy that has this before the name of a column has cells in it that are no values of the column's type."""

Columns = Sequence[tuple[str, str]]
"""The names of columns in order, each with the family of its type; an empty family fits every other."""


def parquet_schema(file: Path) -> pa.Schema:
    """The schema of a Parquet file, by its footer alone; raises SourceUnavailable when that is damaged."""
    try:
        return pq.read_schema(file)
    except (OSError, pa.ArrowException):
        raise SourceUnavailable(
            f"`{file.name}` cannot be read: it is no Parquet file, or damaged, or closed to Veil",
            hint="look at the file and its rights, then crawl again",
        ) from None


def columns_of(schema: pa.Schema) -> Columns:
    """The columns of a Parquet file."""
    return tuple((field.name, _family(field.type)) for field in schema)


def misfits_of(schema: pa.Schema) -> frozenset[str]:
    """The columns, folded, of a copy with cells that are no values of their type."""
    marks = (key.decode(errors="replace") for key in schema.metadata or {})
    return frozenset(fold(mark.removeprefix(MISFIT)) for mark in marks if mark.startswith(MISFIT))


def has_half_floats(schema: pa.Schema) -> bool:
    """Whether a column, or a part of one, holds numbers of two bytes."""
    left = [field.type for field in schema]
    while left:
        type_ = left.pop()
        if pa.types.is_float16(type_):
            return True
        left += [type_.field(place).type for place in range(type_.num_fields)]
    return False


def refuse_disagreement(relation: str, files: Mapping[Path, Columns]) -> None:
    """Raises SourceUnavailable when a later file lacks a column of an earlier one, or types do not fit each other.

    Files go by the order of their names. A column that comes later is NULL in the files before it; whole numbers
    widen to decimals and doubles, dates to timestamps.
    """
    known: dict[str, str] = {}
    for file, columns in files.items():
        found = {fold(name): family for name, family in columns}
        for name, family in known.items():
            if name not in found:
                raise _changed(relation, f"`{file.name}` has no column `{name}`, and files before it do")
            if family and found[name] and family != found[name]:
                raise _changed(relation, f"the types of column `{name}` in `{file.name}` and before do not fit")
        known |= {name: family or known.get(name, "") for name, family in found.items()}


def is_continued(first: Iterable[str], last: Iterable[str]) -> bool:
    """Whether the last file of a series has every column of the first."""
    names = {fold(name) for name in first}
    return bool(names) and names <= {fold(name) for name in last}


def _changed(relation: str, why: str) -> SourceUnavailable:
    return SourceUnavailable(
        f"the files of `{relation}` do not agree: {why}",
        hint="columns may be added over time but not taken away; mend the files, or crawl each of them alone",
    )


def _family(type_: pa.DataType) -> str:
    if pa.types.is_null(type_):
        return ""
    if pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_):
        return "number"
    if pa.types.is_date(type_) or pa.types.is_timestamp(type_):
        return "moment"
    if pa.types.is_dictionary(type_):
        return _family(type_.value_type)
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return "text"
    return type(type_).__name__ if pa.types.is_nested(type_) else str(type_)
