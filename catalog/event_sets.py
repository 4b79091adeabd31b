"""Sets of events, by their numbers: as bits in memory, and as parts of at most a kilobyte in the catalog.

A part is a list of numbers where events are rare, and bits where they lie close together. Sets as bits are cut and
joined a million events at a time, and counted without looking at any of them.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

_LIST, _BITS = b"l", b"b"
_MOST_BYTES = 960
_MOST_SPAN = 8 * _MOST_BYTES
_MOST_NUMBERS = _MOST_BYTES // 4
_STEP = 64
_IN_BYTE = tuple(tuple(place for place in range(8) if byte >> place & 1) for byte in range(256))

Part = tuple[int, bytes]
"""The number of its first event, and the part as it is stored."""


def packed(numbers: Sequence[int]) -> Iterator[Part]:
    """Rising numbers as parts.

    Example:
        >>> [first for first, _ in packed([7, 8, 1_000_000])]
        [7]
    """
    begin = 0
    while begin < len(numbers):
        first = numbers[begin]
        base = first & ~7
        end = max(bisect_left(numbers, base + _MOST_SPAN, begin), min(begin + _MOST_NUMBERS, len(numbers)))
        span = numbers[end - 1] - base + 1
        yield first, _stored(numbers[begin:end], base, is_list=4 * (end - begin) < (span + 7) // 8)
        begin = end


def _stored(numbers: Sequence[int], base: int, *, is_list: bool) -> bytes:
    if is_list:
        return _LIST + array("I", (number - base for number in numbers)).tobytes()
    bits = bytearray((numbers[-1] - base) // 8 + 1)
    for number in numbers:
        bits[(number - base) >> 3] |= 1 << (number & 7)
    return _BITS + bytes(bits)


def extended(first: int, stored: bytes, numbers: Sequence[int]) -> Iterator[Part]:
    """A part with more numbers after its last one, as one part or more."""
    if stored[:1] == _LIST:
        yield from packed([*unpacked(first, stored), *numbers])
        return
    base = first & ~7
    fit = bisect_left(numbers, base + _MOST_SPAN)
    if fit:
        bits = bytearray(stored[1:]).ljust((numbers[fit - 1] - base) // 8 + 1, b"\0")
        for number in numbers[:fit]:
            bits[(number - base) >> 3] |= 1 << (number & 7)
        yield first, _BITS + bytes(bits)
    yield from packed(numbers[fit:])


def unpacked(first: int, stored: bytes) -> list[int]:
    """The numbers of a part, rising."""
    base = first & ~7
    if stored[:1] == _LIST:
        return [base + offset for offset in array("I", stored[1:])]
    return _places(base, stored[1:])


def _places(base: int, bits: bytes) -> list[int]:
    return [base + 8 * at + place for at, byte in enumerate(bits) if byte for place in _IN_BYTE[byte]]


def gathered(parts: Iterable[Part], most: int) -> int:
    """The set that parts make, of events up to a number."""
    room = bytearray(most // 8 + 1 + _MOST_BYTES)
    for first, stored in parts:
        at = first >> 3
        if stored[:1] == _BITS:
            end = at + len(stored) - 1
            both = int.from_bytes(room[at:end], "little") | int.from_bytes(stored[1:], "little")
            room[at:end] = both.to_bytes(end - at, "little")
        else:
            base = first & ~7
            for offset in array("I", stored[1:]):
                number = base + offset
                room[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(room, "little")


def between(first: int, last: int) -> int:
    """All events from one number to another."""
    return (1 << (last + 1)) - (1 << first) if first <= last else 0


class Members:
    """A set of events that is asked much: how many of a part are in it, and which come next."""

    def __init__(self, bits: int) -> None:
        self._bytes = bits.to_bytes((bits.bit_length() + 7) // 8 + _MOST_BYTES, "little")
        self.count = bits.bit_count()

    def of_part(self, first: int, stored: bytes) -> int:
        """How many events of a part are in the set."""
        at = first >> 3
        if stored[:1] == _BITS:
            mine = int.from_bytes(self._bytes[at : at + len(stored) - 1], "little")
            return (mine & int.from_bytes(stored[1:], "little")).bit_count()
        base, size = first & ~7, len(self._bytes)
        places = ((base + offset, (base + offset) >> 3) for offset in array("I", stored[1:]))
        return sum(self._bytes[place] >> (number & 7) & 1 for number, place in places if place < size)

    def falling(self, before: int | None = None) -> Iterator[int]:
        """The numbers from the newest on, all of them below `before`."""
        end = len(self._bytes) if before is None else min(len(self._bytes), (before >> 3) + 1)
        for at in range((end - 1) // _STEP * _STEP, -1, -_STEP):
            some = self._bytes[at : min(at + _STEP, end)]
            numbers = _places(8 * at, some)
            yield from (number for number in reversed(numbers) if before is None or number < before)

    def rising(self) -> Iterator[int]:
        """The numbers from the oldest on."""
        for at in range(0, len(self._bytes), _STEP):
            yield from _places(8 * at, self._bytes[at : at + _STEP])
