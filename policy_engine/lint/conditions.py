"""Findings about filters and conditions: those that nothing meets, and those that nobody who is known here meets."""

from collections.abc import Iterator

from catalog.names import fold
from policy_engine.circumstances import AT_MOST
from policy_engine.conditions import judge
from policy_engine.lint.case import Case
from policy_engine.lint.clashes import clash
from policy_engine.lint.findings import IMPOSSIBLE_CONDITION, UNMET_CONDITION, Finding
from policy_engine.model import Effect, Policy
from policy_engine.subjects import subject_of


def impossible_conditions(case: Case) -> Iterator[Finding]:
    """Policies whose filter and condition contradict themselves or each other."""
    for policy in case.in_force:
        why = clash(policy) or _excluded(policy, case)
        if why:
            verb = "is" if " and " not in why else "are"
            so = "gives nothing" if policy.effect is Effect.GRANT else "takes everything away, or never counts"
            sentence = f"{why} {verb} never met, so policy `{policy.id}` {so}"
            yield Finding(kind=IMPOSSIBLE_CONDITION, place=case.place(policy), sentence=sentence)


def unmet_conditions(case: Case) -> Iterator[Finding]:
    """Policies whose condition is met by no local user that holds one of their roles; where there are users at all."""
    for policy in case.in_force:
        if policy.when is None or clash(policy) or _excluded(policy, case):
            continue
        held = _groups(policy, case)
        holders = [subject for user in case.live.users.values() if (subject := subject_of(user)).groups & held]
        lacking = policy.effect is not Effect.GRANT
        if holders and all(judge(policy.when, each, AT_MOST, case.at, lacking=lacking) is False for each in holders):
            sentence = f"no local user who holds a role of policy `{policy.id}` meets its `when`"
            yield Finding(kind=UNMET_CONDITION, place=case.place(policy), sentence=sentence)


def _groups(policy: Policy, case: Case) -> frozenset[str]:
    """The groups that hold a role of the policy."""
    roles = [case.live.roles[fold(name)] for name in policy.roles if fold(name) in case.live.roles]
    return frozenset().union(*(role.groups for role in roles))


def _excluded(policy: Policy, case: Case) -> str:
    """That everybody who holds a role of the policy is in a group that its condition excludes."""
    held, excluded = (
        set(map(fold, _groups(policy, case))),
        set(map(fold, policy.when.not_groups if policy.when else ())),
    )
    if policy.when is None or not held or not held <= excluded:
        return ""
    return f"`not_group: {', '.join(policy.when.not_groups)}` for people of the same groups"
