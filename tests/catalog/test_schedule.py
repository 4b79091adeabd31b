"""Schedules say when, in UTC, and what cannot be one is refused when it is read."""

from datetime import UTC, datetime, timedelta

import pytest

from catalog.errors import SettingsInvalid
from catalog.schedule import read_hours, read_schedule

FRIDAY = datetime(2026, 1, 2, 3, 30, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "following"),
    [
        ("* * * * *", "2026-01-02T03:31"),
        ("30 3 * * *", "2026-01-03T03:30"),
        ("*/20 * * * *", "2026-01-02T03:40"),
        ("5,45 3-4 * * *", "2026-01-02T03:45"),
        ("30 2 * * 1-5", "2026-01-05T02:30"),
        ("0 0 * * 0", "2026-01-04T00:00"),
        ("0 0 * * 7", "2026-01-04T00:00"),
        ("0 0 31 * *", "2026-01-31T00:00"),
        ("0 0 29 2 *", "2028-02-29T00:00"),
        ("0 12 13 * 5", "2026-01-02T12:00"),
        ("10-50/20 9 * * *", "2026-01-02T09:10"),
    ],
)
def test_the_next_time_of_a_line_of_cron(cron: str, following: str) -> None:
    schedule = read_schedule("", cron)
    assert schedule is not None
    assert schedule.next_after(FRIDAY) == datetime.fromisoformat(following).replace(tzinfo=UTC)


def test_the_next_time_is_always_later() -> None:
    schedule = read_schedule("", "0 * * * *")
    assert schedule is not None
    at = datetime(2026, 1, 2, 3, tzinfo=UTC)
    assert schedule.next_after(at) == at + timedelta(hours=1)


@pytest.mark.parametrize(("every", "length"), [("30m", 1800), ("6h", 21600), ("7d", 604800), ("2w", 1209600)])
def test_every_so_often(every: str, length: int) -> None:
    schedule = read_schedule(every, "")
    assert schedule is not None
    assert schedule.next_after(FRIDAY) == FRIDAY + timedelta(seconds=length)


@pytest.mark.parametrize(
    ("every", "cron"),
    [
        *(("0h", ""), ("6", ""), ("h", ""), ("-1h", ""), ("6h", "* * * * *"), ("", "* * * *"), ("", "60 * * * *")),
        *(("", "* 24 * * *"), ("", "* * 0 * *"), ("", "* * * 13 *"), ("", "* * * * 8"), ("", "5-1 * * * *")),
        *(("", "*/0 * * * *"), ("", "a * * * *"), ("", "0 0 31 2 *"), ("", "@daily")),
    ],
)
def test_what_is_no_schedule_is_refused(every: str, cron: str) -> None:
    with pytest.raises(SettingsInvalid):
        read_schedule(every, cron)


def test_no_schedule_is_none() -> None:
    assert read_schedule("", "") is None


@pytest.mark.parametrize(
    ("hours", "moment", "hold"),
    [
        ("22:00-06:00", "23:59", True),
        ("22:00-06:00", "05:59", True),
        ("22:00-06:00", "06:00", False),
        ("22:00-06:00", "12:00", False),
        ("9:30 - 17:00", "09:30", True),
        ("9:30 - 17:00", "17:00", False),
    ],
)
def test_hours_hold_from_begin_to_end_and_through_midnight(hours: str, moment: str, hold: bool) -> None:
    found = read_hours(hours)
    assert found is not None
    assert found.hold(datetime.fromisoformat(f"2026-01-02T{moment}:00+00:00")) is hold
    assert read_hours("") is None


@pytest.mark.parametrize("hours", ["22-6", "24:00-06:00", "06:00-06:00", "at night"])
def test_hours_that_are_none_are_refused(hours: str) -> None:
    with pytest.raises(SettingsInvalid, match="no hours of a day"):
        read_hours(hours)
