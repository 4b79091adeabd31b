"""Gives one order to rows that nobody ordered, where their order would tell which rows a policy leaves out.

An engine works on some two thousand rows at a time, as they lie in a file, and leaves rows out of each such piece. What
joins it to others gives the pairs of one piece in an order of its own, and what sorts, groups or numbers rows takes
pieces as its threads come by them. So the order of an answer would show where each piece ends: how many rows that are
left out lie between those that are seen, or how long hidden texts before them are.
"""

from sqlglot import exp

from proxy.reading.functions import CALLABLE

_AGGREGATES = frozenset({exp.Avg, exp.Count, exp.CountIf, exp.LogicalAnd, exp.LogicalOr, exp.Max, exp.Min, exp.Sum})
_ALIKE = frozenset(
    "avg bit_and bit_or bit_xor bool_and bool_or count count_if count_star cume_dist dense_rank max median min "
    "percent_rank quantile_cont quantile_disc rank rank_dense stddev stddev_pop stddev_samp sum var_pop var_samp "
    "variance".split()
)
"""Aggregates and functions of windows that find the same whatever order their rows come in."""

_OF_PLAIN = frozenset({"expressions", "from_", "where", "limit", "offset"})
_OF_DERIVED = frozenset({"this", "alias"})
_KINDS_IN_ORDER = frozenset({"ASOF", "POSITIONAL"})


def keeps_order(tree: exp.Expr) -> bool:
    """Whether a statement chooses rows of one relation, works out columns of each, and no more: they come as that gives
    them, in whatever pieces they are taken.

    Example:
        >>> from proxy.reading.statement import read
        >>> [keeps_order(read(sql).tree) for sql in ("select a + 1 from t limit 5", "select a from t order by b")]
        [True, False]
    """
    if isinstance(tree, exp.Subquery):
        return _has_only(tree, _OF_DERIVED) and keeps_order(tree.this)
    if isinstance(tree, exp.Describe):
        return True  # it tells of the columns in their order, and no row is read
    if isinstance(tree, exp.Table):
        return not tree.args.get("joins") and not any(isinstance(node, exp.TableSample) for node in tree.walk())
    source = tree.args.get("from_")
    if not isinstance(tree, exp.Select) or not isinstance(source, exp.From) or not _has_only(tree, _OF_PLAIN):
        return False
    worked_out = [*tree.expressions, *filter(None, [tree.args.get("where")])]
    is_of_rows = not any(_is_of_several_rows(node) for item in worked_out for node in item.walk())
    return is_of_rows and keeps_order(source.this)


def keys_of_all(tree: exp.Expr) -> list[exp.Expr] | None:
    """The keys of order that leave one order to what a statement finds, behind those that it has; None where what it
    finds may hang on pieces whatever its last order is, as where something within it takes rows as they come.

    Example:
        >>> from proxy.reading.statement import read
        >>> for sql in ("select a, b as c from t join u using (a) order by b limit 5", "select first(a) from t, u"):
        ...     keys = keys_of_all(read(sql).tree)
        ...     print(keys and [key.sql("duckdb") for key in keys])
        ['1', '2']
        None
    """
    if not isinstance(tree, exp.Select | exp.SetOperation) or any(_takes_order(node, tree) for node in tree.walk()):
        return None
    if _is_one_row(tree) or _is_ordered_by_all(tree):
        return []
    columns = _columns(tree)
    if columns is not None:
        return [exp.Ordered(this=exp.Literal.number(place)) for place in range(1, columns + 1)]
    return None if tree.args.get("order") else [exp.Ordered(this=exp.var("ALL"))]


def add_order(tree: exp.Expr, keys: list[exp.Expr]) -> None:
    """Puts keys behind those by which a statement is ordered."""
    order = tree.args.get("order")
    if isinstance(order, exp.Order):
        order.set("expressions", [*order.expressions, *keys])
    else:
        tree.set("order", exp.Order(expressions=keys))


def take_order(tree: exp.Expr, keys: list[exp.Expr]) -> None:
    """Undoes `add_order`."""
    order = tree.args["order"]
    before = order.expressions[: -len(keys)]
    if before:
        order.set("expressions", before)
    else:
        tree.set("order", None)


def _columns(query: exp.Expr) -> int | None:
    """How many columns a query has; None where only the engine knows."""
    while isinstance(query, exp.SetOperation):
        if query.args.get("by_name"):
            return None
        query = query.this
    if isinstance(query, exp.Subquery):
        return _columns(query.this)
    if not isinstance(query, exp.Select) or not all(map(_is_one, query.expressions)):
        return None
    return len(query.expressions)


def _is_one_row(tree: exp.Expr) -> bool:
    """Whether a statement is one row of aggregates over all its rows."""
    if not isinstance(tree, exp.Select) or tree.args.get("group") or tree.find(exp.Unnest, exp.Explode, exp.Window):
        return False
    return any(_is_of_several_rows(item.unalias()) and _is_alike(item.unalias()) for item in tree.expressions)


def _is_ordered_by_all(tree: exp.Expr) -> bool:
    order = tree.args.get("order")
    return isinstance(order, exp.Order) and any(isinstance(key.this, exp.Var) for key in order.expressions)


def _is_one(item: exp.Expr) -> bool:
    """Whether an item of a SELECT is one column: neither a star nor what may become several."""
    if isinstance(item, exp.Column):
        return isinstance(item.this, exp.Identifier)
    return isinstance(item, exp.Alias) and not any(
        isinstance(node, exp.Star | exp.Columns | exp.Unnest | exp.Explode) and not isinstance(node.parent, exp.Count)
        for node in item.walk()
    )


def _takes_order(node: exp.Expr, tree: exp.Expr) -> bool:
    """Whether what a part of a statement finds may hang on the order in which rows come to it."""
    if isinstance(node, exp.Limit | exp.Offset | exp.Fetch):
        return node.parent is not tree
    if isinstance(node, exp.Distinct):
        return bool(node.args.get("on"))
    if isinstance(node, exp.Join):
        return f"{node.args.get('method') or ''} {node.args.get('kind') or ''}".upper().strip() in _KINDS_IN_ORDER
    if isinstance(node, exp.With):
        return bool(node.args.get("recursive"))
    if isinstance(node, exp.Array | exp.List):
        return any(isinstance(item, exp.Query) for item in node.iter_expressions())
    if isinstance(node, exp.Window):
        frame = node.args.get("spec")
        return isinstance(frame, exp.Expr) and str(frame.args.get("kind")).upper() != "RANGE"
    if isinstance(node, exp.Pivot | exp.Summarize | exp.TableSample):
        return True
    return _is_of_several_rows(node) and not _is_alike(node)


def _is_of_several_rows(node: exp.Expr) -> bool:
    """Whether a part of an expression is worked out of more than one row, or may be."""
    if isinstance(node, exp.Anonymous):
        function = CALLABLE.get(node.name.lower())
        return function is None or function.kind != "scalar"
    if isinstance(node, exp.Func):
        kinds = {CALLABLE[name.lower()].kind for name in node.sql_names() if name.lower() in CALLABLE}
        return isinstance(node, exp.AggFunc) or not kinds <= {"scalar"}
    return isinstance(node, exp.Query | exp.Window)


def _is_alike(node: exp.Expr) -> bool:
    if isinstance(node, exp.Anonymous):
        return node.name.lower() in _ALIKE
    return isinstance(node, exp.Query | exp.Window) or type(node) in _AGGREGATES


def _has_only(node: exp.Expr, keys: frozenset[str]) -> bool:
    return not any(value for key, value in node.args.items() if key not in keys)
