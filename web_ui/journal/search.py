"""Searching the journal for somebody: what a request asks for, within what that person may read."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import flask

from catalog.journal.event import Event, EventKind, Verdict
from catalog.journal.event_sets import Members
from catalog.journal.journal import wanted
from policy_engine.capabilities import Rights
from policy_engine.model import Subject
from proxy.http import answers
from proxy.turns import Turns
from web_ui import arguments
from web_ui.journal.reach import Reach
from web_ui.parts import Parts

MOST_EVENTS = 1_000
_STEP_SECONDS = 0.25
_SEARCHING = Turns(
    4, "search of the journal running", "searches of the journal running", hint="wait until one of them has ended"
)
FILTERS = ("user", "dataset", "column", "tag", "policy", "kind", "verdict", "decision_id", "from", "to", "text")
"""The arguments of a request that say what is searched for."""

ASKED = (*FILTERS, "limit", "before")
"""The arguments of a request that a search understands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a request asks for: the numbers of all events found, within what the person may read."""

    asked: Mapping[str, str]
    members: Members
    reach: Reach


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some of the events found, newest first, and where the next page begins (None: there is none)."""

    events: tuple[Event, ...]
    before: int | None
    found: Found


def reach_of(parts: Parts, subject: Subject) -> Reach:
    """The part of the journal that somebody may read now."""
    return Reach(subject, Rights(subject, parts.policies.current()), tells_hidden=parts.tells_hidden)


@contextmanager
def paced(reach: Reach) -> Iterator[None]:
    """Searches that are few at once for each person, and take steps of time for who reads a part of the journal.

    How long a search takes depends on how often the rest of the journal mentions what is looked for; who may not read
    that is told nothing by it.
    """
    end_turn = _SEARCHING.take(reach.reader)
    try:
        began = time.monotonic()
        yield
        if reach.readable is not None:
            time.sleep(-(time.monotonic() - began) % _STEP_SECONDS)
    finally:
        end_turn()


def matching(parts: Parts, subject: Subject, reach: Reach) -> Found:
    """Every event that the request asks for and the person may read."""
    asked = {name: value for name in FILTERS if (value := flask.request.args.get(name))}
    members = parts.journal.find(
        wanted(
            user=reach.user(asked.get("user")),
            dataset=asked.get("dataset"),
            column=asked.get("column"),
            tag=asked.get("tag"),
            policy=asked.get("policy"),
            kind=arguments.choice(EventKind, "kind"),
            verdict=arguments.choice(Verdict, "verdict"),
            decision_id=asked.get("decision_id"),
            start=arguments.moment("from"),
            end=arguments.moment("to"),
            text=asked.get("text"),
            readable=reach.readable,
        )
    )
    return Found(asked=asked, members=members, reach=reach)


def search(parts: Parts, subject: Subject, reach: Reach, *, page: int = 100) -> Page:
    """One page of what the request asks for; reading the journal is journalled, once for each search."""
    limit = arguments.number("limit", MOST_EVENTS) or page
    before = arguments.number("before", 2**62)
    found = matching(parts, subject, reach)
    events = parts.journal.page(found.members, limit=limit, before_seq=before)
    given = {name: value for name in ASKED if (value := flask.request.args.get(name))}
    note_reading(parts, subject, {"asked": given, "count": len(events)})
    return Page(events=events, before=events[-1].seq if events else None, found=found)


def archived_until(parts: Parts) -> datetime | None:
    """When the newest event that is archived happened, if some of the time asked for lies before its end."""
    archives, start = parts.journal.archives(), arguments.moment("from")
    return archives[-1].ended_at if archives and (start is None or start <= archives[-1].ended_at) else None


def note_reading(parts: Parts, subject: Subject, details: dict[str, object]) -> None:
    """Writes down that the journal was read, and for what."""
    parts.journal.append(
        Event(
            kind=EventKind.AUDIT_READ,
            user=subject.user,
            groups=tuple(sorted(subject.groups)),
            client=answers.client(),
            decision_id=answers.decision_id(),
            details=details,
        )
    )
