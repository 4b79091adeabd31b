"""The laws once more, naive and cell by cell: what a person must see, worked out without decide and without SQL."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog.model import Column, Dataset
from policy_engine.circumstances import When
from policy_engine.model import AllOf, Effect, HasTag, Not, Policy, PolicySet, TagExpression, TransformCall
from policy_engine.tag_expressions import print_expression, tags_of
from policy_engine.transforms import registry
from policy_engine.transforms.keys import KeyRing
from policy_engine.transforms.namespaces import namespace
from tests.policy_engine.seen import NOTHING, Asker, Condition, Predicate, Row, Seen, Showing, only, strength


@dataclass(frozen=True, kw_only=True)
class Oracle:
    """Judges one person on one flat dataset.

    `predicates` are the filters' texts as Python, None for one that cannot be judged there; `whens` the conditions.
    """

    subject: Asker
    dataset: Dataset
    policies: PolicySet
    at: datetime
    predicates: Mapping[str, Predicate | None]
    keys: KeyRing
    whens: Mapping[When, Condition]
    finish: Callable[[Column, Showing, object], object] = lambda column, shown, value: value

    def sees(self, rows: Sequence[Row]) -> Seen:
        bound = [policy for policy in self.policies.policies if self.binds(policy)]
        grants = [policy for policy in bound if policy.effect is Effect.GRANT and self.is_judged(policy)]
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
        return Seen(columns=tuple(column.name for column in columns), rows=cells if columns else ())

    def cell(self, row: Row, column: Column, grants: Sequence[Policy], takers: Sequence[Policy]) -> object:
        shown = self.shown_on(row, column, grants, takers)
        return None if shown is None else self.through(shown[0], row[column.name], column, row)

    def shown_on(
        self, row: Row, column: Column, grants: Sequence[Policy], takers: Sequence[Policy]
    ) -> tuple[Showing] | None:
        """How the cell shows on the row, if any grant that holds there shows it."""
        given = {self.showing(g, column) for g in grants if self.shows(g, column) and self.is_true(g, row)}
        return (self.raised(only(given, min(map(strength, given))), column, takers),) if given else None

    def raised(self, shown: Showing, column: Column, takers: Sequence[Policy]) -> Showing:
        demands = self.demands(column, takers)
        least = only(demands, max(map(strength, demands))) if demands else None
        if strength(shown) > strength(least):
            return shown
        return least if strength(shown) < strength(least) or shown == least else NOTHING

    def demands(self, column: Column, takers: Sequence[Policy]) -> set[Showing]:
        return {self.showing(t, column) for t in takers if not self.hides(t) and self.covers(t, column)} - {None}

    def through(self, shown: Showing, raw: object, column: Column, row: Row) -> object:
        if shown is not None:
            beside = {other.path: row[other.name] for other in self.dataset.columns if other.name in row}
            known = {"namespace": shown[1], "keys": self.keys, "types": self.types, "row": beside}
            raw = registry.reference(shown[0], raw, column.type, **known)  # type: ignore[arg-type]
        return self.finish(column, shown, raw)

    def binds(self, policy: Policy) -> bool:
        starts, ends = policy.starts_at or self.at, policy.ends_at
        in_time = starts <= self.at and (ends is None or self.at < ends)
        met = self.whens[policy.when](self.subject, self.at) if policy.when else True
        counts = met is True if policy.effect is Effect.GRANT else met is not False
        places = (policy.scope.database, self.dataset.database), (policy.scope.dataset, self.dataset.name)
        is_about = all(said is None or said.replace("${user}", self.subject.user) == name for said, name in places)
        return policy.enabled and in_time and counts and is_about and bool(self.roles(policy))

    def roles(self, policy: Policy) -> set[str]:
        return {r.name for r in self.policies.roles if r.groups & self.subject.groups} & set(policy.roles)

    def covers(self, policy: Policy, column: Column) -> bool:
        in_scope = not policy.scope.columns or self.is_in_scope(policy, column)
        return in_scope and (policy.having is None or self.holds(policy.having, column, policy.effect is Effect.GRANT))

    def is_in_scope(self, policy: Policy, column: Column) -> bool:
        return column.path in policy.scope.columns

    def covered(self, policy: Policy) -> list[Column]:
        return [column for column in self.dataset.columns if self.covers(policy, column)]

    def shows(self, grant: Policy, column: Column) -> bool:
        return self.covers(grant, column) and self.is_possible(grant, column)

    def showing(self, policy: Policy, column: Column) -> Showing:
        """The strongest of a policy's transforms for the column, nothing when two are equally strong."""
        rules = [rule for rule in policy.transforms if self.holds(rule.tagged, column, False)]
        showings: set[Showing] = {(rule.call, self.key(policy, rule.call, rule.tagged, column)) for rule in rules}
        return only(showings, max(map(strength, showings))) if showings else None

    def key(self, policy: Policy, call: TransformCall, tagged: TagExpression, column: Column) -> str:
        carried = sorted(set(tags_of(tagged)) & self.tags(column)[1]) or [print_expression(tagged)]
        place = f"{self.dataset.full_name}.{column.name}"
        who = {"user": self.subject.user, "roles": self.roles(policy), "column": place}
        return namespace(registry.scope(call), carried[0], **who) if registry.is_keyed(call) else ""  # type: ignore[arg-type]

    @property
    def types(self) -> dict[tuple[str, ...], str]:
        return {column.path: column.type for column in self.dataset.columns}

    def is_possible(self, policy: Policy, column: Column) -> bool:
        showing = self.showing(policy, column)
        return showing is None or registry.accepts(showing[0], column.type, self.types)

    def is_broken(self, policy: Policy) -> bool:
        covered = [] if self.hides(policy) else self.covered(policy)
        is_named = set(policy.scope.columns) <= set(self.types)
        can_be = self.is_judged(policy) and all(self.is_possible(policy, column) for column in covered)
        return not is_named or bool(covered and not can_be)

    def hides(self, policy: Policy) -> bool:
        return policy.effect is Effect.DENY or not (policy.transforms or policy.where)

    def is_judged(self, policy: Policy) -> bool:
        return policy.where is None or self.predicates[policy.where] is not None

    def is_true(self, policy: Policy, row: Row) -> bool:
        predicate = self.predicates[policy.where] if policy.where else lambda row, who: True
        return predicate is not None and predicate(row, self.subject) is True

    def tags(self, column: Column) -> tuple[frozenset[str], frozenset[str]]:
        """The tags that count where they open, and those that count where they hide."""
        confirmed = column.confirmed | self.dataset.confirmed | self.dataset.database_tags
        return confirmed, confirmed | column.suggested | self.dataset.suggested

    def holds(self, expression: TagExpression, column: Column, opens: bool) -> bool:
        if isinstance(expression, HasTag):
            return expression.tag in self.tags(column)[0 if opens else 1]
        if isinstance(expression, Not):
            return not self.holds(expression.inner, column, not opens)
        parts = [self.holds(part, column, opens) for part in expression.parts]
        return all(parts) if isinstance(expression, AllOf) else any(parts)
