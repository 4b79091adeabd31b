"""How many rows open or close by a plan, for whom and where, counted on the sources by whoever can."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from catalog.errors import VeilError
from catalog.names import fold
from policy_engine.changing.impact import Impacts
from policy_engine.changing.touched import Person, people
from policy_engine.circumstances import AT_MOST
from policy_engine.judging.decide import decide
from policy_engine.live import DatasetKey, Live
from policy_engine.model import Decision, Policy, RowDecision, Subject

Count = Callable[[Decision, Live], int]
"""Counts the rows that a decision shows, in a state that knows its source; raises a VeilError when it cannot."""

MOST = 100
_FACTS = ("user_attribute(", "current_user(", "in_group(", "has_role(", "purpose(", "in_set(")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCount:
    """The rows of one dataset that somebody sees, before and after; `problem` says why they are not known.

    Example: `RowCount(kind="role", name="clerk", dataset="shop.orders", before=2, after=1, total=2)`.
    """

    kind: str
    name: str
    dataset: str
    before: int | None = None
    after: int | None = None
    total: int | None = None
    problem: str = ""

    def __str__(self) -> str:
        who = self.name if self.kind == "role" else f"{self.kind} {self.name}"
        if self.problem:
            return f"rows of {self.dataset} for {who}: {self.problem}"
        was = "as before" if self.before == self.after else f"was {self.before:,}"
        return f"{who} sees {self.after:,} of {self.total:,} rows of {self.dataset} ({was})"

    def as_json(self) -> dict[str, object]:
        """The count as JSON values."""
        counts = {"before": self.before, "after": self.after, "total": self.total}
        return {self.kind: self.name, "dataset": self.dataset, **counts, "problem": self.problem}


def row_counts(before: Live, after: Live, impacts: Impacts, count: Count, at: datetime) -> tuple[RowCount, ...]:
    """The counts wherever somebody sees a dataset differently, the worst first and at most so many."""
    persons = {(person.kind, person.name): person for person in people(before, after)}
    counter = _Counter(before, after, count, at)
    return tuple(counter.of(persons[kind, name], dataset) for kind, name, dataset in impacts.reached[:MOST])


def rows_of(
    subject: Subject, kind: str, dataset: str, sides: tuple[Live, Live], count: Count, at: datetime
) -> RowCount:
    """The rows of one dataset that a subject sees before and after; `kind` is `user` for somebody in particular."""
    person = Person(kind=kind, name=subject.user or ", ".join(sorted(subject.groups)), before=subject, after=subject)
    return _Counter(*sides, count, at).of(person, dataset)


class _Counter:
    """Counts once for each dataset and filter, however many people have it."""

    def __init__(self, before: Live, after: Live, count: Count, at: datetime) -> None:
        self._before, self._after = before, after
        self._count = count
        self._at = at
        self._keys = {dataset.full_name: key for live in (before, after) for key, dataset in live.datasets.items()}
        self._known: dict[object, int] = {}

    def of(self, person: Person, dataset: str) -> RowCount:
        told = RowCount(kind=person.kind, name=person.name, dataset=dataset)
        key = self._keys[dataset]
        sides = ((self._before, person.before), (self._after, person.after))
        decisions = [self._decision(live, subject, key) for live, subject in sides]
        if person.kind != "user" and any(
            _asks_who(decision, live) for decision, (live, _) in zip(decisions, sides, strict=True)
        ):
            return replace(told, problem="not counted, as a filter asks who it is")
        try:
            old, new = (self._rows(decision, live) for decision, (live, _) in zip(decisions, sides, strict=True))
            total = max(self._all(decision, live) for decision, (live, _) in zip(decisions, sides, strict=True))
        except VeilError as error:
            return replace(told, problem=f"not counted: {error.in_general}")
        return replace(told, before=old, after=new, total=total)

    def _decision(self, live: Live, subject: Subject | None, key: DatasetKey) -> Decision | None:
        dataset = live.datasets.get(key)
        if subject is None or dataset is None:
            return None
        return decide(subject, dataset, live.policy_set, self._at, AT_MOST, live.datasets.get)

    def _all(self, decision: Decision | None, live: Live) -> int:
        """Every row there is, whoever may see it, counted where any column is to be seen."""
        is_there = decision is not None and decision.is_visible
        return self._rows(replace(decision, rows=RowDecision(), broken=()), live) if decision and is_there else 0

    def _rows(self, decision: Decision | None, live: Live) -> int:
        if decision is None or decision.broken or decision.rows.filter == "FALSE":
            return 0
        dataset, lookups = decision.dataset, tuple(lookup.name for lookup in decision.lookups)
        key = (dataset.full_name, dataset.source, dataset.relation, decision.rows.filter, lookups)
        if key not in self._known:
            self._known[key] = self._count(decision, live)
        return self._known[key]


def _asks_who(decision: Decision | None, live: Live) -> bool:
    """Whether a filter that decides here goes by who asks, so that a role's rows are no one number."""
    return decision is not None and any(
        fact in (policy.where or "").lower() for policy in _deciding(decision, live) for fact in _FACTS
    )


def _deciding(decision: Decision, live: Live) -> Iterator[Policy]:
    named = {fold(name) for column in decision.columns for name in column.policies} | {
        *map(fold, decision.rows.policies)
    }
    return (policy for key, policy in live.policies.items() if key in named)
