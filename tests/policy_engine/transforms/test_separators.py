"""The characters that masks keep are those of the engine's own class."""

import itertools

import duckdb

from policy_engine.transforms.separators import SEPARATORS, is_separator


def test_the_ranges_are_the_engines_class_character_by_character() -> None:
    sql = r"""SELECT n FROM range(1, 1114112) t(n) WHERE n NOT BETWEEN 55296 AND 57343
        AND regexp_matches(chr(n::INTEGER), '^[\p{P}\p{S}\p{Z}\p{Cc}]$')"""
    with duckdb.connect() as engine:
        kept = {number for (number,) in engine.sql(sql).fetchall()}
    listed = {number for first, last in SEPARATORS for number in range(first, last + 1)}
    assert listed == kept | {0}


def test_a_range_begins_after_the_one_before_it_has_ended() -> None:
    assert all(before[1] + 1 < after[0] for before, after in itertools.pairwise(SEPARATORS))
    assert [is_separator(letter) for letter in "\0-aZ9 _é漢😀"] == [
        *(True, True, False, False, False, True, True, False, False, True)
    ]
