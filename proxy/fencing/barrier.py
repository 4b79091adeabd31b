"""Decides whether a query may stand unfenced before filtered rows.

An engine is free to evaluate a person's expression on a row before the policy's filter removes it. That is
harmless only while no expression can raise an error or otherwise tell what it met. Expressions on the
lists below cannot; every other query reads its relations through a fence that the engine's optimizer does not cross.
Doubt means a fence: it costs time, never truth. The fence has two parts, both tried on DuckDB 2.0:

- `OFFSET 0` behind the policy's filter keeps expressions off the rows that the filter removes (2.0.0 let them meet,
  2.0.1 no longer does in any case tried, and promises nothing);
- `TRY(..)` around each cell and around the filter keeps back what the engine knows of all rows from its statistics.
  From the largest value of a filtered-out row it may see that `amount > 1000` holds nowhere, and then an expression
  beside it that would have raised never runs. Other functions drop statistics too, but where every row holds the same
  value the engine puts the value itself in the column's place, and works them out beforehand: `greatest(x, NULL)`,
  a list of one and the engine's own `__internal_barrier` then let it pass. It never works out a TRY beforehand, but
  without `OFFSET 0` it looks into one: that `CASE WHEN x IS NOT NULL THEN 0 END` is never NULL it knows all the same.

What may be unfenced has no implicit cast of a row's value: both sides of a comparison are of one family of types, a
literal is of the form its other side needs, and a function is called where its row in the table of functions says that
it never raises. A name has one family in all the query, whatever it means: VALUES, recursion, columns that are named
anew, and aliases of several families are fenced. Families are worked out in families.py, exact numbers in numbers.py.

What may raise needs no fence either where it is worked out last; late.py finds those queries. What an outer join makes
the engine count wrong is written so that it does not (outer_joins.py).

PostgreSQL calls the property LEAKPROOF (its documentation, "Rules and Privileges").
"""

from collections.abc import Callable, Iterator

from sqlglot import exp

from proxy.fencing.families import (
    CALLS,
    Families,
    columns_of,
    family,
    gives_one_row,
    is_alike,
    is_comparable,
    is_number,
    is_of,
    is_place,
    literal,
    results,
    set_columns,
    signature,
)

FENCE = " OFFSET 0"

_TOTAL = (
    *(exp.CTE, exp.From, exp.Table, exp.TableAlias, exp.Group, exp.Order),
    *(exp.Ordered, exp.Distinct, exp.Alias, exp.Star, exp.Column, exp.Identifier, exp.Paren),
    *(exp.Literal, exp.Null, exp.Boolean, exp.Placeholder, exp.Var, exp.DataType, exp.DataTypeParam, exp.Filter),
    exp.Exists,
)
_RELATION_PLACES = (exp.From, exp.Join, exp.Subquery, exp.CTE, exp.Exists, exp.In, exp.SetOperation)
_VALUE_PLACES = (exp.In, exp.Binary, exp.Alias, exp.Between)
_NAMED = (exp.Alias, exp.Column, exp.Star)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ)
_OF_WINDOWS = frozenset({"this", "partition_by", "order", "spec", "over"})
_OF_FRAMES = frozenset({"kind", "start", "start_side", "end", "end_side"})


def without_errors(expression: str) -> str:
    """The same expression (SQL), NULL where it cannot be computed; the engine knows nothing of its value either.

    Example:
        >>> without_errors('"_row"."amount" > 5')
        'TRY("_row"."amount" > 5)'
    """
    return f"TRY({expression})"


def is_leak_proof(tree: exp.Expr, known: Families) -> bool:
    """Whether no expression of the query can tell anything of a row that it should not have met.

    Example: `select * from t where age > 40` is; `where 1 / (age - 40) > 0` is not, nor is
    `where name = 5` on a text column, since the engine would cast every name to a number.
    """
    return next(harmful(tree, known), None) is None


def harmful(tree: exp.Expr, known: Families) -> Iterator[exp.Expr]:
    """The nodes of a query that may tell something of a row that they should not have met.

    Example: of `select name from t where 1 / (age - 40) > 0` the difference, the division and the comparison.
    """
    inner_first = reversed([*tree.walk()])  # so that what is asked of a part is known when the whole is judged
    return reversed([node for node in inner_first if not _is_harmless(node, known)])


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
    return is_comparable([node.this, node.expression], known)


def _is_between(node: exp.Expr, known: Families) -> bool:
    return is_comparable([node.this, node.args["low"], node.args["high"]], known)


def _is_in(node: exp.Expr, known: Families) -> bool:
    """Among values, or among what a subquery of one column finds."""
    query = node.args.get("query")
    if query is None:
        return bool(node.expressions) and is_comparable([node.this, *node.expressions], known)
    found = columns_of(query, known)
    return found is not None and len(found) == 1 and is_of(node.this, found[0], known)


