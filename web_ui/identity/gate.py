"""Lets a few in at once, and a few more wait a moment in turn: whoever waits holds a thread that others need."""

import ipaddress
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum


class GateClosed(Exception):
    """As many as may are inside, and nobody has come out in time."""


class _Turn(Enum):
    """How it stands with somebody who waits."""

    WAITING = "waiting"
    INSIDE = "inside"
    LEFT = "left"


class _Waiting:
    """Somebody before the gate, by where they come from."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.turn = _Turn.WAITING


class Gate:
    """A place for `at_once` at a time, before which a few more may wait; thread-safe.

    Whoever waits comes in by turn, and first from where the fewest are inside. Where no more may wait, somebody who
    comes from elsewhere takes the place of the last of those of whom the most wait.

    Example:
        >>> gate = Gate(at_once=4)
        >>> with gate.inside("192.0.2.1"):
        ...     "asked"
        'asked'
    """

    def __init__(self, *, at_once: int, waiting: int = 4, seconds: float = 2.0) -> None:
        """So many are inside at once, and so many wait for so long."""
        self._free = at_once
        self._most_waiting = waiting
        self._seconds = seconds
        self._changed = threading.Condition()
        self._queue: list[_Waiting] = []
        self._inside: Counter[str] = Counter()

    @contextmanager
    def inside(self, origin: str = "") -> Iterator[None]:
        """Raises GateClosed at once when too many wait already, or after a while."""
        with self._changed:
            if self._free and not self._queue:
                self._admit(origin)
            else:
                self._wait(origin)
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._inside -= Counter([origin])  # which keeps none that are nought
                self._let_in()

    def _admit(self, origin: str) -> None:
        self._free -= 1
        self._inside[origin] += 1

    def _wait(self, origin: str) -> None:
        if len(self._queue) >= self._most_waiting:
            self._make_room(origin)
        mine = _Waiting(origin)
        self._queue.append(mine)
        self._changed.wait_for(lambda: mine.turn is not _Turn.WAITING, self._seconds)
        if mine.turn is not _Turn.INSIDE:
            if mine in self._queue:
                self._queue.remove(mine)
            raise GateClosed

    def _make_room(self, origin: str) -> None:
        """Sends the last of those away of whom the most wait, if more of them do than would of the newcomer's."""
        counts = Counter(each.origin for each in self._queue)
        crowd, most = counts.most_common(1)[0] if counts else (origin, 0)
        if most <= counts[origin] + 1:
            raise GateClosed
        last = next(each for each in reversed(self._queue) if each.origin == crowd)
        last.turn = _Turn.LEFT
        self._queue.remove(last)
        self._changed.notify_all()

    def _let_in(self) -> None:
        while self._free and self._queue:
            following = min(self._queue, key=lambda each: self._inside[each.origin])
            self._queue.remove(following)
            following.turn = _Turn.INSIDE
            self._admit(following.origin)
        self._changed.notify_all()


def origin_of(address: str) -> str:
    """Where somebody comes from who may have many addresses: of IPv6 the network, as one person has all of it.

    Example:
        >>> origin_of("2001:db8::1"), origin_of("192.0.2.1"), origin_of("")
        ('2001:db8::/64', '192.0.2.1', '')
    """
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv4Address):
        return str(known)
    mapped = known.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.ip_network((int(known) >> 64 << 64, 64)))
