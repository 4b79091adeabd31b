"""Judges street addresses, and postal codes by their shapes."""

import functools
import re
from collections.abc import Iterator

from crawler.detectors import tables
from crawler.detectors.column import Column, Kind
from crawler.detectors.free_text import is_free_text
from crawler.detectors.odds import Reading, likelihood, told
from crawler.detectors.people import is_family, is_given
from crawler.detectors.splitting import plain

_WORDS = re.compile(r"[^\W\d_]+[./]?")
_HOUSE = re.compile(r"\b\d{1,6}\s?[a-zA-Z]?\b|\d+[-/]\d+|〒|\d")
_GRADED = re.compile(r"\b\d+-[a-z]{3,}", re.I)
"""What numbers how many of something a thing has: `4-wheel drive` is no street."""
_GLUED = tuple(
    "strasse straße str weg platz allee gasse ring damm straat laan plein gracht gatan vagen gata gate gaten vei veien "
    "vegen gade vej katu tie kuja stig steeg singel dijk kade pad hof stieg ufer utca".split()
)
_NO_ADDRESS = re.compile(r"\w{25,}|_|://|--|@")
_EAST = re.compile(
    r"(?>.*?(市|区|町|村|路|街|丁目|号|號|도|시|구|동|로|길))(?>.*?\d).*"
    r"|(?>.*?\d)(?>.*?(番|号|室|동|호|로|길|路|街|丁目)).*"
)
_POSTAL: tuple[tuple[str, re.Pattern[str], float], ...] = (
    ("US", re.compile(r"\d{5}-\d{4}"), 0.02),
    ("CA", re.compile(r"[ABCEGHJ-NPRSTVXY]\d[A-Z] ?\d[A-Z]\d"), 0.005),
    ("GB", re.compile(r"[A-Z]{1,2}\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2}"), 0.01),
    ("NL", re.compile(r"[1-9]\d{3} ?[A-Z]{2}"), 0.02),
    ("PL", re.compile(r"\d{2}-\d{3}"), 0.05),
    ("PT", re.compile(r"\d{4}-\d{3}"), 0.05),
    ("BR", re.compile(r"\d{5}-\d{3}"), 0.03),
    ("JP", re.compile(r"〒?\d{3}-\d{4}"), 0.08),
    ("SE", re.compile(r"\d{3} \d{2}"), 0.03),
    ("US", re.compile(r"\d{3}(?:XX|\*\*)"), 0.01),
    ("", re.compile(r"(?:[A-Z]{1,2}-)?\d{4,6}|\d{9}"), 0.5),
)


_NUMBERED = re.compile(r"[^\W\d_][^\d,@:;=]{2,38}[ ,]{1,2}(?:[Nn]r?[.°º]? ?)?\d{1,4} ?[a-zA-Z]?(?:[/-]\d{0,3}[a-z]?)?")
_WITH_TOWN = re.compile(
    r"[^,;=@]{3,48}, ?(?:[A-Z]{1,2}-)?\d{3,6}(?: ?\d{2,3}| ?[A-Z]{2})? [^\d,;=@]{2,40}(?:, ?[^\d;=@]{2,40})?"
)
_DIRECTIONS = frozenset(
    "north south east west new old lake port fort mount saint st sainte san santa santo são vila villa bad sankt los "
    "las upper lower great little nieuw oud groot klein nova velha ciudad puerto".split()
)
_OF_TOWNS = (
    "town ton ville burgh borough bury mouth chester haven side shire land port furt stad stadt burg berg dorf heim "
    "hausen kirchen felden bourg sur-mer hampton wick worth ham dam dijk veen hoven drecht köping torp vik by holm ów "
    "owo ice grad gorod sk ovo"
).split()
"""Words before names of towns, and the ends of such names."""
_IN_OTHERS, _IN_SENTENCES = 0.02, 0.2
"""The share of values of other columns that hold a number and a word that streets have, too."""
_MANY_STREETS, _FEWEST = 0.6, 12
_FEW_WORDS = 2
_INSIDE_TOWNS = frozenset(
    "sur sous les la le lès aux am an der im upon under on del della di sul do da dos de den aan".split()
)
_BETWEEN = re.compile(r"[ -]")
_TOWN_ENDINGS = tuple(map(plain, _OF_TOWNS))
_TOWN = re.compile(r"[^\W\d_]{3,}(?:[ '-][^\W\d_]{2,}){0,3}|[^\W\d_]{2}\.? [^\W\d_]{3,}")
_TOWN_AND_STATE = re.compile(r"[^\W\d_][^\W\d_ .'-]*(?:[ .'-]+[^\W\d_]+){0,4}, [A-Z]{2,3}")


