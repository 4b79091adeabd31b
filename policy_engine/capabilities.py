"""Who may do what besides reading data: the one door for every right of administration.

A capability is an action, and a place where it holds: a database for policies and the journal, a namespace for tags.
Roles carry capabilities, groups hold roles, and the groups `admin` and `auditor` hold theirs from the beginning.
None of them shows any data: data comes through grants alone. A token may carry fewer of them than its owner holds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from catalog.errors import NotAllowed, PolicyInvalid
from catalog.names import fold, nearest, quote, split
from policy_engine.model import PolicySet, Subject

ADMIN = "admin"
AUDITOR = "auditor"


class Action(StrEnum):
    """What a capability lets somebody do, as noun:verb."""

    AUDIT_READ = "audit:read"
    HOME_ADMINISTER = "home:administer"
    METRICS_READ = "metrics:read"
    POLICY_WRITE = "policy:write"
    SUBJECT_IMPERSONATE = "subject:impersonate"
    TAG_ASSIGN = "tag:assign"
    VALUE_DETOKENIZE = "value:detokenize"


PLACES = {
    Action.AUDIT_READ: "database",
    Action.POLICY_WRITE: "database",
    Action.TAG_ASSIGN: "namespace",
    Action.VALUE_DETOKENIZE: "namespace",
}
"""What the place is of each action that may be limited to places."""
_LONGEST_TOLD = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """An action and the one database or namespace where it holds; no place means everywhere."""

    action: Action
    place: str | None = None

    def covers(self, action: Action, place: str | None) -> bool:
        """Whether the action may be done there; somewhere never covers everywhere."""
        if self.action is not action:
            return False
        return self.place is None or (place is not None and fold(place) == fold(self.place))

    def met(self, other: "Capability") -> "Capability | None":
        """What both of them give: the narrower one, None where neither lies within the other."""
        if self.covers(other.action, other.place):
            return other
        return self if other.covers(self.action, self.place) else None

    def __str__(self) -> str:
        return self.action.value if self.place is None else f"{self.action} on {quote(self.place)}"


def parse(text: str) -> Capability:
    """A capability as a document writes it.

    Example:
        >>> str(parse("Policy:write on medical_charges"))
        'policy:write on medical_charges'

    Raises PolicyInvalid for an unknown action, naming the nearest, and for a place that is none.
    """
    words = text.split(maxsplit=2)
    is_limited = len(words) == 3 and words[1].lower() == "on"
    named = (words[0].lower() if len(words) == 1 or is_limited else text.strip())[:_LONGEST_TOLD]
    if named not in list(Action):
        like = nearest(named, list(Action))
        known = ", ".join(f"`{action}`" for action in Action)
        raise PolicyInvalid(
            f"there is no capability `{named}`", hint=f"did you mean `{like}`?" if like else f"there are {known}"
        )
    action = Action(named)
    return Capability(action=action, place=_place(action, words[2].strip() if is_limited else None))


def _place(action: Action, written: str | None) -> str | None:
    if written is None or written == "*":
        return None
    kind = PLACES.get(action)
    if kind is None:
        raise PolicyInvalid(f"`{action}` holds everywhere or not at all", hint=f"write `{action}` alone")
    parts = split(written)
    if len(parts) != 1:
        told = written[:_LONGEST_TOLD]
        raise PolicyInvalid(f"`{action}` is given on a {kind}, and `{told}` is no name of one", hint="quote it")
    return parts[0]


class Rights:
    """What one subject may do under the roles of one revision: what they hold, as far as their token carries it.

    Example: `Rights(subject, policies).require(Action.POLICY_WRITE, "medical_charges", "write policies there")`.
    """

    def __init__(self, subject: Subject, policies: PolicySet) -> None:
        self._roles = policies.roles
        self._owned = tuple(_held(subject, policies))
        self._held = self._owned if subject.scopes is None else tuple(_carried(self._owned, subject.scopes))

    def may(self, action: Action, place: str | None = None) -> bool:
        """Whether the subject may do this there; without a place, everywhere."""
        return _any_covers(self._held, action, place)

    @property
    def oversees_all(self) -> bool:
        """Whether the subject may know of whatever is there, as administrators and auditors of everything may."""
        return self.may(Action.HOME_ADMINISTER) or self.may(Action.AUDIT_READ)

    def listed(self) -> tuple[str, ...]:
        """Everything the subject may do, as it is written."""
        return tuple(sorted({str(capability) for capability in self._held}))

    def places(self, action: Action) -> frozenset[str] | None:
        """The folded places where the subject may do this; None for everywhere."""
        held = [capability.place for capability in self._held if capability.action is action]
        return None if None in held else frozenset(fold(place) for place in held if place is not None)

    def require(self, action: Action, place: str | None, what: str) -> None:
        """Raise NotAllowed, naming the missing capability and who can give it, unless the subject may."""
        if self.may(action, place):
            return
        missing = Capability(action=action, place=place)
        raise NotAllowed(f"you may not {what}: that takes the capability `{missing}`", hint=self._who_can(missing))

    def _who_can(self, missing: Capability) -> str:
        if _any_covers(self._owned, missing.action, missing.place):
            return "you hold it, but this token does not carry it: make one that does, on the page Connect"
        roles = [
            f"`{role.name}`"
            for role in (self._roles if self.oversees_all else ())
            if any(parse(text).covers(missing.action, missing.place) for text in role.capabilities)
        ]
        holders = f"; {', '.join(roles)} {'has' if len(roles) == 1 else 'have'} it" if roles else ""
        return f"a member of the group `{ADMIN}` can give it to one of your roles{holders}"


def scopes_within(wanted: Iterable[str], rights: Rights, owner: str) -> tuple[str, ...]:
    """The capabilities that a token of the owner is to carry, as they are written.

    Raises PolicyInvalid for an unknown one, naming the nearest, and NotAllowed for one that the owner lacks.
    """
    chosen = [parse(text) for text in wanted]
    for capability in chosen:
        if not rights.may(capability.action, capability.place):
            held = ", ".join(f"`{each}`" for each in rights.listed())
            raise NotAllowed(
                f"a token of {owner} cannot carry `{capability}`, which {owner} may not do",
                hint=f"choose of {held}, or reading data only" if held else "make it for reading data only",
            )
    return tuple(sorted(map(str, chosen)))


def _any_covers(held: Iterable[Capability], action: Action, place: str | None) -> bool:
    return any(capability.covers(action, place) for capability in held)


def _carried(owned: Iterable[Capability], scopes: Iterable[str]) -> Iterable[Capability]:
    carried = [parse(text) for text in scopes]
    return filter(None, (each.met(scope) for each in owned for scope in carried))


def _held(subject: Subject, policies: PolicySet) -> Iterable[Capability]:
    groups = {fold(group) for group in subject.groups}
    if ADMIN in groups:
        yield from (Capability(action=action) for action in Action if action not in _NOT_ADMINS)
    if AUDITOR in groups:
        yield Capability(action=Action.AUDIT_READ)
    for role in policies.roles:
        if groups & {fold(group) for group in role.groups}:
            yield from (parse(text) for text in role.capabilities)


_NOT_ADMINS = frozenset({Action.AUDIT_READ, Action.VALUE_DETOKENIZE})
"""What an administrator must give to a role before holding it: reading others' records, and undoing tokens."""
