"""Who may be told what others see: administrators and auditors of everything, delegates of their databases.

Sources and crawls, which reach beyond databases, are for administrators and auditors alone.
"""

from catalog.names import fold
from catalog.people.model import Role
from policy_engine.capabilities import Action, Rights
from policy_engine.model import Effect, PolicySet, Subject
from policy_engine.readers import known_roles

OVERSIGHT = (Action.HOME_ADMINISTER, Action.AUDIT_READ, Action.POLICY_WRITE)
"""Any one of these is enough, on the databases where it is held."""


def overseen(rights: Rights) -> frozenset[str] | None:
    """The folded databases of which somebody may be told who sees what; None for all, empty for none.

    Example: `audit:read on shop` beside `policy:write on lab` gives both; `home:administer` gives all.
    """
    places = [rights.places(action) for action in OVERSIGHT]
    return None if None in places else frozenset().union(*(place for place in places if place is not None))


def require_oversight(rights: Rights, what: str) -> frozenset[str] | None:
    """The same, or NotAllowed where there is none."""
    found = overseen(rights)
    if found == frozenset():
        rights.require(Action.HOME_ADMINISTER, None, what)
    return found


def may_see_sources(rights: Rights) -> bool:
    """Whether somebody may know which sources there are, what comes from which, and how they are crawled.

    Example: `audit:read` gives it; `audit:read on shop` does not.
    """
    return rights.oversees_all


def require_sources(rights: Rights, what: str) -> None:
    """Raise NotAllowed, naming who can give it, unless somebody may see sources."""
    if not may_see_sources(rights):
        rights.require(Action.HOME_ADMINISTER, None, what)


def may_read_history(rights: Rights) -> bool:
    """Whether somebody may read the whole history of policies.

    What lies between two revisions, whether anything does, and when they were made, tells of every database.

    Example: `audit:read` gives it; `policy:write on shop` does not.
    """
    return rights.oversees_all


def require_history(rights: Rights, what: str) -> None:
    """Raise NotAllowed, naming who can give it, unless somebody may read the whole history of policies."""
    if not may_read_history(rights):
        rights.require(Action.HOME_ADMINISTER, None, what)


def overseen_roles(policies: PolicySet, databases: frozenset[str] | None) -> tuple[Role, ...]:
    """The roles that may be told of to who is told of these databases: those with a grant that reaches any of them.

    Example: a role with grants on `lab` alone is nobody's business whose business `shop` alone is.
    """
    if databases is None:
        return policies.roles
    reaching = (
        policy
        for policy in policies.policies
        if policy.effect is Effect.GRANT and (policy.scope.database is None or fold(policy.scope.database) in databases)
    )
    named = {fold(role) for policy in reaching for role in policy.roles}
    return tuple(role for role in policies.roles if fold(role.name) in named)


def told_roles(subject: Subject, current: PolicySet, *sides: PolicySet) -> frozenset[str]:
    """The folded names of roles that somebody is told: their own, and those with a grant where they oversee others.

    What they may know is asked of the policies that are `current`, and grants of the `sides` of a change, if any.
    """
    databases = overseen(Rights(subject, current))
    told = [*known_roles(subject, current)]
    if databases != frozenset():
        told += [role.name for policies in sides or (current,) for role in overseen_roles(policies, databases)]
    return frozenset(map(fold, told))
