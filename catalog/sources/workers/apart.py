"""Calls a function of Veil's own in a worker that does nothing else, and ends with it."""

from collections.abc import Callable

from catalog.errors import LimitExceeded
from catalog.sources.workers.forking import FORKING
from catalog.sources.workers.handle import WorkerHandle
from catalog.sources.workers.messages import Call, End, Hangup, Kind, ended, receive_header, send_down
from catalog.sources.world import Resources

_PATIENCE = 20
"""How much longer it may take by the clock than of a processor, on which others work as well."""


def call_apart(seconds: int, function: Callable[..., object], *arguments: object) -> None:
    """Calls a function, whose answer is what it writes; what it raises as VeilError is raised here.

    Raises LimitExceeded when it takes more memory than one worker may, more seconds of a processor, or the worker down.
    """
    worker = FORKING.spawn(Resources())
    try:
        end = _end(worker, Call(function=function, arguments=arguments, seconds=seconds))
    finally:
        worker.kill()
        FORKING.bury(worker)
        worker.close()
    if end.error is not None:
        raise end.error


def _end(worker: WorkerHandle, call: Call) -> End:
    try:
        send_down(worker.work, call)
        worker.work.settimeout(_PATIENCE * call.seconds)
        kind, length = receive_header(worker.work)
        if kind is Kind.END:
            return ended(worker.work, length)
    except (Hangup, OSError):
        pass
    return End.of(LimitExceeded("it takes more memory or time than it may"))
