"""Which shapes are refused though each of their parts is known: those that an engine reads otherwise than they are
written, as where it copies a part, or leaves it out.
"""

from collections.abc import Callable
from typing import NamedTuple

from sqlglot import exp

from catalog.errors import SqlUnsupported

_BEHIND_ARROWS = (exp.Binary, exp.In, exp.Between)


class _Shape(NamedTuple):
    is_met: Callable[[exp.Expr], bool]
    what: str
    instead: str


def check_shape(node: exp.Expr) -> None:
    """Raises SqlUnsupported for a node of such a shape.

    Example: `case (select max(a) from t) when 1 then 'x' when 2 then 'y' end`, of which the engine makes two queries.
    """
    for kind, shapes in _SHAPES.items():
        if isinstance(node, kind):
            for shape in shapes:
                if shape.is_met(node):
                    raise SqlUnsupported(shape.what, hint=shape.instead)


def _reads(node: object) -> bool:
    return isinstance(node, exp.Expr) and node.find(exp.Query, exp.Values) is not None


def _is_copied_for_each_branch(case: exp.Expr) -> bool:
    return len(case.args.get("ifs") or ()) > 1 and _reads(case.this)


def _has_window_that_reads(select: exp.Expr) -> bool:
    return any(map(_reads, select.args.get("windows") or ()))


def _is_within_group_of_more(within: exp.Expr) -> bool:
    """Whether it is more than a call with a number or a list at its end, and one key: all else is printed otherwise."""
    last = [*within.this.iter_expressions()][-1:]
    is_call = isinstance(within.this, exp.Func) and all(isinstance(each, exp.Literal | exp.Array) for each in last)
    return not is_call or len(within.expression.expressions) != 1 or isinstance(within.parent, exp.Window | exp.Dot)


def _is_like_one_of_query(like: exp.Expr) -> bool:
    return isinstance(like.expression, exp.Any | exp.All) and _reads(like.expression)


def _is_filter_of_branches(filtered: exp.Expr) -> bool:
    return isinstance(filtered.this, exp.Case | exp.If)


def _is_with_in_set_operation(clause: exp.Expr) -> bool:
    return clause.parent is not None and isinstance(clause.parent.parent, exp.SetOperation)


def _is_share_or_ties(options: exp.Expr) -> bool:
    is_share = bool(options.args.get("percent")) and isinstance(options.parent, exp.Fetch)
    return is_share or bool(options.args.get("with_ties"))


def _is_of_several(count: exp.Expr) -> bool:
    return isinstance(count.this, exp.Distinct) and len(count.this.expressions) > 1


def _is_behind_path(node: exp.Expr) -> bool:
    return type(node.this) is exp.JSONExtract and not isinstance(node, exp.JSONExtract | exp.JSONExtractScalar)


_FIRST = "name it using WITH, and join with it or write it where it is used"
_SHAPES: dict[type[exp.Expr] | tuple[type[exp.Expr], ...], tuple[_Shape, ...]] = {
    exp.Case: (_Shape(_is_copied_for_each_branch, "CASE with a query before several WHENs is not answered", _FIRST),),
    exp.Select: (_Shape(_has_window_that_reads, "a named WINDOW with a query in it is not answered", _FIRST),),
    exp.WithinGroup: (
        _Shape(_reads, "WITHIN GROUP with a query in it is not answered", _FIRST),
        _Shape(
            _is_within_group_of_more,
            "WITHIN GROUP takes a plain call, of numbers as they are written, and one key",
            "write `quantile_cont(x, 0.5)`, or `percentile_cont(0.5) WITHIN GROUP (ORDER BY x)`",
        ),
    ),
    (exp.Like, exp.ILike): (
        _Shape(_is_like_one_of_query, "LIKE ANY and ALL of a query are not answered", "join, or write EXISTS"),
    ),
    exp.Filter: (_Shape(_is_filter_of_branches, "FILTER stands behind an aggregate", "write it there"),),
    exp.With: (
        _Shape(
            _is_with_in_set_operation,
            "a WITH within a set operation stands without brackets",
            "write `.. UNION (WITH .. SELECT ..)`",
        ),
    ),
    exp.LimitOptions: (
        _Shape(
            _is_share_or_ties,
            "FETCH gives a number of rows, not a share of them nor WITH TIES",
            "write `LIMIT 50 PERCENT`, or rank",
        ),
    ),
    exp.Count: (
        _Shape(_is_of_several, "count(DISTINCT ..) takes one value", "count rows of several, `count(DISTINCT (a, b))`"),
    ),
    _BEHIND_ARROWS: (
        _Shape(
            _is_behind_path,
            "`->` takes what follows its path for a part of it in the engine, so it wants brackets",
            "write `(j -> 'a') = '1'`",
        ),
    ),
}
