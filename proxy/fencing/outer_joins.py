"""Keeps the engine from counting too few rows of an outer join.

Where one side of an outer join is surely empty, DuckDB 2.0.1 takes the join for empty too. So it holds a sum to be no
more than the largest value, a LIMIT to leave nothing out, and EXISTS to find nothing where nothing in it hangs on the
query around it. The answers are wrong; and that a side is surely empty it knows of all rows, filtered-out ones too.

Each of the three has a form for which it does not look at that count: a value that it does not work out beforehand
beside what is summed up, and an OFFSET behind the rest. What they give is the same.

Sums of COLUMNS and of PIVOT without an alias have none, since the engine calls their columns by them. A query in
brackets that a PIVOT is over has the OFFSET instead. Beneath COLUMNS and PIVOT relations are always fenced
(barrier.py), so that the engine knows nothing of filtered-out rows, whatever the answer is.
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
    summed = [value for value in _summed(tree) if not _gives_a_name(value)]
    return [*map(_kept_back, summed), *map(_with_offset, _bounded(tree, has_views))]


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
    """What each sum sums up."""
    for node in tree.find_all(exp.Sum, exp.Anonymous):
        if isinstance(node, exp.Anonymous) and node.name.lower() != "sum":
            continue
        value = node.this if isinstance(node, exp.Sum) else next(iter(node.expressions), None)
        while isinstance(value, exp.Distinct | exp.Order):
            value = value.this if isinstance(value, exp.Order) else next(iter(value.expressions), None)
        if isinstance(value, exp.Expr):
            yield value


def _gives_a_name(value: exp.Expr) -> bool:
    """Whether the engine calls columns by a sum of this value, or reads several values in its place."""
    above = value.find_ancestor(exp.Alias, exp.Pivot, exp.Query)
    several = [star for star in value.find_all(exp.Columns, exp.Star) if _is_of(star, value)]
    is_unpacked = any(not isinstance(star, exp.Columns) or star.args.get("unpack") for star in several)
    return isinstance(above, exp.Pivot) or is_unpacked or (bool(several) and not isinstance(above, exp.Alias))


def _is_of(star: exp.Expr, value: exp.Expr) -> bool:
    """Whether a star stands for columns that are summed up: not in a count, nor in a query or COLUMNS of its own."""
    above = star.parent if star is not value else None
    while above is not None and above is not value.parent:
        if isinstance(above, exp.Count | exp.Query | exp.Columns):
            return False
        above = above.parent
    return True


def _kept_back(value: exp.Expr) -> exp.Expr:
    kept = exp.Anonymous(this="greatest")
    value.replace(kept)
    kept.set("expressions", [value, exp.Anonymous(this="TRY", expressions=[exp.Null()])])
    return kept


def _bounded(tree: exp.Expr, has_views: bool) -> list[exp.Expr]:
    """The queries with a LIMIT, those that PIVOT or EXISTS read an outer join by, as far as they have no OFFSET."""
    found = [bound.parent for bound in tree.find_all(*_BOUNDS)]
    found += filter(_has_outer, map(_pivoted, tree.find_all(exp.Pivot)))
    named = {fold(cte.alias) for cte in tree.find_all(exp.CTE)}
    for test in tree.find_all(exp.Exists):
        query = test.this.unnest()
        tables = (table for table in query.find_all(exp.Table) if fold(table.name) in named)
        if has_views or _has_outer(query) or any(tables):
            found.append(query)
    return [query for query in {id(query): query for query in found if query is not None}.values() if not _skips(query)]


def _pivoted(pivot: exp.Pivot) -> exp.Expr | None:
    """The query in brackets that a PIVOT is over, if it is one."""
    source = pivot.this or pivot.parent
    query = source.unnest() if isinstance(source, exp.Subquery) else None
    return query if isinstance(query, exp.Select | exp.SetOperation) else None


def _has_outer(query: exp.Expr | None) -> bool:
    return query is not None and any(map(_is_outer, query.find_all(exp.Join)))


def _skips(query: exp.Expr) -> bool:
    return query.args.get("offset") is not None


def _with_offset(query: exp.Expr) -> exp.Expr:
    offset = exp.Offset(expression=exp.Literal.number(0))
    query.set("offset", offset)
    return offset
