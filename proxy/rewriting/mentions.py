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
    """What a query reads of a dataset, by folded names; none of it hangs on a hidden column that no policy goes by.

    `named` are the shown columns that it can name, None where it may be all of them; `read` are all that its governed
    relation reads, those that policies go by with them, and `masked` those of them that are masked, with the columns
    that their masks go by.
    """

    named: frozenset[str] | None
    read: frozenset[str]
    masked: frozenset[str]


class Mentions:
    """What one query reads of the datasets that it names; each is looked through once, however often it is named."""

    def __init__(self, tree: exp.Expr) -> None:
        self._names = mentioned(tree)
        self._shown: dict[int, frozenset[str]] = {}
        self._reads: dict[tuple[int, bool], Reads] = {}

    def reads(self, alias: str, decision: Decision) -> Reads:
        """What is read of a dataset under an alias; the decision must live as long as these mentions."""
        shown = self._shown.get(id(decision))
        if shown is None:
            columns = (column for column in decision.columns if column.outcome is not Outcome.HIDDEN)
            shown = self._shown[id(decision)] = frozenset(fold(column.name) for column in columns)
        is_unclear = fold(alias) in shown  # a hidden column is none of the relation's, so a name before a dot means it
        found = self._reads.get((id(decision), is_unclear))
        if found is None:
            named = None if self._names is None or is_unclear else shown & self._names
            found = self._reads[id(decision), is_unclear] = _reads(named, shown, decision)
        return found


def _reads(named: frozenset[str] | None, shown: frozenset[str], decision: Decision) -> Reads:
    whens = (case.when for column in decision.columns for case in column.cases)
    read = (shown if named is None else named) | _asked(decision, [decision.rows.filter, *whens])
    masked = _masked(read, decision)
    return Reads(named=named, read=read | masked, masked=masked)


def _masked(read: frozenset[str], decision: Decision) -> frozenset[str]:
    """Of the columns that are read, those (folded) that are masked, with the columns that their masks go by.

    Example: of a birthday that is shifted by a person's number both are, if the birthday is read; so is the consent
    that says whether it is shown.
    """
    masked = [
        column
        for column in decision.columns
        if (column.outcome is Outcome.MASKED or column.parts) and fold(column.name) in read
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
