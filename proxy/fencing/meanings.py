"""Finds the names of a query that have one family of types whatever they mean there: columns and aliases."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlglot import exp

from catalog.names import fold
from proxy.fencing.families import Families, family, family_of_type


def families(tree: exp.Expr, columns: Iterable[tuple[str, str]]) -> Families:
    """The families of the shown columns (name, type) and of aliases whose names have one family in all the query."""
    columns = tuple(columns)
    second = {fold(node.alias) for node in tree.find_all(exp.CTE)}
    second |= {fold(node.name) for node in tree.find_all(exp.Table, exp.TableAlias)}  # may mean a whole row
    second |= set(_fields(tree, {fold(name) for name, _ in columns}))
    aliases: dict[str, list[exp.Expr]] = {}
    for name, meaning in _aliases(tree):
        if meaning is None:
            second.add(fold(name))
        else:
            aliases.setdefault(fold(name), []).append(meaning)
    if "*" in second:
        return Families()
    found: dict[str, set[str]] = {}
    for name, type_name in columns:
        found.setdefault(fold(name), set()).add(type_name)
    plain = {name: types for name, types in found.items() if name not in second and re.fullmatch(r"\w+", name)}
    is_united = tree.find(exp.SetOperation) is not None  # which widens types, and keeps the names of one side
    known = Families()
    for name, types in plain.items():
        kinds = {family_of_type(type_name) for type_name in types}
        if len(kinds) == 1 and (kind := kinds.pop()):
            known[name] = kind
        if len(types) == 1 and name not in aliases and not is_united:
            known.types[name] = types.pop()
    return _with_aliases(known, aliases, second | set(found))


def _aliases(tree: exp.Expr) -> Iterator[tuple[str, exp.Expr | None]]:
    """Every name that an expression is given, with what it means, None where that is not written beside it.

    Example: in `(select a, b + 1 as c from t) as q(x, y)` those are `c`, `x` and `y`.
    """
    for alias in tree.find_all(exp.Alias):
        yield alias.alias, alias.this
    for table in tree.find_all(exp.TableAlias):
        names = [name.name for name in table.columns]
        query = table.parent.this if isinstance(table.parent, exp.Subquery | exp.CTE) else None
        items = [item.unalias() for item in query.expressions] if isinstance(query, exp.Select) else []
        is_written = len(items) == len(names) and not any(item.is_star for item in items)
        yield from zip(names, items if is_written else [None] * len(names), strict=True)


def _with_aliases(known: Families, aliases: Mapping[str, Sequence[exp.Expr]], taken: set[str]) -> Families:
    """What is known, with the aliases of one family, and without the columns whose alias is of another.

    A name means an expression of names, never of itself in the end; so what holds of each if it holds of all others
    holds.
    """
    fresh = [name for name in reversed(list(aliases)) if name not in taken and re.fullmatch(r"\w+", name)]
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
    return Families()


def _fields(tree: exp.Expr, shown: set[str]) -> Iterator[str]:
    """Names that may mean a field inside a column: in `contact.age`, `age`; `*` for all of a column's fields."""
    for column in tree.find_all(exp.Column):
        parts = [fold(part.name) for part in column.parts]
        if len(parts) > 2 or (len(parts) == 2 and parts[0] in shown):
            yield "*" if isinstance(column.this, exp.Star) else parts[-1]
