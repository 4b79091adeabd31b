"""Finds what a change does to people, by judging what it can reach once before and once after.

Only datasets that the change can reach are judged, and columns that are alike are compared once; so what a change
costs depends on how much it touches, not on how much there is.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from catalog.model import Dataset, Level
from catalog.names import fold
from policy_engine.changing.impact import Alike, Impacts, Movement
from policy_engine.changing.moves import Move, Moves
from policy_engine.changing.pairing import Levels, Pairing
from policy_engine.changing.touched import Person, Touched, people
from policy_engine.circumstances import AT_LEAST, AT_MOST, UNKNOWN
from policy_engine.conditions import print_when
from policy_engine.judging.decide import Judge
from policy_engine.judging.judged import Judged
from policy_engine.judging.verdicts import Verdict
from policy_engine.live import DatasetKey, Live
from policy_engine.model import Effect, Outcome
from policy_engine.profile import FieldProfile, profile

What = TypeVar("What", int, str)
"""What moves: columns of one kind, by its place, or one column by its name."""


def impacts(before: Live, after: Live, at: datetime) -> Impacts:
    """Every difference for people between two states, gains first and the most sensitive columns before others.

    Nobody is judged before somebody asks for them.

    Example: `impacts(before, after, at).first(200)`.
    """
    return Impacts.later(lambda: _found(before, after, at))


def _found(before: Live, after: Live, at: datetime) -> Iterator[Alike]:
    touched, change, conditions = Touched(before, after), _Change(before, after, at), _conditions(before, after)
    for person in people(before, after):
        for each in _Comparison(person, change).of(touched.by(person)):
            yield replace(each, when=_when(each, conditions)) if conditions else each


def _conditions(before: Live, after: Live) -> dict[str, str]:
    """The conditions of policies, in words."""
    policies = (*before.policies.values(), *after.policies.values())
    return {policy.id: print_when(policy.when) for policy in policies if policy.when is not None}


def _when(alike: Alike, conditions: Mapping[str, str]) -> str:
    return "; ".join(dict.fromkeys(conditions[name] for name in alike.policies if name in conditions))


_NOTHING = None, None
_Told = tuple[Movement, str]
"""A movement of a kind of columns, or of a folded name, that was told of."""


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """What a person sees of a dataset before and after, None for nothing; `refused_by` is why nothing afterwards."""

    dataset: Dataset
    old: Judged | None
    new: Judged | None
    refused_by: tuple[str, ...]

    @property
    def is_by_kind(self) -> bool:
        """Whether there is one verdict for each kind of columns, on both sides."""
        return all(side is None or side.is_plain for side in (self.old, self.new))

    def is_of(self, pairing: Pairing) -> bool:
        """Whether the kinds are those of the pairing."""
        both = zip((self.old, self.new), pairing.sides, strict=True)
        return all(side is None or side.fields is fields for side, fields in both)


class _Change:
    """Two states, and what is found out about them once for all people."""

    def __init__(self, before: Live, after: Live, at: datetime) -> None:
        self._states, self._policies, self._at = (before, after), (before.policy_set, after.policy_set), at
        # Where policies have conditions, one looks at what may be seen at most and at least.
        self._surveys = (AT_MOST, AT_LEAST) if _conditions(before, after) else (UNKNOWN,)
        self._levels: dict[tuple[str, ...], Level] = {}
        self._pairings: dict[DatasetKey, Pairing] = {}
        self.granted = {
            policy.id
            for key, policy in after.policies.items()
            if policy.effect is Effect.GRANT and before.policies.get(key) != policy
        }

    def judges(self, person: Person) -> Iterator[tuple[Judge | None, ...]]:
        """The judges before and after, in each of the circumstances that are looked at."""
        sides = tuple(zip((person.before, person.after), self._policies, self._states, strict=True))
        for survey in self._surveys:
            yield tuple(
                None if subject is None else Judge(subject, policies, self._at, survey, state.datasets.get)
                for subject, policies, state in sides
            )

    def look(self, key: DatasetKey, judges: tuple[Judge | None, ...]) -> _Look | None:
        """What somebody sees of a dataset in both states, None for nothing in either."""
        (was, old_dataset), (will, new_dataset) = zip(
            judges, (state.datasets.get(key) for state in self._states), strict=True
        )
        # Why nothing is seen is of interest where something was: what refuses it is told.
        old = was.judge_seen(old_dataset) if was and old_dataset else None
        judge = will and (will.judge if old else will.judge_seen)
        new = judge(new_dataset) if judge and new_dataset else None
        last, refused_by = new or old, new.broken if new else ()
        old, new = _answered(old), _answered(new)
        return _Look(last.dataset, old, new, refused_by) if last and (old or new) else None

    def pairing(self, key: DatasetKey, looks: Collection[_Look]) -> Pairing | None:
        """The columns of a dataset by the kinds that looks speak of, None where some look is not by kind."""
        if not all(look.is_by_kind for look in looks):
            return None
        found = self._pairings.get(key)
        if found is None or not all(look.is_of(found) for look in looks):
            old, new = (state.datasets.get(key) for state in self._states)
            sides = profile(old) if old else None, profile(new) if new else None
            found = self._pairings[key] = Pairing(*sides, self.level)
        # Profiles are forgotten in a very large estate, and kinds have other numbers then.
        return found if all(look.is_of(found) for look in looks) else None

    def level(self, tags: tuple[str, ...]) -> Level:
        """The highest level of some tags; an estate has few different sets of them."""
        known = self._levels.get(tags)
        if known is None:
            every = self._states[1].tags
            known = self._levels[tags] = max((every[tag].level for tag in tags if tag in every), default=Level.PUBLIC)
        return known


class _Comparison:
    """Compares what one person sees in two states."""

    def __init__(self, person: Person, change: _Change) -> None:
        self._person = person
        self._change = change
        self._moves = Moves()

    def of(self, keys: Collection[DatasetKey]) -> Iterator[Alike]:
        """The impacts on these datasets; what moves the same way in several circumstances is told of the first."""
        judges = tuple(self._change.judges(self._person)) if keys else ()
        for key in keys:
            looks = [look for pair in judges if (look := self._change.look(key, pair)) is not None]
            told: set[_Told] | None = set() if len(looks) > 1 else None
            pairing = self._change.pairing(key, looks) if looks else None
            for look in looks:
                yield from self._by_kind(look, pairing, told) if pairing else self._by_name(look, told)
            yield from {rows.movement: rows for look in reversed(looks) if (rows := self._rows(look))}.values()

    def _by_kind(self, look: _Look, pairing: Pairing, told: set[_Told] | None) -> Iterator[Alike]:
        """The columns by their kinds; those that have the same verdicts and levels move together."""
        was, will = (
            list(map(side.verdicts.get, kinds)) if side else [None] * len(kinds)
            for side, kinds in zip((look.old, look.new), pairing.kinds, strict=True)
        )
        found: dict[tuple[int, int, Levels], list[int]] = defaultdict(list)
        # Nothing more is done for each kind by itself: people and datasets have very many of them.
        for place, key in enumerate(zip(map(id, was), map(id, will), pairing.levels, strict=True)):
            found[key].append(place)
        for (_, _, levels), places in found.items():
            move = self._moves.of(was[places[0]], will[places[0]])
            if move is not None and (fresh := _untold(places, move, told, str)):
                yield self._alike(look, move, levels[move.is_there], pairing.columns(fresh, move))

    def _by_name(self, look: _Look, told: set[_Told] | None) -> Iterator[Alike]:
        """The columns and the fields in them by name."""
        olds, news = _seen(look.old), _seen(look.new)
        found: dict[tuple[Move, Level], list[str]] = {}
        alike: dict[tuple[int, int, int], list[str] | None] = {}
        for name, (field, _) in {**olds, **news}.items():
            _, was = olds.get(name, _NOTHING)
            _, will = news.get(name, _NOTHING)
            key = id(was), id(will), field.kind
            if key not in alike:
                move = self._moves.of(was, will)
                level = self._change.level(field.shown_tags)
                alike[key] = None if move is None else found.setdefault((move, level), [])
            if (names := alike[key]) is not None:
                names.append(field.column.name)
        for (move, level), names in found.items():
            if fresh := _untold(names, move, told, fold):
                yield self._alike(look, move, level, tuple(fresh))

    def _alike(self, look: _Look, move: Move, level: Level, columns: Collection[str]) -> Alike:
        return Alike(
            kind=self._person.kind,
            name=self._person.name,
            dataset=look.dataset.full_name,
            columns=columns,
            movement=move.movement,
            before=move.before,
            after=move.after,
            is_filtered=move.is_there and look.new is not None and bool(look.new.rows.filter),
            policies=look.refused_by or move.policies,
            level=level,
        )

    def _rows(self, look: _Look) -> Alike | None:
        """Row filters are compared where the dataset is visible before and after; else the columns tell it."""
        old, new = look.old, look.new
        if old is None or new is None or old.rows.filter == new.rows.filter or not new.is_visible:
            return None
        movement = Movement.CHANGES
        if not old.rows.filter:
            movement = Movement.LOSES
        elif not new.rows.filter:
            movement = Movement.GAINS
        return Alike(
            kind=self._person.kind,
            name=self._person.name,
            dataset=look.dataset.full_name,
            columns=("",),
            movement=movement,
            before="filtered" if old.rows.filter else "all rows",
            after="filtered" if new.rows.filter else "all rows",
            policies=new.rows.policies or self._opening(new) or old.rows.policies,
        )

    def _opening(self, new: Judged) -> tuple[str, ...]:
        """The grants by which all rows have come to be there: new or changed ones, as far as these show anything."""
        shown = (verdict for verdict in new.verdicts.values() if verdict.outcome is not Outcome.HIDDEN)
        return tuple(sorted({name for verdict in shown for name in verdict.policies} & self._change.granted))


def _untold(found: list[What], move: Move, told: set[_Told] | None, key: Callable[[What], str]) -> list[What]:
    """What was not told to move this way, and now is; all of it where nothing is kept."""
    if told is None:
        return found
    fresh = [each for each in found if (move.movement, key(each)) not in told]
    told.update((move.movement, key(each)) for each in fresh)
    return fresh


def _answered(judged: Judged | None) -> Judged | None:
    """What is seen of a dataset; one that is refused is as good as not there."""
    return None if judged is None or judged.broken else judged


def _seen(judged: Judged | None) -> dict[str, tuple[FieldProfile, Verdict]]:
    """The columns and nested fields that are there for a person, by folded name."""
    if judged is not None and not judged.fields.has_nested:
        return {each[0].path[0]: each for each in judged.columns if each[1].outcome is not Outcome.HIDDEN}
    found: dict[str, tuple[FieldProfile, Verdict]] = {}
    todo = list(judged.columns) if judged else []
    for field, verdict in todo:
        if verdict.outcome is not Outcome.HIDDEN:
            found[".".join(field.path)] = (field, verdict)
            todo.extend(verdict.parts)
    return found
