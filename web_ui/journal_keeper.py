"""Keeps the journal of a running server: files new events for searches, and seals them from time to time."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from catalog.errors import VeilError
from catalog.journal import Journal
from catalog.model import Event, EventKind
from catalog.seals import Seal, SealBook

SERVER = "server"
"""Who made the seals that nobody asked for."""

_FILE_SECONDS = 2.0
_SEAL_LOOK_SECONDS = 60.0
_PATIENCE_SECONDS = 5.0

_log = logging.getLogger("veil.journal")


@dataclass(slots=True, kw_only=True)
class JournalKeeper:
    """One thread beside the answers; what it cannot do now it does later, and nobody waits for it.

    It makes a seal every `hours`, and one at the end if anything happened since; with 0 hours none by itself.
    """

    journal: Journal
    book: SealBook
    hours: float
    clock: Callable[[], datetime]
    _leave: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins to keep it."""
        self._thread = threading.Thread(target=self._keep, name="journal", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Makes the last seal of a server that was started."""
        self._leave.set()
        if self._thread is not None:
            self._thread.join(_PATIENCE_SECONDS)
            self._seal_unless_known(timedelta(0))
            self._thread = None

    def seal(self, by: str) -> Seal:
        """Seals the journal as it stands, and tells it in the journal."""
        count, head = self.journal.head()
        seal = self.book.add(count, head, at=self.clock())
        self.journal.append(Event(kind=EventKind.AUDIT_SEAL, user=by, details={"count": count, "head": head}))
        return seal

    def _keep(self) -> None:
        due = 0.0
        while not self._leave.is_set():
            self._file()
            if due <= time.monotonic():
                self._seal_unless_known(timedelta(hours=self.hours))
                due = time.monotonic() + _SEAL_LOOK_SECONDS
            self._leave.wait(_FILE_SECONDS)

    def _file(self) -> None:
        try:
            self.journal.file(self._leave.is_set)
        except (VeilError, sqlite3.Error) as error:
            _log.warning("new events have to wait to be filed: %s", error)

    def _seal_unless_known(self, pause: timedelta) -> None:
        """INVARIANT: an event that tells of a seal is no reason for the next one."""
        if not self.hours:
            return
        try:
            last = self.book.seals()[-1:]
            count, _ = self.journal.head()
            if not last or (self.clock() - last[0].at >= pause and count > last[0].count + 1):
                self.seal(SERVER)
        except VeilError as error:
            _log.error("the journal cannot be sealed: %s", error.detail)
