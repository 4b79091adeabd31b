"""Finds what a path in a query means among the fields of the columns that a person sees.

`contact.phone` and `visits[1].note` name fields; a field that is hidden and one that is misspelt are alike no field.
A path that may mean something else, an alias of the query's own say, is left to the engine.
"""

from collections.abc import Iterator, Sequence
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


def meant(column: exp.Column, named: Sequence[Named], given: frozenset[str]) -> Meant | None:
    """What a path that begins with a column means; None where that is not certain.

    `given` are the folded names that the query itself gives to columns.
    """
    parts: list[exp.Expr] = list(column.parts)
    datasets = [item for item in named if fold(item.alias) == fold(parts[0].name)]
    if datasets and len(parts) > 1:
        parts = parts[1:]
    else:
        datasets = list(named)
    name = fold(parts[0].name)
    tops = [each for item in datasets for each in _shown(item.decision.columns) if fold(each.name) == name]
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


def _shown(columns: Sequence[ColumnDecision]) -> Iterator[ColumnDecision]:
    return (column for column in columns if column.outcome is not Outcome.HIDDEN)


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
