"""What a source says of its own crawls: options `crawl_..` beside those of its connector, which never sees them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

from catalog.errors import SettingsInvalid
from catalog.model import Source
from catalog.schedule import read_hours, read_schedule

_PREFIX = "crawl_"


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlOptions:
    """When a source is crawled by itself, in which hours of the day, into which database, what of it, and how politely.

    What is 0 or empty is not said.
    """

    every: str = ""
    cron: str = ""
    hours: str = ""
    into: str = ""
    path: str = ""
    rows: int = 0
    pause_seconds: float = 0.0
    most_seconds: float = 0.0
    most_bytes: int = 0


CRAWL_OPTIONS = tuple(_PREFIX + field.name for field in fields(CrawlOptions))


def read_crawl_options(source: str, options: Mapping[str, str]) -> CrawlOptions:
    """What the options say of crawls; raises SettingsInvalid for a time or a number that is none.

    Example:
        >>> read_crawl_options("lake", {"path": "./data", "crawl_every": "6h"}).every
        '6h'
    """
    kinds: Mapping[str, type] = {field.name: type(field.default) for field in fields(CrawlOptions)}
    said = {name: options[_PREFIX + name] for name in kinds if _PREFIX + name in options}
    read_schedule(said.get("every", ""), said.get("cron", ""))
    read_hours(said.get("hours", ""))
    texts = {name: value for name, value in said.items() if kinds[name] is str}
    numbers = {name: _number(source, name, said[name], kinds[name]) for name in said.keys() - texts.keys()}
    return CrawlOptions(**texts, **numbers)  # type: ignore[arg-type]


def of_connector(options: Mapping[str, str]) -> dict[str, str]:
    """The options without those that speak of crawls."""
    return {option: value for option, value in options.items() if option not in CRAWL_OPTIONS}


def leads_elsewhere(before: Source, after: Source) -> bool:
    """Whether a source that is stated anew may read from elsewhere, or otherwise; when it is crawled is no matter.

    Example:
        >>> before = Source(name="lake", connector="files", options={"path": "./data"})
        >>> leads_elsewhere(before, replace(before, options={"path": "./data", "crawl_every": "6h"}))
        False
    """
    return (before.connector, of_connector(before.options)) != (after.connector, of_connector(after.options))


def _number(source: str, name: str, value: str, kind: type) -> float:
    try:
        number: float = kind(value)
    except ValueError:
        number = -1
    if number < 0 or not math.isfinite(number):
        what = "whole number" if kind is int else "number"
        raise SettingsInvalid(
            f"source `{source}` has the option `{_PREFIX}{name}` set to `{value}`", hint=f"write a {what}, 0 or more"
        )
    return number
