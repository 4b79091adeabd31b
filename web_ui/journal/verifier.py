"""Verifies the journal of a running server beside the answers, as often as somebody asks, and tells how far it is."""

import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from catalog.errors import JournalUnavailable, SealInvalid, VeilError
from catalog.journal.chain import Verification
from catalog.journal.event import Event, EventKind
from catalog.journal.journal import Journal
from catalog.journal.seals import SealBook, sealed

_MOST_PAUSE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How many events of how many are read; `is_over` when nothing runs."""

    read: int = 0
    count: int = 0
    is_over: bool = True


@dataclass(slots=True, kw_only=True)
class JournalVerifier:
    """One thread that reads the chain, with pauses in which others are answered; the journal keeps what it found.

    `problem` is why the last time could not even be told there.
    """

    journal: Journal
    book: SealBook
    clock: Callable[[], datetime]
    progress: Progress = field(default_factory=Progress)
    problem: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None
    _is_closed: bool = False

    def start(self, event: Event) -> None:
        """Begins, unless it runs already; `event` says who asked, and tells the journal in the end what was found."""
        with self._lock:
            if not self.progress.is_over or self._is_closed:
                return
            self.progress, self.problem = Progress(is_over=False), ""
            self._thread = threading.Thread(target=self._verify, args=(event,), name="verify", daemon=True)
            self._thread.start()

    def last(self) -> Event | None:
        """What was found the last time, by the server or by a command."""
        return next(iter(self.journal.search(kind=EventKind.AUDIT_VERIFY, limit=1)), None)

    def close(self, patience: float = 5.0) -> None:
        """Leaves off."""
        with self._lock:
            self._is_closed = True
        if self._thread is not None:
            self._thread.join(patience)

    def _verify(self, event: Event) -> None:
        began = time.monotonic()
        try:
            found, seals = self._found()
            told: dict[str, object] = {"ok": found.ok, "events": found.count, "seals": seals}
            told |= {} if found.ok else {"what": found.what, "first_break": found.first_break}
            told["ms"] = round(1000 * (time.monotonic() - began))
            self.journal.append(_with(event, told))
        except _Closed:
            return
        except (VeilError, sqlite3.Error) as error:
            self.problem = str(error)
        finally:
            self.progress = Progress()

    def _found(self) -> tuple[Verification, int]:
        try:
            seals = self.book.seals()
            return self.journal.verify(sealed(seals), at_event=self._pause()), len(seals)
        except (SealInvalid, JournalUnavailable) as error:
            return Verification(count=0, ok=False, what=error.detail), 0

    def _pause(self) -> Callable[[int, int], None]:
        """Rests as long as it has worked, so that whoever waits for an answer has the server for half of the time."""
        since = time.monotonic()

        def at_event(read: int, count: int) -> None:
            nonlocal since
            if self._is_closed:
                raise _Closed
            self.progress = Progress(read=read, count=count, is_over=False)
            time.sleep(min(time.monotonic() - since, _MOST_PAUSE))
            since = time.monotonic()

        return at_event


class _Closed(Exception):
    """The server ends."""


def _with(event: Event, details: dict[str, object]) -> Event:
    return Event(
        kind=event.kind,
        user=event.user,
        groups=event.groups,
        client=event.client,
        decision_id=event.decision_id,
        details=details,
    )
