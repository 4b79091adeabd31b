"""Finds what a path in a query means among the fields of the columns that a person sees.

`contact.phone` and `visits[1].note` name fields; a field that is hidden and one that is misspelt are alike no field.
A path that may mean something else, an alias of the query's own say, is left to the engine.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from catalog.names import fold
from policy_engine.model import ColumnDecision, Decision, Outcome
from policy_engine.shapes import nesting


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A dataset as the query calls it, with the decision for it."""

    alias: str
    decision: Decision

    @property
    def briefly(self) -> "Named":
        """The same as it is told to who is not told of hidden fields."""
        return Named(alias=self.alias, decision=self.decision.briefly)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """A column's path as the query writes it: the innermost known column or field, and the first name it lacks.

    `missing` is None when every name is known; `hidden` is the hidden field of that name, if there is one.
    """

    found: ColumnDecision
    missing: exp.Expr | None = None
    hidden: ColumnDecision | None = None


class Known:
    """The columns that a person sees of the datasets of a query, by their folded names and the query's aliases.

    Each dataset is looked through once, however often it is named.
    """

    def __init__(self, named: Sequence[Named]) -> None:
        by_decision = {id(decision): _by_name(decision.columns) for decision in distinct(named)}
        self._all = [by_decision[id(item.decision)] for item in named]
        self._by_alias: dict[str, list[Mapping[str, Sequence[ColumnDecision]]]] = {}
        for item in named:
            self._by_alias.setdefault(fold(item.alias), []).append(by_decision[id(item.decision)])
        self.aliases = self._by_alias.keys()
        self.columns = frozenset(name for columns in by_decision.values() for name in columns)
        self._meant: dict[str, Sequence[ColumnDecision]] = {}

    def under(self, alias: str) -> Sequence[Mapping[str, Sequence[ColumnDecision]]]:
        """The columns of each dataset that the query calls so, by their names; all folded."""
        return self._by_alias.get(alias, ())

    def of_any(self, name: str) -> Sequence[ColumnDecision]:
        """The columns of a name (folded) in all places together."""
        if name not in self._meant:
            self._meant[name] = [column for columns in self._all for column in columns.get(name, ())]
        return self._meant[name]


def meant(column: exp.Column, known: Known, given: frozenset[str]) -> Meant | None:
    """What a path that begins with a column means; None where that is not certain.

    `given` are the folded names that the query itself gives to columns.
    """
    parts: list[exp.Expr] = list(column.parts)
    datasets = known.under(fold(parts[0].name)) if len(parts) > 1 else ()
    parts = parts[1:] if datasets else parts
    name = fold(parts[0].name)
    tops = [each for columns in datasets for each in columns.get(name, ())] if datasets else known.of_any(name)
    if len(tops) != 1 or name in given or isinstance(column.this, exp.Star):
        return None
    found = tops[0]
    for part in (*parts[1:], *_following(column)):
        if not found.parts:
            break
        if isinstance(part, exp.Bracket):
            if not nesting(found.type).lists:
                return None
            continue
        inner = [each for each in found.parts if fold(each.path[-1]) == fold(part.name)]
        shown = [each for each in inner if each.outcome is not Outcome.HIDDEN]
        if not shown:
            return Meant(found=found, missing=part, hidden=inner[0] if inner else None)
        found = shown[0]
    return Meant(found=found)


def given_names(tree: exp.Expr) -> frozenset[str]:
    """The folded names that a query gives to columns and relations of its own."""
    names = {fold(node.alias) for node in tree.find_all(exp.Alias, exp.CTE, exp.Subquery)}
    names |= {fold(name.name) for alias in tree.find_all(exp.TableAlias) for name in alias.columns}
    names |= {fold(name.name) for node in tree.find_all(exp.Lambda) for name in node.expressions}
    for node in tree.find_all(exp.Comprehension):
        names |= {fold(name.name) for name in node.args["expression"].find_all(exp.Identifier)}
    return frozenset(names)


def distinct(named: Sequence[Named]) -> Iterator[Decision]:
    """One decision for each dataset that a query names."""
    yield from {id(item.decision): item.decision for item in named}.values()


def _by_name(columns: Sequence[ColumnDecision]) -> Mapping[str, Sequence[ColumnDecision]]:
    found: dict[str, list[ColumnDecision]] = {}
    for column in columns:
        if column.outcome is not Outcome.HIDDEN:
            found.setdefault(fold(column.name), []).append(column)
    return found


def _following(node: exp.Expr) -> Iterator[exp.Expr]:
    """What follows a column: names after dots, and brackets, which may pick an item of a list."""
    above = node.parent
    while above is not None and above.this is node:
        if isinstance(above, exp.Dot) and isinstance(above.expression, exp.Identifier):
            yield above.expression
        elif isinstance(above, exp.Bracket):
            yield above
        elif not isinstance(above, exp.Paren):
            return
        node, above = above, above.parent
