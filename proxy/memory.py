"""Remembers what was settled for a question, until anything that decides has changed."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Memory(Generic[T]):
    """The most recently used answers, each good for one state of the world only; thread-safe.

    Example:
        >>> memory = Memory[int](capacity=2)
        >>> memory.put("question", "monday", 42)
        >>> memory.get("question", "monday"), memory.get("question", "tuesday")
        (42, None)
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[Hashable, T]] = OrderedDict()

    def get(self, key: Hashable, state: Hashable) -> T | None:
        """What was put under the key in this very state, or None."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept[0] != state:
                return None
            self._kept.move_to_end(key)
            return kept[1]

    def put(self, key: Hashable, state: Hashable, value: T) -> None:
        """Keeps a value for this state in place of any other, and lets the least recently used go."""
        with self._lock:
            self._kept[key] = (state, value)
            self._kept.move_to_end(key)
            while len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
