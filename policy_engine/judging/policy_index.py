"""Finds the policies that bind a subject on a dataset without looking at all the others."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from catalog.names import fold
from policy_engine.by_identity import ByIdentity
from policy_engine.circumstances import Circumstances
from policy_engine.conditions import counts
from policy_engine.model import Effect, Policy, PolicySet, Subject
from policy_engine.own_names import is_own, resolved
from policy_engine.profile import Profile

_Place = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyIndex:
    """Roles by group, and policies by role and place, all names folded; `own` are those whose place is the user's."""

    roles_by_group: Mapping[str, tuple[str, ...]]
    policies: Mapping[str, Mapping[_Place, tuple[Policy, ...]]]
    own: Mapping[str, tuple[Policy, ...]]


def roles_of(subject: Subject, policies: PolicySet) -> frozenset[str]:
    """The folded names of the roles that the subject's groups hold."""
    by_group = _index(policies).roles_by_group
    return frozenset(role for group in subject.groups for role in by_group.get(fold(group), ()))


class Binding:
    """The policies in force for a subject with some roles, at a moment and in some circumstances, dataset by dataset.

    A grant whose condition is not met is among them, so that it can be told what it waits for.
    """

    def __init__(
        self,
        subject: Subject,
        roles: frozenset[str],
        policies: PolicySet,
        at: datetime,
        circumstances: Circumstances,
    ) -> None:
        index = _index(policies)
        self._held = [index.policies[role] for role in roles if role in index.policies]
        self._held.append(_own_places(index, roles, subject.user))
        self._subject = subject
        self._circumstances = circumstances
        self._at = at
        self._places: dict[_Place, tuple[Policy, ...]] = {}
        self._known: dict[tuple[int, ...], tuple[Policy, ...]] = {}

    def of(self, profile: Profile) -> tuple[Policy, ...]:
        """The policies on a dataset, each once, by id; the same tuple for datasets on which the same ones bind."""
        database, name = profile.database, profile.name
        places: tuple[_Place, ...] = ((None, None), (database, None), (database, name), (None, name))
        found = [policies for place in places if (policies := self._in(place))]
        key = tuple(map(id, found))
        bound = self._known.get(key)
        if bound is None:
            each = {id(policy): policy for policies in found for policy in policies}
            bound = self._known[key] = tuple(sorted(each.values(), key=lambda policy: policy.id))
        return bound

    def _in(self, place: _Place) -> tuple[Policy, ...]:
        known = self._places.get(place)
        if known is None:
            every = (policy for by_place in self._held for policy in by_place.get(place, ()))
            known = tuple(policy for policy in every if is_in_force(policy, self._at) and self._may_tell(policy))
            self._places[place] = known
        return known

    def _may_tell(self, policy: Policy) -> bool:
        return policy.effect is Effect.GRANT or counts(policy, self._subject, self._circumstances, self._at)


def is_in_force(policy: Policy, at: datetime) -> bool:
    """Whether the policy is enabled and the moment within its time; a moment without a zone is in UTC."""
    if not policy.enabled:
        return False
    moment = _utc(at)
    starts, ends = policy.starts_at, policy.ends_at
    return (starts is None or _utc(starts) <= moment) and (ends is None or moment < _utc(ends))


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _build(policies: PolicySet) -> PolicyIndex:
    by_group: dict[str, list[str]] = {}
    for role in policies.roles:
        for group in role.groups:
            by_group.setdefault(fold(group), []).append(fold(role.name))
    by_role: dict[str, dict[_Place, list[Policy]]] = {}
    own: dict[str, list[Policy]] = {}
    for policy in policies.policies:
        depends = is_own(policy.scope)
        for name in dict.fromkeys(map(fold, policy.roles)):
            if depends:
                own.setdefault(name, []).append(policy)
            else:
                by_role.setdefault(name, {}).setdefault(_place(policy), []).append(policy)
    return PolicyIndex(
        roles_by_group={group: tuple(names) for group, names in by_group.items()},
        policies={role: dict(_frozen(places)) for role, places in by_role.items()},
        own={role: tuple(policies) for role, policies in own.items()},
    )


def _own_places(index: PolicyIndex, roles: frozenset[str], user: str) -> Mapping[_Place, tuple[Policy, ...]]:
    """The policies whose scope names the user, each once, where they lie for this one."""
    found = {id(policy): policy for role in roles for policy in index.own.get(role, ())}
    places: dict[_Place, list[Policy]] = {}
    for policy in found.values():
        own = resolved(policy, user)
        if own is not None:
            places.setdefault(_place(own), []).append(own)
    return dict(_frozen(places))


def _place(policy: Policy) -> _Place:
    database, dataset = policy.scope.database, policy.scope.dataset
    return (None if database is None else fold(database), None if dataset is None else fold(dataset))


def _frozen(places: Mapping[_Place, list[Policy]]) -> Iterator[tuple[_Place, tuple[Policy, ...]]]:
    for place, policies in places.items():
        yield place, tuple(policies)


_index = ByIdentity(_build, capacity=16)
