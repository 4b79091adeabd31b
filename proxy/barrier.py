"""Decides whether a query may stand unfenced before filtered rows.

An engine is free to evaluate a person's expression on a row before the policy's filter removes it. That is
harmless only while no expression can raise an error or otherwise tell what it met. Expressions of the short
list below cannot; every other query reads its relations through a fence that the engine's optimizer does not cross.
Doubt means a fence: it costs time, never truth. The fence has two parts, both tried on DuckDB 2.0:

- `OFFSET 0` behind the policy's filter keeps expressions off the rows that the filter removes (2.0.0 let them meet,
  2.0.1 no longer does in any case tried, and promises nothing);
- `TRY(..)` around each cell and around the filter keeps back what the engine knows of all rows from its statistics.
  From the largest value of a filtered-out row it may see that `amount > 1000` holds nowhere, and then an expression
  beside it that would have raised never runs. Other functions drop statistics too, but where every row holds the same
  value the engine puts the value itself in the column's place, and works them out beforehand: `greatest(x, NULL)`,
  a list of one and the engine's own `__internal_barrier` then let it pass. It never works out a TRY beforehand.

What may be unfenced has no implicit cast of a row's value: both sides of a comparison are of one family of types, a
literal is of the form its other side needs, conditions are boolean by their form, and a name means a dataset's
column and nothing else in the query. So set operations, VALUES and re-used names are fenced: they can give a name
another type.

PostgreSQL calls the property LEAKPROOF (its documentation, "Rules and Privileges").
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from sqlglot import exp

from catalog.names import fold

FENCE = " OFFSET 0"

_TOTAL = (
    *(exp.With, exp.CTE, exp.From, exp.Table, exp.TableAlias, exp.Group, exp.Order),
    *(exp.Ordered, exp.Distinct, exp.Alias, exp.Star, exp.Column, exp.Identifier, exp.Paren),
    *(exp.Literal, exp.Null, exp.Boolean, exp.Placeholder, exp.Var, exp.Count, exp.AnyValue, exp.Filter, exp.Exists),
)
_RELATION_PLACES = (exp.From, exp.Join, exp.Subquery, exp.CTE, exp.Exists)
_NAMED = (exp.Alias, exp.Column, exp.Star)
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

# A literal of more digits would make a decimal that not every number of the other side fits.
_SHORT_NUMBER = re.compile(r"(?=[\d.]{1,18}\Z)\d+(\.\d*)?|\.\d{1,17}", re.ASCII)
_MOMENT = {"date": re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)}
_MOMENT["timestamp"] = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?\Z", re.ASCII)

Families = Mapping[str, str]
"""For each folded column name that means one thing in a query, the family of its type."""


def without_errors(expression: str) -> str:
    """The same expression (SQL), NULL where it cannot be computed; the engine knows nothing of its value either.

    Example:
        >>> without_errors('"_row"."amount" > 5')
        'TRY("_row"."amount" > 5)'
    """
    return f"TRY({expression})"


def families(tree: exp.Expr, columns: Iterable[tuple[str, str]]) -> Families:
    """The families of the shown columns (name, type) whose names the query gives no second meaning."""
    columns = tuple(columns)
    second = {fold(node.alias) for node in tree.find_all(exp.Alias, exp.CTE)}
    second |= {fold(name.name) for alias in tree.find_all(exp.TableAlias) for name in alias.columns}
    second |= set(_fields(tree, {fold(name) for name, _ in columns}))
    if "*" in second:
        return {}
    found: dict[str, set[str | None]] = {}
    for name, type_name in columns:
        found.setdefault(fold(name), set()).add(_FAMILY.get(type_name))
    return {
        name: family
        for name, kinds in found.items()
        if len(kinds) == 1 and (family := kinds.pop()) and name not in second and re.fullmatch(r"\w+", name)
    }


def _fields(tree: exp.Expr, shown: set[str]) -> Iterator[str]:
    """Names that may mean a field inside a column: in `contact.age`, `age`; `*` for all of a column's fields."""
    for column in tree.find_all(exp.Column):
        parts = [fold(part.name) for part in column.parts]
        if len(parts) > 2 or (len(parts) == 2 and parts[0] in shown):
            yield "*" if isinstance(column.this, exp.Star) else parts[-1]


def is_leak_proof(tree: exp.Expr, known: Families) -> bool:
    """Whether no expression of the query can tell anything of a row that it should not have met.

    Example: `select * from t where age > 40` is; `where 1 / (age - 40) > 0` is not, nor is
    `where name = 5` on a text column, since the engine would cast every name to a number.
    """
    return all(_is_harmless(node, known) for node in tree.walk())


