"""What a change does to people: who gains, loses or sees otherwise which column and rows, worst first.

Only datasets that the change can reach are judged, once before and once after, and columns that are alike are
compared once; so what a change costs depends on how much it touches, not on how much there is.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from catalog.model import Column, Dataset, Level
from catalog.names import fold
from policy_engine.changing.touched import Person, Touched, people
from policy_engine.circumstances import AT_LEAST, AT_MOST, UNKNOWN, Circumstances
from policy_engine.conditions import print_when
from policy_engine.judging.decide import Judge
from policy_engine.judging.judged import Judged
from policy_engine.judging.verdicts import Verdict
from policy_engine.live import DatasetKey, Live
from policy_engine.model import Effect, Outcome, PolicySet, Subject
from policy_engine.profile import FieldProfile
from policy_engine.strength import Strength
from policy_engine.transforms.registry import strength


class Movement(StrEnum):
    """Whether a person sees more than before, otherwise, or less."""

    GAINS = "gains"
    CHANGES = "changes"
    LOSES = "loses"


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
    when: str = ""


def impacts(before: Live, after: Live, at: datetime) -> tuple[Impact, ...]:
    """Every difference for people between two states, gains first and the most sensitive columns before others."""
    touched, policies = Touched(before, after), (before.policy_set, after.policy_set)
    conditions = _conditions(before, after)
    found: dict[tuple[object, ...], Impact] = {}
    for person in people(before, after):
        if keys := touched.by(person):
            for survey in (AT_MOST, AT_LEAST) if conditions else (UNKNOWN,):
                old = _judge(person.before, policies[0], at, survey, before)
                new = _judge(person.after, policies[1], at, survey, after)
                for impact in _Comparison(person, before, after, old, new).of(keys):
                    found.setdefault(_moving(impact), impact)
    told = (replace(impact, when=_when(impact, conditions)) if conditions else impact for impact in found.values())
    return tuple(sorted(told, key=_gravity))


def _conditions(before: Live, after: Live) -> dict[str, str]:
    """The conditions of policies, in words; where there are any, one looks at what may be seen at most and at least."""
    policies = (*before.policies.values(), *after.policies.values())
    return {policy.id: print_when(policy.when) for policy in policies if policy.when is not None}


def _when(impact: Impact, conditions: Mapping[str, str]) -> str:
    return "; ".join(dict.fromkeys(conditions[name] for name in impact.policies if name in conditions))


def _judge(
    subject: Subject | None, policies: PolicySet, at: datetime, survey: Circumstances, live: Live
) -> Judge | None:
    return None if subject is None else Judge(subject, policies, at, survey, live.datasets.get)


def _moving(impact: Impact) -> tuple[object, ...]:
    return impact.kind, impact.name, impact.dataset, impact.column, impact.movement


_MOVEMENTS = {movement: rank for rank, movement in enumerate(Movement)}
_LEVELS = {level: rank for rank, level in enumerate(Level)}


def _gravity(impact: Impact) -> tuple[object, ...]:
    return (
        _MOVEMENTS[impact.movement],
        -_LEVELS[impact.level],
        impact.after != "clear",
        (impact.kind, impact.name, impact.dataset, impact.column),
    )


@dataclass(frozen=True, slots=True)
class _Move:
    """How a column moves, whatever it is called."""

    movement: Movement
    before: str
    after: str
    policies: tuple[str, ...]


_Pair = tuple[Column, FieldProfile, Verdict | None, Verdict | None]
"""A column or nested field, one alike, and the verdicts before and after, None where it is not there."""

_Seen = dict[str, tuple[FieldProfile, Verdict]]
"""The columns and nested fields that are there for a person, by folded name."""


class _Comparison:
    """Compares what one person sees in two states; a pair of verdicts is compared once, however many have it."""

    def __init__(self, person: Person, before: Live, after: Live, old: Judge | None, new: Judge | None) -> None:
        self._person = person
        self._before, self._after = before.datasets, after.datasets
        self._tags = after.tags
        self._granted = {
            policy.id
            for key, policy in after.policies.items()
            if policy.effect is Effect.GRANT and before.policies.get(key) != policy
        }
        self._old, self._new = old, new
        # The verdicts are kept with the answer: while they live, no other can have their identity.
        self._known: dict[tuple[int, int], tuple[Verdict | None, Verdict | None, _Move | None]] = {}
        self._levels: dict[tuple[str, ...], Level] = {}

    def of(self, keys: Iterable[DatasetKey]) -> Iterator[Impact]:
        """The impacts on these datasets."""
        for key in keys:
            old, new = _judged(self._old, self._before.get(key)), _judged(self._new, self._after.get(key))
            last = new or old
            if last is not None:
                refused_by = new.broken if new else ()
                old, new = _answered(old), _answered(new)
                yield from self._columns(last.dataset, old, new, refused_by)
                yield from self._rows(last.dataset, old, new)

    def _columns(
        self, dataset: Dataset, old: Judged | None, new: Judged | None, refused_by: tuple[str, ...]
    ) -> Iterator[Impact]:
        is_filtered = new is not None and bool(new.rows.filter)
        for column, field, was, will in self._moving(old, new):
            move = self._move(was, will)
            if move is None:
                continue
            yield Impact(
                kind=self._person.kind,
                name=self._person.name,
                dataset=dataset.full_name,
                column=column.name,
                movement=move.movement,
                before=move.before,
                after=move.after,
                is_filtered=will is not None and is_filtered,
                policies=refused_by or move.policies,
                level=self._level(field.shown_tags),
            )

    def _level(self, tags: tuple[str, ...]) -> Level:
        """The highest level of some tags; an estate has few different sets of them."""
        known = self._levels.get(tags)
        if known is None:
            levels = (self._tags[tag].level for tag in tags if tag in self._tags)
            known = self._levels[tags] = max(levels, default=Level.PUBLIC, key=_LEVELS.__getitem__)
        return known

    def _moving(self, old: Judged | None, new: Judged | None) -> Iterator[_Pair]:
        """The columns and fields that may move: of columns alike, it is enough to ask one."""
        if old is None or new is None or not _is_by_kind(old, new):
            yield from _paired(old, new)
            return
        pairs = ((kind, _there(was), _there(new.verdicts[kind])) for kind, was in old.verdicts.items())
        moving = {kind: (was, will) for kind, was, will in pairs if self._move(was, will)}
        for column, like in new.fields.likes if moving else ():
            if like.kind in moving:
                yield column, like, *moving[like.kind]

    def _move(self, was: Verdict | None, will: Verdict | None) -> _Move | None:
        if was is will:
            return None
        key = (id(was), id(will))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = (was, will, _moved(was, will))
        return known[2]

    def _rows(self, dataset: Dataset, old: Judged | None, new: Judged | None) -> Iterator[Impact]:
        """Row filters are compared where the dataset is visible before and after; else the columns tell it."""
        if old is None or new is None or old.rows.filter == new.rows.filter:
            return
        if not (old.is_visible and new.is_visible):
            return
        movement = Movement.CHANGES
        if not old.rows.filter:
            movement = Movement.LOSES
        elif not new.rows.filter:
            movement = Movement.GAINS
        yield Impact(
            kind=self._person.kind,
            name=self._person.name,
            dataset=dataset.full_name,
            column="",
            movement=movement,
            before="filtered" if old.rows.filter else "all rows",
            after="filtered" if new.rows.filter else "all rows",
            policies=new.rows.policies or self._opening(new) or old.rows.policies,
        )

    def _opening(self, new: Judged) -> tuple[str, ...]:
        """The grants by which all rows have come to be there: new or changed ones, as far as these show anything."""
        shown = (verdict for verdict in new.verdicts.values() if verdict.outcome is not Outcome.HIDDEN)
        return tuple(sorted({name for verdict in shown for name in verdict.policies} & self._granted))


def _judged(judge: Judge | None, dataset: Dataset | None) -> Judged | None:
    return None if judge is None or dataset is None else judge.judge(dataset)


def _answered(judged: Judged | None) -> Judged | None:
    """What is seen of a dataset; one that is refused is as good as not there."""
    return None if judged is None or judged.broken else judged


def _is_by_kind(old: Judged, new: Judged) -> bool:
    """Whether one dataset was judged twice, with one verdict for each kind of columns."""
    return old.fields is new.fields and old.is_plain and new.is_plain


def _paired(old: Judged | None, new: Judged | None) -> Iterator[_Pair]:
    """Each column and nested field with its verdicts before and after, None where it is not there."""
    olds, news = _seen(old), _seen(new)
    for name, (field, _) in {**olds, **news}.items():
        was, will = (seen[name][1] if name in seen else None for seen in (olds, news))
        yield field.column, field, was, will


def _seen(judged: Judged | None) -> _Seen:
    found: _Seen = {}
    todo = list(judged.columns) if judged else []
    for field, verdict in todo:
        if verdict.outcome is not Outcome.HIDDEN:
            found[fold(field.column.name)] = (field, verdict)
            todo.extend(verdict.parts)
    return found


def _there(verdict: Verdict) -> Verdict | None:
    return None if verdict.outcome is Outcome.HIDDEN else verdict


def _moved(was: Verdict | None, will: Verdict | None) -> _Move | None:
    movement = _movement(was, will)
    if movement is None:
        return None
    deciding = will if will and will.policies else was
    policies = deciding.policies if deciding else ()
    return _Move(movement, shown(was), shown(will), policies)


def shown(verdict: Verdict | None) -> str:
    """How a column is shown, in one word: `clear`, the transform, or `hidden`."""
    if verdict is None:
        return Outcome.HIDDEN.value
    return Outcome.CLEAR.value if verdict.outcome is Outcome.CLEAR else verdict.transform


def _movement(was: Verdict | None, will: Verdict | None) -> Movement | None:
    old, new = _least(was), _least(will)
    if old != new:
        return Movement.GAINS if new < old else Movement.LOSES
    if was is None or will is None or (was.cases, was.transform) == (will.cases, will.transform):
        return None
    return Movement.CHANGES


def _least(verdict: Verdict | None) -> Strength:
    """The strength of the most revealing way in which any cell of the column is shown."""
    return min((strength(case.call) for case in verdict.cases), default=Strength.HIDDEN) if verdict else Strength.HIDDEN
