"""What a row filter may be made of: the allow-list of its syntax and functions, and nothing beside it."""

from collections.abc import Callable, Iterator

from sqlglot import exp
from sqlglot.errors import ErrorLevel

from catalog.errors import PolicyInvalid
from catalog.lookup import tag_name
from catalog.names import nearest
from catalog.sql_texts import TextLimits, TooMuchSql, Unreadable, parsed
from policy_engine.filters.functions import FACTS, FUNCTIONS, OPERATORS, TYPES, UNIT_HOLDERS, UNITS

DIALECT = "duckdb"
_LONGEST = 20_000
_MOST_NESTED = 100
_LIMITS = TextLimits(characters=_LONGEST, tokens=_LONGEST, depth=_MOST_NESTED)

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
_INSTEAD = {
    "a subquery": "look into another dataset by `x in (select column from database.dataset where ..)`",
    "an aggregate": "a filter looks at one row at a time: `age > 40`",
    "a window function": "a filter looks at one row at a time: `age > 40`",
    "a parameter": "write the value itself, or ask for one of the person's with `user_attribute('region')`",
}
_TAKEN = {
    "one text in single quotes": "for example `user_attribute('region')`",
    "no argument": "leave the brackets empty",
}
_LOOKUP_EXAMPLE = "for example `region in (select region from staff.rights where person = current_user())`"
_LOOKUP_FORM = "a lookup is written `x IN (SELECT column FROM database.dataset WHERE ..)`, and nothing beside it"


def read(text: str) -> exp.Expr:
    """The one expression that a filter's text says; raises PolicyInvalid for anything off the list.

    Example: `opted_out != 1 and region in user_attribute('regions')`.
    """
    if len(text) > _LONGEST:
        raise PolicyInvalid(f"the filter is longer than {_LONGEST} characters", hint="split it into several policies")
    try:
        expressions = parsed(text, DIALECT, _LIMITS)
    except TooMuchSql as error:
        raise _invalid(text, str(error), "write it with fewer brackets, or split it into several policies") from None
    except Unreadable as error:
        raise _invalid(text, "it is no SQL expression") from error
    if len(expressions) != 1:
        raise _invalid(text, "it must be exactly one expression")
    expression = expressions[0]
    _check_depth(text, expression)
    frames = frozenset(id(part) for lookup in _lookup_nodes(expression) for part in _frame(text, lookup))
    for node in expression.walk():
        if id(node) not in frames:
            _check(text, node)
    return expression


def print_sql(expression: exp.Expr) -> str:
    """The expression for the engine: the canonical dialect, every name in double quotes, no comments; uses it up."""
    return expression.sql(DIALECT, identify=True, comments=False, copy=False, unsupported_level=ErrorLevel.RAISE)


def print_text(expression: exp.Expr, *, copy: bool = True) -> str:
    """The expression for people: names quoted only where they were, functions in lower case.

    Without a copy it is quicker, and uses the expression up.
    """
    return expression.sql(
        DIALECT, normalize_functions="lower", comments=False, copy=copy, unsupported_level=ErrorLevel.RAISE
    )


def path_of(node: exp.Expr) -> tuple[str, ...]:
    """The names of a column reference, outermost first: `contact.city` is two."""
    if not isinstance(node, exp.Column | exp.Dot):
        return ()
    return tuple(part.name for part in node.parts)


def lookups(expression: exp.Expr) -> tuple[exp.Select, ...]:
    """The SELECT of every lookup, in order."""
    return tuple(node.args["query"].this for node in _lookup_nodes(expression))


def references(expression: exp.Expr) -> Iterator[exp.Expr]:
    """Every column reference as a whole, a deep one not again for its parts; those of lookups are not among them."""
    inside = {id(node) for lookup in lookups(expression) for node in lookup.walk()} - {id(expression)}
    for node in expression.find_all(exp.Column, exp.Dot):
        if not isinstance(node.parent, exp.Dot) and id(node) not in inside:
            yield node


def _lookup_nodes(expression: exp.Expr) -> list[exp.In]:
    return [node for node in expression.find_all(exp.In) if node.args.get("query")]


def _frame(text: str, lookup: exp.In) -> Iterator[exp.Expr]:
    """The nodes that make a lookup a lookup; what stands in them is checked like any other expression."""
    subquery = lookup.args["query"]
    select = subquery.this
    if not isinstance(subquery, exp.Subquery) or not isinstance(select, exp.Select) or _given(subquery) != ["this"]:
        raise _invalid(text, _LOOKUP_FORM, _LOOKUP_EXAMPLE)
    table = select.args["from_"].this if select.args.get("from_") else None
    is_plain = set(_given(select)) <= {"expressions", "from_", "where"} and set(_given(lookup)) == {"this", "query"}
    if not is_plain or len(select.expressions) != 1 or not isinstance(select.expressions[0], exp.Column | exp.Dot):
        raise _invalid(text, _LOOKUP_FORM, _LOOKUP_EXAMPLE)
    if not isinstance(table, exp.Table) or set(_given(table)) != {"this", "db"}:
        problem = "a lookup names its dataset in full, as `database.dataset`, without an alias"
        raise _invalid(text, problem, _LOOKUP_EXAMPLE)
    if not all(isinstance(table.args[key], exp.Identifier) for key in ("this", "db")):
        raise _invalid(text, _LOOKUP_FORM, _LOOKUP_EXAMPLE)
    where = select.args.get("where")
    if where is not None and any(_asks_of_tags(node) or _is_lookup(node) for node in where.walk()):
        raise _invalid(text, "the WHERE of a lookup asks for no tags and holds no further lookup")
    yield from (subquery, select, select.args["from_"], table, *([where] if where is not None else []))


def _is_lookup(node: exp.Expr) -> bool:
    return isinstance(node, exp.In) and bool(node.args.get("query"))


