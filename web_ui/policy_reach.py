"""Which policies somebody may read: administrators and auditors every one, others those of the roles they hold."""

from policy_engine.capabilities import Action, Rights
from policy_engine.model import Policy, PolicySet, Subject


def sees_every_policy(subject: Subject, current: PolicySet) -> bool:
    """Whether the subject may read everybody's roles and policies."""
    rights = Rights(subject, current)
    return rights.may(Action.HOME_ADMINISTER) or rights.may(Action.AUDIT_READ)


def readable(subject: Subject, current: PolicySet) -> tuple[Policy, ...]:
    """The policies that the subject may read, in the order in which they stand."""
    if sees_every_policy(subject, current):
        return current.policies
    held = {role.name for role in current.roles if role.groups & subject.groups}
    return tuple(policy for policy in current.policies if held & set(policy.roles))
