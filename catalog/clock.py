"""How moments are told and written: in UTC, to the microsecond, so that texts sort as times do."""

from datetime import UTC, datetime

from catalog.errors import SettingsInvalid


def utc_now() -> datetime:
    """This moment, with its zone."""
    return datetime.now(UTC)


def written_time(moment: datetime) -> str:
    """A moment as text of fixed width.

    Example:
        >>> written_time(datetime(2026, 1, 2, tzinfo=UTC))
        '2026-01-02T00:00:00.000000+00:00'
    """
    if moment.tzinfo is None:
        raise SettingsInvalid("a moment needs its time zone", hint="write it like `2026-11-22T12:00:00+00:00`")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def read_time(text: str) -> datetime:
    """The moment that `written_time` wrote."""
    return datetime.fromisoformat(text)
