"""From a view's SQL to the columns that each of its columns is made of; pure.

An expression is made of every column in it, an aggregate too, unless it is COUNT of rows or of a column. What a view's
rows are chosen or joined by is not in its values. SQL that is not understood raises `Unclear`:
then anything may have flowed anywhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

from catalog.lineage_size import check_size
from catalog.names import fold
from catalog.sources.connector import ViewSql
from catalog.sources.view_sql import Unclear, query_of, tables_in
from catalog.sql_texts import TextLimits, Unreadable, parsed_type

Path = tuple[str, ...]
Shape = Mapping[str, str]
"""The columns of a relation in order, with their types."""

_TYPE_LIMITS = TextLimits(characters=200_000, tokens=20_000, depth=60)
_MOST_STEPS = 300_000
_COUNTS = frozenset({"count", "count_star"})
_COUNTED = (exp.Star, exp.Column, exp.Literal, type(None))
_NOT_BY_PLACE = ("by_name", "side", "kind", "on")
_WHOLES = (exp.Star, exp.Columns, exp.TableColumn, exp.PositionalColumn, exp.Placeholder, exp.Parameter)
"""What stands for columns without naming them."""


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """A column or nested field of a relation (schema and name, folded); `is_whole` when it is passed on as it is."""

    relation: tuple[str, str]
    path: Path
    is_whole: bool = False


def lineage(view: ViewSql, shapes: Mapping[tuple[str, str], Shape]) -> tuple[frozenset[Origin], ...]:
    """What each column of a view is made of, in order; `shapes` are the relations that it reads.

    Example:
        >>> view = ViewSql("CREATE VIEW v AS SELECT upper(a) FROM t", "duckdb")
        >>> [made] = lineage(view, {("main", "t"): {"a": "VARCHAR"}})
        >>> [origin.path for origin in made]
        [('a',)]
    """
    query = query_of(view)
    for table in tuple(tables_in(query, view.dialect)):
        table.set("db", exp.to_identifier(_schema(table, shapes), quoted=True))
    known: dict[str, object] = {
        db: {
            name: {fold(column): _type(text) for column, text in shape.items()}
            for (schema_name, name), shape in shapes.items()
            if schema_name == db
        }
        for db, _ in shapes
    }
    try:
        check_size(query, build_scope(query), shapes)
        qualified = qualify(query, schema=known, dialect="duckdb", quote_identifiers=False)
        scope = build_scope(qualified)
    except (SqlglotError, RecursionError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unclear("its SQL is not understood") from error
    if scope is None:
        raise Unclear("its SQL is not understood")
    trace = _Trace(shapes)
    return tuple(frozenset(trace.projection(scope, place)) for place in range(trace.width(scope)))


def _schema(table: exp.Table, shapes: Mapping[tuple[str, str], Shape]) -> str:
    """The schema of a relation that a view names; one that is named without is the one of that name which it reads."""
    name, schema = fold(table.name), fold(table.db)
    places = [place for place in shapes if place[1] == name and schema in ("", place[0])]
    if len(places) != 1:
        raise Unclear("it names one of several" if places else "it reads from something that is not there")
    return places[0][0]


def _type(text: str) -> str:
    """A type as the reader of SQL knows it; one that it does not know is as good as text here."""
    try:
        parsed_type(text, _TYPE_LIMITS)
    except Unreadable:
        return "VARCHAR"
    return text


def _width(scope: Scope) -> int:
    """How many columns a query has; raises Unclear while a star stands in it."""
    selects = _selects(scope)
    if not selects or any(select.is_star for select in selects):
        raise Unclear("it takes all columns of something unknown")
    return len(selects)


def _selects(scope: Scope) -> Sequence[exp.Expr]:
    return scope.expression.selects if isinstance(scope.expression, exp.Query) else ()


def _counts_rows(node: exp.Expr) -> bool:
    """Whether a node counts rows, or those in which a column has a value; not those of a condition or of each value."""
    if isinstance(node, exp.Anonymous):
        return fold(node.name) in _COUNTS and not node.expressions
    return isinstance(node, exp.Count) and not node.expressions and isinstance(node.this, _COUNTED)


class _Trace:
    """Follows columns down through the scopes of one query."""

    def __init__(self, shapes: Mapping[tuple[str, str], Shape]) -> None:
        self._columns = {relation: frozenset(map(fold, shape)) for relation, shape in shapes.items()}
        self._open: set[tuple[int, int]] = set()
        self._cut: set[tuple[int, int]] = set()
        self._done: dict[tuple[int, int], frozenset[Origin]] = {}
        self._widths: dict[int, int] = {}
        self._names: dict[int, dict[str, int]] = {}
        self._steps = 0

    def width(self, scope: Scope) -> int:
        """How many columns a query has; raises Unclear while a star stands in it."""
        if id(scope) not in self._widths:
            self._widths[id(scope)] = _width(scope)
        return self._widths[id(scope)]

    def projection(self, scope: Scope, place: int) -> frozenset[Origin]:
        """What one column of a query is made of; a recursive query adds nothing to itself.

        It is found once, unless something of it was left out for being looked for further up.
        """
        key = (id(scope), place)
        if key in self._done:
            return self._done[key]
        if key in self._open:
            self._cut.add(key)
            return frozenset()
        self._open.add(key)
        found = frozenset(self._projected(scope, place))
        self._open.discard(key)
        self._cut.discard(key)
        if not self._cut:
            self._done[key] = found
        return found

    def _projected(self, scope: Scope, place: int) -> Iterator[Origin]:
        self._count(1)
        if scope.set_operation_scopes:
            if any(scope.expression.args.get(way) for way in _NOT_BY_PLACE):
                raise Unclear("its parts are matched by the names of their columns")
            for part in scope.set_operation_scopes:
                if place >= self.width(part):
                    raise Unclear("its parts differ in their columns")
                yield from self.projection(part, place)
            return
        selects = _selects(scope)
        if place >= len(selects):
            raise Unclear("it names a column that is not there")
        yield from self._expression(scope, selects[place].unalias(), is_whole=True)

    def _count(self, steps: int) -> None:
        self._steps += steps
        if self._steps > _MOST_STEPS:
            raise Unclear("it is too long to be followed")

    def _expression(self, scope: Scope, node: exp.Expr, *, is_whole: bool = False) -> Iterator[Origin]:
        self._count(1)
        path: list[str] = []
        inner = node
        while isinstance(inner, exp.Dot | exp.Paren):
            if isinstance(inner, exp.Dot):
                if not isinstance(inner.expression, exp.Identifier):
                    raise Unclear("it calls a function behind a dot")
                path.insert(0, inner.expression.name)
            inner = inner.this
        if isinstance(inner, exp.Column):
            yield from self._column(scope, inner, tuple(path), is_whole=is_whole)
        elif _counts_rows(node):
            return
        elif isinstance(node, _WHOLES):
            raise Unclear("it takes columns without naming them")
        elif isinstance(node, exp.Query):
            yield from self._subquery(scope, node)
        else:
            for child in node.iter_expressions():
                yield from self._expression(scope, child)
            if isinstance(node, exp.Window) and node.args.get("alias"):
                for window in scope.expression.args.get("windows") or ():
                    for child in window.iter_expressions():
                        yield from self._expression(scope, child)

    def _places(self, scope: Scope) -> dict[str, int]:
        """Where the columns of a query stand, the first of each name."""
        if id(scope) not in self._names:
            query = scope.expression
            names = list(enumerate(query.named_selects if isinstance(query, exp.Query) else ()))
            self._names[id(scope)] = {fold(name): place for place, name in reversed(names)}
        return self._names[id(scope)]

    def _subquery(self, scope: Scope, node: exp.Query) -> Iterator[Origin]:
        for inner in scope.subquery_scopes:
            if inner.expression is node or inner.expression is node.unnest():
                for column in inner.expression.find_all(exp.Column):
                    yield from self._column(inner, column, (), is_whole=False)
                return
        raise Unclear("a query inside it is not understood")

    def _column(self, scope: Scope, column: exp.Column, path: Path, *, is_whole: bool) -> Iterator[Origin]:
        self._count(1)
        source = scope.sources.get(column.table)
        if isinstance(source, exp.Table):
            if source.alias_column_names:
                raise Unclear("it gives other names to the columns of what it reads")
            relation = (fold(source.db), fold(source.name))
            if fold(column.name) not in self._columns.get(relation, ()):
                raise Unclear("it names a column that is not there")
            yield Origin(relation, tuple(map(fold, (column.name, *path))), is_whole)
        elif isinstance(source, Scope) and isinstance(source.expression, exp.Query):
            place = self._places(source).get(fold(column.name))
            if place is None:
                raise Unclear("it names a column that is not there")
            origins = self.projection(source, place)
            self._count(len(origins))
            for origin in origins:
                deeper = (*origin.path, *map(fold, path)) if origin.is_whole else origin.path
                yield Origin(origin.relation, deeper, is_whole and origin.is_whole)
        elif isinstance(source, Scope):
            outer = source.parent or scope
            for inner in source.expression.find_all(exp.Column):
                yield from self._column(outer, inner, (), is_whole=False)
        elif scope.parent is not None:
            yield from self._column(scope.parent, column, path, is_whole=is_whole)
        else:
            raise Unclear("it names a column that is not there")
