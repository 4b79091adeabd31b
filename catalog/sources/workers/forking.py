"""How the server has workers made: the fork server is started when it is first needed, and again should it die."""

import atexit
import json
import os
import pickle
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from catalog.errors import SourceUnavailable
from catalog.sources.workers.fork_server import ANSWER, LENGTH, UNKNOWN, Bury, Spawn
from catalog.sources.workers.handle import WorkerHandle
from catalog.sources.workers.messages import Hangup, exactly
from catalog.sources.world import Resources

# In the order of `sys.argv`: where modules are looked for, and the connection.
_BEGIN = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    "from catalog.sources.workers.fork_server import main; main(int(sys.argv[2]))"
)
_NO_THREADS = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}  # what forks has but one
_BUFFER_BYTES = 2**20
_GOODBYE_SECONDS = 10


class Forking:
    """The fork server of a process, started with the first worker; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pid = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._abandoned: deque[WorkerHandle] = deque()
        self._is_over = False

    def prepare(self) -> None:
        """Starts the fork server, and does not wait until it is ready."""
        with self._lock:
            if self._process is None or self._pid != os.getpid():
                self._start()

    def spawn(self, resources: Resources, module: str = "") -> WorkerHandle:
        """A new worker with a spill folder of its own, in which a module is loaded; raises SourceUnavailable."""
        self._bury_abandoned()
        folder = Path(tempfile.mkdtemp(prefix="veil-", dir=resources.folder))
        work, its_work = _pair()
        stop, its_stop = _pair()
        wanted = Spawn(resources=replace(resources, folder=folder), folder=folder, module=module)
        try:
            with its_work, its_stop, self._lock:
                pid = self._ask(wanted, its_work, its_stop)
                assert self._process is not None
                return WorkerHandle(pid, self._process, work, stop, folder)
        except BaseException as error:
            work.close()
            stop.close()
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, Hangup | OSError):
                raise SourceUnavailable("the engine could not be started", hint="ask again in a moment") from None
            raise

    def bury(self, worker: WorkerHandle) -> int | None:
        """How a worker ended that is dead or dying, as a wait status; None when nobody knows."""
        try:
            with self._lock:
                if self._control is None or worker.maker is not self._process or self._pid != os.getpid():
                    return None
                status = self._told(Bury(pid=worker.pid))
        except (Hangup, OSError):
            return None
        return None if status == UNKNOWN else status

    def abandon(self, workers: Iterable[WorkerHandle]) -> None:
        """Ends workers that nobody holds any more, and buries them later.

        INVARIANT: takes no lock. The garbage collector calls this in the middle of anything.
        """
        for worker in workers if self._pid == os.getpid() else ():
            worker.kill()
            if self._is_over:
                worker.close()
            else:
                self._abandoned.append(worker)

    def close(self) -> None:
        """Ends the fork server and all workers with it."""
        self._bury_abandoned()
        with self._lock:
            self._leave()

    def _end(self) -> None:
        """Closes with the program, in which pools may be let go of later still."""
        self._is_over = True
        self.close()

    def _bury_abandoned(self) -> None:
        while self._abandoned:
            worker = self._abandoned.popleft()
            self.bury(worker)
            worker.close()

    def _ask(self, wanted: Spawn, *connections: socket.socket) -> int:
        if self._process is None or self._pid != os.getpid():
            self._start()
        try:
            return self._told(wanted, *connections)
        except (Hangup, OSError):
            self._start()
            return self._told(wanted, *connections)

    def _told(self, message: Spawn | Bury, *connections: socket.socket) -> int:
        assert self._control is not None
        content = pickle.dumps(message)
        header, numbers = LENGTH.pack(len(content)), [connection.fileno() for connection in connections]
        if numbers:
            socket.send_fds(self._control, [header], numbers)
        else:
            self._control.sendall(header)
        self._control.sendall(content)
        (answer,) = ANSWER.unpack(exactly(self._control, ANSWER.size))
        return int(answer)

    def _start(self) -> None:
        self._leave()
        control, theirs = socket.socketpair()
        known = {"TZ": os.environ["TZ"]} if "TZ" in os.environ else {}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", _BEGIN, json.dumps(sys.path), str(theirs.fileno())],
                env={**_NO_THREADS, **known},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # a terminal's Ctrl-C is the server's alone
            )
        self._control = control
        self._pid = os.getpid()
        atexit.register(self._end)

    def _leave(self) -> None:
        """Lets go of the fork server; one of a process that this one was forked from is not ours to end."""
        control, self._control = self._control, None
        process, self._process = self._process, None
        if control is not None:
            control.close()
        if process is not None and self._pid == os.getpid():
            try:
                process.wait(timeout=_GOODBYE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        atexit.unregister(self._end)


def _pair() -> tuple[socket.socket, socket.socket]:
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
    return ours, theirs


FORKING = Forking()
