"""A plan in words: what changes, then who gains, loses or sees otherwise what."""

import textwrap
from collections.abc import Iterator
from itertools import islice

from policy_engine.changing.differences import STATEMENT, Change
from policy_engine.changing.impact import Alike, Impacts, Movement

_LINES = 200
_WIDTH = 160
_WIDEST = 60


def change_lines(changes: tuple[Change, ...]) -> Iterator[str]:
    """Each change with what is said of it, as Terraform lists them."""
    for change in changes:
        yield f"  {change}"
        for detail in change.details:
            is_whole = detail.startswith(f"{STATEMENT}: ")
            yield f"      {detail if is_whole else textwrap.shorten(detail, _WIDTH, placeholder=' ..')}"


def impact_lines(found: Impacts) -> Iterator[str]:
    """One line for all columns that move alike, in the order of the worst of them; JSON has each by itself."""
    kin: dict[tuple[object, ...], list[Alike]] = {}
    for alike in found.alike:
        kin.setdefault(_kin(alike), []).append(alike)
    rows = [_impact_words(several) for several in islice(kin.values(), _LINES)]
    widths = [max((len(row[place]) for row in rows), default=0) for place in range(4)]
    for row in rows:
        padded = (word.ljust(min(width, _WIDEST)) for word, width in zip(row, widths, strict=False))
        yield "  " + "  ".join((*padded, row[-1])).rstrip()
    if len(kin) > _LINES:
        yield f"    .. and {len(kin) - _LINES:,} lines more; the JSON form has them all"
    if not rows:
        yield "    nobody sees anything different"


def _kin(alike: Alike) -> tuple[object, ...]:
    how = (alike.kind, alike.name, alike.dataset, alike.movement, alike.before, alike.after)
    return (*how, alike.policies, alike.is_filtered, alike.when, alike.is_of_rows)


def _impact_words(several: list[Alike]) -> tuple[str, str, str, str, str]:
    """Who, how it moves, what, from what to what, and because of which policies."""
    first, names = several[0], [impact.column for impact in Impacts(several)]
    gains = first.movement is Movement.GAINS
    who = ("! " if gains else "  ") + (first.name if first.kind == "role" else f"{first.kind} {first.name}")
    verb = "GAINS" if gains else first.movement.value
    columns = ", ".join(names)
    what = f"{first.dataset}.{columns}" if len(names) == 1 else f"{first.dataset} ({columns})"
    how = f"{first.before} -> {first.after}"
    if first.is_of_rows:
        what = f"rows of {first.dataset}"
        how = "another filter" if first.before == first.after else how
    elif first.before == first.after:
        how = f"{first.after}, on other rows"
    elif first.is_filtered:
        how += ", on some rows"
    policies = ", ".join(first.policies)
    because = f"<- {'policy' if len(first.policies) == 1 else 'policies'} {policies}" if policies else ""
    return who, verb, what, how, because + (f", when {first.when}" if first.when else "")


def summary(changes: tuple[Change, ...], found: Impacts, warnings: tuple[str, ...], dataset_count: int) -> str:
    """The last line: how much is touched.

    Example:
        "1 change, 1 of 14 datasets touched, 1 role or user, 0 warnings"
    """
    touched = len({dataset for _, _, dataset in found.reached})
    people = len({(kind, name) for kind, name, _ in found.reached})
    return ", ".join(
        (
            _count(len(changes), "change"),
            f"{touched} of {_count(dataset_count, 'dataset')} touched",
            _count(people, "role or user", "roles or users"),
            _count(len(warnings), "warning"),
        )
    )


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
