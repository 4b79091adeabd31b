"""Policies and roles as the JSON text of one revision, and back, nothing lost."""

import json
from collections.abc import Collection, Iterable
from datetime import datetime

from catalog.errors import Internal
from catalog.names import fold
from catalog.people.model import Role
from policy_engine.circumstances import When
from policy_engine.model import (
    AllOf,
    AnyOf,
    Argument,
    ColumnName,
    Effect,
    HasTag,
    Not,
    Policy,
    PolicySet,
    Scope,
    TagExpression,
    TransformCall,
    TransformRule,
)

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_STATE = frozenset({"policies", "roles"})
_ROLE = frozenset({"groups", "capabilities"})
_COLUMN = frozenset({"column"})
_POLICY = frozenset("id effect roles scope having transforms where when starts_at ends_at enabled why".split())
_WHEN = frozenset("groups not_groups attributes purposes networks time_of_day weekdays zone".split())


def encode_state(policies: Iterable[Policy], roles: Iterable[Role]) -> str:
    """The text to keep; equal states give equal texts, whatever the order they were put in."""
    state: Json = {
        "policies": [_policy(policy) for policy in sorted(policies, key=lambda policy: policy.id)],
        "roles": {role.name: _role(role) for role in sorted(roles, key=lambda role: role.name)},
    }
    return json.dumps(state, ensure_ascii=False, separators=(",", ":"))


def decode_state(text: str, revision: int) -> PolicySet:
    """The policies and roles that `encode_state` wrote; a text that is no such state is never half read.

    So is one with a word that is not known here: what a newer Veil says by it may be what a grant hangs on.
    """
    try:
        state = _record(json.loads(text), _STATE)
        policies = tuple(_read_policy(policy) for policy in _list(state["policies"]))
        roles = tuple(_read_role(name, role) for name, role in _mapping(state["roles"]).items())
    except (KeyError, TypeError, ValueError):
        raise _unreadable(revision) from None
    return PolicySet(revision=revision, policies=policies, roles=roles)


def decode_policies(text: str, revision: int, ids: Collection[str]) -> tuple[Policy, ...]:
    """Some of a revision's policies, by folded id, without reading all the others back."""
    try:
        every = [_record(policy, _POLICY) for policy in _list(_record(json.loads(text), _STATE)["policies"])]
        return tuple(_read_policy(policy) for policy in every if fold(_text(policy["id"])) in ids)
    except (KeyError, TypeError, ValueError):
        raise _unreadable(revision) from None


def _unreadable(revision: int) -> Internal:
    return Internal(f"the policies of revision {revision} cannot be read back", hint="see `veil doctor`")


def _role(role: Role) -> Json:
    return {"groups": [*sorted(role.groups)], "capabilities": [*sorted(role.capabilities)]}


def _read_role(name: str, kept: Json) -> Role:
    data = _record(kept, _ROLE)
    return Role(
        name=name, groups=frozenset(_texts(data["groups"])), capabilities=frozenset(_texts(data["capabilities"]))
    )


def _policy(policy: Policy) -> Json:
    scope = policy.scope
    return {
        "id": policy.id,
        "effect": policy.effect.value,
        "roles": list(policy.roles),
        "scope": [scope.database, scope.dataset, [list(path) for path in scope.columns]],
        "having": None if policy.having is None else _expression(policy.having),
        "transforms": [[_expression(rule.tagged), _call(rule.call)] for rule in policy.transforms],
        "where": policy.where,
        **({} if policy.when is None else {"when": _when(policy.when)}),
        "starts_at": None if policy.starts_at is None else policy.starts_at.isoformat(),
        "ends_at": None if policy.ends_at is None else policy.ends_at.isoformat(),
        "enabled": policy.enabled,
        "why": policy.why,
    }


