"""GRANT, REVOKE, DENY, RESTRICT and DROP RESTRICT, read clause by clause."""

from dataclasses import replace
from typing import NoReturn

from policy_engine.ddl.clauses import ORDER, read_columns, read_having, read_scope, read_transforms, read_where
from policy_engine.ddl.cursor import Cursor
from policy_engine.ddl.model import PutPolicy, TakePolicy
from policy_engine.ddl.naming import generated_id
from policy_engine.ddl.properties import read_properties
from policy_engine.ddl.tokens import Token
from policy_engine.model import Effect, Policy

_READING = "SELECT is the only right there is: data is read through Veil and never written"
_LEVELS = frozenset(
    """ALTER CREATE CREATE_AS_OWNER INSERT SHOW ADD_ATTRIBUTE REMOVE_ATTRIBUTE VIEW_AUDIT VIEW_COMPLETE_METADATA
    DELETE UPDATE DROP CREATE_ROLE_AS_OWNER MANAGE_GRANTS MANAGE_PERMISSIONS MANAGE_GROUPS CREATE_CRAWLER_AS_OWNER
    CREATE_DATACONNECTION_AS_OWNER USE""".split()
)


def read_grant(cursor: Cursor) -> PutPolicy:
    """The rest of a GRANT, after that word.

    Example: `SELECT ON TABLE shop.orders HAVING ATTRIBUTE NOT fin.card TO ROLE clerk`.
    """
    unless_there = cursor.takes("IF", "NOT", "EXISTS")
    return replace(_put(cursor, Effect.GRANT, "TO"), unless_there=unless_there)


def read_restriction(cursor: Cursor) -> PutPolicy:
    """The rest of a RESTRICT, after that word."""
    return _put(cursor, Effect.RESTRICT, "FROM")


def read_denial(cursor: Cursor) -> PutPolicy:
    """The rest of a DENY, after that word; DENY ALL hides whatever the tags."""
    return _put(cursor, Effect.DENY, "FROM")


def read_revocation(cursor: Cursor) -> TakePolicy:
    """The rest of a REVOKE, after that word."""
    return _take(cursor, Effect.GRANT)


def read_end_of_restriction(cursor: Cursor) -> TakePolicy:
    """The rest of a DROP RESTRICT, which ends a denial of the same clauses too."""
    taken = _take(cursor, Effect.RESTRICT)
    return replace(taken, effects=frozenset({Effect.RESTRICT, Effect.DENY}))


def read_end_of_denial(cursor: Cursor) -> TakePolicy:
    """The rest of a DROP DENY, after these words."""
    return _take(cursor, Effect.DENY)


def _put(cursor: Cursor, effect: Effect, ending: str) -> PutPolicy:
    policy = _policy(cursor, effect, ending)
    _refuse_grant_option(cursor)
    properties = read_properties(cursor)
    _refuse_grant_option(cursor)
    cursor.end("roles have commas between them; POLICYPROPERTIES come last; give one statement at a time")
    policy = replace(
        policy,
        id=properties.name or generated_id(policy),
        why=properties.description,
        enabled=properties.enabled,
        starts_at=properties.starts_at,
        ends_at=properties.ends_at,
        when=properties.when,
    )
    return PutPolicy(policy=policy, is_named=properties.name is not None)


def _take(cursor: Cursor, effect: Effect) -> TakePolicy:
    """What is taken away has the same clauses; its properties, if given, are read and do not matter."""
    policy = _policy(cursor, effect, "FROM")
    read_properties(cursor)
    cursor.end()
    return TakePolicy(policy=policy, effects=frozenset({effect}))


def _policy(cursor: Cursor, effect: Effect, ending: str) -> Policy:
    start = cursor.now
    is_all = _privilege(cursor)
    columns = read_columns(cursor)
    cursor.must("ON")
    scope = read_scope(cursor, columns)
    _refuse_idle_denial(cursor, effect, is_all)
    end = cursor.last(ending)
    if end is None:
        _refuse_without_roles(cursor, ending)
    policy = Policy(
        id="",
        effect=effect,
        roles=(),
        scope=scope,
        having=read_having(cursor, end),
        transforms=read_transforms(cursor, end),
        where=read_where(cursor, end),
    )
    _refuse_idle(cursor, policy, start)
    if cursor.now is not end:
        cursor.fail(f"expected `{ending} ROLE`", ORDER)
    return replace(policy, roles=_roles(cursor, ending))


def _privilege(cursor: Cursor) -> bool:
    """Read SELECT or ALL; whether it was ALL."""
    if cursor.now.says(*_LEVELS):
        cursor.fail(f"the right `{cursor.now.value.upper()}` does not exist here", _READING)
    is_all = cursor.choice("SELECT", "ALL", hint=_READING) == "ALL"
    if cursor.sees(","):
        cursor.fail("one right at a time", _READING)
    return is_all


def _roles(cursor: Cursor, ending: str) -> tuple[str, ...]:
    cursor.must(ending)
    cursor.takes("ROLE")
    return cursor.names("a role")


def _refuse_idle_denial(cursor: Cursor, effect: Effect, is_all: bool) -> None:
    """A denial hides what carries a tag; to hide everything must be said, with ALL."""
    if effect is not Effect.DENY:
        return
    if cursor.sees("WHERE"):
        cursor.refuse("DENY privileges do not support filters", "write a RESTRICT with this WHERE")
    if not is_all and not (cursor.sees("HAVING") or cursor.sees("HAS")):
        cursor.refuse(
            "DENY privileges must specify attribute expression",
            "add `HAVING ATTRIBUTE phi.mrn`, or write `DENY ALL` to hide everything there",
        )


def _refuse_idle(cursor: Cursor, policy: Policy, start: Token) -> None:
    if policy.effect is Effect.RESTRICT and not (policy.having or policy.transforms or policy.where):
        cursor.refuse(
            "RESTRICT privileges must specify an attribute expression, a transform or a filter",
            "add HAVING ATTRIBUTE, TRANSFORM or WHERE",
            start,
        )
    if policy.effect is Effect.DENY and policy.transforms:
        cursor.refuse("DENY privileges do not support transforms", "write a RESTRICT with this TRANSFORM", start)
    if policy.effect is Effect.DENY and policy.where:
        cursor.refuse("DENY privileges do not support filters", "write a RESTRICT with this WHERE", start)


def _refuse_grant_option(cursor: Cursor) -> None:
    if cursor.sees("WITH", "GRANT", "OPTION"):
        cursor.fail("`WITH GRANT OPTION` is not supported", "leave it out; members of the group `admin` give grants")


def _refuse_without_roles(cursor: Cursor, ending: str) -> NoReturn:
    other = "FROM" if ending == "TO" else "TO"
    is_turned = cursor.last(other) is not None
    hint = f"write `{ending}` instead of `{other}`" if is_turned else f"end it with `{ending} ROLE analyst`"
    cursor.refuse(f"the statement does not say whom it concerns: expected `{ending} ROLE ..`", hint, cursor.last_token)
