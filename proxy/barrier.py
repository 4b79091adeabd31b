"""Decides whether a query may stand unfenced before filtered rows.

An engine is free to evaluate a person's expression on a row before the policy's filter removes it. That is
harmless only while no expression can raise an error or otherwise tell what it met. Expressions of the short
list below cannot; every other query reads its filtered relations through a fence that the engine's optimizer does
not cross (`OFFSET 0`, tried on DuckDB 2.0). Doubt means a fence: it costs time, never truth.

What may be unfenced has no implicit cast of a row's value: both sides of a comparison are of one family of types,
conditions are boolean by their form, and a name means a dataset's column and nothing else in the query. So set
operations, VALUES and re-used names are fenced: they can give a name another type.

PostgreSQL calls the property LEAKPROOF (its documentation, "Rules and Privileges").
"""

import re
from collections.abc import Callable, Iterable, Mapping

from sqlglot import exp

from catalog.names import fold

FENCE = " OFFSET 0"

_TOTAL = (
    *(exp.Select, exp.Subquery, exp.With, exp.CTE, exp.From, exp.Table, exp.TableAlias, exp.Group, exp.Order),
    *(exp.Ordered, exp.Limit, exp.Offset, exp.Distinct, exp.Alias, exp.Star, exp.Column, exp.Identifier, exp.Paren),
    *(exp.Literal, exp.Null, exp.Boolean, exp.Placeholder, exp.Var, exp.Count, exp.Min, exp.Max, exp.AnyValue),
    *(exp.Coalesce, exp.Filter, exp.Exists),
)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ)
_BOOLEAN_FORMS = (*_COMPARISONS, exp.Between, exp.In, exp.Is, exp.Like, exp.And, exp.Or, exp.Not, exp.Exists)
_FAMILIES = {
    "number": ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "FLOAT", "DOUBLE"),
    "text": ("VARCHAR",),
    "date": ("DATE",),
    "timestamp": ("TIMESTAMP",),
    "boolean": ("BOOLEAN",),
}
_FAMILY = {name: family for family, names in _FAMILIES.items() for name in names}

Families = Mapping[str, str]
"""For each folded column name that means one thing in a query, the family of its type."""


def families(tree: exp.Expr, columns: Iterable[tuple[str, str]]) -> Families:
    """The families of the shown columns (name, type) whose names the query gives no second meaning."""
    renamed = {fold(node.alias) for node in tree.find_all(exp.Alias, exp.CTE)}
    renamed |= {fold(name.name) for alias in tree.find_all(exp.TableAlias) for name in alias.columns}
    found: dict[str, set[str | None]] = {}
    for name, type_name in columns:
        found.setdefault(fold(name), set()).add(_FAMILY.get(type_name))
    return {
        name: family
        for name, kinds in found.items()
        if len(kinds) == 1 and (family := kinds.pop()) and name not in renamed and re.fullmatch(r"\w+", name)
    }


def is_leak_proof(tree: exp.Expr, known: Families) -> bool:
    """Whether no expression of the query can tell anything of a row that it should not have met.

    Example: `select * from t where age > 40` is; `where 1 / (age - 40) > 0` is not, nor is
    `where name = 5` on a text column, since the engine would cast every name to a number.
    """
    return all(_is_harmless(node, known) for node in tree.walk())


def _is_harmless(node: exp.Expr, known: Families) -> bool:
    for kind, check in _CHECKS:
        if isinstance(node, kind):
            return check(node, known)
    return isinstance(node, _TOTAL)


def _compares(node: exp.Expr, known: Families) -> bool:
    return _is_comparable([node.this, node.expression], known)


def _is_between(node: exp.Expr, known: Families) -> bool:
    return _is_comparable([node.this, node.args["low"], node.args["high"]], known)


def _is_in(node: exp.Expr, known: Families) -> bool:
    return bool(node.expressions) and _is_comparable([node.this, *node.expressions], known)


def _is_null_test(node: exp.Expr, known: Families) -> bool:
    return isinstance(node.expression, exp.Null)


def _is_like(node: exp.Expr, known: Families) -> bool:
    return _family(node.this, known) == "text" and isinstance(node.expression, exp.Literal)


def _is_connective(node: exp.Expr, known: Families) -> bool:
    return all(_is_boolean(part, known) for part in (node.this, node.args.get("expression")) if part is not None)


def _adds_numbers(node: exp.Expr, known: Families) -> bool:
    return _family(node.this, known) == "number"


def _is_choice(node: exp.Expr, known: Families) -> bool:
    return node.this is None


def _is_plain_join(node: exp.Expr, known: Families) -> bool:
    """USING compares the two sides as `=` does; NATURAL and ASOF compare what is not written, so they are fenced."""
    condition = node.args.get("on")
    using = node.args.get("using") or []
    return (
        not node.args.get("method")
        and (condition is None or _is_boolean(condition, known))
        and all(_is_comparable([exp.column(name.name)], known) for name in using)
    )


def _is_boolean(node: exp.Expr, known: Families) -> bool:
    """Whether a condition is boolean by its form; a bare text column would be cast, row by row."""
    if isinstance(node, exp.Paren):
        return _is_boolean(node.this, known)
    return isinstance(node, _BOOLEAN_FORMS) or _family(node, known) == "boolean"


def _is_comparable(sides: list[exp.Expr], known: Families) -> bool:
    """Whether all sides are columns and literals of one family of types, so that nothing is cast row by row."""
    found = {_family(side, known) for side in sides}
    found.discard("any")
    return None not in found and len(found) == 1


def _family(side: exp.Expr, known: Families) -> str | None:
    if isinstance(side, exp.Paren):
        return _family(side.this, known)
    if isinstance(side, exp.Literal):
        return "any" if side.is_string else "number"
    if isinstance(side, exp.Boolean):
        return "boolean"
    if isinstance(side, exp.Neg):
        return "number" if isinstance(side.this, exp.Literal) else None
    if isinstance(side, exp.Column) and isinstance(side.this, exp.Identifier) and not side.args.get("db"):
        return known.get(fold(side.name))
    return None


_Check = Callable[[exp.Expr, Families], bool]

_CHECKS: tuple[tuple[type[exp.Expr] | tuple[type[exp.Expr], ...], _Check], ...] = (
    (_COMPARISONS, _compares),
    (exp.Between, _is_between),
    (exp.In, _is_in),
    (exp.Is, _is_null_test),
    (exp.Like, _is_like),
    ((exp.And, exp.Or, exp.Not, exp.Where, exp.Having, exp.If), _is_connective),
    (exp.Case, _is_choice),
    ((exp.Sum, exp.Avg), _adds_numbers),
    (exp.Join, _is_plain_join),
    (exp.Neg, lambda node, known: isinstance(node.this, exp.Literal)),
)
