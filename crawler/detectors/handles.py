"""Judges the names that people sign in with: one word, mostly small letters, often a name and a number."""

import functools
import re
from collections.abc import Iterator

from crawler.detectors import tables
from crawler.detectors.column import Column, Kind
from crawler.detectors.odds import Reading, likelihood, told

_HANDLE = re.compile(r"@?[a-zA-Z][\w.-]{2,29}")
_MADE_UP = re.compile(r"@.*|.*[a-z][._-]?\d{1,4}|.*[a-z][._][a-z].*|[a-z]+[A-Z][a-z]+.*")
_SHORTEST_NAME = 4


def judge(column: Column) -> Iterator[Reading]:
    """What the values say of user names; their own shape is not enough without a name of the column."""
    if column.kind is not Kind.TEXT or len(column.values) < 8:
        return
    shaped = [value for value in column.few if _HANDLE.fullmatch(value) and not value.isupper()]
    if len(shaped) < 0.5 * len(column.few) or _are_numbered(shaped):
        return
    hits = sum(bool(_MADE_UP.fullmatch(value)) or _holds_name(value) for value in shaped)
    weight = likelihood(hits, len(column.few), chance=0.25, expected=0.75)
    spread = 0.5 if column.distinct > 0.5 else -1.0
    because = told(hits, len(column.few), "are made like user names")
    yield Reading(detector="username", weight=min(weight + spread, 5.0), because=because, is_alone=False)


def _are_numbered(values: list[str]) -> bool:
    """Whether all begin alike and are of one length, as the keys of an application are: `cus_m8z5q7q5`."""
    return len(set(map(len, values))) == 1 and len({value[:_SHORTEST_NAME] for value in values}) == 1


def _holds_name(value: str) -> bool:
    """Whether the value begins with a person's name, or with an initial and one, and goes on."""
    text = value.lower().lstrip("@")
    known = _names()
    return any(text[start:end] in known for start in (0, 1) for end in range(start + _SHORTEST_NAME, len(text) + 1))


@functools.cache
def _names() -> frozenset[str]:
    return tables.words("given_names") | tables.words("surnames")
