"""The columns of a dataset as it was and as it is, those together that are alike on both sides."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from catalog.model import Column, Level
from catalog.names import fold
from policy_engine.changing.moves import Move
from policy_engine.profile import FieldProfile, Profile

Kinds = tuple[int | None, int | None]
"""The kind of a column before and after, None where it is not there."""
Levels = tuple[Level, Level]
"""The levels of a column before and after."""
_Side = tuple[Column, FieldProfile] | None
"""A column with what stands for its kind, None where it is not there."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """How many columns are alike on both sides: of which kinds, None where they are not there, and of which levels."""

    old: int | None
    new: int | None
    levels: Levels
    count: int


class Pairing:
    """Each top-level column before and after, by its kinds; of datasets without fields in columns.

    The same dataset on both sides is not gone through column by column, unless its columns are named.
    """

    __slots__ = ("_names", "_sides", "pairs")

    def __init__(
        self, before: Profile | None, after: Profile | None, level: Callable[[tuple[str, ...]], Level]
    ) -> None:
        self._sides = before, after
        self._names: Mapping[Kinds, tuple[list[str], list[str]]] | None = None
        if before is after and after is not None:
            counted = zip(after.tally.items(), after.alike_tags, strict=True)
            self.pairs = tuple([Pair(kind, kind, (level(tags),) * 2, count) for (kind, count), tags in counted])
        else:
            self.pairs = tuple(self._found(level))

    def columns(self, pairs: Sequence[Pair], move: Move) -> "Columns":
        """The columns of these kinds, under the names by which they are seen."""
        return Columns(
            self, tuple((pair.old, pair.new) for pair in pairs), sum(pair.count for pair in pairs), move.is_there
        )

    @property
    def names(self) -> Mapping[Kinds, tuple[list[str], list[str]]]:
        """The names of the columns before and after, by their kinds."""
        if self._names is None:
            found: dict[Kinds, tuple[list[str], list[str]]] = {}
            for was, will in self._columns():
                lists = found.setdefault(_kinds(was, will), ([], []))
                for names, side in zip(lists, (was, will), strict=True):
                    if side is not None:
                        names.append(side[0].name)
            self._names = found
        return self._names

    def _found(self, level: Callable[[tuple[str, ...]], Level]) -> Iterator[Pair]:
        found: dict[Kinds, list[tuple[_Side, _Side]]] = {}
        for was, will in self._columns():
            found.setdefault(_kinds(was, will), []).append((was, will))
        for kinds, columns in found.items():
            before, after = (level(side[1].shown_tags if side else ()) for side in columns[0])
            yield Pair(*kinds, (before, after), len(columns))

    def _columns(self) -> Iterator[tuple[_Side, _Side]]:
        before, after = self._sides
        if before is after:
            yield from ((side, side) for side in (after.likes if after else ()))
            return
        olds, news = ({fold(side[0].name): side for side in (each.likes if each else ())} for each in self._sides)
        for name in {**olds, **news}:
            yield olds.get(name), news.get(name)


def _kinds(was: _Side, will: _Side) -> Kinds:
    return was[1].kind if was else None, will[1].kind if will else None


@dataclass(frozen=True, slots=True)
class Columns(Collection[str]):
    """Columns that are named when they are gone through."""

    pairing: Pairing
    kinds: tuple[Kinds, ...]
    count: int
    is_after: bool

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[str]:
        names = self.pairing.names
        for kinds in self.kinds:
            yield from names[kinds][self.is_after]

    def __contains__(self, column: object) -> bool:
        return any(each == column for each in self)
