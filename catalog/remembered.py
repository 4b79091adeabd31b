"""Remembers what was worked out for texts by how long they are: memory is bounded in letters, not in entries."""

import functools
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")

SHORT = 500
"""Letters of all arguments of a call together up to which as much is remembered as a function says."""
LONG = 16 * SHORT
"""Letters up to which a sixteenth of that is remembered; what is longer is worked out each time."""


def remembered(entries: int) -> Callable[[Callable[[*Arguments], Result]], Callable[[*Arguments], Result]]:
    """`functools.lru_cache` for what can hold a text that somebody sent, which may have millions of letters.

    Example:
        >>> @remembered(1024)
        ... def words(text: str) -> tuple[str, ...]:
        ...     return tuple(text.split())
        >>> words("a b") is words("a b"), words("a " * LONG) is words("a " * LONG)
        (True, False)
    """

    def remembering(work_out: Callable[[*Arguments], Result]) -> Callable[[*Arguments], Result]:
        short = functools.lru_cache(maxsize=entries)(work_out)
        longer = functools.lru_cache(maxsize=max(entries // 16, 1))(work_out)

        @functools.wraps(work_out)
        def found(*values: *Arguments) -> Result:
            letters = letters_in(values)
            if letters <= SHORT:
                return short(*values)
            return longer(*values) if letters <= LONG else work_out(*values)

        return found

    return remembering


def letters_in(value: object) -> int:
    """How many letters the texts in a value have, and one more for each thing in it; beyond `LONG` none are counted.

    Example:
        >>> letters_in(("day", 7))
        6
    """
    total, waiting = 0, [value]
    while waiting and total <= LONG:
        each = waiting.pop()
        total += 1
        if isinstance(each, str | bytes):
            total += len(each)
        elif isinstance(each, tuple | frozenset):
            waiting.extend(each)
        elif isinstance(each, int):
            total += each.bit_length() // 8
        else:
            waiting.extend([getattr(each, field) for field in getattr(each, "__dataclass_fields__", ())])
    return total
