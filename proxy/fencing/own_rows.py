"""Tells whether an aggregate in a subquery is surely the subquery's own, and so makes one row of all that it reads.

An aggregate whose columns are all of a query around its own is given to that query: `(select max(a.k) from b)` within
a query of `a` is then a row for each of `b`, and raises where those are several. One column of its own, wherever it
stands in the aggregate or behind FILTER, makes the aggregate its own, and so does none at all. A name is looked for in
the subquery first, so a column is its own where something that it reads surely has one of that name; any doubt means
that it is not.
"""

from collections.abc import Iterator, Mapping, Set

from sqlglot import exp

from catalog.names import fold

Relations = Mapping[int, Set[str] | exp.CTE]
"""What a name of a relation reads, by its node's id: the columns (folded) of a dataset, or a query of WITH."""

_WITHIN = (exp.Query, exp.Lambda, exp.Comprehension)
_BY_PATTERNS = (exp.Columns, exp.Star)
_HALF = frozenset({"SEMI", "ANTI"})
"""Joins that show no column of their right side."""


class ReadColumns:
    """The columns that SELECTs read, by the names of their relations.

    Those of each relation and of each query of WITH are found once: it may be wide, and be read by many.

    Example:
        >>> import sqlglot
        >>> select = sqlglot.parse_one("select 1 from t as u, (select 1 as b)")
        >>> read = ReadColumns({id(select.find(exp.Table)): {"a"}}).by(select)
        >>> {name: sorted(columns) for name, columns in read.items()}
        {'u': ['a'], '': ['b']}
        >>> select = sqlglot.parse_one("select 1 from (select * from t as u(x)) as v")
        >>> ReadColumns({id(select.find(exp.Table)): {"a"}}).by(select)["v"]
        {'x'}
    """

    def __init__(self, relations: Relations) -> None:
        self._relations = relations
        self._found: dict[int, tuple[exp.Expr, Set[str]]] = {}
        """By the number of a node, with the node, so that no other gets its number."""

    def by(self, select: exp.Select) -> Mapping[str, Set[str]]:
        """Names (folded) of columns that what a SELECT reads surely has; it may have others."""
        return {fold(relation.alias_or_name): self._of(relation) for relation in _read_by(select)}

    def _of(self, relation: exp.Expr) -> Set[str]:
        if relation.args.get("pivots") or relation.args.get("joins"):
            return frozenset()
        if isinstance(alias := relation.args.get("alias"), exp.TableAlias) and alias.columns:
            return {fold(name.name) for name in alias.columns}
        if isinstance(relation, exp.Subquery):
            return self._given_by(relation.this)
        found = self._relations.get(id(relation), frozenset())
        if not isinstance(found, exp.CTE):
            return found
        names = found.args["alias"].columns
        return {fold(name.name) for name in names} if names else self._given_by(found.this)

    def _given_by(self, query: exp.Expr) -> Set[str]:
        """Names of columns that a query surely gives: what it writes, and all of a dataset if it reads nothing else."""
        while isinstance(query, exp.SetOperation):
            query = query.this
        if not isinstance(query, exp.Select):
            return frozenset()
        if id(query) not in self._found:
            self._found[id(query)] = query, self._written_in(query)
        return self._found[id(query)][1]

    def _written_in(self, select: exp.Select) -> Set[str]:
        found = {fold(item.alias_or_name) for item in select.expressions if _is_named(item)}
        if any(isinstance(item, exp.Star) and not any(item.args.values()) for item in select.expressions):
            tables = [relation for relation in _read_by(select) if isinstance(relation, exp.Table)]
            named = (table for table in tables if not isinstance(self._relations.get(id(table)), exp.CTE))
            found.update(*map(self._of, named))
        return found


def is_own(aggregate: exp.Expr, read: Mapping[str, Set[str]]) -> bool:
    """Whether an aggregate, maybe with its FILTER, is surely of the rows of the SELECT in which it stands.

    Example:
        >>> import sqlglot
        >>> select = sqlglot.parse_one("select max(t.a), max(u.a), max(b), count(*) from t")
        >>> [is_own(item, {"t": {"a"}}) for item in select.expressions]
        [True, False, False, True]
    """
    columns = [*aggregate.find_all(exp.Column)]
    if not columns:
        is_count = isinstance(aggregate, exp.Count) and isinstance(aggregate.this, exp.Star)
        return is_count or aggregate.find(*_WITHIN, *_BY_PATTERNS) is None
    return any(_is_of(column, read) and not _is_deeper(column, aggregate) for column in columns)


def _is_of(column: exp.Column, read: Mapping[str, Set[str]]) -> bool:
    name, before = fold(column.name), fold(column.table)
    if not isinstance(column.this, exp.Identifier) or len(column.parts) > 2:
        return False
    return name in read.get(before, ()) if before else any(name in columns for columns in read.values())


def _is_deeper(column: exp.Column, aggregate: exp.Expr) -> bool:
    """Whether a name stands in a query of its own there, or may be that of a lambda."""
    above = column.parent
    while above is not None and above is not aggregate and not isinstance(above, _WITHIN):
        above = above.parent
    return isinstance(above, _WITHIN)


def _read_by(select: exp.Select) -> Iterator[exp.Expr]:
    """The relations that a SELECT reads side by side, without those that stand together in brackets."""
    source = select.args.get("from_")
    if isinstance(source, exp.From):
        yield source.this
        yield from (join.this for join in select.args.get("joins") or () if not _HALF & {join.kind, join.side})


def _is_named(item: exp.Expr) -> bool:
    is_column = isinstance(item, exp.Column) and isinstance(item.this, exp.Identifier)
    return is_column or (isinstance(item, exp.Alias) and item.find(exp.Columns, exp.Explode, exp.Unnest) is None)
