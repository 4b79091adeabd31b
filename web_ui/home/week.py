"""How the queries of the last days ended, day by day, as far as a person may read the journal."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time

from catalog.journal.event import EventKind, Verdict
from catalog.journal.journal import wanted
from policy_engine.model import Subject
from web_ui.journal.search import reach_of
from web_ui.parts import Parts
from web_ui.pictures.timeline import days

DAYS = 7

Day = tuple[date, Mapping[str, int]]
"""A day, and how many queries ended how, in the words of the timeline."""

_ENDS: tuple[tuple[str, EventKind, Verdict], ...] = (
    ("allowed", EventKind.QUERY_END, Verdict.ALLOW),
    ("refused", EventKind.QUERY_DENY, Verdict.DENY),
    ("refused", EventKind.QUERY_END, Verdict.DENY),
    ("failed", EventKind.QUERY_END, Verdict.ERROR),
    ("stopped", EventKind.QUERY_END, Verdict.CANCEL),
)
"""How a query ends; it is refused before it begins, or by the database that reads what the person may see."""


def week(parts: Parts, subject: Subject) -> tuple[Day, ...]:
    """The last seven days, today the last of them, each with its numbers; numbers are told and no event is.

    Example:
        >>> week(parts, auditor)[-1]
        (datetime.date(2026, 11, 28), {'allowed': 12, 'refused': 1})
    """
    span = days(parts.clock().date(), DAYS)
    start = datetime.combine(span[0], time(), tzinfo=UTC)
    found: dict[str, dict[str, int]] = {}
    reach = reach_of(parts, subject)
    for end, kind, verdict in _ENDS:
        asked = wanted(kind=kind, verdict=verdict, start=start, user=reach.user(None), readable=reach.readable)
        for day, counts in parts.journal.times(parts.journal.find(asked), "day").items():
            ends = found.setdefault(day, {})
            ends[end] = ends.get(end, 0) + sum(counts.values())
    return tuple((day, found.get(day.isoformat(), {})) for day in span)
