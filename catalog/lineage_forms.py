"""What of a view's SQL is followed: every form that is known, by the class of its node and by its arguments."""

import re
from collections.abc import Iterator
from pathlib import Path

from sqlglot import exp

from catalog.names import fold
from catalog.sources.view_sql import Unclear

_LIST = re.sub("#.*", "", (Path(__file__).parent / "lineage_forms.txt").read_text("utf-8"))
KNOWN = {name: frozenset(arguments.split()) for name, arguments in re.findall(r"(\w+)\(([^)]*)\)", _LIST)}
"""The arguments that may be set, of each class of nodes that may stand in a view."""

LEAVES = (exp.DataType, exp.JSONPath)
"""What names no column, whatever is in it."""

_SIDES = frozenset({"", "LEFT", "RIGHT", "FULL"})
_KINDS = frozenset({"", "INNER", "OUTER", "CROSS", "SEMI", "ANTI", "STRAIGHT_JOIN"})
_METHODS = frozenset({"", "NATURAL", "ASOF", "POSITIONAL"})
_MODIFIERS = frozenset({"STRAIGHT_JOIN", "SQL_NO_CACHE", "SQL_CACHE"})
_READERS = frozenset(
    "table_to_xml table_to_xmlschema table_to_xml_and_xmlschema query_to_xml query_to_xmlschema cursor_to_xml "
    "query_to_xml_and_xmlschema cursor_to_xmlschema schema_to_xml schema_to_xmlschema schema_to_xml_and_xmlschema "
    "database_to_xml database_to_xmlschema database_to_xml_and_xmlschema ts_stat ts_rewrite lo_get load_file "
    "pg_read_file pg_read_binary_file query query_table getvariable nextval lastval currval".split()
)
"""Functions that read what no argument of theirs holds: by a name or SQL in a string."""


def check_forms(query: exp.Query) -> None:
    """Raises Unclear for anything in a query that is not known to be followed exactly."""
    for node in query.walk(prune=lambda node: isinstance(node, LEAVES)):
        known = KNOWN.get(type(node).__name__)
        if _orders_by_all(node):
            continue
        if known is None or not all(name in known for name, value in node.args.items() if _is_set(value)):
            raise Unclear(
                "it takes columns without naming them" if _takes(node) else "it has a form that is not followed"
            )
        if not _is_usual(node):
            raise Unclear("it has a form that is not followed")


def _is_set(value: object) -> bool:
    return value is not None and value is not False and value != [] and value != ""


def _takes(node: exp.Expr) -> bool:
    return isinstance(node, exp.Columns | exp.TableColumn | exp.PositionalColumn | exp.Placeholder | exp.Parameter)


def _orders_by_all(node: exp.Expr) -> bool:
    """Whether a node is the `COLUMNS(*)` that DuckDB writes for ORDER BY ALL: an order is in no value."""
    order = node.parent.parent if isinstance(node, exp.Columns) and isinstance(node.parent, exp.Ordered) else None
    is_all = [value for value in node.args.values() if _is_set(value)] == [exp.Star()]
    return order is not None and isinstance(order.parent, exp.Query) and is_all


def _is_usual(node: exp.Expr) -> bool:
    """Whether what stands in a node is of the kinds that are followed there."""
    match node:
        case exp.Dot():
            return isinstance(node.expression, exp.Identifier)
        case exp.Column():
            return isinstance(node.this, exp.Identifier | exp.Star)
        case exp.Lambda():
            return all(isinstance(each, exp.Identifier) for each in node.expressions)
        case exp.TableAlias():
            return all(isinstance(each, exp.Identifier | exp.ColumnDef) for each in node.columns)
        case exp.Join():
            words = (str(node.args.get(word) or "").upper() for word in ("side", "kind", "method"))
            return all(word in known for word, known in zip(words, (_SIDES, _KINDS, _METHODS), strict=True))
        case exp.Select():
            return all(each.name.upper() in _MODIFIERS for each in node.args.get("operation_modifiers") or ())
        case exp.Lateral():
            return isinstance(node.this, exp.Subquery | exp.Func)
        case exp.Anonymous():
            return isinstance(node.this, str | exp.Identifier) and fold(node.name) not in _READERS
        case exp.Table():
            return isinstance(node.this, exp.Identifier)
    return True


def parts_of(node: exp.Expr) -> Iterator[str]:
    """The names of a column, or of fields behind it, from the left; none where it is no such thing."""
    match node:
        case exp.Paren():
            yield from parts_of(node.this)
        case exp.Dot():
            first = tuple(parts_of(node.this))
            if first:
                yield from (*first, fold(node.expression.name))
        case exp.Column() if isinstance(node.this, exp.Identifier):
            yield from (fold(part.name) for part in node.parts)
        case exp.Identifier():
            yield fold(node.name)
