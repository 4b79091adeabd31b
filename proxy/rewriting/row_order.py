"""Gives one order to rows that nobody ordered, where their order would tell which rows a policy leaves out.

An engine works on some two thousand rows at a time, as they lie in a file, and leaves rows out of each such piece. What
joins it to others, be it to the values of a list, gives the pairs of one piece in an order of its own, and what sorts,
groups or numbers rows takes pieces as its threads come by them. So the order of an answer would show where each piece
ends: how many rows that are left out lie between those that are seen, or how long hidden texts before them are.
"""

from collections.abc import Iterator, Sequence, Set

from sqlglot import exp

from catalog.names import fold
from policy_engine.model import Outcome
from policy_engine.shown_types import shown_type
from proxy.fencing.barrier import is_leak_proof
from proxy.fencing.families import Families, bare
from proxy.reading.functions import CALLABLE
from proxy.reading.grammar import IN_ANY_ORDER, OF_EACH_ROW
from proxy.rewriting.exact import Exact, is_exact_type
from proxy.rewriting.joined import is_joined
from proxy.rewriting.placed import Placed, distinct

_AGGREGATES = frozenset({exp.Avg, exp.Count, exp.CountIf, exp.LogicalAnd, exp.LogicalOr, exp.Max, exp.Min, exp.Sum})
_ALIKE = frozenset(
    "bit_and bit_or bit_xor bool_and bool_or count_if count_star cume_dist dense_rank percent_rank rank "
    "rank_dense".split()
)
"""Aggregates and functions of windows that find the same whatever order their rows come in, if equal ones are the same
and sums are not rounded.
"""
_WITHOUT_SUMS = _ALIKE | frozenset(
    "any_value approx_count_distinct approx_top_k arbitrary arg_max arg_max_null arg_min arg_min_null argmax argmin "
    "array_agg bitstring_agg count countif first group_concat grouping grouping_id histogram histogram_exact "
    "json_group_array json_group_object json_group_structure last list listagg mad max max_by median min min_by mode "
    "quantile quantile_cont quantile_disc string_agg".split()
)
"""Aggregates that add up nothing: they find the same in whatever form the values come."""
_SMALL_LIMIT = 1_000  # DuckDB does so below 8,192 (src/optimizer/limit_pushdown.cpp)
_LONGEST_NUMBER = 19
_GIVING_ROWS = frozenset({"generate_subscripts", "regexp_split_to_table", "unnest"})

_OF_PLAIN = frozenset({"expressions", "from_", "where", "limit", "offset"})
_OF_DERIVED = frozenset({"this", "alias"})
_OF_TABLE = frozenset({"this", "db", "catalog", "alias"})
_OF_QUERY = _OF_PLAIN | frozenset(
    "alias by_name db catalog distinct expression group having joins laterals order qualify this windows with_".split()
)
"""Parts of queries and tables that take rows in any order, or are looked at by themselves."""
_WORDS_OF_JOINS = frozenset("ANTI CROSS FULL INNER LEFT NATURAL OUTER RIGHT SEMI".split())


def keeps_order(tree: exp.Expr) -> bool:
    """Whether a statement chooses rows of one relation, works out columns of each, and no more: they come as that gives
    them, in whatever pieces they are taken.

    Example:
        >>> from proxy.reading.statement import read
        >>> [keeps_order(read(sql).tree) for sql in ("select a + 1 from t limit 5", "select a from t order by b")]
        [True, False]
    """
    return _keeps_order(tree, {fold(alias.alias) for alias in tree.find_all(exp.Alias)})


def _keeps_order(tree: exp.Expr, aliases: Set[str]) -> bool:
    if isinstance(tree, exp.Subquery):
        return _has_only(tree, _OF_DERIVED) and _keeps_order(tree.this, aliases)
    if isinstance(tree, exp.Describe):
        return True  # it tells of the columns in their order, and no row is read
    if isinstance(tree, exp.Table):
        return _has_only(tree, _OF_TABLE) and not any(isinstance(node, exp.TableSample) for node in tree.walk())
    source = tree.args.get("from_")
    if not isinstance(tree, exp.Select) or not isinstance(source, exp.From) or not _has_only(tree, _OF_PLAIN):
        return False
    where = tree.args.get("where")
    worked_out = [*tree.expressions, *([where.this] if isinstance(where, exp.Where) else [])]
    nodes = (node for item in worked_out for node in item.walk())
    is_of_rows = not any(_is_of_several_rows(node) or is_joined(node, aliases) for node in nodes)
    return is_of_rows and _keeps_order(source.this, aliases)


