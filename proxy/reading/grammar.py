"""What a person may write, as data: the tables of `dialects/`, where each line has its reason, and nothing else passes.

    duckdb_statements.csv    with which words a text begins, and what works instead of those that are refused
    duckdb_nodes.csv         the kinds of syntax, by the names of sqlglot's classes, and how each takes rows
    duckdb_functions.csv     the functions (functions.py)
    duckdb_engine_nodes.csv  the kinds of syntax as the engine's own parser calls them, for the SQL that is about to run

Nothing that is answered reads anything but governed relations, and nothing writes or locks.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

_NODE_KINDS = frozenset({"statement", "clause", "expression", "call", "refused"})
_WAYS_OF_ROWS = frozenset({"each", "any", "first"})
_ENGINE_KINDS = frozenset({"query", "relation", "modifier", "expression"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """A word with which a text may begin: whether such a statement is answered, and why, or what works instead."""

    is_answered: bool
    reason: str
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A kind of syntax and why it is harmless; `instead` is what to write where it, or a form of it, is refused.

    `rows` says how it takes rows: `each` by itself, several in `any` order, or as they come, the `first` before others.
    What may be any of these by its parts is `first`, until somebody looks at the parts (row_order.py).
    """

    kind: str
    rows: str
    reason: str
    instead: str = ""


def read_rows(text: str, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a table as CSV that has exactly these columns; raises ValueError.

    Example:
        >>> read_rows("name,kind\\nCASE,expression", ("name", "kind"))
        [{'name': 'CASE', 'kind': 'expression'}]
    """
    table = csv.DictReader(text.splitlines(), strict=True)
    if table.fieldnames != list(columns):
        raise ValueError(f"the columns of this table are {', '.join(columns)}")
    rows = list(table)
    for row in rows:
        if row.keys() != set(columns) or not all(isinstance(value, str) for value in row.values()):
            raise ValueError(f"a line of this table has not {len(columns)} cells")
    return rows


def read_beginnings(text: str) -> dict[str, Beginning]:
    """The table of statements, by their first words in upper case; raises ValueError."""
    found: dict[str, Beginning] = {}
    for row in read_rows(text, ("words", "answer", "reason", "example")):
        word = row["words"]
        is_known = row["answer"] in ("answered", "refused")
        if word in found or word != word.upper() or not is_known or not row["reason"] or not row["example"]:
            raise ValueError(f"`{word}` is not written as it must be")
        found[word] = Beginning(is_answered=row["answer"] == "answered", reason=row["reason"], example=row["example"])
    return found


def read_nodes(text: str) -> dict[str, Node]:
    """The table of the parser's nodes, by name; raises ValueError."""
    found: dict[str, Node] = {}
    for row in read_rows(text, ("name", "kind", "rows", "reason", "instead")):
        name, is_refused = row["name"], row["kind"] == "refused"
        is_told = row["instead"] and not row["rows"] if is_refused else row["rows"] in _WAYS_OF_ROWS
        if name in found or row["kind"] not in _NODE_KINDS or not row["reason"] or not is_told:
            raise ValueError(f"`{name}` is not written as it must be")
        found[name] = Node(kind=row["kind"], rows=row["rows"], reason=row["reason"], instead=row["instead"])
    return found


def read_engine_nodes(text: str) -> dict[str, frozenset[str]]:
    """The names of the engine's nodes by their kinds; raises ValueError."""
    found: dict[str, set[str]] = {}
    for row in read_rows(text, ("name", "kind", "reason")):
        names = found.setdefault(row["kind"], set())
        if row["kind"] not in _ENGINE_KINDS or row["name"] in names or not row["reason"]:
            raise ValueError(f"`{row['name']}` is not written as it must be")
        names.add(row["name"])
    return {kind: frozenset(names) for kind, names in found.items()}


def _table(name: str) -> str:
    return (Path(__file__).parent / "dialects" / f"duckdb_{name}.csv").read_text("utf-8")


BEGINNINGS: Mapping[str, Beginning] = MappingProxyType(read_beginnings(_table("statements")))
"""With which words a text begins; one that begins otherwise is no SQL that is known, or a query in brackets."""

SYNTAX: Mapping[str, Node] = MappingProxyType(read_nodes(_table("nodes")))
"""Every node class that is known, those that are refused among them."""

NODES = frozenset(name for name, node in SYNTAX.items() if node.kind != "refused")
"""Every node class a statement may hold."""

OF_EACH_ROW = frozenset(name for name, node in SYNTAX.items() if node.rows == "each")
"""Every node class that is worked out of one row at a time."""

IN_ANY_ORDER = frozenset(name for name, node in SYNTAX.items() if node.rows in ("each", "any"))
"""Every node class that finds the same in whatever order rows come to it, if rows that are alike are the same."""

ROOTS = frozenset(name for name, node in SYNTAX.items() if node.kind == "statement")
"""What a statement may be."""

INSTEAD: Mapping[str, str] = MappingProxyType({name: node.instead for name, node in SYNTAX.items() if node.instead})
"""What works instead of some constructs that people try."""

ENGINE_NODES: Mapping[str, frozenset[str]] = MappingProxyType(read_engine_nodes(_table("engine_nodes")))
"""What the SQL about to run may hold in the engine's own words, by kind."""
