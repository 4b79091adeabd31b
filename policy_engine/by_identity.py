"""Remembers what was worked out for a value, by which object it is, since hashing a large one takes too long."""

from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")
Result = TypeVar("Result")


class ByIdentity(Generic[Value, Result]):
    """A function of an immutable value that is worked out once for each object.

    INVARIANT: an entry keeps its object alive, so no other object can take its identity meanwhile.
    """

    def __init__(self, work_out: Callable[[Value], Result], capacity: int) -> None:
        self._work_out = work_out
        self._capacity = capacity
        self._known: dict[int, tuple[Value, Result]] = {}

    def __call__(self, value: Value) -> Result:
        known = self._known.get(id(value))
        if known is not None:
            return known[1]
        result = self._work_out(value)
        if len(self._known) >= self._capacity:
            self._known = {}
        self._known[id(value)] = (value, result)
        return result
