"""What somebody is told of a plan: what it does to people, and by which policies as far as these may be read."""

from collections.abc import Callable
from dataclasses import replace

from catalog.errors import PolicyInvalid
from catalog.names import fold
from policy_engine.impact import Impact
from policy_engine.model import Policy
from policy_engine.plan import Plan


def told_plan(plan: Plan, reads: Callable[[Policy], bool]) -> Plan:
    """The same plan, whose impacts name no policy that is not `reads` before the change or after it.

    Example: `told_plan(plan, reader(subject, current)).impacts[0].policies`.
    """
    known = (*plan.before.policies.items(), *plan.after.policies.items())
    unread = frozenset(key for key, policy in known if not reads(policy))
    return replace(plan, impacts=tuple(_told(impact, unread) for impact in plan.impacts)) if unread else plan


def refuse_taken(policy: Policy, plan: Plan, reads: Callable[[Policy], bool]) -> None:
    """Raise PolicyInvalid for the name of another's policy: what that is about is not told, nor who may write it."""
    old = plan.before.policies.get(fold(policy.id))
    if old is not None and old != policy and not reads(old):
        raise PolicyInvalid(f"there is a policy `{policy.id}` already, which is not yours", hint="choose another name")


def _told(impact: Impact, unread: frozenset[str]) -> Impact:
    """Conditions are those of the policies together, so they are told with all of them or not at all."""
    kept = tuple(name for name in impact.policies if fold(name) not in unread)
    return impact if kept == impact.policies else replace(impact, policies=kept, when="")
