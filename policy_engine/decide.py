"""Decides what one subject sees of one dataset: each column, each row, and why.

Grants add cell by cell, restrictions and denials only take away, and what cannot be judged protects.
Nothing here reads a clock, a file or the data: the same arguments always give the same decision.
What is alike for many columns or datasets is worked out once, which makes a decision quick and never another one.
"""

import functools
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from catalog.errors import PolicyInvalid
from catalog.model import Column, Dataset
from catalog.names import fold
from policy_engine.cells import ALWAYS, all_of, any_of
from policy_engine.circumstances import UNKNOWN, Circumstances
from policy_engine.conditions import counts, print_when
from policy_engine.filters.filters import Bound, bind, problem
from policy_engine.model import (
    Case,
    ColumnDecision,
    Decision,
    Effect,
    Estate,
    Lookup,
    Outcome,
    Policy,
    PolicySet,
    RowDecision,
    Subject,
    nowhere,
)
from policy_engine.nesting import nest
from policy_engine.policy_index import Binding, roles_of
from policy_engine.profile import FieldProfile, Profile, profile
from policy_engine.reasons import rows_reason
from policy_engine.rulings import Asked, Ruling, Rulings, goes_by_dataset
from policy_engine.verdicts import Verdict, Verdicts, verdict_on

_NO_ROWS = "FALSE"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A decision before it is told column by column: columns that are alike share one verdict, the same object.

    `verdicts` are by kind; by path for a column with fields in it, and for all columns where names count.
    """

    dataset: Dataset
    fields: Profile
    verdicts: Mapping[Hashable, Verdict]
    goes_by_name: bool
    rows: RowDecision
    broken: tuple[str, ...]
    lookups: Mapping[str, Lookup]

    @property
    def columns(self) -> tuple[tuple[FieldProfile, Verdict], ...]:
        """Every column with its verdict, in order."""
        verdicts, by_name = self.verdicts, self.goes_by_name
        return tuple([(field, verdicts[_key(field, by_name)]) for field in self.fields.columns])

    @property
    def told(self) -> Iterator[tuple[Column, FieldProfile, Verdict]]:
        """Every column with a field that is alike and its verdict, in order."""
        verdicts, fields = self.verdicts, self.fields
        if self.goes_by_name:
            return ((field.column, field, verdicts[field.path]) for field in fields.columns)
        return ((column, like, verdicts[_key(like, False)]) for column, like in fields.likes)

    @property
    def counts(self) -> Mapping[Outcome, int]:
        """How many columns meet each outcome."""
        found = dict.fromkeys(Outcome, 0)
        if self.goes_by_name or any(field.parts for field in self.fields.alike):
            for _, verdict in self.columns:
                found[verdict.outcome] += 1
        else:
            for kind, count in self.fields.tally.items():
                found[self.verdicts[kind].outcome] += count
        return found

    @property
    def words(self) -> Iterator[str]:
        """The names and tags of all that is there to be seen, the fields in columns too."""
        todo = [(column.name, like, verdict) for column, like, verdict in self.told]
        for name, field, verdict in todo:
            if verdict.outcome is not Outcome.HIDDEN:
                yield name
                yield from field.shown_tags
                todo.extend((inner.column.name, inner, part) for inner, part in verdict.parts)

    @property
    def tag_sets(self) -> frozenset[tuple[str, ...]]:
        """The different sets of tags on all that is there to be seen, the fields in columns too."""
        if self.goes_by_name or any(field.parts for field in self.fields.alike):
            todo = [(field, verdict) for field, verdict in self.columns]
        else:
            todo = [(field, self.verdicts[field.kind]) for field in self.fields.alike]
        found: set[tuple[str, ...]] = set()
        for field, verdict in todo:
            if verdict.outcome is not Outcome.HIDDEN:
                found.add(field.shown_tags)
                todo.extend(verdict.parts)
        return _shared(frozenset(found))

    @property
    def is_visible(self) -> bool:
        """Whether any column is there to be seen."""
        return any(verdict.outcome is not Outcome.HIDDEN for verdict in self.verdicts.values())


@functools.lru_cache(maxsize=65_536)
def _shared(sets: frozenset[tuple[str, ...]]) -> frozenset[tuple[str, ...]]:
    """One object for equal sets: an estate has many datasets, and few different ones."""
    return sets


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
        self._hearings: dict[Hashable, _Hearing] = {}
        self._alone: dict[int, bool] = {}

    def decide(self, dataset: Dataset) -> Decision:
        """What the subject sees of one dataset."""
        judged = self.judge(dataset)
        columns = tuple([_told(column, like, verdict) for column, like, verdict in judged.told])
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
        hearing = self._hearing(dataset, fields)
        rulings, by_name = hearing.rulings, hearing.rulings.go_by_name
        asked = fields.columns if by_name else fields.alike
        nodes = {field.path: nest(field, rulings) for field in asked if field.parts}
        ruled = [(field, nodes[field.path].ruling if field.parts else rulings.of(field)) for field in asked]
        told = {id(ruling): ruling for _, ruling in ruled}
        opening = {
            item.policy: item.when for ruling in told.values() if ruling.is_shown for item in ruling.contributions
        }
        every = told if not nodes else _each(asked, rulings)
        limiting = {name for ruling in every.values() for name in ruling.limited_by}
        broken = _broken(hearing, fields, every.values(), limiting)
        verdicts = hearing.verdicts(_visible_when(opening))
        return Judged(
            dataset=dataset,
            fields=fields,
            verdicts={
                _key(field, by_name): verdict_on(nodes[field.path], verdicts, verdicts)
                if field.parts
                else verdicts.of(ruling)
                for field, ruling in ruled
            },
            goes_by_name=by_name,
            rows=_rows(opening, hearing, limiting, broken),
            broken=broken,
            lookups=hearing.filters.lookups,
        )

    def sees(self, dataset: Dataset) -> bool:
        """Whether any column is there to be seen; the same as `decide(dataset).is_visible`, and quicker."""
        fields = profile(dataset)
        hearing = self._hearing(dataset, fields)
        if not hearing.has_grant:
            return False
        rulings = hearing.rulings
        for field in fields.columns if rulings.go_by_name else fields.alike:
            ruling = nest(field, rulings).ruling if field.parts else rulings.of(field)
            if ruling.is_shown:
                return True
        return False

    def _hearing(self, dataset: Dataset, fields: Profile) -> "_Hearing":
        """What is common to all datasets on which the same policies bind, with the same filters."""
        bound = self._binding.of(fields)
        filters = self._bind_filters(bound, dataset)
        is_alone = self._goes_by_dataset(bound)
        key = (id(bound), filters.key, id(fields) if is_alone else 0)
        hearing = self._hearings.get(key)
        if hearing is None:
            asked = Asked(user=self._subject.user, roles=frozenset(self._roles), dataset=fields if is_alone else None)
            hearing = self._hearings[key] = _Hearing(bound, filters, asked)
        return hearing

    def _goes_by_dataset(self, bound: tuple[Policy, ...]) -> bool:
        """Whether what is worked out for one dataset under these policies is true of that dataset alone."""
        known = self._alone.get(id(bound))
        if known is None:
            known = self._alone[id(bound)] = any(map(goes_by_dataset, bound))
        return known

    def _bind_filters(self, bound: Sequence[Policy], dataset: Dataset) -> "_Filters":
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
        return _Filters(conditions=conditions, problems=problems, lookups=lookups)

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


class _Hearing:
    """The policies that bind, their filters as bound, and what was ruled under them so far."""

    def __init__(self, bound: tuple[Policy, ...], filters: "_Filters", asked: Asked) -> None:
        self.bound = bound
        self.filters = filters
        self.rulings = Rulings(bound, filters.conditions, filters.problems, asked)
        self.has_grant = any(policy.effect is Effect.GRANT for policy in bound)
        self.scoped_takers = tuple(
            (policy.id, frozenset(tuple(map(fold, column)) for column in policy.scope.columns))
            for policy in bound
            if policy.effect is not Effect.GRANT and policy.scope.columns
        )
        self.policies = {policy.id: policy for policy in bound}
        self._verdicts: dict[frozenset[str], Verdicts] = {}

    def verdicts(self, visible_when: frozenset[str]) -> Verdicts:
        """The verdicts where each row that is there meets one of the conditions."""
        known = self._verdicts.get(visible_when)
        if known is None:
            known = self._verdicts[visible_when] = Verdicts(self.policies, visible_when)
        return known


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filters:
    """The bound filters by policy id, empty for none; `problems` says why a policy's cannot be judged."""

    conditions: Mapping[str, str]
    problems: Mapping[str, str]
    lookups: Mapping[str, Lookup]

    @property
    def key(self) -> Hashable:
        """Equal for equal filters of the same policies."""
        return tuple(self.conditions.values()), tuple(self.problems.items())