def exact_in(tree: exp.Expr, placed: Sequence[Placed], known: Families) -> Exact:
    """What is exact in a statement over governed relations."""
    shown = [
        column for item in distinct(placed) for column in item.decision.columns if column.outcome is not Outcome.HIDDEN
    ]
    vague = {fold(column.name) for column in shown if not is_exact_type(shown_type(column))}
    if "*" in known.unclear:
        return Exact(Families(), {}, has_exact_columns=False)
    aliases: dict[str, list[exp.Expr]] = {}
    for alias in tree.find_all(exp.Alias):
        aliases.setdefault(fold(alias.alias), []).append(alias.this)
    listed = {fold(name.name) for table in tree.find_all(exp.TableAlias) for name in table.columns}
    for name in vague | listed:  # of these what they mean together tells, or nothing
        aliases.pop(name, None)
    found = Exact(known, aliases, has_exact_columns=not vague)
    selects = list(tree.find_all(exp.Select))
    if tree.find(exp.SetOperation) and not all(found.hold(select.expressions) for select in selects):
        return Exact(Families(), {}, has_exact_columns=False)  # a name of one side may mean what the other makes of it
    is_all = all(found.hold(select.expressions) for select in selects) and not tree.find(exp.Values, exp.Unnest)
    return found if is_all or vague else Exact(known, aliases, has_exact_columns=False)


def ends_early(tree: exp.Expr, known: Families) -> bool:
    """Whether reading may end, by a LIMIT or EXISTS, before or behind a row on which something raises: by the piece.

    A LIMIT of what is ordered last of all ends nothing early, and a LIMIT within takes rows in their order anyway.
    Columns are worked out behind a small LIMIT, of the rows that it leaves; before a large one, of whole pieces.
    A long list after IN is a join, with which rows keep no order: so the answer is ordered last of all.

    Example:
        >>> from proxy.reading.statement import read
        >>> sql = ("select a from t where a > 'b' limit 5", "select a from t where a::int > 2 limit 5")
        >>> [ends_early(read(text).tree, Families({"a": "text"})) for text in sql]
        [False, True]
    """
    if not keeps_order(tree):
        return tree.find(exp.Exists) is not None and not is_leak_proof(tree, known)
    limits = list(tree.find_all(exp.Limit, exp.Fetch, exp.Offset))
    if not limits or not (tree.find(exp.Where) or any(_is_large_limit(limit, tree) for limit in limits)):
        return False
    return not is_leak_proof(tree, known)


def _is_large_limit(node: exp.Expr, tree: exp.Expr) -> bool:
    """Whether a LIMIT may be of more rows than the engine puts below what works columns out, or an OFFSET is no number,
    with which it puts none there; or either stands within, where another one ends it.
    """
    if isinstance(node, exp.Limit | exp.Offset | exp.Fetch) and node.parent is not tree:
        return True
    if isinstance(node, exp.Offset):
        return _number(bare(node.expression)) is None
    if not isinstance(node, exp.Limit | exp.Fetch):
        return False
    most = bare(node.expression if isinstance(node, exp.Limit) else node.args.get("count") or exp.null())
    rows = _number(most)
    return rows is None or rows > _SMALL_LIMIT or bool(node.args.get("limit_options"))


def _number(node: exp.Expr) -> int | None:
    """The whole number that is written there; None for anything else, and for one that no place and no count can be."""
    is_number = isinstance(node, exp.Literal) and not node.is_string and node.name.isdecimal()
    return int(node.name) if is_number and len(node.name) < _LONGEST_NUMBER else None


def _gives_rows(node: exp.Expr) -> bool:
    """Whether a part of an expression gives several rows for each."""
    is_named = isinstance(node, exp.Anonymous) and node.name.lower() in _GIVING_ROWS
    return is_named or isinstance(node, exp.Unnest | exp.Explode)


