"""Which events of the journal somebody may read: all, those about some databases, or their own alone."""

import json
from dataclasses import replace

from catalog.journal.chain import line_of
from catalog.journal.event import Event
from catalog.journal.event_search import Readable
from catalog.journal.event_terms import BRIEFLY, GOVERNED, HIDING, STATED, is_of_more, showing
from catalog.names import fold
from policy_engine.capabilities import Action, Rights
from policy_engine.model import Outcome, Subject
from policy_engine.readers import reads_every_policy

_HIDDEN = f"={Outcome.HIDDEN}"
_LINKS = frozenset({"previous_hash", "hash"})


class Reach:
    """The part of the journal that one subject may read under the rights they have now.

    Example: with `audit:read on medical_charges`, an event that also names a dataset of `lab` stays unseen.
    """

    def __init__(self, subject: Subject, rights: Rights, *, tells_hidden: bool = True) -> None:
        """`tells_hidden` is whether people are told of the columns that are hidden from them."""
        self._subject = subject
        self._databases = rights.places(Action.AUDIT_READ)
        self._tells_hidden = tells_hidden
        self._reads_policies = reads_every_policy(rights)

    @property
    def reader(self) -> str:
        """Whose reach it is."""
        return self._subject.user

    @property
    def reads_others(self) -> bool:
        """Whether events of other people may be read at all."""
        return self._databases is None or bool(self._databases)

    @property
    def readable(self) -> Readable | None:
        """What searches are limited to; None for who reads everything.

        INVARIANT: what may not be read leaves no trace, neither in what is found nor in how it is counted.
        """
        if self._databases is None:
            return None
        return Readable(
            user=self._subject.user,
            databases=self._databases,
            tells_hidden=self._tells_hidden,
            reads_policies=self._reads_policies,
        )

    def user(self, asked: str | None) -> str | None:
        """Whose events to search: who was asked for, or oneself where nothing else may be read."""
        return self._subject.user if self._databases == frozenset() else asked

    def covers(self, event: Event) -> bool:
        """Whether the event may be read."""
        if self._databases is None or event.user == self._subject.user:
            return True
        named = {fold(dataset.split(".", 1)[0]) for dataset in event.datasets}
        return bool(named) and named <= self._databases and not is_of_more(event.kind, event.details)

    def shown(self, event: Event) -> Event:
        """An event with the columns and policies that this person is told of, and SQL as it ran if its words are.

        Who is not told of hidden columns is not told either what statements and reviews of others say.
        """
        if self._databases is None:
            return event
        untold = {BRIEFLY}
        if not self._tells_hidden:
            values = {"columns": event.columns, "policies": event.policies, "details": event.details}
            untold |= {HIDING} if event.user == self._subject.user else {HIDING, *STATED}
            event = replace(event, columns=_briefly(event), policies=showing(values))
        if not self._tells_governed(event):
            untold.add(GOVERNED)
        return replace(event, details={name: told for name, told in event.details.items() if name not in untold})

    def _tells_governed(self, event: Event) -> bool:
        """Whether they are told SQL as it ran: it names what policies filter by and look into, in any database."""
        return self._tells_hidden and (self._reads_policies or event.user == self._subject.user)

    def told(self, event: Event) -> dict[str, object]:
        """An event as JSON values.

        Who reads a part of the journal cannot follow its chain, but could guess the events between by their hashes.
        """
        values: dict[str, object] = json.loads(line_of(self.shown(event)))
        if self._databases is None:
            return values
        return {name: value for name, value in values.items() if name not in _LINKS}


def _briefly(event: Event) -> tuple[str, ...]:
    """The columns as who is not told of hidden ones is told them."""
    told = event.details.get(BRIEFLY)
    if isinstance(told, list | tuple):
        return tuple(map(str, told))
    return tuple(column for column in event.columns if not column.endswith(_HIDDEN))
