"""Whom and what a change can reach at all: people, and for each of them the datasets worth judging twice."""

from collections.abc import Collection, Iterable, Iterator, Set
from dataclasses import dataclass

from catalog.errors import PolicyInvalid
from catalog.names import fold
from catalog.people.model import Role
from policy_engine.filters.filters import lookups
from policy_engine.live import DatasetKey, Live
from policy_engine.model import Policy, Scope, Subject
from policy_engine.own_names import is_own
from policy_engine.subjects import subject_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody a change may touch: whoever holds a role or is in a group, or one user; None is nobody."""

    kind: str
    name: str
    before: Subject | None
    after: Subject | None


def people(before: Live, after: Live) -> Iterator[Person]:
    """Roles as a subject holding just their groups; groups that come or go by themselves; users who change."""
    moved: set[str] = set()
    for key in {**before.roles, **after.roles}:
        old, new = before.roles.get(key), after.roles.get(key)
        role = new or old
        assert role is not None
        groups = old.groups & new.groups if old and new else role.groups
        if old and new:
            moved |= old.groups ^ new.groups
        if groups:
            subject = Subject(user="", groups=groups)
            yield Person(kind="role", name=role.name, before=subject, after=subject)
    for group in sorted(moved):
        subject = Subject(user="", groups=frozenset({group}))
        yield Person(kind="group", name=group, before=subject, after=subject)
    own = _named_by_scopes(before, after)
    for key in {**before.users, **after.users}:
        was, will = before.users.get(key), after.users.get(key)
        subjects = [subject_of(user) if user else None for user in (was, will)]
        if (was is not will and subjects[0] != subjects[1]) or own & _held(subjects):
            user = will or was
            assert user is not None
            yield Person(kind="user", name=user.name, before=subjects[0], after=subjects[1])


def _named_by_scopes(before: Live, after: Live) -> frozenset[str]:
    """The groups bound by a changed policy whose scope names the user, so that each user must be looked at."""
    found = (groups for groups, scope in _changed_policies(before, after) if is_own(scope))
    return frozenset().union(*found)


def _held(subjects: Iterable[Subject | None]) -> frozenset[str]:
    return frozenset(fold(group) for subject in subjects if subject for group in subject.groups)


class Touched:
    """What a change can reach: datasets that are different, and those that a different policy is about."""

    def __init__(self, before: Live, after: Live) -> None:
        self._every = dict.fromkeys((*before.datasets, *after.datasets))
        self._changed = [key for key in self._every if not _is_same(before.datasets.get(key), after.datasets.get(key))]
        self._by_database: dict[str, list[DatasetKey]] = {}
        for key in self._every:
            self._by_database.setdefault(key[0], []).append(key)
        changed = frozenset(self._changed)
        self._policies = (*_changed_policies(before, after), *_looking(before, after, changed))

    def by(self, person: Person) -> Collection[DatasetKey]:
        """The datasets that this person may see differently, each once."""
        if person.before != person.after:
            return self._every
        groups = frozenset(map(fold, person.before.groups)) if person.before else frozenset()
        reached = dict.fromkeys(self._changed)
        for bound, scope in self._policies:
            if bound & groups:
                reached.update(dict.fromkeys(self._covered(scope)))
        return reached

    def _covered(self, scope: Scope) -> Collection[DatasetKey]:
        if scope.database is None or "${" in f"{scope.database}{scope.dataset}":
            return self._every  # a name that depends on who asks may stand for any
        within = self._by_database.get(fold(scope.database), ())
        return within if scope.dataset is None else [key for key in within if key[1] == fold(scope.dataset)]


def _is_same(one: object, other: object) -> bool:
    return one is other or one == other


def _changed_policies(before: Live, after: Live) -> Iterator[tuple[frozenset[str], Scope]]:
    """Each policy that is different or names a role that is, in both states, with the groups bound in either."""
    roles = {
        key for key in {**before.roles, **after.roles} if not _is_same(before.roles.get(key), after.roles.get(key))
    }
    for key in {**before.policies, **after.policies}:
        old, new = before.policies.get(key), after.policies.get(key)
        versions: list[Policy] = [policy for policy in (old, new) if policy is not None]
        if _is_same(old, new) and not any(fold(role) in roles for policy in versions for role in policy.roles):
            continue
        named = {fold(role) for policy in versions for role in policy.roles}
        groups = _groups(before, named) | _groups(after, named)
        yield from ((groups, policy.scope) for policy in versions)


def _looking(before: Live, after: Live, changed: Set[DatasetKey]) -> Iterator[tuple[frozenset[str], Scope]]:
    """Policies whose filters look into a dataset that is different, with the groups they bind."""
    for live in (before, after) if changed else ():
        for policy in live.policies.values():
            if policy.where is not None and changed & _looked_into(policy.where):
                yield _groups(live, {fold(role) for role in policy.roles}), policy.scope


def _looked_into(where: str) -> frozenset[DatasetKey]:
    try:
        return frozenset(lookups(where))
    except PolicyInvalid:
        return frozenset()


def _groups(live: Live, roles: set[str]) -> frozenset[str]:
    held: list[Role] = [live.roles[role] for role in roles if role in live.roles]
    return frozenset(fold(group) for role in held for group in role.groups)
