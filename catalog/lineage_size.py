"""How large a view's SQL becomes where its stars and the names of its own columns are written out."""

from collections.abc import Mapping, Sequence

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from catalog.names import fold
from catalog.sources.view_sql import Unclear

_MOST_COLUMNS = 100_000
_MOST_NODES = 300_000
_BEHIND = ("where", "group", "having", "qualify", "order")


def check_size(query: exp.Query, scope: Scope | None, shapes: Mapping[tuple[str, str], Mapping[str, str]]) -> None:
    """Raises Unclear for a query that a few letters make too large: `*` of a join of `*`, names of sums of names."""
    widths: dict[int, int] = {}
    if scope is not None and sum(_width(each, shapes, widths) for each in scope.traverse()) > _MOST_COLUMNS:
        raise Unclear("it has too many columns")
    if sum(map(_written, query.find_all(exp.Select))) > _MOST_NODES:
        raise Unclear("its SQL is too long where it is written out")


def _width(scope: Scope, shapes: Mapping[tuple[str, str], Mapping[str, str]], widths: dict[int, int]) -> int:
    """How many columns a query has; what a recursive one has of itself is not counted."""
    if id(scope) not in widths:
        widths[id(scope)] = 0
        parts = scope.set_operation_scopes
        if parts:
            widths[id(scope)] = max(_width(part, shapes, widths) for part in parts)
        elif isinstance(scope.expression, exp.Query):
            wide = {name: _source_width(source, shapes, widths) for name, source in scope.sources.items()}
            widths[id(scope)] = sum(
                wide.get(each.table, sum(wide.values()))
                if each.is_star and isinstance(each, exp.Column)
                else sum(wide.values())
                if each.is_star
                else 1
                for each in scope.expression.selects
            )
    return widths[id(scope)]


def _source_width(
    source: exp.Expr | Scope, shapes: Mapping[tuple[str, str], Mapping[str, str]], widths: dict[int, int]
) -> int:
    if isinstance(source, Scope):
        return _width(source, shapes, widths)
    return len(shapes.get((fold(source.args["db"].name if source.args.get("db") else ""), fold(source.name)), ()))


def _written(select: exp.Select) -> int:
    """How many nodes a SELECT has where each name of a column of its own is written out."""
    sizes: dict[str, int] = {}
    places: list[int] = []
    for each in select.selects:
        places.append(_size(each, sizes, []))
        if isinstance(each, exp.Alias):
            sizes[fold(each.alias)] = places[-1]
    return sum(places) + sum(
        _size(part, sizes, places) for part in map(select.args.get, _BEHIND) if isinstance(part, exp.Expr)
    )


def _size(tree: exp.Expr, sizes: Mapping[str, int], places: Sequence[int]) -> int:
    size = 0
    for node in tree.walk():
        size += 1
        if isinstance(node, exp.Column) and not node.table:
            size += sizes.get(fold(node.name), 0)
        elif isinstance(node, exp.Literal) and node.is_int and 0 < int(node.this) <= len(places):
            size += places[int(node.this) - 1]
    return size
