"""What may this person see, and who may see this: both answered by the decision that a query would get."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from catalog.model import Dataset
from catalog.names import fold
from catalog.people.model import Role, User
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
    return tuple(
        holder
        for each in onlookers(policies.roles, users, somebody)
        for holder in each.holders(decide(each.subject, dataset, policies, at, circumstances, estate), column)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Onlooker:
    """A role, a user or somebody who may meet columns, as in `Holder`."""

    kind: str
    name: str
    users: tuple[str, ...]
    subject: Subject

    def holders(self, decision: Decision, column: str | None) -> Iterator[Holder]:
        """The columns that are there by a decision, or the one of this name."""
        if decision.broken:
            return
        groups, asked = tuple(sorted(self.subject.groups)), None if column is None else fold(column)
        for top in decision.columns:
            for seen in top.told if asked is None else (top, *top.nested):
                if seen.outcome is not Outcome.HIDDEN and (asked is None or fold(seen.name) == asked):
                    sight = _sight(decision, seen)
                    yield Holder(kind=self.kind, name=self.name, groups=groups, users=self.users, sight=sight)


def onlookers(roles: Iterable[Role], users: Iterable[User], somebody: Subject | None = None) -> Iterator[Onlooker]:
    """Whom `who` asks about, in its order; of the roles those that may be told of to who asks."""
    accounts = [(user, subject_of(user)) for user in users]
    for role in roles:
        members = tuple(user.name for user, subject in accounts if subject.groups & role.groups)
        yield Onlooker(kind="role", name=role.name, users=members, subject=holder_of(role))
    for user, subject in accounts:
        yield Onlooker(kind="user", name=user.name, users=(user.name,), subject=subject)
    if somebody is not None:
        yield Onlooker(kind="somebody", name=somebody.user, users=(), subject=somebody)


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
