"""Finds the word that a shortened one stands for: cut off at its end, or written without some of its vowels."""

import bisect
import functools
from collections import defaultdict
from collections.abc import Mapping

from catalog.remembered import remembered
from crawler.detectors import tables
from crawler.detectors.splitting import parts

_SHORTEST, _SHORTEST_ELSEWHERE = 4, 3
_VOWELS = frozenset("aeiou")
_MOST = 12


@remembered(20_000)
def longer(word: str) -> tuple[str, ...]:
    """The words of columns' names that a word is short for; none when it is short for too many.

    Example: `nationali`, `ntnlty` and `nationlty` are short for `nationality`.
    """
    words = _words()
    start = bisect.bisect_left(words, word)
    if len(word) < (_SHORTEST if word.isascii() else _SHORTEST_ELSEWHERE):
        return ()
    begun = words[start : bisect.bisect_left(words, word + "\uffff")]
    thinned = tuple(full for full in _skeletons().get(_skeleton(word), ()) if _is_within(word, full))
    found = (*begun, *thinned)
    return found if len(found) <= _MOST else ()


def _is_within(word: str, full: str) -> bool:
    """Whether the letters of a word stand in a longer one in the same order."""
    letters = iter(full)
    return len(word) < len(full) and all(letter in letters for letter in word)


def _skeleton(word: str) -> str:
    """What is left of a word without the vowels behind its first letter."""
    return word[:1] + "".join(letter for letter in word[1:] if letter not in _VOWELS)


@functools.cache
def _words() -> tuple[str, ...]:
    """Every word of the names that are known, in order."""
    phrases = (
        phrase
        for language in tables.languages()
        for row in tables.rows(f"headers/{language}")
        for phrase in row["words"].split("|")
    )
    return tuple(sorted({word for phrase in phrases for word in parts(phrase)}))


@functools.cache
def _skeletons() -> Mapping[str, tuple[str, ...]]:
    """The words by what is left of them without vowels."""
    found: dict[str, list[str]] = defaultdict(list)
    for word in _words():
        skeleton = _skeleton(word)
        if word.isascii() and len(skeleton) >= _SHORTEST and skeleton != word:
            found[skeleton].append(word)
    return {skeleton: tuple(words) for skeleton, words in found.items()}
