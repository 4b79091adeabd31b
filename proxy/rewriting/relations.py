"""Finds every place of a statement where a dataset stands, by the engine's own rules of scope.

A name in parts never means a CTE; a CTE is known only after its definition, and within itself only under
WITH RECURSIVE, on the right side of its UNION; names compare with catalog.names.fold. Whatever is no CTE is a dataset's
name: this file does not know which datasets exist.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sqlglot import exp

from catalog.errors import Position, SqlUnsupported, UnknownDataset
from catalog.names import fold
from catalog.sql_texts import recursive_side
from proxy.reading.statement import Statement
from proxy.rewriting.information import CATALOG


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One place where a dataset stands: the tree's own node, the dataset's name, and what the query calls it."""

    node: exp.Table
    database: str
    name: str
    alias: str
    position: Position | None = None

    @property
    def key(self) -> tuple[str, str]:
        """The dataset's name in the form that compares."""
        return fold(self.database), fold(self.name)


def leaves(statement: Statement, database: str) -> tuple[Leaf, ...]:
    """Every dataset leaf in the order of the tree; a bare name stands in `database`.

    Example:
        >>> from proxy.reading.statement import read
        >>> [leaf.name for leaf in leaves(read("with a as (select 1) select * from a, b.c, d"), "main")]
        ['c', 'd']

    Raises UnknownDataset for a name of more than two parts, unless the first is the one catalog that there is, `veil`.
    """
    named = relation_names(statement.tree)
    return tuple(_leaf(statement, node, database) for node, cte in named if cte is None)


def relation_names(tree: exp.Expr) -> Iterator[tuple[exp.Table, exp.CTE | None]]:
    """Every name of a relation in the order of the tree, with the CTE that it means, None for a dataset.

    Raises SqlUnsupported where two CTEs of one WITH have the same name.
    """
    return _named(tree, MappingProxyType({}), {})


def _named(
    node: exp.Expr, ctes: Mapping[str, exp.CTE], recursive: dict[int, exp.CTE]
) -> Iterator[tuple[exp.Table, exp.CTE | None]]:
    """`recursive` are the CTEs that know their own names, by the sides of a UNION (as ids) that do."""
    if id(node) in recursive:
        ctes = _with(ctes, recursive[id(node)])
    clause = node.args.get("with_")
    if isinstance(clause, exp.With):
        _refuse_twins(clause)
        for cte in clause.expressions:
            side = recursive_side(cte) if clause.args.get("recursive") else None
            if side is not None:
                recursive[id(side)] = cte
            yield from _named(cte.this, ctes, recursive)
            ctes = _with(ctes, cte)
    if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
        is_bare = not node.args.get("db") and not node.args.get("catalog")
        yield node, ctes.get(fold(node.name)) if is_bare else None
    for child in node.iter_expressions():
        if child is not clause:
            yield from _named(child, ctes, recursive)


def _with(ctes: Mapping[str, exp.CTE], cte: exp.CTE) -> Mapping[str, exp.CTE]:
    return {**ctes, fold(cte.alias): cte}


def _refuse_twins(clause: exp.With) -> None:
    names = set[str]()
    for cte in clause.expressions:
        if fold(cte.alias) in names:
            raise SqlUnsupported(
                f"two queries of one WITH are called `{cte.alias[:200]}`", hint="give each query a name of its own"
            )
        names.add(fold(cte.alias))


def stand_in(node: exp.Table, name: str, alias: str) -> None:
    """Puts another name in a relation's place, under what the query calls it; joins and samples stay."""
    old = node.args.get("alias")
    columns = old.args.get("columns") if isinstance(old, exp.TableAlias) else None
    node.set("this", exp.to_identifier(name, quoted=True))
    node.set("db", None)
    node.set("catalog", None)
    node.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True), columns=columns))


def _leaf(statement: Statement, node: exp.Table, database: str) -> Leaf:
    position = statement.place(node.this)
    qualifier = node.args.get("db")
    catalog = node.args.get("catalog")
    if (catalog and fold(catalog.name) != CATALOG) or not isinstance(qualifier, exp.Identifier | None):
        written = ".".join(part.name for part in node.parts)
        raise UnknownDataset(
            f"no dataset `{written[:200]}` that you can see",
            hint=f"a dataset is named `database.dataset`, or `{CATALOG}.database.dataset`",
            position=position,
        )
    name = node.name
    return Leaf(
        node=node,
        database=qualifier.name if qualifier is not None else database,
        name=name,
        alias=node.alias or name,
        position=position,
    )


def shorten_columns(tree: exp.Expr, found: tuple[Leaf, ...]) -> None:
    """Turns `database.dataset.column`, before which the catalog may stand, into `dataset.column`.

    That is where the dataset stands under its own name.

    After the splice there is no database to name any more; which database was meant is settled by the leaf.
    """
    plain = {leaf.key for leaf in found if not leaf.node.alias and leaf.node.args.get("db")}
    for column in tree.find_all(exp.Column):
        _shorten(column, plain)


def _shorten(column: exp.Column, plain: set[tuple[str, str]]) -> None:
    parts = [fold(part.name) for part in column.parts]
    start = 1 if len(parts) > 3 and parts[0] == CATALOG else 0
    if len(parts) > start + 2 and (parts[start], parts[start + 1]) in plain:
        names = list(column.parts)[start + 1 :]
        for key, part in zip(("this", "table", "db", "catalog"), [*reversed(names), None, None, None], strict=False):
            column.set(key, part)
