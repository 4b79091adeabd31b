"""How the engine's own trees of SQL, as its JSON, are walked: which queries of a WITH are known where."""

from collections.abc import Iterator, Mapping

from catalog.names import fold

Node = Mapping[str, object]


def definitions(node: Node) -> Iterator[tuple[str, object]]:
    """The queries of a node's WITH in their order, by their names, folded."""
    entries = node.get("cte_map")
    for entry in (entries.get("map") or ()) if isinstance(entries, dict) else ():
        yield fold(str(entry.get("key"))), entry.get("value")


def within(node: Node, known: frozenset[str]) -> Iterator[tuple[object, frozenset[str]]]:
    """What is in a node, with the queries of a WITH that are known there, by their folded names.

    Each knows those before it, and itself on the right side of a recursive UNION alone: elsewhere, and without a UNION,
    the engine looks for a relation of that name.
    """
    for name, query in definitions(node):
        yield query, known
        known = known | {name}
    for key, value in node.items():
        if key != "cte_map":
            is_recursive = node.get("type") == "RECURSIVE_CTE_NODE" and key == "right"
            yield value, known | {fold(str(node.get("cte_name")))} if is_recursive else known


def is_bare(node: Node, schema: str, catalog: str, name: object) -> bool:
    """Whether a name stands alone, which the engine tells twice."""
    return not node.get(schema) and not node.get(catalog) and node.get("qualified_name") == {"path": [name]}
