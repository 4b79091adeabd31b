"""What an expression in a view's SQL is made of: every column in it, unless it counts rows."""

from collections.abc import Callable, Iterator

from sqlglot import exp

from catalog.lineage_forms import LEAVES, parts_of
from catalog.lineage_names import Origins, Scope, in_part, resolved
from catalog.names import fold
from catalog.sources.view_sql import Unclear

_COUNTS = frozenset({"count", "count_star"})
_NOTHING: Origins = frozenset()


class Expressions:
    """Follows expressions; queries in them go to `query`, and each step is counted."""

    def __init__(self, query: Callable[[exp.Expr, Scope], Origins], count: Callable[[int], None]) -> None:
        self._query = query
        self._count = count

    def made(
        self,
        node: exp.Expr,
        scope: Scope,
        *,
        is_whole: bool = False,
        all_of_it: bool = False,
        given: frozenset[str] = frozenset(),
    ) -> Origins:
        """What an expression is made of; with `all_of_it` what is counted too. Names `given` need not be columns."""
        if isinstance(node, LEAVES):
            return _NOTHING
        if parts := tuple(parts_of(node)):
            is_column = not isinstance(node, exp.Identifier) and parts[0] not in given
            found = self._named(scope, parts, is_column=is_column)
            return found if is_whole else in_part(found)
        if isinstance(node, exp.Paren) and is_whole:
            return self.made(node.this, scope, is_whole=True, all_of_it=all_of_it, given=given)
        if isinstance(node, exp.Var):
            return in_part(self._named(scope, (fold(node.name),), is_column=False))
        if isinstance(node, exp.Query | exp.Values):
            return self._query(node, scope)
        if isinstance(node, exp.Star | exp.Column):
            raise Unclear("it takes columns without naming them")
        if _counts_rows(node):
            return _NOTHING
        if _counts_one(node, exp.Column) and not all_of_it:
            return self._counted(node.this, scope)
        if isinstance(node, exp.Lambda):
            given |= {fold(each.name) for each in node.expressions}
        elif isinstance(node, exp.Collate) and node.expression is not None:
            given |= {fold(node.expression.name)}
        found = _NOTHING.union(
            *(self.made(each, scope, all_of_it=all_of_it, given=given) for each in _inner(node, scope))
        )
        self._count(1 + len(found))
        return found

    def _named(self, scope: Scope, parts: tuple[str, ...], *, is_column: bool) -> Origins:
        found = resolved(scope, parts)
        self._count(1 + len(found or ()))
        if found is None and is_column:
            raise Unclear("it names a column that is not there")
        return found or _NOTHING

    def _counted(self, column: exp.Column, scope: Scope) -> Origins:
        """Rows in which a relation's column has a value are counted as rows are; those of anything else may tell it."""
        found = self.made(column, scope, is_whole=True)
        return _NOTHING if all(each.is_whole for each in found) else in_part(found)


def _counts_rows(node: exp.Expr) -> bool:
    if isinstance(node, exp.Anonymous):
        return fold(node.name) in _COUNTS and not node.expressions
    return _counts_one(node, exp.Literal) or (_counts_one(node, exp.Star) and node.this == exp.Star())


def _counts_one(node: exp.Expr, kind: type[exp.Expr]) -> bool:
    """Whether a node is COUNT of one thing, of this kind, and of nothing else."""
    return isinstance(node, exp.Count) and isinstance(node.this, kind) and [*node.iter_expressions()] == [node.this]


def _inner(node: exp.Expr, scope: Scope) -> Iterator[exp.Expr]:
    """The expressions that one is made of, a window's among them where it is named elsewhere."""
    skipped = _names_in(node)
    yield from (each for each in node.iter_expressions() if not any(each is name for name in skipped))
    if isinstance(node, exp.Window) and node.args.get("alias"):
        if not scope.windows:
            raise Unclear("it names a window that is not there")
        for window in scope.windows:
            own = (window.this, window.args.get("alias"))
            yield from (each for each in window.iter_expressions() if not any(each is name for name in own))


def _names_in(node: exp.Expr) -> tuple[object, ...]:
    """What in an expression is a name of something that is no column."""
    match node:
        case exp.Window():
            return (node.args.get("alias"),)
        case exp.Alias():
            return (node.args.get("alias"),)
        case exp.Anonymous():
            return (node.this,)
        case exp.PropertyEQ() | exp.Kwarg() if isinstance(node.this, exp.Identifier | exp.Literal | exp.Var):
            return (node.this,)
    return ()
