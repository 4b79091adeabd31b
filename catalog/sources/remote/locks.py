"""How long a scan waits for a lock: while its query holds no table as long as that may take, and briefly from then on.

A change of a table waits for the scan that holds it, and everybody who comes later waits for the change. Were a query
to wait in turn for another lock, that table would stand still for as long; no server sees a deadlock in that, since the
scan that holds it waits for its reader alone. So servers are told to wait briefly. A scan that finds a table locked
lets go of all that it has, and tries again where no other one of its query holds anything.
"""

import math
import threading
import time
from collections.abc import Iterator
from types import TracebackType

from catalog.errors import SourceUnavailable

BRIEFLY = 2
"""For how many seconds a statement of a scan waits for a lock; MariaDB counts whole ones."""
_WAITED = BRIEFLY - 0.5


class Locked(SourceUnavailable):
    """A table of a source is locked by somebody else."""


class Locks:
    """What the scans of one query hold, in all systems that it reads; thread-safe.

    Example:
        >>> for attempt in Locks().attempts(60):
        ...     with attempt:
        ...         attempt.holds()
        ...         break
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held = 0

    def attempts(self, seconds: float | None) -> Iterator["Attempt"]:
        """Attempts at one scan, which is to leave the loop when it has come to its end."""
        until = math.inf if seconds is None else time.monotonic() + seconds
        while True:
            yield Attempt(self, until)

    def are_held(self) -> bool:
        """Whether the query keeps any table from being changed."""
        with self._guard:
            return self._held > 0

    def hold(self, change: int = 1) -> None:
        """Counts what is held from now on, until the query ends."""
        with self._guard:
            self._held += change


class Attempt:
    """One attempt at a scan: as a context it lets a failure by a lock pass where there may be another one.

    What it `holds` is let go of by its end; after it `gives` something there is no other one.
    """

    def __init__(self, locks: Locks, until: float) -> None:
        self._locks = locks
        self._until = until
        self._began = 0.0
        self._may_wait = False
        self._holds = False

    def holds(self) -> None:
        """The scan has its tables."""
        self._holds = True
        self._locks.hold()

    def gives(self) -> None:
        """The scan has begun to give rows, or cannot be begun again."""
        self._may_wait = False

    def __enter__(self) -> None:
        self._may_wait, self._began = not self._locks.are_held(), time.monotonic()

    def __exit__(self, _: object, error: BaseException | None, __: TracebackType | None) -> bool:
        if self._holds:
            self._locks.hold(-1)
        now = time.monotonic()
        has_waited = now - self._began >= _WAITED  # else it was refused for something else, and would be at once again
        return isinstance(error, Locked) and self._may_wait and has_waited and now < self._until
