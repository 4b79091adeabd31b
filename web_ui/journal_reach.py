"""Which events of the journal somebody may read: all, those about some databases, or their own alone."""

from catalog.model import Event
from catalog.names import fold
from policy_engine.capabilities import Action, Rights
from policy_engine.model import Subject


class Reach:
    """The part of the journal that one subject may read under the rights they have now.

    Example: with `audit:read on medical_charges`, an event that also names a dataset of `lab` stays unseen.
    """

    def __init__(self, subject: Subject, rights: Rights) -> None:
        self._subject = subject
        self._databases = rights.places(Action.AUDIT_READ)

    def user(self, asked: str | None) -> str | None:
        """Whose events to search: who was asked for, or oneself where nothing else may be read."""
        return self._subject.user if self._databases == frozenset() else asked

    def covers(self, event: Event) -> bool:
        """Whether the event may be read."""
        if self._databases is None or event.user == self._subject.user:
            return True
        named = {fold(dataset.split(".", 1)[0]) for dataset in event.datasets}
        return bool(named) and named <= self._databases
