"""The loop of a worker: one statement at a time, in worlds that stay open for the next one."""

import contextlib
import os
import socket
import tempfile
import threading
from collections.abc import Callable, Iterable
from functools import partial

import pyarrow as pa

from catalog.errors import LimitExceeded, VeilError
from catalog.sources import world as worlds
from catalog.sources.exact_memory import exact
from catalog.sources.failures import mapped
from catalog.sources.opening import open_world
from catalog.sources.parts_of_batches import held_bytes, parts
from catalog.sources.remote.opened import Remotes
from catalog.sources.run import EngineRun
from catalog.sources.workers.messages import (
    CANCEL,
    FRAME_BYTES,
    ROW_BYTES,
    Ask,
    Call,
    End,
    Forget,
    Hangup,
    Kind,
    Task,
    receive_down,
    send_frame,
    send_schema,
)
from catalog.sources.workers.walls import limit_seconds

CANCELLED = "cancelled"

_WORDS_BYTES = 2**24  # of enumerations: they come whole with each of its columns


class Cancelled(Exception):
    """The server no longer wants the task; it knows why."""


class Worker:
    """Does the tasks that come down one connection; another thread listens on `stop` for tasks to be cancelled."""

    def __init__(self, work: socket.socket, stop: socket.socket, resources: worlds.Resources) -> None:
        self._work = work
        self._stop = stop
        self._resources = resources
        self._worlds: dict[str, tuple[worlds.World, Remotes]] = {}
        self._guard = threading.Lock()
        self._run: tuple[int, EngineRun] | None = None
        self._cancelled = -1

    def serve(self) -> None:
        """Works until the server hangs up."""
        threading.Thread(target=self._listen, name="veil-listen", daemon=True).start()
        with contextlib.suppress(Hangup, OSError):
            while True:
                message = receive_down(self._work)
                if isinstance(message, Forget):
                    self._forget(message.key)
                    continue
                send_frame(self._work, Kind.END, self._end_of(partial(self._work_at, message)).pieces())

    def _listen(self) -> None:
        """Cancels what it is told to; the end of the server is the end of the process, whatever it does."""
        while len(told := self._stop.recv(CANCEL.size, socket.MSG_WAITALL)) == CANCEL.size:
            (number,) = CANCEL.unpack(told)
            with self._guard:
                self._cancelled = number
                run = self._run
            if run is not None and run[0] == number:
                run[1].cancel(Cancelled())
        os._exit(0)

    def _end_of(self, work: Callable[[], None]) -> End:
        """How a task ended. INVARIANT: only constant texts of Veil's own leave, whatever went wrong."""
        try:
            work()
        except VeilError as error:
            return End.of(error)
        except Cancelled:
            return End(code=CANCELLED)
        except (Hangup, BrokenPipeError, ConnectionResetError):
            raise Hangup from None
        except (MemoryError, OSError, RuntimeError, ValueError, TypeError) as error:
            return End.of(mapped(error))
        return End()

    def _work_at(self, message: Task | Call | Ask) -> None:
        if isinstance(message, Call):
            limit_seconds(message.seconds)
            message.function(*message.arguments)
        elif isinstance(message, Ask):
            tempfile.tempdir = str(self._resources.folder)  # which goes with this process, however that ends
            answer = message.function(self._resources, *message.arguments)
            self._stream(answer.schema, answer.to_batches())
        else:
            self._do(message)

    def _do(self, task: Task) -> None:
        world, remotes = self._opened(task)
        if task.sql is None:
            return
        run = EngineRun(world, task.sql, task.parameters, task.limits, remotes, task.work)
        with self._guard:
            self._run = task.number, run
            if self._cancelled == task.number:
                raise Cancelled
        try:
            self._stream(run.schema, run)
        finally:
            with self._guard:
                self._run = None
            run.close()
            if world.is_broken:
                self._forget(task.key)

    def _opened(self, task: Task) -> tuple[worlds.World, Remotes]:
        if not isinstance(task.opening, str):
            self._forget(task.key)
            parts, names = task.opening.parts, task.opening.names
            remotes = {
                name: (part.scan.remote, part.expected)
                for part, name in zip(parts, names, strict=True)
                if part.scan.remote is not None
            }
            self._worlds[task.key] = open_world(parts, names, self._resources), remotes
        return self._worlds[task.key]

    def _forget(self, key: str) -> None:
        world, _ = self._worlds.pop(key, (None, {}))
        if world is not None:
            world.close()

    def _stream(self, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
        """Sends batches in parts, since the server holds whole what it reads and is nobody's alone.

        INVARIANT: no slice is written, behind whose last cell may stand what this process has read for others.
        """
        send_schema(self._work, schema)
        sink = Pieces()
        writer = pa.ipc.new_stream(pa.PythonFile(sink, "w"), schema)
        for batch in batches:
            for part in parts(batch, FRAME_BYTES):
                if held_bytes(part) > ROW_BYTES:
                    raise LimitExceeded(
                        f"a row of the result has more than {ROW_BYTES // 2**20} MiB",
                        hint="select fewer of its columns, or parts of its texts",
                    )
                cut = exact(part)
                writer.write_batch(cut)
                pieces = sink.taken()
                if sum(piece.nbytes for piece in pieces) - pa.ipc.get_record_batch_size(cut) > _WORDS_BYTES:
                    raise LimitExceeded(
                        f"the words of the enumerations in the result have more than {_WORDS_BYTES // 2**20} MiB",
                        hint="cast them to VARCHAR, or select fewer columns",
                    )
                send_frame(self._work, Kind.BATCHES, pieces)


class Pieces:
    """A file that keeps what is written as it lies in memory, so that nothing is copied on the way."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[memoryview] = []

    def write(self, piece: "bytes | pa.Buffer") -> int:
        """Keeps a piece."""
        self._pieces.append(memoryview(piece))
        return len(piece)

    def flush(self) -> None:
        """There is nothing to flush."""

    def close(self) -> None:
        """There is nothing to close."""

    def taken(self) -> list[memoryview]:
        """What has been written since the last time."""
        pieces, self._pieces = self._pieces, []
        return pieces