def _asks_of_tags(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and str(node.this).lower() in ("has_tag", "columns_with_attribute")


def _check(text: str, node: exp.Expr) -> None:
    kind = type(node)
    if kind is exp.Anonymous:
        _check_fact(text, node)
    elif kind not in OPERATORS and kind not in FUNCTIONS:
        what = _name(node)
        raise _invalid(text, f"{what} is not allowed in a filter", _INSTEAD.get(what, ""))
    check = _CHECKS.get(kind)
    if check is not None and (problem := check(node)):
        raise _invalid(text, problem)
    for key, value in node.args.items():
        if isinstance(value, str) and kind not in _TEXT_HOLDERS and (kind, key) != (exp.Trim, "position"):
            raise _invalid(text, f"{_name(node)} is not allowed in this form")


_TEXT_HOLDERS = frozenset({exp.Literal, exp.Identifier, exp.Anonymous, exp.Var})


def _check_fact(text: str, node: exp.Expr) -> None:
    name = str(node.this).lower()
    if name not in FACTS:
        near = nearest(name, (*FACTS, "current_user", *_function_names()))
        hint = f"did you mean `{near}`?" if near else ""
        raise _invalid(text, f"there is no function `{name}` for filters", hint)
    if not _FITS[name](node.expressions):
        raise _invalid(text, f"`{name}` takes {FACTS[name]}", _TAKEN.get(FACTS[name], ""))
    if name == "has_tag" and not _is_condition(node):
        raise _invalid(text, "`has_tag` stands as a condition by itself, joined by AND, OR and NOT only")
    if _asks_of_tags(node):
        try:
            tag_name(node.expressions[-1].this)
        except PolicyInvalid as error:
            raise _invalid(text, error.detail, error.hint) from None


def _is_condition(node: exp.Expr) -> bool:
    above = node.parent
    while above is not None and isinstance(above, exp.And | exp.Or | exp.Not | exp.Paren):
        above = above.parent
    return above is None


def _is_one_text(arguments: list[exp.Expr]) -> bool:
    return len(arguments) == 1 and _is_text(arguments[0])


def _is_value_and_set(arguments: list[exp.Expr]) -> bool:
    return len(arguments) == 2 and (_is_text(arguments[1]) or is_attribute(arguments[1]))


def _is_column_and_tag(arguments: list[exp.Expr]) -> bool:
    return (
        len(arguments) == 2
        and (_is_text(arguments[0]) or isinstance(arguments[0], exp.Column | exp.Dot))
        and _is_text(arguments[1])
    )


_FITS: dict[str, Callable[[list[exp.Expr]], bool]] = {
    "user_attribute": _is_one_text,
    "has_role": _is_one_text,
    "in_group": _is_one_text,
    "now": lambda arguments: not arguments,
    "purpose": lambda arguments: not arguments,
    "in_set": _is_value_and_set,
    "has_tag": _is_column_and_tag,
    "columns_with_attribute": _is_one_text,
}


def is_attribute(node: object) -> bool:
    """Whether a node is `user_attribute('..')`."""
    return isinstance(node, exp.Anonymous) and str(node.this).lower() == "user_attribute"


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
    if node.expressions and set(_given(node)) == {"this", "expressions"}:
        return ""
    if set(_given(node)) == {"this", "query"}:
        return ""
    is_set = set(_given(node)) == {"this", "field"} and is_attribute(node.args["field"])
    return "" if is_set else "IN takes a list of values, `user_attribute('..')`, or a lookup"


def _check_between(node: exp.Expr) -> str:
    """Printed, it stands there twice, and within another one four times."""
    return "write `x BETWEEN least(a, b) AND greatest(a, b)` for SYMMETRIC" if node.args.get("symmetric") else ""


def _check_timestamp(node: exp.Expr) -> str:
    return "CURRENT_TIMESTAMP takes no precision here" if _given(node) else ""


def _check_unit(node: exp.Expr) -> str:
    is_unit = node.name.upper() in UNITS and isinstance(node.parent, UNIT_HOLDERS) and node.arg_key == "unit"
    return "" if is_unit else f"units of time are {', '.join(sorted(unit.lower() for unit in UNITS))}"


def _check_interval(node: exp.Expr) -> str:
    amount, is_plain = node.this, isinstance(node.args.get("unit"), exp.Var)
    is_number = isinstance(amount, exp.Literal) and str(amount.this).lstrip("-").isdecimal()
    return "" if is_plain and is_number else "an interval is a number and a unit, as `interval 30 day`"


_CHECKS: dict[type[exp.Expr], Callable[[exp.Expr], str]] = {
    exp.Cast: _check_cast,
    exp.TryCast: _check_cast,
    exp.DataType: _check_type,
    exp.Column: _check_reference,
    exp.Dot: _check_reference,
    exp.In: _check_in,
    exp.Between: _check_between,
    exp.CurrentTimestamp: _check_timestamp,
    exp.CurrentDate: _check_timestamp,
    exp.Var: _check_unit,
    exp.Interval: _check_interval,
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
    written = node.sql(DIALECT) if isinstance(node, exp.Func) else ""
    is_call = written.partition("(")[0].isidentifier()
    return f"`{written.partition('(')[0].lower()}()`" if is_call else f"`{node.key.upper()}`"


def _function_names() -> set[str]:
    return {kind.key for kind in FUNCTIONS}


def _invalid(text: str, problem: str, hint: str = "") -> PolicyInvalid:
    shown = text.strip() if len(text) < 200 else text.strip()[:200] + ".."
    return PolicyInvalid(
        f"the filter `{shown}` cannot be used: {problem}",
        hint=hint or "a filter is a condition on the dataset's columns, for example `opted_out != 1`",
    )