def _is_harmless(node: exp.Expr, known: Families) -> bool:
    kind = type(node)
    check = _KNOWN_CHECKS.get(kind)
    if check is None:
        check = _KNOWN_CHECKS[kind] = _check_of(kind)
    return check(node, known)


def _check_of(node_kind: type[exp.Expr]) -> "_Check":
    """How nodes of a kind are judged: by the first check that is for them, else by whether they are on the list."""
    for kind, check in _CHECKS:
        if issubclass(node_kind, kind):
            return check
    is_total = issubclass(node_kind, _TOTAL)
    return lambda node, known: is_total


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
    """CASE and COALESCE give all their results one type, so results of several families would be cast."""
    if isinstance(node, exp.Case) and node.this is not None:
        return False
    results = _results(node)
    return len(results) < 2 or _is_comparable(results, known)


def _results(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.Coalesce):
        found = [node.this, *node.expressions]
    else:
        found = [branch.args.get("true") for branch in node.args["ifs"]] + [node.args.get("default")]
    return [result for result in found if result is not None and not isinstance(result, exp.Null)]


def _is_named(node: exp.Expr, known: Families) -> bool:
    """Outer queries see an expression without an alias under a name that the engine makes."""
    return node.parent is None or all(isinstance(item, _NAMED) for item in node.args["expressions"])


def _is_relation(node: exp.Expr, known: Families) -> bool:
    """A subquery in place of a value raises when it finds several rows."""
    return node.parent is None or isinstance(node.parent, _RELATION_PLACES)


def _is_plain_count(node: exp.Expr, known: Families) -> bool:
    return isinstance(node.expression, exp.Literal) and _is_number(node.expression)


def _is_single(node: exp.Expr, known: Families) -> bool:
    """`max(x, n)` raises when n is no good number."""
    return not any(value for key, value in node.args.items() if key != "this")


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
    """Whether all sides are of one family of types, literals too by their form, so that nothing is cast row by row."""
    sides = [side.unnest() if isinstance(side, exp.Paren) else side for side in sides]
    literals = [side for side in sides if isinstance(side, exp.Literal)]
    found = {_family(side, known) for side in sides if not isinstance(side, exp.Literal)}
    if not found:
        found = {"text" if literal.is_string else "number" for literal in literals}
    if len(found) != 1 or (family := found.pop()) is None:
        return False
    return all(_fits(literal, family) for literal in literals)


def _fits(literal: exp.Literal, family: str) -> bool:
    """Whether the engine reads a literal as a value of the family, whatever the type within it."""
    if not literal.is_string:
        return family == "number" and _is_number(literal)
    if family == "text":
        return True
    form = _MOMENT.get(family)
    if form is None or not form.match(literal.name):
        return False
    try:
        return datetime.fromisoformat(literal.name).year > 0
    except ValueError:
        return False


def _is_number(literal: exp.Literal) -> bool:
    return not literal.is_string and _SHORT_NUMBER.fullmatch(literal.name) is not None


def _family(side: exp.Expr, known: Families) -> str | None:
    if isinstance(side, exp.Paren):
        return _family(side.this, known)
    if isinstance(side, exp.Boolean):
        return "boolean"
    if isinstance(side, exp.Neg):
        return "number" if isinstance(side.this, exp.Literal) and _is_number(side.this) else None
    if isinstance(side, exp.Column) and isinstance(side.this, exp.Identifier) and not side.args.get("db"):
        return known.get(fold(side.name))
    return None


_Check = Callable[[exp.Expr, Families], bool]

_KNOWN_CHECKS: dict[type[exp.Expr], _Check] = {}

_CHECKS: tuple[tuple[type[exp.Expr] | tuple[type[exp.Expr], ...], _Check], ...] = (
    (_COMPARISONS, _compares),
    (exp.Between, _is_between),
    (exp.In, _is_in),
    (exp.Is, _is_null_test),
    (exp.Like, _is_like),
    ((exp.And, exp.Or, exp.Not, exp.Where, exp.Having, exp.If), _is_connective),
    ((exp.Case, exp.Coalesce), _is_choice),
    ((exp.Sum, exp.Avg), _adds_numbers),
    ((exp.Min, exp.Max), _is_single),
    (exp.Join, _is_plain_join),
    (exp.Select, _is_named),
    (exp.Subquery, _is_relation),
    ((exp.Limit, exp.Offset), _is_plain_count),
    (exp.Neg, lambda node, known: isinstance(node.this, exp.Literal) and _is_number(node.this)),
)
