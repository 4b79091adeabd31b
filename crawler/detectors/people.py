"""Judges names of people: by known given and family names, endings of family names, and the script's own habits."""

import functools
import math
import re
from collections.abc import Iterator

from crawler.detectors import tables
from crawler.detectors.column import Column, Kind
from crawler.detectors.odds import WITNESSES, Reading, bounded, likelihood, told
from crawler.detectors.splitting import plain

_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u0900-\u0d7f\u0e00-\u0e7f'’.`-])*")
_NO_NAME = re.compile(r"[\d@_:;/\\<>{}=#*+%$€£\"?!\[\]|~^]")
_EAST_ASIAN = re.compile(
    r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]{1,8}([ 　][\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]{1,6})?"
)
_INITIAL = re.compile(r"[^\W\d_]\.")
_SEVERAL = re.compile(r"(?:, ?|; ?| ?[/&|] ?)(?=[^\W\d_])")
"""What stands between names of several people."""
_LONGEST = 120
_MASKED = re.compile(r"[\u4e00-\u9fff\uac00-\ud7af][*○〇＊]{1,2}[\u4e00-\u9fff\uac00-\ud7af]?")
_KANA = re.compile(r"[\u3040-\u30ff]+")
_PLACES = tuple("시군구동읍면도市区區县縣町村省県都府路街")
_BEFORE_PLACES = frozenset(
    "saint sainte san santa santo são st sankt port porto fort fuerte mount monte lake lago new north south east west "
    "bad villa vila ciudad nueva nuevo le la les los las el بلدة شهرستان دهستان جنوب شمال شرق غرب".split()
)
_AFTER_PLACES = frozenset("ville bourg city town village island islands bay beach hills valley river springs".split())
"""Words that names of places begin and end with; those of people seldom do."""
_NAMES = ("person_name", "first_name", "last_name")
_HARDLY_ANY, _ENOUGH_CODES, _ALL_SMALL = 0.1, 10, 0.9
_SLASHED = re.compile(r"([^\W\d_]+(?: [^\W\d_]+)*)/([^\W\d_]+(?: [^\W\d_.]+)*)")
_KNOWN = frozenset({"known", "full", "named", "given", "family"})
_MOST_WORDS, _MOST_NAMES, _FEW = 6, 5, 5
_FULL = {
    "known": (0.3, 0.008),
    "full": (0.4, 0.05),
    "named": (0.12, 0.07),
    "words": (0.1, 0.25),
    "given": (0.02, 0.03),
    "family": (0.02, 0.03),
    "": (0.04, 0.56),
}
"""The share that values of each kind have in columns of full names, and in others."""
_ENOUGH, _SELDOM_REPEATED, _REPEATED = 50, 0.15, -4.6
"""A few names over and over are rather brands, teams or storms than people."""
_UNKNOWN_NAMES = -0.3
"""Names that are not known say hardly anything: nobody knows all names."""


def judge(column: Column) -> Iterator[Reading]:
    """What the values say of full names, given names and family names."""
    if column.kind is not Kind.TEXT or not column.few:
        return
    count = len(column.few)
    kinds = [kind_of(value) for value in column.few]
    large = [kind_of(value.title()) for value in column.few if value.islower()]
    are_small = len(large) > _ALL_SMALL * count and 2 * sum(kind in _KNOWN for kind in large) > count
    kinds = large if are_small else kinds
    given, family = (sum(kind == each for kind in kinds) for each in ("given", "family"))
    full = sum(kind in ("full", "known", "named") for kind in kinds)
    shaped = sum(kind not in ("thing", "") for kind in kinds)
    things = sum(kind == "thing" for kind in kinds)
    if len(column.values) <= _FEW and not full + given + family:
        yield from (Reading(detector=name, weight=-2.0, is_final=True) for name in _NAMES)
        return
    if shaped < 0.4 * count and full + given + family < 0.2 * count:
        if shaped < _HARDLY_ANY * count and count >= _ENOUGH_CODES:
            because = "values are no words"
            yield from (Reading(detector=each, weight=-3.0, because=because, is_final=True) for each in _NAMES)
        return
    spread = _REPEATED if column.distinct < _SELDOM_REPEATED and column.count >= _ENOUGH else 0.0
    spread -= 0.0 if len(column.values) >= 12 else 2.0
    if things > 0.4 * count:
        yield from (Reading(detector=name, weight=-8.0, is_final=True) for name in _NAMES)
        return
    unlike = likelihood(things, count, chance=0.3, expected=0.01) if things > 0.02 * count else 0.5
    weight = _full(kinds) + spread + min(unlike, 0.5)
    if full:
        because = told(full, count, "are made like full names of known names")
        yield Reading(detector="person_name", weight=max(weight, _UNKNOWN_NAMES), because=because)
    for name, hits, chance, expected, what in (
        ("first_name", given, 0.04, 0.6, "are known given names"),
        ("last_name", family, 0.06, 0.5, "are known family names or end like some"),
    ):
        weight = likelihood(hits, count, chance=chance, expected=expected) + spread + min(unlike, 0.5)
        if hits:
            weight = max(weight, _UNKNOWN_NAMES)
            yield Reading(detector=name, weight=weight, because=told(hits, count, what), is_alone=not are_small)


