"""How each type of PostgreSQL comes to the engine: as its equal there, or as the text that PostgreSQL prints.

Text is the rule for whatever has no exact equal: enums, network addresses, ranges, money, numbers without a stated
precision or of more than 38 digits, and what extensions bring. Nothing is rounded, cut or guessed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog.errors import SourceUnavailable
from catalog.names import quoted
from catalog.sources.remote.arrow_types import arrow_type
from catalog.sources.remote.conditions import Value
from catalog.sources.remote.snapshot import Pushed, RemoteColumn

_EQUALS = {
    "bool": ("BOOLEAN", Pushed.COMPARED),
    "bytea": ("BLOB", Pushed.NULL),
    "date": ("DATE", Pushed.COMPARED),
    "float4": ("FLOAT", Pushed.NULL),
    "float8": ("DOUBLE", Pushed.NULL),
    "int2": ("SMALLINT", Pushed.COMPARED),
    "int4": ("INTEGER", Pushed.COMPARED),
    "int8": ("BIGINT", Pushed.COMPARED),
    "interval": ("INTERVAL", Pushed.NULL),
    "text": ("VARCHAR", Pushed.EQUAL),
    "time": ("TIME", Pushed.NULL),
    "timestamp": ("TIMESTAMP", Pushed.COMPARED),
    "timestamptz": ("TIMESTAMP WITH TIME ZONE", Pushed.COMPARED),
    "varchar": ("VARCHAR", Pushed.EQUAL),
}
_TEXTS = {"uuid": "UUID", "json": "JSON", "jsonb": "JSON"}
_ITEMS = {"bool", "float4", "float8", "int2", "int4", "int8", "text", "varchar"}
_MOST_DIGITS = 38

# PostgreSQL counts from 2000 and Arrow from 1970: the driver adds the difference, and its sums run over.
_DAYS, _MICROSECONDS = 10_957, 946_684_800_000_000
_EARLIEST = {"DATE": -2_440_588, "TIMESTAMP": -210_866_803_200_000_000}  # 4713 BC, the first year there is


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A column as PostgreSQL's catalog has it; `item` is the type of an array's items, `modifier` the type's.

    The text of one that `is_told` is made by a function that is not the server's own, and so may end in an error.
    """

    name: str
    type: str
    item: str = ""
    modifier: int = -1
    is_told: bool = False


def declared_of(row: Mapping[str, object]) -> Declared:
    """A column as a row of the catalog tells it."""
    return Declared(
        name=str(row["name"]),
        type=str(row["type"]) if row["is_own"] else "",
        item=str(row["item"]),
        modifier=int(str(row["modifier"])),
        is_told=bool(row["is_told"]),
    )


def column_of(declared: Declared) -> RemoteColumn:
    """The column as the engine meets it.

    Example:
        >>> column_of(Declared(name="paid", type="numeric", modifier=(8 << 16) + 2 + 4)).type
        'DECIMAL(8,2)'
        >>> column_of(Declared(name="at", type="inet")).expression
        '"at"::pg_catalog.text'
    """
    expression, text = quoted(declared.name), f"{quoted(declared.name)}::pg_catalog.text"
    if declared.type in _EQUALS:
        type_name, judged = _EQUALS[declared.type]
        return RemoteColumn(name=declared.name, type=type_name, expression=expression, pushed=judged)
    if decimal := _decimal(declared):
        return RemoteColumn(name=declared.name, type=decimal, expression=expression, pushed=Pushed.COMPARED)
    if declared.type in _TEXTS:
        return _shown(
            declared, RemoteColumn(name=declared.name, type=_TEXTS[declared.type], expression=text, pushed=Pushed.NULL)
        )
    if declared.item in _ITEMS and declared.type == f"_{declared.item}":
        # The driver lays an array of several dimensions out flat, so such a one must end the statement.
        dimensions = f"pg_catalog.array_ndims({expression})"
        refused = f"CAST({dimensions}::pg_catalog.text || ' dimensions' AS pg_catalog.{declared.item}[])"
        return RemoteColumn(
            name=declared.name,
            type=f"{_EQUALS[declared.item][0]}[]",
            expression=f"CASE WHEN {dimensions} > 1 THEN {refused} ELSE {expression} END",
            pushed=Pushed.NOTHING,
        )
    return _shown(declared, RemoteColumn(name=declared.name, type="VARCHAR", expression=text, pushed=Pushed.EQUAL))


def _shown(declared: Declared, column: RemoteColumn) -> RemoteColumn:
    """A column that comes as text; no condition is sent on one whose text may end in an error."""
    return replace(column, pushed=Pushed.NOTHING, is_worked_out=True) if declared.is_told else column


def _decimal(declared: Declared) -> str:
    digits, places = (declared.modifier - 4) >> 16 & 0xFFFF, (declared.modifier - 4) & 0x7FF
    is_exact = declared.type == "numeric" and declared.modifier >= 4 and places <= digits <= _MOST_DIGITS
    return f"DECIMAL({digits},{places})" if is_exact else ""


def converted(batch: pa.RecordBatch, columns: Sequence[RemoteColumn], table: str) -> pa.RecordBatch:
    """The driver's batch in the types of the columns; raises SourceUnavailable for a value that does not fit."""
    arrays = [_converted(array, column, table) for array, column in zip(batch.columns, columns, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, names=[column.name for column in columns])


def _converted(array: pa.Array, column: RemoteColumn, table: str) -> pa.Array:
    kind = arrow_type(column.type)
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    try:
        if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
            array = _with_infinity(array)
        return array if array.type == kind else array.cast(kind)
    except (pa.ArrowException, ValueError):
        # INVARIANT: not chained, since the cause tells the value.
        raise SourceUnavailable(
            f"`{table}` holds a value in column `{column.called or column.name}` that is no {column.type}: "
            "NaN, or out of range",
            hint="mend the value, or give the column a type without a precision, and crawl the source again",
        ) from None


def _with_infinity(array: pa.Array) -> pa.Array:
    """Dates and timestamps with `infinity` as the engine counts it; ValueError for a moment out of range."""
    is_date = pa.types.is_date(array.type)
    counted = array.cast(pa.int32() if is_date else pa.int64())
    lowest = pc.min(counted).as_py()
    if lowest is None or lowest >= _EARLIEST["DATE" if is_date else "TIMESTAMP"]:
        return array
    word, shift = (np.int32, _DAYS) if is_date else (np.int64, _MICROSECONDS)
    most = np.iinfo(word).max
    forever, never = np.iinfo(word).min + shift - 1, np.iinfo(word).min + shift
    values = np.array(counted.fill_null(0))
    values = np.where(values == forever, most, np.where(values == never, -most, values)).astype(word)
    if ((values < _EARLIEST["DATE" if is_date else "TIMESTAMP"]) & (values != -most)).any():
        raise ValueError("out of range")
    return pa.array(values, counted.type, mask=np.array(counted.is_null())).cast(array.type)


def type_of(value: Value) -> str:
    """The type in which a value of a condition is bound.

    Example:
        >>> type_of(True), type_of(7), type_of("a")
        ('bool', 'int8', 'text')
    """
    if isinstance(value, datetime):
        return "timestamp" if value.tzinfo is None else "timestamptz"
    kinds = ((bool, "bool"), (int, "int8"), (Decimal, "numeric"), (date, "date"), (str, "text"))
    return next(name for kind, name in kinds if isinstance(value, kind))


def operator(sign: str) -> str:
    """A comparison of the server's own, wherever others of that sign may be."""
    return f"OPERATOR(pg_catalog.{sign})"
