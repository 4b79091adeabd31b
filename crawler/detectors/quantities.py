"""Judges numbers: ages, money and places on the globe each have a range and a grain."""

from collections.abc import Iterator

from crawler.detectors.column import Column, Kind
from crawler.detectors.forms import FORMS
from crawler.detectors.odds import Reading

_OLDEST = 120
_MOST_YEARS_AT_SCHOOL = 30
_SHORT_ACCOUNT = 6
_FEW, _COUNTED = 7, 10**8
_NEVER_COUNTED = "health_plan_id national_id tax_id ssn passport drivers_license bank_account device_id".split()
"""Numbers that somebody else gives: those of one table do not follow each other."""


def judge(column: Column) -> Iterator[Reading]:
    """What the numbers say; hardly ever enough without a name."""
    if column.kind is Kind.TEXT and column.few and column.share(FORMS["position"]) > 0.8:
        is_pair = sum("," in value or ";" in value or value.startswith(("POINT", "(")) for value in column.few)
        if is_pair > 0.8 * len(column.few):
            yield Reading(detector="geolocation", weight=5.0, because="values are pairs of degrees")
    numbers = column.numbers
    if not numbers or len(numbers) < 0.8 * len(column.values):
        return
    low, high = min(numbers), max(numbers)
    if column.kind is Kind.INTEGER and len(numbers) > _FEW and high - low == len(numbers) - 1 and high < _COUNTED:
        because = "counted one by one"
        counted = (*_NEVER_COUNTED, "mrn") if low <= 1 else _NEVER_COUNTED
        yield from (Reading(detector=each, weight=-8.0, because=because, is_final=True) for each in counted)
    if low < 0 or high > _OLDEST:
        yield Reading(detector="age", weight=-6.0, is_final=True)
    elif column.kind is Kind.INTEGER and high > 30 and len(numbers) > 15:
        yield Reading(detector="age", weight=1.0, because="whole numbers up to a life's years", is_alone=False)
    if low >= 0 and high <= _MOST_YEARS_AT_SCHOOL:
        yield Reading(detector="education", weight=0.5, because="years at school", is_alone=False)
    if max(abs(low), abs(high)) > 180 or (column.kind is Kind.INTEGER and len(numbers) > 5):
        yield Reading(detector="geolocation", weight=-6.0, is_final=True)
    elif column.kind is Kind.FLOAT:
        yield Reading(detector="geolocation", weight=0.5, because="degrees with a fraction", is_alone=False)
    if column.kind is not Kind.FLOAT and max(map(len, column.values)) <= _SHORT_ACCOUNT:
        because = "too short for accounts of a bank"
        yield Reading(detector="bank_account", weight=-3.0, because=because, is_final=True)
    if high < 5:
        yield Reading(detector="salary", weight=-5.0, is_final=True)
    elif high >= 500:
        yield Reading(detector="salary", weight=0.5, because="amounts of money", is_alone=False)
