"""The laws once more, naive and cell by cell: what a subject must see, worked out without decide and without SQL."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog.model import Column, Dataset
from policy_engine.model import (
    AllOf,
    Effect,
    HasTag,
    Not,
    Policy,
    PolicySet,
    Subject,
    TagExpression,
    TransformCall,
)
from policy_engine.strength import Strength
from policy_engine.tag_expressions import print_expression, tags_of
from policy_engine.transforms import registry
from policy_engine.transforms.keys import KeyRing

Row = Mapping[str, object]
Predicate = Callable[[Row, Subject], bool | None]
Showing = tuple[TransformCall, str] | None
"""A transform call with the namespace of its key, or None for the raw value."""

ALWAYS: Predicate = lambda row, subject: True  # noqa: E731
NEVER: Predicate = lambda row, subject: False  # noqa: E731
NOTHING = (TransformCall(name="null"), "")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The visible columns in order and the rows as they show; `is_refused` when a restriction cannot be applied."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[object, ...], ...] = ()
    is_refused: bool = False


@dataclass(frozen=True, kw_only=True)
class Oracle:
    """Judges one subject on one flat dataset; `predicates` are the filters' texts as Python, None for a broken one."""

    subject: Subject
    dataset: Dataset
    policies: PolicySet
    at: datetime
    predicates: Mapping[str, Predicate | None]
    keys: KeyRing

    def sees(self, rows: Sequence[Row]) -> Seen:
        bound = [policy for policy in self.policies.policies if self.binds(policy)]
        grants = [policy for policy in bound if policy.effect is Effect.GRANT and self.predicate(policy) is not None]
        takers = [policy for policy in bound if policy.effect is not Effect.GRANT]
        if any(self.is_broken(policy) for policy in takers):
            return Seen(is_refused=True)
        denied = [column for policy in takers if self.hides(policy) for column in self.covered(policy)]
        columns = [column for column in self.dataset.columns if any(self.shows(g, column) for g in grants)]
        columns = [column for column in columns if column not in denied]
        openers = [policy for policy in grants if any(self.shows(policy, column) for column in columns)]
        limits = [policy for policy in takers if not self.hides(policy) and self.covered(policy)]
        there = [row for row in rows if any(self.is_true(opener, row) for opener in openers)]
        there = [row for row in there if all(self.is_true(limit, row) for limit in limits)]
        cells = tuple(tuple(self.cell(row, column, grants, takers) for column in columns) for row in there)
        return Seen(columns=tuple(column.name for column in columns), rows=cells)

    def cell(self, row: Row, column: Column, grants: Sequence[Policy], takers: Sequence[Policy]) -> object:
        shown = self.shown_on(row, column, grants, takers)
        return None if shown is None else self.through(shown[0], row[column.name], column)

    def shown_on(
        self, row: Row, column: Column, grants: Sequence[Policy], takers: Sequence[Policy]
    ) -> tuple[Showing] | None:
        """How the cell shows on the row, if any grant that holds there shows it."""
        given = {self.showing(g, column) for g in grants if self.shows(g, column) and self.is_true(g, row)}
        return (self.raised(only(given, min(map(strength, given))), column, takers),) if given else None

    def raised(self, shown: Showing, column: Column, takers: Sequence[Policy]) -> Showing:
        demands = self.demands(column, takers)
        if not demands:
            return shown
        least = only(demands, max(map(strength, demands)))
        if strength(shown) > strength(least):
            return shown
        return least if strength(shown) < strength(least) or shown == least else NOTHING

    def demands(self, column: Column, takers: Sequence[Policy]) -> set[Showing]:
        return {self.showing(t, column) for t in takers if not self.hides(t) and self.covers(t, column)} - {None}

    def through(self, shown: Showing, value: object, column: Column) -> object:
        if shown is None:
            return value
        return registry.reference(shown[0], value, column.type, namespace=shown[1], keys=self.keys)

    def binds(self, policy: Policy) -> bool:
        held = {role.name for role in self.policies.roles if role.groups & self.subject.groups}
        starts, ends = policy.starts_at or self.at, policy.ends_at
        in_time = starts <= self.at and (ends is None or self.at < ends)
        database, dataset = policy.scope.database, policy.scope.dataset
        in_scope = database in (None, self.dataset.database) and dataset in (None, self.dataset.name)
        return policy.enabled and in_time and in_scope and bool(held & set(policy.roles))

    def covers(self, policy: Policy, column: Column) -> bool:
        in_scope = not policy.scope.columns or self.is_in_scope(policy, column)
        opens = policy.effect is Effect.GRANT
        return in_scope and (policy.having is None or self.holds(policy.having, column, opens))

    def is_in_scope(self, policy: Policy, column: Column) -> bool:
        return column.path in policy.scope.columns

    def covered(self, policy: Policy) -> list[Column]:
        return [column for column in self.dataset.columns if self.covers(policy, column)]

    def shows(self, grant: Policy, column: Column) -> bool:
        return self.covers(grant, column) and self.is_possible(grant, column)

    def showing(self, policy: Policy, column: Column) -> Showing:
        """The strongest of a policy's transforms for the column, nothing when two are equally strong."""
        tags = self.tags(column)
        showings: set[Showing] = set()
        for rule in (rule for rule in policy.transforms if self.holds(rule.tagged, column, False)):
            carried = sorted(set(tags_of(rule.tagged)) & (tags[0] | tags[1])) or [print_expression(rule.tagged)]
            showings.add((rule.call, carried[0] if rule.call.name in ("tokenize", "hash") else ""))
        return only(showings, max(map(strength, showings))) if showings else None

    def is_possible(self, policy: Policy, column: Column) -> bool:
        showing = self.showing(policy, column)
        return showing is None or registry.accepts(showing[0], column.type)

    def is_broken(self, policy: Policy) -> bool:
        names = {column.path for column in self.dataset.columns}
        covered = self.covered(policy)
        if self.hides(policy) or not covered:
            return not set(policy.scope.columns) <= names
        is_possible = all(self.is_possible(policy, column) for column in covered)
        return not set(policy.scope.columns) <= names or self.predicate(policy) is None or not is_possible

    def hides(self, policy: Policy) -> bool:
        return policy.effect is Effect.DENY or not (policy.transforms or policy.where)

    def predicate(self, policy: Policy) -> Predicate | None:
        return ALWAYS if policy.where is None else self.predicates[policy.where]

    def is_true(self, policy: Policy, row: Row) -> bool:
        return (self.predicate(policy) or NEVER)(row, self.subject) is True

    def tags(self, column: Column) -> tuple[frozenset[str], frozenset[str]]:
        above = self.dataset.confirmed | self.dataset.database_tags
        return column.confirmed | above, column.suggested | self.dataset.suggested

    def holds(self, expression: TagExpression, column: Column, opens: bool) -> bool:
        confirmed, suggested = self.tags(column)
        if isinstance(expression, HasTag):
            return expression.tag in (confirmed if opens else confirmed | suggested)
        if isinstance(expression, Not):
            return not self.holds(expression.inner, column, not opens)
        parts = [self.holds(part, column, opens) for part in expression.parts]
        return all(parts) if isinstance(expression, AllOf) else any(parts)


def strength(showing: Showing) -> Strength:
    """How much a showing takes away."""
    return registry.strength(showing[0] if showing else None)


def only(showings: set[Showing], level: Strength) -> Showing:
    """The one showing of that strength, nothing where there are several."""
    equal = {showing for showing in showings if strength(showing) == level}
    return equal.pop() if len(equal) == 1 else NOTHING
