"""A transform written as SQL: an allow-listed scalar expression over `__COLUMN__`, transforms within it perhaps.

Example: `'***@' || split_part(__COLUMN__, '@', 2)`, `lower(mask(__COLUMN__))`, `tokenize(lower(trim(__COLUMN__)))`.

Nothing else of the row can be named, and the whole is tried: a value on which it fails becomes NULL.
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import ErrorLevel

from catalog.errors import PolicyInvalid
from catalog.names import nearest
from catalog.sql_texts import TextLimits, TooMuchSql, Unreadable, parsed
from policy_engine.filters.grammar import DIALECT, path_of
from policy_engine.model import Argument, ColumnName

COLUMN = "__COLUMN__"
LONGEST_CALL = 4000
_LIMITS = TextLimits(characters=2 * LONGEST_CALL, tokens=LONGEST_CALL, depth=100)
_MARK = "veil__"
_PIECE = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?P<quoted>\w+)`(?=\s*\()|(?P<name>[A-Za-z_]\w*)(?=\s*\()|[A-Za-z_]\w*"
)

_SYNTAX = frozenset(
    {
        *(exp.And, exp.Or, exp.Not, exp.Paren, exp.Is, exp.In, exp.Between, exp.Like, exp.ILike),
        *(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ),
        *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.IntDiv, exp.Neg, exp.DPipe, exp.Case, exp.If),
        *(exp.Literal, exp.Boolean, exp.Null, exp.Column, exp.Dot, exp.Identifier),
        *(exp.Cast, exp.TryCast, exp.DataType, exp.DataTypeParam),
    }
)
_FUNCTIONS = frozenset(
    {
        *(exp.Lower, exp.Upper, exp.Trim, exp.Length, exp.StartsWith, exp.Contains, exp.Reverse, exp.Concat),
        *(exp.Substring, exp.Left, exp.Right, exp.SplitPart, exp.Replace, exp.RegexpReplace, exp.StrPosition),
        *(exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least, exp.Abs, exp.Round, exp.Floor, exp.Ceil),
        *(exp.Year, exp.Month, exp.Day, exp.TimestampTrunc),
    }
)
_TYPES = frozenset(
    {
        *(exp.DType.BOOLEAN, exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT),
        *(exp.DType.FLOAT, exp.DType.DOUBLE, exp.DType.DECIMAL, exp.DType.TEXT, exp.DType.VARCHAR),
        *(exp.DType.DATE, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ, exp.DType.TIMESTAMPTZ, exp.DType.TIME),
    }
)
_WORDS = {
    exp.Subquery: "a subquery",
    exp.Select: "a subquery",
    exp.AggFunc: "an aggregate",
    exp.Window: "a window function",
    exp.Star: "a star",
    exp.Lambda: "a lambda",
    exp.Placeholder: "a parameter",
}
NAMES = frozenset(
    "lower upper trim length starts_with contains substring left right coalesce nullif greatest least abs round floor "
    "ceil year month day split_part replace regexp_replace reverse concat strpos date_trunc".split()
)
"""What a person may have meant by a function that is not there."""


@dataclass(frozen=True, slots=True)
class Inner:
    """A transform within an expression: its name, its arguments by name or place, and what it is applied to."""

    name: str
    arguments: tuple[tuple[str, Argument], ...]
    over: exp.Expr


def read(text: str, transforms: Collection[str]) -> exp.Expr:
    """The expression that a text says; calls of `transforms` stand in it under a mark. Raises PolicyInvalid."""
    if len(text) > LONGEST_CALL:
        raise _invalid(text, f"it is longer than {LONGEST_CALL} characters")
    marked = _PIECE.sub(lambda piece: _marked(piece, transforms), text)
    try:
        trees = parsed(marked, DIALECT, _LIMITS)
    except TooMuchSql as error:
        raise _invalid(text, str(error), "write it with fewer brackets and calls") from None
    except Unreadable as error:
        raise _invalid(text, "it is no SQL expression") from error
    if len(trees) != 1:
        raise _invalid(text, "it must be exactly one expression")
    tree = trees[0]
    for node in tree.walk(prune=lambda node: _name_of(node) in transforms):
        _check(text, node, transforms)
    if not any(_is_column(node) for node in tree.find_all(exp.Column)):
        raise _invalid(text, f"it does not use `{COLUMN}`", "to show the same for every value, write `constant(..)`")
    return tree


def print_tree(tree: exp.Expr, print_inner: Callable[[Inner, str], str]) -> str:
    """The expression for people; `print_inner` writes a transform, given what it is applied to as text."""

    def shown(node: exp.Expr) -> exp.Expr:
        inner = inner_of(node)
        if inner is not None:
            return exp.Var(this=print_inner(inner, print_tree(inner.over, print_inner)))
        return exp.Var(this=COLUMN) if _is_column(node) else node

    return _printed(_replaced(tree, shown), names="lower")


def rendered(tree: exp.Expr, column: str, render_inner: Callable[[Inner], str]) -> str:
    """The expression as SQL over a column's SQL; `render_inner` gives the SQL of a transform within."""

    def placed(node: exp.Expr) -> exp.Expr:
        inner = inner_of(node)
        if inner is not None:
            return exp.Var(this=f"({render_inner(inner)})")
        return exp.Var(this=f"({column})") if _is_column(node) else node

    return _printed(_replaced(tree, placed), names=False)


