"""Finds demands that nothing meets at once: within one policy, or of two policies on one row for one person.

What cannot be told from the words alone is taken to be possible.
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations_with_replacement

from sqlglot import exp

from catalog.errors import PolicyInvalid
from catalog.names import fold
from policy_engine.circumstances import When
from policy_engine.conditions import hours, read_network
from policy_engine.filters.grammar import print_text
from policy_engine.filters.meaning import meaning
from policy_engine.model import Policy

Value = str | Decimal
_TURNED = {exp.GT: exp.LT, exp.GTE: exp.LTE, exp.LT: exp.GT, exp.LTE: exp.GTE}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Demand:
    """What one part of a condition demands of a value: one of some, none of some, bounds, or that there is none.

    `said` is the part in the person's words, `of` the value that it is about.
    """

    of: str
    said: str
    only: frozenset[Value] | None = None
    never: frozenset[Value] = field(default_factory=frozenset)
    least: tuple[Value, bool] | None = None
    most: tuple[Value, bool] | None = None
    is_absent: bool = False


def clash(*policies: Policy) -> str:
    """Which two demands nothing meets at once, for people; empty where everything may be met.

    Example: "`age > 40` and `age < 30`".
    """
    demands = [demand for policy in policies for demand in _demands(policy)]
    for one, other in combinations_with_replacement(demands, 2):
        if one.of == other.of and _exclude(one, other):
            return f"`{one.said}`" if one == other else f"`{one.said}` and `{other.said}`"
    return next(filter(None, (_apart(one, other) for one, other in _whens(policies))), "")


def _demands(policy: Policy) -> Iterator[_Demand]:
    if policy.where is not None:
        try:
            tree = meaning(policy.where).tree
        except PolicyInvalid:
            return
        for part in tree.flatten() if isinstance(tree, exp.And) else (tree,):
            yield from _of_part(part.unnest())
    if policy.when is not None:
        yield from _of_when(policy.when)


def _of_part(part: exp.Expr) -> Iterator[_Demand]:
    """What one part of a filter demands, if it is of a form that can be compared with others."""
    said = print_text(part)
    match part:
        case exp.And():
            for inner in part.flatten():
                yield from _of_part(inner.unnest())
        case exp.Boolean() if not part.this:
            yield _Demand(of="", said=said, only=frozenset())
        case exp.Not():
            inner = part.this.unnest()
            if isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null):
                yield _Demand(of=print_text(inner.this), said=said)
            else:
                yield _Demand(of=print_text(inner), said=said, only=frozenset({"no"}))
        case exp.Anonymous() | exp.Column() | exp.Dot():
            yield _Demand(of=said, said=said, only=frozenset({"yes"}))
        case exp.Is() if isinstance(part.expression, exp.Null):
            yield _Demand(of=print_text(part.this), said=said, is_absent=True)
        case exp.In() if part.expressions and not part.args.get("query"):
            values = [_value(item, of=part.this) for item in part.expressions]
            if None not in values:
                yield _Demand(of=print_text(part.this), said=said, only=frozenset(v for v in values if v is not None))
        case exp.Between():
            least, most = _value(part.args["low"]), _value(part.args["high"])
            if least is not None and most is not None:
                yield _Demand(of=print_text(part.this), said=said, least=(least, True), most=(most, True))
        case exp.EQ() | exp.NEQ() | exp.GT() | exp.GTE() | exp.LT() | exp.LTE():
            yield from _of_comparison(part, said)


def _of_comparison(part: exp.Binary, said: str) -> Iterator[_Demand]:
    kind, left, right = type(part), part.this, part.expression
    if _value(right) is None:
        kind, left, right = _TURNED.get(kind, kind), right, left
    value = _value(right, of=left)
    if value is None or _value(left) is not None:
        return
    of = print_text(left)
    if kind is exp.EQ:
        yield _Demand(of=of, said=said, only=frozenset({value}))
    elif kind is exp.NEQ:
        yield _Demand(of=of, said=said, never=frozenset({value}))
    elif kind in (exp.GT, exp.GTE):
        yield _Demand(of=of, said=said, least=(value, kind is exp.GTE))
    else:
        yield _Demand(of=of, said=said, most=(value, kind is exp.LTE))


def _of_when(when: When) -> Iterator[_Demand]:
    """What a condition demands of values that filters may ask for too."""
    if when.purposes:
        said = f"purpose: {', '.join(when.purposes)}"
        yield _Demand(of="purpose()", said=said, only=frozenset(map(fold, when.purposes)))
    for name, wanted in when.attributes:
        said = f"attribute {name}: {', '.join(wanted)}"
        yield _Demand(of=f"user_attribute('{name}')", said=said, only=frozenset(wanted))


def _value(node: exp.Expr, of: exp.Expr | None = None) -> Value | None:
    """A literal's value; None for anything else. Purposes are compared without regard to case."""
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        return -Decimal(node.this.this)
    if not isinstance(node, exp.Literal):
        return None
    if not node.is_string:
        return Decimal(node.this)
    is_purpose = isinstance(of, exp.Anonymous) and str(of.this).lower() == "purpose"
    return fold(str(node.this)) if is_purpose else str(node.this)


