"""Re-reads the SQL that is about to run with the engine's own parser, and lets it pass only as it must be.

The rewriter's tree and the engine's may differ where a parser, a generator or an attacker found a gap. So the final
text goes through the engine's parser once more, and its tree must show: one reading statement; only known kinds of
nodes; every physical relation inside exactly the governed subquery that was decided for it, as often as placed (of
keys of a GROUP BY that are alike the engine's tree has one); every other relation name a CTE in scope, under a name
that Veil gave it; every function on the list. Anything else is refused and raised as an alarm.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from catalog.errors import Internal
from catalog.sources.engine_trees import Node, definitions, is_bare, within
from proxy.reading.functions import FEWEST_ARGUMENTS, FUNCTIONS, OPERATORS, TABLE_FUNCTIONS
from proxy.reading.grammar import ENGINE_NODES

_MOST_BEHIND = 2  # queries: that of the answers of lookups, and that of the cells where these are sorted


class VerificationFailed(Internal):
    """The SQL about to run is not what was decided; nothing ran."""

    title = "The rewritten SQL did not pass its check"

    def __init__(self, what: str) -> None:
        super().__init__(
            "the rewritten SQL did not pass its check, so nothing was run",
            hint="write the query in a plainer way, and tell the operator of this server",
        )
        self.what = what


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One placed relation: its physical name and the engine's tree of its governed subquery.

    `may_be_left_out` says that an earlier key of the same GROUP BY has the same one, so that the two keys may be alike.
    """

    physical: str
    governed: Node
    may_be_left_out: bool = False


def statement_node(parsed: Node) -> Node:
    """The single query of what the engine's parser made of a text; raises VerificationFailed."""
    statements = parsed.get("statements")
    if parsed.get("error") or not isinstance(statements, list) or len(statements) != 1:
        raise VerificationFailed("not one reading statement")
    return _node(_node(statements[0]).get("node"))


def governed_node(parsed: Node, relations: Sequence[str]) -> Node:
    """The engine's tree of one governed subquery, as it must stand in every statement.

    It reads exactly these physical relations, each as often as named: its dataset's, and those of its lookups.
    """
    node = statement_node(parsed)
    if sorted(_tables(node)) != sorted(relations):
        raise VerificationFailed("a governed relation reads something else")
    return node


def verify(
    parsed: Node,
    expected: Sequence[Expectation],
    own: frozenset[str] = frozenset(),
    queries: frozenset[str] = frozenset(),
) -> None:
    """Passes silently only when the engine read what was decided; raises VerificationFailed with the reason.

    `own` are functions that the rewriter wrote beside those that a person may call, `queries` the names that it gave to
    the queries of WITH: none has another.
    """
    _Walk(expected, own, queries).run(statement_node(parsed))


class _Walk:
    """One pass over the engine's tree, ticking off the relations that were placed."""

    def __init__(self, expected: Sequence[Expectation], own: frozenset[str], queries: frozenset[str]) -> None:
        self._own = own
        self._queries = queries
        self._physical_names = {item.physical for item in expected}
        self._left = sorted(expected, key=lambda item: item.may_be_left_out)  # what must be found is found first
        self._has_lookups = any(_source_node(item.governed) for item in expected)

    def run(self, root: Node) -> None:
        left: list[tuple[object, frozenset[str]]] = [(root, frozenset())]
        while left:  # no recursion: a chain of operators is as deep as it is long
            value, ctes = left.pop()
            if isinstance(value, list):
                left.extend((item, ctes) for item in value)
            elif isinstance(value, dict):
                left.extend(self._check(_node(value), ctes))
        if not all(item.may_be_left_out for item in self._left):
            raise VerificationFailed("a relation is missing")

    def _check(self, node: Node, ctes: frozenset[str]) -> Iterator[tuple[object, frozenset[str]]]:
        """Checks one node, and gives what is in it with the CTEs that are known there."""
        if "from_table" in node and self._is_governed(node):
            return
        kind, group = node.get("type"), node.get("class")
        _check_kind(node, kind, group)
        if kind == "BASE_TABLE":
            _check_cte(node, ctes)
        if group in ("FUNCTION", "WINDOW"):
            _check_call(node, self._own)
        if kind == "TABLE_FUNCTION":
            _check_table_call(node)
        if node.get("pivot_enum"):
            raise VerificationFailed("a pivot over a type of the engine's own")
        if kind == "SHOW_REF" and not _describes_query(node):
            raise VerificationFailed("a description of something else than a query")
        if group == "CONSTANT":
            return
        if node.get("cte_map") and any(name not in self._queries for name, _ in definitions(node)):
            raise VerificationFailed("a query of WITH under a name that was not given")
        yield from within(node, ctes)

    def _is_governed(self, node: Node) -> bool:
        """Whether a SELECT is one of the governed subqueries; raises where it only reads what one of them reads."""
        source = node
        for _ in range(_MOST_BEHIND if self._has_lookups else 0):
            source = _source_node(source)
            behind = self._physical(source)
            if behind is not None and self._ticks_off(behind, node):
                return True
        physical = self._physical(node)
        if physical is not None and not self._ticks_off(physical, node):
            raise VerificationFailed("a governed relation was altered or stands too often")
        return physical is not None

    def _ticks_off(self, physical: str, node: Node) -> bool:
        """Whether the node is one of the governed subqueries that are still to be found; then it is found."""
        for item in self._left:
            if item.physical == physical and item.governed == node:
                self._left.remove(item)
                return True
        return False

    def _physical(self, node: Node) -> str | None:
        """The physical relation that a SELECT reads directly, if it is one of ours."""
        source = node.get("from_table")
        if node.get("type") != "SELECT_NODE" or not isinstance(source, dict) or source.get("type") != "BASE_TABLE":
            return None
        name = source.get("table_name")
        return name if isinstance(name, str) and name in self._physical_names else None


