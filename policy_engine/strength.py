"""How much a transform takes away: the one order in which the values of a cell are compared."""

from enum import IntEnum


class Strength(IntEnum):
    """From a value as it is to no value at all; of two grants the weaker wins, a restriction sets the least.

    Example:
        >>> Strength.CLEAR < Strength.TOKENIZE < Strength.MASK < Strength.HIDDEN
        True
    """

    CLEAR = 0
    GENERALIZE = 10
    PERTURB = 20
    PARTIAL = 30
    ENCRYPT = 40
    TOKENIZE = 50
    HASH = 60
    MASK = 70
    REDACT = 80
    NULL = 90
    HIDDEN = 100
