"""Decides what one subject sees of one dataset: each column, each row, and why.

Grants add cell by cell, restrictions and denials only take away, and what cannot be judged protects.
Nothing here reads a clock, a file or the data: the same arguments always give the same decision.
What is alike for many columns or datasets is worked out once, which makes a decision quick and never another one.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from catalog.errors import PolicyInvalid
from catalog.model import Column, Dataset
from policy_engine.circumstances import UNKNOWN, Circumstances
from policy_engine.conditions import counts, print_when
from policy_engine.filters.filters import Bound, bind, columns_asked, problem
from policy_engine.judging.cells import ALWAYS
from policy_engine.judging.hearing import Filters, Hearing
from policy_engine.judging.judged import Judged
from policy_engine.judging.policy_index import Binding, roles_of
from policy_engine.judging.rulings import Asked, goes_by_dataset
from policy_engine.judging.sights import Sight
from policy_engine.judging.verdicts import Verdict
from policy_engine.model import (
    Case,
    ColumnDecision,
    Decision,
    Estate,
    Lookup,
    Policy,
    PolicySet,
    Subject,
    nowhere,
)
from policy_engine.profile import FieldProfile, Path, Profile, profile
from policy_engine.shown_types import narrowed_type

_EVERY_ROW = "TRUE"


def decide(
    subject: Subject,
    dataset: Dataset,
    policies: PolicySet,
    at: datetime,
    circumstances: Circumstances = UNKNOWN,
    estate: Estate = nowhere,
) -> Decision:
    """What the subject sees of the dataset under the policies at a moment; total, and the same whatever their order.

    `circumstances` are what is known of the request; `estate` holds the datasets that filters may look into.

    Example: with no policy for any of the subject's roles every column is hidden and no row is there.
    """
    return Judge(subject, policies, at, circumstances, estate).decide(dataset)


class Judge:
    """Decides on many datasets for one subject, under one set of policies, at one moment, in one situation.

    Example:
        >>> judge = Judge(subject, policies, at)
        >>> visible = [dataset for dataset in datasets if judge.sees(dataset)]
    """

    def __init__(
        self,
        subject: Subject,
        policies: PolicySet,
        at: datetime,
        circumstances: Circumstances = UNKNOWN,
        estate: Estate = nowhere,
    ) -> None:
        self._subject = subject
        self._at = at
        self._circumstances = circumstances
        self._estate = estate
        self._revision = policies.revision
        self._roles = roles_of(subject, policies)
        self._binding = Binding(subject, self._roles, policies, at, circumstances)
        self._hearings: dict[Hashable, Hearing] = {}
        self._by_columns: dict[Hashable, Hearing] = {}
        self._reaches: dict[int, _Reach] = {}

    def decide(self, dataset: Dataset, only: str | None = None) -> Decision:
        """What the subject sees of one dataset; told of the top-level column `only`, where a name is given."""
        judged = self.judge(dataset)
        each = judged.told if only is None else judged.told_of(only)
        columns = tuple([told(column, like, verdict) for column, like, verdict in each])
        return Decision(
            dataset=dataset,
            revision=self._revision,
            columns=columns,
            rows=judged.rows,
            broken=judged.broken,
            lookups=_lookups(judged, columns),
        )

    def judge(self, dataset: Dataset) -> Judged:
        """The same, before it is told column by column."""
        fields = profile(dataset)
        return self._hearing(dataset, fields).judge(dataset, fields)

    def judge_seen(self, dataset: Dataset) -> Judged | None:
        """The same, None where no column is there to be seen; quicker for whom most datasets are hidden from."""
        fields = profile(dataset)
        hearing = self._hearing(dataset, fields)
        return hearing.judge(dataset, fields) if hearing.sees(fields) else None

    def sight(self, dataset: Dataset) -> Sight | None:
        """How much the subject sees of it; None for nothing."""
        fields = profile(dataset)
        hearing = self._hearing(dataset, fields)
        return hearing.sight(dataset, fields) if hearing.sees(fields) else None

    def sees(self, dataset: Dataset) -> bool:
        """Whether any column is there to be seen; the same as `decide(dataset).is_visible`, and quicker."""
        fields = profile(dataset)
        return self._hearing(dataset, fields).sees(fields)

    def _hearing(self, dataset: Dataset, fields: Profile) -> Hearing:
        """What is common to all datasets on which the same policies bind, with the same filters.

        Where filters ask for columns alone, these tell the datasets apart, and no filter is bound again.
        """
        bound = self._binding.of(fields)
        reach = self._reach(bound)
        if reach.is_alone or reach.paths is None:
            return self._heard(bound, dataset, fields if reach.is_alone else None)
        columns = map(fields.fields.get, reach.paths)
        key = (id(bound), tuple([column and (column.path, column.type) for column in columns]))
        hearing = self._by_columns.get(key)
        if hearing is None:
            hearing = self._by_columns[key] = self._heard(bound, dataset, None)
        return hearing

    def _heard(self, bound: tuple[Policy, ...], dataset: Dataset, alone: Profile | None) -> Hearing:
        """The hearing of policies with their filters bound, for one dataset `alone` or for all like it."""
        filters = self._bind_filters(bound, dataset)
        key = (id(bound), filters.key, id(alone))
        hearing = self._hearings.get(key)
        if hearing is None:
            asked = Asked(user=self._subject.user, roles=frozenset(self._roles), dataset=alone)
            hearing = self._hearings[key] = Hearing(bound, filters, asked)
        return hearing

    def _reach(self, bound: tuple[Policy, ...]) -> "_Reach":
        known = self._reaches.get(id(bound))
        if known is None:
            asked = [columns_asked(policy.where) for policy in bound if policy.where is not None]
            paths = None if None in asked else tuple({path for paths in asked for path in paths or ()})
            known = self._reaches[id(bound)] = _Reach(paths=paths, is_alone=any(map(goes_by_dataset, bound)))
        return known

    def _bind_filters(self, bound: Sequence[Policy], dataset: Dataset) -> Filters:
        conditions: dict[str, str] = {}
        problems: dict[str, str] = {}
        lookups: dict[str, Lookup] = {}
        for policy in bound:
            if policy.when is not None and not counts(policy, self._subject, self._circumstances, self._at):
                problems[policy.id] = f"shows it only when {print_when(policy.when)}"
            elif policy.where is None:
                conditions[policy.id] = ALWAYS
            else:
                found, why = self._bind(policy.where, dataset)
                if found is None:
                    problems[policy.id] = f"gives nothing here, because its filter {why}"
                else:
                    conditions[policy.id] = ALWAYS if found.sql == _EVERY_ROW else found.sql
                    lookups.update({lookup.name: lookup for lookup in found.lookups})
        return Filters(conditions=conditions, problems=problems, lookups=lookups)

    def _bind(self, where: str, dataset: Dataset) -> tuple[Bound | None, str]:
        """A filter as SQL, or why there is none."""
        try:
            found = bind(
                where,
                self._subject,
                dataset,
                roles=self._roles,
                at=self._at,
                circumstances=self._circumstances,
                estate=self._estate,
            )
            return found, "" if found is not None else problem(where, dataset, self._estate)
        except PolicyInvalid:
            return None, "cannot be understood"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reach:
    """What policies ask of a dataset: the columns that filters name, None where they ask for more.

    What is worked out for one dataset `is_alone` where it is true of that dataset only.
    """

    paths: tuple[Path, ...] | None
    is_alone: bool


def told(column: Column, like: FieldProfile, verdict: Verdict) -> ColumnDecision:
    """The decision on one column or field, from what is found of all that are `like` it."""
    path = column.path
    found = ColumnDecision(
        name=path[0] if len(path) == 1 else column.name,
        type=column.type,
        outcome=verdict.outcome,
        cases=verdict.cases,
        transform=verdict.transform,
        policies=verdict.policies,
        reason=verdict.reason,
        tags=like.shown_tags,
        path=path,
        parts=tuple(told(inner.column, inner, part) for inner, part in verdict.parts) if verdict.parts else (),
        brief=None if verdict.brief is None else told(column, like, verdict.brief),
    )
    return replace(found, type=narrowed_type(found)) if verdict.is_narrowed else found


def _cases(column: ColumnDecision) -> Iterator[Case]:
    """The cases of a column and of every field in it."""
    yield from column.cases
    for inner in column.nested:
        yield from inner.cases


def _lookups(judged: Judged, columns: Sequence[ColumnDecision]) -> tuple[Lookup, ...]:
    """The lookups whose answers a decision's conditions name."""
    if not judged.lookups:
        return ()
    conditions = [judged.rows.filter, *(case.when for column in columns for case in _cases(column))]
    used = (name for name in sorted(judged.lookups) if any(name in condition for condition in conditions))
    return tuple(judged.lookups[name] for name in used)
