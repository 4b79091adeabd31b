"""What a row filter may be made of: the allow-list of its syntax and functions, and nothing beside it."""

from collections.abc import Callable, Iterator

from sqlglot import exp, parse
from sqlglot.errors import ErrorLevel, SqlglotError

from catalog.errors import PolicyInvalid
from catalog.names import nearest

DIALECT = "duckdb"
_LONGEST = 20_000
_MOST_NESTED = 100

OPERATORS: frozenset[type[exp.Expr]] = frozenset(
    {
        *(exp.And, exp.Or, exp.Not, exp.Paren, exp.Is, exp.In, exp.Between, exp.Like, exp.ILike),
        *(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ),
        *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.DPipe, exp.Case, exp.If),
        *(exp.Literal, exp.Boolean, exp.Null, exp.Column, exp.Dot, exp.Identifier),
        *(exp.Cast, exp.TryCast, exp.DataType, exp.DataTypeParam),
    }
)

FUNCTIONS: frozenset[type[exp.Expr]] = frozenset(
    {
        *(exp.Lower, exp.Upper, exp.Trim, exp.Length, exp.StartsWith, exp.Contains),
        *(exp.Substring, exp.Left, exp.Right, exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least),
        *(exp.Abs, exp.Round, exp.Floor, exp.Ceil, exp.Year, exp.Month, exp.Day),
        *(exp.CurrentUser, exp.CurrentTimestamp),
    }
)

SUBJECT_FUNCTIONS = {"user_attribute": 1, "has_role": 1, "in_group": 1, "now": 0}
"""Functions about who asks and when, with their number of arguments; `current_user()` is syntax of its own."""

TYPES = frozenset(
    {
        *(exp.DType.BOOLEAN, exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT),
        *(exp.DType.FLOAT, exp.DType.DOUBLE, exp.DType.DECIMAL, exp.DType.TEXT, exp.DType.VARCHAR),
        *(exp.DType.DATE, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ, exp.DType.TIMESTAMPTZ),
        exp.DType.TIME,
    }
)

_WORDS = {
    exp.Subquery: "a subquery",
    exp.Select: "a subquery",
    exp.Exists: "a subquery",
    exp.AggFunc: "an aggregate",
    exp.Window: "a window function",
    exp.Star: "a star",
    exp.Placeholder: "a parameter",
    exp.Parameter: "a parameter",
    exp.Lambda: "a lambda",
    exp.Alias: "an alias",
}


def read(text: str) -> exp.Expr:
    """The one expression that a filter's text says; raises PolicyInvalid for anything off the list.

    Example: `opted_out != 1 and region = user_attribute('region')`.
    """
    if len(text) > _LONGEST:
        raise PolicyInvalid(f"the filter is longer than {_LONGEST} characters", hint="split it into several policies")
    try:
        expressions = parse(text, read=DIALECT, error_level=ErrorLevel.RAISE)
    except (SqlglotError, RecursionError) as error:
        raise _invalid(text, "it is no SQL expression") from error
    if len(expressions) != 1 or expressions[0] is None:
        raise _invalid(text, "it must be exactly one expression")
    expression = expressions[0]
    _check_depth(text, expression)
    for node in expression.walk():
        _check(text, node)
    return expression


def print_sql(expression: exp.Expr) -> str:
    """The expression for the engine: the canonical dialect, every name in double quotes, no comments."""
    return expression.sql(DIALECT, identify=True, comments=False, unsupported_level=ErrorLevel.RAISE)


def print_text(expression: exp.Expr) -> str:
    """The expression for people: names quoted only where they were, functions in lower case."""
    return expression.sql(DIALECT, normalize_functions="lower", comments=False, unsupported_level=ErrorLevel.RAISE)


def path_of(node: exp.Expr) -> tuple[str, ...]:
    """The names of a column reference, outermost first: `contact.city` is two."""
    if not isinstance(node, exp.Column | exp.Dot):
        return ()
    return tuple(part.name for part in node.parts)


def references(expression: exp.Expr) -> Iterator[exp.Expr]:
    """Every column reference as a whole, a deep one not again for its parts."""
    for node in expression.find_all(exp.Column, exp.Dot):
        if not isinstance(node.parent, exp.Dot):
            yield node


