"""Which shapes are refused though each of their parts is known: those that an engine reads, or the printer writes,
otherwise than they stand there, as where a part is copied, or left out. Copies within copies double with each level.
"""

from collections.abc import Callable
from typing import NamedTuple

from sqlglot import exp

from catalog.errors import LimitExceeded, SqlUnsupported

_BEHIND_ARROWS = (exp.Binary, exp.In, exp.Between)
_LIKE = (exp.Like, exp.ILike)
_MOST_COPIED = 4_000
"""Of patterns and of parts of what is compared with them: as many nodes are written for them."""


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


def check_copies(tree: exp.Expr) -> None:
    """Raises LimitExceeded where LIKE ANY and ALL, which are written out for each of their patterns, make too much of a
    statement.
    """
    likes = [node.parent for node in tree.find_all(exp.Any, exp.All) if isinstance(node.parent, _LIKE)]
    if sum(_size_of(like) for like in likes) > _MOST_COPIED:
        raise LimitExceeded(
            "the SQL compares too much with too many patterns", hint="join, or write one regexp_matches"
        )


def _size_of(like: exp.Expr) -> int:
    patterns = sum(1 for node in like.expression.walk() if not isinstance(node, exp.Tuple | exp.Paren))
    return patterns * sum(1 for _ in like.this.walk())


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


def _is_like_one_in_like_one(like: exp.Expr) -> bool:
    is_one = isinstance(like.expression, exp.Any | exp.All)
    return is_one and any(isinstance(inner, _LIKE) for part in (like.this, like.expression) for inner in part.walk())


def _is_symmetric(between: exp.Expr) -> bool:
    return bool(between.args.get("symmetric"))


def _is_from_a_place(position: exp.Expr) -> bool:
    return any(position.args.get(key) is not None for key in ("position", "occurrence", "clamp_position"))


def _is_of_four(substring: exp.Expr) -> bool:
    return substring.args.get("zero_start") is not None


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
    _LIKE: (
        _Shape(_is_like_one_of_query, "LIKE ANY and ALL of a query are not answered", "join, or write EXISTS"),
        _Shape(_is_like_one_in_like_one, "LIKE within LIKE ANY and ALL is not answered", "name it in a subquery"),
    ),
    exp.Between: (
        _Shape(
            _is_symmetric,
            "BETWEEN SYMMETRIC is not answered",
            "write `x BETWEEN least(a, b) AND greatest(a, b)`",
        ),
    ),
    exp.StrPosition: (
        _Shape(
            _is_from_a_place,
            "a position is looked for from the beginning",
            "write `strpos(text, 'a')`, or look into `substring(text, 3)`",
        ),
    ),
    exp.Substring: (_Shape(_is_of_four, "`substring` takes a text, a place and a length", "leave out the rest"),),
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
