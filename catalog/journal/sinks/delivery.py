"""Sends each event to each sink, in order and at least once: a sink that was away gets what it missed."""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from itertools import chain

from catalog.errors import SinkUnavailable
from catalog.journal.event import Event
from catalog.journal.journal import Journal
from catalog.journal.sinks.brief import briefer
from catalog.journal.sinks.forms import Form, lines_within, parts
from catalog.journal.sinks.targets import SinkRefused, Target

_PAGE = 200
_BATCH_BYTES = 256 * 1024
_MOST_PAUSE = 300.0


@dataclass(slots=True, kw_only=True)
class Sink:
    """A target with the form it wants, the kinds of events it wants (none named: all), and how it is getting on.

    INVARIANT: how far a sink has come is written after the events have arrived, so none is lost; after a fault some
    may come twice, and tell so by their number. An event that the target refuses even by itself goes briefly.
    """

    name: str
    target: Target
    form: Form
    kinds: Set[str] = frozenset()
    problem: str = ""
    _due: float = 0.0
    _pause: float = 1.0
    _batch_bytes: int = _BATCH_BYTES

    def deliver(self, journal: Journal, *, now: float, leave: Callable[[], bool]) -> None:
        """Sends what is new, unless the target was away a moment ago; one that stays away is asked less often."""
        if now < self._due:
            return
        try:
            while events := journal.after(journal.passed_on(self.name), limit=_PAGE):
                if not self._send(events, journal, leave):
                    break
        except SinkUnavailable as error:
            self.problem, self._due = error.detail, now + self._pause
            self._pause = min(2 * self._pause, _MOST_PAUSE)
            return
        self.problem, self._pause = "", 1.0

    def _send(self, events: Sequence[Event], journal: Journal, leave: Callable[[], bool]) -> bool:
        """Sends the events in batches, of half as many bytes after one that was refused; False where it is to leave."""
        while events:
            if leave():
                return False
            count, lines, byte_count = self._batch(events)
            try:
                if lines:
                    self.target.send(lines)
            except SinkRefused:
                if count > 1:
                    self._batch_bytes = byte_count // 2
                    continue
                self._send_alone(events[0])
            self._batch_bytes = min(2 * self._batch_bytes, _BATCH_BYTES)
            journal.note_passed_on(self.name, events[count - 1].seq)
            events = events[count:]
        return True

    def _batch(self, events: Sequence[Event]) -> tuple[int, Sequence[str], int]:
        """How many of the events go at once, at least one, their lines, and how many bytes these are."""
        lines: list[str] = []
        byte_count = 0
        for count, event in enumerate(events):
            own = self._lines(event)
            own_bytes = sum(len(line.encode()) for line in own)
            if count and byte_count + own_bytes > self._batch_bytes:
                return count, lines, byte_count
            lines += own
            byte_count += own_bytes
        return len(events), lines, byte_count

    def _lines(self, event: Event) -> Sequence[str]:
        if self.kinds and event.kind not in self.kinds:
            return ()
        return lines_within(self.form, event, self.target.longest_line)

    def _send_alone(self, event: Event) -> None:
        """Sends an event that was refused part by part; one that is refused again goes as briefly as it is taken."""
        for part in parts(self.form, event):
            self._send_as_taken(part)

    def _send_as_taken(self, event: Event) -> None:
        refused = None
        for less in chain((event,), briefer(event)):
            try:
                self.target.send(self._lines(less))
                return
            except SinkRefused as error:
                refused = error
        assert refused is not None
        raise refused