def _full(kinds: list[str]) -> float:
    """What values of these kinds say of full names: known in both parts, in the given or the family name, or not."""
    said = sum(math.log(among / elsewhere) for among, elsewhere in (_FULL.get(kind, _FULL[""]) for kind in kinds))
    return bounded(said * min(len(kinds), WITNESSES) / len(kinds))


def kind_of(value: str) -> str:
    """What a value is as a name: known in both parts, full with a known given name, named with a known family name,
    given, family, some other words, a thing, or nothing of the kind.

    Example:
        >>> kind_of("Dr. Maria van Damm"), kind_of("Maria Xy"), kind_of("Maria"), kind_of("Acme Ltd")
        ('known', 'full', 'given', 'thing')
    """
    if value.isupper() and (slashed := _SLASHED.fullmatch(value)):
        value = f"{slashed[1]}, {slashed[2]}"
    if _MASKED.fullmatch(value):
        return "full"
    if len(value) > _LONGEST or _NO_NAME.search(value):
        return ""
    if _EAST_ASIAN.fullmatch(value):
        return _east_asian(value)
    several = _SEVERAL.split(value)
    if len(several) > 1 and all(" " in each for each in several):
        return kind_of(several[0])
    words = [word for word in re.split(r"[\s,·・]+", value) if word]
    lowered = [word.casefold() for word in words]
    if any(
        word.strip(".,()") in tables.words("company_words") or word in tables.words("company_words") for word in lowered
    ):
        return "thing"
    if lowered[0].strip(".") in _BEFORE_PLACES or lowered[-1] in _AFTER_PLACES:
        return "words"
    named = [word for word in words if word.casefold().strip(".") not in _beside_names() and len(word.strip(".")) > 1]
    if not named or len(words) > _MOST_WORDS or not all(_NAME.fullmatch(word) for word in named):
        return ""
    if _is_small(named[0]):
        return ""
    given = [is_given(word) for word in named]
    family = [is_family(word) for word in named]
    if len(named) == 1 and not named[0].isupper() and any(word.strip(".") in _titles() for word in lowered):
        return "full"
    if len(named) == 1 and len(words) == 2 and any(map(_INITIAL.fullmatch, words)):
        return "full" if given[0] or family[0] else "named"
    if len(named) == 1:
        return "given" if given[0] else "family" if family[0] else "words"
    if len(named) > _MOST_NAMES or not _is_titled(named):
        return "words"
    if any(given):
        return "known" if _are_apart(given, family) else "full"
    return "family" if all(family) else "named" if any(family) else "words"


def _are_apart(given: list[bool], family: list[bool]) -> bool:
    """Whether one word is a given name and another one a family name."""
    return any(
        first and last and here != there for here, first in enumerate(given) for there, last in enumerate(family)
    )


def is_given(word: str) -> bool:
    """Whether a word is a known given name; of `Jean-Pierre` each part has to be one."""
    known = _plain_words("given_names")
    return all(part in known for part in plain(word.strip(".'")).split("-") if part)


def is_family(word: str) -> bool:
    """Whether a word is a known family name, or ends like one."""
    text = plain(word.strip(".'"))
    known = _plain_words("surnames")
    return any(part in known or (len(part) >= 6 and part.endswith(_endings())) for part in text.split("-"))


def _is_titled(words: list[str]) -> bool:
    """Whether the words begin with capitals, where the script has some."""
    return not any(map(_is_small, words))


def _is_small(word: str) -> bool:
    """Whether a word begins with a small letter where it could with a capital: Georgian is written without any."""
    return word[0].islower() and not "\u10d0" <= word[0] <= "\u10ff"


def _east_asian(value: str) -> str:
    surnames = tables.words("east_asian_surnames")
    text = value.replace("　", " ")
    if len(text) > 2 and text.endswith(_PLACES):
        return ""
    if " " in text:
        family, given = text.split(" ", 1)
        return "known" if family in surnames else "full" if (len(family) <= 3 and len(given) <= 3) else "words"
    if text in surnames:
        return "family"
    if text in _plain_words("given_names"):
        return "given"
    if _KANA.fullmatch(text):
        return "words"
    begins = any(text[:length] in surnames for length in (1, 2, 3))
    return "full" if begins and 2 <= len(text) <= 5 else "words"


@functools.cache
def _titles() -> frozenset[str]:
    """Titles that go before names: `Dr`."""
    return frozenset(word.strip(".") for word in tables.words("person_titles") if len(word.strip(".")) > 1)


@functools.cache
def _beside_names() -> frozenset[str]:
    return tables.words("person_titles") | tables.words("name_particles")


@functools.cache
def _plain_words(name: str) -> frozenset[str]:
    return frozenset(map(plain, tables.words(name)))


@functools.cache
def _endings() -> tuple[str, ...]:
    return tuple(_plain_words("surname_endings"))