def judge(column: Column) -> Iterator[Reading]:
    """What the values say of addresses, towns and postal codes."""
    if column.kind is Kind.TEXT and column.few:
        yield from _address(column)
        small = sum(value[0].islower() and value.isascii() for value in column.few)
        if small > 0.6 * len(column.few):
            yield from (Reading(detector=each, weight=-4.0, is_final=True) for each in ("city", "region", "address"))
        yield from _towns(column)
        words = sum(bool(_TOWN.fullmatch(value)) and value[0].isupper() for value in column.few)
        if words > 0.9 * len(column.few) and len(column.values) >= _FEWEST:
            yield Reading(detector="city", weight=0.5, because="values may be names of towns", is_alone=False)
        towns = sum(bool(_TOWN_AND_STATE.fullmatch(value)) for value in column.few)
        if towns > 0.5 * len(column.few):
            because = told(towns, len(column.few), "are made like a town and a state")
            yield Reading(detector="city", weight=3.0, because=because)
    if column.kind in (Kind.TEXT, Kind.INTEGER) and column.few:
        for country, pattern, chance in _POSTAL:
            hits = sum(bool(pattern.fullmatch(value.upper())) for value in column.few)
            if hits > 0.3 * len(column.few):
                yield Reading(
                    detector="postal_code",
                    country=country,
                    weight=min(likelihood(hits, len(column.few), chance=chance), 4.0),
                    because=told(hits, len(column.few), "have the shape of postal codes"),
                    is_alone=chance < 0.1,
                )


def _towns(column: Column) -> Iterator[Reading]:
    """Many names that are made as names of towns are, and not as those of people."""
    towns = sum(bool(_TOWN.fullmatch(value)) and _is_made_like_town(value) for value in column.few)
    if towns >= _FEWEST and towns > _MANY_STREETS * len(column.few):
        because = told(towns, len(column.few), "are made like names of towns")
        yield Reading(detector="city", weight=3.5, because=because, needs="identity")


def _is_made_like_town(value: str) -> bool:
    """Whether it begins, goes on or ends as names of towns do, and is no name of people.

    Example: `North Kelby`, `Aix-les-Bains` and `Ashville`, but neither `Baker Street Store` nor `Goldberg`.
    """
    first, *others = _BETWEEN.split(plain(value))
    if (others and first in _DIRECTIONS) or not _INSIDE_TOWNS.isdisjoint(others[:-1]):
        return True
    ends_so = first.endswith(_TOWN_ENDINGS) and len(others) < _FEW_WORDS
    return ends_so and not is_family(value) and not is_given(value)


def _address(column: Column) -> Iterator[Reading]:
    hits = sum(map(is_address, column.few))
    with_town = sum(bool(_WITH_TOWN.fullmatch(value)) and bool(_HOUSE.search(value)) for value in column.few)
    if with_town > 0.5 * len(column.few):
        because = told(with_town, len(column.few), "are made like a street and a town with its postal code")
        weight = likelihood(with_town, len(column.few), chance=0.03, expected=0.85)
        yield Reading(detector="address", weight=weight, because=because)
    yield from _numbered(column)
    chance = _IN_SENTENCES if is_free_text(column) else _IN_OTHERS
    if hits:
        yield Reading(
            detector="address",
            weight=likelihood(hits, len(column.few), chance=chance, expected=0.75),
            because=told(hits, len(column.few), "hold a word of streets and a number"),
        )


def _numbered(column: Column) -> Iterator[Reading]:
    """Many different words, each with a number of its own: streets beside people, rooms and models elsewhere."""
    found = [value for value in column.few if _NUMBERED.fullmatch(value)]
    streets = {value.rstrip("0123456789/- abcdABCD") for value in found}
    if len(found) < 0.8 * len(column.few) or len(found) < _FEWEST or len(streets) < _MANY_STREETS * len(found):
        return
    because = told(len(found), len(column.few), "are names with a number, as streets and houses are")
    yield Reading(detector="address", weight=4.5, because=because, needs="person")


def is_address(value: str) -> bool:
    """Whether a value holds a word for a street and a number beside it.

    Example:
        >>> is_address("12 Elm Street"), is_address("Lindenweg 4"), is_address("Main Street")
        (True, True, False)
    """
    if len(value) > 200 or not _HOUSE.search(_GRADED.sub("", value)) or _NO_ADDRESS.search(value):
        return False
    if _EAST.fullmatch(value):
        return True
    words = [plain(word) for word in _WORDS.findall(value)]
    if not 1 <= len(words) <= 20 or (len(words) < 2 and not words[0].endswith(_GLUED)):
        return False
    known = _street_words()
    if any(word.endswith(_GLUED) and len(word) > 5 for word in words):
        return True
    return (
        any(word in known or word.rstrip("./") in known for word in words) and len(words) >= 2 and value[-1] not in "!?"
    )


@functools.cache
def _street_words() -> frozenset[str]:
    return frozenset(map(plain, tables.words("street_words")))
