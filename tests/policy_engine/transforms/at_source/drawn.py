"""Random values of every type, some in a form that a mask looks for, many of them extremes."""

import random
import struct
import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from policy_engine.transforms.types import Kind, read_type

_LETTERS = "abcXYZ019 -_.,@:/+()'\"\\%$é漢😀ßΩ\u0301\u00a0\u2028\n\tÅǅ٣"
_GROUPS = ("0", "00", "0000", "1", "ff", "FFFF", "0db8", "8a2e")


def drawn(kind: str, count: int, seed: str) -> list[object]:
    """So many values of a type, the same for the same seed; the type's extremes are among them."""
    source = random.Random(f"{kind} {seed}")
    column = read_type(kind)
    if column.kind is Kind.INTEGER:
        least, most = column.bounds
        edges: list[object] = [least, least + 1, most, most - 1, 0]
        return [*edges, *(source.randint(least, most) >> source.randrange(column.bits) for _ in range(count))]
    if column.kind is Kind.DECIMAL:
        most = 10**column.width - 1
        units = [
            most,
            -most,
            0,
            1,
            -1,
            *(source.randint(-most, most) // 10 ** source.randrange(9) for _ in range(count)),
        ]
        return [Decimal(f"{unit}E-{column.scale}") for unit in units]
    return [_OF[column.kind](source) for _ in range(count)]


def _text(source: random.Random) -> str:
    match source.randrange(6):
        case 0:
            return "".join(source.choice(_LETTERS) for _ in range(source.randrange(12)))
        case 1:
            return ".".join(str(source.randrange(300)) for _ in range(4))
        case 2:
            return ":".join(source.choice((*_GROUPS, "", "")) for _ in range(source.randrange(2, 10)))
        case 3:
            return f"{_text(source)}@{source.choice(('mail.example', 'a-b.c', 'é.org', ''))}"
        case 4:
            return "".join(source.choice("0123456789 -") for _ in range(source.randrange(12)))
        case _:
            return "".join(chr(_code(source)) for _ in range(source.randrange(6)))


def _code(source: random.Random) -> int:
    code = source.choice((source.randrange(1, 0x110000), source.randrange(1, 0x3000)))
    is_assigned = unicodedata.category(chr(code)) not in ("Cn", "Co", "Cs")
    return code if is_assigned else 0xFFFD


def _moment(source: random.Random) -> datetime:
    span = source.choice((10**15, 10**17, 3 * 10**17))
    moment = datetime(2000, 1, 1) + timedelta(
        microseconds=source.randint(-min(span, 63 * 10**15), min(span, 252 * 10**15))
    )
    return moment.replace(microsecond=source.choice((0, 500_000, 120, moment.microsecond)))


def _number(source: random.Random) -> float:
    """A number of any size that the shorter type holds as well."""
    [number] = struct.unpack("f", source.randbytes(4))
    return float(number) if abs(number) < float("inf") else 0.5


_OF: dict[Kind, Callable[[random.Random], object]] = {
    Kind.TEXT: _text,
    Kind.DATE: lambda source: _moment(source).date(),
    Kind.TIMESTAMP: _moment,
    Kind.TIME: lambda source: (datetime.min + timedelta(microseconds=source.randrange(86_400 * 10**6))).time(),
    Kind.BOOLEAN: lambda source: source.random() < 0.5,
    Kind.BLOB: lambda source: source.randbytes(source.randrange(9)),
    Kind.UUID: lambda source: UUID(int=source.getrandbits(128)),
    Kind.JSON: lambda source: f'{{"n": {source.randrange(99)}, "t": "é {source.randrange(9)}"}}',
    Kind.FLOAT: _number,
}
