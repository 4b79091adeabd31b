"""Work that goes on when the query that began it may wait no longer: the next one finds it done."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from catalog.sources.allowed_time import seconds_left, time_over

_Done = TypeVar("_Done")


@dataclass(frozen=True, slots=True, kw_only=True)
class Work(Generic[_Done]):
    """What gives something in the end, which `what` tells people about; it may take long if it `is_large`."""

    key: str
    do: Callable[[], _Done]
    what: str
    is_large: bool


class GoingOn(Generic[_Done]):
    """Works by their keys, each done once at a time; at most so many large ones at once, and as many others.

    Thread-safe.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._changed = threading.Condition()
        self._under_way: dict[str, tuple[Work[_Done], Future[_Done]]] = {}

    def done(self, work: Work[_Done]) -> _Done:
        """What the work gives or raises; raises TimeOver, and goes on, when a query's time is over before that.

        Who may wait as long as it takes does it in this very thread.
        """
        if seconds_left() is None:
            return work.do()
        future = self._begun(work)
        try:
            return future.result(timeout=seconds_left())
        except TimeoutError:
            if future.done():
                raise
            raise time_over(f"{work.what}, which goes on") from None

    def _begun(self, work: Work[_Done]) -> "Future[_Done]":
        with self._changed:
            while (known := self._under_way.get(work.key)) is None and self._count(work.is_large) >= self._most:
                if not self._changed.wait(seconds_left()):
                    raise time_over("others like it come first")
            if known is None:
                known = self._under_way[work.key] = work, Future()
                threading.Thread(target=self._do, args=known, name="veil-going-on", daemon=True).start()
            return known[1]

    def _count(self, is_large: bool) -> int:
        return sum(work.is_large is is_large for work, _ in self._under_way.values())

    def _do(self, work: Work[_Done], future: "Future[_Done]") -> None:
        try:
            future.set_result(work.do())
        except BaseException as error:  # whoever waits is told of it, whatever it is
            future.set_exception(error)
        finally:
            with self._changed:
                del self._under_way[work.key]
                self._changed.notify_all()
