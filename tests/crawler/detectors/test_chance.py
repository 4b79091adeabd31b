"""Chance is stated honestly: random values pass a check no more often than its table says, and get no tag."""

import random
import string
from re import _parser  # type: ignore[attr-defined]
from typing import Any

import pyarrow as pa
import pytest

from crawler.detectors.detect import detect
from crawler.detectors.odds import likelihood
from crawler.detectors.patterns import Pattern, mask_of, of_mask, patterns
from tests.crawler.detectors.test_contents import TODAY

CHECKED = tuple(pattern for pattern in patterns() if pattern.check is not None)
DRAWN = 1_500
SHAPE_IS_RARE = {("ssn", "US"), ("credit_card", "")}
"""Here the way of writing is itself seldom, so the stated chance is below that of random digits written so."""


def random_value(tree: Any, drawn: random.Random) -> str:
    """A random value that fits a mask, which comes as the tree of its regex."""
    found = ""
    for operator, argument in tree:
        match str(operator):
            case "LITERAL":
                found += _random_char(chr(argument), drawn)
            case "MAX_REPEAT":
                low, high, inner = argument
                found += "".join(random_value(inner, drawn) for _ in range(drawn.randint(low, min(high, low + 20))))
            case "IN":
                found += _random_char(chr(drawn.choice([each for _, each in argument])), drawn)
            case "SUBPATTERN":
                found += random_value(argument[3], drawn)
            case "BRANCH":
                found += random_value(drawn.choice(argument[1]), drawn)
    return found


def _random_char(char: str, drawn: random.Random) -> str:
    return drawn.choice({"9": string.digits, "A": string.ascii_uppercase}.get(char, char))


@pytest.mark.parametrize("pattern", CHECKED, ids=lambda each: f"{each.detector} {each.country} {each.name}")
def test_random_values_pass_no_check_beyond_its_chance(pattern: Pattern) -> None:
    drawn, tree = random.Random(7), _parser.parse(pattern.mask.pattern)
    passed = sum(pattern.holds(random_value(tree, drawn)) for _ in range(DRAWN)) / DRAWN
    if (pattern.detector, pattern.country) not in SHAPE_IS_RARE:
        assert passed <= 1.5 * pattern.chance + 0.01


@pytest.mark.parametrize("length", [7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18])
@pytest.mark.parametrize("seed", range(3))
def test_random_digits_are_not_tagged(length: int, seed: int) -> None:
    drawn = random.Random(100 * length + seed)
    values = ["".join(drawn.choices(string.digits, k=length)) for _ in range(300)]
    assert detect([("c1",)], pa.table({"c1": values}), TODAY) == ()


@pytest.mark.parametrize(
    "alphabet", [string.ascii_lowercase, string.ascii_uppercase + string.digits, "0123456789abcdef"]
)
@pytest.mark.parametrize("length", [3, 6, 8, 10, 12])
def test_random_codes_are_not_tagged(alphabet: str, length: int) -> None:
    drawn = random.Random(length)
    values = ["".join(drawn.choices(alphabet, k=length)) for _ in range(300)]
    assert detect([("c1",)], pa.table({"c1": values}), TODAY) == ()


@pytest.mark.parametrize("start", [1, 1_000, 10_001, 100_000_000, 4_000_000_000])
def test_row_numbers_are_not_tagged(start: int) -> None:
    assert detect([("c1",)], pa.table({"c1": list(range(start, start + 500))}), TODAY) == ()


def test_more_hits_say_more_and_chance_says_nothing() -> None:
    weights = [likelihood(hits, 100, chance=0.1) for hits in range(101)]
    assert weights == sorted(weights)
    assert likelihood(10, 100, chance=0.1) < 0
    assert likelihood(0, 0, chance=0.1) == 0


def test_a_mask_leads_to_few_patterns() -> None:
    assert max(len(of_mask(mask_of("1" * length))) for length in range(1, 23)) <= 30