def _check(text: str, node: exp.Expr) -> None:
    kind = type(node)
    if kind is exp.Anonymous:
        _check_subject_function(text, node)
    elif kind not in OPERATORS and kind not in FUNCTIONS:
        raise _invalid(text, f"{_name(node)} is not allowed in a filter")
    check = _CHECKS.get(kind)
    if check is not None and (problem := check(node)):
        raise _invalid(text, problem)
    for key, value in node.args.items():
        if isinstance(value, str) and kind not in _TEXT_HOLDERS and (kind, key) != (exp.Trim, "position"):
            raise _invalid(text, f"{_name(node)} is not allowed in this form")


_TEXT_HOLDERS = frozenset({exp.Literal, exp.Identifier, exp.Anonymous})


def _check_subject_function(text: str, node: exp.Expr) -> None:
    name = str(node.this).lower()
    arguments = node.expressions
    if name not in SUBJECT_FUNCTIONS:
        near = nearest(name, (*SUBJECT_FUNCTIONS, "current_user", *_function_names()))
        hint = f"did you mean `{near}`?" if near else ""
        raise _invalid(text, f"there is no function `{name}` for filters", hint)
    if len(arguments) != SUBJECT_FUNCTIONS[name] or not all(_is_text(argument) for argument in arguments):
        wanted = "one text in single quotes" if SUBJECT_FUNCTIONS[name] else "no argument"
        raise _invalid(text, f"`{name}` takes {wanted}")


def _check_cast(node: exp.Expr) -> str:
    if type(node) is exp.Cast and not _is_text(node.this):
        return "a cast that may fail is not allowed in a filter; write `try_cast(.. as ..)`"
    if any(value for key, value in node.args.items() if key not in ("this", "to", "safe")):
        return "a cast with a format is not allowed in a filter"
    return ""


def _check_type(node: exp.Expr) -> str:
    is_plain = node.this in TYPES and not node.args.get("nested") and not node.args.get("kind")
    return "" if is_plain else "a filter casts to plain types only"


def _check_reference(node: exp.Expr) -> str:
    parts = (part for part in node.walk() if part is not node)
    is_path = all(isinstance(part, exp.Identifier | exp.Column | exp.Dot) for part in parts)
    return "" if is_path else "a filter names columns and their fields only"


def _check_in(node: exp.Expr) -> str:
    return "" if node.expressions and set(_given(node)) == {"this", "expressions"} else "IN takes a list of values here"


def _check_timestamp(node: exp.Expr) -> str:
    return "CURRENT_TIMESTAMP takes no precision here" if _given(node) else ""


_CHECKS: dict[type[exp.Expr], Callable[[exp.Expr], str]] = {
    exp.Cast: _check_cast,
    exp.TryCast: _check_cast,
    exp.DataType: _check_type,
    exp.Column: _check_reference,
    exp.Dot: _check_reference,
    exp.In: _check_in,
    exp.CurrentTimestamp: _check_timestamp,
}


def _given(node: exp.Expr) -> list[str]:
    return [key for key, value in node.args.items() if value]


def _is_text(node: object) -> bool:
    return isinstance(node, exp.Literal) and bool(node.is_string)


def _check_depth(text: str, expression: exp.Expr) -> None:
    """Chains of AND and OR lean to one side and may be long; what counts is brackets within brackets."""
    level, nodes = 0, [expression]
    while nodes:
        level += 1
        nodes = [child for node in nodes for child in node.iter_expressions()]
        if level > _MOST_NESTED * 10:
            raise _invalid(text, "it is nested too deeply")


def _name(node: exp.Expr) -> str:
    for kind, words in _WORDS.items():
        if isinstance(node, kind):
            return words
    return f"`{node.key.upper()}`"


def _function_names() -> set[str]:
    return {kind.key for kind in FUNCTIONS}


def _invalid(text: str, problem: str, hint: str = "") -> PolicyInvalid:
    shown = text.strip() if len(text) < 200 else text.strip()[:200] + ".."
    return PolicyInvalid(
        f"the filter `{shown}` cannot be used: {problem}",
        hint=hint or "a filter is a condition on the dataset's columns, for example `opted_out != 1`",
    )
