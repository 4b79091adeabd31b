"""Searching the journal for somebody: what a request asks for, within what that person may read."""

from dataclasses import dataclass

import flask

from catalog.event_sets import Members
from catalog.journal import wanted
from catalog.model import Event, EventKind, Verdict
from policy_engine.capabilities import Rights
from policy_engine.model import Subject
from proxy import answers
from web_ui import arguments
from web_ui.journal_reach import Reach
from web_ui.parts import Parts

MOST_EVENTS = 1_000
ASKED = (
    *("user", "dataset", "column", "tag", "policy", "kind", "verdict", "decision_id", "from", "to", "text"),
    *("limit", "before"),
)
"""The arguments of a request that a search understands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The events of one page, newest first, and where the next page begins (None: there is none);
    `members` are the numbers of all that was found."""

    events: tuple[Event, ...]
    before: int | None
    reach: Reach
    members: Members


def reach_of(parts: Parts, subject: Subject) -> Reach:
    """The part of the journal that somebody may read now."""
    return Reach(subject, Rights(subject, parts.policies.current()), tells_hidden=parts.tells_hidden)


def search(parts: Parts, subject: Subject, *, page: int = 100) -> Found:
    """What the request asks for; reading the journal is journalled, once for each search."""
    asked = {name: value for name, value in flask.request.args.items() if value}
    reach = reach_of(parts, subject)
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
    limit = arguments.number("limit", MOST_EVENTS) or page
    found = parts.journal.page(members, limit=limit, before_seq=arguments.number("before", 2**62))
    note_reading(parts, subject, {"asked": asked, "count": len(found)})
    return Found(events=found, before=found[-1].seq if found else None, reach=reach, members=members)


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
