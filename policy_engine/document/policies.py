"""One entry under `policies`, read into a policy of the model."""

from datetime import UTC, date, datetime, time, timedelta

from catalog.errors import VeilError
from policy_engine import tag_expressions
from policy_engine.document.conditions import read_when
from policy_engine.document.entries import Entry, texts, wrong
from policy_engine.document.model import Context
from policy_engine.document.places import Stated, invalid, pointed
from policy_engine.document.scopes import parse_scope
from policy_engine.document.tree import Node, Sequence
from policy_engine.filters import filters
from policy_engine.model import (
    Effect,
    Policy,
    Scope,
    TagExpression,
    TransformCall,
    TransformRule,
)
from policy_engine.transforms import calls

KEYS = (
    *("policy", "grant", "restrict", "deny", "to", "scope", "having", "transform", "where", "when"),
    *("from", "until", "enabled", "why"),
)
_REFUSED = {
    "priority": "does not exist: policies have no priority, and their order does not matter",
}
_NEXT_DAY = timedelta(days=1)


def read_policy(node: Node, context: Context) -> Stated[Policy]:
    """The policy that an entry states, every part of it checked.

    Example:
        - {policy: analysts, grant: select, to: [analyst], scope: clinic, where: opted_out != 1, why: opt-outs}
    """
    entry = Entry.of(node, "a policy", KEYS, _REFUSED)
    effect = _effect(entry)
    starts_at, ends_at = _window(entry)
    policy = Policy(
        id=_id(entry),
        effect=effect,
        roles=tuple(context.refer("role", role.value, role.place) for role in _roles(entry)),
        scope=_scope(entry),
        having=_having(entry, context),
        transforms=_transforms(entry, context),
        where=_where(entry, context),
        when=read_when(entry.nodes["when"]) if "when" in entry.nodes else None,
        starts_at=starts_at,
        ends_at=ends_at,
        enabled=entry.flag("enabled", True),
        why=entry.said("why") or "",
    )
    _refuse_idle(entry, policy)
    return Stated(value=policy, place=node.place)


def _id(entry: Entry) -> str:
    node = entry.needs("policy")
    stated = entry.text("policy")
    assert stated is not None
    if stated.value != stated.value.strip() or "\n" in stated.value or len(stated.value) > 200:
        raise invalid(node.place, "must be a name of one line, at most 200 characters, without blanks around it")
    return stated.value


def _effect(entry: Entry) -> Effect:
    given = [effect for effect in Effect if effect.value in entry.nodes]
    if len(given) != 1:
        problem = "says more than one of" if given else "says none of"
        raise invalid(entry.place, f"{problem} `grant`, `restrict` and `deny`", hint="write one, as `grant: select`")
    stated = entry.text(given[0].value)
    if stated is None or stated.value.lower() != "select":
        raise invalid(entry.nodes[given[0].value].place, "must be `select`, the only right there is")
    return given[0]


def _roles(entry: Entry) -> tuple[Stated[str], ...]:
    node = entry.needs("to")
    roles = texts(node, "a list of roles")
    if not roles:
        raise invalid(node.place, "names no role", hint="for example `to: [analyst]`; a policy for nobody does nothing")
    return roles


def _scope(entry: Entry) -> Scope:
    node = entry.needs("scope")
    stated = entry.text("scope")
    assert stated is not None
    try:
        return parse_scope(stated.value)
    except VeilError as error:
        raise pointed(error, node.place) from None


def _expression(stated: Stated[str], context: Context) -> TagExpression:
    try:
        expression = tag_expressions.parse(stated.value)
    except VeilError as error:
        raise pointed(error, stated.place) from None
    for tag in tag_expressions.tags_of(expression):
        context.refer("tag", tag, stated.place)
    return expression


def _having(entry: Entry, context: Context) -> TagExpression | None:
    stated = entry.text("having")
    return None if stated is None else _expression(stated, context)


def _transforms(entry: Entry, context: Context) -> tuple[TransformRule, ...]:
    node = entry.nodes.get("transform")
    if node is None:
        return ()
    if not isinstance(node, Sequence):
        raise wrong(node, "a list of `{tagged: .., with: ..}`")
    return tuple(_transform(item, context) for item in node.items)


def _transform(node: Node, context: Context) -> TransformRule:
    entry = Entry.of(node, "a transform", ("tagged", "with"))
    entry.needs("tagged")
    entry.needs("with")
    tagged, call = entry.text("tagged"), entry.text("with")
    assert tagged is not None
    assert call is not None
    return TransformRule(tagged=_expression(tagged, context), call=_call(call))


def _call(stated: Stated[str]) -> TransformCall:
    try:
        return calls.parse_call(stated.value)
    except VeilError as error:
        raise pointed(error, stated.place) from None


def _where(entry: Entry, context: Context) -> str | None:
    stated = entry.text("where")
    if stated is None:
        return None
    try:
        where = filters.check_filter(stated.value)
    except VeilError as error:
        raise pointed(error, stated.place) from None
    for tag in filters.tags_asked(where):
        context.refer("tag", tag, stated.place)
    return where


def _window(entry: Entry) -> tuple[datetime | None, datetime | None]:
    starts_at, ends_at = _moment(entry, "from"), _moment(entry, "until")
    if starts_at is not None and ends_at is not None and starts_at >= ends_at:
        hint = "exchange the two, or leave one of them out"
        raise invalid(entry.nodes["until"].place, "lies before `from`", hint=hint)
    return starts_at, ends_at


def _moment(entry: Entry, key: str) -> datetime | None:
    """A date or a time; without a zone it is UTC, and a date in `until` includes that whole day."""
    stated = entry.text(key)
    if stated is None:
        return None
    try:
        day = date.fromisoformat(stated.value.strip())
        return datetime.combine(day + _NEXT_DAY if key == "until" else day, time(), UTC)
    except (ValueError, OverflowError):
        pass
    try:
        moment = datetime.fromisoformat(stated.value.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        hint = "write it as `2026-01-31` or `2026-01-31T08:00:00Z`"
        raise invalid(stated.place, f"is no date: there is no `{stated.value[:40]}`", hint=hint) from None


def _refuse_idle(entry: Entry, policy: Policy) -> None:
    """A part that could never have an effect is a mistake, and mistakes in policies are said at once."""
    if policy.effect is Effect.RESTRICT and policy.having is None and not policy.transforms and policy.where is None:
        raise invalid(entry.place, "restricts nothing", hint="a restrict needs a `having`, a `transform` or a `where`")
    if policy.effect is not Effect.DENY:
        return
    for key in ("transform", "where"):
        if key in entry.nodes:
            hint = f"write a `restrict` with this `{key}`, or leave it out"
            raise invalid(entry.nodes[key].place, "has no meaning in a `deny`, which hides columns whole", hint=hint)
