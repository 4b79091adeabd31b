"""What may this person see, and who may see this: both answered by the decision that a query would get."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from catalog.model import Dataset
from catalog.names import fold
from catalog.people.model import User
from policy_engine.circumstances import AT_MOST, Circumstances
from policy_engine.judging.decide import decide
from policy_engine.judging.reasons import of_another
from policy_engine.model import ColumnDecision, Decision, Estate, Outcome, PolicySet, Subject, nowhere
from policy_engine.subjects import holder_of, subject_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One column as one subject meets it, and why: under which revision, for which tags it carries, on which rows."""

    dataset: str
    column: str
    outcome: Outcome
    transform: str
    is_filtered: bool
    policies: tuple[str, ...]
    reason: str
    tags: tuple[str, ...] = ()
    revision: int = 0
    rows_policies: tuple[str, ...] = ()
    rows_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A role or user who meets one column, with the groups and local accounts behind it.

    `kind` is `role` (a subject in just the role's groups), `user` (with all that the account holds) or `somebody`
    (who was described and may not exist).
    """

    kind: str
    name: str
    groups: tuple[str, ...]
    users: tuple[str, ...]
    sight: Sight


def can(
    subject: Subject,
    datasets: Iterable[Dataset],
    policies: PolicySet,
    at: datetime,
    estate: Estate = nowhere,
    circumstances: Circumstances = AT_MOST,
) -> tuple[Sight, ...]:
    """How the subject meets every column of the datasets; of a dataset that is not visible, nothing is told.

    Unless the circumstances of a request are given, what a condition on purpose, network or time of day may open is
    there, with the condition in its reason.

    Example:
        >>> [(sight.column, sight.outcome) for sight in can(subject, [orders], policies, at)]
        [('id', <Outcome.CLEAR: 'clear'>), ('card', <Outcome.HIDDEN: 'hidden'>)]
    """
    decisions = (decide(subject, dataset, policies, at, circumstances, estate) for dataset in datasets)
    return tuple(
        _sight(decision, item)
        for decision in decisions
        if decision.is_visible and not decision.broken
        for column in decision.columns
        for item in column.told
    )


def who(
    dataset: Dataset,
    column: str | None,
    policies: PolicySet,
    users: Iterable[User],
    at: datetime,
    estate: Estate = nowhere,
    circumstances: Circumstances = AT_MOST,
    somebody: Subject | None = None,
) -> tuple[Holder, ...]:
    """The roles, and the local users, who may see the dataset or one column of it, masked or clear.

    Unless the circumstances of a request are given, whoever may see it in some is there, with the condition in the
    reason. `somebody` is asked about beside them, whether there is such a person or not.

    Example:
        >>> [(holder.name, holder.sight.outcome) for holder in who(orders, "card", policies, users, at)]
        [('boss', <Outcome.CLEAR: 'clear'>), ('max', <Outcome.CLEAR: 'clear'>)]
    """
    accounts = [(user, subject_of(user)) for user in users]
    found: list[Holder] = []
    for role in policies.roles:
        members = tuple(user.name for user, subject in accounts if subject.groups & role.groups)
        decision = decide(holder_of(role), dataset, policies, at, circumstances, estate)
        groups = tuple(sorted(role.groups))
        found.extend(_holders("role", role.name, groups, members, decision, column))
    for user, subject in accounts:
        decision = decide(subject, dataset, policies, at, circumstances, estate)
        groups = tuple(sorted(subject.groups))
        found.extend(_holders("user", user.name, groups, (user.name,), decision, column))
    if somebody is not None:
        decision = decide(somebody, dataset, policies, at, circumstances, estate)
        found.extend(_holders("somebody", somebody.user, tuple(sorted(somebody.groups)), (), decision, column))
    return tuple(found)


def _holders(
    kind: str, name: str, groups: tuple[str, ...], users: tuple[str, ...], decision: Decision, column: str | None
) -> Iterator[Holder]:
    if decision.broken:
        return
    for top in decision.columns:
        for seen in top.told if column is None else (top, *top.nested):
            is_asked = column is None or fold(seen.name) == fold(column)
            if is_asked and seen.outcome is not Outcome.HIDDEN:
                yield Holder(kind=kind, name=name, groups=groups, users=users, sight=_sight(decision, seen))


def _sight(decision: Decision, column: ColumnDecision) -> Sight:
    return Sight(
        dataset=decision.dataset.full_name,
        column=column.name,
        outcome=column.outcome,
        transform=column.transform,
        is_filtered=bool(decision.rows.filter),
        policies=column.policies,
        reason=of_another(column.reason),
        tags=column.tags,
        revision=decision.revision,
        rows_policies=decision.rows.policies,
        rows_reason=decision.rows.reason,
    )
