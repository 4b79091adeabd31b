"""Works out the exact type of a number and the largest value it can have, so that what cannot overflow is known.

The engine calculates with decimals of at most 38 digits. A sum has one digit more than its longer side, a product has
the digits of both; where that is more than 18 for two sides that have no more, or than 38, the type stays at 18 or 38
and a value beyond it raises an error. What no value of the sides' types can reach is never raised. Whole numbers are
decimals without a fraction wherever they meet one; among themselves they overflow early and are not followed, but for
literals and sums.

A sum is taken over at most 10^16 rows: more than an engine passes in the time that a query has.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from sqlglot import exp

from catalog.names import fold

_MOST_DIGITS = 38
_SHORT_DIGITS = 18
_ROWS = 10**16
_HUGE = 2**127
_DECIMAL = re.compile(r"DECIMAL\((\d\d?),\s?(\d\d?)\)", re.ASCII)
_WHOLE: Mapping[str, tuple[int, int]] = {
    **{"TINYINT": (3, 2**7), "SMALLINT": (5, 2**15), "INTEGER": (10, 2**31), "BIGINT": (19, 2**63)},
    **{"UTINYINT": (3, 2**8), "USMALLINT": (5, 2**16), "UINTEGER": (10, 2**32)},
}
_LITERAL = re.compile(r"(?=[\d.]{1,18}\Z)(\d*)\.?(\d*)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A type of `width` digits, `scale` of them after the point, and the `most` that its digits come to as a number.

    `is_written` is a number that stands in the query as literals, and what is calculated of these alone.

    Example: a column of DECIMAL(4,1) is `Number(width=4, scale=1, most=9999)`.
    """

    width: int
    scale: int
    most: int
    is_whole: bool = False
    is_written: bool = False

    @property
    def is_wide(self) -> bool:
        """Whether the engine holds it in more than 64 bits."""
        return self.width > _SHORT_DIGITS and not (self.is_whole and self.width < _MOST_DIGITS)


def of_type(type_name: str) -> Number | None:
    """What a column of a type holds.

    Example:
        >>> of_type("DECIMAL(4,1)")
        Number(width=4, scale=1, most=9999, is_whole=False, is_written=False)
        >>> of_type("VARCHAR") is None
        True
    """
    if type_name in _WHOLE:
        width, most = _WHOLE[type_name]
        return Number(width=width, scale=0, most=most, is_whole=True)
    found = _DECIMAL.fullmatch(type_name)
    return Number(width=int(found[1]), scale=int(found[2]), most=10 ** int(found[1]) - 1) if found else None


class Types(dict[str, str]):
    """The types of columns by their folded names, and the number that each expression over them was found to be."""

    def __init__(self, types: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__(types)
        self.found: dict[int, tuple[exp.Expr, Number | None]] = {}
        """By a node's id; the node stands beside it, so that no other gets its id."""

    def __setitem__(self, name: str, type_name: str) -> None:
        self.found.clear()
        super().__setitem__(name, type_name)


def number(node: exp.Expr, types: Types) -> Number | None:
    """The type of an expression over columns of these types, if it is a number that is worked out without an error.

    Example: of `price * 2` where `price` is DECIMAL(4,1) that is DECIMAL(14,1), since 2 is an INTEGER of ten digits.
    """
    kept = types.found.get(id(node))
    if kept is None:
        kept = types.found[id(node)] = (node, _worked_out(node, types))
    return kept[1]


def _worked_out(node: exp.Expr, types: Types) -> Number | None:
    if isinstance(node, exp.Paren):
        return number(node.this, types)
    if isinstance(node, exp.Filter | exp.Window | exp.Max | exp.Min | exp.AnyValue | exp.Alias):
        return _read(number(node.this, types))
    if isinstance(node, exp.Literal):
        return _of_literal(node)
    if isinstance(node, exp.Column):
        is_name = isinstance(node.this, exp.Identifier) and not node.args.get("db")
        type_name = types.get(fold(node.name)) if is_name else None
        return of_type(type_name) if type_name else None
    if isinstance(node, exp.Neg):
        side = number(node.this, types)
        return side if side and (not side.is_whole or isinstance(node.this, exp.Literal)) else None
    if isinstance(node, exp.Subquery):
        select = node.this
        return _read(number(select.expressions[0], types)) if isinstance(select, exp.Select) else None
    if isinstance(node, exp.Sum):
        return _of_sum(node, types)
    if isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast):
        return _of_cast(node, types)
    if isinstance(node, exp.Add | exp.Sub | exp.Mul):
        left, right = number(node.this, types), number(node.expression, types)
        return _of_calculation(node, left, right) if left and right else None
    return None


