"""The names of the policies that approvals make, by which they are known: these cover what they name, and no more."""

import re

from catalog.names import fold
from policy_engine.model import Effect, Policy

_FORM = re.compile(r"request [0-9]+\b")


def approval_name(request: int, place: int = 0) -> str:
    """The name of a policy that an approval makes, which may make several.

    Example:
        >>> approval_name(482109), approval_name(482109, 1)
        ('request 482109', 'request 482109 (2)')
    """
    return f"request {request}" + (f" ({place + 1})" if place else "")


def is_exact(policy: Policy) -> bool:
    """Whether a policy covers the columns and fields that it names alone, and no field within these.

    A grant that came of a request gives what was looked at, so what a column has got later is none of it. It is known
    by its name: under such a name, a grant that somebody wrote covers no more either.
    """
    return policy.effect is Effect.GRANT and _FORM.match(fold(policy.id)) is not None