def _each(asked: Iterable[FieldProfile], rulings: Rulings) -> dict[int, Ruling]:
    """What is ruled on each field by itself, by identity, those in other ones too."""
    every = (rulings.of(inner) for field in asked for inner in (field, *field.nested))
    return {id(ruling): ruling for ruling in every}


def _key(field: FieldProfile, by_name: bool) -> Hashable:
    return field.path if by_name or field.parts else field.kind


def _visible_when(opening: Mapping[str, str]) -> frozenset[str]:
    conditions = frozenset(opening.values())
    return frozenset({ALWAYS}) if ALWAYS in conditions else conditions


def _broken(
    hearing: _Hearing, fields: Profile, rulings: Collection[Ruling], limiting: AbstractSet[str]
) -> tuple[str, ...]:
    """The restrictions and denials that cannot be applied, by id."""
    found = {name for name, columns in hearing.scoped_takers if not columns <= fields.paths}
    found |= limiting & hearing.filters.problems.keys()
    found.update(name for ruling in rulings for name in ruling.broken)
    return tuple(sorted(found))


def _rows(
    opening: Mapping[str, str], hearing: _Hearing, limiting: AbstractSet[str], broken: tuple[str, ...]
) -> RowDecision:
    """Which rows are there: those that a grant opens and no restriction takes away."""
    visible_when = _visible_when(opening)
    opened = [] if ALWAYS in visible_when else [hearing.policies[name] for name in sorted(opening)]
    conditions = hearing.filters.conditions
    restricting = [policy for policy in hearing.bound if policy.id in limiting and conditions.get(policy.id) != ALWAYS]
    reason = rows_reason(opened, restricting, broken)
    names = tuple(sorted({policy.id for policy in (*opened, *restricting)} | set(broken)))
    if broken or not opening:
        return RowDecision(filter=_NO_ROWS, policies=names, reason=reason if broken else "no policy shows you any row")
    limits = [conditions[policy.id] for policy in restricting]
    return RowDecision(filter=all_of([any_of(visible_when), *limits]), policies=names, reason=reason)


def _told(column: Column, like: FieldProfile, verdict: Verdict) -> ColumnDecision:
    path = column.path
    return ColumnDecision(
        name=path[0] if len(path) == 1 else column.name,
        type=column.type,
        outcome=verdict.outcome,
        cases=verdict.cases,
        transform=verdict.transform,
        policies=verdict.policies,
        reason=verdict.reason,
        tags=like.shown_tags,
        path=path,
        parts=tuple(_told(inner.column, inner, part) for inner, part in verdict.parts) if verdict.parts else (),
    )


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
