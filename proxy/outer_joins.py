"""Keeps the engine from counting too few rows of an outer join.

Where one side of an outer join is surely empty, DuckDB 2.0.1 takes the join for empty too. So it holds a sum to be no
more than the largest value, a LIMIT to leave nothing out, and EXISTS to find nothing where nothing in it hangs on the
query around it. The answers are wrong; and that a side is surely empty it knows of all rows, filtered-out ones too.

Each of the three has a form for which it does not look at that count: a value that it does not work out beforehand
beside what is summed up, and an OFFSET behind the rest. What they give is the same.
"""

from collections.abc import Iterable, Iterator

from sqlglot import exp

from catalog.names import fold

_OUTER = frozenset({"FULL", "LEFT", "RIGHT"})
_BOUNDS = (exp.Limit, exp.Fetch)


def count_whole(tree: exp.Expr, *, has_views: bool = False) -> list[exp.Expr]:
    """Writes what hangs on an outer join's count of rows so that it is right; returns what to give to `count_again`.

    `has_views` says that a relation which the tree reads may be made of such a join.

    Example: beside an outer join `sum(a)` becomes `sum(greatest(a, TRY(NULL)))`, and `LIMIT 5` has `OFFSET 0`.
    """
    if not has_views and not any(map(_is_outer, tree.find_all(exp.Join))):
        return []
    return [*map(_kept_back, list(_summed(tree))), *map(_with_offset, _bounded(tree, has_views))]


def count_again(made: Iterable[exp.Expr]) -> None:
    """Undoes `count_whole`."""
    for node in made:
        if isinstance(node, exp.Offset):
            node.pop()
        else:
            node.replace(node.expressions[0])


def _is_outer(join: exp.Join) -> bool:
    return join.side.upper() in _OUTER


def _summed(tree: exp.Expr) -> Iterator[exp.Expr]:
    """What each sum sums up, but for columns that are not named, and for sums by which a PIVOT calls its columns."""
    for node in tree.find_all(exp.Sum, exp.Anonymous):
        is_other = isinstance(node, exp.Anonymous) and node.name.lower() != "sum"
        if is_other or isinstance(node.find_ancestor(exp.Alias, exp.Pivot, exp.Query), exp.Pivot):
            continue
        value = node.this if isinstance(node, exp.Sum) else next(iter(node.expressions), None)
        while isinstance(value, exp.Distinct | exp.Order):
            value = value.this if isinstance(value, exp.Order) else next(iter(value.expressions), None)
        if isinstance(value, exp.Expr) and value.find(exp.Columns, exp.Star) is None:
            yield value


def _kept_back(value: exp.Expr) -> exp.Expr:
    kept = exp.Anonymous(this="greatest")
    value.replace(kept)
    kept.set("expressions", [value, exp.Anonymous(this="TRY", expressions=[exp.Null()])])
    return kept


def _bounded(tree: exp.Expr, has_views: bool) -> list[exp.Expr]:
    """The queries with a LIMIT, and those of EXISTS that may read an outer join, as far as they have no OFFSET."""
    found = [bound.parent for bound in tree.find_all(*_BOUNDS)]
    named = {fold(cte.alias) for cte in tree.find_all(exp.CTE)}
    for test in tree.find_all(exp.Exists):
        query = test.this.unnest()
        tables = (table for table in query.find_all(exp.Table) if fold(table.name) in named)
        if has_views or any(map(_is_outer, query.find_all(exp.Join))) or any(tables):
            found.append(query)
    return [query for query in {id(query): query for query in found if query is not None}.values() if not _skips(query)]


def _skips(query: exp.Expr) -> bool:
    return query.args.get("offset") is not None


def _with_offset(query: exp.Expr) -> exp.Expr:
    offset = exp.Offset(expression=exp.Literal.number(0))
    query.set("offset", offset)
    return offset
