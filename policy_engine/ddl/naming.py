"""The id of a policy that nobody named: readable, and the same for the same clauses and roles."""

import hashlib
import re

from catalog.names import fold
from policy_engine.document.scopes import print_scope
from policy_engine.model import Policy
from policy_engine.tag_expressions import print_expression
from policy_engine.transforms.calls import print_call

_LONGEST = 80


def has_generated_id(policy: Policy) -> bool:
    """Whether nobody named the policy, so that its clauses and roles say its id."""
    return policy.id[-9:-8] == "-" and policy.id == generated_id(policy)


def generated_id(policy: Policy) -> str:
    """The id that a policy's clauses and roles give it; its name, window and switch have no part in it.

    Example: `grant-medical_charges-healthcare_analyst_role-1c9a52f0`
    """
    roles = sorted({fold(role) for role in policy.roles})
    scope = fold(print_scope(policy.scope))
    what = "everything" if policy.scope.database is None else scope
    readable = re.sub(r"[^\w.]+", "-", "-".join([policy.effect.value, what, *roles])).strip("-")
    digest = hashlib.sha256("\n".join([*_clauses(policy, scope), *roles]).encode()).hexdigest()
    return f"{readable[:_LONGEST].strip('-')}-{digest[:8]}"


def _clauses(policy: Policy, scope: str) -> list[str]:
    return [
        policy.effect.value,
        scope,
        "" if policy.having is None else print_expression(policy.having),
        *(f"{print_expression(rule.tagged)} with {print_call(rule.call)}" for rule in policy.transforms),
        policy.where or "",
    ]
