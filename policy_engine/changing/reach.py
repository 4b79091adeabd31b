"""How far somebody reaches who gives a document: of whose tags it speaks, and what may come of it."""

from collections.abc import Callable
from dataclasses import dataclass

from catalog.names import fold
from policy_engine.capabilities import Action, Rights
from policy_engine.live import Live
from policy_engine.model import Policy


def _allowed(_: Live, __: Live) -> None:
    """Allows everything, as whoever operates the home may do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a document is held to; without anything said, it is the operator's, who reaches everything.

    `namespaces` are those of whose tags the document speaks, None for all: others stay as they are, whatever it leaves
    out. `may_allow` raises NotAllowed for a change from one state to another, before any more is worked out of it.
    `reads` says which policies a test may name.
    """

    namespaces: frozenset[str] | None = None
    reads: Callable[[Policy], bool] = lambda _: True
    may_allow: Callable[[Live, Live], None] = _allowed

    def speaks_of(self, tag: str) -> bool:
        """Whether leaving a tag out says something of it."""
        return self.namespaces is None or fold(namespace(tag)) in self.namespaces


EVERYTHING = Reach()
"""The reach of whoever operates the home."""


def reach_of(rights: Rights, *, reads: Callable[[Policy], bool], may_allow: Callable[[Live, Live], None]) -> Reach:
    """The reach of a person: who administers speaks of all tags, and others of those that they may give and take.

    Example: `reach_of(rights, reads=reader(subject, current), may_allow=ask).namespaces`.
    """
    namespaces = None if rights.may(Action.HOME_ADMINISTER) else rights.places(Action.TAG_ASSIGN)
    return Reach(namespaces=namespaces, reads=reads, may_allow=may_allow)


def namespace(tag: str) -> str:
    """The namespace that a tag is in.

    Example:
        >>> namespace("phi.mrn")
        'phi'
    """
    return tag.split(".", 1)[0]
