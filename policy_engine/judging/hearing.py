"""Judges the datasets on which the same policies bind somebody with the same filters: what they share is found once."""

from collections.abc import Collection, Hashable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from catalog.model import Dataset
from catalog.names import fold
from policy_engine.judging.cells import ALWAYS, all_of, any_of
from policy_engine.judging.judged import Judged
from policy_engine.judging.nesting import nest
from policy_engine.judging.reasons import rows_reason
from policy_engine.judging.rulings import Asked, Ruling, Rulings
from policy_engine.judging.sights import Sight, sight
from policy_engine.judging.verdicts import Verdict, Verdicts, verdict_on
from policy_engine.model import Effect, Lookup, Outcome, Policy, RowDecision
from policy_engine.profile import Profile

_NO_ROWS = "FALSE"
_MOST_FINDINGS = 1_024
_CLEAR, _HIDDEN = Outcome.CLEAR, Outcome.HIDDEN  # a member of an enumeration is slow to look up


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """The bound filters by policy id, empty for none; `problems` says why a policy's cannot be judged."""

    conditions: Mapping[str, str]
    problems: Mapping[str, str]
    lookups: Mapping[str, Lookup]

    @property
    def key(self) -> Hashable:
        """Equal for equal filters of the same policies."""
        return tuple(self.conditions.values()), tuple(self.problems.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finding:
    """What follows from the rulings on all columns of a dataset: verdicts, by a ruling's identity, and rows."""

    told_by: Verdicts
    verdicts: Mapping[int, Verdict]
    is_shown: Mapping[int, bool]
    is_clear: Mapping[int, bool]
    rows: RowDecision
    broken: tuple[str, ...]
    opened_by: frozenset[str]


class Hearing:
    """The policies that bind, their filters as bound, and what was ruled and found under them so far."""

    def __init__(self, bound: tuple[Policy, ...], filters: Filters, asked: Asked) -> None:
        self._bound = bound
        self._filters = filters
        self._rulings = Rulings(bound, filters.conditions, filters.problems, asked)
        self._has_grant = any(policy.effect is Effect.GRANT for policy in bound)
        self._scoped_takers = tuple(
            (policy.id, frozenset(tuple(map(fold, column)) for column in policy.scope.columns))
            for policy in bound
            if policy.effect is not Effect.GRANT and policy.scope.columns
        )
        self._policies = {policy.id: policy for policy in bound}
        self._verdicts: dict[frozenset[str], Verdicts] = {}
        self._findings: dict[frozenset[int], _Finding] = {}
        self._rows: dict[Hashable, RowDecision] = {}

    def sees(self, fields: Profile) -> bool:
        """Whether any column is there to be seen, without judging all of them."""
        if not self._has_grant:
            return False
        for field in fields.columns if self._rulings.go_by_name else fields.alike:
            ruling = nest(field, self._rulings).ruling if field.parts else self._rulings.of(field)
            if ruling.is_shown:
                return True
        return False

    def sight(self, dataset: Dataset, fields: Profile) -> Sight:
        """How much is seen of a dataset."""
        if not self._is_plain(fields):
            return _sight(self._judge_each(dataset, fields))
        ruled, finding = self._finding(fields)
        shown = list(map(finding.is_shown.__getitem__, ruled))
        clear = map(finding.is_clear.__getitem__, ruled)
        is_filtered = bool(finding.rows.filter)
        return sight(dataset, fields.alike_tags, fields.tally.values(), shown, clear, is_filtered=is_filtered)

    def judge(self, dataset: Dataset, fields: Profile) -> Judged:
        """What is seen of a dataset."""
        if not self._is_plain(fields):
            return self._judge_each(dataset, fields)
        ruled, finding = self._finding(fields)
        return Judged(
            dataset=dataset,
            fields=fields,
            verdicts=dict(zip(fields.tally, map(finding.verdicts.__getitem__, ruled), strict=True)),
            is_plain=True,
            rows=finding.rows,
            broken=finding.broken,
            lookups=self._filters.lookups,
            opened_by=finding.opened_by,
        )

    def _is_plain(self, fields: Profile) -> bool:
        """Whether columns of one kind are judged alike, and none has fields in it."""
        return not (self._rulings.go_by_name or fields.has_nested)

    def _finding(self, fields: Profile) -> tuple[list[int], _Finding]:
        """The rulings on each kind of columns, by identity, and what was found for these, whatever dataset has them."""
        ruled = self._rulings.on_kinds(fields)
        key = frozenset(ruled)
        finding = self._findings.get(key)
        if finding is None:
            if len(self._findings) >= _MOST_FINDINGS:
                self._findings.clear()
            rulings = [self._rulings.by_identity[identity] for identity in key]
            finding = self._findings[key] = self._found(fields, rulings, rulings)
        return ruled, finding

    def _judge_each(self, dataset: Dataset, fields: Profile) -> Judged:
        """The same where names count, or columns have fields in them: every column is looked at."""
        rulings, columns = self._rulings, fields.columns
        nodes = {field.path: nest(field, rulings) for field in columns if field.parts}
        ruled = {field.path: nodes[field.path].ruling if field.parts else rulings.of(field) for field in columns}
        every = (rulings.of(inner) for field in columns for inner in (field, *field.nested))
        each = _once(ruled.values())
        finding = self._found(fields, each, _once(every) if nodes else each)
        told_by = finding.told_by
        return Judged(
            dataset=dataset,
            fields=fields,
            verdicts={
                path: verdict_on(nodes[path], told_by, told_by) if path in nodes else finding.verdicts[id(ruling)]
                for path, ruling in ruled.items()
            },
            is_plain=False,
            rows=finding.rows,
            broken=finding.broken,
            lookups=self._filters.lookups,
            opened_by=finding.opened_by,
        )

    def _found(self, fields: Profile, ruled: Collection[Ruling], every: Collection[Ruling]) -> _Finding:
        """`ruled` are the rulings on columns, their fields counted in; `every` those on each field by itself too."""
        opening = {item.policy: item.when for ruling in ruled if ruling.is_shown for item in ruling.contributions}
        limiting = {name for ruling in every for name in ruling.limited_by}
        broken = self._broken(fields, every, limiting)
        visible_when = _visible_when(opening)
        key = (frozenset(opening), frozenset(limiting), broken)
        rows = self._rows.get(key)
        if rows is None:
            rows = self._rows[key] = self._rows_where(opening, limiting, broken)
        told_by = self._verdicts.get(visible_when)
        if told_by is None:
            told_by = self._verdicts[visible_when] = Verdicts(self._policies, visible_when)
        verdicts = {id(ruling): told_by.of(ruling) for ruling in ruled}
        return _Finding(
            told_by=told_by,
            verdicts=verdicts,
            is_shown={key: verdict.outcome is not _HIDDEN for key, verdict in verdicts.items()},
            is_clear={key: verdict.outcome is _CLEAR for key, verdict in verdicts.items()},
            rows=rows,
            broken=broken,
            opened_by=frozenset(opening),
        )

    def _broken(self, fields: Profile, rulings: Collection[Ruling], limiting: AbstractSet[str]) -> tuple[str, ...]:
        """The restrictions and denials that cannot be applied, by id."""
        found = {name for name, columns in self._scoped_takers if not columns <= fields.paths}
        found |= limiting & self._filters.problems.keys()
        found.update(name for ruling in rulings for name in ruling.broken)
        return tuple(sorted(found))

    def _rows_where(
        self, opening: Mapping[str, str], limiting: AbstractSet[str], broken: tuple[str, ...]
    ) -> RowDecision:
        """Which rows are there: those that a grant opens and no restriction takes away."""
        visible_when = _visible_when(opening)
        opened = [] if ALWAYS in visible_when else [self._policies[name] for name in sorted(opening)]
        conditions = self._filters.conditions
        restricting = [
            policy for policy in self._bound if policy.id in limiting and conditions.get(policy.id) != ALWAYS
        ]
        reason = rows_reason(opened, restricting, broken)
        names = tuple(sorted({policy.id for policy in (*opened, *restricting)} | set(broken)))
        if broken or not opening:
            nothing = reason if broken else "no policy shows you any row"
            return RowDecision(filter=_NO_ROWS, policies=names, reason=nothing)
        limits = [conditions[policy.id] for policy in restricting]
        return RowDecision(filter=all_of([any_of(visible_when), *limits]), policies=names, reason=reason)


def _sight(judged: Judged) -> Sight:
    """The columns one by one; of the fields in them only the tags are told."""
    columns, parts = list(judged.columns), list(judged.parts)
    verdicts = [verdict for _, verdict in (*columns, *parts)]
    found = sight(
        judged.dataset,
        [field.shown_tags for field, _ in (*columns, *parts)],
        [1] * len(columns) + [0] * len(parts),
        [verdict.outcome is not _HIDDEN for verdict in verdicts],
        [verdict.outcome is _CLEAR for verdict in verdicts],
        is_filtered=bool(judged.rows.filter),
    )
    briefs = [verdict.brief for _, verdict in columns if verdict.brief is not None]
    partly = sum(brief.outcome is _CLEAR for brief in briefs)
    return replace(found, partly=partly) if partly else found


def _once(rulings: Iterable[Ruling]) -> Collection[Ruling]:
    """Each of them once, by identity: rulings are large, and columns that are alike share theirs."""
    return {id(ruling): ruling for ruling in rulings}.values()


def _visible_when(opening: Mapping[str, str]) -> frozenset[str]:
    conditions = frozenset(opening.values())
    return frozenset({ALWAYS}) if ALWAYS in conditions else conditions
