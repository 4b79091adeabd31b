"""Judges dates: births end years ago and spread over a life, cards expire soon, and the rest are events."""

import re
from collections.abc import Callable, Iterator
from datetime import date

from crawler.detectors.column import Column, Kind
from crawler.detectors.odds import Reading, bounded, told

_FULL_YEAR = r"(1[89]\d\d|20\d\d|2[45]\d\d|1[34]\d\d)"
"""Years of our era, of the Buddhist one (Thailand) and of the solar Hijri one (Iran)."""
_SHAPES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], int]], ...] = (
    (
        re.compile(rf"{_FULL_YEAR}[-/.年 ]\s?(\d\d?)[-/.月 ]\s?(\d\d?)日?.?(?:[ T].*)?"),
        lambda found: _common_year(int(found[1])),
    ),
    (
        re.compile(rf"(\d\d?)[-/. ]\s?(\d\d?)[-/. ]\s?{_FULL_YEAR}\.?(?:[ T].*)?"),
        lambda found: _common_year(int(found[3])),
    ),
    (re.compile(r"(1[89]\d\d|20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"), lambda found: int(found[1])),
    (re.compile(r"\d\d?[. -]+[^\W\d_]{3,12}\.?[,. -]+(1[89]\d\d|20\d\d)"), lambda found: int(found[1])),
    (re.compile(r"[^\W\d_]{3,12}\.? \d\d?(?:st|nd|rd|th)?,? (1[89]\d\d|20\d\d)"), lambda found: int(found[1])),
    (re.compile(r"(?:\d\d?)[-/.](?:\d\d?)[-/.](\d\d)"), lambda found: _short_year(int(found[1]))),
    (re.compile(r"\d\d?-[A-Za-z]{3}-(\d\d)"), lambda found: _short_year(int(found[1]))),
    (re.compile(r"(?:昭和|平成|令和|大正|S|H|R)\s?(\d{1,2})[年.].*"), lambda found: 1960),
)
_ENOUGH, _OLDEST = 30, 108
_YEAR = re.compile(r"(19\d\d|20[0-2]\d)")
_BARE_EXPIRY = re.compile(r"(0[1-9]|1[0-2])(20)?[2-4]\d|(20)?[2-4]\d(0[1-9]|1[0-2])|\d{1,2}|20[2-4]\d")
_EXPIRY = re.compile(r"(0[1-9]|1[0-2])\s?[/-]\s?(20[2-4]\d|[2-4]\d)|20[2-4]\d-(0[1-9]|1[0-2])")


def judge(column: Column, today: date) -> Iterator[Reading]:
    """What the values say of dates of birth and of expiry."""
    if column.kind not in (Kind.TEXT, Kind.INTEGER, Kind.DATE, Kind.MOMENT) or not column.few:
        return
    years = [year for year in map(year_of, column.few) if year]
    if len(years) >= 0.6 * len(column.few):
        yield _birth(years, column, today)
    hits = sum(bool(_EXPIRY.fullmatch(value)) for value in column.few)
    bare = sum(bool(_BARE_EXPIRY.fullmatch(value)) for value in column.few)
    if bare > 0.9 * len(column.few):
        because = told(bare, len(column.few), "may be months that cards expire in")
        yield Reading(detector="card_expiry", weight=0.5, because=because, is_alone=False)
    if hits > 0.6 * len(column.few):
        because = told(hits, len(column.few), "are months that cards expire in")
        yield Reading(detector="card_expiry", weight=3.0, because=because, is_alone=False)


def year_of(value: str) -> int:
    """The year of a date in one of the common ways to write one; 0 for anything else."""
    for shape, year in _SHAPES:
        found = shape.fullmatch(value)
        if found:
            return year(found)
    return int(value) if _YEAR.fullmatch(value) else 0


def _birth(years: list[int], column: Column, today: date) -> Reading:
    """Births: some forty years ago, spread over decades, and nearly none in the last years."""
    ages = sorted(today.year - year for year in years)
    middle, spread = ages[len(ages) // 2], ages[-1 - len(ages) // 20] - ages[len(ages) // 20]
    weight = 0.0
    weight += 2.0 if 12 <= middle <= 85 else -4.0
    weight += 2.5 if spread >= 30 else 0.5 if spread >= 15 else -2.5
    weight += 1.5 if ages[len(ages) // 20] >= 14 else -1.0 if ages[0] < 0 else 0.0
    weight -= 2.0 if column.kind is Kind.MOMENT or any(":" in value for value in column.few[:5]) else 0.0
    weight -= 1.5 if ages[-1] > _OLDEST else 0.0
    are_bare = 2 * sum(bool(_YEAR.fullmatch(value)) for value in column.few) > len(column.few)
    weight -= 2.5 if are_bare else 0.0
    text = f"dates of {middle} years ago in the middle, over {spread} years"
    return Reading(
        detector="date_of_birth",
        weight=bounded(weight),
        because=text,
        is_alone=weight > 4 and len(years) >= _ENOUGH and not are_bare,
        needs="identity",
    )


def _common_year(year: int) -> int:
    return year - 543 if year > 2400 else year + 621 if year < 1500 else year


def _short_year(year: int) -> int:
    return 1900 + year if year > 30 else 2000 + year
