"""Sets of events, by their numbers: as flags in memory, and as parts of at most a kilobyte in the catalog.

A part is a list of numbers where events are rare, and bits where they lie close together. Sets as flags are cut, joined
and counted a million events at a time.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]
"""Whether each event, at the place of its number, is in a set."""

Part = tuple[int, bytes]
"""The number of its first event, and the part as it is stored."""

_LIST, _BITS = b"l", b"b"
_NUMBER = np.dtype("<u4")
_MOST_BYTES = 960
_MOST_SPAN = 8 * _MOST_BYTES
_MOST_NUMBERS = _MOST_BYTES // _NUMBER.itemsize
_STEP = 65_536


def packed(numbers: Sequence[int]) -> Iterator[Part]:
    """Rising numbers as parts.

    Example:
        >>> [first for first, _ in packed([7, 8, 1_000_000])]
        [7]
    """
    begin = 0
    while begin < len(numbers):
        first = numbers[begin]
        near = bisect_left(numbers, _base(first) + _MOST_SPAN, begin)
        end = max(near, min(begin + _MOST_NUMBERS, len(numbers)))
        yield first, _stored(numbers[begin:end])
        begin = end


def extended(first: int, stored: bytes, numbers: Sequence[int]) -> Iterator[Part]:
    """A part with more numbers after its last one, as one part or more."""
    known = unpacked(first, stored)
    if len(known) >= _MOST_NUMBERS and numbers[0] >= _base(first) + _MOST_SPAN:
        yield first, stored  # a full one stays as it is
        yield from packed(numbers)
    else:
        yield from packed([*known, *numbers])


def unpacked(first: int, stored: bytes) -> list[int]:
    """The numbers of a part, rising."""
    if stored[:1] == _LIST:
        return [int(number) for number in np.frombuffer(stored, _NUMBER, offset=1)]
    return [_base(first) + int(place) for place in np.flatnonzero(_flags(stored))]


def gathered(parts: Iterable[Part], most: int) -> Flags:
    """The set that parts make, of events up to a number."""
    found = np.zeros(most + 1 + _MOST_SPAN, np.bool_)
    lists = []
    for first, stored in parts:
        if stored[:1] == _LIST:
            lists.append(stored[1:])
        elif first <= most:
            flags = _flags(stored)
            found[_base(first) : _base(first) + len(flags)] |= flags
    numbers = np.frombuffer(b"".join(lists), _NUMBER)
    found[numbers[numbers <= most]] = True
    return found[: most + 1]


def between(first: int, most: int) -> Flags:
    """All events from one number to another."""
    found = np.zeros(most + 1, np.bool_)
    found[first:] = True
    return found


def these(numbers: Iterable[int], most: int) -> Flags:
    """A set of the numbers that are given, up to one."""
    found = np.zeros(most + 1, np.bool_)
    found[np.fromiter(numbers, np.int64)] = True
    return found


class Members:
    """A set of events that is asked: how many they are, which come next, and how many of others are among them."""

    def __init__(self, flags: Flags) -> None:
        self.flags = flags
        self.count = int(np.count_nonzero(flags))

    def among(self, parts: Iterable[Part]) -> int:
        """How many of the events that parts hold are in the set."""
        count, lists = 0, []
        for first, stored in parts:
            if stored[:1] == _LIST:
                lists.append(stored[1:])
            else:
                flags = _flags(stored)
                mine = self.flags[_base(first) : _base(first) + len(flags)]
                count += int(np.count_nonzero(mine & flags[: len(mine)]))
        numbers = np.frombuffer(b"".join(lists), _NUMBER)
        return count + int(np.count_nonzero(self.flags[numbers[numbers < len(self.flags)]]))

    def shared(self, parts: Iterable[tuple[int, int, bytes]]) -> Counter[int]:
        """How many of the events are in each of some sets, without those that have none of them.

        Each part is told with the number of its set.
        """
        counts: Counter[int] = Counter()
        owners, lists = [], []
        for owner, first, stored in parts:
            if stored[:1] == _LIST:
                owners.append((owner, (len(stored) - 1) // _NUMBER.itemsize))
                lists.append(stored[1:])
            elif count := self.among([(first, stored)]):
                counts[owner] += count
        numbers = np.frombuffer(b"".join(lists), _NUMBER)
        of = np.repeat(np.array([owner for owner, _ in owners], np.int64), [length for _, length in owners])
        known = numbers < len(self.flags)
        mine = of[known][self.flags[numbers[known]]]
        for owner, count in zip(*(each.tolist() for each in np.unique(mine, return_counts=True)), strict=True):
            counts[owner] += count
        return counts

    def newest(self, falling: Iterable[Part]) -> int | None:
        """The newest event that is in a set, too, whose parts are told from the last one on."""
        for first, stored in falling:
            numbers = np.array(unpacked(first, stored))
            mine = numbers[numbers < len(self.flags)]
            if (found := mine[self.flags[mine]]).size:
                return int(found[-1])
        return None

    def within(self, flags: Flags) -> "Members":
        """What is in another set of the same moment, too."""
        return Members(self.flags & flags)

    def before(self, number: int) -> int | None:
        """The newest event below a number."""
        return next(self.falling(number), None)

    def after(self, number: int) -> int | None:
        """The oldest event above a number."""
        return next(self.rising(number + 1), None)

    def falling(self, before: int | None = None) -> Iterator[int]:
        """The numbers from the newest on, all of them below `before`."""
        end = len(self.flags) if before is None else min(len(self.flags), before)
        while end > 0:
            begin = max(0, end - _STEP)
            yield from (begin + int(place) for place in np.flatnonzero(self.flags[begin:end])[::-1])
            end = begin

    def rising(self, start: int = 0) -> Iterator[int]:
        """The numbers from the oldest on, `start` or above."""
        for begin in range(start, len(self.flags), _STEP):
            yield from (begin + int(place) for place in np.flatnonzero(self.flags[begin : begin + _STEP]))


def _base(first: int) -> int:
    return first & ~7


def _flags(stored: bytes) -> Flags:
    return np.unpackbits(np.frombuffer(stored, np.uint8, offset=1), bitorder="little").view(np.bool_)


def _stored(numbers: Sequence[int]) -> bytes:
    base = _base(numbers[0])
    span = numbers[-1] - base + 1
    if _NUMBER.itemsize * len(numbers) < span / 8:
        return _LIST + np.asarray(numbers, _NUMBER).tobytes()
    flags = np.zeros(span, np.bool_)
    flags[np.asarray(numbers) - base] = True
    return _BITS + np.packbits(flags, bitorder="little").tobytes()
