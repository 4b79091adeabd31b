"""An event with less and less in it, for a place that does not take what tells it whole; each says what is missing."""

import re
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from itertools import islice

from catalog.journal.event import Event, shortened_text

SHORTENED = "shortened"
"""The detail that says what of an event was cut or left out."""

_LONGER_TEXT = 4_000
_LONG_TEXT = 500
_LONGEST_NAME = 100
_MOST_NAMES = 10
_MOST_DETAILS = 20
_PLAIN = re.compile(r"[A-Za-z0-9._@-]{1,100}")


def briefer(event: Event) -> Iterator[Event]:
    """The event with its texts cut, then its columns and tags, then everything that can be long, at last every name.

    Its kind, verdict, number, time and hashes stay as they are; the hash is that of the whole event, as the journal has
    it. What others have named may be what a place takes for an attack: the last form has none of it, and its user only
    if that is a plain name.

    Example:
        >>> event = Event(kind=EventKind.QUERY_DENY, user="kim", seq=7, details={"request": "-" * 9_000})
        >>> next(briefer(event)).details["shortened"]
        'details: event 7 of the journal has all of it'
    """
    less = event
    for step in _STEPS:
        before, less = less, step(less)
        if less == before:
            continue
        names = [each.name for each in fields(event) if getattr(less, each.name) != getattr(event, each.name)]
        mark = f"{', '.join(names)}: event {event.seq} of the journal has all of it"
        yield replace(less, details={**less.details, SHORTENED: mark})


def _with_texts_of(most: int) -> Callable[[Event], Event]:
    def step(event: Event) -> Event:
        first = islice(event.details.items(), _MOST_DETAILS)
        kept = {name: _text_or_number(value, most) for name, value in first}
        return replace(event, details={name: value for name, value in kept.items() if value is not None})

    return step


def _text_or_number(value: object, most: int) -> object:
    """What is no longer than that; None for a list or a mapping, which may be as large as it likes."""
    if isinstance(value, str):
        return shortened_text(value, most)
    return value if isinstance(value, int | float) else None


def _with_few_columns(event: Event) -> Event:
    return replace(event, columns=_few(event.columns), tags=_few(event.tags))


def _with_few_names(event: Event) -> Event:
    return replace(event, policies=_few(event.policies), groups=_few(event.groups), datasets=_few(event.datasets))


def _with_names_alone(event: Event) -> Event:
    user, client, decision_id = _few((event.user, event.client, event.decision_id))
    return replace(event, user=user, client=client, decision_id=decision_id, details={})


def _without_names(event: Event) -> Event:
    return Event(
        kind=event.kind,
        user=_plain(event.user),
        verdict=event.verdict,
        revision=event.revision,
        decision_id=_plain(event.decision_id),
        seq=event.seq,
        at=event.at,
        previous_hash=event.previous_hash,
        hash=event.hash,
    )


def _plain(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else ""


def _few(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(shortened_text(name, _LONGEST_NAME) for name in names[:_MOST_NAMES])


_STEPS: tuple[Callable[[Event], Event], ...] = (
    _with_texts_of(_LONGER_TEXT),
    _with_texts_of(_LONG_TEXT),
    _with_few_columns,
    _with_few_names,
    _with_names_alone,
    _without_names,
)
