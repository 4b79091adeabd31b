"""Sends each event to each sink, in order and at least once: a sink that was away gets what it missed."""

from collections.abc import Callable, Set
from dataclasses import dataclass

from catalog.errors import SinkUnavailable
from catalog.journal.journal import Journal
from catalog.journal.sinks.forms import Form, lines_within
from catalog.journal.sinks.targets import Target

_BATCH = 200
_MOST_PAUSE = 300.0


@dataclass(slots=True, kw_only=True)
class Sink:
    """A target with the form it wants, the kinds of events it wants (none named: all), and how it is getting on.

    INVARIANT: how far a sink has come is written after the events have arrived, so none is lost; after a fault some
    may come twice, and tell so by their number.
    """

    name: str
    target: Target
    form: Form
    kinds: Set[str] = frozenset()
    problem: str = ""
    _due: float = 0.0
    _pause: float = 1.0

    def deliver(self, journal: Journal, *, now: float, leave: Callable[[], bool]) -> None:
        """Sends what is new, unless the target was away a moment ago; one that stays away is asked less often."""
        if now < self._due:
            return
        try:
            while not leave() and self._send_some(journal):
                pass
        except SinkUnavailable as error:
            self.problem, self._due = error.detail, now + self._pause
            self._pause = min(2 * self._pause, _MOST_PAUSE)
            return
        self.problem, self._pause = "", 1.0

    def _send_some(self, journal: Journal) -> bool:
        events = journal.after(journal.passed_on(self.name), limit=_BATCH)
        if not events:
            return False
        wanted = [event for event in events if not self.kinds or event.kind in self.kinds]
        lines = [line for event in wanted for line in lines_within(self.form, event, self.target.longest_line)]
        if lines:
            self.target.send(lines)
        journal.note_passed_on(self.name, events[-1].seq)
        return True
