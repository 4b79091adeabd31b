"""Tells where the engine carries out a condition as a join: rows then come as its threads give them, by the piece."""

from sqlglot import exp

from catalog.remembered import remembered
from catalog.sql_texts import Unreadable, parsed_tokens, tokens_of_text
from policy_engine.model import Decision, Outcome
from proxy.fencing.families import bare

_MOST_COMPARED = 4  # of more values DuckDB makes a relation (src/optimizer/in_clause_rewriter.cpp)


def is_joined(node: exp.Expr) -> bool:
    """Whether a part of an expression is an IN that the engine may carry out as a join with a relation of its values.

    What is compared is then worked out of whole pieces, a LIMIT or not.

    Example:
        >>> from proxy.reading.statement import read
        >>> tree = read("select a in (1, 2, 3, 4), a in (1, 2, 3, 4, 5), a in l from t").tree
        >>> [is_joined(item) for item in tree.expressions]
        [False, True, True]
    """
    if not isinstance(node, exp.In):
        return False
    values = node.expressions
    return not 0 < len(values) <= _MOST_COMPARED or any(
        isinstance(bare(value), exp.Array | exp.List) for value in values
    )


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
