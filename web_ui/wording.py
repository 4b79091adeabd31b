"""How templates write sentences and times, so that the same thing reads the same everywhere."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta

from markupsafe import Markup, escape

from catalog.names import join


def capitalize_first(text: str) -> str:
    """The text with a capital at its start; nothing else changes.

    Example:
        >>> capitalize_first("no dataset `X`")
        'No dataset `X`'
    """
    return text[:1].upper() + text[1:]


def uncapitalize(text: str) -> str:
    """The text without a capital at its start, as it stands within a sentence.

    Example:
        >>> uncapitalize("Write a policy")
        'write a policy'
    """
    return text[:1].lower() + text[1:]


def sentence(text: str) -> str:
    """The text as a sentence.

    Example:
        >>> sentence("all rows are there")
        'All rows are there.'
    """
    text = capitalize_first(text.strip())
    return text if not text or text[-1] in ".!?" else text + "."


def marked(text: str) -> Markup:
    """The text as HTML, what stands between backticks as code.

    Example:
        >>> marked("policy `a<b` hides it")
        Markup('policy <code>a&lt;b</code> hides it')
    """
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def day(moment: datetime) -> str:
    """The day in UTC.

    Example:
        >>> day(datetime(2026, 1, 31, tzinfo=UTC))
        '31 Jan 2026'
    """
    return f"{moment.astimezone(UTC):%-d %b %Y}"


def minute(moment: datetime) -> str:
    """The day and minute in UTC.

    Example:
        >>> minute(datetime(2026, 1, 31, 9, 5, tzinfo=UTC))
        '31 Jan 2026, 09:05'
    """
    return f"{moment.astimezone(UTC):%-d %b %Y, %H:%M}"


def ago(moment: datetime, now: datetime) -> str:
    """How long ago something was, in the largest unit of which there are two.

    Example:
        >>> ago(datetime(2026, 1, 29, 9, tzinfo=UTC), datetime(2026, 1, 31, 8, tzinfo=UTC))
        '47 hours ago'
    """
    minutes = int((now - moment) / timedelta(minutes=1))
    for unit, length in _UNITS:
        if minutes >= 2 * length:
            return f"{minutes // length:,} {unit}s ago"
    return "just now"


def last_day(end: datetime) -> str:
    """The last day of a time that ends at that moment, of which midnight belongs to the day before.

    Example:
        >>> last_day(datetime(2026, 2, 1, tzinfo=UTC)), last_day(datetime(2026, 2, 1, 9, 5, tzinfo=UTC))
        ('31 Jan 2026', '1 Feb 2026, 09:05')
    """
    end = end.astimezone(UTC)
    return day(end - timedelta(days=1)) if end.time() == time() else minute(end)


_UNITS = (("day", 24 * 60), ("hour", 60), ("minute", 1))
"""Each with its minutes."""

FILTERS: Mapping[str, Callable[..., str]] = {
    "capitalize_first": capitalize_first,
    "uncapitalize": uncapitalize,
    "sentence": sentence,
    "marked": marked,
    "day": day,
    "minute": minute,
    "ago": ago,
    "last_day": last_day,
    "dotted": lambda path: join(*path),
}
