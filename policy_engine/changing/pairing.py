"""The columns of a dataset as it was and as it is, those together that are alike on both sides."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from catalog.model import Column, Level
from catalog.names import fold
from policy_engine.changing.moves import Move
from policy_engine.profile import FieldProfile, Profile

Kind = int | None
"""The kind of a column, None where it is not there."""
Levels = tuple[Level, Level]
"""The levels of a column before and after."""
_Side = tuple[Column, FieldProfile] | None
"""A column with what stands for its kind, None where it is not there."""


class Pairing:
    """The top-level columns of a dataset in two states, by their kinds in both; there are no fields in columns.

    What is alike has one place in `kinds`, before and after, and in `levels`. The same dataset on both sides is not
    gone through column by column, unless its columns are named.
    """

    __slots__ = ("_counts", "_names", "kinds", "levels", "sides")

    def __init__(
        self, before: Profile | None, after: Profile | None, level: Callable[[tuple[str, ...]], Level]
    ) -> None:
        self.sides = before, after
        self._names: tuple[list[list[str]], list[list[str]]] | None = None
        self.kinds: tuple[Sequence[Kind], Sequence[Kind]]
        if before is after and after is not None:
            self.kinds = (tuple(after.tally),) * 2
            self.levels: Sequence[Levels] = [(level(tags),) * 2 for tags in after.alike_tags]
            self._counts = list(after.tally.values())
        else:
            alike: dict[tuple[Kind, Kind], list[tuple[_Side, _Side]]] = {}
            for was, will in self._columns():
                alike.setdefault((_kind(was), _kind(will)), []).append((was, will))
            self.kinds = tuple(was for was, _ in alike), tuple(will for _, will in alike)
            self.levels = [(_level(some[0][0], level), _level(some[0][1], level)) for some in alike.values()]
            self._counts = [len(some) for some in alike.values()]

    def columns(self, places: Sequence[int], move: Move) -> "Columns":
        """The columns at these places, under the names by which they are seen."""
        return Columns(self, tuple(places), sum([self._counts[place] for place in places]), move.is_there)

    def names(self, *, is_after: bool) -> Sequence[Sequence[str]]:
        """The names of the columns at each place, after or before."""
        if self._names is None:
            places = {kinds: place for place, kinds in enumerate(zip(*self.kinds, strict=True))}
            self._names = [[] for _ in places], [[] for _ in places]
            for was, will in self._columns():
                place = places[_kind(was), _kind(will)]
                for names, side in zip(self._names, (was, will), strict=True):
                    if side is not None:
                        names[place].append(side[0].name)
        return self._names[is_after]

    def _columns(self) -> Iterator[tuple[_Side, _Side]]:
        before, after = self.sides
        if before is after:
            yield from ((side, side) for side in (after.likes if after else ()))
            return
        olds, news = ({fold(side[0].name): side for side in (each.likes if each else ())} for each in self.sides)
        for name in {**olds, **news}:
            yield olds.get(name), news.get(name)


def _kind(side: _Side) -> Kind:
    return side[1].kind if side else None


def _level(side: _Side, level: Callable[[tuple[str, ...]], Level]) -> Level:
    return level(side[1].shown_tags if side else ())


@dataclass(frozen=True, slots=True)
class Columns(Collection[str]):
    """Columns that are named when they are gone through."""

    pairing: Pairing
    places: tuple[int, ...]
    count: int
    is_after: bool

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[str]:
        names = self.pairing.names(is_after=self.is_after)
        for place in self.places:
            yield from names[place]

    def __contains__(self, column: object) -> bool:
        return any(each == column for each in self)
