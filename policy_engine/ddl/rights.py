"""Who may give which statement, at one door, and the refusal in words that scripts look for."""

from dataclasses import dataclass

from catalog.errors import NotAllowed
from catalog.names import join
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
from policy_engine.model import Subject

_HINT = "ask a member of the group `admin`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who gives a statement: a person, or without a subject whoever operates the home on its own machine.

    `sees_policies` is for those who may read everybody's roles and policies, as auditors do.
    """

    user: str
    subject: Subject | None = None
    may_change: bool = False
    sees_policies: bool = False


def operator(user: str) -> Asker:
    """Whoever has the home's files in hand; nothing in it could be kept from them."""
    return Asker(user=user, may_change=True, sees_policies=True)


def require_change(change: Change, asker: Asker) -> None:
    """Raise NotAllowed unless the asker may make this change.

    Example:
        >>> require_change(DropRole(name="clerk"), Asker(user="kim"))
        Traceback (most recent call last):
        catalog.errors.NotAllowed: User 'kim' does not have privileges to DROP this role
    """
    if not asker.may_change:
        raise NotAllowed(f"User '{asker.user}' does not have privileges to {_deed(change)}", hint=_HINT)


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