def _exclude(one: _Demand, other: _Demand) -> bool:
    if one.is_absent or other.is_absent:
        return one.is_absent is not other.is_absent
    if len({type(value) for value in (*(one.only or ()), *(other.only or ()))}) > 1:
        return False
    only = one.only if other.only is None else other.only if one.only is None else one.only & other.only
    bounds = [*_bounds(one), *_bounds(other)]
    if only is None:
        return any(
            not _holds(value, is_least, bound) for bound, is_least in bounds for value in _edge(bounds, is_least)
        )
    return not any(
        value not in one.never | other.never and all(_holds((value, True), low, bound) for bound, low in bounds)
        for value in only
    )


def _bounds(demand: _Demand) -> Iterator[tuple[tuple[Value, bool], bool]]:
    if demand.least is not None:
        yield demand.least, True
    if demand.most is not None:
        yield demand.most, False


def _edge(bounds: list[tuple[tuple[Value, bool], bool]], is_least: bool) -> Iterator[tuple[Value, bool]]:
    """The bounds on the other side."""
    return (bound for bound, other in bounds if other is not is_least)


def _holds(value: tuple[Value, bool], is_least: bool, bound: tuple[Value, bool]) -> bool:
    """Whether a value, or the edge of a range, lies within a bound; values of two kinds are not compared."""
    (given, is_in), (limit, is_closed) = value, bound
    is_beyond = _is_below(given, limit) if is_least else _is_below(limit, given)
    return not is_beyond and (given != limit or (is_in and is_closed))


def _is_below(one: Value, other: Value) -> bool:
    if isinstance(one, str):
        return isinstance(other, str) and one < other
    return isinstance(other, Decimal) and one < other


def _whens(policies: tuple[Policy, ...]) -> Iterator[tuple[When, When]]:
    whens = [policy.when for policy in policies if policy.when is not None]
    return combinations_with_replacement(whens, 2)


def _apart(one: When, other: When) -> str:
    """Two conditions, or one with itself, that nobody meets at once."""
    for first, second in ((one, other), (other, one)):
        if first.groups and set(map(fold, first.groups)) <= set(map(fold, second.not_groups)):
            return f"`group: {', '.join(first.groups)}` and `not_group: {', '.join(second.not_groups)}`"
    if one.networks and other.networks and not any(_overlap(a, b) for a in one.networks for b in other.networks):
        return f"`network: {', '.join(one.networks)}` and `network: {', '.join(other.networks)}`"
    if _are_hours_apart(one, other):
        return f"`time_of_day: {one.time_of_day}` and `time_of_day: {other.time_of_day}`"
    return ""


def _overlap(one: str, other: str) -> bool:
    first, second = read_network(one), read_network(other)
    if isinstance(first, ipaddress.IPv4Network) and isinstance(second, ipaddress.IPv4Network):
        return first.overlaps(second)
    if isinstance(first, ipaddress.IPv6Network) and isinstance(second, ipaddress.IPv6Network):
        return first.overlaps(second)
    return False


def _are_hours_apart(one: When, other: When) -> bool:
    if not (one.time_of_day and other.time_of_day) or one.zone != other.zone:
        return False
    (a, b), (c, d) = hours(one.time_of_day), hours(other.time_of_day)
    return a < b and c < d and (b <= c or d <= a)
