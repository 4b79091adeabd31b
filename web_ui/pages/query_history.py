"""A person's own queries as the journal has them: what was asked, how it ended, and how much came."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from catalog.journal.event import Event, EventKind, Verdict
from catalog.journal.event_search import Readable
from policy_engine.model import Subject
from web_ui.journal.search import note_reading
from web_ui.parts import Parts

MOST_QUERIES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One query: its SQL with literals blanked, as it was kept; without an end it is under way, or was cut off."""

    number: int
    at: datetime | None
    sql: str
    verdict: Verdict | None = None
    rows: int | None = None
    milliseconds: int | None = None


def own_queries(parts: Parts, subject: Subject) -> tuple[Asked, ...]:
    """The newest queries of a person, newest first; reading them is journalled."""
    ends = {event.decision_id: event for event in _events(parts, subject, EventKind.QUERY_END)}
    begun = _events(parts, subject, EventKind.QUERY_BEGIN)
    refused = _events(parts, subject, EventKind.QUERY_DENY)
    newest = sorted((*begun, *refused), key=lambda event: event.seq, reverse=True)[:MOST_QUERIES]
    note_reading(parts, subject, {"asked": {"user": subject.user, "list": "queries"}, "count": len(newest)})
    return tuple(_asked(event, ends) for event in newest)


def _events(parts: Parts, subject: Subject, kind: EventKind) -> tuple[Event, ...]:
    return parts.journal.search(readable=Readable(user=subject.user), kind=kind, limit=MOST_QUERIES)


def _asked(event: Event, ends: Mapping[str, Event]) -> Asked:
    sql = str(event.details.get("request", ""))
    if event.kind is EventKind.QUERY_DENY:
        return Asked(number=event.seq, at=event.at, sql=sql, verdict=event.verdict)
    end = ends.get(event.decision_id)
    if end is None:
        return Asked(number=event.seq, at=event.at, sql=sql)
    return Asked(
        number=event.seq,
        at=event.at,
        sql=sql,
        verdict=end.verdict,
        rows=int(str(end.details["rows"])),
        milliseconds=int(str(end.details["ms"])),
    )
