"""Which columns of a dataset a query can read, by what it mentions: more than it reads, never less by intent.

What hangs on it is checked again when the dataset's relation is scanned, where the columns are known (opened.py).
"""

from collections.abc import Iterable

from sqlglot import exp

from catalog.names import fold, quoted
from policy_engine.model import Decision, Outcome
from policy_engine.transforms import registry

_ALL = (exp.Star, exp.Columns, exp.Pivot, exp.PositionalColumn)


def mentioned(tree: exp.Expr) -> frozenset[str] | None:
    """Every name in a statement, folded; None where it reads columns that it does not name.

    Example:
        >>> import sqlglot
        >>> sorted(mentioned(sqlglot.parse_one("select a from s.t where b = 1", read="duckdb")))
        ['a', 'b', 's', 't']
        >>> mentioned(sqlglot.parse_one("select t from s.t where b = 1", read="duckdb")) is None  # whole rows
        True
    """
    names: set[str] = set()
    relations = {fold(each.alias_or_name) for each in tree.find_all(exp.Table, exp.Subquery, exp.CTE)}
    for node in tree.walk():
        if isinstance(node, exp.Star) and isinstance(node.parent, exp.Count):
            continue
        if isinstance(node, _ALL) or (isinstance(node, exp.Join) and node.args.get("method")):
            return None
        if isinstance(node, exp.TableAlias) and node.args.get("columns"):
            return None
        if isinstance(node, exp.Subquery) and not isinstance(node.this, exp.Query):  # a join, whose names are made anew
            return None
        if isinstance(node, exp.Column) and fold(node.name) in relations:
            return None
        if isinstance(node, exp.Identifier):
            names.add(fold(node.name))
    return frozenset(names)


def named_columns(names: frozenset[str] | None, alias: str, decision: Decision) -> frozenset[str] | None:
    """The columns of a dataset, folded, that a query can name under an alias; None where it may be all of them."""
    if names is None or any(fold(column.name) == fold(alias) for column in decision.columns):
        return None
    return frozenset(fold(column.name) for column in decision.columns if fold(column.name) in names)


def read_columns(named: frozenset[str] | None, decision: Decision) -> frozenset[str] | None:
    """The columns, folded, that are read for a query that names some, those with them that its policies go by."""
    whens = (case.when for column in decision.columns for case in column.cases)
    return None if named is None else named | _asked(decision, [decision.rows.filter, *whens])


def masked_columns(read: frozenset[str] | None, decision: Decision) -> frozenset[str]:
    """Of the columns that are read, those (folded) that are masked, with the columns that their masks go by.

    Example: of a birthday that is shifted by a person's number both are, if the birthday is read; so is the consent
    that says whether it is shown.
    """
    masked = [
        column
        for column in decision.columns
        if (column.outcome is Outcome.MASKED or column.parts) and (read is None or fold(column.name) in read)
    ]
    cases = [case for column in masked for part in (column, *column.nested) for case in part.cases]
    named = (each for case in cases if case.call is not None for each in registry.columns_named(case.call))
    asked = _asked(decision, (case.when for case in cases))
    return frozenset(fold(column.name) for column in masked) | {fold(each.path[0]) for each in named} | asked


def _asked(decision: Decision, conditions: Iterable[str]) -> frozenset[str]:
    """The columns, folded, that conditions of policies read, and those whose values lookups look for: an engine works
    out the answer of a lookup whether it is asked for or not.
    """
    text = " ".join([*conditions, *(lookup.value for lookup in decision.lookups)])
    return frozenset(fold(column.name) for column in decision.columns if quoted(column.name) in text)