def _source_node(node: Node) -> Node:
    """The query that a SELECT reads from, if it does: there the answers of lookups are worked out."""
    source = node.get("from_table")
    if not isinstance(source, dict) or source.get("type") != "SUBQUERY":
        return {}
    inner = source.get("subquery")
    found = inner.get("node") if isinstance(inner, dict) else None
    return _node(found) if isinstance(found, dict) else {}


def _tables(value: object) -> Iterator[str]:
    """Every base relation that a tree reads, each as often as it stands there."""
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, list):
            left.extend(item)
        elif isinstance(item, dict):
            if item.get("type") == "BASE_TABLE":
                name = item.get("table_name")
                yield str(name) if is_bare(item, "schema_name", "catalog_name", name) else ""
            left.extend(item.values())


def _check_kind(node: Node, kind: object, group: object) -> None:
    if group is not None:
        if group not in ENGINE_NODES["expression"]:
            raise VerificationFailed("an unknown kind of expression")
    elif "from_table" in node or "cte_map" in node or (isinstance(kind, str) and kind.endswith("_NODE")):
        if kind not in ENGINE_NODES["query"]:
            raise VerificationFailed("an unknown kind of query")
    elif "sample" in node or "column_name_alias" in node:
        if kind not in ENGINE_NODES["relation"]:
            raise VerificationFailed("an unknown kind of relation")
    elif isinstance(kind, str) and kind.endswith("_MODIFIER") and kind not in ENGINE_NODES["modifier"]:
        raise VerificationFailed("an unknown kind of clause")


def _describes_query(node: Node) -> bool:
    """Whether only what comes out of a query is told, and nothing of the engine's own catalog."""
    is_known = node.get("show_type") in ("DESCRIBE", "SUMMARY")
    return is_known and isinstance(node.get("query"), dict) and not node.get("table_name")


def _check_cte(node: Node, ctes: frozenset[str]) -> None:
    name = node.get("table_name")
    if not is_bare(node, "schema_name", "catalog_name", name) or name not in ctes:
        raise VerificationFailed("a relation that was not placed")


def _check_call(node: Node, own: frozenset[str]) -> None:
    name = node.get("function_name")
    if not isinstance(name, str) or not is_bare(node, "schema", "catalog", name):
        raise VerificationFailed("a function of a schema")
    is_operator = node.get("is_operator") and name in OPERATORS
    if name.lower() not in FUNCTIONS and name.lower() not in own and not is_operator:
        raise VerificationFailed("a function that is not on the list")
    if len(_list(node.get("arguments"))) < FEWEST_ARGUMENTS.get(name.lower(), 0):
        raise VerificationFailed("a function that asks for the time")


def _check_table_call(node: Node) -> None:
    function = node.get("function")
    name = function.get("function_name") if isinstance(function, dict) else None
    if name not in TABLE_FUNCTIONS or not is_bare(_node(function), "schema", "catalog", name):
        raise VerificationFailed("a table function that is not on the list")


def _node(value: object) -> Node:
    if not isinstance(value, dict):
        raise VerificationFailed("an unknown shape of tree")
    return cast(Node, value)  # JSON objects have text keys


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
