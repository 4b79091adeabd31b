"""What the plain numbers, bytes and texts of an Avro file are as values of a type; ValueError says: of none."""

import decimal as decimals
from collections.abc import Callable
from uuid import UUID

LENIENT = "surrogateescape"
"""How bytes that are no UTF-8 are read, so that `text` tells them from a text."""

_DAY = 86_400_000_000
_MOST_DIGITS = decimals.Context(prec=76)  # more than a column's, so that nothing is rounded


def whole(bits: int, *, times: int = 1) -> Callable[[object], int]:
    """Numbers of so many bits, each so many times as large as it was written.

    Example:
        >>> whole(32, times=1_000)(5)
        5000
    """
    return _between(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1, times)


def time_of_day(times: int) -> Callable[[object], int]:
    """Times in microseconds, up to 24:00."""
    return _between(0, _DAY, times)


def _between(least: int, most: int, times: int) -> Callable[[object], int]:
    def made(found: object) -> int:
        if not isinstance(found, int) or not least <= found * times <= most:
            raise ValueError
        return found * times

    return made


def decimal(precision: int, scale: int) -> Callable[[object], decimals.Decimal]:
    """Decimals of so many digits, from the bytes of a whole number."""
    most = 10**precision

    def made(found: object) -> decimals.Decimal:
        number = int.from_bytes(_bytes(found), "big", signed=True)
        if abs(number) >= most:
            raise ValueError
        return decimals.Decimal(number).scaleb(-scale, _MOST_DIGITS)

    return made


def text(found: object) -> str:
    """A text, read leniently."""
    if not isinstance(found, str):
        raise ValueError
    if not found.isascii():
        found.encode()
    return found


def uuid(found: object) -> str:
    """A UUID as text, from its text or its bytes."""
    return str(UUID(found) if isinstance(found, str) else UUID(bytes=_bytes(found)))


def nothing(found: object) -> object:
    """What is not null fits no column of nulls."""
    raise ValueError


def _bytes(found: object) -> bytes:
    if not isinstance(found, bytes):
        raise ValueError
    return found
