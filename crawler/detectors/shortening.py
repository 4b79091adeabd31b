"""Finds the word that a shortened one stands for: cut off at its end, or written without its vowels."""

import bisect
import functools
from collections import defaultdict
from collections.abc import Mapping

from crawler.detectors import tables
from crawler.detectors.splitting import parts

_SHORTEST, _SHORTEST_ELSEWHERE = 4, 3
_VOWELS = frozenset("aeiou")
_MOST = 12


@functools.lru_cache(maxsize=20_000)
def longer(word: str) -> tuple[str, ...]:
    """The words of columns' names that a word is short for; none when it is short for too many.

    Example: `nationali` and `ntnlty` are short for `nationality`.
    """
    words = _words()
    start = bisect.bisect_left(words, word)
    if len(word) < (_SHORTEST if word.isascii() else _SHORTEST_ELSEWHERE):
        return ()
    begun = words[start : bisect.bisect_left(words, word + "\uffff")]
    found = (*begun, *_skeletons().get(word, ()))
    return found if len(found) <= _MOST else ()


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
        skeleton = word[:1] + "".join(letter for letter in word[1:] if letter not in _VOWELS)
        if word.isascii() and len(skeleton) >= _SHORTEST and skeleton != word:
            found[skeleton].append(word)
    return {skeleton: tuple(words) for skeleton, words in found.items()}
