"""Which relations the SQL of a view names, told exactly or not at all."""

from collections.abc import Iterable, Iterator, Sequence

import sqlglot
from sqlglot import ErrorLevel, exp
from sqlglot.errors import SqlglotError

from catalog.names import fold, join

Place = tuple[str, str]
"""A schema and a name."""


def relations_read(
    sql: str, dialect: str, *, within: Sequence[str] = (), known: Iterable[Place] | None = None
) -> tuple[str, ...] | None:
    """The relations that a view's SQL reads, by name; None when that cannot be told for certain.

    A name without a schema is looked for `within` these, in order. With `known` a relation must be one of them, and is
    called as it is there.

    Example:
        >>> relations_read("CREATE VIEW v AS SELECT * FROM T", "sqlite", within=["main"], known=[("main", "t")])
        ('main.t',)
        >>> relations_read("SELECT * FROM range(3)", "duckdb") is None
        True
    """
    spelt = None if known is None else {(fold(schema), fold(name)): (schema, name) for schema, name in known}
    try:
        found = [_place(table, within, spelt) for table in _tables(sql, dialect)]
    except (_Unclear, SqlglotError, RecursionError, ValueError, TypeError):
        return None
    return tuple(sorted({join(*place) for place in found}))


class _Unclear(Exception):
    """What a view reads cannot be told from its SQL."""


def _tables(sql: str, dialect: str) -> Iterator[exp.Table]:
    tree = sqlglot.parse_one(sql, read=dialect, error_level=ErrorLevel.RAISE)
    query = tree.expression if isinstance(tree, exp.Create) else tree
    if not isinstance(query, exp.Query) or any(query.find_all(exp.Pivot, exp.Command)):
        raise _Unclear
    if dialect == "sqlite" and any(each.args.get("field") for each in query.find_all(exp.In)):
        raise _Unclear  # `x IN t` reads a table there
    for table in query.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier) or table.catalog:
            raise _Unclear
        if table.db or not _is_within(table):
            yield table


def _is_within(table: exp.Table) -> bool:
    """Whether a bare name is that of a query in a WITH around it; raises _Unclear where engines differ."""
    name = fold(table.name)
    below: exp.Expr = table
    while (above := below.parent) is not None:
        if isinstance(above, exp.With):
            names = [*map(fold, _aliases(above))]
            place = next(place for place, each in enumerate(above.expressions) if each is below)
            if name in names[: place + bool(above.recursive)]:
                return True
            if name in names:
                raise _Unclear
        elif (beside := above.args.get("with_")) is not below and name in map(fold, _aliases(beside)):
            return True
        below = above
    return False


def _aliases(with_: exp.With | None) -> list[str]:
    return [each.alias for each in with_.expressions] if with_ is not None else []


def _place(table: exp.Table, within: Sequence[str], spelt: dict[Place, Place] | None) -> Place:
    places = [(schema, table.name) for schema in ([table.db] if table.db else within)]
    if spelt is not None:
        places = [spelt[place] for place in ((fold(schema), fold(name)) for schema, name in places) if place in spelt]
    if not places:
        raise _Unclear
    return places[0]
