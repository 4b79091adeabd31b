"""Gives every query of a WITH a name that nobody can guess, while the statement is printed for the engine.

An engine may take a name for a relation of its own where Veil takes it for such a query: `WITH RECURSIVE t AS (SELECT *
FROM t)` is not recursive, so it reads a relation `t`. INVARIANT: no name of a relation that a person wrote ever comes
before the engine, as datasets are replaced by what is governed; so it finds nothing that was not placed there.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from sqlglot import exp

from proxy.rewriting.relations import relation_names, stand_in

_NAME_BYTES = 12


@contextmanager
def named_anew(tree: exp.Expr) -> Iterator[frozenset[str]]:
    """Has the queries of every WITH bear other names, which are given; afterwards they have their own again.

    Example: within, `WITH a AS (SELECT 1 AS i) SELECT a.i FROM a` is
    `WITH "q_9f.." AS (SELECT 1 AS i) SELECT a.i FROM "q_9f.." AS "a"`.
    """
    names = {id(cte): f"q_{secrets.token_hex(_NAME_BYTES)}" for cte in tree.find_all(exp.CTE)}
    kept: list[tuple[exp.Expr, str, object]] = []
    for table, cte in [*relation_names(tree)] if names else ():
        if cte is not None:
            kept += [(table, key, table.args.get(key)) for key in ("this", "alias")]
            stand_in(table, names[id(cte)], table.alias or table.name)
    for cte in tree.find_all(exp.CTE) if names else ():
        alias = cte.args["alias"]
        kept.append((alias, "this", alias.this))
        alias.set("this", exp.to_identifier(names[id(cte)], quoted=True))
    try:
        yield frozenset(names.values())
    finally:
        for node, key, value in kept:
            node.set(key, value)
