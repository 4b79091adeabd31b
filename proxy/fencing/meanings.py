"""Finds the names of a query that have one family of types whatever they mean there: columns and aliases."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from types import MappingProxyType
from typing import TypeVar

from sqlglot import exp

from catalog.names import fold
from proxy.fencing.families import TARGETS, Families, family, family_of_type
from proxy.fencing.own_rows import ReadColumns, Relations

T = TypeVar("T", bound=exp.Expr)
_UNNAMED = "unnamed_"  # so the engine calls the row of a query in brackets that has no name
_WORD = re.compile(r"\w+")
_MOST_ROWS = 100  # of more that are written in a query nothing is known
_LONGEST = 1_000  # a name of more characters is not taken apart
_LISTING = frozenset("regexp_extract_all regexp_split_to_array split str_split string_split string_to_array".split())
"""Functions that give a list of texts."""
_NUMBERED = re.compile(r"(.+)_\d+", re.ASCII | re.DOTALL)


def families(
    tree: exp.Expr, columns: Iterable[tuple[str, str]], relations: Relations = MappingProxyType({})
) -> Families:
    """The families of the shown columns (name, type) and of aliases whose names have one family in all the query."""
    nodes = _Nodes(tree)
    types: dict[str, set[str]] = {}
    for name, type_name in columns:
        types.setdefault(fold(name), set()).add(type_name)
    given = [(fold(name), meaning) for name, meaning in _aliases(nodes)]
    aliases: dict[str, list[exp.Expr]] = {}
    for name, meaning in given:
        if meaning is not None:
            aliases.setdefault(name, []).append(meaning)
    named = {name for name, _ in given}
    unclear = _unclear(nodes, types.keys() | named)
    unclear |= {name for name, meaning in given if meaning is None}
    if _makes_names(nodes, {name: found for name, found in types.items() if name not in named}):
        unclear.add("*")
    rows = {fold(node.name) for node in nodes.of(exp.Table, exp.TableAlias)}
    rows |= {fold(node.alias) for node in nodes.of(exp.CTE)}
    known = Families(unclear=unclear, read=ReadColumns(relations))
    if "*" in unclear:
        return known
    is_united = bool(nodes.of(exp.SetOperation))  # which widens types, and keeps the names of one side
    untold = unclear | rows
    for name, found in types.items():
        if name in untold or not _WORD.fullmatch(name):
            continue
        kinds = {family_of_type(type_name) for type_name in found}
        if len(kinds) == 1 and (kind := kinds.pop()):
            known[name] = kind
        if len(found) == 1 and name not in aliases and not is_united:
            known.types[name] = next(iter(found))
    return _with_aliases(known, aliases, unclear | rows | types.keys())


class _Nodes:
    """The nodes of a tree, which is walked once, in the order in which it is."""

    def __init__(self, tree: exp.Expr) -> None:
        self.root = tree
        self._all = tuple(tree.walk())

    def of(self, *classes: type[T]) -> list[T]:
        return [node for node in self._all if isinstance(node, classes)]


def _aliases(nodes: _Nodes) -> Iterator[tuple[str, exp.Expr | None]]:
    """Every name that an expression is given, with what it means, None where that is not written beside it.

    Example: in `(select a, b + 1 as c from t) as q(x, y)` those are `c`, `x` and `y`.
    """
    for alias in nodes.of(exp.Alias):
        yield alias.alias, alias.this
    for table in nodes.of(exp.TableAlias):
        names = [name.name for name in table.columns]
        query = table.parent.this if isinstance(table.parent, exp.Subquery | exp.CTE) else table.parent
        if isinstance(query, exp.Values) and len(query.expressions) <= _MOST_ROWS:
            for row in query.expressions:
                cells = row.expressions if isinstance(row, exp.Tuple) else [row]
                yield from zip(names, cells if len(cells) == len(names) else [None] * len(names), strict=True)
            continue
        items = [item.unalias() for item in query.expressions] if isinstance(query, exp.Select) else []
        is_written = len(items) == len(names) and not any(item.is_star for item in items)
        yield from zip(names, items if is_written else [None] * len(names), strict=True)


def _with_aliases(known: Families, aliases: Mapping[str, Sequence[exp.Expr]], taken: set[str]) -> Families:
    """What is known, with the aliases of one family, and without the columns whose alias is of another.

    A name means an expression of names, never of itself in the end; so what holds of each if it holds of all others
    holds.
    """
    fresh = [name for name in reversed(list(aliases)) if name not in taken and _WORD.fullmatch(name)]
    for name in (*fresh, *fresh):  # inner ones first; what they are made of may stand after them
        kinds = {family(meaning, known) for meaning in aliases[name]}
        if len(kinds) == 1 and (kind := kinds.pop()):
            known[name] = kind
    for _ in range(3):
        wrong = [
            name
            for name, meanings in aliases.items()
            if name in known and any(family(meaning, known) != known[name] for meaning in meanings)
        ]
        if not wrong:
            return known
        for name in wrong:
            del known[name]
    return Families(unclear=known.unclear, read=known.read)


def _unclear(nodes: _Nodes, names: Set[str]) -> set[str]:
    """The names that may mean what is written nowhere: a whole row, a field, or a second column of a name.

    `names` are those of the shown columns and of aliases. In `contact.age` stands a field where `contact` is one of
    them, or no relation; so it may where the engine gives the relation's name to a column.
    """
    columns = nodes.of(exp.Column)
    paths = [[fold(part.name) for part in column.parts] for column in columns]
    names |= {path[-1] for path in paths}
    relations = {fold(node.alias_or_name) for node in nodes.of(exp.Table, exp.Subquery)}
    made = {name for name in names | relations if _is_made(name, names)} if _may_repeat_a_name(nodes) else set()
    surely = relations - names - made
    fields = {path[-1] for path in paths if len(path) > 2 or (len(path) == 2 and path[0] not in surely)}
    rows = {path[0] for column, path in zip(columns, paths, strict=True) if path[0] in relations and _is_row(column)}
    return made | fields | rows | {name for name in names if name.startswith(_UNNAMED)}


def _makes_names(nodes: _Nodes, types: Mapping[str, Set[str]]) -> bool:
    """Whether the engine may give columns names that are written nowhere as names: of the fields of a struct that
    `unnest` takes apart, or by `COLUMNS(..) AS '\\1'`. `types` are those of the columns that share a name with nothing.
    """
    if any("\\" in alias.alias and alias.find(exp.Columns) for alias in nodes.of(exp.Alias)):
        return True
    return not all(
        _is_plain_list(part, types)
        for node in nodes.of(exp.Explode, exp.Unnest)
        for part in filter(None, (node.this, *node.expressions))
    )


def _is_plain_list(node: exp.Expr, types: Mapping[str, Set[str]]) -> bool:
    """Whether a list holds single values for certain, and no structs."""
    if isinstance(node, exp.Array | exp.List):
        return all(_is_single(item, types) for item in node.expressions)
    if isinstance(node, exp.Column):
        found = _types_of(node, types)
        return bool(found) and all(each.endswith("[]") and family_of_type(each[:-2]) for each in found)
    is_named = isinstance(node, exp.Anonymous) and node.name.lower() in _LISTING
    return is_named or isinstance(node, exp.GenerateSeries | exp.Split)


def _is_single(node: exp.Expr, types: Mapping[str, Set[str]]) -> bool:
    if isinstance(node, exp.Column):
        return bool(found := _types_of(node, types)) and all(map(family_of_type, found))
    if isinstance(node, exp.Cast):
        return node.to.this in TARGETS
    return isinstance(node, exp.Literal | exp.Null | exp.Boolean | exp.Neg)


def _types_of(node: exp.Column, types: Mapping[str, Set[str]]) -> Set[str]:
    """The types of the shown columns that a name may mean; none where it may mean something else, as a field."""
    return types.get(fold(node.name), set()) if len(node.parts) == 1 else set()


def _is_row(column: exp.Column) -> bool:
    """Whether a name may mean the whole row of a relation that a query around it reads."""
    above = column.parent if len(column.parts) == 1 else None
    while above is not None:
        if isinstance(above, exp.Select) and fold(column.name) in _read_by(above):
            return True
        above = above.parent
    return False


def _read_by(select: exp.Select) -> set[str]:
    """The names of the relations that a SELECT reads, as it calls them."""
    source = select.args.get("from_")
    found: set[str] = set()
    left = [join.this for join in select.args.get("joins") or ()] + [source.this] if source else []
    while left:
        relation = left.pop()
        found.add(fold(relation.alias_or_name))
        left += [join.this for join in relation.args.get("joins") or ()]
        left += [relation.this] if isinstance(relation.this, exp.Table | exp.Subquery) else []
    return found


def _is_made(name: str, names: Set[str]) -> bool:
    """Whether the engine may give a name to the second column of another name: `id_1` or `id_1_1` to that of `id`."""
    if len(name) > _LONGEST:
        return True
    while numbered := _NUMBERED.fullmatch(name):
        name = numbered[1]
        if name in names:
            return True
    return False


def _may_repeat_a_name(nodes: _Nodes) -> bool:
    """Whether a query may read from one that has two columns of one name, which the engine tells apart by numbers."""
    is_joined = bool(nodes.of(exp.Join))
    return (
        any(_lists_a_name_twice(select, is_joined) for select in nodes.of(exp.Select) if select is not nodes.root)
        or any(table.columns for table in nodes.of(exp.TableAlias))
        or any(map(_is_bracketed_join, nodes.of(exp.Subquery)))
    )


def _is_bracketed_join(relation: exp.Subquery) -> bool:
    """Whether brackets may hold a join: they hold anything but one query."""
    return bool(relation.args.get("joins")) or not isinstance(relation.this, exp.Select | exp.SetOperation)


def _lists_a_name_twice(select: exp.Select, is_joined: bool) -> bool:
    items = select.expressions
    if any(item.is_star for item in items):
        return is_joined or len(items) > 1 or select.find(exp.Alias) is not None
    return len({fold(item.alias_or_name) for item in items}) < len(items)
