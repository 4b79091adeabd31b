"""Decides what one subject sees of one dataset: each column, each row, and why.

Grants add cell by cell, restrictions and denials only take away, and what cannot be judged protects.
Nothing here reads a clock, a file or the data: the same arguments always give the same decision.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from catalog.errors import PolicyInvalid
from catalog.model import Dataset
from catalog.names import fold
from policy_engine.cells import ALWAYS, CLEAR, all_of, any_of, combine
from policy_engine.filters import bind, missing_columns
from policy_engine.model import (
    ColumnDecision,
    Decision,
    Effect,
    Outcome,
    Policy,
    PolicySet,
    RowDecision,
    Subject,
)
from policy_engine.policy_index import binding, roles_of
from policy_engine.profile import FieldProfile, Profile, profile
from policy_engine.reasons import hidden_reason, nested_reason, rows_reason, shown_reason
from policy_engine.rulings import Ruling, Rulings, applies, call_names

_NO_ROWS = "FALSE"


def decide(subject: Subject, dataset: Dataset, policies: PolicySet, at: datetime) -> Decision:
    """What the subject sees of the dataset under the policies at a moment; total, and the same whatever their order.

    Example: with no policy for any of the subject's roles every column is hidden and no row is there.
    """
    fields = profile(dataset)
    roles = roles_of(subject, policies)
    bound = binding(roles, fields, policies, at)
    filters = _bind_filters(bound, subject, dataset, roles, at)
    rulings = Rulings(bound, filters.conditions, filters.problems)
    ruled = [(field, rulings.of(field)) for field in fields.columns]
    leaks = {field.path: leak for field, ruling in ruled if (leak := _leak(field, ruling, rulings))}
    shown = [ruling for field, ruling in ruled if ruling.is_shown and field.path not in leaks]
    opening = {item.policy: item.when for ruling in shown for item in ruling.contributions}
    broken = _broken(bound, fields, filters, rulings)
    judge = _Judge(policies={policy.id: policy for policy in bound}, visible_when=_visible_when(opening))
    return Decision(
        dataset=dataset,
        revision=policies.revision,
        columns=tuple(judge.column(field, ruling, leaks.get(field.path, "")) for field, ruling in ruled),
        rows=judge.rows(opening, _restrictions(bound, fields), filters, broken),
        broken=broken,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filters:
    """The bound filters by policy id, empty for none; `problems` says why a policy's cannot be judged."""

    conditions: Mapping[str, str]
    problems: Mapping[str, str]


def _bind_filters(
    bound: Sequence[Policy], subject: Subject, dataset: Dataset, roles: AbstractSet[str], at: datetime
) -> _Filters:
    conditions: dict[str, str] = {}
    problems: dict[str, str] = {}
    for policy in bound:
        if policy.where is None:
            conditions[policy.id] = ALWAYS
            continue
        try:
            sql = bind(policy.where, subject, dataset, roles=roles, at=at)
        except PolicyInvalid:
            problems[policy.id] = "gives nothing, because its filter cannot be understood"
            continue
        if sql is None:
            names = ", ".join(f"`{'.'.join(path)}`" for path in missing_columns(policy.where, dataset))
            problems[policy.id] = f"gives nothing here, because its filter names {names}, which is not there"
        else:
            conditions[policy.id] = sql
    return _Filters(conditions=conditions, problems=problems)


def _leak(field: FieldProfile, ruling: Ruling, rulings: Rulings) -> str:
    """The nested field, if any, that would show more inside its column than the policies give of it."""
    if not field.nested or ruling.least != CLEAR:
        return ""
    clear = {item.policy for item in ruling.contributions if item.showing == CLEAR}
    if not clear:
        return ""
    for inner in field.nested:
        own = rulings.of(inner)
        given = {item.policy for item in own.contributions if item.showing == CLEAR}
        if own.hidden_by or own.least != CLEAR or not clear <= given:
            return inner.column.name
    return ""


def _visible_when(opening: Mapping[str, str]) -> frozenset[str]:
    conditions = frozenset(opening.values())
    return frozenset({ALWAYS}) if ALWAYS in conditions else conditions


