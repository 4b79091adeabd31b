"""The values a person binds to `?`, `$1` or `$name`: plain JSON, or tagged JSON for dates, decimals and the like."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from sqlglot import exp

from catalog.errors import SqlInvalid, SqlUnsupported
from catalog.names import fold, nearest

Values = Sequence[object] | Mapping[str, object]
"""The values of a request: in order, or by name."""

_NAME = re.compile(r"[a-z_]\w{0,62}", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"[1-9]\d{0,3}", re.ASCII)
_LARGEST = 2**127
_LONGEST = 1_000_000

_TAGGED: dict[str, Callable[[str], object]] = {
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
    "decimal": Decimal,
    "bytes": lambda text: base64.b64decode(text, validate=True),
}


def name_placeholders(tree: exp.Expr, marks: int) -> tuple[str, ...]:
    """Gives placeholders names of our own, `p1`, `p2` .., so that none can reach a key; returns what they were called.

    `marks` are the `?` of the text, which the parser has numbered. Raises SqlInvalid or SqlUnsupported.
    """
    found = list(tree.find_all(exp.Placeholder))
    if marks and len(found) != marks:
        raise SqlInvalid("the SQL mixes `?` with other parameters", hint="use one kind of them")
    called = [str(node.this) for node in found]
    names = _numbered(called) if all(map(_NUMBER.fullmatch, called)) else _named(called)
    places = {name: f"p{place}" for place, name in enumerate(names, 1)}
    for node, name in zip(found, called, strict=True):
        node.set("this", places[fold(name)])
    return names


def decode(values: Values) -> tuple[object, ...] | dict[str, object]:
    """Parameters as they arrive in JSON, as values to bind.

    Example:
        >>> decode([1, {"$type": "date", "value": "2026-01-31"}])
        (1, datetime.date(2026, 1, 31))
        >>> decode({"age": 40})
        {'age': 40}

    Raises SqlInvalid naming the place of a value that is none of these.
    """
    if isinstance(values, Mapping):
        return {name: _value(value, f"`${name[:60]}`") for name, value in values.items()}
    return tuple(_value(value, str(place)) for place, value in enumerate(values, 1))


def bind(values: Values, parameters: Sequence[str]) -> dict[str, object]:
    """The values under the names of the statement's placeholders; raises SqlInvalid when one lacks, or is too many."""
    if isinstance(values, Mapping):
        by_name = _by_name(values, parameters)
        return {f"p{place}": by_name[name] for place, name in enumerate(parameters, 1)}
    count = len(parameters)
    if not all(map(str.isdigit, parameters)):
        raise SqlInvalid(
            f"the SQL names its parameters (`${parameters[0]}`) and the request brings a list",
            hint="give the values in `params` as an object, by name",
        )
    if len(values) != count:
        raise SqlInvalid(
            f"the SQL has {count} parameter{'' if count == 1 else 's'} and the request brings {len(values)}",
            hint="give one value in `params` for each `?`",
        )
    return {f"p{place}": value for place, value in enumerate(values, 1)}


def _numbered(called: Sequence[str]) -> tuple[str, ...]:
    """`1`, `2` .. up to the highest; each must be there."""
    highest = max(map(int, called), default=0)
    for number in range(1, highest + 1):
        if str(number) not in called:
            raise SqlInvalid(f"the SQL has a parameter `${highest}` and none `${number}`", hint="number them in order")
    return tuple(map(str, range(1, highest + 1)))


def _named(called: Sequence[str]) -> tuple[str, ...]:
    """The names in lower case, in the order in which the tree has them."""
    for name in called:
        if not _NAME.fullmatch(name):
            raise SqlUnsupported(
                "parameters are written `?`, `$1`, `$2` .. or `$name`", hint="use one kind of them, with plain letters"
            )
    return tuple(dict.fromkeys(map(fold, called)))


def _by_name(values: Mapping[str, object], parameters: Sequence[str]) -> Mapping[str, object]:
    given = {fold(name): value for name, value in values.items()}
    if len(given) != len(values):
        raise SqlInvalid("two names in `params` differ only in case", hint="case does not count in them; keep one")
    for name in parameters:
        if name not in given:
            raise SqlInvalid(
                f"the SQL has a parameter `{name if name.isdigit() else f'${name}'}` and the request brings no value",
                hint=f'give it in `params`: {{"{name}": ..}}',
            )
    for name in given:
        if name not in parameters:
            like = nearest(name, parameters)
            raise SqlInvalid(
                f"the request brings a parameter `{name[:60]}` that the SQL does not name",
                hint=f"did you mean `{like}`?" if like else "leave it out",
            )
    return given


def _value(value: object, place: str) -> object:
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
