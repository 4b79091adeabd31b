"""How a query's parameters travel: JSON values as they are, other values as tagged JSON."""

import base64
import datetime
import decimal
import math
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, cast

from veil.errors import ProgrammingError

Json = None | bool | int | float | str | dict[str, str]


Parameters = Sequence[object] | Mapping[str, object]
"""Values for `?` or `$1` in order, or for `$name` by name."""


def encode(parameters: Parameters) -> list[Json] | dict[str, Json]:
    """The values for the parameters of a query: in order for `?` and `$1`, by name for `$name`.

    Example:
        >>> encode([40, datetime.date(2026, 1, 1)])
        [40, {'$type': 'date', 'value': '2026-01-01'}]
        >>> encode({"age": 40})
        {'age': 40}
    """
    if isinstance(parameters, Mapping):
        return {str(name): _encode(value, f"`{name}`") for name, value in parameters.items()}
    if isinstance(parameters, str | bytes):
        raise ProgrammingError("parameters are a list of values, one for each `?`", hint="write [value], not value")
    return [_encode(value, str(number)) for number, value in enumerate(parameters, start=1)]


def _encode(value: object, number: str) -> Json:
    if value is None or isinstance(value, bool | int | str):
        return value
    if _is_no_value(value):
        raise ProgrammingError(f"parameter {number} is not a finite value", hint="send None for a missing value")
    match value:
        case float():
            return value
        case datetime.datetime():
            return _tagged("timestamp", value.isoformat())
        case datetime.date():
            return _tagged("date", value.isoformat())
        case decimal.Decimal():
            return _tagged("decimal", format(value, "f"))
        case bytes() | bytearray() | memoryview():
            return _tagged("bytes", base64.b64encode(value).decode())
        case uuid.UUID():
            return str(value)
    plain = _of_numpy(value)
    if type(plain) is type(value):
        raise ProgrammingError(
            f"parameter {number} is of a type that cannot be sent: {type(value).__name__}",
            hint="send text, a number, a date, a datetime, a Decimal, bytes or None",
        )
    return _encode(plain, number)


def _is_no_value(value: object) -> bool:
    """Whether it is infinite or one of the ways to write "missing" that JSON and SQL do not share."""
    match value:
        case float():
            return not math.isfinite(value)
        case decimal.Decimal():
            return not value.is_finite()
        case datetime.datetime():  # pandas' NaT is a datetime that differs from itself
            return value != value
    return False


def _of_numpy(value: object) -> object:
    """The Python value that a numpy scalar stands for; anything else stays as it is."""
    if getattr(value, "ndim", None) != 0:
        return value
    if type(value).__name__ == "datetime64":  # finer than microseconds it would turn into a bare integer
        return cast(Any, value).astype("datetime64[us]").item()
    return cast(Any, value).item()


def _tagged(kind: str, value: str) -> Json:
    return {"$type": kind, "value": value}
