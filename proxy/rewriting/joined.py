"""Tells where the engine carries out a condition as a join: rows then come as its threads give them, by the piece."""

from collections.abc import Set

from sqlglot import exp

from catalog.names import fold
from catalog.remembered import remembered
from catalog.sql_texts import Unreadable, parsed_tokens, tokens_of_text
from policy_engine.model import Decision, Outcome
from proxy.fencing.families import bare

_MOST_COMPARED = 4  # of more values DuckDB makes a relation (src/optimizer/in_clause_rewriter.cpp)
_HOLDS = frozenset("contains list_contains list_has array_contains array_has map_contains_value".split())
"""Functions that DuckDB makes an IN of, where what they look in hangs on no row."""


def is_joined(node: exp.Expr, aliases: Set[str] = frozenset()) -> bool:
    """Whether the engine may carry out a part of an expression as a join with a relation of values: an IN, a function
    that means one, and every ANY and ALL. What is compared is then worked out of whole pieces, a LIMIT or not.

    What one of the `aliases` names, which are folded, may be a constant.

    Example:
        >>> from proxy.reading.statement import read
        >>> tree = read("select a in (1, 2, 3, 4), a in (1, 2, 3, 4, 5), a in l, contains([1, 2], a) from t").tree
        >>> [is_joined(item) for item in tree.expressions]
        [False, True, True, True]
    """
    if isinstance(node, exp.Any | exp.All):
        return True
    if isinstance(node, exp.Contains | exp.ArrayContains):
        return not _is_of_rows(node.this, aliases)
    if isinstance(node, exp.Anonymous):
        return node.name.lower() in _HOLDS and not _is_of_rows(next(iter(node.expressions), node), aliases)
    if not isinstance(node, exp.In):
        return False
    values = node.expressions
    return not 0 < len(values) <= _MOST_COMPARED or any(
        isinstance(bare(value), exp.Array | exp.List) for value in values
    )


def _is_of_rows(node: exp.Expr, aliases: Set[str]) -> bool:
    """Whether an expression is a column, of whatever type and letters it is made: never a constant to the engine."""
    while isinstance(node, exp.Paren | exp.Cast | exp.TryCast | exp.Lower | exp.Upper):
        node = node.this
    return isinstance(node, exp.Column) and fold(node.name) not in aliases


def joins(decision: Decision) -> bool:
    """Whether what a policy says of a dataset is such a join: a lookup, or a long list in a condition.

    A mask that may raise stands within TRY, where none is.
    """
    shown = [column for column in decision.columns if column.outcome is not Outcome.HIDDEN]
    whens = {case.when for column in shown for part in (column, *column.nested) for case in part.cases}
    return bool(decision.lookups) or any(text and _has_list(text) for text in (decision.rows.filter, *whens))


@remembered(4096)
def _has_list(text: str) -> bool:
    sql = f"SELECT {text}"
    try:
        [tree] = parsed_tokens(sql, tokens_of_text(sql, "duckdb"), "duckdb")
    except Unreadable:
        return True
    return any(map(is_joined, tree.walk()))
