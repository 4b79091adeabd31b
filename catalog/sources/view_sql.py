"""What the SQL of a view reads, told exactly or not at all."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from catalog.names import fold, join
from catalog.sources.connector import ViewSql
from catalog.sql_texts import TextLimits, Unreadable, parsed, recursive_side, tokens_of_text

Place = tuple[str, str]
"""A schema and a name."""

_LIMITS = TextLimits(characters=100_000, tokens=60_000, depth=250)
"""While the tokens of a text are told, nobody else's work goes on: of so many characters for half a second at most."""

_WITH_FUNCTIONS = frozenset({"mysql", "postgres"})
_READING = frozenset({
    "load_file",
    *("nextval", "lastval", "setval"),
    *("last_insert_id", "found_rows", "row_count"),
    *("get_lock", "is_free_lock", "is_used_lock", "release_lock", "release_all_locks"),
})  # fmt: skip
"""Functions of MariaDB that read files or sequences, or what another part of a query has left in its connection."""


class Unclear(Exception):
    """What a view reads, or is made of, cannot be told from its SQL."""


def relations_read(
    view: ViewSql, *, within: Sequence[str] = (), known: Iterable[Place] | None = None
) -> tuple[str, ...] | None:
    """The relations that a view's SQL reads, by name; None when that cannot be told for certain.

    A name without a schema is looked for `within` these, in order. With `known` a relation must be one of them, and is
    called as it is there.

    Example:
        >>> view = ViewSql("CREATE VIEW v AS SELECT * FROM T", "sqlite")
        >>> relations_read(view, within=["main"], known=[("main", "t")])
        ('main.t',)
        >>> relations_read(ViewSql("SELECT * FROM range(3)", "duckdb")) is None
        True
    """
    spelt = None if known is None else {(fold(schema), fold(name)): (schema, name) for schema, name in known}
    try:
        found = [_place(table, within, spelt) for table in tables_in(query_of(view), view.dialect)]
    except Unclear:
        return None
    return tuple(sorted({join(*place) for place in found}))


def has_odd_space(sql: str) -> bool:
    """Whether a text has a space beyond ASCII: to some engines that is a letter, and part of a name.

    Example:
        >>> has_odd_space("full\\u00a0name"), has_odd_space("full name")
        (True, False)
    """
    return not sql.isascii() and any(letter.isspace() and not letter.isascii() for letter in sql)


def query_of(view: ViewSql) -> exp.Query:
    """The query that a view is; raises Unclear."""
    if has_odd_space(view.text):
        raise Unclear("its SQL has spaces that engines read differently")
    try:
        trees = parsed(view.text, view.dialect, _LIMITS)
    except Unreadable as error:
        raise Unclear("its SQL is not understood") from error
    if not trees:
        raise Unclear("its SQL is not understood")
    tree = trees[0]
    query = tree.expression if isinstance(tree, exp.Create) else tree
    if not isinstance(query, exp.Query) or any(query.find_all(exp.Pivot, exp.Command)):
        raise Unclear("its SQL is not understood")
    if view.dialect in _WITH_FUNCTIONS and (any(map(_is_of_the_database, query.walk())) or _calls_by_quotes(view)):
        raise Unclear("it calls a function of the database's own, which may read anything")
    if view.dialect == "mysql" and any(fold(each.name) in _READING for each in query.find_all(exp.Anonymous)):
        raise Unclear("it calls a function that reads what is in no table")
    return query


def _is_of_the_database(node: exp.Expr) -> bool:
    """Whether a node is a function or operator under the name of a schema, as a database writes those of its own."""
    return isinstance(node, exp.Operator) or (isinstance(node, exp.Dot) and isinstance(node.expression, exp.Func))


def _calls_by_quotes(view: ViewSql) -> bool:
    """Whether a name in quotes is called: so MariaDB writes functions of its databases, its own without."""
    tokens = tokens_of_text(view.text, view.dialect)
    return any(
        name.token_type is TokenType.IDENTIFIER and after.token_type is TokenType.L_PAREN
        for name, after in itertools.pairwise(tokens)
    )


def tables_in(query: exp.Query, dialect: str) -> Iterator[exp.Table]:
    """Where a query names relations, the names of its own parts not among them; raises Unclear."""
    if dialect == "sqlite" and any(each.args.get("field") for each in query.find_all(exp.In)):
        raise Unclear("it reads a table behind IN")
    for table in query.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier):
            raise Unclear("it reads from a function")
        if table.catalog:
            raise Unclear("it reads from elsewhere")
        if table.db or not _is_within(table):
            yield table


def _is_within(table: exp.Table) -> bool:
    """Whether a bare name is that of a query in a WITH around it; raises Unclear where engines differ."""
    name = fold(table.name)
    below: exp.Expr = table
    passed = set[int]()
    while (above := below.parent) is not None:
        passed.add(id(below))
        if isinstance(above, exp.With):
            names = [*map(fold, _aliases(above))]
            place = next(place for place, each in enumerate(above.expressions) if each is below)
            knows_itself = above.recursive and id(recursive_side(above.expressions[place])) in passed
            if name in names[: place + bool(knows_itself)]:
                return True
            if name in names:
                raise Unclear("a part of it is called like what it reads")
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
        raise Unclear("it reads from something that is not there")
    return places[0]
