"""What a change does to people: who gains, loses or sees otherwise which column and rows, worst first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from catalog.model import Dataset, Level, Role
from catalog.names import fold
from policy_engine.decide import decide
from policy_engine.live import DatasetKey, Live
from policy_engine.model import ColumnDecision, Decision, Outcome, Policy, PolicySet, Scope, Subject
from policy_engine.strength import Strength
from policy_engine.subjects import subject_of
from policy_engine.transforms.registry import strength


class Movement(StrEnum):
    """Whether a person sees more than before, otherwise, or less."""

    GAINS = "gains"
    CHANGES = "changes"
    LOSES = "loses"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody a change may touch: whoever holds a role or is in a group, or one user; None is nobody."""

    kind: str
    name: str
    before: Subject | None
    after: Subject | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """One column, or the rows when `column` is empty, that a person sees differently.

    Example:
        Impact(kind="role", name="analyst", dataset="shop.orders", column="phone", movement=Movement.GAINS,
               before="hidden", after="clear", policies=("analysts",), level=Level.CONFIDENTIAL)
    """

    kind: str
    name: str
    dataset: str
    column: str
    movement: Movement
    before: str
    after: str
    is_filtered: bool = False
    policies: tuple[str, ...] = ()
    level: Level = Level.PUBLIC


def impacts(before: Live, after: Live, at: datetime) -> tuple[Impact, ...]:
    """Every difference for people between two states, gains first and the most sensitive columns before others."""
    touched = _Touched.between(before, after)
    judges = (
        _Judge(live=before, policies=before.policy_set, at=at),
        _Judge(live=after, policies=after.policy_set, at=at),
    )
    found = [
        impact
        for person in _people(before, after)
        for key in touched.by(person)
        for impact in _compared(person, key, *judges)
    ]
    return tuple(sorted(found, key=_gravity))


def _gravity(impact: Impact) -> tuple[object, ...]:
    levels = list(Level)
    return (
        list(Movement).index(impact.movement),
        -levels.index(impact.level),
        impact.after != "clear",
        (impact.kind, impact.name, impact.dataset, impact.column),
    )