def hangs_on_order(tree: exp.Expr, exact: Exact) -> bool:
    """Whether what a statement finds may hang on the order in which rows come to it, whatever its last order is, as
    where something within it takes rows as they come, or shows the first of several that are alike.

    Example:
        >>> from proxy.reading.statement import read
        >>> exact = Exact(Families({"a": "integer"}), {}, has_exact_columns=True)
        >>> [hangs_on_order(read(sql).tree, exact) for sql in ("select max(a) from t, u", "select first(a) from t, u")]
        [False, True]
    """
    if not isinstance(tree, exp.Select | exp.SetOperation):
        return True
    if any(_takes_order(node, tree) or _takes_first(node, exact) for node in tree.walk()):
        return True
    is_told = _columns(tree) is not None or not tree.args.get("order") or _is_ordered_by_all(tree)
    return not _is_one_row(tree) and not (is_told and _differ(tree, exact))


def adds_fractions(tree: exp.Expr, exact: Exact) -> bool:
    """Whether a statement adds up what is rounded on the way: by how values are added their last digits tell.

    Example:
        >>> from proxy.reading.statement import read
        >>> exact = Exact(Families({"a": "integer"}), {}, has_exact_columns=True)
        >>> [adds_fractions(read(sql).tree, exact) for sql in ("select sum(a) from t", "select sum(a / 3) from t")]
        [False, True]
    """
    return any(_adds_fractions(node, exact) for node in tree.walk())


def _adds_fractions(node: exp.Expr, exact: Exact) -> bool:
    if isinstance(node, exp.Sum | exp.Avg):
        return not exact.adds_up(node)
    if isinstance(node, exp.Anonymous):
        function = CALLABLE.get(node.name.lower())
        return function is None or (function.kind == "aggregate" and node.name.lower() not in _WITHOUT_SUMS)
    return isinstance(node, exp.Summarize)


def keys_of_all(tree: exp.Expr) -> list[exp.Expr]:
    """The keys of order that leave one order to what a statement finds, behind those that it has, as far as rows that
    are alike are the same; none where only the engine knows its columns and it has an order.

    Example:
        >>> from proxy.reading.statement import read
        >>> keys = keys_of_all(read("select a, b as c from t join u using (a) order by b limit 5").tree)
        >>> [key.sql("duckdb") for key in keys]
        ['1', '2']
    """
    if not isinstance(tree, exp.Select | exp.SetOperation) or _is_one_row(tree) or _is_ordered_by_all(tree):
        return []
    columns = _columns(tree)
    if columns is not None:
        return [exp.Ordered(this=exp.Literal.number(place)) for place in range(1, columns + 1)]
    return [] if tree.args.get("order") else [exp.Ordered(this=exp.var("ALL"))]


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
    return any(isinstance(node, tuple(_AGGREGATES)) for item in tree.expressions for node in _outside_queries(item))


def _outside_queries(item: exp.Expr) -> Iterator[exp.Expr]:
    return (node for node in item.walk(prune=_is_query) if not _is_query(node))


def _is_query(node: exp.Expr) -> bool:
    return isinstance(node, exp.Query)


def _is_ordered_by_all(tree: exp.Expr) -> bool:
    order = tree.args.get("order")
    return isinstance(order, exp.Order) and any(isinstance(key.this, exp.Var) for key in order.expressions)


def _is_one(item: exp.Expr) -> bool:
    """Whether an item of a SELECT is one column: neither a star nor what may become several."""
    if isinstance(item, exp.Column):
        return isinstance(item.this, exp.Identifier)
    return isinstance(item, exp.Alias) and not any(
        isinstance(node, exp.Columns | exp.Unnest | exp.Explode)
        or (isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count))
        for node in item.walk()
    )


def _differ(tree: exp.Expr, exact: Exact) -> bool:
    """Whether rows of an answer that compare as equal are the same: all of it is, or what it is grouped by, if that is
    in it.
    """
    if not isinstance(tree, exp.Select) or exact.hold(tree.expressions):
        return exact.holds_of(tree)
    keys = _groups(tree)
    if not keys or tree.args["group"].args.get("all") or not exact.hold(keys):
        return False
    items = {bare(item.unalias()) for item in tree.expressions}
    return all(key in items for key in keys)


