"""Who may give which statement, at one door, and the refusal in words that scripts look for."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from catalog.errors import NotAllowed
from catalog.names import join
from policy_engine.capabilities import Action, Rights
from policy_engine.changing.delegation import require_change, require_policy
from policy_engine.changing.plan import Plan
from policy_engine.changing.reach import namespace
from policy_engine.ddl.model import (
    AssignTag,
    Change,
    CreateDatabase,
    CreateRole,
    CreateTag,
    DropDatabase,
    DropRole,
    DropTag,
    HoldRole,
    PutPolicy,
    TakePolicy,
    Target,
)
from policy_engine.document.scopes import print_scope
from policy_engine.model import PolicySet, Subject
from policy_engine.readers import reads_every_policy

_HINT = "ask a member of the group `admin`, who can do it or give your role the capability"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who gives a statement: a person with what they may do, or without a subject the operator of the home itself.

    INVARIANT: only the operator, who has the home's files in hand, has no `rights` to be asked for.
    """

    user: str
    subject: Subject | None = None
    rights: Rights | None = None

    @classmethod
    def of(cls, user: str, subject: Subject | None, policies: PolicySet) -> Self:
        """Somebody with the rights of one revision."""
        return cls(user=user, subject=subject, rights=None if subject is None else Rights(subject, policies))

    def may(self, action: Action, place: str | None = None) -> bool:
        """Whether they may do this there; without a place, everywhere."""
        return self.rights is None or self.rights.may(action, place)

    @property
    def administers(self) -> bool:
        """Whether they may know every name there is."""
        return self.may(Action.HOME_ADMINISTER)

    @property
    def sees_policies(self) -> bool:
        """Whether they may read everybody's roles and policies."""
        return reads_every_policy(self.rights)


def require_statement(change: Change, asker: Asker) -> None:
    """Raise NotAllowed unless the asker may give statements like this one, before anything is looked up.

    Example:
        >>> require_statement(DropRole(name="clerk"), kim)
        Traceback (most recent call last):
        catalog.errors.NotAllowed: User 'kim' does not have privileges to DROP this role
    """
    if not asker.may(*_demand(change)):
        raise NotAllowed(f"User '{asker.user}' does not have privileges to {_deed(change)}", hint=_HINT)
    if asker.rights is not None and not asker.administers and isinstance(change, PutPolicy | TakePolicy):
        with _in_words_of(change, asker):
            require_policy(asker.rights, change.policy)


def require_plan(change: Change, asker: Asker, plan: Plan) -> None:
    """Raise NotAllowed unless the asker's rights are enough for all that the statement would change."""
    if asker.rights is None:
        return
    with _in_words_of(change, asker):
        require_change(asker.rights, plan.before, plan.after)


@contextmanager
def _in_words_of(change: Change, asker: Asker) -> Iterator[None]:
    """Has a refusal inside begin with the words that scripts look for."""
    try:
        yield
    except NotAllowed as error:
        detail = f"User '{asker.user}' does not have privileges to {_deed(change)}: {error.detail}"
        raise NotAllowed(detail, hint=error.hint) from None


def require_policies(asker: Asker) -> None:
    """Raise NotAllowed unless the asker may read everybody's roles and policies."""
    if not asker.sees_policies:
        raise NotAllowed(f"'{asker.user}' is not an admin", hint=f"see `SHOW CURRENT ROLES`, or {_HINT}")


def no_access(asker: Asker, target: Target) -> NotAllowed:
    """The refusal of a thing that is not there for the asker, whether or not it exists."""
    deed = "SHOW" if target.dataset is None else "SELECT"
    return NotAllowed(
        f"User '{asker.user}' does not have privileges to execute '{deed}' on: {print_target(target)}",
        hint="see `SHOW DATABASES` for what you can see, or ask its owner for access",
    )


def print_target(target: Target) -> str:
    """The thing as one dotted name."""
    return join(target.database, *([target.dataset] if target.dataset else []), *target.path)


def _demand(change: Change) -> tuple[Action, str | None]:
    """The least that a statement takes."""
    match change:
        case PutPolicy(policy=policy) | TakePolicy(policy=policy):
            return Action.POLICY_WRITE, policy.scope.database
        case AssignTag(target=Target(dataset=str()), tag=tag):
            return Action.TAG_ASSIGN, namespace(tag)
        case _:
            return Action.HOME_ADMINISTER, None


def _deed(change: Change) -> str:
    match change:
        case PutPolicy(policy=policy):
            return f"GRANT on: {print_scope(policy.scope)}"
        case TakePolicy(policy=policy):
            return f"REVOKE on: {print_scope(policy.scope)}"
        case CreateRole():
            return "CREATE this role"
        case DropRole():
            return "DROP this role"
        case HoldRole():
            return "GRANT/REVOKE this role to groups."
        case CreateTag() | DropTag():
            return f"{'CREATE' if isinstance(change, CreateTag) else 'DROP'} this attribute"
        case AssignTag(target=target, is_there=is_there):
            return f"execute '{'ADD_ATTRIBUTE' if is_there else 'REMOVE_ATTRIBUTE'}' on: {print_target(target)}"
        case CreateDatabase():
            return "execute 'CREATE' on the catalog."
        case DropDatabase(name=name):
            return f"execute 'DROP' on: {join(name)}"
