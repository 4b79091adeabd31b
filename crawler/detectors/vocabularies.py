"""Judges closed vocabularies: gender, marital status, religion and the like are always the same few words."""

import functools
import re
from collections.abc import Iterator

from crawler.detectors import tables
from crawler.detectors.column import Column, Kind
from crawler.detectors.odds import Reading, likelihood, told
from crawler.detectors.splitting import plain

_CLOSED: tuple[tuple[str, str, float, int], ...] = (
    ("gender", "gender", 0.15, 2),
    ("marital_status", "marital_status", 0.03, 4),
    ("religion", "religion", 0.06, 4),
    ("political_opinion", "political_opinion", 0.1, 4),
    ("race_ethnicity", "race_ethnicity", 0.06, 4),
    ("sexual_orientation", "sexual_orientation", 0.05, 4),
    ("education", "education", 0.06, 3),
    ("trade_union", "trade_union", 0.1, 3),
)
"""Detector, word list, the share that other short columns have by chance, and the fewest letters of a telling word."""

_GROUP = r"(?i)(?:(?:I{1,3}|IV|[1-4]) ?\(?)?(A|B|AB|O|0|А|В|АВ|О)\)?\s?(Rh)?\s?"
_BLOOD = re.compile(_GROUP + r"([+-](?:ve)?|pos\.?|neg\.?|positive?|negative?|\(?rh?[+-]\)?|−|型)?")
_SIGNED_BLOOD = re.compile(_GROUP + r"([+−-](?:ve)?|pos(itive?)?\.?|neg(ative?)?\.?)")
_OPEN: tuple[tuple[str, tuple[str, ...], float], ...] = (
    ("nationality", ("nationality",), 0.03),
    ("country", ("countries",), 0.05),
    ("region", ("regions",), 0.08),
    ("city", ("cities",), 0.05),
)
_BY_CHANCE_IN_WORDS = 0.02
_MOST_DISTINCT = 60
_WORDS_OF_A_TITLE = 5
_CODED, _MOST_CODES = ("gender", "marital_status", "race_ethnicity", "religion", "education", "occupation"), 12
_PAIRS = tuple(map(frozenset, ("mf mw mv hf hm mk мж чж 男女 남여 ek αθ זנ").split()))
"""The two letters that stand for men and women in some language; together they hardly stand for anything else."""
_CODE = re.compile(r"\d+|[A-Z]")
_NUMBERED = re.compile(r"^\d{1,2}[.):_ -]+(?=[^\W\d_]{3})")
"""A code before its word: `1. White`."""
_MANY_CODES = 12
_ORDINARY = frozenset(
    "primary secondary tertiary elementary middle basic high none other unknown member general".split()
)
"""Words of the vocabularies that mean much else, too."""
_BETWEEN = re.compile(r"[\s/,()&-]+")


def judge(column: Column) -> Iterator[Reading]:
    """What the words of the column say; few distinct ones are needed, and telling ones among them."""
    if column.kind not in (Kind.TEXT, Kind.INTEGER) or not column.values:
        return
    if len(column.values) <= _MOST_CODES and all(map(_CODE.fullmatch, column.values)):
        because = "a few numbers or letters, as codes are"
        yield from (Reading(detector=each, weight=0.0, because=because, is_alone=False) for each in _CODED)
    elif len(column.values) > _MOST_DISTINCT and all(map(str.isdigit, column.values)):
        because = "too many numbers for codes of professions"
        yield Reading(detector="occupation", weight=-4.0, because=because, is_final=True)
    if column.is_flag:
        return
    lowered = [_NUMBERED.sub("", value.casefold()).strip(" .+") for value in column.few]
    if len(column.values) <= _MOST_DISTINCT:
        for detector, words, chance, telling in _CLOSED:
            yield from _closed(detector, tables.phrases(words), chance, telling, lowered)
        yield from _blood(column)
    if frozenset(lowered) in _PAIRS and column.count > len(_PAIRS):
        because = "values are the letters of men and women"
        yield Reading(detector="gender", weight=5.0, because=because, needs="identity")
    for detector, lists, chance in _OPEN:
        known = frozenset[str]().union(*(tables.phrases(each) for each in lists))
        hits = sum(word in known for word in lowered)
        if hits:
            weight = likelihood(hits, len(lowered), chance=chance, expected=0.6)
            yield Reading(
                detector=detector,
                weight=min(weight, 4.5),
                because=told(hits, len(lowered), "are known words for it"),
                is_alone=detector == "region" and _is_telling(lowered, hits),
            )
    yield from _occupation(lowered)


def _is_telling(words: list[str], hits: int) -> bool:
    """Whether there are many different words, and they are long, or no other: `ca` is a region and much else."""
    if len(words) >= _MANY_CODES and hits == len(words):
        return True
    return hits >= 8 and hits > 0.7 * len(words) and sum(len(word) > 3 for word in words) > 0.7 * len(words)


def _closed(detector: str, known: frozenset[str], chance: float, telling: int, words: list[str]) -> Iterator[Reading]:
    hits = [word for word in words if word in known]
    if not hits:
        return
    told_by = sum((len(word) >= telling or not word.isascii()) and word not in _ORDINARY for word in hits)
    if detector == "gender" and told_by == len(hits) and min(map(len, hits)) > 2:
        chance = _BY_CHANCE_IN_WORDS
    weight = likelihood(len(hits), len(words), chance=chance, expected=0.9)
    yield Reading(
        detector=detector,
        weight=weight if len(words) > 1 else min(weight, 1.5),
        because=told(len(hits), len(words), "are words of its vocabulary"),
        is_alone=told_by >= max(2 if detector == "gender" else 3, 0.6 * len(words)),
    )


def _blood(column: Column) -> Iterator[Reading]:
    hits = sum(bool(_BLOOD.fullmatch(value)) for value in column.few)
    signed = sum(bool(_SIGNED_BLOOD.fullmatch(value)) for value in column.few)
    if hits:
        yield Reading(
            detector="blood_type",
            weight=likelihood(hits, len(column.few), chance=0.3, expected=0.97),
            because=told(hits, len(column.few), "are blood groups"),
            is_alone=signed >= 3,
        )


@functools.cache
def _professions() -> frozenset[str]:
    return frozenset(map(plain, tables.phrases("occupations")))


def _occupation(words: list[str]) -> Iterator[Reading]:
    known = _professions()
    short = [word for word in words if word.count(" ") < _WORDS_OF_A_TITLE]
    hits = sum(not known.isdisjoint((plain(word), *_BETWEEN.split(plain(word)))) for word in short)
    if hits:
        yield Reading(
            detector="occupation",
            weight=min(likelihood(hits, len(words), chance=0.08, expected=0.65), 5.0),
            because=told(hits, len(words), "hold words of professions"),
            is_alone=hits >= 5,
        )
