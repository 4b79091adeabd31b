"""What somebody who decides on a request is told of its proposal: outcomes, and reasons as far as they may be read.

A delegate writes policies of some databases, and may not read those that are written for all of them: what these do
there is told, and neither their names nor their words.
"""

from collections.abc import Callable
from dataclasses import replace

from catalog.names import fold
from policy_engine.judging.judged import Judged
from policy_engine.model import Policy
from policy_engine.requests.column_changes import Change
from policy_engine.requests.proposal import Later, Proposal

_ELSEWHERE = "by a policy that you may not read"


def as_told(proposal: Proposal, reads: Callable[[Policy], bool]) -> Proposal:
    """The same proposal without a word of the policies that are not `reads`, before the change and after it.

    Example: a column's reason that names another's policy is "by a policy that you may not read".
    """
    known = (*proposal.plan.before.policies.items(), *proposal.plan.after.policies.items())
    unread = frozenset(key for key, policy in known if not reads(policy))
    if not unread:
        return proposal
    return replace(
        proposal,
        columns=proposal.columns.retold(lambda change: _change(change, unread)),
        before=_judged(proposal.before, unread),
        after=_judged(proposal.after, unread),
        later=tuple(_later(later, unread) for later in proposal.later),
        refused_because=_refusal(proposal, unread),
    )


def _change(change: Change, unread: frozenset[str]) -> Change:
    column = change.column
    if not _tells(change.reason, column.policies, unread):
        return change
    kept = _read(column.policies, unread)
    return replace(change, column=replace(column, policies=kept, reason=_ELSEWHERE), reason=_ELSEWHERE)


def _judged(judged: Judged, unread: frozenset[str]) -> Judged:
    rows = judged.rows
    if not _tells(rows.reason, rows.policies, unread):
        return judged
    told = replace(rows, policies=_read(rows.policies, unread), reason=f"some rows, {_ELSEWHERE}")
    return replace(judged, rows=told)


def _later(later: Later, unread: frozenset[str]) -> Later:
    if later.column or not (_tells(later.before, (), unread) or _tells(later.after, (), unread)):
        return later
    return replace(later, before="some rows", after=f"other rows, {_ELSEWHERE}")


def _refusal(proposal: Proposal, unread: frozenset[str]) -> str:
    broken = proposal.after.broken
    if not proposal.refused_because or _read(broken, unread) == broken:
        return proposal.refused_because
    return f"`{proposal.request.full_name}` is refused {_ELSEWHERE}, so nothing would be shown"


def _tells(reason: str, policies: tuple[str, ...], unread: frozenset[str]) -> bool:
    """Whether a reason is about one of the policies that may not be read."""
    words = fold(reason)
    return _read(policies, unread) != policies or any(f"`{name}`" in words for name in unread)


def _read(policies: tuple[str, ...], unread: frozenset[str]) -> tuple[str, ...]:
    return tuple(name for name in policies if fold(name) not in unread)
