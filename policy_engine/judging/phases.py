"""How long a decision stays good and for which requests: what it depends on beside who asks and the policies.

It is good until a policy begins or ends or comes to its time of day, and no time at all where a filter asks the time;
and it is good for every request of the same purpose and network, as far as policies tell these apart.
"""

import bisect
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import UTC, datetime

from policy_engine.by_identity import ByIdentity
from policy_engine.circumstances import Circumstances, When
from policy_engine.conditions import network_holds, purpose_holds, stated_purpose, time_holds
from policy_engine.filters.filters import asks_purpose, asks_time
from policy_engine.model import PolicySet


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edges:
    """The moments at which policies begin or end, in order; what conditions tell apart; and what filters ask for."""

    moments: tuple[datetime, ...]
    asks_time: bool
    asks_purpose: bool
    times: tuple[When, ...]
    purposes: tuple[tuple[str, ...], ...]
    networks: tuple[tuple[str, ...], ...]


def phase(policies: PolicySet, at: datetime) -> Hashable:
    """A value that stays equal for as long as the same policies decide the same at any moment.

    Example: it changes when a policy's `until` passes; with `now()` in a filter it is never the same twice.
    """
    edges = _edges(policies)
    if edges.asks_time:
        return at
    return _stage(edges, at)


def has_turned(policies: PolicySet, before: datetime, at: datetime) -> bool:
    """Whether a policy has begun, ended or come to its time of day between two moments."""
    edges = _edges(policies)
    return _stage(edges, before) != _stage(edges, at)


def surroundings(policies: PolicySet, circumstances: Circumstances) -> Hashable:
    """A value that is equal for circumstances that no policy tells apart.

    Example: it is the same for all addresses while no policy has a `network`.
    """
    edges = _edges(policies)
    return (
        circumstances.reach,
        stated_purpose(circumstances) if edges.asks_purpose else None,
        tuple([purpose_holds(purposes, circumstances) for purposes in edges.purposes]),
        tuple([network_holds(networks, circumstances) for networks in edges.networks]),
    )


def _stage(edges: _Edges, at: datetime) -> Hashable:
    return bisect.bisect_right(edges.moments, _utc(at)), tuple([time_holds(when, at) for when in edges.times])


def _find(policies: PolicySet) -> _Edges:
    moments = {_utc(m) for policy in policies.policies for m in (policy.starts_at, policy.ends_at) if m is not None}
    filters = [policy.where for policy in policies.policies if policy.where is not None]
    conditions = [policy.when for policy in policies.policies if policy.when is not None]
    times = {
        When(time_of_day=when.time_of_day, weekdays=when.weekdays, zone=when.zone)
        for when in conditions
        if when.time_of_day or when.weekdays
    }
    return _Edges(
        moments=tuple(sorted(moments)),
        asks_time=any(map(asks_time, filters)),
        asks_purpose=any(map(asks_purpose, filters)),
        times=tuple(times),
        purposes=tuple({when.purposes for when in conditions if when.purposes}),
        networks=tuple({when.networks for when in conditions if when.networks}),
    )


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_edges = ByIdentity(_find, capacity=16)
