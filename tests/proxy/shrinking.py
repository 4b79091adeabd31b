"""Makes a question smaller for as long as it still shows what it showed."""

from collections.abc import Callable, Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

_TRIES = 300


def shrunk(sql: str, shows: Callable[[str], bool]) -> str:
    """The smallest question found that still `shows` it; the question itself when nothing can go.

    Example:
        >>> shrunk("select a, b from t where c > 1", lambda sql: "b" in sql)
        'SELECT b'
    """
    tries = 0
    found = True
    while found and tries < _TRIES:
        found = False
        for smaller in _smaller(sql):
            tries += 1
            if tries > _TRIES:
                break
            if shows(smaller):
                sql, found = smaller, True
                break
    return sql


def _smaller(sql: str) -> Iterator[str]:
    """The question with one part left out, or one expression replaced by what it is made of, larger steps first."""
    try:
        tree = sqlglot.parse_one(sql, read="duckdb")
    except SqlglotError:
        return
    for place in range(sum(1 for _ in tree.walk())):
        for change in (_without, _inner):
            copy = tree.copy()
            node = next(node for at, node in enumerate(copy.walk()) if at == place)
            if change(node):
                try:
                    written = copy.sql("duckdb")
                except TypeError:  # a part that is none of what its place may hold
                    continue
                if len(written) < len(sql):
                    yield written


def _without(node: exp.Expr) -> bool:
    if node.parent is None or (isinstance(node.parent, exp.Select) and len(node.parent.expressions) == 1):
        return False
    node.pop()
    return True


def _inner(node: exp.Expr) -> bool:
    inner = next((child for child in node.iter_expressions() if type(child) is not exp.DataType), None)
    if node.parent is None or inner is None:
        return False
    node.replace(inner.copy())
    return True