def _restrictions(bound: Sequence[Policy], fields: Profile) -> tuple[Policy, ...]:
    """The restrictions that filter rows here: those that cover some column."""
    return tuple(
        policy
        for policy in bound
        if policy.effect is Effect.RESTRICT and policy.where is not None and _covers(policy, fields)
    )


def _covers(policy: Policy, fields: Profile) -> bool:
    every = (inner for field in fields.columns for inner in (field, *field.nested))
    return any(applies(policy, field) for field in every)


def _broken(bound: Sequence[Policy], fields: Profile, filters: _Filters, rulings: Rulings) -> tuple[str, ...]:
    """The restrictions and denials that cannot be applied, by id."""
    taking = [policy for policy in bound if policy.effect is not Effect.GRANT]
    if not taking:
        return ()
    found = {
        policy.id for policy in taking if any(tuple(map(fold, c)) not in fields.paths for c in policy.scope.columns)
    }
    found |= {policy.id for policy in _restrictions(bound, fields) if policy.id in filters.problems}
    for field in fields.columns:
        for inner in (field, *field.nested):
            found.update(rulings.of(inner).broken)
    return tuple(sorted(found))


class _Judge:
    """Turns rulings into decisions, once for each ruling."""

    def __init__(self, *, policies: Mapping[str, Policy], visible_when: frozenset[str]) -> None:
        self._policies = policies
        self._visible_when = visible_when
        self._known: dict[int, ColumnDecision] = {}

    def column(self, field: FieldProfile, ruling: Ruling, leak: str) -> ColumnDecision:
        if not ruling.is_shown or leak:
            reason = nested_reason(leak) if leak and ruling.is_shown else hidden_reason(ruling)
            return self._hidden(field, ruling, reason)
        like = self._known.get(id(ruling))
        if like is None:
            like = self._known[id(ruling)] = self._shown(field, ruling)
        return ColumnDecision(
            name=field.column.name,
            type=field.column.type,
            outcome=like.outcome,
            cases=like.cases,
            transform=like.transform,
            policies=like.policies,
            reason=like.reason,
            tags=field.shown_tags,
        )

    def rows(
        self, opening: Mapping[str, str], restricting: Sequence[Policy], filters: _Filters, broken: tuple[str, ...]
    ) -> RowDecision:
        opened = [] if ALWAYS in self._visible_when else [self._policies[name] for name in sorted(opening)]
        reason = rows_reason(opened, restricting, broken)
        names = tuple(sorted({policy.id for policy in (*opened, *restricting)} | set(broken)))
        if broken or not opening:
            return RowDecision(
                filter=_NO_ROWS, policies=names, reason=reason if broken else "no policy shows you any row"
            )
        limits = [filters.conditions[policy.id] for policy in restricting]
        return RowDecision(filter=all_of([any_of(self._visible_when), *limits]), policies=names, reason=reason)

    def _shown(self, field: FieldProfile, ruling: Ruling) -> ColumnDecision:
        cases = combine(ruling.contributions, ruling.least, self._visible_when)
        words = call_names(case.call for case in cases)
        if cases[-1].when and "null" not in words:
            words = (*words, "null")
        is_clear = words == ("clear",)
        return ColumnDecision(
            name=field.column.name,
            type=field.column.type,
            outcome=Outcome.CLEAR if is_clear else Outcome.MASKED,
            cases=cases,
            transform="" if is_clear else " or ".join(words),
            policies=tuple(sorted({item.policy for item in ruling.contributions} | set(ruling.raised_by))),
            reason=shown_reason(words, cases, ruling, self._policies),
        )

    def _hidden(self, field: FieldProfile, ruling: Ruling, reason: str) -> ColumnDecision:
        because = ruling.hidden_by or tuple(policy for policy, _ in ruling.silent)
        return ColumnDecision(
            name=field.column.name,
            type=field.column.type,
            outcome=Outcome.HIDDEN,
            cases=(),
            policies=tuple(policy.id for policy in because),
            reason=reason,
            tags=field.shown_tags,
        )
