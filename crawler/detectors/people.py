"""Judges names of people: by known given and family names, endings of family names, and the script's own habits."""

import functools
import re
from collections.abc import Iterator

from crawler.detectors import tables
from crawler.detectors.column import Column, Kind
from crawler.detectors.odds import Reading, likelihood, told
from crawler.detectors.splitting import plain

_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u0900-\u0d7f\u0e00-\u0e7f'’.`-])*")
_NO_NAME = re.compile(r"[\d@_:;/\\<>{}=#*+%$€£\"?!\[\]|~^]")
_EAST_ASIAN = re.compile(
    r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]{1,8}([ 　][\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]{1,6})?"
)
_KANA = re.compile(r"[\u3040-\u30ff]+")
_PLACES = tuple("시군구동읍면도市区區县縣町村省県都府路街")
_MOST_WORDS, _FEW = 6, 5
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
    full, given, family = (sum(kind == each for kind in kinds) for each in ("full", "given", "family"))
    shaped = sum(kind in ("full", "given", "family", "words") for kind in kinds)
    things = sum(kind == "thing" for kind in kinds)
    if len(column.values) <= _FEW and not full + given + family:
        yield from (
            Reading(detector=name, weight=-2.0, is_final=True) for name in ("person_name", "first_name", "last_name")
        )
        return
    if shaped < 0.4 * count and full + given + family < 0.2 * count:
        return
    spread = _REPEATED if column.distinct < _SELDOM_REPEATED and column.count >= _ENOUGH else 0.0
    spread -= 0.0 if len(column.values) >= 12 else 2.0
    if things > 0.4 * count:
        yield from (
            Reading(detector=name, weight=-8.0, is_final=True) for name in ("person_name", "first_name", "last_name")
        )
        return
    unlike = likelihood(things, count, chance=0.3, expected=0.01) if things > 0.02 * count else 0.5
    for name, hits, chance, expected, what in (
        ("person_name", full, 0.04, 0.7, "are made like full names of known names"),
        ("first_name", given, 0.04, 0.6, "are known given names"),
        ("last_name", family, 0.06, 0.5, "are known family names or end like some"),
    ):
        weight = likelihood(hits, count, chance=chance, expected=expected) + spread + min(unlike, 0.5)
        if hits:
            weight = max(weight, _UNKNOWN_NAMES)
            yield Reading(detector=name, weight=weight, because=told(hits, count, what))


def kind_of(value: str) -> str:
    """What a value is as a name: full, given, family, some other words, a thing, or nothing of the kind.

    Example:
        >>> kind_of("Dr. Maria van Dijk"), kind_of("Maria"), kind_of("Acme Ltd")
        ('full', 'given', 'thing')
    """
    if len(value) > 60 or _NO_NAME.search(value):
        return ""
    if _EAST_ASIAN.fullmatch(value):
        return _east_asian(value)
    words = [word for word in re.split(r"[\s,·・]+", value) if word]
    lowered = [word.casefold() for word in words]
    if any(
        word.strip(".,()") in tables.words("company_words") or word in tables.words("company_words") for word in lowered
    ):
        return "thing"
    named = [word for word in words if word.casefold().strip(".") not in _beside_names() and len(word.strip(".")) > 1]
    if not named or len(words) > _MOST_WORDS or not all(_NAME.fullmatch(word) for word in named):
        return ""
    if named[0][0].islower():
        return ""
    given = [is_given(word) for word in named]
    family = [is_family(word) for word in named]
    if len(named) == 1:
        return "given" if given[0] else "family" if family[0] else "words"
    if len(named) <= 5 and (any(given) or (len(words) > len(named) and any(family))):
        return "full" if any(given) and _is_titled(named) else "words"
    return "family" if all(family) else "words"


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
    return all(word[0].isupper() or not word[0].islower() for word in words)


def _east_asian(value: str) -> str:
    surnames = tables.words("east_asian_surnames")
    text = value.replace("　", " ")
    if len(text) > 2 and text.endswith(_PLACES):
        return ""
    if " " in text:
        family, given = text.split(" ", 1)
        return "full" if family in surnames or (len(family) <= 3 and len(given) <= 3) else "words"
    if text in surnames:
        return "family"
    if text in _plain_words("given_names"):
        return "given"
    if _KANA.fullmatch(text):
        return "words"
    begins = any(text[:length] in surnames for length in (1, 2, 3))
    return "full" if begins and 2 <= len(text) <= 5 else "words"


@functools.cache
def _beside_names() -> frozenset[str]:
    return tables.words("person_titles") | tables.words("name_particles")


@functools.cache
def _plain_words(name: str) -> frozenset[str]:
    return frozenset(map(plain, tables.words(name)))


@functools.cache
def _endings() -> tuple[str, ...]:
    return tuple(_plain_words("surname_endings"))
