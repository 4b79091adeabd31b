"""Rules on a column with fields: what is taken from the whole is taken from each field, and the fields make the whole.

The cells of such a column are its innermost fields. A struct or list is there on a row where some grant that holds
there tells anything of a field in it; elsewhere it is NULL, so that its length and whether it is there are not told.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from policy_engine.judging.cells import CLEAR, NOTHING, Contribution, Showing, raised
from policy_engine.judging.rulings import Ruling, Rulings
from policy_engine.model import Policy
from policy_engine.profile import FieldProfile
from policy_engine.shapes import Shape, nesting
from policy_engine.strength import Strength
from policy_engine.transforms.types import Kind, read_type

_UNIQUE = frozenset({"tokenize", "hash"})
"""Transforms that keep different keys of a map different, where they give each one something."""

_MOMENTS = frozenset({Kind.DATE, Kind.TIMESTAMP})
"""Kinds of which some values have no token or hash: those far from our time, or infinite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A column or field with the ruling on it, its parents' counted in; of one with fields, what they make of it.

    `problem` says why it is hidden although its fields could be shown.
    """

    field: FieldProfile
    ruling: Ruling
    parts: tuple["Node", ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Above:
    """What is taken from a field with the whole that it is in."""

    hidden_by: tuple[Policy, ...] = ()
    raised_by: tuple[str, ...] = ()
    is_nothing_left: bool = False
    nulled: frozenset[str] = frozenset()

    def upon(self, ruling: Ruling) -> Ruling:
        """The ruling on a field with this counted in; the same object where nothing is taken."""
        if self == _NOTHING_TAKEN:
            return ruling
        contributions = tuple(
            replace(item, showing=NOTHING) if item.policy in self.nulled else item for item in ruling.contributions
        )
        return replace(
            ruling,
            contributions=contributions,
            hidden_by=_once(self.hidden_by, ruling.hidden_by),
            raised_by=tuple(dict.fromkeys((*self.raised_by, *ruling.raised_by))),
            least=NOTHING if self.is_nothing_left else ruling.least,
            nulled=self.nulled | ruling.nulled,
        )


_NOTHING_TAKEN = _Above()


def nest(field: FieldProfile, rulings: Rulings, above: _Above = _NOTHING_TAKEN) -> Node:
    """The ruling on a field and on every field in it.

    Example: a grant of all that is not tagged `pii.phone` makes of `contact` a struct without its `phone`.
    """
    own = above.upon(rulings.of(field))
    if not field.parts:
        return Node(field=field, ruling=own)
    shape = nesting(field.column.type).shape
    if shape is Shape.DOCUMENT:
        return _document(field, own, rulings)
    taken = _Above(
        hidden_by=own.hidden_by,
        raised_by=own.raised_by if own.least != CLEAR else (),
        is_nothing_left=own.least != CLEAR,
        nulled=own.nulled,
    )
    parts = tuple(nest(part, rulings, taken) for part in field.parts)
    if shape is Shape.MAP and (problem := _why_no_map(parts)):
        return Node(field=field, ruling=replace(own, contributions=()), parts=parts, problem=problem)
    # a map is there where its keys are
    making = parts[:1] if shape is Shape.MAP else parts
    return Node(field=field, ruling=replace(own, contributions=_made_of(making)), parts=parts)


def _made_of(parts: Sequence[Node]) -> tuple[Contribution, ...]:
    """How each grant that shows some field shows the whole: as it is, or not at all where it tells nothing."""
    found: dict[str, Contribution] = {}
    for part in parts:
        for item in part.ruling.contributions if part.ruling.is_shown else ():
            tells = raised(item.showing, part.ruling.least) != NOTHING
            showing = CLEAR if tells else NOTHING
            if tells or item.policy not in found:
                found[item.policy] = Contribution(policy=item.policy, when=item.when, showing=showing)
    return tuple(found[policy] for policy in sorted(found))


def _why_no_map(parts: Sequence[Node]) -> str:
    """Why a map cannot be shown in part, if so: keys must be there, and as different as they are."""
    for part in parts:
        if not part.ruling.is_shown:
            return f"its `{part.field.column.path[-1]}` is, and a map is nothing without its keys or values"
    keys = tuple(_innermost(parts[0]))
    if len({_givers(key) for key in keys}) > 1:
        return "a field of its keys is not shown wherever they are, and without it different ones could become equal"
    return next(filter(None, map(_why_no_key, keys)), "")


def _innermost(node: Node) -> Iterator[Node]:
    """The cells of a key, which are its innermost fields; what cannot be shown is one that nobody gives."""
    if node.parts and not node.problem:
        for part in node.parts:
            yield from _innermost(part)
    else:
        yield node


def _givers(node: Node) -> frozenset[tuple[str, str]]:
    """The grants that show a cell, each with where it does."""
    given = node.ruling.contributions if node.ruling.is_shown else ()
    return frozenset((item.policy, item.when) for item in given)


def _why_no_key(node: Node) -> str:
    """Why a cell cannot be a key or a part of one, if so."""
    showings = {raised(item.showing, node.ruling.least) for item in node.ruling.contributions}
    if any(showing.call and showing.call.name not in _UNIQUE for showing in showings) or _may_clash(node.ruling):
        return "its keys can be shown as they are or as tokens, but not masked so that different ones become equal"
    if any(map(_is_changed, showings)) and read_type(node.field.column.type).kind in _MOMENTS:
        return "its keys are dates or moments, some of which have no token, and a key must be there"
    return ""


def _is_changed(showing: Showing) -> bool:
    return showing.call is not None


def _may_clash(keys: Ruling) -> bool:
    """Whether two equally strong showings of the keys could meet on a row, which would leave no key."""
    strengths: dict[Strength, Showing] = {}
    for item in keys.contributions:
        showing = raised(item.showing, keys.least)
        if strengths.setdefault(showing.strength, showing) != showing:
            return True
    return False


def _document(field: FieldProfile, own: Ruling, rulings: Rulings) -> Node:
    """A document is shown as a whole or not at all: a number in it would not survive its being taken apart."""
    for inner in field.nested:
        if own.is_shown and _shows_less(rulings.of(inner), own):
            governed = f"its field `{inner.column.name}` is governed"
            problem = f"{governed}, and nothing can be left out of a {field.column.type} document"
            return Node(field=field, ruling=replace(own, contributions=()), problem=problem)
    return Node(field=field, ruling=own)


def _shows_less(inner: Ruling, whole: Ruling) -> bool:
    """Whether some grant shows less of the field than of the whole, or a restriction leaves less of it."""
    if inner.hidden_by:
        return True
    given = {item.policy: raised(item.showing, inner.least) for item in inner.contributions}
    for item in whole.contributions:
        showing = raised(item.showing, whole.least)
        if item.policy not in given or given[item.policy].strength > showing.strength:
            return True
    return False


def _once(first: tuple[Policy, ...], second: tuple[Policy, ...]) -> tuple[Policy, ...]:
    return (*first, *(policy for policy in second if policy not in first))
