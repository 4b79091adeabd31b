"""Makes of DESCRIBE and SUMMARIZE plain queries, whose datasets are then governed as anywhere else.

`DESCRIBE shop.orders` becomes `SELECT * FROM (DESCRIBE SELECT * FROM shop.orders)`: the engine describes what comes
out of the governed relation, and a summary aggregates the governed rows.
"""

from sqlglot import exp

DESCRIBING = (exp.Describe, exp.Summarize)


def plain_descriptions(tree: exp.Expr) -> exp.Expr:
    """The tree with each description of a dataset turned into one of a query over it; a root becomes a SELECT."""
    for node in list(tree.find_all(*DESCRIBING)):
        if isinstance(node.this, exp.Table):
            dataset = node.this
            node.set("this", exp.select("*").from_(dataset.copy()))
    if isinstance(tree, DESCRIBING):
        return exp.select("*").from_(exp.Subquery(this=tree))
    return tree


def is_plain_description(node: exp.Expr) -> bool:
    """Whether a description asks about a query, in the one way that is answered."""
    return isinstance(node.this, exp.Query) and not any(value for key, value in node.args.items() if key != "this")
