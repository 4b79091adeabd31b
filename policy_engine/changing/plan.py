"""What applying a document would change, and what that does to people, before anything is done."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from policy_engine.changing.comparison import impacts
from policy_engine.changing.differences import Change, differences
from policy_engine.changing.facts import Facts
from policy_engine.changing.impact import Impact, Impacts
from policy_engine.changing.merging import merge
from policy_engine.changing.notes import Note
from policy_engine.changing.plan_warnings import plan_warnings
from policy_engine.changing.plan_words import change_lines, impact_lines, summary
from policy_engine.changing.reach import EVERYTHING, Reach
from policy_engine.changing.row_counts import RowCount
from policy_engine.document.model import Document
from policy_engine.live import Live


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The way from a live revision to the state that a document says; `apply` refuses if that revision moved.

    INVARIANT: whatever a plan holds is told through `told_plan`, which withholds what it does not know.

    Example:
        Plan 8f2c41aa against revision 41 (live)
          ~ policy analysts-medical
              having: not phi.phone_number -> (none)

          ! analyst_role  GAINS  shop.orders.phone  hidden -> clear  <- policy analysts-medical

          1 change, 1 of 14 datasets touched, 1 role, 0 warnings
    """

    revision: int
    changes: tuple[Change, ...]
    impacts: Impacts
    warnings: tuple[Note, ...]
    before: Live
    after: Live
    facts: Facts
    drift: tuple[Note, ...] = ()
    rows: tuple[RowCount, ...] = ()

    @property
    def id(self) -> str:
        """Names the plan: equal plans against one revision have one id."""
        text = "\n".join([str(self.revision), *(f"{change}{change.details}" for change in self.changes)])
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    @property
    def has_changes(self) -> bool:
        """Whether applying it would change anything."""
        return bool(self.changes)

    @property
    def difference(self) -> str:
        """The changes, one a line, as the revision and the journal keep them."""
        return "\n".join(str(change) for change in self.changes)

    def text(self) -> str:
        """The plan for people, the worst first."""
        if not self.has_changes:
            head = f"Nothing to change: revision {self.revision} (live) is what the document says"
            return "\n".join([head, *self._notes()])
        return "\n".join(
            [
                f"Plan {self.id} against revision {self.revision} (live)",
                *change_lines(self.changes),
                "",
                *impact_lines(self.impacts),
                *self._notes(),
                f"  {summary(self.changes, self.impacts, self.warnings, len(self.after.datasets))}",
            ]
        )

    def compared(self, old: str, new: str) -> str:
        """The same as the way from one state to another, for two that are only looked at."""
        if not self.has_changes:
            return f"Nothing differs between {old} and {new}"
        counted = summary(self.changes, self.impacts, self.warnings, len(self.after.datasets))
        lines = (*change_lines(self.changes), "", *impact_lines(self.impacts), *self._notes(), f"  {counted}")
        return "\n".join([f"From {old} to {new}", *lines])

    def _notes(self) -> Iterator[str]:
        yield from (f"  rows: {count}" for count in self.rows)
        yield from (f"  drift: {line}" for line in self.drift)
        yield from (f"  warning: {warning}" for warning in self.warnings)

    def as_json(self) -> dict[str, object]:
        """The plan as JSON values."""
        return {
            "plan": self.id,
            "revision": self.revision,
            "changes": [
                {"sign": change.sign, "kind": change.kind, "name": change.name, "details": [*change.details]}
                for change in self.changes
            ],
            "impact": [_impact_json(impact) for impact in self.impacts],
            "warnings": [*self.warnings],
            "drift": [*self.drift],
            "rows": [count.as_json() for count in self.rows],
        }


def make_plan(
    document: Document, live: Live, facts: Facts, *, at: datetime, prune: bool = False, reach: Reach = EVERYTHING
) -> Plan:
    """The plan for a document against a live state; pure, so that a preview and the real thing are one."""
    after = merge(document, live, facts, prune=prune, reach=reach)
    reach.may_allow(live, after)
    return plan_between(live, after, at=at, facts=facts, warnings=plan_warnings(document, after, facts))


def plan_between(
    before: Live, after: Live, *, at: datetime, facts: Facts | None = None, warnings: tuple[Note, ...] = ()
) -> Plan:
    """The plan from one state to another, whoever says what the other is."""
    facts = facts or Facts()
    passwords = (
        Change(sign="~", kind="password", name=after.users[user].name, details=("a new password",))
        for user in facts.passwords
    )
    return Plan(
        revision=before.revision,
        changes=(*differences(before, after), *passwords),
        impacts=impacts(before, after, at),
        warnings=warnings,
        before=before,
        after=after,
        facts=facts,
    )


def _impact_json(impact: Impact) -> dict[str, object]:
    return {
        impact.kind: impact.name,
        "dataset": impact.dataset,
        **({"column": impact.column} if impact.column else {"rows": "changed"}),
        "change": impact.movement.value,
        "before": impact.before,
        "after": impact.after,
        "filtered": impact.is_filtered,
        "policies": [*impact.policies],
        **({"when": impact.when} if impact.when else {}),
    }
