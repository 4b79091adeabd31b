"""Calls or asks a function of Veil's own in a worker that does nothing else, and ends with it."""

import select
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pyarrow as pa

from catalog.errors import LimitExceeded
from catalog.sources.allowed_time import seconds_left, time_over
from catalog.sources.connector import LookStopped
from catalog.sources.watch import WATCH
from catalog.sources.workers.forking import FORKING
from catalog.sources.workers.handle import WorkerHandle
from catalog.sources.workers.incoming import BROKEN, Incoming
from catalog.sources.workers.messages import Ask, Call, End, Hangup, Kind, ended, receive_header, send_down
from catalog.sources.world import Resources

_PATIENCE = 20
"""How much longer it may take by the clock than of a processor, on which others work as well."""

_LOOK_AGAIN_SECONDS = 0.2
_SENDING_SECONDS = 60.0
_ANSWER_BYTES = 2**28


def call_apart(seconds: int, function: Callable[..., object], *arguments: object) -> None:
    """Calls a function, whose answer is what it writes; what it raises as VeilError is raised here.

    Raises LimitExceeded when it takes more memory than one worker may, more seconds of a processor, or the worker down.
    """
    worker = FORKING.spawn(Resources())
    try:
        end = _end(worker, Call(function=function, arguments=arguments, seconds=seconds))
    finally:
        _bury(worker)
    if end.error is not None:
        raise end.error


class Asking:
    """Asks functions of one module for tables, each in a worker of its own unless they are `kept`; thread-safe.

    What answered well is asked again within `idle_seconds`, too.
    """

    def __init__(self, module: str, *, idle_seconds: float = 0.0) -> None:
        self._module = module
        self._guard = threading.Lock()
        self._is_kept = False
        self._idle_seconds = idle_seconds
        self._idle: list[WorkerHandle] = []
        weakref.finalize(self, FORKING.abandon, self._idle)
        self.is_unwanted: Callable[[], bool] = lambda: False

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Within it what answered well is asked again, which saves the making of a worker."""
        self._is_kept = True
        try:
            yield
        finally:
            self._is_kept = False
            self.let_go()

    def let_go(self) -> None:
        """Ends the worker that waits for being asked again, if any."""
        worker = self._waiting()
        if worker is not None:
            _bury(worker)

    def ask(self, seconds: float, function: Callable[..., pa.Table], *arguments: object) -> pa.Table:
        """The table that a function gives, which takes the resources of its worker and these arguments.

        What it raises as VeilError is raised here. Raises LimitExceeded when it takes more memory than one worker may,
        more seconds by the clock, or the worker down, LookStopped as soon as it `is_unwanted`, and TimeOver when a
        query may wait no longer.
        """
        worker = self._taken()
        is_fit = False
        try:
            send_down(worker.work, Ask(function=function, arguments=arguments))
            _wait(worker, seconds, self.is_unwanted)
            worker.work.settimeout(_SENDING_SECONDS)
            table = _answer(Incoming(worker.work))
            worker.work.settimeout(None)
            is_fit = True
            return table
        except BROKEN:
            raise _too_much() from None
        finally:
            self._give_back(worker, is_fit)

    def _taken(self) -> WorkerHandle:
        worker = self._waiting()
        if worker is not None and worker.is_ready:
            return worker
        if worker is not None:
            _bury(worker)
        return FORKING.spawn(Resources(), self._module)

    def _waiting(self) -> WorkerHandle | None:
        with self._guard:
            return self._idle.pop() if self._idle else None

    def _give_back(self, worker: WorkerHandle, is_fit: bool) -> None:
        with self._guard:
            is_wanted = is_fit and (self._is_kept or self._idle_seconds > 0) and not self._idle
            if is_wanted:
                worker.idle_since = time.monotonic()
                self._idle.append(worker)
        if not is_wanted:
            _bury(worker)
        elif not self._is_kept:
            WATCH.add(_Waiting(self, self._idle_seconds, worker))

    def is_waiting(self, worker: WorkerHandle, since: float) -> bool:
        """Whether that worker has waited for being asked again since then."""
        with self._guard:
            return worker in self._idle and worker.idle_since == since


class _Waiting:
    """Ends a worker that has waited long enough; the watch must not keep who asks it."""

    is_stopping = False

    def __init__(self, asking: Asking, seconds: float, worker: WorkerHandle) -> None:
        self._asking = weakref.ref(asking)
        self._worker = weakref.ref(worker)
        self._since = worker.idle_since
        self.deadline = self._since + seconds

    def expire(self) -> None:
        """Ends it, unless it has been asked meanwhile."""
        WATCH.remove(self)
        asking, worker = self._asking(), self._worker()
        if asking is not None and worker is not None and asking.is_waiting(worker, self._since):
            asking.let_go()

    def interrupt(self) -> None:
        """There is nothing to interrupt."""


def _bury(worker: WorkerHandle) -> None:
    worker.kill()
    FORKING.bury(worker)
    worker.close()


def _wait(worker: WorkerHandle, seconds: float, is_unwanted: Callable[[], bool]) -> None:
    """Until there is something of an answer."""
    over_at = time.monotonic() + seconds
    poll = select.poll()
    poll.register(worker.work, select.POLLIN)
    while seconds_left() != 0 and not poll.poll(1_000 * _LOOK_AGAIN_SECONDS):
        if is_unwanted():
            raise LookStopped
        if time.monotonic() > over_at:
            raise _too_much()
    if seconds_left() == 0:
        raise time_over()


def _answer(incoming: Incoming) -> pa.Table:
    schema, batches, size = incoming.schema(), list[pa.RecordBatch](), 0
    while schema is not None and (batch := incoming.next_batch()) is not None:
        batches.append(batch)
        size += batch.nbytes
        if size > _ANSWER_BYTES:
            raise _too_much()
    if incoming.end is not None and incoming.end.error is not None:
        raise incoming.end.error
    if schema is None:
        raise Hangup
    table = pa.Table.from_batches(batches, schema=schema)
    table.validate(full=True)
    return table


def _end(worker: WorkerHandle, call: Call) -> End:
    try:
        send_down(worker.work, call)
        worker.work.settimeout(_PATIENCE * call.seconds)
        kind, length = receive_header(worker.work)
        if kind is Kind.END:
            return ended(worker.work, length)
    except (Hangup, OSError):
        pass
    return End.of(_too_much())


def _too_much() -> LimitExceeded:
    return LimitExceeded("it takes more memory or time than it may")
