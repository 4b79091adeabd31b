"""Grants that no query was answered by for long: as the journal tells, which names the policies behind each answer."""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Period:
    """The time whose queries count for a grant; `end` None is now."""

    start: datetime
    end: datetime | None = None


def unused(desk: Desk) -> Report:
    """Grants in force that no query was answered by in so many days.

    INVARIANT: where somebody does not read the journal nothing that they choose, and no query of this month, moves what
    is listed: neither the days, nor when they ask, nor a grant of their own that is made to see who comes.
    """
    days = desk.days("days", DAYS)
    read, unread = _Period(start=desk.at - timedelta(days=days)), _fixed(desk.at)
    grants = [
        policy
        for policy in desk.policies.policies
        if policy.effect is Effect.GRANT and is_in_force(policy, desk.at) and desk.covers(policy.scope.database)
    ]
    changes = last_changes(desk.parts.revisions.history())
    idle, periods = [], set()
    for policy in grants:
        changed, reads = changes.get(fold(policy.id)), desk.reads_journal(policy.scope.database)
        periods.add(reads)
        is_judged = reads or changed is None or changed.at < unread.start
        if is_judged and not _newest(desk, policy, changed, read if reads else unread):
            idle.append(_row(desk, policy, changed, read.start))
    words = {True: f"the last {days:,} days", False: f"the {DAYS} days before {unread.end:%Y-%m-%d}"}
    when = " or of ".join(words[reads] for reads in sorted(periods or {True}, reverse=True))
    return Report(
        answer=f"{len(idle):,} of {len(grants):,} grants in force gave nothing to any query of {when}.",
        columns=("policy", "roles", "last used", "changed", "by", "why"),
        rows=tuple(idle),
        notes=(
            "A grant that was changed within these days may be waiting for its first query; it is marked new.",
            "Requests by which people look at what there is do not count, queries do.",
            *([_UNREAD.format(days=DAYS, end=unread.end)] if False in periods else ()),
            *([_IN_PART] if True in periods and desk.readable is not None else ()),
        ),
    )


_UNREAD = (
    "Where you do not read the journal, the {days} days before {end:%Y-%m-%d} count, whatever days are asked for: a"
    " grant may have been used since, and one that was changed since they began is not listed."
)


_IN_PART = (
    "Queries that also read what you may not read of in the journal do not count, nor those of before a grant changed."
)


def _fixed(at: datetime) -> _Period:
    """The time that counts for who does not read the journal: it moves with the months alone."""
    end = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return _Period(start=end - timedelta(days=DAYS), end=end)


def _newest(desk: Desk, policy: Policy, changed: Revision | None, within: _Period | None = None) -> str:
    """When a query was last answered by the policy, empty for never.

    Who reads a part of the journal is told of what that part holds since the policy is what it is: another one of its
    name may have been of other databases.
    """
    start, end = (within.start, within.end) if within else (None, None)
    readable = desk.readable if desk.reads_journal(policy.scope.database) else None
    if readable is not None and changed is not None:
        start = max(start or changed.at, changed.at)
    found = desk.parts.journal.search(
        policy=policy.id, kind=EventKind.QUERY_BEGIN, start=start, end=end, readable=readable, limit=1
    )
    return written_time(found[0].at) if found and found[0].at else ""


def _row(desk: Desk, policy: Policy, changed: Revision | None, start: datetime) -> tuple[Cell, ...]:
    """When it was last used is told to who reads the journal there, and what was said of it to who may read it."""
    last, why = "not told", policy.why if desk.named((policy.id,)) else ""
    if desk.reads_journal(policy.scope.database):
        last = _newest(desk, policy, changed)[:10] or "never"
    if changed is None:
        return policy.id, policy.roles, last, "", "", why
    is_new = changed.at >= start
    when = f"{changed.at:%Y-%m-%d}, revision {changed.number}{', new' if is_new else ''}"
    return policy.id, policy.roles, last, when, changed.by, why
