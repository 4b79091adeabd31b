"""Judges phone numbers: by their shape, and by the numbering plans of the countries that a table speaks of."""

import re
from collections.abc import Iterator, Sequence

import phonenumbers

from catalog.remembered import remembered
from crawler.detectors.column import Column, Kind
from crawler.detectors.odds import Reading, likelihood, told

_SHAPE = re.compile(r"(?:[Tt]el[.:]? ?)?[+(0-9][-+()./ \d]{5,22}(?:\s*(?:x|ext\.?|#)\s*\d{1,6})?")
_WRITTEN = re.compile(
    r"\(?\+\d.*|00\d{2}.*|.*\(\d{1,5}\).*|\d{2,5}([-./ ])\d{2,5}([-./ ]\d{2,5}){1,4}(\s*(x|ext).*)?"
    r"|0\d{1,5}[-/ ]\d{4,9}.*"
)
_NO_PHONE = re.compile(
    r"\d{4}-\d\d-\d\d.*|\d\d?[./-]\d\d?[./-](\d\d){1,2}|\d{1,3}(\.\d{1,3}){3}|[+]?\d+\.\d+|\d{3}-\d\d-\d{4}"
    r"|(\d{4}[- ]){3}\d{4}|\d{4}[ .-]?\d{4}|(?!\d{3}(\.\d{3}){2}\d$)\d{1,3}(\.\d{3})+-?\d{1,2}|97[89][- ]\d.*"
    r"|\d{6}[-+]\d{4}|[1-9]\d{0,2}( \d{3})+"
)
_LOCAL = re.compile(r"(?!(19|20)\d\d[-./]?[01]\d)(?=(?:\D*\d){6,9}\D*$)[1-9]\d{1,4}([ .-]?\d{2,4}){1,3}")
_SPREAD = 0.3
_DIALLED = (re.compile(r"1[3-9]\d{9}"), re.compile(r"0[1-9]\d{8,9}"))
_REGIONS = (
    "US GB DE FR ES IT BR IN AU NL BE CH AT PL SE NO DK FI PT CZ TR RU JP CN KR MX AR CO CL ZA UA GR RO HU IL EG SA ID"
).split()
_GROUPS = {
    "US": re.compile(r"(1[-. ])?[2-9]\d\d([-. ])[2-9]\d\d\2\d{4}.*"),
    "": re.compile(
        r"0\d{1,4}[-/. ].*|[1-9]\d{1,2}( \d{2,3}){2,4}|[1-9]\d{1,4} \d{5,8}|[679]\d{2}-\d{3}-\d{3}|01\d-\d{3,4}-\d{4}"
    ),
}
_TRIED, _CHECKED, _SOME, _MOSTLY, _NEARLY_ALL = 12, 60, 0.2, 0.6, 0.95
_LIKELY_BY_CHANCE = 0.7


def judge(column: Column, countries: Sequence[str] = ()) -> Iterator[Reading]:
    """What the column says of phone numbers; `countries` are those that the table speaks of, likeliest first."""
    if column.kind not in (Kind.TEXT, Kind.INTEGER) or not column.few:
        return
    shaped = [value for value in column.few if _SHAPE.fullmatch(value) and not _NO_PHONE.fullmatch(value)]
    yield from _local(column)
    if len(shaped) < 0.2 * len(column.few):
        return
    written = [value for value in shaped if _WRITTEN.fullmatch(value)]
    region, valid = _best_region(shaped[:_CHECKED], tuple(countries))
    share = valid / min(len(shaped), _CHECKED)
    region_of_best, region = region, region if share > 0.5 and region in countries else ""
    hits = round(share * len(shaped))
    if len(written) > 0.5 * len(shaped) or (_is_plain(shaped) and len(shaped) > _NEARLY_ALL * len(column.few)):
        weight = likelihood(len(shaped), len(column.few), chance=0.1)
        planned = sum(bool(_GROUPS["US"].fullmatch(value)) for value in shaped)
        is_american = planned > _NEARLY_ALL * len(column.few)
        if share > 0.5:
            weight += likelihood(hits, len(shaped), chance=0.3, expected=0.8)
        else:
            weight += likelihood(planned, len(shaped), chance=0.6, expected=0.99) if is_american else -1.0
        yield Reading(
            detector="phone_number",
            country=region,
            weight=min(weight, 8.0),
            because=told(len(shaped), len(column.few), "are written like phone numbers"),
            is_alone=is_american or _is_plain(written) or (share > _MOSTLY and _is_of_a_plan(written, region_of_best)),
        )
    elif _is_dialled(shaped, column):
        because = told(len(shaped), len(column.few), "are digits as they are dialled")
        yield Reading(detector="phone_number", country=region, weight=4.5, because=because)
    else:
        weight = likelihood(hits, len(column.few), chance=_LIKELY_BY_CHANCE, expected=0.95)
        is_time = len(shaped[0]) in (10, 13) and all(
            value.isdigit() and "1000000000" <= value[:10] < "2000000000" for value in shaped
        )
        yield Reading(
            detector="phone_number",
            country=region,
            weight=-8.0 if is_time else max(weight, -2.0),
            because=told(hits, len(column.few), "are numbers of some numbering plan"),
            is_alone=False,
            is_final=is_time,
        )


def _local(column: Column) -> Iterator[Reading]:
    """Numbers without the code of a town or a country: short ones, which only a name can make numbers of phones."""
    local = sum(bool(_LOCAL.fullmatch(value)) for value in column.few)
    if local > _MOSTLY * len(column.few) and column.distinct > _SPREAD:
        because = told(local, len(column.few), "are as long as local phone numbers")
        yield Reading(detector="phone_number", weight=0.5, because=because, is_alone=False)


def _is_dialled(shaped: Sequence[str], column: Column) -> bool:
    """Whether nearly all are bare digits that begin as mobile numbers of China do, or with one zero, and vary then."""
    for form in _DIALLED:
        fitting = [value for value in shaped if form.fullmatch(value)]
        if len(fitting) > _NEARLY_ALL * len(column.few) and len(fitting) >= _TRIED:
            return len({value[:4] for value in fitting}) > _TRIED / 2 and column.distinct > _NEARLY_ALL
    return False


def _is_plain(written: Sequence[str]) -> bool:
    """Whether most begin as hardly anything but phone numbers does."""
    return sum(value[0] in "+(T" or "(" in value for value in written) > _SOME * len(written)


def _is_of_a_plan(written: Sequence[str], region: str) -> bool:
    """Whether most have the groups that numbers of that country have: part numbers are valid somewhere, too."""
    groups = _GROUPS["US" if region in ("US", "CA") else ""]
    return sum(bool(groups.fullmatch(value)) for value in written) > _MOSTLY * len(written)


def _best_region(values: Sequence[str], countries: tuple[str, ...]) -> tuple[str, int]:
    """The country under whose plan most of the numbers are valid, and how many are."""
    if sum(value.startswith("+") for value in values) > 0.7 * len(values):
        return "", sum(_is_valid(value, None) for value in values)
    likely = tuple(dict.fromkeys((*countries, *_REGIONS)))
    tried = values[:: max(1, len(values) // _TRIED)][:_TRIED]
    best, most = "", -1
    for region in likely:
        count = sum(_is_valid(value, region) for value in tried)
        if count > most:
            best, most = region, count
        if count == len(tried) and region in (*countries, "US"):
            break
    return best, sum(_is_valid(value, best) for value in values)


@remembered(20_000)
def _is_valid(value: str, region: str | None) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(value, region))
    except phonenumbers.NumberParseException:
        return False
