"""A search looks for each of its words once, and for no more than can be looked for."""

import pytest

from catalog.errors import LimitExceeded
from catalog.search_words import search_words


def test_each_word_is_looked_for_once_however_it_is_written() -> None:
    assert search_words("Mail shop MAIL\tmail " * 500, "datasets") == ("mail", "shop")
    assert search_words(" ", "datasets") == ()


def test_too_many_words_and_too_long_ones_are_refused() -> None:
    assert len(search_words(" ".join(map(str, range(100))), "datasets")) == 100
    with pytest.raises(LimitExceeded, match="a search of datasets has at most 100 words"):
        search_words(" ".join(map(str, range(101))), "datasets")
    assert search_words("a" * 100, "datasets") == ("a" * 100,)
    with pytest.raises(LimitExceeded, match="at most 100 characters"):
        search_words("a" * 101, "datasets")
