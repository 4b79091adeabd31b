"""Rows as a driver gives them, made into batches: each value must be what its column says, or the read is refused."""

from collections.abc import Callable, Iterator, Sequence
from datetime import time
from decimal import ROUND_HALF_UP, Decimal
from itertools import repeat

import pyarrow as pa

from catalog.errors import SourceUnavailable
from catalog.sources.remote.arrow_types import arrow_type
from catalog.sources.remote.snapshot import RemoteColumn

BATCH_ROWS = 1_024
"""As many of the largest texts as a worker holds; where these batches end shows nowhere."""

_Row = Sequence[object]
_FITTING: tuple[tuple[Callable[[pa.DataType], bool], tuple[type, ...]], ...] = (
    (pa.types.is_boolean, (bool, int)),
    (pa.types.is_integer, (int,)),
    (pa.types.is_floating, (float, int)),
    (pa.types.is_decimal, (Decimal, int, float, str)),
    (pa.types.is_string, (str,)),
    (pa.types.is_binary, (bytes,)),
    (pa.types.is_temporal, (str,)),
)
"""What a driver may give for a column of a type; moments come as ISO texts."""
_BITS: dict[object, bool | None] = {None: None, 0: False, 1: True}


def batches(
    fetch: Callable[[int], Sequence[_Row]], columns: Sequence[RemoteColumn], table: str
) -> Iterator[pa.RecordBatch]:
    """The rows that `fetch(how many)` gives until it gives none; raises SourceUnavailable for a value of another type.

    Example:
        >>> rows = [[(1,), (2,)], []]
        >>> [batch] = batches(lambda count: rows.pop(0), [RemoteColumn(name="n", type="BIGINT", expression="n")], "t")
        >>> batch.to_pylist()
        [{'n': 1}, {'n': 2}]
    """
    names = [column.name for column in columns]
    while rows := fetch(BATCH_ROWS):
        values = zip(*rows, strict=True)
        arrays = [_checked(list(each), column, table) for each, column in zip(values, columns, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, names=names)


def _checked(values: list[object], column: RemoteColumn, table: str) -> pa.Array:
    try:
        return _array(values, column.type)
    except (ValueError, TypeError, KeyError, ArithmeticError):  # Arrow's own errors are of these kinds
        # INVARIANT: not chained, since the cause tells the value.
        raise SourceUnavailable(
            f"`{table}` holds a value in column `{column.called or column.name}` that is no {column.type}",
            hint="mend the value, or give the column a type that holds it, and crawl the source again",
        ) from None


def _array(values: list[object], type_name: str) -> pa.Array:
    kind = arrow_type(type_name)
    fit = next((types for is_kind, types in _FITTING if kind is not None and is_kind(kind)), ())
    if kind is None or not set(map(type, values)) <= {type(None), *fit}:
        raise TypeError(type_name)
    if pa.types.is_boolean(kind):
        return pa.array([_BITS[value] for value in values], kind)
    if pa.types.is_decimal(kind):
        return pa.array(list(map(_decimal, values, repeat(kind.scale))), kind)
    if pa.types.is_time(kind):  # which Arrow does not read out of texts
        return pa.array([None if value is None else time.fromisoformat(str(value)) for value in values], kind)
    if pa.types.is_temporal(kind):
        return pa.array(values, pa.string()).cast(kind)
    return pa.array(values, kind)


def _decimal(value: object, scale: int) -> Decimal | None:
    """The number in so many places; a number that a source keeps in floating point is rounded to them."""
    if value is None or isinstance(value, Decimal):
        return value
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
