"""From a view's SQL to the columns that each of its columns is made of; pure.

An expression is made of every column in it, an aggregate too, unless it is COUNT. What a view's rows are chosen or
joined by is not in its values. SQL that is not understood raises `Unclear`: then anything may have flowed anywhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import ErrorLevel, exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

from catalog.names import fold

Path = tuple[str, ...]
Shape = Mapping[str, str]
"""The columns of a relation in order, with their types."""

_COUNTS = frozenset({"count", "count_star"})
_WHOLES = (exp.Star, exp.Columns, exp.TableColumn, exp.PositionalColumn, exp.Placeholder, exp.Parameter)
"""What stands for columns without naming them."""


class Unclear(Exception):
    """What a view is made of cannot be told from its SQL."""


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """A column or nested field of a relation (schema and name, folded); `is_whole` when it is passed on as it is."""

    relation: tuple[str, str]
    path: Path
    is_whole: bool = False


def relations_in(sql: str, schema: str) -> frozenset[tuple[str, str]]:
    """The relations that a view's SQL names, as folded (schema, name); raises Unclear.

    Example:
        >>> sorted(relations_in("CREATE VIEW v AS SELECT * FROM s.t, u", "main"))
        [('main', 'u'), ('s', 't')]
    """
    query = _query(sql)
    names = {fold(cte.alias) for cte in query.find_all(exp.CTE)}
    return frozenset(_relation(table, schema) for table in _tables(query, names))


def lineage(sql: str, schema: str, shapes: Mapping[tuple[str, str], Shape]) -> tuple[frozenset[Origin], ...]:
    """What each column of a view is made of, in order; `shapes` are the relations that its SQL names.

    Example:
        >>> [made] = lineage("CREATE VIEW v AS SELECT upper(a) FROM t", "main", {("main", "t"): {"a": "VARCHAR"}})
        >>> [origin.path for origin in made]
        [('a',)]
    """
    query = _query(sql)
    names = {fold(cte.alias) for cte in query.find_all(exp.CTE)}
    for table in _tables(query, names):
        table.set("db", exp.to_identifier(_relation(table, schema)[0], quoted=True))
        table.set("catalog", None)
    known: dict[str, object] = {
        db: {
            name: {fold(column): _type(text) for column, text in shape.items()}
            for (schema_name, name), shape in shapes.items()
            if schema_name == db
        }
        for db, _ in shapes
    }
    try:
        qualified = qualify(query, schema=known, dialect="duckdb", quote_identifiers=False)
        scope = build_scope(qualified)
    except (SqlglotError, RecursionError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unclear("its SQL is not understood") from error
    if scope is None:
        raise Unclear("its SQL is not understood")
    trace = _Trace(shapes)
    return tuple(frozenset(trace.projection(scope, place)) for place in range(_width(scope)))


def _query(sql: str) -> exp.Query:
    try:
        tree = sqlglot.parse_one(sql, read="duckdb", error_level=ErrorLevel.RAISE)
    except (SqlglotError, RecursionError, ValueError, TypeError) as error:
        raise Unclear("its SQL is not understood") from error
    query = tree.expression if isinstance(tree, exp.Create) else tree
    if not isinstance(query, exp.Query) or any(query.find_all(exp.Pivot, exp.Command)):
        raise Unclear("its SQL is not understood")
    return query


def _tables(query: exp.Query, ctes: set[str]) -> Iterator[exp.Table]:
    for table in query.find_all(exp.Table):
        if table.args.get("db") or fold(table.name) not in ctes:
            if not isinstance(table.this, exp.Identifier):
                raise Unclear("it reads from a function")
            yield table


def _relation(table: exp.Table, schema: str) -> tuple[str, str]:
    return fold(table.db or schema), fold(table.name)


def _type(text: str) -> str:
    """A type as the reader of SQL knows it; one that it does not know is as good as text here."""
    try:
        exp.DataType.build(text, dialect="duckdb")
    except (SqlglotError, ValueError):
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


class _Trace:
    """Follows columns down through the scopes of one query."""

    def __init__(self, shapes: Mapping[tuple[str, str], Shape]) -> None:
        self._shapes = shapes
        self._open: set[tuple[int, int]] = set()

    def projection(self, scope: Scope, place: int) -> Iterator[Origin]:
        """What one column of a query is made of; a recursive query adds nothing to itself."""
        key = (id(scope), place)
        if key in self._open:
            return
        self._open.add(key)
        try:
            if scope.set_operation_scopes:
                for part in scope.set_operation_scopes:
                    if place >= _width(part):
                        raise Unclear("its parts differ in their columns")
                    yield from self.projection(part, place)
                return
            selects = _selects(scope)
            if place >= len(selects):
                raise Unclear("it names a column that is not there")
            yield from self._expression(scope, selects[place].unalias(), is_whole=True)
        finally:
            self._open.discard(key)

    def _expression(self, scope: Scope, node: exp.Expr, *, is_whole: bool = False) -> Iterator[Origin]:
        path: list[str] = []
        inner = node
        while isinstance(inner, exp.Dot | exp.Paren):
            if isinstance(inner, exp.Dot):
                path.insert(0, inner.expression.name)
            inner = inner.this
        if isinstance(inner, exp.Column):
            yield from self._column(scope, inner, tuple(path), is_whole=is_whole)
        elif isinstance(node, exp.Count) or (isinstance(node, exp.Anonymous) and fold(node.name) in _COUNTS):
            return
        elif isinstance(node, _WHOLES):
            raise Unclear("it takes columns without naming them")
        elif isinstance(node, exp.Query):
            yield from self._subquery(scope, node)
        else:
            for child in node.iter_expressions():
                yield from self._expression(scope, child)

    def _subquery(self, scope: Scope, node: exp.Query) -> Iterator[Origin]:
        for inner in scope.subquery_scopes:
            if inner.expression is node or inner.expression is node.unnest():
                for column in inner.expression.find_all(exp.Column):
                    yield from self._column(inner, column, (), is_whole=False)
                return
        raise Unclear("a query inside it is not understood")

    def _column(self, scope: Scope, column: exp.Column, path: Path, *, is_whole: bool) -> Iterator[Origin]:
        source = scope.sources.get(column.table)
        if isinstance(source, exp.Table):
            relation = (fold(source.db), fold(source.name))
            shape = self._shapes.get(relation)
            if shape is None or fold(column.name) not in {fold(name) for name in shape}:
                raise Unclear("it names a column that is not there")
            yield Origin(relation, tuple(map(fold, (column.name, *path))), is_whole)
        elif isinstance(source, Scope) and isinstance(source.expression, exp.Query):
            names = [fold(name) for name in source.expression.named_selects]
            if fold(column.name) not in names:
                raise Unclear("it names a column that is not there")
            for origin in self.projection(source, names.index(fold(column.name))):
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
