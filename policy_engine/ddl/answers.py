"""The answers to SHOW and DESCRIBE: tables of text that hold what the asker may know, and no more."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from catalog.model import Column, Role
from catalog.names import fold, join
from policy_engine.capabilities import Action
from policy_engine.ddl.known import known_database, known_dataset, known_role, tags_named
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
from policy_engine.ddl.printing import print_condition, print_filter, print_rule
from policy_engine.ddl.rights import Asker, no_access, require_policies
from policy_engine.document.scopes import print_scope
from policy_engine.live import Live, dataset_key
from policy_engine.model import ColumnDecision, Decision, Outcome, Policy

Row = tuple[str, ...]
_GRANTS = ("policy", "effect", "roles", "scope", "having", "transform", "where", "active")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Rows under column names, all of them texts."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a question is answered from: the live state, who asks and when, and the decisions on what they see.

    `decisions` is None for whoever administers, and may know every name.
    """

    live: Live
    asker: Asker
    at: datetime
    decisions: Mapping[tuple[str, str], Decision] | None = None


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
            return Answer(columns=("database",), rows=tuple(sorted((name,) for name in _databases(view))))
        case ShowTables(database=database):
            return _tables(database, view)
        case Describe(target=Target(dataset=None)):
            return _database(question.target, view)
        case Describe():
            return _formatted(question.target, view) if question.is_formatted else _columns(question.target, view)


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
    return asker.subject is not None and bool(role.groups & asker.subject.groups)


def _of_group(group: str, view: View) -> list[Role]:
    if view.asker.subject is None or group not in view.asker.subject.groups:
        require_policies(view.asker)
    return [role for role in view.live.roles.values() if group in role.groups]


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
        found = [policy for policy in found if _may_read(policy, mine, view.asker)]
    if question.tag is not None:
        found = [policy for policy in found if question.tag in tags_named(policy)]
    return Answer(columns=_GRANTS, rows=tuple(sorted(_grant(policy, view.at) for policy in found)))


def _may_read(policy: Policy, mine: set[str], asker: Asker) -> bool:
    """Whether the policy is for one of the asker's own roles, or theirs to read or to write."""
    is_theirs = bool(mine & set(map(fold, policy.roles)))
    return is_theirs or asker.sees_policies or asker.may(Action.POLICY_WRITE, policy.scope.database)


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
    )


def _databases(view: View) -> Iterator[str]:
    for key, database in view.live.databases.items():
        if view.decisions is None or any(place[0] == key for place in view.decisions):
            yield database.name


def _visible_database(name: str, view: View) -> str:
    """The database's key, once the asker may know of it."""
    if view.decisions is None:
        return fold(known_database(name, view.live).name)
    if fold(name) not in {place[0] for place in view.decisions}:
        raise no_access(view.asker, Target(database=name))
    return fold(name)


def _tables(name: str, view: View) -> Answer:
    key = _visible_database(name, view)
    known = view.live.datasets if view.decisions is None else view.decisions
    found = [view.live.datasets[place] for place in known if place[0] == key]
    rows = sorted((dataset.name, dataset.comment) for dataset in found)
    return Answer(columns=("table", "comment"), rows=tuple(rows))


def _database(target: Target, view: View) -> Answer:
    database = view.live.databases[_visible_database(target.database, view)]
    rows = [("name", database.name), ("comment", database.comment)]
    rows += [("attributes", tag) for tag in sorted(database.tags)]
    return Answer(columns=("property", "value"), rows=tuple(rows))


def _columns(target: Target, view: View) -> Answer:
    rows = tuple((name, type_, ", ".join(tags)) for name, type_, tags in _described(target, view))
    return Answer(columns=("name", "type", "attributes"), rows=rows)


def _formatted(target: Target, view: View) -> Answer:
    columns = list(_described(target, view))
    dataset = view.live.datasets[dataset_key(target.database, target.dataset or "")]
    rows = [
        ("Database:", dataset.database),
        ("Table:", dataset.name),
        ("Comment:", dataset.comment),
        ("Database Attributes:", ", ".join(sorted(dataset.database_tags))),
        ("Table Attributes:", ", ".join(sorted(dataset.confirmed))),
        *((f"Column {name}:", type_) for name, type_, _ in columns),
        *((f"Columns With Attributes: {name}", ", ".join(tags)) for name, _, tags in columns if tags),
    ]
    return Answer(columns=("property", "value"), rows=tuple(rows))


def _described(target: Target, view: View) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Name, type and tags of each column that the asker may know."""
    if view.decisions is None:
        for column in known_dataset(target, view.live).columns:
            yield join(*column.path), column.type, _tags(column)
        return
    decision = view.decisions.get(dataset_key(target.database, target.dataset or ""))
    if decision is None:
        raise no_access(view.asker, target)
    for seen in decision.columns:
        yield from _seen(seen)


def _seen(column: ColumnDecision) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """A column and the fields in it as far as they are visible.

    INVARIANT: where something in it is hidden, its type does not spell out its fields.
    """
    if column.outcome is Outcome.HIDDEN:
        return
    has_fields = all(case.call is None for case in column.cases)
    is_whole = not column.parts or (has_fields and column.is_uniform)
    yield join(*(column.path or (column.name,))), column.type if is_whole else column.type.split("(")[0], column.tags
    if has_fields:
        for part in column.parts:
            yield from _seen(part)


def _tags(column: Column) -> tuple[str, ...]:
    return tuple(sorted(column.confirmed))
