"""When a source is crawled by itself: every so often, or at the minutes that a line of cron names, in UTC."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from catalog.errors import SettingsInvalid

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_PART = re.compile(r"(\*|\d{1,2}(?:-\d{1,2})?)(?:/(\d{1,2}))?\Z")
_FARTHEST_DAYS = 366 * 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """A fixed time after the last one."""

    length: timedelta

    def next_after(self, moment: datetime) -> datetime:
        """The next time."""
        return moment + self.length


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """The minutes at which all five fields hold; of day and weekday one is enough where both are restricted."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def next_after(self, moment: datetime) -> datetime:
        """The next time; raises SettingsInvalid for a day that no year has."""
        start = moment.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        for day in (start.date() + timedelta(days=number) for number in range(_FARTHEST_DAYS)):
            if day.month not in self.months or not self._is_day(day.day, day.isoweekday() % 7):
                continue
            for hour in sorted(self.hours):
                for minute in sorted(self.minutes):
                    found = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
                    if found >= start:
                        return found
        raise SettingsInvalid("a schedule names a day that no year has", hint="look at its day and month")

    def _is_day(self, day: int, weekday: int) -> bool:
        is_any_day, is_any_weekday = len(self.days) == 31, len(self.weekdays) == 7
        if is_any_day or is_any_weekday:
            return day in self.days and weekday in self.weekdays
        return day in self.days or weekday in self.weekdays


Schedule = Every | Cron


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """The hours of a day, in UTC, in which something may be done; they may go through midnight."""

    begin: time
    end: time

    def hold(self, moment: datetime) -> bool:
        """Whether a moment lies in them; the end does not.

        Example:
            >>> read_hours("22:00-06:00").hold(datetime(2026, 1, 2, 3, tzinfo=UTC))
            True
        """
        now = moment.astimezone(UTC).time()
        if self.begin < self.end:
            return self.begin <= now < self.end
        return now >= self.begin or now < self.end


def read_schedule(every: str, cron: str) -> Schedule | None:
    """The schedule that settings state, None when they state none.

    Example:
        >>> read_schedule("", "30 2 * * 1-5").next_after(datetime(2026, 1, 2, 3, tzinfo=UTC)).isoformat()
        '2026-01-05T02:30:00+00:00'
    """
    if every and cron:
        raise SettingsInvalid("a schedule says both `every` and `cron`", hint="write one of them")
    if every:
        match = re.fullmatch(r"\s*([1-9]\d{0,4})([mhdw])\s*", every)
        if match is None:
            raise SettingsInvalid(f"`{every}` is no length of time", hint="say for example `30m`, `6h` or `7d`")
        return Every(length=timedelta(**{_UNITS[match[2]]: int(match[1])}))
    return _cron(cron) if cron else None


def read_hours(text: str) -> Hours | None:
    """The hours that settings state, None when they state none; raises SettingsInvalid."""
    if not text.strip():
        return None
    match = re.fullmatch(r"\s*([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-3]):([0-5]\d)\s*", text)
    if match is None or match.group(1, 2) == match.group(3, 4):
        raise SettingsInvalid(f"`{text}` are no hours of a day", hint="write for example `22:00-06:00`, in UTC")
    begin_hour, begin, end_hour, end = map(int, match.groups())
    return Hours(begin=time(begin_hour, begin), end=time(end_hour, end))


def _cron(text: str) -> Cron:
    parts = text.split()
    if len(parts) != len(_FIELDS):
        raise SettingsInvalid(
            f"`{text}` is no line of cron", hint="write minute hour day month weekday, as `30 2 * * 1-5`"
        )
    read = [frozenset(_values(part, *field)) for part, field in zip(parts, _FIELDS, strict=True)]
    weekdays = frozenset(day % 7 for day in read[4])
    cron = Cron(minutes=read[0], hours=read[1], days=read[2], months=read[3], weekdays=weekdays)
    cron.next_after(datetime(2026, 1, 1, tzinfo=UTC))
    return cron


def _values(text: str, name: str, low: int, high: int) -> Iterator[int]:
    for part in text.split(","):
        match = _PART.match(part)
        if match is None:
            raise SettingsInvalid(f"`{part}` is no {name} of cron", hint="write `*`, `5`, `1-5`, `*/10` or `1,15`")
        first, _, last = ("", "", "") if match[1] == "*" else match[1].partition("-")
        begin = int(first) if first else low
        end = int(last) if last else high if not first or match[2] else begin
        step = int(match[2] or 1)
        if not low <= begin <= end <= high or step == 0:
            raise SettingsInvalid(f"`{part}` is no {name} of cron", hint=f"from {low} to {high}")
        yield from range(begin, end + 1, step)
