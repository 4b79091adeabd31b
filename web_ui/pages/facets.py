"""Facets beside a list: what it can be narrowed by, with how much each choice would leave, as plain links."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

_MOST_CHOICES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One value; its address chooses it, or lets go of it when it is chosen."""

    value: str
    count: int
    address: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """What a list can be narrowed by; `further` values are not offered, as there are too many."""

    name: str
    choices: tuple[Choice, ...]
    further: int


def facet(name: str, counts: Counter[str], chosen: str, *, address: Callable[[str | None], str]) -> Facet:
    """The most frequent values, and in any case the chosen one; `address` is asked with a value, or None for none.

    Example: `facet("level", Counter(internal=3), "", address=lambda value: f"?level={value}")`.
    """
    order = sorted(counts, key=lambda value: (-counts[value], value))
    offered = [value for number, value in enumerate(order) if number < _MOST_CHOICES or value == chosen]
    return Facet(
        name=name,
        choices=tuple(
            Choice(
                value=value,
                count=counts[value],
                address=address(None if value == chosen else value),
                is_chosen=value == chosen,
            )
            for value in offered
        ),
        further=len(order) - len(offered),
    )
