"""A policy as one English sentence: who sees what, without which columns, how, on which rows, until when."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from policy_engine.columns_in_words import columns, left_out, quoted
from policy_engine.conditions import print_when
from policy_engine.ddl.printing import print_filter
from policy_engine.document.scopes import print_scope
from policy_engine.model import Effect, Policy, Scope, TagExpression, TransformRule
from policy_engine.transforms.calls import print_call

_INSTANT = timedelta(microseconds=1)


def sentence(policy: Policy) -> str:
    """What a policy says, for people; names and SQL stand between backticks.

    Example: "Role `analyst` sees database `clinic` without columns tagged `phi.phone`, columns tagged `phi.mrn` through
    `tokenize()`, only rows where `opted_out != 1`."
    """
    said = {Effect.GRANT: _grant, Effect.RESTRICT: _restriction, Effect.DENY: _denial}[policy.effect]
    return ", ".join((*said(policy), *_times(policy))) + "."


def _grant(policy: Policy) -> Iterator[str]:
    yield f"{_who(policy)} {_verb(policy)} {_object(policy.scope)}{_shown_columns(policy.having)}"
    yield from (f"{columns(rule.tagged)} through `{print_call(rule.call)}`" for rule in policy.transforms)
    yield from _rows(policy)


def _restriction(policy: Policy) -> Iterator[str]:
    """One that neither masks nor filters hides, as a denial does."""
    if not policy.transforms and policy.where is None:
        yield from _denial(policy)
        return
    about = "" if policy.having is None else f", as far as {columns(policy.having)} go,"
    first, *others = (*map(_at_most, policy.transforms), *_rows(policy))
    yield f"Whatever is granted, {_lower(_who(policy))} {_verb(policy)} of {_object(policy.scope)}{about} {first}"
    yield from others


def _denial(policy: Policy) -> Iterator[str]:
    what = _object(policy.scope)
    if policy.having is not None:
        what = f"{columns(policy.having)} in {what}"
    yield f"{_who(policy)} never {_verb(policy)} {what}"


def _at_most(rule: TransformRule) -> str:
    return f"{columns(rule.tagged)} at most through `{print_call(rule.call)}`"


def _rows(policy: Policy) -> Iterator[str]:
    if policy.where is not None:
        yield f"only rows where `{print_filter(policy.where)}`"


def _who(policy: Policy) -> str:
    return f"{'Role' if len(policy.roles) == 1 else 'Roles'} {quoted(policy.roles, 'and')}"


def _verb(policy: Policy) -> str:
    return "sees" if len(policy.roles) == 1 else "see"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _object(scope: Scope) -> str:
    if scope.database is None:
        return "everything"
    if scope.dataset is None:
        return f"database `{print_scope(scope)}`"
    whole = print_scope(Scope(database=scope.database, dataset=scope.dataset))
    if not scope.columns:
        return f"dataset `{whole}`"
    named = quoted([".".join(path) for path in scope.columns], "and")
    return f"{'column' if len(scope.columns) == 1 else 'columns'} {named} of `{whole}`"


def _shown_columns(having: TagExpression | None) -> str:
    if having is None:
        return ""
    missing = left_out(having)
    return f" without {missing}" if missing else f", only {columns(having)}"


def _times(policy: Policy) -> Iterator[str]:
    if policy.when is not None:
        yield f"when {print_when(policy.when)}"
    if policy.starts_at is not None:
        yield f"from {_moment(policy.starts_at)}"
    if policy.ends_at is not None:
        is_midnight = policy.ends_at.astimezone(UTC).time() == time()
        yield f"until {_moment(policy.ends_at - _INSTANT, is_day=True) if is_midnight else _moment(policy.ends_at)}"


def _moment(moment: datetime, *, is_day: bool = False) -> str:
    """The day of UTC, with the time where it is not the day's edge."""
    moment = moment.astimezone(UTC)
    if is_day or moment.time() == time():
        return f"{moment:%-d %b %Y}"
    return f"{moment:%-d %b %Y, %H:%M} UTC"
