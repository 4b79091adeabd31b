"""Which people policies tell apart: what was decided for one person holds for everybody of that person's kind.

A kind is made of the roles held and of what the policies of these roles ask about a person. What is not understood
asks for everything, so that doubt shares nothing.
"""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

from catalog.errors import PolicyInvalid
from catalog.names import fold
from policy_engine.by_identity import ByIdentity
from policy_engine.filters.meaning import meaning
from policy_engine.judging.policy_index import roles_of
from policy_engine.model import Policy, PolicySet, Subject
from policy_engine.own_names import is_own
from policy_engine.subjects import fingerprint
from policy_engine.transforms.registry import scope

_OF_THE_REQUEST = frozenset({"has_role", "now", "today", "purpose"})
"""Facts of filters that the roles, the moment and the circumstances settle."""

_MOST_ROLES = 4_096


@dataclass(frozen=True, slots=True, order=True)
class _Fact:
    """Something that is asked about a person: `user`, an `attribute` or a `group` by name, or `everything`."""

    what: str
    name: str = ""


def kind(subject: Subject, policies: PolicySet) -> Hashable:
    """A value that is equal for subjects whom the policies cannot tell apart.

    Example: two analysts are of one kind, until a policy of the analysts says `region = user_attribute('region')`.
    """
    return _kinds(policies).of(subject)


class _Kinds:
    """The kinds under one set of policies; what is asked is found out once for all who hold the same roles."""

    def __init__(self, policies: PolicySet) -> None:
        self._policies = policies
        self._by_role: dict[str, list[Policy]] = {}
        for policy in policies.policies:
            for role in policy.roles:
                self._by_role.setdefault(fold(role), []).append(policy)
        self._asked: dict[frozenset[str], tuple[_Fact, ...]] = {}

    def of(self, subject: Subject) -> Hashable:
        """The kind of a subject."""
        roles = roles_of(subject, self._policies)
        asked = self._asked.get(roles)
        if asked is None:
            # INVARIANT: in one order, whenever it is worked out, as the answers stand without their questions
            asked = tuple(sorted({fact for role in roles for fact in _facts(self._by_role.get(role, ()))}))
            if len(self._asked) >= _MOST_ROLES:
                self._asked = {}
            self._asked[roles] = asked
        # somebody without a name stands for many in a survey, and no scope means them
        return roles, bool(subject.user), tuple([_known(fact, subject) for fact in asked])


def _known(fact: _Fact, subject: Subject) -> Hashable:
    match fact.what:
        case "user":
            return subject.user
        case "attribute":
            return subject.attributes.get(fact.name)
        case "group":
            return any(fold(group) == fact.name for group in subject.groups)
    return fingerprint(subject)


def _facts(policies: Iterable[Policy]) -> Iterator[_Fact]:
    for policy in policies:
        try:
            yield from _asked_by(policy)
        except PolicyInvalid:  # what cannot be read may ask for anything
            yield _Fact("everything")


def _asked_by(policy: Policy) -> Iterator[_Fact]:
    if is_own(policy.scope) or any(scope(rule.call) == "user" for rule in policy.transforms):
        yield _Fact("user")
    if policy.when is not None:
        yield from (_Fact("group", fold(name)) for name in (*policy.when.groups, *policy.when.not_groups))
        yield from (_Fact("attribute", name) for name, _ in policy.when.attributes)
    for name, argument in meaning(policy.where).facts if policy.where is not None else ():
        match name:
            case "current_user":
                yield _Fact("user")
            case "user_attribute":
                yield _Fact("attribute", argument)
            case "in_group":
                yield _Fact("group", fold(argument))
            case _ if name not in _OF_THE_REQUEST:
                yield _Fact("everything")


_kinds = ByIdentity(_Kinds, capacity=16)