def _read(side: Number | None) -> Number | None:
    """The number as one that is not written where it stands."""
    return side and replace(side, is_written=False)


def are_comparable(sides: Sequence[Number | None]) -> bool:
    """Whether the engine gives several numbers one type that holds each of them."""
    found = [side for side in sides if side is not None]
    if len(found) < len(sides) or all(side.is_whole for side in found):
        return len(found) == len(sides)
    scale = max(side.scale for side in found)
    width = min(_MOST_DIGITS, max(side.width - side.scale for side in found) + scale)
    return all(side.most * 10 ** (scale - side.scale) < 10**width for side in found)


def _of_literal(node: exp.Literal) -> Number | None:
    form = None if node.is_string else _LITERAL.fullmatch(node.name)
    if form is None or not (form[1] or form[2]):
        return None
    if "." in node.name:
        return Number(width=len(form[1] + form[2]), scale=len(form[2]), most=int(form[1] + form[2]))
    is_short = int(form[1]) < 2**31
    return Number(width=10 if is_short else 19, scale=0, most=int(form[1]), is_whole=True, is_written=True)


def _of_cast(node: exp.Cast, types: Types) -> Number | None:
    """A cast to a decimal that holds every value, rounded or with more digits after the point."""
    is_plain = not any(node.args.get(key) for key in ("format", "action", "default"))
    target, side = of_type(node.to.sql("duckdb")), number(node.this, types)
    if target is None or target.is_whole or side is None or not is_plain:
        return None
    by = target.scale - side.scale
    most = side.most * 10**by if by >= 0 else side.most // 10**-by + 1
    return Number(width=target.width, scale=target.scale, most=most) if most < 10**target.width else None


def _of_sum(node: exp.Sum, types: Types) -> Number | None:
    summed = node.this
    if isinstance(summed, exp.Distinct):
        summed = summed.expressions[0] if len(summed.expressions) == 1 and not summed.args.get("on") else exp.null()
    side = number(summed, types)
    if side is None or side.most * _ROWS >= 10**_MOST_DIGITS:
        return None
    return Number(width=_MOST_DIGITS, scale=side.scale, most=side.most * _ROWS, is_whole=side.is_whole)


def _of_calculation(node: exp.Expr, left: Number, right: Number) -> Number | None:
    if left.is_whole and right.is_whole:
        return _of_whole(node, left, right)
    made = _product(left, right) if isinstance(node, exp.Mul) else _total(left, right)
    return made if made.scale <= _MOST_DIGITS and made.most < 10**made.width else None


def _of_whole(node: exp.Expr, left: Number, right: Number) -> Number | None:
    """Whole numbers keep the longer of their types: literals are followed, since `2000 + 1` is often written."""
    most = left.most * right.most if isinstance(node, exp.Mul) else left.most + right.most
    is_written = left.is_written and right.is_written
    width = max(left.width, right.width)
    limit = _HUGE if width == _MOST_DIGITS else 2**31 if is_written else 0
    return Number(width=width, scale=0, most=most, is_whole=True, is_written=is_written) if most < limit else None


def _total(left: Number, right: Number) -> Number:
    scale = max(left.scale, right.scale)
    width = min(_MOST_DIGITS, max(left.width - left.scale, right.width - right.scale) + scale + 1)
    most = sum(side.most * 10 ** (scale - side.scale) for side in (left, right))
    return Number(width=width, scale=scale, most=most)


def _product(left: Number, right: Number) -> Number:
    scale, width = left.scale + right.scale, left.width + right.width
    is_short = max(left.width, right.width) <= _SHORT_DIGITS and scale < _SHORT_DIGITS
    width = min(width, _SHORT_DIGITS if is_short and width > _SHORT_DIGITS else _MOST_DIGITS)
    return Number(width=width, scale=scale, most=left.most * right.most)
