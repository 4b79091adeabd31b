"""Which PIVOT and UNPIVOT are answered: those that name their values or columns, over any governed relation.

A PIVOT without its values is several statements to the engine, the first of which reads them; so the person names
them. As a statement of its own it becomes `SELECT * FROM (PIVOT ..)`.
"""

from collections.abc import Iterator

from sqlglot import exp

from catalog.errors import SqlUnsupported

_KNOWN = frozenset(
    """
    alias columns expressions fields group include_nulls into pivot_column_naming this unpivot using with_
    """.split()
)


def plain_pivot(tree: exp.Expr) -> exp.Expr:
    """A PIVOT that is the whole statement as a SELECT over it; any other tree as it is."""
    if not isinstance(tree, exp.Pivot):
        return tree
    clause = tree.args.get("with_")
    tree.set("with_", None)
    select = exp.select("*").from_(exp.Subquery(this=tree))
    select.set("with_", clause)
    return select


def with_whole_names(tree: exp.Expr) -> exp.Expr:
    """The tree with each qualified name in a PIVOT as a path, of which the printer leaves nothing out.

    Of columns it would: `exists (from t where t.k = c.k)` in the query of a PIVOT would come to be `k = k`.
    """
    for pivot in list(tree.find_all(exp.Pivot)):
        for column in list(pivot.find_all(exp.Column)):
            if column.args.get("table") is not None:
                column.replace(exp.Dot.build(column.parts))
    return tree


def check_pivot(node: exp.Pivot) -> None:
    """Raises SqlUnsupported for what cannot be answered, naming what can."""
    if any(value for key, value in node.args.items() if key not in _KNOWN):
        raise SqlUnsupported("a clause of this PIVOT is not supported here", hint=_HINT)
    if any(part.find(exp.Query) for part in _parts(node)):
        raise SqlUnsupported("a PIVOT that holds a query in its clauses is not supported here", hint=_HINT)
    values = node.args.get("fields") or node.expressions
    if not node.args.get("unpivot") and not all(isinstance(value, exp.In) and value.expressions for value in values):
        raise SqlUnsupported("a PIVOT that does not name its values is not supported here", hint=_HINT)


_HINT = "name the values, `PIVOT t ON region IN ('EU', 'US') USING sum(amount)`; SELECT DISTINCT gives them"


def _parts(node: exp.Pivot) -> Iterator[exp.Expr]:
    """What a PIVOT holds beside the relation it reads."""
    for key in ("expressions", "fields", "using", "group", "into"):
        value = node.args.get(key)
        for part in value if isinstance(value, list) else (value,):
            if isinstance(part, exp.Expr):
                yield part
