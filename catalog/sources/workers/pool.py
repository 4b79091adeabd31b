"""The workers of a server: one statement at a time in each, as many as are needed up to a limit, idle ones end."""

import threading
import time
import weakref
from collections.abc import Callable

from catalog.errors import SettingsInvalid
from catalog.sources.byte_counts import byte_count
from catalog.sources.workers.forking import FORKING
from catalog.sources.workers.handle import WorkerHandle
from catalog.sources.world import Resources

_WORLDS_MOST = 8
_LOOK_AGAIN_SECONDS = 0.1


class Pool:
    """Workers of like resources, at most `most` of them; thread-safe.

    Whoever acquires one gives it back with `release`, or with `discard` when it cannot be used any more. A worker
    keeps the worlds it has opened, so the one that knows a world already is found first.
    """

    def __init__(self, resources: Resources, *, most: int = 64, idle_seconds: float = 60.0) -> None:
        for size in (resources.memory, resources.spill):
            byte_count(size)
        if most < 1:
            raise SettingsInvalid("no query can run without a worker", hint="allow one worker at least")
        self._resources = resources
        self._most = most
        self._idle_seconds = idle_seconds
        self._changed = threading.Condition()
        self._idle: list[WorkerHandle] = []
        self._all: set[WorkerHandle] = set()
        self._starting = 0
        self._forgotten: set[str] = set()
        self._is_closed = False
        weakref.finalize(self, FORKING.abandon, self._all)

    @property
    def worker_count(self) -> int:
        """How many workers there are."""
        with self._changed:
            return len(self._all) + self._starting

    def acquire(self, key: str, check: Callable[[], None]) -> WorkerHandle:
        """A worker for a statement in this world; while none is free, `check` is asked and may raise."""
        with self._changed:
            self._forgotten.discard(key)
            while True:
                check()
                if (worker := self._found(key)) is not None:
                    return worker
                if len(self._all) + self._starting < self._most:
                    break
                self._changed.wait(_LOOK_AGAIN_SECONDS)
            self._starting += 1
        return self._started()

    def release(self, worker: WorkerHandle) -> None:
        """Gives a worker back that is idle again."""
        with self._changed:
            for key in self._forgotten.intersection(worker.worlds):
                worker.forget(key)
            while len(worker.worlds) > _WORLDS_MOST:
                worker.forget(next(iter(worker.worlds)))
            worker.idle_since = time.monotonic()
            if not self._is_closed:
                self._idle.append(worker)
                self._changed.notify()
                return
        self.discard(worker)

    def discard(self, worker: WorkerHandle) -> int | None:
        """Ends a worker; tells how it ended, as a wait status, when it is known to have died before."""
        was_there = worker.is_there
        if was_there:
            worker.kill()
        status = _bury(worker)
        with self._changed:
            self._all.discard(worker)
            self._changed.notify()
        return None if was_there else status

    def forget(self, key: str) -> None:
        """Has a world closed wherever it is open, in workers that are busy as soon as they are idle."""
        with self._changed:
            for worker in self._idle:
                worker.forget(key)
            if any(key in worker.worlds for worker in self._all):
                self._forgotten.add(key)
            else:
                self._forgotten.discard(key)

    def tidy(self) -> None:
        """Ends workers that have been idle for too long, and those that have died."""
        unused_since = time.monotonic() - self._idle_seconds
        with self._changed:
            over = [worker for worker in self._idle if worker.idle_since <= unused_since or not worker.is_ready]
            self._idle = [worker for worker in self._idle if worker not in over]
        for worker in over:
            self.discard(worker)

    def close(self) -> None:
        """Ends every idle worker now, and each other one when it is given back."""
        with self._changed:
            self._is_closed = True
            over, self._idle = self._idle, []
        for worker in over:
            self.discard(worker)

    def _found(self, key: str) -> WorkerHandle | None:
        """An idle worker: one that has the world open, else the one that has the fewest, the last used first."""
        self._idle = [worker for worker in self._idle if worker.is_ready or self._lost(worker)]
        if not self._idle:
            return None
        worker = min(reversed(self._idle), key=lambda worker: (key not in worker.worlds, len(worker.worlds)))
        self._idle.remove(worker)
        return worker

    def _lost(self, worker: WorkerHandle) -> bool:
        self._all.discard(worker)
        worker.kill()
        _bury(worker)
        return False

    def _started(self) -> WorkerHandle:
        try:
            worker = FORKING.spawn(self._resources)
        except BaseException:
            with self._changed:
                self._starting -= 1
                self._changed.notify()
            raise
        with self._changed:
            self._starting -= 1
            self._all.add(worker)
        return worker


def _bury(worker: WorkerHandle) -> int | None:
    status = FORKING.bury(worker)
    worker.close()
    return status
