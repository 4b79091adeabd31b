"""The words of a search: each once, and no more of them than can be looked for in everything somebody sees."""

from catalog.errors import LimitExceeded
from catalog.names import fold

MOST_WORDS = 100
LONGEST_WORD = 100
"""Characters."""


def search_words(search: str, of: str) -> tuple[str, ...]:
    """The different words, folded; raises LimitExceeded for too many, or too long ones. `of` says what is searched.

    Example:
        >>> search_words("Lab lab  results", "datasets")
        ('lab', 'results')
    """
    words = tuple(dict.fromkeys(fold(search).split()))
    if len(words) > MOST_WORDS:
        raise LimitExceeded(f"a search of {of} has at most {MOST_WORDS} words", hint="look for fewer")
    if any(len(word) > LONGEST_WORD for word in words):
        raise LimitExceeded(f"a word of a search has at most {LONGEST_WORD} characters", hint="look for less")
    return words
