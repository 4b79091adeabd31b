"""What the oracle is asked with, and what it answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from policy_engine.model import Subject, TransformCall
from policy_engine.strength import Strength
from policy_engine.transforms import registry

Row = Mapping[str, object]
Showing = tuple[TransformCall, str] | None
"""A transform call with the namespace of its key, or None for the raw value."""

NOTHING = (TransformCall(name="null"), "")


@dataclass(frozen=True, kw_only=True)
class Asker(Subject):
    """Who asks, and what is known of the request."""

    purpose: str | None = None
    address: str = ""


Predicate = Callable[[Row, Asker], bool | None]
Condition = Callable[[Asker, datetime], bool | None]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The visible columns in order and the rows as they show; `is_refused` when a restriction cannot be applied."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[object, ...], ...] = ()
    is_refused: bool = False


def strength(showing: Showing) -> Strength:
    """How much a showing takes away."""
    return registry.strength(showing[0] if showing else None)


def only(showings: set[Showing], level: Strength) -> Showing:
    """The one showing of that strength, nothing where there are several."""
    equal = {showing for showing in showings if strength(showing) == level}
    return equal.pop() if len(equal) == 1 else NOTHING
