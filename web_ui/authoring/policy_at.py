"""One policy as it stood in a revision, for whoever may read it by the roles they hold now."""

from collections.abc import Iterable

from catalog.names import fold
from catalog.revisions import Revisions
from policy_engine.capabilities import Rights
from policy_engine.changing.history import policies_in
from policy_engine.judging.policy_index import roles_of
from policy_engine.model import Policy, PolicySet, Subject
from policy_engine.readers import may_read
from proxy.refusals import NotThere


def readable_policy(name: str, number: int, subject: Subject, current: PolicySet, revisions: Revisions) -> Policy:
    """The policy in a revision; raises NotThere alike for one that is not there and for one that may not be read."""
    found = policy_at(name, number, current, revisions)
    if found is None or not may_read(found, roles_of(subject, current), Rights(subject, current)):
        raise not_there()
    return found


def policy_at(name: str, number: int, current: PolicySet, revisions: Revisions) -> Policy | None:
    """The policy in a revision, None when it was not there."""
    policies = current.policies if number == current.revision else policies_in(number, [fold(name)], revisions)
    return find_policy(policies, name)


def find_policy(policies: Iterable[Policy], name: str) -> Policy | None:
    """The policy of that name, however it is cased."""
    return next((policy for policy in policies if fold(policy.id) == fold(name)), None)


def not_there() -> NotThere:
    """The answer for a policy that is not there and for one that may not be read."""
    return NotThere("there is no policy of that name that you can read", hint="choose one from the list")
