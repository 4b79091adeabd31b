"""Grants that no query was answered by for long: as the journal tells, which names the policies behind each answer."""

from datetime import datetime, timedelta

from catalog.clock import written_time
from catalog.journal.event import EventKind
from catalog.model import Revision
from catalog.names import fold
from policy_engine.judging.policy_index import is_in_force
from policy_engine.model import Effect, Policy
from policy_engine.owners import last_changes
from web_ui.reports.desk import Desk
from web_ui.reports.report import Cell, Report

DAYS = 90


def unused(desk: Desk) -> Report:
    """Grants in force that no query was answered by in so many days."""
    days = desk.days("days", DAYS)
    start = desk.at - timedelta(days=days)
    grants = [
        policy
        for policy in desk.policies.policies
        if policy.effect is Effect.GRANT and is_in_force(policy, desk.at) and desk.covers(policy.scope.database)
    ]
    changes = last_changes(desk.parts.revisions.history())
    idle = [policy for policy in grants if not _used(desk, policy, start)]
    return Report(
        answer=f"{len(idle):,} of {len(grants):,} grants in force gave nothing to any query of the last {days:,} days.",
        columns=("policy", "roles", "last used", "changed", "by", "why"),
        rows=tuple(_row(desk, policy, changes.get(fold(policy.id)), start) for policy in idle),
        notes=(
            "A grant that was changed within these days may be waiting for its first query; it is marked new.",
            "Requests by which people look at what there is do not count, queries do.",
        ),
    )


def _used(desk: Desk, policy: Policy, start: datetime | None = None) -> bool:
    return bool(_newest(desk, policy, start))


def _newest(desk: Desk, policy: Policy, start: datetime | None = None) -> str:
    """When a query was last answered by the policy, empty for never."""
    found = desk.parts.journal.search(policy=policy.id, kind=EventKind.QUERY_BEGIN, start=start, limit=1)
    return written_time(found[0].at) if found and found[0].at else ""


def _row(desk: Desk, policy: Policy, changed: Revision | None, start: datetime) -> tuple[Cell, ...]:
    """When it was last used is told to who reads the journal there, and what was said of it to who may read it."""
    last, why = "not told", policy.why if desk.named((policy.id,)) else ""
    if desk.reads_journal(policy.scope.database):
        last = _newest(desk, policy)[:10] or "never"
    if changed is None:
        return policy.id, policy.roles, last, "", "", why
    is_new = changed.at >= start
    when = f"{changed.at:%Y-%m-%d}, revision {changed.number}{', new' if is_new else ''}"
    return policy.id, policy.roles, last, when, changed.by, why
