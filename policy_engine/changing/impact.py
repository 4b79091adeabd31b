"""What a change does to people, as values: who gains, loses or sees otherwise which column and rows, worst first.

Columns that move alike are held together, and told one by one only as far as somebody reads: a change of many
policies makes a hundred thousand differences, of which people look at the first.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import groupby, islice, product
from operator import itemgetter

from catalog.model import Level

OTHERS = "others"
"""Who is meant by a role that is not told, however many there are."""


class Movement(StrEnum):
    """Whether a person sees more than before, otherwise, or less."""

    GAINS = "gains"
    CHANGES = "changes"
    LOSES = "loses"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Difference:
    """Who sees what of which dataset differently, and by which policies, whatever the columns are called."""

    kind: str
    name: str
    dataset: str
    movement: Movement
    before: str
    after: str
    is_filtered: bool = False
    policies: tuple[str, ...] = ()
    level: Level = Level.PUBLIC
    when: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact(_Difference):
    """One column, or the rows when `column` is empty, that a person sees differently.

    Example:
        Impact(kind="role", name="analyst", dataset="shop.orders", column="phone", movement=Movement.GAINS,
               before="hidden", after="clear", policies=("analysts",), level=Level.CONFIDENTIAL)
    """

    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike(_Difference):
    """The columns of one dataset that a person sees differently in the same way; the rows are a column without a name.

    `columns` may name them only when it is gone through.
    """

    columns: Collection[str]

    @property
    def is_of_rows(self) -> bool:
        """Whether it is about the rows."""
        return self.columns == ("",)

    def on(self, column: str) -> Impact:
        """The impact on one of the columns."""
        return Impact(
            kind=self.kind,
            name=self.name,
            dataset=self.dataset,
            column=column,
            movement=self.movement,
            before=self.before,
            after=self.after,
            is_filtered=self.is_filtered,
            policies=self.policies,
            level=self.level,
            when=self.when,
        )


class Impacts:
    """Every difference for people, each once: gains first, and the most sensitive columns before others.

    Example:
        >>> len(plan.impacts), [impact.column for impact in plan.impacts.first(2)]
        (98784, ['phone', 'email'])
    """

    def __init__(self, alike: Iterable[Alike] = ()) -> None:
        self._find: Callable[[], Iterable[Alike]] = tuple(alike).__iter__

    @classmethod
    def later(cls, find: Callable[[], Iterable[Alike]]) -> "Impacts":
        """Those that are looked for, once, when somebody first asks: of a plan that is carried out nobody may."""
        made = cls()
        made._find = find
        return made

    @cached_property
    def _alike(self) -> tuple[Alike, ...]:
        return tuple(sorted(self._find(), key=_gravity))

    def __len__(self) -> int:
        return sum(len(each.columns) for each in self._alike)

    def __iter__(self) -> Iterator[Impact]:
        for _, equals in groupby(self._alike, key=_gravity):
            pairs = [(column, each) for each in equals for column in each.columns]
            for column, each in sorted(pairs, key=itemgetter(0)):
                yield each.on(column)

    def first(self, most: int) -> tuple[Impact, ...]:
        """The worst, at most so many; no others are told one by one."""
        return tuple(islice(self, most))

    @property
    def alike(self) -> Iterator[Alike]:
        """What moves alike, in the order of the worst in each."""
        for _, equals in groupby(self._alike, key=_gravity):
            several = tuple(equals)
            yield from several if len(several) == 1 else sorted(several, key=lambda each: min(each.columns))

    @property
    def counts(self) -> Mapping[tuple[str, str], Counter[Movement]]:
        """How many there are of each movement, for each person by kind and name; in order of the worst.

        Example: `{("role", "analyst"): Counter({Movement.GAINS: 12})}`.
        """
        found: dict[tuple[str, str], Counter[Movement]] = {}
        for each in self._alike:
            found.setdefault((each.kind, each.name), Counter())[each.movement] += len(each.columns)
        return found

    @property
    def reached(self) -> tuple[tuple[str, str, str], ...]:
        """The kind and name of each person and the dataset they see differently, in order of the worst."""
        return tuple(dict.fromkeys((each.kind, each.name, each.dataset) for each in self._alike))

    def only(self, is_kept: Callable[[Alike], bool]) -> "Impacts":
        """Those that are kept, in the same order."""
        return Impacts(filter(is_kept, self._alike))

    def told(self, tell: Callable[[Alike], Alike | None]) -> "Impacts":
        """The same, each in other words or not at all; what is told in the same words is told once.

        INVARIANT: the order hangs on what is told alone, and not on the names that are not.
        """
        return Impacts.later(lambda: sorted(dict.fromkeys(filter(None, map(tell, self._alike))), key=_as_told))


_WORST = {
    (movement, level, is_masked): rank
    for rank, (movement, level, is_masked) in enumerate(product(Movement, reversed(Level), (False, True)))
}


def _gravity(alike: Alike) -> tuple[int, str, str, str]:
    worst = _WORST[alike.movement, alike.level, alike.after != "clear"]
    return worst, alike.kind, alike.name, alike.dataset


def _as_told(alike: Alike) -> tuple[object, ...]:
    """An order in which those of several roles that are told by one name do not stand as these would."""
    if alike.name != OTHERS:
        return _gravity(alike)
    words = (alike.before, alike.after, alike.is_filtered, alike.policies, alike.when)
    return (*_gravity(alike), *words, sorted(alike.columns))
