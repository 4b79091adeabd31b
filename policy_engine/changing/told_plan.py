"""What somebody is told of a plan: what it does to people, and by which policies as far as these may be read."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from catalog.errors import PolicyInvalid
from catalog.names import fold, split
from policy_engine.capabilities import Rights
from policy_engine.changing.impact import Alike
from policy_engine.changing.plan import Plan
from policy_engine.model import Policy, PolicySet, Subject
from policy_engine.oversight import overseen
from policy_engine.readers import known_roles, reader, reads_every_policy


def told_plan(plan: Plan, subject: Subject) -> Plan:
    """The same plan, whose impacts name no policy that the subject may not read, before the change or after it.

    Who may read what is asked of the very state that the plan is made against, which can be newer than what was in
    force when the subject asked.

    Example: `told_plan(plan, subject).impacts.first(1)`.
    """
    reads = reader(subject, plan.before.policy_set)
    known = (*plan.before.policies.items(), *plan.after.policies.items())
    unread = frozenset(key for key, policy in known if not reads(policy))
    return replace(plan, impacts=plan.impacts.told(lambda alike: _told(alike, unread))) if unread else plan


def refuse_taken(policy: Policy, plan: Plan, subject: Subject) -> None:
    """Raise PolicyInvalid for the name of another's policy: what that is about is not told, nor who may write it."""
    old = plan.before.policies.get(fold(policy.id))
    if old is not None and old != policy and not reader(subject, plan.before.policy_set)(old):
        raise PolicyInvalid(f"there is a policy `{policy.id}` already, which is not yours", hint="choose another name")


@contextmanager
def names_withheld(subject: Subject, current: PolicySet) -> Iterator[None]:
    """Has a refusal inside suggest no role, database or dataset, and no column, that the subject may not know of.

    That nothing has a name like the one that was written is told no more than that something has.
    """
    try:
        yield
    except PolicyInvalid as error:
        if error.gives is not None and not _may_know(*error.gives, subject, current):
            error.hint, error.gives = "look up how it is called, or ask an administrator", None
        raise


def _may_know(kind: str, name: str, subject: Subject, current: PolicySet) -> bool:
    rights = Rights(subject, current)
    if reads_every_policy(rights) or kind == "tag":
        return True
    if kind == "role":
        return fold(name) in map(fold, known_roles(subject, current))
    databases = overseen(rights)
    place = fold(split(name)[0]) if kind in ("database", "dataset") and split(name) else ""
    return databases is None or place in databases


def _told(alike: Alike, unread: frozenset[str]) -> Alike:
    """Conditions are those of the policies together, so they are told with all of them or not at all."""
    kept = tuple(name for name in alike.policies if fold(name) not in unread)
    return alike if kept == alike.policies else replace(alike, policies=kept, when="")
