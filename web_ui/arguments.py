"""Reads the query parameters of the control API into typed values; anything else is refused."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

import flask

from proxy.refusals import RequestInvalid
from web_ui.numbers import whole_number

Choice = TypeVar("Choice", bound=StrEnum)


def choice(kind: type[Choice], name: str) -> Choice | None:
    """One of an enumeration's values, None when the parameter is not there."""
    given = flask.request.args.get(name)
    if given is None:
        return None
    if given not in list(kind):
        raise RequestInvalid(f"unknown {name} `{given}`", hint="known: " + ", ".join(f"`{item}`" for item in kind))
    return kind(given)


def moment(name: str) -> datetime | None:
    """An ISO 8601 day or moment in UTC, as which it is meant without a zone."""
    given = flask.request.args.get(name)
    return None if given is None else read_moment(name, given)


def read_moment(name: str, given: str) -> datetime:
    """The day or moment that a text states under that name."""
    try:
        read = datetime.fromisoformat(given)
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise RequestInvalid(
            f"`{name}` is no date or moment", hint="write `2026-01-31` or `2026-01-31T12:30:00Z`"
        ) from None


def number(name: str, most: int) -> int | None:
    """A whole number from 1 to `most`."""
    given = flask.request.args.get(name)
    return None if given is None else read_number(name, given, most)


def read_number(name: str, given: str, most: int) -> int:
    """The whole number from 1 to `most` that a text states under that name."""
    found = whole_number(given, most)
    if not found:
        raise RequestInvalid(f"`{name}` must be a whole number from 1 to {most}", hint="leave it out for the default")
    return found


def flag(name: str) -> bool:
    """`true` or `false`, false when the parameter is not there."""
    given = flask.request.args.get(name, "false")
    if given not in ("true", "false"):
        raise RequestInvalid(f"`{name}` is neither `true` nor `false`", hint="leave it out for `false`")
    return given == "true"