def _people(before: Live, after: Live) -> Iterator[Person]:
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
    for key in {**before.users, **after.users}:
        was, will = before.users.get(key), after.users.get(key)
        subjects = [subject_of(user) if user else None for user in (was, will)]
        if subjects[0] != subjects[1]:
            user = will or was
            assert user is not None
            yield Person(kind="user", name=user.name, before=subjects[0], after=subjects[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Touched:
    """What a change can reach: datasets that are different, and policies with the groups they bind."""

    datasets: tuple[DatasetKey, ...]
    every: dict[DatasetKey, Dataset]
    policies: tuple[tuple[frozenset[str], Scope], ...]

    @classmethod
    def between(cls, before: Live, after: Live) -> "_Touched":
        every = {**before.datasets, **after.datasets}
        datasets = tuple(key for key in every if before.datasets.get(key) != after.datasets.get(key))
        return cls(datasets=datasets, every=every, policies=tuple(_changed_policies(before, after)))

    def by(self, person: Person) -> Iterator[DatasetKey]:
        """The datasets that this person may see differently."""
        if person.before != person.after:
            yield from self.every
            return
        groups = person.before.groups if person.before else frozenset()
        scopes = [scope for bound, scope in self.policies if bound & groups]
        changed = set(self.datasets)
        for key in self.every:
            if key in changed or any(_covers(scope, key) for scope in scopes):
                yield key


def _changed_policies(before: Live, after: Live) -> Iterator[tuple[frozenset[str], Scope]]:
    """Each policy that is different or names a role that is, in both states, with the groups bound in either."""
    roles = {key for key in {**before.roles, **after.roles} if before.roles.get(key) != after.roles.get(key)}
    for key in {**before.policies, **after.policies}:
        versions: list[Policy] = [p for p in (before.policies.get(key), after.policies.get(key)) if p is not None]
        named = {fold(role) for policy in versions for role in policy.roles}
        if before.policies.get(key) == after.policies.get(key) and not named & roles:
            continue
        groups = _groups(before, named) | _groups(after, named)
        yield from ((groups, policy.scope) for policy in versions)


def _groups(live: Live, roles: set[str]) -> frozenset[str]:
    held: list[Role] = [live.roles[role] for role in roles if role in live.roles]
    return frozenset(group for role in held for group in role.groups)


def _covers(scope: Scope, key: DatasetKey) -> bool:
    if scope.database is None:
        return True
    return fold(scope.database) == key[0] and (scope.dataset is None or fold(scope.dataset) == key[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judge:
    """Decides in one of the two states; its policies are put together once, as judging remembers them."""

    live: Live
    policies: PolicySet
    at: datetime

    def __call__(self, subject: Subject | None, key: DatasetKey) -> Decision | None:
        dataset = self.live.datasets.get(key)
        return None if subject is None or dataset is None else decide(subject, dataset, self.policies, self.at)


def _compared(person: Person, key: DatasetKey, before: _Judge, after: _Judge) -> Iterator[Impact]:
    old, new = before(person.before, key), after(person.after, key)
    olds, news = _columns(old), _columns(new)
    tags = after.live.tags
    dataset = new.dataset if new else old.dataset if old else None
    if dataset is None:
        return
    for name in {**news, **olds}:
        was, will = olds.get(name), news.get(name)
        movement = _movement(was, will)
        column = will or was
        if movement is None or column is None:
            continue
        deciding = will if will and will.policies else was
        yield Impact(
            kind=person.kind,
            name=person.name,
            dataset=dataset.full_name,
            column=column.name,
            movement=movement,
            before=shown(was),
            after=shown(will),
            is_filtered=bool(will and new and new.rows.filter),
            policies=deciding.policies if deciding else (),
            level=max((tags[tag].level for tag in column.tags if tag in tags), default=Level.PUBLIC),
        )
    yield from _rows(person, dataset, old if olds else None, new if news else None)


def _columns(decision: Decision | None) -> dict[str, ColumnDecision]:
    """The columns a person can reach; a dataset that is refused shows none."""
    if decision is None or decision.broken:
        return {}
    return {fold(column.name): column for column in decision.columns if column.outcome is not Outcome.HIDDEN}


def shown(column: ColumnDecision | None) -> str:
    """How a column is shown, in one word: `clear`, the transform, or `hidden`."""
    if column is None or column.outcome is Outcome.HIDDEN:
        return Outcome.HIDDEN.value
    return Outcome.CLEAR.value if column.outcome is Outcome.CLEAR else column.transform


def _movement(was: ColumnDecision | None, will: ColumnDecision | None) -> Movement | None:
    old, new = _least(was), _least(will)
    if old != new:
        return Movement.GAINS if new < old else Movement.LOSES
    if was is None or will is None or (was.cases, was.transform) == (will.cases, will.transform):
        return None
    return Movement.CHANGES


def _least(column: ColumnDecision | None) -> Strength:
    """The strength of the most revealing way in which any cell of the column is shown."""
    return min((strength(case.call) for case in column.cases), default=Strength.HIDDEN) if column else Strength.HIDDEN


def _rows(person: Person, dataset: Dataset, old: Decision | None, new: Decision | None) -> Iterator[Impact]:
    """Row filters are compared where the dataset is visible before and after; else the columns tell it."""
    if old is None or new is None or old.rows.filter == new.rows.filter:
        return
    movement = Movement.CHANGES
    if not old.rows.filter:
        movement = Movement.LOSES
    elif not new.rows.filter:
        movement = Movement.GAINS
    yield Impact(
        kind=person.kind,
        name=person.name,
        dataset=dataset.full_name,
        column="",
        movement=movement,
        before="filtered" if old.rows.filter else "all rows",
        after="filtered" if new.rows.filter else "all rows",
        policies=new.rows.policies or old.rows.policies,
    )