def _expression(expression: TagExpression) -> Json:
    match expression:
        case HasTag(tag):
            return tag
        case Not(inner):
            return {"not": _expression(inner)}
        case AllOf(parts):
            return {"all": [_expression(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [_expression(part) for part in parts]}


def _call(call: TransformCall) -> Json:
    return [call.name, [[name, _argument(value)] for name, value in call.arguments]]


def _argument(value: Argument) -> Json:
    return {"column": [*value.path]} if isinstance(value, ColumnName) else value


def _when(when: When) -> Json:
    return {
        "groups": [*when.groups],
        "not_groups": [*when.not_groups],
        "attributes": [[name, [*values]] for name, values in when.attributes],
        "purposes": [*when.purposes],
        "networks": [*when.networks],
        "time_of_day": when.time_of_day,
        "weekdays": [*when.weekdays],
        "zone": when.zone,
    }


def _read_when(kept: Json) -> When:
    data = _record(kept, _WHEN)
    attributes = (_list(pair) for pair in _list(data["attributes"]))
    return When(
        groups=_texts(data["groups"]),
        not_groups=_texts(data["not_groups"]),
        attributes=tuple((_text(name), _texts(values)) for name, values in attributes),
        purposes=_texts(data["purposes"]),
        networks=_texts(data["networks"]),
        time_of_day=_text(data["time_of_day"]),
        weekdays=_texts(data["weekdays"]),
        zone=_text(data["zone"]),
    )


def _read_policy(kept: Json) -> Policy:
    data = _record(kept, _POLICY)
    database, dataset, columns = _list(data["scope"])
    scope = Scope(
        database=_optional(database),
        dataset=_optional(dataset),
        columns=tuple(_texts(path) for path in _list(columns)),
    )
    rules = (_list(rule) for rule in _list(data["transforms"]))
    return Policy(
        id=_text(data["id"]),
        effect=Effect(_text(data["effect"])),
        roles=_texts(data["roles"]),
        scope=scope,
        having=None if data["having"] is None else _read_expression(data["having"]),
        transforms=tuple(
            TransformRule(tagged=_read_expression(tagged), call=_read_call(call)) for tagged, call in rules
        ),
        where=_optional(data["where"]),
        when=_read_when(data["when"]) if "when" in data else None,
        starts_at=_moment(data["starts_at"]),
        ends_at=_moment(data["ends_at"]),
        enabled=data["enabled"] is True,
        why=_text(data["why"]),
    )


def _read_expression(data: Json) -> TagExpression:
    if isinstance(data, str):
        return HasTag(data)
    [(operator, inner)] = _mapping(data).items()
    if operator not in ("not", "all", "any"):
        raise ValueError
    if operator == "not":
        return Not(_read_expression(inner))
    parts = tuple(_read_expression(part) for part in _list(inner))
    return AllOf(parts) if operator == "all" else AnyOf(parts)


def _read_call(data: Json) -> TransformCall:
    name, arguments = _list(data)
    pairs = (_list(pair) for pair in _list(arguments))
    return TransformCall(name=_text(name), arguments=tuple((_text(key), _read_argument(value)) for key, value in pairs))


def _read_argument(data: Json) -> Argument:
    if isinstance(data, dict):
        return ColumnName(_texts(_record(data, _COLUMN)["column"]))
    if not isinstance(data, str | int | float | bool):
        raise TypeError
    return data


def _mapping(data: Json) -> dict[str, Json]:
    if not isinstance(data, dict):
        raise TypeError
    return data


def _record(data: Json, words: frozenset[str]) -> dict[str, Json]:
    """A mapping that has no key but these; any other says what nobody here would heed."""
    record = _mapping(data)
    if not record.keys() <= words:
        raise ValueError
    return record


def _list(data: Json) -> list[Json]:
    if not isinstance(data, list):
        raise TypeError
    return data


def _text(data: Json) -> str:
    if not isinstance(data, str):
        raise TypeError
    return data


def _texts(data: Json) -> tuple[str, ...]:
    return tuple(_text(item) for item in _list(data))


def _optional(data: Json) -> str | None:
    return None if data is None else _text(data)


def _moment(data: Json) -> datetime | None:
    return None if data is None else datetime.fromisoformat(_text(data))
