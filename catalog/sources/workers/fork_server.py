"""The process that workers are forked from: one thread, everything imported, nothing opened.

The server itself has threads and must not be forked. Here a new worker costs a few milliseconds.
"""

import contextlib
import gc
import importlib
import os
import pickle
import shutil
import signal
import socket
import struct
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from catalog.sources.workers.messages import Hangup, exactly
from catalog.sources.workers.walls import enclose
from catalog.sources.workers.worker import Worker
from catalog.sources.world import Resources

LENGTH = struct.Struct("<I")
ANSWER = struct.Struct("<q")
UNKNOWN = -1
_BURIAL_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spawn:
    """A worker is wanted; its two connections come along. Answered by its process id.

    What it needs of Veil's own `module` is there from its beginning.
    """

    resources: Resources
    folder: Path
    module: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bury:
    """A worker has ended or was killed. Answered by its wait status, UNKNOWN when it is still dying."""

    pid: int


class ForkServer:
    """Does what comes down one connection, and ends with it."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._folders: dict[int, Path] = {}
        self._dying: set[int] = set()

    def serve(self) -> None:
        """Works until the server hangs up, then ends every worker and removes what they spilled."""
        with contextlib.suppress(Hangup, OSError):
            while True:
                self._control.sendall(ANSWER.pack(self._answer()))
        for pid in self._folders:
            os.kill(pid, signal.SIGKILL)
        for pid, folder in self._folders.items():
            os.waitpid(pid, 0)
            shutil.rmtree(folder, ignore_errors=True)

    def _answer(self) -> int:
        header, descriptors, _, _ = socket.recv_fds(self._control, LENGTH.size, 2)
        if not header:
            raise Hangup
        header += exactly(self._control, LENGTH.size - len(header))
        message = pickle.loads(exactly(self._control, *LENGTH.unpack(header)))
        self._reap()
        if isinstance(message, Spawn):
            return self._spawn(message, descriptors)
        return self._bury(message.pid)

    def _spawn(self, wanted: Spawn, descriptors: list[int]) -> int:
        for module in filter(None, (wanted.resources.functions.partition(":")[0], wanted.module)):
            importlib.import_module(module)
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            _become_worker(wanted.resources, descriptors, parent)
        for descriptor in descriptors:
            os.close(descriptor)
        self._folders[pid] = wanted.folder
        return pid

    def _bury(self, pid: int) -> int:
        """The status of a child of ours, which its death makes known in a moment."""
        if self._folders.pop(pid, None) is None:
            return UNKNOWN
        over_at = time.monotonic() + _BURIAL_SECONDS
        while time.monotonic() < over_at:
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                return status
            time.sleep(0.002)
        self._dying.add(pid)
        return UNKNOWN

    def _reap(self) -> None:
        self._dying = {pid for pid in self._dying if os.waitpid(pid, os.WNOHANG)[0] == 0}


def _become_worker(resources: Resources, descriptors: list[int], parent: int) -> None:
    """Never returns."""
    try:
        enclose(resources, descriptors, parent)
        work, stop = (socket.socket(fileno=descriptor) for descriptor in descriptors)
        Worker(work, stop, resources).serve()
    finally:
        os._exit(0)


def main(descriptor: int) -> None:
    """Serves the connection with this number."""
    for number in (signal.SIGINT, signal.SIGTERM):  # whoever stops the server lets running queries end
        signal.signal(number, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    ForkServer(socket.socket(fileno=descriptor)).serve()
    sys.exit(0)
