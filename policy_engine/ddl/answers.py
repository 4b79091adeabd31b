"""The answers to SHOW and DESCRIBE: tables of text that hold what the asker may know, and no more."""

from collections.abc import Iterable
from datetime import datetime

from catalog.names import fold
from catalog.people.model import Role
from policy_engine.ddl.describing import (
    describe_columns,
    describe_database,
    describe_formatted,
    show_databases,
    show_tables,
)
from policy_engine.ddl.known import known_role, tags_named
from policy_engine.ddl.model import (
    Describe,
    Question,
    ShowDatabases,
    ShowGrants,
    ShowGroupRoles,
    ShowRoles,
    ShowTables,
    Target,
    Whose,
)
from policy_engine.ddl.printing import print_condition, print_filter, print_line, print_rule
from policy_engine.ddl.rights import Asker, require_policies
from policy_engine.ddl.views import Answer, View
from policy_engine.document.scopes import print_scope
from policy_engine.model import Policy
from policy_engine.readers import may_read

Row = tuple[str, ...]
_GRANTS = ("policy", "effect", "roles", "scope", "having", "transform", "where", "active", "statement")


def answer(question: Question, view: View) -> Answer:
    """The table that answers a question; raises NotAllowed where the asker may not know.

    Example:
        >>> answer(ShowDatabases(), view).rows
        (('shop',),)
    """
    match question:
        case ShowRoles(whose=whose):
            return _roles(_listed(whose, view))
        case ShowGroupRoles(group=group):
            return _roles(_of_group(group, view))
        case ShowGrants():
            return _grants(question, view)
        case ShowDatabases():
            return show_databases(view)
        case ShowTables(database=database):
            return show_tables(database, view)
        case Describe(target=Target(dataset=None)):
            return describe_database(question.target, view)
        case Describe():
            describe = describe_formatted if question.is_formatted else describe_columns
            return describe(question.target, view)


def _roles(roles: Iterable[Role]) -> Answer:
    rows = sorted((role.name, ", ".join(sorted(role.groups))) for role in roles)
    return Answer(columns=("role", "groups"), rows=tuple(rows))


def _listed(whose: Whose, view: View) -> list[Role]:
    if whose is Whose.ALL:
        require_policies(view.asker)
    if whose is Whose.CURRENT or not view.asker.sees_policies:
        return [role for role in view.live.roles.values() if _holds(view.asker, role)]
    return list(view.live.roles.values())


def _holds(asker: Asker, role: Role) -> bool:
    return asker.subject is not None and not _folded(role.groups).isdisjoint(_folded(asker.subject.groups))


def _of_group(group: str, view: View) -> list[Role]:
    if view.asker.subject is None or fold(group) not in _folded(view.asker.subject.groups):
        require_policies(view.asker)
    return [role for role in view.live.roles.values() if fold(group) in _folded(role.groups)]


def _folded(groups: Iterable[str]) -> frozenset[str]:
    return frozenset(map(fold, groups))


def _grants(question: ShowGrants, view: View) -> Answer:
    found = [policy for policy in view.live.policies.values() if _is_on(policy, question.on)]
    if question.role is not None:
        held = view.live.roles.get(fold(question.role))
        if held is None or not _holds(view.asker, held):
            require_policies(view.asker)
        name = fold(known_role(question.role, view.live).name)
        found = [policy for policy in found if name in map(fold, policy.roles)]
    else:
        mine = {fold(role.name) for role in _listed(Whose.CURRENT, view)}
        found = [policy for policy in found if may_read(policy, mine, view.asker.rights)]
    if question.tag is not None:
        found = [policy for policy in found if question.tag in tags_named(policy)]
    return Answer(columns=_GRANTS, rows=tuple(sorted(_grant(policy, view.at) for policy in found)))


def _is_on(policy: Policy, on: Target | None) -> bool:
    """Whether a policy's object is the thing, or lies in it."""
    if on is None:
        return True
    scope = policy.scope
    is_in_database = scope.database is not None and fold(scope.database) == fold(on.database)
    return is_in_database and (on.dataset is None or fold(scope.dataset or "") == fold(on.dataset))


def _grant(policy: Policy, at: datetime) -> Row:
    is_begun = policy.starts_at is None or policy.starts_at <= at
    is_over = policy.ends_at is not None and policy.ends_at <= at
    return (
        policy.id,
        policy.effect.value,
        ", ".join(policy.roles),
        print_scope(policy.scope),
        "" if policy.having is None else print_condition(policy.having),
        ", ".join(print_rule(rule) for rule in policy.transforms),
        "" if policy.where is None else print_filter(policy.where),
        "yes" if policy.enabled and is_begun and not is_over else "no",
        print_line(policy),
    )
