"""Remembers what was settled for a question, until anything that decides has changed."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Same:
    """This very object as a key, whatever it is equal to; it lives as long as the key does.

    Example:
        >>> one, other = [1], [1]
        >>> Same(one) == Same(one), Same(one) == Same(other)
        (True, False)
    """

    of: object

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.of is self.of

    def __hash__(self) -> int:
        return id(self.of)


class Memory(Generic[T]):
    """The most recently used answers, each good for one state of the world only; thread-safe.

    An answer counts as one, or as much as it is said to weigh; those kept weigh no more than `capacity` together.

    Example:
        >>> memory = Memory[int](capacity=2)
        >>> memory.put("question", "monday", 42)
        >>> memory.get("question", "monday"), memory.get("question", "tuesday")
        (42, None)
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[Hashable, T, int]] = OrderedDict()
        self._weight = 0

    def get(self, key: Hashable, state: Hashable) -> T | None:
        """What was put under the key in this very state, or None."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept[0] != state:
                return None
            self._kept.move_to_end(key)
            return kept[1]

    def put(self, key: Hashable, state: Hashable, value: T, weight: int = 1) -> None:
        """Keeps a value for this state in place of any other, and lets the least recently used go."""
        with self._lock:
            self._forget(key)
            self._kept[key] = (state, value, weight)
            self._weight += weight
            while self._weight > self._capacity:
                self._forget(next(iter(self._kept)))

    def _forget(self, key: Hashable) -> None:
        _, _, weight = self._kept.pop(key, (None, None, 0))
        self._weight -= weight
