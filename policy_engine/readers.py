"""Which policies somebody may read, and as which statements: one rule for every list, page and explanation."""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet

from catalog.names import fold
from policy_engine.capabilities import Action, Rights
from policy_engine.ddl.printing import print_policy
from policy_engine.judging.policy_index import roles_of
from policy_engine.model import Policy, PolicySet, Subject


def reads_every_policy(rights: Rights | None) -> bool:
    """Whether they may read everybody's roles and policies, as administrators and auditors do.

    Without `rights` it is the operator of the home, who has its files in hand.
    """
    return rights is None or rights.oversees_all


def may_read(policy: Policy, roles: AbstractSet[str], rights: Rights | None) -> bool:
    """Whether a policy is for one of somebody's roles (their folded names), or theirs to read or to write."""
    is_theirs = any(fold(role) in roles for role in policy.roles)
    if is_theirs or reads_every_policy(rights):
        return True
    return rights is not None and rights.may(Action.POLICY_WRITE, policy.scope.database)


def readable(subject: Subject, current: PolicySet) -> tuple[Policy, ...]:
    """The policies that the subject may read, in the order in which they stand."""
    return tuple(filter(reader(subject, current), current.policies))


def reader(subject: Subject, current: PolicySet) -> Callable[[Policy], bool]:
    """Whether the subject may read a policy, also one that is not in force.

    Example: `reader(kim, current)(policy)`.
    """
    roles, rights = roles_of(subject, current), Rights(subject, current)
    return lambda policy: may_read(policy, roles, rights)


def known_roles(subject: Subject, current: PolicySet) -> tuple[str, ...]:
    """The roles whose names somebody may know: all, or the held ones and those of policies that are theirs to read."""
    if reads_every_policy(Rights(subject, current)):
        return tuple(role.name for role in current.roles)
    held = roles_of(subject, current)
    own = (role.name for role in current.roles if fold(role.name) in held)
    return tuple(dict.fromkeys((*own, *(role for policy in readable(subject, current) for role in policy.roles))))


def statements(named: Iterable[str], policies: Iterable[Policy]) -> dict[str, str]:
    """Each of the policies that is named, once and in that order, as the statement that states it.

    Example:
        >>> statements(["clerks", "gone"], [clerks])
        {'clerks': "GRANT SELECT ON DATABASE shop TO ROLE clerk POLICYPROPERTIES('name'='clerks')"}
    """
    known = {fold(policy.id): policy for policy in policies}
    found = {name: known.get(fold(name)) for name in named}
    return {name: print_policy(policy) for name, policy in found.items() if policy is not None}
