"""How long a decision stays good: until a policy begins or ends, and no time at all where a filter asks the time."""

import bisect
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import UTC, datetime

from policy_engine.by_identity import ByIdentity
from policy_engine.filters import asks_time
from policy_engine.model import PolicySet


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edges:
    """The moments at which policies begin or end, in order, and whether any filter asks for the time."""

    moments: tuple[datetime, ...]
    asks_time: bool


def phase(policies: PolicySet, at: datetime) -> Hashable:
    """A value that stays equal for as long as the same policies decide the same at any moment.

    Example: it changes when a policy's `until` passes; with `now()` in a filter it is never the same twice.
    """
    edges = _edges(policies)
    return at if edges.asks_time else bisect.bisect_right(edges.moments, _utc(at))


def _find(policies: PolicySet) -> _Edges:
    moments = {_utc(m) for policy in policies.policies for m in (policy.starts_at, policy.ends_at) if m is not None}
    timed = any(policy.where is not None and asks_time(policy.where) for policy in policies.policies)
    return _Edges(moments=tuple(sorted(moments)), asks_time=timed)


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_edges = ByIdentity(_find, capacity=16)
