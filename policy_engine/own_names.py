"""Scopes that name whoever asks: `home_${user}` stands for one database to each person."""

import re
from dataclasses import replace

from catalog.errors import PolicyInvalid
from catalog.names import fold, nearest
from policy_engine.model import Policy, Scope

_VARIABLE = re.compile(r"\$\{([^}]*)\}?")
_USER = "user"


def check_variables(name: str) -> None:
    """Raises PolicyInvalid for a variable that does not exist.

    Example:
        >>> check_variables("home_${user}")
    """
    for match in _VARIABLE.finditer(name):
        if match[0] == f"${{{match[1]}}}" and fold(match[1]) == _USER:
            continue
        near = nearest(match[1], [_USER])
        raise PolicyInvalid(
            f"there is no variable `{match[0]}`",
            hint="did you mean `${user}`?" if near else "`${user}`, the name of whoever asks, is the only one",
        )


def is_own(scope: Scope) -> bool:
    """Whether some name of the scope depends on who asks."""
    names = (scope.database or "", scope.dataset or "", *(name for path in scope.columns for name in path))
    return any("${" in name for name in names)


def resolved(policy: Policy, user: str) -> Policy | None:
    """The policy with the user's name in its scope; None for a subject without a name, whom it means nothing to.

    INVARIANT: a name is put into names that were read already, so whatever it holds, it is part of one name.
    """
    if not user:
        return None
    scope = policy.scope
    own = Scope(
        database=_named(scope.database, user),
        dataset=_named(scope.dataset, user),
        columns=tuple(tuple(_put(name, user) for name in path) for path in scope.columns),
    )
    return replace(policy, scope=own)


def may_mean(name: str, other: str) -> bool:
    """Whether a name of a scope may stand for another name, for some user.

    Example:
        >>> may_mean("home_${user}", "HOME_kim"), may_mean("home_${user}", "home_")
        (True, False)
    """
    if "${" not in name:
        return fold(name) == fold(other)
    first, *others = fold(_VARIABLE.sub("\0", name)).split("\0")
    other, at = fold(other), len(first)
    for part in others[:-1]:  # as far to the left as each can be, which leaves the others the most
        found = other.find(part, at + 1)
        if found < 0:
            return False
        at = found + len(part)
    return other.startswith(first) and other.endswith(others[-1]) and at < len(other) - len(others[-1])


def _named(name: str | None, user: str) -> str | None:
    return None if name is None else _put(name, user)


def _put(name: str, user: str) -> str:
    return _VARIABLE.sub(lambda _: user, name)
