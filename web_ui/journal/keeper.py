"""Keeps the journal of a running server: files new events, seals, archives and passes them on."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from catalog.errors import VeilError
from catalog.journal.archiving import Archivist
from catalog.journal.event import Event, EventKind
from catalog.journal.journal import Journal
from catalog.journal.seals import Seal, SealBook
from catalog.journal.sinks.delivery import Sink
from web_ui.failed_sign_ins import FailedSignIns

SERVER = "server"
"""Who made the seals that nobody asked for."""

_FILE_SECONDS = 2.0
_SINK_SECONDS = 1.0
_SEAL_LOOK_SECONDS = 60.0
_PATIENCE_SECONDS = 5.0

_log = logging.getLogger("veil.journal")


@dataclass(slots=True, kw_only=True)
class JournalKeeper:
    """Threads beside the answers; what it cannot do now it does later, and nobody waits for it.

    It makes a seal every `hours`, and one at the end if anything happened since; with 0 hours none by itself. Whole
    days that are older than `keep_days` it archives; with 0 days none. Pauses after failed sign-ins it tells when they
    are over.
    """

    journal: Journal
    book: SealBook
    hours: float
    clock: Callable[[], datetime]
    sinks: tuple[Sink, ...] = ()
    archivist: Archivist | None = None
    archives: Path = Path("archives")
    keep_days: float = 0.0
    failed_sign_ins: FailedSignIns | None = None
    _leave: threading.Event = field(default_factory=threading.Event)
    _threads: tuple[threading.Thread, ...] = ()

    def start(self) -> None:
        """Begins to keep it."""
        works: list[Callable[[], None]] = [self._keep]
        works += [partial(self._pass_on, sink) for sink in self.sinks]  # no sink waits for another
        self._threads = tuple(threading.Thread(target=work, name="journal", daemon=True) for work in works)
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Makes the last seal of a server that was started."""
        self._leave.set()
        for thread in self._threads:
            thread.join(_PATIENCE_SECONDS)
        self._tell_pauses(FailedSignIns.close)
        if self._threads:
            self._seal_unless_known(timedelta(0))
        self._threads = ()

    def seal(self, by: str) -> Seal:
        """Seals the journal as it stands, and tells it in the journal."""
        count, head = self.journal.head()
        seal = self.book.add(count, head, at=self.clock())
        self.journal.append(Event(kind=EventKind.AUDIT_SEAL, user=by, details={"count": count, "head": head}))
        return seal

    def _keep(self) -> None:
        due = 0.0
        while not self._leave.is_set():
            self._tell_pauses()
            self._file()
            if due <= time.monotonic():
                self._seal_unless_known(timedelta(hours=self.hours))
                self._archive()
                due = time.monotonic() + _SEAL_LOOK_SECONDS
            self._leave.wait(_FILE_SECONDS)

    def _pass_on(self, sink: Sink) -> None:
        """Sends new events to a sink; that it is away is told of once."""
        told = ""
        while not self._leave.wait(_SINK_SECONDS):
            try:
                sink.deliver(self.journal, now=time.monotonic(), leave=self._leave.is_set)
            except Exception as error:  # whatever it is, the next attempt is made
                sink.problem = str(error) if isinstance(error, VeilError | sqlite3.Error) else type(error).__name__
            if sink.problem and told != sink.problem:
                _log.error("sink %s: %s", sink.name, sink.problem)
            told = sink.problem

    def _tell_pauses(self, tell: Callable[[FailedSignIns], None] = FailedSignIns.tell_over) -> None:
        try:
            if self.failed_sign_ins is not None:
                tell(self.failed_sign_ins)
        except (VeilError, OSError, sqlite3.Error) as error:
            _log.error("how many sign-ins were refused cannot be told: %s", error)

    def _file(self) -> None:
        try:
            self.journal.file(self._leave.is_set)
        except (VeilError, OSError, sqlite3.Error) as error:
            _log.warning("new events have to wait to be filed: %s", error)

    def _archive(self) -> None:
        """Archives the days that are over and old enough, one file at a time."""
        if self.archivist is None or not self.keep_days:
            return
        kept = self.clock() - timedelta(days=self.keep_days)
        day = kept.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        try:
            self.archives.mkdir(mode=0o700, parents=True, exist_ok=True)
            for _ in self.archivist.archive(day, self.archives, by=SERVER):
                if self._leave.is_set():
                    return
        except (VeilError, OSError, sqlite3.Error) as error:
            _log.error("the journal cannot be archived: %s", error)

    def _seal_unless_known(self, pause: timedelta) -> None:
        """INVARIANT: an event that tells of a seal is no reason for the next one."""
        if not self.hours:
            return
        try:
            last = self.book.newest()
            count, _ = self.journal.head()
            if last is None or (self.clock() - last.at >= pause and count > last.count + 1):
                self.seal(SERVER)
        except (VeilError, OSError, sqlite3.Error) as error:
            _log.error("the journal cannot be sealed: %s", error)
