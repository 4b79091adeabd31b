"""Work that goes on when the query that began it may wait no longer: the next one finds it done."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from catalog.sources.allowed_time import seconds_left, time_over

_Done = TypeVar("_Done")


class GoingOn(Generic[_Done]):
    """Works by their keys, each done once at a time and at most so many at once; thread-safe."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._changed = threading.Condition()
        self._under_way: dict[str, Future[_Done]] = {}

    def done(self, key: str, work: Callable[[], _Done], what: str) -> _Done:
        """What the work gives or raises; raises TimeOver, and goes on, when a query's time is over before that.

        Who may wait as long as it takes does it in this very thread.
        """
        if seconds_left() is None:
            return work()
        future = self._begun(key, work, what)
        try:
            return future.result(timeout=seconds_left())
        except TimeoutError:
            if future.done():
                raise
            raise time_over(what) from None

    def _begun(self, key: str, work: Callable[[], _Done], what: str) -> "Future[_Done]":
        with self._changed:
            while (known := self._under_way.get(key)) is None and len(self._under_way) >= self._most:
                if not self._changed.wait(seconds_left()):
                    raise time_over(what)
            if known is None:
                known = self._under_way[key] = Future()
                threading.Thread(target=self._do, args=(key, work, known), name="veil-going-on", daemon=True).start()
            return known

    def _do(self, key: str, work: Callable[[], _Done], future: "Future[_Done]") -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # whoever waits is told of it, whatever it is
            future.set_exception(error)
        finally:
            with self._changed:
                del self._under_way[key]
                self._changed.notify_all()
