"""Calls or asks a function of Veil's own in a worker that does nothing else, and ends with it."""

import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pyarrow as pa

from catalog.errors import LimitExceeded
from catalog.sources.connector import LookStopped
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
    """Asks functions of one module for tables, each in a worker of its own unless they are `kept`; thread-safe."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._guard = threading.Lock()
        self._is_kept = False
        self._idle: WorkerHandle | None = None
        self.is_unwanted: Callable[[], bool] = lambda: False

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Within it what answered well is asked again, which saves the making of a worker."""
        self._is_kept = True
        try:
            yield
        finally:
            with self._guard:
                self._is_kept = False
                worker, self._idle = self._idle, None
            if worker is not None:
                _bury(worker)

    def ask(self, seconds: float, function: Callable[..., pa.Table], *arguments: object) -> pa.Table:
        """The table that a function gives, which takes the resources of its worker and these arguments.

        What it raises as VeilError is raised here. Raises LimitExceeded when it takes more memory than one worker may,
        more seconds by the clock, or the worker down, and LookStopped as soon as it `is_unwanted`.
        """
        over_at = time.monotonic() + seconds
        worker = self._taken()
        is_fit = False
        try:
            send_down(worker.work, Ask(function=function, arguments=arguments))
            _wait(worker, over_at, self.is_unwanted)
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
        with self._guard:
            worker, self._idle = self._idle, None
        if worker is not None and worker.is_ready:
            return worker
        if worker is not None:
            _bury(worker)
        return FORKING.spawn(Resources(), self._module)

    def _give_back(self, worker: WorkerHandle, is_fit: bool) -> None:
        with self._guard:
            if is_fit and self._is_kept and self._idle is None:
                self._idle = worker
                return
        _bury(worker)


def _bury(worker: WorkerHandle) -> None:
    worker.kill()
    FORKING.bury(worker)
    worker.close()


def _wait(worker: WorkerHandle, over_at: float, is_unwanted: Callable[[], bool]) -> None:
    """Until there is something of an answer."""
    poll = select.poll()
    poll.register(worker.work, select.POLLIN)
    while not poll.poll(1_000 * _LOOK_AGAIN_SECONDS):
        if is_unwanted():
            raise LookStopped
        if time.monotonic() > over_at:
            raise _too_much()


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
