"""How open the estate is: each role's share of it, sensitive columns in the clear, and what lint warns of."""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from catalog.model import Dataset, Level
from catalog.names import fold
from policy_engine.capabilities import Action
from policy_engine.circumstances import AT_MOST
from policy_engine.judging.decide import Judge
from policy_engine.judging.judged import Judged
from policy_engine.judging.verdicts import Verdict
from policy_engine.model import Outcome
from policy_engine.profile import FieldProfile, Profile, profile
from policy_engine.subjects import holder_of
from policy_engine.telling.coverage import coverage_of_roles
from web_ui.pictures.bars import counts, shares
from web_ui.pictures.chart import Part
from web_ui.reports.desk import Desk
from web_ui.reports.report import Report

_CLEAR = Outcome.CLEAR  # a member of an enumeration is slow to look up
SENSITIVE = (Level.CONFIDENTIAL, Level.RESTRICTED)
_LEVELS = (
    Part(name=Level.CONFIDENTIAL.value, tone="masked", fill=0.6),
    Part(name=Level.RESTRICTED.value, tone="hidden", fill=1.0),
)


@dataclass(slots=True, kw_only=True)
class _Open:
    """A sensitive column that somebody sees as it is."""

    dataset: str
    column: str
    tags: tuple[str, ...]
    level: Level
    roles: list[str] = field(default_factory=list)
    policies: set[str] = field(default_factory=set)


def coverage(desk: Desk) -> Report:
    """How much of all the datasets each role sees."""
    datasets = desk.datasets
    found = coverage_of_roles(datasets, replace(desk.policies, roles=desk.roles), desk.at, desk.look)
    ordered = sorted(found.items(), key=lambda each: (-each[1].clear, -each[1].masked, each[0]))
    columns = next((covered.columns for _, covered in ordered), 0)
    size = _counted(len(datasets), "dataset")
    return Report(
        answer=f"{_counted(len(ordered), 'role')}, {size} with {_counted(columns, 'column')}.",
        columns=("role", "clear", "masked", "hidden"),
        rows=tuple((role, covered.clear, covered.masked, covered.hidden) for role, covered in ordered),
        notes=(
            "At most, and on some rows: what a purpose, network, hour, group or attribute may open counts as seen.",
        ),
        chart=shares(
            "coverage",
            [(role, covered.as_json()) for role, covered in ordered],
            title="What roles see of the estate",
            description="Shares of columns that are clear, masked and hidden, for each role.",
            of="Role",
        ),
    )


def unrestricted(desk: Desk) -> Report:
    """Columns of a confidential or restricted tag that some role sees as they are."""
    levels = {tag.name: tag.level for tag in desk.parts.tags.tags() if tag.level in SENSITIVE}
    found: dict[tuple[str, str], _Open] = {}
    look, datasets = desk.look, [(dataset, _Sensitive(profile(dataset), levels)) for dataset in desk.datasets]
    for role in desk.roles:
        judge = Judge(holder_of(role), desk.policies, desk.at, AT_MOST, look)
        for dataset, sensitive in datasets:
            judged = judge.judge_seen(dataset) if sensitive.kinds else None
            for name, like, verdict in sensitive.clear(judged) if judged else ():
                key = (dataset.full_name, name)
                each = found.get(key)
                if each is None:
                    each = found[key] = _opened(dataset, name, like, levels)
                each.roles.append(role.name)
                each.policies.update(verdict.policies)
    named = functools.cache(lambda policies: desk.named(sorted(policies)))
    rows = sorted(found.values(), key=lambda each: (-each.level.rank, each.dataset, each.column))
    return Report(
        answer=f"Sensitive columns that some role sees as they are: {len(rows):,}.",
        columns=("dataset", "column", "level", "tags", "roles", "policies"),
        rows=tuple(
            (
                each.dataset,
                each.column,
                each.level.value,
                each.tags,
                tuple(each.roles),
                named(frozenset(each.policies)),
            )
            for each in rows
        ),
        notes=(
            "Sensitive is what carries a tag of the level confidential or restricted; a suggested tag counts.",
            "A column that is filtered by rows, and shown as it is on the others, is there.",
        ),
        chart=counts(
            "open",
            list(_by_dataset(rows).items()),
            title="Sensitive columns in the clear",
            description="How many, by dataset and level of sensitivity.",
            of="Dataset",
            parts=_LEVELS,
        ),
    )


def warnings(desk: Desk) -> Report:
    """What lint says of the policies in force; for those who read all of them."""
    if desk.rights is not None and not desk.reads_every_policy:
        desk.rights.require(Action.HOME_ADMINISTER, None, "read warnings about all policies")
    found = desk.estates.findings()
    return Report(
        answer=f"{_counted(len(found), 'warning')} about the policies in force.",
        columns=("severity", "finding", "try", "code"),
        rows=tuple((each.severity.value, each.sentence, each.advice, each.code) for each in found),
        notes=("The reference of lint explains each code.",),
    )


class _Sensitive:
    """The columns of a dataset that are sensitive, or have fields that may be, by their kinds; most are neither."""

    def __init__(self, fields: Profile, levels: Mapping[str, Level]) -> None:
        self._fields = fields
        self._levels = levels
        self.kinds: dict[int, tuple[FieldProfile, list[str]]] = {}
        for column, like in fields.likes:
            if self._may_count(like):
                self.kinds.setdefault(like.kind, (like, []))[1].append(column.name)

    def clear(self, judged: Judged) -> Iterator[tuple[str, FieldProfile, Verdict]]:
        """The sensitive columns and nested fields that are shown as they are."""
        if judged.broken:
            return
        if judged.is_plain and judged.fields is self._fields:
            clear = (kind for kind in self.kinds if judged.verdicts[kind].outcome is _CLEAR)
            for like, names, verdict in ((*self.kinds[kind], judged.verdicts[kind]) for kind in clear):
                yield from ((name, like, verdict) for name in names)
            return
        if judged.fields is self._fields and not self._fields.has_nested:
            for like, names in self.kinds.values():
                verdicts = ((name, judged.verdicts[(fold(name),)]) for name in names)
                yield from ((name, like, verdict) for name, verdict in verdicts if verdict.outcome is _CLEAR)
            return
        todo = [(column.name, like, verdict) for column, like, verdict in judged.told if self._may_count(like)]
        for name, like, verdict in todo:
            if verdict.outcome is _CLEAR and any(tag in self._levels for tag in like.shown_tags):
                yield name, like, verdict
            if verdict.outcome is not Outcome.HIDDEN:
                todo.extend((inner.column.name, inner, part) for inner, part in verdict.parts)

    def _may_count(self, like: FieldProfile) -> bool:
        return bool(like.parts) or not self._levels.keys().isdisjoint(like.shown_tags)


def _opened(dataset: Dataset, name: str, like: FieldProfile, levels: Mapping[str, Level]) -> _Open:
    tags = tuple(tag for tag in like.shown_tags if tag in levels)
    return _Open(dataset=dataset.full_name, column=name, tags=tags, level=max(levels[tag] for tag in tags))


def _by_dataset(rows: list[_Open]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for each in rows:
        numbers = found.setdefault(each.dataset, {})
        numbers[each.level.value] = numbers.get(each.level.value, 0) + 1
    return dict(sorted(found.items(), key=lambda item: -sum(item[1].values())))


def _counted(count: int, what: str) -> str:
    """So many of them, in words that fit one and many."""
    return f"{count:,} {what if count == 1 else what + 's'}"