def _is_null_test(node: exp.Expr, known: Families) -> bool:
    return isinstance(node.expression, exp.Null)


def _is_like(node: exp.Expr, known: Families) -> bool:
    return family(node.this, known) == "text" and isinstance(node.expression, exp.Literal)


def _is_connective(node: exp.Expr, known: Families) -> bool:
    return all(_is_boolean(part, known) for part in (node.this, node.args.get("expression")) if part is not None)


def _is_branch(node: exp.Expr, known: Families) -> bool:
    """A branch of CASE, or the function `if`, which gives its two results one type."""
    return _is_boolean(node.this, known) and (
        isinstance(node.parent, exp.Case) or is_alike([node.args["true"], node.args.get("false") or exp.null()], known)
    )


def _is_case(node: exp.Expr, known: Families) -> bool:
    """CASE gives all its results one type, so results of several families would be cast."""
    return node.this is None and (len(found := results(node)) < 2 or is_alike(found, known))


def _is_coalesce(node: exp.Expr, known: Families) -> bool:
    return not node.expressions or is_alike([node.this, *node.expressions], known)


def _is_total_call(node: exp.Expr, known: Families) -> bool:
    return signature(node, known) is not None or (isinstance(node, exp.Sum) and family(node, known) is not None)


def _has_family(node: exp.Expr, known: Families) -> bool:
    return family(node, known) is not None


def _is_named(node: exp.Expr, known: Families) -> bool:
    """Outer queries see an expression without an alias under a name that the engine makes, if they see its name."""
    above = node.parent
    is_second = isinstance(above, exp.SetOperation) and above.expression is node
    is_value = isinstance(above, exp.Subquery) and isinstance(above.parent, _VALUE_PLACES)
    return above is None or is_second or is_value or all(isinstance(item, _NAMED) for item in node.args["expressions"])


def _is_relation(node: exp.Expr, known: Families) -> bool:
    """A subquery in place of a value raises when it finds several rows."""
    return node.parent is None or isinstance(node.parent, _RELATION_PLACES) or gives_one_row(node, known)


def _is_plain_union(node: exp.Expr, known: Families) -> bool:
    """A name keeps its family where both sides have the same families in the same order."""
    return isinstance(node, exp.SetOperation) and set_columns(node, known) is not None


def _is_not_recursive(node: exp.Expr, known: Families) -> bool:
    """A recursive part is cast to the types of what it starts from."""
    return not node.args.get("recursive")


def _is_plain_window(node: exp.Expr, known: Families) -> bool:
    return not any(value for key, value in node.args.items() if key not in _OF_WINDOWS)


def _is_plain_frame(node: exp.Expr, known: Families) -> bool:
    """A frame that begins and ends at the ends or at the row, or a few rows from it."""
    ends = [node.args.get("start"), node.args.get("end")]
    has_more = any(value for key, value in node.args.items() if key not in _OF_FRAMES)
    is_rows = str(node.args.get("kind")).upper() == "ROWS"
    return not has_more and all(end is None or isinstance(end, str) or (is_rows and is_place(end)) for end in ends)


def _is_plain_count(node: exp.Expr, known: Families) -> bool:
    return isinstance(node.expression, exp.Literal) and is_number(node.expression)


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
        and all(is_comparable([exp.column(name.name)], known) for name in using)
    )


def _is_boolean(node: exp.Expr, known: Families) -> bool:
    """Whether a condition is boolean by its form; a bare text column would be cast, row by row."""
    return family(node, known) == "boolean"


_Check = Callable[[exp.Expr, Families], bool]

_KNOWN_CHECKS: dict[type[exp.Expr], _Check] = {}

_CHECKS: tuple[tuple[type[exp.Expr] | tuple[type[exp.Expr], ...], _Check], ...] = (
    (_COMPARISONS, _compares),
    (exp.Between, _is_between),
    (exp.In, _is_in),
    (exp.Is, _is_null_test),
    ((exp.Like, exp.ILike), _is_like),
    (exp.If, _is_branch),
    ((exp.And, exp.Or, exp.Not, exp.Where, exp.Having, exp.Qualify), _is_connective),
    (exp.Case, _is_case),
    (exp.Coalesce, _is_coalesce),
    ((exp.Count, exp.AnyValue), lambda node, known: True),
    ((exp.Min, exp.Max), _is_single),
    (CALLS, _is_total_call),
    ((exp.Cast, exp.Add, exp.Sub, exp.Mul, exp.Div), _has_family),
    (exp.Neg, lambda node, known: literal(node) is not None or family(node, known) is not None),
    (exp.Window, _is_plain_window),
    (exp.WindowSpec, _is_plain_frame),
    (exp.Join, _is_plain_join),
    (exp.With, _is_not_recursive),
    (exp.Select, _is_named),
    (exp.SetOperation, _is_plain_union),
    (exp.Subquery, _is_relation),
    ((exp.Limit, exp.Offset), _is_plain_count),
)
