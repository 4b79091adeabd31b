"""The state that a statement leads to: roles, tags, databases and policies over what is live, nothing written yet."""

from dataclasses import replace

from catalog import names
from catalog.errors import PolicyInvalid
from catalog.model import Database
from catalog.names import fold
from catalog.people.model import Role
from policy_engine.ddl.grants import put_policy, take_policy, without_role
from policy_engine.ddl.known import known_database, known_role
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
)
from policy_engine.ddl.tagging import assigned, with_tag, without_tag
from policy_engine.live import Live


def state_after(change: Change, live: Live) -> Live:
    """The state once the statement is carried out; raises PolicyInvalid where it cannot be.

    Example:
        >>> state_after(read_statement("CREATE ROLE clerk"), Live()).roles["clerk"].name
        'clerk'
    """
    match change:
        case PutPolicy():
            return put_policy(change, live)
        case TakePolicy():
            return take_policy(change, live)
        case CreateRole():
            return _with_role(change, live)
        case DropRole():
            return _without_role(change, live)
        case HoldRole():
            return _held(change, live)
        case CreateTag():
            return with_tag(change, live)
        case DropTag():
            return without_tag(change, live)
        case AssignTag():
            return assigned(change, live)
        case CreateDatabase():
            return _with_database(change, live)
        case DropDatabase():
            return _without_database(change, live)


def _with_role(change: CreateRole, live: Live) -> Live:
    known = live.roles.get(fold(change.name))
    if known is None:
        return replace(live, roles={**live.roles, fold(change.name): Role(name=change.name, groups=change.groups)})
    if not change.unless_there:
        raise _exists("role", known.name)
    return live


def _without_role(change: DropRole, live: Live) -> Live:
    if change.if_there and fold(change.name) not in live.roles:
        return live
    role = known_role(change.name, live)
    roles = {key: kept for key, kept in live.roles.items() if kept is not role}
    return replace(live, roles=roles, policies=without_role(live, role.name))


def _held(change: HoldRole, live: Live) -> Live:
    """The role with or without a group, however that is written: who is in `Clerks` holds what `clerks` hold."""
    role = known_role(change.role, live)
    meant = {group for group in role.groups if fold(group) == fold(change.group)}
    if not change.holds and not meant:
        near = names.nearest(change.group, role.groups)
        raise PolicyInvalid(
            f"the group `{change.group}` does not hold the role `{role.name}`",
            hint=f"did you mean `{near}`?" if near else f"it is held by {', '.join(sorted(role.groups)) or 'nobody'}",
        )
    groups = role.groups | ({change.group} if not meant else set()) if change.holds else role.groups - meant
    return replace(live, roles={**live.roles, fold(role.name): replace(role, groups=groups)})


def _with_database(change: CreateDatabase, live: Live) -> Live:
    known = live.databases.get(fold(change.name))
    if known is None:
        return replace(live, databases={**live.databases, fold(change.name): Database(name=change.name)})
    if not change.unless_there:
        raise _exists("database", known.name)
    return live


def _without_database(change: DropDatabase, live: Live) -> Live:
    key = fold(change.name)
    if change.if_there and key not in live.databases:
        return live
    database = known_database(change.name, live)
    held = [dataset.full_name for place, dataset in live.datasets.items() if place[0] == key]
    if held:
        raise PolicyInvalid(
            f"the database `{database.name}` is not empty: it holds `{held[0]}`",
            hint="only an empty database can be dropped",
        )
    return replace(live, databases={name: kept for name, kept in live.databases.items() if name != key})


def _exists(what: str, name: str) -> PolicyInvalid:
    return PolicyInvalid(f"the {what} `{name}` already exists", hint=f"write `CREATE {what.upper()} IF NOT EXISTS`")
