"""Which columns of a dataset a query can read, by what it mentions: more than it reads, never less by intent.

What hangs on it is checked again when the dataset's relation is scanned, where the columns are known (opened.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """What a query reads of a dataset: columns by folded names, None where it may be all of them.

    `named` are those that it can name, `read` with them those that policies go by, and `masked` those of them that are
    masked, with the columns that their masks go by.
    """

    named: frozenset[str] | None
    read: frozenset[str] | None
    masked: frozenset[str]


class Mentions:
    """What one query reads of the datasets that it names; each is looked through once, however often it is named."""

    def __init__(self, tree: exp.Expr) -> None:
        self._names = mentioned(tree)
        self._columns: dict[int, frozenset[str]] = {}
        self._reads: dict[tuple[int, bool], Reads] = {}

    def reads(self, alias: str, decision: Decision) -> Reads:
        """What is read of a dataset under an alias; the decision must live as long as these mentions."""
        names = self._columns.get(id(decision))
        if names is None:
            names = self._columns[id(decision)] = frozenset(fold(column.name) for column in decision.columns)
        is_unclear = fold(alias) in names
        found = self._reads.get((id(decision), is_unclear))
        if found is None:
            named = None if self._names is None or is_unclear else names & self._names
            found = self._reads[id(decision), is_unclear] = _reads(named, decision)
        return found


def _reads(named: frozenset[str] | None, decision: Decision) -> Reads:
    whens = (case.when for column in decision.columns for case in column.cases)
    read = None if named is None else named | _asked(decision, [decision.rows.filter, *whens])
    return Reads(named=named, read=read, masked=_masked(read, decision))


def _masked(read: frozenset[str] | None, decision: Decision) -> frozenset[str]:
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