def leaves(tree: exp.Expr) -> Iterator[Inner | None]:
    """The transforms that an expression applies and, as None, the places where the raw value itself stands."""
    for node in tree.walk(prune=lambda node: inner_of(node) is not None):
        inner = inner_of(node)
        if inner is not None:
            yield inner
        elif _is_column(node):
            yield None


def is_bare(tree: exp.Expr) -> bool:
    """Whether nothing but the column or one transform stands there, in parentheses perhaps."""
    tree = tree.unnest()
    return _is_column(tree) or inner_of(tree) is not None


def inner_of(node: exp.Expr) -> Inner | None:
    """The transform that a node is a call of, if it is one."""
    name = _name_of(node)
    if not name:
        return None
    over: exp.Expr = exp.column(COLUMN)
    arguments: list[tuple[str, Argument]] = []
    for place, argument in enumerate(node.expressions):
        if isinstance(argument, exp.Kwarg | exp.PropertyEQ):
            arguments.append((argument.this.name, _value(argument.expression)))
        elif place == 0 and any(_is_column(column) for column in argument.find_all(exp.Column)):
            over = argument
        else:
            arguments.append(("", _value(argument)))
    return Inner(name=name, arguments=tuple(arguments), over=over)


def _marked(piece: re.Match[str], transforms: Collection[str]) -> str:
    name = (piece["name"] or piece["quoted"] or "").lower()
    if name.startswith(_MARK):
        raise _invalid(piece[0], "it names what is Veil's own")
    return _MARK + name if name in transforms and name not in NAMES else piece[0]


def _name_of(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous) and str(node.this).lower().startswith(_MARK):
        return str(node.this).lower().removeprefix(_MARK)
    return ""


def _is_column(node: exp.Expr) -> bool:
    return isinstance(node, exp.Column) and len(node.parts) == 1 and node.name.upper() == COLUMN


def _value(node: exp.Expr) -> Argument:
    sign = 1
    if isinstance(node, exp.Neg):
        sign, node = -1, node.this
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Literal):
        text = str(node.this)
        if node.is_string:
            return text
        return sign * (int(text) if text.isdigit() else float(text))
    if isinstance(node, exp.Column | exp.Dot):
        return ColumnName(path_of(node))
    raise PolicyInvalid(f"`{node.sql(DIALECT)[:60]}` is no value for a transform", hint="texts stand in single quotes")


def _check(text: str, node: exp.Expr, transforms: Collection[str]) -> None:
    kind = type(node)
    if _name_of(node):
        inner = inner_of(node)
        assert inner is not None
        for below in inner.over.walk(prune=lambda node: bool(_name_of(node))):
            _check(text, below, transforms)
        return
    if kind is exp.Anonymous:
        name = str(node.this).lower()
        near = nearest(name, (*transforms, *NAMES))
        raise _invalid(text, f"there is no function `{name}` for transforms", f"did you mean `{near}`?" if near else "")
    if kind not in _SYNTAX and kind not in _FUNCTIONS and not _is_part(node):
        raise _invalid(text, f"{_word(node)} is not allowed in a transform")
    if isinstance(node, exp.Column | exp.Dot) and not _is_column(node):
        raise _invalid(text, f"it may name `{COLUMN}` and no other column", "`by=>` names another one where it may")
    if isinstance(node, exp.Cast) and (kind is exp.Cast and not isinstance(node.this, exp.Literal)):
        raise _invalid(text, "a cast that may fail is not allowed; write `try_cast(.. as ..)`")
    if isinstance(node, exp.DataType) and (node.this not in _TYPES or node.args.get("nested")):
        raise _invalid(text, "a transform casts to plain types only")
    if isinstance(node, exp.RegexpReplace) and not isinstance(node.expression, exp.Literal):
        raise _invalid(text, "the pattern of `regexp_replace` must be a text in single quotes")
    if isinstance(node, exp.In) and not node.expressions:
        raise _invalid(text, "IN takes a list of values here")
    if isinstance(node, exp.Between) and node.args.get("symmetric"):  # printed, it stands there twice
        raise _invalid(text, "BETWEEN SYMMETRIC is not allowed", "write `x BETWEEN least(a, b) AND greatest(a, b)`")


def _is_part(node: exp.Expr) -> bool:
    """What belongs to a node that was judged: the unit of a `date_trunc`."""
    return isinstance(node, exp.Var) and isinstance(node.parent, exp.TimestampTrunc)


def _word(node: exp.Expr) -> str:
    return next((words for kind, words in _WORDS.items() if isinstance(node, kind)), f"`{node.key.upper()}`")


def _replaced(tree: exp.Expr, change: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    return tree.copy().transform(change, copy=False)


def _printed(tree: exp.Expr, names: str | bool) -> str:
    return tree.sql(DIALECT, normalize_functions=names, comments=False, unsupported_level=ErrorLevel.RAISE)


def _invalid(text: str, problem: str, hint: str = "") -> PolicyInvalid:
    shown = text.strip() if len(text) < 200 else text.strip()[:200] + ".."
    return PolicyInvalid(
        f"the transform `{shown}` cannot be used: {problem}",
        hint=hint or f"an expression is made of plain functions over `{COLUMN}`, for example `left({COLUMN}, 2)`",
    )
