"""The roles that one person alone holds, which approvals make: their names tell who was given access."""

from collections.abc import Iterator

from catalog.errors import PolicyInvalid
from catalog.names import fold
from catalog.people.model import Role
from policy_engine.capabilities import Rights
from policy_engine.filters.meaning import meaning
from policy_engine.model import Policy, PolicySet, Subject
from policy_engine.readers import known_roles, readable, reads_every_policy

_ONLY = "only "


def role_of(user: str) -> Role:
    """The role that one person alone holds.

    Example:
        >>> role_of("kim").name
        'only kim'
    """
    return Role(name=f"{_ONLY}{user}", groups=frozenset({user}))


def is_personal(role: Role) -> bool:
    """Whether a role is of one person alone, as an approval makes it.

    Example:
        >>> is_personal(role_of("kim")), is_personal(Role(name="only kim", groups=frozenset({"clerks"})))
        (True, False)
    """
    return len(role.groups) == 1 and any(role.name == role_of(group).name for group in role.groups)


def nameable_roles(subject: Subject, current: PolicySet) -> frozenset[str]:
    """The folded names of the roles that are there, but for personal ones that are not somebody's to know.

    Example: to a delegate `only zed` is not there, whether zed was given access elsewhere or not.
    """
    known = set(map(fold, known_roles(subject, current)))
    every = (fold(role.name) for role in current.roles)
    return frozenset(name for name in every if name in known or not name.startswith(_ONLY))


def refuse_personal(policy: Policy, subject: Subject, current: PolicySet) -> None:
    """Raise PolicyInvalid where a policy names a role that is called like a personal one, and not theirs to know.

    INVARIANT: the form of the name decides, and nothing is looked up: whether somebody was given access is not told.
    """
    named = {fold(name): name for name in _named(policy) if fold(name).startswith(_ONLY)}
    if not named or reads_every_policy(Rights(subject, current)):
        return
    known = {*known_roles(subject, current), *(name for each in readable(subject, current) for name in _named(each))}
    unknown = sorted(named.keys() - set(map(fold, known)))
    if unknown:
        raise PolicyInvalid(
            f"the role `{named[unknown[0]]}` cannot be named: one called `only ..` is of one person alone, and this one"
            " of no policy that you may read",
            hint="approve what they ask for, or grant to a role of their groups",
        )


def _named(policy: Policy) -> Iterator[str]:
    """The roles that a policy names, in its filter too."""
    yield from policy.roles
    if policy.where is not None:
        yield from (argument for name, argument in meaning(policy.where).facts if name == "has_role")
