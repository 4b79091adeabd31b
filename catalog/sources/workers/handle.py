"""A worker as the server knows it: its process, its two connections, and which worlds it has open."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
from collections import OrderedDict
from pathlib import Path

from catalog.sources.workers.messages import CANCEL, Forget, Task, send_down


class WorkerHandle:
    """One worker process; used by one run at a time, and killed from any thread. `maker` is what forked it."""

    def __init__(
        self, pid: int, maker: subprocess.Popen[bytes], work: socket.socket, stop: socket.socket, folder: Path
    ) -> None:
        self.pid = pid
        self.maker = maker
        self._process = os.pidfd_open(pid)  # its number is another's, once it has been reaped
        self.work = work
        self.worlds: OrderedDict[str, None] = OrderedDict()
        self.idle_since = 0.0
        self._stop = stop
        self._folder = folder
        self._number = 0

    @property
    def is_there(self) -> bool:
        """Whether the process is alive and says nothing, as an idle worker does."""
        try:
            self.work.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    @property
    def is_ready(self) -> bool:
        """Whether it can take a task: a worker dies with its maker, but not in the same moment."""
        return self.maker.poll() is None and self.is_there

    def next_number(self) -> int:
        """The number of the next task."""
        self._number += 1
        return self._number

    def send(self, task: Task) -> None:
        """Hands a task over; raises OSError when the process is gone."""
        self.worlds[task.key] = None
        self.worlds.move_to_end(task.key)
        send_down(self.work, task)

    def forget(self, key: str) -> None:
        """Has a world closed that the worker has open."""
        if key in self.worlds:
            del self.worlds[key]
            with contextlib.suppress(OSError):
                send_down(self.work, Forget(key=key))

    def cancel(self, number: int) -> None:
        """Asks for the end of a task, which comes soon unless the engine is past listening."""
        with contextlib.suppress(OSError):
            self._stop.send(CANCEL.pack(number), socket.MSG_DONTWAIT)

    def kill(self) -> None:
        """Ends the process at once; whoever reads from it notices."""
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self._process, signal.SIGKILL)

    def close(self) -> None:
        """Lets go of connections and of what was spilled, when the process is dead or dying."""
        self.work.close()
        self._stop.close()
        process, self._process = self._process, -1
        if process >= 0:
            os.close(process)
        shutil.rmtree(self._folder, ignore_errors=True)
