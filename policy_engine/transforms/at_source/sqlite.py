"""SQLite knows no hashes and no patterns, but it takes functions: there a transform is its own reference, in Python.

What SQLite stores is made a value of the column's declared type first. What it cannot be made is NULL: nothing of it
is shown.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from functools import partial

from catalog.sources.source_work import SourceFunction
from policy_engine.model import ColumnName, TransformCall
from policy_engine.transforms import registry
from policy_engine.transforms.keys import KeyRing
from policy_engine.transforms.types import ColumnType, Kind, read_type

Stored = str | bytes | int | float | None
"""What SQLite can carry."""


def sqlite_function(
    call: TransformCall,
    column_type: str,
    *,
    namespace: str,
    keys: KeyRing,
    types: registry.Types,
    named: tuple[ColumnName, ...],
) -> SourceFunction:
    """The function of a transform: of the column's stored value, and that of the column that it goes by.

    It raises on no value, and holds the one key that the transform takes, and nothing else of the ring.
    """
    others = {name.path: types[name.path] for name in named}
    return partial(_shown, call, column_type, namespace, keys.only(call.name, namespace), others)


def _shown(
    call: TransformCall, column_type: str, namespace: str, keys: KeyRing, others: registry.Types, *stored: object
) -> Stored:
    value = _read(stored[0], read_type(column_type))
    if value is None:
        return None
    row = {path: _read(each, read_type(type_)) for (path, type_), each in zip(others.items(), stored[1:], strict=True)}
    shown = registry.reference(call, value, column_type, namespace=namespace, keys=keys, types=others, row=row)
    return _stored(shown)


def _read(stored: object, column: ColumnType) -> object:
    """A stored value as the value of a type; None where it is none."""
    try:
        return _READERS[column.kind](stored, column)
    except (KeyError, ValueError, TypeError, ArithmeticError):
        return None


def _exactly(kind: type) -> "Callable[[object, ColumnType], object]":
    return lambda stored, column: stored if type(stored) is kind else None


def _number(stored: object, column: ColumnType) -> object:
    if type(stored) not in (int, float, str):
        return None
    number = Decimal(str(stored)).quantize(Decimal(1).scaleb(-column.scale), ROUND_HALF_UP)
    return number if number.copy_abs() < Decimal(10) ** (column.width - column.scale) else None


def _moment(stored: object, column: ColumnType) -> object:
    moment = datetime.fromisoformat(str(stored))
    return None if moment.tzinfo else moment


_READERS: Mapping[Kind, Callable[[object, ColumnType], object]] = {
    Kind.TEXT: _exactly(str),
    Kind.INTEGER: _exactly(int),
    Kind.BLOB: _exactly(bytes),
    Kind.FLOAT: lambda stored, column: float(stored) if type(stored) in (int, float) else None,  # type: ignore[arg-type]
    Kind.DECIMAL: _number,
    Kind.BOOLEAN: lambda stored, column: {0: False, 1: True}[stored] if type(stored) is int else None,
    Kind.DATE: lambda stored, column: date.fromisoformat(str(stored)),
    Kind.TIMESTAMP: _moment,
    Kind.TIME: lambda stored, column: time.fromisoformat(str(stored)),
}


def _stored(shown: object) -> Stored:
    """A value as SQLite carries it."""
    match shown:
        case bool():
            return int(shown)
        case datetime():
            return shown.isoformat(" ")
        case date() | time():
            return shown.isoformat()
        case Decimal():
            return f"{shown:f}"
        case str() | bytes() | int() | float() | None:
            return shown
        case _:
            return None
