"""Reads numbers that somebody sent, whatever they sent."""

_LONGEST = 20


def whole_number(given: str, most: int = 2**63 - 1) -> int | None:
    """The whole number from 0 to `most` that a text of digits is; None for any other text.

    Example:
        >>> [whole_number(text, 100) for text in ("7", "007", "101", "-7", "٧", "9" * 5_000)]
        [7, 7, None, None, None, None]
    """
    is_short = given.isascii() and given.isdigit() and len(given) <= _LONGEST
    found = int(given) if is_short else most + 1
    return found if found <= most else None
