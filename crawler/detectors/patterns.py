"""Judges values by their shape and by the check digits that go with it, each against its rate of chance."""

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from crawler.detectors import checksums, tables
from crawler.detectors.column import Column, Kind
from crawler.detectors.odds import Reading, likelihood, told

_MASK = str.maketrans(
    {**dict.fromkeys("0123456789", "9"), **dict.fromkeys("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "A")}
)
_LONGEST = 120
_SELDOM_WRONG = frozenset({"ssn"})
"""Nearly all numbers written so are right, so that a few wrong ones tell that the column is something else."""
_GAPS = str.maketrans("", "", " -./")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One way to write something: the mask of its letters (A) and digits (9), a regex, and a check of its own."""

    detector: str
    country: str
    name: str
    mask: re.Pattern[str]
    regex: re.Pattern[str] | None
    check: Callable[[str], bool] | None
    chance: float
    is_alone: bool

    def holds(self, value: str) -> bool:
        """Whether a value whose mask fits is what the pattern means."""
        if self.regex is not None and not self.regex.fullmatch(value):
            return False
        return self.check is None or self.check(value)


@functools.cache
def patterns() -> tuple[Pattern, ...]:
    """Every pattern of the table, in its order."""
    return tuple(map(_pattern, tables.rows("patterns")))


@functools.lru_cache(maxsize=50_000)
def of_mask(mask: str) -> tuple[Pattern, ...]:
    """The patterns that a mask fits."""
    return tuple(pattern for pattern in patterns() if pattern.mask.fullmatch(mask))


def judge(column: Column) -> Iterator[Reading]:
    """What shapes and check digits say; one reading for each detector and country that some value fits."""
    if column.kind not in (Kind.TEXT, Kind.INTEGER) or not column.few:
        return
    hits: dict[tuple[str, str], Counter[Pattern]] = defaultdict(Counter)
    for value in column.few:
        seen = set()
        for pattern in of_mask(mask_of(value)) if len(value) <= _LONGEST else ():
            key = (pattern.detector, pattern.country)
            if key not in seen and pattern.holds(value):
                seen.add(key)
                hits[key][pattern] += 1
    for (detector, country), found in hits.items():
        yield _reading(detector, country, found, len(column.few))


def mask_of(value: str) -> str:
    """The mask of a value: every digit is 9, every letter A.

    Example:
        >>> mask_of("AB-12 c")
        'AA-99 A'
    """
    if value.isascii():
        return value.translate(_MASK)
    return "".join("9" if char.isdigit() else "A" if char.isalpha() else char for char in value)


def _reading(detector: str, country: str, found: Counter[Pattern], count: int) -> Reading:
    total = found.total()
    chance = sum(pattern.chance * hits for pattern, hits in found.items()) / total
    surest = max(found, key=lambda pattern: (found[pattern], -pattern.chance))
    what = f"pass the check of {surest.name}" if surest.check else f"look like {surest.name}"
    by_chance = f", by chance {chance * 100:.2g} % would" if surest.check else ""
    return Reading(
        detector=detector,
        country=country,
        weight=likelihood(total, count, chance=min(chance, 0.84)),
        because=told(total, count, what) + by_chance,
        is_alone=all(pattern.is_alone for pattern in found)
        and not (detector in _SELDOM_WRONG and total < 0.97 * count),
    )


def _pattern(row: tables.Row) -> Pattern:
    check = row["check"]
    return Pattern(
        detector=row["detector"],
        country=row["country"],
        name=row["name"],
        mask=re.compile(row["mask"]),
        regex=re.compile(row["regex"]) if row["regex"] else None,
        check=None if not check else checksums.named(check[1:]) if check[0] == "=" else checksums.standard(check),
        chance=float(row["chance"]),
        is_alone=row["alone"] == "yes",
    )
