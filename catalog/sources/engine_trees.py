"""How the engine's own trees of SQL, as its JSON, are walked: which queries of a WITH are known where."""

from collections.abc import Iterator, Mapping

from catalog.names import fold

Node = Mapping[str, object]


def definitions(node: Node) -> Iterator[tuple[str, object]]:
    """The queries of a node's WITH in their order, by their names, folded."""
    entries = node.get("cte_map")
    if isinstance(entries, dict):
        for entry in entries.get("map") or ():
            yield fold(str(entry.get("key"))), entry.get("value")


def within(node: Node, known: frozenset[str]) -> Iterator[tuple[object, frozenset[str]]]:
    """What is in a node but bare values, with the queries of a WITH that are known there, by their folded names.

    Each knows those before it, and itself on the right side of a recursive UNION alone: elsewhere, and without a UNION,
    the engine looks for a relation of that name.
    """
    for name, query in definitions(node):
        yield query, known
        known = known | {name}
    itself = known | {fold(str(node.get("cte_name")))} if node.get("type") == "RECURSIVE_CTE_NODE" else known
    for key, value in node.items():
        if value and isinstance(value, (dict, list)) and key != "cte_map":
            yield value, itself if key == "right" else known


def is_bare(node: Node, schema: str, catalog: str, name: object) -> bool:
    """Whether a name stands alone, which the engine tells twice."""
    return not node.get(schema) and not node.get(catalog) and node.get("qualified_name") == {"path": [name]}
