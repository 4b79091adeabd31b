"""Which expressions the engine carries out as joins, by its own plans: none but those that are held to be."""

import json
from collections.abc import Iterator

import duckdb

from catalog.errors import VeilError
from proxy.reading.functions import CALLABLE
from proxy.reading.statement import read
from proxy.rewriting.joined import is_joined

FIRST = ("[1, 2, 3, 4, 5, 6]", "['a', 'b', 'c', 'd', 'e', 'f']", "map([1, 2, 3, 4, 5], [1, 2, 3, 4, 5])", "l", "s", "a")
SECOND = ("a", "s", "[a]", "[1, 2, 3, 4, 5, 6]", "'a'")
OPERATORS = ("=", "<>", "<", ">=", "@>", "<@", "&&", "in", "not in", "= any", "< any", "->", "like", "^@", "||")


def _calls() -> Iterator[str]:
    for name, function in CALLABLE.items():
        if function.kind == "scalar":
            yield from (f'"{name}"({first}, {second})' for first in FIRST for second in SECOND)
            yield from (f'"{name}"({first})' for first in FIRST)
    for sign in OPERATORS:
        yield from (f"{first} {sign} ({second})" for first in FIRST for second in SECOND)
        yield from (f"{first} {sign} ({second}, a, 3, 4, 5)" for first in FIRST for second in SECOND)


def _has_join(plan: object) -> bool:
    if isinstance(plan, list):
        return any(map(_has_join, plan))
    assert isinstance(plan, dict)
    return "JOIN" in plan["name"] or "CROSS" in plan["name"] or _has_join(plan["children"])


def test_no_expression_is_a_join_to_the_engine_but_those_that_are_held_to_be() -> None:
    found = set()
    with duckdb.connect() as engine:
        engine.execute("SET disabled_optimizers = 'statistics_propagation'; SET explain_output = 'physical_only'")
        engine.execute("CREATE TABLE t AS SELECT i::INT AS a, 'x' || i AS s, [i, 2] AS l FROM range(3000) r(i)")
        for call in _calls():
            try:
                [(_, plan)] = engine.execute(f"EXPLAIN (FORMAT json) SELECT {call} AS x FROM t").fetchall()
            except duckdb.Error:
                continue  # it is of other types
            if _has_join(json.loads(plan)):
                found.add(call)
    assert len(found) > 10
    for call in found:
        try:
            tree = read(f"select {call} as x from t").tree
        except VeilError:
            continue  # nobody can say so
        assert any(map(is_joined, tree.walk())), call
