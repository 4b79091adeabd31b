"""Finds the names of a query that have one family of types whatever they mean there: columns and aliases."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlglot import exp

from catalog.names import fold
from proxy.families import Families, family, family_of_type


def families(tree: exp.Expr, columns: Iterable[tuple[str, str]]) -> Families:
    """The families of the shown columns (name, type) and of aliases whose names have one family in all the query."""
    columns = tuple(columns)
    second = {fold(node.alias) for node in tree.find_all(exp.CTE)}
    second |= {fold(node.name) for node in tree.find_all(exp.Table, exp.TableAlias)}  # may mean a whole row
    second |= {fold(name.name) for alias in tree.find_all(exp.TableAlias) for name in alias.columns}
    second |= set(_fields(tree, {fold(name) for name, _ in columns}))
    if "*" in second:
        return {}
    found: dict[str, set[str | None]] = {}
    for name, type_name in columns:
        found.setdefault(fold(name), set()).add(family_of_type(type_name))
    known = {
        name: family
        for name, kinds in found.items()
        if len(kinds) == 1 and (family := kinds.pop()) and name not in second and re.fullmatch(r"\w+", name)
    }
    aliases: dict[str, list[exp.Expr]] = {}
    for alias in tree.find_all(exp.Alias):
        aliases.setdefault(fold(alias.alias), []).append(alias.this)
    return _with_aliases(known, aliases, second | set(found))


def _with_aliases(known: dict[str, str], aliases: Mapping[str, Sequence[exp.Expr]], taken: set[str]) -> Families:
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
    return {}


def _fields(tree: exp.Expr, shown: set[str]) -> Iterator[str]:
    """Names that may mean a field inside a column: in `contact.age`, `age`; `*` for all of a column's fields."""
    for column in tree.find_all(exp.Column):
        parts = [fold(part.name) for part in column.parts]
        if len(parts) > 2 or (len(parts) == 2 and parts[0] in shown):
            yield "*" if isinstance(column.this, exp.Star) else parts[-1]
