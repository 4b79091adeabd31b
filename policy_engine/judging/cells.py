"""Combines what several policies say of one cell into the cases of its SQL, most revealing first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from policy_engine.model import Case, TransformCall
from policy_engine.strength import Strength
from policy_engine.transforms.registry import strength

ALWAYS = ""
"""The condition that holds on every row."""


@dataclass(frozen=True, slots=True)
class Showing:
    """What a cell shows: the raw value (no call) or a transform of it under a key's namespace."""

    call: TransformCall | None
    namespace: str = ""

    @property
    def strength(self) -> Strength:
        """How much of the value is taken away."""
        return strength(self.call)


CLEAR = Showing(None)
NOTHING = Showing(TransformCall(name="null"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """That one grant shows a column in some way on the rows where its condition is TRUE."""

    policy: str
    when: str
    showing: Showing


def strongest(showings: Iterable[Showing]) -> Showing:
    """The one that takes away most, in whatever order they come; nothing where two different ones take away most."""
    found = {CLEAR, *showings}
    most = max(showing.strength for showing in found)
    best, *others = (showing for showing in found if showing.strength == most)
    return NOTHING if others else best


def raised(showing: Showing, least: Showing) -> Showing:
    """A grant's showing under a restriction's: at least as much taken away, nothing where they differ equally.

    Example: clear under tokenize is tokenize, null stays null, and tokens of another tag become nothing.
    """
    if showing == least or showing.strength > least.strength:
        return showing
    return least if showing.strength < least.strength else NOTHING


def combine(contributions: Sequence[Contribution], least: Showing, visible_when: frozenset[str]) -> tuple[Case, ...]:
    """The cases of a cell: of the grants that hold on a row, the most revealing gives the value.

    `visible_when` are the conditions of which each visible row meets one: where the cases so far cover
    them all, no condition is left to test, and where all grants agree the first case already does.
    """
    cases: list[tuple[set[str], Showing]] = []
    for conditions, showing in _by_strength(contributions):
        shown = raised(showing, least)
        if cases and cases[-1][1] == shown:
            cases[-1][0].update(conditions)
        else:
            cases.append((set(conditions), shown))
    return tuple(_simplified(cases, visible_when))


def any_of(conditions: Iterable[str]) -> str:
    """One condition that holds where any does."""
    texts = sorted(set(conditions))
    if ALWAYS in texts:
        return ALWAYS
    return texts[0] if len(texts) == 1 else " OR ".join(f"({text})" for text in texts)


def all_of(conditions: Iterable[str]) -> str:
    """One condition that holds where all do."""
    texts = sorted({text for text in conditions if text != ALWAYS})
    return texts[0] if len(texts) == 1 else " AND ".join(f"({text})" for text in texts)


def _by_strength(contributions: Sequence[Contribution]) -> Iterable[tuple[set[str], Showing]]:
    """Conditions and showings, weakest first; before a level of different ones, where they meet: nothing."""
    levels: dict[Strength, dict[Showing, set[str]]] = {}
    for item in contributions:
        levels.setdefault(item.showing.strength, {}).setdefault(item.showing, set()).add(item.when)
    for _, level in sorted(levels.items()):
        entries = list(level.items())
        if len(entries) > 1:
            entries.sort(key=lambda entry: repr(entry[0]))
            pairs = combinations([any_of(conditions) for _, conditions in entries], 2)
            yield {all_of(pair) for pair in pairs}, NOTHING
        for showing, conditions in entries:
            yield conditions, showing


def _simplified(cases: Iterable[tuple[set[str], Showing]], visible_when: frozenset[str]) -> list[Case]:
    """Stops where every visible row is covered, and leaves out what the final NULL says anyway."""
    simple: list[Case] = []
    covered: set[str] = set()
    for conditions, showing in cases:
        covered |= conditions
        is_last = ALWAYS in conditions or visible_when <= covered
        simple.append(
            Case(when=ALWAYS if is_last else any_of(conditions), call=showing.call, namespace=showing.namespace)
        )
        if is_last:
            break
    while len(simple) > 1 and simple[-1].call == NOTHING.call:
        simple.pop()
    return simple
