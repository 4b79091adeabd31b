"""Which events of the journal somebody may read: all, those about some databases, or their own alone."""

import json
from collections.abc import Callable

from catalog.chain import line_of
from catalog.model import Event
from catalog.names import fold
from policy_engine.capabilities import Action, Rights
from policy_engine.model import Outcome, Subject

_PAGE = 1_000
_HIDDEN = f"={Outcome.HIDDEN}"
_LINKS = frozenset({"previous_hash", "hash"})

Search = Callable[[int | None, int], tuple[Event, ...]]
"""Gives the newest events before a number (None: of all), at most so many, newest first."""


class Reach:
    """The part of the journal that one subject may read under the rights they have now.

    Example: with `audit:read on medical_charges`, an event that also names a dataset of `lab` stays unseen.
    """

    def __init__(self, subject: Subject, rights: Rights, *, tells_hidden: bool = True) -> None:
        """`tells_hidden` is whether people are told of the columns that are hidden from them."""
        self._subject = subject
        self._databases = rights.places(Action.AUDIT_READ)
        self._tells_hidden = tells_hidden

    def user(self, asked: str | None) -> str | None:
        """Whose events to search: who was asked for, or oneself where nothing else may be read."""
        return self._subject.user if self._databases == frozenset() else asked

    def covers(self, event: Event) -> bool:
        """Whether the event may be read."""
        if self._databases is None or event.user == self._subject.user:
            return True
        named = {fold(dataset.split(".", 1)[0]) for dataset in event.datasets}
        return bool(named) and named <= self._databases

    def read(
        self, search: Search, before: int | None, most: int, *, text: str = "", column: str = ""
    ) -> tuple[Event, ...]:
        """The newest events before a number that may be read, with a text and a column in what is told of them.

        INVARIANT: what may not be read leaves no trace, neither in how many are found nor in where to go on.
        """
        page_size = _PAGE if self._databases or not self._tells_hidden else most
        found: list[Event] = []
        while len(found) < most:
            page = search(before, page_size)
            found += [event for event in page if self.covers(event) and self._shows(event, text, column)]
            if len(page) < page_size:
                break
            before = page[-1].seq
        return tuple(found[:most])

    def _shows(self, event: Event, text: str, column: str) -> bool:
        """Whether what was looked for stands in what is told."""
        if self._tells_hidden or self._databases is None:
            return True
        told = [fold(each.rpartition("=")[0]) for each in event.columns if not each.endswith(_HIDDEN)]
        has_column = not column or fold(column) in told
        return has_column and fold(text) in fold(json.dumps(self.told(event), ensure_ascii=False))

    def told(self, event: Event) -> dict[str, object]:
        """An event as JSON values.

        Who reads a part of the journal cannot follow its chain, but could guess the events between by their hashes.
        """
        values: dict[str, object] = json.loads(line_of(event))
        if self._databases is None:
            return values
        if not self._tells_hidden:
            values["columns"] = [column for column in event.columns if not column.endswith(_HIDDEN)]
        return {name: value for name, value in values.items() if name not in _LINKS}
