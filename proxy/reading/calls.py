"""Writes chains of calls after dots, `name.lower().trim()`, as the plain calls that they mean.

To an engine's parser `name.lower()` may also be the function `lower` of a schema `name`; a plain call is of none.
"""

from sqlglot import exp

_KEYS = ("this", "table", "db", "catalog")
_NAMING = (exp.Column, exp.Alias, exp.TableAlias, exp.Table, exp.CTE, exp.PropertyEQ, exp.Lambda, exp.Star)


def plain_calls(tree: exp.Expr) -> None:
    """Turns every call after a dot into a call whose first argument is what stands before the dot.

    Example: `c.name.lower().replace('a', 'b')` becomes `replace(lower(c.name), 'a', 'b')`.
    """
    for dot in list(tree.find_all(exp.Dot)):  # the outer ones first: an inner one moves along as an argument
        if not isinstance(dot.parent, exp.Dot):
            _name_columns(dot)
        call = dot.expression
        if isinstance(call, exp.Anonymous):
            subject = _column(dot.this)
            dot.replace(exp.Anonymous(this=call.this, expressions=[subject, *call.expressions]))


def plain_distinct(tree: exp.Expr) -> None:
    """Leaves DISTINCT to a call's first argument, for printing: of several arguments within it a tuple would be made.

    Example: `string_agg(DISTINCT name, ', ')`, whose tree has both arguments within the DISTINCT.
    """
    for call in tree.find_all(exp.Anonymous):
        if len(call.expressions) == 1:
            ordered = call.expressions[0]
            distinct = ordered.this if isinstance(ordered, exp.Order) else ordered
            if isinstance(distinct, exp.Distinct) and len(distinct.expressions) > 1:
                first, *others = distinct.expressions
                distinct.set("expressions", [first])
                if isinstance(ordered, exp.Order):
                    ordered.set("this", others.pop())
                    others.append(ordered)
                call.set("expressions", [distinct, *others])


def plain_intervals(tree: exp.Expr) -> None:
    """Leaves one pair of brackets around the query in an `interval (select 3) day`: each printing adds another."""
    for interval in tree.find_all(exp.Interval):
        while isinstance(interval.this, exp.Subquery) and isinstance(interval.this.this, exp.Subquery):
            interval.set("this", interval.this.this)


def _column(before: exp.Expr) -> exp.Expr:
    """What stands before a dot as an expression: names joined by dots are a column."""
    names: list[exp.Identifier] = []
    node = before
    while isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
        names.insert(0, node.expression)
        node = node.this
    if not isinstance(node, exp.Identifier) or len(names) >= len(_KEYS):
        return before
    return exp.Column(**dict(zip(_KEYS, reversed([node, *names]), strict=False)))


def _name_columns(dot: exp.Dot) -> None:
    """Before a dot the parser leaves columns within brackets, `(a || b).lower()`, as bare names."""
    for name in list(dot.this.find_all(exp.Identifier)):
        above = name.parent
        if above is None or isinstance(above, (*_NAMING, exp.Dot)) or _is_of_lambda(name):
            continue
        name.replace(exp.Column(this=name.copy()))


def _is_of_lambda(name: exp.Identifier) -> bool:
    above = name.parent
    while above is not None and not isinstance(above, exp.Select):
        if isinstance(above, exp.Lambda) and any(given.name == name.name for given in above.expressions):
            return True
        above = above.parent
    return False