def _groups(tree: exp.Select) -> list[exp.Expr]:
    """What a SELECT groups its rows by, each once: of `GROUP BY ALL` all of its columns, aggregates too."""
    group = tree.args.get("group")
    if not isinstance(group, exp.Group):
        return []
    if group.args.get("all"):
        return list(tree.expressions)
    items = tree.expressions
    by_alias = {fold(item.alias): item.this for item in items if isinstance(item, exp.Alias)}
    found: list[exp.Expr] = []
    for key in map(bare, _keys_in(group)):
        if isinstance(key, exp.Literal) and not key.is_string:
            place = _number(key) or 0
            found.append(bare(items[place - 1].unalias()) if 0 < place <= len(items) else key)
        elif isinstance(key, exp.Column) and len(key.parts) == 1:
            meaning = by_alias.get(fold(key.name))
            found += [key] if meaning is None else [bare(meaning), key]  # a column of its name may be meant instead
        else:
            found.append(key)
    return list({id(key): key for key in found}.values())


def _keys_in(node: exp.Expr) -> Iterator[exp.Expr]:
    """The keys within a GROUP BY, those of its sets too."""
    for part in node.iter_expressions():
        if isinstance(part, exp.Rollup | exp.Cube | exp.GroupingSets | exp.Tuple):
            yield from _keys_in(part)
        else:
            yield part


def _takes_first(node: exp.Expr, exact: Exact) -> bool:
    """Whether a part of a statement shows the first of values that are alike, or a sum that is rounded on the way."""
    if isinstance(node, exp.Distinct):
        return not isinstance(node.parent, exp.Count) and not exact.hold(
            node.parent.expressions if isinstance(node.parent, exp.Select) else node.expressions
        )
    if isinstance(node, exp.Select):
        return not exact.hold(_groups(node))
    if isinstance(node, exp.SetOperation):
        is_all = isinstance(node, exp.Union) and not node.args.get("distinct")
        return not is_all and not exact.holds_of(node)
    if isinstance(node, exp.Sum | exp.Avg):
        return not exact.adds_up(node)
    return isinstance(node, exp.Max | exp.Min) and not exact.hold(node.iter_expressions())


def _takes_order(node: exp.Expr, tree: exp.Expr) -> bool:
    """Whether what a part of a statement finds may hang on the order in which rows come to it."""
    if isinstance(node, exp.Limit | exp.Offset | exp.Fetch):
        return node.parent is not tree
    if isinstance(node, exp.Distinct):
        return bool(node.args.get("on")) or _is_ordered_by_others(node.parent)
    if isinstance(node, exp.Join):
        words = f"{node.args.get('method') or ''} {node.args.get('kind') or ''} {node.args.get('side') or ''}".upper()
        return not _WORDS_OF_JOINS.issuperset(words.split())
    if isinstance(node, exp.With):
        return bool(node.args.get("recursive"))
    if isinstance(node, exp.Array):
        return any(isinstance(item, exp.Query) for item in node.iter_expressions())
    if isinstance(node, exp.Window):
        frame = node.args.get("spec")
        return isinstance(frame, exp.Expr) and str(frame.args.get("kind")).upper() != "RANGE"
    if isinstance(node, exp.Query | exp.Table):
        return not _has_only(node, _OF_QUERY)
    if isinstance(node, exp.Anonymous):
        return _is_of_several_rows(node) and not (_gives_rows(node) or node.name.lower() in _ALIKE)
    return type(node).__name__ not in IN_ANY_ORDER


def _is_ordered_by_others(select: exp.Expr | None) -> bool:
    """Whether a SELECT DISTINCT is ordered by what is none of its items: of that it has what the first row has."""
    if not isinstance(select, exp.Select) or not isinstance(order := select.args.get("order"), exp.Order):
        return False
    items = {bare(item.unalias()) for item in select.expressions}
    aliases = {fold(item.alias) for item in select.expressions if isinstance(item, exp.Alias)}
    keys = [bare(key.this) for key in order.expressions]
    return not all(
        key in items
        or isinstance(key, exp.Var)
        or _number(key) is not None
        or (isinstance(key, exp.Column) and len(key.parts) == 1 and fold(key.name) in aliases)
        for key in keys
    )


def _is_of_several_rows(node: exp.Expr) -> bool:
    """Whether a part of an expression is worked out of more than one row, or gives several, or may."""
    if isinstance(node, exp.Anonymous):
        function = CALLABLE.get(node.name.lower())
        return function is None or function.kind != "scalar" or _gives_rows(node)
    return type(node).__name__ not in OF_EACH_ROW


def _has_only(node: exp.Expr, keys: frozenset[str]) -> bool:
    return not any(value for key, value in node.args.items() if key not in keys)
