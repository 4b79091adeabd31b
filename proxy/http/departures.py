"""Notices a client that goes away while its query runs, and cancels the query.

One watcher thread a process peeks at the sockets of the running queries a few times a second.
A client that closes only its sending side counts as gone: HTTP clients that await an answer do not.
"""

import atexit
import logging
import os
import socket
import threading
import time
from typing import Protocol

from proxy.answering.answer import Departed

log = logging.getLogger("veil")

_PAUSE = 0.2


class Cancellable(Protocol):
    """What can be told to stop, from any thread, any number of times."""

    def cancel(self, reason: Exception) -> None: ...


class Watch:
    """One connection under watch, and what to cancel when it closes."""

    def __init__(self, departures: "Departures", connection: socket.socket | None) -> None:
        self._departures = departures
        self._connection = connection
        self._lock = threading.Lock()
        self._work: Cancellable | None = None
        self._is_gone = False

    def attach(self, work: Cancellable) -> None:
        """Cancel this when the client goes, or at once when it has gone already."""
        with self._lock:
            self._work = work
            is_gone = self._is_gone
        if is_gone:
            work.cancel(Departed())

    def look(self) -> None:
        """Peek at the connection once; the watcher's step."""
        if self._connection is None or not has_left(self._connection):
            return
        with self._lock:
            self._is_gone = True
            work = self._work
        self.close()
        if work is not None:
            work.cancel(Departed())

    def close(self) -> None:
        """Stop watching; the connection may then be used for another request."""
        self._departures.forget(self)


class Departures:
    """The watcher of a process; its thread runs only while there is something to watch."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watches: set[Watch] = set()
        self._pid = 0
        self._is_over = False

    def watch(self, connection: object) -> Watch:
        """Begin to watch the socket a request came by; anything else (a test client's) is never gone."""
        watch = Watch(self, connection if isinstance(connection, socket.socket) else None)
        with self._changed:
            self._watches.add(watch)
            if self._pid != os.getpid():
                self._pid = os.getpid()
                thread = threading.Thread(target=self._run, name="veil-departures", daemon=True)
                thread.start()
                atexit.register(self._end, thread)
            self._changed.notify()
        return watch

    def forget(self, watch: Watch) -> None:
        """End a watch; unknown ones are let be."""
        with self._changed:
            self._watches.discard(watch)

    def _end(self, thread: threading.Thread) -> None:
        """Ends the thread: one that still runs when the process takes itself apart keeps the engine from ending."""
        with self._changed:
            self._is_over = True
            self._changed.notify()
        thread.join(timeout=1)

    def _run(self) -> None:
        while not self._is_over:
            with self._changed:
                self._changed.wait_for(lambda: self._watches or self._is_over)
                watches = tuple(self._watches)
            for watch in watches:
                try:
                    watch.look()
                except Exception as error:  # one query that cannot be cancelled must not leave the others unwatched
                    log.error("a query could not be cancelled: %s", type(error).__name__)
            time.sleep(_PAUSE)


def has_left(connection: socket.socket) -> bool:
    """Whether the other side has closed, without taking anything it sent."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except (BlockingIOError, InterruptedError):
        return False
    except (OSError, ValueError):
        return True
