"""Finds the relations in keys of a GROUP BY of which the engine's parser may keep one where several are written.

It keeps each key once and knows the others by its number, in grouping sets too. What it takes for alike is its own to
say: names in another case are, and aliases do not count. So any later key may be left out that reads the same relation
as an earlier one of the same GROUP BY.
"""

from collections.abc import Hashable, Iterable, Iterator

from sqlglot import exp

_LISTS = (exp.Cube, exp.GroupingSets, exp.Paren, exp.Rollup, exp.Tuple)


def in_later_keys(relations: Iterable[tuple[exp.Expr, Hashable]]) -> set[int]:
    """The nodes (as ids) that stand in a later key of a GROUP BY than one of the same meaning; `relations` are nodes in
    the order of the tree, each with what it means.

    Example:
        >>> import sqlglot
        >>> tree = sqlglot.parse_one("select 1 from t group by (select 1 from u), cube (a, (select 1 from u))")
        >>> found = [*tree.find_all(exp.Table, bfs=False)]
        >>> doubles = in_later_keys((table, table.name) for table in found)
        >>> [(table.name, id(table) in doubles) for table in found]
        [('t', False), ('u', False), ('u', True)]
    """
    first: dict[tuple[int, Hashable], int] = {}
    return {
        id(node)
        for node, meaning in relations
        for group, key in _keys(node)
        if first.setdefault((group, meaning), key) != key
    }


def _keys(node: exp.Expr) -> Iterator[tuple[int, int]]:
    """Each GROUP BY around a node and, as ids, the key of it in which the node stands."""
    key, above = node, node.parent
    while above is not None:
        if isinstance(above, exp.Group):
            yield id(above), id(key)
        if not isinstance(above, _LISTS):
            key = above
        above = above.parent
