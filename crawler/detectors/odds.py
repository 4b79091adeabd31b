"""How evidence adds up: logarithms of odds, each weighed against what chance alone would do."""

import math
from dataclasses import dataclass

PRIOR = -4.0
"""Of a hundred columns two or so carry any given tag."""

MOST = 8.0
WITNESSES = 10
"""Values of one column are alike: ten of them say as much as a thousand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one judge says for or against one detector.

    `weight` is a logarithm of odds; `because` tells why without any value of the data. A reading that is not `alone`
    enough says little unless the column's name agrees: nine digits are many things. One that is `final` stands against
    any name. One that `needs` people counts in tables about them only, whatever its detector needs: `married`.
    """

    detector: str
    weight: float
    because: str = ""
    country: str = ""
    is_alone: bool = True
    is_final: bool = False
    needs: str = ""


def likelihood(hits: float, count: int, *, chance: float, expected: float = 0.85) -> float:
    """How much more likely the hits are in a column that has the meaning than in one that has not.

    `chance` is the share of hits that columns of another meaning have, `expected` the one among columns that have it.

    Example:
        >>> likelihood(95, 100, chance=0.1) > 8 > 0 > likelihood(12, 100, chance=0.1)
        False
    """
    if not count:
        return 0.0
    share = hits / count
    gain, loss = math.log(expected / chance), math.log((1 - expected) / (1 - chance))
    return bounded(min(count, WITNESSES) * (share * gain + (1 - share) * loss))


def bounded(weight: float) -> float:
    """No witness alone decides."""
    return max(-MOST, min(MOST, weight))


def probability(weight: float) -> float:
    """The probability that a logarithm of odds stands for.

    Example:
        >>> probability(0.0)
        0.5
    """
    return 1 / (1 + math.exp(-weight))


def told(hits: int, count: int, what: str) -> str:
    """A share in words.

    Example:
        >>> told(97, 100, "pass the check of PESEL")
        '97 % of 100 values pass the check of PESEL'
    """
    return f"{100 * hits // count} % of {count:,} values {what}"
