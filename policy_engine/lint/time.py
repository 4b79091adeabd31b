"""Findings about time: policies that do nothing now."""

from collections.abc import Iterator
from datetime import timedelta

from policy_engine.judging.policy_index import is_in_force
from policy_engine.lint.case import Case
from policy_engine.lint.findings import DISABLED_POLICY, EXPIRED_POLICY, FUTURE_POLICY, Finding

_INSTANT = timedelta(microseconds=1)


def idle_policies(case: Case) -> Iterator[Finding]:
    """Policies that are switched off, over, or not yet begun."""
    for policy in case.live.policies.values():
        place = case.place(policy)
        if not policy.enabled:
            sentence = f"policy `{policy.id}` is switched off"
            yield Finding(kind=DISABLED_POLICY, place=place, sentence=sentence)
        elif is_in_force(policy, case.at):
            continue
        elif policy.ends_at is not None and policy.ends_at <= case.at:
            sentence = f"policy `{policy.id}` ended with {policy.ends_at - _INSTANT:%Y-%m-%d}"
            yield Finding(kind=EXPIRED_POLICY, place=place, sentence=sentence)
        elif policy.starts_at is not None:
            sentence = f"policy `{policy.id}` begins on {policy.starts_at:%Y-%m-%d}"
            yield Finding(kind=FUTURE_POLICY, place=place, sentence=sentence)
