"""How many events there were, hour by hour, day by day or month by month: whichever can be looked at."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from catalog.journal.event import Verdict
from catalog.journal.event_sets import Members
from catalog.journal.journal import Journal
from web_ui.pages.event_words import ENDINGS
from web_ui.pictures.chart import Chart
from web_ui.pictures.timeline import Period, timeline

_MOST_DAYS = 62
_MOST_HOURS_DAYS = 2

Times = Mapping[str, Mapping[str, int]]


def over_time(journal: Journal, found: Members) -> Chart:
    """The events found over time, by how they ended; periods in which there were none are there too."""
    days = journal.times(found, "day")
    known = sorted(days)
    first, last = (date.fromisoformat(known[0]), date.fromisoformat(known[-1])) if known else (date.min, date.min)
    length = (last - first).days + 1
    if length <= _MOST_HOURS_DAYS:
        return _chart("Hour (UTC)", _periods(journal.times(found, "hour"), _hours(first, length)) if known else ())
    if length <= _MOST_DAYS:
        return _chart("Day (UTC)", _periods(days, ((str(day), day) for day in _days(first, length))))
    return _chart("Month (UTC)", _periods(_by_month(days), ((month, month) for month in _months(first, last))))


def _chart(of: str, periods: tuple[Period, ...]) -> Chart:
    return timeline(
        "over-time",
        periods,
        title="Events over time",
        description="How many of the events found there were in each period, by how they ended.",
        of=of,
    )


def _periods(times: Times, every: Iterator[tuple[str, date | str]]) -> tuple[Period, ...]:
    return tuple(
        (shown, {ENDINGS[Verdict(verdict)]: count for verdict, count in times.get(key, {}).items()})
        for key, shown in every
    )


def _hours(first: date, length: int) -> Iterator[tuple[str, date | str]]:
    midnight = datetime(first.year, first.month, first.day)
    for hour in range(24 * length):
        moment = midnight + timedelta(hours=hour)
        yield f"{moment:%Y-%m-%dT%H}", f"{moment:%-d %b %H:00}"


def _days(first: date, length: int) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range(length))


def _months(first: date, last: date) -> Iterator[str]:
    month = first.replace(day=1)
    while month <= last:
        yield f"{month:%Y-%m}"
        month = (month + timedelta(days=31)).replace(day=1)


def _by_month(days: Times) -> Times:
    months: dict[str, dict[str, int]] = {}
    for day, counts in days.items():
        month = months.setdefault(day[:7], {})
        for verdict, count in counts.items():
            month[verdict] = month.get(verdict, 0) + count
    return months
