"""The values a person binds to `?`: plain JSON, or tagged JSON for dates, timestamps, decimals and bytes."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from catalog.errors import SqlInvalid

_LARGEST = 2**127
_LONGEST = 1_000_000

_TAGGED: dict[str, Callable[[str], object]] = {
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
    "decimal": Decimal,
    "bytes": lambda text: base64.b64decode(text, validate=True),
}


def decode(values: Sequence[object]) -> tuple[object, ...]:
    """Parameters as they arrive in JSON, as values to bind.

    Example:
        >>> decode([1, {"$type": "date", "value": "2026-01-31"}])
        (1, datetime.date(2026, 1, 31))

    Raises SqlInvalid naming the place of a value that is none of these.
    """
    return tuple(_value(value, place) for place, value in enumerate(values, 1))


def bind(values: Sequence[object], count: int) -> dict[str, object]:
    """The values under the names of the statement's placeholders; raises SqlInvalid when the counts differ."""
    if len(values) != count:
        raise SqlInvalid(
            f"the SQL has {count} parameter{'' if count == 1 else 's'} and the request brings {len(values)}",
            hint="give one value in `params` for each `?`",
        )
    return {f"p{place}": value for place, value in enumerate(values, 1)}


def _value(value: object, place: int) -> object:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and abs(value) < _LARGEST:
        return value
    if isinstance(value, str) and len(value) <= _LONGEST:
        return value
    if isinstance(value, dict) and set(value) == {"$type", "value"} and isinstance(value["value"], str):
        read = _TAGGED.get(str(value["$type"]))
        if read is not None:
            try:
                return read(value["value"])
            except (ValueError, InvalidOperation, binascii.Error):
                pass
    raise SqlInvalid(
        f"parameter {place} is of no kind that can be bound",
        hint="send text, a number, true, false, null, or a date, timestamp, decimal or bytes as "
        '{"$type": "date", "value": "2026-01-31"}',
    )
