"""What a change does to people, worked out the long way: everybody on every dataset, each column by itself."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from catalog.model import Dataset, Level
from catalog.names import fold
from policy_engine.changing.impact import Impact, Movement
from policy_engine.changing.touched import Person, people
from policy_engine.circumstances import AT_LEAST, AT_MOST, UNKNOWN, Circumstances
from policy_engine.conditions import print_when
from policy_engine.judging.decide import decide
from policy_engine.live import Live
from policy_engine.model import ColumnDecision, Decision, Effect, Outcome, Subject
from policy_engine.strength import Strength
from policy_engine.transforms.registry import strength


def naive_impacts(before: Live, after: Live, at: datetime) -> list[Impact]:
    """Every difference for people between two states, the worst first."""
    whens = {p.id: print_when(p.when) for live in (before, after) for p in live.policies.values() if p.when}
    found: dict[tuple[str, ...], Impact] = {}
    for survey in (AT_MOST, AT_LEAST) if whens else (UNKNOWN,):
        for person in people(before, after):
            for key in {**before.datasets, **after.datasets}:
                for each in _compared(person, before, after, key, at, survey):
                    found.setdefault((each.kind, each.name, each.dataset, fold(each.column), each.movement), each)
    told = [
        replace(each, when="; ".join(dict.fromkeys(whens[name] for name in each.policies if name in whens)))
        for each in found.values()
    ]
    return sorted(told, key=_gravity)


def _gravity(impact: Impact) -> tuple[object, ...]:
    worst = [*Movement].index(impact.movement), -[*Level].index(impact.level), impact.after != "clear"
    return *worst, impact.kind, impact.name, impact.dataset, impact.column


def _compared(
    person: Person, before: Live, after: Live, key: tuple[str, str], at: datetime, survey: Circumstances
) -> Iterator[Impact]:
    old, new = _decided(person.before, before, key, at, survey), _decided(person.after, after, key, at, survey)
    olds, news = _columns(old), _columns(new)
    last = new or old
    if last is None:
        return
    for name in {**olds, **news}:
        was, will = olds.get(name), news.get(name)
        movement = _movement(was, will)
        if movement is not None:
            impact = _impact(person, last.dataset, was, will, movement, bool(will and new and new.rows.filter), after)
            yield replace(impact, policies=new.broken) if new and new.broken else impact
    if olds and news and old and new and old.rows.filter != new.rows.filter:
        narrowed = Movement.LOSES if not old.rows.filter else Movement.CHANGES
        yield Impact(
            kind=person.kind,
            name=person.name,
            dataset=last.dataset.full_name,
            column="",
            movement=narrowed if new.rows.filter else Movement.GAINS,
            before="filtered" if old.rows.filter else "all rows",
            after="filtered" if new.rows.filter else "all rows",
            policies=new.rows.policies or _opening(news.values(), before, after) or old.rows.policies,
        )


def _opening(shown: Iterable[ColumnDecision], before: Live, after: Live) -> tuple[str, ...]:
    """The grants that are new or other ones than before, of those that show a column now."""
    every = {name for column in shown if len(column.path) == 1 for name in column.policies}
    grants = {key: policy for key, policy in after.policies.items() if policy.effect is Effect.GRANT}
    return tuple(
        sorted(policy.id for key, policy in grants.items() if policy.id in every and before.policies.get(key) != policy)
    )


def _decided(
    subject: Subject | None, live: Live, key: tuple[str, str], at: datetime, survey: Circumstances
) -> Decision | None:
    dataset = live.datasets.get(key)
    return decide(subject, dataset, live.policy_set, at, survey) if subject and dataset else None


def _columns(decision: Decision | None) -> dict[str, ColumnDecision]:
    if decision is None or decision.broken:
        return {}
    every = (inner for column in decision.columns for inner in (column, *column.nested))
    return {fold(column.name): column for column in every if column.outcome is not Outcome.HIDDEN}


def _movement(was: ColumnDecision | None, will: ColumnDecision | None) -> Movement | None:
    old, new = _least(was), _least(will)
    if old != new:
        return Movement.GAINS if new < old else Movement.LOSES
    if was is None or will is None or (was.cases, was.transform) == (will.cases, will.transform):
        return None
    return Movement.CHANGES


def _least(column: ColumnDecision | None) -> Strength:
    return min((strength(case.call) for case in column.cases), default=Strength.HIDDEN) if column else Strength.HIDDEN


def _impact(
    person: Person,
    dataset: Dataset,
    was: ColumnDecision | None,
    will: ColumnDecision | None,
    movement: Movement,
    is_filtered: bool,
    after: Live,
) -> Impact:
    column = will or was
    assert column is not None
    deciding = will if will and will.policies else was
    return Impact(
        kind=person.kind,
        name=person.name,
        dataset=dataset.full_name,
        column=column.name,
        movement=movement,
        before=_shown(was),
        after=_shown(will),
        is_filtered=is_filtered,
        policies=deciding.policies if deciding else (),
        level=max(
            (after.tags[tag].level for tag in column.tags if tag in after.tags),
            default=Level.PUBLIC,
            key=[*Level].index,
        ),
    )


def _shown(column: ColumnDecision | None) -> str:
    return "hidden" if column is None else "clear" if column.outcome is Outcome.CLEAR else column.transform
